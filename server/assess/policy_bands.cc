// Who may set a name, and within what: `delegate` of the declaring level and of those below it.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/assess/expression_compiler.h"
#include "server/assess/policy_link.h"
#include "server/assess/policy_values.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

bool Overlap(const DayRange& a, const DayRange& b) { return a.from < b.to && b.from < a.to; }

bool Has(const std::vector<base::Level>& levels, base::Level level) {
  return std::find(levels.begin(), levels.end(), level) != levels.end();
}

}  // namespace

bool PolicyLink::IsBelow(int division, int above) const {
  for (int d = division; d >= 0; d = pack_->divisions[static_cast<size_t>(d)].parent) {
    if (d == above) return true;
  }
  return false;
}

const std::vector<base::Level>& PolicyLink::LevelsFor(int symbol, int division) const {
  static const auto& none = *new std::vector<base::Level>();
  const auto it = delegations_.find(symbol);
  if (it == delegations_.end()) return none;
  // The nearest level upwards that says so; files come by level.
  for (auto to = it->second.to.rbegin(); to != it->second.to.rend(); ++to) {
    if (IsBelow(division, to->first)) return to->second;
  }
  return none;
}

bool PolicyLink::MaySet(int symbol, int division) const {
  const Division& found = pack_->divisions[static_cast<size_t>(division)];
  const auto level = base::DivisionLevel(found.code);
  return level && found.parent >= 0 && Has(LevelsFor(symbol, found.parent), *level);
}

void PolicyLink::LinkDelegations(size_t f) {
  for (const SourceSymbol& source : sources_[f]->symbols) {
    const int index = NamesOf(f).Find(source.name.text);
    if (!source.delegates || index < 0) continue;
    const Symbol& symbol = pack_->symbols[static_cast<size_t>(index)];
    if (symbol.kind != source.kind) continue;  // reported with its rows
    if (symbol.division != file_division_[f]) {
      if (!MaySet(index, file_division_[f])) continue;  // reported with its rows
      NarrowDelegation(f, index, source);
    }
    for (const SourceBand& band : source.bands) AddBand(f, index, band, /*guides=*/false);
    for (const SourceBand& guide : source.guides) AddBand(f, index, guide, /*guides=*/true);
  }
}

void PolicyLink::NarrowDelegation(size_t f, int index, const SourceSymbol& source) {
  if (!source.narrows_to) return;
  const SourceFile& file = *sources_[f];
  const std::vector<base::Level> levels = Levels(file, source.delegate_to);
  const std::vector<base::Level>& above = LevelsFor(index, file_division_[f]);
  const auto own = base::DivisionLevel(file.division);
  for (base::Level level : levels) {
    if (Has(above, level) && own && *own < level) continue;
    Find(file, source.delegate_to[0].line, "DELEGATION_BREACH",
         absl::StrCat(source.name.text, " is not this level's to leave to all that are named"));
    return;
  }
  delegations_[index].to.emplace_back(file_division_[f], levels);
}

std::optional<PolicyLink::ConstantRule> PolicyLink::LinkConstantRule(size_t f,
                                                                     const Located& source,
                                                                     const Type& type) {
  const SourceFile& file = *sources_[f];
  const absl::StatusOr<Node> tree = ParseExpression(source.text);
  if (!tree.ok()) {
    Find(file, source.line, tree.status());
    return std::nullopt;
  }
  CompileScope scope;
  scope.division = &DivisionOf(f);
  const NameTable& names = NamesOf(f);
  scope.find_symbol = [&names](absl::string_view name) { return names.Find(name); };
  scope.expected = type;
  scope.constants_only = true;
  const auto compiled = CompileExpression(*tree, scope, pack_.get());
  if (!compiled.ok()) {
    Find(file, source.line, compiled.status());
    return std::nullopt;
  }
  return ConstantRule{compiled->code, compiled->symbols, source.text};
}

PolicyLink::Bound PolicyLink::LinkBound(size_t f, const Located& source, const Type& type) {
  Bound bound;
  if (source.text.empty()) return bound;
  if (const auto value = ParseValueText(source.text, type, *pack_); value.ok()) {
    bound.constant = value->lo;
  } else if (base::Rational::Parse(source.text).ok()) {
    Find(*sources_[f], source.line, value.status());  // a number that is none of this type
  } else {
    bound.rule = LinkConstantRule(f, source, type);
  }
  return bound;
}

void PolicyLink::AddBand(size_t f, int index, const SourceBand& source, bool guides) {
  const SourceFile& file = *sources_[f];
  const Symbol& symbol = pack_->symbols[static_cast<size_t>(index)];
  if (symbol.type.kind != TypeKind::kNumber) return;  // reported where it is declared
  if (symbol.kind != SymbolKind::kParameter) {
    Find(file, source.line, "BAD_VALUE",
         absl::StrCat(guides ? "guides" : "bands", " are of parameters; ", symbol.name,
                      " is none: write a constraint, or put what is bound into a "
                      "parameter that the rule reads"));
    return;
  }
  Band band;
  band.file = f;
  band.line = source.line;
  band.division = file_division_[f];
  band.guides = guides;
  band.in_force = source.in_force;
  band.text = source.min.text.empty() ? absl::StrCat("of at most ", source.max.text)
              : source.max.text.empty()
                  ? absl::StrCat("of at least ", source.min.text)
                  : absl::StrCat("of ", source.min.text, " to ", source.max.text);
  if (!source.clause.empty()) absl::StrAppend(&band.text, " (", source.clause, ")");
  LinkRowKeys(file, symbol, source.keys, &band.keys);
  band.min = LinkBound(f, source.min, symbol.type);
  band.max = LinkBound(f, source.max, symbol.type);
  // A level may only narrow what levels above leave to it.
  const std::vector<Band>& bands = delegations_[index].bands;
  for (const auto& [bound, written] :
       {std::pair(&band.min, &source.min), {&band.max, &source.max}}) {
    for (const Band& outer : bands) {
      if (!bound->constant || outer.guides || outer.division == band.division) continue;
      CheckBound(file, written->line, symbol, band, outer, *bound->constant, written->text);
    }
  }
  delegations_[index].bands.push_back(std::move(band));
}

// `value`, of what `inner` is for and from its level, within the constants of `outer`.
void PolicyLink::CheckBound(const SourceFile& file, int line, const Symbol& symbol,
                            const Band& inner, const Band& outer, const base::Rational& value,
                            absl::string_view shown) {
  KeyBox common;
  if (!IsBelow(inner.division, outer.division) || !Overlap(inner.in_force, outer.in_force) ||
      !Meet(symbol.key_types, inner.keys, outer.keys, &common)) {
    return;
  }
  const bool outside =
      (outer.min.constant && base::Rational::Compare(value, *outer.min.constant) < 0) ||
      (outer.max.constant && base::Rational::Compare(value, *outer.max.constant) > 0);
  if (!outside) return;
  Find(
      file, line, outer.guides ? "GUIDANCE_LEFT" : "BAND_BREACH",
      absl::StrCat(symbol.name, ": ", shown,
                   outer.guides ? " lies outside the guidance " : " lies outside the binding band ",
                   outer.text),
      outer.guides);
}

void PolicyLink::CheckBands(size_t f, int index, const SourceRow& source, const Row& row) {
  const auto it = delegations_.find(index);
  if (it == delegations_.end()) return;
  Band inner;
  inner.division = file_division_[f];
  inner.in_force = source.in_force;
  inner.keys = row.keys;
  for (const Band& band : it->second.bands) {
    CheckBound(*sources_[f], source.value_line, pack_->symbols[static_cast<size_t>(index)], inner,
               band, row.constant.lo, Shown(source.value));
  }
}

}  // namespace hedui::assess
