#include "tests/adapters/holding_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace hedui::adapters {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

// False when the connection has ended.
bool Pump(int from, int to) {
  std::array<char, 16'384> bytes;
  const ssize_t got = read(from, bytes.data(), bytes.size());
  if (got <= 0) return false;
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t n = send(to, bytes.data() + sent, static_cast<size_t>(got - sent), MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += n;
  }
  return true;
}

}  // namespace

HoldingProxy::HoldingProxy(int target_port) : target_port_(target_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  EXPECT_EQ(pipe(wake_), 0);
  thread_ = std::thread([this] { Run(); });
}

HoldingProxy::~HoldingProxy() {
  EXPECT_EQ(write(wake_[1], "q", 1), 1);
  thread_.join();
  for (const int fd : {listener_, wake_[0], wake_[1]}) close(fd);
}

void HoldingProxy::LetThrough() { EXPECT_EQ(write(wake_[1], "g", 1), 1); }

void HoldingProxy::Run() {
  std::vector<std::pair<int, int>> pairs;
  bool open = false;
  while (true) {
    std::vector<pollfd> fds = {{wake_[0], POLLIN, 0}, {open ? listener_ : -1, POLLIN, 0}};
    for (const auto& [a, b] : pairs) {
      fds.push_back({a, POLLIN, 0});
      fds.push_back({b, POLLIN, 0});
    }
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[0].revents != 0) {
      char command = 'q';
      if (read(wake_[0], &command, 1) != 1 || command == 'q') break;
      open = true;
    }
    for (size_t i = 0; i < pairs.size(); ++i) {
      auto& [a, b] = pairs[i];
      const bool alive = (fds[2 + 2 * i].revents == 0 || Pump(a, b)) &&
                         (fds[3 + 2 * i].revents == 0 || Pump(b, a));
      if (alive) continue;
      close(std::exchange(a, -1));
      close(std::exchange(b, -1));
    }
    std::erase_if(pairs, [](const auto& pair) { return pair.first < 0; });
    if (fds[1].revents != 0) {
      const int accepted = accept(listener_, nullptr, nullptr);
      const int onward = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in target = Loopback(target_port_);
      if (connect(onward, reinterpret_cast<sockaddr*>(&target), sizeof(target)) == 0) {
        pairs.emplace_back(accepted, onward);
      } else {
        close(accepted);
        close(onward);
      }
    }
  }
  for (const auto& [a, b] : pairs) {
    close(a);
    close(b);
  }
}

}  // namespace hedui::adapters
