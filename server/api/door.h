// What every service needs: who calls, and the clock. Thread-safe; outlives the calls.
#ifndef HEDUI_SERVER_API_DOOR_H_
#define HEDUI_SERVER_API_DOOR_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/access/register.h"
#include "server/base/clock.h"

namespace grpc {
class ServerContext;
}  // namespace grpc

namespace hedui::api {

// The register in force; the pointer keeps it alive for the call.
using RegisterSource = std::function<std::shared_ptr<const access::Register>()>;

class Door {
 public:
  // `clock` outlives it.
  Door(RegisterSource reg, const base::Clock* clock) : reg_(std::move(reg)), clock_(clock) {}

  // The caller's agency code, having checked that it is one and that the officer may act for it.
  // Errors as access::IdentifyAgency and access::CheckOfficer.
  absl::StatusOr<std::string> Enter(const grpc::ServerContext& context,
                                    absl::string_view officer) const;
  // The civil day.
  absl::CivilDay Today() const;

 private:
  const RegisterSource reg_;
  const base::Clock* const clock_;
};

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_DOOR_H_
