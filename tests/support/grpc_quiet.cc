// gRPC's threads end some time after its last user, and grpc_shutdown_blocking does not wait for
// all of them. What OpenSSL keeps for each of them is freed as they do, unless OpenSSL has ended by
// then: now and then LeakSanitizer would take that for a leak. So in a test program that uses gRPC
// OpenSSL does not end. A source of each, since nothing refers to it that would pull it out of an
// archive.
#include "gtest/gtest.h"
#include "server/base/openssl_life.h"

namespace hedui::testing {
namespace {

class GrpcQuiet final : public ::testing::Environment {
 public:
  void SetUp() override { base::KeepOpenSslToTheEnd(); }
};

const ::testing::Environment* const kGrpcQuiet = ::testing::AddGlobalTestEnvironment(new GrpcQuiet);

}  // namespace
}  // namespace hedui::testing
