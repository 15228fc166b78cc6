// Whether a request may be done at all: what access and the policies object to, all at once and
// each with its field. Thread-safe.
#ifndef HEDUI_SERVER_REQUEST_CHECK_H_
#define HEDUI_SERVER_REQUEST_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/access/access_control.h"
#include "server/runtime/event_loop.h"
#include "server/verify_flow.h"

namespace hedui {

struct Rooms;
struct Setup;

// Blocks on the store, for the matter. Errors as access::Authorize; FAILED_PRECONDITION
// (NO_POLICY_SET); access::DefectsOf gives them all.
absl::StatusOr<access::Grant> CheckRequest(const Rooms& rooms, const Setup& setup,
                                           const VerifyRequest& request);

// As Verifier::Examine.
void ExamineRequest(const Rooms* rooms, runtime::EventLoop* loop, VerifyRequest request,
                    std::vector<std::string> unread, ExamineDone done);

}  // namespace hedui

#endif  // HEDUI_SERVER_REQUEST_CHECK_H_
