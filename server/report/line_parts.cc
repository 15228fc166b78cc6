#include "server/report/line_parts.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/dates.h"
#include "server/report/words.h"

namespace hedui::report {
namespace {

std::string EndText(const std::optional<base::Rational>& end) {
  return end.has_value() ? end->ToString() : "";
}

// The format's own words, so that this room needs no more of assess than its values.
absl::string_view BlameKindCode(assess::BlameKind kind) {
  switch (kind) {
    case assess::BlameKind::kSource:
      return "SOURCE";
    case assess::BlameKind::kPolicyRow:
      return "POLICY_ROW";
    case assess::BlameKind::kAuthorization:
      return "AUTHORIZATION";
    case assess::BlameKind::kIdentity:
      return "IDENTITY";
    case assess::BlameKind::kDeclaration:
      return "DECLARATION";
    case assess::BlameKind::kArithmetic:
      break;
  }
  return "ARITHMETIC";
}

absl::string_view TruthCode(assess::Truth truth) {
  switch (truth) {
    case assess::Truth::kFalse:
      return "FALSE";
    case assess::Truth::kTrue:
      return "TRUE";
    case assess::Truth::kUndetermined:
      break;
  }
  return "UNDETERMINED";
}

struct FieldWriter {
  WireWriter* out;
  void operator()(const std::string& text) const {
    out->TextAlways(v1::Field::kTextFieldNumber, text);
  }
  void operator()(base::Money money) const {
    out->SintAlways(v1::Field::kMoneyFenFieldNumber, money.fen());
  }
  void operator()(absl::CivilDay day) const {
    out->TextAlways(v1::Field::kDayFieldNumber, base::FormatDay(day));
  }
  void operator()(absl::CivilMonth month) const {
    out->TextAlways(v1::Field::kMonthFieldNumber, base::FormatMonth(month));
  }
  void operator()(int64_t count) const { out->SintAlways(v1::Field::kCountFieldNumber, count); }
  void operator()(bool flag) const { out->UintAlways(v1::Field::kFlagFieldNumber, flag ? 1 : 0); }
};

}  // namespace

void PutFields(int field, const base::Record& record, WireWriter* line) {
  for (const base::Field& one : record.fields) {
    const size_t begun = line->Begin(field);
    line->Text(v1::Field::kNameFieldNumber, one.name);
    std::visit(FieldWriter{line}, one.value);
    line->End(begun);
  }
}

void PutBlame(int field, const std::vector<assess::Blame>& blame, const Names& names,
              WireWriter* line) {
  for (const assess::Blame& one : blame) {
    const size_t begun = line->Begin(field);
    line->Known(v1::Blame::kKindFieldNumber, BlameKindCode(one.kind));
    line->Text(v1::Blame::kPersonIdFieldNumber, one.person_id);
    line->Text(v1::Blame::kSourceIdFieldNumber, one.source_id);
    line->Text(v1::Blame::kCategoryFieldNumber, one.category);
    if (!one.category.empty()) {
      line->Known(v1::Blame::kAnswerFieldNumber, base::AnswerKindName(one.answer));
      line->Known(v1::Blame::kReasonFieldNumber, base::ReasonName(one.reason));
    }
    line->Known(v1::Blame::kDetailFieldNumber, one.detail);
    line->Known(v1::Blame::kPolicyFieldNumber, one.policy);
    line->Text(v1::Blame::kTextFieldNumber, names.Blame(one));
    line->End(begun);
  }
}

void PutValue(int field, const assess::AbstractValue& value, WireWriter* line) {
  const size_t begun = line->Begin(field);
  line->Uint(v1::Value::kKindFieldNumber, static_cast<uint64_t>(value.kind));
  line->Known(v1::Value::kUnitFieldNumber, value.unit);
  line->Flag(v1::Value::kExactFieldNumber, value.exact);
  switch (value.kind) {
    case assess::ValueKind::kNumber:
      line->Known(v1::Value::kLowFieldNumber, EndText(value.low));
      line->Known(v1::Value::kHighFieldNumber, EndText(value.high));
      line->Flag(v1::Value::kUndefinedFieldNumber, value.undefined);
      break;
    case assess::ValueKind::kTruth:
      line->Uint(v1::Value::kTruthFieldNumber, static_cast<uint64_t>(value.truth));
      break;
    case assess::ValueKind::kCode:
      for (const std::string& code : value.codes) {
        line->BytesAlways(v1::Value::kCodesFieldNumber, code);
      }
      break;
    case assess::ValueKind::kDate:
    case assess::ValueKind::kPeriod:
      line->Flag(v1::Value::kUndefinedFieldNumber, value.undefined);
      line->Known(v1::Value::kFromFieldNumber, base::FormatDay(value.from));
      line->Known(v1::Value::kToFieldNumber, base::FormatDay(value.to));
      break;
  }
  line->Known(v1::Value::kTextFieldNumber, value.text);
  line->End(begun);
}

void PutOutcome(int field, const base::AnswerState& answer, const Names& names, WireWriter* line) {
  const size_t begun = line->Begin(field);
  line->Text(v1::Outcome::kSourceIdFieldNumber, answer.source_id);
  line->Text(v1::Outcome::kSourceNameFieldNumber, names.Source(answer.source_id));
  line->Text(v1::Outcome::kLevelFieldNumber, names.Level(answer.source_id));
  line->Text(v1::Outcome::kCategoryFieldNumber, answer.category);
  line->Known(v1::Outcome::kKindFieldNumber, base::AnswerKindName(answer.kind));
  line->Known(v1::Outcome::kReasonFieldNumber, base::ReasonName(answer.reason));
  line->Known(v1::Outcome::kDataDayFieldNumber, base::FormatDay(answer.data_day));
  line->Known(v1::Outcome::kCoveredFromFieldNumber, base::FormatDay(answer.covered.from));
  line->Known(v1::Outcome::kCoveredToFieldNumber, base::FormatDay(answer.covered.to));
  line->Flag(v1::Outcome::kCompleteFieldNumber, answer.complete);
  line->Flag(v1::Outcome::kSupersededFieldNumber, answer.superseded);
  line->Flag(v1::Outcome::kManualFieldNumber, answer.manual);
  if (answer.finding.has_value()) {
    const base::ManualFinding& finding = *answer.finding;
    line->Known(v1::Outcome::kMethodFieldNumber, base::FindingMethodName(finding.method));
    for (const std::string& investigator : finding.investigators) {
      line->TextAlways(v1::Outcome::kInvestigatorsFieldNumber, investigator);
    }
    line->Known(v1::Outcome::kFindingDayFieldNumber, base::FormatDay(finding.day));
    line->Bytes(v1::Outcome::kEvidenceSha256FieldNumber, finding.evidence_sha256);
  }
  if (answer.reused.has_value()) {
    line->Text(v1::Outcome::kReusedQueryFieldNumber, answer.reused->attempt_id);
    line->Uint(v1::Outcome::kObtainedSecondsFieldNumber,
               static_cast<uint64_t>(absl::ToUnixSeconds(answer.reused->obtained)));
  }
  line->End(begun);
}

void PutRow(int field, const assess::PolicyRow& row, WireWriter* line) {
  const size_t begun = line->Begin(field);
  line->Known(v1::PolicyRow::kIdFieldNumber, row.id);
  line->Known(v1::PolicyRow::kValueFieldNumber, row.value);
  line->Known(v1::PolicyRow::kDivisionFieldNumber, row.division);
  line->Known(v1::PolicyRow::kFromFieldNumber, base::FormatDay(row.in_force.from));
  line->Known(v1::PolicyRow::kToFieldNumber, base::FormatDay(row.in_force.to));
  line->Text(v1::PolicyRow::kFileFieldNumber, row.file);
  line->Uint(v1::PolicyRow::kFileLineFieldNumber, static_cast<uint32_t>(row.line));
  line->Bytes(v1::PolicyRow::kFileDigestFieldNumber, row.file_digest);
  line->End(begun);
}

void PutMarks(int field, const assess::Marks& marks, WireWriter* line) {
  if (marks == assess::Marks()) return;
  const size_t begun = line->Begin(field);
  line->Flag(v1::Marks::kPresumedFieldNumber, marks.presumed);
  line->Flag(v1::Marks::kAssumedFieldNumber, marks.assumed);
  line->Flag(v1::Marks::kManualFieldNumber, marks.manual);
  line->Flag(v1::Marks::kDeclaredFieldNumber, marks.declared);
  line->Flag(v1::Marks::kUnprovenFieldNumber, marks.unproven);
  line->Flag(v1::Marks::kPreliminaryFieldNumber, marks.preliminary);
  line->End(begun);
}

void PutCitation(int field, const assess::Citation& citation, WireWriter* line) {
  if (citation == assess::Citation()) return;
  const size_t begun = line->Begin(field);
  line->Known(v1::Citation::kDocumentFieldNumber, citation.document);
  line->Known(v1::Citation::kTitleFieldNumber, citation.title);
  line->Known(v1::Citation::kArticleFieldNumber, citation.article);
  line->Flag(v1::Citation::kVerifiedFieldNumber, citation.verified);
  line->End(begun);
}

std::string ValueText(const assess::AbstractValue& value, absl::string_view name,
                      const Names& names) {
  switch (value.kind) {
    case assess::ValueKind::kTruth:
      return std::string(TruthWord(TruthCode(value.truth)));
    case assess::ValueKind::kCode: {
      std::vector<absl::string_view> words;
      for (const std::string& code : value.codes) {
        words.push_back(names.QuantityValue(name, code));
      }
      // It may also be a code that the list does not have.
      if (absl::EndsWith(value.text, "…")) words.push_back("其他");
      return absl::StrJoin(words, value.exact ? "、" : " 或 ");
    }
    case assess::ValueKind::kNumber:
    case assess::ValueKind::kDate:
    case assess::ValueKind::kPeriod:
      break;
  }
  std::string text = value.text;
  if (!value.exact_text.empty()) absl::StrAppend(&text, "（精确值 ", value.exact_text, "）");
  const absl::string_view unit = UnitWord(value.unit);
  if (!unit.empty()) absl::StrAppend(&text, " ", unit);
  if (value.undefined)
    absl::StrAppend(&text, value.kind == assess::ValueKind::kDate
                               ? "（可能不存在）"
                               : "（可能无法计算：除数为零或没有可计的项）");
  return text;
}

}  // namespace hedui::report
