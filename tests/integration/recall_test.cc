// Recalls: every report that used a source is verified anew, once, under authority and an intent of
// its own, whatever becomes of the process; and what must not be touched is left.
#include <signal.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "tests/integration/departments.h"
#include "tests/integration/source_admin_fixture.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kRecall[] = "5f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d01";

class RecallTest : public SourceAdminTest {
 protected:
  v1::ReverifyReportsRequest Request(absl::Time from, absl::Time to) {
    v1::ReverifyReportsRequest request;
    request.set_officer(kOfficer);
    request.set_recall_id(kRecall);
    request.set_source_id(kSource);
    request.set_from_ms(absl::ToUnixMillis(from));
    request.set_to_ms(absl::ToUnixMillis(to));
    request.set_reason("数据有误");
    return request;
  }
  v1::Recall Get() {
    v1::GetRecallRequest request;
    request.set_officer(kOfficer);
    request.set_recall_id(kRecall);
    const auto recall = operators_->GetRecall(request, kPatience);
    EXPECT_TRUE(recall.ok()) << recall.status();
    return recall.ok() ? recall->recall() : v1::Recall();
  }
  static std::map<std::string, int64_t> CountsOf(const v1::Recall& recall) {
    std::map<std::string, int64_t> counts;
    for (const v1::RecallCount& count : recall.counts()) {
      counts[v1::ReverifyEnd_Name(count.end()).substr(sizeof("REVERIFY_END_") - 1)] =
          count.reports();
    }
    return counts;
  }
  // To its end; the test fails where it cannot be begun.
  v1::Recall MustRecall(absl::Time from, absl::Time to) {
    const auto begun = operators_->ReverifyReports(Request(from, to), kPatience);
    EXPECT_TRUE(begun.ok()) << begun.status();
    if (!begun.ok()) return {};
    v1::Recall recall = begun->recall();
    while (recall.ended_at_ms() == 0 && !HasFailure()) recall = Get();
    return recall;
  }

  std::vector<v1::ReportStatus> Chain(const std::string& request_id) {
    v1::ListReportsRequest request;
    request.set_officer("XQ-0107");
    request.set_request_id(request_id);
    const auto list = platform_->client().ListReports(request, kPatience);
    EXPECT_TRUE(list.ok()) << list.status();
    if (!list.ok()) return {};
    return {list->reports().begin(), list->reports().end()};
  }
  v1::GetReportResponse Read(const std::string& number) {
    v1::GetReportRequest request;
    request.set_officer("XQ-0107");
    request.set_report_number(number);
    const auto report = platform_->client().GetReport(request, kPatience);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : v1::GetReportResponse();
  }
  // "KIND" or "KIND/REASON" of a person's wages, by source, as the report itself says.
  static std::map<std::string, std::string> Wages(const v1::GetReportResponse& report,
                                                  const std::string& person = "m1") {
    std::map<std::string, std::string> told;
    for (const report::v1::Line& line : LinesOf(report.envelope())) {
      if (line.kind() != report::v1::LINE_KIND_OUTCOME || line.person_id() != person ||
          line.outcome().category() != "employment") {
        continue;
      }
      const std::string& reason = line.outcome().reason();
      told[line.outcome().source_id()] = reason.empty() || reason == "NONE"
                                             ? line.outcome().kind()
                                             : absl::StrCat(line.outcome().kind(), "/", reason);
    }
    return told;
  }
  // The earlier queries of the source whose answers it uses.
  static std::set<std::string> Reused(const v1::GetReportResponse& report) {
    std::set<std::string> queries;
    for (const report::v1::Line& line : LinesOf(report.envelope())) {
      if (line.outcome().source_id() == kSource && !line.outcome().reused_query().empty()) {
        queries.insert(line.outcome().reused_query());
      }
    }
    return queries;
  }
  static int64_t OutcomesIn(const v1::GetReportResponse& report) {
    int64_t outcomes = 0;
    for (const report::v1::Line& line : LinesOf(report.envelope())) {
      outcomes += line.kind() == report::v1::LINE_KIND_OUTCOME ? 1 : 0;
    }
    return outcomes;
  }
  // A new verification; its request id.
  std::string Verify() {
    v1::VerifyHouseholdRequest request = scenario_.household;
    const std::string id = ids_.NextId(absl::Now()).ToString();
    request.mutable_header()->set_request_id(id);
    const auto response = platform_->Verify(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return id;
  }
};

TEST_F(RecallTest, EveryReportThatUsedItIsSupersededByOneThatAskedAnew) {
  Begin();
  const absl::Time from = clock_.Step();
  std::vector<std::string> requests;
  for (int i = 0; i < 3; ++i) requests.push_back(Verify());
  const absl::Time to = clock_.Step();
  const std::string later = Verify();
  clock_.Step();
  const v1::Recall recall = MustRecall(from, to);
  EXPECT_THAT(CountsOf(recall), ElementsAre(Pair("VERIFIED", 3)));
  EXPECT_EQ(recall.reason(), "数据有误");
  EXPECT_EQ(recall.officer(), kOfficer);
  std::set<std::string> verifications;
  for (const std::string& request : requests) {
    const std::vector<v1::ReportStatus> chain = Chain(request);
    ASSERT_THAT(chain, SizeIs(2));
    EXPECT_EQ(chain[0].state(), v1::REPORT_STATE_SUPERSEDED);
    EXPECT_EQ(chain[1].superseding_reason(), "SOURCE_RECALLED");
    const v1::GetReportResponse now = Read(chain[1].report_number());
    EXPECT_THAT(Wages(now), ElementsAre(Pair(kSource, "FOUND")));
    const report::CheckResult checked = CheckOffline(scenario_, now.envelope());
    EXPECT_EQ(checked.verdict, report::Verdict::kValid) << checked.failures.size();
    verifications.insert(now.verification_id());
    // All that others had said stands as it did.
    EXPECT_EQ(OutcomesIn(now), OutcomesIn(Read(chain[0].report_number())));
  }
  EXPECT_THAT(Chain(later), SizeIs(1)) << "it used what came after";
  EXPECT_THAT(NumbersUsing(Using(from, to)), SizeIs(3)) << "those that were superseded";
  EXPECT_THAT(NumbersUsing(Using(to, clock_.Step() + absl::Hours(1))), SizeIs(4));
  platform_.reset();

  std::map<std::string, int> intents;
  for (const auto& entry : InLog<ledger::IntentEntry>()) ++intents[entry.verification.ToString()];
  for (const std::string& verification : verifications) EXPECT_EQ(intents[verification], 2);
  const auto recalls = InLog<ledger::RecallEntry>();
  ASSERT_THAT(recalls, SizeIs(1));
  EXPECT_EQ(recalls[0].recall.ToString(), kRecall);
  EXPECT_EQ(recalls[0].source_id, kSource);
  EXPECT_EQ(recalls[0].from, from);
  EXPECT_EQ(recalls[0].to, to);
}

TEST_F(RecallTest, OnlyTheSourceItselfIsAskedAgain) {
  Departments departments(&scenario_);
  Begin();
  const absl::Time from = clock_.Step();
  Verify();
  const absl::Time to = clock_.Step();
  departments.TakeJournal();
  EXPECT_THAT(CountsOf(MustRecall(from, to)), ElementsAre(Pair("VERIFIED", 1)));
  std::vector<std::string> asked;
  for (const SeenQuery& query : departments.TakeJournal()) asked.push_back(query.source_id);
  EXPECT_THAT(asked, ElementsAre(kSource));
}

TEST_F(RecallTest, WhatWasRecalledIsUsedAgainByNobody) {
  Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, "cache_lifetime: 600s");
  Departments departments(&scenario_);
  Begin();
  const absl::Time from = clock_.Step();
  const std::string first = Verify();
  const absl::Time to = clock_.Step();
  const std::string second = Verify();
  ASSERT_EQ(departments.TakeQueriesTo(kSource), 1) << "the second one used the first one's";
  clock_.Step();
  EXPECT_THAT(CountsOf(MustRecall(from, to)), ElementsAre(Pair("VERIFIED", 2)))
      << "it counts when the source said it";
  EXPECT_EQ(departments.TakeQueriesTo(kSource), 2) << "each asks for itself";
  for (const std::string& request : {first, second}) {
    const std::vector<v1::ReportStatus> chain = Chain(request);
    ASSERT_THAT(chain, SizeIs(2));
    const v1::GetReportResponse now = Read(chain[1].report_number());
    EXPECT_THAT(Wages(now), ElementsAre(Pair(kSource, "FOUND")));
    EXPECT_THAT(Reused(now), IsEmpty());
  }
  const std::string after = Verify();
  EXPECT_EQ(departments.TakeQueriesTo(kSource), 1) << "it was told what had been recalled";
  EXPECT_THAT(Reused(Read(Chain(after)[0].report_number())), IsEmpty());
  Verify();
  EXPECT_EQ(departments.TakeQueriesTo(kSource), 0) << "what it says from then on is used again";
}

TEST_F(RecallTest, NorOnceItHasLeftTheCatalogueAndComeBack) {
  Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, "cache_lifetime: 600s");
  Departments departments(&scenario_);
  Begin();
  const absl::Time from = clock_.Step();
  Verify();
  const absl::Time to = clock_.Step();
  EXPECT_THAT(CountsOf(MustRecall(from, to)), ElementsAre(Pair("VERIFIED", 1)));
  const std::string whole = scenario_.catalogue_yaml;
  TakeOut(kSource);
  Reload();
  Verify();  // and nobody asks the source any more
  scenario_.catalogue_yaml = whole;
  Reload();
  ASSERT_EQ(departments.TakeQueriesTo(kSource), 2);
  Verify();
  EXPECT_EQ(departments.TakeQueriesTo(kSource), 1);
}

TEST_F(RecallTest, WhileItIsHeldItsFallbackIsAskedAndNothingOfItIsLeft) {
  OfferFallback();
  Begin();
  const absl::Time from = clock_.Step();
  const std::string request = Verify();
  const absl::Time to = clock_.Step();
  ASSERT_TRUE(Hold(kSource).ok());
  EXPECT_THAT(CountsOf(MustRecall(from, to)), ElementsAre(Pair("VERIFIED", 1)));
  const std::vector<v1::ReportStatus> chain = Chain(request);
  ASSERT_THAT(chain, SizeIs(2));
  const v1::GetReportResponse now = Read(chain[1].report_number());
  EXPECT_THAT(Wages(now), UnorderedElementsAre(Pair(kSource, "NOT_ASKED/HELD"),
                                               Pair(kFallback, "CONFIRMED_NONE")));
  for (const report::v1::Line& line : LinesOf(now.envelope())) {
    if (line.kind() != report::v1::LINE_KIND_OUTCOME || line.outcome().source_id() != kSource) {
      continue;
    }
    EXPECT_EQ(line.outcome().reason(), "HELD") << line.code();
  }
  EXPECT_THAT(NumbersUsing(Using(to, clock_.Step() + absl::Hours(1))), IsEmpty());
}

TEST_F(RecallTest, WhoHasWithdrawnIsNotAskedAboutAndNothingOldIsSaidOfThem) {
  Begin();
  const absl::Time from = clock_.Step();
  const std::string request = Verify();
  const absl::Time to = clock_.Step();
  v1::RevokeAuthorizationRequest revoke;
  revoke.set_officer("XQ-0107");
  revoke.set_matter_number(scenario_.household.header().matter_number());
  revoke.set_letter_number(scenario_.letters.letters(0).letter_number());
  ASSERT_TRUE(platform_->client().RevokeAuthorization(revoke, kPatience).ok());
  EXPECT_THAT(CountsOf(MustRecall(from, to)), ElementsAre(Pair("VERIFIED", 1)));
  const v1::GetReportResponse now = Read(Chain(request).back().report_number());
  EXPECT_THAT(Wages(now), ElementsAre(Pair(kSource, "NOT_ASKED/NO_AUTHORIZATION")));
  EXPECT_THAT(Wages(now, "m2"), ElementsAre(Pair(kSource, "FOUND")));
}

TEST_F(RecallTest, WhatIsAnnulledSupersededOrClosedIsLeft) {
  Begin();
  const absl::Time from = clock_.Step();
  const std::string annulled = Verify();
  const std::string kept = Verify();
  const absl::Time to = clock_.Step();
  v1::AnnulReportRequest annul;
  annul.set_officer("XQ-0107");
  annul.set_report_number(Chain(annulled)[0].report_number());
  annul.set_reason(v1::ANNULMENT_REASON_WRONG_HOUSEHOLD);
  ASSERT_TRUE(platform_->client().AnnulReport(annul, kPatience).ok());
  EXPECT_THAT(CountsOf(MustRecall(from, to)),
              UnorderedElementsAre(Pair("VERIFIED", 1), Pair("ANNULLED", 1)));
  EXPECT_THAT(Chain(annulled), SizeIs(1));
  EXPECT_THAT(Chain(kept), SizeIs(2));

  // A later recall of the same time finds nothing of it in the current reports.
  v1::ReverifyReportsRequest again = Request(from, to);
  again.set_recall_id("5f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d02");
  clock_.Step();
  ASSERT_TRUE(operators_->ReverifyReports(again, kPatience).ok());
  v1::GetRecallRequest get;
  get.set_officer(kOfficer);
  get.set_recall_id(again.recall_id());
  v1::Recall second;
  while (second.ended_at_ms() == 0 && !HasFailure()) {
    second = operators_->GetRecall(get, kPatience)->recall();
  }
  EXPECT_THAT(CountsOf(second), UnorderedElementsAre(Pair("NOT_USED", 1), Pair("ANNULLED", 1)));

  v1::CloseMatterRequest close;
  close.set_officer("XQ-0107");
  close.set_matter_number(scenario_.household.header().matter_number());
  ASSERT_TRUE(platform_->client().CloseMatter(close, kPatience).ok());
  v1::ReverifyReportsRequest closed = Request(to, clock_.Step());
  closed.set_recall_id("5f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d03");
  ASSERT_TRUE(operators_->ReverifyReports(closed, kPatience).ok());
  get.set_recall_id(closed.recall_id());
  second.Clear();
  while (second.ended_at_ms() == 0 && !HasFailure()) {
    second = operators_->GetRecall(get, kPatience)->recall();
  }
  EXPECT_THAT(CountsOf(second), ElementsAre(Pair("MATTER_CLOSED", 1)));
  EXPECT_THAT(Chain(kept), SizeIs(2));
}

TEST_F(RecallTest, TheSameCallIsTheSameRecallAndAnotherWithItsIdIsRefused) {
  Begin();
  const absl::Time from = clock_.Step();
  const absl::Time to = clock_.Step();
  const v1::Recall first = MustRecall(from, to);
  const auto again = operators_->ReverifyReports(Request(from, to), kPatience);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->recall().SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(base::ReasonOf(
                operators_->ReverifyReports(Request(from, to - absl::Milliseconds(1)), kPatience)
                    .status()),
            "REQUEST_ID_REUSED");
  v1::ReverifyReportsRequest other = Request(from, clock_.WallNow() + absl::Hours(1));
  other.set_recall_id("5f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d02");
  EXPECT_EQ(base::ReasonOf(operators_->ReverifyReports(other, kPatience).status()), "RECALL_SPAN");
  other = Request(from, to);
  other.set_recall_id("5f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d02");
  other.set_source_id("nx-nobody");
  EXPECT_EQ(base::ReasonOf(operators_->ReverifyReports(other, kPatience).status()),
            "SOURCE_UNKNOWN");
  v1::GetRecallRequest unknown;
  unknown.set_officer(kOfficer);
  unknown.set_recall_id("5f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d09");
  EXPECT_EQ(base::ReasonOf(operators_->GetRecall(unknown, kPatience).status()), "RECALL_UNKNOWN");
  const auto forbidden = platform_->client().ReverifyReports(Request(from, to), kPatience);
  EXPECT_EQ(base::ReasonOf(forbidden.status()), "SOURCE_USE_NOT_ALLOWED");
}

TEST_F(RecallTest, ItGoesOnAfterARestartAndEndsOnce) {
  recall_settles_ = absl::Hours(1);  // not before the clock is set
  Begin();
  const absl::Time from = clock_.Step();
  const std::string request = Verify();
  const absl::Time to = clock_.Step();
  ASSERT_TRUE(operators_->ReverifyReports(Request(from, to), kPatience).ok());
  while (Get().counts().empty() && !HasFailure()) {
  }
  EXPECT_EQ(Get().ended_at_ms(), 0);
  recall_settles_ = absl::ZeroDuration();
  Restart();
  v1::Recall recall = Get();
  while (recall.ended_at_ms() == 0 && !HasFailure()) recall = Get();
  EXPECT_THAT(CountsOf(recall), ElementsAre(Pair("VERIFIED", 1)));
  EXPECT_THAT(Chain(request), SizeIs(2));
  Restart();
  EXPECT_EQ(Get().SerializeAsString(), recall.SerializeAsString());
  EXPECT_THAT(Chain(request), SizeIs(2));
}

TEST_F(RecallTest, KilledItGoesOnAndMakesNoReportTwice) {
  constexpr int kReports = 24;
  scenario_.Write();
  int port = 0;
  const auto start = [this, &port] {
    auto child = ChildProcess::Start({absl::StrCat(HEDUI_BIN_DIR, "/../tests/kill_platform"),
                                      scenario_.Path("heduid.yaml"), "never", "0"});
    EXPECT_TRUE(child.ok()) << child.status();
    const auto line = (*child)->ReadLine("listening ");
    EXPECT_TRUE(line.ok() && absl::SimpleAtoi(*line, &port)) << line.status();
    operators_ = scenario_.Connect(port, kOperators);
    return *std::move(child);
  };
  auto process = start();
  auto client = scenario_.Connect(port);
  ASSERT_TRUE(client->RegisterAuthorizations(scenario_.letters, kPatience).ok());
  const absl::Time from = absl::Now() - absl::Seconds(1);
  std::vector<std::string> requests;
  for (int i = 0; i < kReports; ++i) {
    v1::VerifyHouseholdRequest request = scenario_.household;
    requests.push_back(ids_.NextId(absl::Now()).ToString());
    request.mutable_header()->set_request_id(requests.back());
    ASSERT_TRUE(client->VerifyHousehold(request, kPatience).ok());
  }
  ASSERT_TRUE(operators_->ReverifyReports(Request(from, absl::Now()), kPatience).ok());
  const auto verified = [this] { return CountsOf(Get())["VERIFIED"]; };
  // Dead before it is through, at whatever it is doing then.
  for (const int64_t until : {1, 8}) {
    while (verified() < until && !HasFailure()) {
    }
    kill(process->pid(), SIGKILL);
    EXPECT_EQ(process->AwaitEnd(), (ProcessEnd{SIGKILL, 0}));
    process = start();
  }
  while (verified() < kReports && !HasFailure()) {
  }
  client = scenario_.Connect(port);
  for (const std::string& id : requests) {
    v1::ListReportsRequest list;
    list.set_officer("XQ-0107");
    list.set_request_id(id);
    const auto chain = client->ListReports(list, kPatience);
    ASSERT_TRUE(chain.ok()) << chain.status();
    ASSERT_EQ(chain->reports_size(), 2) << id;
    EXPECT_EQ(chain->reports(1).superseding_reason(), "SOURCE_RECALLED");
  }
  EXPECT_EQ(process->Stop(), ProcessEnd{});
}

}  // namespace
}  // namespace hedui::testing
