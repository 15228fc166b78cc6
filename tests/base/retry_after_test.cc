#include "server/base/retry_after.h"

#include <gtest/gtest.h>

#include "server/base/status.h"

namespace hedui::base {
namespace {

TEST(RetryAfterTest, TravelsWithTheErrorAndChangesNothingElseOfIt) {
  const absl::Status error =
      WithContext(WithRetryAfter(MakeError(absl::StatusCode::kResourceExhausted, "FULL", "no room"),
                                 absl::Seconds(3)),
                  "there");
  EXPECT_EQ(RetryAfterOf(error), absl::Seconds(3));
  EXPECT_EQ(ReasonOf(error), "FULL");
  EXPECT_EQ(VisibilityOf(error), Visibility::kCaller);
}

TEST(RetryAfterTest, IsRoundedUpSoThatNobodyComesTooEarly) {
  const absl::Status error = absl::UnavailableError("x");
  EXPECT_EQ(RetryAfterOf(WithRetryAfter(error, absl::Nanoseconds(1'000'001))),
            absl::Milliseconds(2));
  EXPECT_EQ(RetryAfterOf(WithRetryAfter(error, absl::ZeroDuration())), absl::Milliseconds(1));
  EXPECT_EQ(RetryAfterOf(WithRetryAfter(error, -absl::Seconds(1))), absl::Milliseconds(1));
}

TEST(RetryAfterTest, IsAbsentWhereNobodySaidIt) {
  EXPECT_EQ(RetryAfterOf(absl::ResourceExhaustedError("x")), std::nullopt);
  EXPECT_EQ(RetryAfterOf(absl::OkStatus()), std::nullopt);
}

}  // namespace
}  // namespace hedui::base
