#include "clients/cli/assess_command.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/commands.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/assess/policy_pack.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/report/display_text.h"
#include "server/report/json_writer.h"

namespace hedui::clients {
namespace {

using assess::AbstractValue;
using assess::Assessment;
using assess::Blame;
using assess::Citation;
using assess::Indication;
using assess::Marks;
using assess::TraceEntry;
using assess::Truth;
using report::JsonWriter;

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

std::vector<std::string> MarkNames(const Marks& marks) {
  std::vector<std::string> names;
  if (marks.presumed) names.push_back("presumed");
  if (marks.assumed) names.push_back("assumed");
  if (marks.manual) names.push_back("manual");
  if (marks.declared) names.push_back("declared");
  if (marks.unproven) names.push_back("unproven");
  return names;
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

std::string BlameSentence(const Blame& blame) {
  const std::string who = blame.person_id.empty() ? "" : absl::StrCat(blame.person_id, "：");
  switch (blame.kind) {
    case assess::BlameKind::kSource:
    case assess::BlameKind::kAuthorization:
    case assess::BlameKind::kIdentity:
      if (blame.category.empty()) return absl::StrCat(who, "身份或成员关系不明", blame.policy);
      return absl::StrCat(
          who, blame.category, "@", blame.source_id.empty() ? "（无可询来源）" : blame.source_id,
          " ", std::string(base::AnswerKindName(blame.answer)),
          blame.reason == base::Reason::kNone ? ""
                                              : absl::StrCat("/", base::ReasonName(blame.reason)),
          blame.detail.empty() ? "" : absl::StrCat("/", blame.detail),
          blame.kind == assess::BlameKind::kAuthorization ? "（未授权）" : "");
    case assess::BlameKind::kPolicyRow:
      return absl::StrCat("缺少有效的政策条目 ", blame.policy);
    case assess::BlameKind::kDeclaration:
      return absl::StrCat(who, "申报缺项 ", blame.detail);
    case assess::BlameKind::kArithmetic:
      return "除数为零，比值无定义";
  }
  return "";
}

std::string CitationSentence(const Citation& citation) {
  if (citation.document.empty()) return "";
  return absl::StrCat(citation.title, " ", citation.article, citation.verified ? "" : "〔假定〕");
}

std::string MarkSentence(const Marks& marks) {
  std::vector<std::string> words;
  if (marks.presumed) words.push_back("推定");
  if (marks.assumed) words.push_back("含假定值");
  if (marks.manual) words.push_back("含人工核查");
  if (marks.declared) words.push_back("含申报值");
  if (marks.unproven) words.push_back("缺证据，暂按已知信息");
  return words.empty() ? "" : absl::StrCat("〔", absl::StrJoin(words, "、"), "〕");
}

const char* TruthSentence(Truth truth) {
  switch (truth) {
    case Truth::kTrue:
      return "是";
    case Truth::kFalse:
      return "否";
    case Truth::kUndetermined:
      return "无法判定";
  }
  return "";
}

// Units as people write them.
std::string UnitSentence(const std::string& unit) {
  static constexpr std::pair<const char*, const char*> kUnits[] = {
      {"yuan", " 元"},    {"yuan/month", " 元/月"}, {"yuan/year", " 元/年"}, {"months", " 个月"},
      {"years", " 周岁"}, {"days", " 天"},          {"ratio", ""},           {"count", ""}};
  for (const auto& [name, shown] : kUnits) {
    if (unit == name) return shown;
  }
  return unit.empty() ? "" : absl::StrCat(" ", unit);
}

// What is exact has blame where a rule takes an unproven list for complete.
void AppendBlame(std::string* text, const std::vector<Blame>& blames, bool exact) {
  for (const Blame& blame : blames) {
    absl::StrAppend(text, exact ? "      尚缺证据：" : "      待定原因：",
                    report::EscapeForDisplay(BlameSentence(blame)), "\n");
  }
}

void AppendEntry(std::string* text, const TraceEntry& entry) {
  const bool truth = entry.value.kind == assess::ValueKind::kTruth;
  absl::StrAppend(
      text, "  ", entry.label,
      entry.person_id.empty() ? ""
                              : absl::StrCat("（", report::EscapeForDisplay(entry.person_id), "）"),
      "：", truth ? TruthSentence(entry.value.truth) : entry.value.text,
      UnitSentence(entry.value.unit),
      entry.value.exact_text.empty() ? "" : absl::StrCat(" （= ", entry.value.exact_text, "）"),
      MarkSentence(entry.marks), "\n");
  if (!entry.rule->value.empty()) {
    absl::StrAppend(text, "      ", entry.id, " = ", entry.rule->value, "\n      依据：",
                    CitationSentence(entry.rule->citation), "\n");
  }
  AppendBlame(text, entry.blame, entry.value.exact);
}

}  // namespace

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

std::string AssessmentText(const Assessment& assessment) {
  std::string text = absl::StrCat("核算结果（仅供参考，不作认定）\n行政区划：", assessment.division,
                                  "　政策适用日：", base::FormatDay(assessment.policy_day), "\n");
  if (assessment.next_change) {
    absl::StrAppend(&text, "同样事实下结果可能改变的最早日期：",
                    base::FormatDay(*assessment.next_change), "\n");
  }
  absl::StrAppend(&text, "\n提示\n");
  for (const Indication& indication : assessment.indications) {
    absl::StrAppend(&text, "  ", indication.label, "：", TruthSentence(indication.result),
                    indication.robust ? "（确定：补齐缺失信息也不会改变）" : "",
                    MarkSentence(indication.marks), "\n      依据：",
                    CitationSentence(indication.citation), "\n");
    if (indication.amount) {
      absl::StrAppend(&text, "      金额：", indication.amount->text,
                      UnitSentence(indication.amount->unit), "\n");
    }
    AppendBlame(&text, indication.blame, indication.result != Truth::kUndetermined);
  }
  if (assessment.indications.empty()) absl::StrAppend(&text, "  （本地没有项目政策，只列事实）\n");
  absl::StrAppend(&text, "\n核算过程\n");
  for (const TraceEntry& entry : assessment.entries) AppendEntry(&text, entry);
  absl::StrAppend(&text, "\n所用政策条目\n");
  for (const auto& row : assessment.rows) {
    absl::StrAppend(&text, "  ", row->label, "  ", row->id, " = ", row->value, "  （",
                    base::FormatPeriod(row->in_force), "）\n      ",
                    CitationSentence(row->citation), "  ", row->file, ":", row->line, "\n");
  }
  return text;
}

int RunAssess(const std::string& file, const std::vector<std::string>& policies,
              const std::string& format, std::ostream& out, std::ostream& err) {
  const auto pack = assess::PolicyPack::Load(policies);
  if (!pack.ok()) {
    err << pack.status().message() << "\n";
    return kExitUnreadable;
  }
  for (const assess::PolicyFinding& warning : (*pack)->warnings())
    err << warning.ToString() << "\n";
  const auto read = assess::ReadCaseFile(file, **pack);
  if (!read.ok()) {
    err << read.status().message() << "\n";
    return kExitUnreadable;
  }
  const absl::StatusOr<Assessment> assessment = assess::Assess(**pack, read->value);
  if (assessment.ok()) {
    out << (format == "json" ? AssessmentJson(*assessment, read->value)
                             : AssessmentText(*assessment));
  } else {
    err << base::ReasonOf(assessment.status()) << ": " << assessment.status().message() << "\n";
  }
  const std::vector<std::string> unmet = assess::UnmetExpectations(*read, assessment);
  for (const std::string& difference : unmet) err << file << ": " << difference << "\n";
  // A case that expects to be refused, and is, came out as it says.
  const bool says = !read->expectations.empty();
  return unmet.empty() && (assessment.ok() || says) ? kExitDone : kExitNotValid;
}

}  // namespace hedui::clients
