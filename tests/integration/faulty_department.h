// One of a scenario's departments as a server in this process, behind a network that fails as told.
// The others stay as they are. Not thread-safe, but for what the proxy allows.
#ifndef HEDUI_TESTS_INTEGRATION_FAULTY_DEPARTMENT_H_
#define HEDUI_TESTS_INTEGRATION_FAULTY_DEPARTMENT_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "adapters/simulated/sim_department_server.h"
#include "server/base/clock.h"
#include "tests/integration/scenario.h"
#include "tests/support/fault_proxy.h"

namespace hedui::testing {

class FaultyDepartment {
 public:
  // Takes the source's place in the scenario's catalogue; write the scenario afterwards. `on_query`
  // runs as each query has arrived, before anything of an answer leaves, with the number of queries
  // so far. The test fails when it does not start.
  FaultyDepartment(Scenario* scenario, const std::string& source_id,
                   std::function<void(FaultProxy&, int)> on_query = nullptr);

  FaultProxy& proxy() { return *proxy_; }
  int arrived() const { return arrived_; }

 private:
  const base::SystemClock clock_;
  const Issued tls_;
  const std::function<void(FaultProxy&, int)> on_query_;
  std::atomic<int> arrived_{0};
  std::atomic<FaultProxy*> proxy_of_queries_{nullptr};
  std::unique_ptr<FaultProxy> proxy_;
  std::unique_ptr<adapters::DepartmentServer> server_;  // ends first: its queries use the rest
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_FAULTY_DEPARTMENT_H_
