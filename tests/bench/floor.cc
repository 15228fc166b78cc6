#include "tests/bench/floor.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "server/runtime/grpc_event_loop.h"
#include "tests/bench/bytes.h"
#include "tests/bench/raw_server.h"

namespace hedui::bench {
namespace {

constexpr std::chrono::seconds kSourceDeadline(10);

struct Source {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<grpc::GenericStub> stub;
};

// What all requests share; immutable.
struct Parts {
  std::vector<Source> sources;
  FloorCommitter* committer;
  std::string intent_row;
  std::string result_row;
  grpc::ByteBuffer source_request;
  grpc::ByteBuffer response;
};

// One request: Run → OnIntentCommitted → OnSourceDone (each) → OnResultCommitted. Lives on its
// call's loop.
class Flow {
 public:
  static void Run(const Parts* parts, RawCall* call) {
    auto* const flow = new Flow(parts, call);
    parts->committer->Submit(parts->intent_row,
                             [flow] { flow->loop_->Post([flow] { flow->OnIntentCommitted(); }); });
  }

 private:
  class Attempt;

  Flow(const Parts* parts, RawCall* call) : parts_(parts), call_(call), loop_(call->loop()) {}

  void OnIntentCommitted();
  void OnSourceDone(const grpc::Status& status);
  void OnResultCommitted();

  const Parts* const parts_;
  RawCall* const call_;
  runtime::EventLoop* const loop_;
  size_t open_calls_ = 0;
  grpc::Status failure_;
};

class Flow::Attempt final : public runtime::CompletionTag {
 public:
  Attempt(Flow* flow, grpc::GenericStub* stub) : flow_(flow) {
    context_.set_deadline(std::chrono::system_clock::now() + kSourceDeadline);
    reader_ = stub->PrepareUnaryCall(&context_, kSourceMethod, flow->parts_->source_request,
                                     runtime::QueueOf(flow->loop_));
    reader_->StartCall();
    reader_->Finish(&response_, &status_, tag());
  }

  void OnComplete(bool /*ok*/) override {
    flow_->OnSourceDone(status_);
    delete this;
  }

 private:
  Flow* const flow_;
  grpc::ClientContext context_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
};

void Flow::OnIntentCommitted() {
  open_calls_ = parts_->sources.size();
  for (const Source& source : parts_->sources) new Attempt(this, source.stub.get());
}

void Flow::OnSourceDone(const grpc::Status& status) {
  if (!status.ok()) failure_ = status;
  if (--open_calls_ > 0) return;
  if (parts_->result_row.empty()) return OnResultCommitted();
  parts_->committer->Submit(parts_->result_row,
                            [this] { loop_->Post([this] { OnResultCommitted(); }); });
}

void Flow::OnResultCommitted() {
  if (failure_.ok()) {
    call_->Reply(parts_->response);
  } else {
    call_->Fail("a source failed: " + failure_.error_message());
  }
  delete this;
}

}  // namespace

struct Floor::State {
  explicit State(const FloorOptions& options) : committer(options.directory, options.signing) {
    for (const std::string& address : options.sources) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
      auto channel =
          grpc::CreateCustomChannel(address, ChannelCredentialsOf(options.tls), arguments);
      auto stub = std::make_unique<grpc::GenericStub>(channel);
      parts.sources.push_back({std::move(channel), std::move(stub)});
    }
    parts.committer = &committer;
    parts.intent_row = Noise(options.shape.intent_row_bytes, 1);
    parts.result_row = Noise(options.shape.result_row_bytes, 2);
    parts.source_request = ToBuffer(Noise(options.shape.source_request_bytes, 3));
    parts.response = ToBuffer(Noise(options.shape.response_bytes, 4));
    server = std::make_unique<RawServer>(
        RawServer::Options{.methods = {kFloorMethod}, .loops = options.loops, .tls = options.tls},
        [this](RawCall* call) { Flow::Run(&parts, call); });
  }

  FloorCommitter committer;
  Parts parts;
  std::unique_ptr<RawServer> server;  // last: running requests use the rest
};

Floor::Floor(const FloorOptions& options) : state_(std::make_unique<State>(options)) {}

Floor::~Floor() = default;

const std::string& Floor::address() const { return state_->server->addresses().front(); }

}  // namespace hedui::bench
