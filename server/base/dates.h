// Civil dates. A day is a day in Asia/Shanghai (UTC+8, no daylight saving since 1991), always; a
// period is half-open. Value types, thread-compatible.
#ifndef HEDUI_SERVER_BASE_DATES_H_
#define HEDUI_SERVER_BASE_DATES_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace hedui::base {

// [from, to): `from` is in, `to` is out. A missing bound is open on that side.
struct Period {
  std::optional<absl::CivilDay> from;
  std::optional<absl::CivilDay> to;

  bool Contains(absl::CivilDay day) const;
  // True when every day of `other` lies within.
  bool Covers(const Period& other) const {
    const bool from_within = !from.has_value() || (other.from.has_value() && *other.from >= *from);
    const bool to_within = !to.has_value() || (other.to.has_value() && *other.to <= *to);
    return (from_within && to_within) || other.Empty();
  }
  bool Empty() const { return from.has_value() && to.has_value() && *from >= *to; }
  friend bool operator==(const Period&, const Period&) = default;
};

// UTC+8, fixed: the machine's own zone and zone data never enter.
absl::TimeZone ChinaZone();
absl::CivilDay CivilDayOf(absl::Time instant);
// The first instant of `day`.
absl::Time StartOfDay(absl::CivilDay day);

// "2025-03-03" only; "2025-3-3", "2025-02-30" and years outside 1800..9999 are INVALID_ARGUMENT.
absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text);
// "2025-03" only.
absl::StatusOr<absl::CivilMonth> ParseMonth(absl::string_view text);
std::string FormatDay(absl::CivilDay day);
std::string FormatDay(const std::optional<absl::CivilDay>& day);  // empty for no day
std::string FormatMonth(absl::CivilMonth month);
// "2025-03-03T08:00:00+08:00".
std::string FormatInstant(absl::Time instant);
// "2024-03-01/2025-03-01", "…/2025-03-01" with ".." for an open bound.
std::string FormatPeriod(const Period& period);
Period PeriodOfMonth(absl::CivilMonth month);

// Completed years on `day` (周岁). Someone born on 29 February completes a year on 1 March of a
// common year. Negative when `day` is before birth.
int AgeOn(absl::CivilDay birth, absl::CivilDay day);

// The same day of the month so many months later (earlier where negative), or that month's last day
// where it has no such day: one month after 31 January is the last of February.
absl::CivilDay AddMonths(absl::CivilDay day, int64_t months);
// Completed months from `from` to `to`: the most that AddMonths can add without passing `to`.
// Negative when `to` is before `from`.
int64_t MonthsBetween(absl::CivilDay from, absl::CivilDay to);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_DATES_H_
