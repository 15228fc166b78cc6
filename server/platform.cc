#include "server/platform.h"

#include <sys/stat.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/registry.h"
#include "hedui/config/v1/server.pb.h"
#include "server/api/api_server.h"
#include "server/authorization_flow.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/base/yaml_message.h"
#include "server/gather/sources.h"
#include "server/ledger/certificates.h"
#include "server/ledger/committer.h"
#include "server/ledger/log.h"
#include "server/ledger/pem_signer.h"
#include "server/rooms.h"
#include "server/runtime/drain.h"
#include "server/runtime/grpc_event_loop.h"
#include "server/runtime/worker_pool.h"
#include "server/store/store.h"
#include "server/verify_flow.h"
#include "server/verify_steps.h"

namespace hedui {
namespace {

// Running calls may end on their own for so long after the door closed.
constexpr absl::Duration kShutdownGrace = absl::Seconds(2);
// The disk answers look-ups in parallel; more threads than connections would only queue.
constexpr int kDiskThreads = 4;

// What the configuration names, read and checked.
struct Read {
  config::v1::Server config;
  std::string directory;  // of the file: paths in it are relative to this
  api::ApiOptions api;
  std::shared_ptr<Setup> setup;
  std::unique_ptr<ledger::Signer> ed25519;
  std::unique_ptr<ledger::Signer> legal;
  ledger::LogCertificates certificates;
};

std::string Resolve(const std::string& directory, const std::string& path) {
  return (std::filesystem::path(directory) / path).string();
}

// Collects the failures of independent steps, so that an operator sees all of them at once.
class Failures {
 public:
  // True when `status` is OK.
  bool Note(const absl::Status& status) {
    if (!status.ok()) texts_.emplace_back(status.message());
    return status.ok();
  }
  template <typename T>
  void Take(absl::StatusOr<T> value, T* into) {
    if (Note(value.status())) *into = *std::move(value);
  }
  absl::Status AsStatus() const {
    if (texts_.empty()) return absl::OkStatus();
    return base::MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION",
                           absl::StrJoin(texts_, "\n"), base::Visibility::kOperator);
  }

 private:
  std::vector<std::string> texts_;
};

void CheckPresent(const config::v1::Server& config, const std::string& file, Failures* failures) {
  const std::pair<const char*, bool> required[] = {
      {"listen", !config.listen().empty()},
      {"tls.ca_file", !config.tls().ca_file().empty()},
      {"tls.certificate_file", !config.tls().certificate_file().empty()},
      {"tls.key_file", !config.tls().key_file().empty()},
      {"register_file", !config.register_file().empty()},
      {"catalogue_file", !config.catalogue_file().empty()},
      {"policies_dir", !config.policies_dir().empty()},
      {"store.directory", !config.store().directory().empty()},
      {"store.key_encryption_key_file", !config.store().key_encryption_key_file().empty()},
      {"log.origin", !config.log().origin().empty()},
      {"log.ed25519_key_file", !config.log().ed25519_key_file().empty()},
      {"log.ed25519_certificate_file", !config.log().ed25519_certificate_file().empty()},
      {"log.legal_key_file", !config.log().legal_key_file().empty()},
      {"log.legal_certificate_file", !config.log().legal_certificate_file().empty()}};
  for (const auto& [key, present] : required) {
    if (present) continue;
    failures->Note(base::MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION",
                                   absl::StrCat(file, ": ", key, " is required")));
  }
  if (config.loops() < 0 || config.loops() > 64 || config.compute_threads() < 0 ||
      config.compute_threads() > 256) {
    failures->Note(
        base::MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION",
                        absl::StrCat(file, ": loops is 0 to 64, compute_threads 0 to 256")));
  }
}

absl::StatusOr<std::unique_ptr<Read>> ReadConfiguration(const PlatformOptions& options) {
  auto read = std::make_unique<Read>();
  HEDUI_RETURN_IF_ERROR(base::ReadYamlMessageFile(options.config_file, &read->config));
  read->directory = std::filesystem::absolute(options.config_file).parent_path().string();
  const config::v1::Server& config = read->config;
  Failures failures;
  CheckPresent(config, options.config_file, &failures);
  HEDUI_RETURN_IF_ERROR(failures.AsStatus());
  auto path = [&read](const std::string& name) { return Resolve(read->directory, name); };

  read->api.listen = config.listen();
  failures.Take(base::ReadFile(path(config.tls().ca_file())), &read->api.ca_pem);
  failures.Take(base::ReadFile(path(config.tls().certificate_file())), &read->api.certificate_pem);
  failures.Take(base::ReadFile(path(config.tls().key_file())), &read->api.key_pem);
  failures.Take(ledger::LoadPemSigner(path(config.log().ed25519_key_file())), &read->ed25519);
  failures.Take(ledger::LoadPemSigner(path(config.log().legal_key_file())), &read->legal);
  failures.Take(ledger::LoadLogCertificates(path(config.log().ed25519_certificate_file()),
                                            path(config.log().legal_certificate_file())),
                &read->certificates);

  read->setup = std::make_shared<Setup>();
  failures.Take(access::LoadRegister(path(config.register_file())), &read->setup->reg);
  failures.Take(plan::LoadCatalogue(path(config.catalogue_file())), &read->setup->catalogue);
  failures.Take(assess::PolicyPack::Load(path(config.policies_dir())), &read->setup->policies);
  read->setup->restriction = config.report().restriction_of_use();
  read->setup->objection = config.report().objection_route();
  HEDUI_RETURN_IF_ERROR(failures.AsStatus());
  return read;
}

adapters::AdapterConfig AdapterOf(const plan::Source& source) {
  adapters::AdapterConfig config;
  config.source_id = source.id;
  if (const auto* grpc = std::get_if<plan::GrpcAdapterConfig>(&source.adapter)) {
    config.kind = "grpc";
    config.target = grpc->address;
    config.server_name = grpc->server_name;
    config.ca_file = grpc->tls.ca_file;
    config.certificate_file = grpc->tls.certificate_file;
    config.key_file = grpc->tls.key_file;
  } else {
    config.kind = "simulated";
    config.simulation_file = std::get<plan::SimulatedAdapterConfig>(source.adapter).file;
  }
  return config;
}

absl::StatusOr<std::shared_ptr<const gather::Sources>> ConnectSources(
    const plan::Catalogue& catalogue, adapters::AdapterSet* adapters) {
  auto sources = std::make_shared<gather::Sources>();
  for (const plan::Source& source : catalogue.sources()) {
    HEDUI_ASSIGN_OR_RETURN(adapters::SourceAdapter * adapter,
                           adapters->GetOrMake(AdapterOf(source)));
    HEDUI_RETURN_IF_ERROR(sources->Add(gather::PolicyOf(source), adapter));
  }
  return sources;
}

store::SqliteStoreOptions StoreOptions(const Read& read) {
  store::SqliteStoreOptions options;
  options.directory = Resolve(read.directory, read.config.store().directory());
  options.key_encryption_key_file =
      Resolve(read.directory, read.config.store().key_encryption_key_file());
  return options;
}

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "STORE_DIRECTORY",
                           absl::StrCat(path, ": cannot be created: ", error.message()),
                           base::Visibility::kOperator);
  }
  // Sealed bodies, but also when and how often somebody asked.
  if (chmod(path.c_str(), 0700) != 0) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "STORE_DIRECTORY",
                           absl::StrCat(path, ": its mode cannot be set to 0700"),
                           base::Visibility::kOperator);
  }
  return absl::OkStatus();
}

}  // namespace

// In the order of building; destroyed the other way round, after the drain.
struct Platform::Parts {
  PlatformOptions options;
  std::unique_ptr<Read> read;
  std::unique_ptr<store::Store> store;
  adapters::AdapterSet adapters;
  std::unique_ptr<ledger::Committer> committer;
  std::unique_ptr<access::MatterBook> matters;
  access::InFlight in_flight;
  std::unique_ptr<runtime::WorkerPool> disk;
  std::unique_ptr<runtime::WorkerPool> compute;
  std::shared_ptr<const Setup> setup;
  Rooms rooms;
  std::unique_ptr<runtime::EventLoops> loops;
  std::unique_ptr<Verifier> verifier;
  std::unique_ptr<Registrar> registrar;
  std::unique_ptr<api::ApiServer> api;
  runtime::Drain drain;

  absl::Status OpenStore();
  void BuildPools();
  absl::Status Connect();
  void BuildRooms();
  absl::Status Listen();
  void PlanDrain();
};

absl::Status Platform::Parts::OpenStore() {
  const config::v1::Server& config = read->config;
  store::SqliteStoreOptions store_options = StoreOptions(*read);
  store_options.vfs = options.sqlite_vfs;
  HEDUI_RETURN_IF_ERROR(MakeDirectory(store_options.directory));
  HEDUI_ASSIGN_OR_RETURN(store, store::OpenSqlite(store_options, options.ids));
  if (options.replace_legal_signer) {
    read->legal = options.replace_legal_signer(std::move(read->legal));
  }
  ledger::LogSigning signing;
  signing.origin = config.log().origin();
  signing.ed25519 = read->ed25519.get();
  signing.legal = read->legal.get();
  signing.certificates = read->certificates;
  signing.clock = options.clock;
  HEDUI_ASSIGN_OR_RETURN(auto log, ledger::Log::Open(*store, std::move(signing)));
  committer = std::make_unique<ledger::Committer>(std::move(log), store.get());
  return absl::OkStatus();
}

void Platform::Parts::BuildPools() {
  runtime::WorkerPool::Options disk_options;
  disk_options.name = "disk";
  disk_options.threads = kDiskThreads;
  disk = std::make_unique<runtime::WorkerPool>(disk_options);
  runtime::WorkerPool::Options compute_options;
  compute_options.name = "compute";
  compute_options.threads = read->config.compute_threads();
  compute = std::make_unique<runtime::WorkerPool>(compute_options);
}

absl::Status Platform::Parts::Connect() {
  HEDUI_ASSIGN_OR_RETURN(read->setup->sources, ConnectSources(read->setup->catalogue, &adapters));
  setup = read->setup;
  return absl::OkStatus();
}

void Platform::Parts::BuildRooms() {
  matters = std::make_unique<access::MatterBook>(store.get(), options.clock, options.ids);
  rooms.clock = options.clock;
  rooms.ids = options.ids;
  rooms.rows = store.get();
  rooms.log = store.get();
  rooms.committer = committer.get();
  rooms.matters = matters.get();
  rooms.in_flight = &in_flight;
  rooms.disk = disk.get();
  rooms.compute = compute.get();
  rooms.certificates = read->certificates;
  rooms.log_origin = read->config.log().origin();
  rooms.setup = [this] { return setup; };
  rooms.on_step = options.on_step;
  rooms.tell = options.tell;
  rooms.fatal = [this](const absl::Status& why) {
    options.tell(absl::StrCat("nothing can be committed any more: ", why.ToString()));
    if (options.on_fatal) options.on_fatal(why);
  };
  verifier = std::make_unique<Verifier>(&rooms);
  registrar = std::make_unique<Registrar>(&rooms);
}

absl::Status Platform::Parts::Listen() {
  loops = std::make_unique<runtime::EventLoops>(options.clock);
  api = std::make_unique<api::ApiServer>(
      read->api, [this] { return std::shared_ptr<const access::Register>(setup, &setup->reg); },
      options.clock, verifier.get(), registrar.get());
  return api->Start(loops.get(), std::max(1, read->config.loops()));
}

void Platform::Parts::PlanDrain() {
  using Stage = runtime::DrainStage;
  // Before the door closes: its Shutdown waits for calls, which wait for flows, which wait for
  // sources. Calls that come meanwhile are told to repeat.
  drain.Add(Stage::kHealth, "flows", [this] { verifier->Drain(kShutdownGrace); });
  drain.Add(Stage::kServer, "api", [this] { api->Shutdown(kShutdownGrace); });
  drain.Add(Stage::kLoops, "event loops", [this] { loops->Shutdown(); });
  drain.Add(Stage::kWorkers, "disk pool", [this] { disk->Drain(); });
  drain.Add(Stage::kWorkers, "compute pool", [this] { compute->Drain(); });
  drain.Add(Stage::kWorkers, "committer", [this] { committer->Drain(); });
}

absl::Status Platform::Check(const PlatformOptions& options) {
  return ReadConfiguration(options).status();
}

absl::StatusOr<std::string> Platform::ExportCase(const PlatformOptions& options,
                                                 const std::string& report_number) {
  HEDUI_ASSIGN_OR_RETURN(auto read, ReadConfiguration(options));
  HEDUI_ASSIGN_OR_RETURN(base::Uuid id, report::ReportIdOfNumber(report_number));
  // Whatever stands on the disk belongs to the process that writes it.
  HEDUI_ASSIGN_OR_RETURN(auto rows, store::OpenSqliteForReading(StoreOptions(*read), options.ids));
  return ReadCase(*rows, id);
}

absl::StatusOr<std::unique_ptr<Platform>> Platform::Start(PlatformOptions options) {
  auto parts = std::make_unique<Parts>();
  HEDUI_ASSIGN_OR_RETURN(parts->read, ReadConfiguration(options));
  parts->options = std::move(options);
  HEDUI_RETURN_IF_ERROR(parts->OpenStore());
  parts->BuildPools();
  HEDUI_RETURN_IF_ERROR(parts->Connect());
  parts->BuildRooms();
  HEDUI_RETURN_IF_ERROR(parts->Listen());
  parts->PlanDrain();
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Platform::~Platform() {
  parts_->drain.Run(*parts_->options.clock, [this](runtime::DrainStage stage,
                                                   absl::string_view name, absl::Duration took) {
    parts_->options.tell(absl::StrCat("drained ", runtime::DrainStageName(stage), ": ", name,
                                      " in ", absl::ToInt64Milliseconds(took), " ms"));
  });
}

int Platform::port() const { return parts_->api->port(); }

absl::Status Platform::Health() const { return parts_->committer->Health(); }

}  // namespace hedui
