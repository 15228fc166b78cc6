// AES-256-GCM, the one cipher of the store: a sealed text is nonce (12 bytes), ciphertext, tag (16
// bytes).
//
// Thread-safe functions. Nonces are random, 96 bits: one key must seal fewer than 2^32 texts (NIST
// SP 800-38D, 8.3). A matter's key seals the rows of one matter, a key-encryption key the
// re-wrapped buckets; both stay many orders below.
#ifndef HEDUI_SERVER_STORE_AEAD_H_
#define HEDUI_SERVER_STORE_AEAD_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::store {

inline constexpr size_t kAeadKeyBytes = 32;
inline constexpr size_t kAeadNonceBytes = 12;
inline constexpr size_t kAeadTagBytes = 16;
inline constexpr size_t kAeadOverheadBytes = kAeadNonceBytes + kAeadTagBytes;

// `key` is kAeadKeyBytes, `nonce` kAeadNonceBytes and never used before with this key. Aborts when
// the machine has no AES, since going on would store in clear.
std::string AeadSeal(absl::string_view key, absl::string_view nonce, absl::string_view context,
                     absl::string_view clear);
// The same of a text in two parts, as if they were one.
std::string AeadSeal(absl::string_view key, absl::string_view nonce, absl::string_view context,
                     absl::string_view front, absl::string_view rest);

// DATA_LOSS (SEAL_BROKEN) when the text was not sealed with this key and context, or was altered.
absl::StatusOr<std::string> AeadOpen(absl::string_view key, absl::string_view context,
                                     absl::string_view sealed);

// Overwrites the bytes, in a way the compiler keeps.
void Wipe(std::string* secret);

}  // namespace hedui::store

#endif  // HEDUI_SERVER_STORE_AEAD_H_
