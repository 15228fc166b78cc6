// One simulated department: takes the bytes-level contract of hedui.v1.SourceService and says how
// it reacts, faults included. It knows no transport: hedui-sim serves it over gRPC, the in-process
// adapter calls it directly, and both hand its bytes to the same strict reader.
//
// Thread-safe.
#ifndef HEDUI_ADAPTERS_SIMULATED_DEPARTMENT_H_
#define HEDUI_ADAPTERS_SIMULATED_DEPARTMENT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/simulated/province.h"
#include "server/base/clock.h"

namespace hedui::v1 {
class DescribeResponse;
class PollRequest;
class QueryRequest;
class QueryResponse;
}  // namespace hedui::v1

namespace hedui::adapters {

class FaultDraw;

struct Reaction {
  absl::Duration delay;  // before anything is sent
  bool silent = false;   // nothing is ever sent
  absl::Status status;   // how the call ends; its message is sent along
  std::string response;  // the bytes of a QueryResponse, or what a broken department sends instead
};

class Department {
 public:
  // Looks at a query, or at a poll as a query of the same, before it is answered; an error ends the
  // call. Called on whatever thread it came.
  using Desk = absl::AnyInvocable<absl::Status(const v1::QueryRequest&) const>;

  // NOT_FOUND (SIMULATED_SOURCE) when the province has no such source. `desk` may be null. `clock`
  // says when promised answers are there and outlives it; null: the machine's.
  static absl::StatusOr<std::unique_ptr<Department>> Create(
      std::shared_ptr<const Province> province, absl::string_view source_id, Desk desk = nullptr,
      const base::Clock* clock = nullptr);

  Reaction React(const v1::QueryRequest& request);
  // A poll: the bytes are of a PollResponse. A promise is all in its token, so that it is kept
  // after a restart too.
  Reaction Redeem(const v1::PollRequest& request);
  void Describe(v1::DescribeResponse* response) const;
  const std::string& id() const;

 private:
  Department(std::shared_ptr<const Province> province, const config::v1::SimulatedSource* source,
             Desk desk, const base::Clock* clock);
  // Up to where faults have had their say; false: the reaction is complete.
  bool BeginReaction(const v1::QueryRequest& request, const FaultDraw& faults,
                     Reaction* reaction) const;
  // Answers as if nothing went wrong.
  absl::Status AnswerAll(const v1::QueryRequest& request, v1::QueryResponse* response) const;

  const std::shared_ptr<const Province> province_;
  const config::v1::SimulatedSource* const source_;
  const Desk desk_;
  const base::Clock* const clock_;
  std::atomic<uint64_t> calls_{0};
};

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SIMULATED_DEPARTMENT_H_
