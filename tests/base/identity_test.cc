#include "server/base/identity.h"

#include <gtest/gtest.h>

#include <random>

#include "server/base/limits.h"
#include "server/base/status.h"
#include "tests/support/synthetic_person.h"

namespace hedui::base {
namespace {

using ::hedui::testing::SyntheticCitizenNumber;

std::string ReasonOfNumber(absl::string_view text) {
  return ReasonOf(ParseCitizenNumber(text).status());
}

TEST(CitizenNumberTest, PublishedNumbersAreValid) {
  const auto woman = ParseCitizenNumber("11010519491231002X");
  ASSERT_TRUE(woman.ok());
  EXPECT_EQ(woman->birth, absl::CivilDay(1949, 12, 31));
  EXPECT_EQ(woman->sex, Sex::kFemale);
  EXPECT_EQ(woman->division, "110105");
  const auto man = ParseCitizenNumber("440524188001010014");
  ASSERT_TRUE(man.ok());
  EXPECT_EQ(man->sex, Sex::kMale);
  EXPECT_EQ(man->birth, absl::CivilDay(1880, 1, 1));
  EXPECT_TRUE(ParseCitizenNumber("360426199101010071").ok());
}

TEST(CitizenNumberTest, SmallXIsTheSameNumber) {
  EXPECT_EQ(ParseCitizenNumber("11010519491231002x")->number, "11010519491231002X");
}

TEST(CitizenNumberTest, DefectsHaveTheirReasons) {
  EXPECT_EQ(ReasonOfNumber("110105194912310021"), "ID_CHECKSUM");
  EXPECT_EQ(ReasonOfNumber("110105194902300020"), "ID_BIRTH_DATE")
      << "30 February, check digit right";
  EXPECT_EQ(ReasonOfNumber("11010519491231002"), "ID_LENGTH");
  EXPECT_EQ(ReasonOfNumber("11010519491231002XX"), "ID_LENGTH");
  EXPECT_EQ(ReasonOfNumber(""), "ID_LENGTH");
  EXPECT_EQ(ReasonOfNumber("11010519491231X02X"), "ID_CHARACTER");
  EXPECT_EQ(ReasonOfNumber("11010519491231002Y"), "ID_CHARACTER");
  EXPECT_EQ(ReasonOfNumber("11010549123100X"), "ID_CHARACTER");
  EXPECT_EQ(ReasonOfNumber("110105490230002"), "ID_BIRTH_DATE");
}

TEST(CitizenNumberTest, FifteenDigitsBecomeEighteen) {
  const auto converted = ParseCitizenNumber("110105491231002");
  ASSERT_TRUE(converted.ok());
  EXPECT_EQ(converted->number, "11010519491231002X");
  EXPECT_EQ(converted->birth, absl::CivilDay(1949, 12, 31));
  EXPECT_EQ(converted->sex, Sex::kFemale);
}

TEST(CitizenNumberTest, DivisionNeedNotBeInTodaysTable) {
  EXPECT_TRUE(
      ParseCitizenNumber(SyntheticCitizenNumber("640103", absl::CivilDay(1960, 5, 4), 17)).ok());
  EXPECT_TRUE(
      ParseCitizenNumber(SyntheticCitizenNumber("999999", absl::CivilDay(1960, 5, 4), 17)).ok());
}

TEST(CitizenNumberTest, SyntheticNumbersParseBackAndAnyChangedDigitIsNoticed) {
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    const absl::CivilDay birth = absl::CivilDay(1920, 1, 1) + static_cast<int>(random() % 38'000);
    const int sequence = static_cast<int>(random() % 1000);
    const std::string number = SyntheticCitizenNumber("640104", birth, sequence);
    const auto parsed = ParseCitizenNumber(number);
    ASSERT_TRUE(parsed.ok()) << birth;
    EXPECT_EQ(parsed->birth, birth);
    EXPECT_EQ(parsed->sex, sequence % 2 == 1 ? Sex::kMale : Sex::kFemale);
    std::string changed = number;
    const size_t at = random() % 17;
    changed[at] = static_cast<char>('0' + (changed[at] - '0' + 1 + random() % 9) % 10);
    EXPECT_FALSE(ParseCitizenNumber(changed).ok());
    // Neighbours swapped: the other slip of a typing hand.
    std::string swapped = number;
    std::swap(swapped[at % 16], swapped[at % 16 + 1]);
    if (swapped != number) {
      EXPECT_FALSE(ParseCitizenNumber(swapped).ok());
    }
  }
}

TEST(CitizenNumberTest, ErrorsDoNotRepeatTheNumber) {
  const auto status = ParseCitizenNumber("110105194912310021").status();
  EXPECT_EQ(status.ToString().find("110105"), std::string::npos);
}

TEST(IdentityTest, NumbersLoseBlanksWidthAndCase) {
  const auto identity =
      NormaliseIdentity(IdentityKind::kResidentId, " １１０１０５ 19491231 002ｘ", "赵 一");
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->number, "11010519491231002X");
  EXPECT_EQ(identity->name, "赵 一") << "as given";
  EXPECT_EQ(NormaliseIdentity(IdentityKind::kResidentId, "110105491231002", "赵一")->number,
            "11010519491231002X");
}

struct KindCase {
  IdentityKind kind;
  std::string number;
  std::string reason;  // empty: accepted
};

class IdentityKindTest : public ::testing::TestWithParam<KindCase> {};

TEST_P(IdentityKindTest, ChecksWhatTheKindDefines) {
  const auto identity = NormaliseIdentity(GetParam().kind, GetParam().number, "测试人");
  EXPECT_EQ(identity.ok() ? "" : ReasonOf(identity.status()), GetParam().reason)
      << GetParam().number;
}

const std::string kCitizen = SyntheticCitizenNumber("640104", absl::CivilDay(1985, 6, 7), 21);
const std::string kHongKong = SyntheticCitizenNumber("810000", absl::CivilDay(1985, 6, 7), 21);
const std::string kTaiwan = SyntheticCitizenNumber("830000", absl::CivilDay(1985, 6, 7), 22);
const std::string kForeigner = SyntheticCitizenNumber("911840", absl::CivilDay(1985, 6, 7), 22);

INSTANTIATE_TEST_SUITE_P(
    Kinds, IdentityKindTest,
    ::testing::Values(
        KindCase{IdentityKind::kResidentId, kCitizen, ""},
        KindCase{IdentityKind::kResidentId, kCitizen + "1", "ID_LENGTH"},
        KindCase{IdentityKind::kHkMacaoTaiwanPermit, kHongKong, ""},
        KindCase{IdentityKind::kHkMacaoTaiwanPermit, kTaiwan, ""},
        KindCase{IdentityKind::kHkMacaoTaiwanPermit, kCitizen, "ID_PREFIX"},
        KindCase{IdentityKind::kForeignerPermit, kForeigner, ""},
        KindCase{IdentityKind::kForeignerPermit, kCitizen, "ID_PREFIX"},
        KindCase{IdentityKind::kForeignerPermit, "usa110085060712", ""},
        KindCase{IdentityKind::kForeignerPermit, "US1110085060712", "ID_CHARACTER"},
        KindCase{IdentityKind::kForeignerPermit, "USA", "ID_LENGTH"},
        KindCase{IdentityKind::kPassport, "E1234 5678", ""},
        KindCase{IdentityKind::kPassport, "E123", "ID_LENGTH"},
        KindCase{IdentityKind::kPassport, "E1234-5678", "ID_CHARACTER"},
        KindCase{IdentityKind::kDisabilityCertificate, kCitizen + "42", ""},
        KindCase{IdentityKind::kDisabilityCertificate, kCitizen + "42B1", ""},
        KindCase{IdentityKind::kDisabilityCertificate, kCitizen + "82", "ID_CHARACTER"},
        KindCase{IdentityKind::kDisabilityCertificate, kCitizen + "45", "ID_CHARACTER"},
        KindCase{IdentityKind::kDisabilityCertificate, kCitizen + "42C1", "ID_CHARACTER"},
        KindCase{IdentityKind::kDisabilityCertificate, kCitizen, "ID_LENGTH"},
        KindCase{IdentityKind::kWithoutNumber, "", ""},
        KindCase{IdentityKind::kWithoutNumber, "1", "ID_LENGTH"},
        KindCase{IdentityKind::kOther, "南字第1234567号", ""},
        KindCase{IdentityKind::kOther, "", "ID_LENGTH"},
        KindCase{IdentityKind::kOther, std::string(kIdentifierBytesMax + 1, '1'), "ID_LENGTH"},
        KindCase{IdentityKind::kOther, "12\x01", "ID_CHARACTER"},
        KindCase{IdentityKind::kOther, "12\xff", "ID_CHARACTER"}));

TEST(IdentityTest, NamesAreRequiredAndBounded) {
  const auto reason = [](const std::string& name) {
    return ReasonOf(NormaliseIdentity(IdentityKind::kWithoutNumber, "", name).status());
  };
  EXPECT_EQ(reason(""), "NAME_LENGTH");
  EXPECT_EQ(reason(" 　"), "NAME_LENGTH");
  EXPECT_EQ(reason(std::string(kNameBytesMax + 1, 'a')), "NAME_LENGTH");
  EXPECT_EQ(reason("赵\n一"), "NAME_CHARACTER");
  EXPECT_EQ(reason("\xe8\xb5"), "NAME_CHARACTER");
  EXPECT_EQ(reason("赵\u202e一"), "NAME_CHARACTER") << "direction overrides hide what stands there";
}

TEST(IdentityTest, BirthAndSexAreKnownWhereTheNumberCarriesThem) {
  const auto of = [](IdentityKind kind, const std::string& number) {
    return CitizenNumberOf(*NormaliseIdentity(kind, number, "测试人"));
  };
  EXPECT_EQ(of(IdentityKind::kResidentId, kCitizen)->birth, absl::CivilDay(1985, 6, 7));
  EXPECT_EQ(of(IdentityKind::kResidentId, kCitizen)->sex, Sex::kMale);
  EXPECT_EQ(of(IdentityKind::kHkMacaoTaiwanPermit, kTaiwan)->sex, Sex::kFemale);
  EXPECT_EQ(of(IdentityKind::kDisabilityCertificate, kCitizen + "42")->number, kCitizen);
  EXPECT_EQ(of(IdentityKind::kForeignerPermit, kForeigner)->birth, absl::CivilDay(1985, 6, 7));
  EXPECT_EQ(of(IdentityKind::kForeignerPermit, kForeigner)->division, "");
  EXPECT_FALSE(of(IdentityKind::kForeignerPermit, "USA110085060712").has_value());
  EXPECT_FALSE(of(IdentityKind::kPassport, "E12345678").has_value());
  EXPECT_FALSE(of(IdentityKind::kWithoutNumber, "").has_value());
  EXPECT_FALSE(of(IdentityKind::kOther, kCitizen).has_value());
}

TEST(NameTest, DotsWidthsBlanksAndCaseDoNotMatter) {
  const std::string one = "买买提·吐尔逊";
  for (const char* other : {"买买提•吐尔逊", "买买提．吐尔逊", "买买提‧吐尔逊", "买买提・吐尔逊",
                            "买买提.吐尔逊", "买买提 · 吐尔逊", "买买提　·吐尔逊"}) {
    EXPECT_TRUE(SameName(one, other)) << other;
    EXPECT_EQ(NormaliseName(other), one) << other;
  }
  EXPECT_TRUE(SameName("阿依古丽·买买提·吐尔逊", "阿依古丽．买买提•吐尔逊")) << "several dots";
  EXPECT_TRUE(SameName("Ｊｏｈｎ　smith", "JOHNSMITH"));
  EXPECT_TRUE(SameName("José", "JOSÉ"));
}

TEST(NameTest, OtherDifferencesMatter) {
  EXPECT_FALSE(SameName("买买提·吐尔逊", "买买提吐尔逊"));
  EXPECT_FALSE(SameName("赵昇", "赵升")) << "a variant character: a person decides";
  EXPECT_FALSE(SameName("\U00020BB7田", "吉田")) << "extension blocks stay";
  EXPECT_FALSE(SameName("\uE863", "䶮")) << "private use stays";
  EXPECT_FALSE(SameName("赵一", "赵二"));
  EXPECT_FALSE(SameName("赵一", ""));
}

TEST(NameTest, NormalisingTwiceChangesNothing) {
  std::mt19937 random(2);
  const std::vector<std::string> pieces{"赵",       " ",  "·",      ".",          "．",
                                        "a",        "Ｂ", "é",      "\U00020BB7", "\xff",
                                        "\xe8\xb5", "　", "\uE863", "÷",          "0"};
  for (int i = 0; i < 2'000; ++i) {
    std::string name;
    for (int j = 0; j < 6; ++j) name += pieces[random() % pieces.size()];
    const std::string once = NormaliseName(name);
    EXPECT_EQ(NormaliseName(once), once) << name;
  }
}

TEST(CreditCodeTest, PublishedCodesAreValid) {
  EXPECT_TRUE(CheckCreditCode("91110000600037341L").ok());
  EXPECT_TRUE(CheckCreditCode("91350100M000100Y43").ok());
}

TEST(CreditCodeTest, DefectsHaveTheirReasons) {
  EXPECT_EQ(ReasonOf(CheckCreditCode("91110000600037341M")), "CREDIT_CODE_CHECKSUM");
  EXPECT_EQ(ReasonOf(CheckCreditCode("91110000600037341l")), "CREDIT_CODE_CHARACTER");
  EXPECT_EQ(ReasonOf(CheckCreditCode("9111000060003734IL")), "CREDIT_CODE_CHARACTER");
  EXPECT_EQ(ReasonOf(CheckCreditCode("9111000060003734L")), "CREDIT_CODE_LENGTH");
  EXPECT_EQ(ReasonOf(CheckCreditCode("")), "CREDIT_CODE_LENGTH");
  std::string code = "91350100M000100Y43";
  for (size_t i = 0; i < code.size(); ++i) {
    std::string changed = code;
    changed[i] = changed[i] == '7' ? '8' : '7';
    EXPECT_FALSE(CheckCreditCode(changed).ok()) << i;
  }
}

TEST(MaskTest, KeepsSixAndFourOfALongNumberAndLittleOfAShortOne) {
  EXPECT_EQ(MaskNumber("64010419491231002X"), "640104********002X");
  EXPECT_EQ(MaskNumber("E12345678"), "*******78");
  EXPECT_EQ(MaskNumber("1234"), "****");
  EXPECT_EQ(MaskNumber("南字第1234567号"), "*********7号");
  EXPECT_EQ(MaskNumber(""), "");
}

}  // namespace
}  // namespace hedui::base
