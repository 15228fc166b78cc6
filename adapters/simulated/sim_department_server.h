// Serves one simulated department over gRPC: a server of its own, with one event loop. Query and
// Poll are answered with the bytes the department reacts with, whatever they are.
//
// Thread safety: everything from the thread that made it. Shutdown ends every call, silent ones
// included.
#ifndef HEDUI_ADAPTERS_SIMULATED_SIM_DEPARTMENT_SERVER_H_
#define HEDUI_ADAPTERS_SIMULATED_SIM_DEPARTMENT_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/simulated/department.h"
#include "server/base/clock.h"

namespace grpc {
class ServerCredentials;
}

namespace hedui::adapters {

class DepartmentServer {
 public:
  // Mutual TLS: callers must show a certificate of `authorities`. PEM texts.
  static std::shared_ptr<grpc::ServerCredentials> MutualTls(const std::string& authorities,
                                                            const std::string& certificate,
                                                            const std::string& key);

  // Listens at once. `listen` is "host:port"; port 0 takes any. `clock` outlives the server.
  // UNAVAILABLE (LISTEN).
  static absl::StatusOr<std::unique_ptr<DepartmentServer>> Start(
      std::unique_ptr<Department> department, const std::string& listen,
      std::shared_ptr<grpc::ServerCredentials> credentials, const base::Clock* clock);
  ~DepartmentServer();  // shuts down

  int port() const;
  const std::string& id() const;
  // No new calls; those under way have `grace` to end, then they are cancelled. Once.
  void Shutdown(absl::Duration grace);

 private:
  class Impl;
  explicit DepartmentServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SIMULATED_SIM_DEPARTMENT_SERVER_H_
