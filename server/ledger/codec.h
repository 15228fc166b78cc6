// Writing and strictly reading the ledger's fixed binary formats: big-endian numbers, byte strings
// behind their length. For use within the room. A reader that ran short, or met a value out of its
// range, stays failed and gives zeros; Done() says whether all bytes were read well.
#ifndef HEDUI_SERVER_LEDGER_CODEC_H_
#define HEDUI_SERVER_LEDGER_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/base/ids.h"
#include "server/ledger/hash.h"

namespace hedui::ledger {

class Writer {
 public:
  Writer& Reserve(size_t bytes) {
    out_.reserve(bytes);
    return *this;
  }
  Writer& Number(uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
      out_ += static_cast<char>(value >> shift);
    return *this;
  }
  Writer& U8(uint64_t value) { return Number(value, 1); }
  Writer& U16(uint64_t value) { return Number(value, 2); }
  Writer& U32(uint64_t value) { return Number(value, 4); }
  Writer& U64(uint64_t value) { return Number(value, 8); }
  Writer& Raw(absl::string_view bytes) {
    out_.append(bytes.data(), bytes.size());
    return *this;
  }
  Writer& Bytes(absl::string_view bytes, int length_bytes) {
    return Number(bytes.size(), length_bytes).Raw(bytes);
  }
  Writer& Digest(const Hash& hash) { return Raw(HashView(hash)); }
  Writer& Id(const base::Uuid& id) {
    return Raw({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  }
  Writer& Time(absl::Time time) { return U64(static_cast<uint64_t>(absl::ToUnixMillis(time))); }
  Writer& Path(absl::Span<const Hash> path) {
    U8(path.size());
    for (const Hash& hash : path) Digest(hash);
    return *this;
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  uint64_t Number(int bytes) {
    uint64_t value = 0;
    for (char c : Raw(static_cast<size_t>(bytes))) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }
  uint8_t U8() { return static_cast<uint8_t>(Number(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Number(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Number(4)); }
  uint64_t U64() { return Number(8); }
  // Empty when short.
  absl::string_view Raw(size_t size) {
    if (!Check(rest_.size() >= size)) return {};
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  absl::string_view Bytes(int length_bytes, size_t size_max) {
    const uint64_t size = Number(length_bytes);
    return Check(size <= size_max) ? Raw(size) : absl::string_view();
  }
  Hash Digest() { return HashFromBytes(Raw(base::kDigestBytes)).value_or(Hash{}); }
  // The nil id is refused.
  base::Uuid Id() {
    base::Uuid id;
    const absl::string_view bytes = Raw(id.bytes.size());
    if (!bytes.empty()) std::memcpy(id.bytes.data(), bytes.data(), id.bytes.size());
    Check(id != base::Uuid());
    return id;
  }
  // From 1970 on, whole milliseconds.
  absl::Time Time() {
    const uint64_t millis = U64();
    return Check(millis <= kMillisMax) ? absl::FromUnixMillis(static_cast<int64_t>(millis))
                                       : absl::UnixEpoch();
  }
  std::vector<Hash> Path(size_t hashes_max) {
    const size_t count = U8();
    std::vector<Hash> path;
    if (!Check(count <= hashes_max && rest_.size() >= count * base::kDigestBytes)) return path;
    path.reserve(count);
    for (size_t i = 0; i < count; ++i) path.push_back(Digest());
    return path;
  }
  // Remembers a failed condition of the caller's own.
  bool Check(bool good) {
    good_ = good_ && good;
    if (!good_) rest_ = {};
    return good_;
  }
  bool good() const { return good_; }
  bool Done() const { return good_ && rest_.empty(); }

  // The year 9999: what every reader of times can hold.
  static constexpr uint64_t kMillisMax = 253'402'300'799'999;

 private:
  absl::string_view rest_;
  bool good_ = true;
};

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_CODEC_H_
