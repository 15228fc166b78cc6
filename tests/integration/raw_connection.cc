#include "tests/integration/raw_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

void AppendBigEndian(std::string* out, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out->push_back(static_cast<char>(value >> (8 * i)));
}

uint32_t ReadBigEndian(absl::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

// An HPACK string without Huffman's code: its length in seven bits, and more where they are full.
std::string HpackString(absl::string_view text) {
  std::string out;
  if (text.size() < 127) {
    out.push_back(static_cast<char>(text.size()));
  } else {
    out.push_back(127);
    size_t rest = text.size() - 127;
    for (; rest >= 128; rest /= 128) out.push_back(static_cast<char>(rest % 128 + 128));
    out.push_back(static_cast<char>(rest));
  }
  return absl::StrCat(out, text);
}

BIO* BioOf(const std::string& pem) {
  return BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
}

X509* CertificateOf(const std::string& pem) {
  BIO* bio = BioOf(pem);
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return certificate;
}

}  // namespace

std::string EncodeFrame(uint8_t type, uint8_t flags, uint32_t stream, absl::string_view payload) {
  std::string frame;
  AppendBigEndian(&frame, payload.size(), 3);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  AppendBigEndian(&frame, stream, 4);
  return absl::StrCat(frame, payload);
}

std::string EncodeHeader(absl::string_view name, absl::string_view value) {
  return absl::StrCat(absl::string_view("\0", 1), HpackString(name), HpackString(value));
}

std::string CallHeaders(absl::string_view path) {
  return absl::StrCat(EncodeHeader(":method", "POST"), EncodeHeader(":scheme", "https"),
                      EncodeHeader(":path", path), EncodeHeader(":authority", "localhost"),
                      EncodeHeader("content-type", "application/grpc"),
                      EncodeHeader("te", "trailers"));
}

RawConnection::RawConnection(int port, bool may_be_refused) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected = connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  EXPECT_TRUE(connected == 0 || may_be_refused) << errno;
  const timeval patience{absl::ToInt64Seconds(kPatience), 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

RawConnection::~RawConnection() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  close(socket_);
}

void RawConnection::Handshake(const std::string& ca_pem, const Issued& identity) {
  ASSERT_TRUE(TryHandshake(ca_pem, identity));
}

bool RawConnection::TryHandshake(const std::string& ca_pem, const Issued& identity) {
  context_ = SSL_CTX_new(TLS_client_method());
  X509* const authority = CertificateOf(ca_pem);
  X509* const certificate = CertificateOf(identity.certificate_pem);
  BIO* const bio = BioOf(identity.key_pem);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  const auto free_all = absl::MakeCleanup([&] {
    X509_free(authority);
    X509_free(certificate);
    BIO_free(bio);
    EVP_PKEY_free(key);
  });
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), authority);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  EXPECT_EQ(SSL_CTX_use_certificate(context_, certificate), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context_, key), 1);
  const uint8_t protocols[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context_, protocols, sizeof protocols);
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, socket_);
  return SSL_connect(ssl_) == 1;
}

void RawConnection::BeginHttp2(const std::vector<std::pair<uint16_t, uint32_t>>& settings) {
  std::string payload;
  for (const auto& [name, value] : settings) {
    AppendBigEndian(&payload, name, 2);
    AppendBigEndian(&payload, value, 4);
  }
  Send(absl::StrCat(kHttp2Preface, EncodeFrame(kSettings, 0, 0, payload)));
}

bool RawConnection::Send(absl::string_view bytes) {
  if (ssl_ == nullptr) return SendRaw(bytes);
  return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) ==
         static_cast<int>(bytes.size());
}

bool RawConnection::SendRaw(absl::string_view bytes) {
  return send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

int RawConnection::Read(char* out, size_t size) {
  if (ssl_ != nullptr) {
    const int got = SSL_read(ssl_, out, static_cast<int>(size));
    if (got > 0) return got;
    // A peer that resets the connection, or cuts it without TLS's farewell, has hung up too.
    const bool waits = SSL_get_error(ssl_, got) == SSL_ERROR_WANT_READ;
    return waits ? -1 : 0;
  }
  const ssize_t got = recv(socket_, out, size, 0);
  if (got >= 0) return static_cast<int>(got);
  return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0;
}

bool RawConnection::Fill(size_t size) {
  while (buffer_.size() < size) {
    char bytes[16'384];
    const int got = Read(bytes, sizeof bytes);
    if (got < 0) ADD_FAILURE() << "the peer neither answers nor hangs up";
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(got));
  }
  return true;
}

std::optional<Http2Frame> RawConnection::ReadFrame() {
  if (!Fill(9)) return std::nullopt;
  Http2Frame frame;
  const size_t size = ReadBigEndian(buffer_.substr(0, 3));
  frame.type = static_cast<uint8_t>(buffer_[3]);
  frame.flags = static_cast<uint8_t>(buffer_[4]);
  frame.stream = ReadBigEndian(buffer_.substr(5, 4));
  if (!Fill(9 + size)) return std::nullopt;
  frame.payload = buffer_.substr(9, size);
  buffer_.erase(0, 9 + size);
  return frame;
}

bool RawConnection::AwaitClose() {
  char bytes[16'384];
  int got = 0;
  while ((got = Read(bytes, sizeof bytes)) > 0) {
  }
  return got == 0;
}

bool RawConnection::ClosedWithin(absl::Duration wait) {
  pollfd polled{socket_, POLLIN, 0};
  if (poll(&polled, 1, static_cast<int>(absl::ToInt64Milliseconds(wait))) <= 0) return false;
  char bytes[16'384];
  return recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT) <= 0;
}

bool RawConnection::Ping() {
  const std::string mark = "are you?";
  if (!Send(EncodeFrame(kPing, 0, 0, mark))) return false;
  while (const auto frame = ReadFrame()) {
    if (frame->type == kPing && frame->flags == kEndStream && frame->payload == mark) return true;
  }
  return false;
}

}  // namespace hedui::testing
