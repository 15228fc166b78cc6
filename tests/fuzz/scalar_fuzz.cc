// The small texts within messages and files: days, months, amounts, fractions, ids, division codes.
// What is taken is written back as the same.
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/ids.h"
#include "server/base/money.h"
#include "server/base/rational.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using testing::Gives;
  using testing::Require;
  const absl::string_view text = testing::TextOf(data, size);
  if (const auto day = base::ParseDay(text); day.ok()) {
    Require(base::FormatDay(*day) == text, "a day has one spelling");
    Require(base::CivilDayOf(base::StartOfDay(*day)) == *day, "a day begins within itself");
    const auto name = base::DivisionName("640104", *day);
    Require(!name.has_value() || !name->empty(), "a division's name is not empty");
  }
  if (const auto month = base::ParseMonth(text); month.ok()) {
    Require(base::FormatMonth(*month) == text, "a month has one spelling");
  }
  if (const auto money = base::Money::Parse(text); money.ok()) {
    Require(money->fen() <= base::kMoneyFenMax && money->fen() >= -base::kMoneyFenMax,
            "amounts keep within their limit");
    Require(Gives(base::Money::Parse(money->ToString()), *money), "an amount comes back");
  }
  if (const auto number = base::Rational::Parse(text); number.ok()) {
    Require(number->denominator() > 0, "denominators are positive");
    Require(base::Rational::Make(number->numerator(), number->denominator()) == *number,
            "fractions are in lowest terms");
    for (int decimals = 0; decimals <= 9; decimals += 3) (void)number->ToDecimal(decimals);
    (void)number->ToString();
  }
  if (const auto id = base::Uuid::Parse(text); id.ok()) {
    Require(Gives(base::Uuid::Parse(id->ToString()), *id), "an id comes back");
    Require(Gives(base::Uuid::FromBytes(id->ToBytes()), *id), "an id comes back from its bytes");
  }
  if (const auto level = base::DivisionLevel(text); level.has_value()) {
    const auto parent = base::DivisionParent(text);
    Require(parent.has_value() == (*level != base::Level::kMinistry),
            "all but the nation lie in one");
    if (parent) Require(base::DivisionContains(*parent, text), "a division lies in its parent");
    (void)base::DivisionFullName(text, absl::CivilDay(2025, 3, 3));
  }
  return 0;
}
