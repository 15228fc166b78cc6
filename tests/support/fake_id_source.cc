#include "tests/support/fake_id_source.h"

#include <algorithm>

namespace hedui::testing {

uint64_t FakeIdSource::NextWord() {
  // splitmix64: any seed, zero included, gives a good sequence.
  state_ += 0x9e3779b97f4a7c15;
  uint64_t word = state_;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

base::Uuid FakeIdSource::NextId(absl::Time now) {
  const base::MutexLock lock(&mutex_);
  last_ms_ = std::max(last_ms_, static_cast<uint64_t>(absl::ToUnixMillis(now)));
  ++counter_;
  const uint64_t random = NextWord();
  base::Uuid id;
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(last_ms_ >> (8 * (5 - i)));
  // 26 bits of counter around the version and variant bits, then 48 seeded bits.
  id.bytes[6] = static_cast<uint8_t>(0x70 | ((counter_ >> 22) & 0x0f));
  id.bytes[7] = static_cast<uint8_t>(counter_ >> 14);
  id.bytes[8] = static_cast<uint8_t>(0x80 | ((counter_ >> 8) & 0x3f));
  id.bytes[9] = static_cast<uint8_t>(counter_);
  for (int i = 10; i < 16; ++i) id.bytes[i] = static_cast<uint8_t>(random >> (8 * (i - 10)));
  return id;
}

std::string FakeIdSource::RandomBytes(size_t size) {
  const base::MutexLock lock(&mutex_);
  std::string bytes;
  bytes.reserve(size);
  for (uint64_t word = 0; bytes.size() < size; word >>= 8) {
    if (bytes.size() % 8 == 0) word = NextWord();
    bytes.push_back(static_cast<char>(word & 0xff));
  }
  return bytes;
}

}  // namespace hedui::testing
