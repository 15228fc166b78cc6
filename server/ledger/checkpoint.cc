#include "server/ledger/checkpoint.h"

#include <charconv>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/status.h"
#include "server/ledger/codec.h"

namespace hedui::ledger {
namespace {

constexpr absl::string_view kTimeLine = "hedui-time ";

absl::Status Bad(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "CHECKPOINT_FORMAT",
                         absl::StrCat("checkpoint: ", what));
}

// Decimal without sign or leading zeros, at most `max`.
bool ReadDecimal(absl::string_view text, uint64_t max, uint64_t* value) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, *value);
  return result.ec == std::errc() && result.ptr == end && *value <= max;
}

}  // namespace

absl::Status CheckOrigin(absl::string_view origin) {
  bool good = !origin.empty() && origin.size() <= kOriginBytesMax &&
              (absl::ascii_islower(origin[0]) || absl::ascii_isdigit(origin[0]));
  for (char c : origin) {
    good = good && (absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '_' ||
                    c == '-' || c == '/');
  }
  if (good) return absl::OkStatus();
  return base::MakeError(
      absl::StatusCode::kInvalidArgument, "LOG_ORIGIN",
      absl::StrCat("a log's origin is 1 to ", kOriginBytesMax,
                   " lower-case letters, digits and ._-/, beginning with a letter or "
                   "digit, such as example.cn/hedui/1"));
}

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  return absl::StrCat(checkpoint.origin, "\n", checkpoint.size, "\n",
                      base::Base64Encode(HashView(checkpoint.root)), "\n", kTimeLine,
                      absl::ToUnixMillis(checkpoint.time), "\n");
}

absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  // The last newline leaves an empty piece behind it.
  if (lines.size() != 5 || !lines[4].empty()) return Bad("not exactly four lines");
  Checkpoint checkpoint;
  if (!CheckOrigin(lines[0]).ok()) return Bad("the first line is not an origin");
  checkpoint.origin = std::string(lines[0]);
  if (!ReadDecimal(lines[1], kLogSizeMax, &checkpoint.size))
    return Bad("the second line is not a size");
  auto root = base::Base64Decode(lines[2]);
  const auto hash = root.ok() ? HashFromBytes(*root) : std::nullopt;
  if (!hash) return Bad("the third line is not a root hash");
  checkpoint.root = *hash;
  absl::string_view time = lines[3];
  uint64_t millis = 0;
  if (!absl::ConsumePrefix(&time, kTimeLine) || !ReadDecimal(time, Reader::kMillisMax, &millis)) {
    return Bad("the fourth line is not hedui-time");
  }
  checkpoint.time = absl::FromUnixMillis(static_cast<int64_t>(millis));
  return checkpoint;
}

}  // namespace hedui::ledger
