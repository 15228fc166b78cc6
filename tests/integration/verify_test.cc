// One household through the whole platform, over mutual TLS, on the embedded store.
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/assess/assessor.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/ledger/entry.h"
#include "server/match/matcher.h"
#include "server/report/case_bundle.h"
#include "server/report/replay.h"
#include "server/rooms.h"
#include "server/verify_steps.h"
#include "tests/integration/running_platform.h"
#include "tests/support/notification.h"
#include "tests/support/synthetic_person.h"

namespace hedui::testing {
namespace {

using report::v1::Line;
using report::v1::LINE_KIND_AUTHORIZATION;
using report::v1::LINE_KIND_INDICATION;
using ::testing::HasSubstr;

std::string Blames(const Line& line) {
  std::string text;
  for (const auto& blame : line.blame())
    absl::StrAppend(&text, blame.source_id(), "/", blame.category(), ";");
  return text;
}

TEST(VerifyTest, APersonWithoutALetterIsNotAskedAboutAndTheOthersAre) {
  Scenario scenario;
  scenario.letters.mutable_letters()->RemoveLast();
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", "employment").kind(), v1::ANSWER_KIND_FOUND);
  int asked = 0;
  for (const v1::SourceOutcome& outcome : response->outcomes()) {
    if (outcome.person_id() != "m3") continue;
    EXPECT_EQ(outcome.kind(), v1::ANSWER_KIND_NOT_ASKED) << outcome.category();
    EXPECT_EQ(outcome.reason(), v1::REASON_NO_AUTHORIZATION) << outcome.category();
    ++asked;
  }
  EXPECT_GT(asked, 0);
  bool said = false;
  for (const Line& line : LinesOf(response->envelope())) {
    said |= line.kind() == LINE_KIND_AUTHORIZATION && line.person_id() == "m3" &&
            absl::StrContains(line.text(), "未授权");
  }
  EXPECT_TRUE(said);
}

TEST(VerifyTest, TheSameRequestAgainGivesTheStoredReportAlsoAfterARestart) {
  Scenario scenario;
  RunningPlatform platform(&scenario);
  platform.Register();
  auto first = platform.Verify();
  ASSERT_TRUE(first.ok()) << first.status();
  auto second = platform.Verify();
  ASSERT_TRUE(second.ok()) << second.status();
  platform.Restart();
  auto third = platform.Verify();
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(first->verification_id(), second->verification_id());
  EXPECT_EQ(first->verification_id(), third->verification_id());
  report::v1::Envelope a, b;
  ASSERT_TRUE(a.ParseFromString(first->envelope()) && b.ParseFromString(third->envelope()));
  ASSERT_EQ(a.lines_size(), b.lines_size());
  for (int i = 0; i < a.lines_size(); ++i) EXPECT_EQ(a.lines(i).line(), b.lines(i).line());
  EXPECT_EQ(CheckOffline(scenario, third->envelope()).verdict, report::Verdict::kValid);
  EXPECT_EQ(first->outcomes_size(), third->outcomes_size());
}

TEST(VerifyTest, TheSameRequestIdWithOtherContentIsRefused) {
  Scenario scenario;
  RunningPlatform platform(&scenario);
  platform.Register();
  ASSERT_TRUE(platform.Verify().ok());
  scenario.household.set_scope("rural");
  auto other = platform.Verify();
  EXPECT_EQ(other.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(base::ReasonOf(other.status()), "REQUEST_ID_REUSED");
}

TEST(VerifyTest, EqualRequestsInFlightJoinOneVerification) {
  Scenario scenario;
  RunningPlatform platform(&scenario);
  platform.Register();
  std::vector<std::thread> callers;
  std::vector<std::string> ids(4);
  for (std::string& id : ids) {
    callers.emplace_back([&platform, &id] {
      auto response = platform.Verify();
      if (response.ok()) id = response->verification_id();
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::string& id : ids) EXPECT_EQ(id, ids[0]);
  EXPECT_FALSE(ids[0].empty());
}

TEST(VerifyTest, AStoredReportIsReadByNumberAndByRequestAndByNobodyElse) {
  Scenario scenario;
  Scenario::Replace(&scenario.register_yaml, "agencies:\n", R"(agencies:
  - code: other
    name: 另一单位
    level: county
    division: "640105"
    purposes: [social_assistance]
)");
  RunningPlatform platform(&scenario);
  platform.Register();
  auto verified = platform.Verify();
  ASSERT_TRUE(verified.ok()) << verified.status();
  v1::GetReportRequest request;
  request.set_officer("XQ-0107");
  request.set_request_id(scenario.household.header().request_id());
  auto by_request = platform.client().GetReport(request, kPatience);
  ASSERT_TRUE(by_request.ok()) << by_request.status();
  EXPECT_EQ(by_request->verification_id(), verified->verification_id());
  request.set_report_number(CheckOffline(scenario, verified->envelope()).report_number);
  EXPECT_TRUE(platform.client().GetReport(request, kPatience).ok());
  auto other = scenario.Connect(platform.port(), "other");
  EXPECT_EQ(other->GetReport(request, kPatience).status().code(), absl::StatusCode::kNotFound);
}

// Look-ups by staff are the main abuse: a report that was read without a trace is one nobody can be
// asked about.
TEST(VerifyTest, EveryReadingOfAStoredReportIsInTheLogWithItsReader) {
  Scenario scenario;
  RunningPlatform platform(&scenario);
  platform.Register();
  auto verified = platform.Verify();
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_TRUE(AccessesIn(scenario).empty()) << "who asked is in the intent";
  v1::GetReportRequest request;
  request.set_officer("XQ-0107");
  request.set_request_id(scenario.household.header().request_id());
  ASSERT_TRUE(platform.client().GetReport(request, kPatience).ok());
  ASSERT_EQ(AccessesIn(scenario).size(), 1u);
  const std::string number = CheckOffline(scenario, verified->envelope()).report_number;
  request.set_report_number(number);
  request.set_officer("XQ-0108");
  ASSERT_TRUE(platform.client().GetReport(request, kPatience).ok());
  ASSERT_TRUE(platform.Verify().ok()) << "the same request again: the stored report";
  request.set_report_number("HD-00000000-0000-0000-0000-000000000000");
  EXPECT_FALSE(platform.client().GetReport(request, kPatience).ok());
  const std::vector<ledger::AccessEntry> accesses = AccessesIn(scenario);
  ASSERT_EQ(accesses.size(), 3u);
  for (const ledger::AccessEntry& access : accesses) {
    EXPECT_EQ(access.report, *report::ReportIdOfNumber(number));
  }
  EXPECT_NE(accesses[0].reader_digest, accesses[1].reader_digest) << "another officer";
  EXPECT_EQ(accesses[0].reader_digest, accesses[2].reader_digest) << "the request's officer again";
}

// Two registers hold employment. One of them cannot be asked by these documents: what it holds is
// not known, so that the other's answer alone settles nothing.
TEST(VerifyTest, ARegisterThatCannotBeAskedKeepsItsCategoryOpenAndIsNamed) {
  Scenario scenario;
  Scenario::Replace(&scenario.catalogue_yaml, "categories: [{code: tax}]",
                    "categories: [{code: tax}, {code: employment}]");
  Scenario::AddToSource(&scenario.catalogue_yaml, "nx-tax", "identity_kinds: [passport]");
  Scenario::Replace(&scenario.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", "employment").kind(), v1::ANSWER_KIND_FOUND);
  const Line dibao = LineOf(response->envelope(), LINE_KIND_INDICATION, "dibao");
  EXPECT_EQ(dibao.indication().result(), report::v1::TRUTH_UNDETERMINED);
  EXPECT_THAT(Blames(dibao), HasSubstr("nx-tax/employment"));
  int named = 0;
  for (const Line& line : LinesOf(response->envelope())) {
    if (line.kind() != report::v1::LINE_KIND_OUTCOME || line.code() != "employment") continue;
    if (line.outcome().source_id() != "nx-tax") continue;
    EXPECT_EQ(line.outcome().reason(), "UNKNOWN_PERSON");
    EXPECT_EQ(line.outcome().source_name(), "自治区税务信息系统");
    ++named;
  }
  EXPECT_EQ(named, 3) << "one for each person";
}

TEST(VerifyTest, FindingsWithoutAProgrammeComeWithoutIndications) {
  Scenario scenario;
  scenario.household.mutable_header()->clear_programmes();
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  for (const Line& line : LinesOf(response->envelope())) {
    EXPECT_NE(line.kind(), LINE_KIND_INDICATION);
    EXPECT_NE(line.kind(), report::v1::LINE_KIND_QUANTITY);
  }
  EXPECT_EQ(CheckOffline(scenario, response->envelope()).verdict, report::Verdict::kValid);
}

TEST(VerifyTest, AProgrammeWithoutAPolicySetIsRefusedBeforeAnythingIsAsked) {
  Scenario scenario;
  scenario.household.mutable_header()->add_programmes("unheard_of");
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  EXPECT_EQ(response.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(base::ReasonOf(response.status()), "NO_POLICY_SET");
}

TEST(VerifyTest, AMissingPolicyRowIsBlamedAndTheReportIsIssuedAllTheSame) {
  Scenario scenario;
  std::filesystem::copy(absl::StrCat(HEDUI_SOURCE_DIR, "/policies"), scenario.Path("policies"),
                        std::filesystem::copy_options::recursive);
  Scenario::Replace(&scenario.server_yaml, absl::StrCat(HEDUI_SOURCE_DIR, "/policies"), "policies");
  // The standard ends the day before the policy day.
  std::string text = *base::ReadFile(scenario.Path("policies/640104/standard.yaml"));
  Scenario::Replace(&text, "{from: 2025-01-01, key: {scope: urban}",
                    "{from: 2025-01-01, to: 2025-03-03, key: {scope: urban}");
  std::ofstream(scenario.Path("policies/640104/standard.yaml"), std::ios::trunc) << text;
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  const Line dibao = LineOf(response->envelope(), LINE_KIND_INDICATION, "dibao");
  EXPECT_EQ(dibao.indication().result(), report::v1::TRUTH_UNDETERMINED);
  bool blamed = false;
  for (const auto& blame : dibao.blame()) {
    blamed |= blame.kind() == "POLICY_ROW" && absl::StrContains(blame.policy(), "dibao_standard");
  }
  EXPECT_TRUE(blamed) << dibao.ShortDebugString();
}

TEST(VerifyTest, AStoredCaseReplaysToTheSameBytes) {
  Scenario scenario;
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  auto bytes = platform.ExportCase(CheckOffline(scenario, response->envelope()).report_number);
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
  EXPECT_EQ(replayed->lines_now, LinesOf(response->envelope()).size());
}

TEST(VerifyTest, AnOldAnswerIsShownAsStaleAndNotUsed) {
  Scenario scenario;
  Scenario::AddToSource(&scenario.simulation_yaml, "nx-social-security", "faults: [{kind: stale}]");
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", "employment").kind(), v1::ANSWER_KIND_STALE);
  const Line dibao = LineOf(response->envelope(), LINE_KIND_INDICATION, "dibao");
  EXPECT_EQ(dibao.indication().result(), report::v1::TRUTH_UNDETERMINED);
  EXPECT_THAT(Blames(dibao), HasSubstr("nx-social-security/employment"));
}

TEST(VerifyTest, AnAnswerAboutSomebodyElseIsQuarantined) {
  Scenario scenario;
  Scenario::AddToSource(&scenario.simulation_yaml, "nx-social-security",
                        "faults: [{kind: wrong_person}]");
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  const Line dibao = LineOf(response->envelope(), LINE_KIND_INDICATION, "dibao");
  EXPECT_EQ(dibao.indication().result(), report::v1::TRUTH_UNDETERMINED);
}

TEST(VerifyTest, APromiseToAnswerLaterIsKeptWithTheReport) {
  Scenario scenario;
  Scenario::Replace(&scenario.simulation_yaml, "faults: [{kind: silent}]",
                    "faults: [{kind: pending}]");
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", "deposit").kind(), v1::ANSWER_KIND_PENDING);
  EXPECT_EQ(LineOf(response->envelope(), LINE_KIND_INDICATION, "dibao").indication().result(),
            report::v1::TRUTH_UNDETERMINED);
  auto store = scenario.OpenStore();
  auto rows = store->Find(
      {base::LookupKind::kVerification, base::Uuid::Parse(response->verification_id())->ToBytes()},
      100);
  ASSERT_TRUE(rows.ok()) << rows.status();
  int promises = 0;
  for (const base::Row& row : *rows) {
    if (row.kind != base::RowKind::kPending) continue;
    stored::v1::PendingAnswer promise;
    ASSERT_TRUE(promise.ParseFromString(row.body));
    EXPECT_EQ(promise.source_id(), "nx-bank");
    EXPECT_FALSE(promise.token().empty());
    EXPECT_EQ(promise.person_ids_size(), 3);
    ++promises;
  }
  EXPECT_EQ(promises, 1);
}

// Crashes between intent and result leave an intent for each retry; the report is found behind any
// number of them.
TEST(VerifyTest, ManyIntentsOfOneRequestLeadToOneVerificationAndOneReport) {
  constexpr int kIntents = 70;
  Scenario scenario;
  { RunningPlatform(&scenario).Register(); }
  base::SecureIdSource ids;
  const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(absl::Now()));
  const base::Uuid verification = ids.NextId(now);
  const base::Uuid request_id = *base::Uuid::Parse(scenario.household.header().request_id());
  {
    auto store = scenario.OpenStore();
    auto matter = store->Find({base::LookupKind::kMatterNumber,
                               absl::StrCat(kAgency, "\n", scenario.letters.matter_number())},
                              1);
    ASSERT_TRUE(matter.ok() && matter->size() == 1) << matter.status();
    stored::v1::Intent intent;
    intent.set_verification_id(verification.ToBytes());
    intent.set_request(scenario.household.SerializeAsString());
    intent.set_agency(kAgency);
    ledger::CommitBatch batch;
    for (int i = 0; i < kIntents; ++i) {
      base::Row row;
      row.kind = base::RowKind::kIntent;
      row.id = ids.NextId(now);
      row.matter = matter->front().matter;
      row.at = now;
      row.keys = {RequestKey(kAgency, request_id)};
      row.body = intent.SerializeAsString();
      batch.rows.push_back(std::move(row));
    }
    const absl::Status committed = store->Commit(batch);
    ASSERT_TRUE(committed.ok()) << committed;
  }
  RunningPlatform platform(&scenario);
  auto first = platform.Verify();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->verification_id(), verification.ToString());
  auto second = platform.Verify();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(CheckOffline(scenario, second->envelope()).report_number,
            CheckOffline(scenario, first->envelope()).report_number);
  v1::GetReportRequest request;
  request.set_officer("XQ-0107");
  request.set_request_id(scenario.household.header().request_id());
  auto read = platform.client().GetReport(request, kPatience);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->verification_id(), verification.ToString());
}

TEST(VerifyTest, AnAnswerPastTheBudgetIsNotUsedAndTheReportIsIssuedAllTheSame) {
  Scenario scenario;
  Scenario::Replace(&scenario.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  std::string records;
  for (size_t i = 0; i <= base::kRecordsPerVerificationMax; ++i) {
    absl::StrAppend(&records, "          - {kind: deposit, fields: [{name: account, text: \"", i,
                    "\"}, {name: amount, money_fen: 1}]}\n");
  }
  const std::string head = "        category: deposit\n        records:\n";
  Scenario::Replace(&scenario.simulation_yaml, head, absl::StrCat(head, records));
  RunningPlatform platform(&scenario);
  platform.Register();
  auto response = platform.Verify();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", "deposit").kind(), v1::ANSWER_KIND_UNAVAILABLE);
  EXPECT_EQ(OutcomeOf(*response, "m1", "deposit").reason(), v1::REASON_OVERSIZED);
  EXPECT_EQ(OutcomeOf(*response, "m1", "employment").kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(LineOf(response->envelope(), LINE_KIND_INDICATION, "dibao").indication().result(),
            report::v1::TRUTH_UNDETERMINED);
}

// The letter is withdrawn while the first wave is waited for: the second wave does not go out.
TEST(VerifyTest, ALetterWithdrawnBetweenIntentAndSendStopsTheQuery) {
  Scenario scenario;
  Scenario::AddToSource(&scenario.catalogue_yaml, "nx-tax", "wave: 2");
  Scenario::AddToSource(&scenario.simulation_yaml, "nx-education",
                        "faults: [{kind: delay, delay: 4s}]");
  Notification committed;
  RunningPlatform platform(&scenario, [&committed](FlowStep step) {
    if (step == FlowStep::kIntentCommitted) committed.Notify();
  });
  platform.Register();
  absl::StatusOr<v1::VerifyHouseholdResponse> response = absl::UnknownError("not run");
  std::thread caller([&] { response = platform.Verify(); });
  committed.Wait();
  v1::RevokeAuthorizationRequest revoke;
  revoke.set_matter_number(scenario.letters.matter_number());
  revoke.set_letter_number(scenario.letters.letters(0).letter_number());
  revoke.set_officer(scenario.letters.officer());
  auto revoked = platform.client().RevokeAuthorization(revoke, kPatience);
  EXPECT_TRUE(revoked.ok()) << revoked.status();
  caller.join();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(OutcomeOf(*response, "m1", "tax").kind(), v1::ANSWER_KIND_NOT_ASKED);
  EXPECT_EQ(OutcomeOf(*response, "m1", "tax").reason(), v1::REASON_NO_AUTHORIZATION);
  EXPECT_EQ(OutcomeOf(*response, "m2", "tax").kind(), v1::ANSWER_KIND_CONFIRMED_NONE);
}

TEST(VerifyTest, AClosedMatterRefuses) {
  Scenario scenario;
  RunningPlatform platform(&scenario);
  platform.Register();
  v1::CloseMatterRequest close;
  close.set_matter_number(scenario.letters.matter_number());
  close.set_officer(scenario.letters.officer());
  ASSERT_TRUE(platform.client().CloseMatter(close, kPatience).ok());
  EXPECT_EQ(base::ReasonOf(platform.Verify().status()), "MATTER_CLOSED");
}

}  // namespace
}  // namespace hedui::testing
