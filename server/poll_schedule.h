// When promised answers are asked for: at the time that their source named, otherwise after pauses
// that grow. Plain class without clock, loop or randomness: time and random words are given in.
// Thread-compatible. Limits: PollLimits; a promise takes some 200 bytes.
#ifndef HEDUI_SERVER_POLL_SCHEDULE_H_
#define HEDUI_SERVER_POLL_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/base/ids.h"
#include "server/flow_book.h"

namespace hedui {

// A tenth of a large region's households in a month; 50 MB. What is more is taken up when there is
// room.
inline constexpr size_t kPromisesHeldMax = 200'000;
// Polls under way at once, over all sources; each takes memory for its answers.
inline constexpr size_t kPollsAtOnceMax = 64;
// Of one source. One that is slow, or silent until the deadline, leaves the others their polls:
// eight such have to come together before anybody waits for them. A source that answers within a
// second is asked for some 28,000 promises an hour all the same.
inline constexpr size_t kPollsOfSourceMax = 8;
// The pause after the first poll that found nothing is drawn up to this, then from twice as much
// each time, up to the longest.
inline constexpr absl::Duration kPollPauseFirst = absl::Minutes(1);
inline constexpr absl::Duration kPollPauseMax = absl::Hours(1);
// No source is asked about the same promise sooner again; but by another process, which asks at
// once for what is due when it starts.
inline constexpr absl::Duration kPollPauseLeast = absl::Seconds(10);
// So often a source is believed when it says when to ask again. From then on the pauses grow all
// the same: whoever promises anew each time, for soon, would be asked, and leave rows, without end.
inline constexpr int kTimesBelieved = 60;
// What came and could not be kept, or may have been lost on its way, a department gives again for
// some minutes only (source.proto): so often in a row it is asked for within kPollPauseFirst, then
// the pauses grow.
inline constexpr int kTimesSoon = 5;
// However far away the time that a source named is, the clock is looked at again after this: it may
// be set meanwhile.
inline constexpr absl::Duration kPollLookAgain = absl::Hours(1);

struct PollLimits {
  size_t held_max = kPromisesHeldMax;
  size_t at_once_max = kPollsAtOnceMax;
  size_t of_source_max = kPollsOfSourceMax;
};

// A promise, as far as it matters when it is asked for.
struct WaitedFor {
  base::Uuid id;
  std::string source_id;
  std::optional<absl::Time> due_at;  // as the source said; absent: after a pause
  FlowKey verification;              // whose it is
};

class PollSchedule {
 public:
  explicit PollSchedule(const PollLimits& limits = {}) : limits_(limits) {}

  // The wall clock and the steady one at one moment.
  struct Now {
    absl::Time wall;
    absl::Duration steady;
  };

  // False where it is held already, or there is no room.
  bool Add(const WaitedFor& promise, const Now& now, uint64_t random);
  // One that is due, taken in hand until Again, Replace, Retry or Remove; nullopt: none, or as many
  // as may be are in hand.
  std::optional<base::Uuid> TakeDue(const Now& now);
  // It was asked, or could not be, and is waited for still. `due_at`: what the source said.
  void Again(const base::Uuid& id, std::optional<absl::Time> due_at, const Now& now,
             uint64_t random);
  // The same where its answer came, or may have, and is not kept.
  void Soon(const base::Uuid& id, const Now& now, uint64_t random);
  // As Again for one that stands in its place under another id: it has been polled as often.
  void Replace(const base::Uuid& id, const WaitedFor& by, const Now& now, uint64_t random);
  // There was no room for it here: soon.
  void Retry(const base::Uuid& id, absl::Duration after, const Now& now);
  void Remove(const base::Uuid& id);

  // Whose a promise is that is held.
  FlowKey VerificationOf(const base::Uuid& id) const;
  // When the next that may be taken in hand is to be looked at; InfiniteDuration: none.
  absl::Duration next() const;
  size_t size() const { return items_.size(); }
  bool full() const { return items_.size() >= limits_.held_max; }
  // After it was full: a quarter is free, so that not for each that ends all rows are read again.
  bool has_room_again() const { return items_.size() < limits_.held_max - limits_.held_max / 4; }

 private:
  struct Source {
    // Those that are not in hand.
    std::set<std::pair<absl::Duration, base::Uuid>> due;
    size_t in_hand = 0;
  };
  struct Item {
    Source* source = nullptr;
    const std::string* agency = nullptr;
    base::Uuid request_id;
    std::optional<absl::Time> due_at;
    int polls = 0;
    int soon = 0;  // in a row
    // Absent while it is in hand.
    std::optional<absl::Duration> due;
  };
  static absl::Duration Pause(int polls, uint64_t random);
  // In hand until it has a place among those that are due; nullptr: it is held already.
  Item* AddInHand(const WaitedFor& promise);
  // Out of hand, or of its place among those that are due.
  void TakeOut(const base::Uuid& id, Item* item);
  void SetDue(const base::Uuid& id, Item* item, absl::Duration due);
  // Of those that may be asked at all now, the one with the next promise. Looks at all: there are
  // some hundreds.
  const Source* Soonest() const;
  // Until `due_at`, or for as long as the clock is trusted.
  static absl::Duration Until(absl::Time due_at, const Now& now);

  const PollLimits limits_;
  std::map<base::Uuid, Item> items_;
  std::map<std::string, Source> sources_;  // that ever promised anything
  std::set<std::string> agencies_;         // that were ever promised anything
  size_t in_hand_ = 0;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_POLL_SCHEDULE_H_
