// Abstract values: everything a quantity can still be. Numbers and days are closed intervals with
// infinite ends, truths and codes are sets of what is possible. Operations are sound: the exact
// result of any exact operands within the abstract ones lies within the abstract result. Points
// take a fast path.
//
// Plain values without allocation, thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_VALUE_H_
#define HEDUI_SERVER_ASSESS_VALUE_H_

#include <cstdint>
#include <vector>

#include "server/base/rational.h"

namespace hedui::assess {

// What a value that is not exact waits for: an index into BlameSet, 0 for nothing.
// Of a person's mask: somebody whom the case does not list.
inline constexpr uint64_t kSomebodyElse = uint64_t{1} << 63;

using BlameId = uint32_t;

enum MarkBits : uint8_t {
  kMarkPresumed = 1,
  kMarkAssumed = 2,
  kMarkManual = 4,
  kMarkDeclared = 8,
  // Rests on a list that was taken for complete although its evidence does not prove it. The only
  // mark that says something of the value itself: it may be exact and yet not what an answer still
  // missing would give. So such a value keeps its blame, and what is decided by it is not robust.
  kMarkUnproven = 16,
  // Says what is known so far (surely, possibly, closed): another answer may turn it. It is treated
  // as kMarkUnproven is, wherever that says something.
  kMarkPreliminary = 32,
};
inline constexpr uint8_t kMarksUnsettled = kMarkUnproven | kMarkPreliminary;

// In the mask of a number or date: surely without a value, not only perhaps (Value::undefined).
inline constexpr uint64_t kNoValue = 1;

// Truths are sets of two: kMayBeFalse, kMayBeTrue, or both.
inline constexpr uint64_t kMayBeFalse = 1;
inline constexpr uint64_t kMayBeTrue = 2;
inline constexpr uint64_t kMayBeEither = 3;

struct Value {
  // Numbers (money in fen), days since 1970-01-01, months since year 0; periods have `lo` and `hi`
  // as [from, to) when both are finite and are unknown otherwise.
  base::Rational lo;
  base::Rational hi;
  // Truths; codes as bits of their code list; texts and persons as an index plus one. Of numbers
  // and dates: kNoValue or 0.
  uint64_t mask = 0;
  BlameId blame = 0;  // 0 when exact and proven
  bool lo_infinite = false;
  bool hi_infinite = false;
  bool undefined = false;  // may have no value at all: divided by zero; sets of codes: not known
  uint8_t marks = 0;

  bool IsPoint() const { return !lo_infinite && !hi_infinite && !undefined && lo == hi; }
  // Unproven or preliminary: it may be exact and yet come out otherwise.
  bool unproven() const { return (marks & kMarksUnsettled) != 0; }
  bool valueless() const { return undefined && (mask & kNoValue) != 0; }
};

// One small thing that is known and proven, for the fast path: n / d in lowest terms with d > 0,
// the bits of a mask in n, or a period's first day in n and the first after it in d. What it is,
// the operation that reads it knows.
struct Exact {
  int64_t n = 0;
  int64_t d = 1;
  uint8_t marks = 0;
  bool known = false;
};

// Days, months and counts are whole.
inline int64_t WholeOf(const base::Rational& number) {
  return static_cast<int64_t>(number.numerator());
}

inline Value Point(const base::Rational& number) {
  Value v;
  v.lo = number;
  v.hi = number;
  return v;
}
Value Anything(BlameId blame);  // the unbounded number
inline Value TruthOf(bool truth) {
  Value v;
  v.mask = truth ? kMayBeTrue : kMayBeFalse;
  return v;
}
// One thing that is known: not the last bit, which stands for any other than those that have one.
inline bool IsSingle(uint64_t mask) {
  return mask != 0 && mask != kSomebodyElse && (mask & (mask - 1)) == 0;
}
inline Value MaskOf(uint64_t mask, BlameId blame) {
  Value v;
  v.mask = mask;
  v.blame = IsSingle(mask) ? 0 : blame;
  return v;
}

// Unions of blame as a growing list of pairs: joining is constant time, and points that are proven
// never touch it.
class BlameSet {
 public:
  BlameSet() { Clear(); }
  void Clear();
  // `leaf` is the engine's own number for a thing to blame.
  BlameId AddLeaf(uint32_t leaf);
  BlameId Join(BlameId a, BlameId b) {
    if (a == 0 || a == b) return b;
    if (b == 0) return a;
    nodes_.push_back({a, b});
    return static_cast<BlameId>(nodes_.size() - 1);
  }
  // A blame that is named before it is known. Until it is filled it stands for nothing.
  BlameId Reserve();
  void Fill(BlameId reserved, BlameId blame);
  // Each leaf once, ascending.
  std::vector<uint32_t> Leaves(BlameId id) const;

 private:
  static constexpr uint32_t kReserved = UINT32_MAX;
  struct Node {
    BlameId left;  // 0 for leaves
    uint32_t right_or_leaf;
  };
  std::vector<Node> nodes_;
};

// Arithmetic on one case's values. Sticky: after an overflow every result is meaningless and
// `overflow` true.
class Calculator {
 public:
  // `blame_arithmetic` is what a division by zero is blamed on. Both outlive the calculator.
  Calculator(BlameSet* blames, uint32_t arithmetic_leaf)
      : blames_(blames), arithmetic_leaf_(arithmetic_leaf) {}

  bool overflow() const { return overflow_; }
  void Clear() { overflow_ = false; }

  Value Add(const Value& a, const Value& b);
  Value Subtract(const Value& a, const Value& b);
  Value Multiply(const Value& a, const Value& b);
  Value Divide(const Value& a, const Value& b);
  Value Negate(const Value& a);
  Value Min(const Value& a, const Value& b);
  Value Max(const Value& a, const Value& b);
  Value Round(const Value& a, const base::Rational& grain, base::Rounding rounding);

  Value Less(const Value& a, const Value& b);         // a < b
  Value LessOrEqual(const Value& a, const Value& b);  // a <= b
  Value EqualNumbers(const Value& a, const Value& b);
  Value EqualMasks(const Value& a, const Value& b);  // codes, truths
  Value In(const Value& code,
           const Value& set);  // `set` is an exact set of codes, or undefined: not known
  Value Not(const Value& a);
  Value And(const Value& a, const Value& b);
  Value Or(const Value& a, const Value& b);

  // What holds both: for numbers, for masks.
  Value HullNumbers(const Value& a, const Value& b);
  Value HullMasks(const Value& a, const Value& b);
  // `condition` ? a : b, with both evaluated.
  Value SelectNumber(const Value& condition, const Value& a, const Value& b);
  Value SelectMask(const Value& condition, const Value& a, const Value& b);

  // `premise` is something that `value` rests on besides its operands: where it is unproven, so is
  // the value.
  void RestOn(uint8_t premise_marks, BlameId premise_blame, Value* value) {
    if ((premise_marks & kMarksUnsettled) == 0) return;
    value->marks |= premise_marks & kMarksUnsettled;
    value->blame = blames_->Join(value->blame, premise_blame);
  }

  // The blame that an exact result keeps: that of what is unproven.
  BlameId Kept(const Value& a, const Value& b) {
    if (((a.marks | b.marks) & kMarksUnsettled) == 0) return 0;
    return blames_->Join(a.unproven() ? a.blame : 0, b.unproven() ? b.blame : 0);
  }

 private:
  // Marks, blame and definedness of a number computed from `a` and `b`.
  void Finish(const Value& a, const Value& b, Value* v) {
    v->marks = a.marks | b.marks;
    v->undefined = v->undefined || a.undefined || b.undefined;
    v->mask |= a.mask | b.mask;
    v->blame = v->IsPoint() ? Kept(a, b) : blames_->Join(v->blame, blames_->Join(a.blame, b.blame));
  }
  Value FinishMask(uint64_t mask, const Value& a, const Value& b) {
    Value v;
    v.mask = mask;
    v.marks = a.marks | b.marks;
    v.blame = IsSingle(mask) ? Kept(a, b) : blames_->Join(a.blame, b.blame);
    return v;
  }
  Value MultiplyWide(const Value& a, const Value& b);
  Value DivideWide(const Value& a, const Value& b);
  Value Pick(const Value& a, const Value& b, bool minimum);
  Value Logic(const Value& a, const Value& b, uint64_t deciding);

  BlameSet* const blames_;
  const uint32_t arithmetic_leaf_;
  bool overflow_ = false;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_VALUE_H_
