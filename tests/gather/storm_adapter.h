// A source of the storm (gatherer_storm_test): it answers, fails, hangs, loses its connections and
// ignores cancellations, as drawn from a seed; and it holds whoever asks it to what was promised it
// at each moment: how many at once, in a second, on a day, beyond first attempts, how much of that
// by those whom nobody waits for, and nothing at all while it is held.
//
// One thread, the test's.
#ifndef HEDUI_TESTS_GATHER_STORM_ADAPTER_H_
#define HEDUI_TESTS_GATHER_STORM_ADAPTER_H_

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adapters/source_adapter.h"
#include "gtest/gtest.h"
#include "server/gather/source_limits.h"

namespace hedui::gather {

// What all sources of a storm know of those who ask.
struct StormPeople {
  std::set<std::string> withdrawn;         // people
  std::set<std::string> background_flows;  // whom nobody waits for
};

class StormAdapter final : public adapters::SourceAdapter {
 public:
  StormAdapter(uint32_t seed, const SourceLimits& in_force, const StormPeople* people)
      : random_(seed), people_(people), limits(in_force), reserves(in_force.extra.reserve) {}

  struct Call final : public adapters::SourceCall, public std::enable_shared_from_this<Call> {
    void Cancel() override {
      if (ended || cancelled) return;
      cancelled = true;
      // Some departments do not notice, and go on.
      if (adapter->OneOf(4)) return;
      adapter->After(*this, absl::Milliseconds(adapter->UpTo(20)), [](Call& call) {
        call.End(base::AnswerKind::kUnavailable, base::Reason::kCancelled, false);
      });
    }
    void End(base::AnswerKind kind, base::Reason reason, bool retryable) {
      if (std::exchange(ended, true)) return;
      adapters::SourceReply reply =
          adapters::UniformReply(request.query, kind, reason, retryable, "");
      reply.sent = sent;
      --adapter->in_flight;
      if (background) --adapter->background_in_flight;
      std::move(done)(std::move(reply));
    }

    StormAdapter* adapter = nullptr;
    runtime::EventLoop* loop = nullptr;
    adapters::SourceRequest request;
    adapters::SourceDone done;
    bool background = false;
    int open_in_second = 0;  // to the background, when it began
    bool sent = false;
    bool cancelled = false;
    bool ended = false;
  };

  std::shared_ptr<adapters::SourceCall> Start(runtime::EventLoop& loop,
                                              adapters::SourceRequest request,
                                              adapters::SourceDone done) override {
    auto call = std::make_shared<Call>();
    call->adapter = this;
    call->loop = &loop;
    call->request = std::move(request);
    call->done = std::move(done);
    const std::string& name = call->request.attempt_id;
    call->background = people_->background_flows.contains(name.substr(0, name.find('/')));
    call->open_in_second = limits.rate.per_second == 0 ? std::numeric_limits<int>::max()
                                                       : OpenOf(limits.rate.per_second);
    EXPECT_LE(++in_flight, limits.concurrency);
    if (call->background) {
      EXPECT_LE(++background_in_flight, OpenOf(limits.concurrency));
    }
    if (!OneOf(5)) {
      Send(*call);
    } else if (OneOf(4)) {
      After(*call, absl::Milliseconds(UpTo(3'000)), [](Call& of) {
        of.End(base::AnswerKind::kUnavailable, base::Reason::kUnreachable, true);
      });
    } else {
      After(*call, absl::Milliseconds(UpTo(600)), [this](Call& of) { Send(of); });
    }
    return call;
  }

 private:
  bool OneOf(uint32_t n) { return random_() % n == 0; }
  int64_t UpTo(uint32_t n) { return random_() % (n + 1); }
  // Holds the call until then.
  void After(Call& call, absl::Duration delay, std::function<void(Call&)> then) {
    call.loop->After(delay, [of = call.shared_from_this(), then = std::move(then)] { then(*of); });
  }
  // Of so many, those that are open to the background.
  int OpenOf(int all) const {
    return std::max(1, all * (100 - limits.rate.interactive_percent) / 100);
  }

  void Send(Call& call) {
    if (call.ended) return;
    if (call.cancelled) {
      return After(call, absl::ZeroDuration(), [](Call& of) {
        of.End(base::AnswerKind::kUnavailable, base::Reason::kCancelled, false);
      });
    }
    if (!call.request.may_be_sent()) {
      return After(call, absl::ZeroDuration(), [](Call& of) {
        of.End(base::AnswerKind::kNotAsked, base::Reason::kNoAuthorization, false);
      });
    }
    call.sent = true;
    Note(call);
    Answer(call);
  }

  // It has left: whether it might.
  void Note(const Call& call) {
    EXPECT_FALSE(held) << "sent while it was held";
    for (const plan::PersonQuery& person : call.request.query.people) {
      EXPECT_EQ(people_->withdrawn.count(person.person_id), 0u) << "sent after its withdrawal";
    }
    const absl::Duration now = call.loop->Now();
    sent_at.push_back(now);
    const auto in_second = static_cast<size_t>(limits.rate.per_second);
    if (in_second > 0 && sent_at.size() > in_second) {
      EXPECT_GT(now - sent_at[sent_at.size() - 1 - in_second], absl::Seconds(1));
    }
    // All within one day.
    const auto today = static_cast<int>(sent_at.size());
    if (limits.per_day > 0) {
      EXPECT_LE(today, call.background ? OpenOf(limits.per_day) : limits.per_day);
    }
    if (call.background) NoteOfBackground(now, call.open_in_second);

    const std::string& name = call.request.attempt_id;
    EXPECT_TRUE(era_of_attempts.try_emplace(name, era).second) << name;
    const bool first = queries_.insert(name.substr(0, name.rfind('/'))).second;
    ++(first ? firsts : extra);
    if (first) earned_ += limits.extra.permille;
    EXPECT_LE(1'000 * extra, 1'000 * reserves + earned_);
  }
  // Each was let through when fewer than its share had left or were to leave; shares change.
  void NoteOfBackground(absl::Duration now, int open) {
    background_.emplace_back(now, open);
    ++background_sent;
    int64_t count = 0;
    int most = 0;
    for (auto one = background_.rbegin(); one != background_.rend(); ++one) {
      if (now - one->first > absl::Seconds(1)) break;
      ++count;
      most = std::max(most, one->second);
    }
    EXPECT_LE(count, most) << "of those whom nobody waits for, in a second";
  }

  void Answer(Call& call) {
    // Good and bad times, so that breakers open and close.
    const bool bad = absl::ToInt64Seconds(call.loop->Now()) / 7 % 3 == 0;
    const absl::Duration takes = absl::Milliseconds(UpTo(OneOf(20) ? 1'000 : 30));
    switch (random_() % (bad ? 4 : 40)) {
      case 0:
        return After(call, takes, [](Call& of) {
          of.End(base::AnswerKind::kUnavailable, base::Reason::kOverloaded, true);
        });
      case 1:
        return After(call, takes, [](Call& of) {
          of.End(base::AnswerKind::kUnavailable, base::Reason::kMalformed, false);
        });
      case 2:  // hangs, and keeps to the time it was given, or not
        return After(call, call.request.timeout + absl::Milliseconds(UpTo(2'000)), [](Call& of) {
          of.End(base::AnswerKind::kUnavailable, base::Reason::kLate, true);
        });
      default:
        return After(call, takes, [](Call& of) {
          of.End(base::AnswerKind::kNotCovered, base::Reason::kNone, false);
        });
    }
  }

  std::mt19937 random_;
  const StormPeople* const people_;
  std::set<std::string> queries_;
  int64_t earned_ = 0;  // thousandths
  std::vector<std::pair<absl::Duration, int>> background_;

 public:
  // As they stand; the test keeps them.
  SourceLimits limits;
  bool held = false;
  int era = 0;           // each hold and recall begins one, and each state made anew
  int64_t reserves = 0;  // of further attempts: one for each state
  // What has happened.
  int in_flight = 0;
  int background_in_flight = 0;
  int64_t background_sent = 0;
  int64_t firsts = 0;
  int64_t extra = 0;
  std::vector<absl::Duration> sent_at;
  std::map<std::string, int> era_of_attempts;  // in which it was sent
};

}  // namespace hedui::gather

#endif  // HEDUI_TESTS_GATHER_STORM_ADAPTER_H_
