#include "adapters/simulated/department.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/simulated/faults.h"
#include "hedui/config/v1/simulation.pb.h"
#include "hedui/v1/source.pb.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::adapters {
namespace {

absl::StatusOr<base::Period> PeriodAsked(const v1::Period& wire) {
  base::Period period;
  if (!wire.from().empty()) {
    HEDUI_ASSIGN_OR_RETURN(period.from, base::ParseDay(wire.from()));
  }
  if (!wire.to().empty()) {
    HEDUI_ASSIGN_OR_RETURN(period.to, base::ParseDay(wire.to()));
  }
  return period;
}

void AnswerPending(const v1::QueryRequest& request, const std::string& token,
                   const Promise& promise, v1::QueryResponse* response) {
  for (const v1::QueryPerson& person : request.people()) {
    for (const std::string& category : person.categories()) {
      v1::SourceAnswer* answer = response->add_answers();
      answer->set_person_id(person.person_id());
      answer->set_category(category);
      answer->set_kind(v1::ANSWER_KIND_PENDING);
    }
  }
  response->set_pending_token(token);
  response->set_pending_ready_after_seconds(promise.ready_after_seconds);
}

}  // namespace

Department::Department(std::shared_ptr<const Province> province,
                       const config::v1::SimulatedSource* source, Desk desk,
                       const base::Clock* clock)
    : province_(std::move(province)), source_(source), desk_(std::move(desk)), clock_(clock) {}

absl::StatusOr<std::unique_ptr<Department>> Department::Create(
    std::shared_ptr<const Province> province, absl::string_view source_id, Desk desk,
    const base::Clock* clock) {
  static const base::SystemClock machine;
  const config::v1::SimulatedSource* source = province->FindSource(source_id);
  if (source == nullptr) {
    return base::MakeError(absl::StatusCode::kNotFound, "SIMULATED_SOURCE",
                           absl::StrCat("the simulation has no source \"", source_id, "\""),
                           base::Visibility::kOperator);
  }
  return std::unique_ptr<Department>(new Department(std::move(province), source, std::move(desk),
                                                    clock == nullptr ? &machine : clock));
}

bool Department::BeginReaction(const v1::QueryRequest& request, const FaultDraw& faults,
                               Reaction* reaction) const {
  reaction->delay = faults.delay();
  if (desk_ != nullptr) reaction->status = desk_(request);
  return reaction->status.ok() && !faults.EndsCall(request, reaction);
}

Reaction Department::React(const v1::QueryRequest& request) {
  Reaction reaction;
  const FaultCall call{calls_.fetch_add(1, std::memory_order_relaxed), /*poll=*/false,
                       clock_->WallNow()};
  const FaultDraw faults(*source_, province_->simulation().seed(), call, request);
  if (!BeginReaction(request, faults, &reaction)) return reaction;
  v1::QueryResponse response;
  reaction.status = AnswerAll(request, &response);
  if (!reaction.status.ok()) return reaction;
  faults.Distort(&response);
  reaction.response = response.SerializeAsString();
  return reaction;
}

Reaction Department::Redeem(const v1::PollRequest& request) {
  // What is polled for, as it was asked.
  v1::QueryRequest query;
  query.set_attempt_id(request.attempt_id());
  query.set_warrant(request.warrant());
  *query.mutable_people() = request.people();
  *query.mutable_period() = request.period();
  Reaction reaction;
  const uint64_t seed = province_->simulation().seed();
  const FaultCall call{calls_.fetch_add(1, std::memory_order_relaxed), /*poll=*/true,
                       clock_->WallNow()};
  const FaultDraw faults(*source_, seed, call, query);
  if (!BeginReaction(query, faults, &reaction)) return reaction;
  std::string token = request.pending_token();
  std::optional<Promise> promise = ReadPromise(seed, source_->id(), token);
  if (!promise.has_value()) {
    reaction.status = absl::NotFoundError("simulated: no such token");
    return reaction;
  }
  // Answers of either have the same fields under the same numbers.
  v1::QueryResponse response;
  if (faults.Renews(&*promise, &token)) {
    AnswerPending(query, token, *promise, &response);
  } else if (promise->IsReady(call.now)) {
    reaction.status = AnswerAll(query, &response);
    if (!reaction.status.ok()) return reaction;
    faults.Distort(&response);
  } else {
    AnswerPending(query, token, *promise, &response);
  }
  reaction.response = response.SerializeAsString();
  return reaction;
}

absl::Status Department::AnswerAll(const v1::QueryRequest& request,
                                   v1::QueryResponse* response) const {
  const absl::StatusOr<base::Period> period = PeriodAsked(request.period());
  if (!period.ok()) return absl::InvalidArgumentError("PERIOD: a day does not exist");
  if (request.people().empty()) return absl::InvalidArgumentError("PEOPLE: nobody is asked about");
  for (const v1::QueryPerson& person : request.people()) {
    for (const std::string& category : person.categories()) {
      v1::SourceAnswer* answer = response->add_answers();
      answer->set_person_id(person.person_id());
      answer->set_category(category);
      province_->Answer(*source_, person.identity(), category, *period, answer);
    }
  }
  return absl::OkStatus();
}

void Department::Describe(v1::DescribeResponse* response) const {
  response->set_source_id(source_->id());
  *response->mutable_categories() = source_->categories();
  *response->mutable_divisions() = source_->divisions();
}

const std::string& Department::id() const { return source_->id(); }

}  // namespace hedui::adapters
