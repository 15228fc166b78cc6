// Lists on a real store, with days and rows as a test wants them: days are walked from the last to
// the first, filters hold, and a page's work is bounded.
#include "server/list_flow.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/access/matter_codec.h"
#include "server/base/dates.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"
#include "server/report/report_builder.h"
#include "server/report_steps.h"
#include "server/rooms.h"
#include "server/runtime/worker_pool.h"
#include "server/store/sqlite/connection.h"
#include "server/store/store.h"
#include "server/stored_report.h"
#include "server/verify_flow.h"
#include "tests/store/store_fixture.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kCounty[] = "640104-mz";
const absl::CivilDay kDay(2025, 3, 3);

class ListFlowTest : public ::testing::Test {
 protected:
  ListFlowTest() : disk_({"disk", 1}) {
    store::SqliteStoreOptions options = store::TestOptions(directory_);
    options.run_keys = 64;
    auto opened = store::OpenSqlite(options, &ids_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
    rooms_.rows = store_.get();
    rooms_.pages = store_.get();
    rooms_.disk = &disk_;
    rooms_.tell = [this](const base::Event& event) {
      told_.emplace_back(base::TextOf(event));
      told_names_.push_back(event.name);
    };
  }

  absl::Time At(absl::CivilDay day, int second) {
    return base::StartOfDay(day) + absl::Seconds(second);
  }

  void Commit(std::vector<base::Row> rows) {
    const absl::Status committed = store_->Commit({std::move(rows), std::nullopt});
    ASSERT_TRUE(committed.ok()) << committed;
  }

  // A matter of the county's; what it returns names it.
  base::Uuid OpenMatter(const std::string& number, absl::CivilDay day,
                        const std::string& division = "640104",
                        const std::string& agency = kCounty) {
    const absl::Time at = At(day, seconds_++);
    const base::Uuid id = ids_.NextId(at);
    Commit({access::MatterRow(id, at, {agency, number, division}, "li-01")});
    return id;
  }

  // The first intent of a verification. Its request id.
  base::Uuid Begin(const base::Uuid& matter, const std::string& number, absl::CivilDay day,
                   const std::string& agency = kCounty) {
    const absl::Time at = At(day, seconds_++);
    const base::Uuid request = ids_.NextId(at);
    base::Row row{base::RowKind::kIntent, ids_.NextId(at), matter, at, {}, "intent"};
    row.keys = {RequestKey(agency, request),
                {base::LookupKind::kVerification, ids_.NextId(at).ToBytes()},
                base::DayKey(agency, base::Listed::kVerification, day),
                MatterVerificationsKey(agency, number)};
    Commit({row});
    return request;
  }

  // So that the store cannot open one row of the kind any more: the nth from the oldest.
  void Damage(base::RowKind kind, int n) {
    const auto connection = store::Connection::Open({.path = directory_.path() + "/hedui.db"});
    ASSERT_TRUE(connection.ok()) << connection.status();
    const std::string change =
        absl::StrCat("UPDATE rows SET at_ms=at_ms+1 WHERE row=(SELECT row FROM rows WHERE kind=",
                     static_cast<int>(kind), " ORDER BY row LIMIT 1 OFFSET ", n, ")");
    ASSERT_TRUE((*connection)->Execute(change.c_str()).ok());
  }

  void End(const base::Uuid& matter, const base::Uuid& request, base::RowKind kind) {
    const absl::Time at = At(kDay, seconds_++);
    Commit({{kind,
             ids_.NextId(at),
             matter,
             at,
             {kind == base::RowKind::kResult ? ResultKey(kCounty, request)
                                             : EndedKey(kCounty, request)},
             "end"}});
  }

  VerificationQuery Query(int days = 10, size_t page_size = 3) {
    VerificationQuery query;
    query.agency = kCounty;
    query.page_size = page_size;
    query.place = FirstPlace(kDay + 1 - days, kDay + 1);
    return query;
  }

  // One page; the test fails when it cannot be read.
  Page<VerificationView> Read(const VerificationQuery& query) {
    std::optional<absl::StatusOr<Page<VerificationView>>> page;
    ListVerifications(
        &rooms_, &loop_, query, [this](const base::Uuid& id) { return id == running_; },
        [&](absl::StatusOr<Page<VerificationView>> read) { page = std::move(read); });
    loop_.RunUntil([&] { return page.has_value(); });
    EXPECT_TRUE(page->ok()) << page->status();
    return page->ok() ? **std::move(page) : Page<VerificationView>();
  }
  Page<access::MatterView> Read(const MatterQuery& query) {
    std::optional<absl::StatusOr<Page<access::MatterView>>> page;
    ListMatters(&rooms_, &loop_, query,
                [&](absl::StatusOr<Page<access::MatterView>> read) { page = std::move(read); });
    loop_.RunUntil([&] { return page.has_value(); });
    EXPECT_TRUE(page->ok()) << page->status();
    return page->ok() ? **std::move(page) : Page<access::MatterView>();
  }

  Page<ReportUsing> Read(const UsingQuery& query) {
    std::optional<absl::StatusOr<Page<ReportUsing>>> page;
    ListReportsUsing(&rooms_, &loop_, query,
                     [&](absl::StatusOr<Page<ReportUsing>> read) { page = std::move(read); });
    loop_.RunUntil([&] { return page.has_value(); });
    EXPECT_TRUE(page->ok()) << page->status();
    return page->ok() ? **std::move(page) : Page<ReportUsing>();
  }

  // A report that holds what "bank" said at these moments; its number.
  std::string Report(const base::Uuid& matter, const std::vector<absl::Time>& uses) {
    const absl::Time at = At(kDay + 5, seconds_++);
    stored::v1::Result body;
    body.set_agency(kCounty);
    base::Row row{base::RowKind::kResult, ids_.NextId(at), matter, at, {}, ""};
    for (const absl::Time use : uses) {
      stored::v1::UsedSource* const added = body.add_used();
      added->set_source_id("bank");
      added->set_at_ms(absl::ToUnixMillis(use));
      row.keys.push_back(UsedKey("bank", base::CivilDayOf(use)));
    }
    // Beside what is asked for.
    body.add_used()->set_source_id("tax");
    row.body = body.SerializeAsString();
    Commit({row});
    return report::ReportNumber(row.id, at);
  }
  UsingQuery Using(absl::Time from, absl::Time to, size_t page_size = 2) {
    UsingQuery query;
    query.agency = "operators";
    query.source_id = "bank";
    query.from = from;
    query.to = to;
    query.page_size = page_size;
    query.place =
        FirstPlace(base::CivilDayOf(from), base::CivilDayOf(to - absl::Milliseconds(1)) + 1);
    return query;
  }

  // Every page, with something done in between.
  template <typename Query, typename Between>
  auto ReadAll(Query query, Between between) {
    auto page = Read(query);
    auto items = page.items;
    while (page.next.has_value()) {
      between();
      query.place = *page.next;
      page = Read(query);
      EXPECT_LE(page.items.size(), query.page_size);
      items.insert(items.end(), page.items.begin(), page.items.end());
    }
    return items;
  }
  template <typename Query>
  std::vector<std::string> Names(const Query& query) {
    return NamesOf(ReadAll(query, [] {}));
  }
  static std::vector<std::string> NamesOf(const std::vector<VerificationView>& views) {
    std::vector<std::string> names;
    for (const auto& view : views) names.push_back(view.request_id.ToString());
    return names;
  }
  static std::vector<std::string> NamesOf(const std::vector<ReportUsing>& reports) {
    std::vector<std::string> names;
    for (const auto& report : reports) names.push_back(report.report_number);
    return names;
  }
  static std::vector<std::string> NamesOf(const std::vector<access::MatterView>& views) {
    std::vector<std::string> names;
    for (const auto& view : views) names.push_back(view.number);
    return names;
  }

  store::TemporaryDirectory directory_;
  FakeIdSource ids_;
  FakeClock clock_;
  FakeLoop loop_{&clock_};
  std::unique_ptr<store::Store> store_;
  Rooms rooms_;
  std::vector<std::string> told_;
  std::vector<std::string> told_names_;
  base::Uuid running_;
  int seconds_ = 0;
  runtime::WorkerPool disk_;
};

TEST_F(ListFlowTest, GoesFromTheLastDayToTheFirstAndWithinADayFromTheNewest) {
  const base::Uuid matter = OpenMatter("M-1", kDay - 20);
  std::vector<std::string> expected;
  for (const int days_back : {12, 9, 9, 5, 5, 5, 5, 0, 0}) {
    const std::string begun = Begin(matter, "M-1", kDay - days_back).ToString();
    if (days_back < 10) expected.insert(expected.begin(), begun);
  }
  Begin(matter, "M-1", kDay + 1);  // after the span
  EXPECT_EQ(Names(Query()), expected);
  EXPECT_EQ(Names(Query(10, 1)), expected);
  EXPECT_EQ(Names(Query(10, 100)), expected);
  EXPECT_EQ(Names(Query(1, 100)), std::vector<std::string>(expected.begin(), expected.begin() + 2));
  VerificationQuery other = Query();
  other.agency = "640106-mz";
  EXPECT_THAT(Names(other), IsEmpty());
}

TEST_F(ListFlowTest, EachStandsAsItsRowsSay) {
  const base::Uuid matter = OpenMatter("M-1", kDay);
  const base::Uuid finished = Begin(matter, "M-1", kDay);
  const base::Uuid cancelled = Begin(matter, "M-1", kDay);
  const base::Uuid interrupted = Begin(matter, "M-1", kDay);
  running_ = Begin(matter, "M-1", kDay);
  End(matter, finished, base::RowKind::kResult);
  End(matter, cancelled, base::RowKind::kEnded);
  std::map<std::string, VerificationState> states;
  for (const VerificationView& view : ReadAll(Query(), [] {})) {
    states[view.request_id.ToString()] = view.state;
    EXPECT_EQ(view.report_number.empty(), view.state != VerificationState::kFinished);
    EXPECT_EQ(view.matter_number, "M-1");
    EXPECT_EQ(base::CivilDayOf(view.begun), kDay);
    EXPECT_NE(view.verification_id, base::Uuid());
  }
  EXPECT_EQ(states, (std::map<std::string, VerificationState>{
                        {finished.ToString(), VerificationState::kFinished},
                        {cancelled.ToString(), VerificationState::kCancelled},
                        {interrupted.ToString(), VerificationState::kInterrupted},
                        {running_.ToString(), VerificationState::kRunning}}));
  VerificationQuery query = Query();
  for (const auto& [name, state] : states) {
    query.state = static_cast<uint8_t>(state);
    EXPECT_THAT(Names(query), ElementsAre(name));
  }
}

TEST_F(ListFlowTest, OfOneMatterItListsAnyDayThatIsWanted) {
  const base::Uuid one = OpenMatter("M-1", kDay - 300);
  const base::Uuid two = OpenMatter("M-2", kDay - 300);
  const std::string oldest = Begin(one, "M-1", kDay - 299).ToString();
  Begin(two, "M-2", kDay - 10);
  const std::string newest = Begin(one, "M-1", kDay).ToString();
  VerificationQuery query = Query();
  query.matter_number = "M-1";
  query.place = FirstPlace(absl::CivilDay(1970), absl::CivilDay(9999, 12, 31));
  EXPECT_THAT(Names(query), ElementsAre(newest, oldest));
  query.place = FirstPlace(kDay - 299, kDay);
  EXPECT_THAT(Names(query), ElementsAre(oldest));
  query.matter_number = "M-3";
  EXPECT_THAT(Names(query), IsEmpty());
}

TEST_F(ListFlowTest, PagesRepeatAndMissNothingWhileOthersAreBegunAndRunsMerged) {
  const base::Uuid matter = OpenMatter("M-1", kDay - 9);
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    expected.insert(expected.begin(), Begin(matter, "M-1", kDay - 9 + i / 6).ToString());
  }
  const auto listed = ReadAll(Query(10, 7), [&] {
    for (int i = 0; i < 9; ++i) Begin(matter, "M-1", kDay);
    ASSERT_TRUE(store_->Maintain().ok());
  });
  EXPECT_EQ(NamesOf(listed), expected);
}

// Opening a large row costs more than opening a small one.
TEST_F(ListFlowTest, APageOfLargeRequestsEndsSooner) {
  const base::Uuid matter = OpenMatter("M-1", kDay);
  constexpr int kRows = 12;
  for (int i = 0; i < kRows; ++i) {
    const absl::Time at = At(kDay, i);
    base::Row row{base::RowKind::kIntent, ids_.NextId(at), matter, at, {}, ""};
    row.body = std::string(8'000'000, 'x');
    row.keys = {RequestKey(kCounty, ids_.NextId(at)),
                {base::LookupKind::kVerification, ids_.NextId(at).ToBytes()},
                base::DayKey(kCounty, base::Listed::kVerification, kDay)};
    Commit({row});
  }
  VerificationQuery query = Query(/*days=*/1, /*page_size=*/kRows);
  Page<VerificationView> page = Read(query);
  EXPECT_LT(page.items.size(), 10u);
  ASSERT_TRUE(page.next.has_value());
  EXPECT_EQ(ReadAll(query, [] {}).size(), static_cast<size_t>(kRows));
}

TEST_F(ListFlowTest, AFilterThatLittleMatchesGivesEmptyPagesThatEndInTime) {
  const base::Uuid matter = OpenMatter("M-1", kDay);
  const base::Uuid oldest = Begin(matter, "M-1", kDay - 1);
  End(matter, oldest, base::RowKind::kEnded);
  std::vector<base::Row> rows;
  for (size_t i = 0; i < kPageRowsMax; ++i) {
    const absl::Time at = At(kDay, static_cast<int>(i));
    base::Row row{base::RowKind::kIntent, ids_.NextId(at), matter, at, {}, "intent"};
    row.keys = {RequestKey(kCounty, ids_.NextId(at)),
                {base::LookupKind::kVerification, ids_.NextId(at).ToBytes()},
                base::DayKey(kCounty, base::Listed::kVerification, kDay)};
    rows.push_back(row);
  }
  Commit(std::move(rows));
  VerificationQuery query = Query();
  query.state = static_cast<uint8_t>(VerificationState::kCancelled);
  Page<VerificationView> page = Read(query);
  EXPECT_THAT(page.items, IsEmpty());
  ASSERT_TRUE(page.next.has_value());
  int pages = 1;
  while (page.items.empty() && page.next.has_value()) {
    query.place = *page.next;
    page = Read(query);
    ++pages;
  }
  ASSERT_EQ(page.items.size(), 1u);
  EXPECT_EQ(page.items[0].request_id, oldest);
  // Each row costs itself and the two look-ups that tell how it stands.
  EXPECT_GE(pages, 3);
  EXPECT_LE(pages, 5);
}

TEST_F(ListFlowTest, WhatWasErasedIsListedNoMore) {
  const base::Uuid one = OpenMatter("M-1", kDay);
  const base::Uuid two = OpenMatter("M-2", kDay);
  Begin(one, "M-1", kDay);
  const std::string kept = Begin(two, "M-2", kDay).ToString();
  ASSERT_TRUE(store_->EraseMatter(one).ok());
  EXPECT_THAT(Names(Query()), ElementsAre(kept));
  MatterQuery matters;
  matters.agency = kCounty;
  matters.page_size = 1;
  matters.place = FirstPlace(kDay, kDay + 1);
  EXPECT_THAT(Names(matters), ElementsAre("M-2"));
}

TEST_F(ListFlowTest, MattersAreListedByDayStateAndDivision) {
  OpenMatter("M-1", kDay - 5, "640104");
  const base::Uuid closed = OpenMatter("M-2", kDay - 5, "640105");
  OpenMatter("M-3", kDay, "640104");
  OpenMatter("N-1", kDay, "640104", "another");
  const absl::Time at = At(kDay, seconds_++);
  Commit({access::StateRow(ids_.NextId(at), closed, at, access::MatterState::kClosed, "li-01")});
  MatterQuery query;
  query.agency = kCounty;
  query.page_size = 2;
  query.place = FirstPlace(kDay - 9, kDay + 1);
  EXPECT_THAT(Names(query), ElementsAre("M-3", "M-2", "M-1"));
  query.state = access::MatterState::kClosed;
  EXPECT_THAT(Names(query), ElementsAre("M-2"));
  query.state = access::MatterState::kOpen;
  EXPECT_THAT(Names(query), ElementsAre("M-3", "M-1"));
  query.division = "640100";
  EXPECT_THAT(Names(query), ElementsAre("M-3", "M-1"));
  query.division = "640105";
  EXPECT_THAT(Names(query), IsEmpty());
  query.state.reset();
  EXPECT_THAT(Names(query), ElementsAre("M-2"));
  query.division.clear();
  query.place = FirstPlace(kDay - 9, kDay);
  EXPECT_THAT(Names(query), ElementsAre("M-2", "M-1"));
}

// One damaged row does not hide all that are older, and is not passed over in silence.
TEST_F(ListFlowTest, WhatCannotBeReadIsCountedAndTheOthersAreListed) {
  const base::Uuid matter = OpenMatter("M-1", kDay);
  OpenMatter("M-2", kDay);
  OpenMatter("M-3", kDay);
  const std::string oldest = Begin(matter, "M-1", kDay).ToString();
  Begin(matter, "M-1", kDay);
  const std::string newest = Begin(matter, "M-1", kDay).ToString();
  std::vector<std::string> reports;
  for (int i = 0; i < 3; ++i) reports.push_back(Report(matter, {At(kDay, 10 * i)}));
  // The middle one of each.
  for (const base::RowKind kind :
       {base::RowKind::kMatter, base::RowKind::kIntent, base::RowKind::kResult}) {
    Damage(kind, 1);
  }
  for (const size_t page_size : {1, 10}) {
    VerificationQuery verifications = Query();
    verifications.page_size = page_size;
    EXPECT_THAT(Names(verifications), ElementsAre(newest, oldest));
    MatterQuery matters;
    matters.agency = kCounty;
    matters.page_size = page_size;
    matters.place = FirstPlace(kDay, kDay + 1);
    EXPECT_THAT(Names(matters), ElementsAre("M-3", "M-1"));
    EXPECT_THAT(Names(Using(At(kDay, 0), At(kDay + 1, 0), page_size)),
                ElementsAre(reports[2], reports[0]));
  }
  EXPECT_EQ(Read(Query()).lost, 1u);
  EXPECT_EQ(std::count(told_names_.begin(), told_names_.end(), "list_cannot_read"), 7)
      << "each time that somebody came upon one";
}

TEST_F(ListFlowTest, WithoutAReaderItIsRefusedAndMayBeRepeated) {
  disk_.Drain();
  std::optional<absl::Status> refused;
  ListVerifications(
      &rooms_, &loop_, Query(), [](const base::Uuid&) { return false; },
      [&](const absl::StatusOr<Page<VerificationView>>& page) { refused = page.status(); });
  loop_.RunReady();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(*refused), "READERS_FULL");
}

TEST_F(ListFlowTest, ReportsAreFoundByWhenTheSourceSpokeEachOnce) {
  const base::Uuid matter = OpenMatter("M-1", kDay - 20);
  const absl::Time noon = At(kDay, 12 * 3'600);
  const std::string once = Report(matter, {noon});
  const std::string twice = Report(matter, {noon - absl::Hours(48), noon + absl::Seconds(1)});
  const std::string both = Report(matter, {noon, noon, noon + absl::Seconds(2)});
  const std::string early = Report(matter, {noon - absl::Hours(48)});
  const absl::Time first = noon - absl::Hours(72);
  EXPECT_THAT(Names(Using(first, noon + absl::Hours(1))), ElementsAre(both, twice, once, early));
  EXPECT_THAT(Names(Using(first, noon + absl::Hours(1), 1)), ElementsAre(both, twice, once, early));
  EXPECT_THAT(Names(Using(first, noon)), ElementsAre(early, twice))
      << "what it said later does not count then";
  EXPECT_THAT(Names(Using(noon, noon + absl::Milliseconds(1))), ElementsAre(both, once));
  EXPECT_THAT(Names(Using(noon + absl::Seconds(1), noon + absl::Seconds(2))), ElementsAre(twice));
  const auto page = Read(Using(noon, noon + absl::Seconds(2)));
  ASSERT_EQ(page.items.size(), 2u);
  EXPECT_EQ(page.items[0].used_at, noon);
  EXPECT_EQ(page.items[1].used_at, noon + absl::Seconds(1));
  EXPECT_EQ(page.items[0].agency, kCounty);
  EXPECT_EQ(page.items[0].issued_at, At(kDay + 5, 0) + absl::Seconds(seconds_ - 2));
}

TEST_F(ListFlowTest, ReportsOfErasedMattersAreNotFoundByTheirSources) {
  const base::Uuid kept = OpenMatter("M-1", kDay);
  const base::Uuid erased = OpenMatter("M-2", kDay);
  const absl::Time noon = At(kDay, 12 * 3'600);
  Report(erased, {noon});
  const std::string there = Report(kept, {noon});
  ASSERT_TRUE(store_->EraseMatter(erased).ok());
  EXPECT_THAT(Names(Using(noon, noon + absl::Hours(1), 1)), ElementsAre(there));
}

}  // namespace
}  // namespace hedui::testing
