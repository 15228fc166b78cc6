// hedui: the command line. A list of verbs; each lives in its own file.
#include <iostream>

#include "CLI/CLI.hpp"
#include "clients/cli/commands.h"

int main(int argc, char** argv) {
  CLI::App app("hedui (核对): verification of the economic status of households");
  app.require_subcommand(1);
  hedui::clients::Action action;
  hedui::clients::AddVerify(app, &action);
  hedui::clients::AddAuthorize(app, &action);
  hedui::clients::AddReport(app, &action);
  hedui::clients::AddAssess(app, &action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? hedui::clients::kExitDone : hedui::clients::kExitUnreadable;
  }
  return action();
}
