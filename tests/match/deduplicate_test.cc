#include "server/match/deduplicate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/match/match_builder.h"
#include "tests/match/readings.h"
#include "tests/match/told_twice.h"

namespace hedui::match {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(DeduplicateTest, TheSameIncomeFromTwoSourcesCountsOnce) {
  MatchBuilder b;
  b.Found("social_security", 10, "m1", "employment", {Wage(3000, 2, "宁夏甲公司")});
  b.Found("tax", 20, "m1", "tax", {Wage(3000, 2, "宁夏甲公司")});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(3000));
  EXPECT_EQ(result.facts.answers[result.facts.facts[0].answer].source_id, "social_security");
  EXPECT_THAT(result.facts.facts[0].also_answers, ElementsAre(1));
  EXPECT_THAT(result.discrepancies, IsEmpty());
  EXPECT_TRUE(result.facts.answers[0].complete);
}

TEST(DeduplicateTest, ASecondJobDoesNotVanish) {
  MatchBuilder b;
  b.Found("social_security", 10, "m1", "employment", {Wage(3000, 2, "宁夏甲公司")});
  b.Found("tax", 20, "m1", "tax", {Wage(3000, 2, "宁夏乙公司")});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(3000, 3000));
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

TEST(DeduplicateTest, AnotherMonthOrKindIsAnotherIncome) {
  MatchBuilder b;
  b.Found("social_security", 10, "m1", "employment", {Wage(3000, 1, "甲")});
  b.Found("tax", 20, "m1", "tax",
          {Wage(3000, 2, "甲"), Record("bonus", {Month(1), Amount(500), Text("payer", "甲")})});
  EXPECT_THAT(FoundYuan(b.Run()), ElementsAre(3000, 3000, 500));
}

TEST(DeduplicateTest, AnotherPersonsIncomeIsAnotherIncome) {
  MatchBuilder b;
  b.Found("social_security", 10, "m1", "employment", {Wage(3000, 2, "甲")});
  b.Found("tax", 20, "m2", "tax", {Wage(3000, 2, "甲")});
  EXPECT_THAT(FoundYuan(b.Run()), ElementsAre(3000, 3000));
}

TEST(DeduplicateTest, TheMoreAuthoritativeAmountIsUsedAndTheConflictShown) {
  MatchBuilder b;
  b.Found("social_security", 20, "m1", "employment", {Wage(2800, 2, "甲")});
  b.Found("tax", 10, "m1", "tax", {Wage(3000, 2, "甲")});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(3000));
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kIncomeConflict));
  const Discrepancy& conflict = result.discrepancies[0];
  EXPECT_EQ(conflict.source_id, "social_security");
  EXPECT_EQ(AmountOf(conflict.record)->fen(), 280000);
  EXPECT_EQ(AmountOf(*conflict.other)->fen(), 300000);
  EXPECT_EQ(result.facts.answers[conflict.other_answer].source_id, "tax");
}

TEST(DeduplicateTest, EqualRanksTakeTheFirstSourceByName) {
  MatchBuilder b;
  b.Found("b", 10, "m1", "employment", {Wage(2800, 2, "甲")});
  b.Found("a", 10, "m1", "employment", {Wage(3000, 2, "甲")});
  EXPECT_THAT(FoundYuan(b.Run()), ElementsAre(3000));
}

TEST(DeduplicateTest, PartsOfOneIncomeInOneAnswerAllCount) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(2000, 2, "甲"), Wage(1000, 2, "甲")});
  b.Found("b", 20, "m1", "employment", {Wage(3000, 2, "甲")});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(2000, 1000));
  EXPECT_THAT(result.discrepancies, IsEmpty());  // 2000 + 1000 is what the other says
}

TEST(DeduplicateTest, RecordsOfOneSourceWithoutPayerOrMonthAllCount) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment",
          {Record("wage", {Month(2), Amount(1000)}), Record("wage", {Month(2), Amount(1000)})});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(1000, 1000));
  EXPECT_TRUE(result.facts.answers[0].complete);
}

TEST(DeduplicateTest, OfWhatMayBeOneIncomeOneStandsAndTheOtherIsPossible) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Record("wage", {Month(2), Amount(3000)})});
  b.Found("b", 20, "m1", "tax", {Wage(1000, 2, "甲")});
  const MatchResult result = b.Run();
  ASSERT_THAT(FoundYuan(result), ElementsAre(3000, 1000));
  const base::Fact& stands = result.facts.facts[0];
  EXPECT_FALSE(stands.possible);
  EXPECT_THAT(stands.also_answers, ElementsAre(1));
  EXPECT_THAT(OtherYuan(stands), ElementsAre(1000));
  EXPECT_THAT(stands.doubtful, IsEmpty());
  const base::Fact& possible = result.facts.facts[1];
  EXPECT_TRUE(possible.possible);
  EXPECT_THAT(possible.otherwise, IsEmpty());
  EXPECT_THAT(possible.also_answers, IsEmpty());
  EXPECT_TRUE(result.facts.answers[0].complete);
  EXPECT_TRUE(result.facts.answers[1].complete);
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kPossibleDuplicateIncome));
  EXPECT_EQ(result.discrepancies[0].source_id, "b");
  EXPECT_EQ(result.discrepancies[0].other_answer, 0);
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("需核实"));
}

TEST(DeduplicateTest, EachThatStandsHasTheAmountsOfAllThatMayBeTheSame) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(3000, 2, "甲"), Wage(2000, 2, "乙")});
  b.Found("b", 20, "m1", "tax", {Record("wage", {Month(2), Amount(500)})});
  b.Found("c", 30, "m1", "tax", {Record("wage", {Amount(4000)})});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(3000, 2000, 500, 4000));
  EXPECT_THAT(PossibleOf(result), ElementsAre(false, false, true, true));
  for (const size_t i : {0, 1}) {
    EXPECT_THAT(OtherYuan(result.facts.facts[i]), ElementsAre(500, 4000));
    EXPECT_THAT(result.facts.facts[i].also_answers, ElementsAre(1, 2));
  }
}

// The second may be either the first or the third, which are two.
TEST(DeduplicateTest, WhatStandsAfterSomethingPossibleIsInDoubtAsWell) {
  const auto transfer = [](int64_t yuan, std::vector<base::Field> more) {
    more.insert(more.end(), {Month(2), Amount(yuan), Text("payer", "社保局")});
    return Record("transfer_income", std::move(more));
  };
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {transfer(1500, {Text("nature", "pension")})});
  b.Found("b", 20, "m1", "assistance", {transfer(90, {})});
  b.Found("c", 30, "m1", "assistance", {transfer(100, {Text("nature", "support")})});
  const MatchResult result = b.Run();
  ASSERT_THAT(FoundYuan(result), ElementsAre(90, 100, 1500));
  EXPECT_THAT(PossibleOf(result), ElementsAre(true, false, false));
  EXPECT_THAT(OtherYuan(result.facts.facts[1]), ElementsAre(90));
  EXPECT_THAT(OtherYuan(result.facts.facts[2]), ElementsAre(90));
}

// Where a source tells of the very income by name, its next record is another one.
TEST(DeduplicateTest, WhatATellerOfAnIncomeTellsBesideIsAnotherIncome) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(3000, 2, "甲")});
  b.Found("b", 20, "m1", "tax", {Wage(3000, 2, "甲"), Record("wage", {Month(2), Amount(500)})});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(3000, 500));
  EXPECT_THAT(PossibleOf(result), ElementsAre(false, false));
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

// Of several payments of one payer, what another source tells beside may be one.
TEST(DeduplicateTest, WhatIsToldBesideSeveralPaymentsMayBeOneOfThem) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(2000, 2, "甲"), Wage(1000, 2, "甲")});
  b.Found("b", 20, "m1", "tax", {Wage(2500, 2, "甲"), Record("wage", {Month(2), Amount(500)})});
  const MatchResult result = b.Run();
  ASSERT_THAT(FoundYuan(result), ElementsAre(2000, 1000, 500));
  EXPECT_THAT(PossibleOf(result), ElementsAre(false, false, true));
  // The first bears what makes the two come to 500, or to the 2500 of the key.
  EXPECT_THAT(OtherYuan(result.facts.facts[0]), ElementsAre(-500, 500, 1500));
  EXPECT_THAT(OtherYuan(result.facts.facts[1]), ElementsAre(500));
}

TEST(DeduplicateTest, APayerByCodeAndAPayerByNameCannotBeCompared) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(3000, 2, "宁夏甲公司")});
  b.Found("b", 20, "m1", "tax", {Wage(3000, 2, "91110000600037341L")});
  const MatchResult result = b.Run();
  EXPECT_THAT(PossibleOf(result), ElementsAre(false, true));
  EXPECT_THAT(result.facts.facts[0].otherwise, IsEmpty());
  EXPECT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kPossibleDuplicateIncome));
}

TEST(DeduplicateTest, APensionAndAnAllowanceOfOnePayerAreTwo) {
  const auto transfer = [](int64_t yuan, std::string nature) {
    return Record("transfer_income", {Month(2), Amount(yuan), Text("payer", "社保局"),
                                      Text("nature", std::move(nature))});
  };
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {transfer(1500, "pension")});
  b.Found("b", 20, "m1", "assistance", {transfer(100, "old_age_allowance")});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(100, 1500));
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

base::Record NetWage(int64_t yuan, bool net) {
  base::Record wage = Wage(yuan, 2, "甲");
  wage.fields.push_back(base::Field{"net", net});
  return wage;
}

TEST(DeduplicateTest, WhetherAWageIsNetIsDoubtfulWhereSourcesDiffer) {
  const MatchResult result = Two(NetWage(3000, true), NetWage(3000, false));
  EXPECT_THAT(result.facts.facts[0].doubtful, ElementsAre("net"));
  EXPECT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kRecordConflict));
}

// A source that says nothing of it delivers gross wages.
TEST(DeduplicateTest, AWageOfWhichNothingIsSaidIsGross) {
  EXPECT_THAT(Two(NetWage(3000, true), Wage(3000, 2, "甲")).facts.facts[0].doubtful,
              ElementsAre("net"));
  EXPECT_THAT(Two(NetWage(3000, false), Wage(3000, 2, "甲")).facts.facts[0].doubtful, IsEmpty());
  EXPECT_THAT(Two(Wage(3000, 2, "甲"), NetWage(3000, false)).facts.facts[0].doubtful, IsEmpty());
}

TEST(DeduplicateTest, FieldsOfSeveralPaymentsAreComparedTogether) {
  const auto doubtful = [](std::vector<base::Record> first, std::vector<base::Record> second) {
    MatchBuilder b;
    b.Found("a", 10, "m1", "employment", std::move(first));
    b.Found("b", 20, "m1", "tax", std::move(second));
    const MatchResult result = b.Run();
    EXPECT_EQ(result.facts.facts[0].doubtful, result.facts.facts[1].doubtful);
    return !result.facts.facts[0].doubtful.empty();
  };
  EXPECT_FALSE(
      doubtful({NetWage(2, true), NetWage(1, false)}, {NetWage(1, false), NetWage(2, true)}));
  EXPECT_TRUE(
      doubtful({NetWage(2, true), NetWage(1, false)}, {NetWage(1, true), NetWage(2, false)}));
  EXPECT_FALSE(doubtful({NetWage(2, true), NetWage(1, true)}, {NetWage(3, true)}));
  EXPECT_TRUE(doubtful({NetWage(2, true), NetWage(1, false)}, {NetWage(3, true)}));
}

TEST(DeduplicateTest, AnAmountIsDoubtfulWhereASumIsNotKnown) {
  const auto run = [](std::vector<base::Record> first, std::vector<base::Record> second) {
    MatchBuilder b;
    b.Found("a", 10, "m1", "employment", std::move(first));
    b.Found("b", 20, "m1", "tax", std::move(second));
    return b.Run();
  };
  const base::Record open = Record("wage", {Month(2), Text("payer", "甲")});
  const base::Record huge =
      Record("wage", {Month(2), Text("payer", "甲"), {"amount", base::Money::FromFen(INT64_MAX)}});
  for (const auto& others : {std::vector<base::Record>{Wage(5000, 2, "甲"), open},
                             std::vector<base::Record>{huge, huge}}) {
    const MatchResult result = run({Wage(1000, 2, "甲")}, others);
    ASSERT_THAT(FoundYuan(result), ElementsAre(1000));
    EXPECT_THAT(result.facts.facts[0].doubtful, ElementsAre("amount"));
    ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kRecordConflict));
  }
  const MatchResult own = run({Wage(1000, 2, "甲"), open}, {Wage(500, 2, "甲")});
  EXPECT_THAT(own.facts.facts[0].doubtful, ElementsAre("amount"));
  EXPECT_THAT(own.facts.facts[1].doubtful, ElementsAre("amount"));
  // What says nothing of the amount does not gainsay it.
  EXPECT_THAT(run({Wage(1000, 2, "甲")}, {open}).facts.facts[0].doubtful, IsEmpty());
  EXPECT_THAT(run({open}, {Wage(1000, 2, "甲")}).facts.facts[0].doubtful, ElementsAre("amount"));
}

TEST(DeduplicateTest, TheOtherAmountGoesAlongForConclusionsToHoldWithEither) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(2000, 2, "甲"), Wage(1000, 2, "甲")});
  b.Found("b", 20, "m1", "tax", {Wage(3200, 2, "甲")});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(2000, 1000));
  ASSERT_EQ(result.facts.facts[0].otherwise.size(), 1u);
  // With it and the other part the two come to what the other source says.
  EXPECT_EQ(result.facts.facts[0].otherwise[0].amount.fen(), 220000);
  EXPECT_EQ(result.facts.answers[result.facts.facts[0].otherwise[0].answer].source_id, "b");
  EXPECT_THAT(result.facts.facts[1].otherwise, IsEmpty());
}

TEST(DeduplicateTest, EqualAmountsLeaveNoOtherAmount) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(3000, 2, "甲")});
  b.Found("b", 20, "m1", "tax", {Wage(3000, 2, "甲")});
  EXPECT_THAT(b.Run().facts.facts[0].otherwise, IsEmpty());
}

TEST(DeduplicateTest, AnIncomeWithoutMonthOrPayerMayBeAnyOneOfAnotherSource) {
  const auto wage = [](std::vector<base::Field> fields) {
    fields.push_back(Amount(100));
    return Record("wage", std::move(fields));
  };
  const auto may_be_same = [](base::Record first, base::Record second) {
    MatchBuilder b;
    b.Found("a", 10, "m1", "employment", {std::move(first)});
    b.Found("b", 20, "m1", "tax", {std::move(second)});
    return !CodesOf(b.Run()).empty();
  };
  const base::Record full = wage({Month(2), Text("payer", "甲"), Text("nature", "x")});
  EXPECT_TRUE(may_be_same(full, wage({})));
  EXPECT_TRUE(may_be_same(full, wage({Month(2)})));
  EXPECT_TRUE(may_be_same(wage({Text("payer", "甲")}), full));
  EXPECT_TRUE(may_be_same(full, wage({Month(2), Text("payer", "91110000600037341L")})));
  EXPECT_FALSE(may_be_same(full, wage({Month(3)})));
  EXPECT_FALSE(may_be_same(full, wage({Text("payer", "乙")})));
  EXPECT_FALSE(may_be_same(full, wage({Month(2), Text("nature", "y")})));
  EXPECT_TRUE(may_be_same(wage({}), wage({})));
}

// Each held against each other, these would be five thousand million comparisons.
TEST(DeduplicateTest, ManyIncomesOfManyPayersAreHeldAgainstFewOthers) {
  MatchBuilder b;
  constexpr int kRecords = 50000;
  for (const std::string source : {"a", "b"}) {
    std::vector<base::Record> records;
    for (int i = 0; i < kRecords; ++i) {
      records.push_back(Wage(1, 1 + i % 12, absl::StrCat(source, "-", i)));
    }
    b.Found(source, 10, "m1", "employment", std::move(records));
  }
  const MatchResult result = b.Run();
  EXPECT_EQ(result.facts.facts.size(), size_t{2 * kRecords});
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

// Each told of each, these would be four hundred million amounts.
TEST(DeduplicateTest, ManyIncomesThatMayBeOneAreWeighedTogether) {
  MatchBuilder b;
  constexpr int kRecords = 20000;
  std::vector<base::Record> open, paid;
  for (int i = 0; i < kRecords; ++i) {
    open.push_back(Record("wage", {Month(2), Amount(1 + i)}));
    paid.push_back(Wage(1 + i, 2, absl::StrCat("payer-", i)));
  }
  b.Found("a", 10, "m1", "employment", std::move(open));
  b.Found("b", 20, "m1", "tax", std::move(paid));
  const MatchResult result = b.Run();
  ASSERT_EQ(result.facts.facts.size(), size_t{2 * kRecords});
  EXPECT_THAT(OtherYuan(result.facts.facts[7]), ElementsAre(1, kRecords));
  EXPECT_TRUE(result.facts.facts[kRecords].possible);
}

TEST(DeduplicateTest, FactsHoldForEveryReadingOfWhichRecordsAreOne) {
  for (uint32_t seed = 1; seed <= 6000; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    const World world = MakeWorld(seed);
    MatchBuilder b;
    b.input().outcomes = world.outcomes;
    const MatchResult result = b.Run();
    std::reverse(b.input().outcomes.begin(), b.input().outcomes.end());
    ASSERT_EQ(b.Run().facts, result.facts);
    ASSERT_EQ(b.Run().discrepancies, result.discrepancies);
    for (const Reading& reading : ReadingsOf(world)) {
      ASSERT_EQ(Escapes(world, reading, result.facts), "") << Describe(world, reading);
    }
  }
}

}  // namespace
}  // namespace hedui::match
