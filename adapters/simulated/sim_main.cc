// hedui-sim: simulated departments as real servers, one port each. Once all of them listen it
// prints "source <id> <port>" for each and then "ready"; it ends on SIGTERM or SIGINT after letting
// calls under way finish.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "adapters/simulated/department.h"
#include "adapters/simulated/province.h"
#include "adapters/simulated/sim_department_server.h"
#include "adapters/simulated/sim_journal.h"
#include "adapters/simulated/sim_warrant_desk.h"
#include "adapters/tls_files.h"
#include "hedui/config/v1/simulation.pb.h"
#include "server/base/clock.h"
#include "server/base/openssl_life.h"
#include "server/base/status.h"
#include "server/ledger/trust.h"
#include "server/runtime/signals.h"

namespace hedui::adapters {
namespace {

// Exit codes are part of the contract (clients/README.md).
constexpr int kExitRefused = 1;  // the simulation, or a port
constexpr int kExitMisused = 2;  // the command line
constexpr absl::Duration kGrace = absl::Seconds(2);
constexpr char kListenDefault[] = "127.0.0.1:0";

// Paths in the file are relative to it.
class Paths {
 public:
  explicit Paths(const std::string& config_file)
      : folder_(std::filesystem::path(config_file).parent_path()) {}
  std::string Of(const std::string& path) const {
    return path.empty() ? path : (folder_ / path).string();
  }

 private:
  const std::filesystem::path folder_;
};

using Servers = std::vector<std::unique_ptr<DepartmentServer>>;

absl::StatusOr<std::shared_ptr<const WarrantDesk>> OpenDesk(
    const config::v1::Simulation& simulation, const Paths& paths, const base::Clock* clock) {
  if (simulation.log_trust_file().empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION",
                           "log_trust_file is missing: no warrant could be checked",
                           base::Visibility::kOperator);
  }
  HEDUI_ASSIGN_OR_RETURN(std::shared_ptr<const ledger::LogTrust> trust,
                         ledger::LogTrust::Load(paths.Of(simulation.log_trust_file())));
  std::shared_ptr<const Journal> journal;
  if (!simulation.journal_file().empty()) {
    HEDUI_ASSIGN_OR_RETURN(journal, Journal::Open(paths.Of(simulation.journal_file())));
  }
  return std::make_shared<const WarrantDesk>(std::move(trust), simulation.log_origin(),
                                             std::move(journal), clock);
}

absl::StatusOr<Servers> StartServers(const std::string& config_file, const base::Clock* clock) {
  HEDUI_ASSIGN_OR_RETURN(const std::shared_ptr<const Province> province,
                         Province::Load(config_file));
  const config::v1::Simulation& simulation = province->simulation();
  const Paths paths(config_file);
  if (!simulation.tls().crl_file().empty()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION",
                           "tls.crl_file is read by heduid only; leave it out",
                           base::Visibility::kOperator);
  }
  HEDUI_ASSIGN_OR_RETURN(const TlsFiles tls,
                         ReadTlsFiles(paths.Of(simulation.tls().ca_file()),
                                      paths.Of(simulation.tls().certificate_file()),
                                      paths.Of(simulation.tls().key_file())));
  HEDUI_ASSIGN_OR_RETURN(const std::shared_ptr<const WarrantDesk> desk,
                         OpenDesk(simulation, paths, clock));
  Servers servers;
  for (const config::v1::SimulatedSource& source : simulation.sources()) {
    HEDUI_ASSIGN_OR_RETURN(
        std::unique_ptr<Department> department,
        Department::Create(province, source.id(),
                           [desk, id = source.id()](const v1::QueryRequest& request) {
                             return desk->Check(id, request);
                           }));
    HEDUI_ASSIGN_OR_RETURN(
        std::unique_ptr<DepartmentServer> server,
        DepartmentServer::Start(
            std::move(department), source.listen().empty() ? kListenDefault : source.listen(),
            DepartmentServer::MutualTls(tls.authorities, tls.certificate, tls.key), clock));
    servers.push_back(std::move(server));
  }
  return servers;
}

// All at once: each may take its whole grace.
void ShutDown(Servers servers) {
  std::vector<std::thread> threads;
  for (std::unique_ptr<DepartmentServer>& server : servers) {
    threads.emplace_back([&server] { server->Shutdown(kGrace); });
  }
  for (std::thread& thread : threads) thread.join();
}

int Run(const std::string& config_file) {
  const base::SystemClock clock;
  absl::StatusOr<Servers> servers = StartServers(config_file, &clock);
  if (!servers.ok()) {
    std::cerr << "hedui-sim: " << servers.status().message() << "\n";
    return kExitRefused;
  }
  for (const std::unique_ptr<DepartmentServer>& server : *servers) {
    std::cout << "source " << server->id() << " " << server->port() << "\n";
  }
  std::cout << "ready" << std::endl;
  runtime::WaitForSignal();
  ShutDown(*std::move(servers));
  return 0;
}

}  // namespace
}  // namespace hedui::adapters

int main(int argc, char** argv) {
  hedui::runtime::BlockSignals();
  hedui::base::KeepOpenSslToTheEnd();
  CLI::App app("Simulated departments: real servers that answer out of a simulation file.");
  std::string config_file;
  app.add_option("--config", config_file, "simulation file (hedui.config.v1.Simulation)")
      ->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : hedui::adapters::kExitMisused;
  }
  return hedui::adapters::Run(config_file);
}
