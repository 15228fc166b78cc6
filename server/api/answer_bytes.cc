#include "server/api/answer_bytes.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "hedui/v1/verification.pb.h"
#include "server/base/dates.h"
#include "server/report/wire_writer.h"

namespace hedui::api {
namespace {

using Response = v1::VerifyHouseholdResponse;

// An outcome's, mostly.
constexpr size_t kOutcomeBytesUsual = 96;

grpc::Slice SliceOf(std::string bytes) {
  auto* const kept = new std::string(std::move(bytes));
  return grpc::Slice(
      kept->data(), kept->size(), [](void* owner) { delete static_cast<std::string*>(owner); },
      kept);
}

// As EncodeOutcome has it. Texts were read out of messages, or are ours: UTF-8 for certain.
void PutOutcome(const SourceOutcomeView& view, report::WireWriter* out) {
  using Fields = v1::SourceOutcome;
  const size_t begun = out->Begin(Response::kOutcomesFieldNumber);
  out->Known(Fields::kSourceIdFieldNumber, view.source_id);
  out->Known(Fields::kPersonIdFieldNumber, view.person_id);
  out->Known(Fields::kCategoryFieldNumber, view.category);
  out->Uint(Fields::kKindFieldNumber, static_cast<uint64_t>(view.kind));
  out->Uint(Fields::kReasonFieldNumber, static_cast<uint64_t>(view.reason));
  out->Known(Fields::kDataDayFieldNumber, base::FormatDay(view.data_day));
  out->Uint(Fields::kElapsedMsFieldNumber, static_cast<uint64_t>(view.elapsed_ms));
  out->End(begun);
}

}  // namespace

// A message is its fields one after another: the report stands between what comes before it and
// what comes behind.
grpc::ByteBuffer EncodeVerifyBytes(VerifyResult result) {
  std::string front;
  report::WireWriter front_writer(&front);
  front_writer.Known(Response::kVerificationIdFieldNumber, result.verification_id.ToString());
  if (!result.envelope.empty()) {
    front_writer.Head(Response::kEnvelopeFieldNumber, result.envelope.size());
  }
  std::string rest;
  rest.reserve(result.outcomes.size() * kOutcomeBytesUsual);
  report::WireWriter rest_writer(&rest);
  for (const SourceOutcomeView& view : result.outcomes) PutOutcome(view, &rest_writer);
  const std::array<grpc::Slice, 3> slices = {
      SliceOf(std::move(front)), SliceOf(std::move(result.envelope)), SliceOf(std::move(rest))};
  return grpc::ByteBuffer(slices.data(), slices.size());
}

}  // namespace hedui::api
