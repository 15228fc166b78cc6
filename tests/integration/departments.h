// The scenario's departments in a hedui-sim of their own, beside the platform that asks them: they
// outlive its kills, check every warrant, and note each query they accept. Not thread-safe.
#ifndef HEDUI_TESTS_INTEGRATION_DEPARTMENTS_H_
#define HEDUI_TESTS_INTEGRATION_DEPARTMENTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/scenario.h"
#include "tests/support/child_process.h"

namespace hedui::testing {

// A query that a department accepted, as its journal has it.
struct SeenQuery {
  std::string intent_id;
  uint64_t log_index = 0;
  std::string source_id;
  std::string attempt_id;
};

class Departments {
 public:
  // Writes the scenario and starts them; from then on its catalogue reaches each of them over gRPC.
  // The test fails when they do not start. `scenario` outlives them.
  explicit Departments(Scenario* scenario);

  // The queries accepted since the last call, in their order.
  std::vector<SeenQuery> TakeJournal();
  // The same; how many of them were one source's.
  int TakeQueriesTo(const std::string& source_id);

 private:
  const std::string journal_file_;
  size_t journal_taken_ = 0;  // bytes
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_DEPARTMENTS_H_
