// Questions about reports that do not hand them out: how they stand, and whether a copy is genuine.
// No access entry is written: nobody is shown anything of a household.
//
// Thread safety: calls on the given loop's thread; `done` runs once, on it.
#ifndef HEDUI_SERVER_REPORT_DESK_H_
#define HEDUI_SERVER_REPORT_DESK_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/base/ids.h"
#include "server/report/report_check.h"
#include "server/report_chain.h"
#include "server/runtime/event_loop.h"

namespace hedui {

struct Rooms;

struct CheckedReport {
  report::CheckResult result;
  // Where it is valid and of this platform's log. Absent too when its matter was erased.
  std::optional<ReportStatus> status;
};

class ReportDesk {
 public:
  using StatusesDone = absl::AnyInvocable<void(absl::StatusOr<std::vector<ReportStatus>>) &&>;
  using CheckDone = absl::AnyInvocable<void(absl::StatusOr<CheckedReport>) &&>;

  // `rooms` outlives it and everything under way.
  explicit ReportDesk(const Rooms* rooms) : rooms_(rooms) {}

  // How a report of `agency` stands. NOT_FOUND (REPORT_UNKNOWN) for others' too.
  void Status(runtime::EventLoop* loop, std::string agency, base::Uuid report_id, StatusDone done);

  // Every report of a verification of `agency`, the first one first. NOT_FOUND (REPORT_UNKNOWN).
  void List(runtime::EventLoop* loop, std::string agency, base::Uuid request_id, StatusesDone done);

  // Whether an envelope is a genuine report, whoever issued it; what it holds meanwhile is of
  // `agency`, who asks. FAILED_PRECONDITION (CHECK_NOT_CONFIGURED) without authorities to check by;
  // RESOURCE_EXHAUSTED (BYTES).
  void Check(runtime::EventLoop* loop, const std::string& agency, std::string envelope,
             CheckDone done);

 private:
  const Rooms* const rooms_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_REPORT_DESK_H_
