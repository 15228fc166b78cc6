// SourceQuality: how sources answered in the last hours, by the division of the household: counts
// of answers by kind and reason, of their data's age, of how long queries took. Nothing of whom
// they were about.
//
// Twenty-four hours, the running one among them, in memory since the process began. Thread-safe.
// Limits: kPairsMax pairs of source and division, some 4 KiB each at most; what comes beyond is
// counted with its source's other divisions, without a name. A division that was silent for a day
// makes way.
#ifndef HEDUI_SERVER_SOURCE_QUALITY_H_
#define HEDUI_SERVER_SOURCE_QUALITY_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"

namespace hedui {

namespace gather {
struct Outcome;
}  // namespace gather

struct AnswerCount {
  base::AnswerKind kind = base::AnswerKind::kFound;
  base::Reason reason = base::Reason::kNone;
  int64_t answers = 0;
  friend bool operator==(const AnswerCount&, const AnswerCount&) = default;
};

// How many were at most `max`; -1: more than any other class.
struct ClassCount {
  int64_t max = 0;
  int64_t count = 0;
  friend bool operator==(const ClassCount&, const ClassCount&) = default;
};

struct DivisionQuality {
  std::string division;               // empty: divisions beyond kPairsMax, together
  std::vector<AnswerCount> answers;   // the most numerous first
  std::vector<ClassCount> freshness;  // days; ascending, those that hold any
  std::vector<ClassCount> latency;    // milliseconds; the same
};

struct QualityView {
  absl::Time since;
  std::vector<DivisionQuality> divisions;  // ascending, the nameless last
};

class SourceQuality {
 public:
  static constexpr int kHours = 24;
  // 3,000 counties with a source or two of their own, or a region's 22 with every source.
  static constexpr size_t kPairsMax = 4'096;
  // Upper ends of the classes; what passes the last is in one more.
  static constexpr std::array<int64_t, 8> kFreshnessDays = {0, 1, 3, 7, 14, 30, 90, 365};
  static constexpr std::array<int64_t, 11> kLatencyMs = {10,    25,    50,    100,    250,   500,
                                                         1'000, 2'500, 5'000, 10'000, 30'000};

  // `clock` outlives it.
  explicit SourceQuality(const base::Clock* clock) : clock_(clock), since_(clock->WallNow()) {}

  // What became of a query about a household of this division. Answers that were used again are not
  // counted: the source did not give them anew. Nor is it, where it was asked again for what it had
  // promised (`poll`), that this is PENDING still: that it promised was counted once.
  void Ended(const std::string& division, const gather::Outcome& outcome, bool poll = false);

  // Of the running hour and those before it, `hours` of 1 to kHours. `division` empty: all; else
  // there and below.
  QualityView Read(absl::string_view source_id, absl::string_view division, int hours) const;

 private:
  struct Hour {
    int64_t number = -1;  // since 1970
    std::vector<AnswerCount> answers;
    std::array<uint32_t, kFreshnessDays.size() + 1> freshness{};
    std::array<uint32_t, kLatencyMs.size() + 1> latency{};
  };
  using Hours = std::vector<Hour>;  // by number modulo kHours, as many as were needed
  struct Source {
    mutable base::Mutex mutex;
    absl::flat_hash_map<std::string, Hours> divisions ABSL_GUARDED_BY(mutex);
    Hours others ABSL_GUARDED_BY(mutex);
  };

  std::shared_ptr<Source> Of(absl::string_view id, bool make) const;
  Hours* HoursOf(const std::string& division, int64_t now, Source* source)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(source->mutex);

  const base::Clock* const clock_;
  const absl::Time since_;
  std::atomic<size_t> pairs_{0};
  mutable base::Mutex mutex_;
  mutable absl::flat_hash_map<std::string, std::shared_ptr<Source>> sources_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui

#endif  // HEDUI_SERVER_SOURCE_QUALITY_H_
