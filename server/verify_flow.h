// One household verified, from an accepted request to a signed report:
//
//   look up ─► authorize ─► plan ─► commit intent ─► gather (waves) ─► match, assess, draft ─►
//   commit result
//
// Verifier is the front door; a flow (verification_flow.h) is its work on one request. Flows live
// on the loop they were started on; computing, reading and sealing happen on pools, storing and
// signing in the committer. Equal requests in flight join one flow; stored ones are answered from
// the store.
//
// A verification that was created rather than waited for is durable from its intent on: it is
// resumed after a crash (resume.h), can be watched, and cancelled until its report is being made.
//
// Thread safety: everything with a loop on that loop's thread; construction and Drain on the main
// thread. Limits: base::kVerificationsInFlightMax flows; admission reserves the committer's and
// pools' room to the end.
#ifndef HEDUI_SERVER_VERIFY_FLOW_H_
#define HEDUI_SERVER_VERIFY_FLOW_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/access/defects.h"
#include "server/base/answer.h"
#include "server/base/household.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/base/trace.h"
#include "server/list_flow.h"
#include "server/runtime/event_loop.h"

namespace hedui {

struct Rooms;  // rooms.h: what main has built
struct ReportStatus;
class FlowBook;

// A request that api has read and found well formed.
struct VerifyRequest {
  std::string agency;  // the caller, as access names it
  base::Uuid request_id;
  std::string officer;
  base::CheckKind check_kind = base::CheckKind::kNew;
  std::string matter_number;
  std::vector<std::string> programmes;  // empty: findings only
  std::string purpose;
  base::CaseDates dates;
  base::Household household;
  std::string replaces_report_number;  // an annulled report of the same matter; empty: none
  std::string bytes;       // the request as received: its digest says what "same content" is
  absl::Duration timeout;  // until the caller's deadline; infinite: as long as the plan allows
  // The span of the call that asked, where it was traced; not kept.
  std::optional<base::TraceParent> trace;
  // Nobody waits for it: to be resumed after a crash.
  bool detached = false;
};

struct SourceOutcomeView {
  std::string source_id;
  std::string person_id;
  std::string category;
  base::AnswerKind kind = base::AnswerKind::kNotAsked;
  base::Reason reason = base::Reason::kNone;
  std::optional<absl::CivilDay> data_day;
  int64_t elapsed_ms = 0;
  // The earlier attempt whose answer was used again, and when it came; empty: none.
  std::string reused_attempt = {};
  absl::Time obtained = {};
};

// That a report holds what a source said.
struct UsedSource {
  std::string source_id;
  absl::Time at;  // when the answer came; of one that was used again, when it first came
  friend bool operator==(const UsedSource&, const UsedSource&) = default;
};

struct VerifyResult {
  base::Uuid verification_id;
  std::string report_number;
  std::string envelope;  // hedui.report.v1.Envelope
  std::vector<SourceOutcomeView> outcomes;
  // Its place in the memory budget: to be held until its reader has it.
  std::shared_ptr<const void> held = nullptr;
  // How the report stands, where a stored one was asked for (report_chain.h); else null.
  std::shared_ptr<const ReportStatus> status = nullptr;
};

// Stable numbers: they are those of the wire.
enum class VerificationState : uint8_t {
  kRunning = 1,  // its intent is durable, and it is being worked on
  kFinished,     // there is a report
  kInterrupted,  // begun, and neither running nor ended: the same request again resumes it
  kCancelled,    // ended by its agency without a report
};

// What is known of a verification without reading its report.
struct VerificationView {
  base::Uuid verification_id;
  base::Uuid request_id;
  VerificationState state = VerificationState::kRunning;
  absl::Time begun;           // when its first intent was made
  std::string report_number;  // kFinished
  std::string matter_number;
  int pending = 0;  // kFinished: promises of sources to answer later that are waited for
};
using ViewDone = absl::AnyInvocable<void(absl::StatusOr<VerificationView>) &&>;

using ExamineDone = absl::AnyInvocable<void(std::vector<access::Defect>) &&>;

using SettledDone = absl::AnyInvocable<void(const absl::Status&) &&>;
using VerifyDone = absl::AnyInvocable<void(absl::StatusOr<VerifyResult>) &&>;

// Expires when a caller has gone. From any thread.
using Presence = std::weak_ptr<const void>;

class Verifier {
 public:
  // `rooms` outlives it.
  explicit Verifier(const Rooms* rooms);
  ~Verifier();

  // Errors: RESOURCE_EXHAUSTED (IN_FLIGHT, BYTES, AGENCY_IN_FLIGHT, AGENCY_DAY_QUOTA),
  // ALREADY_EXISTS (REQUEST_ID_REUSED), NOT_FOUND (MATTER_UNKNOWN), PERMISSION_DENIED and
  // FAILED_PRECONDITION as access and assess say, UNAVAILABLE (DRAINING). A caller that goes away
  // does not stop the flow: its sources were asked, so its report is kept. `done` runs once, on
  // `loop`.
  void Verify(runtime::EventLoop* loop, VerifyRequest request, VerifyDone done);

  // Whether Verify and Create would turn a new request of `agency` away for lack of room, whatever
  // its content: known before it is read, so that under overload a refusal costs next to nothing.
  // OK for what is under way already. From any thread.
  absl::Status CheckRoom(const std::string& agency, const base::Uuid& request_id) const;

  // Begins a verification and answers once it is durable: kRunning, or kFinished where it had a
  // report, or nobody waited for durability when it began and it has ended since. The same request
  // again joins. Errors as Verify; FAILED_PRECONDITION (VERIFICATION_CANCELLED).
  void Create(runtime::EventLoop* loop, VerifyRequest request, ViewDone done);

  // What would forbid a request of which api could not read all, so that its caller is told
  // everything at once. Nothing is said of the fields in `unread`, nor of what depends on them.
  // Empty also when the platform has no reader free for this.
  void Examine(runtime::EventLoop* loop, VerifyRequest request, std::vector<std::string> unread,
               ExamineDone done);

  // Each outcome of a verification under way as it comes, those told before first; then its report,
  // as ReadRequest gives it: logged before it is shown. Of one that has ended the report only.
  // `on_outcome` runs on `loop`, before `done`, never after. NOT_FOUND (VERIFICATION_UNKNOWN) for
  // others' too; FAILED_PRECONDITION (VERIFICATION_INTERRUPTED, VERIFICATION_CANCELLED). Once
  // `watcher` has expired its place is the next caller's, and `done` may come with CANCELLED.
  void Watch(runtime::EventLoop* loop, std::string agency, std::string officer,
             base::Uuid request_id, std::function<void(SourceOutcomeView)> on_outcome,
             Presence watcher, VerifyDone done);

  // The same, and after the report each that supersedes it because a source answered that had
  // promised to, with the outcomes that came with it, until no such answer is waited for:
  // `on_report` runs for each, the first included, then `done` with OK. UNAVAILABLE (DRAINING)
  // where the platform stops before; RESOURCE_EXHAUSTED.
  void WatchUntilSettled(runtime::EventLoop* loop, std::string agency, std::string officer,
                         base::Uuid request_id, std::function<void(SourceOutcomeView)> on_outcome,
                         std::function<void(VerifyResult)> on_report, Presence watcher,
                         SettledDone done);

  // NOT_FOUND (VERIFICATION_UNKNOWN) for others' too.
  void Get(runtime::EventLoop* loop, std::string agency, base::Uuid request_id, ViewDone done);

  // Those that the query's agency began (list_flow.h). A verification begun by a version before
  // lists were kept is in none.
  void List(runtime::EventLoop* loop, VerificationQuery query, VerificationPageDone done);

  // Ends a verification without a report. Answers how it ended once that is durable: kCancelled, or
  // kFinished where the report was being made. What was asked stays in the log. NOT_FOUND as Get.
  void Cancel(runtime::EventLoop* loop, std::string agency, std::string officer,
              base::Uuid request_id, ViewDone done);

  // A stored report of `agency`: the one of a report id, or the current one of a request id. That
  // `officer` read it is in the log before it is handed out (ledger::AccessEntry), so that what
  // cannot be logged is not read. The same goes for Verify where the request was answered before.
  // NOT_FOUND (REPORT_UNKNOWN) for others' too; RESOURCE_EXHAUSTED (READERS_FULL, COMMITTER_FULL).
  void ReadReport(runtime::EventLoop* loop, std::string agency, std::string officer,
                  base::Uuid report_id, VerifyDone done);
  void ReadRequest(runtime::EventLoop* loop, std::string agency, std::string officer,
                   base::Uuid request_id, VerifyDone done);

  // Refuses new flows, lets running ones end until `grace` is over, then no longer waits for their
  // sources: such flows end with UNAVAILABLE (DRAINING) and without a report. Returns when all have
  // ended.
  void Drain(absl::Duration grace);

  // Flows running now.
  int InFlight() const;

 private:
  // Either of the two is wanted.
  void Enter(runtime::EventLoop* loop, VerifyRequest request, std::optional<VerifyDone> done,
             std::optional<ViewDone> durable);
  void Read(runtime::EventLoop* loop, std::string agency, std::string officer, base::LookupKey key,
            VerifyDone done);

  const Rooms* const rooms_;
  std::shared_ptr<FlowBook> book_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_VERIFY_FLOW_H_
