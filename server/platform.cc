#include "server/platform.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/registry.h"
#include "server/api/api_server.h"
#include "server/api/decode_request.h"
#include "server/assess/policy_archive.h"
#include "server/authorization_flow.h"
#include "server/base/dates.h"
#include "server/base/event.h"
#include "server/base/metrics.h"
#include "server/base/status.h"
#include "server/correction_flow.h"
#include "server/flow_bytes.h"
#include "server/gather/answer_share.h"
#include "server/ledger/certificates.h"
#include "server/ledger/committer.h"
#include "server/ledger/log.h"
#include "server/operation/metrics_endpoint.h"
#include "server/operation/process_metrics.h"
#include "server/pending_desk.h"
#include "server/platform_configuration.h"
#include "server/platform_metrics.h"
#include "server/policy_flow.h"
#include "server/recall_flow.h"
#include "server/reloader.h"
#include "server/report_desk.h"
#include "server/resume.h"
#include "server/rooms.h"
#include "server/runtime/drain.h"
#include "server/runtime/grpc_event_loop.h"
#include "server/runtime/loop_watch.h"
#include "server/runtime/worker_pool.h"
#include "server/source_admin_flow.h"
#include "server/source_log.h"
#include "server/source_quality.h"
#include "server/source_quota.h"
#include "server/store/store.h"
#include "server/verify_flow.h"
#include "server/verify_steps.h"

namespace hedui {
namespace {

// Running calls may end on their own for so long after the door closed.
constexpr absl::Duration kShutdownGrace = absl::Seconds(2);
// The disk answers look-ups in parallel; more threads than connections would only queue.
constexpr int kDiskThreads = 3;

// What docker/proxy lets through, with the departments' connections and the store's files.
constexpr rlim_t kDescriptorsMin = 4'096;

// Once they run out, gRPC 1.51 takes no connection any more, also when there are some again.
void TellOfFewDescriptors(const PlatformOptions& options) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kDescriptorsMin) return;
  options.tell(absl::StrCat("this process may open ", limit.rlim_cur,
                            " files and connections, which callers can use up: raise LimitNOFILE "
                            "(ulimit -n) to ",
                            kDescriptorsMin,
                            " or more, and bound connections by a proxy in front"));
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
  std::unique_ptr<PlatformConfiguration> read;
  std::unique_ptr<store::Store> store;
  adapters::AdapterSet adapters;
  std::unique_ptr<ledger::Committer> committer;
  std::unique_ptr<access::MatterBook> matters;
  access::InFlight in_flight;
  std::unique_ptr<access::DayQuota> day_quota;
  std::unique_ptr<base::ByteBudget> byte_budget;
  std::shared_ptr<gather::AnswerShare> answers;
  std::unique_ptr<runtime::WorkerPool> disk;
  std::unique_ptr<runtime::WorkerPool> compute;
  std::unique_ptr<SourceQuota> source_quota;
  std::unique_ptr<Reloader> reloader;
  std::unique_ptr<SourceLog> source_log;
  std::unique_ptr<SourceQuality> source_quality;
  std::unique_ptr<api::CallLog> call_log;
  Rooms rooms;
  std::unique_ptr<runtime::EventLoops> loops;
  std::unique_ptr<PendingDesk> pending;
  std::unique_ptr<Verifier> verifier;
  std::unique_ptr<Registrar> registrar;
  std::unique_ptr<Corrector> corrector;
  std::unique_ptr<ReportDesk> reports;
  std::unique_ptr<PolicyDesk> policies;
  std::unique_ptr<SourceDesk> sources;
  std::unique_ptr<RecallDesk> recalls;
  std::unique_ptr<api::ApiServer> api;
  std::unique_ptr<Resumer> resumer;
  // Of the process that wrote the store before this one.
  std::optional<absl::Time> newest_row;
  std::unique_ptr<runtime::LoopWatch> loop_watch;
  std::atomic<bool> serving{false};
  base::MetricBook metrics;
  runtime::Drain drain;
  // Reads all of the above, so it goes first.
  std::unique_ptr<operation::MetricsEndpoint> metrics_endpoint;

  absl::Status OpenStore();
  void BuildPools();
  absl::Status Connect();
  absl::Status KeepPolicies(const assess::PolicyPack& pack);
  void BuildRooms();
  // A request as an intent has it.
  absl::StatusOr<VerifyRequest> DecodeKept(const std::string& agency, const std::string& bytes);
  void QuietTell();
  absl::Status Listen();
  absl::Status ShowMetrics();
  void PlanDrain();
};

absl::Status Platform::Parts::OpenStore() {
  store::SqliteStoreOptions store_options = read->store;
  store_options.vfs = options.sqlite_vfs;
  if (options.adjust_store) options.adjust_store(&store_options);
  HEDUI_RETURN_IF_ERROR(MakeDirectory(store_options.directory));
  if (!store_options.key_directory.empty()) {
    HEDUI_RETURN_IF_ERROR(MakeDirectory(store_options.key_directory));
  }
  HEDUI_ASSIGN_OR_RETURN(store, store::OpenSqlite(store_options, options.ids));
  HEDUI_ASSIGN_OR_RETURN(newest_row, store->NewestRowTime());
  if (options.replace_legal_signer) {
    read->legal = options.replace_legal_signer(std::move(read->legal));
  }
  ledger::LogSigning signing;
  signing.origin = read->server.log().origin();
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
  compute_options.threads = read->server.compute_threads();
  compute = std::make_unique<runtime::WorkerPool>(compute_options);
}

absl::Status Platform::Parts::Connect() {
  source_quota = std::make_unique<SourceQuota>(options.clock, options.ids, store.get(),
                                               committer.get(), disk.get(), options.tell);
  reloader = std::make_unique<Reloader>(
      options.config_file, options.clock,
      [this](base::EventLevel level, const std::string& line) {
        options.tell(base::Event(level, "reload").With("text", line));
      },
      &adapters,
      [this](const std::string& source, const gather::DayLease& wish, gather::LeaseDone done) {
        source_quota->Lease(source, wish, std::move(done));
      },
      [this](const assess::PolicyPack& pack) { return KeepPolicies(pack); });
  return reloader->Begin(*read);
}

// So that every case can be computed again by what it was computed by.
absl::Status Platform::Parts::KeepPolicies(const assess::PolicyPack& pack) {
  const absl::Status kept = store->KeepPolicySets(assess::SetsOf(pack), options.clock->WallNow());
  if (!kept.ok()) {
    const char* const mend =
        absl::IsResourceExhausted(kept)
            ? ": give the store room (on its disk, or store.max_mib) and try again"
            : "";
    return base::MakeError(
        kept.code(), base::ReasonOf(kept),
        absl::StrCat("the policy sets are not in force, since they cannot be kept for replays: ",
                     kept.message(), mend),
        base::Visibility::kOperator);
  }
  if (options.on_step) options.on_step(FlowStep::kPoliciesKept);
  return absl::OkStatus();
}

void Platform::Parts::BuildRooms() {
  matters = std::make_unique<access::MatterBook>(store.get(), options.clock, options.ids);
  const size_t memory = read->server.memory_mib() > 0
                            ? static_cast<size_t>(read->server.memory_mib()) << 20
                            : kMemoryBytesDefault;
  byte_budget = std::make_unique<base::ByteBudget>(memory, memory / kMemoryShareDivisor);
  day_quota = std::make_unique<access::DayQuota>(options.clock, store.get());
  rooms.clock = options.clock;
  rooms.ids = options.ids;
  rooms.rows = store.get();
  rooms.pages = store.get();
  rooms.log = store.get();
  rooms.policy_archive = store.get();
  rooms.committer = committer.get();
  rooms.matters = matters.get();
  rooms.in_flight = &in_flight;
  rooms.day_quota = day_quota.get();
  rooms.bytes = byte_budget.get();
  answers = gather::AnswerShare::Create(options.clock, byte_budget.get());
  rooms.answers = answers.get();
  rooms.disk = disk.get();
  rooms.compute = compute.get();
  rooms.certificates = read->certificates;
  rooms.log_origin = read->server.log().origin();
  rooms.trust = read->report_trust;
  rooms.setup = [this] { return reloader->setup(); };
  rooms.on_step = options.on_step;
  rooms.tell = options.tell;
  source_log = std::make_unique<SourceLog>(options.tell);
  rooms.source_log = source_log.get();
  source_quality = std::make_unique<SourceQuality>(options.clock);
  rooms.source_quality = source_quality.get();
  call_log = std::make_unique<api::CallLog>(options.clock, options.ids, options.tell);
  rooms.fatal = [this](const absl::Status& why) {
    options.tell(base::FailureEvent("cannot_commit_any_more", why));
    if (api != nullptr) api->ReportUnhealthy();
    if (options.on_fatal) options.on_fatal(why);
  };
  pending = std::make_unique<PendingDesk>(
      &rooms, [this](const std::string& agency, const std::string& bytes) {
        return DecodeKept(agency, bytes);
      });
  rooms.pending = pending.get();
  verifier = std::make_unique<Verifier>(&rooms);
  registrar = std::make_unique<Registrar>(&rooms);
  corrector = std::make_unique<Corrector>(&rooms);
  reports = std::make_unique<ReportDesk>(&rooms);
  policies = std::make_unique<PolicyDesk>(&rooms);
  sources = std::make_unique<SourceDesk>(&rooms, reloader->source_states(), source_quality.get());
}

absl::StatusOr<VerifyRequest> Platform::Parts::DecodeKept(const std::string& agency,
                                                          const std::string& bytes) {
  return api::DecodeKeptRequest(agency, bytes, base::CivilDayOf(options.clock->WallNow()));
}

absl::Status Platform::Parts::Listen() {
  loops = std::make_unique<runtime::EventLoops>(options.clock);
  read->api.page_token_key = store->TokenKey();
  if (options.adjust_api) options.adjust_api(&read->api);
  recalls = std::make_unique<RecallDesk>(
      &rooms, reloader->source_states(), [loops = loops.get()] { return loops->Next(); },
      options.recall_settles.value_or(kRecallSettles));
  api = std::make_unique<api::ApiServer>(
      read->api,
      [this] {
        std::shared_ptr<const Setup> setup = reloader->setup();
        const access::Register* const reg = &setup->reg;
        return std::shared_ptr<const access::Register>(std::move(setup), reg);
      },
      [this] { return reloader->trust(); }, options.clock, call_log.get(),
      api::Flows{verifier.get(), registrar.get(), corrector.get(), reports.get(), policies.get(),
                 sources.get(), recalls.get()});
  reloader->Serve(api.get());
  resumer = std::make_unique<Resumer>(&rooms, verifier.get(), loops.get(),
                                      [this](const std::string& agency, const std::string& bytes) {
                                        return DecodeKept(agency, bytes);
                                      });
  HEDUI_RETURN_IF_ERROR(api->Start(loops.get(), std::max(1, read->server.loops())));
  pending->Start(loops->at(0));
  loop_watch = std::make_unique<runtime::LoopWatch>(loops.get());
  serving = true;
  return absl::OkStatus();
}

// Before anything is told: what is below the level that the configuration names is not.
void Platform::Parts::QuietTell() {
  const base::EventLevel least = read->log_level;
  options.tell = [least, tell = std::move(options.tell)](const base::Event& event) {
    if (event.level >= least) tell(event);
  };
}

absl::Status Platform::Parts::ShowMetrics() {
  const std::string& listen = read->server.metrics().listen();
  if (listen.empty()) return absl::OkStatus();
  PlatformParts shown;
  shown.rooms = &rooms;
  shown.store = store.get();
  shown.store_options = &read->store;
  shown.verifier = verifier.get();
  shown.policies = policies.get();
  shown.certificates = [this] { return reloader->Certificates(); };
  shown.serving = [this] { return serving.load(); };
  AddPlatformMetrics(shown, &metrics);
  call_log->AddTo(&metrics);
  source_log->AddTo(&metrics);
  operation::AddProcessMetrics(&metrics);
  if (options.lines_dropped) {
    metrics.Add("hedui_log_lines_dropped_total", "Log lines lost because nobody read them in time.",
                base::MetricKind::kCounter, [this](std::vector<base::MetricSample>* samples) {
                  samples->emplace_back().value = static_cast<double>(options.lines_dropped());
                });
  }
  HEDUI_ASSIGN_OR_RETURN(metrics_endpoint, operation::MetricsEndpoint::Start(listen, &metrics));
  return absl::OkStatus();
}

void Platform::Parts::PlanDrain() {
  using Stage = runtime::DrainStage;
  drain.Add(Stage::kHealth, "health", [this] {
    serving = false;
    api->StopServing();
  });
  drain.Add(Stage::kHealth, "resuming", [this] { resumer->Stop(); });
  // What is open stands in rows.
  drain.Add(Stage::kHealth, "promised answers", [this] { pending->Stop(); });
  drain.Add(Stage::kHealth, "recalls", [this] { recalls->Stop(); });
  // Before the door closes: its Shutdown waits for calls, which wait for flows, which wait for
  // sources. Calls that come meanwhile are told to repeat.
  drain.Add(Stage::kHealth, "flows", [this] { verifier->Drain(kShutdownGrace); });
  drain.Add(Stage::kServer, "api", [this] { api->Shutdown(kShutdownGrace); });
  drain.Add(Stage::kLoops, "event loops", [this] { loops->Shutdown(); });
  drain.Add(Stage::kWorkers, "disk pool", [this] { disk->Drain(); });
  drain.Add(Stage::kWorkers, "compute pool", [this] { compute->Drain(); });
  drain.Add(Stage::kWorkers, "policy pool", [this] { policies->Drain(); });
  drain.Add(Stage::kWorkers, "committer", [this] { committer->Drain(); });
}

absl::Status Platform::Check(const PlatformOptions& options) {
  const absl::Time now = options.clock->WallNow();
  std::vector<WatchedCertificate> near;
  absl::Status status = CheckPlatformConfiguration(options.config_file, now, options.ids, &near);
  for (const WatchedCertificate& one : near) {
    if (options.tell) options.tell(ExpiryText(one, now));
  }
  return status;
}

absl::StatusOr<std::string> Platform::ExportCase(const PlatformOptions& options,
                                                 const std::string& report_number) {
  HEDUI_ASSIGN_OR_RETURN(const store::SqliteStoreOptions store,
                         ReadStoreOptions(options.config_file));
  HEDUI_ASSIGN_OR_RETURN(base::Uuid id, report::ReportIdOfNumber(report_number));
  // Whatever stands on the disk belongs to the process that writes it.
  HEDUI_ASSIGN_OR_RETURN(auto rows, store::OpenSqliteForReading(store, options.ids));
  return ReadCase(*rows, id);
}

absl::StatusOr<size_t> Platform::ExportPolicies(const PlatformOptions& options,
                                                const std::string& directory) {
  HEDUI_ASSIGN_OR_RETURN(store::SqliteStoreOptions store, ReadStoreOptions(options.config_file));
  HEDUI_ASSIGN_OR_RETURN(const auto kept, store::OpenSqlitePolicies(store));
  HEDUI_ASSIGN_OR_RETURN(const auto archive, assess::PolicyArchive::Create(directory));
  return assess::CopyPolicySets(*kept, archive.get());
}

absl::StatusOr<std::unique_ptr<Platform>> Platform::Start(PlatformOptions options) {
  auto parts = std::make_unique<Parts>();
  TellOfFewDescriptors(options);
  HEDUI_ASSIGN_OR_RETURN(parts->read,
                         ReadPlatformConfiguration(options.config_file, options.clock->WallNow()));
  parts->options = std::move(options);
  parts->QuietTell();
  HEDUI_RETURN_IF_ERROR(parts->OpenStore());
  parts->BuildPools();
  HEDUI_RETURN_IF_ERROR(parts->Connect());
  parts->BuildRooms();
  // Before anybody can be asked.
  HEDUI_RETURN_IF_ERROR(parts->sources->Load());
  // Before the first call: a start that fails for it needs no drain.
  HEDUI_RETURN_IF_ERROR(parts->ShowMetrics());
  HEDUI_RETURN_IF_ERROR(parts->Listen());
  parts->PlanDrain();
  parts->resumer->Start(parts->newest_row);
  parts->recalls->Resume();
  parts->reloader->Tend();
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Platform::~Platform() {
  parts_->drain.Run(*parts_->options.clock, [this](runtime::DrainStage stage,
                                                   absl::string_view name, absl::Duration took) {
    parts_->options.tell(base::Event(base::EventLevel::kInfo, "drained")
                             .With("stage", std::string(runtime::DrainStageName(stage)))
                             .With("step", std::string(name))
                             .With("ms", absl::ToInt64Milliseconds(took)));
  });
}

absl::Status Platform::Reload() { return parts_->reloader->Reload(); }

void Platform::Tend() {
  parts_->reloader->Tend();
  parts_->answers->Sweep();
}

std::vector<WatchedCertificate> Platform::Certificates() const {
  return parts_->reloader->Certificates();
}

int Platform::port() const { return parts_->api->port(); }

int Platform::metrics_port() const {
  return parts_->metrics_endpoint == nullptr ? 0 : parts_->metrics_endpoint->port();
}

absl::Status Platform::Beat() {
  HEDUI_RETURN_IF_ERROR(Health());
  return parts_->loop_watch->Check();
}

absl::Status Platform::Health() const { return parts_->committer->Health(); }

}  // namespace hedui
