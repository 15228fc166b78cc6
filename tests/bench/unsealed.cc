#include "tests/bench/unsealed.h"

#include <openssl/evp.h>

#include <cstring>

namespace hedui::bench {
namespace {

bool unsealed_store = false;  // set before there are threads

}  // namespace

void UseUnsealedStore(bool unsealed) { unsealed_store = unsealed; }

namespace {

// What an authenticated cipher does with `in`, but for the work. Without `out` it is what is only
// authenticated.
int Copy(unsigned char* out, int* out_size, const unsigned char* in, int size) {
  if (out != nullptr) std::memcpy(out, in, static_cast<size_t>(size));
  *out_size = size;
  return 1;
}

int Ended(int* out_size) {
  *out_size = 0;
  return 1;
}

}  // namespace
}  // namespace hedui::bench

// The linker's names (--wrap): a call of NAME comes to __wrap_NAME, and __real_NAME is OpenSSL's.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

int __real_EVP_EncryptInit_ex(EVP_CIPHER_CTX*, const EVP_CIPHER*, ENGINE*, const unsigned char*,
                              const unsigned char*);
int __real_EVP_DecryptInit_ex(EVP_CIPHER_CTX*, const EVP_CIPHER*, ENGINE*, const unsigned char*,
                              const unsigned char*);
int __real_EVP_EncryptUpdate(EVP_CIPHER_CTX*, unsigned char*, int*, const unsigned char*, int);
int __real_EVP_DecryptUpdate(EVP_CIPHER_CTX*, unsigned char*, int*, const unsigned char*, int);
int __real_EVP_EncryptFinal_ex(EVP_CIPHER_CTX*, unsigned char*, int*);
int __real_EVP_DecryptFinal_ex(EVP_CIPHER_CTX*, unsigned char*, int*);
int __real_EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX*, int, int, void*);

int __wrap_EVP_EncryptInit_ex(EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, ENGINE* engine,
                              const unsigned char* key, const unsigned char* nonce) {
  if (hedui::bench::unsealed_store) return 1;
  return __real_EVP_EncryptInit_ex(context, cipher, engine, key, nonce);
}

int __wrap_EVP_DecryptInit_ex(EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, ENGINE* engine,
                              const unsigned char* key, const unsigned char* nonce) {
  if (hedui::bench::unsealed_store) return 1;
  return __real_EVP_DecryptInit_ex(context, cipher, engine, key, nonce);
}

int __wrap_EVP_EncryptUpdate(EVP_CIPHER_CTX* context, unsigned char* out, int* out_size,
                             const unsigned char* in, int size) {
  if (hedui::bench::unsealed_store) return hedui::bench::Copy(out, out_size, in, size);
  return __real_EVP_EncryptUpdate(context, out, out_size, in, size);
}

int __wrap_EVP_DecryptUpdate(EVP_CIPHER_CTX* context, unsigned char* out, int* out_size,
                             const unsigned char* in, int size) {
  if (hedui::bench::unsealed_store) return hedui::bench::Copy(out, out_size, in, size);
  return __real_EVP_DecryptUpdate(context, out, out_size, in, size);
}

int __wrap_EVP_EncryptFinal_ex(EVP_CIPHER_CTX* context, unsigned char* out, int* out_size) {
  if (hedui::bench::unsealed_store) return hedui::bench::Ended(out_size);
  return __real_EVP_EncryptFinal_ex(context, out, out_size);
}

int __wrap_EVP_DecryptFinal_ex(EVP_CIPHER_CTX* context, unsigned char* out, int* out_size) {
  if (hedui::bench::unsealed_store) return hedui::bench::Ended(out_size);
  return __real_EVP_DecryptFinal_ex(context, out, out_size);
}

int __wrap_EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX* context, int what, int size, void* bytes) {
  if (hedui::bench::unsealed_store) {
    if (what == EVP_CTRL_AEAD_GET_TAG) std::memset(bytes, 0, static_cast<size_t>(size));
    return 1;
  }
  return __real_EVP_CIPHER_CTX_ctrl(context, what, size, bytes);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
