// One HTTP request to a server of this machine, as plainly as can be.
#ifndef HEDUI_TESTS_OPERATION_HTTP_GET_H_
#define HEDUI_TESTS_OPERATION_HTTP_GET_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace hedui::testing {

// Headers and body as they came; empty when nobody listens.
inline std::string HttpGet(int port, const std::string& path) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string response;
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    if (send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(request.size())) {
      char block[4096];
      for (ssize_t n = 0; (n = recv(descriptor, block, sizeof block, 0)) > 0;) {
        response.append(block, static_cast<size_t>(n));
      }
    }
  }
  close(descriptor);
  return response;
}

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_OPERATION_HTTP_GET_H_
