// One adapter of some kind before one simulated department, and a loop to call it on: what the
// conformance suite needs of a kind. A new kind adds a harness here and a line to the suite.
#ifndef HEDUI_TESTS_ADAPTERS_KIND_HARNESS_H_
#define HEDUI_TESTS_ADAPTERS_KIND_HARNESS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "adapters/simulated/department.h"
#include "adapters/source_adapter.h"

namespace hedui::adapters {

class KindHarness {
 public:
  virtual ~KindHarness() = default;
  virtual SourceAdapter& adapter() = 0;
  // Runs `task` on the loop and returns when it has run.
  virtual void OnLoop(absl::FunctionRef<void(runtime::EventLoop&)> task) = 0;
  // Lets the loop work until `done`, which is called on the loop, holds. Time passes as it has to.
  virtual void RunUntil(absl::FunctionRef<bool()> done) = 0;
  // Ends Transport::kHeld.
  virtual void LetThrough() {}
};

// kHeld: what the adapter sends over is not there yet, and comes with LetThrough. Nothing for kinds
// that have nothing to wait for.
enum class Transport { kOpen, kHeld };

// `simulation` has a source "dept".
using MakeHarness = std::unique_ptr<KindHarness> (*)(const std::string& simulation,
                                                     Department::Desk desk, Transport transport);

// In this process, on a simulated clock.
std::unique_ptr<KindHarness> MakeSimulatedHarness(const std::string& simulation,
                                                  Department::Desk desk, Transport transport);
// A real server on a free port, over mutual TLS.
std::unique_ptr<KindHarness> MakeGrpcHarness(const std::string& simulation, Department::Desk desk,
                                             Transport transport);

// The department "dept" of a simulation; fails the test when the simulation has a defect.
// `clock` as Department::Create.
std::unique_ptr<Department> DepartmentOf(const std::string& simulation, Department::Desk desk,
                                         const base::Clock* clock = nullptr);

}  // namespace hedui::adapters

#endif  // HEDUI_TESTS_ADAPTERS_KIND_HARNESS_H_
