// Signer: who signs checkpoints. Asynchronous because a key may live in a device; PEM files are
// pem_signer.h.
//
// Model. Sign() may be called from any thread; `done` runs exactly once, on any thread, possibly
// inside Sign(). A signer takes one signature after another or several at once as its device can;
// callers make one per commit.
#ifndef HEDUI_SERVER_LEDGER_SIGNER_H_
#define HEDUI_SERVER_LEDGER_SIGNER_H_

#include <cstdint>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::ledger {

enum class SignatureKind : uint8_t {
  kEd25519 = 1,  // 64 bytes, RFC 8032
  kP256 = 2,     // ECDSA over SHA-256, DER
  kSm2 = 3,      // SM2 over SM3 (GB/T 32918.2), DER, distinguishing id 1234567812345678
};
absl::string_view SignatureKindName(SignatureKind kind);  // "Ed25519", "P-256", "SM2-SM3"

class Signer {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<std::string>) &&>;

  virtual ~Signer() = default;
  virtual SignatureKind kind() const = 0;
  // SubjectPublicKeyInfo in DER.
  virtual std::string PublicKey() const = 0;
  virtual void Sign(std::string message, Done done) = 0;
};

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_SIGNER_H_
