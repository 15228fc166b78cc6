#include "server/api/server_credentials.h"

#include <grpc/grpc.h>

#include <utility>

namespace hedui::api {

// gRPC's C++ has no door to the fetcher; its C interface has, and this hands one to the other.
class ServerCertificates::Reloading final : public grpc::ServerCredentials {
 public:
  explicit Reloading(Fetcher* fetcher)
      : credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, &Fetch, fetcher))) {}
  ~Reloading() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {
    // Nobody has one; calls are let in by the door.
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

// Every handshake of the servers is over. The lock makes that order seen by who does not know how
// gRPC keeps it.
ServerCertificates::~ServerCertificates() {
  const base::MutexLock lock(&mutex_);
  fetchers_.clear();
}

void ServerCertificates::Replace(TlsMaterial material) {
  const base::MutexLock lock(&mutex_);
  material_ = std::move(material);
  ++generation_;
}

std::shared_ptr<grpc::ServerCredentials> ServerCertificates::Credentials() {
  Fetcher* fetcher = nullptr;
  {
    const base::MutexLock lock(&mutex_);
    fetchers_.push_back(std::make_unique<Fetcher>(Fetcher{this}));
    fetcher = fetchers_.back().get();
  }
  return std::make_shared<Reloading>(fetcher);
}

// Under a lock of gRPC's, one handshake after another; what is not made here and now is the
// connection's delay.
grpc_ssl_certificate_config_reload_status ServerCertificates::Fetch(
    void* fetcher, grpc_ssl_server_certificate_config** config) {
  Fetcher& asking = *static_cast<Fetcher*>(fetcher);
  ServerCertificates& self = *asking.certificates;
  const base::MutexLock lock(&self.mutex_);
  if (asking.given == self.generation_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair{self.material_.key.c_str(),
                                        self.material_.certificate.c_str()};
  *config = grpc_ssl_server_certificate_config_create(self.material_.ca.c_str(), &pair, 1);
  asking.given = self.generation_;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace hedui::api
