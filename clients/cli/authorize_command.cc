#include <iostream>
#include <memory>

#include "CLI/CLI.hpp"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"

namespace hedui::clients {
namespace {

// Reads FILE into `Request`, calls the platform, prints what stands now.
template <typename Request, typename Response>
int Run(const Connection& connection, const std::string& file,
        absl::StatusOr<Response> (Client::*method)(const Request&, absl::Duration)) {
  Request request;
  if (!ReadRequest(file, &request)) return kExitUnreadable;
  auto client = Client::Connect(connection.options);
  if (!client.ok()) return Unreadable(client.status());
  auto response = ((**client).*method)(request, connection.timeout());
  if (!response.ok()) return Refused(response.status());
  std::cout << response->ShortDebugString() << "\n";
  return kExitDone;
}

struct Options {
  Connection connection;
  std::string file;
};

template <typename Request, typename Response>
void AddVerb(CLI::App& parent, const char* name, const char* help, Action* action,
             absl::StatusOr<Response> (Client::*method)(const Request&, absl::Duration)) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = parent.add_subcommand(name, help);
  verb->add_option("FILE", options->file, "the request in YAML, with the fields of the API")
      ->required();
  options->connection.AddTo(*verb);
  verb->callback(
      [=] { *action = [=] { return Run(options->connection, options->file, method); }; });
}

}  // namespace

void AddAuthorize(CLI::App& app, Action* action) {
  CLI::App* group = app.add_subcommand("authorization", "letters and matters");
  group->require_subcommand(1);
  AddVerb(*group, "register", "open a matter and add letters to it", action,
          &Client::RegisterAuthorizations);
  AddVerb(*group, "revoke", "withdraw a letter", action, &Client::RevokeAuthorization);
  AddVerb(*group, "monitor", "the aid was granted: OPEN to MONITORED", action,
          &Client::MonitorMatter);
  AddVerb(*group, "close", "the applicant left: CLOSED", action, &Client::CloseMatter);
}

}  // namespace hedui::clients
