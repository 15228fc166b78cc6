#include "server/match/declared_things.h"

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
using ::testing::Not;

base::Field Day(std::string name, int year, int month, int day) {
  return base::Field{std::move(name), absl::CivilDay(year, month, day)};
}

// The codes about one found record of m1, with what is declared.
std::vector<DiscrepancyCode> CodesFor(base::Record found, std::vector<base::Record> declared = {}) {
  MatchBuilder b;
  b.person(0).declared = std::move(declared);
  b.Found("source", 10, "m1", "business", {std::move(found)});
  return CodesOf(b.Run());
}

TEST(DeclaredThingsTest, WhatTwoHoldTogetherIsDeclaredOnce) {
  const base::Record flat = Record("real_estate", {Text("certificate", "宁1号")});
  for (const int declarer : {0, 1}) {
    MatchBuilder b;
    b.person(declarer).declared = {flat};
    b.Found("land", 10, "m1", "real_estate", {flat});
    b.Found("land", 10, "m2", "real_estate", {flat});
    EXPECT_THAT(b.Run().discrepancies, IsEmpty()) << declarer;
    b.person(declarer).declared.clear();
    EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kUndeclaredProperty,
                                              DiscrepancyCode::kUndeclaredProperty));
  }
}

TEST(DeclaredThingsTest, SecuritiesAndInsuranceMustBeDeclaredToo) {
  for (const auto& [kind, code] : {std::pair("security", DiscrepancyCode::kUndeclaredSecurity),
                                   std::pair("insurance", DiscrepancyCode::kUndeclaredInsurance)}) {
    EXPECT_THAT(CodesFor(Record(kind, {Amount(5000)})), ElementsAre(code));
    EXPECT_THAT(CodesFor(Record(kind, {Amount(5000)}), {Record(kind, {Amount(5000)})}), IsEmpty());
    EXPECT_THAT(CodesFor(Record(kind, {Amount(5001)}), {Record(kind, {Amount(5000)})}),
                ElementsAre(DiscrepancyCode::kValueAboveDeclared));
  }
}

TEST(DeclaredThingsTest, ABalanceIsAboveTheDeclaredOneOnlyWhereEverySourceSaysSo) {
  MatchBuilder b;
  const auto balance = [](int64_t yuan) {
    return Record("deposit", {Amount(yuan), Text("institution", "甲银行"),
                              Text("account", "6217000000001234")});
  };
  b.person(0).declared = {balance(1000)};
  b.Found("bank", 10, "m1", "deposit", {balance(2000)});
  b.Found("exchange", 20, "m1", "deposit", {balance(900)});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kIncomeConflict));
  b.input().outcomes[1].answer.records = {balance(1500)};
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kDepositAboveDeclared,
                                           DiscrepancyCode::kIncomeConflict));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("1500.00 至 2000.00"));
  EXPECT_THAT(result.discrepancies[0].also_answers, ElementsAre(1));
}

TEST(DeclaredThingsTest, ABusinessStruckOffIsNoneAndOneOfUnknownStatusIsShownAsSuch) {
  const auto business = [](std::vector<base::Field> more) {
    more.push_back(Text("credit_code", "91110000600037341L"));
    return Record("business", std::move(more));
  };
  EXPECT_THAT(CodesFor(business({Text("status", "active")})),
              ElementsAre(DiscrepancyCode::kUndeclaredBusiness));
  EXPECT_THAT(CodesFor(business({Text("status", "revoked")})),
              ElementsAre(DiscrepancyCode::kUndeclaredBusiness));
  EXPECT_THAT(CodesFor(business({Text("status", "cancelled")})), IsEmpty());
  MatchBuilder b;
  b.Found("market", 10, "m1", "business", {business({})});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kUndeclaredBusiness));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("状态未载明"));
}

// A declared business without a number is left for the one that still is.
TEST(DeclaredThingsTest, ABusinessStruckOffTakesNoDeclarationFromOneThatIsThere) {
  MatchBuilder b;
  b.person(0).declared = {Record("business", {})};
  b.Found("market", 10, "m1", "business",
          {Record("business", {Text("status", "cancelled")}),
           Record("business", {Text("status", "active")})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DeclaredThingsTest, SharesMustBeDeclaredUnlessTheCompanyIs) {
  const base::Record share =
      Record("shareholding", {Text("credit_code", "91110000600037341L"), Text("status", "active"),
                              base::Field{"subscribed_capital", base::Money::FromFen(20000000)}});
  EXPECT_THAT(CodesFor(share), ElementsAre(DiscrepancyCode::kUndeclaredShareholding));
  EXPECT_THAT(CodesFor(share, {share}), IsEmpty());
  EXPECT_THAT(CodesFor(share, {Record("business", {Text("credit_code", "91110000600037341L")})}),
              IsEmpty());
  EXPECT_THAT(CodesFor(share, {Record("business", {Text("credit_code", "91350100M000100Y43")})}),
              ElementsAre(DiscrepancyCode::kUndeclaredShareholding));
  // A business of no number may be another one.
  EXPECT_THAT(CodesFor(share, {Record("business", {})}),
              ElementsAre(DiscrepancyCode::kUndeclaredShareholding));
}

TEST(DeclaredThingsTest, OfOfficesTheLegalRepresentativesAreShown) {
  const auto office = [](std::vector<base::Field> more) {
    more.push_back(Text("status", "active"));
    return Record("office", std::move(more));
  };
  EXPECT_THAT(CodesFor(office({Text("position", "legal_representative")})),
              ElementsAre(DiscrepancyCode::kUndeclaredOffice));
  EXPECT_THAT(CodesFor(office({Text("position", "supervisor")})), IsEmpty());
  EXPECT_THAT(CodesFor(office({})), IsEmpty());  // not known to be one
}

TEST(DeclaredThingsTest, WhoIsOnThePublicPayrollIsShownMemberOrObligor) {
  const auto post = [](std::vector<base::Field> more) {
    more.push_back(Text("employer", "演示县水务局"));
    return Record("public_payroll", std::move(more));
  };
  EXPECT_THAT(CodesFor(post({})), ElementsAre(DiscrepancyCode::kPublicPayroll));
  EXPECT_THAT(CodesFor(post({}), {post({})}), IsEmpty());
  EXPECT_THAT(CodesFor(post({}), {Record("public_payroll", {Text("employer", "另一单位")})}),
              ElementsAre(DiscrepancyCode::kPublicPayroll));
  // The policy day is 2025-03-03; the last day is the first on which it no longer is.
  EXPECT_THAT(CodesFor(post({Day("until", 2025, 3, 3)})), IsEmpty());
  EXPECT_THAT(CodesFor(post({Day("until", 2025, 3, 4)})),
              ElementsAre(DiscrepancyCode::kPublicPayroll));
  EXPECT_THAT(CodesFor(post({Day("from", 2025, 3, 4)})), IsEmpty());
  EXPECT_THAT(CodesFor(post({Day("from", 2025, 3, 3)})),
              ElementsAre(DiscrepancyCode::kPublicPayroll));

  MatchBuilder b;
  b.person(1).role = base::PersonRole::kObligor;
  b.person(0).declared = {post({})};  // says nothing of the other
  b.Found("finance", 10, "m2", "public_payroll", {post({})});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kPublicPayroll));
  EXPECT_EQ(result.discrepancies[0].person_id, "m2");
  EXPECT_EQ(result.discrepancies[0].source_id, "finance");
}

// m1 applies for dibao in 640104 as matter XQ-1.
class AidTest : public ::testing::Test {
 protected:
  AidTest() {
    b_.input().matter_number = "XQ-1";
    b_.input().programmes = {"dibao"};
  }
  // What is said of one aid found; empty: nothing.
  std::string TextFor(std::vector<base::Field> fields) {
    b_.input().outcomes.clear();
    b_.Found("rolls", 10, "m1", "assistance", {Record("aid", std::move(fields))});
    const MatchResult result = b_.Run();
    if (result.discrepancies.empty()) return "";
    EXPECT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kAlreadyAssisted));
    return result.discrepancies[0].text;
  }
  MatchBuilder b_;
};

TEST_F(AidTest, OfAnotherMatterIsShownWithWhatIsAlike) {
  const std::string same = TextFor(
      {Text("programme", "dibao"), Text("matter", "XJ-9"), Text("registered_in", "640422")});
  EXPECT_THAT(same, HasSubstr("属另一救助事项"));
  EXPECT_THAT(same, HasSubstr("与本次申请的救助类别相同"));
  EXPECT_THAT(same, HasSubstr("登记地不是本次申请地"));
  const std::string other = TextFor(
      {Text("programme", "orphan"), Text("matter", "XQ-9"), Text("registered_in", "640104")});
  EXPECT_THAT(other, HasSubstr("属另一救助事项"));
  EXPECT_THAT(other, Not(HasSubstr("类别相同")));
  EXPECT_THAT(other, Not(HasSubstr("登记地")));
}

TEST_F(AidTest, OfThisVeryMatterIsNone) {
  EXPECT_EQ(TextFor({Text("programme", "dibao"), Text("matter", "XQ-1")}), "");
}

TEST_F(AidTest, OfNoNamedMatterMayBeThisOneAndThatIsSaid) {
  const std::string text = TextFor({Text("programme", "dibao")});
  EXPECT_THAT(text, HasSubstr("所属救助事项不明"));
  EXPECT_THAT(text, Not(HasSubstr("属另一救助事项")));
}

TEST_F(AidTest, OfAnObligorIsReceivedWithTheirOwnHousehold) {
  EXPECT_NE(TextFor({Text("matter", "XJ-9")}), "");
  b_.person(0).role = base::PersonRole::kObligor;
  EXPECT_EQ(TextFor({Text("matter", "XJ-9")}), "");
}

TEST_F(AidTest, ThatIsNotInForceIsNone) {
  const base::Field other = Text("matter", "XJ-9");
  EXPECT_EQ(TextFor({other, base::Field{"ended", true}}), "");
  EXPECT_EQ(TextFor({other, Day("until", 2025, 3, 3)}), "");
  EXPECT_EQ(TextFor({other, Day("from", 2025, 4, 1)}), "");
  EXPECT_NE(TextFor({other, base::Field{"ended", false}}), "");
  EXPECT_NE(TextFor({other, Day("from", 2024, 4, 1), Day("until", 2025, 3, 4)}), "");
}

TEST_F(AidTest, ThatIsDeclaredIsNoneWhoeverDeclaresIt) {
  b_.person(1).declared = {Record("aid", {Text("programme", "orphan")})};
  EXPECT_EQ(TextFor({Text("programme", "orphan"), Text("matter", "XJ-9")}), "");
  EXPECT_NE(TextFor({Text("programme", "destitute"), Text("matter", "XJ-9")}), "");
}

TEST_F(AidTest, ThatOneRollCallsEndedAndAnotherNotIsShownAsOpen) {
  b_.Found("county", 10, "m1", "assistance",
           {Record("aid", {Text("programme", "dibao"), Text("matter", "XJ-2024-0009")})});
  b_.Found("region", 20, "m1", "assistance",
           {Record("aid", {Text("programme", "dibao"), Text("matter", "XJ-2024-0009"),
                           base::Field{"ended", true}})});
  const MatchResult result = b_.Run();
  ASSERT_THAT(CodesOf(result),
              ElementsAre(DiscrepancyCode::kRecordConflict, DiscrepancyCode::kAlreadyAssisted));
  EXPECT_THAT(result.discrepancies[1].text, HasSubstr("是否仍有效不明"));
  EXPECT_THAT(result.discrepancies[1].also_answers, ElementsAre(1));
}

TEST_F(AidTest, ThatOnlyAnUnusableAnswerTellsIsNone) {
  for (const base::AnswerKind kind : {base::AnswerKind::kStale, base::AnswerKind::kAmbiguous}) {
    b_.input().outcomes.clear();
    b_.Answer("rolls", 10, "m1", "assistance", kind).answer.records = {
        Record("aid", {Text("matter", "XJ-9")})};
    EXPECT_THAT(b_.Run().discrepancies, IsEmpty());
  }
}

// Where nobody answers nothing is said, and what another source shows stands.
TEST(DeclaredThingsTest, AMissingAnswerMakesNoDiscrepancyAndHidesNone) {
  MatchBuilder b;
  b.Answer("police", 10, "m1", "vehicle", base::AnswerKind::kUnavailable, base::Reason::kLate);
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
  b.Found("transport", 20, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁A1")})});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kUndeclaredVehicle));
}

TEST(DeclaredThingsTest, AidsAndPostsToldTwiceAreNoPropertyToldTwice) {
  MatchBuilder b;
  b.Found("county", 10, "m1", "assistance", {Record("aid", {Text("programme", "dibao")})});
  b.Found("region", 20, "m1", "assistance", {Record("aid", {Text("programme", "dibao")})});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kAlreadyAssisted));
}

TEST(DeclaredThingsTest, UndeclaredPropertyOfEachKindIsNamed) {
  MatchBuilder b;
  b.Found("police", 10, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁A12345")})});
  b.Found("bank", 10, "m1", "deposit", {Record("deposit", {Amount(5000)})});
  b.Found("land", 10, "m1", "real_estate", {Record("real_estate", {})});
  b.Found("market", 10, "m2", "business", {Record("business", {})});
  const MatchResult result = b.Run();
  EXPECT_THAT(
      CodesOf(result),
      ElementsAre(DiscrepancyCode::kUndeclaredVehicle, DiscrepancyCode::kUndeclaredDeposit,
                  DiscrepancyCode::kUndeclaredProperty, DiscrepancyCode::kUndeclaredBusiness));
  const Discrepancy& vehicle = result.discrepancies[0];
  EXPECT_EQ(vehicle.person_id, "m1");
  EXPECT_EQ(vehicle.source_id, "police");
  EXPECT_EQ(result.facts.answers[vehicle.answer].category, "vehicle");
  EXPECT_EQ(vehicle.record.kind, "vehicle");
}

TEST(DeclaredThingsTest, DeclaredPropertyIsNone) {
  MatchBuilder b;
  b.person(0).declared = {Record("vehicle", {Text("plate", "宁A12345")})};
  b.Found("police", 10, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁A12345")})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DeclaredThingsTest, PropertyDeclaredByTheSpouseIsDeclared) {
  MatchBuilder b;
  b.person(1).declared = {Record("real_estate", {})};
  b.Found("land", 10, "m1", "real_estate", {Record("real_estate", {Text("certificate", "宁1号")})});
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DeclaredThingsTest, OneDeclaredCarDoesNotCoverTwo) {
  MatchBuilder b;
  b.person(0).declared = {Record("vehicle", {})};
  b.Found("police", 10, "m1", "vehicle",
          {Record("vehicle", {Text("plate", "宁A1")}), Record("vehicle", {Text("plate", "宁A2")})});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kUndeclaredVehicle));
}

TEST(DeclaredThingsTest, AnotherPlateIsAnotherCar) {
  MatchBuilder b;
  b.person(0).declared = {Record("vehicle", {Text("plate", "宁A1")})};
  b.Found("police", 10, "m1", "vehicle", {Record("vehicle", {Text("plate", "宁A2")})});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kUndeclaredVehicle));
}

TEST(DeclaredThingsTest, ADepositAboveTheDeclaredOneIsShown) {
  MatchBuilder b;
  b.person(0).declared = {Record("deposit", {Amount(1000)})};
  b.Found("bank", 10, "m1", "deposit", {Record("deposit", {Amount(100000)})});
  const MatchResult result = b.Run();
  ASSERT_THAT(CodesOf(result), ElementsAre(DiscrepancyCode::kDepositAboveDeclared));
  EXPECT_THAT(result.discrepancies[0].text, HasSubstr("100000.00"));
}

TEST(DeclaredThingsTest, WhatIsDeclaredAndNotFoundIsNone) {
  MatchBuilder b;
  b.person(0).declared = {Record("vehicle", {}), Record("wage", {Month(2), Amount(800)})};
  b.Answer("police", 10, "m1", "vehicle", base::AnswerKind::kConfirmedNone);
  b.Answer("tax", 10, "m1", "employment", base::AnswerKind::kConfirmedNone);
  EXPECT_THAT(b.Run().discrepancies, IsEmpty());
}

TEST(DeclaredThingsTest, WhatMayBeTheDeclaredHouseIsNotUndeclared) {
  MatchBuilder b;
  b.person(0).declared = {Record("real_estate", {})};
  b.Found("land", 10, "m1", "real_estate", {Record("real_estate", {Text("certificate", "宁1号")})});
  b.Found("housing", 20, "m1", "real_estate", {Record("real_estate", {})});
  EXPECT_THAT(CodesOf(b.Run()), ElementsAre(DiscrepancyCode::kPossibleDuplicateAsset));
}

}  // namespace
}  // namespace hedui::match
