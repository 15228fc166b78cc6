// What becomes of reports after they were made: findings by people, decisions about whom an answer
// is about, annulment and what is made in its place, and how each report stands meanwhile.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/match/matcher.h"
#include "server/report/case_bundle.h"
#include "server/report/replay.h"
#include "server/report/report_builder.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using report::v1::Line;
using report::v1::LINE_KIND_FINDING;
using report::v1::LINE_KIND_INDICATION;
using report::v1::LINE_KIND_OUTCOME;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kOfficer[] = "XQ-0107";
constexpr char kEvidence[] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
constexpr char kCorrection[] = "0f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d01";
constexpr char kOtherCorrection[] = "0f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d02";
constexpr char kReissue[] = "0f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d03";

std::string Today() { return base::FormatDay(base::CivilDayOf(absl::Now())); }

std::string Blames(const Line& line) {
  std::string text;
  for (const report::v1::Blame& blame : line.blame()) {
    absl::StrAppend(&text, blame.source_id(), "/", blame.category(), "/", blame.person_id(), " ");
  }
  return text;
}

// The outcome line of one source; the test fails without one.
Line OutcomeLine(const std::string& envelope, const std::string& source,
                 const std::string& category, const std::string& person) {
  for (Line& line : LinesOf(envelope)) {
    if (line.kind() == LINE_KIND_OUTCOME && line.outcome().source_id() == source &&
        line.code() == category && line.person_id() == person) {
      return std::move(line);
    }
  }
  ADD_FAILURE() << source << " has no line";
  return {};
}

class CorrectionsTest : public ::testing::Test {
 protected:
  // Started, with its letters, and the household verified.
  void Begin() {
    platform_ = std::make_unique<RunningPlatform>(&scenario_);
    platform_->Register();
    auto verified = platform_->Verify();
    ASSERT_TRUE(verified.ok()) << verified.status();
    first_ = *std::move(verified);
    number_ = CheckOffline(scenario_, first_.envelope()).report_number;
  }

  clients::Client& client() { return platform_->client(); }

  static void FillRecord(v1::FindingRecord* record) {
    record->set_method(v1::FINDING_METHOD_HOME_VISIT);
    record->add_investigators("XQ-0107");
    record->add_investigators("XQ-0215");
    record->set_day(Today());
    record->set_evidence_sha256(kEvidence);
  }

  // Two investigators saw what the father brings home from farming.
  v1::RecordFindingRequest Farming() const {
    v1::RecordFindingRequest request;
    request.set_request_id(kCorrection);
    request.set_officer(kOfficer);
    request.set_report_number(number_);
    FillRecord(request.mutable_record());
    request.set_person_id("m1");
    request.set_category("business");
    request.set_kind(v1::ANSWER_KIND_FOUND);
    request.mutable_covered()->set_from("2025-01-01");
    request.mutable_covered()->set_to("2025-04-01");
    request.set_complete(true);
    v1::Record* record = request.add_records();
    record->set_kind("operating_income");
    v1::Field* month = record->add_fields();
    month->set_name("month");
    month->set_month("2025-02");
    v1::Field* amount = record->add_fields();
    amount->set_name("amount");
    amount->set_money_fen(24'000);
    return request;
  }

  v1::ResolveAmbiguousRequest AboutTheMother(v1::ResolveAmbiguousRequest::Decision decision) const {
    v1::ResolveAmbiguousRequest request;
    request.set_request_id(kCorrection);
    request.set_officer(kOfficer);
    request.set_report_number(number_);
    FillRecord(request.mutable_record());
    request.mutable_record()->set_method(v1::FINDING_METHOD_DOCUMENT_REVIEW);
    request.set_person_id("m2");
    request.set_source_id("nx-social-security");
    request.set_category("employment");
    request.set_decision(decision);
    return request;
  }

  // The register of wages knows the mother under a former name.
  void KnowTheMotherByAFormerName() {
    Scenario::Replace(
        &scenario_.simulation_yaml,
        "        category: employment\n        records:\n          - kind: wage\n"
        "            fields:\n              - {name: month, month: \"2025-01\"}\n"
        "              - {name: payer, text: 兴庆区益民保洁服务部（演示）}",
        "        category: employment\n"
        "        subject: {kind: resident_id, number: \"640104198109233243\", name: 杨秀花}\n"
        "        records:\n          - kind: wage\n"
        "            fields:\n              - {name: month, month: \"2025-01\"}\n"
        "              - {name: payer, text: 兴庆区益民保洁服务部（演示）}");
  }

  absl::StatusOr<v1::ReportStatus> Status(const std::string& number) {
    v1::GetReportStatusRequest request;
    request.set_report_number(number);
    request.set_officer(kOfficer);
    auto response = client().GetReportStatus(request, kPatience);
    if (!response.ok()) return response.status();
    return response->status();
  }

  absl::StatusOr<v1::GetReportResponse> GetByRequest() {
    v1::GetReportRequest request;
    request.set_officer(kOfficer);
    request.set_request_id(scenario_.household.header().request_id());
    return client().GetReport(request, kPatience);
  }

  v1::AnnulReportRequest Annulment() const {
    v1::AnnulReportRequest request;
    request.set_report_number(number_);
    request.set_officer(kOfficer);
    request.set_reason(v1::ANNULMENT_REASON_MISTYPED_IDENTITY);
    return request;
  }

  Scenario scenario_;
  std::unique_ptr<RunningPlatform> platform_;
  v1::VerifyHouseholdResponse first_;
  std::string number_;
};

TEST_F(CorrectionsTest, AFindingMakesAReportThatSupersedesAndIsMarkedManual) {
  Begin();
  const auto corrected = client().RecordFinding(Farming(), kPatience);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  const std::string& envelope = corrected->report().envelope();
  const report::CheckResult checked = CheckOffline(scenario_, envelope);
  EXPECT_EQ(checked.verdict, report::Verdict::kValid);
  EXPECT_EQ(checked.report_number, corrected->report_number());
  EXPECT_NE(corrected->report_number(), number_);
  EXPECT_EQ(corrected->report().verification_id(), first_.verification_id());

  const report::v1::Header header = LinesOf(envelope)[0].header();
  EXPECT_EQ(header.previous_report_id(), report::ReportIdOfNumber(number_)->ToBytes());
  EXPECT_EQ(header.superseding_reason(), "MANUAL_FINDING");

  const Line told = OutcomeLine(envelope, "manual", "business", "m1");
  EXPECT_TRUE(told.marks().manual());
  EXPECT_EQ(told.outcome().method(), "HOME_VISIT");
  EXPECT_THAT(told.outcome().investigators(), ElementsAre("XQ-0107", "XQ-0215"));
  EXPECT_EQ(told.outcome().finding_day(), Today());
  EXPECT_EQ(told.outcome().evidence_sha256().size(), 32u);
  EXPECT_EQ(told.answer_digests_size(), 1);
  const Line found = LineOf(envelope, LINE_KIND_FINDING, "operating_income", "m1");
  EXPECT_TRUE(found.marks().manual());
  // Three share 240.00 more a month.
  const Line before =
      LineOf(first_.envelope(), report::v1::LINE_KIND_QUANTITY, "per_capita_income");
  const Line after = LineOf(envelope, report::v1::LINE_KIND_QUANTITY, "per_capita_income");
  EXPECT_EQ(before.value().low(), "1055");
  EXPECT_EQ(after.value().low(), "1135");
  EXPECT_TRUE(after.marks().manual());
  EXPECT_FALSE(before.marks().manual());
  EXPECT_EQ(OutcomeOf(corrected->report(), "m1", "vehicle").kind(), v1::ANSWER_KIND_FOUND);
}

TEST_F(CorrectionsTest, EveryReportStaysReadableAndSaysHowItStands) {
  Begin();
  const auto corrected = client().RecordFinding(Farming(), kPatience);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  platform_->Restart();

  const auto old_status = Status(number_);
  ASSERT_TRUE(old_status.ok()) << old_status.status();
  EXPECT_EQ(old_status->state(), v1::REPORT_STATE_SUPERSEDED);
  EXPECT_EQ(old_status->superseded_by(), corrected->report_number());
  const auto new_status = Status(corrected->report_number());
  ASSERT_TRUE(new_status.ok()) << new_status.status();
  EXPECT_EQ(new_status->state(), v1::REPORT_STATE_VALID);
  EXPECT_EQ(new_status->superseding_reason(), "MANUAL_FINDING");

  const auto current = GetByRequest();
  ASSERT_TRUE(current.ok()) << current.status();
  EXPECT_EQ(LinesOf(current->envelope()).size(), LinesOf(corrected->report().envelope()).size());
  EXPECT_EQ(current->status().report_number(), corrected->report_number());
  v1::GetReportRequest by_number;
  by_number.set_officer(kOfficer);
  by_number.set_report_number(number_);
  const auto old = client().GetReport(by_number, kPatience);
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(CheckOffline(scenario_, old->envelope()).report_number, number_);
  EXPECT_EQ(old->status().state(), v1::REPORT_STATE_SUPERSEDED);
  // The request again is the report it was answered with.
  const auto again = platform_->Verify();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(CheckOffline(scenario_, again->envelope()).report_number, number_);

  v1::ListReportsRequest list;
  list.set_request_id(scenario_.household.header().request_id());
  list.set_officer(kOfficer);
  const auto listed = client().ListReports(list, kPatience);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->reports_size(), 2);
  EXPECT_EQ(listed->reports(0).report_number(), number_);
  EXPECT_EQ(listed->reports(1).report_number(), corrected->report_number());
}

TEST_F(CorrectionsTest, TheSameFindingAgainIsTheSameReportAndItsIdTakesNoOther) {
  Begin();
  const auto corrected = client().RecordFinding(Farming(), kPatience);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  const auto repeated = client().RecordFinding(Farming(), kPatience);
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->report_number(), corrected->report_number());
  EXPECT_EQ(AccessesIn(scenario_).size(), 1u) << "a report handed out again is an access";
  v1::RecordFindingRequest other = Farming();
  other.set_complete(false);
  EXPECT_EQ(base::ReasonOf(client().RecordFinding(other, kPatience).status()), "REQUEST_ID_REUSED");
  // Made under the eyes of somebody who has not seen the first correction.
  other.set_request_id(kOtherCorrection);
  const absl::Status stale = client().RecordFinding(other, kPatience).status();
  EXPECT_EQ(base::ReasonOf(stale), "REPORT_SUPERSEDED");
  EXPECT_THAT(std::string(stale.message()), HasSubstr(corrected->report_number()));
}

// Two verifications are corrected at the same moment, by mistake under one id.
TEST_F(CorrectionsTest, OneIdForTwoFindingsAtOnceIsOneReport) {
  Begin();
  v1::VerifyHouseholdRequest household = scenario_.household;
  household.mutable_header()->set_request_id(kReissue);
  const auto second = platform_->Verify(household);
  ASSERT_TRUE(second.ok()) << second.status();
  std::string numbers[] = {number_, CheckOffline(scenario_, second->envelope()).report_number};
  const auto other = scenario_.Connect(platform_->port());
  for (int round = 0; round < 12; ++round) {
    v1::RecordFindingRequest requests[] = {Farming(), Farming()};
    for (int i = 0; i < 2; ++i) {
      requests[i].set_request_id(absl::StrFormat("0f6f2c55-2b53-4d1f-8a3e-%012d", round));
      requests[i].set_report_number(numbers[i]);
    }
    absl::StatusOr<v1::RecordFindingResponse> answers[2];
    std::thread beside([&] { answers[1] = other->RecordFinding(requests[1], kPatience); });
    answers[0] = client().RecordFinding(requests[0], kPatience);
    beside.join();
    ASSERT_NE(answers[0].ok(), answers[1].ok()) << answers[0].status() << answers[1].status();
    const int winner = answers[0].ok() ? 0 : 1;
    EXPECT_EQ(base::ReasonOf(answers[1 - winner].status()), "REQUEST_ID_REUSED");
    numbers[winner] = answers[winner]->report_number();
  }
}

TEST_F(CorrectionsTest, ALaterFindingStandsInPlaceOfAnEarlierOneOfTheSameKind) {
  Begin();
  const auto corrected = client().RecordFinding(Farming(), kPatience);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  v1::RecordFindingRequest later = Farming();
  later.set_request_id(kOtherCorrection);
  later.set_report_number(corrected->report_number());
  later.mutable_records(0)->mutable_fields(1)->set_money_fen(60'000);
  const auto second = client().RecordFinding(later, kPatience);
  ASSERT_TRUE(second.ok()) << second.status();
  const Line income =
      LineOf(second->report().envelope(), report::v1::LINE_KIND_QUANTITY, "per_capita_income");
  EXPECT_EQ(income.value().low(), "1255") << "600.00 and not 840.00 more";
}

// Where registers do not answer, a home visit settles what the policy lets it settle; a register
// that was asked and has not answered may yet say otherwise, and so it says.
TEST_F(CorrectionsTest, AFindingSufficesWhereThePolicySaysSoAndOnlyThere) {
  Scenario::AddToSource(&scenario_.simulation_yaml, "yc-market", "faults: [{kind: unavailable}]");
  Begin();
  const Line before = LineOf(first_.envelope(), LINE_KIND_INDICATION, "dibao");
  EXPECT_THAT(Blames(before), HasSubstr("yc-market/business/m1"));
  v1::RecordFindingRequest nothing = Farming();
  nothing.set_kind(v1::ANSWER_KIND_CONFIRMED_NONE);
  nothing.set_complete(false);
  nothing.clear_records();
  const auto settled = client().RecordFinding(nothing, kPatience);
  ASSERT_TRUE(settled.ok()) << settled.status();
  const auto income = [](const std::string& envelope, const std::string& person) {
    return LineOf(envelope, report::v1::LINE_KIND_QUANTITY, "counted_operating_income", person);
  };
  EXPECT_FALSE(income(first_.envelope(), "m1").value().exact());
  const Line visited = income(settled->report().envelope(), "m1");
  EXPECT_EQ(visited.value().text(), "0.00");
  EXPECT_TRUE(visited.marks().unproven());
  EXPECT_THAT(Blames(visited), HasSubstr("yc-market/business/m1"));
  const Line unvisited = income(settled->report().envelope(), "m2");
  EXPECT_FALSE(unvisited.value().exact()) << "nobody visited the mother";
  // Nobody sees by a visit that there is no account.
  EXPECT_THAT(Blames(before), HasSubstr("nx-bank/deposit/m1"));
  v1::RecordFindingRequest deposits = nothing;
  deposits.set_request_id(kOtherCorrection);
  deposits.set_report_number(settled->report_number());
  deposits.set_category("deposit");
  const auto unsettled = client().RecordFinding(deposits, kPatience);
  ASSERT_TRUE(unsettled.ok()) << unsettled.status();
  EXPECT_THAT(Blames(LineOf(unsettled->report().envelope(), LINE_KIND_INDICATION, "dibao")),
              HasSubstr("nx-bank/deposit/m1"));
}

TEST_F(CorrectionsTest, ACorrectedCaseReplaysToTheSameBytes) {
  Begin();
  const auto corrected = client().RecordFinding(Farming(), kPatience);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  auto bytes = platform_->ExportCase(corrected->report_number());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto bundle = report::DecodeCaseBundle(*bytes);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  auto pack = assess::PolicyPack::Load(absl::StrCat(HEDUI_SOURCE_DIR, "/policies"));
  ASSERT_TRUE(pack.ok()) << pack.status();
  report::ReplayEngines engines;
  engines.match = [&pack](const match::MatchInput& input) {
    return match::Match(input, (*pack)->discrepancy_rules());
  };
  engines.assess = [&pack](const assess::Case& c) { return assess::Assess(**pack, c); };
  auto replayed = report::Replay(*bundle, engines);
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_TRUE(replayed->same) << ::testing::PrintToString(replayed->differences);
}

TEST_F(CorrectionsTest, AnAnswerUnderAFormerNameCountsOnceTwoHaveDecidedSo) {
  KnowTheMotherByAFormerName();
  Begin();
  EXPECT_EQ(OutcomeOf(first_, "m2", "employment").kind(), v1::ANSWER_KIND_AMBIGUOUS);
  const auto resolved = client().ResolveAmbiguous(
      AboutTheMother(v1::ResolveAmbiguousRequest::DECISION_SAME_PERSON), kPatience);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  EXPECT_EQ(OutcomeOf(resolved->report(), "m2", "employment").kind(), v1::ANSWER_KIND_FOUND);
  const std::string& envelope = resolved->report().envelope();
  EXPECT_EQ(CheckOffline(scenario_, envelope).verdict, report::Verdict::kValid);
  const Line line = OutcomeLine(envelope, "nx-social-security", "employment", "m2");
  EXPECT_TRUE(line.marks().manual());
  EXPECT_EQ(line.outcome().method(), "DOCUMENT_REVIEW");
  EXPECT_EQ(LinesOf(envelope)[0].header().superseding_reason(), "IDENTITY_RESOLVED");
  const Line income = LineOf(envelope, report::v1::LINE_KIND_QUANTITY, "per_capita_income");
  EXPECT_EQ(income.value().low(), "1055");
  // Decided once.
  v1::ResolveAmbiguousRequest again =
      AboutTheMother(v1::ResolveAmbiguousRequest::DECISION_OTHER_PERSON);
  again.set_request_id(kOtherCorrection);
  again.set_report_number(resolved->report_number());
  EXPECT_EQ(base::ReasonOf(client().ResolveAmbiguous(again, kPatience).status()),
            "NOTHING_TO_RESOLVE");
}

TEST_F(CorrectionsTest, SomebodyElsesAnswerLeavesTheCategoryUnanswered) {
  KnowTheMotherByAFormerName();
  Begin();
  const auto resolved = client().ResolveAmbiguous(
      AboutTheMother(v1::ResolveAmbiguousRequest::DECISION_OTHER_PERSON), kPatience);
  ASSERT_TRUE(resolved.ok()) << resolved.status();
  const v1::SourceOutcome outcome = OutcomeOf(resolved->report(), "m2", "employment");
  EXPECT_EQ(outcome.kind(), v1::ANSWER_KIND_UNAVAILABLE);
  EXPECT_EQ(outcome.reason(), v1::REASON_WRONG_PERSON);
  for (const Line& line : LinesOf(resolved->report().envelope())) {
    EXPECT_FALSE(line.kind() == LINE_KIND_FINDING && line.code() == "wage" &&
                 line.person_id() == "m2" && !line.marks().declared());
  }
  EXPECT_THAT(Blames(LineOf(resolved->report().envelope(), LINE_KIND_INDICATION, "dibao")),
              HasSubstr("nx-social-security/employment/m2"));
}

TEST_F(CorrectionsTest, AnAnnulledReportCountsNoLongerAndIsReplacedByAnother) {
  Begin();
  const auto corrected = client().RecordFinding(Farming(), kPatience);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  v1::VerifyHouseholdRequest reissue = scenario_.household;
  reissue.mutable_header()->set_request_id(kReissue);
  reissue.mutable_header()->set_replaces_report_number(number_);
  EXPECT_EQ(base::ReasonOf(platform_->Verify(reissue).status()), "REPORT_NOT_ANNULLED");

  const auto annulled = client().AnnulReport(Annulment(), kPatience);
  ASSERT_TRUE(annulled.ok()) << annulled.status();
  EXPECT_EQ(annulled->status().state(), v1::REPORT_STATE_REVOKED);
  EXPECT_EQ(annulled->status().annulment_reason(), v1::ANNULMENT_REASON_MISTYPED_IDENTITY);
  // Whoever annuls again changes nothing.
  v1::AnnulReportRequest again = Annulment();
  again.set_reason(v1::ANNULMENT_REASON_WRONG_HOUSEHOLD);
  const auto repeated = client().AnnulReport(again, kPatience);
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->status().annulment_reason(), v1::ANNULMENT_REASON_MISTYPED_IDENTITY);
  EXPECT_EQ(repeated->status().annulled_at_seconds(), annulled->status().annulled_at_seconds());
  // All of the verification's reports.
  EXPECT_EQ(Status(corrected->report_number())->state(), v1::REPORT_STATE_REVOKED);
  EXPECT_EQ(GetByRequest()->status().state(), v1::REPORT_STATE_REVOKED);
  v1::RecordFindingRequest more = Farming();
  more.set_request_id(kOtherCorrection);
  more.set_report_number(corrected->report_number());
  EXPECT_EQ(base::ReasonOf(client().RecordFinding(more, kPatience).status()), "REPORT_ANNULLED");

  platform_->Restart();
  const auto issued = platform_->Verify(reissue);
  ASSERT_TRUE(issued.ok()) << issued.status();
  EXPECT_EQ(LinesOf(issued->envelope())[0].header().replaces_report_number(), number_);
  const std::string new_number = CheckOffline(scenario_, issued->envelope()).report_number;
  EXPECT_EQ(Status(number_)->replaced_by(), new_number);
  EXPECT_EQ(Status(new_number)->state(), v1::REPORT_STATE_VALID);
}

TEST_F(CorrectionsTest, TheLogHoldsAnAnnulmentOnce) {
  Begin();
  ASSERT_TRUE(client().AnnulReport(Annulment(), kPatience).ok());
  ASSERT_TRUE(client().AnnulReport(Annulment(), kPatience).ok());
  auto store = scenario_.OpenStore();
  const auto head = store->ReadHead();
  ASSERT_TRUE(head.ok() && head->has_value());
  const auto entries = store->ReadEntries(0, (*head)->size);
  ASSERT_TRUE(entries.ok()) << entries.status();
  int annulments = 0;
  for (const std::string& bytes : *entries) {
    const auto entry = ledger::DecodeEntry(bytes);
    ASSERT_TRUE(entry.ok()) << entry.status();
    const auto* annulment = std::get_if<ledger::AnnulmentEntry>(&*entry);
    if (annulment == nullptr) continue;
    ++annulments;
    EXPECT_EQ(annulment->verification.ToString(), first_.verification_id());
    EXPECT_EQ(annulment->reason, 1);
  }
  EXPECT_EQ(annulments, 1);
}

TEST_F(CorrectionsTest, OnlyAReportOfTheSameMatterIsReplaced) {
  Begin();
  ASSERT_TRUE(client().AnnulReport(Annulment(), kPatience).ok());
  v1::RegisterAuthorizationsRequest letters = scenario_.letters;
  letters.set_matter_number("XQ-2025-000999");
  for (v1::Letter& letter : *letters.mutable_letters()) {
    letter.set_letter_number(absl::StrCat(letter.letter_number(), "-999"));
  }
  ASSERT_TRUE(client().RegisterAuthorizations(letters, kPatience).ok());
  v1::VerifyHouseholdRequest reissue = scenario_.household;
  reissue.mutable_header()->set_request_id(kReissue);
  reissue.mutable_header()->set_matter_number("XQ-2025-000999");
  reissue.mutable_header()->set_replaces_report_number(number_);
  EXPECT_EQ(base::ReasonOf(platform_->Verify(reissue).status()), "REPORT_OF_ANOTHER_MATTER");
}

TEST_F(CorrectionsTest, NothingIsAddedOnceTheMatterIsClosed) {
  Begin();
  v1::CloseMatterRequest close;
  close.set_matter_number(scenario_.household.header().matter_number());
  close.set_officer(kOfficer);
  ASSERT_TRUE(client().CloseMatter(close, kPatience).ok());
  EXPECT_EQ(base::ReasonOf(client().RecordFinding(Farming(), kPatience).status()), "MATTER_CLOSED");
  EXPECT_TRUE(client().AnnulReport(Annulment(), kPatience).ok()) << "a mistake stays one";
}

TEST_F(CorrectionsTest, OtherAgenciesKnowNothingOfAReport) {
  Scenario::Replace(&scenario_.register_yaml, "agencies:\n", R"(agencies:
  - code: other
    name: 另一单位
    level: county
    division: "640105"
    purposes: [social_assistance]
)");
  Begin();
  const auto other = scenario_.Connect(platform_->port(), "other");
  v1::GetReportStatusRequest status;
  status.set_report_number(number_);
  status.set_officer(kOfficer);
  v1::ListReportsRequest list;
  list.set_request_id(scenario_.household.header().request_id());
  list.set_officer(kOfficer);
  for (const absl::Status& refused : {other->GetReportStatus(status, kPatience).status(),
                                      other->ListReports(list, kPatience).status(),
                                      other->AnnulReport(Annulment(), kPatience).status(),
                                      other->RecordFinding(Farming(), kPatience).status()}) {
    EXPECT_EQ(base::ReasonOf(refused), "REPORT_UNKNOWN");
  }
  // But a copy in their hands they may have checked.
  v1::CheckReportRequest check;
  check.set_envelope(first_.envelope());
  check.set_officer(kOfficer);
  const auto checked = other->CheckReport(check, kPatience);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_TRUE(checked->valid());
  EXPECT_EQ(checked->status().state(), v1::REPORT_STATE_VALID);
}

TEST_F(CorrectionsTest, ACheckedReportIsGenuineOrNotAndSaysHowItStands) {
  Begin();
  ASSERT_TRUE(client().RecordFinding(Farming(), kPatience).ok());
  v1::CheckReportRequest check;
  check.set_envelope(first_.envelope());
  check.set_officer(kOfficer);
  const auto genuine = client().CheckReport(check, kPatience);
  ASSERT_TRUE(genuine.ok()) << genuine.status();
  EXPECT_TRUE(genuine->valid());
  EXPECT_THAT(genuine->failures(), IsEmpty());
  EXPECT_EQ(genuine->report_number(), number_);
  EXPECT_EQ(genuine->log_origin(), kOrigin);
  EXPECT_EQ(genuine->status().state(), v1::REPORT_STATE_SUPERSEDED);

  check.mutable_envelope()->at(check.envelope().size() / 2) ^= 1;
  const auto altered = client().CheckReport(check, kPatience);
  ASSERT_TRUE(altered.ok()) << altered.status();
  EXPECT_FALSE(altered->valid());
  EXPECT_THAT(altered->failures(), Not(IsEmpty()));
  EXPECT_FALSE(altered->has_status());
  EXPECT_EQ(altered->report_number(), "");
}

TEST_F(CorrectionsTest, WithoutAuthoritiesNothingIsCalledGenuine) {
  const size_t at = scenario_.server_yaml.find("  trust_file:");
  ASSERT_NE(at, std::string::npos);
  scenario_.server_yaml.erase(at, scenario_.server_yaml.find('\n', at) - at + 1);
  Begin();
  v1::CheckReportRequest check;
  check.set_envelope(first_.envelope());
  check.set_officer(kOfficer);
  EXPECT_EQ(base::ReasonOf(client().CheckReport(check, kPatience).status()),
            "CHECK_NOT_CONFIGURED");
}

TEST_F(CorrectionsTest, EveryDefectOfAFindingIsToldAtOnce) {
  Begin();
  v1::RecordFindingRequest bad = Farming();
  bad.set_request_id("1");
  bad.set_report_number("2");
  bad.mutable_record()->clear_investigators();
  bad.mutable_record()->add_investigators("XQ-0107");
  bad.mutable_record()->set_evidence_sha256("ABC");
  bad.mutable_record()->set_day("2099-01-01");
  bad.set_kind(v1::ANSWER_KIND_STALE);
  bad.mutable_covered()->clear_to();
  const absl::Status refused = client().RecordFinding(bad, kPatience).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  for (const char* field : {"request_id", "report_number", "record.investigators",
                            "record.evidence_sha256", "record.day"}) {
    EXPECT_THAT(std::string(refused.message()), HasSubstr(field));
  }
  v1::RecordFindingRequest nobody = Farming();
  nobody.set_person_id("m9");
  EXPECT_EQ(base::ReasonOf(client().RecordFinding(nobody, kPatience).status()), "PERSON_UNKNOWN");
  v1::RecordFindingRequest nowhere = Farming();
  nowhere.set_category("unheard_of");
  EXPECT_EQ(base::ReasonOf(client().RecordFinding(nowhere, kPatience).status()),
            "CATEGORY_UNKNOWN");
  v1::RecordFindingRequest once = Farming();
  once.mutable_record()->set_investigators(1, "XQ-0107");
  EXPECT_EQ(client().RecordFinding(once, kPatience).status().code(),
            absl::StatusCode::kInvalidArgument)
      << "one person is not two";
}

}  // namespace
}  // namespace hedui::testing
