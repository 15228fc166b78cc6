#include "tests/support/pki/test_pki.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hedui::testing {
namespace {

constexpr char kSm2Id[] = "1234567812345678";

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, Freer<&EVP_PKEY_free>>;
using X509Handle = std::unique_ptr<X509, Freer<&X509_free>>;
using BioHandle = std::unique_ptr<BIO, Freer<&BIO_free_all>>;

void Require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fatal: test certificates: %s\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

KeyHandle NewKey(KeyType type) {
  EVP_PKEY* key = nullptr;
  switch (type) {
    case KeyType::kEd25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
    case KeyType::kP256:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
      break;
    case KeyType::kSm2:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "SM2");
      break;
  }
  Require(key != nullptr, "no key");
  return KeyHandle(key);
}

std::string Contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string CertificatePem(X509* certificate) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_X509(bio.get(), certificate) == 1, "cannot write a certificate");
  return Contents(bio.get());
}

std::string KeyPem(EVP_PKEY* key) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "cannot write a key");
  return Contents(bio.get());
}

X509Handle ReadCertificate(const std::string& pem) {
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509Handle certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  Require(certificate != nullptr, "cannot read a certificate");
  return certificate;
}

KeyHandle ReadKey(const std::string& pem) {
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  Require(key != nullptr, "cannot read a key");
  return key;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr, value.c_str());
  Require(X509_add_ext(certificate, extension, -1) == 1, "cannot add an extension");
  X509_EXTENSION_free(extension);
}

std::string AlternativeNames(const CertificateRequest& request) {
  std::vector<std::string> names;
  for (const std::string& uri : request.uris) names.push_back(absl::StrCat("URI:", uri));
  for (const std::string& dns : request.dns) names.push_back(absl::StrCat("DNS:", dns));
  for (const std::string& ip : request.ips) names.push_back(absl::StrCat("IP:", ip));
  return absl::StrJoin(names, ",");
}

// Set up to sign with the key, as its kind wants; `sign` uses it.
template <typename Sign>
void WithSigning(EVP_PKEY* key, Sign sign) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* key_context = nullptr;
  const EVP_MD* digest = EVP_sha256();
  if (EVP_PKEY_is_a(key, "ED25519")) digest = nullptr;
  if (EVP_PKEY_is_a(key, "SM2")) {
    digest = EVP_sm3();
    key_context = EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr);
    Require(EVP_PKEY_CTX_set1_id(key_context, kSm2Id, sizeof kSm2Id - 1) == 1, "cannot set the id");
    EVP_MD_CTX_set_pkey_ctx(context, key_context);
  }
  Require(EVP_DigestSignInit(context, nullptr, digest, nullptr, key) == 1, "cannot begin to sign");
  Require(sign(context), "cannot sign");
  EVP_MD_CTX_free(context);
  EVP_PKEY_CTX_free(key_context);
}

void SignCertificate(X509* certificate, EVP_PKEY* key) {
  WithSigning(key, [&](EVP_MD_CTX* context) { return X509_sign_ctx(certificate, context) > 0; });
}

// `issuer` null: signed by its own key.
X509Handle MakeCertificate(const CertificateRequest& request, long serial, EVP_PKEY* key,
                           X509* issuer, EVP_PKEY* issuer_key) {
  X509Handle certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
  ASN1_TIME_set(X509_getm_notBefore(x), absl::ToTimeT(request.from));
  ASN1_TIME_set(X509_getm_notAfter(x), absl::ToTimeT(request.to));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.name.c_str()), -1, -1,
                             0);
  X509* signer = issuer == nullptr ? x : issuer;
  X509_set_issuer_name(x, X509_get_subject_name(signer));
  X509_set_pubkey(x, key);
  AddExtension(x, signer, NID_basic_constraints,
               request.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!request.key_usage.empty()) AddExtension(x, signer, NID_key_usage, request.key_usage);
  if (!request.extended_key_usage.empty()) {
    AddExtension(x, signer, NID_ext_key_usage, request.extended_key_usage);
  }
  const std::string names = AlternativeNames(request);
  if (!names.empty()) AddExtension(x, signer, NID_subject_alt_name, names);
  AddExtension(x, signer, NID_subject_key_identifier, "hash");
  AddExtension(x, signer, NID_authority_key_identifier, "keyid:always");
  SignCertificate(x, issuer == nullptr ? key : issuer_key);
  return certificate;
}

}  // namespace

std::string SignText(const Issued& signer, absl::string_view text) {
  const KeyHandle key = ReadKey(signer.key_pem);
  std::string signature(256, 0);
  size_t size = signature.size();
  WithSigning(key.get(), [&](EVP_MD_CTX* context) {
    return EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  });
  signature.resize(size);
  return signature;
}

std::string PublicKeyOf(const Issued& issued) {
  const KeyHandle key = ReadKey(issued.key_pem);
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key.get(), &bytes);
  Require(size > 0, "cannot write a public key");
  std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

struct TestPki::State {
  std::string directory;
  Issued root;
  long serial = 1;

  Issued Save(const CertificateRequest& request, X509* certificate, EVP_PKEY* key) {
    Issued issued{CertificatePem(certificate), KeyPem(key), {}, {}};
    const std::string stem = absl::StrCat(directory, "/", serial++, "-", request.name);
    issued.certificate_path = absl::StrCat(stem, ".pem");
    issued.key_path = absl::StrCat(stem, ".key");
    std::ofstream(issued.certificate_path) << issued.certificate_pem;
    std::ofstream(issued.key_path) << issued.key_pem;
    return issued;
  }
};

TestPki::TestPki(KeyType key_type, absl::string_view name) : state_(std::make_unique<State>()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "hedui-pki-XXXXXX").string();
  Require(mkdtemp(pattern.data()) != nullptr, "no temporary directory");
  state_->directory = pattern;
  CertificateRequest request;
  request.name = std::string(name);
  request.authority = true;
  request.key_usage = "critical,keyCertSign,cRLSign";
  request.key = key_type;
  const KeyHandle key = NewKey(key_type);
  const X509Handle certificate =
      MakeCertificate(request, state_->serial, key.get(), nullptr, nullptr);
  request.name = "root";
  state_->root = state_->Save(request, certificate.get(), key.get());
}

TestPki::~TestPki() {
  std::error_code ignored;
  std::filesystem::remove_all(state_->directory, ignored);
}

const std::string& TestPki::directory() const { return state_->directory; }
const std::string& TestPki::ca_path() const { return state_->root.certificate_path; }
const std::string& TestPki::ca_pem() const { return state_->root.certificate_pem; }

Issued TestPki::Issue(const CertificateRequest& request, const Issued* issuer) {
  if (issuer == nullptr) issuer = &state_->root;
  const X509Handle issuer_certificate = ReadCertificate(issuer->certificate_pem);
  const KeyHandle issuer_key = ReadKey(issuer->key_pem);
  const KeyHandle key = NewKey(request.key);
  const X509Handle certificate = MakeCertificate(request, state_->serial, key.get(),
                                                 issuer_certificate.get(), issuer_key.get());
  return state_->Save(request, certificate.get(), key.get());
}

std::string TestPki::RevocationList(const std::vector<Issued>& revoked, absl::Time from,
                                    absl::Time to, const Issued* issuer) {
  if (issuer == nullptr) issuer = &state_->root;
  const X509Handle issuer_certificate = ReadCertificate(issuer->certificate_pem);
  const KeyHandle issuer_key = ReadKey(issuer->key_pem);
  const std::unique_ptr<X509_CRL, Freer<&X509_CRL_free>> list(X509_CRL_new());
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer_certificate.get()));
  const std::unique_ptr<ASN1_TIME, Freer<&ASN1_TIME_free>> since(
      ASN1_TIME_set(nullptr, absl::ToTimeT(from)));
  const std::unique_ptr<ASN1_TIME, Freer<&ASN1_TIME_free>> next(
      ASN1_TIME_set(nullptr, absl::ToTimeT(to)));
  X509_CRL_set1_lastUpdate(list.get(), since.get());
  X509_CRL_set1_nextUpdate(list.get(), next.get());
  for (const Issued& one : revoked) {
    const X509Handle certificate = ReadCertificate(one.certificate_pem);
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
    X509_REVOKED_set_revocationDate(entry, since.get());
    Require(X509_CRL_add0_revoked(list.get(), entry) == 1, "cannot add to a revocation list");
  }
  X509_CRL_sort(list.get());
  WithSigning(issuer_key.get(),
              [&](EVP_MD_CTX* context) { return X509_CRL_sign_ctx(list.get(), context) > 0; });
  const BioHandle bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1, "cannot write a revocation list");
  return Contents(bio.get());
}

Issued TestPki::IssueTls(absl::string_view name, absl::string_view uri) {
  CertificateRequest request;
  request.name = std::string(name);
  request.dns = {"localhost"};
  request.ips = {"127.0.0.1"};
  if (!uri.empty()) request.uris = {std::string(uri)};
  request.extended_key_usage = "serverAuth,clientAuth";
  return Issue(request);
}

Issued TestPki::IssueLog(KeyType key, absl::string_view origin) {
  CertificateRequest request;
  request.name = key == KeyType::kEd25519 ? "log-ed25519" : "log-legal";
  request.key = key;
  request.uris = {absl::StrCat("hedui://log/", origin)};
  return Issue(request);
}

}  // namespace hedui::testing
