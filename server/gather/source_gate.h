// The places at one source: how many attempts may be in flight at once, process-wide, with a queue
// before them.
//
// Thread-safe; calls out under no lock. First come, first served over all loops. A place is given
// back by destroying it, on any thread. Limits: the queue is as long as the flows admitted at the
// door make it; a waiter that gives up leaves it at once.
#ifndef HEDUI_SERVER_GATHER_SOURCE_GATE_H_
#define HEDUI_SERVER_GATHER_SOURCE_GATE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "server/base/mutex.h"
#include "server/runtime/event_loop.h"

namespace hedui::gather {

class SourceGate : public std::enable_shared_from_this<SourceGate> {
 public:
  // One attempt's right to be in flight. Move-only; destroying it lets the next waiter in.
  class Place {
   public:
    Place() = default;  // of nothing
    ~Place() { Release(); }
    Place(Place&&) noexcept = default;
    Place& operator=(Place&& other) noexcept;
    void Release();

   private:
    friend class SourceGate;
    explicit Place(std::shared_ptr<SourceGate> gate) : gate_(std::move(gate)) {}
    std::shared_ptr<SourceGate> gate_;
  };
  using Granted = absl::AnyInvocable<void(Place) &&>;

  // A position in the queue. Destroying it gives the position up; a place that was granted
  // meanwhile goes on to the next waiter. Destroy it on the loop it waits for.
  class Ticket {
   public:
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    friend class SourceGate;
    struct Waiter;
    explicit Ticket(std::shared_ptr<SourceGate> gate) : gate_(std::move(gate)) {}
    std::shared_ptr<SourceGate> gate_;
    std::shared_ptr<Waiter> waiter_;
  };

  // `concurrency` at least 1.
  static std::shared_ptr<SourceGate> Create(int concurrency);

  // A place, unless all are taken or somebody is waiting already.
  std::optional<Place> TryEnter();
  // Waits in line. `granted` runs once on `loop`, later, never inside this call, unless the ticket
  // is destroyed first. `loop` outlives the waiting; a loop that has shut down gives the place back
  // unused.
  std::unique_ptr<Ticket> Wait(runtime::EventLoop* loop, Granted granted);

  size_t in_flight() const;
  size_t waiting() const;

 private:
  explicit SourceGate(size_t concurrency) : concurrency_(concurrency) {}
  void Leave();
  // Gives free places to those in front.
  void Admit();

  const size_t concurrency_;
  mutable base::Mutex mutex_;
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  std::list<std::shared_ptr<Ticket::Waiter>> queue_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCE_GATE_H_
