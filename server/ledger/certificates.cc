#include "server/ledger/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/ledger/openssl_handles.h"
#include "server/ledger/x509.h"

namespace hedui::ledger {
namespace {

absl::Status Bad(absl::string_view what) {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "LOG_CERTIFICATE", what);
}

bool NamesUri(X509* certificate, absl::string_view uri) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  bool found = false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    found = found ||
            uri == absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                     static_cast<size_t>(ASN1_STRING_length(text)));
  }
  GENERAL_NAMES_free(names);
  return found;
}

absl::string_view NameOf(LogKeyRole role) {
  return role == LogKeyRole::kEd25519 ? "Ed25519 certificate" : "legal certificate";
}

// The key of one certificate made for `origin`.
absl::StatusOr<PublicKey> KeyOf(absl::string_view der, absl::string_view origin, LogKeyRole role) {
  const absl::string_view which = NameOf(role);
  HEDUI_ASSIGN_OR_RETURN(const X509Handle certificate, ParseCertificate(der, which));
  const uint32_t flags = X509_get_extension_flags(certificate.get());
  if ((flags & EXFLAG_INVALID) != 0) return Bad(absl::StrCat(which, ": malformed extensions"));
  if ((flags & EXFLAG_CA) != 0) return Bad(absl::StrCat(which, ": is an authority's certificate"));
  if ((flags & EXFLAG_KUSAGE) == 0 ||
      (X509_get_key_usage(certificate.get()) & KU_DIGITAL_SIGNATURE) == 0) {
    return Bad(absl::StrCat(which, ": key usage does not say digitalSignature"));
  }
  const std::string uri = absl::StrCat("hedui://log/", origin);
  if (!NamesUri(certificate.get(), uri)) {
    return Bad(absl::StrCat(which, ": no subject alternative name URI:", uri));
  }
  EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  auto result = PublicKey::FromSpki(key == nullptr ? std::string() : SpkiOf(key));
  if (!result.ok()) return Bad(absl::StrCat(which, ": ", result.status().message()));
  const bool is_ed25519 = result->kind() == SignatureKind::kEd25519;
  if (role == LogKeyRole::kEd25519 && !is_ed25519) {
    return Bad(absl::StrCat(which, ": its key is of another kind"));
  }
  if (role == LogKeyRole::kLegal && is_ed25519) {
    return Bad(absl::StrCat(which, ": its key is neither P-256 nor SM2"));
  }
  return result;
}

// All certificates of a PEM text, in order, in DER.
absl::StatusOr<std::vector<std::string>> DersOf(absl::string_view pem, absl::string_view which) {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<X509Handle> certificates,
                         ParsePemCertificates(pem, which));
  std::vector<std::string> ders;
  for (const X509Handle& certificate : certificates) {
    ders.push_back(CertificateDer(certificate.get()));
    if (ders.back().size() > kCertificateBytesMax) return Bad(absl::StrCat(which, ": too long"));
  }
  return ders;
}

}  // namespace

absl::StatusOr<LogCertificates> LogCertificatesFromPem(absl::string_view ed25519_pem,
                                                       absl::string_view legal_pem) {
  HEDUI_ASSIGN_OR_RETURN(std::vector<std::string> ed25519,
                         DersOf(ed25519_pem, NameOf(LogKeyRole::kEd25519)));
  HEDUI_ASSIGN_OR_RETURN(std::vector<std::string> legal,
                         DersOf(legal_pem, NameOf(LogKeyRole::kLegal)));
  LogCertificates result{ed25519[0], legal[0], {}};
  ed25519.erase(ed25519.begin());
  ed25519.insert(ed25519.end(), legal.begin() + 1, legal.end());
  for (std::string& der : ed25519) {
    const auto& known = result.intermediates;
    if (std::find(known.begin(), known.end(), der) == known.end()) {
      result.intermediates.push_back(std::move(der));
    }
  }
  if (result.intermediates.size() > kIntermediatesMax) {
    return Bad(absl::StrCat("more than ", kIntermediatesMax, " intermediate certificates"));
  }
  return result;
}

absl::StatusOr<LogCertificates> LoadLogCertificates(const std::string& ed25519_path,
                                                    const std::string& legal_path) {
  HEDUI_ASSIGN_OR_RETURN(const std::string ed25519, ReadSmallFile(ed25519_path));
  HEDUI_ASSIGN_OR_RETURN(const std::string legal, ReadSmallFile(legal_path));
  auto result = LogCertificatesFromPem(ed25519, legal);
  if (!result.ok()) {
    return base::WithContext(result.status(), absl::StrCat(ed25519_path, ", ", legal_path));
  }
  return result;
}

absl::StatusOr<PublicKey> LogKeyFromPem(absl::string_view pem, absl::string_view origin,
                                        LogKeyRole role) {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<std::string> ders, DersOf(pem, NameOf(role)));
  return KeyOf(ders[0], origin, role);
}

absl::StatusOr<SigningTime> SigningTimeOf(const LogCertificates& certificates) {
  std::vector<absl::string_view> ders = {certificates.ed25519, certificates.legal};
  ders.insert(ders.end(), certificates.intermediates.begin(), certificates.intermediates.end());
  SigningTime time;
  for (const absl::string_view der : ders) {
    HEDUI_ASSIGN_OR_RETURN(const X509Handle certificate, ParseCertificate(der, "certificate"));
    const auto from = TimeOf(X509_get0_notBefore(certificate.get()));
    const auto to = TimeOf(X509_get0_notAfter(certificate.get()));
    if (!from || !to) return Bad("a certificate has no readable validity");
    time.from = std::max(time.from, *from);
    time.to = std::min(time.to, *to);
  }
  return time;
}

absl::StatusOr<LogKeys> KeysOf(const LogCertificates& certificates, absl::string_view origin) {
  HEDUI_ASSIGN_OR_RETURN(PublicKey ed25519,
                         KeyOf(certificates.ed25519, origin, LogKeyRole::kEd25519));
  HEDUI_ASSIGN_OR_RETURN(PublicKey legal, KeyOf(certificates.legal, origin, LogKeyRole::kLegal));
  return LogKeys{std::move(ed25519), std::move(legal)};
}

}  // namespace hedui::ledger
