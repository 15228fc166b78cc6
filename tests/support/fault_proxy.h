// A loopback TCP proxy that does to connections what networks do, when the test says so: holds
// bytes back, cuts, closes one direction, alters a byte, lets bytes through one by one.
//
// A fault strikes at a place in the bytes of one direction of a connection, counted from its
// beginning (OnNewConnections) or from now (FromNow), never at a time. Everything that had come in
// before FromNow has been passed on when the fault is set, so that what a test knows to have been
// sent is on this side of it.
//
//   FaultProxy proxy(server.port());
//   ... the server says that the request has arrived, and has not answered yet ...
//   proxy.FromNow({FaultProxy::Kind::kCut, FaultProxy::Direction::kToCaller, 100});
//   ... the answer begins; the connection is reset after 100 bytes of it ...
//
// Knows nothing of what it carries; bytes are those on the wire, TLS records mostly.
//
// Thread-safe; calls return when the proxy has done what they ask. Ends with its destructor, which
// resets every connection.
#ifndef HEDUI_TESTS_SUPPORT_FAULT_PROXY_H_
#define HEDUI_TESTS_SUPPORT_FAULT_PROXY_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <thread>

#include "absl/functional/function_ref.h"
#include "server/base/mutex.h"

namespace hedui::testing {

class FaultProxy {
 public:
  enum class Direction { kToTarget, kToCaller };
  enum class Kind {
    kHold,       // what comes stays here until Release: silence, or a delay that the test ends
    kCut,        // both sides see the connection reset
    kHalfClose,  // the direction ends in good order, and what still comes is lost; the other goes
                 // on
    kCorrupt,    // one bit of the next byte is changed, once
    kDrip,       // every byte travels alone
  };
  struct Fault {
    Kind kind;
    Direction direction = Direction::kToCaller;
    uint64_t after_bytes = 0;  // of that direction, passed unharmed
  };

  // To 127.0.0.1:`target_port`; a target that is not there is a connection closed at once.
  explicit FaultProxy(int target_port);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // On 127.0.0.1.
  int port() const { return port_; }

  // Strikes each connection taken from now on; those open are left alone.
  void OnNewConnections(Fault fault);
  // Strikes every connection open now; counted from here.
  void FromNow(Fault fault);
  // No fault any more: what was held goes on, new connections pass. What was cut stays cut.
  void Release();

  // Waits until faults have struck `count` times since the beginning. A connection is struck once
  // by each fault set on it.
  void AwaitStrikes(int count);
  int strikes() const;
  // Connections taken since the beginning.
  int connections() const;
  // Waits until none is open.
  void AwaitAllClosed();

 private:
  // One direction of a connection.
  struct Flow {
    int from = -1;
    int to = -1;
    std::string buffer;  // read, not passed on
    uint64_t passed = 0;
    std::optional<Fault> fault;
    uint64_t strikes_at = 0;  // of `passed`
    bool held = false;
    bool dripping = false;
    bool from_ended = false;
    bool to_ended = false;  // what comes is thrown away
  };
  struct Connection {
    Flow to_target;
    Flow to_caller;
    bool dead = false;
  };

  // Runs `task` on the proxy's thread and returns when it has run.
  void Do(absl::FunctionRef<void()> task);
  void Run();
  void RunTasks();
  void WaitForWork();
  void Accept();
  void Set(Connection* connection, Fault fault, bool from_now);
  void Work(Connection* connection);
  void Read(Connection* connection, Flow* flow);
  void Pass(Connection* connection, Flow* flow);
  // True when a fault's place is reached and it has struck.
  bool Strike(Connection* connection, Flow* flow);
  void CountOpen();

  const int target_port_;
  int listener_ = -1;
  int port_ = 0;
  int wake_[2] = {-1, -1};  // a pipe

  // The proxy's thread only.
  std::list<Connection> connections_;
  std::optional<Fault> on_new_;
  bool ending_ = false;

  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  int strikes_ ABSL_GUARDED_BY(mutex_) = 0;
  int taken_ ABSL_GUARDED_BY(mutex_) = 0;
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_FAULT_PROXY_H_
