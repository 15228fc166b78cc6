// The floor's group commit: rows appended to one SQLite table, one transaction, one flush and one
// signature of each kind for whatever came while the one before was written. No look-ups, no
// sealing, no tree.
//
// Thread-safe. Failures end the program: a benchmark has nothing to fall back to.
#ifndef HEDUI_TESTS_BENCH_FLOOR_COMMITTER_H_
#define HEDUI_TESTS_BENCH_FLOOR_COMMITTER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"

namespace hedui::bench {

enum class Signing : uint8_t {
  kNone,
  kP256,  // Ed25519 and P-256, one of each a commit
  kSm2,   // Ed25519 and SM2-SM3
};
absl::string_view SigningName(Signing signing);
// Aborts on another name: they come from this program.
Signing SigningFromName(absl::string_view name);

class FloorCommitter {
 public:
  // Makes floor.db in `directory`, an existing one.
  FloorCommitter(const std::string& directory, Signing signing);
  // Commits what was submitted.
  ~FloorCommitter();

  // `done` runs on the committer's thread when the row is durable.
  void Submit(std::string row, absl::AnyInvocable<void() &&> done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_FLOOR_COMMITTER_H_
