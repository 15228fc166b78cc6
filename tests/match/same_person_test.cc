#include "server/match/same_person.h"

#include <gtest/gtest.h>

namespace hedui::match {
namespace {

using base::Identity;
using base::IdentityKind;

const Identity kAsked{IdentityKind::kResidentId, "11010519491231002X", "阿依古丽·买买提"};

TEST(SamePersonTest, NumberAndNameAgree) {
  EXPECT_TRUE(
      SamePerson(kAsked, {IdentityKind::kResidentId, "11010519491231002X", "阿依古丽·买买提"}));
}

TEST(SamePersonTest, SpellingOfDotsBlanksAndWidthDoesNotMatter) {
  EXPECT_TRUE(
      SamePerson(kAsked, {IdentityKind::kResidentId, "11010519491231002x", "阿依古丽 • 买买提"}));
}

TEST(SamePersonTest, NumberDiffers) {
  EXPECT_FALSE(
      SamePerson(kAsked, {IdentityKind::kResidentId, "440524188001010014", "阿依古丽·买买提"}));
}

TEST(SamePersonTest, NameDiffers) {
  EXPECT_FALSE(SamePerson(kAsked, {IdentityKind::kResidentId, "11010519491231002X", "王秀英"}));
}

TEST(SamePersonTest, FifteenDigitsOfOldDataAreTheSameNumber) {
  const Identity asked{IdentityKind::kResidentId, "110105491231002", "王秀英"};
  EXPECT_TRUE(SamePerson(asked, {IdentityKind::kResidentId, "11010519491231002X", "王秀英"}));
  EXPECT_TRUE(SamePerson({IdentityKind::kResidentId, "11010519491231002X", "王秀英"},
                         {IdentityKind::kOther, "110105491231002", "王秀英"}));
}

TEST(SamePersonTest, DisabilityCertificateCarriesTheCitizenNumber) {
  EXPECT_TRUE(SamePerson({IdentityKind::kResidentId, "11010519491231002X", "王秀英"},
                         {IdentityKind::kDisabilityCertificate, "11010519491231002X42", "王秀英"}));
  EXPECT_TRUE(SamePerson({IdentityKind::kResidentId, "11010519491231002X", "王秀英"},
                         {IdentityKind::kOther, "11010519491231002X42", "王秀英"}));
}

TEST(SamePersonTest, ASourceThatGivesOnlyOneOfTheTwoIsComparedByThat) {
  EXPECT_TRUE(SamePerson(kAsked, {IdentityKind::kResidentId, "11010519491231002X", ""}));
  EXPECT_TRUE(SamePerson(kAsked, {IdentityKind::kOther, "", "阿依古丽·买买提"}));
  EXPECT_FALSE(SamePerson(kAsked, {IdentityKind::kOther, "", "王秀英"}));
}

TEST(SamePersonTest, ASubjectThatSaysNothingIsNobody) {
  EXPECT_FALSE(SamePerson(kAsked, Identity{}));
}

TEST(SamePersonTest, ANameAloneDoesNotIdentifyAPersonWithoutANumber) {
  const Identity newborn{IdentityKind::kWithoutNumber, "", "马小宝"};
  EXPECT_FALSE(SamePerson(newborn, {IdentityKind::kWithoutNumber, "", "马小宝"}));
  EXPECT_FALSE(SamePerson(newborn, {IdentityKind::kResidentId, "11010519491231002X", "马小宝"}));
}

TEST(SamePersonTest, PassportNumbersAreComparedAsText) {
  const Identity asked{IdentityKind::kPassport, "E1234567", "LI MING"};
  EXPECT_TRUE(SamePerson(asked, {IdentityKind::kOther, "e1234567", "Li Ming"}));
  EXPECT_FALSE(SamePerson(asked, {IdentityKind::kPassport, "E1234568", "LI MING"}));
}

}  // namespace
}  // namespace hedui::match
