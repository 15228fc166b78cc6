// The floor: the least service on this stack that does per request what a verification must do. It
// takes a request, commits a row (the intent), calls each source, commits a second row (the result)
// and replies, on the same loops, with the same TLS, bytes, group commits and signatures, and with
// nothing else: no access check, no matching, no rules, no report. What the platform reaches is
// given as a share of it.
//
// Thread safety: construct and destroy on one thread.
#ifndef HEDUI_TESTS_BENCH_FLOOR_H_
#define HEDUI_TESTS_BENCH_FLOOR_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/floor_committer.h"
#include "tests/bench/tls.h"

namespace hedui::bench {

inline constexpr char kFloorMethod[] = "/hedui.bench.Floor/Run";
inline constexpr char kSourceMethod[] = "/hedui.v1.SourceService/Query";

// The bytes of one verification. A row comparing the platform measures the platform's own and
// passes them.
struct FloorShape {
  size_t request_bytes = 2'000;
  size_t response_bytes = 12'000;  // a report in its envelope
  size_t intent_row_bytes = 4'096;
  size_t result_row_bytes = 8'192;      // 0: no second commit
  size_t source_request_bytes = 3'000;  // people asked about, warrant with proof and certificates
  size_t source_response_bytes = 800;
};

struct FloorOptions {
  std::vector<std::string> sources;  // one call to each per request
  TlsTexts tls;
  Signing signing = Signing::kP256;
  int loops = 2;
  std::string directory;  // of the database; an existing one
  FloorShape shape;
};

class Floor {
 public:
  // Serves from here on.
  explicit Floor(const FloorOptions& options);
  // Waits for running requests.
  ~Floor();

  const std::string& address() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_FLOOR_H_
