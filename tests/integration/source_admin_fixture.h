// A platform with agencies that may use SourceAdminService, and what tests ask of it.
#ifndef HEDUI_TESTS_INTEGRATION_SOURCE_ADMIN_FIXTURE_H_
#define HEDUI_TESTS_INTEGRATION_SOURCE_ADMIN_FIXTURE_H_

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {

inline constexpr char kOperators[] = "640000-operators";
inline constexpr char kOfficer[] = "OP-0042";
inline constexpr char kSource[] = "nx-social-security";
inline constexpr char kFallback[] = "nx-tax";

// The machine's, set forward by a test.
class SteppedClock final : public base::Clock {
 public:
  absl::Time WallNow() const override { return system_.WallNow() + absl::Seconds(steps_.load()); }
  absl::Duration SteadyNow() const override { return system_.SteadyNow(); }
  // A second later, as whole milliseconds.
  absl::Time Step() {
    ++steps_;
    return absl::FromUnixMillis(absl::ToUnixMillis(WallNow()));
  }

 private:
  base::SystemClock system_;
  std::atomic<int> steps_{0};
};

class SourceAdminTest : public ::testing::Test {
 protected:
  SourceAdminTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    AddAgency(kOperators, "[read, hold, recall]");
  }

  void AddAgency(const std::string& code, const std::string& uses) {
    absl::StrAppend(&scenario_.register_yaml, "  - code: ", code,
                    "\n    name: 示例\n    level: region\n    division: \"640000\"\n"
                    "    purposes: [social_assistance]\n    source_uses: ",
                    uses, "\n");
  }
  // Taxes stand in for social security.
  void OfferFallback() {
    Scenario::Replace(&scenario_.catalogue_yaml, "{code: tax}",
                      "{code: tax}, {code: employment, fallback: true}");
    Scenario::Replace(&scenario_.simulation_yaml, "categories: [tax]",
                      "categories: [tax, employment]");
  }

  void Start() {
    platform_ =
        std::make_unique<RunningPlatform>(&scenario_, nullptr, [this](PlatformOptions* options) {
          options->clock = &clock_;
          options->recall_settles = recall_settles_;
        });
    Connect();
  }
  void Begin() {
    Start();
    platform_->Register();
  }
  // The catalogue has it no more, once it is written and read.
  void TakeOut(const std::string& source) {
    const size_t at = scenario_.catalogue_yaml.find(absl::StrCat("  - id: ", source, "\n"));
    const size_t end = scenario_.catalogue_yaml.find("  - id: ", at + 1);
    ASSERT_TRUE(at != std::string::npos && end != std::string::npos) << source;
    scenario_.catalogue_yaml.erase(at, end - at);
  }
  void Reload() {
    scenario_.Write();
    const absl::Status reloaded = platform_->Reload();
    ASSERT_TRUE(reloaded.ok()) << reloaded;
  }
  void Connect() { operators_ = scenario_.Connect(platform_->port(), kOperators); }
  void Restart() {
    operators_.reset();
    platform_->Restart();
    Connect();
  }

  absl::StatusOr<v1::HoldSourceResponse> Hold(const std::string& source,
                                              const std::string& reason = "wrong data") {
    v1::HoldSourceRequest request;
    request.set_officer(kOfficer);
    request.set_source_id(source);
    request.set_reason(reason);
    return operators_->HoldSource(request, kPatience);
  }
  absl::Status Release(const std::string& source) {
    v1::ReleaseSourceRequest request;
    request.set_officer(kOfficer);
    request.set_source_id(source);
    request.set_reason("mended");
    return operators_->ReleaseSource(request, kPatience).status();
  }
  v1::ListSourcesResponse List() {
    v1::ListSourcesRequest request;
    request.set_officer(kOfficer);
    const auto list = operators_->ListSources(request, kPatience);
    EXPECT_TRUE(list.ok()) << list.status();
    return list.ok() ? *list : v1::ListSourcesResponse();
  }
  v1::Source Listed(const std::string& source) {
    const v1::ListSourcesResponse list = List();
    for (const v1::Source& one : list.sources()) {
      if (one.source_id() == source) return one;
    }
    ADD_FAILURE() << source << " is not listed";
    return {};
  }

  v1::VerifyHouseholdResponse MustVerify() {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
    const auto response = platform_->Verify(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::VerifyHouseholdResponse();
  }
  // "KIND/REASON" of the father's wages, by source.
  static std::map<std::string, std::string> Wages(const v1::VerifyHouseholdResponse& response) {
    std::map<std::string, std::string> told;
    for (const v1::SourceOutcome& outcome : response.outcomes()) {
      if (outcome.person_id() != "m1" || outcome.category() != "employment") continue;
      told[outcome.source_id()] =
          absl::StrCat(v1::AnswerKind_Name(outcome.kind()), "/", v1::Reason_Name(outcome.reason()));
    }
    return told;
  }

  // What the log says of one kind, in its order.
  template <typename Entry>
  std::vector<Entry> InLog() {
    std::vector<Entry> changes;
    const auto store = scenario_.OpenStore();
    const auto head = store->ReadHead();
    EXPECT_TRUE(head.ok() && head->has_value());
    const auto entries = store->ReadEntries(0, (*head)->size);
    EXPECT_TRUE(entries.ok()) << entries.status();
    for (const std::string& bytes : *entries) {
      const auto entry = ledger::DecodeEntry(bytes);
      EXPECT_TRUE(entry.ok()) << entry.status();
      if (const auto* change = std::get_if<Entry>(&*entry)) {
        changes.push_back(*change);
      }
    }
    return changes;
  }

  static v1::ListReportsUsingRequest Using(absl::Time from, absl::Time to,
                                           const std::string& source = kSource) {
    v1::ListReportsUsingRequest request;
    request.set_officer(kOfficer);
    request.set_source_id(source);
    request.set_from_ms(absl::ToUnixMillis(from));
    request.set_to_ms(absl::ToUnixMillis(to));
    return request;
  }
  // Every page of two.
  std::vector<std::string> NumbersUsing(v1::ListReportsUsingRequest request) {
    std::vector<std::string> numbers;
    request.set_page_size(2);
    for (int pages = 0; pages < 100; ++pages) {
      const auto page = operators_->ListReportsUsing(request, kPatience);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return numbers;
      for (const v1::ReportUsing& report : page->reports()) {
        numbers.push_back(report.report_number());
        EXPECT_EQ(report.agency(), kAgency);
        EXPECT_GE(report.used_at_ms(), request.from_ms());
        EXPECT_LT(report.used_at_ms(), request.to_ms());
        EXPECT_GE(report.issued_at_ms(), report.used_at_ms());
      }
      if (page->next_page_token().empty()) return numbers;
      request.set_page_token(page->next_page_token());
    }
    ADD_FAILURE() << "the list does not end";
    return numbers;
  }
  std::string NumberOf(const v1::VerifyHouseholdResponse& response) {
    return CheckOffline(scenario_, response.envelope()).report_number;
  }

  absl::Duration recall_settles_ = absl::ZeroDuration();
  SteppedClock clock_;
  Scenario scenario_;
  base::SecureIdSource ids_;
  std::unique_ptr<RunningPlatform> platform_;
  std::unique_ptr<clients::Client> operators_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_SOURCE_ADMIN_FIXTURE_H_
