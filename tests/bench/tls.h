// Mutual TLS for benchmarks: one authority, one certificate for every end. Immutable after
// construction.
#ifndef HEDUI_TESTS_BENCH_TLS_H_
#define HEDUI_TESTS_BENCH_TLS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace hedui::bench {

struct TlsTexts {
  std::string ca;           // PEM; all empty: plain text
  std::string certificate;  // names localhost and 127.0.0.1
  std::string key;
};

// ca, certificate and key as files. NOT_FOUND when one cannot be read.
absl::StatusOr<TlsTexts> ReadTlsTexts(const std::string& ca, const std::string& certificate,
                                      const std::string& key);

// Plain text for empty texts; else each side demands and verifies the other's certificate.
std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(const TlsTexts& texts);
std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(const TlsTexts& texts);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_TLS_H_
