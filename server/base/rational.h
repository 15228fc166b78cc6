// Exact fractions over 128-bit integers. Nothing is lost before a named rounding; what does not fit
// is an overflow that the caller must handle, never a wrapped or rounded result. Value type,
// thread-compatible.
#ifndef HEDUI_SERVER_BASE_RATIONAL_H_
#define HEDUI_SERVER_BASE_RATIONAL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::base {

__extension__ typedef __int128 Int128;

// Half up (四舍五入) rounds a half away from zero, half even to the even multiple; ceiling towards
// +∞, floor towards −∞, toward zero and away from zero by the sign.
enum class Rounding : uint8_t {
  kHalfUp = 1,
  kCeiling,
  kFloor,
  kHalfEven,
  kTowardZero,
  kAwayFromZero
};

class Rational {
 public:
  constexpr Rational() = default;
  constexpr explicit Rational(int64_t integer) : numerator_(integer) {}

  // In lowest terms with a positive denominator. nullopt when `denominator` is zero or the sign
  // change of the smallest integer overflows.
  static std::optional<Rational> Make(Int128 numerator, Int128 denominator);
  // "12", "-0.25", "20%", "20 %", "3/4"; at most 18 digits on each side. INVALID_ARGUMENT
  // (RATIONAL_FORMAT).
  static absl::StatusOr<Rational> Parse(absl::string_view text);

  constexpr Int128 numerator() const { return numerator_; }
  constexpr Int128 denominator() const { return denominator_; }
  constexpr bool is_zero() const { return numerator_ == 0; }
  constexpr bool is_integer() const { return denominator_ == 1; }
  constexpr int sign() const { return numerator_ > 0 ? 1 : numerator_ < 0 ? -1 : 0; }

  // False on overflow (Divide: also for a zero divisor); `*out` is then unchanged. `out` may be an
  // operand.
  [[nodiscard]] static bool Add(const Rational& a, const Rational& b, Rational* out) {
    int64_t sum;
    if (Small(a) && Small(b) &&
        !__builtin_add_overflow(static_cast<int64_t>(a.numerator_),
                                static_cast<int64_t>(b.numerator_), &sum)) {
      *out = Rational(sum);
      return true;
    }
    return AddSlow(a, b, out);
  }
  [[nodiscard]] static bool Subtract(const Rational& a, const Rational& b, Rational* out);
  [[nodiscard]] static bool Multiply(const Rational& a, const Rational& b, Rational* out);
  [[nodiscard]] static bool Divide(const Rational& a, const Rational& b, Rational* out);
  // Negative, zero or positive; exact for all operands, never overflows.
  static int Compare(const Rational& a, const Rational& b) {
    if (a.denominator_ == b.denominator_) {
      return a.numerator_ < b.numerator_ ? -1 : a.numerator_ > b.numerator_ ? 1 : 0;
    }
    return CompareSlow(a, b);
  }
  // The multiple of `grain` (above zero) that `rounding` names. False on overflow.
  [[nodiscard]] static bool Round(const Rational& value, const Rational& grain, Rounding rounding,
                                  Rational* out);

  // "3", "-1/4": lowest terms.
  std::string ToString() const;
  // With exactly `decimals` (0 to 9) digits after the point, half up; for people to read.
  std::string ToDecimal(int decimals) const;

  friend bool operator==(const Rational& a, const Rational& b) {
    return a.numerator_ == b.numerator_ && a.denominator_ == b.denominator_;
  }

 private:
  static constexpr bool Small(const Rational& r) {
    return r.denominator_ == 1 && r.numerator_ == static_cast<int64_t>(r.numerator_);
  }
  static bool AddSlow(const Rational& a, const Rational& b, Rational* out);
  static int CompareSlow(const Rational& a, const Rational& b);

  Int128 numerator_ = 0;
  Int128 denominator_ = 1;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_RATIONAL_H_
