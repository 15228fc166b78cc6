// Digests and what is built of them: SHA-256, SM3 (GB/T 32905), HMAC, HKDF, and the texts digests
// travel in.
//
// All functions are thread-safe (one OpenSSL context a thread, SM3 fetched once a process); a
// Hasher belongs to one thread at a time. Bytes in and out are std::string. Only running out of
// memory or an OpenSSL without these algorithms can fail, and that aborts: going on without digests
// would forge.
#ifndef HEDUI_SERVER_BASE_DIGEST_H_
#define HEDUI_SERVER_BASE_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hedui::base {

// Both algorithms give 32 bytes and have blocks of 64.
inline constexpr size_t kDigestBytes = 32;

// The numbers stand in stored bytes and reports. Append only.
enum class HashAlgorithm : uint8_t { kSha256 = 1, kSm3 = 2 };
absl::string_view HashAlgorithmName(HashAlgorithm algorithm);  // "SHA-256", "SM3"

// 32 bytes.
std::string Sha256(absl::string_view data);
std::string Sm3(absl::string_view data);
std::string Digest(HashAlgorithm algorithm, absl::string_view data);
// The digest of the parts one after another, with no allocation: `out` takes kDigestBytes and may
// be among the parts.
void DigestInto(HashAlgorithm algorithm, std::initializer_list<absl::string_view> parts,
                uint8_t* out);

// RFC 2104. 32 bytes. Keys of any length.
std::string HmacSha256(absl::string_view key, absl::string_view data);
std::string HmacSm3(absl::string_view key, absl::string_view data);
std::string Hmac(HashAlgorithm algorithm, absl::string_view key,
                 std::initializer_list<absl::string_view> parts);

// A key of which many HMACs are taken: with SHA-256 its blocks are hashed once. Immutable,
// thread-safe. Wiped when it goes.
class HmacKey {
 public:
  HmacKey(HashAlgorithm algorithm, absl::string_view key);
  ~HmacKey();
  HmacKey(const HmacKey&) = default;
  HmacKey& operator=(const HmacKey&) = default;

  HashAlgorithm algorithm() const { return algorithm_; }
  // `out` takes kDigestBytes.
  void Into(std::initializer_list<absl::string_view> parts, uint8_t* out) const;

 private:
  // What SHA-256 keeps between blocks, kept out of this header.
  using State = std::array<uint64_t, 14>;

  HashAlgorithm algorithm_;
  State inner_{};
  State outer_{};
  std::string key_;  // SM3 only
};

// RFC 5869 with SHA-256, extract then expand. `size` at most 8,160 bytes (255 blocks).
std::string HkdfSha256(absl::string_view secret, absl::string_view salt, absl::string_view info,
                       size_t size);

// A digest in several steps, for what is not in memory at once.
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm = HashAlgorithm::kSha256);
  ~Hasher();
  Hasher(Hasher&& other) noexcept;
  Hasher& operator=(Hasher&& other) noexcept;

  Hasher& Update(absl::string_view data);
  // The digest of everything since construction or the last Finish; the hasher starts anew.
  std::string Finish();

 private:
  HashAlgorithm algorithm_;
  void* context_;  // EVP_MD_CTX, kept out of this header
};

// Takes time that depends on the lengths only. Different lengths are not equal.
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

// RFC 4648 section 4, with padding. Decoding takes the one canonical text only: no blanks, no
// missing padding, no bits beyond the last byte. INVALID_ARGUMENT with reason BASE64.
std::string Base64Encode(absl::string_view bytes);
absl::StatusOr<std::string> Base64Decode(absl::string_view text);

// Lower case. Decoding takes lower case only, so that a value has one text. INVALID_ARGUMENT,
// reason HEX.
std::string HexEncode(absl::string_view bytes);
absl::StatusOr<std::string> HexDecode(absl::string_view text);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_DIGEST_H_
