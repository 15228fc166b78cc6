// Questions about policies, as PolicyDesk works on them: who waits for what, what a question may
// take, and what posted files and cases come to.
#include "server/policy_flow.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/case_file.h"
#include "server/assess/policy_archive.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/policy_steps.h"
#include "server/rooms.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"
#include "tests/support/notification.h"

namespace hedui::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const absl::CivilDay kDay(2025, 3, 3);
constexpr char kCounty[] = "640104-mz";

std::string Read(const std::string& path) {
  return *base::ReadFile(absl::StrCat(HEDUI_SOURCE_DIR, "/", path));
}

std::shared_ptr<const Setup> ShippedSetup() {
  static const auto* const kSetup = [] {
    auto setup = std::make_shared<Setup>();
    auto pack = assess::PolicyPack::Load(absl::StrCat(HEDUI_SOURCE_DIR, "/policies"));
    EXPECT_TRUE(pack.ok()) << pack.status();
    setup->policies = *pack;
    setup->policies_since = absl::FromUnixSeconds(1'740'000'000);
    return new std::shared_ptr<const Setup>(std::move(setup));
  }();
  return *kSetup;
}

const assess::PolicyPack& Own() { return *ShippedSetup()->policies; }

EvaluationRequest DemoCase() {
  EvaluationRequest request;
  request.agency = kCounty;
  request.case_yaml = Read("tests/assess/cases/demo_bank_silent.yaml");
  return request;
}

PostedFile HigherStandard() {
  std::string text = Read("policies/640104/standard.yaml");
  const size_t at = text.find("1100");
  EXPECT_NE(at, std::string::npos);
  text.replace(at, 4, "1300");
  return {"640104/standard.yaml", text};
}

// Sets that came into force earlier, in memory.
class EarlierSets final : public assess::PolicyRepository {
 public:
  absl::Status KeepPolicySets(const assess::PolicySets& sets, absl::Time) override {
    sets_ = sets;
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<assess::ArchivedPolicySet>> ListPolicySets() const override {
    return std::vector<assess::ArchivedPolicySet>();
  }
  absl::StatusOr<std::vector<assess::PolicyText>> ReadPolicySet(
      absl::string_view digest) const override {
    std::vector<assess::PolicyText> texts;
    for (const assess::PolicySet& set : sets_.sets) {
      if (set.digest != digest) continue;
      for (const assess::PolicyFile& file : set.files) {
        for (const assess::PolicyText& text : sets_.texts) {
          if (text.path == file.path) texts.push_back(text);
        }
      }
    }
    if (!texts.empty()) return texts;
    return base::MakeError(absl::StatusCode::kNotFound, "POLICY_SET_UNKNOWN", "not kept");
  }

 private:
  assess::PolicySets sets_;
};

// With a higher standard in the demo's county, once.
const EarlierSets& Archive() {
  static const auto* const kArchive = [] {
    std::vector<assess::PolicyText> files;
    for (size_t i = 0; i < Own().files().size(); ++i) {
      const std::string& path = Own().files()[i].path;
      const PostedFile higher = HigherStandard();
      files.push_back({path, path == higher.path ? higher.text : Own().texts()[i]});
    }
    const auto pack = assess::PolicyPack::LoadFiles(files);
    EXPECT_TRUE(pack.ok()) << pack.status();
    auto* archive = new EarlierSets;
    EXPECT_TRUE(archive->KeepPolicySets(assess::SetsOf(**pack), absl::Now()).ok());
    return archive;
  }();
  return *kArchive;
}

TEST(PolicyStepsTest, SetsAreListedByDivisionAPageAtATime) {
  PolicySetQuery query;
  query.day = kDay;
  query.page_size = 1'000;
  const PolicySetPage all = ListSets(*ShippedSetup(), query);
  ASSERT_GE(all.sets.size(), 3u);
  EXPECT_TRUE(all.last.empty());
  EXPECT_EQ(all.in_force.sha256, Own().digest());
  EXPECT_EQ(all.in_force.engine, assess::kEngineVersion);
  EXPECT_EQ(all.in_force.since, absl::FromUnixSeconds(1'740'000'000));
  query.page_size = 1;
  std::vector<std::string> paged;
  do {
    const PolicySetPage page = ListSets(*ShippedSetup(), query);
    ASSERT_THAT(page.sets, SizeIs(1));
    paged.push_back(page.sets[0].division);
    query.after = page.last;
  } while (!query.after.empty());
  std::vector<std::string> whole;
  for (const base::PolicySetListed& set : all.sets) whole.push_back(set.division);
  EXPECT_EQ(paged, whole);
  query = {};
  query.day = kDay;
  query.page_size = 1'000;
  query.division = "640104";
  EXPECT_THAT(ListSets(*ShippedSetup(), query).sets, SizeIs(1));
}

TEST(PolicyStepsTest, WhereNoFileSpeaksForADivisionThereIsNoSet) {
  auto setup = std::make_shared<hedui::Setup>();
  auto pack = assess::PolicyPack::LoadFiles({{"640104/a.yaml", "division: \"640104\"\n"}});
  ASSERT_TRUE(pack.ok()) << pack.status();
  setup->policies = *pack;
  EXPECT_TRUE(ShowSet(*setup, &Archive(), {kCounty, "640104", "", kDay}).ok());
  const auto none = ShowSet(*setup, &Archive(), {kCounty, "110101", "", kDay});
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(base::ReasonOf(none.status()), "POLICY_SET_UNKNOWN");
}

TEST(PolicyStepsTest, PostedFilesAreLookedAtInTheChainsTheyBelongTo) {
  EXPECT_TRUE(LintPosted(Own(), {{HigherStandard()}, false}).loads);
  // Without the platform's own there is nobody to declare what it sets.
  const LintResult alone = LintPosted(Own(), {{HigherStandard()}, true});
  EXPECT_FALSE(alone.loads);
  ASSERT_FALSE(alone.findings.empty());
  EXPECT_EQ(alone.findings[0].severity, PolicySeverity::kError);
  // What a region takes away is missed by its counties, whose files are the platform's own.
  const LintResult region =
      LintPosted(Own(), {{{"640000/dibao.yaml", "division: \"640000\"\n"}}, false});
  EXPECT_FALSE(region.loads);
  std::vector<std::string> files;
  for (const FoundInPolicy& found : region.findings) files.push_back(found.file);
  EXPECT_THAT(files, Contains("640104/standard.yaml"));
  // Another region's file concerns none of them.
  EXPECT_THAT(LintPosted(Own(), {{{"650000/a.yaml", "division: \"650000\"\n"}}, false}).findings,
              IsEmpty());
}

TEST(PolicyStepsTest, LookingFurtherThanAtWhetherFilesLoadIsBounded) {
  std::string text = "division: \"649999\"\ndocuments: {T: {title: 示例}}\nparameters:\n";
  for (int i = 0; i < 600; ++i) {
    absl::StrAppend(&text, "  p", i, ":\n    label: 甲\n    type: count\n    rows:\n");
    absl::StrAppend(&text, "      - {from: 2020-01-01, value: 1, clause: T 一, trust: verified}\n");
  }
  ASSERT_LT(text.size(), kPostedBytesMax);
  const auto codes = [&](const std::string& more) {
    std::vector<std::string> found;
    const LintResult result = LintPosted(Own(), {{{"649999/a.yaml", text + more}}, false});
    EXPECT_TRUE(result.loads);
    for (const FoundInPolicy& finding : result.findings) found.push_back(finding.code);
    return found;
  };
  EXPECT_THAT(codes(""), Not(Contains("LINT_LIMIT")));
  std::string more;
  for (int i = 0; i < 1'100; ++i) {
    absl::StrAppend(&more, "  q", i, ":\n    label: 乙\n    type: count\n    rows:\n");
    absl::StrAppend(&more, "      - {from: 2020-01-01, value: 1, clause: T 一, trust: verified}\n");
  }
  ASSERT_LT(text.size() + more.size(), kPostedBytesMax);
  EXPECT_THAT(codes(more), ::testing::ElementsAre("LINT_LIMIT"));
}

// Few bytes may demand very much of their own constants: of every day and every key.
TEST(PolicyStepsTest, WhatPostedFilesDemandOfTheirConstantsIsBounded) {
  std::string text =
      "division: \"000000\"\ndocuments: {T: {title: 示例}}\ncodes: {l: {label: 甲, values: {";
  for (int i = 0; i < 60; ++i) absl::StrAppend(&text, i == 0 ? "" : ", ", "a", i, ": 甲");
  absl::StrAppend(
      &text, "}}}\nquantities:\n  q: {label: 甲, type: code(l)}\n  r: {label: 甲, type: code(l)}\n",
      "parameters:\n  a:\n    label: 甲\n    type: ratio\n    keys: [q, r]\n    rows:\n");
  for (int i = 0; i < 800; ++i) {
    const absl::CivilDay day = absl::CivilDay(2000, 1, 1) + i;
    absl::StrAppend(&text, "      - {from: ", absl::FormatCivilTime(day),
                    ", to: ", absl::FormatCivilTime(day + 1),
                    ", value: 1, clause: T 一, trust: assumed}\n");
  }
  absl::StrAppend(&text, "constraints:\n");
  for (int i = 0; i < 500; ++i) {
    absl::StrAppend(&text, "  c", i,
                    ": {label: 甲, rows: [{from: 2000-01-01, to: 2002-03-01, holds: \"a >= 0\", "
                    "clause: T 一, trust: assumed}]}\n");
  }
  ASSERT_LT(text.size(), kPostedBytesMax);
  const LintResult result = LintPosted(Own(), {{{"national/a.yaml", text}}, true});
  EXPECT_FALSE(result.loads);
  ASSERT_THAT(result.findings, SizeIs(1));
  EXPECT_EQ(result.findings[0].code, "CONSTRAINT_LIMIT");
  EvaluationRequest request = DemoCase();
  request.posted = {{{"national/a.yaml", text}}, true};
  const auto refused = EvaluateCase(Own(), &Archive(), request);
  ASSERT_TRUE(refused.ok()) << refused.status();
  ASSERT_THAT(refused->defects, SizeIs(1));
  EXPECT_THAT(refused->defects[0].text, HasSubstr("CONSTRAINT_LIMIT"));
}

TEST(PolicyStepsTest, MoreFindingsThanAreToldAreCounted) {
  std::string text = "division: \"649999\"\nparameters:\n";
  for (size_t i = 0; i < kFindingsMax + 500; ++i) absl::StrAppend(&text, "  p", i, ": 7\n");
  const LintResult result = LintPosted(Own(), {{{"649999/a.yaml", text}}, false});
  EXPECT_THAT(result.findings, SizeIs(kFindingsMax));
  EXPECT_GE(result.left_out, 500u);
  EXPECT_FALSE(result.loads);
}

TEST(PolicyStepsTest, ACaseIsAssessedByPostedFilesAndTheOwnStayAsTheyAre) {
  const auto own = EvaluateCase(Own(), &Archive(), DemoCase());
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_THAT(own->unmet, IsEmpty());
  EvaluationRequest request = DemoCase();
  request.posted.files = {HigherStandard()};
  const auto posted = EvaluateCase(Own(), &Archive(), request);
  ASSERT_TRUE(posted.ok()) << posted.status();
  ASSERT_THAT(posted->defects, IsEmpty());
  const auto amount = [](const Evaluation& evaluation) {
    for (const IndicationShown& indication : evaluation.indications) {
      if (indication.programme == "dibao" && indication.amount) return indication.amount->text;
    }
    return std::string("none");
  };
  // 200 yuan more for each of three people.
  EXPECT_EQ(amount(*own), "[0.00, 135.00]");
  EXPECT_EQ(amount(*posted), "[0.00, 735.00]");
  EXPECT_NE(posted->policy_sha256, own->policy_sha256);
  // The case's own expectations are held against it.
  EXPECT_THAT(posted->unmet, Not(IsEmpty()));
  EXPECT_EQ(EvaluateCase(Own(), &Archive(), DemoCase())->json, own->json);
}

TEST(PolicyStepsTest, DivisionDayAndSetCanBeNamedInPlaceOfTheCases) {
  EvaluationRequest request = DemoCase();
  request.policy_day = absl::CivilDay(2025, 6, 1);
  const auto later = EvaluateCase(Own(), &Archive(), request);
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(later->policy_day, absl::CivilDay(2025, 6, 1));
  request = DemoCase();
  request.division = "110101";
  const auto elsewhere = EvaluateCase(Own(), &Archive(), request);
  if (elsewhere.ok()) {
    EXPECT_EQ(elsewhere->division, "110101");
    EXPECT_THAT(elsewhere->indications, IsEmpty());
  } else {
    EXPECT_EQ(base::ReasonOf(elsewhere.status()), "NO_POLICY_SET");
    EXPECT_THAT(std::string(elsewhere.status().message()), HasSubstr("110101"));
  }
  request = DemoCase();
  request.policy_sha256 = EvaluateCase(Own(), &Archive(), DemoCase())->policy_sha256;
  EXPECT_TRUE(EvaluateCase(Own(), &Archive(), request).ok());
  request.policy_sha256[0] ^= 1;
  const auto unknown = EvaluateCase(Own(), &Archive(), request);
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(base::ReasonOf(unknown.status()), "POLICY_SET_UNKNOWN");
  request.posted.files = {HigherStandard()};
  const auto changed = EvaluateCase(Own(), &Archive(), request);
  EXPECT_EQ(changed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(base::ReasonOf(changed.status()), "POLICY_SET_CHANGED");
}

TEST(PolicyStepsTest, AnEarlierSetIsShownAndAssessedByUnderItsDigest) {
  EvaluationRequest request = DemoCase();
  request.posted.files = {HigherStandard()};
  const auto posted = EvaluateCase(Own(), &Archive(), request);
  ASSERT_TRUE(posted.ok()) << posted.status();
  request = DemoCase();
  request.policy_sha256 = posted->policy_sha256;
  const auto earlier = EvaluateCase(Own(), &Archive(), request);
  ASSERT_TRUE(earlier.ok()) << earlier.status();
  EXPECT_EQ(earlier->json, posted->json);
  const auto shown =
      ShowSet(*ShippedSetup(), &Archive(), {kCounty, "", posted->policy_sha256, kDay});
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(shown->listing.set.division, "640104");
  EXPECT_EQ(shown->listing.set.sha256, posted->policy_sha256);
  EXPECT_EQ(shown->in_force.sha256, Own().digest());
  // It is its county's and speaks for no other.
  request.division = "640000";
  EXPECT_EQ(base::ReasonOf(EvaluateCase(Own(), &Archive(), request).status()),
            "POLICY_SET_UNKNOWN");
  EXPECT_EQ(base::ReasonOf(ShowSet(*ShippedSetup(), &Archive(),
                                   {kCounty, "640000", posted->policy_sha256, kDay})
                               .status()),
            "POLICY_SET_UNKNOWN");
}

TEST(PolicyStepsTest, DefectsOfACaseAndOfFilesNameTheirPlaces) {
  EvaluationRequest request = DemoCase();
  request.case_yaml =
      "division: \"640104\"\ndates: {application: 2025-03-03, policy: 2025-02-30}\n"
      "persons:\n  - {id: 马志远, relation: 马志远}\n";
  const auto of_case = EvaluateCase(Own(), &Archive(), request);
  ASSERT_TRUE(of_case.ok()) << of_case.status();
  EXPECT_EQ(of_case->defect_reason, "CASE_FILE");
  ASSERT_THAT(of_case->defects, SizeIs(2));
  EXPECT_EQ(of_case->defects[0].field, "case_yaml:2:dates.policy");
  EXPECT_THAT(of_case->defects[0].text, HasSubstr("BAD_DATE: "));
  EXPECT_EQ(of_case->defects[1].field, "case_yaml:4:persons[0].relation");
  EXPECT_THAT(of_case->defects[1].text, Not(HasSubstr("马志远")));
  request = DemoCase();
  request.posted.files = {{"640104/more.yaml", "division: \"640104\"\nnothing: 2\n"}};
  const auto of_files = EvaluateCase(Own(), &Archive(), request);
  ASSERT_TRUE(of_files.ok()) << of_files.status();
  EXPECT_EQ(of_files->defect_reason, "POLICY");
  ASSERT_THAT(of_files->defects, SizeIs(1));
  EXPECT_EQ(of_files->defects[0].field, "640104/more.yaml:2");
  EXPECT_THAT(of_files->defects[0].text, HasSubstr("UNKNOWN_KEY: "));
}

TEST(PolicyStepsTest, WhatTheEngineRefusesIsToldWithoutAWordOfTheCase) {
  EvaluationRequest request = DemoCase();
  request.case_yaml =
      "division: \"640104\"\nprogramme: 马志远\n"
      "dates: {application: 2025-03-03, policy: 2025-03-03}\n"
      "persons: [{id: 马志远, relation: applicant}]\n";
  const auto unknown = EvaluateCase(Own(), &Archive(), request);
  EXPECT_EQ(base::ReasonOf(unknown.status()), "NO_POLICY_SET");
  EXPECT_THAT(std::string(unknown.status().message()), Not(HasSubstr("马志远")));
  request.case_yaml =
      "division: \"640104\"\ndates: {application: 2025-03-03, policy: 2025-03-03}\n"
      "persons: [{id: 马志远, relation: spouse}, {id: 李, relation: spouse}]\n";
  const auto spouses = EvaluateCase(Own(), &Archive(), request);
  ASSERT_TRUE(spouses.ok()) << spouses.status();
  EXPECT_EQ(spouses->defect_reason, "CASE");
  ASSERT_THAT(spouses->defects, SizeIs(1));
  EXPECT_THAT(spouses->defects[0].text, Not(HasSubstr("马志远")));
}

class PolicyDeskTest : public ::testing::Test {
 protected:
  PolicyDeskTest() {
    rooms_.setup = [] { return ShippedSetup(); };
    rooms_.bytes = &bytes_;
    rooms_.policy_archive = &Archive();
    rooms_.tell = [](const base::Event&) {};
    desk_ = std::make_unique<PolicyDesk>(&rooms_);
  }
  ~PolicyDeskTest() override { hold_.Notify(); }

  // Asks for the demo's county; its answer's reason comes into `answers_`.
  void Ask(const std::string& agency, PolicyDesk::Gone gone) {
    desk_->Show(
        &loop_, {agency, "640104", "", kDay}, std::move(gone),
        [this](absl::StatusOr<PolicySetShown> shown) { answers_.push_back(shown.status()); });
  }
  // One that the worker is at until the test lets it go.
  void AskAndHold(const std::string& agency) {
    Ask(agency, [this] {
      hold_.Wait();
      return false;
    });
  }
  void AwaitAnswers(size_t count) {
    loop_.RunUntil([&] { return answers_.size() >= count; });
  }

  FakeClock clock_;
  FakeLoop loop_{&clock_};
  base::ByteBudget bytes_{1 << 20, 1 << 20};
  Rooms rooms_;
  Notification hold_;
  std::vector<absl::Status> answers_;
  std::unique_ptr<PolicyDesk> desk_;
};

TEST_F(PolicyDeskTest, OneAgencyTakesItsShareOfTheQuestionsAndLeavesTheOthersTheirs) {
  for (size_t i = 0; i < kPolicyQuestionsOfOneMax; ++i) AskAndHold(kCounty);
  Ask(kCounty, [] { return false; });
  AwaitAnswers(1);
  EXPECT_EQ(answers_[0].code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(answers_[0]), "POLICY_QUESTIONS");
  EXPECT_TRUE(base::RetryAfterOf(answers_[0]).has_value());
  Ask("640106-mz", [] { return false; });
  hold_.Notify();
  AwaitAnswers(kPolicyQuestionsOfOneMax + 2);
  for (size_t i = 1; i < answers_.size(); ++i) EXPECT_TRUE(answers_[i].ok()) << answers_[i];
  // Places and bytes are given back.
  Ask(kCounty, [] { return false; });
  AwaitAnswers(kPolicyQuestionsOfOneMax + 3);
  EXPECT_TRUE(answers_.back().ok()) << answers_.back();
  EXPECT_EQ(bytes_.used(), 0u);
}

TEST_F(PolicyDeskTest, WhoHasGoneIsNotWorkedFor) {
  Ask(kCounty, [] { return true; });
  AwaitAnswers(1);
  EXPECT_EQ(answers_[0].code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(bytes_.used(), 0u);
}

TEST_F(PolicyDeskTest, WhatIsPostedIsHeldToTheMemoryBudget) {
  PostedFiles posted;
  posted.files = {{"640104/a.yaml", std::string(size_t{400} << 10, '#')}};
  absl::Status answered;
  bool done = false;
  desk_->Lint(
      &loop_, kCounty, std::move(posted), [] { return false; },
      [&](absl::StatusOr<LintResult> result) {
        answered = result.status();
        done = true;
      });
  loop_.RunUntil([&] { return done; });
  EXPECT_EQ(base::ReasonOf(answered), "BYTES");
  EXPECT_EQ(bytes_.used(), 0u);
}

TEST_F(PolicyDeskTest, AnAnswerHoldsItsBytesUntilItsReaderHasIt) {
  std::shared_ptr<const void> held;
  desk_->Show(
      &loop_, {kCounty, "640104", "", kDay, /*texts=*/true}, [] { return false; },
      [&](absl::StatusOr<PolicySetShown> shown) {
        ASSERT_TRUE(shown.ok()) << shown.status();
        held = shown->held;
      });
  loop_.RunUntil([&] { return held != nullptr; });
  EXPECT_GT(bytes_.used(), 10'000u);
  held.reset();
  EXPECT_EQ(bytes_.used(), 0u);
}

}  // namespace
}  // namespace hedui::testing
