// A connection that does not keep to the rules: TCP, TLS with an agency's certificate, and HTTP/2
// frames made by hand. Reading blocks until something comes, at most kPatience.
//
// One thread at a time. Failures to connect fail the test; a peer that hangs up does not.
#ifndef HEDUI_TESTS_INTEGRATION_RAW_CONNECTION_H_
#define HEDUI_TESTS_INTEGRATION_RAW_CONNECTION_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::testing {

struct Http2Frame {
  uint8_t type = 0;
  uint8_t flags = 0;
  uint32_t stream = 0;
  std::string payload;
};

enum Http2FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kRstStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};
inline constexpr uint8_t kEndStream = 0x1;  // and ACK of settings and pings
inline constexpr uint8_t kEndHeaders = 0x4;
inline constexpr char kHttp2Preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string EncodeFrame(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view payload);
// HPACK without compression and without its tables.
std::string EncodeHeader(absl::string_view name, absl::string_view value);
// Those of a gRPC call.
std::string CallHeaders(absl::string_view path);

class RawConnection {
 public:
  // TCP only. `may_be_refused`: nobody may be listening any more.
  explicit RawConnection(int port, bool may_be_refused = false);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // The whole TLS handshake, as the holder of the certificate.
  void Handshake(const std::string& ca_pem, const Issued& identity);
  // The same; false when the peer hangs up in its course.
  bool TryHandshake(const std::string& ca_pem, const Issued& identity);
  // And then as HTTP/2 begins. `settings`: identifiers and values.
  void BeginHttp2(const std::vector<std::pair<uint16_t, uint32_t>>& settings = {});

  // False when the peer has hung up.
  bool Send(absl::string_view bytes);
  // Without TLS, whatever has been agreed.
  bool SendRaw(absl::string_view bytes);

  // The next frame; nullopt once the peer has hung up. A peer that sends nothing for kPatience
  // fails the test.
  std::optional<Http2Frame> ReadFrame();
  // Waits until the peer hangs up. False when it does not in kPatience.
  bool AwaitClose();
  // True when the peer has hung up by `wait` from now; what it sends is thrown away.
  bool ClosedWithin(absl::Duration wait);
  // Sends a ping and waits for its answer: the peer has read everything before it. False when it
  // hung up instead.
  bool Ping();

 private:
  // 0: closed. -1: nothing came in time.
  int Read(char* out, size_t size);
  bool Fill(size_t size);

  int socket_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  std::string buffer_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_RAW_CONNECTION_H_
