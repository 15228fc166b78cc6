#include "adapters/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::adapters {
namespace {

// A chain of a few certificates; more is a mistake.
constexpr size_t kPemBytesMax = 1 << 20;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

absl::Status Defect(const std::string& file, absl::string_view text) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                         absl::StrCat(file, ": ", text), base::Visibility::kOperator);
}

absl::StatusOr<std::string> ReadPem(absl::string_view what, const std::string& path) {
  if (path.empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                           absl::StrCat("no file is given for ", what),
                           base::Visibility::kOperator);
  }
  return base::ReadFile(path, kPemBytesMax);
}

std::unique_ptr<BIO, Free> Reading(const std::string& pem) {
  return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::unique_ptr<X509, Free> FirstCertificate(const std::string& pem) {
  return std::unique_ptr<X509, Free>(
      PEM_read_bio_X509(Reading(pem).get(), nullptr, nullptr, nullptr));
}

// An encrypted key must not stop a server at a prompt for its passphrase.
int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace

absl::StatusOr<TlsFiles> ReadTlsFiles(const std::string& ca_file,
                                      const std::string& certificate_file,
                                      const std::string& key_file) {
  TlsFiles files;
  HEDUI_ASSIGN_OR_RETURN(files.authorities, ReadPem("authorities", ca_file));
  HEDUI_ASSIGN_OR_RETURN(files.certificate, ReadPem("the certificate", certificate_file));
  HEDUI_ASSIGN_OR_RETURN(files.key, ReadPem("the key", key_file));
  absl::Status status;
  if (FirstCertificate(files.authorities) == nullptr) {
    status = Defect(ca_file, "holds no certificate");
  }
  const std::unique_ptr<X509, Free> certificate = FirstCertificate(files.certificate);
  const std::unique_ptr<EVP_PKEY, Free> key(
      PEM_read_bio_PrivateKey(Reading(files.key).get(), nullptr, NoPassphrase, nullptr));
  if (certificate == nullptr) {
    status = Defect(certificate_file, "holds no certificate");
  } else if (key == nullptr) {
    status = Defect(key_file, "holds no private key that can be read without a passphrase");
  } else if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    status = Defect(key_file, absl::StrCat("is not the key of ", certificate_file));
  }
  ERR_clear_error();
  if (!status.ok()) return status;
  return files;
}

}  // namespace hedui::adapters
