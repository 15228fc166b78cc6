#include "server/store/sqlite/found_rows.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/store/sealer.h"

namespace hedui::store {
namespace {

bool IsErased(const absl::Status& status) { return base::ReasonOf(status) == "MATTER_ERASED"; }

}  // namespace

absl::StatusOr<std::optional<base::Row>> OpenFoundRow(const KeyStore& keys, Reader* reader,
                                                      uint64_t row, const base::LookupKey& key) {
  HEDUI_ASSIGN_OR_RETURN(const auto stored, reader->ReadRow(row));
  const auto& [header, sealed] = stored;
  auto matter_keys = keys.MatterKey(header.matter);
  if (!matter_keys.ok()) {
    // That the keys cannot be read just now passes, and says nothing about the row.
    if (IsErased(matter_keys.status()) || absl::IsUnavailable(matter_keys.status())) {
      return matter_keys.status();
    }
    return base::MakeError(
        absl::StatusCode::kDataLoss, "KEYS_MISSING",
        absl::StrCat("row ", row, " cannot be opened: ", matter_keys.status().message()),
        base::Visibility::kOperator);
  }
  HEDUI_ASSIGN_OR_RETURN(base::Row opened, OpenRow(**matter_keys, header, sealed));
  if (std::find(opened.keys.begin(), opened.keys.end(), key) == opened.keys.end())
    return std::nullopt;
  return opened;
}

absl::StatusOr<std::vector<base::Row>> OpenFoundRows(const KeyStore& keys, Reader* reader,
                                                     const std::vector<uint64_t>& rows,
                                                     const base::LookupKey& key, size_t limit) {
  std::vector<base::Row> result;
  absl::Status erased;
  for (const uint64_t row : rows) {
    if (result.size() == limit) break;
    absl::StatusOr<std::optional<base::Row>> opened = OpenFoundRow(keys, reader, row, key);
    if (opened.ok()) {
      if (opened->has_value()) result.push_back(**std::move(opened));
    } else if (IsErased(opened.status())) {
      erased = opened.status();
    } else {
      return opened.status();
    }
  }
  if (result.empty() && !erased.ok()) return erased;
  return result;
}

}  // namespace hedui::store
