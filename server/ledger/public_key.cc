#include "server/ledger/public_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/ledger/openssl_handles.h"

namespace hedui::ledger {
namespace {

constexpr size_t kSpkiBytesMax = 1024;
constexpr size_t kPointBytes = 65;

absl::Status BadKey(absl::string_view what) {
  ERR_clear_error();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "PUBLIC_KEY", what);
}

// Empty when OpenSSL refuses.
std::string RawOf(EVP_PKEY* key, SignatureKind kind) {
  std::string raw(kPointBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  size_t size = raw.size();
  const bool good = kind == SignatureKind::kEd25519
                        ? EVP_PKEY_get_raw_public_key(key, out, &size) == 1
                        : EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out,
                                                          raw.size(), &size) == 1;
  raw.resize(good ? size : 0);
  return raw;
}

}  // namespace

absl::string_view SignatureKindName(SignatureKind kind) {
  switch (kind) {
    case SignatureKind::kEd25519:
      return "Ed25519";
    case SignatureKind::kP256:
      return "P-256";
    case SignatureKind::kSm2:
      break;
  }
  return "SM2-SM3";
}

struct PublicKey::State {
  SignatureKind kind;
  std::string spki;
  std::string raw;
  KeyHandle key;
};

absl::StatusOr<PublicKey> PublicKey::FromSpki(absl::string_view der) {
  if (der.size() > kSpkiBytesMax) return BadKey("the public key is too long");
  const unsigned char* next = DataOf(der);
  KeyHandle key(d2i_PUBKEY(nullptr, &next, static_cast<long>(der.size())));
  if (key == nullptr) return BadKey("not a SubjectPublicKeyInfo");
  const auto kind = KindOf(key.get());
  if (!kind) return BadKey("the key is neither Ed25519 nor P-256 nor SM2");
  // Also refuses bytes behind the key.
  if (SpkiOf(key.get()) != der) return BadKey("the public key is not in its canonical encoding");
  std::string raw = RawOf(key.get(), *kind);
  if (raw.empty()) return BadKey("the public key cannot be used");
  auto state = std::make_shared<State>();
  state->kind = *kind;
  state->spki = std::string(der);
  state->raw = std::move(raw);
  state->key = std::move(key);
  return PublicKey(std::move(state));
}

SignatureKind PublicKey::kind() const { return state_->kind; }
const std::string& PublicKey::spki() const { return state_->spki; }
const std::string& PublicKey::raw() const { return state_->raw; }

absl::Status PublicKey::Verify(absl::string_view message, absl::string_view signature) const {
  KeyContextHandle key_context;
  DigestContextHandle context;
  if (SetUpSignature(state_->key.get(), state_->kind, /*sign=*/false, context, key_context) &&
      EVP_DigestVerify(context.get(), DataOf(signature), signature.size(), DataOf(message),
                       message.size()) == 1) {
    return absl::OkStatus();
  }
  ERR_clear_error();
  return base::MakeError(
      absl::StatusCode::kUnauthenticated, "SIGNATURE",
      absl::StrCat("the ", SignatureKindName(state_->kind), " signature does not hold"));
}

}  // namespace hedui::ledger
