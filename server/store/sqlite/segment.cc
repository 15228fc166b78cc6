#include "server/store/sqlite/segment.h"

#include <cstring>

#include "server/base/status.h"
#include "server/store/bytes.h"

namespace hedui::store {
namespace {

constexpr uint8_t kSegmentVersion = 1;
constexpr size_t kEntryBytes = 16 + 4;

absl::Status Damaged() {
  return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                         "a commit's look-up segment is damaged", base::Visibility::kOperator);
}

}  // namespace

std::string EncodeSegment(uint32_t lookup_key_version, uint64_t first_row,
                          const std::vector<IndexEntry>& entries) {
  std::string segment;
  segment.reserve(9 + entries.size() * kEntryBytes);
  AppendUint<uint8_t>(&segment, kSegmentVersion);
  AppendUint<uint32_t>(&segment, lookup_key_version);
  AppendUint<uint32_t>(&segment, static_cast<uint32_t>(entries.size()));
  for (const IndexEntry& entry : entries) {
    segment.append(reinterpret_cast<const char*>(entry.digest.data()), entry.digest.size());
    AppendUint<uint32_t>(&segment, static_cast<uint32_t>(entry.row - first_row));
  }
  return segment;
}

absl::StatusOr<std::vector<IndexEntry>> DecodeSegment(absl::string_view segment,
                                                      uint64_t first_row) {
  uint8_t version = 0;
  uint32_t lookup_key_version = 0;
  uint32_t count = 0;
  if (!TakeUint(&segment, &version) || version != kSegmentVersion ||
      !TakeUint(&segment, &lookup_key_version) || !TakeUint(&segment, &count) ||
      segment.size() != count * kEntryBytes) {
    return Damaged();
  }
  std::vector<IndexEntry> entries(count);
  for (IndexEntry& entry : entries) {
    std::memcpy(entry.digest.data(), segment.data(), entry.digest.size());
    entry.row = first_row + LoadUint<uint32_t>(segment.data() + entry.digest.size());
    segment.remove_prefix(kEntryBytes);
  }
  return entries;
}

}  // namespace hedui::store
