#include "server/report/case_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/status.h"
#include "tests/report/report_fixture.h"
#include "tests/support/fake_id_source.h"

namespace hedui::report {
namespace {

TEST(CaseBundleTest, EverythingComesBack) {
  CaseBundle bundle = SampleBundle();
  bundle.frame.previous_report = bundle.frame.verification_id;
  bundle.frame.valid_until = absl::CivilDay(2025, 9, 3);
  bundle.frame.validity_basis = "示例规定 有效期";
  bundle.frame.line_hash = base::HashAlgorithm::kSm3;
  bundle.input.dates.acceptance = absl::CivilDay(2025, 3, 4);
  bundle.input.household.staff_relative = true;
  bundle.input.household.persons[1].declared_birth = absl::CivilDay(1981, 4, 5);
  bundle.input.outcomes[0].manual = true;
  bundle.input.outcomes[0].rank = -3;
  bundle.input.outcomes[0].stand_ins = {"a", "b"};
  bundle.input.outcomes[0].reused = base::Reused{"0190/nx-tax/2/1", absl::FromUnixMillis(1234567)};
  bundle.input.outcomes[0].answer.records[0].fields.push_back({"count", int64_t{-7}});
  bundle.input.outcomes[0].answer.records[0].fields.push_back({"day", absl::CivilDay(2025, 1, 2)});
  // What a source sent that is no UTF-8 is kept as it came.
  bundle.input.outcomes[0].answer.records[0].fields.push_back({"note", std::string("\xff\x00", 2)});

  const std::string bytes = EncodeCaseBundle(bundle);
  const auto back = DecodeCaseBundle(bytes);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(EncodeCaseBundle(*back), bytes);
  EXPECT_EQ(match::Match(back->input, SampleRules()).facts,
            match::Match(bundle.input, SampleRules()).facts);
  EXPECT_EQ(back->frame.previous_report, bundle.frame.previous_report);
  EXPECT_EQ(back->frame.valid_until, bundle.frame.valid_until);
  EXPECT_EQ(back->frame.validity_basis, bundle.frame.validity_basis);
  EXPECT_EQ(back->frame.issued_at, bundle.frame.issued_at);
  EXPECT_EQ(back->frame.authorizations.size(), 3u);
  EXPECT_EQ(back->input.household.persons[1].declared_birth, absl::CivilDay(1981, 4, 5));
  EXPECT_EQ(back->input.outcomes[0].stand_ins, bundle.input.outcomes[0].stand_ins);
  EXPECT_EQ(back->input.outcomes[0].reused, bundle.input.outcomes[0].reused);
  EXPECT_EQ(back->input.outcomes[0].answer.subject, bundle.input.outcomes[0].answer.subject);
  EXPECT_EQ(back->lines, bundle.lines);
  EXPECT_EQ(back->seed, bundle.seed);
  EXPECT_EQ(back->engine, bundle.engine);
}

TEST(CaseBundleTest, OtherBytesAreRefused) {
  const std::string bytes = EncodeCaseBundle(SampleBundle());
  EXPECT_EQ(base::ReasonOf(DecodeCaseBundle("").status()), "CASE_BUNDLE");
  EXPECT_EQ(base::ReasonOf(DecodeCaseBundle("x").status()), "CASE_BUNDLE");
  EXPECT_EQ(base::ReasonOf(DecodeCaseBundle(bytes + bytes).status()), "CASE_BUNDLE");
  EXPECT_EQ(base::ReasonOf(DecodeCaseBundle(bytes + std::string("\xf8\x07\x01", 3)).status()),
            "CASE_BUNDLE");
}

TEST(CaseBundleTest, NoAlteredBytesAreReadAsTheSameCase) {
  const std::string bytes = EncodeCaseBundle(SampleBundle());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string altered = bytes;
    altered[i] ^= 1;
    const auto back = DecodeCaseBundle(altered);
    if (back.ok()) {
      ASSERT_EQ(EncodeCaseBundle(*back), altered) << i;
    }
  }
}

TEST(MakeCaseTest, NumbersGiveBirthAndSex) {
  const match::MatchInput input = SampleMatchInput();
  ReportFrame frame;
  frame.programmes = {"dibao"};
  const assess::Case c =
      MakeCase(frame, input.household, input.dates, match::Match(input, SampleRules()).facts);
  EXPECT_EQ(c.programme, "dibao");
  EXPECT_EQ(c.division, "640104");
  ASSERT_EQ(c.persons.size(), 3u);
  EXPECT_EQ(c.persons[0].birth, absl::CivilDay(1979, 4, 5));
  EXPECT_EQ(c.persons[0].sex, base::Sex::kMale);
  EXPECT_EQ(c.persons[1].sex, base::Sex::kFemale);
  EXPECT_EQ(c.facts.answers.size(), 6u);
}

TEST(MakeCaseTest, SeveralProgrammesAskForAllOfThem) {
  const match::MatchInput input = SampleMatchInput();
  ReportFrame frame;
  frame.programmes = {"dibao", "marginal"};
  EXPECT_EQ(MakeCase(frame, input.household, input.dates, {}).programme, "");
}

TEST(MakeCaseTest, SaysWhyAndWhenTheVerificationWasAskedFor) {
  const match::MatchInput input = SampleMatchInput();
  ReportFrame frame;
  frame.check_kind = base::CheckKind::kUrgent;
  // Half past seven in the evening of the 2nd in UTC is the 3rd in China.
  frame.verification_id = hedui::testing::FakeIdSource().NextId(
      absl::FromCivil(absl::CivilSecond(2025, 3, 2, 19, 30, 0), absl::UTCTimeZone()));
  base::Household household = input.household;
  household.staff_relative = true;
  base::CaseDates dates = input.dates;
  dates.acceptance = absl::CivilDay(2025, 3, 1);
  const assess::Case c = MakeCase(frame, household, dates, {});
  EXPECT_EQ(c.request_day, absl::CivilDay(2025, 3, 3));
  EXPECT_EQ(c.check_kind, base::CheckKind::kUrgent);
  EXPECT_EQ(c.staff_relative, true);
  EXPECT_EQ(c.dates.acceptance, absl::CivilDay(2025, 3, 1));
}

TEST(MakeCaseTest, AnIdThatSaysNoTimeLeavesTheDayOfTheRequestUnknown) {
  const match::MatchInput input = SampleMatchInput();
  EXPECT_EQ(MakeCase(ReportFrame(), input.household, input.dates, {}).request_day, std::nullopt);
}

}  // namespace
}  // namespace hedui::report
