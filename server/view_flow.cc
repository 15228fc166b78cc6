#include "server/view_flow.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "hedui/v1/verification.pb.h"
#include "server/base/status.h"
#include "server/pending_rows.h"
#include "server/read_flow.h"
#include "server/report/report_builder.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// What stands in the store about a verification.
struct Stored {
  VerificationView view;
  base::Uuid matter;
};

// Blocks on the store.
absl::StatusOr<Stored> Read(const Rooms& rooms, const std::string& agency,
                            const base::Uuid& request_id, bool running) {
  HEDUI_ASSIGN_OR_RETURN(auto intents, rooms.rows->Find(RequestKey(agency, request_id), 1));
  if (intents.empty()) {
    return base::MakeError(absl::StatusCode::kNotFound, "VERIFICATION_UNKNOWN",
                           "this agency has begun no verification under this request id");
  }
  stored::v1::Intent intent;
  if (!intent.ParseFromString(intents[0].body)) return Damaged("intent");
  Stored stored;
  stored.matter = intents[0].matter;
  stored.view.request_id = request_id;
  stored.view.begun = intents[0].at;
  v1::VerifyHouseholdRequest request;
  if (!request.ParseFromString(intent.request())) return Damaged("request");
  stored.view.matter_number = request.header().matter_number();
  HEDUI_ASSIGN_OR_RETURN(stored.view.verification_id,
                         base::Uuid::FromBytes(intent.verification_id()));
  HEDUI_ASSIGN_OR_RETURN(auto results, rooms.rows->Find(ResultKey(agency, request_id), 1));
  if (!results.empty()) {
    stored::v1::Result result;
    if (!result.ParseFromString(results[0].body)) return Damaged("report");
    HEDUI_ASSIGN_OR_RETURN(const base::Uuid report_id, base::Uuid::FromBytes(result.report_id()));
    stored.view.state = VerificationState::kFinished;
    stored.view.report_number = report::ReportNumber(report_id, results[0].at);
    HEDUI_ASSIGN_OR_RETURN(stored.view.pending,
                           CountOpenPromises(*rooms.pages, stored.view.verification_id));
    return stored;
  }
  HEDUI_ASSIGN_OR_RETURN(auto ended, rooms.rows->Find(EndedKey(agency, request_id), 1));
  stored.view.state = !ended.empty() ? VerificationState::kCancelled
                      : running      ? VerificationState::kRunning
                                     : VerificationState::kInterrupted;
  return stored;
}

// One question about a verification. Held by its callbacks.
class Viewing : public std::enable_shared_from_this<Viewing> {
 public:
  Viewing(const Rooms* rooms, runtime::EventLoop* loop, ViewDone done)
      : rooms_(*rooms), loop_(loop), done_(std::move(done)) {}

  void Read(std::string agency, base::Uuid request_id, bool running) {
    OnDisk([agency = std::move(agency), request_id, running](Viewing* self) {
      auto stored = hedui::Read(self->rooms_, agency, request_id, running);
      if (!stored.ok()) return self->Finish(stored.status());
      self->Finish(stored->view);
    });
  }

  void End(std::string agency, std::string officer, base::Uuid request_id) {
    OnDisk([agency = std::move(agency), officer = std::move(officer), request_id](Viewing* self) {
      auto stored = hedui::Read(self->rooms_, agency, request_id, /*running=*/false);
      if (!stored.ok()) return self->Finish(stored.status());
      if (stored->view.state != VerificationState::kInterrupted) return self->Finish(stored->view);
      self->CommitEnd(*std::move(stored), agency, officer);
    });
  }

 private:
  template <typename Work>
  void OnDisk(Work work) {
    runtime::Task task = [self = shared_from_this(), work = std::move(work)] { work(self.get()); };
    if (!rooms_.disk->TrySubmit(std::move(task))) {
      Finish(Busy("READERS_FULL", "the platform reads as much as it can"));
    }
  }

  // On the disk pool.
  void CommitEnd(Stored stored, const std::string& agency, const std::string& officer) {
    const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(rooms_.clock->WallNow()));
    ledger::CommitRequest request;
    request.rows = {EndedRow(agency, stored.view.request_id, stored.view.verification_id,
                             stored.matter, officer, rooms_.ids->NextId(now), now)};
    stored.view.state = VerificationState::kCancelled;
    request.done = [self = shared_from_this(),
                    view = std::move(stored.view)](absl::StatusOr<ledger::CommitReceipt> receipt) {
      if (receipt.ok()) return self->Finish(view);
      const absl::Status health = self->rooms_.committer->Health();
      if (!health.ok()) self->rooms_.fatal(health);
      self->Finish(receipt.status());
    };
    if (!rooms_.committer->TrySubmit(std::move(request))) {
      Finish(Busy("COMMITTER_FULL", "the platform has no room for another commit"));
    }
  }

  // On any thread.
  void Finish(absl::StatusOr<VerificationView> view) {
    if (!view.ok() && base::VisibilityOf(view.status()) == base::Visibility::kOperator) {
      rooms_.tell(base::FailureEvent("verification_not_read", view.status()));
    }
    loop_->Post([done = std::move(done_), view = std::move(view)]() mutable {
      std::move(done)(std::move(view));
    });
  }

  const Rooms& rooms_;
  runtime::EventLoop* const loop_;
  ViewDone done_;
};

}  // namespace

absl::StatusOr<VerificationView> ViewNow(const Rooms& rooms, const std::string& agency,
                                         const base::Uuid& request_id, bool running) {
  HEDUI_ASSIGN_OR_RETURN(Stored stored, Read(rooms, agency, request_id, running));
  return std::move(stored.view);
}

void ReadView(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
              base::Uuid request_id, bool running, ViewDone done) {
  std::make_shared<Viewing>(rooms, loop, std::move(done))
      ->Read(std::move(agency), request_id, running);
}

void EndInterrupted(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
                    std::string officer, base::Uuid request_id, ViewDone done) {
  std::make_shared<Viewing>(rooms, loop, std::move(done))
      ->End(std::move(agency), std::move(officer), request_id);
}

void WatchEnded(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
                std::string officer, base::Uuid request_id, VerifyDone done) {
  ViewDone viewed = [rooms, loop, agency, officer, request_id,
                     done = std::move(done)](absl::StatusOr<VerificationView> view) mutable {
    if (!view.ok()) return std::move(done)(view.status());
    switch (view->state) {
      case VerificationState::kFinished:
        return ReadReport(rooms, loop, agency, std::move(officer), ResultKey(agency, request_id),
                          std::move(done));
      case VerificationState::kCancelled:
        return std::move(done)(CancelledError());
      case VerificationState::kRunning:
      case VerificationState::kInterrupted:
        return std::move(done)(base::MakeError(
            absl::StatusCode::kFailedPrecondition, "VERIFICATION_INTERRUPTED",
            "this verification was begun and is not being worked on; repeat the request under the "
            "same request id"));
    }
  };
  ReadView(rooms, loop, std::move(agency), request_id, /*running=*/false, std::move(viewed));
}

}  // namespace hedui
