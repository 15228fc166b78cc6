#include "adapters/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

// True when the file could be read.
bool Read(absl::string_view what, const std::string& path, std::string* pem,
          std::vector<absl::Status>* defects) {
  if (path.empty()) {
    defects->push_back(base::MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILES",
                                       absl::StrCat("no file is given for ", what),
                                       base::Visibility::kOperator));
    return false;
  }
  absl::StatusOr<std::string> text = base::ReadFile(path, kPemBytesMax);
  if (!text.ok()) {
    defects->push_back(text.status());
    return false;
  }
  *pem = *std::move(text);
  return true;
}

// One defect a line; the first gives code and reason.
absl::Status AllAtOnce(const std::vector<absl::Status>& defects) {
  return base::MakeError(defects[0].code(), base::ReasonOf(defects[0]),
                         absl::StrJoin(defects, "\n",
                                       [](std::string* out, const absl::Status& defect) {
                                         absl::StrAppend(out, defect.message());
                                       }),
                         base::Visibility::kOperator);
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
  std::vector<absl::Status> defects;
  const bool has_authorities = Read("authorities", ca_file, &files.authorities, &defects);
  const bool has_certificate =
      Read("the certificate", certificate_file, &files.certificate, &defects);
  const bool has_key = Read("the key", key_file, &files.key, &defects);
  const std::unique_ptr<X509, Free> certificate = FirstCertificate(files.certificate);
  const std::unique_ptr<EVP_PKEY, Free> key(
      PEM_read_bio_PrivateKey(Reading(files.key).get(), nullptr, NoPassphrase, nullptr));
  if (has_authorities && FirstCertificate(files.authorities) == nullptr) {
    defects.push_back(Defect(ca_file, "holds no certificate"));
  }
  if (has_certificate && certificate == nullptr) {
    defects.push_back(Defect(certificate_file, "holds no certificate"));
  }
  if (has_key && key == nullptr) {
    defects.push_back(
        Defect(key_file, "holds no private key that can be read without a passphrase"));
  }
  if (certificate != nullptr && key != nullptr &&
      X509_check_private_key(certificate.get(), key.get()) != 1) {
    defects.push_back(Defect(key_file, absl::StrCat("is not the key of ", certificate_file)));
  }
  ERR_clear_error();
  if (!defects.empty()) return AllAtOnce(defects);
  return files;
}

}  // namespace hedui::adapters
