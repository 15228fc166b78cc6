#include "server/verify_flow.h"

#include <utility>

#include "server/base/status.h"
#include "server/flow_book.h"
#include "server/flow_bytes.h"
#include "server/read_flow.h"
#include "server/request_check.h"
#include "server/rooms.h"
#include "server/settle_flow.h"
#include "server/verification_flow.h"
#include "server/view_flow.h"

namespace hedui {
namespace {

absl::Status TooManyCalls() {
  return Busy("IN_FLIGHT", "too many verifications, or calls for this one, are under way");
}

}  // namespace

Verifier::Verifier(const Rooms* rooms) : rooms_(rooms), book_(std::make_shared<FlowBook>()) {}

Verifier::~Verifier() = default;

void Verifier::Verify(runtime::EventLoop* loop, VerifyRequest request, VerifyDone done) {
  Enter(loop, std::move(request), std::move(done), std::nullopt);
}

absl::Status Verifier::CheckRoom(const std::string& agency, const base::Uuid& request_id) const {
  const std::shared_ptr<const Setup> setup = rooms_->setup();
  const access::Agency* const found = setup->reg.FindAgency(agency);
  if (found == nullptr) return absl::OkStatus();  // has its own refusal
  const absl::Status room = rooms_->in_flight->CheckRoom(*found);
  return room.ok() || book_->IsRunning({agency, request_id}) ? absl::OkStatus() : room;
}

void Verifier::Create(runtime::EventLoop* loop, VerifyRequest request, ViewDone done) {
  request.detached = true;
  Enter(loop, std::move(request), std::nullopt, std::move(done));
}

void Verifier::Enter(runtime::EventLoop* loop, VerifyRequest request,
                     std::optional<VerifyDone> done, std::optional<ViewDone> durable) {
  const FlowKey key{request.agency, request.request_id};
  auto bytes = rooms_->bytes->TryTake(request.agency, CallerBytes(request));
  if (bytes.has_value()) {
    if (done.has_value()) done = Holding(*std::move(bytes), *std::move(done));
    if (durable.has_value()) durable = Holding(*std::move(bytes), *std::move(durable));
  }
  FlowBook::Caller caller;
  caller.bytes = request.bytes;
  if (done.has_value()) caller.result = Waiter{loop, *std::move(done)};
  if (durable.has_value()) caller.view = ViewWaiter{loop, *std::move(durable)};
  const auto refuse = [&caller](const absl::Status& status) {
    std::vector<Waiter> results;
    std::vector<ViewWaiter> views;
    if (caller.result.has_value()) results.push_back(*std::move(caller.result));
    if (caller.view.has_value()) views.push_back(*std::move(caller.view));
    Deliver(std::move(results), status);
    Deliver(std::move(views), status);
  };
  if (!bytes.has_value()) return refuse(NoBytes());
  switch (book_->Enter(key, &caller)) {
    case FlowBook::Entered::kBegin: {
      auto flow = MakeVerificationFlow(rooms_, book_, loop, std::move(request));
      book_->SetFlow(key, flow);
      flow->Begin();
      return;
    }
    case FlowBook::Entered::kJoined:
      return;
    case FlowBook::Entered::kOtherContent:
      return refuse(
          base::MakeError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                          "this request id is in use with other content; choose a new UUID for a "
                          "new request"));
    case FlowBook::Entered::kFull:
      return refuse(TooManyCalls());
    case FlowBook::Entered::kDraining:
      return refuse(VerificationsDraining());
  }
}

void Verifier::Examine(runtime::EventLoop* loop, VerifyRequest request,
                       std::vector<std::string> unread, ExamineDone done) {
  ExamineRequest(rooms_, loop, std::move(request), std::move(unread), std::move(done));
}

void Verifier::Watch(runtime::EventLoop* loop, std::string agency, std::string officer,
                     base::Uuid request_id, std::function<void(SourceOutcomeView)> on_outcome,
                     Presence watcher, VerifyDone done) {
  // Whoever watches reads the report as somebody else's: that is in the log before they see it.
  VerifyDone read = [rooms = rooms_, loop, agency, officer, request_id,
                     done = std::move(done)](absl::StatusOr<VerifyResult> result) mutable {
    if (!result.ok()) return std::move(done)(result.status());
    WatchEnded(rooms, loop, std::move(agency), std::move(officer), request_id, std::move(done));
  };
  Waiter waiter{loop, std::move(read), watcher};
  if (const auto flow = book_->Join({agency, request_id}, &waiter)) {
    return flow->PostSpectator({loop, std::move(on_outcome), std::move(watcher)});
  }
  // One that has as many waiters as it may is no interrupted one.
  if (book_->IsRunning({agency, request_id})) return std::move(waiter.done)(TooManyCalls());
  std::move(waiter.done)(VerifyResult());
}

void Verifier::WatchUntilSettled(runtime::EventLoop* loop, std::string agency, std::string officer,
                                 base::Uuid request_id,
                                 std::function<void(SourceOutcomeView)> on_outcome,
                                 std::function<void(VerifyResult)> on_report, Presence watcher,
                                 SettledDone done) {
  SettleWatch watch{agency,  officer,        request_id, on_outcome, std::move(on_report),
                    watcher, std::move(done)};
  Watch(loop, std::move(agency), std::move(officer), request_id, std::move(on_outcome),
        std::move(watcher),
        [rooms = rooms_, loop,
         watch = std::move(watch)](absl::StatusOr<VerifyResult> result) mutable {
          if (!result.ok()) return std::move(watch.done)(result.status());
          // What has been shown is known by its outcomes and number.
          VerifyResult shown;
          shown.verification_id = result->verification_id;
          shown.report_number = result->report_number;
          shown.outcomes = result->outcomes;
          watch.on_report(*std::move(result));
          WatchSettling(rooms, loop, std::move(watch), shown);
        });
}

void Verifier::Get(runtime::EventLoop* loop, std::string agency, base::Uuid request_id,
                   ViewDone done) {
  const bool running = book_->IsRunning({agency, request_id});
  ReadView(rooms_, loop, std::move(agency), request_id, running, std::move(done));
}

void Verifier::List(runtime::EventLoop* loop, VerificationQuery query, VerificationPageDone done) {
  IsRunning is_running = [book = book_, agency = query.agency](const base::Uuid& request_id) {
    return book->IsRunning({agency, request_id});
  };
  ListVerifications(rooms_, loop, std::move(query), std::move(is_running), std::move(done));
}

void Verifier::Cancel(runtime::EventLoop* loop, std::string agency, std::string officer,
                      base::Uuid request_id, ViewDone done) {
  ViewWaiter waiter{loop, std::move(done)};
  if (const auto flow = book_->JoinEnd({agency, request_id}, &waiter)) {
    return flow->PostCancel(std::move(officer));
  }
  if (book_->IsRunning({agency, request_id})) return std::move(waiter.done)(TooManyCalls());
  EndInterrupted(rooms_, loop, std::move(agency), std::move(officer), request_id,
                 std::move(waiter.done));
}

void Verifier::ReadReport(runtime::EventLoop* loop, std::string agency, std::string officer,
                          base::Uuid report_id, VerifyDone done) {
  Read(loop, std::move(agency), std::move(officer), ReportKey(report_id), std::move(done));
}

void Verifier::ReadRequest(runtime::EventLoop* loop, std::string agency, std::string officer,
                           base::Uuid request_id, VerifyDone done) {
  base::LookupKey key = ResultKey(agency, request_id);
  Read(loop, std::move(agency), std::move(officer), std::move(key), std::move(done));
}

void Verifier::Read(runtime::EventLoop* loop, std::string agency, std::string officer,
                    base::LookupKey key, VerifyDone done) {
  hedui::ReadReport(rooms_, loop, std::move(agency), std::move(officer), std::move(key),
                    std::move(done));
}

void Verifier::Drain(absl::Duration grace) {
  book_->Close();
  if (book_->AwaitIdle(grace)) return;
  for (const std::shared_ptr<RunningFlow>& flow : book_->Abandon()) flow->PostDrain();
  book_->AwaitIdle(absl::InfiniteDuration());
}

int Verifier::InFlight() const { return book_->size(); }

}  // namespace hedui
