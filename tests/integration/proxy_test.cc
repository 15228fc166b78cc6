// HAProxy with the configuration that is shipped, in front of a platform.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/integration/raw_connection.h"
#include "tests/integration/running_platform.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

constexpr char kHaproxy[] = "/usr/sbin/haproxy";
constexpr char kConfiguration[] = HEDUI_SOURCE_DIR "/docker/proxy/haproxy.cfg";
// As the file says.
constexpr int kConnectionsPerAddress = 64;

class ProxyTest : public ::testing::Test {
 protected:
  ProxyTest() {
    // A port that is free stays ours: the proxy is given the socket, not the number.
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener, 256), 0);
    EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    setenv("HEDUI_PROXY_LISTEN", absl::StrCat("fd@", listener).c_str(), 1);
    setenv("HEDUI_PROXY_SERVER", absl::StrCat("127.0.0.1:", platform_.port()).c_str(), 1);
    auto proxy = ChildProcess::Start({kHaproxy, "-db", "-f", kConfiguration});
    EXPECT_TRUE(proxy.ok()) << proxy.status();
    if (proxy.ok()) proxy_ = *std::move(proxy);
    close(listener);
  }

  // A caller of an agency through the proxy; false when it is turned away.
  bool Connect() {
    auto connection = std::make_unique<RawConnection>(port_);
    if (!connection->TryHandshake(scenario_.pki().ca_pem(), agency_)) return false;
    connection->BeginHttp2();
    if (!connection->Ping()) return false;
    connections_.push_back(std::move(connection));
    return true;
  }

  Scenario scenario_;
  const Issued agency_ =
      scenario_.pki().IssueTls(kAgency, absl::StrCat("hedui://agency/", kAgency));
  RunningPlatform platform_{&scenario_};
  int port_ = 0;
  std::unique_ptr<ChildProcess> proxy_;
  std::vector<std::unique_ptr<RawConnection>> connections_;
};

TEST_F(ProxyTest, TheConfigurationIsFreeOfErrorsAndWarnings) {
  // The socket that the other one was given is its own.
  setenv("HEDUI_PROXY_LISTEN", "127.0.0.1:7443", 1);
  auto check = ChildProcess::Start({kHaproxy, "-dW", "-c", "-f", kConfiguration});
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_EQ((*check)->AwaitEnd(), ProcessEnd());
}

TEST_F(ProxyTest, AHouseholdIsVerifiedThroughItAsItsCallerIs) {
  const auto client = scenario_.Connect(port_);
  const auto registered = client->RegisterAuthorizations(scenario_.letters, kPatience);
  ASSERT_TRUE(registered.ok()) << registered.status();
  const auto verified = client->VerifyHousehold(scenario_.household, kPatience);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(CheckOffline(scenario_, verified->envelope()).verdict, report::Verdict::kValid);
}

TEST_F(ProxyTest, OneConnectionTooManyOfAnAddressIsTurnedAwayUntilAnotherEnds) {
  for (int i = 0; i < kConnectionsPerAddress; ++i) ASSERT_TRUE(Connect()) << i;
  EXPECT_FALSE(Connect());
  EXPECT_FALSE(Connect());
  for (const auto& connection : connections_) ASSERT_TRUE(connection->Ping());
  connections_.pop_back();
  // The proxy notices when it next reads; until then it turns away, at most so many in ten seconds.
  int turned_away = 0;
  while (!Connect() && turned_away < 50) ++turned_away;
  EXPECT_LT(turned_away, 50);
}

TEST_F(ProxyTest, WhoeverDoesNotBeginTlsIsTurnedAwayUnseen) {
  RawConnection connection(port_);
  connection.SendRaw("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(connection.AwaitClose());
}

}  // namespace
}  // namespace hedui::testing
