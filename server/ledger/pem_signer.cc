#include "server/ledger/pem_signer.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/ledger/openssl_handles.h"
#include "server/ledger/public_key.h"

namespace hedui::ledger {
namespace {

absl::Status BadKey(absl::string_view what) {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "SIGNING_KEY", what,
                         base::Visibility::kOperator);
}

// An encrypted key must fail instead of asking at a terminal.
int NoPassword(char*, int, int, void*) { return -1; }

class PemSigner final : public Signer {
 public:
  PemSigner(KeyHandle key, SignatureKind kind, std::string spki)
      : key_(std::move(key)), kind_(kind), spki_(std::move(spki)) {}

  SignatureKind kind() const override { return kind_; }
  std::string PublicKey() const override { return spki_; }
  void Sign(std::string message, Done done) override { std::move(done)(SignNow(message)); }

 private:
  // The key is only read, so several threads may sign at once.
  absl::StatusOr<std::string> SignNow(const std::string& message) const {
    KeyContextHandle key_context;
    DigestContextHandle context;
    size_t size = 0;
    std::string signature;
    if (SetUpSignature(key_.get(), kind_, /*sign=*/true, context, key_context) &&
        EVP_DigestSign(context.get(), nullptr, &size, DataOf(message), message.size()) == 1) {
      signature.resize(size);
      if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         DataOf(message), message.size()) == 1) {
        signature.resize(size);
        return signature;
      }
    }
    ERR_clear_error();
    return base::MakeError(
        absl::StatusCode::kInternal, "SIGNER",
        absl::StrCat("OpenSSL refused to sign with the ", SignatureKindName(kind_), " key"),
        base::Visibility::kOperator);
  }

  KeyHandle key_;
  SignatureKind kind_;
  std::string spki_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Signer>> MakePemSigner(absl::string_view pem) {
  const BioHandle bio = MemoryBio(pem);
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) return BadKey("no private key in PEM, or an encrypted one");
  const auto kind = KindOf(key.get());
  if (!kind) return BadKey("the private key is neither Ed25519 nor P-256 nor SM2");
  std::string spki = SpkiOf(key.get());
  if (spki.empty()) return BadKey("the private key has no public key");
  auto signer = std::make_unique<PemSigner>(std::move(key), *kind, std::move(spki));
  // An EC key's file holds both halves, and nothing but a trial tells whether they are one key's.
  const auto public_key = PublicKey::FromSpki(signer->PublicKey());
  if (!public_key.ok()) return BadKey(public_key.status().message());
  absl::Status trial;
  signer->Sign("trial", [&](absl::StatusOr<std::string> signature) {
    trial = signature.ok() ? public_key->Verify("trial", *signature) : signature.status();
  });
  if (!trial.ok()) return BadKey("the private key does not fit the public key beside it");
  return signer;
}

absl::StatusOr<std::unique_ptr<Signer>> LoadPemSigner(const std::string& path) {
  HEDUI_ASSIGN_OR_RETURN(const std::string pem, ReadSmallFile(path));
  auto signer = MakePemSigner(pem);
  if (!signer.ok()) return base::WithContext(signer.status(), path);
  return signer;
}

}  // namespace hedui::ledger
