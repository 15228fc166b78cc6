#include "adapters/source_adapter.h"

#include <utility>

namespace hedui::adapters {

SourceReply UniformReply(const plan::SourceQuery& query, base::AnswerKind kind, base::Reason reason,
                         bool retryable, std::string operator_text) {
  SourceReply reply;
  for (const plan::PersonQuery& person : query.people) {
    for (const std::string& category : person.categories) {
      base::Answer answer;
      answer.person_id = person.person_id;
      answer.category = category;
      answer.kind = kind;
      answer.reason = reason;
      reply.answers.push_back(std::move(answer));
    }
  }
  reply.retryable = retryable;
  reply.operator_text = std::move(operator_text);
  return reply;
}

}  // namespace hedui::adapters
