#include "tests/integration/faulty_department.h"

#include <utility>

#include "adapters/simulated/department.h"
#include "adapters/simulated/province.h"
#include "gtest/gtest.h"

namespace hedui::testing {

FaultyDepartment::FaultyDepartment(Scenario* scenario, const std::string& source_id,
                                   std::function<void(FaultProxy&, int)> on_query)
    : tls_(scenario->pki().IssueTls(source_id)), on_query_(std::move(on_query)) {
  auto province = adapters::Province::Parse("simulation.yaml", scenario->simulation_yaml);
  EXPECT_TRUE(province.ok()) << province.status();
  if (!province.ok()) return;
  auto department = adapters::Department::Create(*std::move(province), source_id,
                                                 [this](const v1::QueryRequest&) {
                                                   const int number = ++arrived_;
                                                   if (on_query_)
                                                     on_query_(*proxy_of_queries_.load(), number);
                                                   return absl::OkStatus();
                                                 });
  EXPECT_TRUE(department.ok()) << department.status();
  if (!department.ok()) return;
  auto server = adapters::DepartmentServer::Start(
      *std::move(department), "127.0.0.1:0",
      adapters::DepartmentServer::MutualTls(scenario->pki().ca_pem(), tls_.certificate_pem,
                                            tls_.key_pem),
      &clock_);
  EXPECT_TRUE(server.ok()) << server.status();
  if (!server.ok()) return;
  server_ = *std::move(server);
  // Nobody knows the server's port but the proxy, so no query comes before it.
  proxy_ = std::make_unique<FaultProxy>(server_->port());
  proxy_of_queries_ = proxy_.get();
  scenario->UseGrpc(source_id, proxy_->port());
}

}  // namespace hedui::testing
