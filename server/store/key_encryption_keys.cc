#include <cstdint>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/store/aead.h"
#include "server/store/key_store.h"

namespace hedui::store {
namespace {

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
  std::ifstream file(path);
  if (!file) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "KEK_FILE",
                           absl::StrCat(path, ": cannot be read; it holds the key-encryption keys"),
                           base::Visibility::kOperator);
  }
  KeyEncryptionKeys keys;
  std::string line;
  absl::Status status;
  for (int number = 1; status.ok() && std::getline(file, line); ++number) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (!text.empty() && text[0] != '#') status = AddLine(path, number, text, &keys);
    Wipe(&line);
  }
  HEDUI_RETURN_IF_ERROR(status);
  if (keys.empty()) return BadFile(path, 1, "no key");
  return keys;
}

}  // namespace hedui::store
