// LogTrust: what a verifier believes. From authorities' certificates (`--trust CA.pem`) it judges
// whether a checkpoint is a log's own: both certificates chain to an authority, were valid at the
// checkpoint's time and name its origin; both signatures hold. Revocation lists are not read.
//
// Thread-safe. Chains and checkpoints found good are remembered (at most kRememberedMax each), so
// that checking the next warrant of the same checkpoint costs hashing only.
#ifndef HEDUI_SERVER_LEDGER_TRUST_H_
#define HEDUI_SERVER_LEDGER_TRUST_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/ledger/certificates.h"
#include "server/ledger/checkpoint.h"

namespace hedui::ledger {

// A checkpoint as it travels: the note and the certificates to judge it by.
struct SignedCheckpoint {
  std::string note;
  LogCertificates certificates;
  friend bool operator==(const SignedCheckpoint&, const SignedCheckpoint&) = default;
};

class LogTrust {
 public:
  static constexpr size_t kRememberedMax = 256;

  // One or more authorities' certificates. INVALID_ARGUMENT with reason TRUST.
  static absl::StatusOr<std::unique_ptr<LogTrust>> FromPem(absl::string_view authorities_pem);
  // NOT_FOUND with (FILE_NOT_FOUND, FILE_UNREADABLE) when the file cannot be read.
  static absl::StatusOr<std::unique_ptr<LogTrust>> Load(const std::string& path);
  ~LogTrust();

  // The keys of a log's certificates that chain to an authority at `time`. Reasons LOG_CERTIFICATE,
  // CERTIFICATE_CHAIN.
  absl::StatusOr<LogKeys> KeysAt(const LogCertificates& certificates, absl::string_view origin,
                                 absl::Time time) const;

  // The checkpoint, when all holds. Whether its origin is the log one expects is the caller's to
  // compare. Reasons as above and of note.h and checkpoint.h.
  absl::StatusOr<Checkpoint> Verify(const SignedCheckpoint& checkpoint) const;

 private:
  struct State;
  explicit LogTrust(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_TRUST_H_
