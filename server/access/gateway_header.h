// The identity header: how a gateway in front says which agency calls (docs/gateways.md). Read,
// checked against the gateway's keys, its time and its one use.
//
// ParseIdentityHeader and SignedText are functions. HeaderBook is thread-safe and lives as long as
// the server; it never blocks, but checking a signature takes 70 to 350 microseconds of the
// caller's thread.
#ifndef HEDUI_SERVER_ACCESS_GATEWAY_HEADER_H_
#define HEDUI_SERVER_ACCESS_GATEWAY_HEADER_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/access/register.h"
#include "server/base/mutex.h"

namespace hedui::access {

// The gRPC metadata key.
inline constexpr char kIdentityHeaderName[] = "hedui-identity";
// What begins a gateway's SAN URI.
inline constexpr absl::string_view kGatewayUriPrefix = "hedui://gateway/";

// A header is good for a minute from its time: enough for a slow network, little for a thief.
inline constexpr absl::Duration kHeaderAgeMax = absl::Seconds(60);
// Clocks differ; a header from further ahead is not waited for.
inline constexpr absl::Duration kHeaderAheadMax = absl::Seconds(10);
// Headers remembered as used, 7,000 a second through the 70 seconds in which one could come again;
// some 100 bytes each.
inline constexpr size_t kHeadersRememberedMax = 500'000;

struct IdentityHeader {
  std::string agency;     // the code
  int64_t unix_ms = 0;    // when it was signed
  std::string nonce;      // 16 bytes
  std::string signature;  // as the key's kind has it
};

// "v=1;agency=CODE;time=UNIX_MS;nonce=32 lower-case hex digits;sig=BASE64", exactly so.
// UNAUTHENTICATED (IDENTITY_HEADER_MALFORMED).
absl::StatusOr<IdentityHeader> ParseIdentityHeader(absl::string_view text);

// The bytes that are signed. `division`: the platform's, so that a header for one platform is none
// for another. `method`: "/hedui.v1.VerificationService/VerifyHousehold".
std::string SignedText(const IdentityHeader& header, absl::string_view division,
                       absl::string_view method);

class HeaderBook {
 public:
  // Headers signed before `begin` are refused: which of them were used is not known any more.
  explicit HeaderBook(absl::Time begin) : floor_(begin) {}
  HeaderBook(const HeaderBook&) = delete;
  HeaderBook& operator=(const HeaderBook&) = delete;

  // The agency code that `gateway` says calls `method` now; the header is used up. UNAUTHENTICATED:
  // IDENTITY_HEADER_MALFORMED, IDENTITY_HEADER_SIGNATURE, IDENTITY_HEADER_STALE,
  // IDENTITY_HEADER_EARLY, IDENTITY_HEADER_REPLAYED. PERMISSION_DENIED: AGENCY_NOT_OF_GATEWAY.
  // RESOURCE_EXHAUSTED: IDENTITY_HEADERS (kHeadersRememberedMax in a minute).
  absl::StatusOr<std::string> Use(const Register& reg, const Gateway& gateway,
                                  absl::string_view text, absl::string_view method, absl::Time now);

 private:
  absl::Status Remember(const Gateway& gateway, const IdentityHeader& header, absl::Time now);

  base::Mutex mutex_;
  // What was used, by gateway and nonce; and the same in the order of the headers' times.
  absl::flat_hash_set<std::string> used_ ABSL_GUARDED_BY(mutex_);
  std::multimap<absl::Time, std::string> by_time_ ABSL_GUARDED_BY(mutex_);
  // Nothing is known of headers signed up to here: refused, also when the clock was set back.
  absl::Time floor_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_GATEWAY_HEADER_H_
