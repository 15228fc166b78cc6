#include "server/report_desk.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "server/ledger/trust.h"
#include "server/report/report_builder.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// Works on `pool` and answers on the loop.
template <typename Done, typename Work>
void AnswerFrom(runtime::WorkerPool* pool, const Rooms* rooms, runtime::EventLoop* loop, Done done,
                Work work) {
  auto shared = std::make_shared<Done>(std::move(done));
  runtime::Task task = [rooms, loop, shared, work = std::move(work)] {
    auto answer = work();
    if (!answer.ok() && base::VisibilityOf(answer.status()) == base::Visibility::kOperator) {
      rooms->tell(absl::StrCat("a question about reports failed: ", answer.status().ToString()));
    }
    loop->Post(
        [shared, answer = std::move(answer)]() mutable { std::move (*shared)(std::move(answer)); });
  };
  if (!pool->TrySubmit(std::move(task))) {
    loop->Post([shared] {
      std::move (*shared)(Busy("POOL_FULL", "the platform reads and computes as much as it can"));
    });
  }
}

absl::StatusOr<CheckedReport> CheckNow(const Rooms& rooms, const std::string& agency,
                                       const std::string& envelope) {
  if (rooms.trust == nullptr) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "CHECK_NOT_CONFIGURED",
                           "this platform was given no authorities to check reports by; check "
                           "offline: hedui report check");
  }
  CheckedReport checked;
  checked.result = report::CheckReport(envelope, *rooms.trust);
  if (checked.result.verdict != report::Verdict::kValid ||
      checked.result.log_origin != rooms.log_origin) {
    return checked;
  }
  HEDUI_ASSIGN_OR_RETURN(const base::Uuid id,
                         report::ReportIdOfNumber(checked.result.report_number));
  auto status = ReadStatus(rooms, agency, id, base::CivilDayOf(rooms.clock->WallNow()));
  if (status.ok()) {
    checked.status = *std::move(status);
  } else if (status.status().code() != absl::StatusCode::kNotFound) {
    return status.status();
  }
  return checked;
}

}  // namespace

void ReportDesk::Status(runtime::EventLoop* loop, std::string agency, base::Uuid report_id,
                        StatusDone done) {
  auto work = [rooms = rooms_, agency = std::move(agency),
               report_id]() -> absl::StatusOr<ReportStatus> {
    HEDUI_ASSIGN_OR_RETURN(const ReportChain chain, ReadChain(*rooms, agency, report_id));
    return StatusOf(chain, report_id, base::CivilDayOf(rooms->clock->WallNow()));
  };
  AnswerFrom(rooms_->disk, rooms_, loop, std::move(done), std::move(work));
}

void ReportDesk::List(runtime::EventLoop* loop, std::string agency, base::Uuid request_id,
                      StatusesDone done) {
  auto work = [rooms = rooms_, agency = std::move(agency),
               request_id]() -> absl::StatusOr<std::vector<ReportStatus>> {
    HEDUI_ASSIGN_OR_RETURN(const ReportChain chain,
                           ReadChainBy(*rooms, agency, ResultKey(agency, request_id)));
    const absl::CivilDay today = base::CivilDayOf(rooms->clock->WallNow());
    std::vector<ReportStatus> statuses;
    for (const ChainReport& report : chain.reports) {
      statuses.push_back(StatusOf(chain, report.report_id, today));
    }
    return statuses;
  };
  AnswerFrom(rooms_->disk, rooms_, loop, std::move(done), std::move(work));
}

void ReportDesk::Check(runtime::EventLoop* loop, const std::string& agency, std::string envelope,
                       CheckDone done) {
  // An envelope waits for a thread as a message and as bytes, and is taken apart.
  auto bytes = rooms_->bytes->TryTake(agency, kCallerBytes + kRequestCopies * envelope.size());
  if (!bytes.has_value()) {
    return loop->Post([done = std::move(done)]() mutable { std::move(done)(NoBytes()); });
  }
  done = Holding(*std::move(bytes), std::move(done));
  auto work = [rooms = rooms_, agency, envelope = std::move(envelope)] {
    return CheckNow(*rooms, agency, envelope);
  };
  AnswerFrom(rooms_->compute, rooms_, loop, std::move(done), std::move(work));
}

}  // namespace hedui
