// The open loop and what it counts. How fast anything is, is nowhere asked.
#include "tests/bench/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "tests/bench/bytes.h"
#include "tests/bench/raw_server.h"
#include "tests/bench/tls.h"

namespace hedui::bench {
namespace {

using ::testing::HasSubstr;

constexpr char kMethod[] = "/hedui.bench.Test/Call";

LoadOptions OpenLoop(const RawServer& server) {
  return {.target = server.addresses().front(),
          .credentials = ChannelCredentialsOf({}),
          .method = kMethod,
          .requests = 40,
          .warm_up = 10,
          .per_second = 2'000,
          .make_request = [](int) { return std::string("request"); }};
}

TEST(OpenLoopTest, CallsBeginWhateverBecameOfThoseBefore) {
  // Nobody is answered until all are there: in a closed loop of fewer that would be never.
  std::vector<RawCall*> waiting;
  RawServer server({.methods = {kMethod}}, [&waiting](RawCall* call) {
    waiting.push_back(call);
    if (waiting.size() < 50) return;
    for (RawCall* const one : waiting) one->Reply(ToBuffer("answer"));
  });
  LoadOptions load = OpenLoop(server);
  load.in_flight = 1;
  const LoadResult result = RunLoad(load);
  EXPECT_EQ(result.succeeded, 40) << result.first_error;
  EXPECT_EQ(result.failed, 0);
  // From when each was due until the last was.
  EXPECT_GE(result.max, absl::Seconds(39) / load.per_second);
}

TEST(OpenLoopTest, AnswersBehindTheTimeAreLateAndNoneOfTheRate) {
  RawServer server({.methods = {kMethod}}, AnswerWith("answer"));
  LoadOptions load = OpenLoop(server);
  load.in_time = absl::ZeroDuration();
  const LoadResult result = RunLoad(load);
  EXPECT_EQ(result.succeeded, 40) << result.first_error;
  EXPECT_EQ(result.late, 40);
  EXPECT_EQ(result.per_second, 0);
}

TEST(OpenLoopTest, WhoIsTurnedAwayIsCountedApartFromFailures) {
  std::atomic<int> calls{0};
  RawServer server({.methods = {kMethod}}, [&calls](RawCall* call) {
    if (calls++ % 2 == 0) return call->Fail("no");
    call->Reply(ToBuffer("answer"));
  });
  LoadOptions load = OpenLoop(server);
  load.is_refusal = [](int code, const std::string& details) {
    return code == 13 && details.empty();
  };
  LoadResult result = RunLoad(load);
  EXPECT_EQ(result.failed, 0) << result.first_error;
  EXPECT_EQ(result.succeeded + result.refused, 40);
  EXPECT_GT(result.refused, 0);
  EXPECT_GT(result.refusal_p99, absl::ZeroDuration());
  EXPECT_TRUE(CheckAllSucceeded(result).ok());

  load.is_refusal = [](int, const std::string&) { return false; };
  result = RunLoad(load);
  EXPECT_GT(result.failed, 0);
  EXPECT_THAT(result.first_error, HasSubstr("no"));
}

}  // namespace
}  // namespace hedui::bench
