// SHA-256 is taken by OpenSSL's own low-level functions, which 3.0 calls deprecated and still
// ships: a report takes some eight hundred digests of a few blocks each, and finding the provider's
// function again for each of them cost as much as the hashing. SM3 has no such functions.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "server/base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "server/base/status.h"

namespace hedui::base {
namespace {

constexpr size_t kBlockBytes = 64;
constexpr size_t kHkdfBytesMax = 255 * kDigestBytes;
constexpr char kBase64Alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kHexAlphabet[] = "0123456789abcdef";

void CheckCrypto(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fatal: OpenSSL failed: %s\n", what);
  std::abort();
}

// Fetching looks through the providers under a lock and costs more than a short digest, so it is
// done once. Never freed: digests are taken until the process ends.
const EVP_MD* Algorithm(HashAlgorithm algorithm) {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const sm3 = EVP_MD_fetch(nullptr, "SM3", nullptr);
  const EVP_MD* md = algorithm == HashAlgorithm::kSm3 ? sm3 : sha256;
  CheckCrypto(md != nullptr, "digest algorithm not available");
  return md;
}

struct ThreadContext {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~ThreadContext() { EVP_MD_CTX_free(context); }
};

EVP_MD_CTX* Sm3Context() {
  thread_local ThreadContext sm3;
  return sm3.context;
}

void Init(EVP_MD_CTX* context, HashAlgorithm algorithm) {
  CheckCrypto(context != nullptr && EVP_DigestInit_ex(context, Algorithm(algorithm), nullptr) == 1,
              "digest init");
}

void Add(EVP_MD_CTX* context, absl::string_view data) {
  CheckCrypto(data.empty() || EVP_DigestUpdate(context, data.data(), data.size()) == 1,
              "digest update");
}

void End(EVP_MD_CTX* context, uint8_t* out) {
  CheckCrypto(EVP_DigestFinal_ex(context, out, nullptr) == 1, "digest final");
}

absl::string_view View(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

uint8_t* Bytes(std::string& text) { return reinterpret_cast<uint8_t*>(text.data()); }

void Sha256Into(std::initializer_list<absl::string_view> parts, uint8_t* out) {
  SHA256_CTX context;
  SHA256_Init(&context);
  for (absl::string_view part : parts) SHA256_Update(&context, part.data(), part.size());
  SHA256_Final(out, &context);
}

// The key as one block, with every byte changed by `mask`.
void KeyBlock(HashAlgorithm algorithm, absl::string_view key, uint8_t mask, uint8_t* pad) {
  std::memset(pad, 0, kBlockBytes);
  if (key.size() > kBlockBytes) {
    DigestInto(algorithm, {key}, pad);
  } else if (!key.empty()) {
    std::memcpy(pad, key.data(), key.size());
  }
  for (size_t i = 0; i < kBlockBytes; ++i) pad[i] ^= mask;
}

constexpr uint8_t kInnerMask = 0x36;
constexpr uint8_t kOuterMask = 0x5c;

template <typename Parts>
void HmacSm3Into(absl::string_view key, const Parts& parts, uint8_t* out) {
  constexpr HashAlgorithm algorithm = HashAlgorithm::kSm3;
  uint8_t pad[kBlockBytes];
  KeyBlock(algorithm, key, kInnerMask, pad);
  EVP_MD_CTX* context = Sm3Context();
  Init(context, algorithm);
  Add(context, View(pad, sizeof pad));
  for (absl::string_view part : parts) Add(context, part);
  uint8_t inner[kDigestBytes];
  End(context, inner);
  KeyBlock(algorithm, key, kOuterMask, pad);
  DigestInto(algorithm, {View(pad, sizeof pad), View(inner, sizeof inner)}, out);
  OPENSSL_cleanse(pad, sizeof pad);
}

int Base64Value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

absl::Status BadBase64(absl::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BASE64", what);
}

}  // namespace

absl::string_view HashAlgorithmName(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::kSm3 ? "SM3" : "SHA-256";
}

void DigestInto(HashAlgorithm algorithm, std::initializer_list<absl::string_view> parts,
                uint8_t* out) {
  if (algorithm == HashAlgorithm::kSha256) return Sha256Into(parts, out);
  EVP_MD_CTX* context = Sm3Context();
  Init(context, algorithm);
  for (absl::string_view part : parts) Add(context, part);
  End(context, out);
}

std::string Digest(HashAlgorithm algorithm, absl::string_view data) {
  std::string out(kDigestBytes, '\0');
  DigestInto(algorithm, {data}, Bytes(out));
  return out;
}

std::string Sha256(absl::string_view data) { return Digest(HashAlgorithm::kSha256, data); }
std::string Sm3(absl::string_view data) { return Digest(HashAlgorithm::kSm3, data); }

std::string Hmac(HashAlgorithm algorithm, absl::string_view key,
                 std::initializer_list<absl::string_view> parts) {
  std::string out(kDigestBytes, '\0');
  HmacKey(algorithm, key).Into(parts, Bytes(out));
  return out;
}

HmacKey::HmacKey(HashAlgorithm algorithm, absl::string_view key) : algorithm_(algorithm) {
  static_assert(sizeof(SHA256_CTX) <= sizeof(State) && alignof(SHA256_CTX) <= alignof(State));
  if (algorithm != HashAlgorithm::kSha256) {
    key_ = std::string(key);
    return;
  }
  uint8_t pad[kBlockBytes];
  SHA256_CTX context;
  for (auto [mask, state] : {std::pair(kInnerMask, &inner_), std::pair(kOuterMask, &outer_)}) {
    KeyBlock(algorithm, key, mask, pad);
    SHA256_Init(&context);
    SHA256_Update(&context, pad, sizeof pad);
    std::memcpy(state->data(), &context, sizeof context);
  }
  OPENSSL_cleanse(pad, sizeof pad);
}

HmacKey::~HmacKey() {
  OPENSSL_cleanse(inner_.data(), sizeof(State));
  OPENSSL_cleanse(outer_.data(), sizeof(State));
  OPENSSL_cleanse(key_.data(), key_.size());
}

void HmacKey::Into(std::initializer_list<absl::string_view> parts, uint8_t* out) const {
  if (algorithm_ != HashAlgorithm::kSha256) return HmacSm3Into(key_, parts, out);
  SHA256_CTX context;
  std::memcpy(&context, inner_.data(), sizeof context);
  for (absl::string_view part : parts) SHA256_Update(&context, part.data(), part.size());
  uint8_t inner[kDigestBytes];
  SHA256_Final(inner, &context);
  std::memcpy(&context, outer_.data(), sizeof context);
  SHA256_Update(&context, inner, sizeof inner);
  SHA256_Final(out, &context);
}

std::string HmacSha256(absl::string_view key, absl::string_view data) {
  return Hmac(HashAlgorithm::kSha256, key, {data});
}

std::string HmacSm3(absl::string_view key, absl::string_view data) {
  return Hmac(HashAlgorithm::kSm3, key, {data});
}

std::string HkdfSha256(absl::string_view secret, absl::string_view salt, absl::string_view info,
                       size_t size) {
  CheckCrypto(size <= kHkdfBytesMax, "HKDF asked for more than 255 blocks");
  std::string extracted = HmacSha256(salt, secret);
  std::string out;
  std::string block;
  for (unsigned counter = 1; out.size() < size; ++counter) {
    const char number = static_cast<char>(counter);
    block = Hmac(HashAlgorithm::kSha256, extracted, {block, info, absl::string_view(&number, 1)});
    out += block;
  }
  OPENSSL_cleanse(extracted.data(), extracted.size());
  out.resize(size);
  return out;
}

Hasher::Hasher(HashAlgorithm algorithm) : algorithm_(algorithm), context_(EVP_MD_CTX_new()) {
  Init(static_cast<EVP_MD_CTX*>(context_), algorithm_);
}

Hasher::~Hasher() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

Hasher::Hasher(Hasher&& other) noexcept
    : algorithm_(other.algorithm_), context_(std::exchange(other.context_, nullptr)) {}

Hasher& Hasher::operator=(Hasher&& other) noexcept {
  std::swap(algorithm_, other.algorithm_);
  std::swap(context_, other.context_);
  return *this;
}

Hasher& Hasher::Update(absl::string_view data) {
  Add(static_cast<EVP_MD_CTX*>(context_), data);
  return *this;
}

std::string Hasher::Finish() {
  auto* context = static_cast<EVP_MD_CTX*>(context_);
  std::string out(kDigestBytes, '\0');
  End(context, Bytes(out));
  Init(context, algorithm_);
  return out;
}

bool ConstantTimeEquals(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string Base64Encode(absl::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    uint32_t group = static_cast<uint8_t>(bytes[i]) << 16;
    if (left > 1) group |= static_cast<uint8_t>(bytes[i + 1]) << 8;
    if (left > 2) group |= static_cast<uint8_t>(bytes[i + 2]);
    out += kBase64Alphabet[group >> 18];
    out += kBase64Alphabet[(group >> 12) & 63];
    out += left > 1 ? kBase64Alphabet[(group >> 6) & 63] : '=';
    out += left > 2 ? kBase64Alphabet[group & 63] : '=';
  }
  return out;
}

absl::StatusOr<std::string> Base64Decode(absl::string_view text) {
  if (text.size() % 4 != 0) return BadBase64("length is not a multiple of four");
  size_t padding = 0;
  if (!text.empty() && text.back() == '=') padding = text[text.size() - 2] == '=' ? 2 : 1;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    const size_t pads = i + 4 == text.size() ? padding : 0;
    uint32_t group = 0;
    for (size_t j = 0; j < 4; ++j) {
      const int value = j >= 4 - pads ? 0 : Base64Value(text[i + j]);
      if (value < 0) return BadBase64("a character is not of the alphabet");
      group = group << 6 | static_cast<uint32_t>(value);
    }
    if ((pads == 1 && (group & 0xff) != 0) || (pads == 2 && (group & 0xffff) != 0)) {
      return BadBase64("bits are set beyond the last byte");
    }
    out += static_cast<char>(group >> 16);
    if (pads < 2) out += static_cast<char>(group >> 8);
    if (pads < 1) out += static_cast<char>(group);
  }
  return out;
}

std::string HexEncode(absl::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    out += kHexAlphabet[byte >> 4];
    out += kHexAlphabet[byte & 15];
  }
  return out;
}

absl::StatusOr<std::string> HexDecode(absl::string_view text) {
  if (text.size() % 2 != 0) {
    return MakeError(absl::StatusCode::kInvalidArgument, "HEX", "length is odd");
  }
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) {
      return MakeError(absl::StatusCode::kInvalidArgument, "HEX", "a character is not 0-9 or a-f");
    }
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

}  // namespace hedui::base
