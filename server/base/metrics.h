// What a room counts, and the book in which whoever reports them finds all counts. A room owns its
// counters and knows nothing of how they leave the process; operation/ does.
//
// Counter, Histogram and LabelledCounters are thread-safe; adding to the first two is a few atomic
// additions. MetricBook: filled on the main thread, then read from any. No label carries personal
// data, and each has a bounded number of values.
#ifndef HEDUI_SERVER_BASE_METRICS_H_
#define HEDUI_SERVER_BASE_METRICS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace hedui::base {

// Never decreases while the process lives.
class Counter {
 public:
  void Add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// How often a measured value lay within each bound.
class Histogram {
 public:
  // Upper bounds, ascending; what exceeds the last is counted apart.
  explicit Histogram(std::vector<double> bounds);
  void Observe(double value);
  void Observe(absl::Duration took) { Observe(absl::ToDoubleSeconds(took)); }

  struct Reading {
    std::vector<double> bounds;
    std::vector<uint64_t> counts;  // of each bound, not cumulative; one more for what exceeds all
    double sum = 0;
  };
  // Of additions under way at the time, some parts may be in it and others not.
  Reading Read() const;

 private:
  const std::vector<double> bounds_;
  const std::unique_ptr<std::atomic<uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

// Seconds, from what memory answers to what a deadline allows.
std::vector<double> LatencyBounds();

struct MetricLabel {
  std::string name;
  std::string value;
};

// One series of a family as it stands.
struct MetricSample {
  std::vector<MetricLabel> labels;
  double value = 0;              // of a counter or gauge
  Histogram::Reading histogram;  // of a histogram
};

enum class MetricKind : uint8_t { kCounter, kGauge, kHistogram };

struct MetricFamily {
  std::string name;
  std::string help;
  MetricKind kind = MetricKind::kGauge;
  std::vector<MetricSample> samples;
};

// Counters told apart by label values that are known only when something happens, such as the
// reason of an error. For what is rare: adding takes a lock. Past `series_max` combinations all
// values of a new one are "OTHER", so that nobody can make them grow.
class LabelledCounters {
 public:
  LabelledCounters(std::vector<std::string> names, size_t series_max);
  // As many values as names.
  void Add(const std::vector<std::string>& values);
  void AppendTo(std::vector<MetricSample>* samples) const;

 private:
  const std::vector<std::string> names_;
  const size_t series_max_;
  mutable Mutex mutex_;
  std::map<std::vector<std::string>, uint64_t> counts_ ABSL_GUARDED_BY(mutex_);
};

class MetricBook {
 public:
  // Appends the family's samples as they stand. Thread-safe; may block on the disk. What it reads
  // outlives the book's readers.
  using Read = std::function<void(std::vector<MetricSample>*)>;

  // Names as Prometheus has them: "hedui_commit_duration_seconds", counters ending in "_total".
  void Add(std::string name, std::string help, MetricKind kind, Read read);
  // One series without labels.
  void AddGauge(std::string name, std::string help, std::function<double()> read);
  void AddCounter(std::string name, std::string help, const Counter* counter);
  void AddHistogram(std::string name, std::string help, const Histogram* histogram);

  // In the order added.
  std::vector<MetricFamily> Collect() const;

 private:
  struct Entry {
    MetricFamily family;  // without samples
    Read read;
  };
  std::vector<Entry> entries_;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_METRICS_H_
