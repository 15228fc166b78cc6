// What a policy demands of its own constants: constraints, and bands whose bounds are expressions,
// computed for every chain on every day on which something they use changes
// (docs/evaluation.md, C1 to C6).
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/case.h"
#include "server/assess/evaluator.h"
#include "server/assess/policy_link.h"
#include "server/base/dates.h"

namespace hedui::assess {
namespace {

// Of keys that a case would give: more combinations than any list of codes that people keep.
constexpr int64_t kCombinationsMax = 4096;
// So many rows are passed over in the time that a computation takes.
constexpr size_t kRowsOfAStep = 64;

}  // namespace

// One chain's rules of constants. Thread-compatible.
class ConstantsCheck {
 public:
  // `*work` counts what has been looked at, of all chains.
  ConstantsCheck(PolicyLink* link, int division, size_t* work)
      : link_(*link),
        pack_(*link->pack_),
        work_(*work),
        index_(division),
        division_(pack_.divisions[static_cast<size_t>(division)]),
        evaluator_(pack_, Evaluator::FastPath::kLeftOut) {
    for (const Division::Step& step : division_.order) steps_[step.symbol] = &step;
    for (int32_t row : division_.own_rows) own_.insert(pack_.rows[static_cast<size_t>(row)].symbol);
  }

  // False where it took more than may be.
  bool Check(const PolicyLink::Constraint& constraint);
  bool Check(int symbol, const PolicyLink::Band& band);

 private:
  using Rule = PolicyLink::ConstantRule;

  // What a rule uses: parameters, and keys of them that a case would give.
  struct Uses {
    std::set<int> parameters;
    std::set<int> free;  // codes
    std::set<int> open;  // numbers and dates
  };
  // One combination of the free keys.
  struct Choice {
    std::vector<int> keys;
    std::vector<uint64_t> allowed;  // codes, by key
    std::vector<uint64_t> chosen;
  };
  enum class Verdict : uint8_t { kHolds, kOpen, kBroken };
  // The gravest of a row against one band on all days, and what is said of it.
  struct OfRow {
    Verdict verdict = Verdict::kHolds;
    std::string where;
  };

  const Symbol& SymbolOf(int symbol) const { return pack_.symbols[static_cast<size_t>(symbol)]; }
  const RowInfo& InfoOf(int32_t row) const {
    return pack_.row_infos[static_cast<size_t>(pack_.rows[static_cast<size_t>(row)].info)];
  }
  const CodeList& ListOf(int symbol) const {
    return pack_.ListFor(division_, SymbolOf(symbol).type.codes);
  }

  void Collect(int symbol, Uses* uses) const {
    if (SymbolOf(symbol).kind != SymbolKind::kParameter) {
      if (SymbolOf(symbol).per_person) return;  // only a banded parameter may be chosen by it
      (SymbolOf(symbol).type.kind == TypeKind::kCode ? uses->free : uses->open).insert(symbol);
      return;
    }
    if (!uses->parameters.insert(symbol).second) return;
    for (const ParameterKey& key : SymbolOf(symbol).keys) {
      if (key.symbol >= 0) Collect(key.symbol, uses);
    }
  }

  bool Concerns(int division, const Uses& uses) const {
    return division == index_ || std::any_of(uses.parameters.begin(), uses.parameters.end(),
                                             [this](int symbol) { return own_.contains(symbol); });
  }

  // The first day of `range` and those on which a row that is used comes or goes.
  std::set<int32_t> Days(const DayRange& range, const Uses& uses) const {
    std::set<int32_t> days = {range.from};
    for (int symbol : uses.parameters) {
      const Division::Step& step = *steps_.at(symbol);
      for (int32_t i = step.rows_begin; i < step.rows_end; ++i) {
        const DayRange& row =
            pack_.rows[static_cast<size_t>(division_.row_lists[static_cast<size_t>(i)])].in_force;
        for (int32_t day : {row.from, row.to}) {
          if (day > range.from && day < range.to) days.insert(day);
        }
      }
    }
    return days;
  }

  void Begin(int32_t day, const Uses& uses) {
    nobody_.dates.policy = nobody_.dates.application = DayOfNumber(day);
    // Looking for the rows of a day is quick, beside computing with them.
    work_ += 1 + (division_.order.size() + division_.row_lists.size()) / kRowsOfAStep;
    evaluator_.Begin(division_, nobody_);
    for (int symbol : uses.open) evaluator_.Set(symbol, SymbolOf(symbol).unknown);
    for (int symbol : uses.free) {
      Value any;
      any.mask = ListOf(symbol).All();
      evaluator_.Set(symbol, any);
    }
  }

  void ComputeParameters(const Uses& uses) {
    work_ += 1 + division_.order.size() / kRowsOfAStep;
    for (const Division::Step& step : division_.order) {
      if (!uses.parameters.contains(step.symbol) || SymbolOf(step.symbol).per_person) continue;
      work_ += 1 + static_cast<size_t>(step.rows_end - step.rows_begin) / kRowsOfAStep;
      evaluator_.Compute(step);
    }
  }

  Choice FirstChoice(const Uses& uses) const {
    Choice choice;
    for (int symbol : uses.free) {
      choice.keys.push_back(symbol);
      choice.allowed.push_back(ListOf(symbol).All());
    }
    return choice;
  }

  // Computes `judge` for every combination, until it says that something is broken.
  template <typename Compute>
  Verdict ForEach(const Uses& uses, Choice* choice, Compute judge);
  static int64_t Combinations(const Choice& choice) {
    int64_t count = 1;
    for (uint64_t codes : choice.allowed) {
      count = std::min<int64_t>(count * __builtin_popcountll(codes), kCombinationsMax + 1);
    }
    return count;
  }

  // "on 2023-01-01 in 370300 with scope=urban".
  std::string Where(int32_t day, const Choice& choice) const {
    std::vector<std::string> keys;
    for (size_t k = 0; k < choice.chosen.size(); ++k) {
      const CodeList& list = ListOf(choice.keys[k]);
      keys.push_back(
          absl::StrCat(SymbolOf(choice.keys[k]).name, "=",
                       list.codes[static_cast<size_t>(__builtin_ctzll(choice.chosen[k]))]));
    }
    return absl::StrCat("on ", base::FormatDay(DayOfNumber(day)), " in ", division_.code,
                        keys.empty() ? "" : " with ", absl::StrJoin(keys, ", "));
  }

  // A row of this level that is used, in force on the day if one is; else what demands it.
  void Find(int32_t day, const Uses& uses, size_t file, int line, absl::string_view code,
            absl::string_view text, bool warning) {
    const Row* place = nullptr;
    for (int32_t index : division_.own_rows) {
      const Row& row = pack_.rows[static_cast<size_t>(index)];
      if (!uses.parameters.contains(row.symbol)) continue;
      if (place == nullptr || (row.in_force.Contains(day) && !place->in_force.Contains(day)))
        place = &row;
    }
    if (place != nullptr && link_.file_division_[file] != index_) {
      const RowInfo& info = pack_.row_infos[static_cast<size_t>(place->info)];
      file = static_cast<size_t>(info.file);
      line = info.shown->line;
    }
    link_.Find(*link_.sources_[file], line, code, text, warning);
  }

  Verdict Judge(const PolicyLink::Band& band, const Value& constant);
  // Whether a row that counts for `where` does so with the parameters that are its keys as they are
  // now.
  bool MayCount(const Symbol& parameter, const KeyBox& where) const;
  void CheckBandOn(int32_t day, int symbol, const PolicyLink::Band& band, const Uses& uses,
                   std::map<int32_t, OfRow>* rows);

  bool exhausted() const { return work_ > link_.constants_work_max_; }

  PolicyLink& link_;
  const CompiledPack& pack_;
  size_t& work_;
  const int index_;
  const Division& division_;
  Evaluator evaluator_;
  Case nobody_;
  absl::flat_hash_map<int, const Division::Step*> steps_;
  std::set<int> own_;
};

template <typename Compute>
ConstantsCheck::Verdict ConstantsCheck::ForEach(const Uses& uses, Choice* choice, Compute judge) {
  if (Combinations(*choice) > kCombinationsMax) return Verdict::kOpen;
  Verdict verdict = Verdict::kHolds;
  Choice open;
  choice->chosen.clear();
  for (uint64_t codes : choice->allowed) choice->chosen.push_back(codes & -codes);
  for (bool more = true; more && !exhausted();) {
    for (size_t k = 0; k < choice->keys.size(); ++k) {
      Value code;
      code.mask = choice->chosen[k];
      evaluator_.Set(choice->keys[k], code);
    }
    ComputeParameters(uses);
    const size_t before = evaluator_.steps();
    const Verdict one = evaluator_.overflow() ? Verdict::kOpen : judge();
    work_ += evaluator_.steps() - before;
    if (one == Verdict::kBroken) return one;
    if (one == Verdict::kOpen && verdict == Verdict::kHolds) {
      verdict = one;
      open = *choice;
    }
    // The next one, as one counts.
    more = false;
    for (size_t k = 0; k < choice->keys.size() && !more; ++k) {
      const uint64_t rest = choice->allowed[k] & ~(choice->chosen[k] | (choice->chosen[k] - 1));
      more = rest != 0;
      choice->chosen[k] = more ? rest & -rest : choice->allowed[k] & -choice->allowed[k];
    }
  }
  if (verdict == Verdict::kOpen) *choice = open;
  return verdict;
}

bool ConstantsCheck::Check(const PolicyLink::Constraint& constraint) {
  const int above = link_.file_division_[constraint.file];
  if (!link_.IsBelow(index_, above)) return true;
  Uses uses;
  for (int symbol : constraint.holds.symbols) Collect(symbol, &uses);
  if (!Concerns(above, uses)) return true;
  std::string open;
  int32_t open_day = 0;
  for (int32_t day : Days(constraint.in_force, uses)) {
    Begin(day, uses);
    Choice choice = FirstChoice(uses);
    const Verdict verdict = ForEach(uses, &choice, [&] {
      const uint64_t mask = evaluator_.Compute(constraint.holds.code).mask;
      return mask == kMayBeTrue    ? Verdict::kHolds
             : mask == kMayBeFalse ? Verdict::kBroken
                                   : Verdict::kOpen;
    });
    if (exhausted()) return false;
    if (verdict == Verdict::kBroken) {
      Find(day, uses, constraint.file, constraint.line, "CONSTRAINT_BROKEN",
           absl::StrCat(constraint.name, " (", constraint.holds.text, ") does not hold ",
                        Where(day, choice)),
           /*warning=*/false);
      return true;
    }
    if (verdict == Verdict::kOpen && open.empty()) {
      open = Where(day, choice);
      open_day = day;
    }
  }
  if (!open.empty()) {
    Find(open_day, uses, constraint.file, constraint.line, "CONSTRAINT_UNDETERMINED",
         absl::StrCat(constraint.name, " (", constraint.holds.text, ") is not decided ", open,
                      ": a row may be missing"),
         /*warning=*/true);
  }
  return true;
}

ConstantsCheck::Verdict ConstantsCheck::Judge(const PolicyLink::Band& band, const Value& constant) {
  Verdict verdict = Verdict::kHolds;
  for (const auto* bound : {&band.min, &band.max}) {
    if (!bound->rule) continue;
    const Value limit = evaluator_.Compute(bound->rule->code);
    const Value& low = bound == &band.min ? limit : constant;
    const Value& high = bound == &band.min ? constant : limit;
    // low <= high?
    if (limit.undefined) {
      verdict = std::max(verdict, Verdict::kOpen);
    } else if (!low.lo_infinite && !high.hi_infinite &&
               base::Rational::Compare(low.lo, high.hi) > 0) {
      return Verdict::kBroken;
    } else if (low.hi_infinite || high.lo_infinite ||
               base::Rational::Compare(low.hi, high.lo) > 0) {
      verdict = std::max(verdict, Verdict::kOpen);
    }
  }
  return verdict;
}

bool ConstantsCheck::Check(int symbol, const PolicyLink::Band& band) {
  if (!link_.IsBelow(index_, band.division) || (!band.min.rule && !band.max.rule)) return true;
  Uses uses;
  for (const auto* bound : {&band.min, &band.max}) {
    if (!bound->rule) continue;
    for (int used : bound->rule->symbols) Collect(used, &uses);
  }
  Collect(symbol, &uses);
  if (!Concerns(band.division, uses)) return true;
  std::map<int32_t, OfRow> rows;
  for (int32_t day : Days(band.in_force, uses)) {
    CheckBandOn(day, symbol, band, uses, &rows);
    if (exhausted()) return false;
  }
  for (const auto& [row, found] : rows) {
    if (found.verdict == Verdict::kHolds) continue;
    const bool broken = found.verdict == Verdict::kBroken;
    const RowInfo& info = InfoOf(row);
    link_.Find(*link_.sources_[static_cast<size_t>(info.file)], info.shown->line,
               !broken       ? "CONSTRAINT_UNDETERMINED"
               : band.guides ? "GUIDANCE_LEFT"
                             : "BAND_BREACH",
               absl::StrCat(info.shown->id, ": ", info.shown->value,
                            broken ? " lies outside " : " may lie outside ",
                            band.guides ? "the guidance " : "the binding band ", band.text, " ",
                            found.where),
               !broken || band.guides);
  }
  return true;
}

bool ConstantsCheck::MayCount(const Symbol& parameter, const KeyBox& where) const {
  for (size_t k = 0; k < where.size(); ++k) {
    const int key = parameter.keys[k].symbol;
    if (key < 0 || SymbolOf(key).kind != SymbolKind::kParameter || SymbolOf(key).per_person)
      continue;
    const Type& type = parameter.key_types[k];
    if (IsEmpty(type, Common(type, where[k], SetOf(type, evaluator_.household(key))))) return false;
  }
  return true;
}

void ConstantsCheck::CheckBandOn(int32_t day, int symbol, const PolicyLink::Band& band,
                                 const Uses& uses, std::map<int32_t, OfRow>* rows) {
  Begin(day, uses);
  ComputeParameters(uses);
  // Rows that count for keys of the band; keys that are parameters have their values.
  const Symbol& banded = SymbolOf(symbol);
  KeyBox keys = band.keys;
  for (size_t k = 0; k < keys.size(); ++k) {
    const int key = banded.keys[k].symbol;
    if (key < 0 || SymbolOf(key).per_person) continue;
    keys[k] =
        Common(banded.key_types[k], keys[k], SetOf(banded.key_types[k], evaluator_.household(key)));
    if (IsEmpty(banded.key_types[k], keys[k])) return;
  }
  const Division::Step& step = *steps_.at(symbol);
  work_ += static_cast<size_t>(step.rows_end - step.rows_begin);
  for (const Evaluator::Stretch& stretch : evaluator_.StretchesOf(step, keys)) {
    const Row& row = pack_.rows[static_cast<size_t>(stretch.row)];
    // Only rows of the band's level and below are bound.
    const auto file = static_cast<size_t>(InfoOf(stretch.row).file);
    if (!link_.IsBelow(link_.file_division_[file], band.division)) continue;
    OfRow& found = (*rows)[stretch.row];
    if (found.verdict == Verdict::kBroken) continue;
    Begin(day, uses);
    Choice choice = FirstChoice(uses);
    for (size_t c = 0; c < choice.keys.size(); ++c) {
      for (size_t k = 0; k < keys.size(); ++k) {
        if (banded.keys[k].symbol == choice.keys[c]) choice.allowed[c] &= stretch.where[k].codes;
      }
    }
    const Verdict verdict = ForEach(uses, &choice, [&] {
      return MayCount(banded, stretch.where) ? Judge(band, row.constant) : Verdict::kHolds;
    });
    // What one day leaves open another may decide.
    if (verdict > found.verdict) found = {verdict, Where(day, choice)};
  }
}

void PolicyLink::LinkConstraint(size_t f, const SourceConstraint& source) {
  const SourceFile& file = *sources_[f];
  NameTable& names = ChainOf(file).constraints;
  if (names.Find(source.name.text) >= 0) {
    Find(file, source.name.line, "DUPLICATE_NAME",
         absl::StrCat("the constraint ", source.name.text, " is declared here or above already"));
    return;
  }
  const size_t first = constraints_.size();
  names.Add(source.name.text, static_cast<int>(first));
  for (const SourceConstraint::Rule& rule : source.rules) {
    AddInfo(f, rule.row, absl::StrCat("constraint.", source.name.text), source.label,
            rule.holds.text);
    for (size_t i = first; i < constraints_.size(); ++i) {
      const DayRange& other = constraints_[i].in_force;
      if (other.from < rule.row.in_force.to && rule.row.in_force.from < other.to) {
        Find(file, rule.row.line, "PERIOD_OVERLAP",
             "in force together with another row of this constraint");
      }
    }
    if (rule.holds.text.empty()) continue;  // reported as missing
    std::optional<ConstantRule> holds = LinkConstantRule(f, rule.holds, Type::Truth());
    if (!holds) continue;
    constraints_.push_back(
        {f, rule.row.line, source.name.text, rule.row.in_force, std::move(*holds)});
  }
}

void PolicyLink::CheckConstants() {
  const bool defects = std::any_of(findings_.begin(), findings_.end(),
                                   [](const PolicyFinding& finding) { return !finding.warning; });
  if (defects) return;
  std::vector<std::pair<int, const Band*>> bands;
  for (const auto& [symbol, delegation] : delegations_) {
    for (const Band& band : delegation.bands) {
      if (band.min.rule || band.max.rule) bands.emplace_back(symbol, &band);
    }
  }
  if (bands.empty() && constraints_.empty()) return;
  std::sort(bands.begin(), bands.end());
  size_t work = 0;
  const auto too_much = [&](const SourceFile& file, int line) {
    Find(file, line, "CONSTRAINT_LIMIT",
         absl::StrCat("what constraints and bands demand takes more than ", constants_work_max_,
                      " rows and operations to compute, on all days and for all keys: give rows "
                      "longer periods, or name fewer keys"));
  };
  for (size_t d = 0; d < pack_->divisions.size(); ++d) {
    ConstantsCheck check(this, static_cast<int>(d), &work);
    for (const Constraint& constraint : constraints_) {
      if (!check.Check(constraint)) return too_much(*sources_[constraint.file], constraint.line);
    }
    for (const auto& [symbol, band] : bands) {
      if (!check.Check(symbol, *band)) return too_much(*sources_[band->file], band->line);
    }
  }
}

}  // namespace hedui::assess
