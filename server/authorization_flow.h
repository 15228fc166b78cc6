// Letters and matters read; and changed: registered, withdrawn, monitored, closed. Reserve, prepare
// on the disk pool, commit, apply - so that two callers cannot open one matter twice, and a
// withdrawal is live for running verifications the moment it is durable.
//
// Thread safety: calls on the given loop's thread. Limits: those of access::MatterBook and the
// committer.
#ifndef HEDUI_SERVER_AUTHORIZATION_FLOW_H_
#define HEDUI_SERVER_AUTHORIZATION_FLOW_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/access/matter.h"
#include "server/list_flow.h"
#include "server/runtime/event_loop.h"

namespace hedui {

struct Rooms;

// What stands once the change is durable.
struct MatterChange {
  access::MatterState state = access::MatterState::kOpen;
  int letters_added = 0;
  absl::Time revoked_at;  // Revoke: of the first withdrawal
};

class Registrar {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<MatterChange>) &&>;

  // `rooms` outlives it and every change under way.
  explicit Registrar(const Rooms* rooms) : rooms_(rooms) {}

  // `agency` is the caller's code. Errors: access's, all defects at once; RESOURCE_EXHAUSTED;
  // UNAVAILABLE (DRAINING). `done` runs once, on `loop`.
  // `request_bytes`: what it came in, held to the memory budget (BYTES) until it is answered.
  void Register(runtime::EventLoop* loop, std::string agency, access::RegisterRequest request,
                size_t request_bytes, Done done);
  void Revoke(runtime::EventLoop* loop, std::string agency, access::RevokeRequest request,
              Done done);
  void Monitor(runtime::EventLoop* loop, std::string agency, access::StateRequest request,
               Done done);
  void Close(runtime::EventLoop* loop, std::string agency, access::StateRequest request, Done done);

  // What stands (list_flow.h). NOT_FOUND (MATTER_UNKNOWN) for others' matters too.
  void Get(runtime::EventLoop* loop, std::string agency, std::string matter_number,
           MatterDone done) const;
  // A matter opened by a version before lists were kept is in none.
  void List(runtime::EventLoop* loop, MatterQuery query, MatterPageDone done) const;

 private:
  const Rooms* const rooms_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_AUTHORIZATION_FLOW_H_
