// What the linter's checks share: the pack with what its files say of it, a division's chain with
// the days on which something leads to each value, and the findings. Thread-compatible. Internal to
// assess.
#ifndef HEDUI_SERVER_ASSESS_LINT_MODEL_H_
#define HEDUI_SERVER_ASSESS_LINT_MODEL_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/expression_parser.h"
#include "server/assess/policy_linter.h"
#include "server/assess/policy_reader.h"

namespace hedui::assess {

// Days as ranges that neither touch nor overlap, ascending.
class DaySet {
 public:
  DaySet() = default;
  explicit DaySet(const DayRange& range) { Add(range); }
  void Add(const DayRange& range);
  void Add(const DaySet& other);
  void Remove(const DayRange& range);
  DaySet Within(const DayRange& range) const;
  bool empty() const { return ranges_.empty(); }
  const std::vector<DayRange>& ranges() const& { return ranges_; }
  std::vector<DayRange> ranges() && { return std::move(ranges_); }

 private:
  std::vector<DayRange> ranges_;
};

struct LintPlace {
  int file = -1;  // into CompiledPack::files
  int line = 0;
};

// The pack's files as they are written, beside the pack.
class LintModel {
 public:
  explicit LintModel(const CompiledPack& pack);

  const CompiledPack& pack() const { return pack_; }
  const std::vector<SourceFile>& sources() const { return sources_; }  // as CompiledPack::files
  const Symbol& symbol(int index) const { return pack_.symbols[static_cast<size_t>(index)]; }
  const Row& row(int index) const { return pack_.rows[static_cast<size_t>(index)]; }
  // Where a symbol is declared; file -1: by the engine.
  const LintPlace& declared(int symbol) const { return declared_[static_cast<size_t>(symbol)]; }
  const SourceSymbol* declaration(int symbol) const {
    return declarations_[static_cast<size_t>(symbol)];
  }
  LintPlace PlaceOf(int32_t row_info) const;
  LintPlace PlaceOfRow(int32_t row) const { return PlaceOf(this->row(row).info); }
  // A rule's expression; nullptr of constants.
  const Node* tree(int32_t row) const {
    const auto& tree = trees_[static_cast<size_t>(row)];
    return tree.has_value() ? &*tree : nullptr;
  }
  // Every operation of the range, those of the lists in it too, by its index.
  void ForEachOp(const CodeRange& range, const std::function<void(int32_t)>& visit) const;

 private:
  const CompiledPack& pack_;
  std::vector<SourceFile> sources_;
  std::vector<LintPlace> declared_;
  std::vector<const SourceSymbol*> declarations_;
  std::vector<std::optional<Node>> trees_;
};

// A division's chain.
class LintChain {
 public:
  LintChain(const LintModel& model, int division);

  const LintModel& model() const { return model_; }
  int index() const { return index_; }
  const Division& division() const { return model_.pack().divisions[static_cast<size_t>(index_)]; }
  // -1 when nothing in the chain has the name.
  int Find(absl::string_view name) const;
  // A symbol's rows, from the lowest level up.
  std::vector<int32_t> RowsOf(int symbol) const;
  // The rule in force on the day; -1: none.
  int32_t RowOn(int symbol, int32_t day) const;
  // Whether a level below may still give the symbol rows.
  bool IsLeftBelow(int symbol) const;
  // Days on which a programme in force leads to the symbol; on which one is in force at all.
  const DaySet& demand(int symbol) const { return demand_[static_cast<size_t>(symbol)]; }
  const DaySet& in_force() const { return in_force_; }
  // Whether any programme leads to the symbol, whenever.
  bool reached(int symbol) const { return reached_[static_cast<size_t>(symbol)]; }
  // The days of `in_force`, cut where any row of the chain begins or ends.
  std::vector<DayRange> Segments() const;

 private:
  void Order();
  void Demand();
  void Reach();
  // With is_member and the like in place of kUsesMembers, kUsesObligors.
  void ForEachUsed(const std::vector<int>& uses, const std::function<void(int)>& visit) const;
  std::vector<int> Roots() const;

  const LintModel& model_;
  const int index_;
  absl::flat_hash_map<std::string, int> names_;
  std::vector<int> steps_;  // by symbol: into Division::order, or -1
  std::vector<DaySet> demand_;
  std::vector<bool> reached_;
  DaySet in_force_;
};

// Findings, each once however many divisions it is true of.
class LintReport {
 public:
  // `steps_max`: what looking may take, in steps of the evaluator.
  LintReport(const LintModel& model, size_t steps_max) : model_(model), left_(steps_max) {}
  // Takes from what looking may take. False once it is used up: what is then found may be
  // wrong for want of looking, and is not reported.
  bool Spend(size_t steps) {
    spent_ |= steps > left_;
    left_ -= std::min(steps, left_);
    return !spent_;
  }
  bool spent() const { return spent_; }
  size_t left() const { return left_; }
  void Add(LintSeverity severity, absl::string_view code, const LintPlace& place,
           absl::string_view text, const LintChain* chain = nullptr);
  std::vector<LintFinding> Take() const;

 private:
  const LintModel& model_;
  size_t left_;
  bool spent_ = false;
  struct Entry {
    LintSeverity severity;
    std::vector<std::string> divisions;
  };
  std::map<std::tuple<int, int, std::string, std::string>, Entry> entries_;
};

// "2024-03-01", or "ever" for what does not end.
std::string ShownDay(int32_t day);
// An expression as it could be written.
std::string ShownNode(const Node& node);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_LINT_MODEL_H_
