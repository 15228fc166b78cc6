// Entries of the log: whatever is taken is given back byte for byte.
#include "server/ledger/entry.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  const absl::string_view bytes = testing::TextOf(data, size);
  const auto entry = ledger::DecodeEntry(bytes);
  if (!entry.ok()) return 0;
  testing::Require(size <= 600, "an entry keeps within its limit");
  testing::Require(ledger::EncodeEntry(*entry) == bytes, "an entry has one encoding");
  return 0;
}
