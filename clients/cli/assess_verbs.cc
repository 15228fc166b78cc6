#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "clients/cli/assess_command.h"
#include "clients/cli/commands.h"
#include "server/assess/policy_linter.h"

namespace hedui::clients {
namespace {

// exit 0 without errors (with `strict`: without warnings), 1 otherwise, 2 where there is no
// directory.
int Lint(const std::vector<std::string>& directories, const std::vector<std::string>& over,
         bool strict) {
  for (const auto& named : {directories, over}) {
    for (const std::string& directory : named) {
      std::error_code error;
      if (std::filesystem::is_directory(directory, error)) continue;
      std::cerr << "hedui: " << directory << ": there is no such directory\n";
      return kExitUnreadable;
    }
  }
  const assess::LintSeverity least =
      strict ? assess::LintSeverity::kWarning : assess::LintSeverity::kError;
  bool valid = true;
  for (const assess::LintFinding& finding : assess::PolicyLinter::Lint(directories, over)) {
    std::cout << finding.ToString() << "\n";
    valid &= finding.severity < least;
  }
  return valid ? kExitDone : kExitNotValid;
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
  CLI::App* lint = group->add_subcommand(
      "lint", "exit 0 valid, 1 with errors (file:line: severity: CODE: text)");
  auto over = std::make_shared<std::vector<std::string>>();
  auto strict = std::make_shared<bool>(false);
  lint->add_option("DIR", *policies, "directories of policy sets; several add up")->required();
  lint->add_option("--over", *over,
                   "directories laid over them; warnings and notes of their files only");
  lint->add_flag("--strict", *strict, "exit 1 with warnings too");
  lint->callback([=] { *action = [=] { return Lint(*policies, *over, *strict); }; });
}

}  // namespace hedui::clients
