#include "server/base/division_table.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/division.h"
#include "server/base/status.h"

namespace hedui::base {

// Generated at build time from division_table.tsv and division_changes.tsv.
extern const char* const kDivisionTableLines[];
extern const size_t kDivisionTableLinesSize;
extern const char* const kDivisionChangeLines[];
extern const size_t kDivisionChangeLinesSize;

namespace {

constexpr size_t kTableColumns = 4;
constexpr size_t kChangeColumns = 5;

absl::Status Defect(absl::string_view line, absl::string_view why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "DIVISION_TABLE",
                   absl::StrCat("division table, row \"", line, "\": ", why),
                   Visibility::kOperator);
}

bool SaysNothing(absl::string_view line) { return line.empty() || line.front() == '#'; }

}  // namespace

absl::StatusOr<DivisionTable::Row> DivisionTable::ParseRow(absl::string_view line, size_t columns) {
  const std::vector<std::string> cells = absl::StrSplit(line, '\t');
  if (cells.size() != columns) return Defect(line, absl::StrCat(columns, " columns are expected"));
  Row row{cells[0], cells[1], {}};
  if (!DivisionLevel(row.code).has_value()) return Defect(line, "malformed code");
  if (row.name.empty()) return Defect(line, "no name");
  const auto from = ParseDay(cells[2]);
  if (!from.ok()) return Defect(line, "malformed from");
  row.in_force.from = *from;
  if (!cells[3].empty()) {
    const auto to = ParseDay(cells[3]);
    if (!to.ok()) return Defect(line, "malformed to");
    row.in_force.to = *to;
  }
  if (row.in_force.Empty()) return Defect(line, "ends before it begins");
  if (columns == kChangeColumns && cells[4].empty()) return Defect(line, "no citation");
  return row;
}

absl::StatusOr<DivisionTable> DivisionTable::Parse(absl::Span<const char* const> table,
                                                   absl::Span<const char* const> changes) {
  const auto before = [](const Row& a, const Row& b) {
    return std::tie(a.code, *a.in_force.from) < std::tie(b.code, *b.in_force.from);
  };
  std::vector<Row> rows;
  rows.reserve(table.size());
  for (const absl::string_view line : table) {
    if (SaysNothing(line)) continue;
    HEDUI_ASSIGN_OR_RETURN(Row row, ParseRow(line, kTableColumns));
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), before);
  const size_t table_rows = rows.size();
  for (const absl::string_view line : changes) {
    if (SaysNothing(line)) continue;
    HEDUI_ASSIGN_OR_RETURN(Row row, ParseRow(line, kChangeColumns));
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(table_rows);
    const auto same = std::lower_bound(rows.begin(), end, row, before);
    if (same != end && !before(row, *same)) {
      *same = std::move(row);
    } else {
      rows.push_back(std::move(row));
    }
  }
  std::sort(rows.begin(), rows.end(), before);
  for (size_t i = 1; i < rows.size(); ++i) {
    const Row& earlier = rows[i - 1];
    if (earlier.code == rows[i].code &&
        (!earlier.in_force.to.has_value() || *earlier.in_force.to > *rows[i].in_force.from)) {
      return Defect(absl::StrCat(rows[i].code, " ", rows[i].name),
                    absl::StrCat("begins while ", earlier.name, " is in force"));
    }
  }
  return DivisionTable(std::move(rows));
}

const DivisionTable& DivisionTable::National() {
  static const DivisionTable* const table = [] {
    auto parsed = Parse({kDivisionTableLines, kDivisionTableLinesSize},
                        {kDivisionChangeLines, kDivisionChangeLinesSize});
    if (!parsed.ok()) {
      // Compiled in, and read by the tests: a defect here is ours.
      std::fprintf(stderr, "%s\n", std::string(parsed.status().message()).c_str());
      std::abort();
    }
    return new DivisionTable(*std::move(parsed));
  }();
  return *table;
}

std::optional<absl::string_view> DivisionTable::NameOn(absl::string_view code,
                                                       absl::CivilDay day) const {
  // The last row that begins on or before `day`.
  auto row = std::upper_bound(rows_.begin(), rows_.end(), code,
                              [day](absl::string_view wanted, const Row& candidate) {
                                if (wanted != candidate.code) return wanted < candidate.code;
                                return day < *candidate.in_force.from;
                              });
  if (row == rows_.begin()) return std::nullopt;
  --row;
  if (row->code != code || !row->in_force.Contains(day)) return std::nullopt;
  return row->name;
}

}  // namespace hedui::base
