#include "server/base/status.h"

#include <gtest/gtest.h>

namespace hedui::base {
namespace {

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return MakeError(absl::StatusCode::kOutOfRange, "ODD", "the number is odd");
  return value / 2;
}

absl::StatusOr<int> Quarter(int value) {
  HEDUI_ASSIGN_OR_RETURN(const int half, Half(value));
  HEDUI_ASSIGN_OR_RETURN(const int quarter, Half(half));
  HEDUI_RETURN_IF_ERROR(absl::OkStatus());
  return quarter;
}

TEST(StatusTest, CarriesReasonAndVisibility) {
  const absl::Status caller = MakeError(absl::StatusCode::kNotFound, "NO_SUCH", "nothing there");
  EXPECT_EQ(caller.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(caller.message(), "nothing there");
  EXPECT_EQ(ReasonOf(caller), "NO_SUCH");
  EXPECT_EQ(VisibilityOf(caller), Visibility::kCaller);
  const absl::Status hidden =
      MakeError(absl::StatusCode::kInternal, "DISK", "inner path", Visibility::kOperator);
  EXPECT_EQ(VisibilityOf(hidden), Visibility::kOperator);
}

TEST(StatusTest, AStatusNobodyMarkedIsForOperatorsOnly) {
  const absl::Status plain = absl::UnavailableError("10.0.0.1 refused");
  EXPECT_EQ(VisibilityOf(plain), Visibility::kOperator);
  EXPECT_EQ(ReasonOf(plain), "UNAVAILABLE");
}

TEST(StatusTest, ContextKeepsCodeReasonAndVisibility) {
  const absl::Status inner = MakeError(absl::StatusCode::kInvalidArgument, "BAD", "not a day");
  const absl::Status outer = WithContext(inner, "member m1");
  EXPECT_EQ(outer.message(), "member m1: not a day");
  EXPECT_EQ(outer.code(), inner.code());
  EXPECT_EQ(ReasonOf(outer), "BAD");
  EXPECT_EQ(VisibilityOf(outer), Visibility::kCaller);
  EXPECT_TRUE(WithContext(absl::OkStatus(), "x").ok());
}

TEST(StatusTest, MacrosReturnTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(ReasonOf(Quarter(6).status()), "ODD");
  EXPECT_EQ(ReasonOf(Quarter(5).status()), "ODD");
}

}  // namespace
}  // namespace hedui::base
