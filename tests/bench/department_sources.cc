#include "tests/bench/department_sources.h"

#include <atomic>
#include <optional>

#include "adapters/simulated/department.h"
#include "adapters/simulated/province.h"
#include "hedui/config/v1/simulation.pb.h"
#include "hedui/v1/source.pb.h"
#include "server/base/status.h"
#include "tests/bench/bytes.h"
#include "tests/bench/floor.h"
#include "tests/bench/raw_server.h"

namespace hedui::bench {
namespace {

struct Source {
  std::unique_ptr<adapters::Department> department;
  std::optional<grpc::ByteBuffer> answer;  // on the sources' one loop
};

}  // namespace

struct DepartmentSources::State {
  void OnQuery(RawCall* call);

  std::vector<Source> sources;
  std::atomic<int64_t> calls{0};
  std::atomic<int64_t> query_bytes{0};
  std::atomic<int64_t> answer_bytes{0};
  std::unique_ptr<RawServer> server;  // last: its calls use the rest
};

void DepartmentSources::State::OnQuery(RawCall* call) {
  const std::optional<size_t> port = call->port();
  if (!port.has_value()) return call->Fail("the call is for another address");
  Source& source = sources[*port];
  if (!source.answer.has_value()) {
    v1::QueryRequest query;
    if (!query.ParseFromString(ToString(call->request()))) return call->Fail("not a query");
    const adapters::Reaction reaction = source.department->React(query);
    if (!reaction.status.ok()) return call->Fail(std::string(reaction.status.message()));
    source.answer = ToBuffer(reaction.response);
  }
  calls.fetch_add(1, std::memory_order_relaxed);
  query_bytes.fetch_add(static_cast<int64_t>(call->request().Length()), std::memory_order_relaxed);
  answer_bytes.fetch_add(static_cast<int64_t>(source.answer->Length()), std::memory_order_relaxed);
  call->Reply(*source.answer);
}

DepartmentSources::DepartmentSources() : state_(std::make_unique<State>()) {}

DepartmentSources::~DepartmentSources() = default;

absl::StatusOr<std::unique_ptr<DepartmentSources>> DepartmentSources::Start(
    absl::string_view simulation_yaml, const TlsTexts& tls) {
  HEDUI_ASSIGN_OR_RETURN(const std::shared_ptr<const adapters::Province> province,
                         adapters::Province::Parse("departments.yaml", simulation_yaml));
  std::unique_ptr<DepartmentSources> started(new DepartmentSources);
  State* const state = started->state_.get();
  for (const config::v1::SimulatedSource& source : province->simulation().sources()) {
    HEDUI_ASSIGN_OR_RETURN(auto department, adapters::Department::Create(province, source.id()));
    state->sources.push_back({std::move(department), std::nullopt});
  }
  state->server = std::make_unique<RawServer>(
      RawServer::Options{
          .method = kSourceMethod, .ports = static_cast<int>(state->sources.size()), .tls = tls},
      [state](RawCall* call) { state->OnQuery(call); });
  for (size_t i = 0; i < state->sources.size(); ++i) {
    started->addresses_.emplace_back(state->sources[i].department->id(),
                                     state->server->addresses()[i]);
  }
  return started;
}

DepartmentSources::Traffic DepartmentSources::traffic() const {
  return {state_->calls.load(), state_->query_bytes.load(), state_->answer_bytes.load()};
}

}  // namespace hedui::bench
