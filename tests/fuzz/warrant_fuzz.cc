// Warrants as departments get them. The log of the corpus signed one intent: whatever verifies says
// what that intent said, under the checkpoint it was signed with.
#include <memory>

#include "server/ledger/trust.h"
#include "server/ledger/warrant.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

// Within the validity of the corpus's warrants.
const absl::Time kNow = absl::FromUnixMillis(1'740'967'200'000);

struct Known {
  std::unique_ptr<ledger::LogTrust> trust;
  ledger::VerifiedWarrant warrant;
};

const Known& TheKnown() {
  static const auto* const known = [] {
    auto trust =
        ledger::LogTrust::FromPem(ReadSourceFile("tests/fuzz/known/warrant_authority.pem"));
    Require(trust.ok(), "the authority is read");
    auto warrant =
        ledger::VerifyWarrant(ReadSourceFile("tests/fuzz/corpus/warrant/valid"), **trust, kNow);
    Require(warrant.ok(), warrant.status().ToString());
    return new Known{*std::move(trust), *std::move(warrant)};
  }();
  return *known;
}

void CheckPart(absl::string_view bytes) {
  const auto part = ledger::DecodePart(bytes);
  if (!part.ok()) return;
  Require(Gives(ledger::EncodePart(*part), std::string(bytes)), "a part has one encoding");
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using testing::Require;
  const testing::Known& known = testing::TheKnown();
  const absl::string_view bytes = testing::TextOf(data, size);
  testing::CheckPart(bytes);
  if (const auto proof = ledger::DecodeEntryProof(bytes); proof.ok()) {
    Require(ledger::EncodeEntryProof(*proof) == bytes, "a proof has one encoding");
    (void)ledger::VerifyEntryProof(*proof, *known.trust);
  }
  const auto warrant = ledger::DecodeWarrant(bytes);
  const auto verified = ledger::VerifyWarrant(bytes, *known.trust, testing::kNow);
  testing::RequireNoNumbers(verified.status(), bytes);
  if (!warrant.ok()) {
    Require(!verified.ok(), "what cannot be read does not verify");
    return 0;
  }
  Require(ledger::EncodeWarrant(*warrant) == bytes, "a warrant has one encoding");
  testing::CheckPart(warrant->part);
  if (!verified.ok()) return 0;
  Require(verified->part == known.warrant.part &&
              verified->checkpoint == known.warrant.checkpoint &&
              verified->entry_index == known.warrant.entry_index,
          "only what was logged verifies");
  return 0;
}
