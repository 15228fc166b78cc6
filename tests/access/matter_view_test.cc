#include "server/access/matter_view.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/row_pages.h"
#include "tests/access/access_fixture.h"

namespace hedui::access {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class MatterViewTest : public AccessTest {
 protected:
  MatterView MustRead() {
    absl::StatusOr<MatterView> view = ReadMatter(rows_, "xingqing-mz", "M-1");
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? *std::move(view) : MatterView();
  }
};

TEST_F(MatterViewTest, ShowsWhoDidWhatWhen) {
  const absl::Time opened = clock_.WallNow();
  MustRegister(RequestOf({FatherDraft()}));
  clock_.Advance(absl::Hours(1));
  RegisterRequest later = RequestOf({MotherDraft()});
  later.officer = "chen-02";
  MustRegister(later);
  const absl::Time registered = clock_.WallNow();
  clock_.Advance(absl::Hours(1));
  MustRevoke("L-1");
  const absl::Time revoked = clock_.WallNow();

  const MatterView view = MustRead();
  EXPECT_EQ(view.number, "M-1");
  EXPECT_EQ(view.division, "640104");
  EXPECT_EQ(view.state, MatterState::kOpen);
  EXPECT_EQ(view.opened_at, opened);
  EXPECT_EQ(view.opened_by, "li-01");
  EXPECT_THAT(view.changes, SizeIs(0));
  ASSERT_THAT(view.letters, SizeIs(2));
  EXPECT_EQ(view.letters[0].number, "L-1");
  EXPECT_EQ(view.letters[0].registered_at, opened);
  EXPECT_EQ(view.letters[0].registered_by, "li-01");
  EXPECT_EQ(view.letters[0].revoked_at, revoked);
  EXPECT_EQ(view.letters[0].revoked_by, "li-01");
  EXPECT_FALSE(view.letters[0].live);
  EXPECT_EQ(view.letters[1].registered_at, registered);
  EXPECT_EQ(view.letters[1].registered_by, "chen-02");
  EXPECT_EQ(view.letters[1].revoked_at, std::nullopt);
  EXPECT_EQ(view.letters[1].revoked_by, "");
  EXPECT_TRUE(view.letters[1].live);
  EXPECT_EQ(view.letters[1].signed_day, absl::CivilDay(2025, 3, 1));
  EXPECT_THAT(view.letters[1].purposes, ElementsAre("dibao_review"));
}

TEST_F(MatterViewTest, LettersOfAClosedMatterAreNotLive) {
  MustRegister(RequestOf({FatherDraft(), ChildDraft()}));
  clock_.Advance(absl::Hours(1));
  MustClose();
  const MatterView view = MustRead();
  EXPECT_EQ(view.state, MatterState::kClosed);
  ASSERT_THAT(view.changes, SizeIs(1));
  EXPECT_EQ(view.changes[0].state, MatterState::kClosed);
  EXPECT_EQ(view.changes[0].at, clock_.WallNow());
  EXPECT_EQ(view.changes[0].officer, "li-01");
  ASSERT_THAT(view.letters, SizeIs(2));
  EXPECT_EQ(view.letters[1].capacity, SignerCapacity::kGuardian);
  for (const LetterView& letter : view.letters) {
    EXPECT_FALSE(letter.live);
    EXPECT_EQ(letter.revoked_at, std::nullopt);
  }
}

TEST_F(MatterViewTest, ALetterRuledOutByTheWithdrawalOfAnotherIsNotLiveWithoutBeingWithdrawn) {
  LetterDraft newer = FatherDraft();
  newer.number = "L-9";
  MustRegister(RequestOf({FatherDraft(), newer}));
  clock_.Advance(absl::Hours(1));
  MustRevoke("L-9");
  const MatterView view = MustRead();
  ASSERT_THAT(view.letters, SizeIs(2));
  EXPECT_EQ(view.letters[0].number, "L-1");
  EXPECT_FALSE(view.letters[0].live);
  EXPECT_EQ(view.letters[0].revoked_at, std::nullopt);
}

TEST_F(MatterViewTest, IsOfItsOwnAgencyAlone) {
  MustRegister(RequestOf({FatherDraft()}));
  EXPECT_EQ(base::ReasonOf(ReadMatter(rows_, "yinchuan-mz", "M-1").status()), "MATTER_UNKNOWN");
  EXPECT_EQ(base::ReasonOf(ReadMatter(rows_, "xingqing-mz", "M-2").status()), "MATTER_UNKNOWN");
}

TEST_F(MatterViewTest, AMatterIsListedUnderTheDayItWasOpened) {
  MustRegister(RequestOf({FatherDraft()}));
  const absl::CivilDay day = base::CivilDayOf(clock_.WallNow());
  const auto listed =
      rows_.Find(base::DayKey("xingqing-mz", base::Listed::kMatter, day), /*limit=*/10);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_THAT(*listed, SizeIs(1));
  const auto name = NameOfMatter((*listed)[0]);
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->number, "M-1");
  EXPECT_EQ(name->division, "640104");
  for (const base::Row& row : rows_.rows()) {
    if (row.kind == base::RowKind::kMatter) continue;
    EXPECT_EQ(base::ReasonOf(NameOfMatter(row).status()), "STORED_BODY");
  }
}

}  // namespace
}  // namespace hedui::access
