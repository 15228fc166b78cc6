// A gRPC server of unary methods that passes bytes through: the least that the stack allows, for
// bare sources and for the floor. It listens on several ports with one certificate, and runs on
// event loops of its own.
//
// Thread safety: construct, use and destroy on one thread; the handler runs on the loops.
#ifndef HEDUI_TESTS_BENCH_RAW_SERVER_H_
#define HEDUI_TESTS_BENCH_RAW_SERVER_H_

#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/runtime/event_loop.h"
#include "tests/bench/tls.h"

namespace hedui::bench {

// One call being served. Reply exactly once, on the call's loop; the call is gone after it.
class RawCall {
 public:
  virtual ~RawCall() = default;
  virtual const grpc::ByteBuffer& request() const = 0;
  // Which of the server's methods was called, by its number.
  virtual size_t method() const = 0;
  virtual runtime::EventLoop* loop() const = 0;
  // Which of the server's addresses the caller dialled, by its number; nullopt for another name.
  virtual std::optional<size_t> port() const = 0;
  virtual void Reply(const grpc::ByteBuffer& response) = 0;
  virtual void Fail(int code, const std::string& message) = 0;           // a gRPC code
  void Fail(const std::string& message) { Fail(/*code=*/13, message); }  // INTERNAL
};

class RawServer {
 public:
  struct Options {
    std::vector<std::string> methods;  // "/hedui.v1.SourceService/Query"
    int ports = 1;                     // one listening port each; a bare source is a port
    int loops = 1;
    TlsTexts tls;
  };
  // Never blocks. Called on the loop of the call.
  using Handler = std::function<void(RawCall* call)>;

  // Listens on 127.0.0.1 from here on.
  RawServer(const Options& options, Handler handler);
  // Waits for running calls.
  ~RawServer();

  // "127.0.0.1:4711", one for each port.
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  struct State;

  std::vector<std::string> addresses_;
  std::unique_ptr<State> state_;
};

// A handler that answers every call at once with the same bytes.
RawServer::Handler AnswerWith(std::string response);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_RAW_SERVER_H_
