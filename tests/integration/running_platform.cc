#include "tests/integration/running_platform.h"

#include <utility>

#include "gtest/gtest.h"
#include "server/ledger/trust.h"
#include "server/operation/event_line.h"

namespace hedui::testing {

RunningPlatform::RunningPlatform(Scenario* scenario, std::function<void(FlowStep)> on_step,
                                 std::function<void(PlatformOptions*)> adjust)
    : scenario_(scenario), on_step_(std::move(on_step)), adjust_(std::move(adjust)) {
  scenario_->Write();
  Start();
}

RunningPlatform::~RunningPlatform() = default;

PlatformOptions RunningPlatform::Options() {
  PlatformOptions options;
  options.config_file = scenario_->Path("heduid.yaml");
  options.clock = &clock_;
  options.ids = &ids_;
  options.tell = [this](const base::Event& event) {
    const base::MutexLock lock(&log_mutex_);
    log_.push_back(operation::EventLine(event, clock_.WallNow()));
  };
  options.on_step = on_step_;
  options.lines_dropped = [] { return uint64_t{0}; };
  if (adjust_) adjust_(&options);
  return options;
}

absl::StatusOr<std::string> RunningPlatform::ExportCase(const std::string& report_number) {
  return Platform::ExportCase(Options(), report_number);
}

std::vector<std::string> RunningPlatform::LogLines() const {
  const base::MutexLock lock(&log_mutex_);
  return log_;
}

void RunningPlatform::Start() {
  auto started = Platform::Start(Options());
  ASSERT_TRUE(started.ok()) << started.status();
  platform_ = *std::move(started);
  client_ = scenario_->Connect(platform_->port());
}

void RunningPlatform::Restart() {
  client_.reset();
  platform_.reset();
  Start();
}

void RunningPlatform::Register() {
  auto registered = client_->RegisterAuthorizations(scenario_->letters, kPatience);
  ASSERT_TRUE(registered.ok()) << registered.status();
}

absl::StatusOr<v1::VerifyHouseholdResponse> RunningPlatform::Verify(
    const v1::VerifyHouseholdRequest& request, absl::Duration timeout) {
  return client_->VerifyHousehold(request, timeout);
}

report::CheckResult CheckOffline(Scenario& scenario, const std::string& envelope) {
  const auto trust = ledger::LogTrust::Load(scenario.pki().ca_path());
  EXPECT_TRUE(trust.ok()) << trust.status();
  return trust.ok() ? report::CheckReport(envelope, **trust) : report::CheckResult();
}

std::vector<report::v1::Line> LinesOf(const std::string& envelope) {
  report::v1::Envelope parsed;
  EXPECT_TRUE(parsed.ParseFromString(envelope));
  std::vector<report::v1::Line> lines;
  for (const auto& sealed : parsed.lines()) {
    EXPECT_TRUE(lines.emplace_back().ParseFromString(sealed.line()));
  }
  return lines;
}

report::v1::Line LineOf(const std::string& envelope, report::v1::LineKind kind,
                        const std::string& code, const std::string& person_id) {
  std::vector<report::v1::Line> found;
  for (report::v1::Line& line : LinesOf(envelope)) {
    if (line.kind() == kind && line.code() == code && line.person_id() == person_id) {
      found.push_back(std::move(line));
    }
  }
  EXPECT_EQ(found.size(), 1u) << report::v1::LineKind_Name(kind) << " " << code << " " << person_id;
  return found.empty() ? report::v1::Line() : found.front();
}

v1::SourceOutcome OutcomeOf(const v1::VerifyHouseholdResponse& response,
                            const std::string& person_id, const std::string& category) {
  for (const v1::SourceOutcome& outcome : response.outcomes()) {
    if (outcome.person_id() == person_id && outcome.category() == category) return outcome;
  }
  return {};
}

std::vector<ledger::AccessEntry> AccessesIn(Scenario& scenario) {
  std::vector<ledger::AccessEntry> accesses;
  auto store = scenario.OpenStore();
  auto head = store->ReadHead();
  EXPECT_TRUE(head.ok() && head->has_value()) << head.status();
  auto entries = store->ReadEntries(0, (*head)->size);
  EXPECT_TRUE(entries.ok()) << entries.status();
  for (const std::string& bytes : *entries) {
    auto entry = ledger::DecodeEntry(bytes);
    EXPECT_TRUE(entry.ok()) << entry.status();
    if (const auto* access = std::get_if<ledger::AccessEntry>(&*entry)) accesses.push_back(*access);
  }
  return accesses;
}

}  // namespace hedui::testing
