#include "server/gather/source_gate.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"

namespace hedui::gather {
namespace {

using Place = SourceGate::Place;

TEST(SourceGateTest, PlacesComeBackWhenDestroyed) {
  const auto gate = SourceGate::Create(1);
  std::optional<Place> place = gate->TryEnter();
  ASSERT_TRUE(place.has_value());
  EXPECT_FALSE(gate->TryEnter().has_value());
  place.reset();
  EXPECT_EQ(gate->in_flight(), 0u);
  EXPECT_TRUE(gate->TryEnter().has_value());
}

TEST(SourceGateTest, NobodyOvertakesTheLine) {
  testing::FakeClock clock;
  testing::FakeLoop loop(&clock);
  const auto gate = SourceGate::Create(1);
  std::optional<Place> first = gate->TryEnter();
  Place second;
  const auto ticket = gate->Wait(&loop, [&](Place place) { second = std::move(place); });
  first.reset();
  EXPECT_FALSE(gate->TryEnter().has_value()) << "the place belongs to who waited";
  loop.RunReady();
  EXPECT_EQ(gate->in_flight(), 1u);
}

TEST(SourceGateTest, AGrantNobodyTakesGoesToTheNext) {
  testing::FakeClock clock;
  testing::FakeLoop loop(&clock);
  const auto gate = SourceGate::Create(1);
  std::optional<Place> first = gate->TryEnter();
  bool gone = false;
  bool next = false;
  auto leaving = gate->Wait(&loop, [&](Place) { gone = true; });
  const auto staying = gate->Wait(&loop, [&](Place) { next = true; });
  first.reset();    // granted to the first in line, its task is posted …
  leaving.reset();  // … and it leaves before the task runs
  loop.RunReady();
  EXPECT_FALSE(gone);
  EXPECT_TRUE(next);
  EXPECT_EQ(gate->in_flight(), 0u);
}

TEST(SourceGateTest, ALoopThatHasShutDownGivesThePlaceBack) {
  testing::FakeClock clock;
  testing::FakeLoop dead(&clock);
  testing::FakeLoop loop(&clock);
  const auto gate = SourceGate::Create(1);
  std::optional<Place> first = gate->TryEnter();
  const auto stranded = gate->Wait(&dead, [](Place) { FAIL(); });
  bool next = false;
  const auto waiting = gate->Wait(&loop, [&](Place) { next = true; });
  dead.Shutdown();
  first.reset();
  loop.RunReady();
  EXPECT_TRUE(next);
}

TEST(SourceGateTest, LoopsOnSeveralThreadsShareThePlaces) {
  constexpr int kRounds = 2'000;
  const auto gate = SourceGate::Create(2);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  const auto work = [&] {
    testing::FakeClock clock;
    testing::FakeLoop loop(&clock);
    for (int i = 0; i < kRounds; ++i) {
      bool through = false;
      const auto enter = [&](Place) {
        const int now = ++inside;
        int seen = most.load();
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::yield();  // long enough for others to come to the gate
        --inside;
        through = true;
      };
      std::unique_ptr<SourceGate::Ticket> ticket;
      if (std::optional<Place> place = gate->TryEnter()) {
        enter(*std::move(place));
      } else {
        ticket = gate->Wait(&loop, enter);
        loop.RunUntil([&] { return through; });
      }
      EXPECT_TRUE(through);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most.load(), 2);
  EXPECT_EQ(gate->in_flight(), 0u);
  EXPECT_EQ(gate->waiting(), 0u);
}

}  // namespace
}  // namespace hedui::gather
