// The floor with its sources and its load, ready to be run again and again beside what it is
// compared with. The sources and the load live in this process, as they do for the platform; the
// service in a process of its own, or here.
//
// Thread-compatible.
#ifndef HEDUI_TESTS_BENCH_FLOOR_RIG_H_
#define HEDUI_TESTS_BENCH_FLOOR_RIG_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/bench/floor.h"
#include "tests/bench/load.h"
#include "tests/bench/raw_server.h"
#include "tests/support/child_process.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::bench {

struct RigOptions {
  int sources = 8;
  bool tls = true;
  bool own_process = true;  // the service; as the platform has it
  Signing signing = Signing::kP256;
  int loops = 2;
  FloorShape shape;
};

class FloorRig {
 public:
  static absl::StatusOr<std::unique_ptr<FloorRig>> Start(const RigOptions& options);
  ~FloorRig();

  // An error when a call failed.
  absl::StatusOr<LoadResult> Run(int in_flight, int requests);
  // The same in an open loop, each call's time counted from when it was due.
  absl::StatusOr<LoadResult> RunAtRate(double per_second, int requests, int warm_up);

 private:
  explicit FloorRig(const RigOptions& options);
  absl::Status StartService();
  LoadOptions LoadOf(int in_flight, int requests) const;
  absl::StatusOr<LoadResult> Run(const LoadOptions& load);

  const RigOptions options_;
  testing::TestPki pki_;
  testing::Issued issued_;
  TlsTexts tls_;
  testing::ScratchDirectory directory_;
  std::unique_ptr<RawServer> sources_;
  std::unique_ptr<testing::ChildProcess> child_;  // one of these two
  std::unique_ptr<Floor> floor_;
  std::string address_;
};

// What the child does: `hedui-bench serve-floor …`. Prints "address <host:port>", serves until
// SIGTERM; gives the exit code.
int ServeFloor(int argc, char** argv);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_FLOOR_RIG_H_
