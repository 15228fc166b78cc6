#include "server/report/line_builder.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/identity.h"
#include "server/base/status.h"
#include "server/report/display_text.h"
#include "server/report/header_line.h"
#include "server/report/line_parts.h"
#include "server/report/names.h"
#include "server/report/report_builder.h"
#include "server/report/words.h"

namespace hedui::report {
namespace {

absl::Status BadInput(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "REPORT_INPUT",
                         absl::StrCat("a report cannot be made: ", what),
                         base::Visibility::kOperator);
}

bool InRange(int32_t index, size_t size) { return index >= 0 && static_cast<size_t>(index) < size; }

bool AllInRange(const std::vector<int32_t>& indexes, size_t size) {
  return std::all_of(indexes.begin(), indexes.end(),
                     [size](int32_t index) { return InRange(index, size); });
}

class LineBuilder {
 public:
  explicit LineBuilder(const ReportInput& input)
      : input_(input), facts_(input.match.facts), names_(input) {}

  absl::StatusOr<std::vector<v1::Line>> Build() {
    HEDUI_RETURN_IF_ERROR(CheckInput());
    ChooseEntries();
    AddHeader();
    for (const base::Person& person : input_.household.persons) AddPerson(person);
    for (const base::Person& person : input_.household.persons) AddAuthorization(person.id);
    for (const base::AnswerState& answer : facts_.answers) AddOutcome(answer);
    for (const base::Fact& fact : facts_.facts) AddFinding(fact);
    for (const match::Discrepancy& discrepancy : input_.match.discrepancies) {
      AddDiscrepancy(discrepancy);
    }
    AddAssessment();
    lines_[0].mutable_header()->set_line_count(static_cast<uint32_t>(lines_.size()));
    return std::move(lines_);
  }

 private:
  // ---- What the input must hold -------------------------------------------------------------

  absl::Status CheckInput() {
    for (const Authorization& authorization : input_.frame.authorizations) {
      if (!authorizations_.emplace(authorization.person_id, &authorization).second) {
        return BadInput("two authorizations of one person");
      }
    }
    for (const base::Person& person : input_.household.persons) {
      if (!authorizations_.contains(person.id)) return BadInput("a person without authorization");
    }
    if (authorizations_.size() != input_.household.persons.size()) {
      return BadInput("an authorization of nobody in the household");
    }
    const size_t answers = facts_.answers.size();
    for (const base::Fact& fact : facts_.facts) {
      const bool good = fact.declared ? fact.answer == -1 : InRange(fact.answer, answers);
      if (!good || !AllInRange(fact.also_answers, answers)) return BadInput("a fact's answer");
    }
    for (const match::Discrepancy& discrepancy : input_.match.discrepancies) {
      if (!InRange(discrepancy.answer, answers) ||
          (discrepancy.other_answer != -1 && !InRange(discrepancy.other_answer, answers))) {
        return BadInput("a discrepancy's answer");
      }
    }
    return input_.assessment.has_value() ? CheckAssessment(*input_.assessment) : absl::OkStatus();
  }

  absl::Status CheckAssessment(const assess::Assessment& assessment) const {
    for (size_t i = 0; i < assessment.entries.size(); ++i) {
      const assess::TraceEntry& entry = assessment.entries[i];
      // What an entry was made from stands before it.
      if (!AllInRange(entry.entries, i) || !AllInRange(entry.facts, facts_.facts.size()) ||
          !AllInRange(entry.answers, facts_.answers.size()) ||
          !AllInRange(entry.rows, assessment.rows.size())) {
        return BadInput(absl::StrCat("the pedigree of ", entry.id));
      }
    }
    const size_t entries = assessment.entries.size();
    for (const assess::Indication& indication : assessment.indications) {
      if ((indication.entry != -1 && !InRange(indication.entry, entries)) ||
          (indication.amount_entry != -1 && !InRange(indication.amount_entry, entries))) {
        return BadInput(absl::StrCat("the pedigree of ", indication.programme));
      }
    }
    return absl::OkStatus();
  }

  // ---- What is shown of the assessment ------------------------------------------------------

  bool IsWanted(const assess::Indication& indication) const {
    const std::vector<std::string>& wanted = input_.frame.programmes;
    return std::find(wanted.begin(), wanted.end(), indication.programme) != wanted.end();
  }

  // Everything, unless a programme was not asked for: then only what the others rest on.
  void ChooseEntries() {
    if (!input_.assessment.has_value()) return;
    const assess::Assessment& assessment = *input_.assessment;
    const bool all =
        std::all_of(assessment.indications.begin(), assessment.indications.end(),
                    [this](const assess::Indication& indication) { return IsWanted(indication); });
    show_entry_.assign(assessment.entries.size(), all);
    show_row_.assign(assessment.rows.size(), all);
    if (all) return;
    for (const assess::Indication& indication : assessment.indications) {
      if (!IsWanted(indication)) continue;
      if (indication.entry != -1) show_entry_[indication.entry] = true;
      if (indication.amount_entry != -1) show_entry_[indication.amount_entry] = true;
    }
    for (size_t i = assessment.entries.size(); i-- > 0;) {
      if (!show_entry_[i]) continue;
      for (const int32_t input : assessment.entries[i].entries) show_entry_[input] = true;
      for (const int32_t row : assessment.entries[i].rows) show_row_[row] = true;
    }
  }

  // ---- Lines --------------------------------------------------------------------------------

  v1::Line& Add(v1::LineKind kind, absl::string_view person_id, absl::string_view code,
                absl::string_view label, absl::string_view text) {
    v1::Line& line = lines_.emplace_back();
    line.set_number(static_cast<uint32_t>(lines_.size() - 1));
    line.set_kind(kind);
    line.set_person_id(CleanUtf8(person_id));
    line.set_code(CleanUtf8(code));
    line.set_label(CleanUtf8(label));
    line.set_text(CleanUtf8(text));
    return line;
  }

  void AddHeader() {
    v1::Header header = FullHeader(input_);
    const std::string text = header.report_number();
    *Add(v1::LINE_KIND_HEADER, "", "report", "家庭经济状况核对报告", text).mutable_header() =
        std::move(header);
  }

  void AddPerson(const base::Person& person) {
    const std::string role(base::PersonRoleName(person.role));
    const std::string relation(base::RelationName(person.relation));
    const base::Identity& identity = person.identity;
    v1::Line& line = Add(v1::LINE_KIND_PERSON, person.id, role, RoleWord(role),
                         absl::StrCat(RelationWord(relation), " ", identity.name, " ",
                                      base::MaskNumber(identity.number)));
    base::Record record;
    record.fields = {
        {"relation", relation},
        {"name", identity.name},
        {"identity_kind", std::string(base::IdentityKindName(identity.kind))},
        {"number", identity.number},
    };
    if (person.declared_birth.has_value()) {
      record.fields.push_back({"declared_birth", *person.declared_birth});
    }
    FillFields(record, line.mutable_fields());
  }

  void AddAuthorization(const std::string& person_id) {
    const Authorization& authorization = *authorizations_.at(person_id);
    if (!authorization.authorized) {
      Add(v1::LINE_KIND_AUTHORIZATION, person_id, "UNAUTHORIZED", "未授权",
          absl::StrCat("未授权：未查询", names_.Person(person_id), "的信息",
                       authorization.remark.empty() ? "" : "；", authorization.remark));
      return;
    }
    const bool letter = authorization.basis == "LETTER";
    v1::Line& line = Add(
        v1::LINE_KIND_AUTHORIZATION, person_id, authorization.basis, letter ? "授权书" : "法定依据",
        absl::StrCat(letter ? "授权书 " : "依据 ", authorization.reference,
                     authorization.remark.empty() ? "" : "；", authorization.remark));
    if (!authorization.reference.empty()) {
      line.add_authorizations(CleanUtf8(authorization.reference));
    }
  }

  void AddOutcome(const base::AnswerState& answer) {
    const std::string reason = ReasonWord(base::ReasonName(answer.reason));
    std::string text =
        absl::StrCat(answer.source_id.empty() ? "无来源" : names_.Source(answer.source_id), "：",
                     AnswerKindWord(base::AnswerKindName(answer.kind)), reason.empty() ? "" : "（",
                     reason, reason.empty() ? "" : "）");
    if (answer.kind == base::AnswerKind::kFound && !answer.complete) {
      absl::StrAppend(&text, "，不完整");
    }
    if (answer.superseded) absl::StrAppend(&text, "，已由后备来源答复");
    outcome_lines_.push_back(static_cast<uint32_t>(lines_.size()));
    v1::Line& line = Add(v1::LINE_KIND_OUTCOME, answer.person_id, answer.category,
                         names_.Code(answer.category), text);
    FillOutcome(answer, names_, line.mutable_outcome());
    if (answer.manual) line.mutable_marks()->set_manual(true);
    Trace trace;
    trace.answers = {static_cast<int32_t>(outcome_lines_.size() - 1)};
    FillTrace(trace, &line, /*with_inputs=*/false);
  }

  // Somebody whom a register names and who is not of the household agreed to nothing: their number
  // stands in no line in full.
  base::Record MaskStrangers(base::Record record) const {
    const std::vector<base::Person>& persons = input_.household.persons;
    for (base::Field& field : record.fields) {
      std::string* number = std::get_if<std::string>(&field.value);
      if (number == nullptr || !IsIdentityNumberField(field.name)) continue;
      if (std::none_of(persons.begin(), persons.end(), [number](const base::Person& person) {
            return person.identity.number == *number;
          })) {
        *number = base::MaskNumber(*number);
      }
    }
    return record;
  }

  void AddFinding(const base::Fact& fact) {
    std::string text = names_.Record(fact.record);
    const bool usable =
        fact.declared || facts_.answers[fact.answer].kind == base::AnswerKind::kFound;
    if (fact.declared) text = absl::StrCat("申报：", text);
    if (!usable) absl::StrAppend(&text, "（仅列示，未采用）");
    if (!fact.also_answers.empty()) {
      absl::StrAppend(&text, "（另有 ", fact.also_answers.size(), " 个来源相同，只计一次）");
    }
    finding_lines_.push_back(static_cast<uint32_t>(lines_.size()));
    v1::Line& line = Add(v1::LINE_KIND_FINDING, fact.person_id, fact.record.kind,
                         names_.Code(fact.record.kind), text);
    FillFields(MaskStrangers(fact.record), line.mutable_fields());
    if (fact.declared) line.mutable_marks()->set_declared(true);
    if (fact.manual) line.mutable_marks()->set_manual(true);
    if (fact.declared) return;
    FillOutcome(facts_.answers[fact.answer], names_, line.mutable_outcome());
    Trace trace;
    trace.answers = fact.also_answers;
    trace.answers.push_back(fact.answer);
    FillTrace(trace, &line);
  }

  void AddDiscrepancy(const match::Discrepancy& discrepancy) {
    v1::Line& line =
        Add(v1::LINE_KIND_DISCREPANCY, discrepancy.person_id,
            match::DiscrepancyCodeName(discrepancy.code), match::DiscrepancyLabel(discrepancy.code),
            absl::StrCat(discrepancy.text, "；", names_.Source(discrepancy.source_id), "：",
                         names_.Record(discrepancy.record)));
    FillFields(MaskStrangers(discrepancy.record), line.mutable_fields());
    if (discrepancy.other.has_value()) {
      FillFields(MaskStrangers(*discrepancy.other), line.mutable_other_fields());
    }
    FillOutcome(facts_.answers[discrepancy.answer], names_, line.mutable_outcome());
    Trace trace;
    trace.answers = {discrepancy.answer};
    if (discrepancy.other_answer != -1) trace.answers.push_back(discrepancy.other_answer);
    FillTrace(trace, &line);
  }

  void AddAssessment() {
    if (!input_.assessment.has_value()) return;
    const assess::Assessment& assessment = *input_.assessment;
    // Lines name those of rows, which come last: their numbers are settled first.
    uint32_t number = static_cast<uint32_t>(lines_.size());
    for (size_t i = 0; i < assessment.entries.size(); ++i) {
      entry_lines_.push_back(show_entry_[i] ? number++ : 0);
    }
    for (const assess::Indication& indication : assessment.indications) {
      if (IsWanted(indication)) ++number;
    }
    for (size_t i = 0; i < assessment.rows.size(); ++i) {
      row_lines_.push_back(show_row_[i] ? number++ : 0);
    }
    for (size_t i = 0; i < assessment.entries.size(); ++i) {
      if (show_entry_[i]) AddEntry(assessment.entries[i]);
    }
    for (const assess::Indication& indication : assessment.indications) {
      if (IsWanted(indication)) AddIndication(indication);
    }
    for (size_t i = 0; i < assessment.rows.size(); ++i) {
      if (show_row_[i]) AddRow(assessment.rows[i]);
    }
  }

  void AddEntry(const assess::TraceEntry& entry) {
    std::string text = ValueText(entry.value, names_);
    if (!entry.blame.empty()) absl::StrAppend(&text, "，因：", names_.Blames(entry.blame));
    v1::Line& line =
        Add(entry.kind == assess::EntryKind::kTest ? v1::LINE_KIND_TEST : v1::LINE_KIND_QUANTITY,
            entry.person_id, entry.id, entry.label, text);
    FillValue(entry.value, line.mutable_value());
    FillBlame(entry.blame, names_, line.mutable_blame());
    SetMarks(entry.marks, &line);
    SetCitation(entry.citation, &line);
    line.set_expression(CleanUtf8(entry.expression));
    Trace trace{entry.answers, entry.facts, {}};
    for (const int32_t input : entry.entries) trace.lines.insert(entry_lines_[input]);
    for (const int32_t row : entry.rows) trace.lines.insert(row_lines_[row]);
    FillTrace(trace, &line);
  }

  static std::string ResultText(const assess::Indication& indication) {
    switch (indication.result) {
      case assess::Truth::kTrue:
        return "提示：符合";
      case assess::Truth::kFalse:
        return "提示：不符合";
      case assess::Truth::kUndetermined:
        break;
    }
    return "提示：无法确定";
  }

  void AddIndication(const assess::Indication& indication) {
    std::string text = ResultText(indication);
    if (indication.robust) absl::StrAppend(&text, "（尚缺的信息不影响此结论）");
    if (!indication.blame.empty()) {
      absl::StrAppend(&text, "，因：", names_.Blames(indication.blame));
    }
    if (indication.amount.has_value()) {
      absl::StrAppend(&text, "；按规则计算的金额 ", ValueText(*indication.amount, names_));
    }
    v1::Line& line =
        Add(v1::LINE_KIND_INDICATION, "", indication.programme, indication.label, text);
    line.mutable_indication()->set_result(static_cast<v1::Truth>(indication.result));
    line.mutable_indication()->set_robust(indication.robust);
    FillBlame(indication.amount_blame, names_, line.mutable_indication()->mutable_amount_blame());
    if (indication.amount.has_value()) FillValue(*indication.amount, line.mutable_value());
    FillBlame(indication.blame, names_, line.mutable_blame());
    SetMarks(indication.marks, &line);
    SetCitation(indication.citation, &line);
    Trace trace;
    if (indication.entry != -1) trace.lines.insert(entry_lines_[indication.entry]);
    if (indication.amount_entry != -1) trace.lines.insert(entry_lines_[indication.amount_entry]);
    FillTrace(trace, &line);
  }

  void AddRow(const assess::PolicyRow& row) {
    v1::Line& line = Add(v1::LINE_KIND_POLICY_ROW, "", row.id, row.label,
                         absl::StrCat(row.value, "，", base::FormatPeriod(row.in_force), "，",
                                      CitationText(row.citation)));
    FillRow(row, line.mutable_row());
    SetCitation(row.citation, &line);
    if (!row.citation.verified) line.mutable_marks()->set_assumed(true);
  }

  // ---- Pedigree -----------------------------------------------------------------------------

  struct Trace {
    std::vector<int32_t> answers;  // indexes
    std::vector<int32_t> facts;    // indexes
    std::set<uint32_t> lines;      // numbers
  };

  // Inputs are the lines named; digests and authorizations are those of the answers named and of
  // the answers behind the facts.
  void FillTrace(const Trace& trace, v1::Line* line, bool with_inputs = true) {
    std::set<uint32_t> inputs = trace.lines;
    std::set<int32_t> answers(trace.answers.begin(), trace.answers.end());
    for (const int32_t answer : answers) inputs.insert(outcome_lines_[answer]);
    for (const int32_t index : trace.facts) {
      inputs.insert(finding_lines_[index]);
      const base::Fact& fact = facts_.facts[index];
      if (fact.answer != -1) answers.insert(fact.answer);
      answers.insert(fact.also_answers.begin(), fact.also_answers.end());
    }
    if (with_inputs) {
      for (const uint32_t input : inputs) line->add_inputs(input);
    }
    std::set<std::string> references;
    for (const int32_t index : answers) {
      const base::AnswerState& answer = facts_.answers[index];
      if (!answer.digest.empty()) line->add_answer_digests(answer.digest);
      if (!answer.authorization.empty()) references.insert(CleanUtf8(answer.authorization));
    }
    for (const std::string& reference : references) line->add_authorizations(reference);
  }

  const ReportInput& input_;
  const base::Facts& facts_;
  const Names names_;
  absl::flat_hash_map<std::string, const Authorization*> authorizations_;
  std::vector<bool> show_entry_;
  std::vector<bool> show_row_;
  std::vector<v1::Line> lines_;
  // Where the input's things stand among the lines.
  std::vector<uint32_t> outcome_lines_;
  std::vector<uint32_t> finding_lines_;
  std::vector<uint32_t> entry_lines_;
  std::vector<uint32_t> row_lines_;
};

}  // namespace

absl::StatusOr<std::vector<v1::Line>> BuildLineMessages(const ReportInput& input) {
  return LineBuilder(input).Build();
}

}  // namespace hedui::report
