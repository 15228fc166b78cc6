// A department's QueryResponse: whatever it sends, there is exactly one answer for each pair asked,
// in the query's order, and none that says more than its kind allows.
#include <string>

#include "adapters/wire_format.h"
#include "hedui/v1/source.pb.h"
#include "server/base/digest.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_mutator.h"

namespace hedui::testing {
namespace {

const plan::SourceQuery& TheQuery() {
  static const auto* const query = [] {
    auto* made = new plan::SourceQuery;
    made->source_id = "dept";
    made->people = {{"m1",
                     {base::IdentityKind::kResidentId, "640104197905123171", "马志远"},
                     {"employment", "vehicle"}},
                    {"m2", {base::IdentityKind::kWithoutNumber, "", "马晓宇"}, {"employment"}}};
    made->period = {absl::CivilDay(2024, 3, 1), absl::CivilDay(2025, 3, 1)};
    return made;
  }();
  return *query;
}

void CheckAnswer(const base::Answer& answer) {
  Require(answer.digest.empty() || answer.digest.size() == base::kDigestBytes, "digests are whole");
  Require(answer.records.empty() || answer.kind == base::AnswerKind::kFound ||
              answer.kind == base::AnswerKind::kAmbiguous,
          "only what was found, or may have been, has records");
  Require(answer.records.size() <= static_cast<size_t>(adapters::kRecordsPerAnswerMax),
          "records keep within their limit");
  for (const base::Record& record : answer.records) {
    Require(record.fields.size() <= static_cast<size_t>(adapters::kFieldsPerRecordMax),
            "fields keep within their limit");
    for (const base::Field& field : record.fields) {
      Require(record.Find(field.name) == &field.value, "a record's fields have names of their own");
    }
  }
  const bool silent = answer.kind == base::AnswerKind::kUnavailable ||
                      answer.kind == base::AnswerKind::kRefused ||
                      answer.kind == base::AnswerKind::kAmbiguous;
  Require(!silent || answer.reason != base::Reason::kNone, "what is no answer has a reason");
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  hedui::v1::QueryResponse message;
  return hedui::testing::MutateMessage(&message, data, size, max_size, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using testing::Require;
  const plan::SourceQuery& query = testing::TheQuery();
  const absl::string_view bytes = testing::TextOf(data, size);
  const adapters::SourceReply reply = adapters::DecodeQueryResponse(bytes, query, "key");
  size_t at = 0;
  for (const plan::PersonQuery& person : query.people) {
    for (const std::string& category : person.categories) {
      Require(at < reply.answers.size() && reply.answers[at].person_id == person.person_id &&
                  reply.answers[at].category == category,
              "each pair asked has its answer");
      testing::CheckAnswer(reply.answers[at++]);
    }
  }
  Require(at == reply.answers.size(), "nothing else has one");
  Require(reply.pending_token.size() <= adapters::kPendingTokenBytesMax,
          "tokens keep within their limit");
  testing::RequireNoNumbers(reply.operator_text, bytes);
  return 0;
}
