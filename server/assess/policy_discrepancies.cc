#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/assess/policy_link.h"
#include "server/assess/policy_values.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

using base::DiscrepancyCheck;

constexpr char kAmountField[] = "amount";
// A declaration speaks of the present; what lies further back is no contradiction to it.
constexpr int64_t kMonthsBackMax = 12;

const FieldType* FieldOf(const FactKind& kind, absl::string_view name) {
  const auto field = kind.field_index.find(name);
  return field == kind.field_index.end() ? nullptr
                                         : &kind.fields[static_cast<size_t>(field->second)];
}

const FactKind* KindOf(const CompiledPack& pack, absl::string_view name) {
  const auto kind = pack.fact_kind_index.find(name);
  return kind == pack.fact_kind_index.end() ? nullptr
                                            : &pack.fact_kinds[static_cast<size_t>(kind->second)];
}

bool IsOfMonths(DiscrepancyCheck check) {
  return check != DiscrepancyCheck::kUndeclared && check != DiscrepancyCheck::kAmountAbove;
}

}  // namespace

void PolicyLink::DeclareDiscrepancies(const SourceFile& file) {
  if (file.division != kNationCode && !file.discrepancies.empty()) {
    Find(file, file.discrepancies[0].code.line, "NATION_ONLY",
         "discrepancies are declared in the national files");
    return;
  }
  for (const SourceDiscrepancy& source : file.discrepancies) {
    base::DiscrepancyRule rule = LinkDiscrepancy(file, source);
    if (!base::DiscrepancyCodeFromName(source.code.text).has_value()) continue;
    const bool taken = std::any_of(pack_->discrepancies.begin(), pack_->discrepancies.end(),
                                   [&rule](const auto& one) { return one.code == rule.code; });
    if (taken) {
      Find(file, source.code.line, "DUPLICATE_NAME",
           absl::StrCat("the discrepancy ", source.code.text, " is declared twice"));
      continue;
    }
    pack_->discrepancies.push_back(std::move(rule));
  }
}

base::DiscrepancyRule PolicyLink::LinkDiscrepancy(const SourceFile& file,
                                                  const SourceDiscrepancy& source) {
  base::DiscrepancyRule rule;
  if (const auto code = base::DiscrepancyCodeFromName(source.code.text)) {
    rule.code = *code;
  } else {
    Find(file, source.code.line, "UNKNOWN_CODE",
         absl::StrCat(source.code.text, " is no code of a discrepancy"));
  }
  const auto check = base::DiscrepancyCheckFromName(source.check.text);
  if (check.has_value()) {
    rule.check = *check;
  } else if (!source.check.text.empty()) {
    Find(file, source.check.line, "BAD_VALUE",
         absl::StrCat("\"", source.check.text, "\" is no check of a discrepancy"));
  }
  for (const SourceFound& found : source.found) {
    rule.found.push_back(LinkFound(file, found));
    const FactKind* kind = KindOf(*pack_, found.kind.text);
    if (kind == nullptr) continue;
    rule.from = LinkFieldName(file, kind, source.from, {TypeKind::kDate});
    rule.until = LinkFieldName(file, kind, source.until, {TypeKind::kDate});
    rule.matter = LinkFieldName(file, kind, source.matter, {TypeKind::kText});
    rule.programme =
        LinkFieldName(file, kind, source.programme, {TypeKind::kText, TypeKind::kCode});
    rule.division = LinkFieldName(file, kind, source.division, {TypeKind::kText});
    if (!check.has_value() || *check == DiscrepancyCheck::kUndeclared) continue;
    const FieldType* amount = FieldOf(*kind, kAmountField);
    const bool has_amount = amount != nullptr && amount->type == Type::Number(kUnitMoney);
    if (!has_amount || (IsOfMonths(*check) && kind->by != FactKind::By::kMonth)) {
      Find(file, found.kind.line, "TYPE_MISMATCH",
           absl::StrCat(source.check.text, " needs a kind with an amount of money",
                        IsOfMonths(*check) ? " by month" : "", "; ", kind->name, " is none"));
    }
  }
  rule.members_only = source.of.text == "members";
  if (!source.of.text.empty() && !rule.members_only && source.of.text != "everybody") {
    Find(file, source.of.line, "BAD_VALUE", "of is \"members\" or \"everybody\"");
  }
  rule.declared_by_household = source.declared_by.text == "household";
  if (!source.declared_by.text.empty() && !rule.declared_by_household &&
      source.declared_by.text != "person") {
    Find(file, source.declared_by.line, "BAD_VALUE", "declared_by is \"person\" or \"household\"");
  }
  for (const Located& kind : source.or_declared) {
    if (KindNamed(file, kind) != nullptr) rule.or_declared.push_back(kind.text);
  }
  if (source.statement.has_value()) LinkStatement(file, source, &rule);
  return rule;
}

void PolicyLink::LinkStatement(const SourceFile& file, const SourceDiscrepancy& source,
                               base::DiscrepancyRule* rule) {
  const base::FoundKind said = LinkFound(file, *source.statement);
  rule->statement_kind = said.kind;
  if (said.only.size() == 1 && said.except.empty()) {
    rule->statement = said.only[0];
  } else if (!said.kind.empty()) {
    Find(file, source.statement->kind.line, "MISSING_KEY",
         "a statement says by \"only\" what one field of it says");
  }
  if (const FactKind* kind = KindOf(*pack_, said.kind)) {
    rule->since = LinkFieldName(file, kind, source.since, {TypeKind::kDate});
  }
  if (source.months_back.text.empty()) return;
  if (!absl::SimpleAtoi(source.months_back.text, &rule->months_back) || rule->months_back < 0 ||
      rule->months_back > kMonthsBackMax) {
    Find(file, source.months_back.line, "BAD_VALUE",
         absl::StrCat("months_back is a whole number from 0 to ", kMonthsBackMax));
  }
}

const FactKind* PolicyLink::KindNamed(const SourceFile& file, const Located& name) {
  if (const FactKind* kind = KindOf(*pack_, name.text)) return kind;
  if (!name.text.empty()) {
    Find(file, name.line, "UNKNOWN_NAME", absl::StrCat("no kind of fact is named ", name.text));
  }
  return nullptr;
}

base::FoundKind PolicyLink::LinkFound(const SourceFile& file, const SourceFound& source) {
  base::FoundKind found;
  const FactKind* kind = KindNamed(file, source.kind);
  if (kind == nullptr) return found;
  found.kind = kind->name;
  found.label = kind->label;
  for (const auto& [field, values] : source.only) {
    found.only.push_back(LinkCondition(file, kind, field, values));
  }
  for (const auto& [field, values] : source.except) {
    found.except.push_back(LinkCondition(file, kind, field, values));
  }
  return found;
}

base::FieldName PolicyLink::LinkFieldName(const SourceFile& file, const FactKind* kind,
                                          const Located& name,
                                          std::initializer_list<TypeKind> types) {
  if (name.text.empty()) return {};
  const FieldType* field = FieldOf(*kind, name.text);
  if (field == nullptr) {
    Find(file, name.line, "UNKNOWN_NAME", absl::StrCat(kind->name, " has no field ", name.text));
    return {};
  }
  if (std::find(types.begin(), types.end(), field->type.kind) == types.end()) {
    Find(file, name.line, "TYPE_MISMATCH",
         absl::StrCat(kind->name, ".", name.text, " is of another type than is needed here"));
    return {};
  }
  return {field->name, field->label};
}

base::FieldCondition PolicyLink::LinkCondition(const SourceFile& file, const FactKind* kind,
                                               const Located& field,
                                               const std::vector<Located>& values) {
  base::FieldCondition condition;
  condition.field =
      LinkFieldName(file, kind, field, {TypeKind::kCode, TypeKind::kTruth, TypeKind::kText});
  const FieldType* type = FieldOf(*kind, field.text);
  for (const Located& value : values) {
    const bool checked = type != nullptr && type->type.kind != TypeKind::kText;
    if (checked && !condition.field.name.empty()) {
      const auto parsed = ParseValueText(value.text, type->type, *pack_);
      if (!parsed.ok()) {
        Find(file, value.line, parsed.status());
        continue;
      }
    }
    condition.values.push_back(value.text);
  }
  return condition;
}

}  // namespace hedui::assess
