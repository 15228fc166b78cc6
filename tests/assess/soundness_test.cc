// Answers that say less than they seem to, of a source that errs or lies: nothing may be concluded
// from them that another reading would overturn.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "tests/assess/test_packs.h"

namespace hedui::assess {
namespace {

using base::AnswerKind;
using base::AnswerState;
using base::Fact;
using base::Money;

// A family of three whose every register answered; dibao is TRUE and robust.
Case Family() {
  const auto file = ReadCaseFile(Folder("tests/assess/cases/deposit_below_limit.yaml"), TestPack());
  EXPECT_TRUE(file.ok()) << file.status().message();
  return file->value;
}

int32_t AnswerOf(const Case& c, const std::string& person, const std::string& category) {
  for (size_t i = 0; i < c.facts.answers.size(); ++i) {
    const AnswerState& answer = c.facts.answers[i];
    if (answer.person_id == person && answer.category == category) return static_cast<int32_t>(i);
  }
  ADD_FAILURE() << "no answer of " << category << " about " << person;
  return 0;
}

AnswerState& MutableAnswer(Case* c, const std::string& person, const std::string& category) {
  return c->facts.answers[static_cast<size_t>(AnswerOf(*c, person, category))];
}

Fact& WageOf(Case* c, const std::string& person) {
  for (Fact& fact : c->facts.facts) {
    if (fact.person_id == person && fact.record.kind == "wage") return fact;
  }
  ADD_FAILURE() << "no wage of " << person;
  return c->facts.facts[0];
}

void SetField(Fact* fact, const std::string& name, base::FieldValue value) {
  for (base::Field& field : fact->record.fields) {
    if (field.name == name) field.value = std::move(value);
  }
}

void AddFact(Case* c, const std::string& person, const std::string& category, base::Record record) {
  Fact fact;
  fact.person_id = person;
  fact.record = std::move(record);
  fact.answer = AnswerOf(*c, person, category);
  AnswerState& answer = c->facts.answers[static_cast<size_t>(fact.answer)];
  answer.complete = true;
  answer.kind = AnswerKind::kFound;
  c->facts.facts.push_back(std::move(fact));
}

Assessment MustAssess(const Case& c) {
  auto result = Assess(TestPack(), c);
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

void ExpectUndetermined(const Assessment& result, const std::string& category,
                        const std::string& detail) {
  const Indication& dibao = *result.FindIndication("dibao");
  EXPECT_EQ(dibao.result, Truth::kUndetermined);
  EXPECT_FALSE(dibao.robust);
  bool blamed = false;
  for (const Blame& blame : dibao.blame) {
    blamed |= blame.category == category && blame.detail == detail;
  }
  EXPECT_TRUE(blamed) << category << " is not blamed for " << detail;
}

TEST(SoundnessTest, TheFamilyAsItIsIsEntitled) {
  const Assessment result = MustAssess(Family());
  EXPECT_EQ(result.FindIndication("dibao")->result, Truth::kTrue);
  EXPECT_TRUE(result.FindIndication("dibao")->robust);
}

TEST(SoundnessTest, ARecordOfAnUnknownKindProvesNoAbsenceOfWages) {
  Case c = Family();
  WageOf(&c, "father").record.kind = "salary";
  const Assessment result = MustAssess(c);
  ExpectUndetermined(result, "employment", "UNKNOWN_KIND");
}

TEST(SoundnessTest, ABankThatSpeaksOfAYearLongPastProvesNoAbsenceOfDeposits) {
  Case c = Family();
  AnswerState& bank = MutableAnswer(&c, "child", "deposit");
  ASSERT_EQ(bank.kind, AnswerKind::kConfirmedNone);
  bank.covered = {absl::CivilDay(2010, 1, 1), absl::CivilDay(2011, 1, 1)};
  ExpectUndetermined(MustAssess(c), "deposit", "PERIOD");
}

TEST(SoundnessTest, WhatIsSoMustBeToldOfTheApplicationDay) {
  Case c = Family();
  AnswerState& bank = MutableAnswer(&c, "child", "deposit");
  const absl::CivilDay day = c.dates.application;
  bank.covered = {day, day + 1};
  EXPECT_EQ(MustAssess(c).FindIndication("dibao")->result, Truth::kTrue);
  bank.covered = {std::nullopt, std::nullopt};
  EXPECT_EQ(MustAssess(c).FindIndication("dibao")->result, Truth::kTrue);
  bank.covered = {std::nullopt, day};
  ExpectUndetermined(MustAssess(c), "deposit", "PERIOD");
  bank.covered = {day + 1, std::nullopt};
  ExpectUndetermined(MustAssess(c), "deposit", "PERIOD");
}

TEST(SoundnessTest, ARegisterOfResidenceOfLongAgoDoesNotSayThatNobodyIsMissing) {
  Case c = Family();
  MutableAnswer(&c, "father", "hukou").covered = {absl::CivilDay(2010, 1, 1),
                                                  absl::CivilDay(2011, 1, 1)};
  ExpectUndetermined(MustAssess(c), "hukou", "PERIOD");
}

TEST(SoundnessTest, ABankCannotReportADeath) {
  Case c = Family();
  const Assessment before = MustAssess(c);
  AddFact(&c, "father", "deposit", {"death", {{"day", c.dates.application - 10}}});
  const Assessment result = MustAssess(c);
  EXPECT_EQ(result.Find("member_count", "")->value.text,
            before.Find("member_count", "")->value.text);
  EXPECT_EQ(result.Find("household_income", "")->value.text,
            before.Find("household_income", "")->value.text);
  ExpectUndetermined(result, "deposit", "KIND_NOT_OF_CATEGORY");
}

TEST(SoundnessTest, AFactToldByARightAndAWrongRegisterStandsByTheRightOne) {
  Case c = Family();
  Fact& wage = WageOf(&c, "father");
  const int32_t employment = wage.answer;
  MutableAnswer(&c, "father", "deposit").kind = AnswerKind::kFound;
  wage.answer = AnswerOf(c, "father", "deposit");
  wage.also_answers = {employment};
  const Assessment before = MustAssess(Family());
  const Assessment result = MustAssess(c);
  EXPECT_EQ(result.Find("household_income", "")->value.text,
            before.Find("household_income", "")->value.text);
  ExpectUndetermined(result, "deposit", "KIND_NOT_OF_CATEGORY");
}

TEST(SoundnessTest, ANegativeAmountOfWhatCannotBeNegativeIsNotKnown) {
  Case c = Family();
  AddFact(&c, "father", "tax",
          {"property_income",
           {{"month", absl::CivilMonth(2025, 2)}, {"amount", Money::FromFen(-300000)}}});
  ExpectUndetermined(MustAssess(c), "tax", "FIELD");
}

TEST(SoundnessTest, TwoAmountsForOneWageLeaveOpenWhatDependsOnWhichHolds) {
  Case c = Family();
  Fact& wage = WageOf(&c, "father");
  wage.also_answers = {AnswerOf(c, "father", "tax")};
  wage.otherwise = {{wage.also_answers[0], Money::FromFen(2000000)}};
  ExpectUndetermined(MustAssess(c), "employment", "CONFLICT");
}

TEST(SoundnessTest, TwoAmountsThatMakeNoDifferenceLeaveTheConclusion) {
  Case c = Family();
  Fact& wage = WageOf(&c, "father");
  wage.also_answers = {AnswerOf(c, "father", "tax")};
  wage.otherwise = {{wage.also_answers[0], Money::FromFen(200000)}};
  const Assessment result = MustAssess(c);
  EXPECT_FALSE(result.Find("household_income", "")->value.exact);
  EXPECT_EQ(result.FindIndication("dibao")->result, Truth::kTrue);
  EXPECT_TRUE(result.FindIndication("dibao")->robust);
}

TEST(SoundnessTest, AnAmountFromAWrongRegisterIsNoSecondAmount) {
  Case c = Family();
  MutableAnswer(&c, "father", "deposit").kind = AnswerKind::kFound;
  Fact& wage = WageOf(&c, "father");
  // As in a match where the bank's rank is higher: its nought stands, the wage goes along.
  const int32_t employment = wage.answer;
  wage.answer = AnswerOf(c, "father", "deposit");
  wage.also_answers = {employment};
  wage.otherwise = {{employment, std::get<Money>(*wage.record.Find("amount"))}};
  SetField(&wage, "amount", Money::FromFen(0));
  const Assessment before = MustAssess(Family());
  EXPECT_EQ(MustAssess(c).Find("household_income", "")->value.text,
            before.Find("household_income", "")->value.text);
}

TEST(SoundnessTest, AWageFoundAsDeclaredRestsOnTheRegister) {
  Case c = Family();
  Fact declared = WageOf(&c, "father");
  declared.answer = -1;
  declared.declared = true;
  const auto marked = [](const Case& tested) {
    return MustAssess(tested).Find("wage_total", "father")->marks.declared;
  };
  EXPECT_FALSE(marked(c));
  c.facts.facts.push_back(declared);
  EXPECT_FALSE(marked(c));
  SetField(&c.facts.facts.back(), "amount", Money::FromFen(900000));
  EXPECT_TRUE(marked(c));
}

// A flat in the names of both parents.
Case FlatOwners() {
  Case c = Family();
  for (const char* owner : {"father", "mother"}) {
    AddFact(
        &c, owner, "real_estate",
        {"real_estate", {{"use", std::string("residence")}, {"certificate", std::string("1")}}});
  }
  const size_t count = c.facts.facts.size();
  c.facts.facts[count - 1].held_with = static_cast<int32_t>(count - 2);
  return c;
}

std::string Dwellings(const Case& c) {
  const auto result = Assess(TestPack(), c);
  EXPECT_TRUE(result.ok()) << result.status();
  return result->Find("dwellings", "")->value.text;
}

TEST(SoundnessTest, AFlatOfTwoMembersIsOneDwelling) {
  Case c = FlatOwners();
  EXPECT_EQ(Dwellings(c), "1");
  EXPECT_EQ(Assess(TestPack(), c)->FindIndication("dibao")->result, Truth::kTrue);
  c.facts.facts.back().held_with = -1;
  EXPECT_EQ(Dwellings(c), "2");
}

TEST(SoundnessTest, AFlatCountsWithTheOtherOwnerWhereTheFirstIsNoMember) {
  Case c = FlatOwners();
  // The father has died, as register and application say.
  AddFact(&c, "father", "death", {"death", {{"day", absl::CivilDay(2025, 1, 2)}}});
  Fact death = c.facts.facts.back();
  death.answer = -1;
  death.declared = true;
  c.facts.facts.push_back(death);
  EXPECT_EQ(Dwellings(c), "1");
  // Only one of them says so: then it may count with either.
  c.facts.facts.pop_back();
  EXPECT_EQ(Dwellings(c), "[0, 2]");
}

TEST(SoundnessTest, AFlatCountsHereWhereTheOtherRecordMayNotBeUsed) {
  Case c = FlatOwners();
  Fact& first = c.facts.facts[c.facts.facts.size() - 2];
  first.answer = AnswerOf(c, "father", "vehicle");  // told by the register of vehicles
  c.facts.answers[static_cast<size_t>(first.answer)].kind = AnswerKind::kFound;
  EXPECT_EQ(Dwellings(c), "1");
}

}  // namespace
}  // namespace hedui::assess
