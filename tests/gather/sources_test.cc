#include "server/gather/sources.h"

#include <optional>

#include "gtest/gtest.h"
#include "tests/gather/fake_source_adapter.h"

namespace hedui::gather {
namespace {

TEST(SourcesTest, PoliciesOutOfRangeAreRefused) {
  FakeSourceAdapter adapter;
  Sources sources;
  SourcePolicy good;
  good.id = "bank";
  EXPECT_TRUE(sources.Add(good, &adapter).ok());
  EXPECT_EQ(sources.Add(good, &adapter).code(), absl::StatusCode::kAlreadyExists);
  SourcePolicy bad = good;
  bad.id = "other";
  bad.attempts = 0;
  EXPECT_EQ(sources.Add(bad, &adapter).code(), absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.id = "other";
  bad.concurrency = 0;
  EXPECT_EQ(sources.Add(bad, &adapter).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(sources.size(), 1u);
}

TEST(SourcesTest, PolicyIsReadFromTheCatalogue) {
  plan::Source source;
  source.id = "nx-bank";
  source.deadline = absl::Seconds(2);
  source.attempts = 3;
  source.concurrency = 7;
  source.categories = {{"deposit", 31, false}, {"loan", std::nullopt, false}};
  const SourcePolicy policy = PolicyOf(source);
  EXPECT_EQ(policy.id, "nx-bank");
  EXPECT_EQ(policy.deadline, absl::Seconds(2));
  EXPECT_EQ(policy.attempts, 3);
  EXPECT_EQ(policy.concurrency, 7);
  ASSERT_EQ(policy.freshness_days.size(), 1u);
  EXPECT_EQ(policy.freshness_days[0].first, "deposit");
  EXPECT_EQ(policy.freshness_days[0].second, 31);
}

}  // namespace
}  // namespace hedui::gather
