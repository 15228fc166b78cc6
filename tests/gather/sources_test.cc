#include "server/gather/sources.h"

#include <memory>
#include <optional>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/gather/fake_source_adapter.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"

namespace hedui::gather {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(SourcesTest, PoliciesOutOfRangeAreRefused) {
  FakeSourceAdapter adapter;
  const testing::FakeClock clock;
  SourceStates states(&clock);
  Sources sources;
  const auto add = [&](const SourcePolicy& policy) {
    return sources.Add(policy, &adapter, states.Get(policy.id, policy.limits));
  };
  SourcePolicy good;
  good.id = "bank";
  EXPECT_TRUE(add(good).ok());
  EXPECT_EQ(add(good).code(), absl::StatusCode::kAlreadyExists);
  SourcePolicy bad = good;
  bad.id = "other";
  bad.attempts = 0;
  EXPECT_EQ(add(bad).code(), absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.id = "other";
  bad.limits.concurrency = 0;
  EXPECT_EQ(add(bad).code(), absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.id = "other";
  bad.limits.breaker.open_max = bad.limits.breaker.open_first / 2;
  EXPECT_EQ(add(bad).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(sources.size(), 1u);
}

// Every key of which gather obeys the value, none of them with what holds without it, and no two
// alike.
constexpr char kCatalogue[] = R"(
sources:
  - id: nx-bank
    name: 银行
    department: 示例部门
    level: region
    divisions: ["640000"]
    categories: [{code: deposit, freshness_days: 31}, {code: loan}]
    freshness_days: 62
    simulated: {file: simulation.yaml}
    deadline: 2s
    attempts: 3
    backoff_first: 10ms
    backoff_max: 40ms
    hedge_safe: true
    hedge_least: 9ms
    cache_lifetime: 600s
    concurrency: 7
    per_second: 23
    per_day: 1999
    interactive_percent: 30
    extra_percent: 5
    breaker: {failures: 8, percent: 70, window: 13s, open_first: 4s, open_max: 44s}
)";

TEST(SourcesTest, PolicyIsReadFromTheCatalogue) {
  absl::StatusOr<plan::Catalogue> catalogue = plan::ParseCatalogue("catalogue.yaml", kCatalogue);
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  plan::Source source = *catalogue->Find("nx-bank");
  const SourcePolicy policy = PolicyOf(source);
  EXPECT_EQ(policy.id, "nx-bank");
  EXPECT_EQ(policy.deadline, absl::Seconds(2));
  EXPECT_EQ(policy.attempts, 3);
  EXPECT_EQ(policy.backoff_first, absl::Milliseconds(10));
  EXPECT_EQ(policy.backoff_max, absl::Milliseconds(40));
  EXPECT_TRUE(policy.hedge_safe);
  EXPECT_EQ(policy.hedge_least, absl::Milliseconds(9));
  EXPECT_EQ(policy.cache_lifetime, absl::Minutes(10));
  EXPECT_THAT(policy.freshness_days, ElementsAre(Pair("deposit", 31), Pair("loan", 62)));
  SourceLimits limits;
  limits.concurrency = 7;
  limits.rate = {.per_second = 23, .interactive_percent = 30};
  limits.per_day = 1'999;
  limits.extra.permille = 50;
  limits.breaker = {.failures = 8,
                    .percent = 70,
                    .window = absl::Seconds(13),
                    .open_first = absl::Seconds(4),
                    .open_max = absl::Seconds(44)};
  EXPECT_TRUE(policy.limits == limits);
  source.breaker.off = true;
  limits.breaker.failures = 0;
  EXPECT_TRUE(PolicyOf(source).limits == limits);
}

TEST(SourcesTest, ACategoryOfWhichNothingIsPromisedIsNeverTooOld) {
  plan::Source source;
  source.id = "nx-bank";
  source.categories = {{"deposit", 31, false}, {"loan", std::nullopt, false}};
  EXPECT_THAT(PolicyOf(source).freshness_days, ElementsAre(Pair("deposit", 31)));
}

TEST(SourcesTest, AReloadKeepsTheStateAndChangesItsLimitsForAll) {
  FakeSourceAdapter adapter;
  testing::FakeClock clock;
  testing::FakeLoop loop(&clock);
  SourceStates states(&clock);
  SourcePolicy policy;
  policy.id = "bank";
  policy.limits.concurrency = 1;
  auto before = std::make_unique<Sources>();
  ASSERT_TRUE(before->Add(policy, &adapter, states.Get("bank", policy.limits)).ok());
  const auto held = before->Find("bank")->state->Ask(&loop, Try::kFirst, Urgency::kInteractive,
                                                     [](SourceState::Decision) {});
  policy.limits.concurrency = 2;
  Sources after;
  ASSERT_TRUE(after.Add(policy, &adapter, states.Get("bank", policy.limits)).ok());
  SourceState& state = *after.Find("bank")->state;
  EXPECT_EQ(&state, before->Find("bank")->state.get());
  EXPECT_EQ(state.in_flight(), 1u);
  const auto ask = [&] {
    return state.Ask(&loop, Try::kFirst, Urgency::kInteractive, [](SourceState::Decision) {});
  };
  EXPECT_FALSE(std::holds_alternative<SourceState::Permit>(ask())) << "not in force yet";
  after.PutLimitsInForce();
  EXPECT_TRUE(std::holds_alternative<SourceState::Permit>(ask()));
}

TEST(SourcesTest, WhatIsHeldIsHeldAlsoWhenItIsSetUpLaterOrAnew) {
  const testing::FakeClock clock;
  SourceStates states(&clock);
  auto before = states.Get("bank", {});
  states.SetHeld("bank", true);
  EXPECT_TRUE(before->held());
  EXPECT_TRUE(states.Get("bank", {})->held());
  before.reset();
  EXPECT_TRUE(states.Get("bank", {})->held()) << "set up anew";
  states.SetHeld("tax", true);
  const auto later = states.Get("tax", {});
  EXPECT_TRUE(later->held());
  states.SetHeld("tax", false);
  EXPECT_FALSE(later->held());
  states.SetHeld("bank", false);
  EXPECT_FALSE(states.Get("bank", {})->held());
}

}  // namespace
}  // namespace hedui::gather
