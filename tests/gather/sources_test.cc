#include "server/gather/sources.h"

#include <memory>
#include <optional>
#include <variant>

#include "gtest/gtest.h"
#include "tests/gather/fake_source_adapter.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"

namespace hedui::gather {
namespace {

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

TEST(SourcesTest, PolicyIsReadFromTheCatalogue) {
  plan::Source source;
  source.id = "nx-bank";
  source.deadline = absl::Seconds(2);
  source.attempts = 3;
  source.concurrency = 7;
  source.per_second = 20;
  source.interactive_percent = 30;
  source.extra_percent = 5;
  source.hedge_safe = true;
  source.hedge_least = absl::Milliseconds(9);
  source.backoff_first = absl::Milliseconds(10);
  source.backoff_max = absl::Milliseconds(40);
  source.breaker.failures = 8;
  source.categories = {{"deposit", 31, false}, {"loan", std::nullopt, false}};
  const SourcePolicy policy = PolicyOf(source);
  EXPECT_EQ(policy.id, "nx-bank");
  EXPECT_EQ(policy.deadline, absl::Seconds(2));
  EXPECT_EQ(policy.attempts, 3);
  EXPECT_EQ(policy.limits.concurrency, 7);
  EXPECT_EQ(policy.limits.rate, (RateWindow::Limits{20, 30}));
  EXPECT_EQ(policy.limits.extra.permille, 50);
  EXPECT_TRUE(policy.hedge_safe);
  EXPECT_EQ(policy.hedge_least, absl::Milliseconds(9));
  EXPECT_EQ(policy.backoff_first, absl::Milliseconds(10));
  EXPECT_EQ(policy.backoff_max, absl::Milliseconds(40));
  EXPECT_EQ(policy.limits.breaker.failures, 8);
  source.breaker.off = true;
  EXPECT_EQ(PolicyOf(source).limits.breaker.failures, 0);
  ASSERT_EQ(policy.freshness_days.size(), 1u);
  EXPECT_EQ(policy.freshness_days[0].first, "deposit");
  EXPECT_EQ(policy.freshness_days[0].second, 31);
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
