#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace hedui::testing {
namespace {

// What a direction may keep back before its sender has to wait.
constexpr size_t kBufferBytesMax = 1 << 20;
constexpr int kBacklog = 128;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void SetUp(int fd) {
  EXPECT_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
  const int on = 1;
  EXPECT_EQ(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
}

void Reset(int fd) {
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(fd);
}

}  // namespace

FaultProxy::FaultProxy(int target_port) : target_port_(target_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, kBacklog), 0);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  EXPECT_EQ(pipe2(wake_, O_CLOEXEC | O_NONBLOCK), 0);
  thread_ = std::thread([this] { Run(); });
}

FaultProxy::~FaultProxy() {
  Do([this] { ending_ = true; });
  thread_.join();
  for (const int fd : {listener_, wake_[0], wake_[1]}) close(fd);
}

void FaultProxy::OnNewConnections(Fault fault) {
  Do([&] { on_new_ = fault; });
}

void FaultProxy::FromNow(Fault fault) {
  Do([&] {
    for (Connection& connection : connections_) {
      if (!connection.dead) Set(&connection, fault, /*from_now=*/true);
    }
  });
}

void FaultProxy::Release() {
  Do([&] {
    on_new_.reset();
    for (Connection& connection : connections_) {
      for (Flow* flow : {&connection.to_target, &connection.to_caller}) {
        flow->fault.reset();
        flow->held = false;
        flow->dripping = false;
      }
      Work(&connection);
    }
  });
}

void FaultProxy::AwaitStrikes(int count) {
  const base::MutexLock lock(&mutex_);
  while (strikes_ < count) changed_.Wait(&mutex_);
}

int FaultProxy::strikes() const {
  const base::MutexLock lock(&mutex_);
  return strikes_;
}

int FaultProxy::connections() const {
  const base::MutexLock lock(&mutex_);
  return taken_;
}

void FaultProxy::AwaitAllClosed() {
  const base::MutexLock lock(&mutex_);
  while (open_ > 0) changed_.Wait(&mutex_);
}

void FaultProxy::Do(absl::FunctionRef<void()> task) {
  bool done = false;
  {
    const base::MutexLock lock(&mutex_);
    tasks_.push_back([&] {
      task();
      const base::MutexLock inner(&mutex_);
      done = true;
      changed_.SignalAll();
    });
  }
  EXPECT_EQ(write(wake_[1], "w", 1), 1);
  const base::MutexLock lock(&mutex_);
  while (!done) changed_.Wait(&mutex_);
}

void FaultProxy::Run() {
  while (!ending_) {
    WaitForWork();
    Accept();
    for (Connection& connection : connections_) Work(&connection);
    RunTasks();
    connections_.remove_if([](const Connection& connection) { return connection.dead; });
    CountOpen();
  }
  for (Connection& connection : connections_) {
    Reset(connection.to_target.from);
    Reset(connection.to_target.to);
  }
}

// Whatever is found to do is done by looking at everything again: a test has few connections.
void FaultProxy::WaitForWork() {
  std::vector<pollfd> fds = {{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
  for (Connection& connection : connections_) {
    for (const Flow* flow : {&connection.to_target, &connection.to_caller}) {
      if (!flow->from_ended && flow->buffer.size() < kBufferBytesMax) {
        fds.push_back({flow->from, POLLIN, 0});
      }
      if (!flow->held && !flow->buffer.empty()) fds.push_back({flow->to, POLLOUT, 0});
    }
  }
  poll(fds.data(), fds.size(), -1);
  std::array<char, 64> ignored;
  while (read(wake_[0], ignored.data(), ignored.size()) > 0) {
  }
}

void FaultProxy::RunTasks() {
  std::deque<std::function<void()>> tasks;
  {
    const base::MutexLock lock(&mutex_);
    tasks.swap(tasks_);
  }
  for (const std::function<void()>& task : tasks) task();
}

void FaultProxy::CountOpen() {
  const base::MutexLock lock(&mutex_);
  const auto open = static_cast<int>(connections_.size());
  if (std::exchange(open_, open) != open) changed_.SignalAll();
}

void FaultProxy::Accept() {
  while (true) {
    const int caller = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0) return;
    {
      const base::MutexLock lock(&mutex_);
      ++taken_;
    }
    const int target = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(target_port_);
    if (connect(target, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      close(caller);
      close(target);
      continue;
    }
    SetUp(caller);
    SetUp(target);
    Connection& connection = connections_.emplace_back();
    connection.to_target.from = connection.to_caller.to = caller;
    connection.to_target.to = connection.to_caller.from = target;
    if (on_new_.has_value()) Set(&connection, *on_new_, /*from_now=*/false);
  }
}

void FaultProxy::Set(Connection* connection, Fault fault, bool from_now) {
  if (from_now) Work(connection);
  if (connection->dead) return;
  Flow& flow =
      fault.direction == Direction::kToTarget ? connection->to_target : connection->to_caller;
  // What is still in the buffer came before now.
  flow.strikes_at = flow.passed + flow.buffer.size() + fault.after_bytes;
  flow.fault = fault;
  Work(connection);
}

void FaultProxy::Work(Connection* connection) {
  for (Flow* flow : {&connection->to_target, &connection->to_caller}) {
    if (!connection->dead) Read(connection, flow);
    if (!connection->dead) Pass(connection, flow);
  }
  if (connection->dead || !connection->to_target.to_ended || !connection->to_caller.to_ended)
    return;
  if (!connection->to_target.from_ended || !connection->to_caller.from_ended) return;
  connection->dead = true;
  close(connection->to_target.from);
  close(connection->to_target.to);
}

void FaultProxy::Read(Connection* connection, Flow* flow) {
  std::array<char, 65'536> bytes;
  while (!flow->from_ended && flow->buffer.size() < kBufferBytesMax) {
    const ssize_t got = read(flow->from, bytes.data(), bytes.size());
    if (got > 0) {
      flow->buffer.append(bytes.data(), static_cast<size_t>(got));
    } else if (got == 0) {
      flow->from_ended = true;
    } else if (errno == EAGAIN || errno == EINTR) {
      return;
    } else {
      // Its end was reset: so is the other one's.
      connection->dead = true;
      Reset(flow->from);
      Reset(flow->to);
      return;
    }
  }
}

void FaultProxy::Pass(Connection* connection, Flow* flow) {
  while (true) {
    if (Strike(connection, flow) && connection->dead) return;
    if (flow->held) return;
    if (flow->buffer.empty()) break;
    size_t size = flow->buffer.size();
    if (flow->fault.has_value()) size = std::min(size, flow->strikes_at - flow->passed);
    if (flow->dripping) size = 1;
    ssize_t sent = static_cast<ssize_t>(size);
    if (!flow->to_ended) sent = send(flow->to, flow->buffer.data(), size, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      // Nobody reads any more; the other direction may go on.
      flow->to_ended = true;
      continue;
    }
    flow->passed += static_cast<uint64_t>(sent);
    flow->buffer.erase(0, static_cast<size_t>(sent));
  }
  if (flow->from_ended && !std::exchange(flow->to_ended, true)) shutdown(flow->to, SHUT_WR);
}

bool FaultProxy::Strike(Connection* connection, Flow* flow) {
  if (!flow->fault.has_value() || flow->passed < flow->strikes_at) return false;
  const Kind kind = flow->fault->kind;
  if (kind == Kind::kCorrupt && flow->buffer.empty()) return false;
  flow->fault.reset();
  switch (kind) {
    case Kind::kHold:
      flow->held = true;
      break;
    case Kind::kCut:
      connection->dead = true;
      Reset(flow->from);
      Reset(flow->to);
      break;
    case Kind::kHalfClose:
      if (!std::exchange(flow->to_ended, true)) shutdown(flow->to, SHUT_WR);
      break;
    case Kind::kCorrupt:
      flow->buffer[0] = static_cast<char>(flow->buffer[0] ^ 1);
      break;
    case Kind::kDrip:
      flow->dripping = true;
      break;
  }
  const base::MutexLock lock(&mutex_);
  ++strikes_;
  changed_.SignalAll();
  return true;
}

}  // namespace hedui::testing
