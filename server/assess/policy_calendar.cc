// Which days are working days.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/policy_link.h"
#include "server/base/dates.h"

namespace hedui::assess {
namespace {

std::string Listed(const std::vector<Located>& days) {
  return absl::StrJoin(
      days, ", ", [](std::string* out, const Located& day) { absl::StrAppend(out, day.text); });
}

}  // namespace

std::vector<int32_t> PolicyLink::LinkCalendarDays(const SourceFile& file, const DayRange& days,
                                                  const std::vector<Located>& texts) {
  std::vector<int32_t> linked;
  for (const Located& text : texts) {
    const auto day = base::ParseDay(text.text);
    if (!day.ok()) {
      Find(file, text.line, "BAD_DATE",
           absl::StrCat("\"", text.text, "\" is not a day such as 2025-03-03"));
    } else if (!days.Contains(DayNumber(*day))) {
      Find(file, text.line, "BAD_VALUE",
           absl::StrCat(text.text, " is none of the days that the row speaks of"));
    } else {
      linked.push_back(DayNumber(*day));
    }
  }
  std::sort(linked.begin(), linked.end());
  return linked;
}

void PolicyLink::LinkCalendar(size_t f, const SourceCalendarRow& source) {
  const SourceFile& file = *sources_[f];
  CalendarRow row;
  row.days = source.row.in_force;
  row.assumed = source.row.assumed;
  row.off = LinkCalendarDays(file, row.days, source.off);
  row.work = LinkCalendarDays(file, row.days, source.work);
  for (int32_t day : row.off) {
    if (!std::binary_search(row.work.begin(), row.work.end(), day)) continue;
    Find(file, source.row.line, "BAD_VALUE",
         absl::StrCat(base::FormatDay(DayOfNumber(day)), " is both off and a working day"));
  }
  row.info = AddInfo(f, source.row, "calendar", "工作日历",
                     absl::StrCat("off ", Listed(source.off), "; work ", Listed(source.work)));
  Division& division = DivisionOf(f);
  for (int32_t other : division.own_calendar) {
    const DayRange& days = pack_->calendar[static_cast<size_t>(other)].days;
    if (days.from < row.days.to && row.days.from < days.to) {
      Find(file, source.row.line, "PERIOD_OVERLAP",
           "speaks of days that another row of this level speaks of");
    }
  }
  division.own_calendar.push_back(static_cast<int32_t>(pack_->calendar.size()));
  pack_->calendar.push_back(std::move(row));
}

}  // namespace hedui::assess
