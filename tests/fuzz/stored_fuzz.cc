// Bytes that come back from the store: opened rows, access's bodies and reports' drafts in them,
// and look-up segments. The seal itself lets nothing altered through, so what is behind it is fed
// directly. Input: the row's kind as a digit, then the bytes.
#include <string>

#include "absl/strings/str_cat.h"
#include "server/access/matter_codec.h"
#include "server/report/report_builder.h"
#include "server/store/aead.h"
#include "server/store/bytes.h"
#include "server/store/sealer.h"
#include "server/store/sqlite/segment.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

base::Uuid IdOf(uint8_t last) {
  base::Uuid id;
  id.bytes[0] = 1;
  id.bytes[15] = last;
  return id;
}

base::Row RowOf(base::RowKind kind, absl::string_view body) {
  const base::Uuid matter = IdOf(1);
  const base::Uuid id = kind == base::RowKind::kMatter ? matter : IdOf(2);
  return {kind, id, matter, absl::FromUnixMillis(1'740'967'200'000), {}, std::string(body)};
}

void CheckLetter(const base::Row& row, const access::Letter& letter) {
  const base::Row again =
      access::LetterRow(row.id, row.matter, row.at, "agency", letter, "officer");
  const auto event = access::DecodeRow(again);
  Require(event.ok() && std::get<access::Letter>(*event) == letter, "a letter comes back");
}

void CheckDraft(absl::string_view bytes) {
  const auto draft = report::DecodeDraft(bytes);
  if (!draft.ok()) return;
  Require(report::EncodeDraft(*draft) == bytes, "a draft has one encoding");
}

void CheckSegment(absl::string_view bytes) {
  const auto entries = store::DecodeSegment(bytes, 7);
  if (!entries.ok()) return;
  uint32_t version = 0;
  for (size_t i = 1; i < 5; ++i) version = version << 8 | static_cast<uint8_t>(bytes[i]);
  Require(store::EncodeSegment(version, 7, *entries) == bytes, "a segment has one encoding");
}

// What a row's seal is bound to, as docs/store.md has it.
std::string ContextOf(const store::RowHeader& header) {
  std::string context = "hedui/row/v1";
  context.push_back(static_cast<char>(header.kind));
  absl::StrAppend(&context, header.id.ToBytes(), header.matter.ToBytes());
  store::AppendUint<uint64_t>(&context, static_cast<uint64_t>(header.at_ms));
  return context;
}

void CheckSealed(const base::Row& row) {
  const std::string nonce(store::kAeadNonceBytes, 'n');
  store::MatterKeys keys;
  keys.row = std::string(store::kAeadKeyBytes, 'r');
  const store::RowHeader header{row.kind, row.id, row.matter, absl::ToUnixMillis(row.at)};
  Require(!store::OpenRow(keys, header, row.body).ok(), "what nobody sealed does not open");
  // The body taken for what is under the seal.
  const auto inner =
      store::OpenRow(keys, header, store::AeadSeal(keys.row, nonce, ContextOf(header), row.body));
  Require(!inner.ok() || inner->body.size() < row.body.size(), "its framing is taken off");
  if (!store::CheckRow(row).ok()) return;
  const auto opened = store::OpenRow(keys, header, store::SealRow(keys, row, nonce));
  Require(opened.ok() && opened->body == row.body && opened->keys == row.keys, "a row comes back");
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  if (size == 0) return 0;
  const absl::string_view bytes = testing::TextOf(data + 1, size - 1);
  testing::CheckSegment(bytes);
  testing::CheckDraft(bytes);
  base::Row row = testing::RowOf(static_cast<base::RowKind>(data[0] - '0'), bytes);
  const auto event = access::DecodeRow(row);
  testing::RequireNoNumbers(event.status(), bytes);
  if (event.ok() && std::holds_alternative<access::Letter>(*event)) {
    testing::CheckLetter(row, std::get<access::Letter>(*event));
  }
  row.keys = {{base::LookupKind::kPerson, std::string(bytes.substr(0, 600))}};
  testing::CheckSealed(row);
  return 0;
}
