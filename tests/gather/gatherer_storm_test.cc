// Everything at once, drawn from a seed: sources that answer, fail, hang, lose their connections
// and ignore cancellations; flows that give up, withdraw and go; limits that change under them, and
// catalogues. What must hold all the same is looked at in every step.
#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/gather/answer_share.h"
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

struct Storm {
  uint32_t seed;
  int sources;
  int flows;
};
constexpr Storm kStorms[] = {{1, 8, 1'500}, {2, 8, 1'500}, {3, 8, 1'500}, {4, 8, 1'500},
                             {5, 8, 1'500}, {6, 8, 1'500}, {7, 64, 600}};
// Fewer than are asked of any source.
constexpr int kPerDay = 200;
constexpr absl::Duration kSourceDeadline = absl::Seconds(3);

// What holds for one source, and how it behaves.
class StormAdapter final : public adapters::SourceAdapter {
 public:
  StormAdapter(uint32_t seed, const SourcePolicy& policy, const std::set<std::string>* withdrawn)
      : random_(seed), limits(policy.limits), withdrawn_(withdrawn) {}

  struct Call final : public adapters::SourceCall, public std::enable_shared_from_this<Call> {
    void Cancel() override {
      if (ended || cancelled) return;
      cancelled = true;
      // Some departments do not notice, and go on.
      if (adapter->OneOf(4)) return;
      adapter->After(*this, absl::Milliseconds(adapter->UpTo(20)), [](Call& call) {
        call.End(AnswerKind::kUnavailable, Reason::kCancelled, false);
      });
    }
    void End(AnswerKind kind, Reason reason, bool retryable) {
      if (std::exchange(ended, true)) return;
      adapters::SourceReply reply =
          adapters::UniformReply(request.query, kind, reason, retryable, "");
      reply.sent = sent;
      --adapter->in_flight;
      std::move(done)(std::move(reply));
    }

    StormAdapter* adapter = nullptr;
    runtime::EventLoop* loop = nullptr;
    adapters::SourceRequest request;
    adapters::SourceDone done;
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
    EXPECT_LE(++in_flight, limits.concurrency);
    if (!OneOf(5)) {
      Send(*call);
    } else if (OneOf(4)) {
      After(*call, absl::Milliseconds(UpTo(3'000)),
            [](Call& of) { of.End(AnswerKind::kUnavailable, Reason::kUnreachable, true); });
    } else {
      After(*call, absl::Milliseconds(UpTo(600)), [this](Call& of) { Send(of); });
    }
    return call;
  }

  bool OneOf(uint32_t n) { return random_() % n == 0; }
  int64_t UpTo(uint32_t n) { return random_() % (n + 1); }
  // Holds the call until then.
  void After(Call& call, absl::Duration delay, std::function<void(Call&)> then) {
    call.loop->After(delay, [of = call.shared_from_this(), then = std::move(then)] { then(*of); });
  }

 private:
  void Send(Call& call) {
    if (call.ended) return;
    if (call.cancelled) {
      return After(call, absl::ZeroDuration(),
                   [](Call& of) { of.End(AnswerKind::kUnavailable, Reason::kCancelled, false); });
    }
    if (!call.request.may_be_sent()) {
      return After(call, absl::ZeroDuration(), [](Call& of) {
        of.End(AnswerKind::kNotAsked, Reason::kNoAuthorization, false);
      });
    }
    call.sent = true;
    for (const plan::PersonQuery& person : call.request.query.people) {
      EXPECT_EQ(withdrawn_->count(person.person_id), 0u) << "sent after its withdrawal";
    }
    sent_at.push_back(call.loop->Now());
    EXPECT_TRUE(names_.insert(call.request.attempt_id).second) << call.request.attempt_id;
    const std::string& name = call.request.attempt_id;
    const bool first = queries_.insert(name.substr(0, name.rfind('/'))).second;
    ++(first ? firsts : extra);
    EXPECT_LE(1'000 * extra, 1'000 * limits.extra.reserve + limits.extra.permille * firsts);
    Answer(call);
  }

  void Answer(Call& call) {
    // Good and bad times, so that breakers open and close.
    const bool bad = absl::ToInt64Seconds(call.loop->Now()) / 7 % 3 == 0;
    const absl::Duration takes = absl::Milliseconds(UpTo(OneOf(20) ? 1'000 : 30));
    switch (random_() % (bad ? 4 : 40)) {
      case 0:
        return After(call, takes,
                     [](Call& of) { of.End(AnswerKind::kUnavailable, Reason::kOverloaded, true); });
      case 1:
        return After(call, takes,
                     [](Call& of) { of.End(AnswerKind::kUnavailable, Reason::kMalformed, false); });
      case 2:  // hangs, and keeps to the time it was given, or not
        return After(call, call.request.timeout + absl::Milliseconds(UpTo(2'000)),
                     [](Call& of) { of.End(AnswerKind::kUnavailable, Reason::kLate, true); });
      default:
        return After(call, takes,
                     [](Call& of) { of.End(AnswerKind::kNotCovered, Reason::kNone, false); });
    }
  }

  std::mt19937 random_;

 public:
  SourceLimits limits;
  int in_flight = 0;
  int64_t firsts = 0;
  int64_t extra = 0;
  std::vector<absl::Duration> sent_at;

 private:
  const std::set<std::string>* const withdrawn_;
  std::set<std::string> names_;
  std::set<std::string> queries_;
};

class GathererStormTest : public GatherTest, public ::testing::WithParamInterface<Storm> {
 protected:
  GathererStormTest() {
    for (int i = 0; i < sources_in_all_; ++i) {
      SourcePolicy policy = PolicyNamed(absl::StrCat("s", i));
      policy.deadline = kSourceDeadline;
      policy.attempts = 1 + i % 4;
      policy.hedge_safe = i % 2 == 0;
      policy.limits.concurrency = 12;
      if (i % 2 == 1) policy.limits.rate.per_second = 10 + i % 8;
      if (i % 4 == 2) policy.limits.per_day = kPerDay;
      if (i % 4 == 3) policy.cache_lifetime = absl::Milliseconds(200);
      adapters_.push_back(
          std::make_unique<StormAdapter>(static_cast<uint32_t>(random_()), policy, &withdrawn_));
      AddSource(policy, adapters_.back().get());
    }
  }

  // One of the flows, and what it was promised.
  struct Client {
    std::unique_ptr<Flow> flow;
    absl::Duration started;
    absl::Duration time;
    std::vector<plan::SourceQuery> queries;
    std::vector<std::string> people;
  };

  void Begin(int number) {
    Client client;
    client.flow = NewFlow();
    client.flow->name = absl::StrCat("flow", number);
    client.flow->answers = share_.get();
    client.flow->scope = absl::StrCat("matter", number % 5);
    if (random_() % 3 == 0) client.flow->urgency = Urgency::kBackground;
    for (uint32_t i = 0; i <= random_() % 3; ++i) {
      client.people.push_back(absl::StrCat("f", number, ".m", i));
    }
    for (int i = 0; i < sources_in_all_; ++i) {
      client.queries.push_back(QueryOf(absl::StrCat("s", i), client.people, {"a", "b"}));
    }
    client.started = loop.Now();
    client.time = absl::Milliseconds(1 + random_() % 4'000);
    client.flow->Start(client.queries, client.time);
    clients_.push_back(std::move(client));
  }

  // Something happens to one of the flows, or to the limits.
  void Disturb() {
    Client& client = clients_[random_() % clients_.size()];
    switch (random_() % 8) {
      case 0:
        return client.flow->gatherer == nullptr ? void() : client.flow->Cancel();
      case 1:
        return client.flow->gatherer.reset();
      case 2:
      case 3: {
        const std::string& person = client.people[random_() % client.people.size()];
        client.flow->withdrawn.insert(person);
        withdrawn_.insert(person);
        return;
      }
      case 4: {
        const size_t i = random_() % adapters_.size();
        SourceLimits& limits = adapters_[i]->limits;
        limits.concurrency = 1 + static_cast<int>(random_() % 20);
        limits.breaker.failures = static_cast<int>(random_() % 8);
        StateOf(absl::StrCat("s", i)).SetLimits(limits);
        return;
      }
      case 5:
        return random_() % 16 == 0 ? Reload() : void();
      default:
        return;
    }
  }

  // Another catalogue: flows under way keep the one they began with, limits hold for them too.
  void Reload() {
    auto next = std::make_shared<Sources>();
    for (size_t i = 0; i < adapters_.size(); ++i) {
      const Source& source = *sources->Find(absl::StrCat("s", i));
      SourcePolicy policy = source.policy;
      policy.deadline = kSourceDeadline - absl::Milliseconds(random_() % 1'000);
      policy.attempts = 1 + static_cast<int>(random_() % 4);
      policy.hedge_safe = random_() % 2 == 0;
      adapters_[i]->limits.concurrency = 1 + static_cast<int>(random_() % 20);
      policy.limits = adapters_[i]->limits;
      ASSERT_TRUE(next->Add(policy, source.adapter, source.state).ok());
    }
    sources = std::move(next);
    sources->PutLimitsInForce();
    ++reloads_;
  }

  void ExpectComplete(const Client& client) const {
    const Flow& flow = *client.flow;
    const absl::Duration most = std::min(client.time, kSourceDeadline);
    for (const Outcome& outcome : flow.outcomes) {
      EXPECT_LE(outcome.elapsed, most) << flow.name;
      ASSERT_EQ(outcome.answers.size(), client.people.size() * 2);
      if (outcome.reused.has_value()) {
        ++reused_;
        EXPECT_EQ(outcome.attempts, 0);
        for (const base::Answer& answer : outcome.answers) {
          EXPECT_EQ(answer.kind, AnswerKind::kNotCovered);
        }
      }
      for (size_t i = 0; i < outcome.answers.size(); ++i) {
        EXPECT_EQ(outcome.answers[i].person_id, client.people[i / 2]);
        EXPECT_EQ(outcome.answers[i].category, i % 2 == 0 ? "a" : "b");
        if (outcome.answers[i].kind == AnswerKind::kNotAsked)
          ++not_asked_[outcome.answers[i].reason];
      }
    }
    if (flow.gatherer == nullptr) return;
    EXPECT_EQ(flow.done, 1) << flow.name;
    EXPECT_EQ(flow.outcomes.size(), static_cast<size_t>(sources_in_all_)) << flow.name;
    EXPECT_LE(flow.done_at - client.started, most) << flow.name;
  }

  const int sources_in_all_ = GetParam().sources;
  std::mt19937 random_{GetParam().seed};
  std::set<std::string> withdrawn_;
  std::vector<std::unique_ptr<StormAdapter>> adapters_;
  std::vector<Client> clients_;
  base::ByteBudget budget_{1 << 18, 1 << 18};
  std::shared_ptr<AnswerShare> share_ = AnswerShare::Create(&clock, &budget_);
  mutable std::map<Reason, int> not_asked_;
  mutable int reused_ = 0;
  int reloads_ = 0;
};

TEST_P(GathererStormTest, WhatIsPromisedHolds) {
  for (int i = 0; i < GetParam().flows; ++i) {
    Begin(i);
    for (int j = 0; j < 3; ++j) {
      Disturb();
      loop.AdvanceBy(absl::Microseconds(random_() % 20'000));
    }
  }
  loop.AdvanceBy(absl::Minutes(1));
  for (const Client& client : clients_) ExpectComplete(client);
  int64_t extra = 0;
  for (int i = 0; i < sources_in_all_; ++i) {
    const StormAdapter& adapter = *adapters_[static_cast<size_t>(i)];
    const SourceState& state = StateOf(absl::StrCat("s", i));
    EXPECT_EQ(adapter.in_flight, 0);
    EXPECT_EQ(state.in_flight(), 0u) << "all permits are back";
    EXPECT_EQ(state.waiting(), 0u);
    extra += adapter.extra;
    // All within one day.
    if (adapter.limits.per_day > 0) {
      EXPECT_EQ(adapter.sent_at.size(), static_cast<size_t>(adapter.limits.per_day)) << i;
    }
    const auto limit = static_cast<size_t>(adapter.limits.rate.per_second);
    if (limit == 0) continue;
    for (size_t j = 0; j + limit < adapter.sent_at.size(); ++j) {
      ASSERT_GT(adapter.sent_at[j + limit] - adapter.sent_at[j], absl::Seconds(1)) << i;
    }
  }
  EXPECT_EQ(loop.armed_timers(), 0u);
  // It did storm.
  EXPECT_GT(extra, 50);
  EXPECT_GT(reloads_, 10);
  EXPECT_GT(reused_, 50);
  EXPECT_GT(not_asked_[Reason::kBreaker], 0);
  EXPECT_GT(not_asked_[Reason::kQuota], 0);
  EXPECT_GT(not_asked_[Reason::kNoAuthorization], 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, GathererStormTest, ::testing::ValuesIn(kStorms),
                         [](const auto& storm) {
                           return absl::StrCat("Seed", storm.param.seed, "With",
                                               storm.param.sources, "Sources");
                         });

}  // namespace
}  // namespace hedui::gather
