// Connections that stall, drip, flood and send what is no HTTP/2, of somebody who has an agency's
// certificate: the platform drops them, and goes on serving others.
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/api/api_server.h"
#include "server/base/status.h"
#include "tests/integration/raw_connection.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

constexpr char kGetVerification[] = "/hedui.v1.VerificationService/GetVerification";
// Long enough for an honest handshake under a sanitizer on a loaded machine.
constexpr absl::Duration kHandshake = absl::Seconds(3);

class HostileConnectionsTest : public ::testing::Test {
 protected:
  HostileConnectionsTest()
      : stranger_(scenario_.pki().IssueTls("640104-civil-affairs",
                                           "hedui://agency/640104-civil-affairs")) {}

  // With the limits the test has changed.
  void Start() {
    platform_ =
        std::make_unique<RunningPlatform>(&scenario_, nullptr, [this](PlatformOptions* options) {
          options->adjust_api = [this](api::ApiOptions* api) { api->connection = limits_; };
        });
    platform_->Register();
    ASSERT_TRUE(platform_->Verify().ok());
  }

  std::unique_ptr<RawConnection> Connect() {
    auto connection = std::make_unique<RawConnection>(platform_->port());
    connection->Handshake(scenario_.pki().ca_pem(), stranger_);
    return connection;
  }

  // An honest caller is answered.
  void ExpectServes() {
    v1::GetReportRequest request;
    request.set_officer("XQ-0107");
    request.set_request_id(scenario_.household.header().request_id());
    const auto report = platform_->client().GetReport(request, kPatience);
    EXPECT_TRUE(report.ok()) << report.status();
    // And one who comes now.
    const auto late = scenario_.Connect(platform_->port())->GetReport(request, kPatience);
    EXPECT_TRUE(late.ok()) << late.status();
  }

  Scenario scenario_;
  api::ConnectionLimits limits_;
  const Issued stranger_;
  std::unique_ptr<RunningPlatform> platform_;
};

TEST_F(HostileConnectionsTest, AHandshakeThatIsNeverFinishedIsDropped) {
  limits_.handshake = kHandshake;
  Start();
  std::vector<std::unique_ptr<RawConnection>> connections;
  for (int i = 0; i < 60; ++i) {
    connections.push_back(std::make_unique<RawConnection>(platform_->port()));
    // A TLS record of a client's greeting, cut off.
    if (i % 2 == 0) connections.back()->SendRaw(absl::string_view("\x16\x03\x01\x02\x00\x01", 6));
  }
  ExpectServes();
  for (const auto& connection : connections) EXPECT_TRUE(connection->AwaitClose());
}

TEST_F(HostileConnectionsTest, AHandshakeOfAByteNowAndThenIsDropped) {
  limits_.handshake = kHandshake;
  Start();
  RawConnection connection(platform_->port());
  // A record of 16 KiB would take an hour like this.
  connection.SendRaw(absl::string_view("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03", 11));
  int sent = 0;
  while (!connection.ClosedWithin(absl::Milliseconds(200)) && sent < 1'000) {
    connection.SendRaw("x");
    ++sent;
  }
  EXPECT_LT(sent, 1'000);
  ExpectServes();
}

TEST_F(HostileConnectionsTest, WhoeverDoesNotBeginHttp2IsDropped) {
  limits_.handshake = kHandshake;
  Start();
  const auto silent = Connect();
  const auto dripping = Connect();
  const std::string preface = kHttp2Preface;
  size_t sent = 0;
  while (sent < preface.size() - 1 && !dripping->ClosedWithin(absl::Milliseconds(200))) {
    dripping->Send(preface.substr(sent++, 1));
  }
  EXPECT_TRUE(silent->AwaitClose());
  EXPECT_TRUE(dripping->AwaitClose());
  ExpectServes();
}

TEST_F(HostileConnectionsTest, CallsWhoseRequestNeverComesEndWithTheirConnection) {
  limits_.age = absl::Seconds(2);
  limits_.age_grace = absl::Seconds(1);
  Start();
  const auto connection = Connect();
  connection->BeginHttp2();
  for (uint32_t i = 0; i < 500; ++i) {
    connection->Send(EncodeFrame(kHeaders, kEndHeaders, 2 * i + 1, CallHeaders(kGetVerification)));
  }
  ASSERT_TRUE(connection->Ping());
  ExpectServes();
  EXPECT_TRUE(connection->AwaitClose());
  ExpectServes();
}

TEST_F(HostileConnectionsTest, AConnectionWithoutCallsIsClosed) {
  limits_.idle = absl::Seconds(1);
  Start();
  const auto connection = Connect();
  connection->BeginHttp2();
  EXPECT_TRUE(connection->AwaitClose());
  ExpectServes();
}

TEST_F(HostileConnectionsTest, APeerThatDoesNotAnswerPingsIsDropped) {
  limits_.keepalive = absl::Seconds(1);
  limits_.keepalive_answer = absl::Seconds(1);
  Start();
  const auto connection = Connect();
  connection->BeginHttp2();
  // A call is open, so that the connection is not idle.
  connection->Send(EncodeFrame(kHeaders, kEndHeaders, 1, CallHeaders(kGetVerification)));
  EXPECT_TRUE(connection->AwaitClose());
  ExpectServes();
}

TEST_F(HostileConnectionsTest, AFloodOfPingsEndsTheConnection) {
  Start();
  const auto connection = Connect();
  connection->BeginHttp2();
  std::string pings;
  for (int i = 0; i < 100; ++i) pings += EncodeFrame(kPing, 0, 0, "12345678");
  for (int i = 0; i < 1'000 && connection->Send(pings); ++i) {
  }
  EXPECT_TRUE(connection->AwaitClose());
  ExpectServes();
}

// Of a hundred calls each. Under ThreadSanitizer the platform is some twenty times slower.
#ifdef __SANITIZE_THREAD__
constexpr int kFloodBatches = 20;
#else
constexpr int kFloodBatches = 200;
#endif

TEST_F(HostileConnectionsTest, AFloodOfCallsGivenUpAtOnceHurtsNobodyElse) {
  Start();
  const auto connection = Connect();
  connection->BeginHttp2();
  uint32_t stream = 1;
  for (int batch = 0; batch < kFloodBatches; ++batch) {
    std::string bytes;
    for (int i = 0; i < 100; ++i, stream += 2) {
      bytes += EncodeFrame(kHeaders, kEndHeaders, stream, CallHeaders(kGetVerification));
      bytes += EncodeFrame(kRstStream, 0, stream, absl::string_view("\0\0\0\x8", 4));
    }
    if (!connection->Send(bytes)) break;
    if (batch % (kFloodBatches / 4) == 0) ExpectServes();
  }
  // Everything has been read, or the platform has had enough.
  connection->Ping();
  ExpectServes();
}

TEST_F(HostileConnectionsTest, MoreCallsThanAConnectionMayHaveOpenAreRefused) {
  Start();
  const auto connection = Connect();
  connection->BeginHttp2();
  for (uint32_t i = 0; i < api::kStreamsPerConnectionMax + 10; ++i) {
    connection->Send(EncodeFrame(kHeaders, kEndHeaders, 2 * i + 1, CallHeaders(kGetVerification)));
  }
  connection->Ping();  // or it has hung up
  ExpectServes();
}

TEST_F(HostileConnectionsTest, HeadersThatGoOnAndOnHurtNobodyElse) {
  Start();
  const auto connection = Connect();
  connection->BeginHttp2();
  connection->Send(EncodeFrame(kHeaders, 0, 1, CallHeaders(kGetVerification)));
  const std::string more =
      EncodeFrame(kContinuation, 0, 1, EncodeHeader("x-padding", std::string(16'000, 'x')));
  for (int i = 0; i < 4'000 && connection->Send(more); ++i) {
    if (i == 2'000) ExpectServes();
  }
  connection->Send(EncodeFrame(kContinuation, kEndHeaders, 1, EncodeHeader("x", "y")));
  // All of it has been read, or the platform has had enough.
  connection->Ping();
  ExpectServes();
}

TEST_F(HostileConnectionsTest, WhatIsNoHttp2HurtsNobodyElse) {
  Start();
  const std::string beginning = absl::StrCat(kHttp2Preface, EncodeFrame(kSettings, 0, 0, ""));
  std::vector<std::string> inputs = {
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      std::string(100'000, '\0'),
      absl::StrCat(kHttp2Preface, EncodeFrame(kData, 0, 0, "x")),
      beginning + EncodeFrame(kData, 0, 0, "on no stream"),
      beginning + EncodeFrame(kData, 0, 1, "of a call that did not begin"),
      beginning + EncodeFrame(kHeaders, kEndHeaders, 2, CallHeaders(kGetVerification)),
      beginning + EncodeFrame(kHeaders, kEndHeaders, 1, std::string(200, '\xff')),
      beginning + EncodeFrame(kHeaders, kEndHeaders, 1, EncodeHeader(":status", "200")),
      beginning + EncodeFrame(kContinuation, kEndHeaders, 1, ""),
      beginning + EncodeFrame(kSettings, 0, 0, "12345"),
      beginning + EncodeFrame(kSettings, 0, 0, absl::string_view("\0\x4\xff\xff\xff\xff", 6)),
      beginning + EncodeFrame(kWindowUpdate, 0, 0, absl::string_view("\0\0\0\0", 4)),
      beginning + EncodeFrame(kWindowUpdate, 0, 0, "\x7f\xff\xff\xff"),
      beginning + EncodeFrame(kPing, 0, 0, "short"),
      beginning + EncodeFrame(kRstStream, 0, 0, "1234"),
      beginning + EncodeFrame(kData, 0, 1, std::string(1 << 20, 'x')),
      beginning + EncodeFrame(200, 255, 0x7fffffff, "of no type"),
  };
  std::mt19937 random(20250303);  // the same bytes each time
  for (int i = 0; i < 100; ++i) {
    std::string noise(random() % 2'000, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    inputs.push_back(beginning + noise);
  }
  for (const std::string& input : inputs) {
    const auto connection = Connect();
    connection->Send(input);
    // It has been read to its end, or refused; a frame cut short is waited for.
    connection->Send(std::string(1 << 15, '\0'));
  }
  ExpectServes();
}

}  // namespace
}  // namespace hedui::testing
