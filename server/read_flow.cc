#include "server/read_flow.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// One reading of a stored report: find it, log who reads it, hand it out. Held by its callbacks.
class Reading : public std::enable_shared_from_this<Reading> {
 public:
  Reading(const Rooms* rooms, runtime::EventLoop* loop, VerifyDone done)
      : rooms_(*rooms), loop_(loop), done_(std::move(done)) {}

  void Find(std::string agency, std::string officer, base::LookupKey key) {
    agency_ = agency;
    runtime::Task task = [self = shared_from_this(), agency = std::move(agency),
                          officer = std::move(officer), key = std::move(key)] {
      self->OnFound(ReadStored(self->rooms_, agency, officer, key));
    };
    if (!rooms_.disk->TrySubmit(std::move(task))) {
      Finish(Busy("READERS_FULL", "the platform reads as much as it can"));
    }
  }

 private:
  // On the disk pool.
  void OnFound(absl::StatusOr<StoredReport> found) {
    if (!found.ok()) return Finish(found.status());
    result_ = std::move(found->result);
    auto bytes = rooms_.bytes->TryTake(agency_, kCallerBytes + result_.envelope.size());
    if (!bytes.has_value()) return Finish(NoBytes());
    result_.held = std::make_shared<base::ByteBudget::Place>(*std::move(bytes));
    ledger::CommitRequest request;
    request.entry = std::move(found->access_entry);
    request.done = [self = shared_from_this()](absl::StatusOr<ledger::CommitReceipt> receipt) {
      self->OnLogged(receipt.status());
    };
    if (!rooms_.committer->TrySubmit(std::move(request))) {
      Finish(Busy("COMMITTER_FULL", "the platform cannot log another reading of a report"));
    }
  }

  // On the committer's thread.
  void OnLogged(const absl::Status& logged) {
    if (logged.ok()) return Finish(std::move(result_));
    if (const absl::Status health = rooms_.committer->Health(); !health.ok()) rooms_.fatal(health);
    Finish(logged);
  }

  // On any thread.
  void Finish(absl::StatusOr<VerifyResult> result) {
    if (!result.ok() && base::VisibilityOf(result.status()) == base::Visibility::kOperator) {
      rooms_.tell(base::FailureEvent("report_not_read", result.status()));
    }
    loop_->Post([done = std::move(done_), result = std::move(result)]() mutable {
      std::move(done)(std::move(result));
    });
  }

  const Rooms& rooms_;
  runtime::EventLoop* const loop_;
  VerifyDone done_;
  std::string agency_;
  VerifyResult result_;
};

}  // namespace

void ReadReport(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
                std::string officer, base::LookupKey key, VerifyDone done) {
  std::make_shared<Reading>(rooms, loop, std::move(done))
      ->Find(std::move(agency), std::move(officer), std::move(key));
}

}  // namespace hedui
