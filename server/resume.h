// After a crash, or an end that did not wait: verifications that were created and have neither a
// report nor an end are taken up again, under the same verification id.
//
// What was under way when the last process ended began no longer before the last row it committed
// than a verification may take; so only intents of that time are looked at. Where somebody set the
// clock by more than that while it was under way and the process died before its end, it stays
// VERIFICATION_INTERRUPTED until its request comes again.
//
// Start and Stop on the main thread, while the rooms run; Stop before the verifier drains.
#ifndef HEDUI_SERVER_RESUME_H_
#define HEDUI_SERVER_RESUME_H_

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/runtime/grpc_event_loop.h"
#include "server/verify_flow.h"

namespace hedui {

struct Rooms;

class Resumer {
 public:
  // A request as its intent has it, read again.
  using Decode = std::function<absl::StatusOr<VerifyRequest>(const std::string& agency,
                                                             const std::string& bytes)>;

  // Borrowed objects outlive it.
  Resumer(const Rooms* rooms, Verifier* verifier, runtime::EventLoops* loops, Decode decode);
  ~Resumer();

  // `newest`: when the last row was made that another process committed; absent: there is none.
  void Start(std::optional<absl::Time> newest);
  void Stop();

 private:
  void Run(absl::Time newest);
  void ResumeBegunAt(absl::Time second);
  // Waits for room, then takes one up.
  void TakeUp(VerifyRequest request);
  void OnTakenUp(const absl::StatusOr<VerificationView>& view, VerifyRequest request);
  bool stopped() const;

  const Rooms& rooms_;
  Verifier* const verifier_;
  runtime::EventLoops* const loops_;
  const Decode decode_;
  std::thread thread_;

  mutable base::Mutex mutex_;
  base::CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  size_t outstanding_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<VerifyRequest> turned_away_ ABSL_GUARDED_BY(mutex_);  // for lack of room
};

}  // namespace hedui

#endif  // HEDUI_SERVER_RESUME_H_
