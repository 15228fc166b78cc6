// An answer of a department used again, within one matter and while the authority lives.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/stored_report.h"
#include "tests/integration/departments.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

constexpr char kSource[] = "nx-tax";

class SharedAnswersTest : public ::testing::Test {
 protected:
  SharedAnswersTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, "cache_lifetime: 600s");
    departments_ = std::make_unique<Departments>(&scenario_);
    platform_ = std::make_unique<RunningPlatform>(&scenario_);
    platform_->Register();
  }

  // A verification of its own; its request id.
  std::string Verify() {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
    const auto response = platform_->Verify(request);
    EXPECT_TRUE(response.ok()) << response.status();
    if (response.ok()) {
      kind_ = OutcomeOf(*response, "m1", "tax").kind();
      line_ = LineOf(response->envelope());
    }
    return request.header().request_id();
  }
  // The attempts at the source since the last call.
  std::vector<std::string> Asked() {
    std::vector<std::string> attempts;
    for (const SeenQuery& query : departments_->TakeJournal()) {
      if (query.source_id == kSource) attempts.push_back(query.attempt_id);
    }
    return attempts;
  }
  // What a report says of the source's first answer; the report checks.
  report::v1::Outcome LineOf(const std::string& envelope) {
    EXPECT_EQ(CheckOffline(scenario_, envelope).verdict, report::Verdict::kValid);
    for (const report::v1::Line& line : LinesOf(envelope)) {
      const bool outcome = line.kind() == report::v1::LINE_KIND_OUTCOME;
      if (outcome && line.outcome().source_id() == kSource && line.person_id() == "m1") {
        return line.outcome();
      }
    }
    ADD_FAILURE() << "no line of the source";
    return {};
  }
  // What the stored result says of the source's first answer.
  stored::v1::StoredOutcome Stored(const std::string& request_id) {
    const auto store = scenario_.OpenStore();
    const auto rows = store->Find(ResultKey(kAgency, *base::Uuid::Parse(request_id)), 2);
    EXPECT_TRUE(rows.ok() && rows->size() == 1) << rows.status();
    stored::v1::Result result;
    EXPECT_TRUE(result.ParseFromString(rows->at(0).body));
    for (const stored::v1::StoredOutcome& outcome : result.outcomes()) {
      if (outcome.source_id() == kSource && outcome.person_id() == "m1") return outcome;
    }
    ADD_FAILURE() << "no outcome of the source";
    return {};
  }

  Scenario scenario_;
  base::SecureIdSource ids_;
  std::unique_ptr<Departments> departments_;
  std::unique_ptr<RunningPlatform> platform_;
  v1::AnswerKind kind_ = v1::ANSWER_KIND_UNSPECIFIED;
  report::v1::Outcome line_;
};

TEST_F(SharedAnswersTest, ASecondVerificationUsesItAndSaysSoInReportAndResult) {
  const std::string first = Verify();
  const v1::AnswerKind kind = kind_;
  const std::vector<std::string> asked = Asked();
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(line_.reused_query(), "");
  EXPECT_EQ(line_.obtained_seconds(), 0);
  const std::string second = Verify();
  EXPECT_EQ(kind_, kind);
  EXPECT_TRUE(Asked().empty());
  EXPECT_EQ(line_.reused_query(), asked[0]);
  EXPECT_GT(line_.obtained_seconds(), 0);
  platform_.reset();
  EXPECT_EQ(Stored(first).reused_attempt(), "");
  EXPECT_EQ(Stored(second).reused_attempt(), asked[0]);
  EXPECT_GT(Stored(second).obtained_ms(), 0);
  EXPECT_EQ(Stored(second).elapsed_ms(), 0);
}

TEST_F(SharedAnswersTest, AWithdrawalEndsItAlsoForWhoSignsAnew) {
  Verify();
  ASSERT_EQ(Asked().size(), 1u);
  v1::RevokeAuthorizationRequest revoke;
  revoke.set_matter_number(scenario_.letters.matter_number());
  revoke.set_officer("XQ-0107");
  revoke.set_letter_number(scenario_.letters.letters(0).letter_number());
  ASSERT_TRUE(platform_->client().RevokeAuthorization(revoke, kPatience).ok());
  v1::RegisterAuthorizationsRequest anew = scenario_.letters;
  anew.mutable_letters(0)->set_letter_number("XQ-2025-000318-9");
  const auto registered = platform_->client().RegisterAuthorizations(anew, kPatience);
  ASSERT_TRUE(registered.ok()) << registered.status();
  Verify();
  EXPECT_EQ(Asked().size(), 1u) << "what was obtained under the withdrawn letter is used no more";
}

}  // namespace
}  // namespace hedui::testing
