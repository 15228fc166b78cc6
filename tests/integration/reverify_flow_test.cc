// A recalled source asked anew, on a clock that the test moves: withdrawals between its answer and
// the report, and answers that it promises.
#include "server/reverify_flow.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The household's, as the bank has it.
constexpr char kAccount[] = "6217000000003171";

class ReverifyFlowTest : public PendingFixture {
 protected:
  ReverifyFlowTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    platform_.emplace(&scenario_);
    platform_->Register();
    auto first = platform_->Verify();
    EXPECT_TRUE(first.ok()) << first.status();
    if (first.ok()) first_ = *std::move(first);
    EXPECT_EQ(KindOf(first_, "m1"), base::AnswerKind::kFound);
    EXPECT_TRUE(absl::StrContains(first_.envelope, kAccount));
    platform_->AdvanceBy(absl::Minutes(1));
  }

  void Recall() {
    const absl::Time now = platform_->clock().WallNow();
    const RecallSpan span{kBank, now - absl::Hours(1), now, now};
    end_.reset();
    flow_ = BeginReverify(&platform_->rooms(), &platform_->loop(), span, kAgency,
                          Chain().current().report_id,
                          [this](absl::StatusOr<ReverifyEnd> end) { end_ = std::move(end); });
  }
  void ExpectVerified() {
    ASSERT_TRUE(end_.has_value() && end_->ok());
    EXPECT_EQ(**end_, ReverifyEnd::kVerified);
    ASSERT_EQ(Chain().reports.size(), 2u);
    EXPECT_EQ(Chain().current().superseding_reason, "SOURCE_RECALLED");
    EXPECT_EQ(CheckOffline(scenario_, Current().envelope).verdict, report::Verdict::kValid);
  }
  // From now on the bank only promises.
  void LetTheBankPromise(const std::string& pending_for) {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: []",
                      absl::StrCat("faults: [{kind: pending, pending_for: ", pending_for, "}]"));
    platform_->Restart();
  }
  // Once, what was asked for under the recall's intent.
  void ExpectDropped(int why) {
    const auto dropped = platform_->EntriesOf<ledger::AnswerDroppedEntry>();
    ASSERT_EQ(dropped.size(), 1u);
    EXPECT_EQ(dropped[0].verification, first_.verification_id);
    EXPECT_EQ(dropped[0].promise, platform_->EntriesOf<ledger::IntentEntry>().back().intent);
    EXPECT_EQ(dropped[0].why, why);
  }
  bool UsesTheBank() {
    stored::v1::Result stored;
    EXPECT_TRUE(stored.ParseFromString(Chain().current().row.body));
    return std::any_of(stored.used().begin(), stored.used().end(),
                       [](const auto& use) { return use.source_id() == kBank; });
  }

  std::shared_ptr<ReverifyFlow> flow_;
  std::optional<absl::StatusOr<ReverifyEnd>> end_;
};

TEST_F(ReverifyFlowTest, WhatIsWithdrawnBetweenTheAnswerAndItsReportIsInNoReport) {
  platform_->HoldCompute();
  Recall();
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->AdvanceBy(absl::Seconds(1));
  ASSERT_FALSE(end_.has_value()) << "its report is about to be made";
  platform_->Withdraw(0);
  platform_->LetCompute();
  ExpectVerified();
  const VerifyResult now = Current();
  EXPECT_EQ(KindOf(now, "m1"), base::AnswerKind::kUnavailable);
  EXPECT_EQ(ReasonOf(now, "m1"), base::Reason::kNoAuthorization);
  EXPECT_EQ(KindOf(now, "m2"), base::AnswerKind::kConfirmedNone) << "who has not is not left out";
  ExpectUndetermined(now);
  EXPECT_FALSE(absl::StrContains(now.envelope, kAccount));
  EXPECT_FALSE(absl::StrContains(Chain().current().row.body, kAccount));
  ExpectDropped(1);
}

TEST_F(ReverifyFlowTest, WhatCameBeforeItsMatterWasClosedIsDestroyedAndInTheLog) {
  platform_->HoldCompute();
  Recall();
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->AdvanceBy(absl::Seconds(1));
  platform_->CloseMatter();
  platform_->LetCompute();
  ASSERT_TRUE(end_.has_value() && end_->ok());
  EXPECT_EQ(**end_, ReverifyEnd::kMatterClosed);
  EXPECT_EQ(Chain().reports.size(), 1u);
  ExpectDropped(1);
}

TEST_F(ReverifyFlowTest, WhatIsAnnulledWhileItIsAskedForIsDestroyedAndInTheLog) {
  Scenario::Replace(&scenario_.simulation_yaml, "faults: []", "faults: [{kind: delay, delay: 1s}]");
  platform_->Restart();
  Recall();
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->Annul(first_.report_number);
  platform_->AdvanceBy(absl::Seconds(2));
  ASSERT_TRUE(end_.has_value() && end_->ok());
  EXPECT_EQ(**end_, ReverifyEnd::kAnnulled);
  ExpectDropped(2);
}

TEST_F(ReverifyFlowTest, WhereAllWithdrewNothingOfTheSourceIsUsed) {
  platform_->HoldCompute();
  Recall();
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->AdvanceBy(absl::Seconds(1));
  for (int letter = 0; letter < 3; ++letter) platform_->Withdraw(letter);
  platform_->LetCompute();
  ExpectVerified();
  for (const char* const person : {"m1", "m2", "m3"}) {
    EXPECT_EQ(ReasonOf(Current(), person), base::Reason::kNoAuthorization) << person;
  }
  ExpectUndetermined(Current());
  EXPECT_FALSE(UsesTheBank()) << "another recall has nothing to do";
}

TEST_F(ReverifyFlowTest, WithoutAWithdrawalTheNewAnswerIsUsed) {
  Recall();
  platform_->AdvanceBy(absl::Seconds(1));
  ExpectVerified();
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_TRUE(UsesTheBank());
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), IsEmpty());
}

TEST_F(ReverifyFlowTest, WhatTheSourcePromisesIsFetched) {
  LetTheBankPromise("21600s");
  Recall();
  platform_->AdvanceBy(absl::Seconds(1));
  ExpectVerified();
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kPending);
  EXPECT_FALSE(absl::StrContains(Current().envelope, kAccount));
  ExpectUndetermined(Current());
  EXPECT_EQ(Open(), 1);
  EXPECT_EQ(platform_->Get()->pending, 1);
  EXPECT_EQ(platform_->desk().held(), 1u);

  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(AskedOfBank(), 3u);
  ASSERT_EQ(Chain().reports.size(), 3u);
  EXPECT_EQ(Chain().current().superseding_reason, "LATE_ANSWER");
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(KindOf(Current(), "m2"), base::AnswerKind::kConfirmedNone);
  EXPECT_TRUE(UsesTheBank()) << "to be found when it is recalled again";
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_ANSWERED));
  EXPECT_EQ(Open(), 0);
  EXPECT_EQ(CheckOffline(scenario_, Current().envelope).verdict, report::Verdict::kValid);
}

TEST_F(ReverifyFlowTest, WhatTheSourcePromisesIsFetchedAfterARestartAndDaysLater) {
  LetTheBankPromise("172800s");
  Recall();
  platform_->AdvanceBy(absl::Seconds(1));
  ExpectVerified();
  flow_.reset();
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(platform_->desk().held(), 1u);
  // Past the intent's time: another one is committed, and shown to the bank.
  platform_->AdvanceBy(absl::Hours(49));
  EXPECT_EQ(AskedOfBank(), 3u);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(Open(), 0);
}

TEST_F(ReverifyFlowTest, WhoWithdrewBeforeTheReportIsPromisedNothing) {
  LetTheBankPromise("21600s");
  platform_->HoldCompute();
  Recall();
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->AdvanceBy(absl::Seconds(1));
  platform_->Withdraw(0);
  platform_->LetCompute();
  ExpectVerified();
  EXPECT_EQ(ReasonOf(Current(), "m1"), base::Reason::kNoAuthorization);
  EXPECT_EQ(KindOf(Current(), "m2"), base::AnswerKind::kPending);
  platform_->AdvanceBy(absl::Hours(7));
  const auto asked = platform_->AskedOf(kBank);
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_EQ(asked[2].people_size(), 2);
  EXPECT_EQ(ReasonOf(Current(), "m1"), base::Reason::kNoAuthorization);
  EXPECT_EQ(KindOf(Current(), "m2"), base::AnswerKind::kConfirmedNone);
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), IsEmpty());
}

}  // namespace
}  // namespace hedui::testing
