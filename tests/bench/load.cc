#include "tests/bench/load.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/base/status.h"
#include "server/runtime/grpc_event_loop.h"
#include "tests/bench/bytes.h"
#include "tests/support/notification.h"

namespace hedui::bench {
namespace {

// Everything below runs on the load's loop.
class Load {
 public:
  Load(const LoadOptions& options, runtime::GrpcEventLoop* loop) : options_(options), loop_(loop) {
    for (int i = 0; i < options.requests + options.warm_up; ++i) {
      requests_.push_back(ToBuffer(options.make_request(i)));
    }
    for (int i = 0; i < std::max(1, options.connections); ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
                       1);  // or all channels share one connection
      arguments.SetMaxReceiveMessageSize(-1);
      arguments.SetInt("hedui.connection", i);
      const size_t caller = static_cast<size_t>(i) % (options.more_credentials.size() + 1);
      channels_.push_back(grpc::CreateCustomChannel(
          options.target, caller == 0 ? options.credentials : options.more_credentials[caller - 1],
          arguments));
      stubs_.push_back(std::make_unique<grpc::GenericStub>(channels_.back()));
    }
    latencies_.reserve(static_cast<size_t>(options.requests));
  }

  void Start() {
    if (options_.per_second > 0) {
      first_due_ = loop_->Now();
      StartDue();
      return;
    }
    const int in_flight = std::min(options_.in_flight, total());
    for (int i = 0; i < in_flight; ++i) StartNext();
  }
  void WaitUntilDone() { done_.Wait(); }
  LoadResult Result();

 private:
  class Call;

  int total() const { return static_cast<int>(requests_.size()); }
  void StartNext();
  // The open loop: begins what is due, and comes back when the next one is.
  void StartDue();
  absl::Duration DueAt(int index) const {
    return first_due_ + absl::Seconds(index / options_.per_second);
  }
  void OnDone(const Call& call, const grpc::Status& status, const grpc::ByteBuffer& response);
  void OnSuccess(const Call& call);
  void OnFailure(const Call& call, const grpc::Status& status);
  void NoteFailure(std::string error) {
    if (result_.failed++ == 0) result_.first_error = std::move(error);
  }

  const LoadOptions& options_;
  runtime::GrpcEventLoop* const loop_;
  std::vector<grpc::ByteBuffer> requests_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  int next_ = 0;
  int ended_ = 0;
  absl::Duration first_due_;
  absl::Duration measured_from_;
  absl::Duration measured_to_;
  int good_ = 0;  // of the open loop: what its rate counts
  std::vector<absl::Duration> latencies_;
  std::vector<absl::Duration> refusals_;
  LoadResult result_;
  testing::Notification done_;
};

class Load::Call final : public runtime::CompletionTag {
 public:
  Call(Load* load, int number, absl::Duration from) : index(number), started(from), load_(load) {
    context_.set_deadline(std::chrono::system_clock::now() +
                          absl::ToChronoNanoseconds(load->options_.timeout));
    grpc::GenericStub& stub = *load->stubs_[static_cast<size_t>(number) % load->stubs_.size()];
    reader_ =
        stub.PrepareUnaryCall(&context_, load->options_.method,
                              load->requests_[static_cast<size_t>(number)], load->loop_->queue());
    reader_->StartCall();
    reader_->Finish(&response_, &status_, tag());
  }

  void OnComplete(bool /*ok*/) override {
    const std::unique_ptr<Call> self(this);
    load_->OnDone(*this, status_, response_);
  }

  const int index;
  const absl::Duration started;

 private:
  Load* const load_;
  grpc::ClientContext context_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
};

void Load::StartNext() {
  const absl::Duration now = loop_->Now();
  if (next_ == options_.warm_up) measured_from_ = now;
  new Call(this, next_++, now);
}

void Load::StartDue() {
  while (next_ < total() && DueAt(next_) <= loop_->Now()) {
    new Call(this, next_, DueAt(next_));
    ++next_;
  }
  if (next_ < total()) loop_->After(DueAt(next_) - loop_->Now(), [this] { StartDue(); });
}

void Load::OnSuccess(const Call& call) {
  const absl::Duration now = loop_->Now();
  const absl::Duration took = now - call.started;
  const bool in_time = took <= options_.in_time;
  if (options_.per_second > 0 && in_time && now >= DueAt(options_.warm_up) &&
      now < DueAt(total())) {
    ++good_;
  }
  if (call.index < options_.warm_up) return;
  ++result_.succeeded;
  if (!in_time) ++result_.late;
  latencies_.push_back(took);
  measured_to_ = now;
}

void Load::OnFailure(const Call& call, const grpc::Status& status) {
  if (!options_.is_refusal || !options_.is_refusal(status.error_code(), status.error_details())) {
    return NoteFailure(
        absl::StrCat("gRPC status ", status.error_code(), ": ", status.error_message()));
  }
  if (call.index < options_.warm_up) return;
  ++result_.refused;
  refusals_.push_back(loop_->Now() - call.started);
}

void Load::OnDone(const Call& call, const grpc::Status& status, const grpc::ByteBuffer& response) {
  if (!status.ok()) {
    OnFailure(call, status);
  } else {
    const absl::Status checked = options_.check_response
                                     ? options_.check_response(call.index, ToString(response))
                                     : absl::OkStatus();
    checked.ok() ? OnSuccess(call) : NoteFailure(std::string(checked.message()));
  }
  if (options_.per_second == 0 && next_ < total()) StartNext();
  if (++ended_ == total()) done_.Notify();
}

// Of at least one.
absl::Duration Quantile(const std::vector<absl::Duration>& sorted, int percent) {
  return sorted[(sorted.size() - 1) * static_cast<size_t>(percent) / 100];
}

LoadResult Load::Result() {
  if (!refusals_.empty()) {
    std::sort(refusals_.begin(), refusals_.end());
    result_.refusal_p50 = Quantile(refusals_, 50);
    result_.refusal_p99 = Quantile(refusals_, 99);
  }
  if (latencies_.empty()) return result_;
  std::sort(latencies_.begin(), latencies_.end());
  result_.p50 = Quantile(latencies_, 50);
  result_.p90 = Quantile(latencies_, 90);
  result_.p99 = Quantile(latencies_, 99);
  result_.max = latencies_.back();
  result_.per_second =
      options_.per_second > 0
          ? good_ / absl::ToDoubleSeconds(DueAt(total()) - DueAt(options_.warm_up))
          : result_.succeeded / absl::ToDoubleSeconds(measured_to_ - measured_from_);
  return result_;
}

}  // namespace

LoadResult RunLoad(const LoadOptions& options) {
  const base::SystemClock clock;
  LoadResult result;
  runtime::GrpcEventLoop loop(std::make_unique<grpc::CompletionQueue>(), &clock, "load");
  Load load(options, &loop);  // its channels end here, on this thread, after the loop below
  loop.Start();
  loop.Post([&load] { load.Start(); });
  load.WaitUntilDone();
  loop.Shutdown();
  return load.Result();
}

absl::Status CheckAllSucceeded(const LoadResult& result) {
  if (result.failed == 0) return absl::OkStatus();
  return base::MakeError(
      absl::StatusCode::kInternal, "LOAD_FAILED",
      absl::StrCat(result.failed, " calls failed, the first with: ", result.first_error));
}

}  // namespace hedui::bench
