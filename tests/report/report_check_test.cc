#include "server/report/report_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/status.h"
#include "server/ledger/batch_tree.h"
#include "server/ledger/entry.h"
#include "server/report/report_builder.h"
#include "tests/report/report_fixture.h"

namespace hedui::report {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::KeyType;
using ::testing::Not;
using ::testing::SizeIs;

std::string Failures(const CheckResult& result) { return absl::StrJoin(result.failures, "\n"); }

v1::Envelope Parse(const std::string& bytes) {
  v1::Envelope envelope;
  EXPECT_TRUE(envelope.ParseFromString(bytes));
  return envelope;
}

class ReportCheckTest : public ::testing::Test {
 protected:
  CheckResult Check(const std::string& envelope) { return CheckReport(envelope, log_.trust()); }

  // Where the first shown line of this code stands.
  int LineOf(const v1::Envelope& envelope, const std::string& code) {
    for (int i = 0; i < envelope.lines_size(); ++i) {
      v1::Line line;
      if (line.ParseFromString(envelope.lines(i).line()) && line.code() == code) return i;
    }
    ADD_FAILURE() << "no line " << code;
    return 0;
  }

  SealingLog log_;
  const Draft draft_ = *BuildReport(SampleInput());
  const std::string envelope_ = log_.Seal(draft_);
};

TEST_F(ReportCheckTest, AnUnalteredReportIsValid) {
  const CheckResult result = Check(envelope_);
  EXPECT_EQ(result.verdict, Verdict::kValid) << Failures(result);
  EXPECT_THAT(result.failures, IsEmpty());
  EXPECT_EQ(result.report_number, ReportNumber(SampleFrame().report_id, SampleFrame().issued_at));
  EXPECT_EQ(result.log_origin, kOrigin);
  EXPECT_EQ(result.log_index, 2u);
  EXPECT_EQ(result.lines, draft_.lines.size());
  EXPECT_EQ(result.lines_withheld, 0u);
}

TEST_F(ReportCheckTest, ALaterProofOfTheSameEntryChecksToo) {
  const std::string later = log_.Seal(draft_);
  EXPECT_NE(later, envelope_);
  EXPECT_EQ(Check(later).verdict, Verdict::kValid);
}

TEST_F(ReportCheckTest, ThePemFormTakesAuthorities) {
  const auto result = CheckReport(envelope_, log_.pki().ca_pem());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->verdict, Verdict::kValid);
  EXPECT_EQ(base::ReasonOf(CheckReport(envelope_, "no certificate").status()), "TRUST");
}

TEST_F(ReportCheckTest, AnotherAuthorityDoesNotVouchForIt) {
  const testing::TestPki other;
  const auto result = CheckReport(envelope_, other.ca_pem());
  EXPECT_EQ(result->verdict, Verdict::kNotValid);
  EXPECT_THAT(Failures(*result), HasSubstr("certificates"));
}

TEST_F(ReportCheckTest, AnAlteredLineIsNamed) {
  v1::Envelope envelope = Parse(envelope_);
  const int number = LineOf(envelope, "gross_wage");
  std::string& line = *envelope.mutable_lines(number)->mutable_line();
  const size_t digit = line.find("3000");
  ASSERT_NE(digit, std::string::npos);
  line[digit] = '1';
  const CheckResult result = Check(envelope.SerializeAsString());
  EXPECT_EQ(result.verdict, Verdict::kNotValid);
  ASSERT_THAT(result.failures, SizeIs(1));
  EXPECT_THAT(result.failures[0], AllOf(HasSubstr(absl::StrCat("line ", number, " (gross_wage")),
                                        HasSubstr("altered")));
}

TEST_F(ReportCheckTest, AnAlteredLineWithItsLeafRecomputedIsStillNamed) {
  v1::Envelope envelope = Parse(envelope_);
  const int number = LineOf(envelope, "gross_wage");
  envelope.mutable_lines(number)->mutable_line()->back() ^= 1;
  // Whoever alters a line can list its new hash, but not put it under the logged root.
  const std::string data =
      std::string("\0", 1) + envelope.lines(number).salt() + envelope.lines(number).line();
  envelope.mutable_lines(number)->set_leaf(base::Sha256(data));
  const CheckResult result = Check(envelope.SerializeAsString());
  EXPECT_EQ(result.verdict, Verdict::kNotValid);
  EXPECT_THAT(Failures(result), HasSubstr("lines: together"));
}

TEST_F(ReportCheckTest, AnAlteredHeaderIsNamed) {
  v1::Envelope envelope = Parse(envelope_);
  envelope.mutable_lines(0)->mutable_line()->back() ^= 1;
  EXPECT_THAT(Failures(Check(envelope.SerializeAsString())), HasSubstr("line 0 (header)"));
}

TEST_F(ReportCheckTest, AnAlteredLeafIsNotTakenForAnAlteredLine) {
  v1::Envelope envelope = Parse(envelope_);
  envelope.mutable_lines(3)->mutable_leaf()->back() ^= 1;
  const CheckResult result = Check(envelope.SerializeAsString());
  EXPECT_EQ(result.verdict, Verdict::kNotValid);
  EXPECT_THAT(result.failures, Each(AllOf(HasSubstr("line 3"), HasSubstr("leaf hash listed"))));
}

TEST_F(ReportCheckTest, LinesInAnotherOrderAreRefused) {
  v1::Envelope envelope = Parse(envelope_);
  envelope.mutable_lines()->SwapElements(4, 5);
  EXPECT_EQ(Check(envelope.SerializeAsString()).verdict, Verdict::kNotValid);
}

TEST_F(ReportCheckTest, AMissingLineIsRefused) {
  v1::Envelope envelope = Parse(envelope_);
  envelope.mutable_lines()->RemoveLast();
  EXPECT_EQ(Check(envelope.SerializeAsString()).verdict, Verdict::kNotValid);
}

TEST_F(ReportCheckTest, AnotherReportsProofIsRefused) {
  ReportInput input = SampleInput();
  input.seed[3] ^= 1;
  v1::Envelope envelope = Parse(envelope_);
  envelope.set_entry_proof(Parse(log_.Seal(*BuildReport(input))).entry_proof());
  EXPECT_EQ(Check(envelope.SerializeAsString()).verdict, Verdict::kNotValid);
}

TEST_F(ReportCheckTest, OtherEncodingsOfTheSameReportAreUnreadable) {
  EXPECT_EQ(Check("").verdict, Verdict::kUnreadable);
  EXPECT_EQ(Check("not a report").verdict, Verdict::kUnreadable);
  EXPECT_EQ(Check(envelope_ + std::string("\x78\x01", 2)).verdict, Verdict::kUnreadable);
  EXPECT_EQ(Check(envelope_ + envelope_).verdict, Verdict::kUnreadable);
  EXPECT_EQ(Check(envelope_.substr(0, envelope_.size() - 1)).verdict, Verdict::kUnreadable);
  v1::Envelope envelope = Parse(envelope_);
  envelope.set_format(2);
  EXPECT_THAT(Failures(Check(envelope.SerializeAsString())), HasSubstr("format 2"));
}

TEST_F(ReportCheckTest, DisclosingSomeLinesKeepsThemProvable) {
  const v1::Envelope whole = Parse(envelope_);
  const auto number = static_cast<uint32_t>(LineOf(whole, "UNDECLARED_VEHICLE"));
  const auto some = Disclose(envelope_, {number});
  ASSERT_TRUE(some.ok()) << some.status();
  const CheckResult result = Check(*some);
  EXPECT_EQ(result.verdict, Verdict::kValid) << Failures(result);
  EXPECT_EQ(result.lines_withheld, result.lines - 2);
  EXPECT_LT(some->size(), envelope_.size());
  EXPECT_THAT(*some, Not(HasSubstr("杨秀兰")));
  EXPECT_THAT(*some, Not(HasSubstr(whole.lines(1).salt())));

  std::string altered = *some;
  const size_t place = altered.find("motorcycle");
  ASSERT_NE(place, std::string::npos);
  altered[place] = 'x';
  EXPECT_THAT(Failures(Check(altered)), HasSubstr(absl::StrCat("line ", number, " (")));
}

TEST_F(ReportCheckTest, DisclosingALineThatIsNotThereIsAnError) {
  EXPECT_EQ(base::ReasonOf(Disclose(envelope_, {100'000}).status()), "REPORT_LINE");
  EXPECT_EQ(base::ReasonOf(Disclose("x", {1}).status()), "REPORT_FORMAT");
}

TEST_F(ReportCheckTest, LinesThatNobodyCouldHaveIssuedAreRefusedEvenWhenLogged) {
  Draft draft = draft_;
  v1::Line line;
  ASSERT_TRUE(line.ParseFromString(std::string(draft.lines[2])));
  line.set_number(7);
  draft.lines = SealedLines(base::HashAlgorithm::kSha256, draft.seed);
  for (size_t i = 0; i < draft_.lines.size(); ++i) {
    draft.lines.Add(i == 2 ? line.SerializeAsString() : std::string(draft_.lines[i]));
  }
  // A log entry over these very lines.
  ledger::ResultEntry entry = std::get<ledger::ResultEntry>(*ledger::DecodeEntry(draft.entry));
  std::vector<ledger::Hash> leaves;
  for (size_t i = 0; i < draft.lines.size(); ++i) {
    const std::string index("\0\0\0", 3);
    const std::string salt = base::HmacSha256(draft.seed, index + static_cast<char>(i));
    leaves.push_back(*ledger::HashFromBytes(
        base::Sha256(absl::StrCat(std::string("\0", 1), salt, draft.lines[i]))));
  }
  entry.line_root = ledger::TreeRoot(leaves);
  entry.header_digest = leaves[0];
  draft.entry = ledger::EncodeEntry(entry);
  const CheckResult result = Check(log_.Seal(draft));
  EXPECT_EQ(result.verdict, Verdict::kNotValid);
  EXPECT_THAT(Failures(result), HasSubstr("belongs in place 7"));
}

struct Flavour {
  KeyType legal_key;
  bool with_intermediate;
  base::HashAlgorithm line_hash;
  const char* name;
};

class EveryByteTest : public ::testing::TestWithParam<Flavour> {};

TEST_P(EveryByteTest, AnyByteChangedIsNoticed) {
  SealingLog log(GetParam().legal_key, GetParam().with_intermediate);
  ReportInput input = SampleInput();
  input.frame.line_hash = GetParam().line_hash;
  const std::string envelope = log.Seal(*BuildReport(input));
  ASSERT_EQ(CheckReport(envelope, log.trust()).verdict, Verdict::kValid);
  // Another bit for each byte; in the proof, whose parts are the more varied, all bits at once too.
  const size_t proof = envelope.size() - Parse(envelope).entry_proof().size();
  for (size_t i = 0; i < envelope.size(); ++i) {
    std::vector<int> flips = {1 << (i % 8)};
    if (i >= proof) flips.push_back(0xff);
    for (const int flip : flips) {
      std::string altered = envelope;
      altered[i] = static_cast<char>(altered[i] ^ flip);
      const CheckResult result = CheckReport(altered, log.trust());
      ASSERT_NE(result.verdict, Verdict::kValid) << "byte " << i << " ^ " << flip;
      ASSERT_FALSE(result.failures.empty()) << "byte " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Flavours, EveryByteTest,
    ::testing::Values(Flavour{KeyType::kP256, false, base::HashAlgorithm::kSha256, "P256"},
                      Flavour{KeyType::kSm2, true, base::HashAlgorithm::kSm3, "Sm2"}),
    [](const auto& flavour) { return std::string(flavour.param.name); });

}  // namespace
}  // namespace hedui::report
