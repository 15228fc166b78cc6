// One of many sources hangs: the others are not held up by a microsecond.
#include "absl/strings/str_cat.h"
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

constexpr size_t kSources = 64;
constexpr absl::Duration kTakes = absl::Milliseconds(100);
// As long as all sources usually take; and how often they must have, for hedges to be worth it.
constexpr absl::Duration kUsual = absl::Milliseconds(40);
constexpr int kUntilKnown = 64;

// Answers after kTakes, or as long as it is told, or never.
class TimedAdapter final : public adapters::SourceAdapter {
 public:
  struct Call final : public adapters::SourceCall {
    void Cancel() override {}
  };
  std::shared_ptr<adapters::SourceCall> Start(runtime::EventLoop& loop,
                                              adapters::SourceRequest request,
                                              adapters::SourceDone done) override {
    EXPECT_TRUE(request.may_be_sent());
    ++started;
    auto reply = adapters::UniformReply(request.query, AnswerKind::kNotCovered, Reason::kNone,
                                        /*retryable=*/false, "");
    if (hangs) {
      kept.push_back(std::move(done));
    } else {
      loop.After(takes, [reply = std::move(reply), done = std::move(done)]() mutable {
        std::move(done)(std::move(reply));
      });
    }
    return std::make_shared<Call>();
  }
  bool hangs = false;
  absl::Duration takes = kTakes;
  int started = 0;
  std::vector<adapters::SourceDone> kept;
};

class GathererIsolationTest : public GatherTest {
 protected:
  GathererIsolationTest() {
    for (size_t i = 0; i < kSources; ++i) {
      adapters_.push_back(std::make_unique<TimedAdapter>());
      SourcePolicy policy = PolicyNamed(absl::StrCat("s", i));
      policy.hedge_safe = true;
      policy.attempts = 3;
      AddSource(policy, adapters_.back().get());
    }
    adapters_[kHanging]->hangs = true;
  }
  std::unique_ptr<Flow> StartAll() {
    std::vector<plan::SourceQuery> queries;
    for (size_t i = 0; i < kSources; ++i) queries.push_back(QueryOf(absl::StrCat("s", i), {"m1"}));
    auto flow = NewFlow();
    flow->Start(std::move(queries));
    return flow;
  }
  // All of them have answered as usual, so often that who takes longer is asked a second time.
  void LearnWhatIsUsual() {
    for (const auto& adapter : adapters_) adapter->takes = kUsual;
    adapters_[kHanging]->hangs = false;
    for (int i = 0; i < kUntilKnown; ++i) {
      const auto flow = StartAll();
      loop.AdvanceBy(kUsual);
      ASSERT_EQ(flow->done, 1);
    }
    for (const auto& adapter : adapters_) adapter->takes = kTakes;
    adapters_[kHanging]->hangs = true;
  }
  static void ExpectOthersAtOnce(const Flow& flow, int hedges = 0) {
    size_t others = 0;
    for (const Outcome& outcome : flow.outcomes) {
      if (outcome.query_index == kHanging) continue;
      EXPECT_EQ(outcome.elapsed, kTakes) << outcome.source_id;
      EXPECT_EQ(outcome.hedges, hedges) << outcome.source_id;
      EXPECT_EQ(outcome.answers.at(0).kind, AnswerKind::kNotCovered);
      ++others;
    }
    EXPECT_EQ(others, kSources - 1);
  }

  static constexpr size_t kHanging = 17;
  std::vector<std::unique_ptr<TimedAdapter>> adapters_;
};

TEST_F(GathererIsolationTest, EachOtherOutcomeComesExactlyWhenItsSourceAnswers) {
  const auto flow = StartAll();
  loop.AdvanceBy(absl::Seconds(3) - absl::Microseconds(1));
  ExpectOthersAtOnce(*flow);
  EXPECT_EQ(flow->done, 0);
  loop.AdvanceBy(absl::Microseconds(1));
  EXPECT_EQ(flow->done, 1);
  EXPECT_EQ(flow->outcomes.back().query_index, kHanging);
  EXPECT_EQ(flow->outcomes.back().elapsed, absl::Seconds(3));
  EXPECT_EQ(flow->outcomes.back().answers.at(0).reason, Reason::kLate);
}

// Every source takes longer than usual and is asked a second time, to which it would answer later;
// one is silent to both.
TEST_F(GathererIsolationTest, EachOtherOutcomeComesExactlyWhenItsSourceAnswersWithHedgesOut) {
  LearnWhatIsUsual();
  if (HasFatalFailure()) return;
  const int asked = adapters_[kHanging]->started;
  const auto flow = StartAll();
  loop.AdvanceBy(kTakes - absl::Microseconds(1));
  EXPECT_TRUE(flow->outcomes.empty());
  for (const auto& adapter : adapters_) {
    EXPECT_EQ(adapter->started, kUntilKnown + 2) << "it has a second query";
  }
  loop.AdvanceBy(absl::Microseconds(1));
  ExpectOthersAtOnce(*flow, /*hedges=*/1);
  EXPECT_EQ(flow->done, 0);
  loop.AdvanceBy(absl::Seconds(3) - kTakes);
  EXPECT_EQ(flow->done, 1);
  EXPECT_EQ(flow->outcomes.back().query_index, kHanging);
  EXPECT_EQ(flow->outcomes.back().elapsed, absl::Seconds(3));
  EXPECT_EQ(flow->outcomes.back().hedges, 1);
  EXPECT_EQ(flow->outcomes.back().answers.at(0).reason, Reason::kLate);
  EXPECT_EQ(adapters_[kHanging]->started, asked + 2);
}

TEST_F(GathererIsolationTest, OnceItIsSparedTheWholeWaveTakesAsLongAsTheOthers) {
  std::vector<std::unique_ptr<Flow>> before;
  for (int i = 0; i < 5; ++i) before.push_back(StartAll());
  loop.AdvanceBy(absl::Seconds(3));
  for (const auto& flow : before) ExpectOthersAtOnce(*flow);
  const int asked = adapters_[kHanging]->started;
  const auto flow = StartAll();
  loop.AdvanceBy(kTakes - absl::Microseconds(1));
  EXPECT_EQ(flow->done, 0);
  loop.AdvanceBy(absl::Microseconds(1));
  EXPECT_EQ(flow->done, 1);
  ExpectOthersAtOnce(*flow);
  EXPECT_EQ(flow->outcomes.front().query_index, kHanging);
  EXPECT_EQ(flow->outcomes.front().answers.at(0).kind, AnswerKind::kNotAsked);
  EXPECT_EQ(flow->outcomes.front().answers[0].reason, Reason::kBreaker);
  EXPECT_EQ(adapters_[kHanging]->started, asked);
}

}  // namespace
}  // namespace hedui::gather
