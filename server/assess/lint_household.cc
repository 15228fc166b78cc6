#include "server/assess/lint_household.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hedui::assess {
namespace {

// No rule looks back further than a year and the month itself.
constexpr int kMonthsBack = 24;

bool IsMoney(const Type& type) { return type.kind == TypeKind::kNumber && type.unit == kUnitMoney; }

std::set<std::string> IncomeNames(const CompiledPack& pack) {
  std::set<std::string> names;
  for (const base::DiscrepancyRule& rule : pack.discrepancies) {
    if (rule.check != base::DiscrepancyCheck::kIncomeDiffers &&
        rule.check != base::DiscrepancyCheck::kUndeclaredIncome) {
      continue;
    }
    for (const base::FoundKind& kind : rule.found) names.insert(kind.kind);
  }
  for (const FactKind& kind : pack.fact_kinds) {
    if (kind.name == "wage" || absl::EndsWith(kind.name, "income")) names.insert(kind.name);
  }
  return names;
}

}  // namespace

std::vector<LintIncome> LintIncomes(const CompiledPack& pack) {
  const std::set<std::string> names = IncomeNames(pack);
  std::vector<LintIncome> incomes;
  for (size_t k = 0; k < pack.fact_kinds.size(); ++k) {
    const FactKind& kind = pack.fact_kinds[k];
    if (!kind.monthly || kind.month_field < 0 || !names.contains(kind.name)) continue;
    LintIncome income{static_cast<int>(k), -1, 0};
    size_t choices = 1;
    for (size_t f = 0; f < kind.fields.size(); ++f) {
      const Type& type = kind.fields[f].type;
      if (IsMoney(type) && (income.amount_field < 0 || kind.fields[f].name == "amount"))
        income.amount_field = static_cast<int>(f);
      if (type.kind == TypeKind::kCode) {
        choices = std::max(choices, pack.code_lists[static_cast<size_t>(type.codes)].codes.size());
      }
    }
    if (income.amount_field < 0) continue;
    for (; income.choice < choices; ++income.choice) incomes.push_back(income);
  }
  return incomes;
}

LintHousehold::LintHousehold(const CompiledPack& pack, const std::string& division,
                             const std::string& scope, const std::vector<LintPerson>& persons,
                             absl::CivilDay day, const LintIncome& income)
    : pack_(pack), income_(income) {
  case_.dates.application = day;
  case_.dates.policy = day;
  case_.division = division;
  case_.scope = scope;
  AddPersons(persons);
  AddAnswers();
  AddFacts();
}

std::vector<LintPerson> LintFamily(int count) {
  std::vector<LintPerson> persons;
  for (int i = 0; i < count; ++i) {
    const base::Relation relation = i == 0   ? base::Relation::kApplicant
                                    : i == 1 ? base::Relation::kSpouse
                                             : base::Relation::kChild;
    persons.push_back({relation, i == 1 ? base::Sex::kFemale : base::Sex::kMale, i < 2 ? 40 : 8});
  }
  return persons;
}

void LintHousehold::AddPersons(const std::vector<LintPerson>& persons) {
  for (const LintPerson& one : persons) {
    Person person;
    person.id = absl::StrCat("m", case_.persons.size() + 1);
    person.relation = one.relation;
    person.birth = absl::CivilDay(case_.dates.policy.year() - one.years, 1, 1);
    person.sex = one.sex;
    case_.persons.push_back(std::move(person));
  }
}

// Every category has answered about everybody that there is nothing, but for the income.
void LintHousehold::AddAnswers() {
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(income_.kind)];
  for (const Person& person : case_.persons) {
    for (size_t c = 0; c < pack_.categories.size(); ++c) {
      base::AnswerState answer;
      answer.person_id = person.id;
      answer.category = pack_.categories[c];
      answer.source_id = "lint";
      const bool tells = !kind.categories.empty() && kind.categories[0] == static_cast<int>(c) &&
                         person.id == case_.persons[0].id;
      answer.kind = tells ? base::AnswerKind::kFound : base::AnswerKind::kConfirmedNone;
      answer.complete = true;
      case_.facts.answers.push_back(std::move(answer));
    }
  }
}

// The same every month, found and declared alike.
void LintHousehold::AddFacts() {
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(income_.kind)];
  const absl::CivilMonth last(case_.dates.policy);
  for (const bool declared : {false, true}) {
    if (!declared && kind.categories.empty()) continue;
    for (int back = kMonthsBack; back >= 0; --back) {
      base::Fact fact;
      fact.person_id = case_.persons[0].id;
      fact.declared = declared;
      if (!declared) fact.answer = kind.categories[0];
      fact.record.kind = kind.name;
      for (size_t f = 0; f < kind.fields.size(); ++f) {
        const FieldType& field = kind.fields[f];
        base::FieldValue value = base::Money();
        if (static_cast<int>(f) == kind.month_field) {
          value = last - back;
        } else if (field.type.kind == TypeKind::kCode) {
          const auto& codes = pack_.code_lists[static_cast<size_t>(field.type.codes)].codes;
          value = codes[std::min(income_.choice, codes.size() - 1)];
        } else if (field.type.kind == TypeKind::kTruth && !field.absent) {
          value = false;
        } else if (static_cast<int>(f) != income_.amount_field) {
          continue;
        }
        fact.record.fields.push_back({field.name, std::move(value)});
      }
      case_.facts.facts.push_back(std::move(fact));
    }
  }
}

void LintHousehold::SetIncome(int64_t fen) {
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(income_.kind)];
  const std::string& name = kind.fields[static_cast<size_t>(income_.amount_field)].name;
  for (base::Fact& fact : case_.facts.facts) {
    for (base::Field& field : fact.record.fields) {
      if (field.name == name) field.value = base::Money::FromFen(fen);
    }
  }
}

}  // namespace hedui::assess
