#include "server/gather/answer_share.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/dates.h"
#include "server/gather/share_key.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"

namespace hedui::gather {
namespace {

using Answers = AnswerShare::Answers;
using Lead = AnswerShare::Lead;
using FollowPtr = std::unique_ptr<AnswerShare::Follow>;

std::vector<base::Answer> Found(size_t records = 0) {
  base::Answer answer;
  answer.person_id = "m1";
  answer.category = "employment";
  answer.kind = base::AnswerKind::kFound;
  answer.records.resize(records);
  return {answer};
}

SourcePolicy PolicyOf(absl::Duration lifetime) {
  SourcePolicy policy;
  policy.id = "bank";
  policy.cache_lifetime = lifetime;
  return policy;
}

class AnswerShareTest : public ::testing::Test {
 protected:
  // One that asks, and what became of it.
  struct Asker {
    Answers answers;
    std::optional<Lead> lead;
    FollowPtr follow;
    bool alone = false;
    int told = 0;

    void Give(
        absl::Duration lifetime, size_t records = 0,
        AnswerShare::StillLive live = [] { return true; }) {
      lead->Share(Found(records), "intent/0/bank/0/1", PolicyOf(lifetime), std::move(live));
    }
  };
  std::unique_ptr<Asker> Join(const std::string& key, bool background = false,
                              testing::FakeLoop* loop = nullptr) {
    auto asker = std::make_unique<Asker>();
    AnswerShare::Joined joined =
        share_->Join(key, lifetime_, background, loop == nullptr ? &loop_ : loop,
                     [to = asker.get()](Answers answers) {
                       ++to->told;
                       to->answers = std::move(answers);
                     });
    if (auto* const answers = std::get_if<Answers>(&joined)) asker->answers = std::move(*answers);
    if (auto* const lead = std::get_if<Lead>(&joined)) asker->lead = std::move(*lead);
    if (auto* const follow = std::get_if<FollowPtr>(&joined)) asker->follow = std::move(*follow);
    asker->alone = std::holds_alternative<AnswerShare::Alone>(joined);
    return asker;
  }

  absl::Duration lifetime_ = absl::Hours(24);  // by the policy of whoever asks
  testing::FakeClock clock_;
  testing::FakeLoop loop_{&clock_};
  static constexpr size_t kBudget = 1 << 20;
  base::ByteBudget budget_{kBudget, kBudget};
  std::shared_ptr<AnswerShare> share_ = AnswerShare::Create(&clock_, &budget_);
};

TEST_F(AnswerShareTest, TheFirstLeadsAndTheOthersHaveItsAnswer) {
  const auto first = Join("k");
  const auto second = Join("k");
  const auto other = Join("other");
  ASSERT_TRUE(first->lead.has_value() && second->follow != nullptr);
  EXPECT_TRUE(other->lead.has_value());
  first->Give(absl::Minutes(1));
  EXPECT_EQ(second->told, 0) << "on its loop";
  loop_.RunReady();
  ASSERT_NE(second->answers, nullptr);
  EXPECT_EQ(second->answers->attempt_id, "intent/0/bank/0/1");
  EXPECT_EQ(second->answers->obtained, clock_.WallNow());
  EXPECT_NE(Join("k")->answers, nullptr);
}

TEST_F(AnswerShareTest, AnAnswerIsKeptForItsTimeOnly) {
  Join("k")->Give(absl::Minutes(1));
  clock_.Advance(absl::Seconds(59));
  EXPECT_NE(Join("k")->answers, nullptr);
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(Join("k")->lead.has_value());
  Join("long")->Give(absl::Hours(1'000));
  clock_.Advance(absl::Hours(24));
  EXPECT_TRUE(Join("long")->lead.has_value()) << "no longer than a warrant lives";
  EXPECT_EQ(share_->kept(), 0u);
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(AnswerShareTest, AShorterLifetimeHoldsForWhatIsKeptAlready) {
  Join("k")->Give(absl::Hours(12));
  clock_.Advance(absl::Minutes(2));
  lifetime_ = absl::Minutes(2);
  auto anew = Join("k");
  ASSERT_TRUE(anew->lead.has_value());
  EXPECT_NE(Join("k")->follow, nullptr) << "together";
  lifetime_ = absl::Hours(12);
  EXPECT_NE(Join("k")->answers, nullptr) << "of one who began before";
  anew->Give(absl::Minutes(2));
  EXPECT_EQ(Join("k")->answers->obtained, clock_.WallNow());
  EXPECT_EQ(share_->kept(), 1u);
}

TEST_F(AnswerShareTest, ALeaderThatGoesPassesNothingOn) {
  auto first = Join("k");
  const auto second = Join("k");
  first.reset();
  loop_.RunReady();
  EXPECT_EQ(second->told, 1);
  EXPECT_EQ(second->answers, nullptr);
  EXPECT_TRUE(Join("k")->lead.has_value());
}

TEST_F(AnswerShareTest, WhoGivesUpHearsNothing) {
  const auto first = Join("k");
  const auto leaves = Join("k");
  const auto leaves_late = Join("k");
  leaves->follow.reset();
  first->Give(absl::Minutes(1));
  leaves_late->follow.reset();
  loop_.RunReady();
  EXPECT_EQ(leaves->told + leaves_late->told, 0);
}

TEST_F(AnswerShareTest, ALoopThatHasShutDownStopsNobody) {
  testing::FakeLoop dead(&clock_);
  const auto first = Join("k");
  const auto stranded = Join("k", false, &dead);
  const auto second = Join("k");
  dead.Shutdown();
  first->Give(absl::Minutes(1));
  loop_.RunReady();
  EXPECT_EQ(stranded->told, 0);
  EXPECT_NE(second->answers, nullptr);
}

TEST_F(AnswerShareTest, WhoIsWaitedForDoesNotStandBehindTheBackground) {
  const auto review = Join("k", /*background=*/true);
  EXPECT_NE(Join("k", /*background=*/true)->follow, nullptr);
  EXPECT_TRUE(Join("k")->alone);
  review->Give(absl::Minutes(1));
  EXPECT_NE(Join("k")->answers, nullptr) << "but has what it brought";
}

TEST_F(AnswerShareTest, WhatWasAskedForUnderAnEndedAuthorityIsDroppedAtUse) {
  bool live = true;
  Join("k")->Give(absl::Minutes(1), 0, [&live] { return live; });
  EXPECT_NE(Join("k")->answers, nullptr);
  live = false;
  EXPECT_TRUE(Join("k")->lead.has_value());
  EXPECT_EQ(share_->kept(), 0u);
}

TEST_F(AnswerShareTest, SweepingDropsWhatIsOverOrNotLiveUnasked) {
  bool live = true;
  Join("withdrawn")->Give(absl::Minutes(5), 0, [&live] { return live; });
  Join("short")->Give(absl::Minutes(1));
  Join("stays")->Give(absl::Minutes(5));
  share_->Sweep();
  EXPECT_EQ(share_->kept(), 3u);
  live = false;
  share_->Sweep();
  EXPECT_EQ(share_->kept(), 2u);
  clock_.Advance(absl::Minutes(1));
  share_->Sweep();
  EXPECT_EQ(share_->kept(), 1u);
  EXPECT_NE(Join("stays")->answers, nullptr);
}

TEST_F(AnswerShareTest, NoMoreIsKeptThanTheBudgetHasAndWhatEndsFirstMakesWay) {
  size_t kept = 0;
  int given = 0;
  do {
    kept = share_->kept();
    Join(absl::StrCat(given))->Give(absl::Minutes(1 + given), 10);
    ++given;
    ASSERT_LE(budget_.used(), kBudget / 10) << "others need the rest";
    ASSERT_EQ(budget_.used(), share_->bytes());
  } while (share_->kept() > kept);
  EXPECT_NE(Join(absl::StrCat(given - 1))->answers, nullptr);
  EXPECT_TRUE(Join("0")->lead.has_value()) << "it would have ended first";
  Join("brief")->Give(absl::Seconds(1), 10);
  EXPECT_TRUE(Join("brief")->lead.has_value()) << "nothing makes way for what ends sooner";
}

TEST_F(AnswerShareTest, WithoutABudgetNothingIsKeptButFollowersAreAnswered) {
  share_ = AnswerShare::Create(&clock_, nullptr);
  const auto first = Join("k");
  const auto second = Join("k");
  first->Give(absl::Minutes(1));
  loop_.RunReady();
  EXPECT_NE(second->answers, nullptr);
  EXPECT_TRUE(Join("k")->lead.has_value());
}

// Askers, leaders that answer or go, withdrawals and time, drawn from a seed: nobody ever has an
// answer of another key, one that is over, or one of an ended authority; everybody who follows is
// told once, and what is counted is what is there.
TEST_F(AnswerShareTest, NobodyEverHasWhatIsNotTheirs) {
  std::mt19937 random(20250303);
  const auto up_to = [&random](uint32_t n) { return static_cast<uint32_t>(random() % (n + 1)); };
  struct Authority {
    bool live = true;
  };
  std::map<std::string, std::shared_ptr<Authority>> authorities;
  std::vector<std::pair<std::string, std::unique_ptr<Asker>>> open;
  std::map<std::string, absl::Time> newest;
  int reused = 0;
  int followed = 0;
  for (int step = 0; step < 100'000; ++step) {
    const std::string key = absl::StrCat("k", up_to(40));
    std::shared_ptr<Authority>& authority = authorities[key];
    if (authority == nullptr) authority = std::make_shared<Authority>();
    switch (up_to(6)) {
      case 0:
      case 1:
      case 2: {
        auto asker = Join(key);
        if (asker->answers != nullptr) {
          ++reused;
          ASSERT_EQ(asker->answers->attempt_id, key);
          ASSERT_TRUE(authority->live);
          ASSERT_LT(clock_.WallNow() - asker->answers->obtained, absl::Seconds(30));
          break;
        }
        authority->live = true;  // whoever asks has one
        open.emplace_back(key, std::move(asker));
        break;
      }
      case 3:
      case 4: {
        if (open.empty()) break;
        auto& [of, asker] = open[up_to(static_cast<uint32_t>(open.size() - 1))];
        if (asker->lead.has_value() && up_to(3) > 0) {
          asker->lead->Share(Found(), of, PolicyOf(absl::Seconds(30)),
                             [mine = authorities[of]] { return mine->live; });
        }
        asker->lead.reset();
        asker->follow.reset();
        break;
      }
      case 5:
        authority->live = false;
        authority = std::make_shared<Authority>();  // a new letter is another authority
        if (up_to(20) == 0) share_->Sweep();
        break;
      default:
        clock_.Advance(absl::Milliseconds(up_to(500)));
    }
    loop_.RunReady();
    for (auto it = open.begin(); it != open.end();) {
      Asker& asker = *it->second;
      ASSERT_LE(asker.told, 1);
      if (asker.told == 1 && asker.answers != nullptr) {
        ++followed;
        ASSERT_EQ(asker.answers->attempt_id, it->first);
      }
      const bool over = !asker.lead.has_value() && (asker.follow == nullptr || asker.told > 0);
      it = over ? open.erase(it) : it + 1;
    }
    ASSERT_EQ(budget_.used(), share_->bytes());
  }
  EXPECT_GT(reused, 1'000);
  EXPECT_GT(followed, 100);
  clock_.Advance(absl::Minutes(1));
  share_->Sweep();
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(AnswerShareTest, LoopsOnSeveralThreadsLeadAndFollow) {
  constexpr int kRounds = 2'000;
  std::atomic<int> led{0};
  const auto work = [&] {
    testing::FakeLoop loop(&clock_);
    for (int i = 0; i < kRounds; ++i) {
      bool told = false;
      AnswerShare::Joined joined = share_->Join(absl::StrCat(i % 7), lifetime_, false, &loop,
                                                [&told](const Answers&) { told = true; });
      if (auto* const lead = std::get_if<Lead>(&joined)) {
        ++led;
        std::this_thread::yield();  // long enough for others to come
        if (i % 3 == 0) {
          lead->Share(Found(), "a", PolicyOf(absl::Seconds(1)), [i] { return i % 2 == 0; });
        }
      }
      if (std::holds_alternative<FollowPtr>(joined)) loop.RunUntil([&] { return told; });
      if (i % 100 == 0) share_->Sweep();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(led.load(), 0);
  EXPECT_EQ(budget_.used(), share_->bytes());
}

TEST(ShareKeyTest, EverythingThatMakesAQueryIsInIt) {
  Source source{PolicyOf(absl::Minutes(1)), nullptr, nullptr};
  plan::SourceQuery query;
  query.people = {{"m1", {base::IdentityKind::kResidentId, "11", "张三"}, {"a", "b"}},
                  {"m2", {base::IdentityKind::kResidentId, "22", "李四"}, {"a"}}};
  std::vector<std::string> keys = {ShareKey("scope", source, query)};
  plan::SourceQuery same = query;
  same.people[0].person_id = "other";
  EXPECT_EQ(ShareKey("scope", source, same), keys[0]) << "ids are each request's own";
  keys.push_back(ShareKey("scop", source, query));
  const auto changed = [&](auto change) {
    plan::SourceQuery other = query;
    change(&other);
    keys.push_back(ShareKey("scope", source, other));
  };
  changed([](plan::SourceQuery* q) { q->people[0].identity.number = "12"; });
  changed([](plan::SourceQuery* q) { q->people[0].identity.name = "张三丰"; });
  changed([](plan::SourceQuery* q) { q->people[0].identity.kind = base::IdentityKind::kOther; });
  changed([](plan::SourceQuery* q) { q->people[0].categories = {"a"}; });
  changed([](plan::SourceQuery* q) { q->people[0].categories = {"ab"}; });
  changed([](plan::SourceQuery* q) { q->people.pop_back(); });
  changed([](plan::SourceQuery* q) { std::swap(q->people[0], q->people[1]); });
  changed([](plan::SourceQuery* q) { q->period.from = absl::CivilDay(2025, 1, 1); });
  changed([](plan::SourceQuery* q) { q->period.to = absl::CivilDay(2025, 1, 1); });
  Source elsewhere = source;
  elsewhere.policy.id = "tax";
  keys.push_back(ShareKey("scope", elsewhere, query));
  int somewhere = 0;
  elsewhere = source;
  elsewhere.adapter = reinterpret_cast<adapters::SourceAdapter*>(&somewhere);
  keys.push_back(ShareKey("scope", elsewhere, query));
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
}

TEST(ShareKeyTest, OnlyWholeUsableAnswersAreShared) {
  std::vector<base::Answer> answers = Found();
  answers.push_back(answers[0]);
  for (const auto kind : {base::AnswerKind::kFound, base::AnswerKind::kConfirmedNone,
                          base::AnswerKind::kNotCovered}) {
    answers[1].kind = kind;
    EXPECT_TRUE(MayBeShared(answers));
  }
  for (const auto kind :
       {base::AnswerKind::kAmbiguous, base::AnswerKind::kStale, base::AnswerKind::kPending,
        base::AnswerKind::kUnavailable, base::AnswerKind::kRefused, base::AnswerKind::kNotAsked}) {
    answers[1].kind = kind;
    EXPECT_FALSE(MayBeShared(answers));
  }
  EXPECT_FALSE(MayBeShared({}));
}

TEST(ShareKeyTest, NothingIsKeptBeyondThePromiseOfFreshness) {
  SourcePolicy policy = PolicyOf(absl::Hours(10));
  policy.freshness_days = {{"employment", 1}};
  std::vector<base::Answer> answers = Found();
  answers[0].data_day = absl::CivilDay(2025, 3, 3);
  const absl::Time end = base::StartOfDay(absl::CivilDay(2025, 3, 5));
  EXPECT_EQ(ShareLifetime(policy, answers, end - absl::Hours(20)), absl::Hours(10));
  EXPECT_EQ(ShareLifetime(policy, answers, end - absl::Hours(3)), absl::Hours(3));
  EXPECT_LT(ShareLifetime(policy, answers, end + absl::Seconds(1)), absl::ZeroDuration());
}

}  // namespace
}  // namespace hedui::gather
