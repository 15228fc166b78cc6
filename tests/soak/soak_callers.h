// The callers of a soak: each verifies the household of its matters, one after another, without a
// pause; some of it as a review, some begun and not waited for, some with a letter withdrawn under
// way, after which the matter is closed. What they are told they hold against what must be.
//
// Thread safety: one thread uses it; the callers are its own.
#ifndef HEDUI_TESTS_SOAK_SOAK_CALLERS_H_
#define HEDUI_TESTS_SOAK_SOAK_CALLERS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cpp/client.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "tests/integration/scenario.h"

namespace hedui::testing {

class Matter;

class SoakCallers {
 public:
  struct Counts {
    std::atomic<int> reports{0};  // waited for, without reviews
    std::atomic<int> reviews{0};  // the same of those
    std::atomic<int> withdrawn{0};
    std::atomic<int> matters{0};
    std::atomic<int> closed{0};
    std::atomic<int> turned_away{0};
  };

  // `scenario` outlives it.
  SoakCallers(Scenario* scenario, uint32_t count) : scenario_(scenario), count_(count) {}

  // To a platform that has started; before Begin, after End, or while they rest.
  void Connect(int port);
  void Begin();
  // However slow the machine is, each has had a report.
  void End();
  // Nobody calls between these two. Rest returns at once where it is over.
  void Rest();
  void GoOn();
  // That a call failed, or said what must not be: callers stop then.
  bool over() const { return over_; }
  // From now on kHeldSource is held, or is not; while they rest.
  void SetHeld(bool held) { held_ = held; }

  const Counts& counts() const { return counts_; }
  // Request ids: of what was begun and not waited for; of what had answers that were promised.
  std::vector<std::string> promised() const;
  std::set<std::string> pending() const;
  // Of matters in which a letter was withdrawn: what had been promised about that person is given
  // up only when it is asked for the next time, some minute later.
  std::set<std::string> touched() const;
  std::vector<std::string> failures() const;

  // After End. Whatever was promised has its report; closed matters' too.
  bool AwaitPromised();
  // Whether nothing is waited for of this one.
  bool IsSettled(const std::string& id);

 private:
  void Call(uint32_t number);
  void RestIfAsked();
  void VerifyOnce(clients::Client* client, bool review);
  void Verify(clients::Client* client, const v1::VerifyHouseholdRequest& request);
  bool Promise(clients::Client* client, const v1::VerifyHouseholdRequest& request,
               std::vector<std::string>* promised);
  void Touch(const std::vector<std::string>& asked);
  void Withdraw(clients::Client* client, const v1::RevokeAuthorizationRequest& withdrawal);
  // As an agency does when what it promised itself of a matter is there.
  void EndMatter(clients::Client* client, const Matter& matter,
                 const std::vector<std::string>& promised);
  bool AwaitReport(clients::Client* client, const std::string& id);
  void CheckOutcomes(const v1::VerifyHouseholdResponse& response, bool held);
  void NotePending(const std::string& id, const v1::VerifyHouseholdResponse& response);
  void Fail(const std::string& what);
  // Whether a call succeeded; one that is turned away for now is none of either.
  template <typename Result>
  bool Succeeded(const char* call, const absl::StatusOr<Result>& result);

  Scenario* const scenario_;
  const uint32_t count_;
  base::SecureIdSource ids_;
  // One for each caller; another platform's after it has rested.
  std::vector<std::unique_ptr<clients::Client>> clients_;
  std::unique_ptr<clients::Client> others_;  // of the thread that uses this object
  std::vector<std::thread> callers_;
  std::atomic<bool> over_{false};
  std::atomic<bool> held_{false};
  std::atomic<int> outcomes_{0};
  Counts counts_;
  mutable base::Mutex mutex_;
  bool rest_ ABSL_GUARDED_BY(mutex_) = false;
  size_t resting_ ABSL_GUARDED_BY(mutex_) = 0;
  base::CondVar rested_;
  base::CondVar go_on_;
  std::vector<std::string> promised_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> pending_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> touched_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> failures_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SOAK_SOAK_CALLERS_H_
