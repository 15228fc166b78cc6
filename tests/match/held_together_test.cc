// What two members hold together is one thing, told twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/match/match_builder.h"

namespace hedui::match {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

base::Record Flat(std::string certificate, std::string use = "residence") {
  std::vector<base::Field> fields{Text("use", std::move(use))};
  if (!certificate.empty()) fields.push_back(Text("certificate", std::move(certificate)));
  return Record("real_estate", std::move(fields));
}

base::Record Account(int64_t yuan, std::string account, std::string institution = "甲银行") {
  return Record("deposit", {Amount(yuan), Text("account", std::move(account)),
                            Text("institution", std::move(institution))});
}

// Declared, so that nothing is undeclared here.
MatchBuilder Declared(base::Record record, int times = 1) {
  MatchBuilder b;
  for (int i = 0; i < times; ++i) b.person(0).declared.push_back(record);
  return b;
}

TEST(HeldTogetherTest, AFlatUnderOneCertificateCountsWithTheFirst) {
  MatchBuilder b = Declared(Flat("宁（2020）1号"), 2);
  b.Found("land", 10, "m1", "real_estate", {Flat("宁（2020）1号")});
  b.Found("land", 10, "m2", "real_estate", {Flat("宁（2020）1号")});
  const MatchResult result = b.Run();
  EXPECT_EQ(result.facts.facts[0].held_with, -1);
  EXPECT_EQ(result.facts.facts[1].held_with, 0);
  EXPECT_FALSE(result.facts.facts[1].possible);
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

TEST(HeldTogetherTest, WhatTheyTellDifferentlyIsInDoubtOnBothSides) {
  MatchBuilder b = Declared(Flat("1号"), 2);
  b.Found("land", 10, "m1", "real_estate", {Flat("1号")});
  b.Found("land", 10, "m2", "real_estate", {Flat("1号", "garage")});
  const MatchResult result = b.Run();
  EXPECT_THAT(result.facts.facts[0].doubtful, ElementsAre("use"));
  EXPECT_THAT(result.facts.facts[1].doubtful, ElementsAre("use"));
  EXPECT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kRecordConflict));
}

TEST(HeldTogetherTest, AFlatWithoutCertificateMayBeTheOthers) {
  MatchBuilder b = Declared(Flat(""), 2);
  b.Found("land", 10, "m1", "real_estate", {Flat("1号")});
  b.Found("land", 10, "m2", "real_estate", {Flat("", "garage")});
  const MatchResult result = b.Run();
  EXPECT_FALSE(result.facts.facts[0].possible);
  EXPECT_THAT(result.facts.facts[0].doubtful, ElementsAre("use"));
  EXPECT_TRUE(result.facts.facts[1].possible);
  EXPECT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kPossibleDuplicateAsset));
}

TEST(HeldTogetherTest, TwoCertificatesAreTwoFlats) {
  MatchBuilder b = Declared(Flat(""), 2);
  b.Found("land", 10, "m1", "real_estate", {Flat("1号")});
  b.Found("land", 10, "m2", "real_estate", {Flat("2号")});
  const MatchResult result = b.Run();
  EXPECT_EQ(result.facts.facts[1].held_with, -1);
  EXPECT_FALSE(result.facts.facts[1].possible);
}

TEST(HeldTogetherTest, OneNumberTwiceInOneRegisterLeavesOpenWhichIsMeant) {
  MatchBuilder b = Declared(Flat(""), 3);
  b.Found("land", 10, "m1", "real_estate", {Flat("1号"), Flat("1号", "garage")});
  b.Found("land", 10, "m2", "real_estate", {Flat("1号")});
  const MatchResult result = b.Run();
  EXPECT_TRUE(result.facts.facts[2].possible);
  EXPECT_EQ(result.facts.facts[2].held_with, -1);
}

TEST(HeldTogetherTest, WhatAnObligorHoldsWithAMemberCountsForBoth) {
  MatchBuilder b = Declared(Flat("1号"), 2);
  b.person(1).role = base::PersonRole::kObligor;
  b.person(1).relation = base::Relation::kSibling;
  b.Found("land", 10, "m1", "real_estate", {Flat("1号")});
  b.Found("land", 10, "m2", "real_estate", {Flat("1号")});
  EXPECT_EQ(b.Run().facts.facts[1].held_with, -1);
}

TEST(HeldTogetherTest, AJointAccountHasOneBalanceWithinWhatBothTell) {
  MatchBuilder b = Declared(Account(5000, "6217000000001234"), 2);
  b.Found("bank", 10, "m1", "deposit", {Account(5000, "6217000000001234")});
  b.Found("bank", 10, "m2", "deposit", {Account(4000, "6217000000001234")});
  const MatchResult result = b.Run();
  ASSERT_EQ(result.facts.facts[0].otherwise.size(), 1u);
  EXPECT_EQ(result.facts.facts[0].otherwise[0].amount, base::Money::FromFen(400000));
  EXPECT_EQ(result.facts.facts[1].held_with, 0);
  EXPECT_EQ(result.facts.facts[1].otherwise[0].amount, base::Money::FromFen(500000));
}

// Accounts are in one person's name: alike is not the same.
TEST(HeldTogetherTest, AccountsThatNothingTellsApartAreTwo) {
  MatchBuilder b = Declared(Account(5000, ""), 2);
  b.Found("bank", 10, "m1", "deposit", {Account(5000, "")});
  b.Found("bank", 10, "m2", "deposit", {Account(5000, "")});
  EXPECT_FALSE(b.Run().facts.facts[1].possible);
}

TEST(HeldTogetherTest, WhatOneDeclaresAndIsFoundWithAnotherCountsWhereItWasFound) {
  MatchBuilder b;
  b.person(1).declared = {Flat("1号")};
  b.Found("land", 10, "m1", "real_estate", {Flat("1号")});
  b.Answer("land", 10, "m2", "real_estate", base::AnswerKind::kConfirmedNone);
  const MatchResult result = b.Run();
  ASSERT_TRUE(result.facts.facts[1].declared);
  EXPECT_EQ(result.facts.facts[1].held_with, 0);
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

TEST(HeldTogetherTest, WithoutANumberItMayBeAnother) {
  MatchBuilder b;
  b.person(1).declared = {Flat("")};
  b.Found("land", 10, "m1", "real_estate", {Flat("1号")});
  const MatchResult result = b.Run();
  ASSERT_TRUE(result.facts.facts[1].declared);
  EXPECT_TRUE(result.facts.facts[1].possible);
}

TEST(HeldTogetherTest, WhatTheSamePersonDeclaresIsWeighedByTheRules) {
  MatchBuilder b = Declared(Flat("1号"));
  b.Found("land", 10, "m1", "real_estate", {Flat("1号")});
  const MatchResult result = b.Run();
  EXPECT_EQ(result.facts.facts[1].held_with, -1);
  EXPECT_FALSE(result.facts.facts[1].possible);
}

}  // namespace
}  // namespace hedui::match
