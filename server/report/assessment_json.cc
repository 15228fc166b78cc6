#include "server/report/assessment_json.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/report/json_writer.h"

namespace hedui::report {
namespace {

using assess::AbstractValue;
using assess::Assessment;
using assess::Blame;
using assess::Citation;
using assess::Indication;
using assess::TraceEntry;

std::string FieldText(const base::FieldValue& value) {
  struct Visitor {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(base::Money money) const { return money.ToString(); }
    std::string operator()(absl::CivilDay day) const { return base::FormatDay(day); }
    std::string operator()(absl::CivilMonth month) const { return base::FormatMonth(month); }
    std::string operator()(int64_t number) const { return absl::StrCat(number); }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  };
  return std::visit(Visitor{}, value);
}

void WriteStrings(JsonWriter* json, absl::string_view key, const std::vector<std::string>& texts) {
  json->Key(key).BeginArray();
  for (const std::string& text : texts) json->String(text);
  json->EndArray();
}

void WriteIndexes(JsonWriter* json, absl::string_view key, const std::vector<int32_t>& indexes) {
  json->Key(key).BeginArray();
  for (int32_t index : indexes) json->Integer(index);
  json->EndArray();
}

void WriteValue(JsonWriter* json, absl::string_view key, const AbstractValue& value) {
  static constexpr const char* kKinds[] = {"", "number", "truth", "code", "date", "period"};
  json->Key(key).BeginObject();
  json->Pair("kind", kKinds[static_cast<size_t>(value.kind)]);
  json->PairIfAny("unit", value.unit);
  json->Key("exact").Bool(value.exact);
  json->Pair("text", value.text);
  json->PairIfAny("exact_text", value.exact_text);
  switch (value.kind) {
    case assess::ValueKind::kNumber:
      // Absent bounds are infinite.
      if (value.low) json->Pair("low", value.low->ToString());
      if (value.high) json->Pair("high", value.high->ToString());
      if (value.undefined) json->Key("undefined").Bool(true);
      break;
    case assess::ValueKind::kTruth:
      json->Pair("truth", assess::TruthName(value.truth));
      break;
    case assess::ValueKind::kCode:
      WriteStrings(json, "codes", value.codes);
      break;
    case assess::ValueKind::kDate:
    case assess::ValueKind::kPeriod:
      if (value.from) json->Pair("from", base::FormatDay(*value.from));
      // That there may be none, the text says.
      if (value.to) json->Pair("to", base::FormatDay(*value.to));
      break;
  }
  json->EndObject();
}

void WriteBlame(JsonWriter* json, absl::string_view key, const std::vector<Blame>& blames) {
  json->Key(key).BeginArray();
  for (const Blame& blame : blames) {
    json->BeginObject();
    json->Pair("kind", assess::BlameKindName(blame.kind));
    json->PairIfAny("person", blame.person_id);
    json->PairIfAny("source", blame.source_id);
    json->PairIfAny("category", blame.category);
    if (!blame.category.empty()) {
      json->Pair("answer", base::AnswerKindName(blame.answer));
      json->Pair("reason", base::ReasonName(blame.reason));
    }
    json->PairIfAny("detail", blame.detail);
    json->PairIfAny("policy", blame.policy);
    json->EndObject();
  }
  json->EndArray();
}

void WriteCitation(JsonWriter* json, const Citation& citation) {
  json->Key("citation").BeginObject();
  json->Pair("document", citation.document);
  json->Pair("title", citation.title);
  json->Pair("article", citation.article);
  json->Pair("trust", citation.verified ? "verified" : "assumed");
  json->EndObject();
}

void WriteEntry(JsonWriter* json, const TraceEntry& entry) {
  json->BeginObject();
  json->Pair("id", entry.id);
  json->Pair("label", entry.label);
  json->Pair("kind", entry.kind == assess::EntryKind::kTest ? "test" : "quantity");
  json->PairIfAny("person", entry.person_id);
  WriteValue(json, "value", entry.value);
  WriteBlame(json, "blame", entry.blame);
  WriteStrings(json, "marks", MarkNames(entry.marks));
  json->PairIfAny("expression", entry.rule->value);
  if (!entry.rule->citation.document.empty()) WriteCitation(json, entry.rule->citation);
  WriteIndexes(json, "entries", entry.entries);
  WriteIndexes(json, "facts", entry.facts);
  WriteIndexes(json, "answers", entry.answers);
  WriteIndexes(json, "rows", entry.rows);
  json->EndObject();
}

void WriteIndication(JsonWriter* json, const Indication& indication) {
  json->BeginObject();
  json->Pair("programme", indication.programme);
  json->Pair("label", indication.label);
  json->PairIfAny("person", indication.person_id);
  json->Pair("result", assess::TruthName(indication.result));
  json->Key("robust").Bool(indication.robust);
  WriteBlame(json, "blame", indication.blame);
  WriteStrings(json, "marks", MarkNames(indication.marks));
  json->Key("entry").Integer(indication.entry);
  if (indication.amount) {
    WriteValue(json, "amount", *indication.amount);
    WriteBlame(json, "amount_blame", indication.amount_blame);
    json->Key("amount_entry").Integer(indication.amount_entry);
  }
  if (indication.validity) {
    WriteValue(json, "validity", *indication.validity);
    WriteBlame(json, "validity_blame", indication.validity_blame);
  }
  WriteCitation(json, indication.citation);
  json->EndObject();
}

void WriteRow(JsonWriter* json, const assess::PolicyRow& row) {
  json->BeginObject();
  json->Pair("id", row.id);
  json->Pair("label", row.label);
  json->Pair("value", row.value);
  json->Pair("division", row.division);
  json->Pair("in_force", base::FormatPeriod(row.in_force));
  WriteCitation(json, row.citation);
  json->Pair("file", row.file);
  json->Key("line").Integer(row.line);
  json->Pair("file_sha256", base::HexEncode(row.file_digest));
  json->EndObject();
}

void WriteAnswer(JsonWriter* json, const base::AnswerState& answer) {
  json->BeginObject();
  json->Pair("person", answer.person_id);
  json->Pair("category", answer.category);
  json->Pair("source", answer.source_id);
  json->Pair("kind", base::AnswerKindName(answer.kind));
  json->Pair("reason", base::ReasonName(answer.reason));
  if (answer.data_day) json->Pair("data_day", base::FormatDay(*answer.data_day));
  json->Pair("covered", base::FormatPeriod(answer.covered));
  json->Key("complete").Bool(answer.complete);
  json->PairIfAny("digest", base::HexEncode(answer.digest));
  json->PairIfAny("authorization", answer.authorization);
  json->EndObject();
}

void WriteFact(JsonWriter* json, const base::Fact& fact) {
  json->BeginObject();
  json->Pair("person", fact.person_id);
  json->Pair("kind", fact.record.kind);
  for (const base::Field& field : fact.record.fields) {
    json->Pair(absl::StrCat("field.", field.name), FieldText(field.value));
  }
  if (fact.declared) json->Key("declared").Bool(true);
  if (fact.manual) json->Key("manual").Bool(true);
  if (fact.answer >= 0) json->Key("answer").Integer(fact.answer);
  json->EndObject();
}

}  // namespace

std::vector<std::string> MarkNames(const assess::Marks& marks) {
  std::vector<std::string> names;
  if (marks.presumed) names.push_back("presumed");
  if (marks.assumed) names.push_back("assumed");
  if (marks.manual) names.push_back("manual");
  if (marks.declared) names.push_back("declared");
  if (marks.unproven) names.push_back("unproven");
  if (marks.preliminary) names.push_back("preliminary");
  return names;
}

std::string AssessmentJson(const Assessment& assessment, const assess::Case& c) {
  JsonWriter json;
  json.BeginObject();
  json.Pair("engine", assessment.engine);
  json.Pair("division", assessment.division);
  json.Pair("policy_day", base::FormatDay(assessment.policy_day));
  json.Pair("policy_sha256", base::HexEncode(assessment.policy_digest));
  if (assessment.next_change) {
    json.Pair("next_change", base::FormatDay(*assessment.next_change));
  }
  json.Key("indications").BeginArray();
  for (const Indication& indication : assessment.indications) WriteIndication(&json, indication);
  json.EndArray();
  json.Key("entries").BeginArray();
  for (const TraceEntry& entry : assessment.entries) WriteEntry(&json, entry);
  json.EndArray();
  json.Key("rows").BeginArray();
  for (const auto& row : assessment.rows) WriteRow(&json, *row);
  json.EndArray();
  json.Key("answers").BeginArray();
  for (const base::AnswerState& answer : c.facts.answers) WriteAnswer(&json, answer);
  json.EndArray();
  json.Key("facts").BeginArray();
  for (const base::Fact& fact : c.facts.facts) WriteFact(&json, fact);
  json.EndArray();
  json.Key("files").BeginArray();
  for (const assess::PolicyFile& file : assessment.files) {
    json.BeginObject();
    json.Pair("path", file.path).Pair("sha256", base::HexEncode(file.digest));
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return json.Take();
}

}  // namespace hedui::report
