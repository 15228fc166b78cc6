// Who may sign for whom, and what the states of a matter allow, as callers meet it.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "tests/integration/running_platform.h"
#include "tests/support/synthetic_person.h"

namespace hedui::testing {
namespace {

using ::testing::HasSubstr;

class LettersTest : public ::testing::Test {
 protected:
  LettersTest() : platform_(&scenario_) {}

  static void SetPerson(v1::Identity* identity, absl::CivilDay birth, const std::string& name) {
    identity->set_kind(v1::IDENTITY_KIND_RESIDENT_ID);
    identity->set_number(SyntheticCitizenNumber("640104", birth, 7));
    identity->set_name(name);
  }

  // The last letter is now about a child of nine, signed by the father as guardian.
  v1::Letter& MakeChild() {
    v1::Letter& letter = *scenario_.letters.mutable_letters(2);
    SetPerson(letter.mutable_person(), absl::CivilDay(2015, 6, 1), "马晓宇");
    letter.set_capacity(v1::SIGNER_CAPACITY_GUARDIAN);
    *letter.mutable_signer() = scenario_.letters.letters(0).person();
    *scenario_.household.mutable_persons(2)->mutable_identity() = letter.person();
    return letter;
  }

  absl::Status Register() {
    return platform_.client().RegisterAuthorizations(scenario_.letters, kPatience).status();
  }
  void ExpectRefused(const std::string& field, const std::string& reason) {
    const absl::Status status = Register();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(base::ReasonOf(status), reason);
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat(field, ": ", reason)));
    // Whole or not at all.
    v1::GetMatterRequest get;
    get.set_matter_number(scenario_.letters.matter_number());
    get.set_officer("XQ-0107");
    EXPECT_EQ(base::ReasonOf(platform_.client().GetMatter(get, kPatience).status()),
              "MATTER_UNKNOWN");
  }

  template <typename Request, typename Response>
  absl::StatusOr<Response> Change(
      absl::StatusOr<Response> (clients::Client::*method)(const Request&, absl::Duration)) {
    Request request;
    request.set_matter_number(scenario_.letters.matter_number());
    request.set_officer("XQ-0107");
    return (platform_.client().*method)(request, kPatience);
  }

  // Of a verification of its own.
  absl::StatusOr<v1::VerifyHouseholdResponse> Verify(int n) {
    scenario_.household.mutable_header()->set_request_id(
        absl::StrCat("7d3f2c1e-5a84-4b6e-9c1d-00000000000", n));
    return platform_.Verify();
  }

  Scenario scenario_;
  RunningPlatform platform_;
};

TEST_F(LettersTest, OnlyAGuardianSignsForAChildUnderFourteen) {
  v1::Letter& letter = MakeChild();
  letter.set_capacity(v1::SIGNER_CAPACITY_SELF);
  letter.clear_signer();
  ExpectRefused("letters[2].capacity", "GUARDIAN_REQUIRED");
  MakeChild().set_capacity(v1::SIGNER_CAPACITY_AGENT);
  letter.set_mandate_number("W-1");
  ExpectRefused("letters[2].capacity", "GUARDIAN_REQUIRED");
}

TEST_F(LettersTest, GuardiansAndAgentsAreNamedOfAgeAndAnother) {
  v1::Letter& letter = MakeChild();
  letter.clear_signer();
  ExpectRefused("letters[2].signer", "SIGNER_REQUIRED");
  SetPerson(letter.mutable_signer(), absl::CivilDay(2007, 3, 3), "马晓兰");  // 17 on that day
  ExpectRefused("letters[2].signer", "SIGNER_UNDER_AGE");
  *letter.mutable_signer() = letter.person();
  ExpectRefused("letters[2].signer", "SIGNER_IS_PERSON");
}

TEST_F(LettersTest, AnAgentHasAMandateAndNobodyElse) {
  v1::Letter& letter = *scenario_.letters.mutable_letters(1);
  letter.set_capacity(v1::SIGNER_CAPACITY_AGENT);
  *letter.mutable_signer() = scenario_.letters.letters(0).person();
  ExpectRefused("letters[1].mandate_number", "IDENTIFIER_LENGTH");
  letter.set_mandate_number("W-1");
  EXPECT_TRUE(Register().ok()) << Register();
  letter = v1::Letter(scenario_.letters.letters(0));
  letter.set_letter_number("another");
  letter.set_mandate_number("W-1");
  EXPECT_THAT(std::string(Register().message()),
              HasSubstr("letters[1].mandate_number: MANDATE_UNEXPECTED"));
}

TEST_F(LettersTest, WhatAGuardianAndAnAgentSignedLetsTheSourcesBeAsked) {
  MakeChild();
  v1::Letter& mother = *scenario_.letters.mutable_letters(1);
  mother.set_capacity(v1::SIGNER_CAPACITY_AGENT);
  mother.set_mandate_number("W-1");
  *mother.mutable_signer() = scenario_.letters.letters(0).person();
  ASSERT_TRUE(Register().ok()) << Register();
  const auto verified = Verify(1);
  ASSERT_TRUE(verified.ok()) << verified.status();
  for (const v1::SourceOutcome& outcome : verified->outcomes()) {
    EXPECT_NE(outcome.reason(), v1::REASON_NO_AUTHORIZATION) << outcome.ShortDebugString();
  }
}

TEST_F(LettersTest, AMatterIsOpenThenMonitoredThenClosedAndNeverBack) {
  ASSERT_TRUE(Register().ok());
  const auto monitored = Change(&clients::Client::MonitorMatter);
  ASSERT_TRUE(monitored.ok()) << monitored.status();
  EXPECT_EQ(monitored->state(), v1::MATTER_STATE_MONITORED);
  EXPECT_TRUE(Verify(1).ok()) << "letters live through the monitored period";
  const auto closed = Change(&clients::Client::CloseMatter);
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->state(), v1::MATTER_STATE_CLOSED);
  EXPECT_TRUE(Change(&clients::Client::CloseMatter).ok()) << "closing again changes nothing";

  const absl::Status refused = Verify(2).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
  EXPECT_EQ(base::ReasonOf(refused), "MATTER_CLOSED");
  const absl::Status back = Change(&clients::Client::MonitorMatter).status();
  EXPECT_EQ(back.code(), absl::StatusCode::kFailedPrecondition) << back;
  EXPECT_EQ(base::ReasonOf(back), "MATTER_CLOSED");
  const absl::Status more = Register();
  EXPECT_EQ(more.code(), absl::StatusCode::kFailedPrecondition) << more;
  EXPECT_EQ(base::ReasonOf(more), "MATTER_CLOSED");
  // What was reported while it was open is read as before.
  EXPECT_TRUE(Verify(1).ok());
}

}  // namespace
}  // namespace hedui::testing
