#include "server/base/ids.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/ascii.h"
#include "server/base/mutex.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr int kDashes[] = {8, 13, 18, 23};
constexpr uint64_t kTailBits = 62;
constexpr uint64_t kTailMask = (uint64_t{1} << kTailBits) - 1;
constexpr uint64_t kHeadMask = 0xfff;

absl::Status UuidError() {
  return MakeError(absl::StatusCode::kInvalidArgument, "UUID_FORMAT",
                   "an id is a UUID of 36 characters such as "
                   "0192f0c1-5e2a-7c3d-9b1f-2a6d4e8c0b57, not all zero");
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsDash(size_t position) {
  return std::find(std::begin(kDashes), std::end(kDashes), position) != std::end(kDashes);
}

void FillRandom(uint8_t* out, size_t size) {
  // RAND_bytes takes an int; callers ask for tens of bytes.
  while (size > 0) {
    const size_t part = std::min<size_t>(size, 1 << 20);
    if (RAND_bytes(out, static_cast<int>(part)) != 1) {
      std::fputs("no randomness from the machine: going on would forge ids and keys\n", stderr);
      std::abort();
    }
    out += part;
    size -= part;
  }
}

Uuid MakeVersion7(uint64_t milliseconds, uint64_t head, uint64_t tail) {
  Uuid id;
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(milliseconds >> (8 * (5 - i)));
  id.bytes[6] = static_cast<uint8_t>(0x70 | (head >> 8));
  id.bytes[7] = static_cast<uint8_t>(head);
  for (int i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<uint8_t>(tail >> (8 * (7 - i)));
  id.bytes[8] = static_cast<uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

}  // namespace

absl::StatusOr<Uuid> Uuid::Parse(absl::string_view text) {
  if (text.size() != 36) return UuidError();
  Uuid id;
  size_t digit = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsDash(i)) {
      if (text[i] != '-') return UuidError();
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return UuidError();
    id.bytes[digit / 2] = static_cast<uint8_t>((id.bytes[digit / 2] << 4) | value);
    ++digit;
  }
  if (id == Uuid{}) return UuidError();
  return id;
}

std::string Uuid::ToString() const {
  std::string text;
  text.reserve(36);
  for (uint8_t byte : bytes) {
    if (IsDash(text.size())) text.push_back('-');
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 0x0f]);
  }
  return text;
}

std::string Uuid::ToBytes() const {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

absl::StatusOr<Uuid> Uuid::FromBytes(absl::string_view bytes) {
  Uuid id;
  if (bytes.size() != id.bytes.size()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "UUID_FORMAT", "an id is 16 bytes");
  }
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

std::optional<absl::Time> TimeOf(const Uuid& id) {
  if (id.bytes[6] >> 4 != 7) return std::nullopt;
  int64_t milliseconds = 0;
  for (int i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | id.bytes[static_cast<size_t>(i)];
  return absl::FromUnixMillis(milliseconds);
}

struct SecureIdSource::State {
  Mutex mutex;
  uint64_t milliseconds ABSL_GUARDED_BY(mutex) = 0;
  uint64_t head ABSL_GUARDED_BY(mutex) = 0;  // 12 bits
  uint64_t tail ABSL_GUARDED_BY(mutex) = 0;  // 62 bits
};

SecureIdSource::SecureIdSource() : state_(std::make_unique<State>()) {}
SecureIdSource::~SecureIdSource() = default;

Uuid SecureIdSource::NextId(absl::Time now) {
  const uint64_t milliseconds =
      static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixMillis(now), 0));
  // Both words at once: what asking costs does not depend on how much is asked for.
  uint64_t words[2];
  FillRandom(reinterpret_cast<uint8_t*>(words), sizeof(words));
  const uint64_t random = words[0];
  const uint64_t fresh_head = random >> 53;  // 11 bits: the 12th leaves room to count up
  const uint64_t fresh_tail = words[1] & kTailMask;
  const MutexLock lock(&state_->mutex);
  if (milliseconds > state_->milliseconds) {
    state_->milliseconds = milliseconds;
    state_->head = fresh_head;
    state_->tail = fresh_tail;
  } else {
    // The same millisecond, or a clock that went back: count on from the last id by a random step,
    // so that order holds and the next id is not the last one plus one.
    state_->tail += 1 + (random & 0xffffffff);
    state_->head += state_->tail >> kTailBits;
    state_->tail &= kTailMask;
    state_->milliseconds += state_->head >> 12;
    state_->head &= kHeadMask;
  }
  return MakeVersion7(state_->milliseconds, state_->head, state_->tail);
}

std::string SecureIdSource::RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  FillRandom(reinterpret_cast<uint8_t*>(bytes.data()), size);
  return bytes;
}

}  // namespace hedui::base
