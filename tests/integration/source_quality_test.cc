// How sources answered, hour by hour and division by division.
#include "server/source_quality.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/gather/gatherer.h"
#include "tests/support/fake_clock.h"

namespace hedui::testing {
namespace {

using base::AnswerKind;
using base::Reason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

gather::Outcome OutcomeOf(const std::string& source, AnswerKind kind,
                          Reason reason = Reason::kNone) {
  gather::Outcome outcome;
  outcome.source_id = source;
  outcome.attempts = kind == AnswerKind::kNotAsked ? 0 : 1;
  outcome.elapsed = absl::Milliseconds(30);
  base::Answer answer;
  answer.person_id = "m1";
  answer.category = "deposit";
  answer.kind = kind;
  answer.reason = reason;
  outcome.answers = {answer};
  return outcome;
}

class SourceQualityTest : public ::testing::Test {
 protected:
  static int64_t Answers(const QualityView& view) {
    int64_t answers = 0;
    for (const DivisionQuality& division : view.divisions) {
      for (const AnswerCount& count : division.answers) answers += count.answers;
    }
    return answers;
  }

  FakeClock clock_;  // 2025-03-03, 09:00
  SourceQuality quality_{&clock_};
};

TEST_F(SourceQualityTest, AnswersAreCountedByKindAndReasonAgeAndTime) {
  gather::Outcome two = OutcomeOf("bank", AnswerKind::kFound);
  two.answers.push_back(two.answers[0]);
  two.answers[0].data_day = absl::CivilDay(2025, 3, 3);
  two.answers[1].data_day = absl::CivilDay(2025, 2, 1);
  quality_.Ended("640104", two);
  gather::Outcome late = OutcomeOf("bank", AnswerKind::kUnavailable, Reason::kLate);
  late.elapsed = absl::Seconds(31);
  quality_.Ended("640104", late);
  quality_.Ended("640104", OutcomeOf("bank", AnswerKind::kNotAsked, Reason::kHeld));
  gather::Outcome again = OutcomeOf("bank", AnswerKind::kFound);
  again.reused = base::Reused{"v0/0/bank/0/1", clock_.WallNow()};
  quality_.Ended("640104", again);
  const QualityView view = quality_.Read("bank", "", 24);
  EXPECT_EQ(view.since, clock_.WallNow());
  ASSERT_THAT(view.divisions, SizeIs(1));
  const DivisionQuality& one = view.divisions[0];
  EXPECT_EQ(one.division, "640104");
  EXPECT_THAT(one.answers, ElementsAre(AnswerCount{AnswerKind::kFound, Reason::kNone, 2},
                                       AnswerCount{AnswerKind::kUnavailable, Reason::kLate, 1},
                                       AnswerCount{AnswerKind::kNotAsked, Reason::kHeld, 1}));
  EXPECT_THAT(one.freshness, ElementsAre(ClassCount{0, 1}, ClassCount{30, 1}));
  EXPECT_THAT(one.latency, ElementsAre(ClassCount{50, 1}, ClassCount{-1, 1}))
      << "what was not sent took no time";
  EXPECT_THAT(quality_.Read("tax", "", 24).divisions, IsEmpty());
}

TEST_F(SourceQualityTest, OfAPollWhatIsPendingStillIsNotCountedAgain) {
  gather::Outcome partly = OutcomeOf("bank", AnswerKind::kPending);
  quality_.Ended("640104", partly);
  partly.answers.push_back(partly.answers[0]);
  partly.answers[0].kind = AnswerKind::kFound;
  quality_.Ended("640104", partly, /*poll=*/true);
  quality_.Ended("640104", OutcomeOf("bank", AnswerKind::kUnavailable, Reason::kLate), true);
  const QualityView view = quality_.Read("bank", "", 24);
  ASSERT_THAT(view.divisions, SizeIs(1));
  EXPECT_THAT(view.divisions[0].answers,
              ElementsAre(AnswerCount{AnswerKind::kFound, Reason::kNone, 1},
                          AnswerCount{AnswerKind::kUnavailable, Reason::kLate, 1},
                          AnswerCount{AnswerKind::kPending, Reason::kNone, 1}));
  EXPECT_THAT(view.divisions[0].latency, ElementsAre(ClassCount{50, 3}));
}

TEST_F(SourceQualityTest, ClassesEndWithTheirEnd) {
  for (const auto& [ms, end] : std::vector<std::pair<double, int64_t>>{
           {0, 10}, {10, 10}, {10.2, 25}, {30'000, 30'000}, {30'000.5, -1}}) {
    SourceQuality quality(&clock_);
    gather::Outcome outcome = OutcomeOf("bank", AnswerKind::kFound);
    outcome.elapsed = absl::Milliseconds(ms);
    quality.Ended("640104", outcome);
    EXPECT_THAT(quality.Read("bank", "", 1).divisions.at(0).latency,
                ElementsAre(ClassCount{end, 1}))
        << ms;
  }
  for (const auto& [days, end] :
       std::vector<std::pair<int, int64_t>>{{0, 0}, {1, 1}, {2, 3}, {365, 365}, {366, -1}}) {
    SourceQuality quality(&clock_);
    gather::Outcome outcome = OutcomeOf("bank", AnswerKind::kFound);
    outcome.answers[0].data_day = absl::CivilDay(2025, 3, 3) - days;
    quality.Ended("640104", outcome);
    EXPECT_THAT(quality.Read("bank", "", 1).divisions.at(0).freshness,
                ElementsAre(ClassCount{end, 1}))
        << days;
  }
}

TEST_F(SourceQualityTest, ADayIsKeptHourByHourAndNoLonger) {
  for (int hour = 0; hour < 40; ++hour) {
    quality_.Ended("640104", OutcomeOf("bank", AnswerKind::kFound));
    clock_.Advance(absl::Hours(1));
  }
  // The hour that has just begun is one of them.
  EXPECT_EQ(Answers(quality_.Read("bank", "", 24)), 23);
  EXPECT_EQ(Answers(quality_.Read("bank", "", 2)), 1);
  EXPECT_EQ(Answers(quality_.Read("bank", "", 1)), 0);
  EXPECT_EQ(quality_.Read("bank", "", 2).since, clock_.WallNow() - absl::Hours(1));
  quality_.Ended("640104", OutcomeOf("bank", AnswerKind::kFound));
  EXPECT_EQ(Answers(quality_.Read("bank", "", 24)), 24);
  clock_.Advance(absl::Hours(48));
  EXPECT_THAT(quality_.Read("bank", "", 24).divisions, IsEmpty());
}

TEST_F(SourceQualityTest, AClockThatIsSetBackShowsNothingOfWhatIsNotYet) {
  quality_.Ended("640104", OutcomeOf("bank", AnswerKind::kFound));
  clock_.SetWall(clock_.WallNow() - absl::Hours(3));
  EXPECT_THAT(quality_.Read("bank", "", 24).divisions, IsEmpty());
  quality_.Ended("640104", OutcomeOf("bank", AnswerKind::kFound));
  EXPECT_EQ(Answers(quality_.Read("bank", "", 24)), 1);
}

TEST_F(SourceQualityTest, DivisionsAreApartAndOneIsAskedWithWhatLiesBelowIt) {
  for (const char* division : {"640104", "640105", "640302", "500101"}) {
    quality_.Ended(division, OutcomeOf("bank", AnswerKind::kFound));
  }
  const auto names = [this](const std::string& division) {
    std::vector<std::string> found;
    for (const auto& one : quality_.Read("bank", division, 24).divisions) {
      found.push_back(one.division);
    }
    return found;
  };
  EXPECT_THAT(names(""), ElementsAre("500101", "640104", "640105", "640302"));
  EXPECT_THAT(names("640100"), ElementsAre("640104", "640105"));
  EXPECT_THAT(names("640302"), ElementsAre("640302"));
  EXPECT_THAT(names("640303"), IsEmpty());
}

TEST_F(SourceQualityTest, PairsBeyondTheLimitAreCountedTogetherUntilOthersAreSilent) {
  const auto division = [](size_t i) { return absl::StrFormat("%06d", 100'000 + i); };
  for (size_t i = 0; i < SourceQuality::kPairsMax + 3; ++i) {
    quality_.Ended(division(i), OutcomeOf("bank", AnswerKind::kFound));
  }
  quality_.Ended("640104", OutcomeOf("tax", AnswerKind::kFound));
  QualityView view = quality_.Read("bank", "", 24);
  ASSERT_THAT(view.divisions, SizeIs(SourceQuality::kPairsMax + 1));
  EXPECT_EQ(view.divisions.back().division, "");
  EXPECT_EQ(view.divisions.back().answers.at(0).answers, 3);
  EXPECT_EQ(quality_.Read("tax", "", 24).divisions.at(0).division, "");
  EXPECT_EQ(Answers(view), static_cast<int64_t>(SourceQuality::kPairsMax) + 3) << "none is lost";
  EXPECT_EQ(Answers(quality_.Read("bank", division(105), 24)), 1) << "nor taken for its own";
  clock_.Advance(absl::Hours(24));
  quality_.Ended("640104", OutcomeOf("bank", AnswerKind::kFound));
  view = quality_.Read("bank", "", 24);
  ASSERT_THAT(view.divisions, SizeIs(1));
  EXPECT_EQ(view.divisions[0].division, "640104") << "who is silent makes way";
  quality_.Ended("640105", OutcomeOf("tax", AnswerKind::kFound));
  EXPECT_EQ(quality_.Read("tax", "", 24).divisions.at(0).division, "640105");
}

}  // namespace
}  // namespace hedui::testing
