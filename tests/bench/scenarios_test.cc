// What the rows do with a whole platform, small: that it is done and counted, not how fast.
#include "tests/bench/scenarios.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "hedui/v1/errors.pb.h"
#include "server/base/status.h"

namespace hedui::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::PrintToString;

constexpr int kResourceExhausted = 8;

std::unique_ptr<PlatformRig> StartRig(PlatformRigOptions options) {
  options.heduid = HEDUI_BIN_DIR "/heduid";
  auto rig = PlatformRig::Start(options);
  EXPECT_TRUE(rig.ok()) << rig.status();
  return rig.ok() ? *std::move(rig) : nullptr;
}

std::string Details(int64_t seconds) {
  v1::RichStatus status;
  v1::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(seconds);
  google::protobuf::Any* const any = status.add_details();
  any->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  any->set_value(retry.SerializeAsString());
  return status.SerializeAsString();
}

TEST(TurnedAwayTest, OnlyWhoIsToldWhenToComeAgain) {
  EXPECT_TRUE(IsTurnedAway(kResourceExhausted, Details(1)));
  EXPECT_FALSE(IsTurnedAway(kResourceExhausted, Details(0)));
  EXPECT_FALSE(IsTurnedAway(kResourceExhausted, ""));
  EXPECT_FALSE(IsTurnedAway(14, Details(1)));
}

TEST(ScenariosTest, EveryCallOfAnOverloadIsAnsweredOrTurnedAway) {
  const auto rig = StartRig({.agencies = 2, .in_flight_max = 2});
  ASSERT_NE(rig, nullptr);
  const auto overload = RunOverload(rig.get(), {.capacity_in_flight = 4,
                                                .capacity_requests = 20,
                                                .times = 20,
                                                .lasting = absl::Milliseconds(200),
                                                .in_time = absl::Seconds(10)});
  ASSERT_TRUE(overload.ok()) << overload.status();
  EXPECT_GT(overload->capacity.per_second, 0);
  EXPECT_EQ(overload->overload.failed, 0);
  EXPECT_GT(overload->overload.succeeded, 0);
  EXPECT_GT(overload->overload.refused, 0);
}

TEST(ScenariosTest, AllThatAreHeldWaitAtOnceAndEndWithCompleteReports) {
  const auto rig =
      StartRig({.agencies = 2, .in_flight_max = 3, .patient_source = "xq-civil-affairs"});
  ASSERT_NE(rig, nullptr);
  const auto waiting = HoldVerifications(rig.get(), "xq-civil-affairs", 6);
  ASSERT_TRUE(waiting.ok()) << waiting.status();
  EXPECT_GT(waiting->before_bytes, 0);
  EXPECT_GT(waiting->during_bytes, 0);
  EXPECT_EQ(rig->sources().traffic().calls, 6 * 8);
}

// As gRPC counts them for its own threads.
size_t Processors() { return static_cast<size_t>(sysconf(_SC_NPROCESSORS_CONF)); }
// gRPC starts executors while those it has are busy, up to twice the processors, and has one for
// each processor for events, some for timers, and one that resolves names: 10 of two processors.
size_t GrpcThreadsMax() { return 3 * Processors() + 8; }
// So many may come with a load, whatever they are called: executors, and timers that are late.
size_t MoreUnderLoadMax() { return 2 * Processors() + 2; }

bool IsGrpcs(const std::string& name) {
  return absl::StartsWith(name, "grpc_") || absl::StrContains(name, "execut") ||
         absl::StartsWith(name, "event_engine") || name == "timer_manager";
}

// Our threads by name, but for those that compute: as many as processors.
std::vector<std::string> Ours(const std::vector<std::string>& threads) {
  std::vector<std::string> ours;
  for (const std::string& name : threads) {
    if (!IsGrpcs(name) && !absl::StartsWith(name, "compute-")) ours.push_back(name);
  }
#ifdef HEDUI_TSAN
  // ThreadSanitizer has a thread of its own, with the program's name.
  const auto sanitizers = std::find(ours.begin(), ours.end(), "heduid");
  if (sanitizers != ours.end()) ours.erase(sanitizers);
#endif
  return ours;
}

// The most threads that the platform had at a time while so many verifications were in flight.
std::vector<std::string> ThreadsUnder(PlatformRig* rig, int in_flight, int requests) {
  std::vector<std::string> most;
  std::atomic<bool> over{false};
  std::thread load([&] {
    const auto run = rig->Run(in_flight, requests);
    EXPECT_TRUE(run.ok()) << run.status();
    over = true;
  });
  while (!over) {
    std::vector<std::string> now = rig->ThreadNames();
    if (now.size() > most.size()) most = std::move(now);
  }
  load.join();
  return most;
}

TEST(ScenariosTest, ThePlatformHasADozenThreadsAtAnyLoad) {
  const auto rig =
      StartRig({.agencies = 2, .in_flight_max = 100, .patient_source = "xq-civil-affairs"});
  ASSERT_NE(rig, nullptr);
  // What gRPC starts late it has started after these.
  const auto run = rig->Run(32, 200);
  ASSERT_TRUE(run.ok()) << run.status();
  const std::vector<std::string> all_at_rest = rig->ThreadNames();
  const std::vector<std::string> at_rest = Ours(all_at_rest);
  EXPECT_THAT(at_rest, ElementsAre("committer", "disk-0", "disk-1", "disk-2", "heduid", "log",
                                   "loop-0", "loop-1", "policy-0", "store"));
  const auto waiting = HoldVerifications(rig.get(), "xq-civil-affairs", 150);
  ASSERT_TRUE(waiting.ok()) << waiting.status();
  EXPECT_EQ(Ours(waiting->threads), at_rest);
  // A thread that has just begun has not always its name yet.
  for (const std::vector<std::string>& threads :
       {waiting->threads, ThreadsUnder(rig.get(), 96, 600)}) {
    EXPECT_LE(threads.size(), all_at_rest.size() + MoreUnderLoadMax()) << PrintToString(threads);
    EXPECT_LE(static_cast<size_t>(std::count_if(threads.begin(), threads.end(), &IsGrpcs)),
              GrpcThreadsMax())
        << PrintToString(threads);
  }
}

TEST(ScenariosTest, ASourceThatIsNotThereHoldsNobody) {
  const auto rig = StartRig({});
  ASSERT_NE(rig, nullptr);
  EXPECT_THAT(HoldVerifications(rig.get(), "nobody", 1).status().message(), HasSubstr("nobody"));
}

TEST(ScenariosTest, EachPlatformIsCalledFirstOnceARound) {
  const auto one = StartRig({});
  const auto two = StartRig({});
  ASSERT_TRUE(one != nullptr && two != nullptr);
  const auto calls = CallBehindIdleness({one.get(), two.get()}, absl::ZeroDuration(), 3, 2);
  ASSERT_TRUE(calls.ok()) << calls.status();
  EXPECT_EQ(calls->first.size(), 6u);
  EXPECT_EQ(calls->later.size(), 12u);
}

TEST(ScenariosTest, AtARateEveryVerificationIsOneOfItsOwn) {
  const auto rig = StartRig({.agencies = 2});
  ASSERT_NE(rig, nullptr);
  const auto result = rig->RunAtRate(100, 8, 2);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->succeeded, 8);
  EXPECT_EQ(rig->sources().traffic().calls, 10 * 8);
}

}  // namespace
}  // namespace hedui::bench
