#include "server/base/dates.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

constexpr int kYearMin = 1800;
constexpr int kYearMax = 9999;

// The number written by exactly `size` digits at `offset`, or -1.
int DigitsAt(absl::string_view text, size_t offset, size_t size) {
  int value = 0;
  for (size_t i = offset; i < offset + size; ++i) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// A report has hundreds of days in it, all of them in these years.
bool HasFourDigits(absl::civil_year_t year) { return year >= 0 && year <= 9999; }

void WriteDigits(int value, int size, char* out) {
  for (int i = size - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

std::string Bound(const std::optional<absl::CivilDay>& day) {
  return day.has_value() ? FormatDay(*day) : "..";
}

}  // namespace

bool Period::Contains(absl::CivilDay day) const {
  return !(from.has_value() && day < *from) && !(to.has_value() && day >= *to);
}

absl::TimeZone ChinaZone() {
  static const absl::TimeZone zone = absl::FixedTimeZone(8 * 60 * 60);
  return zone;
}

absl::CivilDay CivilDayOf(absl::Time instant) { return absl::ToCivilDay(instant, ChinaZone()); }

absl::Time StartOfDay(absl::CivilDay day) { return absl::FromCivil(day, ChinaZone()); }

absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text) {
  const auto bad = [] {
    return MakeError(absl::StatusCode::kInvalidArgument, "DATE_FORMAT",
                     "a day is written YYYY-MM-DD and must exist, from 1800 to 9999");
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return bad();
  const int year = DigitsAt(text, 0, 4);
  const int month = DigitsAt(text, 5, 2);
  const int day = DigitsAt(text, 8, 2);
  if (year < kYearMin || year > kYearMax || month < 1 || day < 1) return bad();
  // CivilDay carries what overflows into the next field, which tells 30 February apart.
  const absl::CivilDay result(year, month, day);
  if (result.year() != year || result.month() != month || result.day() != day) return bad();
  return result;
}

absl::StatusOr<absl::CivilMonth> ParseMonth(absl::string_view text) {
  const int year = text.size() == 7 && text[4] == '-' ? DigitsAt(text, 0, 4) : -1;
  const int month = year < 0 ? -1 : DigitsAt(text, 5, 2);
  if (year < kYearMin || year > kYearMax || month < 1 || month > 12) {
    return MakeError(absl::StatusCode::kInvalidArgument, "MONTH_FORMAT",
                     "a month is written YYYY-MM, from 1800 to 9999");
  }
  return absl::CivilMonth(year, month);
}

std::string FormatDay(absl::CivilDay day) {
  if (!HasFourDigits(day.year())) {
    return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
  }
  char text[] = "0000-00-00";
  WriteDigits(static_cast<int>(day.year()), 4, text);
  WriteDigits(day.month(), 2, text + 5);
  WriteDigits(day.day(), 2, text + 8);
  return std::string(text, 10);
}

std::string FormatDay(const std::optional<absl::CivilDay>& day) {
  return day.has_value() ? FormatDay(*day) : std::string();
}

std::string FormatMonth(absl::CivilMonth month) {
  if (!HasFourDigits(month.year())) {
    return absl::StrFormat("%04d-%02d", month.year(), month.month());
  }
  char text[] = "0000-00";
  WriteDigits(static_cast<int>(month.year()), 4, text);
  WriteDigits(month.month(), 2, text + 5);
  return std::string(text, 7);
}

std::string FormatInstant(absl::Time instant) {
  const absl::CivilSecond at = absl::ToCivilSecond(instant, ChinaZone());
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d+08:00", at.year(), at.month(), at.day(),
                         at.hour(), at.minute(), at.second());
}

std::string FormatPeriod(const Period& period) {
  return absl::StrCat(Bound(period.from), "/", Bound(period.to));
}

Period PeriodOfMonth(absl::CivilMonth month) {
  return Period{absl::CivilDay(month), absl::CivilDay(month + 1)};
}

int AgeOn(absl::CivilDay birth, absl::CivilDay day) {
  const int years = static_cast<int>(day.year() - birth.year());
  const bool birthday_reached =
      day.month() > birth.month() || (day.month() == birth.month() && day.day() >= birth.day());
  return birthday_reached ? years : years - 1;
}

absl::CivilDay AddMonths(absl::CivilDay day, int64_t months) {
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return std::min(last, absl::CivilDay(month) + (day.day() - 1));
}

int64_t MonthsBetween(absl::CivilDay from, absl::CivilDay to) {
  const int64_t months = absl::CivilMonth(to) - absl::CivilMonth(from);
  return AddMonths(from, months) > to ? months - 1 : months;
}

}  // namespace hedui::base
