// A promise that is over, and no room in which its last report could be made: a chain of reports
// may be larger than its agency's share of the memory.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "server/pending_desk.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;

class StuckPromiseTest : public PendingFixture {
 protected:
  void Begin() {
    // Not in two months.
    PendingFixture::Begin("{kind: pending, pending_for: 5184000s}");
    usual_ = platform_->rooms().bytes;
  }
  // The weeks between are like the hours that follow.
  void LetPass(absl::Duration time) {
    platform_->clock().SetWall(platform_->clock().WallNow() + time);
    platform_->AdvanceBy(kPollLookAgain + absl::Hours(1));
  }
  // Room to begin, and none for the chain.
  void TakeTheRoom() { platform_->rooms().bytes = &small_; }
  void GiveTheRoomBack() { platform_->rooms().bytes = usual_; }
  int Tries() const { return platform_->Told("promise_not_ended"); }

  base::ByteBudget small_{kCallerBytes + 1, kCallerBytes + 1};
  base::ByteBudget* usual_ = nullptr;
};

TEST_F(StuckPromiseTest, IsTriedAfterPausesThatGrowAndOverWhenThereIsRoom) {
  Begin();
  TakeTheRoom();
  LetPass(kPromiseKeptFor);
  const int at_first = Tries();
  EXPECT_GT(at_first, 1);
  EXPECT_LT(at_first, 100) << "each opens the whole chain";
  platform_->AdvanceBy(absl::Hours(48));
  EXPECT_LT(Tries(), at_first + 150) << "up to an hour";
  EXPECT_GT(Tries(), at_first + 40);
  GiveTheRoomBack();
  EXPECT_EQ(Open(), 1);
  EXPECT_EQ(Chain().reports.size(), 1u);
  platform_->AdvanceBy(absl::Hours(2));
  EXPECT_EQ(Open(), 0);
  EXPECT_EQ(ReasonOf(Current(), "m1"), base::Reason::kLate);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_EXPIRED));
  EXPECT_EQ(AskedOfBank(), 1u);
}

TEST_F(StuckPromiseTest, WhereThereIsNoRoomForAMonthItEndsWithoutAReport) {
  Begin();
  TakeTheRoom();
  LetPass(kPromiseEndedWithin - absl::Hours(24));
  ASSERT_GT(Tries(), 1);
  GiveTheRoomBack();
  EXPECT_EQ(Open(), 1);
  TakeTheRoom();
  platform_->AdvanceBy(absl::Hours(26));
  GiveTheRoomBack();
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(stored::v1::PendingEnd::HOW_EXPIRED));
  EXPECT_EQ(platform_->desk().held(), 0u);
  EXPECT_EQ(Chain().reports.size(), 1u);
  EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kPending) << "and nothing is taken for none";
  ExpectUndetermined(Current());
}

TEST_F(StuckPromiseTest, WhoWatchesIsToldThatThereIsNoRoom) {
  Begin();
  std::optional<absl::Status> settled;
  const auto present = std::make_shared<int>();
  platform_->verifier().WatchUntilSettled(
      &platform_->loop(), kAgency, "XQ-0107", platform_->request_id(), [](SourceOutcomeView) {},
      [](VerifyResult) {}, present, [&](const absl::Status& status) { settled = status; });
  platform_->Settle();
  ASSERT_FALSE(settled.has_value());
  TakeTheRoom();
  LetPass(kPromiseKeptFor);
  ASSERT_TRUE(settled.has_value()) << "it waits for what cannot come";
  EXPECT_EQ(base::ReasonOf(*settled), "BYTES") << *settled;
  GiveTheRoomBack();
}

}  // namespace
}  // namespace hedui::testing
