#include "server/gather/latency.h"

#include <algorithm>
#include <cmath>

namespace hedui::gather {
namespace {

constexpr absl::Duration kShortest = absl::Microseconds(100);
constexpr absl::Duration kLongest = absl::Seconds(60);

}  // namespace

const std::array<absl::Duration, Latency::kClasses>& Latency::Bounds() {
  static const auto* const bounds = [] {
    auto* made = new std::array<absl::Duration, kClasses>();
    const double step = std::log(absl::FDivDuration(kLongest, kShortest)) / (kClasses - 1);
    for (size_t i = 0; i < kClasses; ++i) {
      (*made)[i] = kShortest * std::exp(step * static_cast<double>(i));
    }
    return made;
  }();
  return *bounds;
}

void Latency::Add(absl::Duration took) {
  const auto& bounds = Bounds();
  const auto at = std::lower_bound(bounds.begin(), bounds.end() - 1, took);
  ++counts_[static_cast<size_t>(at - bounds.begin())];
  ++total_;
  if (++since_halved_ < kHalveEvery) return;
  since_halved_ = 0;
  total_ = 0;
  for (uint32_t& count : counts_) total_ += count /= 2;
}

std::optional<absl::Duration> Latency::Quantile(int permille) const {
  if (total_ < kSamplesMin) return std::nullopt;
  const uint64_t wanted = (uint64_t{total_} * static_cast<uint64_t>(permille) + 999) / 1'000;
  uint64_t seen = 0;
  for (size_t i = 0; i < kClasses; ++i) {
    seen += counts_[i];
    if (seen >= wanted) return Bounds()[i];
  }
  return Bounds().back();
}

}  // namespace hedui::gather
