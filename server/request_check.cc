#include "server/request_check.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/access/defects.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/rooms.h"

namespace hedui {
namespace {

bool Holds(const std::vector<std::string>& fields, absl::string_view field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

// A programme without a policy set in force there and then.
void CheckProgrammes(const Setup& setup, const VerifyRequest& request,
                     const std::vector<std::string>& unread, access::DefectList* defects) {
  for (size_t i = 0; i < request.programmes.size(); ++i) {
    const std::string field = absl::StrCat("header.programmes[", i, "]");
    if (Holds(unread, field) ||
        setup.policies->HasProgramme(request.household.division, request.programmes[i],
                                     request.dates.policy)) {
      continue;
    }
    defects->Add(absl::StatusCode::kFailedPrecondition, field, "NO_POLICY_SET",
                 absl::StrCat("no policy set is in force for it in ", request.household.division,
                              " on ", base::FormatDay(request.dates.policy),
                              "; ask without the programme for findings only"));
  }
}

absl::StatusOr<access::Grant> AuthorizeRequest(const Rooms& rooms, const Setup& setup,
                                               const VerifyRequest& request) {
  access::AccessRequest access_request;
  access_request.reg = &setup.reg;
  access_request.agency = setup.reg.FindAgency(request.agency);
  if (access_request.agency == nullptr) {
    return base::MakeError(absl::StatusCode::kPermissionDenied, "AGENCY_UNKNOWN",
                           "the agency is not in the register");
  }
  access_request.officer = request.officer;
  access_request.purpose = request.purpose;
  access_request.check_kind = request.check_kind;
  auto matter = rooms.matters->Load(request.agency, request.matter_number);
  if (matter.ok()) {
    access_request.matter = *std::move(matter);
  } else if (base::ReasonOf(matter.status()) != "MATTER_UNKNOWN") {
    return matter.status();
  }
  access_request.matter_number = request.matter_number;
  access_request.household = &request.household;
  access_request.today = base::CivilDayOf(rooms.clock->WallNow());
  return access::Authorize(access_request);
}

// All that stands against it but what is said of `unread` fields or follows from them; or why that
// cannot be told.
absl::StatusOr<access::Grant> Check(const Rooms& rooms, const Setup& setup,
                                    const VerifyRequest& request,
                                    const std::vector<std::string>& unread) {
  absl::StatusOr<access::Grant> grant = AuthorizeRequest(rooms, setup, request);
  access::DefectList defects;
  if (!grant.ok()) {
    const std::vector<access::Defect> found = access::DefectsOf(grant.status());
    if (found.empty()) return grant.status();  // no defect of the request
    for (const access::Defect& defect : found) {
      if (Holds(unread, defect.field)) continue;
      defects.Add(defect.code, defect.field, defect.reason, defect.text);
    }
  }
  if (!Holds(unread, "division") && !Holds(unread, "header.policy_day")) {
    CheckProgrammes(setup, request, unread, &defects);
  }
  HEDUI_RETURN_IF_ERROR(defects.ToStatus());
  return grant;
}

}  // namespace

absl::StatusOr<access::Grant> CheckRequest(const Rooms& rooms, const Setup& setup,
                                           const VerifyRequest& request) {
  return Check(rooms, setup, request, /*unread=*/{});
}

void ExamineRequest(const Rooms* rooms, runtime::EventLoop* loop, VerifyRequest request,
                    std::vector<std::string> unread, ExamineDone done) {
  // The pool leaves the task it does not take; whoever waits must be answered all the same.
  auto waiting = std::make_shared<ExamineDone>(std::move(done));
  runtime::Task task = [rooms, loop, waiting, setup = rooms->setup(), request = std::move(request),
                        unread = std::move(unread)] {
    const absl::Status status = Check(*rooms, *setup, request, unread).status();
    loop->Post([waiting, objections = access::DefectsOf(status)]() mutable {
      std::move (*waiting)(std::move(objections));
    });
  };
  if (rooms->disk->TrySubmit(std::move(task))) return;
  loop->Post([waiting] { std::move (*waiting)({}); });
}

}  // namespace hedui
