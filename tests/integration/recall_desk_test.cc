// Recalls on a clock that the test moves: whatever cannot be read, or finds no room, holds back
// neither the rest of its recall nor the recalls that wait, and a start finds all that are open.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/dates.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "server/recall_flow.h"
#include "server/report_steps.h"
#include "server/reverify_flow.h"
#include "server/store/sqlite/connection.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// The store's pages, but that some cannot be read.
class FaultyPages final : public base::RowPages {
 public:
  explicit FaultyPages(const base::RowPages* pages) : pages_(*pages) {}

  // The next so many reads of what is under a key like this.
  void Fail(std::string key, int times, absl::Status status) {
    key_ = std::move(key);
    times_ = times;
    status_ = std::move(status);
  }
  int left() const { return times_; }
  // The oldest row that is under a key like this comes again and again, so many times.
  void Repeat(std::string key, size_t rows) {
    repeated_ = std::move(key);
    rows_ = rows;
  }
  size_t rows_left() const { return rows_; }

  absl::StatusOr<base::RowPage> FindBefore(const base::LookupKey& key, uint64_t before,
                                           size_t limit) const override {
    HEDUI_RETURN_IF_ERROR(Check(key));
    return pages_.FindBefore(key, before, limit);
  }
  absl::StatusOr<base::RowPage> FindBeforeWithLost(const base::LookupKey& key, uint64_t before,
                                                   size_t limit) const override {
    HEDUI_RETURN_IF_ERROR(Check(key));
    const bool repeats = rows_ > 0 && absl::StrContains(key.text, repeated_);
    HEDUI_ASSIGN_OR_RETURN(
        base::RowPage page,
        pages_.FindBeforeWithLost(key, repeats ? base::kNewestPlace : before, limit));
    if (!repeats || page.rows.empty()) return page;
    page.rows = {page.rows.back()};
    page.rows.resize(std::min(limit, rows_), page.rows[0]);
    rows_ -= page.rows.size();
    page.more = rows_ > 0;
    return page;
  }
  absl::StatusOr<std::vector<base::RowHead>> FindHeads(const base::LookupKey& key,
                                                       size_t limit) const override {
    return pages_.FindHeads(key, limit);
  }
  std::string TokenKey() const override { return pages_.TokenKey(); }

 private:
  absl::Status Check(const base::LookupKey& key) const {
    if (times_ == 0 || !absl::StrContains(key.text, key_)) return absl::OkStatus();
    --times_;
    return status_;
  }

  const base::RowPages& pages_;
  std::string key_;
  mutable int times_ = 0;  // on the disk pool's one thread, or while it rests
  absl::Status status_;
  std::string repeated_;
  mutable size_t rows_ = 0;  // as times_
};

absl::Status Corrupt() {
  return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT", "a page is damaged",
                         base::Visibility::kOperator);
}

constexpr int kAlways = 1'000'000;
constexpr char kUsed[] = "\nused\n";
constexpr char kRecalls[] = "\nrecall";

class RecallDeskTest : public PendingFixture {
 protected:
  // The bank answers after a second.
  RecallDeskTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]",
                      "faults: [{kind: delay, delay: 1s}]");
  }

  void BeginPlatform() {
    platform_.emplace(&scenario_);
    Watch();
    platform_->Register();
    Verify();
  }
  void Watch() {
    platform_->rooms().tell = [this](const base::Event& event) {
      const base::MutexLock lock(&mutex_);
      ++told_[event.name];
    };
  }
  int Told(const std::string& name) {
    const base::MutexLock lock(&mutex_);
    return told_[name];
  }
  // As after a kill; nothing is taken up before Resume.
  void Restart() {
    platform_->Restart();
    Watch();
  }
  // One more verification of the household, a minute later.
  void Verify() {
    scenario_.household.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
    const auto result = platform_->Verify();
    ASSERT_TRUE(result.ok()) << result.status();
    reports_.push_back(result->report_number);
    platform_->AdvanceBy(absl::Minutes(1));
  }
  std::unique_ptr<FaultyPages> Pages() {
    auto pages = std::make_unique<FaultyPages>(platform_->rooms().pages);
    platform_->rooms().pages = pages.get();
    return pages;
  }

  // Of all that a source has said so far.
  RecallRequest Request(const std::string& source = kBank) {
    RecallRequest request;
    request.id = ids_.NextId(absl::Now());
    request.agency = "640000-operators";
    request.officer = "OP-0042";
    request.source_id = source;
    request.to = absl::FromUnixMillis(absl::ToUnixMillis(platform_->clock().WallNow()));
    request.from = request.to - absl::Hours(20);
    request.reason = "数据有误";
    return request;
  }
  void Begin(const RecallRequest& request) {
    std::optional<absl::Status> done;
    platform_->recalls().Begin(
        &platform_->loop(), request,
        [&done](const absl::StatusOr<RecallView>& view) { done = view.status(); });
    platform_->Settle();
    ASSERT_TRUE(done.has_value() && done->ok()) << *done;
  }
  RecallView Get(const base::Uuid& id) {
    std::optional<absl::StatusOr<RecallView>> view;
    platform_->recalls().Get(&platform_->loop(), id,
                             [&view](absl::StatusOr<RecallView> done) { view = std::move(done); });
    platform_->Settle();
    EXPECT_TRUE(view.has_value() && view->ok());
    return view.has_value() && view->ok() ? **std::move(view) : RecallView();
  }
  static std::map<ReverifyEnd, int64_t> CountsOf(const RecallView& view) {
    std::map<ReverifyEnd, int64_t> counts;
    for (uint8_t i = 0; i < kReverifyEnds; ++i) {
      if (view.reports[i] > 0) counts[static_cast<ReverifyEnd>(i + 1)] = view.reports[i];
    }
    return counts;
  }
  // So that the store cannot open it any more.
  void Damage(const std::string& where) {
    const auto connection = store::Connection::Open({.path = scenario_.Path("store/hedui.db")});
    ASSERT_TRUE(connection.ok()) << connection.status();
    const std::string change = absl::StrCat("UPDATE rows SET at_ms=at_ms+1 WHERE ", where);
    ASSERT_TRUE((*connection)->Execute(change.c_str()).ok());
  }
  static std::string Hex(const base::Uuid& id) {
    std::string hex;
    for (const char byte : id.ToBytes()) {
      absl::StrAppendFormat(&hex, "%02x", static_cast<unsigned char>(byte));
    }
    return hex;
  }
  void DamageReport(const std::string& number) {
    Damage(absl::StrCat("id=x'", Hex(*report::ReportIdOfNumber(number)), "'"));
  }
  // Rows of a recall: one, and one more for each time that it has ended.
  size_t RowsOf(const base::Uuid& id) {
    const auto rows = platform_->rooms().rows->Find(
        {base::LookupKind::kSourceDay, absl::StrCat("\nrecall\n", id.ToString())}, 100);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? rows->size() : 0;
  }

  base::SecureIdSource ids_;
  std::vector<std::string> reports_;
  base::Mutex mutex_;
  std::map<std::string, int> told_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(RecallDeskTest, AReportThatCannotBeReadHoldsBackNeitherTheOthersNorTheNextRecall) {
  BeginPlatform();
  Verify();
  Verify();
  DamageReport(reports_[1]);
  const RecallRequest first = Request();
  Begin(first);
  const RecallRequest second = Request("nx-tax");
  Begin(second);
  platform_->AdvanceBy(absl::Minutes(11));
  RecallView view = Get(first.id);
  ASSERT_TRUE(view.ended.has_value());
  EXPECT_THAT(CountsOf(view),
              ElementsAre(Pair(ReverifyEnd::kVerified, 2), Pair(ReverifyEnd::kFailed, 1)));
  EXPECT_FALSE(view.incomplete);
  EXPECT_EQ(Told("recall_cannot_read"), 3) << "once a pass: two of the first, one of the second";
  EXPECT_EQ(Told("recall_cannot_list"), 0);
  platform_->AdvanceBy(absl::Minutes(11));
  view = Get(second.id);
  ASSERT_TRUE(view.ended.has_value());
  EXPECT_EQ(CountsOf(view)[ReverifyEnd::kFailed], 1);
}

TEST_F(RecallDeskTest, AListThatCannotBeReadAtLastEndsItAndItsEndSaysSo) {
  BeginPlatform();
  const auto pages = Pages();
  pages->Fail(kUsed, kAlways, Corrupt());
  const RecallRequest first = Request();
  Begin(first);
  platform_->AdvanceBy(absl::Minutes(5));
  EXPECT_FALSE(Get(first.id).ended.has_value()) << "it may pass";
  platform_->AdvanceBy(absl::Hours(1));
  RecallView view = Get(first.id);
  ASSERT_TRUE(view.ended.has_value());
  EXPECT_TRUE(view.incomplete);
  EXPECT_THAT(CountsOf(view), ElementsAre());
  EXPECT_GT(Told("recall_cannot_list"), 10);
  Restart();
  view = Get(first.id);
  EXPECT_TRUE(view.incomplete) << "as it is stored";

  const RecallRequest second = Request();
  Begin(second);
  platform_->AdvanceBy(absl::Minutes(11));
  view = Get(second.id);
  ASSERT_TRUE(view.ended.has_value());
  EXPECT_FALSE(view.incomplete);
  EXPECT_THAT(CountsOf(view), ElementsAre(Pair(ReverifyEnd::kVerified, 1)));
}

TEST_F(RecallDeskTest, AListThatCanBeReadAgainInTimeIsGoneThroughToItsEnd) {
  BeginPlatform();
  const auto pages = Pages();
  pages->Fail(kUsed, 12, base::MakeError(absl::StatusCode::kUnavailable, "STORE_IO", "reading"));
  const RecallRequest request = Request();
  Begin(request);
  platform_->AdvanceBy(absl::Minutes(12));
  EXPECT_EQ(pages->left(), 0);
  const RecallView view = Get(request.id);
  ASSERT_TRUE(view.ended.has_value());
  EXPECT_FALSE(view.incomplete);
  EXPECT_THAT(CountsOf(view), ElementsAre(Pair(ReverifyEnd::kVerified, 1)));
}

TEST_F(RecallDeskTest, RoomThatThereWillNeverBeIsNotWaitedForForEver) {
  BeginPlatform();
  // Room to begin, and none for the chain.
  base::ByteBudget small(kFlowBytes + kCallerBytes + 1, kFlowBytes + kCallerBytes + 1);
  platform_->rooms().bytes = &small;
  const RecallRequest request = Request();
  Begin(request);
  platform_->AdvanceBy(absl::Minutes(30));
  EXPECT_THAT(CountsOf(Get(request.id)), ElementsAre()) << "it may pass";
  platform_->AdvanceBy(absl::Hours(3));
  const RecallView view = Get(request.id);
  ASSERT_TRUE(view.ended.has_value());
  EXPECT_THAT(CountsOf(view), ElementsAre(Pair(ReverifyEnd::kFailed, 1)));
  EXPECT_FALSE(view.incomplete);
  EXPECT_EQ(Told("not_verified_anew"), 2) << "once a pass";
}

// A full share of the memory makes every report of a long list wait, and each takes some memory.
TEST_F(RecallDeskTest, NoMoreIsReadOfTheListWhileThousandsWaitForRoom) {
  constexpr size_t kReports = 5'000;
  constexpr size_t kAbout = 4'300;
  BeginPlatform();
  const auto pages = Pages();
  pages->Repeat(kUsed, kReports);
  base::ByteBudget none(1, 1);
  base::ByteBudget* const usual = std::exchange(platform_->rooms().bytes, &none);
  const RecallRequest request = Request();
  Begin(request);
  platform_->AdvanceBy(absl::Minutes(3));
  EXPECT_GT(pages->rows_left(), kReports - kAbout);
  EXPECT_THAT(CountsOf(Get(request.id)), ElementsAre());
  platform_->rooms().bytes = usual;
  platform_->AdvanceBy(absl::Minutes(3));
  EXPECT_EQ(pages->rows_left(), 0u);
  EXPECT_THAT(CountsOf(Get(request.id)), ElementsAre(Pair(ReverifyEnd::kVerified, kReports)));
}

TEST_F(RecallDeskTest, LackOfRoomDoesNotCountAsAChainThatOthersChange) {
  BeginPlatform();
  base::ByteBudget& budget = *platform_->rooms().bytes;
  auto others = budget.TryTake("others", budget.bytes_max() - budget.used());
  ASSERT_TRUE(others.has_value());
  const RecallRequest request = Request();
  Begin(request);
  // Tried at 0, 1, 3, 7, 15 and 31 s.
  platform_->AdvanceBy(absl::Milliseconds(62'500));
  EXPECT_THAT(CountsOf(Get(request.id)), ElementsAre());
  others.reset();
  // Somebody else's report comes a moment before the next try's.
  const RecallSpan span{kBank, request.from, request.to, request.to};
  std::optional<absl::StatusOr<ReverifyEnd>> end;
  const auto flow =
      BeginReverify(&platform_->rooms(), &platform_->loop(), span, kAgency,
                    *report::ReportIdOfNumber(reports_[0]),
                    [&end](absl::StatusOr<ReverifyEnd> done) { end = std::move(done); });
  platform_->AdvanceBy(absl::Minutes(2));
  ASSERT_TRUE(end.has_value() && end->ok());
  EXPECT_EQ(AskedOfBank(), 3u) << "the try was under way beside it";
  EXPECT_THAT(CountsOf(Get(request.id)), ElementsAre(Pair(ReverifyEnd::kVerified, 1)));
  EXPECT_EQ(Told("not_verified_anew"), 0);
}

// --- after a start

TEST_F(RecallDeskTest, AStartThatCannotReadWhichThereAreTriesAgain) {
  BeginPlatform();
  const RecallRequest request = Request();
  Begin(request);
  Restart();
  const auto pages = Pages();
  pages->Fail(kRecalls, 3, Corrupt());
  platform_->recalls().Resume();
  platform_->AdvanceBy(absl::Minutes(1));
  EXPECT_EQ(CountsOf(Get(request.id)).size(), 0u);
  platform_->AdvanceBy(absl::Minutes(20));
  EXPECT_EQ(Told("recalls_not_read"), 3);
  const RecallView view = Get(request.id);
  ASSERT_TRUE(view.ended.has_value());
  EXPECT_THAT(CountsOf(view), ElementsAre(Pair(ReverifyEnd::kVerified, 1)));
}

TEST_F(RecallDeskTest, AStartThatFindsNoReaderTriesAgain) {
  BeginPlatform();
  const RecallRequest request = Request();
  Begin(request);
  Restart();
  runtime::WorkerPool full({"full", 1, 1});
  const auto taken = full.TryReserve(1);
  ASSERT_TRUE(taken.has_value());
  runtime::WorkerPool* const disk = platform_->rooms().disk;
  platform_->rooms().disk = &full;
  platform_->recalls().Resume();
  platform_->Settle();
  platform_->rooms().disk = disk;
  platform_->AdvanceBy(absl::Minutes(20));
  EXPECT_TRUE(Get(request.id).ended.has_value());
}

TEST_F(RecallDeskTest, ARecallThatCannotBeReadHoldsBackNoOther) {
  BeginPlatform();
  Begin(Request());
  Restart();
  Damage("kind=13");
  const RecallRequest second = Request();
  Begin(second);
  Restart();
  platform_->recalls().Resume();
  platform_->AdvanceBy(absl::Minutes(20));
  EXPECT_EQ(Told("recall_not_read"), 1);
  EXPECT_EQ(Told("recalls_not_read"), 0);
  const RecallView view = Get(second.id);
  ASSERT_TRUE(view.ended.has_value());
  EXPECT_THAT(CountsOf(view), ElementsAre(Pair(ReverifyEnd::kVerified, 1)));
}

TEST_F(RecallDeskTest, AStartGoesOnInTheOrderInWhichTheyWereBegun) {
  BeginPlatform();
  RecallRequest first = Request();
  first.id = *base::Uuid::Parse("ffffffff-2b53-4d1f-8a3e-0f2a7c3f6d01");
  RecallRequest second = Request("nx-tax");
  second.id = *base::Uuid::Parse("00000000-2b53-4d1f-8a3e-0f2a7c3f6d01");
  Begin(first);
  platform_->clock().SetWall(platform_->clock().WallNow() + absl::Milliseconds(1));
  Begin(second);
  Restart();
  const size_t asked = AskedOfBank();
  const size_t asked_of_tax = platform_->AskedOf("nx-tax").size();
  platform_->recalls().Resume();
  platform_->AdvanceBy(absl::Seconds(3));
  EXPECT_EQ(AskedOfBank(), asked + 1);
  EXPECT_EQ(platform_->AskedOf("nx-tax").size(), asked_of_tax) << "it waits for the first to end";
  platform_->AdvanceBy(absl::Minutes(20));
  EXPECT_TRUE(Get(second.id).ended.has_value());
}

TEST_F(RecallDeskTest, TheSameCallGoesOnWithOneThatTheStartHasNotFound) {
  BeginPlatform();
  const RecallRequest request = Request();
  Begin(request);
  Restart();
  Begin(request);
  platform_->AdvanceBy(absl::Minutes(20));
  EXPECT_TRUE(Get(request.id).ended.has_value());
  EXPECT_EQ(RowsOf(request.id), 2u);
}

TEST_F(RecallDeskTest, OneBegunBeforeTheStartHasReadWhichThereAreIsWorkedOnOnce) {
  BeginPlatform();
  const RecallRequest request = Request();
  Begin(request);
  platform_->recalls().Resume();
  Begin(request);
  platform_->AdvanceBy(absl::Minutes(40));
  EXPECT_TRUE(Get(request.id).ended.has_value());
  EXPECT_EQ(RowsOf(request.id), 2u) << "it has ended once";
}

// --- who stood in for a source that has answered since

TEST_F(RecallDeskTest, WhoStoodInForOneThatHasAnsweredSinceIsNotNamedAnyMore) {
  Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: delay, delay: 1s}]",
                    "faults: [{kind: pending, pending_for: 21600s}]");
  Scenario::Replace(&scenario_.catalogue_yaml, "{code: securities}",
                    "{code: securities}, {code: deposit, fallback: true}");
  Scenario::Replace(&scenario_.simulation_yaml, "categories: [securities, insurance]",
                    "categories: [securities, insurance, deposit]");
  BeginPlatform();
  const auto deposits = [this] {
    std::map<std::string, base::AnswerKind> kinds;
    for (const SourceOutcomeView& view : Current().outcomes) {
      if (view.person_id == "m1" && view.category == "deposit") kinds[view.source_id] = view.kind;
    }
    return kinds;
  };
  EXPECT_EQ(deposits()[kBank], base::AnswerKind::kPending);
  EXPECT_EQ(deposits()["nx-securities"], base::AnswerKind::kConfirmedNone);
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(deposits()[kBank], base::AnswerKind::kFound);
  const auto dibao = [this] {
    return LineOf(Current().envelope, report::v1::LINE_KIND_INDICATION, "dibao");
  };
  const report::v1::Truth before = dibao().indication().result();
  EXPECT_NE(before, report::v1::TRUTH_UNDETERMINED);

  const RecallRequest request = Request("nx-securities");
  Begin(request);
  platform_->AdvanceBy(absl::Minutes(11));
  EXPECT_THAT(CountsOf(Get(request.id)), ElementsAre(Pair(ReverifyEnd::kVerified, 2)))
      << "of one verification";
  EXPECT_EQ(Chain().current().superseding_reason, "SOURCE_RECALLED");
  EXPECT_THAT(deposits(), ElementsAre(Pair(kBank, base::AnswerKind::kFound)));
  for (const report::v1::Line& line : LinesOf(Current().envelope)) {
    if (line.kind() != report::v1::LINE_KIND_OUTCOME) continue;
    EXPECT_FALSE(line.outcome().source_id() == "nx-securities" &&
                 line.outcome().category() == "deposit");
  }
  const report::v1::Line after = dibao();
  EXPECT_EQ(after.indication().result(), before);
  for (const report::v1::Blame& blame : after.blame()) {
    EXPECT_NE(blame.source_id(), "nx-securities");
  }
  EXPECT_EQ(CheckOffline(scenario_, Current().envelope).verdict, report::Verdict::kValid);
}

}  // namespace
}  // namespace hedui::testing
