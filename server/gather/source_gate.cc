#include "server/gather/source_gate.h"

#include <algorithm>
#include <vector>

namespace hedui::gather {

struct SourceGate::Ticket::Waiter {
  Waiter(runtime::EventLoop* on_loop, Granted on_granted)
      : loop(on_loop), granted(std::move(on_granted)) {}

  runtime::EventLoop* const loop;
  // Run or dropped on the loop only; never touched by the thread that admits.
  Granted granted;
  bool given_up = false;  // on the loop only
  // Guarded by the gate's mutex: where it stands while it is in the queue.
  bool queued = false;
  std::list<std::shared_ptr<Waiter>>::iterator position;
};

SourceGate::Place& SourceGate::Place::operator=(Place&& other) noexcept {
  if (this != &other) {
    Release();
    gate_ = std::move(other.gate_);
  }
  return *this;
}

void SourceGate::Place::Release() {
  if (std::shared_ptr<SourceGate> gate = std::move(gate_)) gate->Leave();
}

SourceGate::Ticket::~Ticket() {
  waiter_->given_up = true;
  // The function may own whoever waits: it goes away here, outside the lock.
  const Granted dropped = std::move(waiter_->granted);
  const base::MutexLock lock(&gate_->mutex_);
  if (waiter_->queued) {
    gate_->queue_.erase(waiter_->position);
    waiter_->queued = false;
  }
}

std::shared_ptr<SourceGate> SourceGate::Create(int concurrency) {
  return std::shared_ptr<SourceGate>(new SourceGate(static_cast<size_t>(std::max(concurrency, 1))));
}

std::optional<SourceGate::Place> SourceGate::TryEnter() {
  {
    const base::MutexLock lock(&mutex_);
    if (in_flight_ >= concurrency_ || !queue_.empty()) return std::nullopt;
    ++in_flight_;
  }
  return Place(shared_from_this());
}

std::unique_ptr<SourceGate::Ticket> SourceGate::Wait(runtime::EventLoop* loop, Granted granted) {
  std::unique_ptr<Ticket> ticket(new Ticket(shared_from_this()));
  ticket->waiter_ = std::make_shared<Ticket::Waiter>(loop, std::move(granted));
  {
    const base::MutexLock lock(&mutex_);
    queue_.push_back(ticket->waiter_);
    ticket->waiter_->position = std::prev(queue_.end());
    ticket->waiter_->queued = true;
  }
  // A place may have come free since the caller tried.
  Admit();
  return ticket;
}

void SourceGate::Leave() {
  {
    const base::MutexLock lock(&mutex_);
    --in_flight_;
  }
  Admit();
}

void SourceGate::Admit() {
  std::vector<std::shared_ptr<Ticket::Waiter>> admitted;
  {
    const base::MutexLock lock(&mutex_);
    while (in_flight_ < concurrency_ && !queue_.empty()) {
      queue_.front()->queued = false;
      admitted.push_back(std::move(queue_.front()));
      queue_.pop_front();
      ++in_flight_;
    }
  }
  for (std::shared_ptr<Ticket::Waiter>& waiter : admitted) {
    runtime::EventLoop* loop = waiter->loop;
    loop->Post([waiter = std::move(waiter), place = Place(shared_from_this())]() mutable {
      if (waiter->given_up) return;  // the place goes on to the next with this task
      Granted granted = std::move(waiter->granted);
      std::move(granted)(std::move(place));
    });
  }
}

size_t SourceGate::in_flight() const {
  const base::MutexLock lock(&mutex_);
  return in_flight_;
}

size_t SourceGate::waiting() const {
  const base::MutexLock lock(&mutex_);
  return queue_.size();
}

}  // namespace hedui::gather
