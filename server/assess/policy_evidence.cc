// Rules of evidence: what suffices for a kind of fact to be known in full, for whom, and what
// counts otherwise.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/policy_link.h"

namespace hedui::assess {

void PolicyLink::DeclareVariants(const SourceFile& file) {
  for (const SourceEvidence& source : file.evidence) {
    const auto kind = pack_->fact_kind_index.find(source.kind.text);
    if (kind == pack_->fact_kind_index.end()) continue;  // reported with the rule
    std::vector<int>& of_kind = pack_->fact_kinds[static_cast<size_t>(kind->second)].variants;
    for (const SourceEvidence::Rule& rule : source.rules) {
      const std::string& name = rule.variant.text;
      if (name.empty()) continue;
      auto it = std::find(pack_->variants.begin(), pack_->variants.end(), name);
      if (it == pack_->variants.end()) it = pack_->variants.insert(it, name);
      const int variant = static_cast<int>(it - pack_->variants.begin());
      if (std::find(of_kind.begin(), of_kind.end(), variant) == of_kind.end())
        of_kind.push_back(variant);
    }
  }
}

void PolicyLink::LinkEvidence(size_t f, const SourceEvidence& source) {
  const SourceFile& file = *sources_[f];
  const auto kind = pack_->fact_kind_index.find(source.kind.text);
  if (kind == pack_->fact_kind_index.end()) {
    Find(file, source.kind.line, "UNKNOWN_NAME",
         absl::StrCat("there is no kind of fact called ", source.kind.text));
    return;
  }
  const std::vector<base::Level>& by =
      pack_->fact_kinds[static_cast<size_t>(kind->second)].evidence_by;
  const auto level = base::DivisionLevel(file.division);
  if (file.division != kNationCode &&
      (!level || std::find(by.begin(), by.end(), *level) == by.end())) {
    Find(file, source.kind.line, "DELEGATION_BREACH",
         absl::StrCat("what proves ", source.kind.text, " is not left to this level"));
    return;
  }
  Division& division = DivisionOf(f);
  for (const SourceEvidence::Rule& rule : source.rules) {
    EvidenceRule linked = LinkEvidenceRule(f, source, kind->second, rule);
    for (const auto& [other_kind, other] : division.own_evidence) {
      const EvidenceRule& before = pack_->evidence[static_cast<size_t>(other)];
      // Behind a rule that is for everybody no other comes into its own.
      if (other_kind == kind->second && before.variant == linked.variant && before.when < 0 &&
          before.in_force.Overlaps(linked.in_force)) {
        Find(file, rule.row.line, "PERIOD_OVERLAP",
             "in force together with another rule of this level, which is for everybody");
      }
    }
    division.own_evidence.emplace_back(kind->second, static_cast<int32_t>(pack_->evidence.size()));
    pack_->evidence.push_back(std::move(linked));
  }
}

EvidenceRule PolicyLink::LinkEvidenceRule(size_t f, const SourceEvidence& source, int kind,
                                          const SourceEvidence::Rule& rule) {
  const SourceFile& file = *sources_[f];
  EvidenceRule linked;
  linked.in_force = rule.row.in_force;
  linked.assumed = rule.row.assumed;
  std::vector<std::string> shown;
  for (const std::vector<Located>& group : rule.complete_by) {
    std::vector<std::string> names;
    for (const Located& need : group) {
      names.push_back(need.text);
      if (auto linked_need = LinkNeed(file, need)) {
        if (group.size() > 1) linked_need->group = static_cast<int>(shown.size());
        linked.complete_by.push_back(*std::move(linked_need));
      }
    }
    shown.push_back(group.size() == 1 ? names[0]
                                      : absl::StrCat("any(", absl::StrJoin(names, "|"), ")"));
  }
  if (rule.complete_by.empty()) {
    Find(file, rule.row.line, "BAD_VALUE",
         "complete_by names at least one category, \"declaration\" or \"statement\"");
  }
  using Use = EvidenceRule::Use;
  using Otherwise = EvidenceRule::Otherwise;
  const std::string& use = rule.use.text;
  linked.use = use == "found"      ? Use::kFound
               : use == "declared" ? Use::kDeclared
               : use == "agreed"   ? Use::kAgreed
                                   : Use::kHigher;
  if (!use.empty() && use != "found" && use != "declared" && use != "agreed" && use != "higher") {
    Find(file, rule.use.line, "BAD_VALUE", "use is found, declared, agreed or higher");
  }
  const std::string& otherwise = rule.otherwise.text;
  linked.otherwise = otherwise == "found"      ? Otherwise::kFound
                     : otherwise == "declared" ? Otherwise::kDeclared
                     : otherwise == "presumed" ? Otherwise::kPresumed
                                               : Otherwise::kUnknown;
  if (!otherwise.empty() && otherwise != "unknown" && linked.otherwise == Otherwise::kUnknown) {
    Find(file, rule.otherwise.line, "BAD_VALUE",
         "otherwise is unknown, found, declared or presumed");
  }
  const std::string& manual = rule.manual.text;
  linked.manual_suffices = manual == "suffices";
  if (!manual.empty() && manual != "adds" && manual != "suffices") {
    Find(file, rule.manual.line, "BAD_VALUE", "manual is adds or suffices");
  }
  const std::string& asked = rule.asked.text;
  linked.to_data_day = asked == "to_data_day";
  const bool by_month = pack_->fact_kinds[static_cast<size_t>(kind)].by == FactKind::By::kMonth;
  if (!asked.empty() && asked != "whole" && (!linked.to_data_day || !by_month)) {
    Find(file, rule.asked.line, "BAD_VALUE", "asked is whole or, of a kind by month, to_data_day");
  }
  LinkOrigins(pack_->fact_kinds[static_cast<size_t>(kind)], &linked);
  LinkWhom(f, kind, rule, &linked);
  std::string text = absl::StrCat("complete_by ", absl::StrJoin(shown, "+"), ", use ",
                                  use.empty() ? "higher" : use, ", otherwise ",
                                  otherwise.empty() ? "unknown" : otherwise,
                                  linked.manual_suffices ? ", manual suffices" : "");
  if (linked.to_data_day) absl::StrAppend(&text, ", asked to_data_day");
  if (!rule.presume.text.empty()) absl::StrAppend(&text, ", presume ", rule.presume.text);
  if (!rule.when.text.empty()) absl::StrAppend(&text, ", when ", rule.when.text);
  if (!rule.variant.text.empty()) absl::StrAppend(&text, ", variant ", rule.variant.text);
  linked.info = AddInfo(f, rule.row, absl::StrCat("evidence.", source.kind.text),
                        absl::StrCat("举证规则：", pack_->labels[source.kind.text]), text);
  return linked;
}

std::optional<EvidenceRule::Need> PolicyLink::LinkNeed(const SourceFile& file,
                                                       const Located& need) {
  EvidenceRule::Need linked;
  if (need.text == kDeclarationNeed) {
    linked.category = EvidenceRule::kDeclaration;
    return linked;
  }
  if (need.text == kStatementNeed) {
    linked.category = EvidenceRule::kStatement;
    return linked;
  }
  const size_t at = need.text.find('@');
  const auto category = pack_->category_index.find(need.text.substr(0, at));
  if (category == pack_->category_index.end()) {
    Find(file, need.line, "UNKNOWN_NAME",
         absl::StrCat("there is no category ", need.text.substr(0, at)));
    return std::nullopt;
  }
  linked.category = category->second;
  if (at != std::string::npos) linked.source_id = need.text.substr(at + 1);
  return linked;
}

void PolicyLink::LinkOrigins(const FactKind& kind, EvidenceRule* linked) {
  if (linked->use == EvidenceRule::Use::kDeclared) return;
  for (const int category : kind.categories) {
    EvidenceRule::Origin origin{category, {}};
    bool awaited = false;
    for (const EvidenceRule::Need& need : linked->complete_by) {
      if (need.category != category || need.group >= 0 || linked->manual_suffices) continue;
      if (need.source_id.empty()) {
        awaited = true;
      } else if (need.source_id != base::kManualSourceId) {
        origin.awaited_sources.push_back(need.source_id);
      }
    }
    if (awaited) {
      linked->awaited.push_back(category);
    } else {
      linked->origins.push_back(std::move(origin));
    }
  }
}

// Whom the rule is for, which lists, and what it presumes.
void PolicyLink::LinkWhom(size_t f, int kind_index, const SourceEvidence::Rule& rule,
                          EvidenceRule* linked) {
  const SourceFile& file = *sources_[f];
  const FactKind& kind = pack_->fact_kinds[static_cast<size_t>(kind_index)];
  const auto variant = std::find(pack_->variants.begin(), pack_->variants.end(), rule.variant.text);
  if (!rule.variant.text.empty())
    linked->variant = static_cast<int>(variant - pack_->variants.begin());
  // A person's test or quantity of that name; -1 and a finding where it is none.
  const auto person_symbol = [&](const Located& name, SymbolKind wanted) {
    const int symbol = NamesOf(f).Find(name.text);
    const bool fits = symbol >= 0 && pack_->symbols[static_cast<size_t>(symbol)].per_person &&
                      pack_->symbols[static_cast<size_t>(symbol)].kind == wanted;
    if (fits) return symbol;
    Find(file, name.line, symbol < 0 ? "UNKNOWN_NAME" : "TYPE_MISMATCH",
         absl::StrCat("\"", name.text, "\" is not a person's ",
                      wanted == SymbolKind::kTest ? "test" : "quantity"));
    return -1;
  };
  if (!rule.when.text.empty()) linked->when = person_symbol(rule.when, SymbolKind::kTest);
  const bool presumes = linked->otherwise == EvidenceRule::Otherwise::kPresumed;
  if (presumes == rule.presume.text.empty()) {
    Find(file, rule.row.line, "MISSING_KEY",
         "\"otherwise: presumed\" and \"presume\" stand together");
    linked->otherwise = EvidenceRule::Otherwise::kUnknown;
    return;
  }
  if (!presumes) return;
  linked->presume = person_symbol(rule.presume, SymbolKind::kQuantity);
  if (linked->presume < 0) {
    linked->otherwise = EvidenceRule::Otherwise::kUnknown;
    return;
  }
  const Type& type = pack_->symbols[static_cast<size_t>(linked->presume)].type;
  const auto amount = kind.field_index.find("amount");
  const bool has_amount =
      amount != kind.field_index.end() &&
      kind.fields[static_cast<size_t>(amount->second)].type == Type::Number(kUnitMoney);
  const Unit unit = kind.monthly ? kUnitMoneyPerMonth : kUnitMoney;
  if (!has_amount || (kind.monthly && kind.by != FactKind::By::kMonth) ||
      !(type == Type::Number(unit))) {
    Find(file, rule.presume.line, "TYPE_MISMATCH",
         absl::StrCat(kind.name, " is no kind by month or by state with an amount, or ",
                      rule.presume.text, " is not in ", UnitName(unit)));
  }
}

}  // namespace hedui::assess
