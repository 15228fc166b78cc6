#include "server/report/line_builder.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/dates.h"
#include "server/base/identity.h"
#include "server/base/status.h"
#include "server/report/header_line.h"
#include "server/report/kept_rows.h"
#include "server/report/line_parts.h"
#include "server/report/names.h"
#include "server/report/report_builder.h"
#include "server/report/wire_writer.h"
#include "server/report/words.h"

namespace hedui::report {
namespace {

using Line = v1::Line;  // for the numbers of its fields: lines are written, not built

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

template <typename T>
void SortUnique(std::vector<T>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

class LineBuilder {
 public:
  LineBuilder(const ReportInput& input, LineSink sink)
      : input_(input), facts_(input.match.facts), names_(input), sink_(sink), line_(&bytes_) {}

  absl::Status Build() {
    HEDUI_RETURN_IF_ERROR(CheckInput());
    ChooseEntries();
    for (const base::Fact& fact : facts_.facts) {
      if (fact.possible) perhaps_.insert({fact.person_id, fact.record.kind, fact.answer});
    }
    AddHeader();
    for (const base::Person& person : input_.household.persons) AddPerson(person);
    for (const base::Person& person : input_.household.persons) AddAuthorization(person.id);
    for (const base::AnswerState& answer : facts_.answers) AddOutcome(answer);
    for (const base::Fact& fact : facts_.facts) AddFinding(fact);
    for (const match::Discrepancy& discrepancy : input_.match.discrepancies) {
      AddDiscrepancy(discrepancy);
    }
    AddAssessment();
    return status_;
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
      const bool others_good =
          std::all_of(fact.otherwise.begin(), fact.otherwise.end(),
                      [answers](const auto& other) { return InRange(other.answer, answers); });
      if (!good || !others_good || !AllInRange(fact.also_answers, answers)) {
        return BadInput("a fact's answer");
      }
    }
    for (const match::Discrepancy& discrepancy : input_.match.discrepancies) {
      if (!InRange(discrepancy.answer, answers) || !AllInRange(discrepancy.also_answers, answers) ||
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

  uint32_t LineCount() const {
    size_t count = 1 + 2 * input_.household.persons.size() + facts_.answers.size() +
                   facts_.facts.size() + input_.match.discrepancies.size();
    if (input_.assessment.has_value()) {
      const auto& indications = input_.assessment->indications;
      count += std::count(show_entry_.begin(), show_entry_.end(), true) +
               std::count(show_row_.begin(), show_row_.end(), true) +
               std::count_if(indications.begin(), indications.end(),
                             [this](const assess::Indication& one) { return IsWanted(one); });
    }
    return static_cast<uint32_t>(count);
  }

  // What all lines begin with. Then come a line's other fields, in the order of their numbers, and
  // Finish.
  void Begin(v1::LineKind kind, absl::string_view person_id, absl::string_view code,
             absl::string_view label, absl::string_view text) {
    BeginNumber();
    BeginRest(kind, person_id, code, label, text);
  }

  void BeginNumber() {
    bytes_.clear();
    line_.Uint(Line::kNumberFieldNumber, number_);
  }

  void BeginRest(v1::LineKind kind, absl::string_view person_id, absl::string_view code,
                 absl::string_view label, absl::string_view text) {
    line_.Uint(Line::kKindFieldNumber, kind);
    line_.Text(Line::kPersonIdFieldNumber, person_id);
    line_.Text(Line::kCodeFieldNumber, code);
    line_.Text(Line::kLabelFieldNumber, label);
    line_.Text(Line::kTextFieldNumber, text);
  }

  void Finish() {
    ++number_;
    if (status_.ok()) status_ = sink_(bytes_);
  }

  void AddHeader() {
    v1::Header header = FullHeader(input_);
    header.set_line_count(LineCount());
    Begin(v1::LINE_KIND_HEADER, "", "report", "家庭经济状况核对报告", header.report_number());
    line_.BytesAlways(Line::kHeaderFieldNumber, header.SerializeAsString());
    Finish();
  }

  void AddPerson(const base::Person& person) {
    const absl::string_view role = base::PersonRoleName(person.role);
    const absl::string_view relation = base::RelationName(person.relation);
    const base::Identity& identity = person.identity;
    Begin(v1::LINE_KIND_PERSON, person.id, role, RoleWord(role),
          absl::StrCat(RelationWord(relation), " ", identity.name, " ",
                       base::MaskNumber(identity.number)));
    base::Record record;
    record.fields = {
        {"relation", std::string(relation)},
        {"name", identity.name},
        {"identity_kind", std::string(base::IdentityKindName(identity.kind))},
        {"number", identity.number},
    };
    if (person.declared_birth.has_value()) {
      record.fields.push_back({"declared_birth", *person.declared_birth});
    }
    PutFields(Line::kFieldsFieldNumber, record, &line_);
    Finish();
  }

  void AddAuthorization(const std::string& person_id) {
    const Authorization& authorization = *authorizations_.at(person_id);
    if (!authorization.authorized) {
      Begin(v1::LINE_KIND_AUTHORIZATION, person_id, "UNAUTHORIZED", "未授权",
            absl::StrCat("未授权：未查询", names_.Person(person_id), "的信息",
                         authorization.remark.empty() ? "" : "；", authorization.remark));
      return Finish();
    }
    const bool letter = authorization.basis == "LETTER";
    Begin(v1::LINE_KIND_AUTHORIZATION, person_id, authorization.basis,
          letter ? "授权书" : "法定依据",
          absl::StrCat(letter ? "授权书 " : "依据 ", authorization.reference,
                       authorization.remark.empty() ? "" : "；", authorization.remark));
    line_.Text(Line::kAuthorizationsFieldNumber, authorization.reference);
    Finish();
  }

  void AddOutcome(const base::AnswerState& answer) {
    const absl::string_view reason = ReasonWord(base::ReasonName(answer.reason));
    std::string text = absl::StrCat(
        answer.source_id.empty() ? absl::string_view("无来源") : names_.Source(answer.source_id),
        "：", AnswerKindWord(base::AnswerKindName(answer.kind)));
    if (!reason.empty()) absl::StrAppend(&text, "（", reason, "）");
    if (answer.kind == base::AnswerKind::kFound && !answer.complete) {
      absl::StrAppend(&text, "，不完整");
    }
    if (answer.superseded) absl::StrAppend(&text, "，已由后备来源答复");
    outcome_lines_.push_back(number_);
    Begin(v1::LINE_KIND_OUTCOME, answer.person_id, answer.category, names_.Code(answer.category),
          text);
    PutMarks(Line::kMarksFieldNumber, {.manual = answer.manual}, &line_);
    Trace& trace = NewTrace();
    trace.answers.push_back(static_cast<int32_t>(outcome_lines_.size() - 1));
    PutTrace(/*with_inputs=*/false);
    PutOutcome(Line::kOutcomeFieldNumber, answer, names_, &line_);
    Finish();
  }

  // Somebody whom a register names and who is not of the household agreed to nothing: their number
  // stands in no line in full.
  bool IsStrangersNumber(const base::Field& field) const {
    const std::string* number = std::get_if<std::string>(&field.value);
    if (number == nullptr || !IsIdentityNumberField(field.name)) return false;
    const std::vector<base::Person>& persons = input_.household.persons;
    return std::none_of(persons.begin(), persons.end(), [number](const base::Person& person) {
      return person.identity.number == *number;
    });
  }

  void PutMaskedFields(int field, const base::Record& record) {
    const std::vector<base::Field>& fields = record.fields;
    if (std::none_of(fields.begin(), fields.end(),
                     [this](const base::Field& one) { return IsStrangersNumber(one); })) {
      return PutFields(field, record, &line_);
    }
    base::Record masked = record;
    for (base::Field& one : masked.fields) {
      if (IsStrangersNumber(one)) one.value = base::MaskNumber(std::get<std::string>(one.value));
    }
    PutFields(field, masked, &line_);
  }

  void AddFinding(const base::Fact& fact) {
    std::string text = names_.Record(fact.record);
    const bool usable =
        fact.declared || facts_.answers[fact.answer].kind == base::AnswerKind::kFound;
    if (fact.declared) text = absl::StrCat("申报：", text);
    if (!usable) absl::StrAppend(&text, "（仅列示，未采用）");
    const auto same = std::count_if(
        fact.also_answers.begin(), fact.also_answers.end(), [this, &fact](int32_t answer) {
          return !perhaps_.contains({fact.person_id, fact.record.kind, answer}) &&
                 std::none_of(fact.otherwise.begin(), fact.otherwise.end(),
                              [answer](const auto& other) { return other.answer == answer; });
        });
    if (same > 0) absl::StrAppend(&text, "（另有 ", same, " 个来源相同，只计一次）");
    for (const base::Fact::OtherAmount& other : fact.otherwise) {
      absl::StrAppend(&text, "（", names_.Source(facts_.answers[other.answer].source_id),
                      "所载金额 ", other.amount.ToString(), " 元）");
    }
    if (fact.possible) absl::StrAppend(&text, "（可能与另一来源所载为同一事项，按可能计入）");
    if (fact.held_with >= 0) {
      absl::StrAppend(&text, "（与",
                      names_.Person(facts_.facts[static_cast<size_t>(fact.held_with)].person_id),
                      "名下为同一项，家庭只计一次）");
    }
    if (!fact.doubtful.empty()) {
      absl::StrAppend(&text, "（各来源所载不一致：",
                      absl::StrJoin(fact.doubtful, "、",
                                    [&](std::string* out, const std::string& field) {
                                      absl::StrAppend(out, names_.Field(fact.record.kind, field));
                                    }),
                      "）");
    }
    finding_lines_.push_back(number_);
    Begin(v1::LINE_KIND_FINDING, fact.person_id, fact.record.kind, names_.Code(fact.record.kind),
          text);
    PutMaskedFields(Line::kFieldsFieldNumber, fact.record);
    PutMarks(Line::kMarksFieldNumber, {.manual = fact.manual, .declared = fact.declared}, &line_);
    if (!fact.declared) {
      Trace& trace = NewTrace();
      trace.answers = fact.also_answers;
      trace.answers.push_back(fact.answer);
      PutTrace();
      PutOutcome(Line::kOutcomeFieldNumber, facts_.answers[fact.answer], names_, &line_);
    }
    Finish();
  }

  void AddDiscrepancy(const match::Discrepancy& discrepancy) {
    Begin(v1::LINE_KIND_DISCREPANCY, discrepancy.person_id,
          match::DiscrepancyCodeName(discrepancy.code), match::DiscrepancyLabel(discrepancy.code),
          names_.Discrepancy(discrepancy, facts_));
    PutMaskedFields(Line::kFieldsFieldNumber, discrepancy.record);
    if (discrepancy.other.has_value()) {
      PutMaskedFields(Line::kOtherFieldsFieldNumber, *discrepancy.other);
    }
    Trace& trace = NewTrace();
    trace.answers = discrepancy.also_answers;
    trace.answers.push_back(discrepancy.answer);
    if (discrepancy.other_answer != -1) trace.answers.push_back(discrepancy.other_answer);
    PutTrace();
    PutOutcome(Line::kOutcomeFieldNumber, facts_.answers[discrepancy.answer], names_, &line_);
    Finish();
  }

  void AddAssessment() {
    if (!input_.assessment.has_value()) return;
    const assess::Assessment& assessment = *input_.assessment;
    // Lines name those of rows, which come last: their numbers are settled first.
    uint32_t number = number_;
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

  // What is exact has blame where a rule takes an unproven list for complete.
  void AppendBlame(const std::vector<assess::Blame>& blame, bool exact, std::string* text) {
    absl::StrAppend(text, exact ? "（暂按已知信息；尚缺证据：" : "，因：", names_.Blames(blame),
                    exact ? "）" : "");
  }

  void AddEntry(const assess::TraceEntry& entry) {
    std::string text = ValueText(entry.value, entry.id, names_);
    if (!entry.blame.empty()) AppendBlame(entry.blame, entry.value.exact, &text);
    Begin(entry.kind == assess::EntryKind::kTest ? v1::LINE_KIND_TEST : v1::LINE_KIND_QUANTITY,
          entry.person_id, entry.id, entry.label, text);
    PutValue(Line::kValueFieldNumber, entry.value, &line_);
    PutBlame(Line::kBlameFieldNumber, entry.blame, names_, &line_);
    PutMarks(Line::kMarksFieldNumber, entry.marks, &line_);
    PutCitation(Line::kCitationFieldNumber, entry.rule->citation, &line_);
    line_.Known(Line::kExpressionFieldNumber, entry.rule->value);
    Trace& trace = NewTrace();
    trace.answers = entry.answers;
    trace.facts = entry.facts;
    for (const int32_t input : entry.entries) trace.lines.push_back(entry_lines_[input]);
    for (const int32_t row : entry.rows) trace.lines.push_back(row_lines_[row]);
    PutTrace();
    Finish();
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
      AppendBlame(indication.blame, indication.result != assess::Truth::kUndetermined, &text);
    }
    if (indication.amount.has_value()) {
      absl::StrAppend(&text, "；按规则计算的金额 ", ValueText(*indication.amount, {}, names_));
      // What the result waits for already stands there.
      if (!indication.amount_blame.empty() && indication.amount_blame != indication.blame)
        AppendBlame(indication.amount_blame, indication.amount->exact, &text);
    }
    if (indication.validity.has_value()) {
      // A span of years, not an age.
      const assess::AbstractValue& validity = *indication.validity;
      absl::StrAppend(&text, "；有效期 ",
                      validity.unit == "years" ? absl::StrCat(validity.text, " 年")
                                               : ValueText(validity, {}, names_));
    }
    Begin(v1::LINE_KIND_INDICATION, indication.person_id, indication.programme, indication.label,
          text);
    if (indication.amount.has_value()) {
      PutValue(Line::kValueFieldNumber, *indication.amount, &line_);
    }
    PutBlame(Line::kBlameFieldNumber, indication.blame, names_, &line_);
    PutMarks(Line::kMarksFieldNumber, indication.marks, &line_);
    PutCitation(Line::kCitationFieldNumber, indication.citation, &line_);
    Trace& trace = NewTrace();
    if (indication.entry != -1) trace.lines.push_back(entry_lines_[indication.entry]);
    if (indication.amount_entry != -1) trace.lines.push_back(entry_lines_[indication.amount_entry]);
    PutTrace();
    const size_t begun = line_.Begin(Line::kIndicationFieldNumber);
    line_.Uint(v1::Indication::kResultFieldNumber, static_cast<uint64_t>(indication.result));
    line_.Flag(v1::Indication::kRobustFieldNumber, indication.robust);
    PutBlame(v1::Indication::kAmountBlameFieldNumber, indication.amount_blame, names_, &line_);
    if (indication.validity.has_value()) {
      PutValue(v1::Indication::kValidityFieldNumber, *indication.validity, &line_);
      PutBlame(v1::Indication::kValidityBlameFieldNumber, indication.validity_blame, names_,
               &line_);
    }
    line_.End(begun);
    Finish();
  }

  void AddRow(const assess::Shared<assess::PolicyRow>& shared) {
    std::string* const kept = KeptRowLine(shared);
    if (kept->empty()) {
      const assess::PolicyRow& row = *shared;
      bytes_.clear();
      BeginRest(v1::LINE_KIND_POLICY_ROW, "", row.id, row.label,
                absl::StrCat(row.value, "，", base::FormatPeriod(row.in_force)));
      PutMarks(Line::kMarksFieldNumber, {.assumed = !row.citation.verified}, &line_);
      PutCitation(Line::kCitationFieldNumber, row.citation, &line_);
      PutRow(Line::kRowFieldNumber, row, &line_);
      *kept = bytes_;
    }
    BeginNumber();
    bytes_.append(*kept);
    Finish();
  }

  // ---- Pedigree -----------------------------------------------------------------------------

  struct Trace {
    std::vector<int32_t> answers;  // indexes
    std::vector<int32_t> facts;    // indexes
    std::vector<uint32_t> lines;   // numbers
  };

  // Empty, for the line that is being written: then PutTrace.
  Trace& NewTrace() {
    trace_.answers.clear();
    trace_.facts.clear();
    trace_.lines.clear();
    return trace_;
  }

  // Inputs are the lines named; digests and authorizations are those of the answers named and of
  // the answers behind the facts.
  void PutTrace(bool with_inputs = true) {
    std::vector<uint32_t>& inputs = trace_.lines;
    std::vector<int32_t>& answers = trace_.answers;
    for (const int32_t answer : answers) inputs.push_back(outcome_lines_[answer]);
    for (const int32_t index : trace_.facts) {
      inputs.push_back(finding_lines_[index]);
      const base::Fact& fact = facts_.facts[index];
      if (fact.answer != -1) answers.push_back(fact.answer);
      answers.insert(answers.end(), fact.also_answers.begin(), fact.also_answers.end());
    }
    SortUnique(&answers);
    if (with_inputs) {
      SortUnique(&inputs);
      line_.Packed(Line::kInputsFieldNumber, inputs);
    }
    references_.clear();
    for (const int32_t index : answers) {
      const base::AnswerState& answer = facts_.answers[index];
      line_.Bytes(Line::kAnswerDigestsFieldNumber, answer.digest);
      if (!answer.authorization.empty()) references_.push_back(answer.authorization);
    }
    SortUnique(&references_);
    for (const absl::string_view reference : references_) {
      line_.TextAlways(Line::kAuthorizationsFieldNumber, reference);
    }
  }

  const ReportInput& input_;
  const base::Facts& facts_;
  const Names names_;
  absl::flat_hash_map<std::string, const Authorization*> authorizations_;
  // What an answer tells of a person that only may be what another tells.
  absl::flat_hash_set<std::tuple<absl::string_view, absl::string_view, int32_t>> perhaps_;
  std::vector<bool> show_entry_;
  std::vector<bool> show_row_;
  const LineSink sink_;
  absl::Status status_;  // the sink's first error
  std::string bytes_;    // the line that is being written
  WireWriter line_;      // into bytes_
  uint32_t number_ = 0;  // of that line
  Trace trace_;          // of that line
  std::vector<absl::string_view> references_;
  // Where the input's things stand among the lines.
  std::vector<uint32_t> outcome_lines_;
  std::vector<uint32_t> finding_lines_;
  std::vector<uint32_t> entry_lines_;
  std::vector<uint32_t> row_lines_;
};

}  // namespace

absl::Status WriteLines(const ReportInput& input, LineSink sink) {
  return LineBuilder(input, sink).Build();
}

}  // namespace hedui::report
