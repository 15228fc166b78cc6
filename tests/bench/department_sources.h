// Data sources for a platform under test: bare servers that say what simulated departments would,
// and as cheaply as the floor's. Each answers its first query in earnest and repeats the bytes from
// then on, since a load asks about one household; warrants are not looked at. They count what
// passes. One may be made to keep its callers waiting, one to be slow now and then, and all to take
// their time.
//
// Thread safety: construct, use and destroy on one thread.
#ifndef HEDUI_TESTS_BENCH_DEPARTMENT_SOURCES_H_
#define HEDUI_TESTS_BENCH_DEPARTMENT_SOURCES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/bench/tls.h"

namespace hedui::bench {

class DepartmentSources {
 public:
  struct Traffic {
    int64_t calls = 0;
    int64_t query_bytes = 0;
    int64_t answer_bytes = 0;
  };

  // Serves every source of a simulation file (hedui.config.v1.Simulation) from here on.
  static absl::StatusOr<std::unique_ptr<DepartmentSources>> Start(absl::string_view simulation_yaml,
                                                                  const TlsTexts& tls);
  ~DepartmentSources();

  // Source id and address.
  const std::vector<std::pair<std::string, std::string>>& addresses() const { return addresses_; }
  // Since the start, of answers.
  Traffic traffic() const;
  // Queries that have arrived since the start, answered or not: one count for each of addresses().
  std::vector<int64_t> arrived() const;

  // Every answer from now on comes so much later.
  void DelayAll(absl::Duration delay);
  // So many of a thousand answers of this source come so much later, drawn the same each time.
  // NOT_FOUND without such a source.
  absl::Status DelaySome(const std::string& source_id, int permille, absl::Duration delay);

  // From now on this source answers nobody; Release answers those who wait, and all who come after.
  // NOT_FOUND without such a source.
  absl::Status Hold(const std::string& source_id);
  // Waits until `calls` are held, at most so long; gives how many are.
  int AwaitHeld(int calls, absl::Duration at_most);
  void Release();
  // Of addresses(): the source that answers nobody.
  std::optional<size_t> held_source() const;

 private:
  struct State;
  DepartmentSources();
  absl::StatusOr<size_t> NumberOf(const std::string& source_id) const;

  std::unique_ptr<State> state_;
  std::vector<std::pair<std::string, std::string>> addresses_;
};

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_DEPARTMENT_SOURCES_H_
