// Whether a platform takes calls: `hedui health`, for scripts and for the health check of a
// container.
#include <iostream>
#include <memory>

#include "CLI/CLI.hpp"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"

namespace hedui::clients {
namespace {

struct Options {
  Connection connection;
  std::string service;
};

int Run(const Options& options) {
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  const auto serving = (*client)->IsServing(options.service, options.connection.timeout());
  if (!serving.ok()) return Refused(serving.status());
  std::cout << (*serving ? "serving\n" : "not serving\n");
  return *serving ? kExitDone : kExitNotValid;
}

}  // namespace

void AddHealth(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  // Whoever probes does not wait long.
  options->connection.timeout_s = 5;
  CLI::App* verb = app.add_subcommand("health", "does it take calls? exit 0 serving, 1 not");
  verb->add_option("--service", options->service,
                   "one of its services, such as hedui.v1.VerificationService; default: all");
  options->connection.AddTo(*verb);
  verb->callback([=] { *action = [=] { return Run(*options); }; });
}

}  // namespace hedui::clients
