#include "server/assess/lint_graph.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hedui::assess {
namespace {

// More parts of what keys can be than a notice could list are not looked through.
constexpr size_t kBoxesMax = 4096;
// Combinations named in one finding.
constexpr size_t kNamedMax = 3;

// The symbols that expressions use which are no rule's: of constraints and whatever else a policy
// computes with.
std::vector<int> UsedOutsideRules(const LintModel& model) {
  const CompiledPack& pack = model.pack();
  std::vector<bool> owned(pack.code.size(), false);
  for (const Row& row : pack.rows) {
    model.ForEachOp(row.code, [&](int32_t at) { owned[static_cast<size_t>(at)] = true; });
  }
  std::vector<int> used;
  for (size_t at = 0; at < pack.code.size(); ++at) {
    const Op& op = pack.code[at];
    const bool names = op.code == OpCode::kHousehold || op.code == OpCode::kPerson ||
                       op.code == OpCode::kLookUp || op.code == OpCode::kInspect;
    if (!owned[at] && names) used.push_back(op.arg);
  }
  return used;
}

class GapFinder {
 public:
  GapFinder(const LintChain& chain, int symbol, LintReport* report)
      : chain_(chain),
        model_(chain.model()),
        symbol_(symbol),
        rows_(chain.RowsOf(symbol)),
        report_(*report) {}

  void Find() {
    if (rows_.empty()) return FindWithoutRows();
    FindCombinations();
    std::vector<int32_t> cuts;
    for (const DayRange& days : chain_.demand(symbol_).ranges()) {
      cuts.push_back(days.from);
      cuts.push_back(days.to);
    }
    for (int32_t row : rows_) {
      cuts.push_back(model_.row(row).in_force.from);
      cuts.push_back(model_.row(row).in_force.to);
    }
    std::sort(cuts.begin(), cuts.end());
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
      const DayRange days{cuts[i], cuts[i + 1]};
      if (!chain_.demand(symbol_).Within(days).empty()) FindHoles(days);
    }
    for (const auto& [hole, days] : holes_) ReportHole(hole.first, hole.second, days);
  }

 private:
  const Symbol& symbol() const { return model_.symbol(symbol_); }

  void FindWithoutRows() {
    if (chain_.IsLeftBelow(symbol_)) return;
    report_.Add(LintSeverity::kWarning, "GAP", model_.declared(symbol_),
                absl::StrCat(symbol().name, ": a programme leads to it, and no level has a row"),
                &chain_);
  }

  // What a key can be: where it is a parameter without keys of its own, what its rows say.
  KeyBox Everything() const {
    KeyBox box(symbol().keys.size());
    for (size_t k = 0; k < box.size(); ++k) {
      const Type& type = symbol().key_types[k];
      if (type.kind != TypeKind::kCode) continue;
      box[k].codes = model_.pack().ListFor(chain_.division(), type.codes).All();
      const int key = symbol().keys[k].symbol;
      if (key < 0 || model_.symbol(key).kind != SymbolKind::kParameter) continue;
      uint64_t given = 0;
      for (int32_t row : chain_.RowsOf(key)) given |= model_.row(row).constant.mask;
      if (given != 0) box[k].codes &= given;
    }
    return box;
  }

  // Takes out of `open` what the row is for; false where it is for none of it.
  bool TakeRow(int32_t row, std::vector<KeyBox>* open, std::vector<KeyBox>* taken) const {
    std::vector<KeyBox> rest;
    bool any = false;
    for (const KeyBox& box : *open) {
      KeyBox common;
      if (!Meet(symbol().key_types, box, model_.row(row).keys, &common)) {
        rest.push_back(box);
        continue;
      }
      any = true;
      if (taken != nullptr) taken->push_back(common);
      Remainder(symbol().key_types, box, common, &rest);
    }
    *open = std::move(rest);
    return any;
  }

  // Below the least number that any row names, and above the greatest, nothing is expected; of days
  // and months neither before the first that a row names for the same other keys, nor after the
  // last.
  bool IsExpected(const KeyBox& box) const {
    for (size_t k = 0; k < box.size(); ++k) {
      const NumberRange& range = box[k].numbers;
      const Type& type = symbol().key_types[k];
      if (!type.ordered() || (range.low_infinite && range.high_infinite)) continue;
      if (range.low_infinite || range.high_infinite) return false;
      if (type.kind == TypeKind::kNumber) continue;
      KeySet before, after;
      before.numbers.high = range.low;
      before.numbers.high_infinite = false;
      before.numbers.high_open = true;
      after.numbers.low = range.high;
      after.numbers.low_infinite = false;
      after.numbers.low_open = true;
      if (!HasRowFor(box, k, before) || !HasRowFor(box, k, after)) return false;
    }
    return true;
  }

  // Whether some row is for what the box holds, had its key `k` been of `set`.
  bool HasRowFor(KeyBox box, size_t k, const KeySet& set) const {
    box[k] = set;
    return std::any_of(rows_.begin(), rows_.end(), [&](int32_t row) {
      KeyBox common;
      return Meet(symbol().key_types, box, model_.row(row).keys, &common);
    });
  }

  void FindCombinations() {
    if (symbol().keys.empty() || chain_.IsLeftBelow(symbol_)) return;
    std::vector<KeyBox> open = {Everything()};
    for (int32_t row : rows_) {
      TakeRow(row, &open, nullptr);
      if (open.size() > kBoxesMax || !report_.Spend(open.size() + 1)) return;
    }
    open.erase(std::remove_if(open.begin(), open.end(),
                              [this](const KeyBox& box) { return !IsExpected(box); }),
               open.end());
    if (open.empty()) return;
    report_.Add(LintSeverity::kWarning, "KEY_GAP", model_.PlaceOfRow(rows_.front()),
                absl::StrCat("no level has a row for ", Shown(open), ", and never had"), &chain_);
  }

  // What no row in force is for and an ended one was. Before the first row nothing is expected: how
  // far back rows reach is the author's choice.
  void FindHoles(const DayRange& days) {
    std::vector<KeyBox> open = {Everything()};
    std::vector<int32_t> ended;
    for (int32_t row : rows_) {
      if (model_.row(row).in_force.Contains(days.from)) TakeRow(row, &open, nullptr);
      if (model_.row(row).in_force.to <= days.from) ended.push_back(row);
      if (open.size() > kBoxesMax || !report_.Spend(open.size() + 1)) return;
    }
    std::stable_sort(ended.begin(), ended.end(), [this](int32_t a, int32_t b) {
      return model_.row(a).in_force.to > model_.row(b).in_force.to;
    });
    for (int32_t row : ended) {
      std::vector<KeyBox> taken;
      if (!report_.Spend(open.size() + 1)) return;
      if (TakeRow(row, &open, &taken)) holes_[{row, Shown(taken)}].Add(days);
    }
  }

  void ReportHole(int32_t row, const std::string& shown, const DaySet& days) {
    for (const DayRange& hole : days.ranges()) {
      const std::string what =
          hole.to == INT32_MAX
              ? absl::StrCat("ends on ", ShownDay(hole.from),
                             " and nothing follows, while a programme that leads to it goes on")
              : absl::StrCat("has no row from ", ShownDay(hole.from), " to ", ShownDay(hole.to),
                             ", while a programme that leads to it is in force");
      report_.Add(LintSeverity::kWarning, "GAP", model_.PlaceOfRow(row),
                  absl::StrCat(shown, " ", what), &chain_);
    }
  }

  std::string ShownCodes(const Type& type, uint64_t codes) const {
    const CodeList& list = model_.pack().ListFor(chain_.division(), type.codes);
    std::vector<std::string> names;
    for (size_t c = 0; c < list.codes.size(); ++c) {
      if ((codes >> c & 1) != 0) names.push_back(list.codes[c]);
    }
    return absl::StrJoin(names, "|");
  }

  std::string Shown(const KeyBox& box, const KeyBox& everything) const {
    std::vector<std::string> parts;
    for (size_t k = 0; k < box.size(); ++k) {
      const Type& type = symbol().key_types[k];
      const NumberRange& numbers = box[k].numbers;
      if (type.kind == TypeKind::kCode && box[k].codes != everything[k].codes) {
        parts.push_back(absl::StrCat(symbol().keys[k].name, "=", ShownCodes(type, box[k].codes)));
      } else if (type.ordered() && !(numbers.low_infinite && numbers.high_infinite)) {
        parts.push_back(absl::StrCat(symbol().keys[k].name, "=", RangeText(numbers, type)));
      }
    }
    if (parts.empty()) return symbol().name;
    return absl::StrCat(symbol().name, "[", absl::StrJoin(parts, ","), "]");
  }

  std::string Shown(const std::vector<KeyBox>& boxes) const {
    const KeyBox everything = Everything();
    std::vector<std::string> names;
    for (const KeyBox& box : boxes) {
      names.push_back(Shown(box, everything));
      if (names.size() == kNamedMax) break;
    }
    std::string shown = absl::StrJoin(names, ", ");
    if (boxes.size() > kNamedMax)
      absl::StrAppend(&shown, " and ", boxes.size() - kNamedMax, " more");
    return shown;
  }

  const LintChain& chain_;
  const LintModel& model_;
  const int symbol_;
  const std::vector<int32_t> rows_;
  LintReport& report_;
  std::map<std::pair<int32_t, std::string>, DaySet> holes_;  // by row and combinations
};

// Whether a file's expression, key or value names the code; a text that is the same by chance
// counts as naming it.
class NamedCodes {
 public:
  explicit NamedCodes(const LintModel& model) {
    for (const SourceFile& file : model.sources()) {
      for (const SourceSymbol& symbol : file.symbols) {
        for (const SourceRow& row : symbol.rows) {
          Take(row.value);
          for (const SourceRowKey& key : row.keys) {
            for (const Located& value : key.values) named_.insert(value.text);
          }
        }
      }
    }
  }
  bool Has(const std::string& code) const {
    if (named_.contains(code)) return true;
    return std::any_of(texts_.begin(), texts_.end(), [&code](const std::string& text) {
      return absl::StrContains(text, absl::StrCat("'", code, "'")) ||
             absl::StrContains(text, absl::StrCat("\"", code, "\""));
    });
  }

 private:
  void Take(const base::YamlNode& value) {
    named_.insert(value.scalar);
    if (absl::StrContains(value.scalar, '\'') || absl::StrContains(value.scalar, '"'))
      texts_.push_back(value.scalar);
    for (const base::YamlNode& item : value.items) named_.insert(item.scalar);
  }

  absl::flat_hash_set<std::string> named_;
  std::vector<std::string> texts_;
};

}  // namespace

void LintUnused(const LintModel& model, const std::vector<LintChain>& chains, LintReport* report) {
  const std::vector<Symbol>& symbols = model.pack().symbols;
  std::vector<bool> seen(symbols.size(), false), used(symbols.size(), false);
  for (const LintChain& chain : chains) {
    if (chain.division().programmes.empty()) continue;
    for (const Division::Step& step : chain.division().order) {
      const auto s = static_cast<size_t>(step.symbol);
      seen[s] = true;
      if (chain.reached(step.symbol)) used[s] = true;
    }
  }
  for (int symbol : UsedOutsideRules(model)) used[static_cast<size_t>(symbol)] = true;
  for (size_t s = 0; s < symbols.size(); ++s) {
    const LintPlace& place = model.declared(static_cast<int>(s));
    if (!seen[s] || used[s] || place.file < 0) continue;
    // What is computed may be there to be read; a constant is for computing only.
    const bool constant = symbols[s].kind == SymbolKind::kParameter;
    report->Add(constant ? LintSeverity::kWarning : LintSeverity::kNote, "UNUSED", place,
                absl::StrCat(symbols[s].name, ": no programme leads to it, of any division"));
  }
}

void LintUnusedCodes(const LintModel& model, LintReport* report) {
  const CompiledPack& pack = model.pack();
  std::vector<bool> told(pack.code_lists.size(), false), had(pack.code_lists.size(), false);
  for (const FactKind& kind : pack.fact_kinds) {
    for (const FieldType& field : kind.fields) {
      if (field.type.codes >= 0) told[static_cast<size_t>(field.type.codes)] = true;
    }
  }
  for (const Symbol& symbol : pack.symbols) {
    if (symbol.type.codes >= 0) had[static_cast<size_t>(symbol.type.codes)] = true;
    for (const Type& key : symbol.key_types) {
      if (key.codes >= 0) had[static_cast<size_t>(key.codes)] = true;
    }
  }
  const NamedCodes named(model);
  for (size_t f = 0; f < model.sources().size(); ++f) {
    for (const SourceCodeList& source : model.sources()[f].codes) {
      bool told_here = false, had_here = false;
      // Lists of one name in two chains are judged together.
      for (size_t l = 0; l < pack.code_lists.size(); ++l) {
        if (pack.code_lists[l].name != source.name.text) continue;
        told_here |= told[l];
        had_here |= had[l];
      }
      if (told_here) continue;  // what sources tell of is not for a policy to choose
      const LintPlace place{static_cast<int>(f), source.name.line};
      if (!had_here) {
        report->Add(LintSeverity::kWarning, "UNUSED_CODE", place,
                    absl::StrCat("nothing is of the code list ", source.name.text));
        continue;
      }
      for (const auto& [code, label] : source.values) {
        if (named.Has(code.text)) continue;
        report->Add(LintSeverity::kWarning, "UNUSED_CODE", {place.file, code.line},
                    absl::StrCat("no row, key or expression names ", code.text,
                                 " of the code list ", source.name.text));
      }
    }
  }
}

void LintNeeds(const LintModel& model, LintReport* report) {
  const CompiledPack& pack = model.pack();
  for (const Division& division : pack.divisions) {
    for (const auto& [of, index] : division.own_evidence) {
      const FactKind& kind = pack.fact_kinds[static_cast<size_t>(of)];
      if (kind.categories.empty()) continue;  // it is only ever declared
      const auto may_tell = [&kind](const EvidenceRule::Need& need) {
        return need.category < 0 || std::find(kind.categories.begin(), kind.categories.end(),
                                              need.category) != kind.categories.end();
      };
      const EvidenceRule& rule = pack.evidence[static_cast<size_t>(index)];
      if (std::any_of(rule.complete_by.begin(), rule.complete_by.end(), may_tell)) continue;
      report->Add(
          LintSeverity::kWarning, "NEED_ELSEWHERE", model.PlaceOf(rule.info),
          absl::StrCat("complete_by names no category in which facts of ", kind.name, " come (",
                       absl::StrJoin(kind.categories, ", ",
                                     [&pack](std::string* out, int category) {
                                       absl::StrAppend(
                                           out, pack.categories[static_cast<size_t>(category)]);
                                     }),
                       "): there are taken to be none though nobody was asked"));
    }
  }
}

void LintUnreadKinds(const LintModel& model, LintReport* report) {
  const CompiledPack& pack = model.pack();
  if (std::all_of(pack.divisions.begin(), pack.divisions.end(),
                  [](const Division& division) { return division.programmes.empty(); })) {
    return;  // a vocabulary by itself
  }
  absl::flat_hash_set<std::string> read;
  for (const Aggregate& list : pack.aggregates) {
    if (list.fact_kind >= 0) read.insert(pack.fact_kinds[static_cast<size_t>(list.fact_kind)].name);
  }
  // Discrepancies are notes of it too.
  for (const base::DiscrepancyRule& rule : pack.discrepancies) {
    for (const base::FoundKind& found : rule.found) read.insert(found.kind);
    read.insert(rule.or_declared.begin(), rule.or_declared.end());
    read.insert(rule.statement_kind);
  }
  for (size_t f = 0; f < model.sources().size(); ++f) {
    for (const SourceFactKind& kind : model.sources()[f].facts) {
      if (read.contains(kind.name.text)) continue;
      report->Add(
          LintSeverity::kNote, "UNREAD_KIND", {static_cast<int>(f), kind.name.line},
          absl::StrCat("no expression and no discrepancy reads the facts of ", kind.name.text));
    }
  }
}

void LintGaps(const LintChain& chain, LintReport* report) {
  for (const Division::Step& step : chain.division().order) {
    const Symbol& symbol = chain.model().symbol(step.symbol);
    if (report->spent()) return;
    if (symbol.kind == SymbolKind::kIntrinsic || chain.demand(step.symbol).empty()) continue;
    GapFinder(chain, step.symbol, report).Find();
  }
}

}  // namespace hedui::assess
