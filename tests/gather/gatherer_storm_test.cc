// Everything at once, drawn from a seed: sources that answer, fail, hang, lose their connections
// and ignore cancellations; flows that give up, withdraw and go; limits that change under them, and
// catalogues; sources that are held and recalled, leave the catalogue and come back. What must hold
// all the same is looked at in every step, most of it by the sources themselves (storm_adapter.h).
#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/gather/answer_share.h"
#include "tests/gather/gather_fixture.h"
#include "tests/gather/storm_adapter.h"

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
constexpr absl::Duration kLifetimeMost = absl::Seconds(1);
// Nobody who asked it before asks a source any more: what was known of it is gone.
constexpr absl::Duration kGone = absl::Seconds(8);

// Each fourth has the same.
bool IsHedged(size_t source) { return source % 2 == 0 || source % 8 == 5; }
bool HasRate(size_t source) { return source % 2 == 1; }
bool HasDay(size_t source) { return source % 4 == 2 || source % 8 == 5; }
bool IsShared(size_t source) { return source % 4 == 3 || source % 8 == 5; }
// All of it together, and every number of it changes.
bool HasEverything(size_t source) { return source % 8 == 5; }

class GathererStormTest : public GatherTest, public ::testing::WithParamInterface<Storm> {
 protected:
  GathererStormTest() {
    for (size_t i = 0; i < sources_in_all_; ++i) {
      SourcePolicy policy = PolicyNamed(NameOf(i));
      policy.deadline = kSourceDeadline;
      policy.attempts = 1 + static_cast<int>(i % 4);
      policy.hedge_safe = IsHedged(i);
      policy.limits.concurrency = 12;
      if (HasRate(i)) policy.limits.rate.per_second = 10 + static_cast<int>(i % 8);
      if (HasDay(i)) policy.limits.per_day = kPerDay;
      if (IsShared(i)) policy.cache_lifetime = absl::Milliseconds(200);
      adapters_.push_back(std::make_unique<StormAdapter>(static_cast<uint32_t>(random_()),
                                                         policy.limits, &people_));
      const auto state = states_.Get(policy.id, policy.limits);
      known_.push_back(state);
      EXPECT_TRUE(sources->Add(policy, adapters_.back().get(), state).ok());
      policies_.push_back(std::move(policy));
    }
  }

  // One of the flows, and what it was promised.
  struct Client {
    std::unique_ptr<Flow> flow;
    absl::Duration started;
    absl::Duration time;
    std::vector<std::string> people;
    // Of each source as it stood when it began.
    std::vector<absl::Duration> lifetimes;
    std::optional<size_t> missing;
    bool destroyed = false;
  };

  static std::string NameOf(size_t source) { return absl::StrCat("s", source); }
  size_t AnySource() { return random_() % sources_in_all_; }

  void Begin(int number) {
    LetGoOfThoseDone();
    auto client = std::make_unique<Client>();
    client->flow = NewFlow();
    client->flow->name = absl::StrCat("flow", number);
    client->flow->answers = share_.get();
    client->flow->scope = absl::StrCat("matter", number % 5);
    if (random_() % 3 == 0) {
      client->flow->urgency = Urgency::kBackground;
      people_.background_flows.insert(client->flow->name);
    }
    for (uint32_t i = 0; i <= random_() % 3; ++i) {
      client->people.push_back(absl::StrCat("f", number, ".m", i));
    }
    std::vector<plan::SourceQuery> queries;
    for (size_t i = 0; i < sources_in_all_; ++i) {
      queries.push_back(QueryOf(NameOf(i), client->people, {"a", "b"}));
      client->lifetimes.push_back(policies_[i].cache_lifetime);
    }
    client->missing = missing_;
    client->flow->on_outcome = [this, of = client.get()](const Outcome& outcome) {
      if (outcome.reused.has_value()) ExpectReusable(*of, outcome);
    };
    client->started = loop.Now();
    client->time = absl::Milliseconds(1 + random_() % 4'000);
    client->flow->Start(std::move(queries), client->time);
    clients_.push_back(std::move(client));
  }
  // A flow that is done keeps nothing of a source alive.
  void LetGoOfThoseDone() {
    for (const auto& client : clients_) {
      if (client->flow->done > 0) client->flow->gatherer.reset();
    }
  }

  // Something happens to one of the flows, to a source or its limits.
  void Disturb() {
    Client& client = *clients_[random_() % clients_.size()];
    switch (random_() % 8) {
      case 0:
        return client.flow->gatherer == nullptr ? void() : client.flow->Cancel();
      case 1:
        client.destroyed |= client.flow->gatherer != nullptr;
        return client.flow->gatherer.reset();
      case 2:
      case 3: {
        const std::string& person = client.people[random_() % client.people.size()];
        client.flow->withdrawn.insert(person);
        people_.withdrawn.insert(person);
        return;
      }
      case 4: {
        const size_t i = AnySource();
        if (i == missing_) return;
        Redraw(i);
        return StateOf(NameOf(i)).SetLimits(adapters_[i]->limits);
      }
      case 5:
        return random_() % 10 == 0 ? Reload() : void();
      case 6:
        return HoldOrRelease();
      default:
        return random_() % 8 == 0 ? Recall(AnySource()) : void();
    }
  }
  void Redraw(size_t i) {
    SourceLimits& limits = adapters_[i]->limits;
    limits.concurrency = 1 + static_cast<int>(random_() % 20);
    limits.breaker.failures = static_cast<int>(random_() % 8);
    limits.extra.permille = static_cast<int>(random_() % 60);
    limits.rate.interactive_percent = static_cast<int>(random_() % 60);
    if (HasRate(i)) {
      limits.rate.per_second = random_() % 8 == 0 ? 0 : 5 + static_cast<int>(random_() % 15);
    }
    if (HasEverything(i)) limits.per_day = kPerDay + static_cast<int>(random_() % kPerDay);
  }
  // One source at a time.
  void HoldOrRelease() {
    if (held_.has_value()) return Release();
    held_ = AnySource();
    states_.SetHeld(NameOf(*held_), true);
    adapters_[*held_]->held = true;
    ++adapters_[*held_]->era;
  }
  void Release() {
    states_.SetHeld(NameOf(*held_), false);
    adapters_[*held_]->held = false;
    held_.reset();
  }
  void Recall(size_t i) {
    states_.BeginEra(NameOf(i));
    if (known_[i].lock() != nullptr) ++adapters_[i]->era;
  }

  // Another catalogue: flows under way keep the one they began with, limits hold for them too.
  void Reload() {
    LetGoOfThoseDone();
    if (!missing_.has_value()) {
      // One of which no day is counted to its end.
      missing_ = 1 + 2 * (random_() % (sources_in_all_ / 2));
      missing_since_ = loop.Now();
    } else if (loop.Now() - missing_since_ >= kGone) {
      missing_.reset();
    }
    auto next = std::make_shared<Sources>();
    for (size_t i = 0; i < sources_in_all_; ++i) {
      if (i == missing_) continue;
      SourcePolicy& policy = policies_[i];
      policy.deadline = kSourceDeadline - absl::Milliseconds(random_() % 1'000);
      policy.attempts = 1 + static_cast<int>(random_() % 4);
      policy.hedge_safe = random_() % 2 == 0;
      if (IsShared(i)) policy.cache_lifetime = kLifetimeMost * (random_() % 6) / 5;
      Redraw(i);
      policy.limits = adapters_[i]->limits;
      const bool anew = known_[i].expired();
      const auto state = states_.Get(policy.id, policy.limits);
      if (anew) {
        known_[i] = state;
        ++anew_;
        ++adapters_[i]->era;
        adapters_[i]->reserves += policy.limits.extra.reserve;
      }
      ASSERT_TRUE(next->Add(policy, adapters_[i].get(), state).ok());
    }
    sources = std::move(next);
    sources->PutLimitsInForce();
    ++reloads_;
  }

  // In the moment in which an answer is used again.
  void ExpectReusable(const Client& client, const Outcome& outcome) {
    const size_t i = outcome.query_index;
    const std::string& attempt = outcome.reused->attempt_id;
    SCOPED_TRACE(absl::StrCat(client.flow->name, " uses ", attempt));
    EXPECT_GT(client.lifetimes[i], absl::ZeroDuration());
    EXPECT_LE(clock.WallNow() - outcome.reused->obtained, client.lifetimes[i]);
    EXPECT_FALSE(adapters_[i]->held);
    const auto era = adapters_[i]->era_of_attempts.find(attempt);
    ASSERT_NE(era, adapters_[i]->era_of_attempts.end()) << "nobody was ever asked";
    EXPECT_EQ(era->second, adapters_[i]->era) << "it was held or recalled since";
    size_t number = 0;
    absl::string_view name = absl::string_view(attempt).substr(0, attempt.find('/'));
    ASSERT_TRUE(absl::ConsumePrefix(&name, "flow") && absl::SimpleAtoi(name, &number));
    const Client& asked = *clients_.at(number);
    EXPECT_EQ(asked.flow->scope, client.flow->scope);
    EXPECT_EQ(asked.people.size(), client.people.size());
    EXPECT_TRUE(asked.flow->withdrawn.empty()) << "the authority under which it was obtained";
    EXPECT_TRUE(client.flow->withdrawn.empty());
    ++reused_[i];
  }

  void ExpectComplete(const Client& client) {
    const Flow& flow = *client.flow;
    const absl::Duration most = std::min(client.time, kSourceDeadline);
    for (const Outcome& outcome : flow.outcomes) {
      EXPECT_LE(outcome.elapsed, most) << flow.name;
      ASSERT_EQ(outcome.answers.size(), client.people.size() * 2);
      if (outcome.reused.has_value()) {
        EXPECT_EQ(outcome.attempts, 0);
      }
      for (size_t i = 0; i < outcome.answers.size(); ++i) {
        const base::Answer& answer = outcome.answers[i];
        EXPECT_EQ(answer.person_id, client.people[i / 2]);
        EXPECT_EQ(answer.category, i % 2 == 0 ? "a" : "b");
        if (outcome.reused.has_value()) {
          EXPECT_EQ(answer.kind, AnswerKind::kNotCovered);
        }
        if (answer.kind == AnswerKind::kNotAsked) ++not_asked_[answer.reason];
        EXPECT_EQ(answer.reason == Reason::kNotRoutable, outcome.query_index == client.missing);
      }
    }
    if (client.destroyed) return;
    EXPECT_EQ(flow.done, 1) << flow.name;
    EXPECT_EQ(flow.outcomes.size(), sources_in_all_) << flow.name;
    EXPECT_LE(flow.done_at - client.started, most) << flow.name;
  }

  const size_t sources_in_all_ = static_cast<size_t>(GetParam().sources);
  std::mt19937 random_{GetParam().seed};
  StormPeople people_;
  SourceStates states_{&clock, [this](const std::string& id, const DayLease& lease,
                                      LeaseDone done) { Lease(id, lease, std::move(done)); }};
  std::vector<std::unique_ptr<StormAdapter>> adapters_;
  std::vector<SourcePolicy> policies_;
  std::vector<std::weak_ptr<SourceState>> known_;  // of each source the last one
  std::vector<std::unique_ptr<Client>> clients_;
  base::ByteBudget budget_{1 << 18, 1 << 18};
  std::shared_ptr<AnswerShare> share_ = AnswerShare::Create(&clock, &budget_);
  std::optional<size_t> held_;
  std::optional<size_t> missing_;  // in the catalogue in force
  absl::Duration missing_since_;
  std::map<Reason, int> not_asked_;
  std::map<size_t, int> reused_;  // by source
  int reloads_ = 0;
  int anew_ = 0;
};

TEST_P(GathererStormTest, WhatIsPromisedHolds) {
  for (int i = 0; i < GetParam().flows; ++i) {
    Begin(i);
    for (int j = 0; j < 3; ++j) {
      Disturb();
      loop.AdvanceBy(absl::Microseconds(random_() % 20'000));
    }
    if (i % 32 == 0) share_->Sweep();
  }
  if (held_.has_value()) Release();
  loop.AdvanceBy(absl::Minutes(1));
  for (const auto& client : clients_) ExpectComplete(*client);
  int64_t extra = 0;
  int64_t background = 0;
  int reused = 0;
  int reused_of_everything = 0;
  for (size_t i = 0; i < sources_in_all_; ++i) {
    SCOPED_TRACE(NameOf(i));
    const StormAdapter& adapter = *adapters_[i];
    EXPECT_EQ(adapter.in_flight, 0);
    if (const auto state = known_[i].lock()) {
      EXPECT_EQ(state->in_flight(), 0u) << "all permits are back";
      EXPECT_EQ(state->waiting(), 0u);
    }
    extra += adapter.extra;
    background += adapter.background_sent;
    // A day that nothing changes is used to its end.
    if (HasDay(i) && !HasEverything(i)) {
      EXPECT_EQ(adapter.sent_at.size(), static_cast<size_t>(kPerDay));
    }
    if (!IsShared(i)) {
      EXPECT_EQ(reused_[i], 0);
    }
    reused += reused_[i];
    if (HasEverything(i)) reused_of_everything += reused_[i];
  }
  EXPECT_EQ(loop.armed_timers(), 0u);
  share_->Sweep();
  EXPECT_EQ(share_->kept(), 0u);
  EXPECT_EQ(share_->bytes(), 0u);
  // It did storm.
  EXPECT_GT(extra, 50);
  EXPECT_GT(background, 50);
  EXPECT_GT(reused, 50);
  EXPECT_GT(reused_of_everything, 10);
  EXPECT_GT(reloads_, 10);
  EXPECT_GT(anew_, 0) << "a source that came back when nothing was known of it any more";
  for (const Reason reason : {Reason::kBreaker, Reason::kQuota, Reason::kHeld,
                              Reason::kNoAuthorization, Reason::kNotRoutable}) {
    EXPECT_GT(not_asked_[reason], 0) << std::string(base::ReasonName(reason));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, GathererStormTest, ::testing::ValuesIn(kStorms),
                         [](const auto& storm) {
                           return absl::StrCat("Seed", storm.param.seed, "With",
                                               storm.param.sources, "Sources");
                         });

}  // namespace
}  // namespace hedui::gather
