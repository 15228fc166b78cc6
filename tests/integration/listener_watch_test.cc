#include "server/listener_watch.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpc/grpc.h"
#include "grpc/support/log.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace hedui {
namespace {

using ::testing::HasSubstr;

// gRPC says nothing before it has been initialized.
class ListenerWatchTest : public ::testing::Test {
 protected:
  ListenerWatchTest() { grpc_init(); }
  ~ListenerWatchTest() override { grpc_shutdown(); }
};

TEST_F(ListenerWatchTest, WhatStrangersMakeGrpcSayDoesNotFillTheLog) {
  testing::FakeClock clock;
  std::vector<std::string> told;
  int lost = 0;
  const ListenerWatch watch(
      &clock, [&told](std::string line) { told.push_back(std::move(line)); }, [&lost] { ++lost; });
  for (int i = 0; i < 100; ++i) gpr_log(GPR_ERROR, "Handshake failed");
  ASSERT_EQ(told.size(), static_cast<size_t>(kOwnLinesPerSecond));
  // That the listener is lost is told whatever else was.
  gpr_log(GPR_ERROR, "Failed accept4: Too many open files");
  EXPECT_THAT(told.back(), HasSubstr("Failed accept4"));
  EXPECT_EQ(lost, 1);
  clock.Advance(absl::Seconds(1));
  gpr_log(GPR_ERROR, "Handshake failed");
  ASSERT_EQ(told.size(), static_cast<size_t>(kOwnLinesPerSecond) + 3);
  EXPECT_THAT(told[kOwnLinesPerSecond + 1], HasSubstr("90 more lines were left out"));
}

}  // namespace
}  // namespace hedui
