// What every change of a verification's chain of reports goes through: find the chain, wait for
// the right to change it, work on the pools, commit, answer. Whoever makes a report that
// supersedes another, or says that none counts any more, derives from this.
//
// Thread safety: made and begun on any thread; the steps run on the pools and the committer's
// thread, one after another; `done` runs once, on the loop. Held by its callbacks. Changes of one
// chain run one after another.
#ifndef HEDUI_SERVER_CHAIN_FLOW_H_
#define HEDUI_SERVER_CHAIN_FLOW_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/access/matter_book.h"
#include "server/base/event.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "server/ledger/committer.h"
#include "server/report_chain.h"
#include "server/rooms.h"
#include "server/runtime/event_loop.h"
#include "server/stored_report.h"

namespace hedui {

template <typename Answer>
class ChainFlow : public std::enable_shared_from_this<ChainFlow<Answer>> {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Answer>) &&>;

  // `chain_key` finds the chain: ReportKey of any of its reports, or ResultKey. `request_key`: what
  // else nobody may work on meanwhile; empty: nothing. `rooms` outlives it.
  ChainFlow(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
            base::LookupKey chain_key, std::string request_key, Done done)
      : rooms_(*rooms),
        setup_(rooms->setup()),
        agency_(std::move(agency)),
        chain_key_(std::move(chain_key)),
        request_key_(std::move(request_key)),
        loop_(loop),
        done_(std::move(done)) {}
  virtual ~ChainFlow() = default;

  void Begin() {
    OnDisk([](ChainFlow* self) {
      auto chain = ReadChainBy(self->rooms_, self->agency_, self->chain_key_);
      if (!chain.ok()) return self->Finish(chain.status());
      self->Reserve(chain->verification_id);
    });
  }

 protected:
  // On the disk pool, alone on this chain: until Finish.
  virtual void Work(ReportChain chain) = 0;

  // On the compute pool.
  void OnCompute(runtime::Task step) {
    runtime::Task task = [self = this->shared_from_this(), step = std::move(step)]() mutable {
      std::move(step)();
    };
    if (!rooms_.compute->TrySubmit(std::move(task))) {
      Finish(Busy("COMPUTE_FULL", "the platform has no room for another assessment"));
    }
  }

  // From any thread.
  void Commit(ledger::CommitRequest request, std::function<void(ledger::CommitReceipt)> then) {
    request.done = [self = this->shared_from_this(),
                    then = std::move(then)](absl::StatusOr<ledger::CommitReceipt> receipt) {
      if (receipt.ok()) return then(*std::move(receipt));
      if (const absl::Status health = self->rooms_.committer->Health(); !health.ok()) {
        self->rooms_.fatal(health);
      }
      self->Finish(receipt.status());
    };
    if (!rooms_.committer->TrySubmit(std::move(request))) {
      Finish(Busy("COMMITTER_FULL", "the platform has no room for another commit"));
    }
  }

  void Finish(absl::StatusOr<Answer> answer) {
    if (!answer.ok() && base::VisibilityOf(answer.status()) == base::Visibility::kOperator) {
      rooms_.tell(absl::StrCat("changing a chain of reports failed: ", answer.status().ToString()));
    }
    reservation_.Release();
    loop_->Post([done = std::move(done_), answer = std::move(answer)]() mutable {
      std::move(done)(std::move(answer));
    });
  }

  // As every time that is kept: whole milliseconds.
  absl::Time Now() const {
    return absl::FromUnixMillis(absl::ToUnixMillis(rooms_.clock->WallNow()));
  }

  const Rooms& rooms_;
  const std::shared_ptr<const Setup> setup_;
  const std::string agency_;

 private:
  template <typename Step>
  void OnDisk(Step step) {
    runtime::Task task = [self = this->shared_from_this(), step] { step(self.get()); };
    if (!rooms_.disk->TrySubmit(std::move(task))) {
      Finish(Busy("READERS_FULL", "the platform reads as much as it can"));
    }
  }

  void Reserve(const base::Uuid& verification_id) {
    std::vector<std::string> keys = {absl::StrCat("reports\n", verification_id.ToString())};
    if (!request_key_.empty()) keys.push_back(request_key_);
    rooms_.matters->Reserve(
        agency_, std::move(keys),
        [self = this->shared_from_this()](
            absl::StatusOr<access::MatterBook::Reservation> reservation) mutable {
          if (!reservation.ok()) return self->Finish(reservation.status());
          self->reservation_ = *std::move(reservation);
          self->OnDisk([](ChainFlow* flow) {
            auto chain = ReadChainBy(flow->rooms_, flow->agency_, flow->chain_key_);
            if (!chain.ok()) return flow->Finish(chain.status());
            flow->Work(*std::move(chain));
          });
        });
  }

  const base::LookupKey chain_key_;
  const std::string request_key_;
  runtime::EventLoop* const loop_;
  Done done_;
  access::MatterBook::Reservation reservation_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_CHAIN_FLOW_H_
