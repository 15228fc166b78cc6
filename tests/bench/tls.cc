#include "tests/bench/tls.h"

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::bench {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return base::MakeError(absl::StatusCode::kNotFound, "FILE", absl::StrCat("cannot read ", path));
  }
  return text.str();
}

}  // namespace

absl::StatusOr<TlsTexts> ReadTlsTexts(const std::string& ca, const std::string& certificate,
                                      const std::string& key) {
  TlsTexts texts;
  HEDUI_ASSIGN_OR_RETURN(texts.ca, ReadFile(ca));
  HEDUI_ASSIGN_OR_RETURN(texts.certificate, ReadFile(certificate));
  HEDUI_ASSIGN_OR_RETURN(texts.key, ReadFile(key));
  return texts;
}

std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(const TlsTexts& texts) {
  if (texts.ca.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = texts.ca;
  options.pem_key_cert_pairs.push_back({texts.key, texts.certificate});
  return grpc::SslServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(const TlsTexts& texts) {
  if (texts.ca.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = texts.ca;
  options.pem_cert_chain = texts.certificate;
  options.pem_private_key = texts.key;
  return grpc::SslCredentials(options);
}

}  // namespace hedui::bench
