// Lists of what an agency began, verifications and matters, and of the reports that used a source:
// the newest first, a page at a time. By
// day, from the last to the first; within a day, or of one matter, in the order in which they
// became durable. What becomes durable after the first page was read is in no later page.
//
// The work of one page is bounded: a filter that little matches gives short pages, even empty ones,
// each with a place to go on from.
//
// From any thread; `done` runs once, on `loop`. `rooms` outlives it. Errors: RESOURCE_EXHAUSTED
// (READERS_FULL); the store's.
#ifndef HEDUI_SERVER_LIST_FLOW_H_
#define HEDUI_SERVER_LIST_FLOW_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "server/access/matter_view.h"
#include "server/base/ids.h"
#include "server/runtime/event_loop.h"

namespace hedui {

struct Rooms;
struct VerificationView;

// Rows looked at for one page at most, fewer of large ones; some tens of milliseconds to half a
// second of one thread: a list must not keep a reader from the verifications that wait for it.
inline constexpr size_t kPageRowsMax = 4'000;

// Where a page begins.
struct PagePlace {
  // The days of the whole list, [from, to): those of its first page, whatever day it is by now.
  absl::CivilDay from;
  absl::CivilDay to;
  absl::CivilDay day;   // the one that is being listed
  uint64_t before = 0;  // base::RowPages
  friend bool operator==(const PagePlace&, const PagePlace&) = default;
};

struct ListQuery {
  std::string agency;
  size_t page_size = 0;  // at least 1
  PagePlace place;
};

// The place of a first page.
PagePlace FirstPlace(absl::CivilDay from, absl::CivilDay to);

struct VerificationQuery : ListQuery {
  std::string matter_number;     // empty: of every matter
  std::optional<uint8_t> state;  // a number of VerificationState; absent: any
};

struct MatterQuery : ListQuery {
  std::string division;  // empty: any; else there or below
  std::optional<access::MatterState> state;
};

// Of every agency; `agency` is who asks.
struct UsingQuery : ListQuery {
  std::string source_id;
  absl::Time from;  // when its answers came: [from, to)
  absl::Time to;
};

// A report that holds what a source said.
struct ReportUsing {
  std::string report_number;
  std::string agency;  // whose it is
  absl::Time issued_at;
  absl::Time used_at;  // the last of the source's answers within the span
};

template <typename Item>
struct Page {
  std::vector<Item> items;
  std::optional<PagePlace> next;  // absent: the list has ended
  // Rows that cannot be read, whatever the query asks for among them: one that is damaged does not
  // hide all that are older. The log says why.
  size_t lost = 0;
};

using VerificationPageDone = absl::AnyInvocable<void(absl::StatusOr<Page<VerificationView>>) &&>;
using MatterPageDone = absl::AnyInvocable<void(absl::StatusOr<Page<access::MatterView>>) &&>;
using UsingPageDone = absl::AnyInvocable<void(absl::StatusOr<Page<ReportUsing>>) &&>;
using MatterDone = absl::AnyInvocable<void(absl::StatusOr<access::MatterView>) &&>;

// Whether a verification of the agency is being worked on; thread-safe.
using IsRunning = std::function<bool(const base::Uuid& request_id)>;

void ListVerifications(const Rooms* rooms, runtime::EventLoop* loop, VerificationQuery query,
                       IsRunning is_running, VerificationPageDone done);

// Without their letters and changes of state.
void ListMatters(const Rooms* rooms, runtime::EventLoop* loop, MatterQuery query,
                 MatterPageDone done);

// By the day on which the source answered; each report once, but one that cannot be read under each
// of its days. Without those of erased matters, and of versions that did not keep which sources a
// report used.
void ListReportsUsing(const Rooms* rooms, runtime::EventLoop* loop, UsingQuery query,
                      UsingPageDone done);

// One matter with them. NOT_FOUND (MATTER_UNKNOWN) for others' too.
void ReadMatter(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
                std::string matter_number, MatterDone done);

}  // namespace hedui

#endif  // HEDUI_SERVER_LIST_FLOW_H_
