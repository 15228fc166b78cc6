// Identifiers: caller-chosen UUIDs and our own time-ordered ids, which keep appends at the right
// end of every table. Value types; IdSource implementations are thread-safe.
#ifndef HEDUI_SERVER_BASE_IDS_H_
#define HEDUI_SERVER_BASE_IDS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hedui::base {

// 128 bits in RFC 9562 order.
struct Uuid {
  std::array<uint8_t, 16> bytes{};

  // "0192f0c1-…", 36 characters, lower case. The nil UUID is refused by Parse.
  static absl::StatusOr<Uuid> Parse(absl::string_view text);
  std::string ToString() const;
  // The 16 bytes.
  std::string ToBytes() const;
  static absl::StatusOr<Uuid> FromBytes(absl::string_view bytes);
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

// When an id was made, to the millisecond. nullopt for ids that do not say: of another version
// than 7.
std::optional<absl::Time> TimeOf(const Uuid& id);

class IdSource {
 public:
  virtual ~IdSource() = default;
  // A version 7 UUID: 48 bits of milliseconds, then random; ids of one source never repeat or go
  // back.
  virtual Uuid NextId(absl::Time now) = 0;
  // `size` bytes from a cryptographic generator (a fake one in tests).
  virtual std::string RandomBytes(size_t size) = 0;
};

// Draws from OpenSSL's generator; aborts when the machine has no randomness, since going on would
// forge.
class SecureIdSource final : public IdSource {
 public:
  SecureIdSource();
  ~SecureIdSource() override;
  Uuid NextId(absl::Time now) override;
  std::string RandomBytes(size_t size) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_IDS_H_
