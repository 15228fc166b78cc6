// Latency: how long a source takes, as a histogram that forgets.
//
// Logarithmic classes, each 11 % wider than the one before, from 100 µs to 60 s; what is shorter or
// longer counts in the first or last. All counts are halved every 1,024 samples, so that the last
// few thousand answers decide. A plain machine without lock or clock; 0.5 KiB.
#ifndef HEDUI_SERVER_GATHER_LATENCY_H_
#define HEDUI_SERVER_GATHER_LATENCY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace hedui::gather {

class Latency {
 public:
  // Fewer say nothing about a twentieth.
  static constexpr int kSamplesMin = 64;

  void Add(absl::Duration took);
  // At least so many thousandths took no longer: the upper end of their class, so up to 11 % above
  // the true quantile. nullopt before kSamplesMin samples.
  std::optional<absl::Duration> Quantile(int permille) const;

 private:
  static constexpr size_t kClasses = 128;
  static constexpr uint32_t kHalveEvery = 1'024;

  // Upper ends.
  static const std::array<absl::Duration, kClasses>& Bounds();

  std::array<uint32_t, kClasses> counts_{};
  uint32_t total_ = 0;
  uint32_t since_halved_ = 0;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_LATENCY_H_
