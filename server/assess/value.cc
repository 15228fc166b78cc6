#include "server/assess/value.h"

#include <algorithm>

namespace hedui::assess {

using base::Rational;

namespace {

// An end of an interval: a number, or an infinity by its sign.
struct End {
  Rational number;
  int infinite = 0;
};

End Low(const Value& v) { return v.lo_infinite ? End{Rational(), -1} : End{v.lo, 0}; }
End High(const Value& v) { return v.hi_infinite ? End{Rational(), 1} : End{v.hi, 0}; }

int CompareEnds(const End& a, const End& b) {
  if (a.infinite != b.infinite) return a.infinite < b.infinite ? -1 : 1;
  return a.infinite != 0 ? 0 : Rational::Compare(a.number, b.number);
}

int SignOf(const End& e) { return e.infinite != 0 ? e.infinite : e.number.sign(); }

void SetLow(Value* v, const End& e) {
  v->lo_infinite = e.infinite != 0;
  v->lo = e.infinite != 0 ? Rational() : e.number;
}
void SetHigh(Value* v, const End& e) {
  v->hi_infinite = e.infinite != 0;
  v->hi = e.infinite != 0 ? Rational() : e.number;
}

// The least and the greatest of the corners that two intervals give.
class Corners {
 public:
  void Add(const End& corner) {
    if (none_ || CompareEnds(corner, low_) < 0) low_ = corner;
    if (none_ || CompareEnds(corner, high_) > 0) high_ = corner;
    none_ = false;
  }
  Value Interval() const {
    Value v;
    SetLow(&v, low_);
    SetHigh(&v, high_);
    return v;
  }

 private:
  bool none_ = true;
  End low_, high_;
};

}  // namespace

Value Anything(BlameId blame) {
  Value v;
  v.lo_infinite = true;
  v.hi_infinite = true;
  v.blame = blame;
  return v;
}

void BlameSet::Clear() {
  nodes_.clear();
  nodes_.push_back({0, 0});
}

BlameId BlameSet::AddLeaf(uint32_t leaf) {
  nodes_.push_back({0, leaf});
  return static_cast<BlameId>(nodes_.size() - 1);
}

BlameId BlameSet::Reserve() {
  nodes_.push_back({0, kReserved});
  return static_cast<BlameId>(nodes_.size() - 1);
}

void BlameSet::Fill(BlameId reserved, BlameId blame) { nodes_[reserved] = {blame, blame}; }

std::vector<uint32_t> BlameSet::Leaves(BlameId id) const {
  std::vector<uint32_t> leaves;
  if (id == 0) return leaves;
  // Shared parts are walked once, so the walk ends.
  std::vector<bool> seen(nodes_.size());
  std::vector<BlameId> open = {id};
  while (!open.empty()) {
    const BlameId current = open.back();
    open.pop_back();
    if (seen[current]) continue;
    seen[current] = true;
    const Node& node = nodes_[current];
    if (node.left == 0) {
      if (node.right_or_leaf != kReserved) leaves.push_back(node.right_or_leaf);
    } else {
      open.push_back(node.left);
      open.push_back(node.right_or_leaf);
    }
  }
  std::sort(leaves.begin(), leaves.end());
  leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
  return leaves;
}

Value Calculator::Add(const Value& a, const Value& b) {
  Value v;
  v.lo_infinite = a.lo_infinite || b.lo_infinite;
  v.hi_infinite = a.hi_infinite || b.hi_infinite;
  if (!v.lo_infinite) overflow_ |= !Rational::Add(a.lo, b.lo, &v.lo);
  if (!v.hi_infinite) overflow_ |= !Rational::Add(a.hi, b.hi, &v.hi);
  Finish(a, b, &v);
  return v;
}

Value Calculator::Negate(const Value& a) {
  Value v = a;
  v.lo_infinite = a.hi_infinite;
  v.hi_infinite = a.lo_infinite;
  v.lo = Rational();
  v.hi = Rational();
  if (!v.lo_infinite) overflow_ |= !Rational::Subtract(Rational(), a.hi, &v.lo);
  if (!v.hi_infinite) overflow_ |= !Rational::Subtract(Rational(), a.lo, &v.hi);
  return v;
}

Value Calculator::Subtract(const Value& a, const Value& b) { return Add(a, Negate(b)); }

Value Calculator::Multiply(const Value& a, const Value& b) {
  if (!a.IsPoint() || !b.IsPoint()) return MultiplyWide(a, b);
  Value v;
  overflow_ |= !Rational::Multiply(a.lo, b.lo, &v.lo);
  v.hi = v.lo;
  v.marks = a.marks | b.marks;
  v.blame = Kept(a, b);
  return v;
}

// The product's extremes are among the products of the ends; nothing times an infinite end is
// nothing, since every number below that end is finite.
Value Calculator::MultiplyWide(const Value& a, const Value& b) {
  Corners corners;
  for (const End& x : {Low(a), High(a)}) {
    for (const End& y : {Low(b), High(b)}) {
      End product;
      const int sign = SignOf(x) * SignOf(y);
      if (x.infinite != 0 || y.infinite != 0) {
        product.infinite = sign;
      } else {
        overflow_ |= !Rational::Multiply(x.number, y.number, &product.number);
      }
      corners.Add(product);
    }
  }
  Value v = corners.Interval();
  Finish(a, b, &v);
  return v;
}

Value Calculator::Divide(const Value& a, const Value& b) {
  if (!a.IsPoint() || !b.IsPoint() || b.lo.is_zero()) return DivideWide(a, b);
  Value v;
  overflow_ |= !Rational::Divide(a.lo, b.lo, &v.lo);
  v.hi = v.lo;
  v.marks = a.marks | b.marks;
  v.blame = Kept(a, b);
  return v;
}

Value Calculator::DivideWide(const Value& a, const Value& b) {
  if (SignOf(Low(b)) <= 0 && SignOf(High(b)) >= 0) {
    // Where zero is the only divisor, no answer will give the ratio a value; where it is one of
    // several, both the missing answers and the arithmetic stand in the way.
    Value v = Anything(blames_->AddLeaf(arithmetic_leaf_));
    v.undefined = true;
    if (b.IsPoint()) v.mask = kNoValue;
    Finish(a, b, &v);
    return v;
  }
  Corners corners;
  for (const End& x : {Low(a), High(a)}) {
    for (const End& y : {Low(b), High(b)}) {
      End quotient;
      if (y.infinite != 0) {
        // Finite over ever more tends to nothing. Infinite over infinite has no single limit, but
        // every value in between is reached by the other corners, which are infinite and zero.
        quotient.number = Rational();
      } else if (x.infinite != 0) {
        quotient.infinite = x.infinite * SignOf(y);
      } else {
        overflow_ |= !Rational::Divide(x.number, y.number, &quotient.number);
      }
      corners.Add(quotient);
    }
  }
  Value v = corners.Interval();
  Finish(a, b, &v);
  return v;
}

// The ends of a minimum are the minima of the ends, likewise for maxima. An operand that lies
// wholly on the losing side leaves no blame.
Value Calculator::Pick(const Value& a, const Value& b, bool minimum) {
  auto better = [minimum](const End& x, const End& y) {
    return minimum ? (CompareEnds(x, y) <= 0 ? x : y) : (CompareEnds(x, y) >= 0 ? x : y);
  };
  Value v;
  SetLow(&v, better(Low(a), Low(b)));
  SetHigh(&v, better(High(a), High(b)));
  if (!a.undefined && !b.undefined) {
    const bool a_wins =
        minimum ? CompareEnds(High(a), Low(b)) <= 0 : CompareEnds(Low(a), High(b)) >= 0;
    const bool b_wins =
        minimum ? CompareEnds(High(b), Low(a)) <= 0 : CompareEnds(Low(b), High(a)) >= 0;
    if (a_wins || b_wins) {
      const Value& winner = a_wins ? a : b;
      v.marks = a.marks | b.marks;
      v.blame = blames_->Join(v.IsPoint() ? 0 : winner.blame, Kept(a, b));
      return v;
    }
  }
  Finish(a, b, &v);
  return v;
}

Value Calculator::Min(const Value& a, const Value& b) { return Pick(a, b, true); }
Value Calculator::Max(const Value& a, const Value& b) { return Pick(a, b, false); }

Value Calculator::Round(const Value& a, const Rational& grain, base::Rounding rounding) {
  Value v = a;
  // Rounding never turns the order of two numbers, so the ends can be rounded by themselves.
  if (!a.lo_infinite) overflow_ |= !Rational::Round(a.lo, grain, rounding, &v.lo);
  if (!a.hi_infinite) overflow_ |= !Rational::Round(a.hi, grain, rounding, &v.hi);
  if (v.IsPoint() && !v.unproven()) v.blame = 0;
  return v;
}

Value Calculator::Less(const Value& a, const Value& b) {
  uint64_t mask = kMayBeEither;
  if (!a.undefined && !b.undefined) {
    if (!a.hi_infinite && !b.lo_infinite && Rational::Compare(a.hi, b.lo) < 0) mask = kMayBeTrue;
    if (!a.lo_infinite && !b.hi_infinite && Rational::Compare(a.lo, b.hi) >= 0) mask = kMayBeFalse;
  }
  return FinishMask(mask, a, b);
}

Value Calculator::LessOrEqual(const Value& a, const Value& b) { return Not(Less(b, a)); }

Value Calculator::EqualNumbers(const Value& a, const Value& b) {
  uint64_t mask = kMayBeEither;
  if (a.IsPoint() && b.IsPoint()) {
    mask = a.lo == b.lo ? kMayBeTrue : kMayBeFalse;
  } else if (!a.undefined && !b.undefined &&
             (CompareEnds(High(a), Low(b)) < 0 || CompareEnds(High(b), Low(a)) < 0)) {
    mask = kMayBeFalse;
  }
  return FinishMask(mask, a, b);
}

Value Calculator::EqualMasks(const Value& a, const Value& b) {
  uint64_t mask = 0;
  if ((a.mask & b.mask) != 0) mask |= kMayBeTrue;
  if (!IsSingle(a.mask) || !IsSingle(b.mask) || a.mask != b.mask) mask |= kMayBeFalse;
  return FinishMask(mask, a, b);
}

Value Calculator::In(const Value& code, const Value& set) {
  if (set.undefined) return FinishMask(kMayBeEither, code, set);
  uint64_t mask = 0;
  if ((code.mask & set.mask) != 0) mask |= kMayBeTrue;
  if ((code.mask & ~set.mask) != 0) mask |= kMayBeFalse;
  return FinishMask(mask, code, set);
}

Value Calculator::Not(const Value& a) {
  Value v = a;
  v.mask = ((a.mask & kMayBeTrue) != 0 ? kMayBeFalse : 0) |
           ((a.mask & kMayBeFalse) != 0 ? kMayBeTrue : 0);
  return v;
}

// One operand that is surely `deciding` (false for And, true for Or) settles it and alone is what
// the result rests on; a settled operand of the other kind leaves no blame.
Value Calculator::Logic(const Value& a, const Value& b, uint64_t deciding) {
  const bool a_decides = a.mask == deciding, b_decides = b.mask == deciding;
  if (a_decides || b_decides) {
    Value v;
    v.mask = deciding;
    v.marks = (a_decides ? a.marks : 0) | (b_decides ? b.marks : 0);
    // One that is proven suffices.
    if ((a_decides && !a.unproven()) || (b_decides && !b.unproven())) {
      v.marks &= static_cast<uint8_t>(~kMarksUnsettled);
    } else {
      v.blame = blames_->Join(a_decides ? a.blame : 0, b_decides ? b.blame : 0);
    }
    return v;
  }
  return FinishMask(a.mask | b.mask, a, b);
}

Value Calculator::And(const Value& a, const Value& b) { return Logic(a, b, kMayBeFalse); }
Value Calculator::Or(const Value& a, const Value& b) { return Logic(a, b, kMayBeTrue); }

Value Calculator::HullNumbers(const Value& a, const Value& b) {
  Value v;
  SetLow(&v, CompareEnds(Low(a), Low(b)) <= 0 ? Low(a) : Low(b));
  SetHigh(&v, CompareEnds(High(a), High(b)) >= 0 ? High(a) : High(b));
  Finish(a, b, &v);
  v.mask = a.mask & b.mask;
  return v;
}

Value Calculator::HullMasks(const Value& a, const Value& b) {
  return FinishMask(a.mask | b.mask, a, b);
}

Value Calculator::SelectNumber(const Value& condition, const Value& a, const Value& b) {
  Value v = condition.mask == kMayBeTrue    ? a
            : condition.mask == kMayBeFalse ? b
                                            : HullNumbers(a, b);
  v.marks |= condition.marks;
  if ((condition.mask == kMayBeEither && !v.IsPoint()) || condition.unproven())
    v.blame = blames_->Join(v.blame, condition.blame);
  return v;
}

Value Calculator::SelectMask(const Value& condition, const Value& a, const Value& b) {
  Value v = condition.mask == kMayBeTrue ? a : condition.mask == kMayBeFalse ? b : HullMasks(a, b);
  v.marks |= condition.marks;
  if ((condition.mask == kMayBeEither && !IsSingle(v.mask)) || condition.unproven()) {
    v.blame = blames_->Join(v.blame, condition.blame);
  }
  return v;
}

}  // namespace hedui::assess
