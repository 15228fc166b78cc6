#include "tests/adapters/stepped_department.h"

#include <atomic>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace hedui::adapters {

// Holds itself until gRPC is through with it.
class SteppedDepartment::Call final : public grpc::ServerGenericBidiReactor,
                                      public std::enable_shared_from_this<Call> {
 public:
  Call(SteppedDepartment* department, bool poll) : department_(department), poll_(poll) {}

  void Begin() {
    self_ = shared_from_this();
    StartRead(&request_);
  }
  void Prepare(const Reply& reply) {
    const grpc::Slice slice(reply.bytes);
    response_ = grpc::ByteBuffer(&slice, 1);
    status_ = reply.status;
  }
  // gRPC takes nothing more once Finish has begun, which OnCancel may do at any moment.
  void WriteAnswer() {
    State open = State::kOpen;
    if (!state_.compare_exchange_strong(open, State::kStarting)) return;
    StartWrite(&response_);
    State starting = State::kStarting;
    if (state_.compare_exchange_strong(starting, State::kOpen)) return;
    state_ = State::kFinished;
    Finish(grpc::Status::CANCELLED);
  }
  void WriteAnswerAndFinish() {
    if (!status_.ok()) return FinishOnce(status_);
    State open = State::kOpen;
    if (state_.compare_exchange_strong(open, State::kFinished)) {
      StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
    }
  }
  void FinishOnce(const grpc::Status& status) {
    State state = State::kOpen;
    if (state_.compare_exchange_strong(state, State::kFinished)) return Finish(status);
    if (state != State::kStarting) return;
    if (state_.compare_exchange_strong(state, State::kFinishWanted)) return;
    // It has started meanwhile.
    if (state == State::kOpen) FinishOnce(status);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return FinishOnce(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no request"));
    department_->OnArrived(shared_from_this(), request_, poll_);
  }
  void OnWriteDone(bool) override { department_->OnStep(this, /*gone=*/false); }
  void OnCancel() override {
    department_->OnStep(this, /*gone=*/true);
    FinishOnce(grpc::Status::CANCELLED);
  }
  void OnDone() override { self_.reset(); }

 private:
  enum class State { kOpen, kStarting, kFinishWanted, kFinished };

  SteppedDepartment* const department_;
  const bool poll_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  std::atomic<State> state_{State::kOpen};
  std::shared_ptr<Call> self_;
};

SteppedDepartment::SteppedDepartment(const std::shared_ptr<grpc::ServerCredentials>& credentials,
                                     Answer answer, AnswerPoll answer_poll)
    : answer_(std::move(answer)), answer_poll_(std::move(answer_poll)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
  builder.RegisterCallbackGenericService(this);
  server_ = builder.BuildAndStart();
  EXPECT_NE(server_, nullptr);
}

SteppedDepartment::~SteppedDepartment() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

void SteppedDepartment::StepByStep(bool on) {
  const base::MutexLock lock(&mutex_);
  stepping_ = on;
}

int SteppedDepartment::arrived() const {
  const base::MutexLock lock(&mutex_);
  return arrived_;
}

v1::QueryRequest SteppedDepartment::last_query() const {
  const base::MutexLock lock(&mutex_);
  return last_query_;
}

void SteppedDepartment::SendAnswerAndEnd() {
  std::shared_ptr<Call> call;
  {
    const base::MutexLock lock(&mutex_);
    call = current_;
  }
  if (call != nullptr) call->WriteAnswerAndFinish();
}

void SteppedDepartment::SendAnswer() {
  std::shared_ptr<Call> call;
  {
    const base::MutexLock lock(&mutex_);
    if (current_ == nullptr || gone_) return;
    call = current_;
  }
  call->WriteAnswer();
  const base::MutexLock lock(&mutex_);
  while (!written_ && !gone_) changed_.Wait(&mutex_);
}

void SteppedDepartment::SendEnd() {
  std::shared_ptr<Call> call;
  {
    const base::MutexLock lock(&mutex_);
    call = current_;
  }
  if (call != nullptr) call->FinishOnce(grpc::Status::OK);
}

void SteppedDepartment::AwaitGone() {
  const base::MutexLock lock(&mutex_);
  while (!gone_) changed_.Wait(&mutex_);
}

grpc::ServerGenericBidiReactor* SteppedDepartment::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  const bool poll = absl::EndsWith(context->method(), "/Poll");
  const auto call = std::make_shared<Call>(this, poll);
  call->Begin();
  return call.get();
}

SteppedDepartment::Reply SteppedDepartment::ReplyTo(const grpc::ByteBuffer& request, bool poll,
                                                    v1::QueryRequest* query) const {
  grpc::ByteBuffer bytes = request;
  grpc::Slice whole;
  EXPECT_TRUE(bytes.DumpToSingleSlice(&whole).ok());
  const auto size = static_cast<int>(whole.size());
  if (!poll) {
    EXPECT_TRUE(query->ParseFromArray(whole.begin(), size));
    return answer_(*query);
  }
  v1::PollRequest asked;
  EXPECT_TRUE(asked.ParseFromArray(whole.begin(), size));
  EXPECT_NE(answer_poll_, nullptr);
  query->set_attempt_id(asked.attempt_id());
  query->set_warrant(asked.warrant());
  *query->mutable_people() = asked.people();
  *query->mutable_period() = asked.period();
  return answer_poll_(asked);
}

void SteppedDepartment::OnArrived(const std::shared_ptr<Call>& call,
                                  const grpc::ByteBuffer& request, bool poll) {
  v1::QueryRequest query;
  const Reply reply = ReplyTo(request, poll, &query);
  call->Prepare(reply);
  bool stepping = false;
  {
    const base::MutexLock lock(&mutex_);
    ++arrived_;
    last_query_ = query;
    stepping = stepping_;
    if (stepping) {
      current_ = call;
      written_ = gone_ = false;
    }
    changed_.SignalAll();
  }
  if (!stepping && !reply.silent) call->WriteAnswerAndFinish();
}

void SteppedDepartment::OnStep(const Call* call, bool gone) {
  const base::MutexLock lock(&mutex_);
  if (call != current_.get()) return;
  (gone ? gone_ : written_) = true;
  changed_.SignalAll();
}

}  // namespace hedui::adapters
