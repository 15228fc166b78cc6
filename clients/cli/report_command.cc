#include <iostream>
#include <memory>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "server/base/dates.h"
#include "server/base/yaml.h"
#include "server/report/render.h"
#include "server/report/report_builder.h"
#include "server/report/report_check.h"

namespace hedui::clients {
namespace {

std::string CheckFormat(const std::string& format) {
  if (format == "text" || format == "json") return "";
  if (format == "html") return absl::StrCat("html is ", kNotBuiltYet);
  return absl::StrCat("there is no format \"", format, "\": text or json");
}

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

  AddReplay(group, action);
}

}  // namespace hedui::clients
