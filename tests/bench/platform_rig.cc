#include "tests/bench/platform_rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "server/base/clock.h"
#include "server/base/dates.h"
#include "server/base/row.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/base/yaml_message.h"
#include "server/ledger/signer.h"
#include "server/operation/event_line.h"
#include "server/operation/event_log.h"
#include "server/platform.h"
#include "server/runtime/signals.h"
#include "tests/bench/unsealed.h"

namespace hedui::bench {
namespace {

constexpr char kAgency[] = "640104-civil-affairs";
constexpr char kOrigin[] = "bench.example/log";
constexpr char kVerifyMethod[] = "/hedui.v1.VerificationService/VerifyHousehold";
constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr int kScenarioSources = 8;
constexpr int kShapeRequests = 64;
constexpr int kShapeInFlight = 16;  // several flows a commit, as under load

absl::Status Failure(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInternal, "PLATFORM_RIG", what);
}

absl::StatusOr<std::string> SourceFile(const std::string& name) {
  return base::ReadFile(absl::StrCat(HEDUI_SOURCE_DIR, "/", name));
}

std::string BankId(int number) { return absl::StrFormat("bank-%02d", number); }

std::string Today() { return base::FormatDay(base::CivilDayOf(absl::Now())); }

absl::Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return file ? absl::OkStatus() : Failure(absl::StrCat("cannot write ", path));
}

// Says it signed, with bytes of a signature's length.
class IdleSigner final : public ledger::Signer {
 public:
  explicit IdleSigner(std::unique_ptr<ledger::Signer> instead_of)
      : instead_of_(std::move(instead_of)) {}

  ledger::SignatureKind kind() const override { return instead_of_->kind(); }
  std::string PublicKey() const override { return instead_of_->PublicKey(); }
  void Sign(std::string, Done done) override { std::move(done)(std::string(71, '\x30')); }

 private:
  const std::unique_ptr<ledger::Signer> instead_of_;
};

// One number out of a database that another process has open.
absl::StatusOr<double> AskNumber(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  absl::StatusOr<double> answer = Failure(absl::StrCat("SQLite: ", sql));
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    answer = sqlite3_column_double(statement, 0);
  }
  sqlite3_finalize(statement);
  return answer;
}

}  // namespace

int ServePlatform(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a benchmark that is killed leaves nothing running
  if (argc != 3) {
    std::fprintf(stderr, "usage: hedui-bench serve-platform CONFIG signed|unsigned|unsealed\n");
    return 2;
  }
  runtime::BlockSignals();
  const base::SystemClock clock;
  base::SecureIdSource ids;
  PlatformOptions options;
  options.config_file = argv[1];
  options.clock = &clock;
  options.ids = &ids;
  // The log costs what it costs, and fills no disk; what went wrong is shown.
  operation::EventLog log(open("/dev/null", O_WRONLY | O_CLOEXEC), &clock);
  options.tell = [&log](const base::Event& event) {
    log.Write(event);
    if (event.level < base::EventLevel::kWarning) return;
    std::fprintf(stderr, "%s\n", operation::EventLine(event, absl::Now()).c_str());
  };
  if (std::string(argv[2]) == "unsigned") {
    options.replace_legal_signer = [](std::unique_ptr<ledger::Signer> signer) {
      return std::make_unique<IdleSigner>(std::move(signer));
    };
  }
  UseUnsealedStore(std::string(argv[2]) == "unsealed");
  auto platform = Platform::Start(std::move(options));
  if (!platform.ok()) {
    std::fprintf(stderr, "bench: %s\n", std::string(platform.status().message()).c_str());
    return 1;
  }
  std::printf("listening %d\n", (*platform)->port());
  std::fflush(stdout);
  runtime::WaitForSignal();
  return 0;
}

PlatformRig::PlatformRig(const PlatformRigOptions& options)
    : options_(options),
      platform_tls_(pki_.IssueTls("platform", "hedui://platform/640000")),
      log_ed25519_(pki_.IssueLog(testing::KeyType::kEd25519, kOrigin)),
      log_legal_(pki_.IssueLog(testing::KeyType::kSm2, kOrigin)) {
  for (int i = 0; i < options.agencies; ++i) {
    agencies_.push_back(i == 0 ? std::string(kAgency) : absl::StrCat(kAgency, "-", i + 1));
    agency_tls_.push_back(
        pki_.IssueTls(agencies_.back(), absl::StrCat("hedui://agency/", agencies_.back())));
  }
}

PlatformRig::~PlatformRig() = default;

// Sure answers only: a refused or late source makes a report cheaper.
absl::Status PlatformRig::CheckComplete(const std::string& bytes) const {
  const std::optional<size_t> held_number = sources_->held_source();
  const std::string held =
      held_number.has_value() ? sources_->addresses()[*held_number].first : std::string();
  v1::VerifyHouseholdResponse response;
  if (!response.ParseFromString(bytes)) return Failure("not a response");
  std::set<std::string> sources;
  for (const v1::SourceOutcome& outcome : response.outcomes()) {
    if (!held.empty() && outcome.source_id() == held) continue;
    if (outcome.kind() != v1::ANSWER_KIND_FOUND &&
        outcome.kind() != v1::ANSWER_KIND_CONFIRMED_NONE) {
      return Failure(absl::StrCat(outcome.source_id(), " about ", outcome.category(), ": ",
                                  v1::AnswerKind_Name(outcome.kind()), " ",
                                  v1::Reason_Name(outcome.reason())));
    }
    sources.insert(outcome.source_id());
  }
  const size_t wanted = sources_->addresses().size() - (held.empty() ? 0 : 1);
  if (sources.size() == wanted) return absl::OkStatus();
  return Failure(absl::StrCat(sources.size(), " sources, not ", wanted));
}

absl::StatusOr<std::unique_ptr<PlatformRig>> PlatformRig::Start(const PlatformRigOptions& options) {
  std::unique_ptr<PlatformRig> rig(new PlatformRig(options));
  HEDUI_RETURN_IF_ERROR(rig->StartSources());
  HEDUI_RETURN_IF_ERROR(rig->WriteFiles());
  HEDUI_RETURN_IF_ERROR(rig->StartPlatform());
  HEDUI_RETURN_IF_ERROR(rig->RegisterLetters());
  HEDUI_RETURN_IF_ERROR(base::ReadYamlMessageFile(
      absl::StrCat(HEDUI_SOURCE_DIR, "/clients/demo/household.yaml"), &rig->request_));
  return rig;
}

// The scenario's sources, and banks beside them.
absl::StatusOr<std::string> PlatformRig::DepartmentsText() const {
  HEDUI_ASSIGN_OR_RETURN(std::string text, SourceFile("tests/bench/scenario/departments.yaml.in"));
  std::string banks;
  for (int i = kScenarioSources + 1; i <= options_.sources; ++i) {
    absl::StrAppend(&banks, "  - id: ", BankId(i), "\n    categories: [deposit]\n");
  }
  const std::string people = "\npeople:\n";
  if (absl::StrReplaceAll({{people, absl::StrCat(banks, people)}}, &text) != 1) {
    return Failure("the scenario's departments are laid out in another way");
  }
  absl::StrReplaceAll({{"@TODAY@", Today()}}, &text);
  return text;
}

absl::StatusOr<std::string> PlatformRig::CatalogueText() const {
  HEDUI_ASSIGN_OR_RETURN(std::string text, SourceFile("tests/bench/scenario/catalogue.yaml.in"));
  for (int i = kScenarioSources + 1; i <= options_.sources; ++i) {
    const std::string id = BankId(i);
    absl::StrAppend(&text, "  - id: ", id, "\n    name: 银行 ", i,
                    "\n    department: 银行业金融机构\n    level: region\n"
                    "    divisions: [\"640000\"]\n    categories: [{code: deposit}]\n"
                    "    concurrency: 1000\n    grpc: {address: \"@",
                    id, "@\"}\n");
  }
  for (const auto& [id, address] : sources_->addresses()) {
    absl::StrReplaceAll({{absl::StrCat("@", id, "@"), address}}, &text);
  }
  return text;
}

absl::Status PlatformRig::StartSources() {
  HEDUI_ASSIGN_OR_RETURN(const std::string departments, DepartmentsText());
  const testing::Issued tls = pki_.IssueTls("departments");
  HEDUI_ASSIGN_OR_RETURN(
      sources_,
      DepartmentSources::Start(departments, {pki_.ca_pem(), tls.certificate_pem, tls.key_pem}));
  return absl::OkStatus();
}

// The demo's, with its one agency as often as is wanted.
absl::StatusOr<std::string> PlatformRig::RegisterText() const {
  HEDUI_ASSIGN_OR_RETURN(const std::string demo, SourceFile("clients/demo/register.yaml"));
  const std::string code = absl::StrCat("  - code: ", kAgency, "\n");
  const size_t first = demo.find(code);
  if (first == std::string::npos) return Failure("the demo's register has another agency");
  std::string text = demo.substr(0, first);
  for (const std::string& agency : agencies_) {
    absl::StrAppend(&text, "  - code: ", agency, "\n    in_flight_max: ", options_.in_flight_max,
                    "\n", demo.substr(first + code.size()));
  }
  return text;
}

absl::Status PlatformRig::WriteFiles() {
  HEDUI_ASSIGN_OR_RETURN(std::string catalogue, CatalogueText());
  absl::StrReplaceAll({{"@CA@", pki_.ca_path()},
                       {"@CERTIFICATE@", platform_tls_.certificate_path},
                       {"@KEY@", platform_tls_.key_path}},
                      &catalogue);
  if (!options_.patient_source.empty()) {
    const std::string id = absl::StrCat("  - id: ", options_.patient_source, "\n");
    if (absl::StrReplaceAll({{id, absl::StrCat(id, "    deadline: 60s\n")}}, &catalogue) != 1) {
      return Failure("no source is called as the one that is to be patient");
    }
    // As many calls at once as there may be verifications.
    absl::StrReplaceAll({{"concurrency: 1000\n", "concurrency: 10000\n"}}, &catalogue);
  }
  if (!options_.hedged_source.empty()) {
    const std::string id = absl::StrCat("  - id: ", options_.hedged_source, "\n");
    if (absl::StrReplaceAll({{id, absl::StrCat(id, "    hedge_safe: true\n")}}, &catalogue) != 1) {
      return Failure("no source is called as the one that is to be hedged");
    }
  }
  HEDUI_ASSIGN_OR_RETURN(const std::string reg, RegisterText());
  HEDUI_ASSIGN_OR_RETURN(std::string server, SourceFile("clients/demo/heduid.yaml"));
  absl::StrReplaceAll(
      {{"policies_dir: policies", absl::StrCat("policies_dir: ", HEDUI_SOURCE_DIR, "/policies")},
       {"pki/ca.pem", pki_.ca_path()},
       {"pki/platform.pem", platform_tls_.certificate_path},
       {"pki/platform.key", platform_tls_.key_path},
       {"pki/log-ed25519.key", log_ed25519_.key_path},
       {"pki/log-ed25519.pem", log_ed25519_.certificate_path},
       {"pki/log-sm2.key", log_legal_.key_path},
       {"pki/log-sm2.pem", log_legal_.certificate_path},
       {"pki/kek", "kek"},
       {"origin: hedui.example/640000/log", absl::StrCat("origin: ", kOrigin)}},
      &server);
  absl::StrAppend(&server, "\nloops: ", options_.loops, "\n");
  HEDUI_RETURN_IF_ERROR(WriteText(Path("catalogue.yaml"), catalogue));
  HEDUI_RETURN_IF_ERROR(WriteText(Path("register.yaml"), reg));
  HEDUI_RETURN_IF_ERROR(WriteText(Path("heduid.yaml"), server));
  return WriteText(Path("kek"), absl::StrCat("1 ", std::string(64, 'a'), "\n"));
}

absl::Status PlatformRig::StartPlatform() {
  const std::string config = Path("heduid.yaml");
  const std::string own = testing::OwnPath();
  std::vector<std::string> argv;
  switch (options_.server) {
    case PlatformServer::kHeduid:
      argv = {options_.heduid, "--config", config};
      if (argv[0].empty()) argv[0] = std::filesystem::path(own).parent_path() / "heduid";
      break;
    case PlatformServer::kSigned:
      argv = {own, "serve-platform", config, "signed"};
      break;
    case PlatformServer::kUnsigned:
      argv = {own, "serve-platform", config, "unsigned"};
      break;
    case PlatformServer::kUnsealed:
      argv = {own, "serve-platform", config, "unsealed"};
      break;
  }
  if (!options_.cpus.empty()) {
    argv.insert(argv.begin(), {"/usr/bin/taskset", "-c", options_.cpus});
  }
  HEDUI_ASSIGN_OR_RETURN(platform_, testing::ChildProcess::Start(argv));
  HEDUI_ASSIGN_OR_RETURN(const std::string port, platform_->ReadLine("listening "));
  platform_->DiscardOutput();  // it logs every call
  target_ = absl::StrCat("localhost:", port);
  return absl::OkStatus();
}

absl::Status PlatformRig::RegisterLetters() {
  v1::RegisterAuthorizationsRequest letters;
  HEDUI_RETURN_IF_ERROR(base::ReadYamlMessageFile(
      absl::StrCat(HEDUI_SOURCE_DIR, "/clients/demo/letters.yaml"), &letters));
  for (size_t i = 0; i < agencies_.size(); ++i) {
    HEDUI_ASSIGN_OR_RETURN(const auto client, ConnectAs(i));
    HEDUI_RETURN_IF_ERROR(client->RegisterAuthorizations(letters, kPatience).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<clients::Client>> PlatformRig::ConnectAs(size_t agency) {
  return clients::Client::Connect({.target = target_,
                                   .ca_file = pki_.ca_path(),
                                   .certificate_file = agency_tls_[agency].certificate_path,
                                   .key_file = agency_tls_[agency].key_path});
}

v1::VerifyHouseholdRequest PlatformRig::NextRequest() {
  request_.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
  return request_;
}

LoadOptions PlatformRig::LoadOf(int in_flight, int requests) {
  LoadOptions load;
  load.target = target_;
  for (const testing::Issued& tls : agency_tls_) {
    auto credentials = ChannelCredentialsOf({pki_.ca_pem(), tls.certificate_pem, tls.key_pem});
    if (load.credentials == nullptr) {
      load.credentials = std::move(credentials);
    } else {
      load.more_credentials.push_back(std::move(credentials));
    }
  }
  load.connections *= static_cast<int>(agencies_.size());
  load.method = kVerifyMethod;
  load.in_flight = in_flight;
  load.requests = requests;
  load.make_request = [this](int) { return NextRequest().SerializeAsString(); };
  return load;
}

absl::StatusOr<LoadResult> PlatformRig::Run(const LoadOptions& load) {
  const absl::Duration before = platform_->CpuTime();
  LoadResult result = RunLoad(load);
  result.cpu_per_call = (platform_->CpuTime() - before) / (load.requests + load.warm_up);
  HEDUI_RETURN_IF_ERROR(CheckAllSucceeded(result));
  return result;
}

// A source that answered for two verifications at once would make the platform look quick.
absl::Status PlatformRig::CheckAsked(const std::vector<int64_t>& before,
                                     int64_t verifications) const {
  const std::vector<int64_t> after = sources_->arrived();
  for (size_t i = 0; i < after.size(); ++i) {
    const int64_t asked = after[i] - before[i];
    const std::string& id = sources_->addresses()[i].first;
    const bool right = sources_->held_source() == i   ? asked <= verifications
                       : id == options_.hedged_source ? asked >= verifications
                                                      : asked == verifications;
    if (right) continue;
    return Failure(
        absl::StrCat(id, " was asked ", asked, " times for ", verifications, " verifications"));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadResult> PlatformRig::RunAsked(const LoadOptions& load) {
  const std::vector<int64_t> before = sources_->arrived();
  HEDUI_ASSIGN_OR_RETURN(LoadResult result, Run(load));
  HEDUI_RETURN_IF_ERROR(CheckAsked(before, load.requests + load.warm_up));
  return result;
}

absl::StatusOr<LoadResult> PlatformRig::Run(int in_flight, int requests) {
  return RunAsked(LoadOf(in_flight, requests));
}

absl::StatusOr<LoadResult> PlatformRig::RunAtRate(double per_second, int requests, int warm_up) {
  LoadOptions load = LoadOf(/*in_flight=*/0, requests);
  load.per_second = per_second;
  load.warm_up = warm_up;
  return RunAsked(load);
}

absl::StatusOr<FloorShape> PlatformRig::MeasureShape() {
  FloorShape shape;
  int64_t response_bytes = 0;
  LoadOptions load = LoadOf(kShapeInFlight, kShapeRequests);
  load.warm_up = 0;
  load.check_response = [this, &response_bytes](int, const std::string& response) {
    response_bytes += static_cast<int64_t>(response.size());
    return CheckComplete(response);
  };
  const DepartmentSources::Traffic before = sources_->traffic();
  HEDUI_RETURN_IF_ERROR(CheckAllSucceeded(RunLoad(load)));
  const DepartmentSources::Traffic after = sources_->traffic();
  const int64_t calls = after.calls - before.calls;
  if (calls != int64_t{options_.sources} * kShapeRequests) {
    return Failure(absl::StrCat(calls, " source calls for ", kShapeRequests, " verifications"));
  }
  shape.request_bytes = request_.ByteSizeLong();
  shape.response_bytes = static_cast<size_t>(response_bytes / kShapeRequests);
  shape.source_request_bytes =
      static_cast<size_t>((after.query_bytes - before.query_bytes) / calls);
  shape.source_response_bytes =
      static_cast<size_t>((after.answer_bytes - before.answer_bytes) / calls);
  HEDUI_RETURN_IF_ERROR(MeasureRows(kShapeRequests, &shape));
  return shape;
}

// Rows as they lie in the store, sealed; what the log and the look-ups keep of a verification is
// shared between its two commits. Head, checkpoint and signatures belong to a commit, and the floor
// writes its own.
absl::Status PlatformRig::MeasureRows(int verifications, FloorShape* shape) const {
  sqlite3* db = nullptr;
  const int opened =
      sqlite3_open_v2(Path("store/hedui.db").c_str(), &db, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> closer(db, sqlite3_close);
  if (opened != SQLITE_OK) return Failure("cannot open the store");
  const auto row_bytes = [db](base::RowKind kind) {
    return AskNumber(db, absl::StrCat("SELECT avg(length(id)+length(matter)+length(body)+24) "
                                      "FROM rows WHERE kind=",
                                      static_cast<int>(kind)));
  };
  HEDUI_ASSIGN_OR_RETURN(const double intent, row_bytes(base::RowKind::kIntent));
  HEDUI_ASSIGN_OR_RETURN(const double result, row_bytes(base::RowKind::kResult));
  HEDUI_ASSIGN_OR_RETURN(const double segments,
                         AskNumber(db, "SELECT sum(length(segment)) FROM commits"));
  HEDUI_ASSIGN_OR_RETURN(
      const double entries,
      AskNumber(db, "SELECT sum(length(leaf_hashes)+length(entries)) FROM log_commits"));
  const double shared = (segments + entries) / (2 * verifications);
  shape->intent_row_bytes = static_cast<size_t>(intent + shared);
  shape->result_row_bytes = static_cast<size_t>(result + shared);
  return absl::OkStatus();
}

}  // namespace hedui::bench
