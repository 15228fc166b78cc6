#include "server/store/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

#include "server/base/status.h"

namespace hedui::store {
namespace {

const EVP_CIPHER* Cipher() {
  // Fetched once and never freed: fetching takes a lock and costs more than sealing a small row.
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

EVP_CIPHER_CTX* ThreadContext() {
  struct Holder {
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    ~Holder() { EVP_CIPHER_CTX_free(context); }
  };
  thread_local Holder holder;
  return holder.context;
}

void CheckCrypto(bool good) {
  if (good) return;
  std::fputs("fatal: OpenSSL has no AES-256-GCM or no memory\n", stderr);
  std::abort();
}

const uint8_t* In(absl::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

absl::Status Broken() {
  return base::MakeError(absl::StatusCode::kDataLoss, "SEAL_BROKEN",
                         "sealed bytes were altered, or belong to another place or key",
                         base::Visibility::kOperator);
}

}  // namespace

std::string AeadSeal(absl::string_view key, absl::string_view nonce, absl::string_view context,
                     absl::string_view clear) {
  return AeadSeal(key, nonce, context, "", clear);
}

std::string AeadSeal(absl::string_view key, absl::string_view nonce, absl::string_view context,
                     absl::string_view front, absl::string_view rest) {
  CheckCrypto(key.size() == kAeadKeyBytes && nonce.size() == kAeadNonceBytes &&
              Cipher() != nullptr);
  std::string sealed(kAeadOverheadBytes + front.size() + rest.size(), '\0');
  nonce.copy(sealed.data(), nonce.size());
  auto* out = reinterpret_cast<uint8_t*>(sealed.data()) + kAeadNonceBytes;
  EVP_CIPHER_CTX* cipher = ThreadContext();
  int size = 0;
  CheckCrypto(cipher != nullptr &&
              EVP_EncryptInit_ex(cipher, Cipher(), nullptr, In(key), In(nonce)) == 1);
  CheckCrypto(EVP_EncryptUpdate(cipher, nullptr, &size, In(context),
                                static_cast<int>(context.size())) == 1);
  for (const absl::string_view part : {front, rest}) {
    if (part.empty()) continue;
    CheckCrypto(EVP_EncryptUpdate(cipher, out, &size, In(part), static_cast<int>(part.size())) ==
                1);
    out += part.size();  // a stream cipher: nothing is held back
  }
  CheckCrypto(EVP_EncryptFinal_ex(cipher, out, &size) == 1);
  CheckCrypto(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, kAeadTagBytes, out) == 1);
  return sealed;
}

absl::StatusOr<std::string> AeadOpen(absl::string_view key, absl::string_view context,
                                     absl::string_view sealed) {
  CheckCrypto(key.size() == kAeadKeyBytes && Cipher() != nullptr);
  if (sealed.size() < kAeadOverheadBytes) return Broken();
  const absl::string_view nonce = sealed.substr(0, kAeadNonceBytes);
  const size_t clear_size = sealed.size() - kAeadOverheadBytes;
  const absl::string_view text = sealed.substr(kAeadNonceBytes, clear_size);
  std::string tag(sealed.substr(kAeadNonceBytes + clear_size));
  std::string clear(clear_size, '\0');
  auto* out = reinterpret_cast<uint8_t*>(clear.data());
  EVP_CIPHER_CTX* cipher = ThreadContext();
  int size = 0;
  CheckCrypto(cipher != nullptr &&
              EVP_DecryptInit_ex(cipher, Cipher(), nullptr, In(key), In(nonce)) == 1);
  CheckCrypto(EVP_DecryptUpdate(cipher, nullptr, &size, In(context),
                                static_cast<int>(context.size())) == 1);
  CheckCrypto(EVP_DecryptUpdate(cipher, out, &size, In(text), static_cast<int>(text.size())) == 1);
  CheckCrypto(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, kAeadTagBytes, tag.data()) == 1);
  uint8_t unused[kAeadTagBytes];
  if (EVP_DecryptFinal_ex(cipher, unused, &size) != 1) return Broken();
  return clear;
}

void Wipe(std::string* secret) {
  OPENSSL_cleanse(secret->data(), secret->size());
  secret->clear();
}

}  // namespace hedui::store
