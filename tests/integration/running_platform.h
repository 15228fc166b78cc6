// A platform running in this process on a scenario's files, with real clocks and randomness.
#ifndef HEDUI_TESTS_INTEGRATION_RUNNING_PLATFORM_H_
#define HEDUI_TESTS_INTEGRATION_RUNNING_PLATFORM_H_

#include <memory>
#include <string>
#include <vector>

#include "hedui/report/v1/report.pb.h"
#include "server/base/clock.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "server/ledger/entry.h"
#include "server/platform.h"
#include "server/report/report_check.h"
#include "tests/integration/scenario.h"

namespace hedui::testing {

inline constexpr absl::Duration kPatience =
    absl::Seconds(60);  // a sanitizer build on a loaded machine

class RunningPlatform {
 public:
  // Starts at once; the test fails when it cannot. `adjust` changes what it is started with, each
  // time.
  explicit RunningPlatform(Scenario* scenario, std::function<void(FlowStep)> on_step = nullptr,
                           std::function<void(PlatformOptions*)> adjust = nullptr);
  ~RunningPlatform();

  // Ends it and starts it again on the same files.
  void Restart();
  // Reads what the scenario has written anew, under whatever is running.
  absl::Status Reload() { return platform_->Reload(); }
  int port() const { return platform_->port(); }
  int metrics_port() const { return platform_->metrics_port(); }
  clients::Client& client() { return *client_; }
  Scenario& scenario() { return *scenario_; }

  // What was logged so far, as lines of the log, whatever their level.
  std::vector<std::string> LogLines() const;

  // The stored case of a report, read beside the running platform.
  absl::StatusOr<std::string> ExportCase(const std::string& report_number);

  // Registers the scenario's letters; the test fails when refused.
  void Register();
  // Registers nothing; verifies the scenario's household.
  absl::StatusOr<v1::VerifyHouseholdResponse> Verify() { return Verify(scenario_->household); }
  absl::StatusOr<v1::VerifyHouseholdResponse> Verify(const v1::VerifyHouseholdRequest& request,
                                                     absl::Duration timeout = kPatience);

 private:
  PlatformOptions Options();
  void Start();

  Scenario* const scenario_;
  const std::function<void(FlowStep)> on_step_;
  const std::function<void(PlatformOptions*)> adjust_;
  mutable base::Mutex log_mutex_;
  std::vector<std::string> log_ ABSL_GUARDED_BY(log_mutex_);
  base::SystemClock clock_;
  base::SecureIdSource ids_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<clients::Client> client_;
};

// What `hedui report check` says of an envelope of the scenario's platform.
report::CheckResult CheckOffline(Scenario& scenario, const std::string& envelope);
// The lines of an envelope, the header first. The test fails when one cannot be read.
std::vector<report::v1::Line> LinesOf(const std::string& envelope);
// The one line of this kind and code (and person); the test fails when there are none or several.
report::v1::Line LineOf(const std::string& envelope, report::v1::LineKind kind,
                        const std::string& code, const std::string& person_id = "");
// Who reads which report: the log's entries of type ACCESS, in their order.
std::vector<ledger::AccessEntry> AccessesIn(Scenario& scenario);
// How a source answered; UNSPECIFIED when it is not among the outcomes.
v1::SourceOutcome OutcomeOf(const v1::VerifyHouseholdResponse& response,
                            const std::string& person_id, const std::string& category);

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_RUNNING_PLATFORM_H_
