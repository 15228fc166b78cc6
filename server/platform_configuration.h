// What a platform is built from: its configuration file and everything that names, read and
// checked. A start and --check-config both come this way, so that nothing passes the one and stops
// the other; only the store is inspected for the check alone, because a start opens it.
//
// Main thread only. Reads files, and binds the address of `listen` for a moment; asks nobody.
#ifndef HEDUI_SERVER_PLATFORM_CONFIGURATION_H_
#define HEDUI_SERVER_PLATFORM_CONFIGURATION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/registry.h"
#include "hedui/config/v1/server.pb.h"
#include "server/access/caller_trust.h"
#include "server/api/api_server.h"
#include "server/base/event.h"
#include "server/base/ids.h"
#include "server/certificate_watch.h"
#include "server/ledger/certificates.h"
#include "server/ledger/signer.h"
#include "server/plan/catalogue.h"
#include "server/rooms.h"
#include "server/store/store.h"

namespace hedui {

struct PlatformConfiguration {
  config::v1::Server server;
  api::ApiOptions api;
  std::shared_ptr<const access::CallerTrust> trust;
  std::shared_ptr<Setup> setup;  // without sources: they are connected at the start
  std::unique_ptr<ledger::Signer> ed25519;
  std::unique_ptr<ledger::Signer> legal;
  ledger::LogCertificates certificates;
  std::shared_ptr<const ledger::LogTrust>
      report_trust;  // null: reports are not checked for callers
  store::SqliteStoreOptions store;
  // Certificates and revocation lists read: of the server's TLS, of the sources, of the log.
  std::vector<WatchedCertificate> tls_certificates;
  std::vector<WatchedCertificate> source_certificates;
  std::vector<WatchedCertificate> log_certificates;
  base::EventLevel log_level = base::EventLevel::kInfo;
};

// Which of what a configuration names is read. What a reload reads is refused on its own: a
// certificate that has expired must not keep an agency in the register.
enum class Reading {
  kEverything,
  kSetup,  // register, catalogue, policies, texts on reports
  kTls,    // the server's certificates, callers' authorities and revocation lists
};

// INVALID_ARGUMENT (CONFIGURATION) with everything that would keep the platform from starting at
// `now`, a line each: "file:line: CODE: key: text" where a file has a line for it.
absl::StatusOr<std::unique_ptr<PlatformConfiguration>> ReadPlatformConfiguration(
    const std::string& config_file, absl::Time now, Reading reading = Reading::kEverything);

// The same, and what stands in the store already: its schema, its keys, whose log it holds; and
// sources' client certificates that have expired, with which a platform starts all the same, since
// other sources answer. `near` (may be null) takes what ends soon.
absl::Status CheckPlatformConfiguration(const std::string& config_file, absl::Time now,
                                        base::IdSource* ids, std::vector<WatchedCertificate>* near);

// Where the store of this configuration lies, whatever else is wrong with what it names.
absl::StatusOr<store::SqliteStoreOptions> ReadStoreOptions(const std::string& config_file);

// How a source of the catalogue is connected.
adapters::AdapterConfig AdapterConfigOf(const plan::Source& source);

}  // namespace hedui

#endif  // HEDUI_SERVER_PLATFORM_CONFIGURATION_H_
