#include "server/platform_configuration.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "adapters/tls_files.h"
#include "server/base/certificate.h"
#include "server/base/config_defects.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/base/yaml_message.h"
#include "server/ledger/checkpoint.h"
#include "server/ledger/log.h"
#include "server/ledger/pem_signer.h"
#include "server/platform_listen.h"

namespace hedui {
namespace {

namespace fs = std::filesystem;

constexpr int kLoopsMax = 64;
constexpr int kComputeThreadsMax = 256;
// Lists of a national authority take some megabytes.
constexpr size_t kListBytesMax = 64 << 20;
// A store of some hundred reports; a tebibyte holds what a province keeps in twenty years.
constexpr int kStoreMibMin = 16;
constexpr int kStoreMibMax = 1 << 20;
// More than any machine that this runs on has.
constexpr int kMemoryMibMax = 1 << 20;

absl::Status Join(const std::vector<std::string>& texts) {
  if (texts.empty()) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION",
                         absl::StrJoin(texts, "\n"), base::Visibility::kOperator);
}

// These name file and line of every defect themselves.
bool SaysWhere(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  return reason == "CONFIGURATION" || reason == "POLICY";
}

bool MayChangeMode(const std::string& path) {
  struct stat info {};
  return geteuid() == 0 || (stat(path.c_str(), &info) == 0 && info.st_uid == geteuid());
}

void AddWatched(absl::string_view pem, absl::string_view key, const std::string& file,
                std::vector<WatchedCertificate>* into) {
  for (WatchedCertificate& one : WatchedIn(pem, key, file)) into->push_back(std::move(one));
}

// Reads one configuration and gathers what is wrong, so that an operator sees all of it at once.
class Reader {
 public:
  Reader(const std::string& file, absl::Time now) : file_(file), now_(now) {}

  // The file itself. False when nothing of it could be read.
  bool ReadFile();
  void CheckKeys();
  void ReadStore();
  // What it names, each where it names something.
  void ReadSetup();
  void ReadTls();
  void ReadRest();
  void InspectStore(base::IdSource* ids);
  void CheckSourceCertificates();

  absl::Status ToStatus() const;
  std::unique_ptr<PlatformConfiguration> Take() { return std::move(read_); }

 private:
  // A log's key as configured.
  struct LogKey {
    ledger::LogKeyRole role;
    const char* key_name;  // in the file
    const std::string& key_file;
    const char* certificate_name;
    const std::string& certificate_file;
  };

  void ReadOperation();
  void ReadTrust(const std::string& authorities);
  void ReadLog();
  // The certificate's text; nullopt when it cannot be the log's.
  std::optional<std::string> ReadLogKey(const LogKey& key, std::unique_ptr<ledger::Signer>* signer);
  void CheckSigning(const std::string& ed25519_pem, const std::string& legal_pem);
  void ReadCatalogue();
  void CheckSources(const std::string& file, const std::string& text);
  void CheckStoreDirectory(absl::string_view name, const std::string& path);

  // Notes what is wrong, at the line of the key `name`. True when nothing is.
  bool Note(absl::string_view name, const absl::Status& status);
  // The same, of texts that do not name their file.
  void NoteOf(absl::string_view name, const std::string& path, const absl::Status& status);
  template <typename T, typename Into>
  bool Take(absl::string_view name, absl::StatusOr<T> value, Into* into) {
    if (!Note(name, value.status())) return false;
    *into = *std::move(value);
    return true;
  }
  // Paths in the file are relative to it.
  std::string PathOf(const std::string& name) const { return (directory_ / name).string(); }

  const std::string file_;
  const absl::Time now_;
  fs::path directory_;
  std::unique_ptr<PlatformConfiguration> read_ = std::make_unique<PlatformConfiguration>();
  std::vector<std::string> shape_;              // of the file: keys, types, ranges
  std::optional<base::ConfigDefects> defects_;  // of what it says
  std::vector<std::string> elsewhere_;          // of the files it names
};

bool Reader::ReadFile() {
  directory_ = fs::absolute(file_).parent_path();
  absl::StatusOr<std::string> text = base::ReadFile(file_);
  if (!text.ok()) {
    shape_.emplace_back(text.status().message());
    return false;
  }
  std::vector<base::YamlDefect> defects;
  base::ReadYamlMessageListing(file_, *text, &read_->server, &defects);
  if (!defects.empty()) shape_.push_back(base::JoinDefects(defects));
  defects_.emplace(file_, *text);
  // Of a text that is no YAML nothing is known to be missing.
  return defects.empty() || read_->server.ByteSizeLong() > 0;
}

void Reader::CheckKeys() {
  const config::v1::Server& server = read_->server;
  const std::pair<const char*, bool> required[] = {
      {"listen", !server.listen().empty()},
      {"tls.ca_file", !server.tls().ca_file().empty()},
      {"tls.certificate_file", !server.tls().certificate_file().empty()},
      {"tls.key_file", !server.tls().key_file().empty()},
      {"register_file", !server.register_file().empty()},
      {"catalogue_file", !server.catalogue_file().empty()},
      {"policies_dir", !server.policies_dir().empty()},
      {"store.directory", !server.store().directory().empty()},
      {"store.key_encryption_key_file", !server.store().key_encryption_key_file().empty()},
      {"log.origin", !server.log().origin().empty()},
      {"log.ed25519_key_file", !server.log().ed25519_key_file().empty()},
      {"log.ed25519_certificate_file", !server.log().ed25519_certificate_file().empty()},
      {"log.legal_key_file", !server.log().legal_key_file().empty()},
      {"log.legal_certificate_file", !server.log().legal_certificate_file().empty()}};
  for (const auto& [name, present] : required) {
    if (!present) defects_->Add(name, "CONFIG_MISSING", "is required");
  }
  const std::pair<const char*, std::pair<int, int>> bounded[] = {
      {"loops", {server.loops(), kLoopsMax}},
      {"compute_threads", {server.compute_threads(), kComputeThreadsMax}},
      {"memory_mib", {server.memory_mib(), kMemoryMibMax}},
      {"store.max_mib", {server.store().max_mib(), kStoreMibMax}}};
  for (const auto& [name, range] : bounded) {
    if (range.first < 0 || range.first > range.second) {
      defects_->Add(name, "CONFIG_RANGE", absl::StrCat("allowed are 0 to ", range.second));
    }
  }
  if (server.store().max_mib() > 0 && server.store().max_mib() < kStoreMibMin) {
    defects_->Add("store.max_mib", "CONFIG_RANGE",
                  absl::StrCat("allowed are ", kStoreMibMin, " and more, or 0 for no limit"));
  }
}

void Reader::ReadStore() {
  const config::v1::Store& store = read_->server.store();
  if (!store.directory().empty()) read_->store.directory = PathOf(store.directory());
  if (!store.key_directory().empty()) read_->store.key_directory = PathOf(store.key_directory());
  if (!store.key_encryption_key_file().empty()) {
    read_->store.key_encryption_key_file = PathOf(store.key_encryption_key_file());
  }
  read_->store.max_bytes = static_cast<uint64_t>(store.max_mib()) << 20;
}

void Reader::ReadSetup() {
  const config::v1::Server& server = read_->server;
  read_->setup = std::make_shared<Setup>();
  read_->setup->restriction = server.report().restriction_of_use();
  read_->setup->objection = server.report().objection_route();
  if (!server.register_file().empty()) {
    Take("register_file", access::LoadRegister(PathOf(server.register_file())), &read_->setup->reg);
  }
  if (!server.catalogue_file().empty()) ReadCatalogue();
  if (!server.policies_dir().empty()) {
    Take("policies_dir", assess::PolicyPack::Load(PathOf(server.policies_dir())),
         &read_->setup->policies);
  }
}

void Reader::ReadRest() {
  const config::v1::Server& server = read_->server;
  read_->api.listen = server.listen();
  read_->api.channelz = server.channelz();
  if (!server.listen().empty()) Note("listen", CheckListen(server.listen()));
  ReadOperation();
  CheckStoreDirectory("store.directory", read_->store.directory);
  CheckStoreDirectory("store.key_directory", read_->store.key_directory);
  ReadLog();
}

void Reader::ReadOperation() {
  const config::v1::Server& server = read_->server;
  if (server.has_metrics()) {
    // The library that listens knows addresses only.
    Note("metrics.listen", CheckListen(server.metrics().listen()));
  }
  const std::string& level = server.logging().level();
  if (level.empty()) return;
  const auto known = base::EventLevelFromName(level);
  if (known.has_value()) {
    read_->log_level = *known;
  } else {
    defects_->Add("logging.level", "CONFIG_VALUE", "allowed are debug, info, warning and error");
  }
}

void Reader::ReadTls() {
  const config::v1::Tls& tls = read_->server.tls();
  if (tls.ca_file().empty() || tls.certificate_file().empty() || tls.key_file().empty()) return;
  const std::string path = PathOf(tls.certificate_file());
  adapters::TlsFiles files;
  if (!Take("tls", adapters::ReadTlsFiles(PathOf(tls.ca_file()), path, PathOf(tls.key_file())),
            &files)) {
    return;
  }
  NoteOf("tls.certificate_file", path, base::CheckChain(files.certificate, now_));
  AddWatched(files.certificate, "tls.certificate_file", path, &read_->tls_certificates);
  ReadTrust(files.authorities);
  read_->api.tls = {std::move(files.authorities), std::move(files.certificate),
                    std::move(files.key)};
}

void Reader::ReadTrust(const std::string& authorities) {
  const config::v1::Tls& tls = read_->server.tls();
  const std::string ca = PathOf(tls.ca_file());
  AddWatched(authorities, "tls.ca_file", ca, &read_->tls_certificates);
  // One that has expired may stand beside its successor; it is told of, and trusted by nobody.
  const auto& watched = read_->tls_certificates;
  if (std::none_of(watched.begin(), watched.end(), [this](const WatchedCertificate& one) {
        return one.key == "tls.ca_file" && base::CheckLife(one.life, now_).ok();
      })) {
    defects_->Add("tls.ca_file", "CERTIFICATE_EXPIRED",
                  absl::StrCat(ca, ": no authority in it is valid now"));
  }
  std::string lists;
  const std::string crl = PathOf(tls.crl_file());
  if (!tls.crl_file().empty()) {
    if (!Take("tls.crl_file", base::ReadFile(crl, kListBytesMax), &lists)) return;
    AddWatched(lists, "tls.crl_file", crl, &read_->tls_certificates);
    // An empty file is no list, and would pass for not having asked for any.
    if (absl::Status readable = base::LivesOfRevocationLists(lists).status(); !readable.ok()) {
      NoteOf("tls.crl_file", crl, readable);
      return;
    }
  }
  auto trust = access::CallerTrust::Make(authorities, lists, now_);
  const bool of_lists = absl::StartsWith(base::ReasonOf(trust.status()), "REVOCATION_LIST");
  if (!trust.ok()) {
    NoteOf(of_lists ? "tls.crl_file" : "tls.ca_file", of_lists ? crl : ca, trust.status());
    return;
  }
  read_->trust = *std::move(trust);
}

void Reader::ReadLog() {
  const config::v1::Log& log = read_->server.log();
  const bool has_origin =
      !log.origin().empty() && Note("log.origin", ledger::CheckOrigin(log.origin()));
  const auto ed25519 =
      ReadLogKey({ledger::LogKeyRole::kEd25519, "log.ed25519_key_file", log.ed25519_key_file(),
                  "log.ed25519_certificate_file", log.ed25519_certificate_file()},
                 &read_->ed25519);
  const auto legal =
      ReadLogKey({ledger::LogKeyRole::kLegal, "log.legal_key_file", log.legal_key_file(),
                  "log.legal_certificate_file", log.legal_certificate_file()},
                 &read_->legal);
  if (has_origin && ed25519.has_value() && legal.has_value()) CheckSigning(*ed25519, *legal);
  if (log.trust_file().empty()) return;
  std::unique_ptr<ledger::LogTrust> trust;
  Take("log.trust_file", ledger::LogTrust::Load(PathOf(log.trust_file())), &trust);
  read_->report_trust = std::move(trust);
}

std::optional<std::string> Reader::ReadLogKey(const LogKey& key,
                                              std::unique_ptr<ledger::Signer>* signer) {
  if (!key.key_file.empty()) {
    Take(key.key_name, ledger::LoadPemSigner(PathOf(key.key_file)), signer);
  }
  if (key.certificate_file.empty()) return std::nullopt;
  const std::string path = PathOf(key.certificate_file);
  std::string pem;
  if (!Take(key.certificate_name, base::ReadFile(path), &pem)) return std::nullopt;
  const auto certified = ledger::LogKeyFromPem(pem, read_->server.log().origin(), key.role);
  if (!certified.ok()) {
    Note(key.certificate_name, base::WithContext(certified.status(), path));
    return std::nullopt;
  }
  NoteOf(key.certificate_name, path, base::CheckLives(pem, now_));
  AddWatched(pem, key.certificate_name, path, &read_->log_certificates);
  if (*signer == nullptr) return std::nullopt;
  if ((*signer)->PublicKey() != certified->spki()) {
    defects_->Add(key.key_name, "LOG_CERTIFICATE",
                  absl::StrCat(PathOf(key.key_file), ": is not the key of ", path));
    return std::nullopt;
  }
  return pem;
}

// What the log itself will ask when it is opened.
void Reader::CheckSigning(const std::string& ed25519_pem, const std::string& legal_pem) {
  if (!Take("log", ledger::LogCertificatesFromPem(ed25519_pem, legal_pem), &read_->certificates)) {
    return;
  }
  ledger::LogSigning signing;
  signing.origin = read_->server.log().origin();
  signing.ed25519 = read_->ed25519.get();
  signing.legal = read_->legal.get();
  signing.certificates = read_->certificates;
  Note("log", ledger::CheckSigning(signing));
}

void Reader::ReadCatalogue() {
  const std::string path = PathOf(read_->server.catalogue_file());
  std::string text;
  if (!Take("catalogue_file", base::ReadFile(path), &text)) return;
  if (Take("catalogue_file", plan::ParseCatalogue(path, text), &read_->setup->catalogue)) {
    CheckSources(path, text);
  }
}

void Reader::CheckSources(const std::string& file, const std::string& text) {
  base::ConfigDefects defects(file, text);
  // Sources share files; what is wrong with one is said once, of the first source that names it.
  std::set<std::string> said;
  std::set<std::string> watched;
  const std::vector<plan::Source>& sources = read_->setup->catalogue.sources();
  for (size_t i = 0; i < sources.size(); ++i) {
    const adapters::AdapterConfig config = AdapterConfigOf(sources[i]);
    if (!config.certificate_file.empty() && watched.insert(config.certificate_file).second) {
      const auto pem = base::ReadFile(config.certificate_file);
      AddWatched(pem.ok() ? *pem : "",
                 absl::StrCat("certificate shown to source ", config.source_id),
                 config.certificate_file, &read_->source_certificates);
    }
    const absl::Status status = adapters::CheckAdapter(config);
    if (status.ok() || !said.insert(std::string(status.message())).second) continue;
    if (SaysWhere(status)) {
      elsewhere_.emplace_back(status.message());
      continue;
    }
    const std::string source = absl::StrCat("sources[", i, "]");
    const std::string own_tls = absl::StrCat(source, ".grpc.tls");
    std::string name = absl::StrCat(source, ".simulated");
    if (defects.Has(absl::StrCat(source, ".grpc"))) {
      name = defects.Has(own_tls) ? own_tls : "client_tls";
    }
    for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
      defects.Add(name, base::ReasonOf(status), line);
    }
  }
  if (!defects.empty()) elsewhere_.emplace_back(defects.ToStatus().message());
}

// A start tells of them and goes on: other sources answer.
void Reader::CheckSourceCertificates() {
  for (const WatchedCertificate& one : read_->source_certificates) {
    const absl::Status alive = base::CheckLife(one.life, now_);
    if (!alive.ok()) {
      elsewhere_.push_back(absl::StrCat(one.file, ": ", base::ReasonOf(alive), ": ", one.key, ": ",
                                        alive.message()));
    }
  }
}

// A start makes it when it is missing, and takes it for itself.
void Reader::CheckStoreDirectory(absl::string_view name, const std::string& path) {
  if (path.empty()) return;
  std::error_code error;
  const bool missing = !fs::exists(path, error);
  fs::path there = path;
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  std::string why;
  if (!fs::is_directory(there, error)) {
    why = "is not a directory";
  } else if (::access(there.c_str(), W_OK | X_OK) != 0) {
    why = absl::StrCat("cannot be written in: ", std::strerror(errno));
  } else if (!missing && !MayChangeMode(there.string())) {
    why = "belongs to another user, so that its mode cannot be set to 0700";
  }
  if (why.empty()) return;
  defects_->Add(name, "STORE_DIRECTORY",
                missing ? absl::StrCat(path, ": cannot be created: ", there.string(), " ", why)
                        : absl::StrCat(path, ": ", why));
}

void Reader::InspectStore(base::IdSource* ids) {
  const store::SqliteStoreOptions& options = read_->store;
  if (options.directory.empty() || options.key_encryption_key_file.empty()) return;
  const auto origin = store::InspectSqlite(options, ids);
  if (!origin.ok()) {
    Note(base::ReasonOf(origin.status()) == "KEK_FILE" ? "store.key_encryption_key_file" : "store",
         origin.status());
    return;
  }
  const std::string& wanted = read_->server.log().origin();
  if (!origin->has_value() || wanted.empty() || **origin == wanted) return;
  defects_->Add("log.origin", "LOG_ORIGIN",
                absl::StrCat("the store in ", options.directory, " holds the log ", **origin,
                             ", not ", wanted, ": a log keeps its origin"));
}

bool Reader::Note(absl::string_view name, const absl::Status& status) {
  if (status.ok()) return true;
  if (SaysWhere(status)) {
    elsewhere_.emplace_back(status.message());
    return false;
  }
  for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    defects_->Add(name, base::ReasonOf(status), line);
  }
  return false;
}

void Reader::NoteOf(absl::string_view name, const std::string& path, const absl::Status& status) {
  if (status.ok()) return;
  for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    defects_->Add(name, base::ReasonOf(status), absl::StrCat(path, ": ", line));
  }
}

absl::Status Reader::ToStatus() const {
  std::vector<std::string> texts = shape_;
  if (defects_.has_value() && !defects_->empty()) {
    texts.emplace_back(defects_->ToStatus().message());
  }
  texts.insert(texts.end(), elsewhere_.begin(), elsewhere_.end());
  return Join(texts);
}

// The file and what it names, with what is wrong noted.
void Read(Reader* reader, Reading reading) {
  if (!reader->ReadFile()) return;
  reader->CheckKeys();
  if (reading == Reading::kEverything) reader->ReadStore();
  if (reading != Reading::kTls) reader->ReadSetup();
  if (reading != Reading::kSetup) reader->ReadTls();
  if (reading == Reading::kEverything) reader->ReadRest();
}

}  // namespace

absl::StatusOr<std::unique_ptr<PlatformConfiguration>> ReadPlatformConfiguration(
    const std::string& config_file, absl::Time now, Reading reading) {
  Reader reader(config_file, now);
  Read(&reader, reading);
  HEDUI_RETURN_IF_ERROR(reader.ToStatus());
  return reader.Take();
}

absl::Status CheckPlatformConfiguration(const std::string& config_file, absl::Time now,
                                        base::IdSource* ids,
                                        std::vector<WatchedCertificate>* near) {
  Reader reader(config_file, now);
  Read(&reader, Reading::kEverything);
  reader.CheckSourceCertificates();
  reader.InspectStore(ids);
  const absl::Status status = reader.ToStatus();
  if (near == nullptr) return status;
  const std::unique_ptr<PlatformConfiguration> read = reader.Take();
  for (const auto* some :
       {&read->tls_certificates, &read->source_certificates, &read->log_certificates}) {
    for (const WatchedCertificate& one : *some) {
      if (ExpiryOf(one.life, now) != Expiry::kFar) near->push_back(one);
    }
  }
  return status;
}

absl::StatusOr<store::SqliteStoreOptions> ReadStoreOptions(const std::string& config_file) {
  Reader reader(config_file, absl::InfinitePast());
  if (reader.ReadFile()) reader.CheckKeys();
  HEDUI_RETURN_IF_ERROR(reader.ToStatus());
  reader.ReadStore();
  return reader.Take()->store;
}

adapters::AdapterConfig AdapterConfigOf(const plan::Source& source) {
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

}  // namespace hedui
