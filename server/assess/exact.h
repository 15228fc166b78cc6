// Arithmetic of the fast path: on small numbers, single codes and truths that are known and proven
// (Exact, value.h), with their marks. What does not fit 64 bits is left to the abstract operations.
// Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_EXACT_H_
#define HEDUI_SERVER_ASSESS_EXACT_H_

#include <cstdint>

#include "server/assess/value.h"
#include "server/base/rational.h"

namespace hedui::assess {

// Truths as they stand in `n`.
inline constexpr int64_t kExactFalse = kMayBeFalse, kExactTrue = kMayBeTrue;

inline bool FitsSmall(base::Int128 n) { return n == static_cast<int64_t>(n); }

// Lowest terms in 64 bits, or nothing.
inline bool MakeExact(base::Int128 n, base::Int128 d, uint8_t marks, Exact* out) {
  if (d == 1) {
    if (!FitsSmall(n)) return false;
    *out = {static_cast<int64_t>(n), 1, marks, true};
    return true;
  }
  const auto lowest = base::Rational::Make(n, d);
  if (!lowest || !FitsSmall(lowest->numerator()) || !FitsSmall(lowest->denominator())) return false;
  *out = {static_cast<int64_t>(lowest->numerator()), static_cast<int64_t>(lowest->denominator()),
          marks, true};
  return true;
}

inline Exact TruthExact(bool truth, uint8_t marks) {
  return {truth ? kExactTrue : kExactFalse, 1, marks, true};
}

inline uint8_t MarksOf(const Exact& a, const Exact& b) { return a.marks | b.marks; }

inline int CompareExact(const Exact& a, const Exact& b) {
  if (a.d == b.d) return a.n < b.n ? -1 : a.n > b.n ? 1 : 0;
  const base::Int128 left = base::Int128{a.n} * b.d, right = base::Int128{b.n} * a.d;
  return left < right ? -1 : left > right ? 1 : 0;
}

inline bool AddExact(const Exact& a, const Exact& b, Exact* out) {
  int64_t sum;
  if (a.d == 1 && b.d == 1 && !__builtin_add_overflow(a.n, b.n, &sum)) {
    *out = {sum, 1, MarksOf(a, b), true};
    return true;
  }
  // Two products of 63 bits each, and their sum, fit.
  return MakeExact(base::Int128{a.n} * b.d + base::Int128{b.n} * a.d, base::Int128{a.d} * b.d,
                   MarksOf(a, b), out);
}

// Sides that surely decide are all that the result rests on.
inline Exact LogicExact(const Exact& a, const Exact& b, int64_t deciding) {
  const bool a_decides = a.n == deciding, b_decides = b.n == deciding;
  if (!a_decides && !b_decides) return {a.n, 1, MarksOf(a, b), true};
  return {deciding, 1, static_cast<uint8_t>((a_decides ? a.marks : 0) | (b_decides ? b.marks : 0)),
          true};
}

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_EXACT_H_
