// A whole platform with its sources and its load, ready to be run again and again beside the floor.
// The sources and the load live in this process; the platform in a process of its own, as it is
// installed: eight gRPC sources over mutual TLS, the demo's household with one registered matter,
// every verification a request of its own. Several agencies may call, each with a matter of its
// own; beside the eight there may be banks, each a source that has no account of anybody.
//
// No answer is used twice: a run fails unless each source has been asked once for each
// verification, but for the one that may be asked a second time and the one that is held.
//
// Thread-compatible.
#ifndef HEDUI_TESTS_BENCH_PLATFORM_RIG_H_
#define HEDUI_TESTS_BENCH_PLATFORM_RIG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cpp/client.h"
#include "hedui/v1/verification.pb.h"
#include "server/base/ids.h"
#include "tests/bench/department_sources.h"
#include "tests/bench/floor.h"
#include "tests/bench/load.h"
#include "tests/support/child_process.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::bench {

enum class PlatformServer : uint8_t {
  kHeduid,    // the program as it is installed
  kSigned,    // the same platform, served by `hedui-bench serve-platform` …
  kUnsigned,  // … and this with a signer of the SM2 kind that does no work and whose bytes are void
  kUnsealed,  // signed, and with a store that lays its rows down in clear (unsealed.h)
};

struct PlatformRigOptions {
  PlatformServer server = PlatformServer::kHeduid;
  std::string heduid;  // another build's, to compare with; empty: the one beside this program
  int loops = 2;
  int sources = 8;  // to 64: those of scenario/, then banks ("bank-09" and so on)
  // A source that may be asked a second time while the first query is under way; empty: none.
  std::string hedged_source;
  int agencies = 1;
  int in_flight_max = 10'000;  // of each agency; the register's most
  // A source that may take a minute, as those that are held do; empty: all have the usual deadline.
  std::string patient_source;
  std::string cpus;  // that the platform may use, as taskset names them ("0", "0-3"); empty: all
};

class PlatformRig {
 public:
  static absl::StatusOr<std::unique_ptr<PlatformRig>> Start(const PlatformRigOptions& options);
  ~PlatformRig();

  // An error when a call failed, or when a source was asked more or less often than it should be.
  absl::StatusOr<LoadResult> Run(int in_flight, int requests);
  // The same in an open loop, each call's time counted from when it was due.
  absl::StatusOr<LoadResult> RunAtRate(double per_second, int requests, int warm_up);
  // An error when a call failed that was not turned away; nothing is said of the sources.
  absl::StatusOr<LoadResult> Run(const LoadOptions& load);

  // Verifications, each new, of all agencies in turn, on two connections of each; to be changed as
  // a row needs.
  LoadOptions LoadOf(int in_flight, int requests);
  // The household's request under a new request id; good for every agency.
  v1::VerifyHouseholdRequest NextRequest();
  // A connection of the first agency's.
  absl::StatusOr<std::unique_ptr<clients::Client>> Connect() { return ConnectAs(0); }

  DepartmentSources& sources() { return *sources_; }
  // The platform's memory that is resident, in bytes: its own process's, nobody else's.
  int64_t ResidentBytes() const { return platform_->ResidentBytes(); }
  // The names of its threads.
  std::vector<std::string> ThreadNames() const { return platform_->ThreadNames(); }

  // The bytes of one verification, measured: runs some, and checks that every source was asked and
  // answered, so that a cheap report is not taken for a quick one.
  absl::StatusOr<FloorShape> MeasureShape();

  // The reply of a verification that asked all sources and has a sure answer of each; of a source
  // that is held, of all others.
  absl::Status CheckComplete(const std::string& response) const;

 private:
  explicit PlatformRig(const PlatformRigOptions& options);
  absl::Status StartSources();
  absl::StatusOr<std::string> RegisterText() const;
  absl::Status WriteFiles();
  absl::Status StartPlatform();
  absl::Status RegisterLetters();
  absl::StatusOr<std::unique_ptr<clients::Client>> ConnectAs(size_t agency);
  absl::StatusOr<std::string> DepartmentsText() const;
  absl::StatusOr<std::string> CatalogueText() const;
  absl::StatusOr<LoadResult> RunAsked(const LoadOptions& load);
  absl::Status CheckAsked(const std::vector<int64_t>& before, int64_t verifications) const;
  absl::Status MeasureRows(int verifications, FloorShape* shape) const;
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }

  const PlatformRigOptions options_;
  base::SecureIdSource ids_;
  testing::TestPki pki_;
  testing::Issued platform_tls_;
  testing::Issued log_ed25519_;
  testing::Issued log_legal_;
  testing::ScratchDirectory directory_;
  std::unique_ptr<DepartmentSources> sources_;
  std::unique_ptr<testing::ChildProcess> platform_;
  std::string target_;
  v1::VerifyHouseholdRequest request_;
  std::vector<std::string> agencies_;
  std::vector<testing::Issued> agency_tls_;
};

// What the child does: `hedui-bench serve-platform CONFIG signed|unsigned|unsealed`. Prints
// "listening <port>", serves until SIGTERM; gives the exit code.
int ServePlatform(int argc, char** argv);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_PLATFORM_RIG_H_
