// A source's state on a clock and a loop that a test moves, and those who ask it.
#ifndef HEDUI_TESTS_GATHER_SOURCE_STATE_FIXTURE_H_
#define HEDUI_TESTS_GATHER_SOURCE_STATE_FIXTURE_H_

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "gtest/gtest.h"
#include "server/gather/source_state.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"

namespace hedui::gather {

using Permit = SourceState::Permit;
using Decision = SourceState::Decision;
using Ticket = std::unique_ptr<SourceState::Ticket>;

inline SourceLimits Places(int concurrency) {
  SourceLimits limits;
  limits.concurrency = concurrency;
  return limits;
}

class SourceStateTest : public ::testing::Test {
 protected:
  void Open(const SourceLimits& limits) {
    state_ = SourceState::Create(limits, &clock_, [this](const DayLease& lease, LeaseDone done) {
      leases_.push_back({lease, std::move(done)});
    });
    clock_.Advance(absl::Seconds(2));  // past the first second of a rate
  }
  // One that asks, and what became of it.
  struct Asker {
    std::unique_ptr<Permit> permit;
    base::Reason refused = base::Reason::kNone;
    bool decided = false;
    Ticket ticket;

    bool has() const { return permit != nullptr; }
    void Take(Decision decision) {
      decided = true;
      if (auto* const granted = std::get_if<Permit>(&decision)) {
        permit = std::make_unique<Permit>(std::move(*granted));
      } else {
        refused = std::get<SourceState::Refused>(decision).reason;
      }
    }
  };
  std::unique_ptr<Asker> Ask(Try which = Try::kFirst, Urgency urgency = Urgency::kInteractive,
                             testing::FakeLoop* loop = nullptr) {
    auto asker = std::make_unique<Asker>();
    SourceState::Asked asked =
        state_->Ask(loop == nullptr ? &loop_ : loop, which, urgency,
                    [to = asker.get()](Decision decision) { to->Take(std::move(decision)); });
    if (auto* const ticket = std::get_if<Ticket>(&asked)) {
      asker->ticket = std::move(*ticket);
    } else if (auto* const permit = std::get_if<Permit>(&asked)) {
      asker->Take(std::move(*permit));
    } else {
      asker->Take(std::get<SourceState::Refused>(asked));
    }
    return asker;
  }
  void Fail(int times) {
    for (int i = 0; i < times; ++i) {
      const auto asker = Ask();
      ASSERT_TRUE(asker->has());
      asker->permit->MaySend();
      asker->permit->Judge(AttemptEnd::kFailed, false);
    }
  }

  // So often that its usual time is known, and no other.
  void AnswerAfter(absl::Duration time, int times = 1'000) {
    for (int i = 0; i < times; ++i) {
      const auto asker = Ask();
      asker->permit->MaySend();
      clock_.Advance(time);
      asker->permit->Judge(AttemptEnd::kGood, /*timed=*/true);
    }
  }

  // A block that was asked for, and how to answer.
  struct AskedLease {
    DayLease lease;
    LeaseDone done;
    void Grant() { std::move(done)(DayBlock{lease.from, lease.from + lease.size}); }
  };

  testing::FakeClock clock_;
  testing::FakeLoop loop_{&clock_};
  std::vector<AskedLease> leases_;
  std::shared_ptr<SourceState> state_;
};

}  // namespace hedui::gather

#endif  // HEDUI_TESTS_GATHER_SOURCE_STATE_FIXTURE_H_
