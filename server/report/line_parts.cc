#include "server/report/line_parts.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/dates.h"
#include "server/report/display_text.h"
#include "server/report/words.h"

namespace hedui::report {
namespace {

std::string DayText(const std::optional<absl::CivilDay>& day) {
  return day.has_value() ? base::FormatDay(*day) : "";
}

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
  v1::Field* out;
  void operator()(const std::string& text) const { out->set_text(CleanUtf8(text)); }
  void operator()(base::Money money) const { out->set_money_fen(money.fen()); }
  void operator()(absl::CivilDay day) const { out->set_day(base::FormatDay(day)); }
  void operator()(absl::CivilMonth month) const { out->set_month(base::FormatMonth(month)); }
  void operator()(int64_t count) const { out->set_count(count); }
  void operator()(bool flag) const { out->set_flag(flag); }
};

}  // namespace

void FillFields(const base::Record& record, google::protobuf::RepeatedPtrField<v1::Field>* out) {
  for (const base::Field& field : record.fields) {
    v1::Field* message = out->Add();
    message->set_name(CleanUtf8(field.name));
    std::visit(FieldWriter{message}, field.value);
  }
}

void FillBlame(const std::vector<assess::Blame>& blame, const Names& names,
               google::protobuf::RepeatedPtrField<v1::Blame>* out) {
  for (const assess::Blame& one : blame) {
    v1::Blame* message = out->Add();
    message->set_kind(std::string(BlameKindCode(one.kind)));
    message->set_person_id(CleanUtf8(one.person_id));
    message->set_source_id(CleanUtf8(one.source_id));
    message->set_category(CleanUtf8(one.category));
    if (!one.category.empty()) {
      message->set_answer(std::string(base::AnswerKindName(one.answer)));
      message->set_reason(std::string(base::ReasonName(one.reason)));
    }
    message->set_detail(CleanUtf8(one.detail));
    message->set_policy(CleanUtf8(one.policy));
    message->set_text(CleanUtf8(names.Blame(one)));
  }
}

void FillValue(const assess::AbstractValue& value, v1::Value* out) {
  out->set_kind(static_cast<v1::ValueKind>(value.kind));
  out->set_unit(CleanUtf8(value.unit));
  out->set_exact(value.exact);
  switch (value.kind) {
    case assess::ValueKind::kNumber:
      out->set_low(EndText(value.low));
      out->set_high(EndText(value.high));
      out->set_undefined(value.undefined);
      break;
    case assess::ValueKind::kTruth:
      out->set_truth(static_cast<v1::Truth>(value.truth));
      break;
    case assess::ValueKind::kCode:
      for (const std::string& code : value.codes) out->add_codes(CleanUtf8(code));
      break;
    case assess::ValueKind::kDate:
    case assess::ValueKind::kPeriod:
      out->set_from(DayText(value.from));
      out->set_to(DayText(value.to));
      break;
  }
  out->set_text(CleanUtf8(value.text));
}

void FillOutcome(const base::AnswerState& answer, const Names& names, v1::Outcome* out) {
  out->set_source_id(CleanUtf8(answer.source_id));
  out->set_source_name(CleanUtf8(names.Source(answer.source_id)));
  out->set_level(CleanUtf8(names.Level(answer.source_id)));
  out->set_category(CleanUtf8(answer.category));
  out->set_kind(std::string(base::AnswerKindName(answer.kind)));
  out->set_reason(std::string(base::ReasonName(answer.reason)));
  out->set_data_day(DayText(answer.data_day));
  out->set_covered_from(DayText(answer.covered.from));
  out->set_covered_to(DayText(answer.covered.to));
  out->set_complete(answer.complete);
  out->set_superseded(answer.superseded);
  out->set_manual(answer.manual);
}

void FillRow(const assess::PolicyRow& row, v1::PolicyRow* out) {
  out->set_id(CleanUtf8(row.id));
  out->set_value(CleanUtf8(row.value));
  out->set_division(CleanUtf8(row.division));
  out->set_from(DayText(row.in_force.from));
  out->set_to(DayText(row.in_force.to));
  out->set_file(CleanUtf8(row.file));
  out->set_file_line(static_cast<uint32_t>(row.line));
  out->set_file_digest(row.file_digest);
}

void SetMarks(const assess::Marks& marks, v1::Line* line) {
  if (marks == assess::Marks()) return;
  line->mutable_marks()->set_presumed(marks.presumed);
  line->mutable_marks()->set_assumed(marks.assumed);
  line->mutable_marks()->set_manual(marks.manual);
  line->mutable_marks()->set_declared(marks.declared);
}

void SetCitation(const assess::Citation& citation, v1::Line* line) {
  if (citation == assess::Citation()) return;
  line->mutable_citation()->set_document(CleanUtf8(citation.document));
  line->mutable_citation()->set_title(CleanUtf8(citation.title));
  line->mutable_citation()->set_article(CleanUtf8(citation.article));
  line->mutable_citation()->set_verified(citation.verified);
}

std::string ValueText(const assess::AbstractValue& value, const Names& names) {
  switch (value.kind) {
    case assess::ValueKind::kTruth:
      return TruthWord(TruthCode(value.truth));
    case assess::ValueKind::kCode: {
      std::vector<std::string> words;
      for (const std::string& code : value.codes) words.push_back(names.Code(code));
      return absl::StrJoin(words, " 或 ");
    }
    case assess::ValueKind::kNumber:
    case assess::ValueKind::kDate:
    case assess::ValueKind::kPeriod:
      break;
  }
  std::string text = value.text;
  if (!value.exact_text.empty()) absl::StrAppend(&text, "（精确值 ", value.exact_text, "）");
  const std::string unit = UnitWord(value.unit);
  if (!unit.empty()) absl::StrAppend(&text, " ", unit);
  if (value.undefined) absl::StrAppend(&text, "（可能无法计算：除数为零）");
  return text;
}

std::string CitationText(const assess::Citation& citation) {
  if (citation.document.empty() && citation.title.empty()) return "";
  return absl::StrCat(citation.title.empty() ? citation.document : citation.title, citation.article,
                      citation.verified ? "" : "（未经核实）");
}

}  // namespace hedui::report
