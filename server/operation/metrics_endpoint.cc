#include "server/operation/metrics_endpoint.h"

#include <exception>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"
#include "prometheus/metric_family.h"
#include "server/base/status.h"

namespace hedui::operation {
namespace {

// One that scrapes, one that looks on.
constexpr char kThreads[] = "2";
// A peer that says nothing for so long is dropped.
constexpr char kRequestTimeoutMs[] = "10000";

prometheus::MetricType TypeOf(base::MetricKind kind) {
  switch (kind) {
    case base::MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case base::MetricKind::kGauge:
      return prometheus::MetricType::Gauge;
    case base::MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric::Histogram Cumulative(const base::Histogram::Reading& reading) {
  prometheus::ClientMetric::Histogram histogram;
  for (size_t i = 0; i < reading.counts.size(); ++i) {
    histogram.sample_count += reading.counts[i];
    const double bound =
        i < reading.bounds.size() ? reading.bounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  histogram.sample_sum = reading.sum;
  return histogram;
}

prometheus::ClientMetric MetricOf(base::MetricSample sample, base::MetricKind kind) {
  prometheus::ClientMetric metric;
  for (base::MetricLabel& label : sample.labels) {
    metric.label.push_back({std::move(label.name), std::move(label.value)});
  }
  switch (kind) {
    case base::MetricKind::kCounter:
      metric.counter.value = sample.value;
      break;
    case base::MetricKind::kGauge:
      metric.gauge.value = sample.value;
      break;
    case base::MetricKind::kHistogram:
      metric.histogram = Cumulative(sample.histogram);
      break;
  }
  return metric;
}

class BookReader final : public prometheus::Collectable {
 public:
  explicit BookReader(const base::MetricBook* book) : book_(book) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> families;
    for (base::MetricFamily& read : book_->Collect()) {
      if (read.samples.empty()) continue;
      prometheus::MetricFamily& family = families.emplace_back();
      family.name = std::move(read.name);
      family.help = std::move(read.help);
      family.type = TypeOf(read.kind);
      for (base::MetricSample& sample : read.samples) {
        family.metric.push_back(MetricOf(std::move(sample), read.kind));
      }
    }
    return families;
  }

 private:
  const base::MetricBook* const book_;
};

}  // namespace

struct MetricsEndpoint::Parts {
  std::shared_ptr<BookReader> reader;
  std::unique_ptr<prometheus::Exposer> exposer;  // first to go: it uses the reader
};

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(
    const std::string& listen, const base::MetricBook* book) {
  auto parts = std::make_unique<Parts>();
  parts->reader = std::make_shared<BookReader>(book);
  try {
    parts->exposer = std::make_unique<prometheus::Exposer>(
        std::vector<std::string>{"listening_ports", listen, "num_threads", kThreads,
                                 "request_timeout_ms", kRequestTimeoutMs});
    parts->exposer->RegisterCollectable(parts->reader);
  } catch (const std::exception& error) {
    return base::MakeError(
        absl::StatusCode::kUnavailable, "METRICS_LISTEN",
        absl::StrCat("metrics: cannot listen on ", listen,
                     ": the address is taken or not one of this machine (", error.what(), ")"),
        base::Visibility::kOperator);
  }
  return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(std::move(parts)));
}

MetricsEndpoint::MetricsEndpoint(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

MetricsEndpoint::~MetricsEndpoint() = default;

int MetricsEndpoint::port() const {
  const std::vector<int> ports = parts_->exposer->GetListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

}  // namespace hedui::operation
