#include "server/match/comparison.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "server/match/vocabulary.h"

namespace hedui::match {

Comparison::Comparison(const MatchInput& input, const base::Facts& facts,
                       std::vector<Discrepancy>* discrepancies)
    : input_(input), facts_(facts), discrepancies_(*discrepancies) {
  for (const base::Fact& fact : facts.facts) {
    if (fact.declared) {
      declared_.push_back(&fact);
    } else if (facts.answers[fact.answer].kind == base::AnswerKind::kFound) {
      found_.push_back(&fact);
    }
  }
}

void Comparison::Note(DiscrepancyCode code, const base::Fact& fact, const base::Fact* other,
                      std::string text) {
  Discrepancy discrepancy{code, fact.person_id, facts_.answers[fact.answer].source_id, fact.answer,
                          fact.record};
  discrepancy.also_answers = fact.also_answers;
  if (other != nullptr) {
    discrepancy.other = other->record;
    discrepancy.other_answer = other->answer;
  }
  discrepancy.text = std::move(text);
  discrepancies_.push_back(std::move(discrepancy));
}

bool Comparison::Declares(absl::string_view person, absl::string_view kind) const {
  return std::any_of(declared_.begin(), declared_.end(), [person, kind](const base::Fact* fact) {
    return fact->person_id == person && fact->record.kind == kind;
  });
}

bool Comparison::IsMember(absl::string_view person) const {
  for (const base::Person& one : input_.household.persons) {
    if (one.id == person) return one.role == base::PersonRole::kMember;
  }
  return false;
}

bool IsDoubtful(const base::Fact& fact, absl::string_view field) {
  return std::find(fact.doubtful.begin(), fact.doubtful.end(), field) != fact.doubtful.end();
}

std::optional<std::string> KnownText(const base::Fact& fact, absl::string_view field) {
  if (IsDoubtful(fact, field)) return std::nullopt;
  const base::FieldValue* value = fact.record.Find(field);
  if (value == nullptr) {
    for (const ImpliedField& implied : kImpliedFields) {
      if (implied.kind != fact.record.kind || implied.field != field) continue;
      return implied.value ? "true" : "false";
    }
    return std::nullopt;
  }
  if (const auto* text = std::get_if<std::string>(value)) {
    if (text->empty()) return std::nullopt;
    return *text;
  }
  if (const auto* truth = std::get_if<bool>(value)) return *truth ? "true" : "false";
  return std::nullopt;
}

Known Holds(const base::Fact& fact, const base::FieldCondition& condition) {
  const std::optional<std::string> text = KnownText(fact, condition.field.name);
  if (!text.has_value()) return Known::kUnknown;
  const auto& values = condition.values;
  return std::find(values.begin(), values.end(), *text) != values.end() ? Known::kYes : Known::kNo;
}

bool IsMeant(const base::Fact& fact, const base::FoundKind& found,
             std::vector<std::string>* unknown) {
  for (const base::FieldCondition& condition : found.only) {
    if (Holds(fact, condition) != Known::kYes) return false;
  }
  std::vector<std::string> open;
  for (const base::FieldCondition& condition : found.except) {
    switch (Holds(fact, condition)) {
      case Known::kYes:
        return false;
      case Known::kUnknown:
        open.push_back(condition.field.label);
        break;
      case Known::kNo:
        break;
    }
  }
  if (unknown != nullptr) unknown->insert(unknown->end(), open.begin(), open.end());
  return true;
}

const base::FoundKind* FoundKindOf(const base::DiscrepancyRule& rule, const base::Fact& fact) {
  for (const base::FoundKind& found : rule.found) {
    if (found.kind == fact.record.kind) return &found;
  }
  return nullptr;
}

std::optional<AmountRange> AmountRangeOf(const base::Fact& fact) {
  const std::optional<base::Money> amount = AmountOf(fact.record);
  if (!amount.has_value() || IsDoubtful(fact, kAmountField)) return std::nullopt;
  AmountRange range{amount->fen(), amount->fen()};
  for (const base::Fact::OtherAmount& other : fact.otherwise) {
    range.least_fen = std::min(range.least_fen, other.amount.fen());
    range.most_fen = std::max(range.most_fen, other.amount.fen());
  }
  return range;
}

}  // namespace hedui::match
