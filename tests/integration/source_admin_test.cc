// SourceAdminService over the wire: who may use it, a source that is held and what is asked
// instead, what outlives restarts and kills, how sources answered, and which reports used one.
#include <signal.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/dates.h"
#include "server/base/row.h"
#include "server/base/status.h"
#include "server/stored_report.h"
#include "tests/integration/departments.h"
#include "tests/integration/source_admin_fixture.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(SourceAdminTest, AnswersWhomTheRegisterNamesForItAndNobodyElse) {
  AddAgency("640000-read", "[read]");
  AddAgency("640000-hold", "[hold]");
  AddAgency("640000-recall", "[recall]");
  Begin();
  const auto reasons_of = [this](const std::string& agency) {
    const auto client = scenario_.Connect(platform_->port(), agency);
    v1::ListSourcesRequest list;
    v1::GetSourceQualityRequest quality;
    v1::HoldSourceRequest hold;
    v1::ReleaseSourceRequest release;
    list.set_officer(kOfficer);
    quality.set_officer(kOfficer);
    quality.set_source_id(kSource);
    hold.set_officer(kOfficer);
    hold.set_source_id(kSource);
    hold.set_reason("why");
    release.set_officer(kOfficer);
    release.set_source_id(kSource);
    release.set_reason("why");
    std::vector<std::string> reasons;
    for (const absl::Status& status :
         {client->ListSources(list, kPatience).status(),
          client->GetSourceQuality(quality, kPatience).status(),
          client->HoldSource(hold, kPatience).status(),
          client->ReleaseSource(release, kPatience).status(),
          client->ListReportsUsing(Using(absl::Now() - absl::Hours(1), absl::Now()), kPatience)
              .status()}) {
      reasons.push_back(status.ok() ? "OK" : base::ReasonOf(status));
    }
    return reasons;
  };
  const std::string no = "SOURCE_USE_NOT_ALLOWED";
  EXPECT_THAT(reasons_of(kAgency), ElementsAre(no, no, no, no, no));
  EXPECT_THAT(reasons_of("640000-read"), ElementsAre("OK", "OK", no, no, no));
  EXPECT_THAT(reasons_of("640000-hold"), ElementsAre(no, no, "OK", "OK", no));
  EXPECT_THAT(reasons_of("640000-recall"), ElementsAre(no, no, no, no, "OK"));
  EXPECT_EQ(base::ReasonOf(operators_->ListSources({}, kPatience).status()), "OFFICER_REQUIRED");
  EXPECT_EQ(platform_->client().IsServing("hedui.v1.SourceAdminService", kPatience).value_or(false),
            true);
}

TEST_F(SourceAdminTest, AHeldSourceIsNotAskedAndItsFallbackIs) {
  OfferFallback();
  Begin();
  EXPECT_THAT(Wages(MustVerify()),
              UnorderedElementsAre(std::pair(kSource, "ANSWER_KIND_FOUND/REASON_UNSPECIFIED")));
  const auto held = Hold(kSource);
  ASSERT_TRUE(held.ok()) << held.status();
  const v1::VerifyHouseholdResponse response = MustVerify();
  EXPECT_THAT(
      Wages(response),
      UnorderedElementsAre(std::pair(kSource, "ANSWER_KIND_NOT_ASKED/REASON_HELD"),
                           std::pair(kFallback, "ANSWER_KIND_CONFIRMED_NONE/REASON_UNSPECIFIED")));
  EXPECT_EQ(CheckOffline(scenario_, response.envelope()).verdict, report::Verdict::kValid);
  ASSERT_TRUE(Release(kSource).ok());
  EXPECT_THAT(Wages(MustVerify()),
              UnorderedElementsAre(std::pair(kSource, "ANSWER_KIND_FOUND/REASON_UNSPECIFIED")));
}

TEST_F(SourceAdminTest, WithoutAFallbackNothingIsTakenForNone) {
  Begin();
  ASSERT_TRUE(Hold(kSource).ok());
  const v1::VerifyHouseholdResponse response = MustVerify();
  EXPECT_THAT(Wages(response),
              UnorderedElementsAre(std::pair(kSource, "ANSWER_KIND_NOT_ASKED/REASON_HELD")));
  const report::v1::Line wages =
      LineOf(response.envelope(), report::v1::LINE_KIND_QUANTITY, "wage_total", "m1");
  EXPECT_TRUE(wages.value().high().empty()) << "what is not known has no end";
}

TEST_F(SourceAdminTest, AHoldOutlivesARestartAndIsInTheLogWithItsOperator) {
  Begin();
  const auto held = Hold(kSource, "数据有误");
  ASSERT_TRUE(held.ok()) << held.status();
  const auto again = Hold(kSource, "another reason");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->hold().SerializeAsString(), held->hold().SerializeAsString())
      << "it is as it was";
  Restart();
  const v1::Source listed = Listed(kSource);
  EXPECT_EQ(listed.hold().SerializeAsString(), held->hold().SerializeAsString());
  EXPECT_EQ(listed.hold().reason(), "数据有误");
  EXPECT_EQ(listed.hold().officer(), kOfficer);
  EXPECT_EQ(listed.hold().agency(), kOperators);
  EXPECT_FALSE(Listed(kFallback).has_hold());
  EXPECT_THAT(Wages(MustVerify()),
              UnorderedElementsAre(std::pair(kSource, "ANSWER_KIND_NOT_ASKED/REASON_HELD")));
  ASSERT_TRUE(Release(kSource).ok());
  ASSERT_TRUE(Release(kSource).ok()) << "nothing is to be done";
  Restart();
  EXPECT_FALSE(Listed(kSource).has_hold());
  EXPECT_THAT(Wages(MustVerify()),
              UnorderedElementsAre(std::pair(kSource, "ANSWER_KIND_FOUND/REASON_UNSPECIFIED")));
  platform_.reset();

  const std::vector<ledger::SourceStateEntry> changes = InLog<ledger::SourceStateEntry>();
  ASSERT_THAT(changes, SizeIs(2)) << "what changed nothing is in no log";
  const auto rows = scenario_.OpenStore()->Find({base::LookupKind::kSourceDay, "\nstate"}, 10);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(*rows, SizeIs(2));
  for (size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(changes[i].held, i == 0);
    EXPECT_EQ(changes[i].source_id, kSource);
    stored::v1::SourceState body;
    ASSERT_TRUE(body.ParseFromString((*rows)[i].body));
    EXPECT_TRUE((*rows)[i].log_index.has_value()) << "in one commit with its entry";
    EXPECT_EQ(changes[i].operator_digest,
              KeyedHash(body.salt(), "operator", absl::StrCat(kOperators, "\n", kOfficer)));
  }
}

TEST_F(SourceAdminTest, AHeldSourceIsHeldAlsoAfterItLeftTheCatalogueAndCameBack) {
  Begin();
  ASSERT_TRUE(Hold(kFallback).ok());
  platform_.reset();
  const std::string whole = scenario_.catalogue_yaml;
  TakeOut(kFallback);
  Start();
  const v1::ListSourcesResponse without = List();
  EXPECT_THAT(without.held_elsewhere(), ElementsAre(kFallback));
  platform_.reset();
  scenario_.catalogue_yaml = whole;
  Start();
  EXPECT_TRUE(Listed(kFallback).has_hold());
  EXPECT_EQ(List().held_elsewhere_size(), 0);
}

TEST_F(SourceAdminTest, WhatItSaidBeforeAHoldIsNotUsedAgainOnceItIsReleased) {
  Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, "cache_lifetime: 600s");
  Departments departments(&scenario_);
  Begin();
  MustVerify();
  ASSERT_EQ(departments.TakeQueriesTo(kSource), 1);
  MustVerify();
  ASSERT_EQ(departments.TakeQueriesTo(kSource), 0) << "nothing is used again anyway";
  ASSERT_TRUE(Hold(kSource).ok());
  EXPECT_THAT(Wages(MustVerify()),
              UnorderedElementsAre(std::pair(kSource, "ANSWER_KIND_NOT_ASKED/REASON_HELD")));
  ASSERT_TRUE(Release(kSource).ok());
  MustVerify();
  EXPECT_EQ(departments.TakeQueriesTo(kSource), 1);
  MustVerify();
  EXPECT_EQ(departments.TakeQueriesTo(kSource), 0) << "what it says from then on is";
}

TEST_F(SourceAdminTest, NorOnceItIsReleasedWhileTheCatalogueDoesNotHaveIt) {
  Scenario::AddToSource(&scenario_.catalogue_yaml, kSource, "cache_lifetime: 600s");
  Departments departments(&scenario_);
  Begin();
  MustVerify();
  ASSERT_TRUE(Hold(kSource).ok());
  const std::string whole = scenario_.catalogue_yaml;
  TakeOut(kSource);
  Reload();
  EXPECT_EQ(Wages(MustVerify()).count(kSource), 0u);
  ASSERT_TRUE(Release(kSource).ok());
  scenario_.catalogue_yaml = whole;
  Reload();
  ASSERT_EQ(departments.TakeQueriesTo(kSource), 1);
  MustVerify();
  EXPECT_EQ(departments.TakeQueriesTo(kSource), 1);
}

TEST_F(SourceAdminTest, WhatNoCatalogueHasIsNotHeld) {
  Begin();
  EXPECT_EQ(base::ReasonOf(Hold("nx-nobody").status()), "SOURCE_UNKNOWN");
  EXPECT_EQ(base::ReasonOf(Release("nx-nobody")), "SOURCE_UNKNOWN");
  v1::GetSourceQualityRequest quality;
  quality.set_officer(kOfficer);
  quality.set_source_id("nx-nobody");
  EXPECT_EQ(base::ReasonOf(operators_->GetSourceQuality(quality, kPatience).status()),
            "SOURCE_UNKNOWN");
}

TEST_F(SourceAdminTest, AHoldThatWasAnsweredOutlivesAKill) {
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
  auto platform = start();
  ASSERT_TRUE(Hold(kSource).ok());
  kill(platform->pid(), SIGKILL);
  EXPECT_EQ(platform->AwaitEnd(), (ProcessEnd{SIGKILL, 0}));
  platform = start();
  EXPECT_TRUE(Listed(kSource).has_hold());
  ASSERT_TRUE(Release(kSource).ok());
  kill(platform->pid(), SIGKILL);
  EXPECT_EQ(platform->AwaitEnd(), (ProcessEnd{SIGKILL, 0}));
  platform = start();
  EXPECT_FALSE(Listed(kSource).has_hold());
  EXPECT_EQ(platform->Stop(), ProcessEnd{});
  EXPECT_THAT(InLog<ledger::SourceStateEntry>(), SizeIs(2));
}

TEST_F(SourceAdminTest, SourcesAreListedWithTheirLimitsAndWhatTheyAreAsked) {
  Scenario::AddToSource(&scenario_.catalogue_yaml, kFallback, "per_day: 1000");
  Begin();
  MustVerify();
  const v1::ListSourcesResponse list = List();
  std::vector<std::string> ids;
  for (const v1::Source& source : list.sources()) ids.push_back(source.source_id());
  EXPECT_THAT(ids, ::testing::Contains(kSource));
  EXPECT_EQ(Listed(kFallback).per_day(), 1000);
  EXPECT_GE(Listed(kFallback).used_today(), 1);
  const v1::Source source = Listed(kSource);
  EXPECT_EQ(source.breaker(), v1::BREAKER_STATE_CLOSED);
  EXPECT_GT(source.concurrency(), 0);
  EXPECT_EQ(source.in_flight(), 0);
  EXPECT_FALSE(source.name().empty());
  EXPECT_FALSE(source.department().empty());
}

TEST_F(SourceAdminTest, HowSourcesAnsweredIsCountedByDivisionWithoutAWordOfAnybody) {
  Begin();
  MustVerify();
  ASSERT_TRUE(Hold(kSource).ok());
  MustVerify();
  v1::GetSourceQualityRequest request;
  request.set_officer(kOfficer);
  request.set_source_id(kSource);
  const auto quality = operators_->GetSourceQuality(request, kPatience);
  ASSERT_TRUE(quality.ok()) << quality.status();
  ASSERT_EQ(quality->divisions_size(), 1);
  const v1::DivisionQuality& division = quality->divisions(0);
  EXPECT_EQ(division.division(), "640104");
  std::map<std::string, int64_t> answers;
  int64_t told = 0;
  for (const v1::AnswerCount& count : division.answers()) {
    answers[absl::StrCat(v1::AnswerKind_Name(count.kind()), "/", v1::Reason_Name(count.reason()))] =
        count.answers();
    told += count.answers();
  }
  const int64_t held = answers["ANSWER_KIND_NOT_ASKED/REASON_HELD"];
  EXPECT_GT(held, 0);
  EXPECT_EQ(told - held, held) << "each was asked about once, and once not";
  EXPECT_GT(answers["ANSWER_KIND_FOUND/REASON_UNSPECIFIED"], 0);
  ASSERT_GE(division.freshness_size(), 1);
  EXPECT_EQ(division.freshness(0).days_max(), 0) << "the scenario's data are of today";
  int64_t queries = 0;
  for (const v1::LatencyCount& count : division.latency()) queries += count.queries();
  EXPECT_EQ(queries, 1) << "what was not asked took no time";
  const std::string shown = quality->DebugString() + List().DebugString();
  for (const auto& person : scenario_.household.persons()) {
    EXPECT_THAT(shown, Not(HasSubstr(person.identity().number())));
    EXPECT_THAT(shown, Not(HasSubstr(person.identity().name())));
  }
  request.set_division("110000");
  EXPECT_EQ(operators_->GetSourceQuality(request, kPatience)->divisions_size(), 0);
}

TEST_F(SourceAdminTest, ReportsThatUsedASourceAreListedAndNoOthers) {
  Begin();
  const absl::Time before = clock_.Step();
  std::vector<std::string> numbers;
  for (int i = 0; i < 3; ++i) numbers.push_back(NumberOf(MustVerify()));
  const absl::Time between = clock_.Step();
  const std::string last = NumberOf(MustVerify());
  ASSERT_TRUE(Hold(kSource).ok());
  const std::string without = NumberOf(MustVerify());
  const absl::Time now = clock_.Step();
  EXPECT_THAT(NumbersUsing(Using(before, now)),
              ElementsAre(last, numbers[2], numbers[1], numbers[0]));
  EXPECT_THAT(NumbersUsing(Using(before, between)),
              ElementsAre(numbers[2], numbers[1], numbers[0]));
  EXPECT_THAT(NumbersUsing(Using(between, now)), ElementsAre(last));
  EXPECT_THAT(NumbersUsing(Using(before, now, kFallback)),
              ElementsAre(without, last, numbers[2], numbers[1], numbers[0]));
  EXPECT_THAT(NumbersUsing(Using(before, now, "nx-nobody")), IsEmpty());

  Restart();
  v1::ListReportsUsingRequest request = Using(before, now);
  EXPECT_THAT(NumbersUsing(request), SizeIs(4));
  request.set_page_size(1);
  const auto page = operators_->ListReportsUsing(request, kPatience);
  ASSERT_TRUE(page.ok()) << page.status();
  request.set_page_token(page->next_page_token());
  request.set_source_id(kFallback);
  EXPECT_EQ(base::ReasonOf(operators_->ListReportsUsing(request, kPatience).status()),
            "PAGE_TOKEN");
}

TEST_F(SourceAdminTest, AReportThatSupersedesHoldsWhatTheOneBeforeHeld) {
  Begin();
  const absl::Time before = clock_.Step();
  const std::string first = NumberOf(MustVerify());
  const absl::Time verified = clock_.Step();
  v1::RecordFindingRequest finding;
  finding.set_request_id(ids_.NextId(absl::Now()).ToString());
  finding.set_officer("XQ-0107");
  finding.set_report_number(first);
  v1::FindingRecord* const record = finding.mutable_record();
  record->set_method(v1::FINDING_METHOD_HOME_VISIT);
  record->add_investigators("XQ-0107");
  record->add_investigators("XQ-0215");
  record->set_day(base::FormatDay(base::CivilDayOf(clock_.WallNow())));
  record->set_evidence_sha256(std::string(64, 'a'));
  finding.set_person_id("m1");
  finding.set_category("business");
  finding.set_kind(v1::ANSWER_KIND_CONFIRMED_NONE);
  finding.mutable_covered()->set_from("2025-01-01");
  finding.mutable_covered()->set_to("2025-04-01");
  const auto corrected = platform_->client().RecordFinding(finding, kPatience);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  // By when the source answered, not by when the report was made.
  EXPECT_THAT(NumbersUsing(Using(before, verified)),
              ElementsAre(corrected->report_number(), first));
}

}  // namespace
}  // namespace hedui::testing
