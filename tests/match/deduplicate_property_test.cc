#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "server/match/deduplicate.h"
#include "tests/match/match_builder.h"
#include "tests/match/told_twice.h"

namespace hedui::match {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

base::Record Deposit(int64_t yuan, std::string institution, std::string account) {
  std::vector<base::Field> fields{Amount(yuan)};
  if (!institution.empty()) fields.push_back(Text("institution", std::move(institution)));
  if (!account.empty()) fields.push_back(Text("account", std::move(account)));
  return Record("deposit", std::move(fields));
}

TEST(DeduplicatePropertyTest, BalancesAtTwoBanksAreTwo) {
  const MatchResult result = Two(Deposit(5000, "甲银行", ""), Deposit(5000, "乙银行", ""));
  EXPECT_THAT(PossibleOf(result), ElementsAre(false, false));
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

TEST(DeduplicatePropertyTest, BalancesOfNoNamedBankMayBeOne) {
  const MatchResult result = Two(Deposit(5000, "", ""), Deposit(7000, "乙银行", ""));
  EXPECT_THAT(PossibleOf(result), ElementsAre(false, true));
  EXPECT_THAT(OtherYuan(result.facts.facts[0]), ElementsAre(7000));
  EXPECT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kPossibleDuplicateAsset));
}

TEST(DeduplicatePropertyTest, AnAccountIsOneAtOneInstitutionOnly) {
  const MatchResult one = Two(Deposit(5000, "甲银行", "*1234"), Deposit(5100, "甲银行", "*1234"));
  EXPECT_THAT(PossibleOf(one), ElementsAre(false));
  EXPECT_THAT(OtherYuan(one.facts.facts[0]), ElementsAre(5100));
  const MatchResult two = Two(Deposit(5000, "甲银行", "*1234"), Deposit(5000, "乙银行", "*1234"));
  EXPECT_THAT(PossibleOf(two), ElementsAre(false, false));
  EXPECT_THAT(two.facts.facts[0].otherwise, IsEmpty());
  for (const std::string institution : {"", "乙银行"}) {
    const MatchResult open =
        Two(Deposit(5000, "", "6217000000001234"), Deposit(5000, institution, "6217000000001234"));
    EXPECT_THAT(PossibleOf(open), ElementsAre(false, true));
  }
}

TEST(DeduplicatePropertyTest, AMaskedAccountMayBeEachThatEndsAsItDoes) {
  const auto possible = [](std::string first, std::string second) -> bool {
    return PossibleOf(
               Two(Deposit(1, "甲银行", std::move(first)), Deposit(1, "甲银行", std::move(second))))
        .back();
  };
  EXPECT_TRUE(possible("6217000000001234", "****1234"));
  EXPECT_TRUE(possible("尾号1234", "6217****1234"));
  EXPECT_TRUE(possible("1234", "6217000000001234"));
  EXPECT_TRUE(possible("6217000000001234", "6217********"));
  EXPECT_FALSE(possible("6217000000001234", "****1235"));
  EXPECT_FALSE(possible("6217000000001234", "6217000000011234"));
}

TEST(DeduplicatePropertyTest, PropertyWithAndWithoutANumberMayBeOne) {
  const auto house = [](std::string use, std::vector<base::Field> more) {
    more.push_back(Text("use", std::move(use)));
    return Record("real_estate", std::move(more));
  };
  const MatchResult same =
      Two(house("residence", {Text("certificate", "宁1号")}), house("residence", {}));
  ASSERT_THAT(PossibleOf(same), ElementsAre(false, true));
  EXPECT_THAT(same.facts.facts[0].doubtful, IsEmpty());
  ASSERT_THAT(CodesOf(same), ElementsAre(DiscrepancyCode::kPossibleDuplicateAsset));
  EXPECT_THAT(same.discrepancies[0].text, HasSubstr("需核实"));

  const MatchResult other = Two(house("residence", {}), house("garage", {}));
  EXPECT_THAT(PossibleOf(other), ElementsAre(false, true));
  EXPECT_THAT(other.facts.facts[0].doubtful, ElementsAre("use"));
  EXPECT_THAT(other.facts.facts[1].doubtful, IsEmpty());

  const MatchResult two = Two(house("residence", {Text("certificate", "宁1号")}),
                              house("residence", {Text("certificate", "宁2号")}));
  EXPECT_THAT(PossibleOf(two), ElementsAre(false, false));
  EXPECT_THAT(two.discrepancies, IsEmpty());
}

TEST(DeduplicatePropertyTest, PropertyWithoutNumbersInOneAnswerIsNotMerged) {
  MatchBuilder b;
  b.person(0).declared = {Record("vehicle", {}), Record("vehicle", {})};
  b.Found("police", 10, "m1", "vehicle", {Record("vehicle", {}), Record("vehicle", {})});
  const MatchResult result = b.Run();
  EXPECT_THAT(PossibleOf(result), ElementsAre(false, false));
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

TEST(DeduplicatePropertyTest, HoldingsThatNothingNumbersMayBeOne) {
  for (const std::string kind : {"security", "insurance"}) {
    const MatchResult result = Two(Record(kind, {Amount(5000)}), Record(kind, {Amount(6000)}));
    EXPECT_THAT(PossibleOf(result), ElementsAre(false, true));
    EXPECT_THAT(OtherYuan(result.facts.facts[0]), ElementsAre(6000));
    EXPECT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kPossibleDuplicateAsset));
  }
}

TEST(DeduplicatePropertyTest, TwoSourcesStatesOfAPersonMayBeOne) {
  const auto certificate = [](int64_t grade) {
    return Record("disability", {base::Field{"grade", grade}, Text("category", "limb")});
  };
  const MatchResult same = Two(certificate(2), certificate(2));
  EXPECT_THAT(PossibleOf(same), ElementsAre(false, true));
  EXPECT_THAT(same.facts.facts[0].doubtful, IsEmpty());
  EXPECT_THAT(same.discrepancies, IsEmpty());
  const MatchResult other = Two(certificate(2), certificate(4));
  EXPECT_THAT(PossibleOf(other), ElementsAre(false, true));
  EXPECT_THAT(other.facts.facts[0].doubtful, ElementsAre("grade"));
  ASSERT_THAT(CodesOf(other), ElementsAre(DiscrepancyCode::kRecordConflict));
  EXPECT_EQ(other.discrepancies[0].source_id, "b");
}

TEST(DeduplicatePropertyTest, KindsWeDoNotKnowPassThrough) {
  const MatchResult result =
      Two(Record("boat", {Text("a", "1")}), Record("boat", {Text("a", "2")}));
  EXPECT_THAT(PossibleOf(result), ElementsAre(false, false));
  EXPECT_THAT(result.facts.facts[0].doubtful, IsEmpty());
  EXPECT_THAT(result.discrepancies, IsEmpty());
}

base::Record Vehicle(std::vector<base::Field> more) {
  more.push_back(Text("plate", "宁A12345"));
  return Record("vehicle", std::move(more));
}

TEST(DeduplicatePropertyTest, AFieldThatRegistersTellDifferentlyIsDoubtful) {
  const MatchResult result = Two(Vehicle({Text("plate_tail", "345"), Text("class", "motorcycle")}),
                                 Vehicle({Text("class", "car"), Text("plate_tail", "345")}));
  EXPECT_THAT(PossibleOf(result), ElementsAre(false));
  EXPECT_THAT(result.facts.facts[0].doubtful, ElementsAre("class"));
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kRecordConflict));
  EXPECT_EQ(result.discrepancies[0].source_id, "b");
  EXPECT_EQ(TextOf(result.discrepancies[0].record, "class"), "car");
  EXPECT_EQ(TextOf(*result.discrepancies[0].other, "class"), "motorcycle");
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("需核实"));
}

TEST(DeduplicatePropertyTest, AFieldIsDoubtfulWhereOnlyTheOtherTellsIt) {
  EXPECT_THAT(Two(Vehicle({}), Vehicle({Text("class", "car")})).facts.facts[0].doubtful,
              ElementsAre("class"));
  const MatchResult told = Two(Vehicle({Text("class", "car")}), Vehicle({}));
  EXPECT_THAT(told.facts.facts[0].doubtful, IsEmpty());
  EXPECT_THAT(told.discrepancies, IsEmpty());
}

TEST(DeduplicatePropertyTest, TheSameCarInTwoRegistersIsOne) {
  MatchBuilder b;
  b.Found("police", 10, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁A12345")})});
  b.Found("transport", 20, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁Ａ· 12345")})});
  const MatchResult result = b.Run();
  EXPECT_EQ(result.facts.facts.size(), 1u);
  EXPECT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kUndeclaredVehicle));
}

}  // namespace
}  // namespace hedui::match
