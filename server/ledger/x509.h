// X.509 certificates as the ledger takes them: strictly in DER, SM2 ones with their distinguishing
// id set, without which OpenSSL would check their signatures against another digest. For use within
// the room.
#ifndef HEDUI_SERVER_LEDGER_X509_H_
#define HEDUI_SERVER_LEDGER_X509_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/ledger/openssl_handles.h"

namespace hedui::ledger {

// One certificate that is exactly its own DER encoding. `which` names it in errors:
// INVALID_ARGUMENT with reason LOG_CERTIFICATE.
absl::StatusOr<X509Handle> ParseCertificate(absl::string_view der, absl::string_view which);

// At least one certificate; text around them is skipped. As above.
absl::StatusOr<std::vector<X509Handle>> ParsePemCertificates(absl::string_view pem,
                                                             absl::string_view which);

std::string CertificateDer(X509* certificate);

// nullopt where it cannot be read.
std::optional<absl::Time> TimeOf(const ASN1_TIME* time);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_X509_H_
