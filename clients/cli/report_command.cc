#include <iostream>
#include <memory>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "server/assess/assessor.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/match/matcher.h"
#include "server/report/case_bundle.h"
#include "server/report/render.h"
#include "server/report/replay.h"
#include "server/report/report_builder.h"
#include "server/report/report_check.h"

namespace hedui::clients {
namespace {

std::string CheckFormat(const std::string& format) {
  if (format == "text" || format == "json") return "";
  if (format == "html") return absl::StrCat("html is ", kNotBuiltYet);
  return absl::StrCat("there is no format \"", format, "\": text or json");
}

// A case bundle holds more than its envelope: every answer as it came.
constexpr size_t kCaseBytesMax = 64 << 20;

int Check(const std::string& file, const std::string& trust_file, const std::string& origin) {
  auto envelope = base::ReadFile(file, report::kEnvelopeBytesMax);
  if (!envelope.ok()) return Unreadable(envelope.status());
  auto trust = ledger::LogTrust::Load(trust_file);
  if (!trust.ok()) return Unreadable(trust.status());
  const report::CheckResult result = report::CheckReport(*envelope, **trust);
  if (result.verdict == report::Verdict::kValid && !origin.empty() && result.log_origin != origin) {
    std::cout << "not valid: the report is of log " << result.log_origin << "\n";
    return kExitNotValid;
  }
  switch (result.verdict) {
    case report::Verdict::kValid:
      std::cout << absl::StrCat("valid: report ", result.report_number, ", ", result.lines,
                                " lines (", result.lines_withheld, " withheld), entry ",
                                result.log_index, " of log ", result.log_origin, ", signed ",
                                base::FormatInstant(result.checkpoint_time), "\n");
      return kExitDone;
    case report::Verdict::kNotValid:
      for (const std::string& failure : result.failures)
        std::cout << "not valid: " << failure << "\n";
      return kExitNotValid;
    case report::Verdict::kUnreadable:
      break;
  }
  for (const std::string& failure : result.failures) std::cout << "unreadable: " << failure << "\n";
  return kExitUnreadable;
}

int Show(const std::string& file, const std::string& format) {
  auto envelope = base::ReadFile(file, report::kEnvelopeBytesMax);
  if (!envelope.ok()) return Unreadable(envelope.status());
  auto rendered = format == "json" ? report::RenderJson(*envelope) : report::RenderText(*envelope);
  if (!rendered.ok()) return Unreadable(rendered.status());
  std::cout << *rendered;
  return kExitDone;
}

int Replay(const std::string& file, const std::string& policies) {
  auto bytes = base::ReadFile(file, kCaseBytesMax);
  if (!bytes.ok()) return Unreadable(bytes.status());
  auto bundle = report::DecodeCaseBundle(*bytes);
  if (!bundle.ok()) return Unreadable(bundle.status());
  auto pack = assess::PolicyPack::Load(policies);
  if (!pack.ok()) return Unreadable(pack.status());
  report::ReplayEngines engines;
  engines.match = [&pack](const match::MatchInput& input) {
    return match::Match(input, (*pack)->discrepancy_rules());
  };
  engines.assess = [&pack](const assess::Case& c) { return assess::Assess(**pack, c); };
  auto result = report::Replay(*bundle, engines);
  if (!result.ok()) {
    return base::ReasonOf(result.status()) == "CASE_WITHOUT_LINES" ? Unreadable(result.status())
                                                                   : Refused(result.status());
  }
  for (const std::string& remark : result->remarks) std::cout << "remark: " << remark << "\n";
  if (result->same) {
    std::cout << absl::StrCat("same: ", result->lines_compared, " lines, byte for byte\n");
    return kExitDone;
  }
  std::cout << "different: " << result->first_difference << "\n";
  return kExitNotValid;
}

}  // namespace

void AddReport(CLI::App& app, Action* action) {
  CLI::App* group = app.add_subcommand("report", "check, show or replay a report");
  group->require_subcommand(1);
  // Shared by the verbs; one command line runs one of them.
  auto file = std::make_shared<std::string>();
  auto second = std::make_shared<std::string>();

  CLI::App* check =
      group->add_subcommand("check", "offline; exit 0 valid, 1 not valid, 2 unreadable");
  check->add_option("REPORT", *file, "the envelope")->required();
  check->add_option("--trust", *second, "PEM: authorities of the log's certificates")->required();
  auto origin = std::make_shared<std::string>();
  check->add_option("--origin", *origin,
                    "the log expected; without it any that the authorities vouch for");
  check->callback([=] { *action = [=] { return Check(*file, *second, *origin); }; });

  CLI::App* show = group->add_subcommand("show", "in Chinese, printable");
  show->add_option("REPORT", *file, "the envelope")->required();
  show->add_option("--format", *second, "text or json")
      ->check(CLI::Validator(CheckFormat, "text|json"))
      ->default_str("text");
  show->callback([=] { *action = [=] { return Show(*file, *second); }; });

  CLI::App* replay = group->add_subcommand(
      "replay", "compute a stored case again; exit 0 byte-equal, 1 with the first difference");
  replay->add_option("CASE", *file, "the case bundle")->required();
  replay->add_option("--policies", *second, "directory of the policy sets")->required();
  replay->callback([=] { *action = [=] { return Replay(*file, *second); }; });
}

}  // namespace hedui::clients
