// A recalled source asked anew, on a clock that the test moves: withdrawals between its answer and
// the report, answers that it promises, and what there is no room for.
#include "server/reverify_flow.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/access/matter_book.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

size_t CountOfOutcomes(const std::string& envelope) {
  size_t outcomes = 0;
  for (const report::v1::Line& line : LinesOf(envelope)) {
    outcomes += line.kind() == report::v1::LINE_KIND_OUTCOME ? 1 : 0;
  }
  return outcomes;
}

// The household's, as the bank has it.
constexpr char kAccount[] = "6217000000003171";

// Runs once when its wall time is asked for, on the loop or beside it.
class HookedClock final : public base::Clock {
 public:
  HookedClock(const base::Clock* clock, const runtime::EventLoop* loop, bool in_loop,
              std::function<void()> hook)
      : clock_(clock), loop_(loop), in_loop_(in_loop), hook_(std::move(hook)) {}

  absl::Time WallNow() const override {
    if (loop_->InLoop() == in_loop_ && !run_.exchange(true)) hook_();
    return clock_->WallNow();
  }
  absl::Duration SteadyNow() const override { return clock_->SteadyNow(); }

 private:
  const base::Clock* const clock_;
  const runtime::EventLoop* const loop_;
  const bool in_loop_;
  const std::function<void()> hook_;
  mutable std::atomic<bool> run_{false};
};

class ReverifyFlowTest : public PendingFixture {
 protected:
  ReverifyFlowTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    Start();
  }

  void Start() {
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
    const base::Uuid report_id = Chain().current().report_id;
    flow_ = BeginReverify(&platform_->rooms(), &platform_->loop(), span, kAgency, report_id,
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
  void Erase() {
    auto matter = platform_->rooms().matters->Load(kAgency, scenario_.letters.matter_number());
    ASSERT_TRUE(matter.ok());
    ASSERT_TRUE(platform_->EraseMatter((*matter)->Snapshot()->id).ok());
  }
  // From now on it is not known who may be asked about: a commit about the matter has ended in
  // doubt.
  void PutInDoubt() {
    access::MatterBook& matters = *platform_->rooms().matters;
    const std::string number = scenario_.letters.matter_number();
    absl::StatusOr<access::MatterBook::Reservation> reservation;
    matters.Reserve(kAgency, access::MatterBook::KeysOf(kAgency, number),
                    [&reservation](absl::StatusOr<access::MatterBook::Reservation> got) {
                      reservation = std::move(got);
                    });
    ASSERT_TRUE(reservation.ok()) << reservation.status();
    const std::shared_ptr<const hedui::Setup> setup = platform_->rooms().setup();
    auto change = matters.PrepareClose(*setup->reg.FindAgency(kAgency), {number, "XQ-0107"},
                                       *std::move(reservation));
    ASSERT_TRUE(change.ok()) << change.status();
    matters.CommitFailed(*std::move(change));
  }
  // When the recall next looks at the clock, on the loop or beside it.
  void RecallAndPutInDoubt(bool in_loop) {
    const HookedClock clock(&platform_->clock(), &platform_->loop(), in_loop,
                            [this] { PutInDoubt(); });
    const base::Clock* const usual = std::exchange(platform_->rooms().clock, &clock);
    Recall();
    platform_->Settle();
    platform_->rooms().clock = usual;
  }
  // Nothing has been reported, and it is tried again.
  void ExpectNotYet(const std::string& reason) {
    ASSERT_TRUE(end_.has_value());
    ASSERT_FALSE(end_->ok()) << "as " << static_cast<int>(**end_);
    EXPECT_EQ(base::ReasonOf(end_->status()), reason) << end_->status();
    EXPECT_EQ(Chain().reports.size(), 1u);
    EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
    Recall();
    platform_->AdvanceBy(absl::Seconds(1));
    ExpectVerified();
    EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
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

TEST_F(ReverifyFlowTest, AMatterErasedWhileItIsAskedIsNoFailureAndWhatCameIsInTheLog) {
  Scenario::Replace(&scenario_.simulation_yaml, "faults: []", "faults: [{kind: delay, delay: 1s}]");
  platform_->Restart();
  Recall();
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  ASSERT_NO_FATAL_FAILURE(Erase());
  platform_->AdvanceBy(absl::Seconds(2));
  ASSERT_TRUE(end_.has_value() && end_->ok());
  EXPECT_EQ(**end_, ReverifyEnd::kMatterClosed);
  ExpectDropped(1);
}

TEST_F(ReverifyFlowTest, AMatterErasedBeforeTheReportIsNoFailureAndWhatCameIsInTheLog) {
  platform_->HoldCompute();
  Recall();
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->AdvanceBy(absl::Seconds(1));
  ASSERT_NO_FATAL_FAILURE(Erase());
  platform_->LetCompute();
  ASSERT_TRUE(end_.has_value() && end_->ok());
  EXPECT_EQ(**end_, ReverifyEnd::kMatterClosed);
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

// Nobody has withdrawn where it is not known at present whether somebody has.
TEST_F(ReverifyFlowTest, AMatterInDoubtBeforeTheReportIsNoWithdrawal) {
  platform_->HoldCompute();
  Recall();
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->AdvanceBy(absl::Seconds(1));
  PutInDoubt();
  platform_->LetCompute();
  ExpectNotYet("CHAIN_CHANGED");
}

TEST_F(ReverifyFlowTest, AMatterInDoubtBeforeItIsAskedIsNoWithdrawal) {
  RecallAndPutInDoubt(/*in_loop=*/true);
  EXPECT_EQ(AskedOfBank(), 1u) << "nobody is asked about whom it is not known";
  ExpectNotYet("CHAIN_CHANGED");
}

TEST_F(ReverifyFlowTest, AMatterInDoubtWhileItIsAuthorizedIsNoRefusal) {
  RecallAndPutInDoubt(/*in_loop=*/false);
  EXPECT_EQ(AskedOfBank(), 1u);
  ExpectNotYet("MATTER_IN_DOUBT");
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

TEST_F(ReverifyFlowTest, WhatTheMemoryBudgetCannotHoldIsNotUsedAndTheReportSaysSo) {
  // From now on the bank has much more to say.
  std::string records;
  for (int i = 0; i < 2'000; ++i) {
    absl::StrAppend(&records, "          - {kind: deposit, fields: [{name: account, text: \"", i,
                    "\"}, {name: amount, money_fen: 1}]}\n");
  }
  const std::string head = "        category: deposit\n        records:\n";
  Scenario::Replace(&scenario_.simulation_yaml, head, absl::StrCat(head, records));
  platform_->Restart();
  base::ByteBudget& budget = *platform_->rooms().bytes;
  const size_t chain = Chain().bytes.bytes();
  // Room for one that asks and makes a report, not for what it is told.
  auto others = budget.TryTake("others", budget.bytes_max() - budget.used() - kFlowBytes - chain);
  ASSERT_TRUE(others.has_value());
  const size_t before = budget.used();
  Recall();
  platform_->AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(budget.used(), before) << "what was held is given back";
  others = base::ByteBudget::Place();
  ExpectVerified();
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kUnavailable);
  EXPECT_EQ(ReasonOf(Current(), "m1"), base::Reason::kOversized);
  EXPECT_EQ(KindOf(Current(), "m2"), base::AnswerKind::kConfirmedNone) << "takes no room";
  ExpectUndetermined(Current());
  EXPECT_FALSE(absl::StrContains(Chain().current().row.body, kAccount));
  EXPECT_EQ(AskedOfBank(), 2u) << "not once more for want of room";
}

TEST_F(ReverifyFlowTest, WhatItHoldsOfTheAnswersIsCountedUntilTheReportIsMade) {
  const base::ByteBudget& budget = *platform_->rooms().bytes;
  const size_t before = budget.used();
  ReportChain chain = Chain();
  chain.KeepCurrentRow();
  const size_t held_beside = kFlowBytes + chain.bytes.bytes();
  chain.bytes = base::ByteBudget::Place();
  platform_->HoldCompute();
  Recall();
  platform_->RunUntil([&] { return AskedOfBank() == 2; });
  platform_->AdvanceBy(absl::Seconds(1));
  EXPECT_GT(budget.used(), before + held_beside);
  platform_->LetCompute();
  ExpectVerified();
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(budget.used(), before);
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

// The source is in the catalogue still, and takes other documents only.
TEST_F(ReverifyFlowTest, WhomItCannotBeAskedAboutAnyMoreIsSaidWithTheReasonOfAVerification) {
  Scenario::AddToSource(&scenario_.catalogue_yaml, kBank, "identity_kinds: [passport]");
  platform_->Restart();
  Recall();
  platform_->AdvanceBy(absl::Seconds(1));
  ExpectVerified();
  EXPECT_EQ(AskedOfBank(), 1u);
  for (const char* const person : {"m1", "m2", "m3"}) {
    EXPECT_EQ(KindOf(Current(), person), base::AnswerKind::kNotAsked) << person;
    EXPECT_EQ(ReasonOf(Current(), person), base::Reason::kUnknownPerson) << person;
  }
  EXPECT_FALSE(absl::StrContains(Chain().current().row.body, kAccount));
}

// The register of deaths has the father, and was asked together with the bank. When the bank is
// asked anew that is known.
class ReverifyDeceasedTest : public ReverifyFlowTest {
 protected:
  ReverifyDeceasedTest() {
    const std::string father =
        "  - identity: {kind: resident_id, number: \"640104197905123171\", name: 马志远}\n"
        "    holdings:\n";
    Scenario::Replace(&scenario_.simulation_yaml, father,
                      absl::StrCat(father,
                                   "      - source: mca-centre\n"
                                   "        category: death\n"
                                   "        records:\n"
                                   "          - kind: death\n"
                                   "            fields:\n"
                                   "              - {name: day, day: \"2024-12-20\"}\n"));
    scenario_.household.mutable_header()->set_request_id("7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d12");
    platform_->Restart();
  }
};

TEST_F(ReverifyDeceasedTest, WhoIsDeadIsNotAskedAboutAndTheReportSaysThatThisIsWhy) {
  first_ = *platform_->Verify();
  ASSERT_EQ(KindOf(first_, "m1"), base::AnswerKind::kFound) << "asked in the same wave";
  const size_t asked = AskedOfBank();
  platform_->AdvanceBy(absl::Minutes(1));
  Recall();
  platform_->AdvanceBy(absl::Seconds(1));
  ExpectVerified();
  ASSERT_EQ(AskedOfBank(), asked + 1);
  EXPECT_EQ(platform_->AskedOf(kBank).back().people_size(), 2);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kNotAsked);
  EXPECT_EQ(ReasonOf(Current(), "m1"), base::Reason::kDeceased);
  EXPECT_EQ(KindOf(Current(), "m2"), base::AnswerKind::kConfirmedNone);
  std::vector<std::string> told;
  for (const report::v1::Line& line : LinesOf(Current().envelope)) {
    if (line.kind() != report::v1::LINE_KIND_OUTCOME || line.person_id() != "m1" ||
        line.outcome().source_id() != kBank) {
      continue;
    }
    told.push_back(absl::StrCat(line.outcome().kind(), "/", line.outcome().reason()));
  }
  EXPECT_THAT(told, ElementsAre("NOT_ASKED/DECEASED"));
  EXPECT_FALSE(absl::StrContains(Chain().current().row.body, kAccount));
}

// What another wave does not ask of who is dead is said as in a verification made today.
TEST_F(ReverifyDeceasedTest, TheReportSaysWhatAVerificationMadeNowSays) {
  first_ = *platform_->Verify();
  ASSERT_EQ(KindOf(first_, "m1"), base::AnswerKind::kFound);
  platform_->AdvanceBy(absl::Minutes(1));
  Scenario::AddToSource(&scenario_.catalogue_yaml, kBank, "wave: 2");
  platform_->Restart();
  Recall();
  platform_->AdvanceBy(absl::Seconds(1));
  ExpectVerified();
  const VerifyResult anew = Current();
  scenario_.household.mutable_header()->set_request_id("7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d13");
  const VerifyResult fresh = *platform_->Verify();
  for (const char* const person : {"m1", "m2", "m3"}) {
    EXPECT_EQ(KindOf(anew, person), KindOf(fresh, person)) << person;
    EXPECT_EQ(ReasonOf(anew, person), ReasonOf(fresh, person)) << person;
  }
  EXPECT_EQ(ReasonOf(fresh, "m1"), base::Reason::kDeceased);
  EXPECT_EQ(CountOfOutcomes(anew.envelope), CountOfOutcomes(fresh.envelope));
}

}  // namespace
}  // namespace hedui::testing
