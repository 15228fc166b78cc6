#include "tests/bench/output.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hedui::bench {
namespace {

// Four significant digits: medians on a shared machine carry no more.
std::string Number(double value) {
  if (!std::isfinite(value)) return "null";
  const double magnitude = std::fabs(value);
  if (magnitude >= 1000) return absl::StrFormat("%.0f", value);
  return absl::StrFormat("%.4g", value);
}

std::string JsonNumber(std::optional<double> value) { return value ? Number(*value) : "null"; }

std::string JsonText(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string Cell(std::optional<double> value) { return value ? Number(*value) : "-"; }

std::string TargetCell(const Row& row) {
  if (!row.target) return "-";
  return absl::StrCat(row.aim == Aim::kAtLeast ? ">= " : "<= ", Number(*row.target));
}

}  // namespace

std::string FormatJson(const std::vector<Row>& rows) {
  std::string out = "[";
  const char* separator = "\n";
  for (const Row& row : rows) {
    const std::optional<bool> met = row.Met();
    absl::StrAppend(&out, separator, "  {\"name\": ", JsonText(row.name),
                    ", \"value\": ", Number(row.value), ", \"unit\": ", JsonText(row.unit),
                    ", \"floor\": ", JsonNumber(row.floor), ", \"ratio\": ", JsonNumber(row.ratio),
                    ", \"target\": ", JsonNumber(row.target),
                    ", \"met\": ", !met ? "null" : (*met ? "true" : "false"),
                    ", \"setup\": ", JsonText(row.setup), "}");
    separator = ",\n";
  }
  return out + "\n]\n";
}

std::string FormatTable(const std::vector<Row>& rows) {
  size_t width = 4;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  const int columns = static_cast<int>(width);
  std::string out = absl::StrFormat("%-*s %10s %-7s %10s %8s %10s %s\n", columns, "name", "value",
                                    "unit", "floor", "ratio", "target", "met");
  for (const Row& row : rows) {
    const std::optional<bool> met = row.Met();
    absl::StrAppendFormat(&out, "%-*s %10s %-7s %10s %8s %10s %s\n", columns, row.name,
                          Number(row.value), row.unit, Cell(row.floor), Cell(row.ratio),
                          TargetCell(row), !met ? "-" : (*met ? "yes" : "NO"));
    if (!row.setup.empty()) absl::StrAppend(&out, "    ", row.setup, "\n");
  }
  return out;
}

}  // namespace hedui::bench
