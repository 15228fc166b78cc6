// Answers that come hours and days after their report, on a clock that the test moves: fetched
// under live authority, put into a report that supersedes, or ended for what they are.
#include "server/pending_desk.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/status.h"
#include "server/source_quality.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

using report::v1::LINE_KIND_INDICATION;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using PendingDeskTest = PendingFixture;

TEST_F(PendingDeskTest, HoursLaterTheAnswerSupersedesTheReport) {
  Begin("{kind: pending, pending_for: 21600s}");
  ExpectUndetermined(first_);
  platform_->AdvanceBy(absl::Hours(5));
  EXPECT_EQ(AskedOfBank(), 1u) << "the bank said when it would be ready";
  EXPECT_EQ(Chain().reports.size(), 1u);

  platform_->AdvanceBy(absl::Hours(2));
  EXPECT_EQ(AskedOfBank(), 2u);
  const ReportChain chain = Chain();
  ASSERT_EQ(chain.reports.size(), 2u);
  EXPECT_EQ(chain.reports[1].superseding_reason, "LATE_ANSWER");
  const VerifyResult later = Current();
  EXPECT_EQ(later.verification_id, first_.verification_id);
  EXPECT_NE(later.report_number, first_.report_number);
  EXPECT_EQ(KindOf(later, "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(KindOf(later, "m2"), base::AnswerKind::kConfirmedNone);
  EXPECT_GE(Find(later, "m1")->elapsed_ms, absl::ToInt64Milliseconds(absl::Hours(6)));
  EXPECT_EQ(CheckOffline(scenario_, later.envelope).verdict, report::Verdict::kValid);
  const report::v1::Line dibao = LineOf(later.envelope, LINE_KIND_INDICATION, "dibao");
  for (const report::v1::Blame& blame : dibao.blame()) EXPECT_NE(blame.source_id(), kBank);
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_ANSWERED));
  EXPECT_EQ(platform_->desk().held(), 0u);
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), IsEmpty());

  stored::v1::Result stored;
  ASSERT_TRUE(stored.ParseFromString(chain.reports[1].row.body));
  EXPECT_TRUE(std::any_of(stored.used().begin(), stored.used().end(), [](const auto& use) {
    return use.source_id() == kBank;
  })) << "to be found when the bank is recalled";

  platform_->AdvanceBy(absl::Hours(100));
  EXPECT_EQ(AskedOfBank(), 2u) << "what was answered is asked for no more";
}

TEST_F(PendingDeskTest, ThatItIsPendingIsCountedWhenItWasPromisedAndNotAtEachPoll) {
  Begin("{kind: pending}");
  const auto pending = [this] {
    const QualityView view = platform_->rooms().source_quality->Read(kBank, "", 24);
    int64_t answers = 0;
    for (const DivisionQuality& division : view.divisions) {
      for (const AnswerCount& count : division.answers) {
        EXPECT_EQ(count.kind, base::AnswerKind::kPending);
        answers += count.answers;
      }
    }
    return answers;
  };
  const int64_t promised = pending();
  EXPECT_GT(promised, 0);
  platform_->AdvanceBy(absl::Hours(6));
  EXPECT_GT(AskedOfBank(), 3u);
  EXPECT_EQ(pending(), promised);
}

TEST_F(PendingDeskTest, IsPolledUnderItsFirstIntentAndAfterADayUnderAnother) {
  Begin("{kind: pending}");
  const auto intents = [&] { return platform_->EntriesOf<ledger::IntentEntry>().size(); };
  platform_->AdvanceBy(absl::Hours(20));
  const size_t in_a_day = AskedOfBank();
  EXPECT_GT(in_a_day, 10u);
  EXPECT_LT(in_a_day, 100u) << "the pauses grow";
  EXPECT_EQ(intents(), 1u);
  // Every warrant is checked by the department as it comes (still_platform.cc).
  platform_->AdvanceBy(absl::Hours(20));
  EXPECT_GT(AskedOfBank(), in_a_day);
  EXPECT_EQ(intents(), 2u) << "one more for another day, not one a poll";
  EXPECT_EQ(Open(), 1);
  EXPECT_EQ(Chain().reports.size(), 1u);
}

TEST_F(PendingDeskTest, AfterARestartItIsStillFetched) {
  Begin("{kind: pending, pending_for: 21600s}");
  platform_->AdvanceBy(absl::Hours(1));
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(platform_->desk().held(), 1u);
  platform_->AdvanceBy(absl::Hours(6));
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(Open(), 0);
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(platform_->desk().held(), 0u);
}

TEST_F(PendingDeskTest, NobodyIsPolledForWhoHasWithdrawn) {
  Begin("{kind: pending, pending_for: 21600s}");
  for (int letter = 0; letter < 3; ++letter) platform_->Withdraw(letter);
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(AskedOfBank(), 1u) << "not asked again";
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_REVOKED));
  EXPECT_EQ(Chain().reports.size(), 1u);
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), IsEmpty()) << "nothing came";
}

TEST_F(PendingDeskTest, TheOthersArePolledForWhereOneHasWithdrawn) {
  Begin("{kind: pending, pending_for: 21600s}");
  platform_->Withdraw(1);
  platform_->AdvanceBy(absl::Hours(7));
  const auto asked = platform_->AskedOf(kBank);
  ASSERT_GE(asked.size(), 2u);
  EXPECT_EQ(asked[0].people_size(), 3);
  ASSERT_EQ(asked[1].people_size(), 2);
  EXPECT_EQ(asked[1].people(0).person_id(), "m1");
  EXPECT_EQ(asked[1].people(1).person_id(), "m3");
  const VerifyResult later = Current();
  EXPECT_EQ(KindOf(later, "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(KindOf(later, "m2"), base::AnswerKind::kPending) << "it was asked and has no answer";
  ExpectUndetermined(later);
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_ANSWERED,
                                  stored::v1::PendingEnd::HOW_REVOKED));
}

// The poll has left when the letters are withdrawn, and the answer comes a second later.
TEST_F(PendingDeskTest, WhatComesAfterAWithdrawalIsDestroyedAndInTheLog) {
  Begin("{kind: delay, delay: 1s}, {kind: pending, pending_for: 21600s}");
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  for (int letter = 0; letter < 3; ++letter) platform_->Withdraw(letter);
  platform_->AdvanceBy(absl::Hours(1));
  const auto dropped = platform_->EntriesOf<ledger::AnswerDroppedEntry>();
  ASSERT_THAT(dropped, SizeIs(1));
  EXPECT_EQ(dropped[0].verification, first_.verification_id);
  EXPECT_EQ(dropped[0].why, 1);
  EXPECT_EQ(Chain().reports.size(), 1u);
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_REVOKED));
  EXPECT_EQ(AskedOfBank(), 2u);
  ExpectNowhere("6217000000003171");
}

TEST_F(PendingDeskTest, OfSeveralOnlyWhoWithdrewMeanwhileIsLeftOut) {
  Begin("{kind: delay, delay: 1s}, {kind: pending, pending_for: 21600s}");
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->Withdraw(0);
  platform_->AdvanceBy(absl::Hours(1));
  ASSERT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), SizeIs(1));
  const VerifyResult later = Current();
  EXPECT_EQ(KindOf(later, "m1"), base::AnswerKind::kPending);
  EXPECT_EQ(KindOf(later, "m2"), base::AnswerKind::kConfirmedNone);
  EXPECT_EQ(KindOf(later, "m3"), base::AnswerKind::kConfirmedNone);
  ExpectUndetermined(later);
  EXPECT_FALSE(absl::StrContains(later.envelope, "6217000000003171"));
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_RENEWED,
                                  stored::v1::PendingEnd::HOW_ANSWERED));
  EXPECT_EQ(AskedOfBank(), 2u);
}

// The answer is there and its report is about to be made when the letters are withdrawn: nothing of
// it is in a report that comes after the withdrawal.
TEST_F(PendingDeskTest, WhatIsWithdrawnBetweenTheAnswerAndItsReportIsDestroyedAndInTheLog) {
  Begin("{kind: pending, pending_for: 21600s}");
  platform_->HoldCompute();
  platform_->RunUntil([&] { return polled_ == 1; });
  platform_->Settle();
  for (int letter = 0; letter < 3; ++letter) platform_->Withdraw(letter);
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), IsEmpty()) << "it is in hand";
  platform_->LetCompute();
  const auto dropped = platform_->EntriesOf<ledger::AnswerDroppedEntry>();
  ASSERT_THAT(dropped, SizeIs(1));
  EXPECT_EQ(dropped[0].verification, first_.verification_id);
  EXPECT_EQ(dropped[0].why, 1);
  EXPECT_EQ(Chain().reports.size(), 1u);
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_REVOKED));
  ExpectNowhere("6217000000003171");
  platform_->AdvanceBy(absl::Hours(100));
  EXPECT_EQ(AskedOfBank(), 2u);
}

TEST_F(PendingDeskTest, OfSeveralOnlyWhoWithdrewBeforeTheReportIsLeftOutOfIt) {
  Begin("{kind: pending, pending_for: 21600s}");
  platform_->HoldCompute();
  platform_->RunUntil([&] { return polled_ == 1; });
  platform_->Settle();
  platform_->Withdraw(0);
  platform_->LetCompute();
  ASSERT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), SizeIs(1));
  ASSERT_EQ(Chain().reports.size(), 2u);
  const VerifyResult later = Current();
  EXPECT_EQ(KindOf(later, "m1"), base::AnswerKind::kPending);
  EXPECT_EQ(KindOf(later, "m2"), base::AnswerKind::kConfirmedNone);
  EXPECT_EQ(KindOf(later, "m3"), base::AnswerKind::kConfirmedNone);
  ExpectUndetermined(later);
  ExpectNowhere("6217000000003171");
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_RENEWED,
                                  stored::v1::PendingEnd::HOW_ANSWERED));
  EXPECT_EQ(AskedOfBank(), 2u);
}

// A commit about the matter failed: whether anybody withdrew is not known, and nobody did.
TEST_F(PendingDeskTest, AMatterInDoubtWhileTheAnswerComesIsNotTakenForWithdrawn) {
  Begin("{kind: delay, delay: 1s}, {kind: pending, pending_for: 21600s}");
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->LoseTrustInMatter();
  platform_->AdvanceBy(absl::Seconds(2));
  ASSERT_EQ(polled_, 1);
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), IsEmpty());
  EXPECT_EQ(Open(), 1);
  EXPECT_EQ(Chain().reports.size(), 1u);
  platform_->AdvanceBy(absl::Hours(1));
  EXPECT_EQ(AskedOfBank(), 3u);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_ANSWERED));
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), IsEmpty());
}

// That there is no room for what came is no reason to ask the source again at once: it would be
// asked every second for as long as that lasts.
TEST_F(PendingDeskTest, WhatThereWasNoRoomForIsAskedForAgainAfterAPause) {
  Begin("{kind: pending, pending_for: 21600s}");
  base::ByteBudget& bytes = *platform_->rooms().bytes;
  std::optional<base::ByteBudget::Place> all;
  on_polled_ = [&] { all = bytes.TryTake("another", bytes.bytes_max() - bytes.used()); };
  platform_->RunUntil([&] { return polled_ == 1; });
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(AskedOfBank(), 2u);
  on_polled_ = nullptr;
  all.reset();
  platform_->AdvanceBy(kPollPauseLeast - absl::Seconds(1));
  EXPECT_EQ(AskedOfBank(), 2u);
  EXPECT_EQ(Open(), 1);
  platform_->AdvanceBy(absl::Hours(1));
  EXPECT_EQ(AskedOfBank(), 3u);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
}

TEST_F(PendingDeskTest, ARowThatCannotBeReadHoldsNoOtherPromiseBack) {
  Begin("{kind: pending, pending_for: 259200s}");
  base::Row damaged;
  for (const base::Row& row : platform_->RowsOf(first_.verification_id)) {
    if (row.kind == base::RowKind::kPending) damaged = row;
  }
  ASSERT_EQ(damaged.kind, base::RowKind::kPending);
  damaged.body = "no message";
  // One of the same day as the promise, and one of a day that is read before that.
  for (int days = 0; days < 2; ++days) {
    const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(platform_->clock().WallNow()));
    damaged.id = platform_->rooms().ids->NextId(now);
    damaged.at = now;
    damaged.keys = {PromiseKey(damaged.id), PromisesOfDayKey(base::CivilDayOf(now))};
    platform_->Commit({damaged});
    platform_->AdvanceBy(absl::Hours(24));
  }
  platform_->Expect("promise_not_read");
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(platform_->Told("promise_not_read"), 2);
  EXPECT_EQ(platform_->Told("promises_not_read"), 0) << "each alone, and never again";
  EXPECT_EQ(platform_->desk().held(), 1u);
  platform_->AdvanceBy(absl::Hours(30));
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(Open(), 0);
}

TEST_F(PendingDeskTest, AMatterClosedWhileTheAnswerComesDestroysIt) {
  Begin("{kind: delay, delay: 1s}, {kind: pending, pending_for: 21600s}");
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->CloseMatter();
  platform_->AdvanceBy(absl::Hours(1));
  ExpectDroppedForAClosedMatter();
}

TEST_F(PendingDeskTest, AMatterClosedBetweenTheAnswerAndItsReportDestroysIt) {
  Begin("{kind: pending, pending_for: 21600s}");
  platform_->HoldCompute();
  platform_->RunUntil([&] { return polled_ == 1; });
  platform_->Settle();
  platform_->CloseMatter();
  platform_->LetCompute();
  ExpectDroppedForAClosedMatter();
}

TEST_F(PendingDeskTest, WhatIsAnnulledIsFetchedNoMore) {
  Begin("{kind: pending, pending_for: 21600s}");
  platform_->Annul(first_.report_number);
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(AskedOfBank(), 1u);
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_REVOKED));
}

TEST_F(PendingDeskTest, WhatIsAnnulledWhileItComesIsDestroyedAndInTheLog) {
  Begin("{kind: delay, delay: 1s}, {kind: pending, pending_for: 21600s}");
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->Annul(first_.report_number);
  platform_->AdvanceBy(absl::Hours(1));
  const auto dropped = platform_->EntriesOf<ledger::AnswerDroppedEntry>();
  ASSERT_THAT(dropped, SizeIs(1));
  EXPECT_EQ(dropped[0].why, 2);
  EXPECT_EQ(Open(), 0);
  EXPECT_EQ(Chain().reports.size(), 1u);
}

TEST_F(PendingDeskTest, AClosedMatterEndsIt) {
  Begin("{kind: pending, pending_for: 21600s}");
  platform_->CloseMatter();
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(AskedOfBank(), 1u);
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_REVOKED));
}

TEST_F(PendingDeskTest, AnErasedMattersPromisesAreForgotten) {
  Begin("{kind: pending, pending_for: 21600s}");
  auto matter = platform_->rooms().matters->Load(kAgency, scenario_.letters.matter_number());
  ASSERT_TRUE(matter.ok());
  ASSERT_TRUE(platform_->EraseMatter((*matter)->Snapshot()->id).ok());
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(AskedOfBank(), 1u);
  EXPECT_EQ(platform_->desk().held(), 0u);
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(platform_->desk().held(), 0u);
}

// Whatever a department does about its promise, what has not come is not there.
class FailingBankTest : public PendingDeskTest,
                        public ::testing::WithParamInterface<const char*> {};

TEST_P(FailingBankTest, LosesNoPromiseAndNothingIsTakenForNone) {
  // The query gets a promise; of the calls after it, the first few fail.
  Begin(absl::StrCat("{kind: pending, pending_for: 3600s, first_calls: 1}, {kind: ", GetParam(),
                     ", first_calls: 4}"));
  platform_->AdvanceBy(absl::Hours(1) + absl::Seconds(5));
  EXPECT_EQ(Open(), 1);
  ASSERT_EQ(Chain().reports.size(), 1u);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kPending);
  platform_->AdvanceBy(absl::Hours(12));
  EXPECT_EQ(Open(), 0);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(Chain().reports.size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Faults, FailingBankTest,
                         ::testing::Values("unavailable", "silent", "source_error", "garbage",
                                           "empty", "deny", "reject_warrant", "malformed",
                                           "overloaded"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_F(PendingDeskTest, APromiseThatIsNeverKeptIsNotWaitedForForEver) {
  // Not in two months.
  Begin("{kind: pending, pending_for: 5184000s}");
  platform_->AdvanceBy(absl::Hours(2));
  EXPECT_EQ(Open(), 1);
  // The weeks between are like these hours.
  platform_->clock().SetWall(platform_->clock().WallNow() + kPromiseKeptFor - absl::Hours(5));
  platform_->AdvanceBy(absl::Hours(1));
  EXPECT_EQ(Open(), 1);
  EXPECT_EQ(Chain().reports.size(), 1u);
  platform_->AdvanceBy(absl::Hours(4));
  EXPECT_EQ(AskedOfBank(), 1u);
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_EXPIRED));
  ASSERT_EQ(Chain().reports.size(), 2u);
  const VerifyResult later = Current();
  EXPECT_EQ(KindOf(later, "m1"), base::AnswerKind::kUnavailable);
  EXPECT_EQ(ReasonOf(later, "m1"), base::Reason::kLate);
  ExpectUndetermined(later);
  EXPECT_EQ(platform_->desk().held(), 0u);
}

TEST_F(PendingDeskTest, ALostTokenIsSaidToBeNoAnswer) {
  Begin("{kind: pending, pending_for: 21600s}");
  // Another department, which never gave that token.
  Scenario::Replace(&scenario_.simulation_yaml, "\nseed: ", "\nseed: 9");
  platform_->Restart();
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_LOST));
  const VerifyResult later = Current();
  EXPECT_EQ(KindOf(later, "m1"), base::AnswerKind::kUnavailable);
  EXPECT_EQ(ReasonOf(later, "m1"), base::Reason::kSourceError);
  ExpectUndetermined(later);
}

// Promises that are all overdue when the platform starts; the bank takes a second for each poll.
class ManyPromisesTest : public PendingDeskTest {
 protected:
  void BeginWithTwo(const PollLimits& limits) {
    limits_ = limits;
    Scenario::AddToSource(&scenario_.simulation_yaml, kTax,
                          "faults: [{kind: pending, pending_for: 3600s}]");
    Begin("{kind: delay, delay: 1s}, {kind: pending, pending_for: 3600s}", /*promises=*/2);
    second_ = VerifyAnother();
    ASSERT_EQ(CountOpenPromises(*platform_->rooms().pages, second_.verification_id).value_or(-1),
              2);
    ASSERT_EQ(AskedOfBank(), 2u);
    ASSERT_EQ(AskedOfTax(), 2u);
    platform_->clock().SetWall(platform_->clock().WallNow() + absl::Hours(2));
    platform_->Restart();
    platform_->Settle();
  }
  size_t AskedOfTax() const { return platform_->AskedOf(kTax).size(); }
  void ExpectNothingLeft() {
    EXPECT_EQ(Open(), 0);
    EXPECT_EQ(CountOpenPromises(*platform_->rooms().pages, second_.verification_id).value_or(-1),
              0);
    EXPECT_EQ(platform_->desk().held(), 0u);
    EXPECT_EQ(AskedOfBank(), 4u);
    EXPECT_EQ(AskedOfTax(), 4u);
  }

  static constexpr char kTax[] = "nx-tax";
  VerifyResult second_;
};

TEST_F(ManyPromisesTest, ASlowSourceDoesNotHoldUpTheOthers) {
  BeginWithTwo({.at_once_max = 2, .of_source_max = 1});
  EXPECT_EQ(AskedOfBank(), 3u) << "one of two, that is not answered yet";
  EXPECT_EQ(AskedOfTax(), 4u) << "both";
  platform_->AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(AskedOfBank(), 4u);
  platform_->AdvanceBy(absl::Seconds(1));
  ExpectNothingLeft();
}

TEST_F(ManyPromisesTest, NoMoreThanMayBeArePolledForAtOnce) {
  BeginWithTwo({.at_once_max = 1});
  for (int answered = 0; answered < 2; ++answered) {
    EXPECT_EQ(AskedOfBank(), 3u + answered) << "the bank has answered one after another";
    platform_->AdvanceBy(absl::Seconds(1));
  }
  ExpectNothingLeft();
}

TEST_F(PendingDeskTest, WhatThereIsNoRoomToHoldIsTakenUpWhenThereIs) {
  limits_.held_max = 1;
  Begin("{kind: pending, pending_for: 3600s}");
  const VerifyResult second = VerifyAnother();
  const auto open_of_second = [&] {
    return CountOpenPromises(*platform_->rooms().pages, second.verification_id).value_or(-1);
  };
  ASSERT_EQ(open_of_second(), 1);
  platform_->Settle();
  EXPECT_EQ(platform_->desk().held(), 1u);
  EXPECT_EQ(platform_->Told("promises_not_held"), 1);
  platform_->AdvanceBy(absl::Minutes(59));
  EXPECT_EQ(platform_->desk().held(), 1u);
  EXPECT_EQ(AskedOfBank(), 2u);
  platform_->AdvanceBy(absl::Minutes(2));
  EXPECT_EQ(Open(), 0);
  EXPECT_EQ(open_of_second(), 0);
  EXPECT_EQ(AskedOfBank(), 4u);
  EXPECT_EQ(platform_->desk().held(), 0u);
}

TEST_F(PendingDeskTest, WhatAStartHasNoRoomToHoldIsTakenUpWhenThereIs) {
  Begin("{kind: pending, pending_for: 21600s}");
  for (int more = 0; more < 4; ++more) VerifyAnother();
  ASSERT_EQ(AskedOfBank(), 5u);
  limits_.held_max = 2;
  platform_->SetLimits(limits_);
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(platform_->desk().held(), 2u);
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(AskedOfBank(), 10u) << "each once";
  EXPECT_EQ(platform_->desk().held(), 0u);
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(platform_->desk().held(), 0u);
}

TEST_F(PendingDeskTest, ASetClockChangesWhenAndNotWhether) {
  Begin("{kind: pending, pending_for: 604800s}");
  platform_->AdvanceBy(absl::Hours(2));
  // Somebody sets it a week ahead: noticed within the hour.
  platform_->clock().SetWall(platform_->clock().WallNow() + absl::Hours(24 * 7));
  platform_->AdvanceBy(absl::Hours(1));
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
}

TEST_F(PendingDeskTest, TellsHowManyAreWaitedForAndShowsWhatComesToWhoWatches) {
  Begin("{kind: pending, pending_for: 21600s}");
  EXPECT_EQ(platform_->Get()->pending, 1);
  std::vector<SourceOutcomeView> outcomes;
  std::vector<std::string> reports;
  std::optional<absl::Status> settled;
  const auto present = std::make_shared<int>();
  platform_->verifier().WatchUntilSettled(
      &platform_->loop(), kAgency, "XQ-0107", platform_->request_id(),
      [&](SourceOutcomeView view) { outcomes.push_back(std::move(view)); },
      [&](VerifyResult result) { reports.push_back(result.report_number); }, present,
      [&](const absl::Status& status) { settled = status; });
  platform_->Settle();
  EXPECT_THAT(reports, ElementsAre(first_.report_number));
  EXPECT_THAT(outcomes, IsEmpty());
  EXPECT_FALSE(settled.has_value());
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_THAT(reports, ElementsAre(first_.report_number, Current().report_number));
  ASSERT_THAT(outcomes, SizeIs(3)) << "those that came, and they alone";
  for (const SourceOutcomeView& outcome : outcomes) EXPECT_EQ(outcome.source_id, kBank);
  ASSERT_TRUE(settled.has_value());
  EXPECT_TRUE(settled->ok()) << *settled;
  EXPECT_EQ(platform_->Get()->pending, 0);
  EXPECT_EQ(platform_->desk().followers(), 0u) << "nothing is held for who has been answered";
  EXPECT_THAT(platform_->EntriesOf<ledger::AccessEntry>(), SizeIs(2)) << "both readings";
}

// Whoever watches what will never be more than it is.
class WatchedPromiseTest : public PendingDeskTest {
 protected:
  void Watch() {
    platform_->verifier().WatchUntilSettled(
        &platform_->loop(), kAgency, "XQ-0107", platform_->request_id(), [](SourceOutcomeView) {},
        [](VerifyResult) {}, present_, [&](const absl::Status& status) { settled_ = status; });
    platform_->Settle();
    ASSERT_FALSE(settled_.has_value());
  }
  void Erase() {
    auto matter = platform_->rooms().matters->Load(kAgency, scenario_.letters.matter_number());
    ASSERT_TRUE(matter.ok());
    ASSERT_TRUE(platform_->EraseMatter((*matter)->Snapshot()->id).ok());
  }
  void ExpectToldThatThereIsNothing() {
    ASSERT_TRUE(settled_.has_value()) << "nobody was told";
    EXPECT_TRUE(absl::IsNotFound(*settled_)) << *settled_;
    EXPECT_EQ(base::ReasonOf(*settled_), "REPORT_UNKNOWN");
    EXPECT_EQ(platform_->desk().followers(), 0u);
    EXPECT_EQ(platform_->desk().held(), 0u);
  }

  const std::shared_ptr<int> present_ = std::make_shared<int>();
  std::optional<absl::Status> settled_;
};

TEST_F(WatchedPromiseTest, ThatItsMatterWasErasedIsTold) {
  Begin("{kind: pending, pending_for: 21600s}");
  ASSERT_NO_FATAL_FAILURE(Watch());
  ASSERT_NO_FATAL_FAILURE(Erase());
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(AskedOfBank(), 1u);
  ExpectToldThatThereIsNothing();
}

TEST_F(WatchedPromiseTest, ThatItsMatterWasErasedWhileTheAnswerCameIsTold) {
  Begin("{kind: delay, delay: 1s}, {kind: pending, pending_for: 21600s}");
  ASSERT_NO_FATAL_FAILURE(Watch());
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  ASSERT_NO_FATAL_FAILURE(Erase());
  platform_->AdvanceBy(absl::Seconds(2));
  EXPECT_EQ(polled_, 1);
  ExpectToldThatThereIsNothing();
  EXPECT_EQ(platform_->EntriesOf<ledger::AnswerDroppedEntry>().size(), 1u);
}

TEST_F(WatchedPromiseTest, ThatItsMatterWasErasedBeforeTheReportOfItIsTold) {
  Begin("{kind: pending, pending_for: 21600s}");
  ASSERT_NO_FATAL_FAILURE(Watch());
  platform_->HoldCompute();
  platform_->RunUntil([&] { return polled_ == 1; });
  platform_->Settle();
  ASSERT_NO_FATAL_FAILURE(Erase());
  platform_->LetCompute();
  ExpectToldThatThereIsNothing();
  const auto dropped = platform_->EntriesOf<ledger::AnswerDroppedEntry>();
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].verification, first_.verification_id);
  EXPECT_EQ(dropped[0].why, 1);
}

TEST_F(WatchedPromiseTest, ThatItsMatterWasClosedIsTold) {
  Begin("{kind: pending, pending_for: 21600s}");
  ASSERT_NO_FATAL_FAILURE(Watch());
  platform_->CloseMatter();
  platform_->AdvanceBy(absl::Hours(7));
  ASSERT_TRUE(settled_.has_value());
  EXPECT_TRUE(settled_->ok()) << *settled_;
  EXPECT_EQ(platform_->desk().followers(), 0u);
}

TEST_F(PendingDeskTest, WhoWatchesIsToldThatThePlatformStops) {
  Begin("{kind: pending, pending_for: 21600s}");
  std::optional<absl::Status> settled;
  const auto present = std::make_shared<int>();
  platform_->verifier().WatchUntilSettled(
      &platform_->loop(), kAgency, "XQ-0107", platform_->request_id(), [](SourceOutcomeView) {},
      [](VerifyResult) {}, present, [&](const absl::Status& status) { settled = status; });
  platform_->Settle();
  platform_->desk().Stop();
  platform_->Settle();
  ASSERT_TRUE(settled.has_value());
  EXPECT_EQ(base::ReasonOf(*settled), "DRAINING");
}

}  // namespace
}  // namespace hedui::testing
