#include "server/report/kept_rows.h"

#include "absl/container/flat_hash_map.h"

namespace hedui::report {
namespace {

struct Kept {
  // Holds the row, so that no other is ever found where this one lay.
  assess::Shared<assess::PolicyRow> row;
  std::string line;
};

}  // namespace

std::string* KeptRowLine(const assess::Shared<assess::PolicyRow>& row) {
  thread_local absl::flat_hash_map<const assess::PolicyRow*, Kept> rows;
  if (rows.size() >= kKeptRowsMax) rows.clear();
  Kept& kept = rows[&*row];
  if (kept.line.empty()) kept.row = row;
  return &kept.line;
}

}  // namespace hedui::report
