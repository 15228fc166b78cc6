#include "server/ledger/openssl_handles.h"

#include <openssl/err.h>

#include "server/base/yaml.h"

namespace hedui::ledger {
namespace {

// Keys and certificate chains take a few kilobytes.
constexpr size_t kFileBytesMax = 1 << 20;

}  // namespace

BioHandle MemoryBio(absl::string_view bytes) {
  return BioHandle(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::optional<SignatureKind> KindOf(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519")) return SignatureKind::kEd25519;
  if (EVP_PKEY_is_a(key, "SM2")) return SignatureKind::kSm2;
  char group[64] = {};
  if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
      absl::string_view(group) == "prime256v1") {
    return SignatureKind::kP256;
  }
  return std::nullopt;
}

std::string SpkiOf(EVP_PKEY* key) {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key, &bytes);
  if (size <= 0) {
    ERR_clear_error();
    return {};
  }
  std::string der(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

bool SetUpSignature(EVP_PKEY* key, SignatureKind kind, bool sign, DigestContextHandle& context,
                    KeyContextHandle& key_context) {
  context.reset(EVP_MD_CTX_new());
  if (context == nullptr) return false;
  if (kind == SignatureKind::kSm2) {
    key_context.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    // The id must be there before the digest is: it is hashed before the message.
    if (key_context == nullptr || EVP_PKEY_CTX_set1_id(key_context.get(), kSm2Id.data(),
                                                       static_cast<int>(kSm2Id.size())) != 1) {
      return false;
    }
    EVP_MD_CTX_set_pkey_ctx(context.get(), key_context.get());
  }
  const char* digest = kind == SignatureKind::kEd25519 ? nullptr
                       : kind == SignatureKind::kSm2   ? "SM3"
                                                       : "SHA256";
  const auto init = sign ? EVP_DigestSignInit_ex : EVP_DigestVerifyInit_ex;
  return init(context.get(), nullptr, digest, nullptr, nullptr, key, nullptr) == 1;
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  return base::ReadFile(path, kFileBytesMax);
}

}  // namespace hedui::ledger
