#include "server/settle_flow.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/event.h"
#include "server/base/status.h"
#include "server/pending_desk.h"
#include "server/pending_rows.h"
#include "server/read_flow.h"
#include "server/report_chain.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// How a verification stands.
struct Standing {
  int open = 0;  // promises that are waited for
  std::string report_number;
};

// Blocks on the store.
absl::StatusOr<Standing> ReadStanding(const Rooms& rooms, const std::string& agency,
                                      const base::Uuid& request_id,
                                      const base::Uuid& verification_id) {
  Standing standing;
  // First what is open: of what is not any more the report is there.
  HEDUI_ASSIGN_OR_RETURN(standing.open, CountOpenPromises(*rooms.pages, verification_id));
  HEDUI_ASSIGN_OR_RETURN(const ReportChain chain,
                         ReadChainBy(rooms, agency, ResultKey(agency, request_id)));
  standing.report_number = chain.current().number;
  return standing;
}

bool SaysTheSame(const SourceOutcomeView& a, const SourceOutcomeView& b) {
  return a.source_id == b.source_id && a.person_id == b.person_id && a.category == b.category &&
         a.kind == b.kind && a.reason == b.reason && a.data_day == b.data_day;
}

// One watcher. Held by its callbacks.
class Settling : public std::enable_shared_from_this<Settling> {
 public:
  Settling(const Rooms* rooms, runtime::EventLoop* loop, SettleWatch watch,
           const VerifyResult& shown)
      : rooms_(*rooms),
        loop_(loop),
        watch_(std::move(watch)),
        verification_id_(shown.verification_id),
        number_(shown.report_number),
        outcomes_(shown.outcomes) {}

  // Asked to be told before it is looked at, so that nothing comes in between unseen.
  void Look() {
    if (watch_.watcher.expired()) {
      return Finish(
          base::MakeError(absl::StatusCode::kCancelled, "WATCHER_GONE", "nobody watches any more"));
    }
    told_ = false;
    looking_ = true;
    if (const absl::Status follows = Follow(); !follows.ok()) return Finish(follows);
    runtime::Task task = [self = shared_from_this()] {
      auto standing = ReadStanding(self->rooms_, self->watch_.agency, self->watch_.request_id,
                                   self->verification_id_);
      self->loop_->Post([self, standing = std::move(standing)] { self->OnLooked(standing); });
    };
    if (!rooms_.disk->TrySubmit(std::move(task))) {
      Finish(Busy("READERS_FULL", "the platform reads as much as it can"));
    }
  }

 private:
  absl::Status Follow() {
    if (following_) return absl::OkStatus();
    HEDUI_RETURN_IF_ERROR(rooms_.pending->Follow(
        {watch_.agency, watch_.request_id}, loop_, watch_.watcher,
        [self = shared_from_this()](bool stopping) { self->OnTold(stopping); }));
    following_ = true;
    return absl::OkStatus();
  }

  void OnTold(bool stopping) {
    following_ = false;
    if (stopping) {
      return Finish(base::MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                                    "the platform is shutting down; watch again"));
    }
    told_ = true;
    if (!looking_) Look();
  }

  void OnLooked(const absl::StatusOr<Standing>& standing) {
    looking_ = false;
    if (ended_) return;
    if (!standing.ok()) return Finish(standing.status());
    if (standing->report_number != number_) return Read();
    if (standing->open == 0) return Finish(absl::OkStatus());
    if (told_) Look();
  }

  void Read() {
    looking_ = true;
    ReadReport(&rooms_, loop_, watch_.agency, watch_.officer,
               ResultKey(watch_.agency, watch_.request_id),
               [self = shared_from_this()](absl::StatusOr<VerifyResult> result) {
                 self->OnRead(std::move(result));
               });
  }

  void OnRead(absl::StatusOr<VerifyResult> result) {
    looking_ = false;
    if (ended_) return;
    if (!result.ok()) return Finish(result.status());
    number_ = result->report_number;
    for (const SourceOutcomeView& view : result->outcomes) {
      const bool known = std::any_of(
          outcomes_.begin(), outcomes_.end(),
          [&view](const SourceOutcomeView& before) { return SaysTheSame(before, view); });
      if (!known) watch_.on_outcome(view);
    }
    outcomes_ = result->outcomes;
    watch_.on_report(*std::move(result));
    Look();
  }

  void Finish(const absl::Status& status) {
    if (std::exchange(ended_, true)) return;
    if (!status.ok() && base::VisibilityOf(status) == base::Visibility::kOperator) {
      rooms_.tell(base::FailureEvent("watching_failed", status));
    }
    // What it holds of the call and of the last report goes now, whoever still holds this.
    watch_.on_outcome = nullptr;
    watch_.on_report = nullptr;
    outcomes_.clear();
    if (following_) rooms_.pending->Unfollow({watch_.agency, watch_.request_id}, watch_.watcher);
    loop_->Post([done = std::move(watch_.done), status]() mutable { std::move(done)(status); });
  }

  const Rooms& rooms_;
  runtime::EventLoop* const loop_;
  SettleWatch watch_;
  const base::Uuid verification_id_;
  std::string number_;
  std::vector<SourceOutcomeView> outcomes_;
  bool following_ = false;  // will be told
  bool looking_ = false;
  bool told_ = false;  // something has come since it was looked at last
  bool ended_ = false;
};

}  // namespace

void WatchSettling(const Rooms* rooms, runtime::EventLoop* loop, SettleWatch watch,
                   const VerifyResult& shown) {
  // Nothing that this process fetches: it is settled as far as it goes.
  if (rooms->pending == nullptr) {
    return loop->Post(
        [done = std::move(watch.done)]() mutable { std::move(done)(absl::OkStatus()); });
  }
  std::make_shared<Settling>(rooms, loop, std::move(watch), shown)->Look();
}

}  // namespace hedui
