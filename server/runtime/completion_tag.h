// What a completion queue hands back. Every tag given to a queue that a GrpcEventLoop drains is the
// tag() of a CompletionTag; any other pointer crashes the loop.
//
// Lifetime: a tag stays alive until its OnComplete has begun, which happens exactly once for each
// operation started with it, on the loop's thread, also when the queue is being shut down. It may
// delete itself there.
#ifndef HEDUI_SERVER_RUNTIME_COMPLETION_TAG_H_
#define HEDUI_SERVER_RUNTIME_COMPLETION_TAG_H_

#include <utility>

#include "absl/functional/any_invocable.h"
#include "server/base/mutex.h"

namespace hedui::runtime {

class CompletionTag {
 public:
  // `ok` is what the queue said; its meaning is the operation's own. Never blocks.
  virtual void OnComplete(bool ok) = 0;

  // The pointer for gRPC, taken anew for each operation. Not `this` of the derived class: with
  // several bases that is another address.
  void* tag() {
    // The queue passes the object to the loop's thread inside a library that ThreadSanitizer does
    // not see into; these two calls tell it.
    HEDUI_TSAN_RELEASING(this);
    return this;
  }
  // For the loop: what its queue gave back.
  static void Complete(void* tag, bool ok) {
    auto* const self = static_cast<CompletionTag*>(tag);
    HEDUI_TSAN_ACQUIRED(self);
    self->OnComplete(ok);
  }

 protected:
  virtual ~CompletionTag() = default;
};

// A tag for one operation that calls a function and deletes itself. Handing it to a call that is
// then not started leaks it.
class OnceTag final : public CompletionTag {
 public:
  using Function = absl::AnyInvocable<void(bool ok) &&>;

  static void* Of(Function function) { return (new OnceTag(std::move(function)))->tag(); }

  void OnComplete(bool ok) override {
    Function function = std::move(function_);
    delete this;
    std::move(function)(ok);
  }

 private:
  explicit OnceTag(Function function) : function_(std::move(function)) {}

  Function function_;
};

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_COMPLETION_TAG_H_
