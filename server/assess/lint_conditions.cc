#include "server/assess/lint_conditions.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/assess/case.h"
#include "server/assess/evaluator.h"

namespace hedui::assess {
namespace {

// Whether the operation compares, and whether days: those pass, so that one way for a while is
// meant.
bool Compares(const Op& op) {
  return op.code == OpCode::kLess || op.code == OpCode::kLessOrEqual ||
         op.code == OpCode::kEqualNumbers || op.code == OpCode::kEqualMasks ||
         op.code == OpCode::kIn;
}

const Node* FindAt(const Node& node, int column) {
  const bool compares =
      node.kind == Node::Kind::kBinary &&
      (node.text == "<" || node.text == "<=" || node.text == ">" || node.text == ">=" ||
       node.text == "==" || node.text == "!=" || node.text == "in");
  if (compares && node.column == column) return &node;
  for (const Node& child : node.children) {
    if (const Node* found = FindAt(child, column); found != nullptr) return found;
  }
  return nullptr;
}

// `>`, `>=` and `!=` are emitted as what they deny.
bool IsDenied(const Node& node) {
  return node.text == ">" || node.text == ">=" || node.text == "!=";
}

class Conditions {
 public:
  Conditions(const LintChain& chain, LintReport* report)
      : chain_(chain),
        model_(chain.model()),
        report_(*report),
        evaluator_(model_.pack(), Evaluator::FastPath::kLeftOut) {
    Person anybody;
    anybody.id = "anybody";
    case_.persons.push_back(anybody);
    case_.division = chain.division().code;
    ForEachComparison();
  }

  void Find() {
    for (const DayRange& segment : chain_.Segments()) Look(segment);
    if (report_.spent()) return;
    for (const auto& [at, seen] : comparisons_) Judge(at, seen);
    for (const auto& [row, truths] : indications_) JudgeIndication(row, truths);
  }

 private:
  struct Seen {
    int32_t row = -1;
    uint8_t bits = 0;         // over all days
    int32_t never_from = -1;  // into segments_: a stretch on which it was one way
    uint8_t never = 0;
  };

  void ForEachComparison() {
    const CompiledPack& pack = model_.pack();
    for (int32_t row : chain_.division().row_lists) {
      model_.ForEachOp(model_.row(row).code, [&](int32_t at) {
        if (Compares(pack.code[static_cast<size_t>(at)])) comparisons_[at].row = row;
      });
    }
  }

  void Look(const DayRange& segment) {
    if (report_.spent()) return;
    case_.dates.policy = DayOfNumber(segment.from);
    case_.dates.application = case_.dates.policy;
    std::vector<uint8_t> observed;
    evaluator_.LimitSteps(report_.left());
    const bool computed =
        evaluator_.RunOnAnything(chain_.division(), case_, segment, &observed).ok();
    // What overflows with nothing known says nothing of households.
    if (!report_.Spend(evaluator_.steps() + observed.size()) || !computed) return;
    for (auto& [at, seen] : comparisons_) {
      const uint8_t bits = observed[static_cast<size_t>(at)];
      seen.bits |= bits;
      const uint8_t truths = bits & kMayBeEither;
      const bool of_dates = model_.pack().code[static_cast<size_t>(at)].slot == kOfDates;
      if ((bits & kObservedOpen) == 0 || truths == 0 || truths == kMayBeEither || of_dates)
        continue;
      if (seen.never != 0) continue;
      seen.never = truths;
      seen.never_from = segment.from;
    }
    for (int32_t p : chain_.division().programmes) {
      const ProgrammeRow* row = model_.pack().RowInForce(chain_.division(), p, segment.from);
      if (row == nullptr) continue;
      const Value& value = model_.symbol(row->indication).per_person
                               ? evaluator_.person(row->indication, 0)
                               : evaluator_.household(row->indication);
      indications_[row->info] |= static_cast<uint8_t>(value.mask);
    }
  }

  void Judge(int32_t at, const Seen& seen) {
    // Behind what is denied stands the denial, and that bears the place.
    const Op& own = model_.pack().code[static_cast<size_t>(at)];
    const Op& op = own.column != 0 ? own : model_.pack().code[static_cast<size_t>(at) + 1];
    const uint8_t truths = seen.bits & kMayBeEither;
    // Of constants alone a comparison is a switch; it is for each division to set.
    if (truths == 0 || (seen.bits & kObservedOpen) == 0) return;
    const bool whole = truths != kMayBeEither;
    if (!whole && seen.never == 0) return;
    const Node* tree = model_.tree(seen.row);
    const Node* node = tree == nullptr ? nullptr : FindAt(*tree, op.column);
    if (node == nullptr) return;
    const bool holds = ((whole ? truths : seen.never) == kMayBeTrue) != IsDenied(*node);
    const std::string since =
        whole ? "" : absl::StrCat(" in the days from ", ShownDay(seen.never_from));
    report_.Add(LintSeverity::kWarning, holds ? "ALWAYS_TRUE" : "NEVER_TRUE",
                model_.PlaceOfRow(seen.row),
                absl::StrCat(ShownNode(*node), holds ? " holds for" : " holds for no",
                             holds ? " every household" : " household", since),
                &chain_);
  }

  void JudgeIndication(int32_t info, uint8_t truths) {
    if (truths != kMayBeTrue && truths != kMayBeFalse) return;
    const bool holds = truths == kMayBeTrue;
    const RowInfo& row = model_.pack().row_infos[static_cast<size_t>(info)];
    report_.Add(LintSeverity::kWarning, holds ? "ALWAYS_TRUE" : "NEVER_TRUE", model_.PlaceOf(info),
                absl::StrCat(row.shown->id, " is indicated for ",
                             holds ? "every household" : "no household"),
                &chain_);
  }

  const LintChain& chain_;
  const LintModel& model_;
  LintReport& report_;
  Evaluator evaluator_;
  Case case_;
  std::map<int32_t, Seen> comparisons_;     // by operation
  std::map<int32_t, uint8_t> indications_;  // by row info
};

}  // namespace

void LintConditions(const LintChain& chain, LintReport* report) {
  Conditions(chain, report).Find();
}

}  // namespace hedui::assess
