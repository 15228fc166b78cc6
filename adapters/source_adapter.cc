#include "adapters/source_adapter.h"

#include <utility>

namespace hedui::adapters {
namespace {

// A call that was never made.
class NoCall final : public SourceCall {
 public:
  void Cancel() override {}
};

}  // namespace

std::shared_ptr<SourceCall> SourceAdapter::Poll(runtime::EventLoop& loop, std::string,
                                                SourceRequest request, SourceDone done) {
  SourceReply reply =
      UniformReply(request.query, base::AnswerKind::kUnavailable, base::Reason::kSourceError,
                   /*retryable=*/false, "this kind of source is not asked again for its answers");
  reply.sent = false;
  loop.Post([reply = std::move(reply), done = std::move(done)]() mutable {
    std::move(done)(std::move(reply));
  });
  return std::make_shared<NoCall>();
}

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
