// Signed notes and the checkpoints in them: both have one spelling only.
#include "server/ledger/checkpoint.h"
#include "server/ledger/note.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

void CheckCheckpoint(absl::string_view text) {
  const auto checkpoint = ledger::ParseCheckpoint(text);
  if (!checkpoint.ok()) return;
  Require(ledger::FormatCheckpoint(*checkpoint) == text, "a checkpoint has one spelling");
  Require(checkpoint->size <= ledger::kLogSizeMax && ledger::CheckOrigin(checkpoint->origin).ok(),
          "a checkpoint keeps within its limits");
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  const absl::string_view bytes = testing::TextOf(data, size);
  testing::CheckCheckpoint(bytes);
  const auto note = ledger::ParseNote(bytes);
  if (!note.ok()) return 0;
  testing::Require(bytes.size() <= ledger::kNoteBytesMax, "a note keeps within its limit");
  testing::Require(ledger::FormatNote(note->text, note->signatures) == bytes,
                   "a note has one spelling");
  testing::CheckCheckpoint(note->text);
  return 0;
}
