// Where a source has kept its promise and there is no room here for what it said.
#include "gtest/gtest.h"
#include "server/flow_bytes.h"
#include "server/poll_schedule.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

class WantOfRoomTest : public PendingFixture {};

TEST_F(WantOfRoomTest, ASourceThatHasAnsweredIsNotAskedAgainAtOnce) {
  Begin("{kind: pending, pending_for: 21600s}");
  base::ByteBudget& budget = *platform_->rooms().bytes;
  // Room for one that asks, and for nothing that it is told.
  auto others = budget.TryTake("others", budget.bytes_max() - budget.used() - kFlowBytes);
  ASSERT_TRUE(others.has_value());
  platform_->RunUntil([&] { return polled_ == 1; });
  platform_->AdvanceBy(kPollPauseLeast - absl::Seconds(1));
  EXPECT_EQ(polled_, 1) << "what there was no room for is asked for after a pause";
  others = base::ByteBudget::Place();
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kPending);
  EXPECT_EQ(Open(), 1);
  platform_->RunUntil([&] { return polled_ == 2; });
  platform_->Settle();
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
  EXPECT_EQ(Open(), 0);
}

// A department gives an answer again for some minutes only (source.proto).
TEST_F(WantOfRoomTest, ASourceThatHasAnsweredIsAskedAgainWhileItStillKnowsWhat) {
  Begin("{kind: pending, pending_for: 21600s}");
  base::ByteBudget& budget = *platform_->rooms().bytes;
  auto others = budget.TryTake("others", budget.bytes_max() - budget.used() - kFlowBytes);
  ASSERT_TRUE(others.has_value());
  platform_->RunUntil([&] { return polled_ == 1; });
  platform_->AdvanceBy(kTimesSoon * kPollPauseFirst);
  EXPECT_GT(polled_, kTimesSoon);
}

TEST_F(WantOfRoomTest, ASourceThatWasNotAskedYetIsAskedAsSoonAsThereIsRoom) {
  Begin("{kind: pending, pending_for: 21600s}");
  base::ByteBudget& budget = *platform_->rooms().bytes;
  auto others = budget.TryTake("others", budget.bytes_max() - budget.used());
  ASSERT_TRUE(others.has_value());
  platform_->AdvanceBy(absl::Hours(6) + absl::Minutes(1));
  EXPECT_EQ(AskedOfBank(), 1u) << "for the first report";
  others = base::ByteBudget::Place();
  platform_->AdvanceBy(absl::Seconds(2));
  EXPECT_EQ(AskedOfBank(), 2u);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kFound);
}

}  // namespace
}  // namespace hedui::testing
