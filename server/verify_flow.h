// One household verified, from an accepted request to a signed report:
//
//   look up ─► authorize ─► plan ─► commit intent ─► gather (waves) ─► match, assess, draft ─►
//   commit result
//
// Verifier is the front door; a flow is its work on one request. Flows live on the loop they were
// started on; computing, reading and sealing happen on pools, storing and signing in the committer.
// Equal requests in flight join one flow; stored ones are answered from the store.
//
// Thread safety: Verify and Read on the given loop's thread; construction and Drain on the main
// thread. Limits: base::kVerificationsInFlightMax flows; admission reserves the committer's and
// pools' room to the end.
#ifndef HEDUI_SERVER_VERIFY_FLOW_H_
#define HEDUI_SERVER_VERIFY_FLOW_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/answer.h"
#include "server/base/household.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/runtime/event_loop.h"

namespace hedui {

struct Rooms;  // rooms.h: what main has built

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
  std::string bytes;       // the request as received: its digest says what "same content" is
  absl::Duration timeout;  // until the caller's deadline
};

struct SourceOutcomeView {
  std::string source_id;
  std::string person_id;
  std::string category;
  base::AnswerKind kind = base::AnswerKind::kNotAsked;
  base::Reason reason = base::Reason::kNone;
  std::optional<absl::CivilDay> data_day;
  int64_t elapsed_ms = 0;
};

struct VerifyResult {
  base::Uuid verification_id;
  std::string envelope;  // hedui.report.v1.Envelope
  std::vector<SourceOutcomeView> outcomes;
};

using VerifyDone = absl::AnyInvocable<void(absl::StatusOr<VerifyResult>) &&>;

class Verifier {
 public:
  // `rooms` outlives it.
  explicit Verifier(const Rooms* rooms);
  ~Verifier();

  // Errors: RESOURCE_EXHAUSTED (IN_FLIGHT), ALREADY_EXISTS (REQUEST_ID_REUSED), NOT_FOUND
  // (MATTER_UNKNOWN), PERMISSION_DENIED and FAILED_PRECONDITION as access and assess say,
  // UNAVAILABLE (DRAINING). A caller that goes away does not stop the flow: its sources were asked,
  // so its report is kept. `done` runs once, on `loop`.
  void Verify(runtime::EventLoop* loop, VerifyRequest request, VerifyDone done);

  // A stored report of `agency`, by report id or by request id. That `officer` read it is in the
  // log before it is handed out (ledger::AccessEntry), so that what cannot be logged is not read.
  // The same goes for Verify where the request was answered before. NOT_FOUND (REPORT_UNKNOWN) for
  // others' too; RESOURCE_EXHAUSTED (READERS_FULL, COMMITTER_FULL).
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
  class Flow;
  class Book;
  void Read(runtime::EventLoop* loop, std::string agency, std::string officer, base::LookupKey key,
            VerifyDone done);

  const Rooms* const rooms_;
  std::shared_ptr<Book> book_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_VERIFY_FLOW_H_
