#include "server/base/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

constexpr char kNoCertificate[] = "holds no certificate in PEM, or a broken one";

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_CRL* list) const { X509_CRL_free(list); }
};
using CertificateHandle = std::unique_ptr<X509, Free>;
using ListHandle = std::unique_ptr<X509_CRL, Free>;

absl::Status Bad(absl::string_view reason, absl::string_view text) {
  ERR_clear_error();
  return MakeError(absl::StatusCode::kInvalidArgument, reason, text, Visibility::kOperator);
}

// Objects of one kind, one after another; nullopt when there is none or one is broken.
template <typename Handle, typename Read>
std::vector<Handle> ReadAll(absl::string_view pem, Read read) {
  std::vector<Handle> all;
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  ERR_clear_error();
  while (auto* next = read(bio.get(), nullptr, nullptr, nullptr)) all.emplace_back(next);
  // Reading ends well only where no further object begins.
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) all.clear();
  ERR_clear_error();
  return all;
}

std::vector<CertificateHandle> Certificates(absl::string_view pem) {
  return ReadAll<CertificateHandle>(pem, PEM_read_bio_X509);
}

// Seconds fit: X.509 knows years up to 9999.
absl::Time TimeOf(const ASN1_TIME* time, absl::Time otherwise) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return otherwise;
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::string NameOf(const X509_NAME* name) {
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  if (X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
    return "";
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);  // NOLINT: OpenSSL's type
  return std::string(data, static_cast<size_t>(size));
}

// A time that cannot be read ends at once: what nobody can date is not valid.
CertificateLife LifeOf(const X509* certificate) {
  return {NameOf(X509_get_subject_name(certificate)),
          TimeOf(X509_get0_notBefore(certificate), absl::InfiniteFuture()),
          TimeOf(X509_get0_notAfter(certificate), absl::InfinitePast())};
}

CertificateLife LifeOf(const X509_CRL* list) {
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list);
  return {NameOf(X509_CRL_get_issuer(list)),
          TimeOf(X509_CRL_get0_lastUpdate(list), absl::InfiniteFuture()),
          next == nullptr ? absl::InfiniteFuture() : TimeOf(next, absl::InfinitePast())};
}

std::string Instant(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

template <typename Handle>
std::vector<CertificateLife> LivesOf(const std::vector<Handle>& all) {
  std::vector<CertificateLife> lives;
  for (const Handle& one : all) lives.push_back(LifeOf(one.get()));
  return lives;
}

}  // namespace

absl::StatusOr<std::vector<CertificateLife>> LivesOfCertificates(absl::string_view pem) {
  const auto certificates = Certificates(pem);
  if (certificates.empty()) return Bad("CERTIFICATE", kNoCertificate);
  return LivesOf(certificates);
}

absl::StatusOr<std::vector<CertificateLife>> LivesOfRevocationLists(absl::string_view pem) {
  const auto lists = ReadAll<ListHandle>(pem, PEM_read_bio_X509_CRL);
  if (lists.empty()) {
    return Bad("REVOCATION_LIST", "holds no certificate revocation list in PEM, or a broken one");
  }
  return LivesOf(lists);
}

absl::Status CheckLife(const CertificateLife& life, absl::Time now) {
  if (now < life.from) {
    return Bad("CERTIFICATE_NOT_YET_VALID",
               absl::StrCat("\"", life.subject, "\" is valid from ", Instant(life.from)));
  }
  if (now > life.to) {
    return Bad("CERTIFICATE_EXPIRED",
               absl::StrCat("\"", life.subject, "\" expired at ", Instant(life.to)));
  }
  return absl::OkStatus();
}

namespace {

absl::Status AllOf(const std::vector<absl::Status>& defects) {
  ERR_clear_error();
  if (defects.empty()) return absl::OkStatus();
  return Bad(ReasonOf(defects[0]),
             absl::StrJoin(defects, "\n", [](std::string* out, const absl::Status& defect) {
               absl::StrAppend(out, defect.message());
             }));
}

}  // namespace

absl::Status CheckLives(absl::string_view pem, absl::Time now) {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<CertificateLife> lives, LivesOfCertificates(pem));
  std::vector<absl::Status> defects;
  for (const CertificateLife& life : lives) {
    if (absl::Status status = CheckLife(life, now); !status.ok()) defects.push_back(status);
  }
  return AllOf(defects);
}

absl::Status CheckChain(absl::string_view pem, absl::Time now) {
  const auto certificates = Certificates(pem);
  if (certificates.empty()) return Bad("CERTIFICATE", kNoCertificate);
  std::vector<absl::Status> defects;
  for (size_t i = 0; i < certificates.size(); ++i) {
    X509* const certificate = certificates[i].get();
    const CertificateLife life = LifeOf(certificate);
    if (absl::Status status = CheckLife(life, now); !status.ok()) defects.push_back(status);
    if (i + 1 == certificates.size()) break;
    X509* const issuer = certificates[i + 1].get();
    // Names, key identifiers and usage; then the signature itself.
    if (X509_check_issued(issuer, certificate) == X509_V_OK &&
        X509_verify(certificate, X509_get0_pubkey(issuer)) == 1) {
      continue;
    }
    defects.push_back(
        Bad("CERTIFICATE_CHAIN",
            absl::StrCat("\"", life.subject, "\" was not issued by \"", LifeOf(issuer).subject,
                         "\", which follows it; put its issuer there")));
  }
  return AllOf(defects);
}

}  // namespace hedui::base
