#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/store/aead.h"
#include "server/store/key_store.h"

namespace hedui::store {
namespace {

// A line a key, and a key is changed a few times in a store's life.
constexpr size_t kFileBytesMax = 1 << 20;

absl::Status BadFile(const std::string& path, int line, absl::string_view what) {
  return base::MakeError(
      absl::StatusCode::kInvalidArgument, "KEK_FILE",
      absl::StrCat(path, ":", line, ": ", what,
                   "; a line is \"VERSION HEX\": a version from 1, and 64 lower-case "
                   "hexadecimal digits"),
      base::Visibility::kOperator);
}

absl::Status AddLine(const std::string& path, int number, absl::string_view line,
                     KeyEncryptionKeys* keys) {
  const size_t blank = line.find_first_of(" \t");
  if (blank == absl::string_view::npos) return BadFile(path, number, "one word only");
  uint32_t version = 0;
  if (!absl::SimpleAtoi(line.substr(0, blank), &version) || version == 0) {
    return BadFile(path, number, "the version is not a number from 1");
  }
  absl::StatusOr<std::string> key =
      base::HexDecode(absl::StripLeadingAsciiWhitespace(line.substr(blank)));
  if (!key.ok() || key->size() != kAeadKeyBytes)
    return BadFile(path, number, "the key is not 64 hexadecimal digits");
  if (!keys->emplace(version, *std::move(key)).second)
    return BadFile(path, number, "the version stands twice");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KeyEncryptionKeys> ReadKeyEncryptionKeys(const std::string& path) {
  absl::StatusOr<std::string> text = base::ReadFile(path, kFileBytesMax);
  if (!text.ok()) {
    return base::MakeError(
        absl::StatusCode::kInvalidArgument, "KEK_FILE",
        absl::StrCat(text.status().message(), "; it is to hold the key-encryption keys"),
        base::Visibility::kOperator);
  }
  KeyEncryptionKeys keys;
  absl::Status status;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (status.ok() && !line.empty() && line[0] != '#') status = AddLine(path, number, line, &keys);
  }
  Wipe(&*text);
  HEDUI_RETURN_IF_ERROR(status);
  if (keys.empty()) return BadFile(path, 1, "no key");
  return keys;
}

}  // namespace hedui::store
