#include "server/api/encode_response.h"

#include <optional>
#include <utility>

#include "server/base/dates.h"

namespace hedui::api {
namespace {

// Enum values of the wire and of access have the same numbers; 0 and values unknown here are
// absent.
template <typename To, typename From>
std::optional<To> DraftEnum(From value, bool known) {
  if (static_cast<int>(value) == 0 || !known) return std::nullopt;
  return static_cast<To>(value);
}

access::LetterDraft DraftOfLetter(const v1::Letter& letter) {
  access::LetterDraft draft;
  draft.number = letter.letter_number();
  draft.document = DraftEnum<access::LetterDocument>(letter.document(),
                                                     v1::LetterDocument_IsValid(letter.document()));
  draft.person_kind = DraftEnum<base::IdentityKind>(
      letter.person().kind(), v1::IdentityKind_IsValid(letter.person().kind()));
  draft.person_number = letter.person().number();
  draft.person_name = letter.person().name();
  draft.has_signer = letter.has_signer();
  draft.signer_kind = DraftEnum<base::IdentityKind>(
      letter.signer().kind(), v1::IdentityKind_IsValid(letter.signer().kind()));
  draft.signer_number = letter.signer().number();
  draft.signer_name = letter.signer().name();
  draft.capacity = DraftEnum<access::SignerCapacity>(letter.capacity(),
                                                     v1::SignerCapacity_IsValid(letter.capacity()));
  draft.mandate_number = letter.mandate_number();
  draft.signature = DraftEnum<access::SignatureKind>(letter.signature(),
                                                     v1::SignatureKind_IsValid(letter.signature()));
  draft.signed_day = letter.signed_day();
  draft.purposes.assign(letter.purposes().begin(), letter.purposes().end());
  draft.scan_sha256 = letter.scan_sha256();
  return draft;
}

}  // namespace

v1::SourceOutcome EncodeOutcome(SourceOutcomeView view) {
  v1::SourceOutcome outcome;
  outcome.set_source_id(std::move(view.source_id));
  outcome.set_person_id(std::move(view.person_id));
  outcome.set_category(std::move(view.category));
  outcome.set_kind(static_cast<v1::AnswerKind>(view.kind));
  outcome.set_reason(static_cast<v1::Reason>(view.reason));
  if (view.data_day.has_value()) outcome.set_data_day(base::FormatDay(*view.data_day));
  outcome.set_elapsed_ms(view.elapsed_ms);
  return outcome;
}

v1::VerifyHouseholdResponse EncodeVerifyResponse(VerifyResult result) {
  v1::VerifyHouseholdResponse response;
  response.set_verification_id(result.verification_id.ToString());
  response.set_envelope(std::move(result.envelope));
  for (SourceOutcomeView& view : result.outcomes) {
    *response.add_outcomes() = EncodeOutcome(std::move(view));
  }
  return response;
}

v1::Verification EncodeVerification(const VerificationView& view) {
  v1::Verification verification;
  verification.set_verification_id(view.verification_id.ToString());
  verification.set_request_id(view.request_id.ToString());
  verification.set_state(static_cast<v1::VerificationState>(view.state));
  verification.set_begun_at_seconds(absl::ToUnixSeconds(view.begun));
  verification.set_report_number(view.report_number);
  return verification;
}

v1::GetReportResponse EncodeReportResponse(VerifyResult result) {
  v1::GetReportResponse response;
  response.set_verification_id(result.verification_id.ToString());
  response.set_envelope(std::move(result.envelope));
  return response;
}

access::RegisterRequest DraftOf(const v1::RegisterAuthorizationsRequest& request) {
  access::RegisterRequest draft;
  draft.matter_number = request.matter_number();
  draft.division = request.division();
  draft.officer = request.officer();
  for (const v1::Letter& letter : request.letters()) draft.letters.push_back(DraftOfLetter(letter));
  return draft;
}

}  // namespace hedui::api
