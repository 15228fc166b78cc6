#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "clients/cli/assess_command.h"
#include "clients/cli/commands.h"
#include "server/assess/policy_pack.h"

namespace hedui::clients {
namespace {

// exit 0 clean, 1 findings, 2 where there is no directory.
int Lint(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    std::cerr << "hedui: " << directory << ": there is no such directory\n";
    return kExitUnreadable;
  }
  const auto findings = assess::PolicyPack::Check({directory});
  for (const assess::PolicyFinding& finding : findings) std::cout << finding.ToString() << "\n";
  return findings.empty() ? kExitDone : kExitNotValid;
}

}  // namespace

void AddAssess(CLI::App& app, Action* action) {
  auto file = std::make_shared<std::string>();
  auto policies = std::make_shared<std::vector<std::string>>();
  auto format = std::make_shared<std::string>("text");
  CLI::App* verb = app.add_subcommand("assess", "evaluate a case offline");
  verb->add_option("CASE", *file, "case file (docs/case-format.md)")->required();
  verb->add_option("--policies", *policies, "directory of policy sets; several add up")->required();
  verb->add_option("--format", *format, "text or json")->check(CLI::IsMember({"text", "json"}));
  verb->callback([=] { *action = [=] { return RunAssess(*file, *policies, *format); }; });

  CLI::App* group = app.add_subcommand("policy", "policy sets");
  group->require_subcommand(1);
  CLI::App* lint =
      group->add_subcommand("lint", "exit 0 clean, 1 findings (file:line: code: text)");
  lint->add_option("DIR", *file, "directory of policy sets")->required();
  lint->callback([=] { *action = [=] { return Lint(*file); }; });
}

}  // namespace hedui::clients
