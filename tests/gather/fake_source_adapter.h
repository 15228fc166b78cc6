// An adapter whose replies a test gives by hand. It keeps the interface's promises: `done` runs as
// a task of the loop, once, and nothing leaves that may not. One loop's thread only.
#ifndef HEDUI_TESTS_GATHER_FAKE_SOURCE_ADAPTER_H_
#define HEDUI_TESTS_GATHER_FAKE_SOURCE_ADAPTER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/source_adapter.h"

namespace hedui::gather {

class FakeSourceAdapter final : public adapters::SourceAdapter {
 public:
  struct Attempt final : public adapters::SourceCall {
    void Cancel() override { cancelled = true; }
    // Later, on the loop.
    void Reply(adapters::SourceReply reply) {
      loop->Post([done = std::move(done), reply = std::move(reply)]() mutable {
        std::move(done)(std::move(reply));
      });
    }
    void ReplyAll(base::AnswerKind kind, base::Reason reason = base::Reason::kNone,
                  bool retryable = false) {
      Reply(adapters::UniformReply(request.query, kind, reason, retryable, ""));
    }

    void NotAllowed() {
      adapters::SourceReply reply =
          adapters::UniformReply(request.query, base::AnswerKind::kNotAsked,
                                 base::Reason::kNoAuthorization, /*retryable=*/false, "");
      reply.sent = false;
      Reply(std::move(reply));
    }

    runtime::EventLoop* loop = nullptr;
    std::string token;  // of a poll; empty: a query
    adapters::SourceRequest request;
    adapters::SourceDone done;
    bool cancelled = false;
  };

  std::shared_ptr<adapters::SourceCall> Start(runtime::EventLoop& loop,
                                              adapters::SourceRequest request,
                                              adapters::SourceDone done) override {
    auto attempt = std::make_shared<Attempt>();
    attempt->loop = &loop;
    attempt->request = std::move(request);
    attempt->done = std::move(done);
    attempts.push_back(attempt);
    attempt->token = std::exchange(token_, "");
    if (!connecting && !attempt->request.may_be_sent()) attempt->NotAllowed();
    return attempt;
  }

  std::shared_ptr<adapters::SourceCall> Poll(runtime::EventLoop& loop, std::string token,
                                             adapters::SourceRequest request,
                                             adapters::SourceDone done) override {
    token_ = std::move(token);
    return Start(loop, std::move(request), std::move(done));
  }

  bool connecting = false;  // true: queries wait here, and the test asks whether they may be sent
  std::vector<std::shared_ptr<Attempt>> attempts;

 private:
  std::string token_;
};

}  // namespace hedui::gather

#endif  // HEDUI_TESTS_GATHER_FAKE_SOURCE_ADAPTER_H_
