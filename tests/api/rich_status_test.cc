#include "server/api/rich_status.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/v1/errors.pb.h"
#include "server/access/defects.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::RichStatus Details(const grpc::Status& status) {
  v1::RichStatus rich;
  EXPECT_TRUE(rich.ParseFromString(status.error_details()));
  return rich;
}

// The detail of this google.rpc name, parsed; the test fails when there is none.
template <typename Message>
Message Detail(const v1::RichStatus& rich, const std::string& name) {
  Message message;
  for (const auto& any : rich.details()) {
    if (any.type_url() != "type.googleapis.com/google.rpc." + name) continue;
    EXPECT_TRUE(message.ParseFromString(any.value()));
    return message;
  }
  ADD_FAILURE() << "no " << name;
  return message;
}

TEST(RichStatusTest, CallersAreToldReasonAndText) {
  const grpc::Status wire = ToWire(
      base::MakeError(absl::StatusCode::kNotFound, "MATTER_UNKNOWN", "register the matter first"));
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(wire.error_message(), "register the matter first");
  const v1::RichStatus rich = Details(wire);
  EXPECT_EQ(rich.code(), 5);
  EXPECT_EQ(Detail<v1::ErrorInfo>(rich, "ErrorInfo").reason(), "MATTER_UNKNOWN");
  EXPECT_EQ(Detail<v1::ErrorInfo>(rich, "ErrorInfo").domain(), "hedui");
}

TEST(RichStatusTest, WhatIsForOperatorsIsNotToldToCallers) {
  const grpc::Status wire =
      ToWire(base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT", "row 17 of /var/lib",
                             base::Visibility::kOperator));
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(wire.error_message(), Not(HasSubstr("row 17")));
  EXPECT_EQ(Detail<v1::ErrorInfo>(Details(wire), "ErrorInfo").reason(), "INTERNAL");
}

TEST(RichStatusTest, PlainErrorsOfLibrariesAreNotToldEither) {
  EXPECT_EQ(ToWire(absl::InvalidArgumentError("secret")).error_code(), grpc::StatusCode::INTERNAL);
}

TEST(RichStatusTest, EveryViolationStandsInTheDetailsAlsoPastThoseInTheText) {
  std::vector<Violation> violations;
  for (int i = 0; i < 9; ++i)
    violations.push_back({"persons[" + std::to_string(i) + "]", "is wrong"});
  const grpc::Status wire = ToWire(InvalidRequest(violations));
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const auto bad_request = Detail<v1::BadRequest>(Details(wire), "BadRequest");
  ASSERT_EQ(bad_request.field_violations_size(), 9);
  EXPECT_EQ(bad_request.field_violations(8).field(), "persons[8]");
  EXPECT_THAT(wire.error_message(), Not(HasSubstr("persons[8]")));
}

TEST(RichStatusTest, NoViolationIsNoError) { EXPECT_TRUE(InvalidRequest({}).ok()); }

TEST(RichStatusTest, DefectsThatAccessFoundAreViolationsToo) {
  access::DefectList defects;
  defects.Add(absl::StatusCode::kInvalidArgument, "letters[2].signed_day", "LETTER_FROM_FUTURE",
              "lies in the future");
  const auto bad_request =
      Detail<v1::BadRequest>(Details(ToWire(defects.ToStatus())), "BadRequest");
  ASSERT_EQ(bad_request.field_violations_size(), 1);
  EXPECT_EQ(bad_request.field_violations(0).field(), "letters[2].signed_day");
  EXPECT_THAT(bad_request.field_violations(0).description(), HasSubstr("LETTER_FROM_FUTURE"));
}

TEST(RichStatusTest, WhoIsTurnedAwayForLackOfRoomIsToldWhenToComeBack) {
  const v1::RichStatus rich = Details(ToWire(base::WithRetryAfter(
      base::MakeError(absl::StatusCode::kResourceExhausted, "IN_FLIGHT", "full"),
      absl::Milliseconds(2'345))));
  EXPECT_EQ(Detail<v1::RetryInfo>(rich, "RetryInfo").retry_delay().seconds(), 2);
  EXPECT_EQ(Detail<v1::RetryInfo>(rich, "RetryInfo").retry_delay().nanos(), 345'000'000);
}

TEST(RichStatusTest, NobodyIsToldToComeBackWhereWaitingDoesNotHelp) {
  const v1::RichStatus rich = Details(
      ToWire(base::MakeError(absl::StatusCode::kResourceExhausted, "PLAN_TOO_WIDE", "too wide")));
  for (const auto& any : rich.details()) {
    EXPECT_NE(any.type_url(), "type.googleapis.com/google.rpc.RetryInfo");
  }
}

TEST(RichStatusTest, AFullStoreIsToldWithoutTheOperatorsText) {
  const grpc::Status wire = ToWire(base::MakeError(
      absl::StatusCode::kResourceExhausted, "STORE_FULL",
      "INSERT INTO rows: database or disk is full (SQLite 13)", base::Visibility::kOperator));
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(wire.error_message(), Not(HasSubstr("INSERT")));
  const v1::RichStatus rich = Details(wire);
  EXPECT_EQ(Detail<v1::ErrorInfo>(rich, "ErrorInfo").reason(), "STORE_FULL");
  EXPECT_GE(Detail<v1::RetryInfo>(rich, "RetryInfo").retry_delay().seconds(), 1);
}

}  // namespace
}  // namespace hedui::api
