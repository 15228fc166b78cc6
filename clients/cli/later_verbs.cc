#include <iostream>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "clients/cli/commands.h"

namespace hedui::clients {
namespace {

struct Later {
  const char* verb;
  const char* what;
};

// Verbs that the command line will have. Without them here, CLI11 would call them misspelt.
constexpr Later kLater[] = {{"batch", "re-review jobs"},
                            {"audit", "the log's proofs, and who asked about a person"}};

int Refuse(const Later& later) {
  std::cerr << "hedui: " << later.verb << " (" << later.what << ") is " << kNotBuiltYet << "\n";
  return kExitUnreadable;
}

}  // namespace

void AddLater(CLI::App& app, Action* action) {
  for (const Later& later : kLater) {
    CLI::App* verb = app.add_subcommand(later.verb, later.what);
    verb->group("");         // not among the verbs that --help offers
    verb->prefix_command();  // whatever follows is theirs to read
    verb->callback([=] { *action = [=] { return Refuse(later); }; });
  }
}

}  // namespace hedui::clients
