#include "server/reloader.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/certificate.h"
#include "server/base/status.h"
#include "server/gather/sources.h"

namespace hedui {
namespace {

// Files that are put in place one after another, as operators do, are done by then.
constexpr int kReadsMax = 3;

base::EventLevel LevelOf(Expiry expiry) {
  return expiry == Expiry::kNear ? base::EventLevel::kWarning : base::EventLevel::kError;
}

std::vector<std::string> InDirectoryOf(const std::string& config_file,
                                       const std::vector<std::string>& names) {
  const std::filesystem::path directory = std::filesystem::absolute(config_file).parent_path();
  std::vector<std::string> files = {config_file};
  for (const std::string& name : names) {
    if (!name.empty()) files.push_back((directory / name).string());
  }
  return files;
}

// The configuration file, and what it names of register, catalogue and policies; and the files of
// the sources.
std::vector<std::string> SetupFiles(const std::string& config_file,
                                    const config::v1::Server& server,
                                    const plan::Catalogue& catalogue) {
  std::vector<std::string> files = InDirectoryOf(
      config_file, {server.register_file(), server.catalogue_file(), server.policies_dir()});
  for (const plan::Source& source : catalogue.sources()) {
    for (std::string& file : adapters::FilesOf(AdapterConfigOf(source))) {
      files.push_back(std::move(file));
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

// The same of the server's TLS.
std::vector<std::string> TlsFiles(const std::string& config_file, const config::v1::Tls& tls) {
  return InDirectoryOf(config_file,
                       {tls.ca_file(), tls.certificate_file(), tls.key_file(), tls.crl_file()});
}

// Whether all that only a start takes is the same in both.
bool SameButForReload(const config::v1::Server& a, const config::v1::Server& b) {
  const auto rest = [](config::v1::Server server) {
    server.clear_tls();
    server.clear_register_file();
    server.clear_catalogue_file();
    server.clear_policies_dir();
    server.clear_report();
    return server.SerializeAsString();
  };
  return rest(a) == rest(b);
}

}  // namespace

Reloader::Reloader(std::string config_file, const base::Clock* clock, Tell tell,
                   adapters::AdapterSet* adapters, gather::SourceStates::Lease lease_day,
                   KeepPolicies keep_policies)
    : config_file_(std::move(config_file)),
      clock_(clock),
      tell_(std::move(tell)),
      adapters_(adapters),
      source_states_(clock, std::move(lease_day)),
      keep_policies_(std::move(keep_policies)),
      certificates_(
          [this](Expiry expiry, const std::string& line) { tell_(LevelOf(expiry), line); }) {}

absl::Status Reloader::Begin(const PlatformConfiguration& read) {
  auto setup = std::make_shared<Setup>(*read.setup);
  HEDUI_ASSIGN_OR_RETURN(setup->sources, Connect(setup->catalogue));
  setup->policies_since = clock_->WallNow();
  HEDUI_RETURN_IF_ERROR(keep_policies_(*setup->policies));
  setup_.Put(std::move(setup));
  trust_.Put(read.trust);
  server_configuration_ = read.server;
  tls_ = read.api.tls;
  tls_certificates_ = read.tls_certificates;
  source_certificates_ = read.source_certificates;
  log_certificates_ = read.log_certificates;
  looked_at_ = clock_->SteadyNow();
  WatchAgain();
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const gather::Sources>> Reloader::Connect(
    const plan::Catalogue& catalogue) {
  auto sources = std::make_shared<gather::Sources>();
  for (const plan::Source& source : catalogue.sources()) {
    HEDUI_ASSIGN_OR_RETURN(adapters::SourceAdapter * adapter,
                           adapters_->GetOrMake(AdapterConfigOf(source)));
    gather::SourcePolicy policy = gather::PolicyOf(source);
    std::shared_ptr<gather::SourceState> state = source_states_.Get(source.id, policy.limits);
    HEDUI_RETURN_IF_ERROR(sources->Add(std::move(policy), adapter, std::move(state)));
  }
  return sources;
}

absl::Status Reloader::CheckNewSources(const PlatformConfiguration& read) const {
  std::vector<std::string> defects;
  for (const plan::Source& source : read.setup->catalogue.sources()) {
    const adapters::AdapterConfig config = AdapterConfigOf(source);
    if (config.certificate_file.empty() || adapters_->Holds(config)) continue;
    for (const WatchedCertificate& one : read.source_certificates) {
      if (one.file != config.certificate_file) continue;
      const absl::Status alive = base::CheckLife(one.life, clock_->WallNow());
      if (!alive.ok()) defects.push_back(absl::StrCat(one.file, ": ", alive.message()));
    }
  }
  if (defects.empty()) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION",
                         absl::StrJoin(defects, "\n"), base::Visibility::kOperator);
}

absl::StatusOr<std::unique_ptr<PlatformConfiguration>> Reloader::ReadSettled() {
  for (int times = 0; times < kReadsMax; ++times) {
    setup_files_.Refresh();
    auto read = ReadPlatformConfiguration(config_file_, clock_->WallNow(), Reading::kSetup);
    if (!setup_files_.Changed()) return read;
  }
  return base::MakeError(absl::StatusCode::kUnavailable, "CONFIGURATION",
                         absl::StrCat(config_file_,
                                      ": files it names changed whenever they were "
                                      "read; they are read once they have settled"),
                         base::Visibility::kOperator);
}

absl::Status Reloader::ReadSetup() {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformConfiguration> read, ReadSettled());
  HEDUI_RETURN_IF_ERROR(CheckNewSources(*read));
  const std::shared_ptr<const Setup> before = setup_.Get();
  HEDUI_ASSIGN_OR_RETURN(read->setup->sources, Connect(read->setup->catalogue));
  read->setup->policies_since = read->setup->policies->digest() == before->policies->digest()
                                    ? before->policies_since
                                    : clock_->WallNow();
  // Last, since what is kept should also come into force.
  HEDUI_RETURN_IF_ERROR(keep_policies_(*read->setup->policies));
  setup_.Put(read->setup);
  setup_.Get()->sources->PutLimitsInForce();
  server_configuration_.set_register_file(read->server.register_file());
  server_configuration_.set_catalogue_file(read->server.catalogue_file());
  server_configuration_.set_policies_dir(read->server.policies_dir());
  source_certificates_ = read->source_certificates;
  if (!SameButForReload(read->server, server_configuration_)) {
    tell_(base::EventLevel::kWarning,
          absl::StrCat(config_file_,
                       ": what it says beside tls, register, catalogue, policies and texts on "
                       "reports differs from what is in force and takes a restart"));
  }
  tell_(base::EventLevel::kInfo,
        absl::StrCat("reloaded: register, catalogue and policies are in force; ",
                     setup_.Get()->reg.agencies().size(), " agencies, ",
                     setup_.Get()->catalogue.sources().size(), " sources"));
  return absl::OkStatus();
}

absl::Status Reloader::ReadTls() {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<PlatformConfiguration> read,
                         ReadPlatformConfiguration(config_file_, clock_->WallNow(), Reading::kTls));
  // Callers judged under the old lists are judged anew under the new ones.
  trust_.Put(read->trust);
  *server_configuration_.mutable_tls() = read->server.tls();
  tls_certificates_ = read->tls_certificates;
  if (read->api.tls == tls_) return absl::OkStatus();
  tls_ = read->api.tls;
  if (server_ != nullptr) server_->UseCertificates(tls_);
  tell_(base::EventLevel::kInfo,
        "reloaded: new connections are made with the server's new certificates");
  return absl::OkStatus();
}

absl::Status Reloader::Reload() { return Read(/*setup=*/true, /*tls=*/true); }

absl::Status Reloader::Read(bool setup, bool tls) {
  std::vector<std::string> refused;
  const auto note = [&refused](const absl::Status& status) {
    // A configuration file that cannot be read is the same defect twice.
    if (status.ok() || (!refused.empty() && refused.front() == status.message())) return;
    refused.emplace_back(status.message());
  };
  // Looked at before they are read: what changes meanwhile is seen.
  if (setup) note(ReadSetup());
  if (tls) {
    tls_files_.Refresh();
    note(ReadTls());
  }
  WatchAgain();
  certificates_.TellIfDue(clock_->WallNow());
  if (refused.empty()) return absl::OkStatus();
  const std::string text = absl::StrJoin(refused, "\n");
  tell_(
      base::EventLevel::kError,
      absl::StrCat("not reloaded, what was in force stays; mend this, and send SIGHUP if it is not "
                   "read by itself:\n",
                   text));
  return base::MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION", text,
                         base::Visibility::kOperator);
}

// Of what is in force now: other files may be named, and other certificates be near their end.
void Reloader::WatchAgain() {
  setup_files_.Watch(SetupFiles(config_file_, server_configuration_, setup_.Get()->catalogue));
  tls_files_.Watch(TlsFiles(config_file_, server_configuration_.tls()));
  std::vector<WatchedCertificate> all = tls_certificates_;
  all.insert(all.end(), source_certificates_.begin(), source_certificates_.end());
  all.insert(all.end(), log_certificates_.begin(), log_certificates_.end());
  certificates_.Watch(std::move(all));
}

void Reloader::Tend() {
  certificates_.TellIfDue(clock_->WallNow());
  const absl::Duration now = clock_->SteadyNow();
  if (now - looked_at_ < kLookAtFilesEvery) return;
  looked_at_ = now;
  const bool setup = setup_files_.ChangedAndSettled();
  const bool tls = tls_files_.ChangedAndSettled();
  if (setup || tls) Read(setup, tls).IgnoreError();  // told
}

}  // namespace hedui
