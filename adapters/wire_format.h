// The departments' wire contract (proto/hedui/v1/source.proto) as adapters read and write it.
// Strict: what a department sends is believed only after every field has been checked.
//
// Functions, thread-safe. Limits: a response of base::kAnswerBytesMax, 10,000 answers in it, 10,000
// records an answer, 64 fields a record. Decoding runs on the loop: some 10 µs for an ordinary
// answer, some 20 ms at the size limit.
#ifndef HEDUI_ADAPTERS_WIRE_FORMAT_H_
#define HEDUI_ADAPTERS_WIRE_FORMAT_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "adapters/source_adapter.h"
#include "server/plan/source_query.h"

namespace hedui::v1 {
class PollRequest;
class QueryRequest;
}  // namespace hedui::v1

namespace hedui::adapters {

inline constexpr int kAnswersPerResponseMax = 10'000;
inline constexpr int kRecordsPerAnswerMax = 10'000;
inline constexpr int kFieldsPerRecordMax = 64;
inline constexpr size_t kFieldTextBytesMax = 1'024;
inline constexpr size_t kPendingTokenBytesMax = 256;

// The message that asks `query`. `out` may be on an arena.
void FillQueryRequest(const plan::SourceQuery& query, std::string attempt_id, std::string warrant,
                      v1::QueryRequest* out);

// The message that asks for what `token` promised of `query`.
void FillPollRequest(const plan::SourceQuery& query, std::string token, std::string attempt_id,
                     std::string warrant, v1::PollRequest* out);

// The reply that these bytes of a QueryResponse, or of a PollResponse, come to: exactly one answer
// for each pair asked, in the query's order, each with the HMAC under `digest_key` of its
// SourceAnswer's bytes as received. An answer that breaks a rule is UNAVAILABLE/MALFORMED, a
// missing one UNAVAILABLE/EMPTY, one about somebody else AMBIGUOUS/WRONG_PERSON, two that differ
// AMBIGUOUS/CONTRADICTION.
SourceReply DecodeQueryResponse(absl::string_view bytes, const plan::SourceQuery& query,
                                absl::string_view digest_key);

// The reply that a failed call comes to. The codes are gRPC's; PERMISSION_DENIED whose message
// begins with "WARRANT_" means WARRANT_REJECTED. The message itself goes nowhere: a department may
// have put personal data into it.
SourceReply FailedCall(absl::StatusCode code, absl::string_view message,
                       const plan::SourceQuery& query);
// The same of a poll, but: NOT_FOUND says that the token is unknown; and a refusal of all of it
// (PERMISSION_DENIED, UNAUTHENTICATED) is a failure, UNAVAILABLE/SOURCE_REFUSED, after which the
// promise stands.
SourceReply FailedPoll(absl::StatusCode code, absl::string_view message,
                       const plan::SourceQuery& query);

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_WIRE_FORMAT_H_
