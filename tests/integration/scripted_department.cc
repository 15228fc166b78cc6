#include "tests/integration/scripted_department.h"

#include <utility>

#include "adapters/simulated/province.h"
#include "adapters/simulated/sim_department_server.h"
#include "gtest/gtest.h"

namespace hedui::testing {
namespace {

std::unique_ptr<adapters::Department> DepartmentOf(const std::string& simulation,
                                                   const std::string& source_id) {
  auto province = adapters::Province::Parse("simulation.yaml", simulation);
  EXPECT_TRUE(province.ok()) << province.status();
  if (!province.ok()) return nullptr;
  auto department = adapters::Department::Create(*std::move(province), source_id);
  EXPECT_TRUE(department.ok()) << department.status();
  return department.ok() ? *std::move(department) : nullptr;
}

// It is polled after a pause, which passes on the clock of the test.
void WithoutATime(std::string* bytes) {
  v1::QueryResponse response;
  EXPECT_TRUE(response.ParseFromString(*bytes));
  response.clear_pending_ready_after_seconds();
  *bytes = response.SerializeAsString();
}

}  // namespace

ScriptedDepartment::ScriptedDepartment(Scenario* scenario, const std::string& source_id,
                                       const std::string& faults, Script script)
    : script_(std::move(script)), tls_(scenario->pki().IssueTls(source_id)) {
  right_ = DepartmentOf(scenario->simulation_yaml, source_id);
  std::string with_faults = scenario->simulation_yaml;
  Scenario::AddToSource(&with_faults, source_id, "faults: [" + faults + "]");
  faulty_ = DepartmentOf(with_faults, source_id);
  std::string with_promises = scenario->simulation_yaml;
  Scenario::AddToSource(&with_promises, source_id, "faults: [{kind: pending, pending_for: 0s}]");
  promising_ = DepartmentOf(with_promises, source_id);
  server_ = std::make_unique<adapters::SteppedDepartment>(
      adapters::DepartmentServer::MutualTls(scenario->pki().ca_pem(), tls_.certificate_pem,
                                            tls_.key_pem),
      [this](const v1::QueryRequest& query) {
        return ReplyTo(query, [&query](adapters::Department& one) { return one.React(query); });
      },
      [this](const v1::PollRequest& poll) {
        v1::QueryRequest query;
        *query.mutable_people() = poll.people();
        return ReplyTo(query, [&poll](adapters::Department& one) { return one.Redeem(poll); });
      });
  // Nobody knows the server's port but the proxy, so no query comes before it.
  proxy_ = std::make_unique<FaultProxy>(server_->port());
  proxy_of_queries_ = proxy_.get();
  scenario->UseGrpc(source_id, proxy_->port());
}

adapters::SteppedDepartment::Reply ScriptedDepartment::ReplyTo(const v1::QueryRequest& query,
                                                               const React& react) {
  using Reacts = ScriptStep::Reacts;
  ScriptStep step;
  {
    const base::MutexLock lock(&mutex_);
    step = script_(++told_, query);
  }
  FaultProxy* const proxy = proxy_of_queries_;
  if (step.on_new_connections.has_value()) proxy->OnNewConnections(*step.on_new_connections);
  if (step.from_now.has_value()) proxy->FromNow(*step.from_now);
  adapters::SteppedDepartment::Reply reply("");
  if (step.reacts == Reacts::kSilent) {
    reply.silent = true;
  } else if (step.reacts == Reacts::kUnavailable) {
    reply.status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "down for maintenance");
  } else {
    adapters::Reaction reaction = react(step.reacts == Reacts::kRight    ? *right_
                                        : step.reacts == Reacts::kFaulty ? *faulty_
                                                                         : *promising_);
    if (step.reacts == Reacts::kPromises) WithoutATime(&reaction.response);
    // Nobody here waits for a delay: it is past every deadline, or there is none.
    reply.silent = reaction.silent || reaction.delay > absl::ZeroDuration();
    reply.bytes = std::move(reaction.response);
    reply.status = grpc::Status(static_cast<grpc::StatusCode>(reaction.status.code()),
                                std::string(reaction.status.message()));
  }
  ++arrived_;
  return reply;
}

}  // namespace hedui::testing
