// What polls take of a source, what is counted of its replies to them and to recalls, and what
// becomes of its promises while it is held.
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/gather/source_state.h"
#include "server/reverify_flow.h"
#include "server/source_quality.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

using base::AnswerKind;
using base::Reason;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class PollSourceTest : public PendingFixture {
 protected:
  // How the bank has answered so far, about one household of this division.
  std::vector<AnswerCount> Counted() {
    const QualityView view = platform_->rooms().source_quality->Read(kBank, "", 24);
    EXPECT_EQ(view.divisions.size(), 1u);
    if (view.divisions.size() != 1) return {};
    EXPECT_EQ(view.divisions[0].division, scenario_.household.division());
    return view.divisions[0].answers;
  }
};

// Nobody waits for a poll as for a verification.
TEST_F(PollSourceTest, WherePollsTakeItsPlacesWhoIsWaitedForStillGetsOne) {
  Scenario::Replace(&scenario_.catalogue_yaml, "    deadline: 2s\n",
                    "    deadline: 2s\n    concurrency: 4\n    interactive_percent: 50\n");
  Begin("{kind: delay, delay: 1s}, {kind: pending, pending_for: 3600s}");
  for (int more = 0; more < 3; ++more) VerifyAnother();
  ASSERT_EQ(AskedOfBank(), 4u);
  platform_->clock().SetWall(platform_->clock().WallNow() + absl::Hours(2));
  platform_->Restart();
  platform_->Settle();
  EXPECT_EQ(AskedOfBank(), 6u) << "two polls, and as many in line";
  const absl::Duration begun = platform_->clock().SteadyNow();
  EXPECT_EQ(KindOf(VerifyAnother(), "m1"), AnswerKind::kPending);
  EXPECT_EQ(platform_->clock().SteadyNow() - begun, absl::Seconds(1)) << "it was asked at once";
  platform_->AdvanceBy(absl::Seconds(3));
  EXPECT_EQ(Open(), 0) << "the polls go on";
}

TEST_F(PollSourceTest, RepliesToPollsAreCounted) {
  Begin("{kind: pending, pending_for: 21600s}");
  EXPECT_THAT(Counted(), ElementsAre(AnswerCount{AnswerKind::kPending, Reason::kNone, 3}));
  platform_->AdvanceBy(absl::Hours(7));
  ASSERT_EQ(KindOf(Current(), "m1"), AnswerKind::kFound);
  EXPECT_THAT(Counted(),
              UnorderedElementsAre(AnswerCount{AnswerKind::kPending, Reason::kNone, 3},
                                   AnswerCount{AnswerKind::kFound, Reason::kNone, 1},
                                   AnswerCount{AnswerKind::kConfirmedNone, Reason::kNone, 2}));
}

TEST_F(PollSourceTest, RepliesToRecallsAreCounted) {
  Begin("{kind: pending, pending_for: 21600s}");
  platform_->AdvanceBy(absl::Hours(7));
  const absl::Time now = platform_->clock().WallNow();
  std::optional<absl::StatusOr<ReverifyEnd>> end;
  const auto flow = BeginReverify(
      &platform_->rooms(), &platform_->loop(), {kBank, now - absl::Hours(2), now, now}, kAgency,
      Chain().current().report_id, [&end](absl::StatusOr<ReverifyEnd> done) { end = done; });
  platform_->AdvanceBy(absl::Seconds(1));
  ASSERT_TRUE(end.has_value() && end->ok());
  ASSERT_EQ(AskedOfBank(), 3u);
  EXPECT_THAT(Counted(),
              UnorderedElementsAre(AnswerCount{AnswerKind::kPending, Reason::kNone, 6},
                                   AnswerCount{AnswerKind::kFound, Reason::kNone, 1},
                                   AnswerCount{AnswerKind::kConfirmedNone, Reason::kNone, 2}));
}

TEST_F(PollSourceTest, WhatAHeldSourceHasPromisedIsFetchedOnceItIsReleased) {
  Begin("{kind: pending, pending_for: 21600s}");
  platform_->states().SetHeld(kBank, true);
  platform_->AdvanceBy(absl::Hours(12));
  EXPECT_EQ(AskedOfBank(), 1u) << "nobody asks it";
  EXPECT_EQ(Open(), 1);
  EXPECT_EQ(Chain().reports.size(), 1u);
  EXPECT_EQ(KindOf(Current(), "m1"), AnswerKind::kPending);
  platform_->states().SetHeld(kBank, false);
  platform_->AdvanceBy(absl::Hours(2));
  EXPECT_EQ(AskedOfBank(), 2u);
  EXPECT_EQ(KindOf(Current(), "m1"), AnswerKind::kFound);
  EXPECT_EQ(Open(), 0);
}

}  // namespace
}  // namespace hedui::testing
