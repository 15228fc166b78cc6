#include "server/base/rational.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

__extension__ typedef unsigned __int128 Uint128;

constexpr Int128 kMin = static_cast<Int128>(Uint128{1} << 127);
constexpr int kDigitsMax = 18;

Uint128 Magnitude(Int128 value) {
  return value < 0 ? Uint128{0} - static_cast<Uint128>(value) : static_cast<Uint128>(value);
}

Uint128 Gcd(Uint128 a, Uint128 b) {
  while (b != 0) {
    // 64-bit remainders are some ten times as fast; most operands are there at once.
    if ((a >> 64) == 0 && (b >> 64) == 0) {
      uint64_t x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
      while (y != 0) {
        const uint64_t r = x % y;
        x = y;
        y = r;
      }
      return x;
    }
    const Uint128 r = a % b;
    a = b;
    b = r;
  }
  return a;
}

// Towards −∞; the divisor is above zero.
Int128 FloorDivide(Int128 a, Int128 b) {
  const Int128 q = a / b;
  return (a % b != 0 && a < 0) ? q - 1 : q;
}

std::string Digits(Uint128 value) {
  std::string text;
  do {
    text.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

absl::Status Malformed() {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "RATIONAL_FORMAT",
      "a number is written as 12, -0.25, 20% or 3/4, with at most 18 digits on each side");
}

// Digits with an optional point; false when malformed.
bool ParseDecimal(absl::string_view text, Int128* numerator, Int128* denominator) {
  *numerator = 0;
  *denominator = 1;
  int before = 0, after = 0;
  bool point = false;
  for (char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
    (point ? after : before)++;
    if (before > kDigitsMax || after > kDigitsMax) return false;
    *numerator = *numerator * 10 + (c - '0');
    if (point) *denominator *= 10;
  }
  return before > 0 && (!point || after > 0);
}

}  // namespace

std::optional<Rational> Rational::Make(Int128 numerator, Int128 denominator) {
  if (denominator == 0 || numerator == kMin || denominator == kMin) return std::nullopt;
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  Rational result;
  result.numerator_ = numerator;
  result.denominator_ = denominator;
  if (denominator != 1) {
    const Int128 g = static_cast<Int128>(Gcd(Magnitude(numerator), Magnitude(denominator)));
    if (g > 1) {
      result.numerator_ /= g;
      result.denominator_ /= g;
    }
  }
  return result;
}

absl::StatusOr<Rational> Rational::Parse(absl::string_view text) {
  Int128 scale = 1;
  if (!text.empty() && text.back() == '%') {
    text.remove_suffix(1);
    text = absl::StripTrailingAsciiWhitespace(text);
    scale = 100;
  }
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  Int128 numerator, denominator;
  const size_t slash = text.find('/');
  if (slash != absl::string_view::npos) {
    Int128 top, bottom, one;
    if (!ParseDecimal(text.substr(0, slash), &top, &one) || one != 1 ||
        !ParseDecimal(text.substr(slash + 1), &bottom, &one) || one != 1 || bottom == 0) {
      return Malformed();
    }
    numerator = top;
    denominator = bottom;
  } else if (!ParseDecimal(text, &numerator, &denominator)) {
    return Malformed();
  }
  // At most 36 digits above and 20 below: both fit 127 bits.
  const std::optional<Rational> result =
      Make(negative ? -numerator : numerator, denominator * scale);
  if (!result) return Malformed();
  return *result;
}

bool Rational::AddSlow(const Rational& a, const Rational& b, Rational* out) {
  // a/b + c/d over the least common denominator keeps the intermediate results small.
  const Int128 g = static_cast<Int128>(Gcd(Magnitude(a.denominator_), Magnitude(b.denominator_)));
  const Int128 a_scale = b.denominator_ / g, b_scale = a.denominator_ / g;
  Int128 left, right, numerator, denominator;
  if (__builtin_mul_overflow(a.numerator_, a_scale, &left) ||
      __builtin_mul_overflow(b.numerator_, b_scale, &right) ||
      __builtin_add_overflow(left, right, &numerator) ||
      __builtin_mul_overflow(a.denominator_, a_scale, &denominator)) {
    return false;
  }
  const std::optional<Rational> result = Make(numerator, denominator);
  if (!result) return false;
  *out = *result;
  return true;
}

bool Rational::Subtract(const Rational& a, const Rational& b, Rational* out) {
  if (b.numerator_ == kMin) return false;
  Rational negated = b;
  negated.numerator_ = -negated.numerator_;
  return Add(a, negated, out);
}

bool Rational::Multiply(const Rational& a, const Rational& b, Rational* out) {
  int64_t product;
  if (Small(a) && Small(b) &&
      !__builtin_mul_overflow(static_cast<int64_t>(a.numerator_),
                              static_cast<int64_t>(b.numerator_), &product)) {
    *out = Rational(product);
    return true;
  }
  // Cancel crosswise first: both operands are in lowest terms, so the result is too.
  const Int128 g1 = static_cast<Int128>(Gcd(Magnitude(a.numerator_), Magnitude(b.denominator_)));
  const Int128 g2 = static_cast<Int128>(Gcd(Magnitude(b.numerator_), Magnitude(a.denominator_)));
  Int128 numerator, denominator;
  if (__builtin_mul_overflow(a.numerator_ / g1, b.numerator_ / g2, &numerator) ||
      __builtin_mul_overflow(a.denominator_ / g2, b.denominator_ / g1, &denominator)) {
    return false;
  }
  const std::optional<Rational> result = Make(numerator, denominator);
  if (!result) return false;
  *out = *result;
  return true;
}

bool Rational::Divide(const Rational& a, const Rational& b, Rational* out) {
  if (b.numerator_ == 0) return false;
  const std::optional<Rational> inverse = Make(b.denominator_, b.numerator_);
  return inverse && Multiply(a, *inverse, out);
}

int Rational::CompareSlow(const Rational& a, const Rational& b) {
  // Cross products where they fit; otherwise digit by digit of the continued fractions, which never
  // grow.
  Int128 left, right;
  if (!__builtin_mul_overflow(a.numerator_, b.denominator_, &left) &&
      !__builtin_mul_overflow(b.numerator_, a.denominator_, &right)) {
    return left < right ? -1 : left > right ? 1 : 0;
  }
  Int128 an = a.numerator_, ad = a.denominator_, bn = b.numerator_, bd = b.denominator_;
  int direction = 1;
  while (true) {
    const Int128 aq = FloorDivide(an, ad), bq = FloorDivide(bn, bd);
    if (aq != bq) return (aq < bq ? -1 : 1) * direction;
    an -= aq * ad;
    bn -= bq * bd;
    if (an == 0 || bn == 0) return (an == bn ? 0 : an == 0 ? -1 : 1) * direction;
    // Comparing the remainders an/ad and bn/bd is comparing the inverses the other way round.
    std::swap(an, ad);
    std::swap(bn, bd);
    direction = -direction;
  }
}

bool Rational::Round(const Rational& value, const Rational& grain, Rounding rounding,
                     Rational* out) {
  Rational quotient;
  if (grain.sign() <= 0 || !Divide(value, grain, &quotient)) return false;
  Int128 whole = FloorDivide(quotient.numerator_, quotient.denominator_);
  const Int128 rest = quotient.numerator_ - whole * quotient.denominator_;  // in [0, denominator)
  if (rest != 0) {
    switch (rounding) {
      case Rounding::kFloor:
        break;
      case Rounding::kCeiling:
        ++whole;
        break;
      case Rounding::kHalfUp: {
        const Int128 other = quotient.denominator_ - rest;
        if (rest > other || (rest == other && quotient.numerator_ > 0)) ++whole;
        break;
      }
      case Rounding::kHalfEven: {
        const Int128 other = quotient.denominator_ - rest;
        if (rest > other || (rest == other && whole % 2 != 0)) ++whole;
        break;
      }
      case Rounding::kTowardZero:
        if (quotient.numerator_ < 0) ++whole;
        break;
      case Rounding::kAwayFromZero:
        if (quotient.numerator_ > 0) ++whole;
        break;
    }
  }
  Rational rounded;
  rounded.numerator_ = whole;
  return Multiply(rounded, grain, out);
}

std::string Rational::ToString() const {
  std::string text = numerator_ < 0 ? "-" : "";
  text += Digits(Magnitude(numerator_));
  if (denominator_ != 1) absl::StrAppend(&text, "/", Digits(Magnitude(denominator_)));
  return text;
}

std::string Rational::ToDecimal(int decimals) const {
  decimals = std::clamp(decimals, 0, 9);
  const Uint128 magnitude = Magnitude(numerator_), denominator = Magnitude(denominator_);
  Uint128 whole = magnitude / denominator, rest = magnitude % denominator;
  Uint128 part = 0;
  for (int i = 0; i < decimals; ++i) {
    // `rest` is below a denominator of at most 127 bits: times ten may not fit, so long division by
    // adding.
    Uint128 digit = 0, next = 0;
    for (int k = 0; k < 10; ++k) {
      if (next >= denominator - rest) {
        next -= denominator - rest;
        ++digit;
      } else {
        next += rest;
      }
    }
    part = part * 10 + digit;
    rest = next;
  }
  if (rest != 0 && rest >= denominator - rest) {
    Uint128 limit = 1;
    for (int i = 0; i < decimals; ++i) limit *= 10;
    if (++part == limit) {
      part = 0;
      ++whole;
    }
  }
  std::string text = numerator_ < 0 && (whole != 0 || part != 0) ? "-" : "";
  text += Digits(whole);
  if (decimals > 0) {
    const std::string fraction = Digits(part);
    absl::StrAppend(&text, ".", std::string(static_cast<size_t>(decimals) - fraction.size(), '0'),
                    fraction);
  }
  return text;
}

}  // namespace hedui::base
