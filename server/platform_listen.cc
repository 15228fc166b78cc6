#include "server/platform_listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/status.h"

namespace hedui {
namespace {

constexpr int kPortMax = 65'535;

absl::Status Unusable(absl::string_view listen, absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "LISTEN",
                         absl::StrCat("\"", listen, "\" ", why), base::Visibility::kOperator);
}

struct AddressesFree {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesFree>;

// False unless it is HOST:PORT.
bool Split(absl::string_view listen, std::string* host, std::string* port) {
  const size_t colon = listen.rfind(':');
  if (colon == absl::string_view::npos) return false;
  absl::string_view name = listen.substr(0, colon);
  const bool bracketed = absl::ConsumePrefix(&name, "[") && absl::ConsumeSuffix(&name, "]");
  // Without brackets nobody knows which colon is meant.
  if (name.empty() || (!bracketed && name.find_first_of(":[]") != absl::string_view::npos)) {
    return false;
  }
  *host = std::string(name);
  *port = std::string(listen.substr(colon + 1));
  int number = 0;
  return !port->empty() && std::all_of(port->begin(), port->end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(*port, &number) && number <= kPortMax;
}

// 0, or the errno of what failed.
int TryBind(const addrinfo& address) {
  const int descriptor =
      socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol);
  if (descriptor < 0) return errno;
  // As a server does; otherwise what its predecessor left in TIME_WAIT would stand in the way.
  const int yes = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const int error = bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  close(descriptor);
  return error == EADDRINUSE ? 0 : error;
}

}  // namespace

absl::Status CheckListen(absl::string_view listen) {
  std::string host;
  std::string port;
  if (!Split(listen, &host, &port)) {
    return Unusable(listen,
                    "is not HOST:PORT with a port of 0 to 65535, such as 0.0.0.0:7443 or "
                    "[::]:7443");
  }
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &wanted, &found); error != 0) {
    return Unusable(listen, absl::StrCat("has no address: ", gai_strerror(error)));
  }
  const Addresses addresses(found);
  int error = EADDRNOTAVAIL;
  // One that can be bound is enough, as it is for the server.
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    error = TryBind(*address);
    if (error == 0) return absl::OkStatus();
  }
  return Unusable(listen, absl::StrCat("cannot be bound: ", std::strerror(error),
                                       "; it has to be an address of this machine"));
}

}  // namespace hedui
