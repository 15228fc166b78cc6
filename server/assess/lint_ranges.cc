#include "server/assess/lint_ranges.h"

#include <algorithm>
#include <set>

namespace hedui::assess {

using base::Rational;

namespace {

// Parts of what keys can be; past them the rows are taken not to cover it.
constexpr size_t kBoxesMax = 1024;

}  // namespace

uint64_t LintRanges::CodesOf(int symbol) const {
  if (const auto taken = codes_.find(symbol); taken != codes_.end()) return taken->second;
  const LintModel& model = chain_.model();
  const Symbol& found = model.symbol(symbol);
  const uint64_t all = model.pack().ListFor(chain_.division(), found.type.codes).All();
  if (found.kind != SymbolKind::kParameter || !found.keys.empty()) return all;
  const int32_t row = chain_.RowOn(symbol, day_);
  return row < 0 ? all : model.row(row).constant.mask;
}

LintRanges::Range LintRanges::Of(int symbol, const std::vector<KeySet>& given) const {
  const LintModel& model = chain_.model();
  const Symbol& found = model.symbol(symbol);
  KeyBox box(found.keys.size());
  size_t next = 0;
  for (size_t k = 0; k < box.size(); ++k) {
    const int key = found.keys[k].symbol;
    if (key < 0) {
      if (next < given.size()) box[k] = given[next++];
    } else if (found.key_types[k].kind == TypeKind::kCode) {
      box[k].codes = CodesOf(key);
    }
  }
  Range range;
  std::vector<KeyBox> open = {std::move(box)};
  for (const int32_t index : chain_.RowsOf(symbol)) {
    const Row& row = model.row(index);
    if (!row.in_force.Contains(day_) || open.size() > kBoxesMax) continue;
    std::vector<KeyBox> rest;
    bool meets = false;
    for (KeyBox& part : open) {
      KeyBox common;
      if (!Meet(found.key_types, part, row.keys, &common)) {
        rest.push_back(std::move(part));
        continue;
      }
      meets = true;
      Remainder(found.key_types, part, common, &rest);
    }
    open = std::move(rest);
    if (!meets) continue;
    if (!range.found) {
      range.value = row.constant;
    } else if (Rational::Compare(row.constant.lo, range.value.lo) < 0) {
      range.value.lo = row.constant.lo;
    } else if (Rational::Compare(row.constant.hi, range.value.hi) > 0) {
      range.value.hi = row.constant.hi;
    }
    range.found = true;
  }
  range.is_left = !open.empty() && chain_.IsLeftBelow(symbol);
  if (!range.found || range.is_left || open.size() > kBoxesMax) range.value = found.unknown;
  return range;
}

std::vector<int> LintRanges::DecidingCodes() const {
  const LintModel& model = chain_.model();
  std::set<int> deciding;
  for (const Division::Step& step : chain_.division().order) {
    const Symbol& symbol = model.symbol(step.symbol);
    if (symbol.kind != SymbolKind::kParameter || symbol.keys.empty() || !symbol.type.ordered() ||
        chain_.demand(step.symbol).empty()) {
      continue;
    }
    if (const Range range = Of(step.symbol); !range.found || range.value.IsPoint()) continue;
    for (const ParameterKey& key : symbol.keys) {
      if (key.symbol < 0) continue;
      const Symbol& by = model.symbol(key.symbol);
      if (by.type.kind == TypeKind::kCode && by.kind != SymbolKind::kParameter && !by.per_person)
        deciding.insert(key.symbol);
    }
  }
  return {deciding.begin(), deciding.end()};
}

}  // namespace hedui::assess
