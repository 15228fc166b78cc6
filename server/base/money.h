// Exact money: whole fen (分, 1/100 yuan) in 64 bits. No floating point touches it. What needs
// fractions of a fen computes on base::Rational and rounds by a named rounding. Value type,
// thread-compatible.
#ifndef HEDUI_SERVER_BASE_MONEY_H_
#define HEDUI_SERVER_BASE_MONEY_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::base {

// Amounts past this are refused at every reader: one hundred thousand billion yuan; sums of 64 of
// them still fit in 64 bits.
inline constexpr int64_t kMoneyFenMax = 10'000'000'000'000'000;

class Money {
 public:
  constexpr Money() = default;
  static constexpr Money FromFen(int64_t fen) { return Money(fen); }
  // "1234", "-1234.5", "1234.56": at most two decimals, no sign "+", no grouping, no exponent, no
  // blanks. INVALID_ARGUMENT (MONEY_FORMAT) or OUT_OF_RANGE (MONEY_RANGE, past kMoneyFenMax either
  // way).
  static absl::StatusOr<Money> Parse(absl::string_view yuan);

  constexpr int64_t fen() const { return fen_; }
  // "1234.56", always two decimals, "-" before negatives.
  std::string ToString() const;
  friend constexpr auto operator<=>(const Money&, const Money&) = default;

 private:
  constexpr explicit Money(int64_t fen) : fen_(fen) {}
  int64_t fen_ = 0;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_MONEY_H_
