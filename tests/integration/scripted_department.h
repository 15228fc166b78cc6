// The household's wage source as a server in this process, behind a network that fails: what it
// does with each query, and what the network does as the query arrives, is written down beforehand.
// Thread-safe.
#ifndef HEDUI_TESTS_INTEGRATION_SCRIPTED_DEPARTMENT_H_
#define HEDUI_TESTS_INTEGRATION_SCRIPTED_DEPARTMENT_H_

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "adapters/simulated/department.h"
#include "server/base/mutex.h"
#include "tests/adapters/stepped_department.h"
#include "tests/integration/scenario.h"
#include "tests/support/fault_proxy.h"

namespace hedui::testing {

// As query number so and so has arrived, before anything of a reply leaves.
struct ScriptStep {
  // kPromises: to answer later, without a time; what is polled for is there at once.
  enum class Reacts : uint8_t { kRight, kFaulty, kSilent, kUnavailable, kPromises };
  Reacts reacts = Reacts::kRight;
  std::optional<FaultProxy::Fault> from_now = std::nullopt;
  std::optional<FaultProxy::Fault> on_new_connections = std::nullopt;
};

class ScriptedDepartment {
 public:
  // Queries, polls among them, count from 1, and are told one by one in their order.
  using Script = std::function<ScriptStep(int number, const v1::QueryRequest& query)>;

  // Takes the source's place in the scenario's catalogue; write the scenario afterwards. `faults`
  // are those of a faulty reaction, as the simulation's file has them.
  ScriptedDepartment(Scenario* scenario, const std::string& source_id, const std::string& faults,
                     Script script);

  FaultProxy& proxy() { return *proxy_; }
  // Queries whose step has been taken.
  int arrived() const { return arrived_; }

 private:
  // Of one of the departments, to what has arrived.
  using React = std::function<adapters::Reaction(adapters::Department&)>;
  adapters::SteppedDepartment::Reply ReplyTo(const v1::QueryRequest& query, const React& react);

  base::Mutex mutex_;
  const Script script_;
  const Issued tls_;
  std::unique_ptr<adapters::Department> right_;
  std::unique_ptr<adapters::Department> faulty_;
  std::unique_ptr<adapters::Department> promising_;
  int told_ ABSL_GUARDED_BY(mutex_) = 0;
  std::atomic<int> arrived_{0};
  std::atomic<FaultProxy*> proxy_of_queries_{nullptr};
  std::unique_ptr<FaultProxy> proxy_;
  std::unique_ptr<adapters::SteppedDepartment> server_;  // ends first: its queries use the rest
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_SCRIPTED_DEPARTMENT_H_
