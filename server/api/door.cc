#include "server/api/door.h"

#include "server/access/access_control.h"
#include "server/api/caller.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::api {

absl::StatusOr<std::string> Door::Enter(const grpc::ServerContext& context,
                                        absl::string_view officer) const {
  const std::shared_ptr<const access::Register> reg = reg_();
  HEDUI_ASSIGN_OR_RETURN(const access::Agency* agency,
                         access::IdentifyAgency(*reg, CallerOf(context)));
  HEDUI_RETURN_IF_ERROR(access::CheckOfficer(*agency, officer));
  return agency->code;
}

absl::CivilDay Door::Today() const { return base::CivilDayOf(clock_->WallNow()); }

}  // namespace hedui::api
