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
      channels_.push_back(
          grpc::CreateCustomChannel(options.target, options.credentials, arguments));
      stubs_.push_back(std::make_unique<grpc::GenericStub>(channels_.back()));
    }
    latencies_.reserve(static_cast<size_t>(options.requests));
  }

  void Start() {
    const int in_flight = std::min(options_.in_flight, total());
    for (int i = 0; i < in_flight; ++i) StartNext();
  }
  void WaitUntilDone() { done_.Wait(); }
  LoadResult Result();

 private:
  class Call;

  int total() const { return static_cast<int>(requests_.size()); }
  void StartNext();
  void OnDone(const Call& call, bool succeeded, std::string error);

  const LoadOptions& options_;
  runtime::GrpcEventLoop* const loop_;
  std::vector<grpc::ByteBuffer> requests_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  int next_ = 0;
  int ended_ = 0;
  absl::Duration measured_from_;
  absl::Duration measured_to_;
  std::vector<absl::Duration> latencies_;
  LoadResult result_;
  testing::Notification done_;
};

class Load::Call final : public runtime::CompletionTag {
 public:
  Call(Load* load, int number) : index(number), started(load->loop_->Now()), load_(load) {
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
    std::string error;
    if (!status_.ok()) {
      error = absl::StrCat("gRPC status ", status_.error_code(), ": ", status_.error_message());
    } else if (load_->options_.check_response) {
      const absl::Status checked = load_->options_.check_response(index, ToString(response_));
      if (!checked.ok()) error = std::string(checked.message());
      load_->OnDone(*this, checked.ok(), std::move(error));
      return;
    }
    load_->OnDone(*this, status_.ok(), std::move(error));
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
  if (next_ == options_.warm_up) measured_from_ = loop_->Now();
  new Call(this, next_++);
}

void Load::OnDone(const Call& call, bool succeeded, std::string error) {
  const absl::Duration now = loop_->Now();
  if (!succeeded) {
    if (result_.failed++ == 0) result_.first_error = std::move(error);
  } else if (call.index >= options_.warm_up) {
    ++result_.succeeded;
    latencies_.push_back(now - call.started);
    measured_to_ = now;
  }
  if (next_ < total()) StartNext();
  if (++ended_ == total()) done_.Notify();
}

LoadResult Load::Result() {
  if (latencies_.empty()) return result_;
  std::sort(latencies_.begin(), latencies_.end());
  const auto quantile = [this](int percent) {
    return latencies_[(latencies_.size() - 1) * static_cast<size_t>(percent) / 100];
  };
  result_.p50 = quantile(50);
  result_.p90 = quantile(90);
  result_.p99 = quantile(99);
  result_.max = latencies_.back();
  result_.per_second = result_.succeeded / absl::ToDoubleSeconds(measured_to_ - measured_from_);
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
