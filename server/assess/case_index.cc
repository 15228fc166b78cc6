#include "server/assess/case_index.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/limits.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

absl::Status Malformed(absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "CASE", why);
}

}  // namespace

int CaseIndex::PersonOf(absl::string_view id) const {
  for (size_t i = 0; i < case_->persons.size(); ++i) {
    if (case_->persons[i].id == id) return static_cast<int>(i);
  }
  return -1;
}

int CaseIndex::PersonNear(absl::string_view id, int* hint) const {
  if (*hint >= 0 && *hint < person_count_ && case_->persons[static_cast<size_t>(*hint)].id == id) {
    return *hint;
  }
  return *hint = PersonOf(id);
}

int CaseIndex::IndexNear(const absl::flat_hash_map<std::string, int>& index,
                         const std::vector<std::string>& names, absl::string_view name, int hint) {
  if (hint >= 0 && names[static_cast<size_t>(hint)] == name) return hint;
  const auto found = index.find(name);
  return found == index.end() ? -1 : found->second;
}

absl::Status CaseIndex::Build(const CompiledPack& pack, const Case& c) {
  case_ = &c;
  category_count_ = static_cast<int>(pack.categories.size());
  kind_count_ = static_cast<int>(pack.fact_kinds.size());
  HEDUI_RETURN_IF_ERROR(IndexPersons(c));
  HEDUI_RETURN_IF_ERROR(IndexAnswers(pack, c));
  return IndexFacts(pack, c);
}

absl::Status CaseIndex::IndexPersons(const Case& c) {
  person_count_ = static_cast<int>(c.persons.size());
  if (c.persons.empty()) return Malformed("a case has at least one person");
  if (person_count_ > base::kMembersMax + base::kObligorsMax) {
    return Malformed(absl::StrCat("more than ", base::kMembersMax, " members and ",
                                  base::kObligorsMax, " obligors"));
  }
  int spouses = 0;
  for (const Person& person : c.persons) spouses += person.relation == base::Relation::kSpouse;
  if (spouses > 1) return Malformed("more than one person is the applicant's spouse");
  for (int i = 0; i < person_count_; ++i) {
    if (PersonOf(c.persons[static_cast<size_t>(i)].id) != i) {
      return Malformed(
          absl::StrCat("two persons have the id ", c.persons[static_cast<size_t>(i)].id));
    }
  }
  return absl::OkStatus();
}

absl::Status CaseIndex::IndexAnswers(const CompiledPack& pack, const Case& c) {
  const size_t cells = static_cast<size_t>(person_count_) * static_cast<size_t>(category_count_);
  answer_heads_.assign(cells, -1);
  answer_tails_.assign(cells, -1);
  answer_next_.assign(c.facts.answers.size(), -1);
  answer_categories_.resize(c.facts.answers.size(), -1);
  flaws_.assign(c.facts.answers.size(), AnswerDetail::kNone);
  awaits_people_ = false;
  int hint = 0;
  for (size_t i = 0; i < c.facts.answers.size(); ++i) {
    const base::AnswerState& answer = c.facts.answers[i];
    awaits_people_ |= answer.kind != base::AnswerKind::kFound &&
                      answer.kind != base::AnswerKind::kConfirmedNone && !answer.superseded &&
                      answer.source_id == base::kManualSourceId;
    const int person = PersonNear(answer.person_id, &hint);
    if (person < 0)
      return Malformed(
          absl::StrCat("an answer names a person who is not listed: ", answer.person_id));
    int& category = answer_categories_[i];
    category = IndexNear(pack.category_index, pack.categories, answer.category, category);
    if (category < 0) continue;
    const size_t cell = static_cast<size_t>(person * category_count_ + category);
    const int32_t index = static_cast<int32_t>(i);
    if (answer_tails_[cell] < 0) {
      answer_heads_[cell] = index;
    } else {
      answer_next_[static_cast<size_t>(answer_tails_[cell])] = index;
    }
    answer_tails_[cell] = index;
  }
  return absl::OkStatus();
}

bool CaseIndex::MayTell(int32_t answer, const FactKind& kind) const {
  const int category = answer_categories_[static_cast<size_t>(answer)];
  return category >= 0 && std::find(kind.categories.begin(), kind.categories.end(), category) !=
                              kind.categories.end();
}

bool CaseIndex::IsDoubtful(const IndexedFact& fact, absl::string_view field) {
  const std::vector<std::string>& doubtful = fact.fact->doubtful;
  return !doubtful.empty() && std::find(doubtful.begin(), doubtful.end(), field) != doubtful.end();
}

bool CaseIndex::JudgeTellers(const base::Fact& fact, const FactKind* kind) {
  bool told = false;
  auto judge = [&](int32_t answer) {
    if (kind != nullptr && MayTell(answer, *kind)) {
      told = true;
      return;
    }
    AnswerDetail& flaw = flaws_[static_cast<size_t>(answer)];
    // Of an answer with both flaws, the graver is told: what nobody knows may be anything.
    if (kind == nullptr) {
      flaw = AnswerDetail::kUnknownKind;
    } else if (flaw == AnswerDetail::kNone) {
      flaw = AnswerDetail::kKindNotOfCategory;
    }
  };
  judge(fact.answer);
  for (int32_t answer : fact.also_answers) judge(answer);
  return told;
}

absl::Status CaseIndex::IndexFacts(const CompiledPack& pack, const Case& c) {
  const size_t cells = static_cast<size_t>(person_count_) * static_cast<size_t>(kind_count_);
  fact_heads_.assign(cells, -1);
  fact_tails_.assign(cells, -1);
  facts_.clear();
  // Each fact has room for the fields of the widest kind.
  size_t widest = 0;
  for (const FactKind& kind : pack.fact_kinds) widest = std::max(widest, kind.fields.size());
  fields_.assign(c.facts.facts.size() * widest, nullptr);
  used_.assign(c.facts.facts.size(), false);
  kind_hints_.resize(c.facts.facts.size(), -1);
  int hint = 0;
  for (size_t i = 0; i < c.facts.facts.size(); ++i) {
    const base::Fact& fact = c.facts.facts[i];
    const int person = PersonNear(fact.person_id, &hint);
    if (person < 0)
      return Malformed(absl::StrCat("a fact names a person who is not listed: ", fact.person_id));
    if (fact.held_with >= static_cast<int32_t>(i)) {
      return Malformed("a fact is held with an earlier one");
    }
    const bool found = fact.answer >= 0;
    if (found == fact.declared || fact.answer >= static_cast<int32_t>(c.facts.answers.size())) {
      return Malformed("a fact is declared or has the answer it came from");
    }
    if (found) {
      const base::AnswerState& answer = c.facts.answers[static_cast<size_t>(fact.answer)];
      // Whatever came with a stale, ambiguous or refused answer is shown elsewhere and never
      // counted.
      if (answer.kind != base::AnswerKind::kFound || answer.superseded) continue;
    }
    const auto in_range = [&c](int32_t answer) {
      return answer >= 0 && answer < static_cast<int32_t>(c.facts.answers.size());
    };
    if (!std::all_of(fact.also_answers.begin(), fact.also_answers.end(), in_range) ||
        !std::all_of(fact.otherwise.begin(), fact.otherwise.end(),
                     [&](const base::Fact::OtherAmount& o) { return in_range(o.answer); })) {
      return Malformed("a fact names an answer that is not there");
    }
    int& kind = kind_hints_[i];
    if (kind < 0 || pack.fact_kinds[static_cast<size_t>(kind)].name != fact.record.kind) {
      const auto it = pack.fact_kind_index.find(fact.record.kind);
      kind = it == pack.fact_kind_index.end() ? -1 : it->second;
    }
    const FactKind* known = kind < 0 ? nullptr : &pack.fact_kinds[static_cast<size_t>(kind)];
    if (found && !JudgeTellers(fact, known)) continue;
    if (known == nullptr) continue;
    const FactKind& type = *known;
    IndexedFact indexed{&fact, static_cast<int32_t>(i), static_cast<int32_t>(i * widest), -1};
    size_t f = 0;  // fields mostly come in the vocabulary's order
    for (const base::Field& field : fact.record.fields) {
      for (size_t tried = 0; tried < type.fields.size(); ++tried) {
        if (f >= type.fields.size()) f = 0;
        const size_t at = f++;
        if (type.fields[at].name != field.name) continue;
        fields_[static_cast<size_t>(indexed.fields_begin) + at] = &field.value;
        break;
      }
    }
    const size_t cell = static_cast<size_t>(person * kind_count_ + kind);
    const int32_t position = static_cast<int32_t>(facts_.size());
    if (fact_tails_[cell] < 0) {
      fact_heads_[cell] = position;
    } else {
      facts_[static_cast<size_t>(fact_tails_[cell])].next = position;
    }
    fact_tails_[cell] = position;
    facts_.push_back(indexed);
    used_[i] = true;
  }
  return absl::OkStatus();
}

}  // namespace hedui::assess
