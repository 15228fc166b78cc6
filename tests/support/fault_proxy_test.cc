#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace hedui::testing {
namespace {

using Direction = FaultProxy::Direction;
using Kind = FaultProxy::Kind;

// One end of a connection; blocking.
class End {
 public:
  explicit End(int fd) : fd_(fd) {}
  End(End&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~End() { Close(); }

  void Send(const std::string& text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Exactly so many bytes, or what came before the end.
  std::string Receive(size_t size) {
    std::string text(size, '\0');
    const ssize_t got = recv(fd_, text.data(), size, MSG_WAITALL);
    error_ = got < 0 ? errno : 0;
    text.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return text;
  }
  // Of the last Receive; 0 when there was none.
  int error() const { return error_; }
  bool HasNothing() {
    char byte = 0;
    return recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
  }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  int error_ = 0;
};

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

class FaultProxyTest : public ::testing::Test {
 protected:
  FaultProxyTest() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    target_port_ = ntohs(address.sin_port);
  }
  ~FaultProxyTest() override { close(listener_); }

  static End Call(const FaultProxy& proxy) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(proxy.port());
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return End(fd);
  }
  End Answer() const { return End(accept(listener_, nullptr, nullptr)); }

  int listener_ = -1;
  int target_port_ = 0;
};

TEST_F(FaultProxyTest, PassesBytesBothWaysAndTheEndOfEach) {
  FaultProxy proxy(target_port_);
  End caller = Call(proxy);
  End target = Answer();
  caller.Send("question");
  EXPECT_EQ(target.Receive(8), "question");
  target.Send("answer");
  EXPECT_EQ(caller.Receive(6), "answer");
  caller.Close();
  EXPECT_EQ(target.Receive(1), "");
  EXPECT_EQ(target.error(), 0) << "an end in good order";
  target.Close();
  proxy.AwaitAllClosed();
  EXPECT_EQ(proxy.connections(), 1);
}

TEST_F(FaultProxyTest, HoldsWhatComesAfterThePlaceUntilReleased) {
  FaultProxy proxy(target_port_);
  proxy.OnNewConnections({Kind::kHold, Direction::kToTarget, 3});
  End caller = Call(proxy);
  End target = Answer();
  caller.Send("abcdef");
  EXPECT_EQ(target.Receive(3), "abc");
  proxy.AwaitStrikes(1);
  EXPECT_TRUE(target.HasNothing());
  target.Send("the other direction");
  EXPECT_EQ(caller.Receive(19), "the other direction");
  proxy.Release();
  EXPECT_EQ(target.Receive(3), "def");
  End next = Call(proxy);
  End next_target = Answer();
  next.Send("passes");
  EXPECT_EQ(next_target.Receive(6), "passes");
}

TEST_F(FaultProxyTest, CountsFromNow) {
  FaultProxy proxy(target_port_);
  End caller = Call(proxy);
  End target = Answer();
  caller.Send("abc");
  EXPECT_EQ(target.Receive(3), "abc");
  proxy.FromNow({Kind::kHold, Direction::kToTarget, 2});
  caller.Send("defg");
  EXPECT_EQ(target.Receive(2), "de");
  proxy.AwaitStrikes(1);
  EXPECT_TRUE(target.HasNothing());
}

TEST_F(FaultProxyTest, CutsBothSidesAtThePlace) {
  FaultProxy proxy(target_port_);
  proxy.OnNewConnections({Kind::kCut, Direction::kToTarget, 3});
  End caller = Call(proxy);
  End target = Answer();
  caller.Send("abcdef");
  EXPECT_EQ(caller.Receive(1), "");
  EXPECT_EQ(caller.error(), ECONNRESET);
  target.Receive(3);  // what came before it may be lost with the connection
  EXPECT_EQ(target.Receive(1), "");
  proxy.AwaitAllClosed();
}

TEST_F(FaultProxyTest, CutsBeforeTheFirstByte) {
  FaultProxy proxy(target_port_);
  proxy.OnNewConnections({Kind::kCut, Direction::kToTarget, 0});
  End caller = Call(proxy);
  EXPECT_EQ(caller.Receive(1), "");
  EXPECT_EQ(caller.error(), ECONNRESET);
}

TEST_F(FaultProxyTest, ClosesOneDirectionAndLeavesTheOther) {
  FaultProxy proxy(target_port_);
  proxy.OnNewConnections({Kind::kHalfClose, Direction::kToCaller, 2});
  End caller = Call(proxy);
  End target = Answer();
  target.Send("abcd");
  EXPECT_EQ(caller.Receive(4), "ab");
  EXPECT_EQ(caller.error(), 0) << "an end in good order";
  caller.Send("still there");
  EXPECT_EQ(target.Receive(11), "still there");
}

TEST_F(FaultProxyTest, ChangesOneBit) {
  FaultProxy proxy(target_port_);
  proxy.OnNewConnections({Kind::kCorrupt, Direction::kToTarget, 1});
  End caller = Call(proxy);
  End target = Answer();
  caller.Send("aaaa");
  EXPECT_EQ(target.Receive(4), "a`aa");
  caller.Send("aaaa");
  EXPECT_EQ(target.Receive(4), "aaaa");
}

TEST_F(FaultProxyTest, DripsEverything) {
  FaultProxy proxy(target_port_);
  proxy.OnNewConnections({Kind::kDrip, Direction::kToTarget, 1});
  End caller = Call(proxy);
  End target = Answer();
  caller.Send("drop by drop");
  EXPECT_EQ(target.Receive(12), "drop by drop");
}

TEST_F(FaultProxyTest, ATargetThatIsNotThereClosesTheCaller) {
  close(std::exchange(listener_, -1));
  FaultProxy proxy(target_port_);
  End caller = Call(proxy);
  EXPECT_EQ(caller.Receive(1), "");
}

}  // namespace
}  // namespace hedui::testing
