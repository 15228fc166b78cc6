#include "server/base/metrics.h"

#include <algorithm>
#include <utility>

namespace hedui::base {

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(new std::atomic<uint64_t>[bounds_.size() + 1] {}) {}

void Histogram::Observe(double value) {
  const auto within = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  counts_[static_cast<size_t>(within - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Reading Histogram::Read() const {
  Reading reading;
  reading.bounds = bounds_;
  for (size_t i = 0; i <= bounds_.size(); ++i) {
    reading.counts.push_back(counts_[i].load(std::memory_order_relaxed));
  }
  reading.sum = sum_.load(std::memory_order_relaxed);
  return reading;
}

std::vector<double> LatencyBounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
}

LabelledCounters::LabelledCounters(std::vector<std::string> names, size_t series_max)
    : names_(std::move(names)), series_max_(series_max) {}

void LabelledCounters::Add(const std::vector<std::string>& values) {
  const MutexLock lock(&mutex_);
  const auto found = counts_.find(values);
  if (found != counts_.end()) {
    ++found->second;
  } else if (counts_.size() < series_max_) {
    counts_.emplace(values, 1);
  } else {
    ++counts_[std::vector<std::string>(names_.size(), "OTHER")];
  }
}

void LabelledCounters::AppendTo(std::vector<MetricSample>* samples) const {
  const MutexLock lock(&mutex_);
  for (const auto& [values, count] : counts_) {
    MetricSample& sample = samples->emplace_back();
    for (size_t i = 0; i < names_.size(); ++i) sample.labels.push_back({names_[i], values[i]});
    sample.value = static_cast<double>(count);
  }
}

void MetricBook::Add(std::string name, std::string help, MetricKind kind, Read read) {
  Entry& entry = entries_.emplace_back();
  entry.family.name = std::move(name);
  entry.family.help = std::move(help);
  entry.family.kind = kind;
  entry.read = std::move(read);
}

void MetricBook::AddGauge(std::string name, std::string help, std::function<double()> read) {
  Add(std::move(name), std::move(help), MetricKind::kGauge,
      [read = std::move(read)](std::vector<MetricSample>* samples) {
        samples->emplace_back().value = read();
      });
}

void MetricBook::AddCounter(std::string name, std::string help, const Counter* counter) {
  Add(std::move(name), std::move(help), MetricKind::kCounter,
      [counter](std::vector<MetricSample>* samples) {
        samples->emplace_back().value = static_cast<double>(counter->value());
      });
}

void MetricBook::AddHistogram(std::string name, std::string help, const Histogram* histogram) {
  Add(std::move(name), std::move(help), MetricKind::kHistogram,
      [histogram](std::vector<MetricSample>* samples) {
        samples->emplace_back().histogram = histogram->Read();
      });
}

std::vector<MetricFamily> MetricBook::Collect() const {
  std::vector<MetricFamily> families;
  families.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    entry.read(&families.emplace_back(entry.family).samples);
  }
  return families;
}

}  // namespace hedui::base
