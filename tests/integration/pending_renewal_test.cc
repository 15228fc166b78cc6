// Promises that are renewed, kept in part, or come to a bound: what is not there yet stays
// promised, what will never be there is said so, and nothing of either is taken for none.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/answer_flow.h"
#include "server/base/status.h"
#include "server/correction_flow.h"
#include "server/pending_desk.h"
#include "server/poll_schedule.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

using stored::v1::PendingEnd;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kRenews[] = "{kind: pending, pending_for: 3600s}, {kind: renew, pending_for: 7200s}";
constexpr char kPartly[] =
    "{kind: pending, pending_for: 3600s}, {kind: partly, pending_for: 7200s}";

class PendingRenewalTest : public PendingFixture {
 protected:
  // Tokens of the open promises, as the store has them.
  std::vector<std::string> Tokens() {
    std::vector<std::string> tokens;
    for (const base::Row& row : platform_->RowsOf(first_.verification_id)) {
      if (row.kind != base::RowKind::kPending) continue;
      const auto promise = ReadPromise(row);
      EXPECT_TRUE(promise.ok() && promise->has_value()) << promise.status();
      if (IsOpen(*platform_->rooms().pages, row.id).value_or(false)) {
        tokens.push_back((*promise)->token);
      }
    }
    return tokens;
  }
  // m1 has nothing, says a source, whatever was promised. No time passes.
  void Answer(const std::string& source, const std::string& category, bool pending_only) {
    LateAnswers late;
    late.source_id = source;
    late.answers.emplace_back();
    late.answers[0].person_id = "m1";
    late.answers[0].category = category;
    late.answers[0].kind = base::AnswerKind::kConfirmedNone;
    late.at = platform_->clock().WallNow();
    AnswerRequest request;
    request.agency = kAgency;
    request.chain = ResultKey(kAgency, platform_->request_id());
    request.answers = {late};
    request.pending_only = pending_only;
    std::optional<absl::StatusOr<AnswerEnd>> end;
    AddLateAnswers(&platform_->rooms(), &platform_->loop(), std::move(request),
                   [&](absl::StatusOr<AnswerEnd> done) { end = done; });
    platform_->Settle();
    ASSERT_TRUE(end.has_value() && end->ok());
    ASSERT_EQ(**end, AnswerEnd::kReported);
  }
  // How many people the bank is waited for in the current report.
  int PendingIn(const VerifyResult& result) {
    int pending = 0;
    for (const report::v1::Line& line : LinesOf(result.envelope)) {
      if (line.kind() != report::v1::LINE_KIND_OUTCOME || line.outcome().source_id() != kBank) {
        continue;
      }
      pending += line.outcome().kind() == "PENDING" ? 1 : 0;
    }
    return pending;
  }
};

// A token that another stands in the place of is good for nothing any more (faults.cc): whoever
// polled with it again would never have the answer.
TEST_F(PendingRenewalTest, ATokenThatIsRenewedWithoutAnAnswerIsTheOneThatIsPolledWith) {
  Begin(kRenews);
  const std::vector<std::string> before = Tokens();
  platform_->AdvanceBy(absl::Hours(2));
  EXPECT_EQ(AskedOfBank(), 2u);
  EXPECT_THAT(Ends(), ElementsAre(PendingEnd::HOW_RENEWED));
  EXPECT_EQ(Open(), 1);
  EXPECT_EQ(platform_->desk().held(), 1u);
  ASSERT_THAT(Tokens(), SizeIs(1));
  EXPECT_NE(Tokens(), before);
  EXPECT_EQ(Chain().reports.size(), 1u) << "there is nothing to report";
  EXPECT_EQ(platform_->Get()->pending, 1);

  platform_->AdvanceBy(absl::Hours(2));
  EXPECT_EQ(AskedOfBank(), 3u) << "at the time that came with it";
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_THAT(Ends(), ElementsAre(PendingEnd::HOW_RENEWED, PendingEnd::HOW_ANSWERED));
  EXPECT_EQ(Open(), 0);
  EXPECT_EQ(platform_->desk().held(), 0u);
}

TEST_F(PendingRenewalTest, ARenewedTokenIsPolledWithAfterARestart) {
  Begin(kRenews);
  platform_->AdvanceBy(absl::Hours(2));
  ASSERT_THAT(Ends(), ElementsAre(PendingEnd::HOW_RENEWED));
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(platform_->desk().held(), 1u);
  platform_->AdvanceBy(absl::Hours(2));
  EXPECT_EQ(AskedOfBank(), 3u);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(Open(), 0);
}

TEST_F(PendingRenewalTest, WhatIsAnsweredInPartStaysPromisedInTheRest) {
  Begin(kPartly);
  EXPECT_EQ(PendingIn(first_), 3);
  const std::vector<std::vector<std::string>> answered = {{"m1"}, {"m1", "m2"}, {"m1", "m2", "m3"}};
  for (size_t part = 0; part < answered.size(); ++part) {
    SCOPED_TRACE(part);
    platform_->AdvanceBy(absl::Hours(2) + absl::Minutes(1));
    ASSERT_EQ(Chain().reports.size(), part + 2);
    EXPECT_EQ(Chain().current().superseding_reason, "LATE_ANSWER");
    const VerifyResult now = Current();
    EXPECT_EQ(CheckOffline(scenario_, now.envelope).verdict, report::Verdict::kValid);
    for (const char* const person : {"m1", "m2", "m3"}) {
      const bool there = std::count(answered[part].begin(), answered[part].end(), person) > 0;
      const base::AnswerKind right =
          person == std::string("m1") ? base::AnswerKind::kFound : base::AnswerKind::kConfirmedNone;
      EXPECT_EQ(KindOf(now, person), there ? right : base::AnswerKind::kPending) << person;
    }
    const int left = 2 - static_cast<int>(part);
    EXPECT_EQ(PendingIn(now), left);
    const report::v1::Line dibao = LineOf(now.envelope, report::v1::LINE_KIND_INDICATION, "dibao");
    const bool bank_is_blamed =
        std::any_of(dibao.blame().begin(), dibao.blame().end(),
                    [](const report::v1::Blame& blame) { return blame.source_id() == kBank; });
    EXPECT_EQ(bank_is_blamed, left > 0);
    if (left > 0) ExpectUndetermined(now);
    EXPECT_EQ(Open(), left > 0 ? 1 : 0);
    EXPECT_EQ(platform_->Get()->pending, left > 0 ? 1 : 0);
    // Nobody is asked about twice.
    const auto asked = platform_->AskedOf(kBank);
    ASSERT_EQ(asked.size(), part + 2);
    EXPECT_EQ(asked.back().people_size(), 3 - static_cast<int>(part));
  }
  EXPECT_THAT(Ends(), Each(PendingEnd::HOW_ANSWERED));
  EXPECT_THAT(Ends(), SizeIs(3));
  platform_->AdvanceBy(absl::Hours(48));
  EXPECT_EQ(AskedOfBank(), 4u);
}

TEST_F(PendingRenewalTest, TheRestOfAnAnswerInPartIsFetchedAfterARestart) {
  Begin(kPartly);
  platform_->AdvanceBy(absl::Hours(2));
  ASSERT_EQ(Chain().reports.size(), 2u);
  platform_->Restart();
  platform_->AdvanceBy(absl::Hours(5));
  EXPECT_EQ(PendingIn(Current()), 0);
  EXPECT_EQ(Chain().reports.size(), 4u);
  EXPECT_EQ(Open(), 0);
}

// What came is dropped, and with it must not go what was promised anew beside it.
TEST_F(PendingRenewalTest, ThePromisedRestOfAnAnswerThatNothingWaitsForIsFetched) {
  Begin(kPartly);
  Answer(kBank, "deposit", /*pending_only=*/true);
  platform_->AdvanceBy(absl::Hours(2) + absl::Minutes(1));
  ASSERT_EQ(AskedOfBank(), 2u);
  const auto dropped = platform_->EntriesOf<ledger::AnswerDroppedEntry>();
  ASSERT_THAT(dropped, SizeIs(1));
  EXPECT_EQ(dropped[0].why, 3);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kConfirmedNone);
  EXPECT_EQ(PendingIn(Current()), 2);
  EXPECT_THAT(Ends(), ElementsAre(PendingEnd::HOW_RENEWED));
  EXPECT_EQ(Open(), 1);
  platform_->AdvanceBy(absl::Hours(5));
  EXPECT_EQ(PendingIn(Current()), 0);
  EXPECT_EQ(KindOf(Current(), "m2"), base::AnswerKind::kConfirmedNone);
  EXPECT_EQ(KindOf(Current(), "m3"), base::AnswerKind::kConfirmedNone);
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), SizeIs(1));
}

// It would be asked for ever, and leave two rows or a report each time.
class HastyBankTest : public PendingFixture, public ::testing::WithParamInterface<const char*> {};

TEST_P(HastyBankTest, IsAskedAgainAfterAPauseAllTheSame) {
  Begin(
      absl::StrCat("{kind: pending, pending_for: 0s}, {kind: ", GetParam(), ", pending_for: 0s}"));
  platform_->Settle();
  EXPECT_EQ(AskedOfBank(), 2u) << "the query, and the poll at the time that was named";
  platform_->AdvanceBy(kPollPauseLeast - absl::Seconds(1));
  EXPECT_EQ(AskedOfBank(), 2u);
  platform_->AdvanceBy(absl::Hours(1));
  EXPECT_GT(AskedOfBank(), 2u);
  EXPECT_EQ(KindOf(Current(), "m3"), base::AnswerKind::kConfirmedNone);
  EXPECT_EQ(Open(), 0);
}

INSTANTIATE_TEST_SUITE_P(Faults, HastyBankTest, ::testing::Values("renew", "partly"),
                         [](const auto& tested) { return std::string(tested.param); });

// Rows of a verification that were read for its count in one go are not all there are.
TEST_F(PendingRenewalTest, WhatIsOpenIsCountedHoweverOftenItWasRenewed) {
  Begin("{kind: pending, pending_for: 21600s}");
  Promise promise;
  for (const base::Row& row : platform_->RowsOf(first_.verification_id)) {
    if (row.kind == base::RowKind::kPending) promise = **ReadPromise(row);
  }
  for (size_t times = 0; times < 2 * kPromisesAtOnce; times += 100) {
    std::vector<base::Row> rows;
    for (int i = 0; i < 100; ++i) {
      const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(platform_->clock().WallNow()));
      rows.push_back(
          PromiseEndRow(promise, PromiseEnd::kRenewed, platform_->rooms().ids->NextId(now), now));
      promise.id = platform_->rooms().ids->NextId(now);
      rows.push_back(PromiseRow(promise, now));
    }
    platform_->Commit(std::move(rows));
  }
  EXPECT_EQ(Open(), 1);
  EXPECT_EQ(platform_->Get()->pending, 1);
}

// Of a request with more intents than are read at once the newest count.
TEST_F(PendingRenewalTest, IsPolledUnderOneIntentADayHoweverManyThereAre) {
  Begin("{kind: pending}");
  const auto intents = [&] { return platform_->EntriesOf<ledger::IntentEntry>().size(); };
  for (int times = 0; times < 11; ++times) {
    std::vector<base::Row> rows;
    for (int i = 0; i < 100; ++i) {
      const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(platform_->clock().WallNow()));
      rows.push_back({base::RowKind::kIntent,
                      platform_->rooms().ids->NextId(now),
                      Chain().matter,
                      now,
                      {RequestKey(kAgency, platform_->request_id())},
                      ""});
    }
    platform_->Commit(std::move(rows));
  }
  platform_->AdvanceBy(absl::Hours(2));
  EXPECT_EQ(intents(), 1u) << "the first is found behind them";
  platform_->AdvanceBy(absl::Hours(38));
  EXPECT_GT(AskedOfBank(), 30u);
  EXPECT_EQ(intents(), 2u);
}

class FullChainTest : public PendingRenewalTest {
 protected:
  // Its other reports, as other sources' answers would have made them. No time passes.
  void Fill() {
    for (size_t reports = 1; reports < kLateReportsMax; ++reports) {
      ASSERT_NO_FATAL_FAILURE(Answer("nx-tax", "tax", /*pending_only=*/false));
    }
    ASSERT_EQ(Chain().reports.size(), kLateReportsMax);
    ASSERT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kPending);
  }
  void ExpectLastReport() {
    EXPECT_EQ(Chain().reports.size(), kLateReportsMax + 1);
    const VerifyResult last = Current();
    for (const char* const person : {"m1", "m2", "m3"}) {
      EXPECT_EQ(KindOf(last, person), base::AnswerKind::kUnavailable) << person;
      EXPECT_EQ(ReasonOf(last, person), base::Reason::kLate) << person;
    }
    for (const SourceOutcomeView& outcome : last.outcomes) {
      EXPECT_NE(outcome.kind, base::AnswerKind::kPending) << outcome.source_id;
    }
    EXPECT_EQ(PendingIn(last), 0);
    ExpectUndetermined(last);
    EXPECT_EQ(CheckOffline(scenario_, last.envelope).verdict, report::Verdict::kValid);
    ExpectNowhere("6217000000003171");
    EXPECT_EQ(Open(), 0);
    EXPECT_EQ(platform_->Get()->pending, 0);
    EXPECT_THAT(Ends(), Each(PendingEnd::HOW_EXPIRED));
  }
};

TEST_F(FullChainTest, SaysSoOfAllThatIsWaitedForAndNothingIsAskedForAnyMore) {
  Scenario::AddToSource(&scenario_.simulation_yaml, "nx-securities",
                        "faults: [{kind: pending, pending_for: 360000s}]");
  Begin("{kind: pending, pending_for: 21600s}", /*promises=*/2);
  Fill();
  platform_->AdvanceBy(absl::Hours(7));
  // The other source's too, which is not due for days.
  ExpectLastReport();
  EXPECT_THAT(Ends(), SizeIs(2));
  platform_->AdvanceBy(absl::Hours(200));
  EXPECT_EQ(AskedOfBank(), 1u);
  EXPECT_THAT(platform_->AskedOf("nx-securities"), SizeIs(1));
  EXPECT_EQ(Chain().reports.size(), kLateReportsMax + 1) << "one is enough";
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), IsEmpty()) << "nothing came";
  EXPECT_EQ(platform_->desk().held(), 0u);
}

// Killed after what came was dropped, say, and before the last report.
TEST_F(FullChainTest, ItsPromisesEndAfterARestartAllTheSame) {
  Begin("{kind: pending, pending_for: 21600s}");
  Fill();
  platform_->Restart();
  platform_->AdvanceBy(absl::Hours(7));
  ExpectLastReport();
  EXPECT_THAT(Ends(), SizeIs(1));
  platform_->Restart();
  platform_->AdvanceBy(absl::Hours(100));
  EXPECT_EQ(Chain().reports.size(), kLateReportsMax + 1);
  EXPECT_EQ(AskedOfBank(), 1u);
  EXPECT_EQ(platform_->desk().held(), 0u);
}

TEST_F(FullChainTest, WhatIsUnderWayWhenItFillsUpIsDropped) {
  Begin("{kind: delay, delay: 1s}, {kind: pending, pending_for: 21600s}");
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  Fill();
  platform_->AdvanceBy(absl::Hours(1));
  ExpectLastReport();
  EXPECT_THAT(Ends(), SizeIs(1));
  const auto dropped = platform_->EntriesOf<ledger::AnswerDroppedEntry>();
  ASSERT_THAT(dropped, SizeIs(1));
  EXPECT_EQ(dropped[0].why, 3);
  platform_->AdvanceBy(absl::Hours(100));
  EXPECT_EQ(AskedOfBank(), 2u);
  EXPECT_EQ(platform_->desk().held(), 0u);
}

// Corrections, of which there may be more, have filled it before the promise was due.
TEST_F(FullChainTest, SaysSoOfWhatIsWaitedForAlsoWhereCorrectionsLeftNoRoom) {
  Begin("{kind: pending, pending_for: 21600s}");
  PeopleFound found;
  found.how = ByPeople();
  found.answer.person_id = "m1";
  found.answer.category = "business";
  found.answer.kind = base::AnswerKind::kConfirmedNone;
  for (size_t corrections = 0; corrections < kCorrectionsMax; ++corrections) {
    ASSERT_NO_FATAL_FAILURE(platform_->Record(Current().report_number, found));
  }
  ASSERT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kPending);
  platform_->AdvanceBy(absl::Hours(7));
  ASSERT_EQ(Chain().reports.size(), kCorrectionsMax + 2);
  const VerifyResult last = Current();
  EXPECT_EQ(ReasonOf(last, "m1"), base::Reason::kLate);
  EXPECT_EQ(PendingIn(last), 0);
  EXPECT_EQ(Open(), 0);
  EXPECT_EQ(AskedOfBank(), 1u);
  platform_->Annul(last.report_number);
  EXPECT_TRUE(Chain().annulled.has_value()) << "that is read of the longest chain too";
}

// It had been read as what is open just before.
TEST_F(FullChainTest, APromiseThatWasRenewedBesideItsLastReportIsNotAskedFor) {
  Begin("{kind: pending, pending_for: 21600s}");
  Promise promise;
  for (const base::Row& row : platform_->RowsOf(first_.verification_id)) {
    if (row.kind == base::RowKind::kPending) promise = **ReadPromise(row);
  }
  Fill();
  platform_->AdvanceBy(absl::Hours(7));
  ExpectLastReport();
  const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(platform_->clock().WallNow()));
  promise.id = platform_->rooms().ids->NextId(now);
  promise.ready_after = now + absl::Hours(2);
  platform_->Commit({PromiseRow(promise, now)});
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(platform_->desk().held(), 1u);
  platform_->AdvanceBy(absl::Hours(3));
  ExpectLastReport();
  EXPECT_THAT(Ends(), SizeIs(2));
  EXPECT_EQ(AskedOfBank(), 1u);
  EXPECT_EQ(platform_->desk().held(), 0u);
}

TEST_F(PendingRenewalTest, AsManyMayWatchOneVerificationAsThereIsRoomFor) {
  Begin("{kind: pending, pending_for: 21600s}");
  const auto present = std::make_shared<int>();
  const FlowKey key{kAgency, platform_->request_id()};
  size_t told = 0;
  const auto follow = [&](const Presence& watcher) {
    return platform_->desk().Follow(key, &platform_->loop(), watcher, [&](bool) { ++told; });
  };
  for (size_t i = 0; i < kFollowersMax; ++i) ASSERT_TRUE(follow(present).ok());
  const absl::Status refused = follow(present);
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_EQ(base::ReasonOf(refused), "IN_FLIGHT");
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(told, kFollowersMax) << "all who were let in, once";
  // Who has gone leaves their place to others.
  {
    const auto gone = std::make_shared<int>();
    for (size_t i = 0; i < kFollowersMax; ++i) ASSERT_TRUE(follow(gone).ok());
    EXPECT_FALSE(follow(present).ok());
  }
  EXPECT_TRUE(follow(present).ok());
}

TEST_F(PendingRenewalTest, WhoHasGoneIsLetGoOfAlthoughNobodyElseWatchesTheSame) {
  Begin("{kind: pending, pending_for: 21600s}");
  const auto held = std::make_shared<int>();
  for (size_t i = 0; i < 10 * kFollowersSweptAfter; ++i) {
    const auto gone = std::make_shared<int>();
    const FlowKey key{kAgency, base::SecureIdSource().NextId(absl::Now())};
    ASSERT_TRUE(platform_->desk().Follow(key, &platform_->loop(), gone, [held](bool) {}).ok());
  }
  EXPECT_LE(platform_->desk().followers(), kFollowersSweptAfter);
  EXPECT_LE(held.use_count(), 1 + static_cast<long>(kFollowersSweptAfter));
}

}  // namespace
}  // namespace hedui::testing
