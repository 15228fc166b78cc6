#include "tests/soak/soak_callers.h"

#include "absl/strings/str_cat.h"
#include "tests/soak/soak_catalogue.h"
#include "tests/soak/soak_matter.h"

namespace hedui::testing {
namespace {

constexpr char kOfficer[] = "XQ-0107";
constexpr absl::Duration kCallTimeout = absl::Seconds(50);
// Of the callers' steps: begun without waiting; withdrawn from under way.
constexpr uint32_t kPromisedPercent = 15;
constexpr uint32_t kRevokedPercent = 5;
constexpr uint32_t kReviewPercent = 20;
constexpr size_t kFailuresKept = 10;
// So that none waits for one that has failed.
constexpr absl::Duration kLookAgain = absl::Seconds(1);

}  // namespace

void SoakCallers::Connect(int port) {
  clients_.resize(count_);
  // Here, since certificates are issued by one thread.
  for (std::unique_ptr<clients::Client>& client : clients_) client = scenario_->Connect(port);
  others_ = scenario_->Connect(port);
}

void SoakCallers::Begin() {
  for (uint32_t i = 0; i < count_; ++i) {
    callers_.emplace_back([this, i] { Call(i); });
  }
}

void SoakCallers::End() {
  over_ = true;
  for (std::thread& caller : callers_) caller.join();
  callers_.clear();
}

void SoakCallers::Rest() {
  const base::MutexLock lock(&mutex_);
  rest_ = true;
  while (resting_ < count_ && !over_) rested_.WaitWithTimeout(&mutex_, kLookAgain);
}

void SoakCallers::GoOn() {
  const base::MutexLock lock(&mutex_);
  rest_ = false;
  go_on_.SignalAll();
}

std::vector<std::string> SoakCallers::promised() const {
  const base::MutexLock lock(&mutex_);
  return promised_;
}

std::set<std::string> SoakCallers::pending() const {
  const base::MutexLock lock(&mutex_);
  return pending_;
}

std::set<std::string> SoakCallers::touched() const {
  const base::MutexLock lock(&mutex_);
  return touched_;
}

std::vector<std::string> SoakCallers::failures() const {
  const base::MutexLock lock(&mutex_);
  return failures_;
}

void SoakCallers::Fail(const std::string& what) {
  const base::MutexLock lock(&mutex_);
  if (failures_.size() < kFailuresKept) failures_.push_back(what);
  over_ = true;
}

bool SoakCallers::AwaitPromised() {
  for (const std::string& id : promised()) {
    if (!AwaitReport(others_.get(), id)) return false;
  }
  return true;
}

bool SoakCallers::IsSettled(const std::string& id) {
  v1::GetVerificationRequest request;
  request.set_request_id(id);
  request.set_officer(kOfficer);
  const auto stands = others_->GetVerification(request, kCallTimeout);
  if (!stands.ok()) Fail(absl::StrCat(id, ": ", stands.status().ToString()));
  return !stands.ok() || stands->verification().pending() == 0;
}

template <typename Result>
bool SoakCallers::Succeeded(const char* call, const absl::StatusOr<Result>& result) {
  if (result.ok()) return true;
  if (result.status().code() == absl::StatusCode::kResourceExhausted) {
    ++counts_.turned_away;
  } else {
    Fail(absl::StrCat(call, ": ", result.status().ToString()));
  }
  return false;
}

void SoakCallers::Call(uint32_t number) {
  const std::unique_ptr<clients::Client>& client = clients_[number];
  std::mt19937 random(number + 1);
  VerifyOnce(client.get(), number % 5 == 0);
  while (!over_) {
    const Matter matter(*scenario_, ++counts_.matters);
    if (!Succeeded("RegisterAuthorizations",
                   client->RegisterAuthorizations(matter.letters(), kCallTimeout))) {
      continue;
    }
    std::vector<std::string> promised;
    std::vector<std::string> asked;
    while (!over_) {
      RestIfAsked();
      const uint32_t drawn = random() % 100;
      const v1::VerifyHouseholdRequest request =
          matter.NewRequest(&ids_, /*review=*/random() % 100 < kReviewPercent);
      asked.push_back(request.header().request_id());
      if (drawn < kRevokedPercent) {
        Touch(asked);
        if (Promise(client.get(), request, &promised)) {
          Withdraw(client.get(), matter.Withdrawal(random()));
        }
        EndMatter(client.get(), matter, promised);
        break;
      }
      if (drawn < kRevokedPercent + kPromisedPercent) {
        Promise(client.get(), request, &promised);
      } else {
        Verify(client.get(), request);
      }
    }
  }
}

void SoakCallers::RestIfAsked() {
  const base::MutexLock lock(&mutex_);
  if (!rest_) return;
  ++resting_;
  rested_.Signal();
  while (rest_) go_on_.Wait(&mutex_);
  --resting_;
}

void SoakCallers::VerifyOnce(clients::Client* client, bool review) {
  const Matter matter(*scenario_, ++counts_.matters);
  if (!Succeeded("RegisterAuthorizations",
                 client->RegisterAuthorizations(matter.letters(), kCallTimeout))) {
    return;
  }
  Verify(client, matter.NewRequest(&ids_, review));
}

void SoakCallers::Verify(clients::Client* client, const v1::VerifyHouseholdRequest& request) {
  // Changes only while everybody rests.
  const bool held = held_;
  const auto response = client->VerifyHousehold(request, kCallTimeout);
  if (!Succeeded("VerifyHousehold", response)) return;
  ++(request.header().check_kind() == v1::CHECK_KIND_REVIEW ? counts_.reviews : counts_.reports);
  CheckOutcomes(*response, held);
  NotePending(request.header().request_id(), *response);
}

bool SoakCallers::Promise(clients::Client* client, const v1::VerifyHouseholdRequest& request,
                          std::vector<std::string>* promised) {
  v1::CreateVerificationRequest create;
  *create.mutable_request() = request;
  if (!Succeeded("CreateVerification", client->CreateVerification(create, kCallTimeout))) {
    return false;
  }
  const base::MutexLock lock(&mutex_);
  promised->push_back(request.header().request_id());
  promised_.push_back(promised->back());
  return true;
}

void SoakCallers::Touch(const std::vector<std::string>& asked) {
  const base::MutexLock lock(&mutex_);
  touched_.insert(asked.begin(), asked.end());
}

void SoakCallers::Withdraw(clients::Client* client,
                           const v1::RevokeAuthorizationRequest& withdrawal) {
  if (Succeeded("RevokeAuthorization", client->RevokeAuthorization(withdrawal, kCallTimeout))) {
    ++counts_.withdrawn;
  }
}

void SoakCallers::EndMatter(clients::Client* client, const Matter& matter,
                            const std::vector<std::string>& promised) {
  for (const std::string& id : promised) {
    if (!AwaitReport(client, id)) return;
  }
  // What departments have promised about it ends with it.
  if (over_) return;
  if (Succeeded("CloseMatter", client->CloseMatter(matter.Closing(), kCallTimeout)))
    ++counts_.closed;
}

bool SoakCallers::AwaitReport(clients::Client* client, const std::string& id) {
  v1::WatchVerificationRequest watch;
  watch.set_request_id(id);
  watch.set_officer(kOfficer);
  const auto finished = client->WatchVerification(watch, kCallTimeout, [](const auto&) {});
  if (finished.ok() && !finished->envelope().empty()) {
    NotePending(id, *finished);
    return true;
  }
  Fail(absl::StrCat(id, ": ", finished.ok() ? "no report" : finished.status().ToString()));
  return false;
}

void SoakCallers::CheckOutcomes(const v1::VerifyHouseholdResponse& response, bool held) {
  int outcomes = 0;
  for (const v1::SourceOutcome& outcome : response.outcomes()) {
    // It is there where it was asked.
    if (outcome.source_id() != kFallbackSource) ++outcomes;
    if ((outcome.reason() == v1::REASON_HELD) != (held && outcome.source_id() == kHeldSource)) {
      Fail(absl::StrCat(held ? "held: " : "not held: ", outcome.ShortDebugString()));
    }
  }
  int known = 0;
  // Each pair of each source, whatever came of it: as many every time.
  if (!outcomes_.compare_exchange_strong(known, outcomes) && known != outcomes) {
    Fail(absl::StrCat(outcomes, " outcomes, not ", known));
  }
  if (response.envelope().empty()) Fail("a reply without a report");
}

void SoakCallers::NotePending(const std::string& id, const v1::VerifyHouseholdResponse& response) {
  for (const v1::SourceOutcome& outcome : response.outcomes()) {
    if (outcome.kind() != v1::ANSWER_KIND_PENDING) continue;
    const base::MutexLock lock(&mutex_);
    pending_.insert(id);
    return;
  }
}

}  // namespace hedui::testing
