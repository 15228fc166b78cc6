// The compiler's state while it walks one expression. expression_compiler.cc has names, operators
// and choices; what can be called stands by theme in the files of expression_functions.h, whose
// emitters use the public part. Thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_EXPRESSION_WALK_H_
#define HEDUI_SERVER_ASSESS_EXPRESSION_WALK_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/expression_compiler.h"
#include "server/assess/expression_parser.h"

namespace hedui::assess {

// INVALID_ARGUMENT with the reason, naming the node's column.
absl::Status ExpressionDefect(const Node& node, absl::string_view reason, absl::string_view why);

// A list being built by a chain of methods: persons, members, obligors or a person's facts.
struct ListExpression {
  Aggregate aggregate;
  const Node* period = nullptr;
  std::vector<const Node*> filters;  // the filter calls
};

class ExpressionWalk {
 public:
  struct Variable {
    std::string name;
    bool person;
    int fact_kind;
    uint8_t slot;
    bool month = false;  // its value, of each_month()
    int column = 0;      // where it is introduced, from 1; 0: the person whom the rule is of
  };

  ExpressionWalk(const CompileScope& scope, CompiledPack* pack) : scope_(scope), pack_(*pack) {
    if (scope.per_person) variables_.push_back({"p", true, -1, NewSlot()});
  }
  absl::StatusOr<CompiledExpression> Compile(const Node& node);

  const CompiledPack& pack() const { return pack_; }
  const Variable* FindVariable(absl::string_view name) const;
  // The symbol that `name` means, or -1.
  int FindSymbol(absl::string_view name) const { return scope_.find_symbol(name); }
  // The symbol must be computed before this expression.
  void Use(int symbol) { symbols_.push_back(symbol); }
  // ... and is called, or asked for its rows.
  void LookInto(int symbol) {
    Use(symbol);
    pack_.symbols[static_cast<size_t>(symbol)].looked_into = true;
  }
  std::string Named(const Type& type) const { return TypeName(type, pack_); }

  // `codes`: the code list that texts belong to here, or -1.
  absl::StatusOr<Type> Emit(const Node& node, int codes, std::vector<Op>* code);
  absl::StatusOr<Type> EmitTruth(const Node& node, std::vector<Op>* code);
  absl::StatusOr<Type> EmitNode(const Node& node, int codes, std::vector<Op>* code);
  static void Push(std::vector<Op>* code, OpCode op, int slot = 0, int32_t arg = 0) {
    code->push_back({op, static_cast<uint8_t>(slot), 0, arg});
  }
  // Of operations that dates and numbers share.
  static int SlotOf(const Type& type) { return type.kind == TypeKind::kDate ? kOfDates : 0; }
  void PushConstant(std::vector<Op>* code, const Value& value);
  // Its place among the pack's constants.
  int32_t AddConstant(const Value& value);

  // The common type of two sides that must agree.
  absl::StatusOr<Type> Agree(const Node& node, const Type& a, const Type& b) const;
  absl::Status Require(const Node& node, const Type& type, TypeKind kind,
                       absl::string_view what) const;
  absl::Status CountArguments(const Node& node, size_t least, size_t most) const;

  // What `code` comes to from `begin` on, where it is made of constants and arithmetic alone, in
  // expression_dates.cc.
  std::optional<Value> ConstantOf(const std::vector<Op>& code, size_t begin) const;

  // A list folded to one value, in expression_lists.cc. The list is the node's first child.
  absl::StatusOr<Type> EmitFold(const Node& node, AggregateKind kind, std::vector<Op>* code);

 private:
  uint8_t NewSlot();
  CodeRange Append(const std::vector<Op>& code);

  absl::StatusOr<Type> EmitNumber(const Node& node, std::vector<Op>* code);
  absl::StatusOr<uint64_t> CodeBit(const Node& node, int codes) const;
  absl::StatusOr<Type> EmitCodeSet(const Node& node, int codes, std::vector<Op>* code);
  absl::StatusOr<Type> EmitName(const Node& node, std::vector<Op>* code);
  absl::StatusOr<Type> EmitSelect(const Node& node, std::vector<Op>* code);
  // Why `owner`, in `owner.name`, has no parts.
  std::string WhyNoParts(const Node& node, const Node& owner, const Variable* month) const;
  absl::StatusOr<Type> EmitUnary(const Node& node, std::vector<Op>* code);
  absl::StatusOr<Type> EmitBinary(const Node& node, int codes, std::vector<Op>* code);
  absl::StatusOr<Type> EmitEqual(const Node& node, std::vector<Op>* code);
  absl::StatusOr<Type> EmitSum(const Node& node, const Type& a, const Type& b,
                               std::vector<Op>* code);
  // A date plus or less days, in expression_dates.cc; the days' operations begin at `days_begin`.
  absl::StatusOr<Type> EmitShiftedDate(const Node& node, size_t days_begin, std::vector<Op>* code);
  absl::StatusOr<Type> EmitProduct(const Node& node, Type a, Type b, std::vector<Op>* code);
  // Tables that are called and sets of codes, in expression_tables.cc. `both` has the sides of a
  // sum.
  absl::StatusOr<Type> EmitLookUp(const Node& node, int symbol, const Variable* owner,
                                  std::vector<Op>* code);
  struct Sides {
    Type left;
    Type right;
    size_t right_begin = 0;
  };
  absl::StatusOr<Sides> EmitSides(const Node& node, int codes, std::vector<Op>* code);
  absl::StatusOr<Type> EmitSetSum(const Node& node, const Sides& sides, std::vector<Op>* code);
  absl::StatusOr<Type> EmitConditional(const Node& node, int codes, std::vector<Op>* code);
  absl::StatusOr<Type> EmitCall(const Node& node, int codes, std::vector<Op>* code);

  // Lists, in expression_lists.cc.
  absl::Status CheckPeriod(const Node& node, const ListExpression& list) const;
  absl::Status ReadList(const Node& node, ListExpression* list);
  absl::Status ReadVariant(const Node& node, ListExpression* list);
  struct BodyResult {
    CodeRange code;
    Type type;
  };
  // What a name that is not free means already, and where.
  std::string MeaningOf(absl::string_view name) const;
  absl::StatusOr<BodyResult> EmitBody(const Node& variable, const Node& body,
                                      const Aggregate& aggregate);
  absl::StatusOr<Type> EmitFoldBody(const Node& node, Aggregate* aggregate);
  // Of .min, .max, .mean and .distinct.
  absl::StatusOr<Type> EmitExtreme(const Node& node, Type body, Aggregate* aggregate) const;

  const CompileScope& scope_;
  CompiledPack& pack_;
  std::vector<Variable> variables_;
  std::vector<int> symbols_;
  int open_slots_ = 0;
  int slots_ = 0;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_EXPRESSION_WALK_H_
