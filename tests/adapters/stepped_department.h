// A department over gRPC whose steps a test takes one by one: the query has arrived; the answer is
// sent; the call is ended. A fault of the network can so be set between any two of them.
//
// Thread-safe. Ends with its destructor, which ends every call.
#ifndef HEDUI_TESTS_ADAPTERS_STEPPED_DEPARTMENT_H_
#define HEDUI_TESTS_ADAPTERS_STEPPED_DEPARTMENT_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "hedui/v1/source.pb.h"
#include "server/base/mutex.h"

namespace hedui::adapters {

class SteppedDepartment final : private grpc::CallbackGenericService {
 public:
  struct Reply {
    Reply(std::string with_bytes) : bytes(std::move(with_bytes)) {}  // NOLINT: as it is written

    std::string bytes;
    grpc::Status status;  // not OK: the call ends so, without an answer
    bool silent = false;  // nothing comes, until the call is gone
  };
  // What is sent for a query; on a thread of gRPC's, before the query counts as arrived.
  using Answer = std::function<Reply(const v1::QueryRequest&)>;
  // The same for a poll, which counts as a query.
  using AnswerPoll = std::function<Reply(const v1::PollRequest&)>;

  // `answer_poll` null: nobody polls.
  SteppedDepartment(const std::shared_ptr<grpc::ServerCredentials>& credentials, Answer answer,
                    AnswerPoll answer_poll = nullptr);
  ~SteppedDepartment() override;

  int port() const { return port_; }
  // Whether queries that arrive from now on wait for Send...; else they are answered at once, as in
  // the beginning.
  void StepByStep(bool on);
  // Queries that arrived since the beginning.
  int arrived() const;
  v1::QueryRequest last_query() const;

  // All of these for the query that arrived last, and nothing where its call is gone.
  // Begins to send answer and end together.
  void SendAnswerAndEnd();
  // Sends the answer without an end; returns when the network has it.
  void SendAnswer();
  void SendEnd();
  // Waits until the call has been given up by its caller or lost its connection.
  void AwaitGone();

 private:
  class Call;
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;
  void OnArrived(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& request, bool poll);
  void OnStep(const Call* call, bool gone);

  Reply ReplyTo(const grpc::ByteBuffer& request, bool poll, v1::QueryRequest* query) const;

  const Answer answer_;
  const AnswerPoll answer_poll_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  bool stepping_ ABSL_GUARDED_BY(mutex_) = false;
  int arrived_ ABSL_GUARDED_BY(mutex_) = 0;
  v1::QueryRequest last_query_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Call> current_ ABSL_GUARDED_BY(mutex_);
  bool written_ ABSL_GUARDED_BY(mutex_) = false;  // of current_
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;     // of current_
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace hedui::adapters

#endif  // HEDUI_TESTS_ADAPTERS_STEPPED_DEPARTMENT_H_
