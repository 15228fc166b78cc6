#include "server/ledger/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/ledger/certificates.h"

namespace hedui::ledger {
namespace {

absl::Status Bad(absl::string_view which, absl::string_view what) {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "LOG_CERTIFICATE",
                         absl::StrCat(which, ": ", what));
}

// The id belongs to the issuer's key and is set on the certificate whose signature is checked;
// other keys than SM2 refuse to verify anything with one.
bool SetDistinguishingId(X509* certificate) {
  if (X509_get_signature_nid(certificate) != NID_SM2_with_SM3) return true;
  ASN1_OCTET_STRING* id = ASN1_OCTET_STRING_new();
  if (id == nullptr ||
      ASN1_OCTET_STRING_set(id, DataOf(kSm2Id), static_cast<int>(kSm2Id.size())) != 1) {
    ASN1_OCTET_STRING_free(id);
    return false;
  }
  X509_set0_distinguishing_id(certificate, id);  // takes the id
  return true;
}

}  // namespace

std::optional<absl::Time> TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::string CertificateDer(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size <= 0) {
    ERR_clear_error();
    return {};
  }
  std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

absl::StatusOr<X509Handle> ParseCertificate(absl::string_view der, absl::string_view which) {
  if (der.size() > kCertificateBytesMax) return Bad(which, "too long");
  const unsigned char* next = DataOf(der);
  X509Handle certificate(d2i_X509(nullptr, &next, static_cast<long>(der.size())));
  if (certificate == nullptr) return Bad(which, "not a certificate");
  if (CertificateDer(certificate.get()) != der) return Bad(which, "not in its canonical encoding");
  if (!SetDistinguishingId(certificate.get())) return Bad(which, "cannot be used");
  return certificate;
}

absl::StatusOr<std::vector<X509Handle>> ParsePemCertificates(absl::string_view pem,
                                                             absl::string_view which) {
  const BioHandle bio = MemoryBio(pem);
  std::vector<X509Handle> certificates;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(next);
    if (!SetDistinguishingId(next)) return Bad(which, "cannot be used");
  }
  // Reading ends well only where no further certificate begins.
  const unsigned long error = ERR_peek_last_error();
  if (certificates.empty() || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
    return Bad(which, "no certificate in PEM, or a broken one");
  }
  ERR_clear_error();
  return certificates;
}

}  // namespace hedui::ledger
