// Owning handles for OpenSSL objects, and the few helpers that keys and certificates share. For use
// within the room: no other header shows OpenSSL.
#ifndef HEDUI_SERVER_LEDGER_OPENSSL_HANDLES_H_
#define HEDUI_SERVER_LEDGER_OPENSSL_HANDLES_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/ledger/signer.h"

namespace hedui::ledger {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using BioHandle = std::unique_ptr<BIO, Freer<&BIO_free_all>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Freer<&EVP_PKEY_free>>;
using KeyContextHandle = std::unique_ptr<EVP_PKEY_CTX, Freer<&EVP_PKEY_CTX_free>>;
using DigestContextHandle = std::unique_ptr<EVP_MD_CTX, Freer<&EVP_MD_CTX_free>>;
using X509Handle = std::unique_ptr<X509, Freer<&X509_free>>;

// The distinguishing id of GM/T 0009, on signing and on verifying.
inline constexpr absl::string_view kSm2Id = "1234567812345678";

inline const uint8_t* DataOf(absl::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

// A read-only BIO over `bytes`, which must outlive it.
BioHandle MemoryBio(absl::string_view bytes);

// nullopt for keys of other kinds and curves.
std::optional<SignatureKind> KindOf(const EVP_PKEY* key);

// SubjectPublicKeyInfo in DER.
std::string SpkiOf(EVP_PKEY* key);

// A context set up to sign (or verify) one message with the key: digest and distinguishing id as
// its kind wants. Keep `key_context` as long as the context. False when OpenSSL refuses.
bool SetUpSignature(EVP_PKEY* key, SignatureKind kind, bool sign, DigestContextHandle& context,
                    KeyContextHandle& key_context);

// A whole small file. NOT_FOUND (FILE_NOT_FOUND, or FILE_UNREADABLE: a directory, for one);
// RESOURCE_EXHAUSTED (FILE_SIZE).
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_OPENSSL_HANDLES_H_
