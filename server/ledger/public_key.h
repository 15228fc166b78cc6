// A public key of one of the three signature kinds, and the checking of signatures. Immutable,
// thread-safe, cheap to copy.
#ifndef HEDUI_SERVER_LEDGER_PUBLIC_KEY_H_
#define HEDUI_SERVER_LEDGER_PUBLIC_KEY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/ledger/signer.h"

namespace hedui::ledger {

class PublicKey {
 public:
  // SubjectPublicKeyInfo in DER. INVALID_ARGUMENT with reason PUBLIC_KEY for other kinds and for
  // bytes that are not the one DER encoding.
  static absl::StatusOr<PublicKey> FromSpki(absl::string_view der);

  SignatureKind kind() const;
  const std::string& spki() const;
  // As signatures' key ids take it: 32 bytes for Ed25519, the uncompressed point (65 bytes)
  // otherwise.
  const std::string& raw() const;
  // UNAUTHENTICATED with reason SIGNATURE unless `signature` is this key's over `message`.
  absl::Status Verify(absl::string_view message, absl::string_view signature) const;

 private:
  struct State;
  explicit PublicKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_PUBLIC_KEY_H_
