// A loop on a fake clock, two sources, and a flow that collects what comes back.
#ifndef HEDUI_TESTS_GATHER_GATHER_FIXTURE_H_
#define HEDUI_TESTS_GATHER_GATHER_FIXTURE_H_

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/gather/gatherer.h"
#include "tests/gather/fake_source_adapter.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_id_source.h"
#include "tests/support/fake_loop.h"

namespace hedui::gather {

inline constexpr absl::Duration kWaveTime = absl::Seconds(10);

inline plan::SourceQuery QueryOf(const std::string& source, const std::vector<std::string>& people,
                                 const std::vector<std::string>& categories = {"employment"}) {
  plan::SourceQuery query;
  query.source_id = source;
  for (const std::string& person : people) query.people.push_back({person, {}, categories});
  return query;
}

inline base::Answer AnswerOf(const std::string& person, const std::string& category,
                             base::AnswerKind kind) {
  base::Answer answer;
  answer.person_id = person;
  answer.category = category;
  answer.kind = kind;
  return answer;
}

// One flow: a Gatherer and what it brought back.
struct Flow {
  Flow(testing::FakeLoop* on_loop, std::shared_ptr<const Sources> sources,
       testing::FakeIdSource* ids)
      : loop(on_loop), gatherer(std::make_unique<Gatherer>(on_loop, std::move(sources), ids)) {}

  void Start(std::vector<plan::SourceQuery> queries, absl::Duration time = kWaveTime) {
    GatherRequest request;
    request.name = name;
    for (plan::SourceQuery& query : queries) {
      request.queries.push_back({std::move(query), "warrant", poll_token});
    }
    request.digest_key = "digest key";
    request.deadline = loop->Now() + time;
    request.today = absl::CivilDay(2025, 3, 3);
    request.trace = trace;
    request.urgency = urgency;
    request.still_authorized = [this](const std::string& person) {
      return withdrawn.count(person) == 0;
    };
    request.sharing.answers = answers;
    request.sharing.scope = scope;
    request.sharing.keep_authority = [this] {
      return [all = all_withdrawn](const std::string& person) { return all->count(person) == 0; };
    };
    inside = true;
    gatherer->Start(
        std::move(request),
        [this](Outcome outcome) {
          EXPECT_FALSE(inside) << "called back inside Start or Cancel";
          if (on_outcome) on_outcome(outcome);
          outcomes.push_back(std::move(outcome));
          if (destroy_on_outcome) gatherer.reset();
        },
        [this] {
          EXPECT_FALSE(inside) << "called back inside Start or Cancel";
          ++done;
          done_at = loop->Now();
        });
    inside = false;
  }
  void Cancel() {
    inside = true;
    gatherer->Cancel();
    inside = false;
  }
  const base::Answer& Only() const {
    EXPECT_EQ(outcomes.size(), 1u);
    EXPECT_EQ(outcomes.at(0).answers.size(), 1u);
    return outcomes.at(0).answers.at(0);
  }

  testing::FakeLoop* const loop;
  std::string name = "v1/1";
  AnswerShare* answers = nullptr;
  std::string scope;
  std::string poll_token;  // of all queries; empty: none is a poll
  // Outlives the flow with what is kept of it.
  const std::shared_ptr<std::set<std::string>> all_withdrawn =
      std::make_shared<std::set<std::string>>();
  std::set<std::string>& withdrawn = *all_withdrawn;
  std::optional<base::TraceParent> trace;
  Urgency urgency = Urgency::kInteractive;
  std::function<void(const Outcome&)> on_outcome;  // as it comes
  bool destroy_on_outcome = false;
  bool inside = false;
  std::vector<Outcome> outcomes;
  int done = 0;
  absl::Duration done_at;
  std::unique_ptr<Gatherer> gatherer;
};

class GatherTest : public ::testing::Test {
 protected:
  static SourcePolicy PolicyNamed(const std::string& id) {
    SourcePolicy policy;
    policy.id = id;
    policy.deadline = absl::Seconds(3);
    policy.backoff_first = absl::Milliseconds(100);
    policy.limits.concurrency = 8;
    policy.freshness_days = {{"employment", 31}};
    return policy;
  }
  // Before the first flow.
  void AddSource(const SourcePolicy& policy, adapters::SourceAdapter* adapter) {
    const auto lease_day = [this, id = policy.id](const DayLease& lease, LeaseDone done) {
      Lease(id, lease, std::move(done));
    };
    auto state = SourceState::Create(policy.limits, &clock, lease_day);
    ASSERT_TRUE(sources->Add(policy, adapter, std::move(state)).ok());
  }
  void AddSource(const std::string& id, adapters::SourceAdapter* adapter, int attempts = 1,
                 int concurrency = 8) {
    SourcePolicy policy = PolicyNamed(id);
    policy.attempts = attempts;
    policy.limits.concurrency = concurrency;
    AddSource(policy, adapter);
  }
  // As the store would, a moment later.
  void Lease(const std::string& id, const DayLease& lease, LeaseDone done) {
    int64_t& upto = leased[{id, lease.day}];
    const int64_t from = std::max(upto, lease.from);
    upto = std::max(from, std::min(from + lease.size, lease.limit));
    loop.Post([block = DayBlock{from, upto}, done = std::move(done)]() mutable {
      std::move(done)(block);
    });
  }
  SourceState& StateOf(const std::string& id) { return *sources->Find(id)->state; }
  std::unique_ptr<Flow> NewFlow() { return std::make_unique<Flow>(&loop, sources, &ids); }

  testing::FakeClock clock;
  testing::FakeLoop loop{&clock};
  testing::FakeIdSource ids;
  FakeSourceAdapter bank;
  FakeSourceAdapter tax;
  std::map<std::pair<std::string, absl::CivilDay>, int64_t> leased;
  std::shared_ptr<Sources> sources = std::make_shared<Sources>();
};

}  // namespace hedui::gather

#endif  // HEDUI_TESTS_GATHER_GATHER_FIXTURE_H_
