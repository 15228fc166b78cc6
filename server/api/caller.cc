#include "server/api/caller.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_context.h"
#include "server/base/digest.h"

namespace hedui::api {
namespace {

// SHA-256 of the DER form; empty when the PEM cannot be read, which a verified peer's always can.
std::string DigestOfPem(grpc::string_ref pem) {
  std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  if (certificate == nullptr) return "";
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  if (size <= 0) return "";
  std::string digest = base::Sha256(
      absl::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  return digest;
}

}  // namespace

access::CallerIdentity CallerOf(const grpc::ServerContext& context) {
  access::CallerIdentity caller;
  const auto auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return caller;
  // The property lists names of every kind, DNS and addresses too: ours are URIs.
  for (const grpc::string_ref& name : auth->FindPropertyValues(GRPC_X509_SAN_PROPERTY_NAME)) {
    const absl::string_view text(name.data(), name.size());
    if (absl::StrContains(text, "://")) caller.san_uris.emplace_back(text);
  }
  const auto pem = auth->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (!pem.empty()) caller.certificate_sha256 = DigestOfPem(pem[0]);
  return caller;
}

}  // namespace hedui::api
