// The certificates under which a log signs, as they travel in warrants and report envelopes. An
// Ed25519 and a legal (P-256 or SM2) certificate, both with key usage digitalSignature and the URI
// hedui://log/<origin> among their subject alternative names, both issued under one authority the
// reader trusts. Thread-compatible.
#ifndef HEDUI_SERVER_LEDGER_CERTIFICATES_H_
#define HEDUI_SERVER_LEDGER_CERTIFICATES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/ledger/public_key.h"

namespace hedui::ledger {

inline constexpr size_t kCertificateBytesMax = 8192;
// Two levels between a ministry's root and a centre's certificate, for each of the two.
inline constexpr size_t kIntermediatesMax = 4;

struct LogCertificates {
  std::string ed25519;                     // DER
  std::string legal;                       // DER, P-256 or SM2
  std::vector<std::string> intermediates;  // DER; empty when the root issued both
  friend bool operator==(const LogCertificates&, const LogCertificates&) = default;
};

// Each text begins with the log's certificate in PEM; what follows are intermediates. Says which of
// the two is wrong: INVALID_ARGUMENT with reason LOG_CERTIFICATE.
absl::StatusOr<LogCertificates> LogCertificatesFromPem(absl::string_view ed25519_pem,
                                                       absl::string_view legal_pem);
// NOT_FOUND with (FILE_NOT_FOUND, FILE_UNREADABLE) when a file cannot be read; else as above,
// naming the file.
absl::StatusOr<LogCertificates> LoadLogCertificates(const std::string& ed25519_path,
                                                    const std::string& legal_path);

// When all of a log's certificates are valid: whoever reads what is signed at another time cannot
// check it. Both ends included. INVALID_ARGUMENT with reason LOG_CERTIFICATE.
struct SigningTime {
  absl::Time from = absl::InfinitePast();
  absl::Time to = absl::InfiniteFuture();
};
absl::StatusOr<SigningTime> SigningTimeOf(const LogCertificates& certificates);

struct LogKeys {
  PublicKey ed25519;
  PublicKey legal;
};

// The keys of certificates that are made for this origin: kinds, key usage and URI are checked, the
// chain to an authority is not (see LogTrust). INVALID_ARGUMENT with reason LOG_CERTIFICATE.
absl::StatusOr<LogKeys> KeysOf(const LogCertificates& certificates, absl::string_view origin);

// Which of a log's two keys.
enum class LogKeyRole { kEd25519, kLegal };

// What KeysOf says of one of the two, from a PEM text that begins with its certificate: who reads
// the files one by one can name all that is wrong with both.
absl::StatusOr<PublicKey> LogKeyFromPem(absl::string_view pem, absl::string_view origin,
                                        LogKeyRole role);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_CERTIFICATES_H_
