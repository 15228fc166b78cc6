// What operators see of the platform's sources and do with them: how they stand, how they answered,
// holding one so that nobody asks it, and releasing it.
//
// That a source is held is a row and an entry of the log, committed together; only then is it in
// force, and so is its release. The last one of a source counts: Load reads them at the start,
// before anybody is asked. One process writes a store, so that what it has in memory is what is.
//
// From any thread, but Load: before anything else, on the main thread; it blocks. `done` runs once,
// on `loop`.
#ifndef HEDUI_SERVER_SOURCE_ADMIN_FLOW_H_
#define HEDUI_SERVER_SOURCE_ADMIN_FLOW_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/list_flow.h"
#include "server/runtime/event_loop.h"
#include "server/source_quality.h"

namespace hedui {

struct Rooms;

namespace gather {
class SourceStates;
}  // namespace gather

// A sentence or two.
inline constexpr size_t kHoldReasonBytesMax = 512;

struct SourceHold {
  absl::Time since;
  std::string agency;
  std::string officer;
  std::string reason;
};

// The API's numbers.
enum class SourceBreaker : uint8_t { kClosed = 1, kOpen, kHalfOpen };

struct SourceShown {
  std::string source_id;
  std::string name;
  std::string department;
  std::optional<SourceHold> hold;
  SourceBreaker breaker = SourceBreaker::kClosed;
  size_t in_flight = 0;
  size_t waiting = 0;
  int64_t used_today = 0;
  int concurrency = 0;
  int per_second = 0;                         // 0: no limit
  int per_day = 0;                            // 0: no limit
  std::optional<absl::Duration> latency_p50;  // absent: not known yet
  std::optional<absl::Duration> latency_p95;
};

struct SourceList {
  std::vector<SourceShown> sources;         // in the catalogue's order
  std::vector<std::string> held_elsewhere;  // held, and not in the catalogue
};

struct QualityQuery {
  std::string source_id;
  std::string division;  // empty: all
  int hours = SourceQuality::kHours;
};

struct SourceChange {
  std::string agency;
  std::string officer;
  std::string source_id;
  bool held = false;
  std::string reason;
};

class SourceDesk {
 public:
  template <typename T>
  using Done = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;
  // How the source stands: held, by whom; or not.
  using Changed = std::optional<SourceHold>;

  // Borrowed objects outlive it and everything under way.
  SourceDesk(const Rooms* rooms, gather::SourceStates* states, const SourceQuality* quality)
      : rooms_(*rooms), states_(states), quality_(*quality) {}

  // Puts what the store says in force. DATA_LOSS where that cannot be read: then nobody may be
  // asked.
  absl::Status Load();

  // RESOURCE_EXHAUSTED (READERS_FULL).
  void List(runtime::EventLoop* loop, Done<SourceList> done);
  // NOT_FOUND (SOURCE_UNKNOWN); RESOURCE_EXHAUSTED (READERS_FULL).
  void Quality(runtime::EventLoop* loop, QualityQuery query, Done<QualityView> done);
  // Holds or releases. A source that stands so already is left as it is. NOT_FOUND
  // (SOURCE_UNKNOWN); RESOURCE_EXHAUSTED (SOURCE_CHANGING, COMMITTER_FULL).
  void Change(runtime::EventLoop* loop, SourceChange change, Done<Changed> done);
  // Errors as ListReportsUsing.
  void ListUsing(runtime::EventLoop* loop, UsingQuery query, UsingPageDone done) {
    ListReportsUsing(&rooms_, loop, std::move(query), std::move(done));
  }

 private:
  SourceList ListNow() const;
  // Whether it is to be committed; otherwise what to answer.
  std::optional<absl::StatusOr<Changed>> Begin(const SourceChange& change);
  void Settle(const SourceChange& change, absl::Time at, bool durable);

  const Rooms& rooms_;
  gather::SourceStates* const states_;
  const SourceQuality& quality_;
  mutable base::Mutex mutex_;
  std::map<std::string, SourceHold> holds_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> changing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui

#endif  // HEDUI_SERVER_SOURCE_ADMIN_FLOW_H_
