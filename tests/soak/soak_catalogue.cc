#include "tests/soak/soak_catalogue.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace hedui::testing {
namespace {

// Together with the demo's eleven and the fallback: 32.
constexpr int kBanks = 20;

constexpr absl::Duration kRatedDeadline = absl::Milliseconds(300);
// Longer than a matter's next request takes to come on a busy machine, and so short that at rest
// little of it is held.
constexpr absl::Duration kCacheLifetime = absl::Seconds(5);

constexpr const char* kDemoSources[] = {
    "mca-centre",   "nx-social-security",     "nx-tax",          "nx-public-security",
    "nx-education", "nx-disabled-federation", "nx-bank",         "nx-securities",
    "yc-market",    "yc-real-estate",         "xq-civil-affairs"};

std::string BankId(int number) { return absl::StrFormat("bank-%02d", number); }

void AddSource(const std::string& id, const std::string& code, const std::string& category,
               Scenario* scenario) {
  absl::StrAppend(&scenario->catalogue_yaml, "  - id: ", id, "\n    name: ", id,
                  "\n    department: 示例\n    level: region\n    divisions: [\"640000\"]\n"
                  "    categories: [",
                  category, "]\n    simulated: {file: simulation.yaml}\n");
  Scenario::Replace(&scenario->simulation_yaml, "\npeople:\n",
                    absl::StrCat("\n  - id: ", id, "\n    categories: [", code, "]\n\npeople:\n"));
}

// Enough for what it has promised to come also where the machine does much else.
constexpr absl::Duration kPromisingDeadline = absl::Seconds(2);

absl::Duration DeadlineOf(const std::string& id, absl::Duration deadline) {
  if (IsRated(id)) return kRatedDeadline;
  return id == kPromisingSource ? kPromisingDeadline : deadline;
}

std::string PolicyOf(const std::string& id, int per_second, absl::Duration deadline) {
  std::string policy = "attempts: 2\n    hedge_safe: true\n    concurrency: 64";
  absl::StrAppend(&policy, "\n    deadline: ", absl::FormatDuration(DeadlineOf(id, deadline)));
  if (IsRated(id)) absl::StrAppend(&policy, "\n    per_second: ", per_second);
  if (IsCounted(id)) absl::StrAppend(&policy, "\n    per_day: ", kSoakPerDay);
  if (id == kCachedSource) {
    absl::StrAppend(&policy, "\n    cache_lifetime: ", absl::FormatDuration(kCacheLifetime));
  }
  return policy;
}

}  // namespace

bool IsRated(const std::string& id) { return id == "bank-01" || id == "bank-02"; }
bool IsCounted(const std::string& id) { return id == "bank-02" || id == "bank-03"; }

std::vector<std::string> AddSoakSources(Scenario* scenario, int per_second,
                                        absl::Duration deadline) {
  Scenario::Replace(&scenario->simulation_yaml, "    faults: [{kind: silent}]\n", "");
  Scenario::Replace(&scenario->catalogue_yaml, "    deadline: 2s\n", "");
  Scenario::Replace(&scenario->catalogue_yaml, "    attempts: 2\n    hedge_safe: true\n", "");
  std::vector<std::string> ids(std::begin(kDemoSources), std::end(kDemoSources));
  for (int i = 1; i <= kBanks; ++i) {
    AddSource(BankId(i), "deposit", "{code: deposit}", scenario);
    ids.push_back(BankId(i));
  }
  AddSource(kFallbackSource, "tax", "{code: tax, fallback: true}", scenario);
  ids.push_back(kFallbackSource);
  for (const std::string& id : ids) {
    Scenario::AddToSource(&scenario->catalogue_yaml, id, PolicyOf(id, per_second, deadline));
  }
  absl::StrAppend(&scenario->register_yaml, "  - code: ", kSoakOperators,
                  "\n    name: 示例\n    level: region\n    division: \"640000\"\n"
                  "    purposes: [social_assistance]\n    source_uses: [read, hold, recall]\n");
  return ids;
}

SoakDepartments::Manners SoakManners(const std::vector<std::string>& ids, bool patient) {
  SoakDepartments::Manners manners;
  // Of what is used up for the day nobody is asked again that day; and of what is held it should be
  // known that nothing is under way.
  manners.promise_nothing = {"bank-02", "bank-03", kHeldSource};
  manners.promise_often = {kPromisingSource};
  // What arrives here tells when it was sent.
  manners.hold_nothing_back = {"bank-01", "bank-02", kHeldSource};
  manners.good = {kCachedSource};
  if (!patient) {
    manners.good.insert(kPromisingSource);
    manners.promise_nothing.insert(ids.begin(), ids.end());
    manners.promise_nothing.erase(kPromisingSource);
  }
  return manners;
}

std::string OtherCatalogue(const Scenario& scenario) {
  return absl::StrReplaceAll(scenario.catalogue_yaml,
                             {{"concurrency: 64", "concurrency: 32"},
                              {"attempts: 2\n    hedge_safe: true", "attempts: 3"}});
}

}  // namespace hedui::testing
