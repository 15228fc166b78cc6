// A platform's rooms, flows and simulated departments over one loop and one clock that move only
// when the test says so: hours pass in a moment, and everything in between happens at its own time.
// No network; the store and the log are real, and departments check every warrant against them.
//
// One thread, the test's.
#ifndef HEDUI_TESTS_INTEGRATION_STILL_PLATFORM_H_
#define HEDUI_TESTS_INTEGRATION_STILL_PLATFORM_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "adapters/source_adapter.h"
#include "hedui/v1/source.pb.h"
#include "server/authorization_flow.h"
#include "server/base/event.h"
#include "server/base/mutex.h"
#include "server/correction_flow.h"
#include "server/ledger/entry.h"
#include "server/pending_desk.h"
#include "server/platform_configuration.h"
#include "server/poll_schedule.h"
#include "server/recall_flow.h"
#include "server/rooms.h"
#include "server/runtime/worker_pool.h"
#include "server/source_log.h"
#include "server/source_quality.h"
#include "server/verify_flow.h"
#include "tests/integration/scenario.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"
#include "tests/support/notification.h"

namespace hedui::testing {

class StillPlatform {
 public:
  // Starts, after writing the scenario. `on_step` as PlatformOptions'.
  explicit StillPlatform(Scenario* scenario, std::function<void(FlowStep)> on_step = nullptr,
                         const PollLimits& limits = {});
  ~StillPlatform();

  // From the next start on.
  void SetLimits(const PollLimits& limits) { limits_ = limits; }
  // As a kill would, but that what the committer has is written; and a new start on the same files.
  void Restart();

  // Lets everything happen that can without time passing.
  void Settle();
  // Lets time pass, each timer at its own time, until `done`; the test fails where nothing is left
  // to happen.
  void RunUntil(absl::FunctionRef<bool()> done);
  void AdvanceBy(absl::Duration by);
  // What is matched, assessed and drafted from now on waits for LetCompute: a report is about to be
  // made, and everything else goes on.
  void HoldCompute();
  void LetCompute();

  void Register();
  // Letters by their place in the scenario.
  void Withdraw(int letter);
  void CloseMatter();
  // A commit about the matter ends in doubt: who holds the matter may not trust it any more.
  // Nothing of it is in the store.
  void LoseTrustInMatter();
  absl::StatusOr<VerifyResult> Verify();
  // The current report of the scenario's request.
  absl::StatusOr<VerifyResult> Current();
  absl::StatusOr<VerificationView> Get();
  void Annul(const std::string& report_number);
  // What people found is added.
  void Record(const std::string& report_number, PeopleFound found);
  // An officer decides whether what a source holds back is about this person.
  void Decide(const std::string& report_number, IdentityDecision decision);
  absl::Status EraseMatter(const base::Uuid& matter);

  // The platform is to fail so in this test, with an event of this name.
  void Expect(const std::string& failure);
  // How often operators were told of it since the start.
  int Told(const std::string& event) const;

  // What a department was asked so far, queries and polls in their order.
  std::vector<v1::QueryRequest> AskedOf(const std::string& source) const;
  // Entries of the log of one type.
  template <typename EntryType>
  std::vector<EntryType> EntriesOf() {
    std::vector<EntryType> found;
    for (const ledger::Entry& entry : Entries()) {
      if (const auto* const one = std::get_if<EntryType>(&entry)) found.push_back(*one);
    }
    return found;
  }
  // Makes rows durable, as whatever runs beside might.
  void Commit(std::vector<base::Row> rows);
  // Rows of a verification.
  std::vector<base::Row> RowsOf(const base::Uuid& verification_id);

  Rooms& rooms() { return parts_->rooms; }
  gather::SourceStates& states() { return *parts_->states; }
  Verifier& verifier() { return *parts_->verifier; }
  PendingDesk& desk() { return *parts_->desk; }
  // Not resumed by a start.
  RecallDesk& recalls() { return *parts_->recalls; }
  FakeClock& clock() { return clock_; }
  FakeLoop& loop() { return *loop_; }
  base::Uuid request_id() const;

 private:
  void Start();
  void StopRecalls();
  void Correct(const std::string& report_number, CorrectionRequest request);
  void Barrier();
  std::vector<ledger::Entry> Entries();
  void NoteTold(const base::Event& event);

  struct PartsOf {
    std::unique_ptr<PlatformConfiguration> read;
    std::unique_ptr<store::Store> store;
    std::vector<std::unique_ptr<adapters::SourceAdapter>> adapters;
    std::unique_ptr<gather::SourceStates> states;
    std::unique_ptr<ledger::Committer> committer;
    std::unique_ptr<access::MatterBook> matters;
    access::InFlight in_flight;
    std::unique_ptr<access::DayQuota> day_quota;
    std::unique_ptr<base::ByteBudget> bytes;
    std::unique_ptr<runtime::WorkerPool> disk;
    std::unique_ptr<runtime::WorkerPool> compute;
    std::unique_ptr<SourceLog> source_log;
    std::unique_ptr<SourceQuality> source_quality;
    std::shared_ptr<const Setup> setup;
    std::shared_ptr<const ledger::LogTrust> trust;
    Rooms rooms;
    std::unique_ptr<PendingDesk> desk;
    std::unique_ptr<Verifier> verifier;
    std::unique_ptr<Registrar> registrar;
    std::unique_ptr<Corrector> corrector;
    std::unique_ptr<RecallDesk> recalls;
  };

  Scenario* const scenario_;
  const std::function<void(FlowStep)> on_step_;
  PollLimits limits_;
  base::SecureIdSource ids_;
  FakeClock clock_;
  std::map<std::string, std::vector<v1::QueryRequest>> asked_;
  mutable base::Mutex mutex_;
  std::set<std::string> expected_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> told_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Notification> held_compute_;  // notified: let go
  std::unique_ptr<FakeLoop> loop_;
  std::unique_ptr<PartsOf> parts_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_STILL_PLATFORM_H_
