#include "server/store/sealer.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/store/aead.h"
#include "server/store/bytes.h"

namespace hedui::store {
namespace {

constexpr uint8_t kSealVersion = 1;
constexpr uint8_t kRowKindLast = static_cast<uint8_t>(base::RowKind::kRecall);
constexpr uint8_t kLookupKindLast = static_cast<uint8_t>(base::LookupKind::kPending);

absl::string_view View(const base::Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

// Everything in clear beside the body is bound to it: a body moved to another row, matter or time
// does not open.
std::string SealContext(const RowHeader& header) {
  std::string context = "hedui/row/v1";
  AppendUint<uint8_t>(&context, static_cast<uint8_t>(header.kind));
  absl::StrAppend(&context, View(header.id), View(header.matter));
  AppendUint<uint64_t>(&context, static_cast<uint64_t>(header.at_ms));
  return context;
}

absl::Status Invalid(const base::Row& row, absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "ROW_INVALID",
                         absl::StrCat("row ", row.id.ToString(), ": ", what),
                         base::Visibility::kOperator);
}

absl::Status Unreadable() {
  return base::MakeError(absl::StatusCode::kDataLoss, "ROW_UNREADABLE",
                         "a sealed row has bytes that no version of this program wrote",
                         base::Visibility::kOperator);
}

bool ParseKeys(absl::string_view* rest, std::vector<base::LookupKey>* keys) {
  uint16_t count = 0;
  if (!TakeUint(rest, &count)) return false;
  keys->reserve(count);
  for (uint16_t i = 0; i < count; ++i) {
    uint8_t kind = 0;
    uint16_t size = 0;
    absl::string_view text;
    if (!TakeUint(rest, &kind) || !TakeUint(rest, &size) || !TakeBytes(rest, size, &text))
      return false;
    keys->push_back(base::LookupKey{static_cast<base::LookupKind>(kind), std::string(text)});
  }
  return true;
}

}  // namespace

LookupDigest DigestLookup(absl::string_view lookup_key, const base::LookupKey& key) {
  return DigestLookup(base::HmacKey(base::HashAlgorithm::kSha256, lookup_key), key);
}

LookupDigest DigestLookup(const base::HmacKey& lookup_key, const base::LookupKey& key) {
  const char kind = static_cast<char>(key.kind);
  uint8_t digest[base::kDigestBytes];
  lookup_key.Into({"hedui/lookup/v1", {&kind, 1}, key.text}, digest);
  LookupDigest result;
  std::memcpy(result.data(), digest, result.size());
  return result;
}

absl::Status CheckRow(const base::Row& row) {
  const auto kind = static_cast<uint8_t>(row.kind);
  if (kind == 0 || kind > kRowKindLast) return Invalid(row, "unknown kind of row");
  if (row.id == base::Uuid{} || row.matter == base::Uuid{})
    return Invalid(row, "its id or matter is nil");
  if (row.kind == base::RowKind::kMatter && row.id != row.matter) {
    return Invalid(row, "a matter's first row has the matter's own id");
  }
  if (row.at != absl::FromUnixMillis(absl::ToUnixMillis(row.at))) {
    return Invalid(row, "its time is not in whole milliseconds");
  }
  if (row.body.size() > kRowBodyBytesMax) return Invalid(row, "its body is larger than 8 MiB");
  if (row.keys.size() > kRowKeysMax) return Invalid(row, "it has more than 1,000 look-up keys");
  for (const base::LookupKey& key : row.keys) {
    const auto lookup = static_cast<uint8_t>(key.kind);
    if (lookup == 0 || lookup > kLookupKindLast) return Invalid(row, "unknown kind of look-up");
    if (key.text.empty() || key.text.size() > kLookupTextBytesMax) {
      return Invalid(row, "a look-up key has no text, or more than 512 bytes");
    }
  }
  return absl::OkStatus();
}

std::string SealRow(const MatterKeys& keys, const base::Row& row, absl::string_view nonce) {
  std::string front;
  size_t size = 3;
  for (const base::LookupKey& key : row.keys) size += 3 + key.text.size();
  front.reserve(size);
  AppendUint<uint8_t>(&front, kSealVersion);
  AppendUint<uint16_t>(&front, static_cast<uint16_t>(row.keys.size()));
  for (const base::LookupKey& key : row.keys) {
    AppendUint<uint8_t>(&front, static_cast<uint8_t>(key.kind));
    AppendUint<uint16_t>(&front, static_cast<uint16_t>(key.text.size()));
    front += key.text;
  }
  const RowHeader header{row.kind, row.id, row.matter, absl::ToUnixMillis(row.at)};
  return AeadSeal(keys.row, nonce, SealContext(header), front, row.body);
}

absl::StatusOr<base::Row> OpenRow(const MatterKeys& keys, const RowHeader& header,
                                  absl::string_view sealed) {
  HEDUI_ASSIGN_OR_RETURN(const std::string clear, AeadOpen(keys.row, SealContext(header), sealed));
  absl::string_view rest = clear;
  base::Row row{header.kind, header.id, header.matter, absl::FromUnixMillis(header.at_ms), {}, {}};
  uint8_t version = 0;
  if (!TakeUint(&rest, &version) || version != kSealVersion || !ParseKeys(&rest, &row.keys))
    return Unreadable();
  row.body = std::string(rest);
  if (header.log_index != kNoLogIndex) row.log_index = static_cast<uint64_t>(header.log_index);
  return row;
}

}  // namespace hedui::store
