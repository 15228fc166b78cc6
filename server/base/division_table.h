// The dated table behind division.h. Immutable after Parse, thread-safe; some 4,000 rows.
#ifndef HEDUI_SERVER_BASE_DIVISION_TABLE_H_
#define HEDUI_SERVER_BASE_DIVISION_TABLE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "server/base/dates.h"

namespace hedui::base {

class DivisionTable {
 public:
  // Lines "code<TAB>name<TAB>from<TAB>to"; those of `changes` have a citation besides and replace
  // the row of the same code and day. Lines that are empty or begin with '#' say nothing.
  // INVALID_ARGUMENT (reason DIVISION_TABLE) names the line: a column too few, a malformed code or
  // day, an empty period, a row without citation, two rows of one code that overlap.
  static absl::StatusOr<DivisionTable> Parse(absl::Span<const char* const> table,
                                             absl::Span<const char* const> changes);

  // Built from the two files of this folder; parsed on first use.
  static const DivisionTable& National();

  // nullopt when the code has no name on `day`. The view lives as long as the table.
  std::optional<absl::string_view> NameOn(absl::string_view code, absl::CivilDay day) const;
  size_t size() const { return rows_.size(); }

 private:
  struct Row {
    std::string code;
    std::string name;
    Period in_force;
  };

  explicit DivisionTable(std::vector<Row> rows) : rows_(std::move(rows)) {}
  static absl::StatusOr<Row> ParseRow(absl::string_view line, size_t columns);

  std::vector<Row> rows_;  // by code, then by the period's start
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_DIVISION_TABLE_H_
