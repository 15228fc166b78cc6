#include "server/ledger/note.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/digest.h"
#include "server/base/status.h"

namespace hedui::ledger {
namespace {

constexpr absl::string_view kDash = "\xe2\x80\x94 ";  // em dash, space
constexpr absl::string_view kEd25519Type("\x01", 1);
constexpr absl::string_view kSm2Type = "\xffhedui-sm2-sm3-v1";
constexpr size_t kKeyIdBytes = 4;
constexpr size_t kSignaturesMax = 16;

absl::Status Bad(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "NOTE_FORMAT",
                         absl::StrCat("signed note: ", what));
}

absl::Status BadSigners(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kUnauthenticated, "NOTE_SIGNERS",
                         absl::StrCat("signed note: ", what));
}

// Printable ASCII and newlines. The format allows UTF-8; nothing of ours needs it.
bool IsPlainText(absl::string_view text) {
  for (char c : text) {
    if (c != '\n' && (c < 0x20 || c > 0x7e)) return false;
  }
  return true;
}

absl::StatusOr<NoteSignature> ParseSignature(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, kDash)) return Bad("a signature line does not begin with a dash");
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(line, absl::MaxSplits(' ', 1));
  if (!IsNoteKeyName(parts.first)) return Bad("a key name is malformed");
  auto bytes = base::Base64Decode(parts.second);
  if (!bytes.ok()) return Bad("a signature is not canonical base64");
  if (bytes->size() <= kKeyIdBytes) return Bad("a signature is too short");
  return NoteSignature{std::string(parts.first), bytes->substr(0, kKeyIdBytes),
                       bytes->substr(kKeyIdBytes)};
}

}  // namespace

std::string NoteKeyId(absl::string_view name, const PublicKey& key) {
  switch (key.kind()) {
    case SignatureKind::kEd25519:
      return base::Sha256(absl::StrCat(name, "\n", kEd25519Type, key.raw())).substr(0, kKeyIdBytes);
    case SignatureKind::kP256:
      return base::Sha256(key.spki()).substr(0, kKeyIdBytes);
    case SignatureKind::kSm2:
      break;
  }
  return base::Sha256(absl::StrCat(name, "\n", kSm2Type, key.raw())).substr(0, kKeyIdBytes);
}

bool IsNoteKeyName(absl::string_view name) {
  for (char c : name) {
    if (c <= 0x20 || c > 0x7e || c == '+') return false;
  }
  return !name.empty();
}

std::string FormatNote(absl::string_view text, absl::Span<const NoteSignature> signatures) {
  std::string note = absl::StrCat(text, "\n");
  for (const NoteSignature& signature : signatures) {
    absl::StrAppend(&note, kDash, signature.name, " ",
                    base::Base64Encode(absl::StrCat(signature.key_id, signature.signature)), "\n");
  }
  return note;
}

absl::StatusOr<Note> ParseNote(absl::string_view bytes) {
  if (bytes.size() > kNoteBytesMax) return Bad("too long");
  const size_t blank = bytes.rfind("\n\n");
  if (blank == absl::string_view::npos || blank == 0) return Bad("no blank line behind a text");
  Note note;
  note.text = std::string(bytes.substr(0, blank + 1));
  if (!IsPlainText(note.text)) return Bad("the text holds characters that it must not");
  absl::string_view rest = bytes.substr(blank + 2);
  if (!absl::ConsumeSuffix(&rest, "\n")) return Bad("the last line has no end");
  for (absl::string_view line : absl::StrSplit(rest, '\n')) {
    if (note.signatures.size() == kSignaturesMax) return Bad("too many signatures");
    HEDUI_ASSIGN_OR_RETURN(NoteSignature signature, ParseSignature(line));
    note.signatures.push_back(std::move(signature));
  }
  return note;
}

absl::StatusOr<std::string> OpenNote(absl::string_view bytes, absl::string_view name,
                                     absl::Span<const PublicKey> keys) {
  HEDUI_ASSIGN_OR_RETURN(Note note, ParseNote(bytes));
  if (note.signatures.size() != keys.size())
    return BadSigners("not exactly the signatures required");
  for (size_t i = 0; i < keys.size(); ++i) {
    const NoteSignature& signature = note.signatures[i];
    if (signature.name != name || signature.key_id != NoteKeyId(name, keys[i])) {
      return BadSigners(absl::StrCat("signature ", i + 1, " is not of the ",
                                     SignatureKindName(keys[i].kind()), " key"));
    }
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    HEDUI_RETURN_IF_ERROR(keys[i].Verify(note.text, note.signatures[i].signature));
  }
  return std::move(note.text);
}

}  // namespace hedui::ledger
