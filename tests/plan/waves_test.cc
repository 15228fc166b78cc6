#include "server/plan/waves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "tests/plan/plan_fixture.h"

namespace hedui::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WavesTest : public PlannerTest {
 protected:
  WavesTest() {
    Need({"death", "deposit", "employment"});
    Source bank = Region("bank", {"deposit"});
    bank.wave = 3;
    Source tax = Region("tax", {"employment"});
    tax.wave = 3;
    Source archive = Region("archive", {"death", "employment"});
    archive.wave = 3;
    archive.categories[1].fallback = true;
    plan_ = MustPlan({bank, tax, archive, Region("civil-affairs", {"death"})});
  }
  Plan plan_;
};

TEST_F(WavesTest, WavesFollowTheCatalogueAndFallbacksComeLast) {
  ASSERT_THAT(plan_.waves, SizeIs(3));
  EXPECT_EQ(plan_.first_fallback, 2U);
  EXPECT_THAT(Show(plan_.waves[0]), ElementsAre("civil-affairs: m1[death] m2[death]"));
  EXPECT_THAT(Show(plan_.waves[1]),
              ElementsAre("bank: m1[deposit] m2[deposit]", "tax: m1[employment] m2[employment]",
                          "archive: m1[death] m2[death]"));
  EXPECT_THAT(Show(plan_.waves[2]), ElementsAre("archive: m1[employment] m2[employment]"));
}

TEST_F(WavesTest, IntentNamesEverySourceOnceFallbacksIncluded) {
  EXPECT_THAT(Show(plan_.everything),
              ElementsAre("bank: m1[deposit] m2[deposit]", "tax: m1[employment] m2[employment]",
                          "archive: m1[death,employment] m2[death,employment]",
                          "civil-affairs: m1[death] m2[death]"));
}

TEST_F(WavesTest, FirstWaveComesBackWhole) {
  const NextWaveResult wave = NextWave(plan_, 0, Progress());
  EXPECT_EQ(Show(wave.queries), Show(plan_.waves[0]));
  EXPECT_THAT(wave.unasked, IsEmpty());
}

TEST_F(WavesTest, OnlyWhoStandsInForThoseThatHaveAnsweredIsSpared) {
  EXPECT_FALSE(IsSpared(plan_, Progress(), "archive", "m1", "employment"));
  const Progress progress =
      After(plan_, {AnswerOf("m1", "employment", base::AnswerKind::kConfirmedNone)});
  EXPECT_TRUE(IsSpared(plan_, progress, "archive", "m1", "employment"));
  EXPECT_FALSE(IsSpared(plan_, progress, "archive", "m2", "employment")) << "nobody answered";
  EXPECT_FALSE(IsSpared(plan_, progress, "tax", "m1", "employment")) << "it stands in for nobody";
  EXPECT_FALSE(IsSpared(plan_, progress, "archive", "m1", "death"));
  EXPECT_FALSE(IsSpared(plan_, progress, "elsewhere", "m1", "employment"));
}

TEST_F(WavesTest, NobodyAsksAboutTheDead) {
  const NextWaveResult wave = NextWave(
      plan_, 1,
      After(plan_, {DeathOf("m1"), AnswerOf("m2", "death", base::AnswerKind::kConfirmedNone)}));
  EXPECT_THAT(Show(wave.queries),
              ElementsAre("bank: m2[deposit]", "tax: m2[employment]", "archive: m2[death]"));
  EXPECT_THAT(Show(wave.unasked), ElementsAre("m1 deposit NOT_ASKED/DECEASED @bank",
                                              "m1 employment NOT_ASKED/DECEASED @tax",
                                              "m1 death NOT_ASKED/DECEASED @archive"));
}

TEST_F(WavesTest, ALaterSourceDroppedByADeathIsNamedAlthoughAnEarlierWaveAnsweredTheCategory) {
  Need({"death", "employment"});
  Source tax = Region("tax", {"employment"});
  tax.wave = 2;
  const Plan plan =
      MustPlan({Region("civil-affairs", {"death"}), Region("insurance", {"employment"}), tax});
  const NextWaveResult wave = NextWave(
      plan, 1,
      After(plan, {DeathOf("m1"), AnswerOf("m1", "employment", base::AnswerKind::kConfirmedNone)}));
  EXPECT_THAT(Show(wave.queries), ElementsAre("tax: m2[employment]"));
  EXPECT_THAT(Show(wave.unasked), ElementsAre("m1 employment NOT_ASKED/DECEASED @tax"));
}

TEST_F(WavesTest, AFallbackThatWasNotNeededLeavesNoTraceOfADeath) {
  const NextWaveResult wave =
      NextWave(plan_, 2,
               After(plan_, {DeathOf("m1"), DeathOf("m2"),
                             AnswerOf("m1", "employment", base::AnswerKind::kConfirmedNone)}));
  EXPECT_THAT(wave.queries, IsEmpty());
  EXPECT_THAT(Show(wave.unasked), ElementsAre("m2 employment NOT_ASKED/DECEASED @archive"));
}

TEST_F(WavesTest, WithEveryoneDeadNothingIsAsked) {
  const NextWaveResult wave = NextWave(plan_, 1, After(plan_, {DeathOf("m1"), DeathOf("m2")}));
  EXPECT_THAT(wave.queries, IsEmpty());
  EXPECT_THAT(wave.unasked, SizeIs(6)) << "each source, person and category";
}

TEST_F(WavesTest, DeathOfAnotherPersonEndsNothing) {
  base::Answer other = DeathOf("m1");
  other.subject = household_.persons[0].identity;
  other.subject->name = "别人";
  EXPECT_EQ(Show(NextWave(plan_, 1, After(plan_, {other})).queries), Show(plan_.waves[1]));
  other.subject = household_.persons[0].identity;
  EXPECT_NE(Show(NextWave(plan_, 1, After(plan_, {other})).queries), Show(plan_.waves[1]));
  other.subject->number = household_.persons[1].identity.number;
  EXPECT_EQ(Show(NextWave(plan_, 1, After(plan_, {other})).queries), Show(plan_.waves[1]));
}

TEST_F(WavesTest, ADeathToldInAnotherCategoryEndsNothing) {
  base::Answer bank = DeathOf("m1");
  bank.category = "deposit";
  EXPECT_FALSE(ReportsDeath(bank, household_.persons[0].identity));
  EXPECT_TRUE(ReportsDeath(DeathOf("m1"), household_.persons[0].identity));
}

TEST_F(WavesTest, QuarantinedOrDatelessDeathEndsNothing) {
  base::Answer doubtful = DeathOf("m1");
  doubtful.kind = base::AnswerKind::kAmbiguous;
  EXPECT_EQ(Show(NextWave(plan_, 1, After(plan_, {doubtful})).queries), Show(plan_.waves[1]));
  base::Answer dateless = DeathOf("m1");
  dateless.records[0].fields.clear();
  EXPECT_EQ(Show(NextWave(plan_, 1, After(plan_, {dateless})).queries), Show(plan_.waves[1]));
}

TEST_F(WavesTest, FallbackIsAskedOnlyWhereNobodyAnsweredUsably) {
  const std::vector<base::Answer> answers = {
      AnswerOf("m1", "employment", base::AnswerKind::kUnavailable),
      AnswerOf("m2", "employment", base::AnswerKind::kConfirmedNone)};
  const NextWaveResult wave = NextWave(plan_, 2, After(plan_, answers));
  EXPECT_THAT(Show(wave.queries), ElementsAre("archive: m1[employment]"));
  EXPECT_THAT(wave.unasked, IsEmpty());
}

TEST_F(WavesTest, FallbackIsNotAskedWhereAllIsAnswered) {
  const std::vector<base::Answer> answers = {
      AnswerOf("m1", "employment", base::AnswerKind::kFound),
      AnswerOf("m2", "employment", base::AnswerKind::kConfirmedNone)};
  EXPECT_THAT(NextWave(plan_, 2, After(plan_, answers)).queries, IsEmpty());
}

TEST_F(WavesTest, EveryUnusableKindCallsTheFallback) {
  for (const base::AnswerKind kind :
       {base::AnswerKind::kNotCovered, base::AnswerKind::kUnavailable, base::AnswerKind::kStale,
        base::AnswerKind::kRefused, base::AnswerKind::kAmbiguous, base::AnswerKind::kPending,
        base::AnswerKind::kNotAsked}) {
    const NextWaveResult wave =
        NextWave(plan_, 2,
                 After(plan_, {AnswerOf("m1", "employment", kind),
                               AnswerOf("m2", "employment", base::AnswerKind::kFound)}));
    EXPECT_THAT(Show(wave.queries), ElementsAre("archive: m1[employment]"))
        << std::string(base::AnswerKindName(kind));
  }
}

// Whatever kept it: an operator, the breaker, the day's requests, or that nobody may reach it.
TEST_F(WavesTest, ASourceThatWasNotAskedCallsTheFallbackWhyeverItWasNot) {
  for (const base::Reason reason : {base::Reason::kHeld, base::Reason::kBreaker,
                                    base::Reason::kQuota, base::Reason::kNotRoutable}) {
    base::Answer unasked = AnswerOf("m1", "employment", base::AnswerKind::kNotAsked);
    unasked.reason = reason;
    const NextWaveResult wave = NextWave(
        plan_, 2, After(plan_, {unasked, AnswerOf("m2", "employment", base::AnswerKind::kFound)}));
    EXPECT_THAT(Show(wave.queries), ElementsAre("archive: m1[employment]"))
        << std::string(base::ReasonName(reason));
    EXPECT_THAT(wave.unasked, IsEmpty());
  }
}

TEST_F(WavesTest, BeyondTheLastWaveThereIsNothing) {
  EXPECT_THAT(NextWave(plan_, 3, Progress()).queries, IsEmpty());
}

TEST_F(WavesTest, SingleFallbackWaveIsAskedAtOnce) {
  Need({"deposit"});
  Source archive = Region("archive", {"deposit"});
  archive.categories[0].fallback = true;
  const Plan plan = MustPlan({archive});
  ASSERT_THAT(plan.waves, SizeIs(1));
  EXPECT_THAT(Show(NextWave(plan, 0, Progress()).queries),
              ElementsAre("archive: m1[deposit] m2[deposit]"));
}

// ---- Fallbacks in their order.

class ChainTest : public PlannerTest {
 protected:
  ChainTest() { Need({"deposit"}); }
  static Source Fallback(const std::string& id, int order, int rank) {
    Source source = Region(id, {"deposit"});
    source.categories[0].fallback = true;
    source.categories[0].fallback_order = order;
    source.authority_rank = rank;
    return source;
  }
};

TEST_F(ChainTest, TheSecondIsAskedOnlyAboutWhatTheFirstDidNotAnswer) {
  const Plan plan =
      MustPlan({Fallback("second", 2, 1), Region("bank", {"deposit"}), Fallback("first", 1, 99)});
  ASSERT_THAT(plan.waves, SizeIs(3));
  EXPECT_EQ(plan.first_fallback, 1U);
  Progress progress;
  progress.Add(plan, "bank",
               {AnswerOf("m1", "deposit", base::AnswerKind::kUnavailable),
                AnswerOf("m2", "deposit", base::AnswerKind::kStale)});
  EXPECT_THAT(Show(NextWave(plan, 1, progress).queries),
              ElementsAre("first: m1[deposit] m2[deposit]"));
  progress.Add(plan, "first",
               {AnswerOf("m1", "deposit", base::AnswerKind::kConfirmedNone),
                AnswerOf("m2", "deposit", base::AnswerKind::kNotCovered)});
  EXPECT_THAT(Show(NextWave(plan, 2, progress).queries), ElementsAre("second: m2[deposit]"));
  EXPECT_THAT(StandInsFor(plan, "bank", "m1", "deposit"), ElementsAre("first", "second"));
  EXPECT_THAT(StandInsFor(plan, "first", "m2", "deposit"), ElementsAre("second"));
}

TEST_F(ChainTest, WithoutAnOrderTheyComeByAuthorityRankAfterThoseThatHaveOne) {
  const Plan plan = MustPlan({Fallback("low", 0, 60), Fallback("high", 0, 10),
                              Fallback("ordered", 3, 90), Fallback("also-low", 0, 60)});
  ASSERT_THAT(plan.waves, SizeIs(3));
  EXPECT_EQ(plan.first_fallback, 0U);
  EXPECT_THAT(Show(plan.waves[0]), ElementsAre("ordered: m1[deposit] m2[deposit]"));
  EXPECT_THAT(Show(plan.waves[1]), ElementsAre("high: m1[deposit] m2[deposit]"));
  EXPECT_THAT(Show(plan.waves[2]),
              ElementsAre("low: m1[deposit] m2[deposit]", "also-low: m1[deposit] m2[deposit]"));
}

TEST_F(ChainTest, OneOfTwoIsTheFirstWhicheverItsOrder) {
  Source only = Fallback("only", 3, 1);
  const Plan plan = MustPlan({Region("bank", {"deposit"}), only});
  ASSERT_THAT(plan.waves, SizeIs(2));
  EXPECT_THAT(Show(plan.waves[1]), ElementsAre("only: m1[deposit] m2[deposit]"));
}

TEST_F(ChainTest, OfOtherPeoplesPairsNothingIsKept) {
  const Plan plan = MustPlan({Region("bank", {"deposit"})});
  EXPECT_THAT(plan.standings, IsEmpty()) << "nobody stands in for anybody";
  EXPECT_THAT(StandInsFor(plan, "bank", "m1", "deposit"), IsEmpty());
}

// ---- Time.

class WaveTimeTest : public ChainTest {
 protected:
  // A plan of as many waves as there are needs, each of one source that may take so long.
  Plan PlanOf(const std::vector<absl::Duration>& needs) {
    std::vector<Source> sources;
    for (size_t i = 0; i < needs.size(); ++i) {
      Source source = Region(absl::StrCat("w", i), {"deposit"});
      const int number = static_cast<int>(i);
      if (number < kWavesMax) {
        source.wave = number + 1;
      } else {
        source.categories[0].fallback = true;
        source.categories[0].fallback_order = number - kWavesMax + 1;
      }
      source.deadline = needs[i];
      sources.push_back(source);
    }
    catalogue_ = Catalogue(sources);
    return *MakePlan(catalogue_, input_);
  }
  Catalogue catalogue_;
};

TEST_F(WaveTimeTest, TheOnlyWaveHasAllTheTime) {
  const Plan plan = PlanOf({absl::Seconds(5)});
  EXPECT_EQ(WaveDeadline(plan, catalogue_, 0, absl::Seconds(7), absl::Seconds(10)),
            absl::Seconds(10));
}

TEST_F(WaveTimeTest, WhereAllHaveTheTimeTheyNeedItIsKeptForThem) {
  const Plan plan = PlanOf({absl::Seconds(5), absl::Seconds(2), absl::Seconds(1)});
  EXPECT_EQ(WaveDeadline(plan, catalogue_, 0, absl::ZeroDuration(), absl::Seconds(20)),
            absl::Seconds(17));
}

TEST_F(WaveTimeTest, WhereTheyHaveNotNoneTakesMoreThanItsShare) {
  const Plan plan = PlanOf({absl::Seconds(5), absl::Seconds(60), absl::Milliseconds(300)});
  // 0.3 s for the last; of the other 2.7 s half each.
  EXPECT_EQ(WaveDeadline(plan, catalogue_, 0, absl::Seconds(1), absl::Seconds(4)),
            absl::Milliseconds(2350));
  // The first was quick: what it left is the others'.
  EXPECT_EQ(WaveDeadline(plan, catalogue_, 1, absl::Seconds(2), absl::Seconds(4)),
            absl::Milliseconds(3700));
}

TEST_F(WaveTimeTest, WithTheTimeOverAWaveEndsAtOnce) {
  const Plan plan = PlanOf({absl::Seconds(5), absl::Seconds(5)});
  EXPECT_EQ(WaveDeadline(plan, catalogue_, 0, absl::Seconds(4), absl::Seconds(4)),
            absl::Seconds(4));
  EXPECT_EQ(WaveDeadline(plan, catalogue_, 0, absl::Seconds(5), absl::Seconds(4)),
            absl::Seconds(4));
}

// However slow the sources before it: a wave has what it needs, or an equal share.
TEST_F(WaveTimeTest, EveryWaveGetsItsTime) {
  std::mt19937 random(20250303);
  const auto below = [&random](int64_t bound) {
    return std::uniform_int_distribution<int64_t>(0, bound - 1)(random);
  };
  for (int round = 0; round < 500; ++round) {
    std::vector<absl::Duration> needs;
    for (int64_t i = 0, size = 1 + below(kWavesMax + kFallbackStepsMax); i < size; ++i) {
      needs.push_back(absl::Milliseconds(1 + below(10'000)));
    }
    const Plan plan = PlanOf(needs);
    ASSERT_EQ(plan.waves.size(), needs.size());
    const absl::Duration end = absl::Milliseconds(50 + below(20'000));
    // A nanosecond for each division.
    const absl::Duration share =
        end / static_cast<int64_t>(needs.size()) - absl::Nanoseconds(2 * needs.size());
    absl::Duration now = absl::ZeroDuration();
    for (size_t wave = 0; wave < needs.size(); ++wave) {
      const absl::Duration until = WaveDeadline(plan, catalogue_, wave, now, end);
      ASSERT_LE(until, end);
      ASSERT_GE(until - now, std::min(needs[wave], share)) << round << " " << wave;
      if (wave + 1 == needs.size()) {
        ASSERT_EQ(until, end);
      }
      // Its slowest source takes all it may, or answers at once.
      if (below(2) == 0) now = std::min(until, now + needs[wave]);
    }
  }
}

TEST(BudgetTest, ReserveIsKeptBack) {
  const absl::Time now = absl::FromUnixSeconds(1'741'000'000);
  const auto budget = BudgetFor(now + absl::Seconds(5), now);
  ASSERT_TRUE(budget.ok());
  EXPECT_EQ(*budget, absl::Seconds(5) - kDeadlineReserve);
}

TEST(BudgetTest, TooShortADeadlineIsRefusedAtOnce) {
  const absl::Time now = absl::FromUnixSeconds(1'741'000'000);
  EXPECT_TRUE(BudgetFor(now + kDeadlineReserve + kAskingTimeMin, now).ok());
  for (const absl::Duration left :
       {kDeadlineReserve + kAskingTimeMin - absl::Nanoseconds(1), absl::ZeroDuration(),
        -absl::Seconds(1), -absl::InfiniteDuration()}) {
    const absl::Status status = BudgetFor(now + left, now).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(base::ReasonOf(status), "DEADLINE_TOO_SHORT");
  }
}

TEST(BudgetTest, NoDeadlineIsBounded) {
  const absl::Time now = absl::FromUnixSeconds(1'741'000'000);
  EXPECT_EQ(*BudgetFor(absl::InfiniteFuture(), now), kAskingTimeMax);
}

}  // namespace
}  // namespace hedui::plan
