// RecordFinding, ResolveAmbiguous and AnnulReport from the wire's bytes: what is taken keeps within
// what the corrector counts on, and what is refused is told without anybody's number. The first
// byte says which of the three it is.
#include <string>

#include "server/api/decode_finding.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_mutator.h"

namespace hedui::testing {
namespace {

const absl::CivilDay kToday(2025, 3, 3);

void CheckHow(const base::ManualFinding& how) {
  Require(how.investigators.size() >= base::kInvestigatorsMin &&
              how.investigators.size() <= base::kInvestigatorsMax,
          "a finding has as many investigators as it takes");
  Require(how.day <= kToday && how.day >= kToday - 366, "a finding is of the last year");
  Require(how.evidence_sha256.size() == base::kDigestBytes, "its evidence is named by a digest");
}

void CheckTaken(const CorrectionRequest& taken) {
  Require(taken.found.has_value() != taken.decision.has_value(), "a correction is one thing");
  Require(!taken.bytes.empty(), "what the same content is can be told");
  Require(taken.agency.empty(), "whose it is says the caller's certificate alone");
  if (taken.decision.has_value()) {
    CheckHow(taken.decision->how);
    Require(!taken.decision->person_id.empty() && !taken.decision->source_id.empty() &&
                !taken.decision->category.empty(),
            "a decision says what it decides");
    return;
  }
  CheckHow(taken.found->how);
  const base::Answer& answer = taken.found->answer;
  Require(!answer.person_id.empty() && !answer.category.empty(), "a finding says what it is about");
  Require(answer.covered.from < answer.covered.to, "a finding covers days");
  Require(answer.covered.to <= kToday + 1, "a finding covers no days to come");
  const bool found = answer.kind == base::AnswerKind::kFound;
  Require(found || answer.kind == base::AnswerKind::kConfirmedNone, "people find or find nothing");
  Require(found == !answer.records.empty(), "who finds nothing has no records");
  Require(found || !answer.complete, "nothing found is no complete list");
  Require(answer.records.size() <= 200, "a finding keeps within its records");
}

void CheckRefused(const absl::Status& status, absl::string_view input) {
  const std::string reason = base::ReasonOf(status);
  Require(reason == "INVALID_REQUEST", status.ToString());
  RequireNoNumbers(status, input);
  Require(status.message().size() <= 16 << 10, "a refusal keeps within its limit");
}

void CheckCorrection(const absl::StatusOr<CorrectionRequest>& request, absl::string_view bytes) {
  if (request.ok()) return CheckTaken(*request);
  CheckRefused(request.status(), bytes);
}

enum class Which { kFinding, kDecision, kAnnulment };

Which WhichOf(uint8_t first) {
  switch (first) {
    case 'd':
      return Which::kDecision;
    case 'a':
      return Which::kAnnulment;
    default:
      return Which::kFinding;
  }
}

template <typename Message>
size_t Mutate(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  Message message;
  return 1 + MutateMessage(&message, data + 1, size - 1, max_size - 1, seed);
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  using namespace hedui;
  using namespace hedui::testing;
  if (size == 0 || max_size < 2) return size;
  switch (WhichOf(data[0])) {
    case Which::kDecision:
      return Mutate<v1::ResolveAmbiguousRequest>(data, size, max_size, seed);
    case Which::kAnnulment:
      return Mutate<v1::AnnulReportRequest>(data, size, max_size, seed);
    case Which::kFinding:
      return Mutate<v1::RecordFindingRequest>(data, size, max_size, seed);
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using namespace hedui::testing;
  if (size == 0) return 0;
  const absl::string_view bytes = TextOf(data + 1, size - 1);
  const int count = static_cast<int>(bytes.size());
  switch (WhichOf(data[0])) {
    case Which::kFinding:
      if (v1::RecordFindingRequest message; message.ParseFromArray(bytes.data(), count)) {
        CheckCorrection(api::DecodeFinding(message, kToday), bytes);
      }
      break;
    case Which::kDecision:
      if (v1::ResolveAmbiguousRequest message; message.ParseFromArray(bytes.data(), count)) {
        CheckCorrection(api::DecodeDecision(message, kToday), bytes);
      }
      break;
    case Which::kAnnulment:
      if (v1::AnnulReportRequest message; message.ParseFromArray(bytes.data(), count)) {
        const auto request = api::DecodeAnnulment(message);
        if (!request.ok()) {
          CheckRefused(request.status(), bytes);
          break;
        }
        Require(request->note.size() <= 512, "a note keeps within its limit");
        Require(request->reason != AnnulmentReason::kOther || !request->note.empty(),
                "another reason is told");
        Require(request->reason >= AnnulmentReason::kMistypedIdentity &&
                    request->reason <= AnnulmentReason::kOther,
                "a reason is one that the log knows");
      }
      break;
  }
  return 0;
}
