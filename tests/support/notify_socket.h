// A service manager's ear: the socket that $NOTIFY_SOCKET names, as systemd(1) has it.
#ifndef HEDUI_TESTS_SUPPORT_NOTIFY_SOCKET_H_
#define HEDUI_TESTS_SUPPORT_NOTIFY_SOCKET_H_

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace hedui::testing {

class NotifySocket {
 public:
  NotifySocket() {
    char directory[] = "/tmp/hedui-notify.XXXXXX";
    EXPECT_NE(mkdtemp(directory), nullptr);
    directory_ = directory;
    descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~NotifySocket() {
    close(descriptor_);
    unlink(path().c_str());
    rmdir(directory_.c_str());
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  std::string path() const { return directory_ + "/socket"; }
  // The next word; waits for it.
  std::string Receive() const { return Take(0); }
  // The next word if it is there already, else empty.
  std::string ReceiveNow() const { return Take(MSG_DONTWAIT); }

 private:
  std::string Take(int flags) const {
    char word[4096];
    const ssize_t size = recv(descriptor_, word, sizeof word, flags);
    return size < 0 ? std::string() : std::string(word, static_cast<size_t>(size));
  }

  std::string directory_;
  int descriptor_ = -1;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_NOTIFY_SOCKET_H_
