// hedui: the command line. A list of verbs; each lives in its own file.
#include <iostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "clients/cli/commands.h"
#include "server/base/openssl_life.h"

int main(int argc, char** argv) {
  hedui::base::KeepOpenSslToTheEnd();
  CLI::App app("hedui (核对): verification of the economic status of households");
  app.require_subcommand(1);
  hedui::clients::Action action;
  hedui::clients::AddVerify(app, &action);
  hedui::clients::AddAuthorize(app, &action);
  hedui::clients::AddRead(app, &action);
  hedui::clients::AddReport(app, &action);
  hedui::clients::AddCorrections(app, &action);
  hedui::clients::AddHealth(app, &action);
  hedui::clients::AddAssess(app, &action);
  hedui::clients::AddArchive(app, &action);
  hedui::clients::AddPolicies(app, &action);
  hedui::clients::AddSources(app, &action);
  hedui::clients::AddLater(app, &action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 asks for what is missing before it complains of what it does not know: a misspelt verb.
    const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
    if (error.get_name() == "RequiredError" && !unknown.empty()) {
      std::cerr << "hedui: there is no \"" << unknown.front() << "\" here\n";
    }
    const int code = app.exit(error);
    return code == 0 ? hedui::clients::kExitDone : hedui::clients::kExitUnreadable;
  }
  const int code = action();
  // A report cut off by a full disk must not look like a whole one.
  if (std::cout.flush()) return code;
  std::cerr << "hedui: standard output cannot be written\n";
  return hedui::clients::kExitUnreadable;
}
