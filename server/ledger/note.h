// Signed notes (C2SP signed-note): a text, a blank line, and one line for each signature. Ours
// carry exactly the signatures asked for, in the order asked for; whatever else a note holds
// refuses it. Pure functions.
#ifndef HEDUI_SERVER_LEDGER_NOTE_H_
#define HEDUI_SERVER_LEDGER_NOTE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/ledger/public_key.h"

namespace hedui::ledger {

// A checkpoint of two signatures takes some 500 bytes.
inline constexpr size_t kNoteBytesMax = 4096;

// The four bytes that name a key in a signature line:
//   Ed25519  SHA-256(name || 0x0A || 0x01 || 32-byte key)
//   P-256    SHA-256(SubjectPublicKeyInfo in DER)                     (type 0x02 of the
//   specification) SM2      SHA-256(name || 0x0A || 0xff || "hedui-sm2-sm3-v1" || 65-byte point)
std::string NoteKeyId(absl::string_view name, const PublicKey& key);

// Not empty, no blanks, no '+', no control characters, printable ASCII only (ours; the format
// allows UTF-8).
bool IsNoteKeyName(absl::string_view name);

struct NoteSignature {
  std::string name;
  std::string key_id;     // 4 bytes
  std::string signature;  // at least 1 byte
};

struct Note {
  std::string text;  // ends in a newline
  std::vector<NoteSignature> signatures;
};

// `text` must end in a newline and hold no other control characters.
std::string FormatNote(absl::string_view text, absl::Span<const NoteSignature> signatures);

// Strict: the bytes are exactly those that FormatNote gives. INVALID_ARGUMENT with reason
// NOTE_FORMAT.
absl::StatusOr<Note> ParseNote(absl::string_view bytes);

// The note's text when its signatures are exactly those of `keys` under `name`, in this order.
// Reasons NOTE_FORMAT, NOTE_SIGNERS, SIGNATURE.
absl::StatusOr<std::string> OpenNote(absl::string_view bytes, absl::string_view name,
                                     absl::Span<const PublicKey> keys);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_NOTE_H_
