#include "server/api/caller.h"

#include <openssl/bio.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_context.h"
#include "server/access/gateway_header.h"
#include "server/base/digest.h"

namespace hedui::api {
namespace {

// SHA-256 of the DER form; empty when the PEM cannot be read, which a verified peer's always can.
// The certificate is not taken apart: that was done at the handshake, and this is done for every
// call.
std::string DigestOfPem(grpc::string_ref pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* der = nullptr;
  long size = 0;  // NOLINT: OpenSSL's type
  if (PEM_read_bio(bio.get(), &name, &header, &der, &size) != 1) return "";
  std::string digest;
  if (absl::string_view(name) == PEM_STRING_X509) {
    digest = base::Sha256(
        absl::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size)));
  }
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(der);
  return digest;
}

}  // namespace

access::CallerIdentity CallerOf(const grpc::ServerContext& context) {
  access::CallerIdentity caller;
  const auto auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return caller;
  // URIs only: a name of another kind could be spelt like one.
  for (const grpc::string_ref& uri : auth->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    caller.san_uris.emplace_back(uri.data(), uri.size());
  }
  const auto pem = auth->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (!pem.empty()) {
    caller.certificate_sha256 = DigestOfPem(pem[0]);
    caller.certificate_pem = absl::string_view(pem[0].data(), pem[0].size());
  }
  const auto chain = auth->FindPropertyValues(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
  if (!chain.empty()) caller.chain_pem = absl::string_view(chain[0].data(), chain[0].size());
  const auto headers = context.client_metadata().equal_range(access::kIdentityHeaderName);
  for (auto header = headers.first; header != headers.second; ++header) {
    caller.identity_headers.emplace_back(header->second.data(), header->second.size());
  }
  return caller;
}

}  // namespace hedui::api
