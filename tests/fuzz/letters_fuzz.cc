// RegisterAuthorizations from the wire's bytes: each letter is taken in its normal form, which is
// taken again, or has defects that repeat nobody's number.
#include <string>

#include "server/access/letter_rules.h"
#include "server/api/decode_request.h"
#include "server/api/encode_response.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_mutator.h"

namespace hedui::testing {
namespace {

const absl::CivilDay kToday(2025, 3, 3);

const access::Agency& TheAgency() {
  static const auto* const agency = [] {
    auto* made = new access::Agency;
    made->code = "xq-civil-affairs";
    made->division = "640104";
    made->purposes = {"assistance", "social_assistance"};
    return made;
  }();
  return *agency;
}

access::LetterDraft DraftOf(const access::Letter& letter) {
  access::LetterDraft draft;
  draft.number = letter.number;
  draft.document = letter.document;
  draft.person_kind = letter.person.kind;
  draft.person_number = letter.person.number;
  draft.person_name = letter.person.name;
  draft.has_signer = letter.signer.has_value();
  if (letter.signer) {
    draft.signer_kind = letter.signer->kind;
    draft.signer_number = letter.signer->number;
    draft.signer_name = letter.signer->name;
  }
  draft.capacity = letter.capacity;
  draft.mandate_number = letter.mandate_number;
  draft.signature = letter.signature;
  draft.signed_day = base::FormatDay(letter.signed_day);
  draft.purposes = letter.purposes;
  draft.scan_sha256 = base::HexEncode(letter.scan_digest);
  return draft;
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  hedui::v1::RegisterAuthorizationsRequest message;
  return hedui::testing::MutateMessage(&message, data, size, max_size, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using testing::Require;
  v1::RegisterAuthorizationsRequest message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  if (!api::CheckLetterCount(message).ok()) return 0;
  const access::RegisterRequest request = api::DraftOf(message);
  access::DefectList defects;
  access::CheckIdentifier(request.matter_number, "matter_number", &defects);
  for (const access::LetterDraft& draft : request.letters) {
    access::DefectList own;
    const auto letter =
        access::CheckLetter(draft, "letters[0]", testing::TheAgency(), testing::kToday, &own);
    Require(letter.has_value() == own.empty(), "a letter is taken or has defects");
    testing::RequireNoNumbers(own.ToStatus(), testing::TextOf(data, size));
    if (!letter) continue;
    const auto again = access::CheckLetter(testing::DraftOf(*letter), "letters[0]",
                                           testing::TheAgency(), testing::kToday, &own);
    Require(again == letter, "a letter in its normal form stays as it is");
  }
  return 0;
}
