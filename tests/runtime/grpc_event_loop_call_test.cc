// Calls in both directions over the loops: what the rooms that speak gRPC rely on.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "server/runtime/grpc_event_loop.h"
#include "tests/support/notification.h"

namespace hedui::runtime {
namespace {

// Echoes bytes of any method; one call after another per instance, re-armed until the server shuts
// down.
class EchoCall final : public CompletionTag {
 public:
  EchoCall(grpc::AsyncGenericService* service, GrpcEventLoop* loop)
      : service_(service), loop_(loop) {
    service_->RequestCall(&context_, &stream_, loop_->queue(), loop_->server_queue(), tag());
  }

  void OnComplete(bool ok) override {
    switch (state_) {
      case State::kArrive:
        if (!ok) return delete this;
        new EchoCall(service_, loop_);
        state_ = State::kRead;
        return stream_.Read(&bytes_, tag());
      case State::kRead:
        state_ = State::kFinish;
        return stream_.WriteAndFinish(bytes_, grpc::WriteOptions(), grpc::Status::OK, tag());
      case State::kFinish:
        return delete this;
    }
  }

 private:
  enum class State { kArrive, kRead, kFinish };

  State state_ = State::kArrive;
  grpc::AsyncGenericService* const service_;
  GrpcEventLoop* const loop_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  grpc::ByteBuffer bytes_;
};

// One outbound call; owns everything until its own completion.
class Attempt final : public CompletionTag {
 public:
  Attempt(grpc::GenericStub* stub, GrpcEventLoop* loop,
          absl::AnyInvocable<void(grpc::Status) &&> done)
      : done_(std::move(done)) {
    const grpc::Slice slice("household");
    const grpc::ByteBuffer request(&slice, 1);
    reader_ = stub->PrepareUnaryCall(&context_, "/test.Echo/Echo", request, loop->queue());
    reader_->StartCall();
    reader_->Finish(&response_, &status_, tag());
  }

  void Cancel() { context_.TryCancel(); }

  void OnComplete(bool /*ok*/) override {
    const std::unique_ptr<Attempt> self(this);
    std::move(done_)(status_);
  }

 private:
  grpc::ClientContext context_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
  absl::AnyInvocable<void(grpc::Status) &&> done_;
};

class LoopCallTest : public ::testing::Test {
 protected:
  LoopCallTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterAsyncGenericService(&service_);
    for (int i = 0; i < 2; ++i) loops_.Add(builder.AddCompletionQueue());
    server_ = builder.BuildAndStart();
    loops_.Start();
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                   grpc::InsecureChannelCredentials());
    stub_ = std::make_unique<grpc::GenericStub>(channel_);
  }

  ~LoopCallTest() override { StopServer(); }

  void ServeEcho() {
    for (size_t i = 0; i < loops_.size(); ++i) {
      GrpcEventLoop* const loop = loops_.at(i);
      loop->Post([this, loop] { new EchoCall(&service_, loop); });
    }
  }

  void StopServer() {
    if (server_) server_->Shutdown();
    loops_.Shutdown();
    server_.reset();
  }

  base::SystemClock clock_;
  EventLoops loops_{&clock_};
  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::GenericStub> stub_;
};

TEST_F(LoopCallTest, AServersQueueIsKnownAsOne) {
  EXPECT_EQ(loops_.at(0)->server_queue(), loops_.at(0)->queue());
}

TEST_F(LoopCallTest, OutboundAndInboundCallsShareALoop) {
  ServeEcho();
  constexpr int kCalls = 500;
  std::atomic<int> succeeded{0};
  testing::Latch done(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    GrpcEventLoop* const loop = loops_.Next();
    loop->Post([&, loop] {
      new Attempt(stub_.get(), loop, [&, loop](const grpc::Status& status) {
        EXPECT_TRUE(status.ok()) << status.error_message();
        if (status.ok() && loop->InLoop()) ++succeeded;
        done.CountDown();
      });
    });
  }
  done.Wait();
  EXPECT_EQ(succeeded.load(), kCalls);
}

TEST_F(LoopCallTest, ACallCancelledBeforeShutdownIsDeliveredByIt) {
  // Nobody takes calls: this one stays open until cancelled.
  std::atomic<int> code{-1};
  testing::Latch cancelled(1);
  GrpcEventLoop* const loop = loops_.at(0);
  loop->Post([&] {
    auto* const attempt = new Attempt(
        stub_.get(), loop, [&](const grpc::Status& status) { code = status.error_code(); });
    loop->Post([&, attempt] {
      attempt->Cancel();
      cancelled.CountDown();
    });
  });
  cancelled.Wait();
  StopServer();
  EXPECT_EQ(code.load(), grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace hedui::runtime
