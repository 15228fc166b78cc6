// A Merkle tree's hash as a value: 32 bytes of SHA-256 or SM3. Thread-compatible.
#ifndef HEDUI_SERVER_LEDGER_HASH_H_
#define HEDUI_SERVER_LEDGER_HASH_H_

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/digest.h"

namespace hedui::ledger {

using Hash = std::array<uint8_t, base::kDigestBytes>;

inline absl::string_view HashView(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

inline std::string HashBytes(const Hash& hash) { return std::string(HashView(hash)); }

// nullopt unless `bytes` are 32.
inline std::optional<Hash> HashFromBytes(absl::string_view bytes) {
  Hash hash;
  if (bytes.size() != hash.size()) return std::nullopt;
  std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_HASH_H_
