#include "server/flow_book.h"

#include <algorithm>
#include <iterator>

#include "server/base/digest.h"
#include "server/base/limits.h"

namespace hedui {
namespace {

// Each waiting call keeps its request of up to a mebibyte; callers that repeat a request do so a
// few times.
constexpr size_t kWaitersPerFlowMax = 16;

template <typename AnyWaiter, typename Result>
void DeliverAll(std::vector<AnyWaiter> waiters, absl::StatusOr<Result> result) {
  for (size_t i = 0; i < waiters.size(); ++i) {
    // A report is large: the last has the original.
    auto copy = i + 1 == waiters.size() ? std::move(result) : result;
    waiters[i].loop->Post([done = std::move(waiters[i].done), copy = std::move(copy)]() mutable {
      std::move(done)(std::move(copy));
    });
  }
}

}  // namespace

void Deliver(std::vector<Waiter> waiters, absl::StatusOr<VerifyResult> result) {
  DeliverAll(std::move(waiters), std::move(result));
}

void Deliver(std::vector<ViewWaiter> waiters, const absl::StatusOr<VerificationView>& view) {
  DeliverAll(std::move(waiters), view);
}

void FlowBook::Entry::Add(Caller* caller) {
  if (caller->result.has_value()) results.push_back(*std::move(caller->result));
  if (!caller->view.has_value()) return;
  durable.push_back(*std::move(caller->view));
  if (view.has_value()) Deliver(std::exchange(durable, {}), *view);
}

bool FlowBook::Entry::IsFull() {
  const auto gone = std::stable_partition(results.begin(), results.end(), [](const Waiter& waiter) {
    return !waiter.watcher.has_value() || !waiter.watcher->expired();
  });
  std::vector<Waiter> left(std::make_move_iterator(gone), std::make_move_iterator(results.end()));
  results.erase(gone, results.end());
  Deliver(std::move(left), absl::CancelledError("the watcher has gone"));
  return Waiting() >= kWaitersPerFlowMax;
}

FlowBook::Entered FlowBook::Enter(const FlowKey& key, Caller* caller) {
  base::MutexLock lock(&mutex_);
  if (draining_) return Entered::kDraining;
  const auto it = flows_.find(key);
  if (it != flows_.end()) {
    if (it->second.digest != base::Sha256(caller->bytes)) return Entered::kOtherContent;
    if (it->second.IsFull()) return Entered::kFull;
    it->second.Add(caller);
    return Entered::kJoined;
  }
  if (flows_.size() >= static_cast<size_t>(base::kVerificationsInFlightMax)) return Entered::kFull;
  Entry& entry = flows_[key];
  entry.digest = base::Sha256(caller->bytes);
  entry.Add(caller);
  return Entered::kBegin;
}

void FlowBook::SetFlow(const FlowKey& key, const std::shared_ptr<RunningFlow>& flow) {
  base::MutexLock lock(&mutex_);
  if (auto it = flows_.find(key); it != flows_.end()) it->second.flow = flow;
}

std::shared_ptr<RunningFlow> FlowBook::Join(const FlowKey& key, Waiter* waiter) {
  base::MutexLock lock(&mutex_);
  const auto it = flows_.find(key);
  if (it == flows_.end() || it->second.IsFull()) return nullptr;
  std::shared_ptr<RunningFlow> flow = it->second.flow.lock();
  if (flow != nullptr) it->second.results.push_back(std::move(*waiter));
  return flow;
}

std::shared_ptr<RunningFlow> FlowBook::JoinEnd(const FlowKey& key, ViewWaiter* waiter) {
  base::MutexLock lock(&mutex_);
  const auto it = flows_.find(key);
  if (it == flows_.end() || it->second.IsFull()) return nullptr;
  std::shared_ptr<RunningFlow> flow = it->second.flow.lock();
  if (flow != nullptr) it->second.ends.push_back(std::move(*waiter));
  return flow;
}

bool FlowBook::IsRunning(const FlowKey& key) const {
  base::MutexLock lock(&mutex_);
  return flows_.contains(key);
}

std::vector<ViewWaiter> FlowBook::SetDurable(const FlowKey& key, const VerificationView& view) {
  base::MutexLock lock(&mutex_);
  const auto it = flows_.find(key);
  if (it == flows_.end()) return {};
  it->second.view = view;
  return std::exchange(it->second.durable, {});
}

FlowBook::Left FlowBook::Leave(const FlowKey& key) {
  base::MutexLock lock(&mutex_);
  const auto it = flows_.find(key);
  if (it == flows_.end()) return {};
  Entry entry = std::move(it->second);
  flows_.erase(it);
  if (flows_.empty()) idle_.SignalAll();
  Left left{std::move(entry.results), std::move(entry.durable)};
  std::move(entry.ends.begin(), entry.ends.end(), std::back_inserter(left.views));
  return left;
}

void FlowBook::Close() {
  base::MutexLock lock(&mutex_);
  draining_ = true;
}

std::vector<std::shared_ptr<RunningFlow>> FlowBook::Abandon() {
  base::MutexLock lock(&mutex_);
  abandoned_ = true;
  std::vector<std::shared_ptr<RunningFlow>> flows;
  for (const auto& [key, entry] : flows_) {
    if (auto flow = entry.flow.lock()) flows.push_back(std::move(flow));
  }
  return flows;
}

bool FlowBook::AwaitIdle(absl::Duration timeout) {
  const absl::Time until = absl::Now() + timeout;
  base::MutexLock lock(&mutex_);
  while (!flows_.empty()) {
    const absl::Duration left = until - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    idle_.WaitWithTimeout(&mutex_, left);
  }
  return true;
}

bool FlowBook::abandoned() const {
  base::MutexLock lock(&mutex_);
  return abandoned_;
}

int FlowBook::size() const {
  base::MutexLock lock(&mutex_);
  return static_cast<int>(flows_.size());
}

}  // namespace hedui
