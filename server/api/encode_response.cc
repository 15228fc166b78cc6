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

v1::RegisteredLetter EncodeLetter(const access::LetterView& view) {
  v1::RegisteredLetter letter;
  letter.set_letter_number(view.number);
  letter.set_document(static_cast<v1::LetterDocument>(view.document));
  letter.set_capacity(static_cast<v1::SignerCapacity>(view.capacity));
  letter.set_mandate_number(view.mandate_number);
  letter.set_signature(static_cast<v1::SignatureKind>(view.signature));
  letter.set_signed_day(base::FormatDay(view.signed_day));
  for (const std::string& purpose : view.purposes) letter.add_purposes(purpose);
  letter.set_registered_at_seconds(absl::ToUnixSeconds(view.registered_at));
  letter.set_registered_by(view.registered_by);
  if (view.revoked_at.has_value()) {
    letter.set_revoked_at_seconds(absl::ToUnixSeconds(*view.revoked_at));
  }
  letter.set_revoked_by(view.revoked_by);
  letter.set_live(view.live);
  return letter;
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
  verification.set_matter_number(view.matter_number);
  verification.set_pending(view.pending);
  return verification;
}

v1::GetReportResponse EncodeReportResponse(VerifyResult result) {
  v1::GetReportResponse response;
  response.set_verification_id(result.verification_id.ToString());
  response.set_envelope(std::move(result.envelope));
  if (result.status != nullptr) *response.mutable_status() = EncodeStatus(*result.status);
  return response;
}

v1::Matter EncodeMatter(const access::MatterView& view) {
  v1::Matter matter;
  matter.set_matter_number(view.number);
  matter.set_division(view.division);
  matter.set_state(static_cast<v1::MatterState>(view.state));
  matter.set_opened_at_seconds(absl::ToUnixSeconds(view.opened_at));
  matter.set_opened_by(view.opened_by);
  for (const access::StateChangeView& change : view.changes) {
    v1::MatterStateChange* added = matter.add_changes();
    added->set_state(static_cast<v1::MatterState>(change.state));
    added->set_at_seconds(absl::ToUnixSeconds(change.at));
    added->set_officer(change.officer);
  }
  for (const access::LetterView& letter : view.letters) {
    *matter.add_letters() = EncodeLetter(letter);
  }
  return matter;
}

v1::ReportStatus EncodeStatus(const ReportStatus& status) {
  v1::ReportStatus out;
  out.set_report_number(status.report_number);
  out.set_state(static_cast<v1::ReportState>(status.state));
  out.set_issued_at_seconds(absl::ToUnixSeconds(status.issued_at));
  out.set_valid_until(base::FormatDay(status.valid_until));
  out.set_superseding_reason(status.superseding_reason);
  out.set_superseded_by(status.superseded_by);
  if (status.state != ReportState::kRevoked) return out;
  out.set_annulled_at_seconds(absl::ToUnixSeconds(status.annulled_at));
  out.set_annulment_reason(static_cast<v1::AnnulmentReason>(status.annulment_reason));
  out.set_replaced_by(status.replaced_by);
  return out;
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
