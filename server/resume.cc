#include "server/resume.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/status.h"
#include "server/plan/waves.h"
#include "server/rooms.h"
#include "server/stored_report.h"
#include "server/view_flow.h"

namespace hedui {
namespace {

// As long as a verification may ask, and ample time for what comes before and after under load.
const absl::Duration kVerificationTakesMax = plan::kAskingTimeMax + absl::Minutes(8);
// Taken up at once, beside what callers ask meanwhile.
constexpr size_t kOutstandingMax = 64;
// Whoever was turned away for lack of room tries again after this.
constexpr absl::Duration kAgainAfter = absl::Seconds(1);
// Intents of one second; far beyond what one platform begins.
constexpr size_t kIntentsPerSecondMax = 20'000;

}  // namespace

Resumer::Resumer(const Rooms* rooms, Verifier* verifier, runtime::EventLoops* loops, Decode decode)
    : rooms_(*rooms), verifier_(verifier), loops_(loops), decode_(std::move(decode)) {}

Resumer::~Resumer() { Stop(); }

void Resumer::Start(std::optional<absl::Time> newest) {
  if (newest.has_value()) thread_ = std::thread([this, newest] { Run(*newest); });
}

void Resumer::Stop() {
  {
    base::MutexLock lock(&mutex_);
    stopped_ = true;
    changed_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

bool Resumer::stopped() const {
  base::MutexLock lock(&mutex_);
  return stopped_;
}

void Resumer::Run(absl::Time newest) {
  for (absl::Time second = newest - kVerificationTakesMax; second <= newest && !stopped();
       second += absl::Seconds(1)) {
    ResumeBegunAt(second);
  }
  base::MutexLock lock(&mutex_);
  while (outstanding_ > 0 || !turned_away_.empty()) {
    if (stopped_) break;
    if (turned_away_.empty()) {
      changed_.Wait(&mutex_);
      continue;
    }
    changed_.WaitWithTimeout(&mutex_, kAgainAfter);
    if (stopped_ || turned_away_.empty()) continue;
    VerifyRequest request = std::move(turned_away_.front());
    turned_away_.pop_front();
    mutex_.Unlock();
    TakeUp(std::move(request));
    mutex_.Lock();
  }
  // Answers still on their way come to this object.
  while (outstanding_ > 0) changed_.Wait(&mutex_);
}

void Resumer::ResumeBegunAt(absl::Time second) {
  auto intents = rooms_.rows->Find(BegunKey(second), kIntentsPerSecondMax);
  if (!intents.ok()) {
    if (base::ReasonOf(intents.status()) == "MATTER_ERASED") return;
    return rooms_.tell(base::FailureEvent("resuming_failed", intents.status()));
  }
  for (const base::Row& row : *intents) {
    if (stopped()) return;
    stored::v1::Intent intent;
    if (!intent.ParseFromString(row.body)) continue;
    auto request = decode_(intent.agency(), intent.request());
    if (!request.ok()) {
      rooms_.tell(
          base::FailureEvent("not_resumed", request.status()).With("intent_id", row.id.ToString()));
      continue;
    }
    const auto view = ViewNow(rooms_, request->agency, request->request_id, /*running=*/false);
    if (view.ok() && view->state == VerificationState::kInterrupted) TakeUp(*std::move(request));
  }
}

void Resumer::TakeUp(VerifyRequest request) {
  {
    base::MutexLock lock(&mutex_);
    while (outstanding_ >= kOutstandingMax && !stopped_) changed_.Wait(&mutex_);
    if (stopped_) return;
    ++outstanding_;
  }
  runtime::EventLoop* const loop = loops_->Next();
  loop->Post([this, loop, request = std::move(request)]() mutable {
    VerifyRequest copy = request;
    verifier_->Create(
        loop, std::move(copy),
        [this, request = std::move(request)](absl::StatusOr<VerificationView> view) mutable {
          OnTakenUp(view, std::move(request));
        });
  });
}

void Resumer::OnTakenUp(const absl::StatusOr<VerificationView>& view, VerifyRequest request) {
  const std::string name = request.request_id.ToString();
  const bool again = view.status().code() == absl::StatusCode::kResourceExhausted;
  if (view.ok()) {
    rooms_.tell(base::Event(base::EventLevel::kInfo, "resumed")
                    .With("request_id", name)
                    .With("verification_id", view->verification_id.ToString()));
  } else if (!again) {
    rooms_.tell(base::FailureEvent("not_resumed", view.status()).With("request_id", name));
  }
  base::MutexLock lock(&mutex_);
  --outstanding_;
  if (again) turned_away_.push_back(std::move(request));
  changed_.SignalAll();
}

}  // namespace hedui
