#include "server/match/deduplicate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/match/vocabulary.h"
#include "tests/match/match_builder.h"

namespace hedui::match {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int64_t> FoundYuan(const MatchResult& result) {
  std::vector<int64_t> amounts;
  for (const base::Fact& fact : result.facts.facts) {
    if (!fact.declared) amounts.push_back(AmountOf(fact.record)->fen() / 100);
  }
  return amounts;
}

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

TEST(DeduplicateTest, WhatMayBeTheSameIncomeMakesSumsLowerBounds) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(3000, 2, "甲")});
  b.Found("b", 20, "m1", "tax", {Record("wage", {Month(2), Amount(3000)})});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(3000));
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kPossibleDuplicateIncome));
  EXPECT_EQ(result.discrepancies[0].source_id, "b");
  EXPECT_FALSE(result.facts.answers[0].complete);
  EXPECT_FALSE(result.facts.answers[1].complete);
}

TEST(DeduplicateTest, APayerByCodeAndAPayerByNameCannotBeCompared) {
  MatchBuilder b;
  b.Found("a", 10, "m1", "employment", {Wage(3000, 2, "宁夏甲公司")});
  b.Found("b", 20, "m1", "tax", {Wage(3000, 2, "91110000600037341L")});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(3000));
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

TEST(DeduplicateTest, BalancesAtTwoBanksAreTwo) {
  MatchBuilder b;
  b.person(0).declared = {Record("deposit", {Amount(9000)}), Record("deposit", {Amount(9000)})};
  b.Found("bank_a", 10, "m1", "deposit", {Record("deposit", {Amount(5000)})});
  b.Found("bank_b", 10, "m1", "deposit", {Record("deposit", {Amount(5000)})});
  const MatchResult result = b.Run();
  EXPECT_THAT(FoundYuan(result), ElementsAre(5000, 5000));
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

TEST(DeduplicateTest, TheSameCarInTwoRegistersIsOne) {
  MatchBuilder b;
  b.Found("police", 10, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁A12345")})});
  b.Found("transport", 20, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁Ａ 12345")})});
  const MatchResult result = b.Run();
  EXPECT_EQ(result.facts.facts.size(), 1u);
  EXPECT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kUndeclaredVehicle));
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
  EXPECT_FALSE(may_be_same(wage({}), wage({})));
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

}  // namespace
}  // namespace hedui::match
