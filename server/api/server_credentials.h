// The server's side of mutual TLS, with certificates that can be replaced while it serves. gRPC
// asks for them at each new handshake (its certificate config fetcher), so that what was put here
// last is what the next connection sees; connections made before go on.
//
// TlsMaterial has to be checked before it is put here: gRPC takes a pair that does not fit, and
// then refuses every handshake.
#ifndef HEDUI_SERVER_API_SERVER_CREDENTIALS_H_
#define HEDUI_SERVER_API_SERVER_CREDENTIALS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "grpc/grpc_security.h"
#include "grpcpp/security/server_credentials.h"
#include "server/base/mutex.h"

namespace hedui::api {

// PEM texts.
struct TlsMaterial {
  std::string ca;           // who issues callers' certificates
  std::string certificate;  // own certificate and chain
  std::string key;
  friend bool operator==(const TlsMaterial&, const TlsMaterial&) = default;
};

// Thread-safe. Outlives the servers that use its credentials.
class ServerCertificates {
 public:
  explicit ServerCertificates(TlsMaterial material) : material_(std::move(material)) {}
  ServerCertificates(const ServerCertificates&) = delete;
  ServerCertificates& operator=(const ServerCertificates&) = delete;
  ~ServerCertificates();

  // For handshakes that begin from now on.
  void Replace(TlsMaterial material);
  // Callers have to show a certificate of the authorities; for one server.
  std::shared_ptr<grpc::ServerCredentials> Credentials();

 private:
  // One server's: what it has been given.
  struct Fetcher {
    ServerCertificates* certificates;
    uint64_t given = 0;
  };
  class Reloading;
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* fetcher, grpc_ssl_server_certificate_config** config);

  base::Mutex mutex_;
  TlsMaterial material_ ABSL_GUARDED_BY(mutex_);
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 1;
  // gRPC keeps a pointer to one as long as its server lives, longer than the credentials' wrapper.
  std::vector<std::unique_ptr<Fetcher>> fetchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_SERVER_CREDENTIALS_H_
