#include "server/base/money.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

absl::Status Malformed() {
  return MakeError(absl::StatusCode::kInvalidArgument, "MONEY_FORMAT",
                   "an amount is written in yuan with at most two decimals, such as 1234.56");
}

absl::Status OutOfRange() {
  return MakeError(absl::StatusCode::kOutOfRange, "MONEY_RANGE",
                   "the amount is past one hundred thousand billion yuan");
}

}  // namespace

absl::StatusOr<Money> Money::Parse(absl::string_view yuan) {
  const bool negative = !yuan.empty() && yuan[0] == '-';
  if (negative) yuan.remove_prefix(1);
  const size_t point = yuan.find('.');
  const absl::string_view whole = yuan.substr(0, point);
  const absl::string_view part =
      point == absl::string_view::npos ? absl::string_view() : yuan.substr(point + 1);
  if (whole.empty() || part.size() > 2 || (part.empty() && point != absl::string_view::npos)) {
    return Malformed();
  }
  int64_t fen = 0;
  auto append = [&fen](char digit) {
    // Stops growing past the limit; the check below refuses it.
    if (fen <= kMoneyFenMax) fen = fen * 10 + (digit - '0');
  };
  for (char c : whole) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return Malformed();
    append(c);
  }
  for (char c : part) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return Malformed();
    append(c);
  }
  for (size_t i = part.size(); i < 2; ++i) append('0');
  if (fen > kMoneyFenMax) return OutOfRange();
  return FromFen(negative ? -fen : fen);
}

std::string Money::ToString() const {
  // Through unsigned, so that the smallest value has an absolute one.
  const uint64_t magnitude =
      fen_ < 0 ? uint64_t{0} - static_cast<uint64_t>(fen_) : static_cast<uint64_t>(fen_);
  const uint64_t cents = magnitude % 100;
  return absl::StrCat(fen_ < 0 ? "-" : "", magnitude / 100, cents < 10 ? ".0" : ".", cents);
}

}  // namespace hedui::base
