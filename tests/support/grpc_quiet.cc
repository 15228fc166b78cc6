// gRPC's threads end some time after its last user. What OpenSSL keeps for each of them is freed as
// they do, unless OpenSSL has ended by then: now and then LeakSanitizer would take that for a leak.
// So a test program that uses gRPC waits for its threads before it returns from main. A source of
// each, since nothing refers to it that would pull it out of an archive.
#include <grpc/grpc.h>

#include "gtest/gtest.h"

namespace hedui::testing {
namespace {

class GrpcQuiet final : public ::testing::Environment {
 public:
  void SetUp() override { grpc_init(); }
  void TearDown() override { grpc_shutdown_blocking(); }
};

const ::testing::Environment* const kGrpcQuiet = ::testing::AddGlobalTestEnvironment(new GrpcQuiet);

}  // namespace
}  // namespace hedui::testing
