#include "server/report/report_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hedui/report/v1/report.pb.h"
#include "server/base/status.h"
#include "server/ledger/batch_tree.h"
#include "server/ledger/entry.h"
#include "server/report/line_tree.h"
#include "server/report/strict_proto.h"
#include "tests/report/report_fixture.h"

namespace hedui::report {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::vector<v1::Line> LinesOf(const ReportInput& input) {
  const auto lines = BuildLines(input);
  EXPECT_TRUE(lines.ok()) << lines.status();
  std::vector<v1::Line> parsed(lines->size());
  for (size_t i = 0; i < parsed.size(); ++i) EXPECT_TRUE(parsed[i].ParseFromString((*lines)[i]));
  return parsed;
}

// The only line of this kind and code.
v1::Line Only(const std::vector<v1::Line>& lines, v1::LineKind kind, const std::string& code,
              const std::string& person = "") {
  const v1::Line* found = nullptr;
  for (const v1::Line& line : lines) {
    if (line.kind() != kind || line.code() != code) continue;
    if (!person.empty() && line.person_id() != person) continue;
    EXPECT_EQ(found, nullptr) << code;
    found = &line;
  }
  EXPECT_NE(found, nullptr) << code;
  return found == nullptr ? v1::Line() : *found;
}

size_t OutcomeCount(const ReportInput& input) { return input.match.facts.answers.size(); }

std::string ReasonOf(const ReportInput& input) {
  return base::ReasonOf(BuildReport(input).status());
}

TEST(ReportBuilderTest, TheSameInputGivesTheSameBytes) {
  const auto a = BuildReport(SampleInput());
  const auto b = BuildReport(SampleInput());
  ASSERT_TRUE(a.ok()) << a.status();
  EXPECT_EQ(a->lines, b->lines);
  EXPECT_EQ(a->entry, b->entry);
  EXPECT_EQ(EncodeDraft(*a), EncodeDraft(*b));
}

TEST(ReportBuilderTest, AnotherSeedGivesTheSameLinesUnderAnotherRoot) {
  ReportInput input = SampleInput();
  const auto a = BuildReport(input);
  input.seed[0] ^= 1;
  const auto b = BuildReport(input);
  EXPECT_EQ(a->lines, b->lines);
  EXPECT_NE(a->root, b->root);
}

TEST(ReportBuilderTest, LinesAreNumberedAndTheHeaderIsTheFirst) {
  const auto lines = LinesOf(SampleInput());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].number(), i);
    EXPECT_EQ(lines[i].has_header(), i == 0);
  }
  const v1::Header& header = lines[0].header();
  EXPECT_EQ(header.line_count(), lines.size());
  EXPECT_EQ(header.report_number(), "HD-20250303-0195588C2A307ABC8DEF0102030405AA");
  EXPECT_EQ(header.persons_authorized(), 2u);
  EXPECT_EQ(header.persons_unauthorized(), 1u);
  EXPECT_EQ(header.valid_until(), "");
  EXPECT_THAT(header.restriction(), HasSubstr("只核对、不认定"));
  EXPECT_THAT(header.objection(), HasSubstr("异议"));
  EXPECT_EQ(header.engine(), assess::kEngineVersion);
  EXPECT_EQ(header.next_change(), "2025-04-01");
  EXPECT_THAT(header.signature_places(), SizeIs(3));
}

TEST(ReportBuilderTest, TheEntryCommitsToLinesAndHeader) {
  const auto draft = BuildReport(SampleInput());
  const auto entry = ledger::DecodeEntry(draft->entry);
  ASSERT_TRUE(entry.ok());
  const auto& result = std::get<ledger::ResultEntry>(*entry);
  EXPECT_EQ(result.report, SampleFrame().report_id);
  EXPECT_EQ(result.verification, SampleFrame().verification_id);
  EXPECT_EQ(result.line_count, draft->lines.size());
  EXPECT_EQ(result.line_root, draft->root);
}

TEST(ReportBuilderTest, AFindingNamesItsAnswersDigestAndAuthority) {
  const auto lines = LinesOf(SampleInput());
  const v1::Line vehicle = Only(lines, v1::LINE_KIND_FINDING, "vehicle");
  EXPECT_EQ(vehicle.person_id(), "m1");
  EXPECT_THAT(vehicle.text(), HasSubstr("普通摩托车"));
  EXPECT_THAT(vehicle.answer_digests(), ElementsAre(base::Sha256("vehiclem1")));
  EXPECT_THAT(vehicle.authorizations(), ElementsAre("SQ-2025-m1"));
  ASSERT_THAT(vehicle.inputs(), SizeIs(1));
  const v1::Line& outcome = lines[vehicle.inputs(0)];
  EXPECT_EQ(outcome.kind(), v1::LINE_KIND_OUTCOME);
  EXPECT_EQ(outcome.outcome().source_name(), "公安厅");
}

TEST(ReportBuilderTest, AnIncomeToldTwiceNamesBothAnswers) {
  const auto lines = LinesOf(SampleInput());
  for (const v1::Line& line : lines) {
    if (line.kind() != v1::LINE_KIND_FINDING || line.code() != "wage") continue;
    if (line.marks().declared()) continue;
    EXPECT_THAT(line.inputs(), SizeIs(2));
    EXPECT_THAT(line.answer_digests(), SizeIs(2));
    EXPECT_THAT(line.text(), HasSubstr("只计一次"));
  }
}

TEST(ReportBuilderTest, ADeclaredFactIsMarkedAndRestsOnNoAnswer) {
  const auto lines = LinesOf(SampleInput());
  int declared = 0;
  for (const v1::Line& line : lines) {
    if (line.kind() != v1::LINE_KIND_FINDING || !line.marks().declared()) continue;
    ++declared;
    EXPECT_THAT(line.text(), HasSubstr("申报"));
    EXPECT_FALSE(line.has_outcome());
  }
  EXPECT_EQ(declared, 1);
}

TEST(ReportBuilderTest, SilenceIsAnOutcomeWithItsReason) {
  const v1::Line line = Only(LinesOf(SampleInput()), v1::LINE_KIND_OUTCOME, "deposit");
  EXPECT_EQ(line.outcome().kind(), "UNAVAILABLE");
  EXPECT_EQ(line.outcome().reason(), "LATE");
  EXPECT_EQ(line.text(), "示例银行：未答复（超过时限）");
  EXPECT_TRUE(line.answer_digests().empty());
}

TEST(ReportBuilderTest, APersonWithoutALetterIsShownAsNotAuthorized) {
  const auto lines = LinesOf(SampleInput());
  const v1::Line line = Only(lines, v1::LINE_KIND_AUTHORIZATION, "UNAUTHORIZED");
  EXPECT_EQ(line.person_id(), "m3");
  EXPECT_THAT(line.text(), HasSubstr("未授权"));
  EXPECT_EQ(Only(lines, v1::LINE_KIND_OUTCOME, "employment", "m3").outcome().reason(),
            "NO_AUTHORIZATION");
}

TEST(ReportBuilderTest, ADiscrepancyShowsBothSides) {
  const auto lines = LinesOf(SampleInput());
  EXPECT_EQ(Only(lines, v1::LINE_KIND_DISCREPANCY, "UNDECLARED_VEHICLE").label(), "未申报机动车");
  const v1::Line wage = Only(lines, v1::LINE_KIND_DISCREPANCY, "WAGE_DIFFERS");
  EXPECT_THAT(wage.text(), HasSubstr("2800.00"));
  EXPECT_FALSE(wage.fields().empty());
  EXPECT_FALSE(wage.other_fields().empty());
}

TEST(ReportBuilderTest, ADiscrepancySaysWhoTellsItOfWhichDayAndWhatWasDeclared) {
  ReportInput input = SampleInput();
  match::Discrepancy& wage = input.match.discrepancies.back();
  ASSERT_EQ(wage.code, match::DiscrepancyCode::kWageDiffers);
  base::AnswerState& answer = input.match.facts.answers[wage.answer];
  answer.data_day = absl::CivilDay(2025, 3, 1);
  v1::Line line = Only(LinesOf(input), v1::LINE_KIND_DISCREPANCY, "WAGE_DIFFERS");
  EXPECT_THAT(line.text(), HasSubstr("人力资源和社会保障厅（数据日 2025-03-01）："));
  EXPECT_THAT(line.text(), HasSubstr("；申报：月份 2025-02"));
  answer.data_day.reset();
  line = Only(LinesOf(input), v1::LINE_KIND_DISCREPANCY, "WAGE_DIFFERS");
  EXPECT_THAT(line.text(), HasSubstr("（数据日 未载明）"));
}

TEST(ReportBuilderTest, ADiscrepancyBetweenSourcesNamesBothAndAllTheirAnswers) {
  ReportInput input = SampleInput();
  const base::Facts& facts = input.match.facts;
  const int32_t hrss = AnswerIndex(facts, "m1", "employment");
  const int32_t tax = AnswerIndex(facts, "m1", "tax");
  const int32_t police = AnswerIndex(facts, "m1", "vehicle");
  match::Discrepancy conflict;
  conflict.code = match::DiscrepancyCode::kDeathContradicted;
  conflict.person_id = "m1";
  conflict.source_id = facts.answers[hrss].source_id;
  conflict.answer = hrss;
  conflict.also_answers = {tax};
  conflict.record = {"wage", {{"payer", std::string("甲")}}};
  conflict.other = base::Record{"death", {{"day", absl::CivilDay(2025, 1, 7)}}};
  conflict.other_answer = police;
  conflict.text = "来源之间相互矛盾";
  input.match.discrepancies = {conflict};
  const v1::Line line = Only(LinesOf(input), v1::LINE_KIND_DISCREPANCY, "DEATH_CONTRADICTED");
  EXPECT_THAT(line.text(), HasSubstr("公安厅"));
  EXPECT_THAT(line.text(), HasSubstr("日期 2025-01-07"));
  EXPECT_THAT(line.answer_digests(),
              UnorderedElementsAre(facts.answers[hrss].digest, facts.answers[tax].digest,
                                   facts.answers[police].digest));
  input.match.discrepancies[0].also_answers = {static_cast<int32_t>(facts.answers.size())};
  EXPECT_FALSE(BuildLines(input).ok());
}

TEST(ReportBuilderTest, TheNumberOfAnUndeclaredSpouseStandsInNoLine) {
  ReportInput input = SampleInput();
  const std::string stranger = "640104198503123226";
  base::Fact marriage;
  marriage.person_id = "m1";
  marriage.answer = 0;
  marriage.record = {"marriage", {{"spouse_number", stranger}}};
  input.match.facts.facts.push_back(marriage);
  base::Fact known = marriage;
  known.record.fields[0].value = input.household.persons[1].identity.number;
  input.match.facts.facts.push_back(known);
  match::Discrepancy discrepancy;
  discrepancy.code = match::DiscrepancyCode::kUndeclaredSpouse;
  discrepancy.person_id = "m1";
  discrepancy.answer = 0;
  discrepancy.record = marriage.record;
  discrepancy.other = marriage.record;
  input.match.discrepancies.push_back(discrepancy);
  bool own_number_stands = false;
  for (const v1::Line& line : LinesOf(input)) {
    EXPECT_THAT(line.SerializeAsString(), Not(HasSubstr(stranger)));
    if (line.kind() != v1::LINE_KIND_FINDING || line.code() != "marriage") continue;
    own_number_stands |= line.fields(0).text() == input.household.persons[1].identity.number;
  }
  EXPECT_TRUE(own_number_stands);
}

TEST(ReportBuilderTest, AQuantityNamesRuleClauseInputsAndDigests) {
  const auto lines = LinesOf(SampleInput());
  const v1::Line line = Only(lines, v1::LINE_KIND_QUANTITY, "gross_wage");
  EXPECT_EQ(line.value().low(), "3000");
  EXPECT_EQ(line.value().high(), "3000");
  EXPECT_EQ(line.text(), "3000.00 元/月");
  EXPECT_TRUE(line.citation().verified());
  EXPECT_FALSE(line.expression().empty());
  std::vector<v1::LineKind> inputs;
  for (const uint32_t input : line.inputs()) inputs.push_back(lines[input].kind());
  EXPECT_THAT(inputs, ElementsAre(v1::LINE_KIND_FINDING, v1::LINE_KIND_POLICY_ROW));
  EXPECT_THAT(line.answer_digests(), SizeIs(2));  // the wage was told by two
  EXPECT_THAT(line.authorizations(), ElementsAre("SQ-2025-m1"));
}

TEST(ReportBuilderTest, WhatSourcesTellDifferentlyStandsInTheFinding) {
  ReportInput input = SampleInput();
  base::Fact& wage = input.match.facts.facts[0];
  const int32_t other = wage.also_answers.at(0);
  wage.otherwise = {{other, base::Money::FromFen(250000)}};
  wage.doubtful = {"net", "payer"};
  wage.possible = true;
  const v1::Line line = LinesOf(input)[OutcomeCount(input) + 7];
  ASSERT_EQ(line.code(), "wage");
  EXPECT_THAT(line.text(), HasSubstr("所载金额 2500.00 元"));
  EXPECT_THAT(line.text(), HasSubstr("各来源所载不一致：已扣除就业成本、支付单位"));
  EXPECT_THAT(line.text(), HasSubstr("可能与另一来源所载为同一事项"));
  EXPECT_THAT(line.text(), Not(HasSubstr("个来源相同")));
}

TEST(ReportBuilderTest, AnAnswerThatOnlyMaySayTheSameIsNotCalledTheSame) {
  ReportInput input = SampleInput();
  base::Fact maybe = input.match.facts.facts[0];
  maybe.answer = maybe.also_answers.at(0);
  maybe.also_answers.clear();
  maybe.possible = true;
  const size_t line = OutcomeCount(input) + 7;
  EXPECT_THAT(LinesOf(input)[line].text(), HasSubstr("另有 1 个来源相同"));
  input.match.facts.facts.push_back(maybe);
  EXPECT_THAT(LinesOf(input)[line].text(), Not(HasSubstr("个来源相同")));
}

TEST(ReportBuilderTest, WhatIsNotExactNamesWhatIsToBlame) {
  const auto lines = LinesOf(SampleInput());
  const v1::Line line = Only(lines, v1::LINE_KIND_QUANTITY, "household_financial_assets");
  EXPECT_FALSE(line.value().exact());
  EXPECT_EQ(line.value().high(), "");
  ASSERT_THAT(line.blame(), SizeIs(1));
  EXPECT_EQ(line.blame(0).source_id(), "bank");
  EXPECT_EQ(line.blame(0).text(), "示例银行（银行存款）对杨秀兰未答复（超过时限）");
  EXPECT_TRUE(line.marks().assumed());
  const v1::Line dibao = Only(lines, v1::LINE_KIND_INDICATION, "dibao");
  EXPECT_EQ(dibao.indication().result(), v1::TRUTH_UNDETERMINED);
  EXPECT_FALSE(dibao.indication().robust());
  EXPECT_EQ(lines[dibao.inputs(0)].code(), "dibao");
}

TEST(ReportBuilderTest, ASourceSilentAboutSeveralPeopleIsOneCause) {
  ReportInput input = SampleInput();
  assess::TraceEntry& entry = input.assessment->entries[1];
  entry.blame.push_back(entry.blame[0]);
  entry.blame[1].person_id = "m3";
  const v1::Line line = Only(LinesOf(input), v1::LINE_KIND_QUANTITY, "household_financial_assets");
  EXPECT_THAT(line.text(), HasSubstr("示例银行（银行存款）对杨秀兰、马晓宇未答复（超过时限）"));
  EXPECT_THAT(line.blame(), SizeIs(2));
}

TEST(ReportBuilderTest, AssumedRowsAreMarked) {
  const auto lines = LinesOf(SampleInput());
  EXPECT_TRUE(
      Only(lines, v1::LINE_KIND_POLICY_ROW, "dibao_standard[scope=urban]").marks().assumed());
  EXPECT_FALSE(Only(lines, v1::LINE_KIND_POLICY_ROW, "adult_age").has_marks());
}

TEST(ReportBuilderTest, AProgrammeNotAskedForBringsNoLines) {
  ReportInput input = SampleInput();
  input.frame.programmes = {"marginal"};
  const auto lines = LinesOf(input);
  std::vector<std::string> codes;
  for (const v1::Line& line : lines) codes.push_back(line.code());
  EXPECT_THAT(codes, Contains("marginal"));
  EXPECT_THAT(codes, Contains("gross_wage"));
  EXPECT_THAT(codes, Not(Contains("dibao")));
  EXPECT_THAT(codes, Not(Contains("household_financial_assets")));
  EXPECT_EQ(lines[0].header().line_count(), lines.size());
}

TEST(ReportBuilderTest, WithoutAnAssessmentThereAreFindingsOnly) {
  ReportInput input = SampleInput();
  input.assessment.reset();
  input.frame.programmes.clear();
  const auto lines = LinesOf(input);
  for (const v1::Line& line : lines) EXPECT_LE(line.kind(), v1::LINE_KIND_DISCREPANCY);
  EXPECT_EQ(lines[0].header().engine(), "");
  EXPECT_EQ(lines[0].header().policy_digest(), "");
}

TEST(ReportBuilderTest, TextThatIsNoUtf8IsReplaced) {
  ReportInput input = SampleInput();
  input.match.facts.facts[0].record.fields[2].value = std::string("\xff\xfe公司");
  const auto lines = LinesOf(input);
  for (const v1::Line& line : lines) {
    if (line.kind() == v1::LINE_KIND_FINDING && !line.marks().declared() && line.code() == "wage") {
      EXPECT_EQ(line.fields(2).text(), "\uFFFD\uFFFD公司");
    }
  }
}

TEST(ReportBuilderTest, WhatPointsNowhereIsRefused) {
  ReportInput input = SampleInput();
  input.seed = "short";
  EXPECT_EQ(ReasonOf(input), "REPORT_INPUT");
  input = SampleInput();
  input.match.facts.facts[0].answer = 99;
  EXPECT_EQ(ReasonOf(input), "REPORT_INPUT");
  input = SampleInput();
  input.assessment->entries[0].entries = {0};
  EXPECT_EQ(ReasonOf(input), "REPORT_INPUT");
  input = SampleInput();
  input.assessment->indications[0].entry = 4;
  EXPECT_EQ(ReasonOf(input), "REPORT_INPUT");
  input = SampleInput();
  input.frame.authorizations.pop_back();
  EXPECT_EQ(ReasonOf(input), "REPORT_INPUT");
}

TEST(ReportBuilderTest, AReportPastEightMebibytesIsRefused) {
  ReportInput input = SampleInput();
  const base::Record big{"wage", {{"payer", std::string(1 << 20, 'x')}}};
  for (int i = 0; i < 9; ++i) {
    base::Fact fact;
    fact.person_id = "m1";
    fact.declared = true;
    fact.record = big;
    input.match.facts.facts.push_back(fact);
  }
  EXPECT_EQ(ReasonOf(input), "REPORT_TOO_LARGE");
}

TEST(ReportBuilderTest, ADraftComesBackFromItsBytes) {
  const auto draft = BuildReport(SampleInput());
  const auto back = DecodeDraft(EncodeDraft(*draft));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->lines, draft->lines);
  EXPECT_EQ(back->entry, draft->entry);
  EXPECT_EQ(back->root, draft->root);
}

TEST(ReportBuilderTest, AnAlteredDraftIsRefused) {
  const std::string bytes = EncodeDraft(*BuildReport(SampleInput()));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string altered = bytes;
    altered[i] ^= 1;
    const auto draft = DecodeDraft(altered);
    // The ids of the entry are covered by the log, not by the draft.
    if (draft.ok()) {
      EXPECT_EQ(draft->lines, BuildReport(SampleInput())->lines);
      EXPECT_NE(draft->entry, BuildReport(SampleInput())->entry);
    }
  }
}

TEST(ReportBuilderTest, AProofOfAnotherEntryIsRefused) {
  const auto draft = BuildReport(SampleInput());
  ledger::EntryProof proof;
  proof.entry = draft->entry + "x";
  proof.checkpoint = std::make_shared<ledger::SignedCheckpoint>();
  EXPECT_EQ(base::ReasonOf(SealReport(*draft, proof).status()), "REPORT_PROOF");
}

// The example of docs/report-format.md, section 8: whoever writes a verifier from it ends here too.
TEST(DraftTest, ItsSizeIsKnownBeforeItIsWritten) {
  for (Draft draft : {*BuildReport(SampleInput()), Draft()}) {
    std::string bytes = "before";
    AppendDraft(draft, &bytes);
    EXPECT_EQ(bytes, "before" + EncodeDraft(draft));
    EXPECT_EQ(bytes.size(), 6 + DraftSize(draft));
  }
}

TEST(SealedLinesTest, TheDocumentsExampleHolds) {
  const std::vector<std::string> lines = {
      *base::HexDecode("100122067265706f7274a201080801f00101f80103"),
      *base::HexDecode("080110031a026d33220c554e415554484f52495a45442a09e69caae68e88e69d83"),
      *base::HexDecode(
          "080210051a026d312204776167652a0fe5b7a5e8b584e680a7e694b6e585a542100a056d6f6e7468"
          "2a07323032352d3032420c0a06616d6f756e7418c0cf24")};
  v1::Line wage;
  ASSERT_TRUE(ParseStrict(lines[2], &wage));
  EXPECT_EQ(wage.fields(1).money_fen(), 300000);
  std::string seed;
  for (char c = 0; c < 32; ++c) seed.push_back(c);
  const base::HmacKey key(base::HashAlgorithm::kSha256, seed);
  EXPECT_EQ(base::HexEncode(ledger::HashView(LineSalt(key, 2))),
            "f96d53c4967667e4efbc5caf46406af31d4065a9a2c3f25fdeb1e056f3334114");
  SealedLines sealed(base::HashAlgorithm::kSha256, seed);
  for (const std::string& line : lines) sealed.Add(line);
  EXPECT_EQ(base::HexEncode(ledger::HashView(ledger::TreeRoot(sealed.leaves()))),
            "f6f17bba5d94b19644de1d99f6c6281b66d15e8f424b7c8e5bc7bbc2c9f4860b");
}

TEST(ReportNumberTest, NamesTheReport) {
  const std::string number = ReportNumber(SampleFrame().report_id, SampleFrame().issued_at);
  const auto id = ReportIdOfNumber(number);
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(*id, SampleFrame().report_id);
}

TEST(ReportNumberTest, OtherTextsAreNoNumbers) {
  const std::string number = ReportNumber(SampleFrame().report_id, SampleFrame().issued_at);
  for (const std::string& bad :
       {std::string(), number + "0", number.substr(1), "HD-20250230" + number.substr(11),
        "HX" + number.substr(2), number.substr(0, 43) + "a", number.substr(0, 43) + "G"}) {
    EXPECT_EQ(base::ReasonOf(ReportIdOfNumber(bad).status()), "REPORT_NUMBER") << bad;
  }
}

}  // namespace
}  // namespace hedui::report
