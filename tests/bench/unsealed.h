// A store that lays its rows down in clear: what sealing costs is measured against it. No part of
// the platform: the benchmark's program is linked with every call of OpenSSL's that server/store
// seals with led through here (CMakeLists.txt), and passed on unless UseUnsealedStore was called.
// Then the same bytes are copied and no cipher runs; nonces, tags' room, look-up digests and
// everything else stay. TLS is not touched: gRPC brings its calls of its own.
//
// Call it before the store is opened; a store is to be read as it was written.
#ifndef HEDUI_TESTS_BENCH_UNSEALED_H_
#define HEDUI_TESTS_BENCH_UNSEALED_H_

namespace hedui::bench {

void UseUnsealedStore(bool unsealed);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_UNSEALED_H_
