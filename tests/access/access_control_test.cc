#include "server/access/access_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/digest.h"
#include "tests/access/access_fixture.h"

namespace hedui::access {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class AuthorizeTest : public AccessTest {
 protected:
  AuthorizeTest() {
    request_.reg = &register_;
    request_.agency = &County();
    request_.officer = "li-01";
    request_.purpose = "dibao_review";
    request_.check_kind = base::CheckKind::kNew;
    request_.matter_number = "M-1";
    request_.household = &family_;
    request_.today = absl::CivilDay(2025, 3, 3);
  }
  void UseMatter(std::vector<LetterDraft> letters) {
    MustRegister(RequestOf(std::move(letters)));
    request_.matter = MustLoad();
  }
  Grant MustAuthorize() {
    absl::StatusOr<Grant> grant = Authorize(request_);
    EXPECT_TRUE(grant.ok()) << grant.status();
    return grant.ok() ? *std::move(grant) : Grant();
  }
  std::string Refusal() {
    const absl::Status status = Authorize(request_).status();
    EXPECT_EQ(base::VisibilityOf(status), base::Visibility::kCaller);
    return absl::StatusCodeToString(status.code()) + " " + base::ReasonOf(status);
  }
  // The one letter of `draft`, asked about its own person: "" or why it does not help.
  std::string WhyNotWith(const LetterDraft& draft) {
    UseMatter({draft});
    return MustAuthorize().Find("m1")->why;
  }

  base::Household family_ = Family();
  AccessRequest request_;
  const std::vector<std::string> all_ = {"death", "deposit", "employment", "vehicle"};
};

TEST_F(AuthorizeTest, EveryoneWithALetterMayBeAskedAboutForThePurpose) {
  UseMatter({FatherDraft(), MotherDraft(), ChildDraft()});
  const Grant grant = MustAuthorize();
  EXPECT_EQ(grant.agency, "xingqing-mz");
  EXPECT_EQ(grant.purpose_label, "最低生活保障审核确认");
  EXPECT_EQ(grant.needed, all_);
  EXPECT_EQ(grant.matter_state, MatterState::kOpen);
  EXPECT_EQ(grant.digest_key.size(), 32u);
  ASSERT_EQ(grant.persons.size(), 3u);
  for (const PersonGrant& person : grant.persons) {
    EXPECT_EQ(person.categories, all_);
    EXPECT_EQ(person.reason, base::Reason::kNone);
    EXPECT_EQ(person.authority.kind, Authority::Kind::kLetter);
    EXPECT_TRUE(IsLive(grant, person.person_id));
  }
  EXPECT_EQ(grant.persons[2].authority.letter_number, "L-3");
}

TEST_F(AuthorizeTest, LetterIsCitedByAKeyedDigest) {
  UseMatter({FatherDraft()});
  const Grant grant = MustAuthorize();
  const Authority& authority = grant.persons[0].authority;
  EXPECT_EQ(
      authority.letter_digest,
      base::HmacSha256(grant.digest_key, authority.letter_id.ToBytes() + std::string(32, '\xaa')));
}

TEST_F(AuthorizeTest, PersonWithoutALetterIsNoRefusalAndTheOthersGoOn) {
  UseMatter({FatherDraft(), ChildDraft()});
  const Grant grant = MustAuthorize();
  EXPECT_EQ(grant.Find("m1")->categories, all_);
  EXPECT_EQ(grant.Find("m3")->categories, all_);
  const PersonGrant* mother = grant.Find("m2");
  EXPECT_THAT(mother->categories, IsEmpty());
  EXPECT_EQ(mother->reason, base::Reason::kNoAuthorization);
  EXPECT_EQ(mother->why, "NO_LETTER");
  EXPECT_EQ(mother->authority.kind, Authority::Kind::kNone);
  EXPECT_FALSE(IsLive(grant, "m2"));
}

TEST_F(AuthorizeTest, RevokedLetterGrantsNothing) {
  UseMatter({FatherDraft(), MotherDraft()});
  MustRevoke("L-1");
  const Grant grant = MustAuthorize();
  EXPECT_THAT(grant.Find("m1")->categories, IsEmpty());
  EXPECT_EQ(grant.Find("m1")->why, "LETTER_REVOKED");
  EXPECT_EQ(grant.Find("m2")->categories, all_);
}

TEST_F(AuthorizeTest, RevocationAfterTheGrantEndsThatPersonsOnly) {
  UseMatter({FatherDraft(), MotherDraft()});
  const Grant grant = MustAuthorize();
  ASSERT_TRUE(IsLive(grant, "m1"));
  MustRevoke("L-1");
  EXPECT_FALSE(IsLive(grant, "m1"));
  EXPECT_TRUE(IsLive(grant, "m2"));
}

TEST_F(AuthorizeTest, ClosingAfterTheGrantEndsEveryones) {
  UseMatter({FatherDraft(), MotherDraft()});
  const Grant grant = MustAuthorize();
  MustClose();
  EXPECT_FALSE(IsLive(grant, "m1"));
  EXPECT_FALSE(IsLive(grant, "m2"));
}

TEST_F(AuthorizeTest, CommitInDoubtEndsTheGrant) {
  UseMatter({FatherDraft(), MotherDraft()});
  const Grant grant = MustAuthorize();
  absl::StatusOr<MatterBook::Change> change = PrepareRevoke({"M-1", "L-2", "li-01", ""});
  ASSERT_TRUE(change.ok());
  book_.CommitFailed(*std::move(change));
  EXPECT_FALSE(IsLive(grant, "m1"));
  EXPECT_EQ(Refusal(), "UNAVAILABLE MATTER_IN_DOUBT");
}

TEST_F(AuthorizeTest, StrangerIsNeverLive) {
  UseMatter({FatherDraft()});
  EXPECT_FALSE(IsLive(MustAuthorize(), "m9"));
  EXPECT_FALSE(IsLive(Grant(), "m1"));
}

TEST_F(AuthorizeTest, LetterForAnotherPurposeDoesNotHelp) {
  LetterDraft draft = FatherDraft();
  draft.purposes = {"urgent_relief"};
  EXPECT_EQ(WhyNotWith(draft), "PURPOSE_NOT_NAMED");
}

TEST_F(AuthorizeTest, LetterOfTheSameNumberAndAnotherNameDoesNotHelp) {
  LetterDraft draft = FatherDraft();
  draft.person_name = "马建设";
  EXPECT_EQ(WhyNotWith(draft), "NAME_DIFFERS");
}

TEST_F(AuthorizeTest, SpellingOfTheNameDoesNotMatter) {
  LetterDraft draft = FatherDraft();
  draft.person_name = "马 建国";
  EXPECT_EQ(WhyNotWith(draft), "");
}

TEST_F(AuthorizeTest, DeclaredBirthUnderFourteenNeedsAGuardian) {
  LetterDraft draft = FatherDraft();
  draft.person_kind = base::IdentityKind::kWithoutNumber;
  draft.person_number = "";
  draft.person_name = "马小小";
  family_.persons[0].identity = {base::IdentityKind::kWithoutNumber, "", "马小小"};
  family_.persons[0].declared_birth = absl::CivilDay(2024, 12, 1);
  EXPECT_EQ(WhyNotWith(draft), "GUARDIAN_NEEDED");
  family_.persons[0].declared_birth = absl::CivilDay(1950, 1, 1);
  EXPECT_EQ(MustAuthorize().Find("m1")->why, "");
}

TEST_F(AuthorizeTest, SomebodyOfUnknownAgeMayBeAChildAndNeedsAGuardian) {
  LetterDraft draft = FatherDraft();
  draft.person_kind = base::IdentityKind::kPassport;
  draft.person_number = "E12345678";
  family_.persons[0].identity = {base::IdentityKind::kPassport, "E12345678",
                                 family_.persons[0].identity.name};
  family_.persons[0].declared_birth.reset();
  EXPECT_EQ(WhyNotWith(draft), "GUARDIAN_NEEDED");
}

TEST_F(AuthorizeTest, NewestLiveLetterIsTheAuthority) {
  LetterDraft renewed = FatherDraft();
  renewed.number = "L-9";
  renewed.signed_day = "2025-03-02";
  UseMatter({renewed, FatherDraft()});
  EXPECT_EQ(MustAuthorize().Find("m1")->authority.letter_number, "L-9");
  MustRevoke("L-1");
  EXPECT_EQ(MustAuthorize().Find("m1")->authority.letter_number, "L-9")
      << "what was signed after the withdrawn letter stands";
}

TEST_F(AuthorizeTest, WithdrawingALetterRulesOutThatPersonsOlderOnes) {
  LetterDraft renewed = FatherDraft();
  renewed.number = "L-9";
  renewed.signed_day = "2025-03-02";
  LetterDraft same_day = renewed;
  same_day.number = "L-8";
  UseMatter({renewed, same_day, FatherDraft(), MotherDraft()});
  clock_.Advance(absl::Seconds(1));
  MustRevoke("L-9");
  EXPECT_THAT(MustAuthorize().Find("m1")->categories, IsEmpty());
  EXPECT_EQ(MustAuthorize().Find("m1")->why, "LETTER_REVOKED");
  EXPECT_EQ(MustAuthorize().Find("m2")->categories, all_) << "another person's stand";
}

TEST_F(AuthorizeTest, ALetterRegisteredAfterTheWithdrawalCountsWheneverItWasSigned) {
  UseMatter({FatherDraft()});
  clock_.Advance(absl::Seconds(1));
  MustRevoke("L-1");
  clock_.Advance(absl::Seconds(1));
  LetterDraft again = FatherDraft();
  again.number = "L-10";
  MustRegister(RequestOf({again}));
  EXPECT_EQ(MustAuthorize().Find("m1")->authority.letter_number, "L-10");
}

TEST_F(AuthorizeTest, AGrantOnAnOlderLetterEndsWhenALaterOneIsWithdrawn) {
  LetterDraft other_purpose = FatherDraft();
  other_purpose.number = "L-9";
  other_purpose.signed_day = "2025-03-02";
  other_purpose.purposes = {"urgent_relief"};
  UseMatter({FatherDraft(), other_purpose, MotherDraft()});
  const Grant grant = MustAuthorize();
  ASSERT_EQ(grant.Find("m1")->authority.letter_number, "L-1");
  MustRevoke("L-9");
  EXPECT_FALSE(IsLive(grant, "m1"));
  EXPECT_TRUE(IsLive(grant, "m2"));
}

TEST_F(AuthorizeTest, AWithdrawalReachesTheSamePersonUnderAnotherDocumentAndNamesakesOnlyByName) {
  LetterDraft certificate = FatherDraft();
  certificate.number = "L-9";
  certificate.person_kind = base::IdentityKind::kDisabilityCertificate;
  certificate.person_number = FatherDraft().person_number + "43";
  LetterDraft newborn = FatherDraft();
  newborn.number = "L-5";
  newborn.person_kind = base::IdentityKind::kWithoutNumber;
  newborn.person_number = "";
  newborn.person_name = "马小小";
  LetterDraft other_newborn = newborn;
  other_newborn.number = "L-6";
  other_newborn.person_name = "马大大";
  UseMatter({FatherDraft(), certificate, newborn, other_newborn});
  family_.persons[1].identity = {base::IdentityKind::kWithoutNumber, "", "马大大"};
  family_.persons[1].declared_birth = absl::CivilDay(1950, 1, 1);
  MustRevoke("L-9");
  MustRevoke("L-5");
  EXPECT_EQ(MustAuthorize().Find("m1")->why, "LETTER_REVOKED");
  EXPECT_EQ(MustAuthorize().Find("m2")->authority.letter_number, "L-6");
}

TEST_F(AuthorizeTest, LegalBasisCoversItsCategoriesWithoutALetter) {
  UseMatter({FatherDraft()});  // names another purpose
  request_.purpose = "urgent_relief";
  request_.check_kind = base::CheckKind::kUrgent;
  const Grant grant = MustAuthorize();
  const PersonGrant* mother = grant.Find("m2");
  EXPECT_THAT(mother->categories, ElementsAre("death"));
  EXPECT_EQ(mother->authority.kind, Authority::Kind::kLegalBasis);
  EXPECT_EQ(mother->authority.legal_basis, "示例条例第一条");
  EXPECT_EQ(mother->reason, base::Reason::kNoAuthorization) << "employment is not covered";
  EXPECT_TRUE(IsLive(grant, "m2"));
  MustClose();
  EXPECT_FALSE(IsLive(grant, "m2"));
}

TEST_F(AuthorizeTest, LegalBasisEndsWithItsPeriod) {
  UseMatter({FatherDraft()});
  request_.purpose = "urgent_relief";
  request_.check_kind = base::CheckKind::kUrgent;
  request_.today = absl::CivilDay(2025, 12, 31);
  EXPECT_THAT(MustAuthorize().Find("m2")->categories, ElementsAre("death"));
  request_.today = absl::CivilDay(2026, 1, 1);
  EXPECT_THAT(MustAuthorize().Find("m2")->categories, IsEmpty());
}

TEST_F(AuthorizeTest, HouseholdOutsideTheAgencysDivisionIsDenied) {
  UseMatter({FatherDraft()});
  family_.division = "640105";
  EXPECT_EQ(Refusal(), "PERMISSION_DENIED OUTSIDE_DIVISION");
  family_.division = "";
  EXPECT_EQ(Refusal(), "PERMISSION_DENIED OUTSIDE_DIVISION");
}

TEST_F(AuthorizeTest, HouseholdOutsideTheMattersDivisionIsDenied) {
  RegisterRequest of_one_county = RequestOf({FatherDraft()});
  of_one_county.officer = "zhou-07";
  auto change = Prepare(City(), of_one_county);
  ASSERT_TRUE(change.ok()) << change.status();
  CommitAndApply(*std::move(change));
  request_.agency = &City();
  request_.officer = "zhou-07";
  request_.matter = *book_.Load(City().code, "M-1");
  EXPECT_EQ(MustAuthorize().Find("m1")->categories, all_);
  family_.division = "640105";  // the city's too, but another county than the matter's 640104
  EXPECT_EQ(Refusal(), "PERMISSION_DENIED OUTSIDE_DIVISION");
  family_.division = "640100";  // above it
  EXPECT_EQ(Refusal(), "PERMISSION_DENIED OUTSIDE_DIVISION");
}

TEST_F(AuthorizeTest, HouseholdBelowTheMattersDivisionIsAllowed) {
  RegisterRequest of_the_city = RequestOf({FatherDraft()});
  of_the_city.division = "640100";
  of_the_city.officer = "zhou-07";
  auto change = Prepare(City(), of_the_city);
  ASSERT_TRUE(change.ok()) << change.status();
  CommitAndApply(*std::move(change));
  request_.agency = &City();
  request_.officer = "zhou-07";
  request_.matter = *book_.Load(City().code, "M-1");
  EXPECT_EQ(MustAuthorize().Find("m1")->categories, all_);
}

TEST_F(AuthorizeTest, PurposeOutsideTheAgencysIsDenied) {
  UseMatter({FatherDraft()});
  request_.purpose = "housing";
  EXPECT_EQ(Refusal(), "PERMISSION_DENIED PURPOSE_NOT_ALLOWED");
  request_.purpose = "no_such_purpose";
  EXPECT_EQ(Refusal(), "PERMISSION_DENIED PURPOSE_NOT_ALLOWED");
}

TEST_F(AuthorizeTest, CheckKindOutsideThePurposesIsDenied) {
  UseMatter({FatherDraft()});
  request_.check_kind = base::CheckKind::kUrgent;
  EXPECT_EQ(Refusal(), "PERMISSION_DENIED CHECK_KIND_NOT_ALLOWED");
}

TEST_F(AuthorizeTest, ClosedMatterIsDeniedAndMonitoredIsNot) {
  UseMatter({FatherDraft()});
  auto monitor = book_.PrepareMonitor(County(), {"M-1", "li-01"},
                                      ReserveNow(MatterBook::KeysOf("xingqing-mz", "M-1")));
  ASSERT_TRUE(monitor.ok());
  CommitAndApply(*std::move(monitor));
  EXPECT_EQ(MustAuthorize().matter_state, MatterState::kMonitored);
  MustClose();
  EXPECT_EQ(Refusal(), "PERMISSION_DENIED MATTER_CLOSED");
}

TEST_F(AuthorizeTest, UnknownMatterIsNotFound) { EXPECT_EQ(Refusal(), "NOT_FOUND MATTER_UNKNOWN"); }

TEST_F(AuthorizeTest, MatterOfAnotherAgencyIsNotFound) {
  UseMatter({FatherDraft()});
  request_.agency = &City();
  request_.officer = "zhou-07";
  EXPECT_EQ(Refusal(), "NOT_FOUND MATTER_UNKNOWN");
}

TEST_F(AuthorizeTest, OfficerIsRequired) {
  UseMatter({FatherDraft()});
  request_.officer = "";
  EXPECT_EQ(Refusal(), "INVALID_ARGUMENT OFFICER_REQUIRED");
  request_.officer = std::string(129, 'x');
  EXPECT_EQ(Refusal(), "INVALID_ARGUMENT OFFICER_MALFORMED");
}

TEST_F(AuthorizeTest, RefusalListsEverythingAtOnce) {
  family_.division = "110101";
  request_.purpose = "housing";
  request_.officer = "";
  EXPECT_THAT(
      FieldsAndReasons(Authorize(request_).status()),
      UnorderedElementsAre("header.officer OFFICER_REQUIRED", "header.purpose PURPOSE_NOT_ALLOWED",
                           "division OUTSIDE_DIVISION", "header.matter_number MATTER_UNKNOWN"));
}

}  // namespace
}  // namespace hedui::access
