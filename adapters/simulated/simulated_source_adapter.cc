#include "adapters/simulated/simulated_source_adapter.h"

#include <utility>

#include "adapters/wire_format.h"
#include "hedui/v1/source.pb.h"
#include "server/base/limits.h"

namespace hedui::adapters {
namespace {

// One attempt. Its timer holds it until `done` has run.
class SimulatedCall final : public SourceCall, public std::enable_shared_from_this<SimulatedCall> {
 public:
  SimulatedCall(runtime::EventLoop* loop, bool poll, plan::SourceQuery query,
                std::string digest_key, SourceDone done)
      : loop_(loop),
        poll_(poll),
        query_(std::move(query)),
        digest_key_(std::move(digest_key)),
        done_(std::move(done)) {}

  void Start(Reaction reaction, absl::Duration timeout) {
    if (reaction.silent || reaction.delay >= timeout) {
      reaction = Reaction();
      reaction.delay = timeout;
      reaction.status = absl::DeadlineExceededError("");
    }
    // Even without a delay a timer: `done` never runs inside Start.
    timer_ = loop_->After(reaction.delay,
                          [self = shared_from_this(), reaction = std::move(reaction)]() mutable {
                            self->End(self->ReplyTo(std::move(reaction)));
                          });
  }

  // Nobody was asked.
  void EndUnsent() {
    ended_ = true;
    loop_->Post([self = shared_from_this()] {
      SourceReply reply =
          UniformReply(self->query_, base::AnswerKind::kNotAsked, base::Reason::kNoAuthorization,
                       /*retryable=*/false, "not to be sent any more when it could be");
      reply.sent = false;
      std::move(self->done_)(std::move(reply));
    });
  }

  const plan::SourceQuery& query() const { return query_; }

  void Cancel() override {
    if (ended_) return;
    ended_ = true;
    const std::shared_ptr<SimulatedCall> self = shared_from_this();
    loop_->Cancel(timer_);
    loop_->Post([self] {
      std::move(self->done_)(UniformReply(self->query_, base::AnswerKind::kUnavailable,
                                          base::Reason::kCancelled, /*retryable=*/false,
                                          "cancelled"));
    });
  }

 private:
  void End(SourceReply reply) {
    ended_ = true;
    std::move(done_)(std::move(reply));
  }

  SourceReply ReplyTo(Reaction reaction) const {
    // As a channel with that limit would have it.
    if (reaction.status.ok() && reaction.response.size() > base::kAnswerBytesMax) {
      reaction.status = absl::ResourceExhaustedError("Received message larger than max");
    }
    if (!reaction.status.ok()) {
      const std::string message(reaction.status.message());
      return poll_ ? FailedPoll(reaction.status.code(), message, query_)
                   : FailedCall(reaction.status.code(), message, query_);
    }
    return DecodeQueryResponse(reaction.response, query_, digest_key_);
  }

  runtime::EventLoop* const loop_;
  const bool poll_;
  const plan::SourceQuery query_;
  const std::string digest_key_;
  SourceDone done_;
  runtime::EventLoop::TimerId timer_ = 0;
  bool ended_ = false;
};

class SimulatedSourceAdapter final : public SourceAdapter {
 public:
  explicit SimulatedSourceAdapter(std::unique_ptr<Department> department)
      : department_(std::move(department)) {}

  std::shared_ptr<SourceCall> Start(runtime::EventLoop& loop, SourceRequest request,
                                    SourceDone done) override {
    const std::shared_ptr<SimulatedCall> call = Allowed(loop, /*poll=*/false, &request, &done);
    if (call == nullptr) return Unsent(loop, std::move(request), std::move(done));
    v1::QueryRequest wire;
    FillQueryRequest(call->query(), std::move(request.attempt_id), std::move(request.warrant),
                     &wire);
    call->Start(department_->React(wire), request.timeout);
    return call;
  }

  std::shared_ptr<SourceCall> Poll(runtime::EventLoop& loop, std::string token,
                                   SourceRequest request, SourceDone done) override {
    const std::shared_ptr<SimulatedCall> call = Allowed(loop, /*poll=*/true, &request, &done);
    if (call == nullptr) return Unsent(loop, std::move(request), std::move(done));
    v1::PollRequest wire;
    FillPollRequest(call->query(), std::move(token), std::move(request.attempt_id),
                    std::move(request.warrant), &wire);
    call->Start(department_->Redeem(wire), request.timeout);
    return call;
  }

 private:
  // nullptr, and nothing taken, where it may not be sent.
  static std::shared_ptr<SimulatedCall> Allowed(runtime::EventLoop& loop, bool poll,
                                                SourceRequest* request, SourceDone* done) {
    if (request->may_be_sent && !request->may_be_sent()) return nullptr;
    return std::make_shared<SimulatedCall>(&loop, poll, std::move(request->query),
                                           std::move(request->digest_key), std::move(*done));
  }

  static std::shared_ptr<SourceCall> Unsent(runtime::EventLoop& loop, SourceRequest request,
                                            SourceDone done) {
    auto unsent = std::make_shared<SimulatedCall>(&loop, /*poll=*/false, std::move(request.query),
                                                  std::move(request.digest_key), std::move(done));
    unsent->EndUnsent();
    return unsent;
  }

  const std::unique_ptr<Department> department_;
};

}  // namespace

std::unique_ptr<SourceAdapter> MakeSimulatedSourceAdapter(std::unique_ptr<Department> department) {
  return std::make_unique<SimulatedSourceAdapter>(std::move(department));
}

}  // namespace hedui::adapters
