// An answer of a department used again, within one matter and while the authority lives.
#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/stored_report.h"
#include "server/verify_steps.h"
#include "tests/integration/departments.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

constexpr char kSource[] = "nx-tax";
constexpr char kPurpose[] = "social_assistance";
// Asks for the same as the first one, and the neighbours serve the same county.
constexpr char kOtherPurpose[] = "housing";
constexpr char kOtherAgency[] = "640104-housing";

// The machine's, of which the steady one may be set forward.
class LaterClock final : public base::Clock {
 public:
  absl::Time WallNow() const override { return system_.WallNow(); }
  absl::Duration SteadyNow() const override {
    return system_.SteadyNow() + absl::Seconds(later_.load());
  }
  void Advance(int seconds) { later_ += seconds; }

 private:
  base::SystemClock system_;
  std::atomic<int> later_{0};
};

class SharedAnswersTest : public ::testing::Test {
 protected:
  SharedAnswersTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, "cache_lifetime: 600s");
    AddPurposeAndAgency();
    departments_ = std::make_unique<Departments>(&scenario_);
    platform_ = std::make_unique<RunningPlatform>(
        &scenario_, nullptr, [this](PlatformOptions* options) { options->clock = &clock_; });
    platform_->Register();
  }

  void AddPurposeAndAgency() {
    const size_t from = scenario_.register_yaml.find("    categories:\n");
    const size_t to = scenario_.register_yaml.find("agencies:\n");
    ASSERT_TRUE(from != std::string::npos && to != std::string::npos && from < to);
    const std::string same = scenario_.register_yaml.substr(from, to - from);
    scenario_.register_yaml.insert(
        to, absl::StrCat("  - code: ", kOtherPurpose, "\n    label: 公共租赁住房\n", same));
    const std::string both = absl::StrCat("purposes: [", kPurpose, ", ", kOtherPurpose, "]\n");
    Scenario::Replace(&scenario_.register_yaml, "purposes: [social_assistance]\n", both);
    absl::StrAppend(&scenario_.register_yaml, "  - code: ", kOtherAgency,
                    "\n    name: 示例\n    level: county\n    division: \"640104\"\n    ", both);
    for (v1::Letter& letter : *scenario_.letters.mutable_letters()) {
      letter.add_purposes(kOtherPurpose);
    }
  }

  // A verification of its own; its request id.
  std::string Verify() { return Verify(&platform_->client(), scenario_.household); }
  std::string Verify(clients::Client* client, v1::VerifyHouseholdRequest request) {
    request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
    const auto response = client->VerifyHousehold(request, kPatience);
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

  LaterClock clock_;
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

TEST_F(SharedAnswersTest, ItIsUsedForItsLifetimeAndNoLonger) {
  Verify();
  ASSERT_EQ(Asked().size(), 1u);
  clock_.Advance(400);
  Verify();
  EXPECT_TRUE(Asked().empty());
  clock_.Advance(200);
  Verify();
  EXPECT_EQ(Asked().size(), 1u) << "used again it lives no longer";
  EXPECT_EQ(line_.reused_query(), "");
}

// The people, what they are asked about, the source and the period are always the same.
TEST_F(SharedAnswersTest, AnotherPurposeMatterOrAgencyAsksAnewAndSharesWithItself) {
  v1::VerifyHouseholdRequest purpose = scenario_.household;
  purpose.mutable_header()->set_purpose(kOtherPurpose);
  v1::RegisterAuthorizationsRequest letters = scenario_.letters;
  letters.set_matter_number("XQ-2025-000319");
  for (v1::Letter& letter : *letters.mutable_letters()) letter.mutable_letter_number()->append("9");
  ASSERT_TRUE(platform_->client().RegisterAuthorizations(letters, kPatience).ok());
  v1::VerifyHouseholdRequest matter = scenario_.household;
  matter.mutable_header()->set_matter_number(letters.matter_number());
  // Under the very numbers that the first agency gave to its matter and letters.
  const auto neighbour = scenario_.Connect(platform_->port(), kOtherAgency);
  ASSERT_TRUE(neighbour->RegisterAuthorizations(scenario_.letters, kPatience).ok());

  clients::Client* const own = &platform_->client();
  const struct {
    const char* what;
    clients::Client* client;
    v1::VerifyHouseholdRequest request;
  } cases[] = {{"the first", own, scenario_.household},
               {"another purpose", own, purpose},
               {"another matter", own, matter},
               {"another agency", neighbour.get(), scenario_.household}};
  std::vector<std::string> queries;
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    Verify(one.client, one.request);
    const std::vector<std::string> asked = Asked();
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(line_.reused_query(), "");
    queries.push_back(asked[0]);
  }
  for (size_t i = 0; i < queries.size(); ++i) {
    SCOPED_TRACE(cases[i].what);
    Verify(cases[i].client, cases[i].request);
    EXPECT_TRUE(Asked().empty());
    EXPECT_EQ(line_.reused_query(), queries[i]) << "its own, and nobody else's";
  }
}

TEST(ShareScopeTest, HoldsMatterAgencyAndPurposeEachByItself) {
  base::SecureIdSource ids;
  VerifyRequest request;
  request.agency = kAgency;
  request.purpose = kPurpose;
  access::Grant grant;
  grant.matter_id = ids.NextId(absl::Now());
  const std::string scope = ShareScope(request, grant);
  std::set<std::string> scopes = {scope};
  VerifyRequest other = request;
  other.agency = kOtherAgency;
  EXPECT_TRUE(scopes.insert(ShareScope(other, grant)).second) << "agency";
  other = request;
  other.purpose = kOtherPurpose;
  EXPECT_TRUE(scopes.insert(ShareScope(other, grant)).second) << "purpose";
  access::Grant elsewhere = grant;
  elsewhere.matter_id = ids.NextId(absl::Now());
  EXPECT_TRUE(scopes.insert(ShareScope(request, elsewhere)).second) << "matter";
  // And nothing that differs between two requests for one matter.
  other = request;
  other.request_id = ids.NextId(absl::Now());
  other.officer = "another";
  EXPECT_EQ(ShareScope(other, grant), scope);
}

}  // namespace
}  // namespace hedui::testing
