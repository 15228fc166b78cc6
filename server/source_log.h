// What becomes of queries to sources: counted for metrics by source, kind and reason, and one line
// of the log each. Thread-safe.
#ifndef HEDUI_SERVER_SOURCE_LOG_H_
#define HEDUI_SERVER_SOURCE_LOG_H_

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/base/answer.h"
#include "server/base/event.h"
#include "server/base/ids.h"
#include "server/base/metrics.h"
#include "server/base/mutex.h"
#include "server/base/trace.h"
#include "server/gather/gatherer.h"

namespace hedui {

// What a query was sent for.
struct QueryNames {
  base::Uuid verification_id;
  base::Uuid intent_id;
  std::optional<base::TraceParent> trace;
};

class SourceLog {
 public:
  explicit SourceLog(base::Tell tell) : tell_(std::move(tell)) {}

  // As it is used.
  void Ended(const QueryNames& names, const gather::Outcome& outcome);
  // Adds hedui_source_*. The book is read before this goes.
  void AddTo(base::MetricBook* book);

 private:
  static constexpr size_t kKinds = 16;
  static constexpr size_t kReasons = 32;

  // Sources are as many as the catalogue names.
  struct Source {
    std::array<std::array<base::Counter, kReasons>, kKinds> answers;
    base::Counter queries;
    base::Counter attempts;
    base::Counter hedges;
    base::Counter reused;
    base::Histogram seconds{base::LatencyBounds()};
  };
  Source* Of(const std::string& id);
  // Each source with its id.
  void ForEach(const std::function<void(const std::string&, const Source&)>& visit) const;

  const base::Tell tell_;
  mutable base::Mutex mutex_;
  std::map<std::string, std::unique_ptr<Source>> sources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui

#endif  // HEDUI_SERVER_SOURCE_LOG_H_
