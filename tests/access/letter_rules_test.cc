#include "server/access/letter_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/access/access_fixture.h"

namespace hedui::access {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class LetterRulesTest : public AccessTest {
 protected:
  // "field REASON" of each defect.
  std::vector<std::string> Check(const LetterDraft& draft) {
    DefectList defects;
    letter_ = CheckLetter(draft, "l", County(), absl::CivilDay(2025, 3, 3), &defects);
    EXPECT_EQ(letter_.has_value(), defects.empty());
    return FieldsAndReasons(defects.ToStatus());
  }
  std::optional<Letter> letter_;
};

TEST_F(LetterRulesTest, LetterIsNormalised) {
  LetterDraft draft = FatherDraft();
  draft.person_number = "11010519491231002x";
  draft.purposes = {"urgent_relief", "dibao_review"};
  ASSERT_THAT(Check(draft), IsEmpty());
  EXPECT_EQ(letter_->person.number, "11010519491231002X");
  EXPECT_EQ(letter_->purposes, (std::vector<std::string>{"dibao_review", "urgent_relief"}));
  EXPECT_EQ(letter_->scan_digest, std::string(32, '\xaa'));
  EXPECT_EQ(letter_->signed_day, absl::CivilDay(2025, 3, 1));
  EXPECT_FALSE(letter_->signer.has_value());
}

TEST_F(LetterRulesTest, EmptyDraftHasEveryDefectAtOnce) {
  EXPECT_THAT(Check(LetterDraft()),
              UnorderedElementsAre("l.letter_number IDENTIFIER_LENGTH",
                                   "l.document LETTER_DOCUMENT", "l.signature SIGNATURE_KIND",
                                   "l.scan_sha256 SCAN_DIGEST", "l.person.kind IDENTITY_KIND",
                                   "l.person.name NAME_LENGTH", "l.signed_day SIGNED_DAY",
                                   "l.capacity SIGNER_CAPACITY", "l.purposes PURPOSES"));
}

TEST_F(LetterRulesTest, MalformedIdentityNumberIsRefused) {
  LetterDraft draft = FatherDraft();
  draft.person_number = "110105194912310021";
  EXPECT_THAT(Check(draft), ElementsAre("l.person.number ID_CHECKSUM"));
}

TEST_F(LetterRulesTest, DefectTextsDoNotRepeatPersonalData) {
  LetterDraft draft = FatherDraft();
  draft.person_number = "110105194912310021";
  draft.person_name = "马建国\n";
  DefectList defects;
  CheckLetter(draft, "l", County(), absl::CivilDay(2025, 3, 3), &defects);
  const std::string text(defects.ToStatus().message());
  EXPECT_EQ(text.find("110105"), std::string::npos) << text;
  EXPECT_EQ(text.find("马建国"), std::string::npos) << text;
}

TEST_F(LetterRulesTest, LetterSignedTodayIsTakenAndTomorrowIsNot) {
  LetterDraft draft = FatherDraft();
  draft.signed_day = "2025-03-03";
  EXPECT_THAT(Check(draft), IsEmpty());
  draft.signed_day = "2025-03-04";
  EXPECT_THAT(Check(draft), ElementsAre("l.signed_day LETTER_FROM_FUTURE"));
  draft.signed_day = "2025-02-29";
  EXPECT_THAT(Check(draft), ElementsAre("l.signed_day SIGNED_DAY"));
}

TEST_F(LetterRulesTest, ScanDigestIs64LowerCaseDigits) {
  LetterDraft draft = FatherDraft();
  draft.scan_sha256 = std::string(64, 'A');
  EXPECT_THAT(Check(draft), ElementsAre("l.scan_sha256 SCAN_DIGEST"));
  draft.scan_sha256 = std::string(62, 'a');
  EXPECT_THAT(Check(draft), ElementsAre("l.scan_sha256 SCAN_DIGEST"));
}

TEST_F(LetterRulesTest, PurposeMustBeOneOfTheAgencys) {
  LetterDraft draft = FatherDraft();
  draft.purposes = {"dibao_review", "housing"};  // the city's, not the county's
  EXPECT_THAT(Check(draft), ElementsAre("l.purposes[1] PURPOSE_NOT_ALLOWED"));
  draft.purposes = {"dibao_review", "dibao_review"};
  EXPECT_THAT(Check(draft), ElementsAre("l.purposes[1] PURPOSE_DUPLICATE"));
}

TEST_F(LetterRulesTest, UnderFourteenOnlyAGuardianSigns) {
  LetterDraft draft =
      Draft("L-3", "马小明", absl::CivilDay(2011, 3, 2), 33);  // fourteen on 2025-03-02
  draft.signed_day = "2025-03-01";
  EXPECT_THAT(Check(draft), ElementsAre("l.capacity GUARDIAN_REQUIRED"));
  draft.signed_day = "2025-03-02";
  EXPECT_THAT(Check(draft), IsEmpty()) << "from the fourteenth birthday on";

  LetterDraft agent = ChildDraft();
  agent.capacity = SignerCapacity::kAgent;
  agent.mandate_number = "W-1";
  EXPECT_THAT(Check(agent), ElementsAre("l.capacity GUARDIAN_REQUIRED"));
  EXPECT_THAT(Check(ChildDraft()), IsEmpty());
}

TEST_F(LetterRulesTest, GuardianMustBeNamedAndAnother) {
  LetterDraft draft = ChildDraft();
  draft.has_signer = false;
  EXPECT_THAT(Check(draft), ElementsAre("l.signer SIGNER_REQUIRED"));
  draft = ChildDraft();
  draft.signer_number = draft.person_number;
  EXPECT_THAT(Check(draft), ElementsAre("l.signer SIGNER_IS_PERSON"));
  draft = ChildDraft();
  draft.signer_name = "";
  EXPECT_THAT(Check(draft), ElementsAre("l.signer.name NAME_LENGTH"));
}

TEST_F(LetterRulesTest, NobodySpeaksForThemselvesUnderAnotherDocument) {
  LetterDraft draft = MotherDraft();
  draft.capacity = SignerCapacity::kGuardian;
  draft.has_signer = true;
  draft.signer_kind = base::IdentityKind::kDisabilityCertificate;
  draft.signer_number = draft.person_number + "43";
  draft.signer_name = draft.person_name;
  EXPECT_THAT(Check(draft), ElementsAre("l.signer SIGNER_IS_PERSON"));
  // Who has no number is known by name.
  draft.person_kind = base::IdentityKind::kWithoutNumber;
  draft.signer_kind = base::IdentityKind::kWithoutNumber;
  draft.person_number = "";
  draft.signer_number = "";
  EXPECT_THAT(Check(draft), ElementsAre("l.signer SIGNER_IS_PERSON"));
  draft.signer_name = "马建国";
  EXPECT_THAT(Check(draft), IsEmpty());
}

TEST_F(LetterRulesTest, AGuardianOrAgentUnderEighteenCannotSign) {
  LetterDraft draft = ChildDraft();
  draft.signer_number = Number(absl::CivilDay(2007, 3, 1), 44);
  draft.signed_day = "2025-02-28";  // the day before the eighteenth birthday
  EXPECT_THAT(Check(draft), ElementsAre("l.signer SIGNER_UNDER_AGE"));
  draft.signed_day = "2025-03-01";
  EXPECT_THAT(Check(draft), IsEmpty());

  LetterDraft agent = MotherDraft();
  agent.capacity = SignerCapacity::kAgent;
  agent.mandate_number = "W-1";
  agent.has_signer = true;
  agent.signer_kind = base::IdentityKind::kResidentId;
  agent.signer_number = Number(absl::CivilDay(2010, 1, 1), 44);
  agent.signer_name = "马小兰";
  EXPECT_THAT(Check(agent), ElementsAre("l.signer SIGNER_UNDER_AGE"));
  agent.signer_kind = base::IdentityKind::kPassport;
  agent.signer_number = "E12345678";
  EXPECT_THAT(Check(agent), IsEmpty()) << "a number without a birth tells nothing";
}

TEST_F(LetterRulesTest, SelfSignedLetterHasNoSigner) {
  LetterDraft draft = ChildDraft();
  draft.person_number = FatherDraft().person_number;
  draft.signer_number = MotherDraft().person_number;
  draft.capacity = SignerCapacity::kSelf;
  EXPECT_THAT(Check(draft), ElementsAre("l.signer SIGNER_UNEXPECTED"));
}

TEST_F(LetterRulesTest, AgentNeedsAMandateAndNobodyElseHasOne) {
  LetterDraft draft = MotherDraft();
  draft.capacity = SignerCapacity::kAgent;
  draft.has_signer = true;
  draft.signer_kind = base::IdentityKind::kResidentId;
  draft.signer_number = FatherDraft().person_number;
  draft.signer_name = "马建国";
  EXPECT_THAT(Check(draft), ElementsAre("l.mandate_number IDENTIFIER_LENGTH"));
  draft.mandate_number = "W-1";
  EXPECT_THAT(Check(draft), IsEmpty());
  LetterDraft self = FatherDraft();
  self.mandate_number = "W-1";
  EXPECT_THAT(Check(self), ElementsAre("l.mandate_number MANDATE_UNEXPECTED"));
}

TEST_F(LetterRulesTest, IdentifiersHaveNoControlCharacters) {
  LetterDraft draft = FatherDraft();
  draft.number = "L\n1";
  EXPECT_THAT(Check(draft), ElementsAre("l.letter_number IDENTIFIER_CHARACTER"));
  draft.number = std::string(129, 'x');
  EXPECT_THAT(Check(draft), ElementsAre("l.letter_number IDENTIFIER_LENGTH"));
  draft.number = "\xff";
  EXPECT_THAT(Check(draft), ElementsAre("l.letter_number IDENTIFIER_CHARACTER"));
}

TEST(DefectListTest, GravestCodeAndItsFirstReasonStandForAll) {
  DefectList defects;
  defects.Add(absl::StatusCode::kNotFound, "a", "GONE", "is gone");
  defects.Add(absl::StatusCode::kPermissionDenied, "b", "FORBIDDEN", "is forbidden");
  defects.Add(absl::StatusCode::kPermissionDenied, "", "ALSO", "too");
  const absl::Status status = base::WithContext(defects.ToStatus(), "context");
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(base::ReasonOf(status), "FORBIDDEN");
  EXPECT_EQ(base::VisibilityOf(status), base::Visibility::kCaller);
  EXPECT_EQ(status.message(), "context: a: GONE: is gone\nb: FORBIDDEN: is forbidden\nALSO: too");
  EXPECT_EQ(DefectsOf(status), defects.defects());
  EXPECT_TRUE(DefectList().ToStatus().ok());
  EXPECT_TRUE(DefectsOf(absl::InternalError("x")).empty());
}

}  // namespace
}  // namespace hedui::access
