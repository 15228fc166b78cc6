// A whole platform: every room built from one configuration file, running, and drained in order.
// main.cc is this and the signals; tests start the same thing.
//
// Main thread only.
#ifndef HEDUI_SERVER_PLATFORM_H_
#define HEDUI_SERVER_PLATFORM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/event.h"
#include "server/base/ids.h"
#include "server/certificate_watch.h"

namespace hedui {

namespace ledger {
class Signer;
}  // namespace ledger

namespace store {
struct SqliteStoreOptions;
}  // namespace store

namespace api {
struct ApiOptions;
}  // namespace api

enum class FlowStep;

struct PlatformOptions {
  std::string config_file;
  const base::Clock* clock = nullptr;  // outlives the platform, as do the rest
  base::IdSource* ids = nullptr;
  base::Tell tell;  // what happens, for operators; no personal data
  // The platform can no longer commit (another process writes its store, or the disk does not
  // answer): end the process and start anew. From any thread; absent: the line is told and that is
  // all.
  std::function<void(const absl::Status& why)> on_fatal;
  // Log lines that were lost, for the metrics; absent: none are.
  std::function<uint64_t()> lines_dropped;
  // For tests: moments at which a crash must not hurt, and the name of a file system registered
  // with SQLite.
  std::function<void(FlowStep)> on_step;
  std::string sqlite_vfs;
  // For tests: how long after its beginning a recall looks again (recall_flow.h).
  std::optional<absl::Duration> recall_settles;
  // For tests: what is changed of the store's and the api's limits.
  std::function<void(store::SqliteStoreOptions*)> adjust_store;
  std::function<void(api::ApiOptions*)> adjust_api;
  // For benchmarks: what stands in for the legal key's signer.
  std::function<std::unique_ptr<ledger::Signer>(std::unique_ptr<ledger::Signer>)>
      replace_legal_signer;
};

class Platform {
 public:
  // Everything that would keep the platform from starting, and sources' certificates that have
  // expired, all at once, without starting anything: --check-config. What ends soon is told. Also
  // beside the running platform of the same configuration: its port does not count as taken. Needs
  // config_file, clock and ids.
  static absl::Status Check(const PlatformOptions& options);

  // Builds the rooms and listens. Errors name file, line and what to do.
  static absl::StatusOr<std::unique_ptr<Platform>> Start(PlatformOptions options);
  // Drains in the order of runtime/drain.h.
  ~Platform();

  // The stored case of a report, for `hedui report replay`: every answer as it came, so personal
  // data throughout and for the centre's own eyes. Reads the store beside a running platform and
  // changes nothing of it; so it leaves no entry in the log either, which has one writer: a second
  // one would end the platform (LOG_HEAD_MOVED). NOT_FOUND (REPORT_UNKNOWN).
  static absl::StatusOr<std::string> ExportCase(const PlatformOptions& options,
                                                const std::string& report_number);

  // Copies the archive of policy sets into a directory, for `hedui report replay --archive`: those
  // that are not there yet; how many. Reads as ExportCase does. Errors of OpenSqlitePolicies and of
  // assess::PolicyArchive.
  static absl::StatusOr<size_t> ExportPolicies(const PlatformOptions& options,
                                               const std::string& directory);

  // Reads register, catalogue, policies, certificates and revocation lists anew; see reloader.h for
  // what is taken and what refused. Main thread only, as is Tend.
  absl::Status Reload();
  // What is due by the clock: a look at the files, and a warning of certificates near their end.
  // Call it every second or so.
  void Tend();
  // The certificates and revocation lists in force, for metrics: how long each is good for.
  // Thread-safe.
  std::vector<WatchedCertificate> Certificates() const;

  // The port callers reach.
  int port() const;
  // The port of the metrics; 0 where the configuration asks for none.
  int metrics_port() const;
  // OK while it can commit; otherwise the process must end and be started anew.
  absl::Status Health() const;
  // For a watchdog, from one thread: Health, and whether every event loop has turned since the last
  // call (LOOP_STUCK). Not once the platform is being destroyed.
  absl::Status Beat();

 private:
  struct Parts;
  explicit Platform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_PLATFORM_H_
