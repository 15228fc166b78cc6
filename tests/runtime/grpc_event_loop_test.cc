#include "server/runtime/grpc_event_loop.h"

#include <gmock/gmock.h>
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/runtime/completion_tag.h"
#include "server/runtime/thread_name.h"
#include "tests/support/fake_loop.h"
#include "tests/support/notification.h"

namespace hedui::runtime {
namespace {

using ::testing::ElementsAre;

class GrpcEventLoopTest : public ::testing::Test {
 protected:
  ~GrpcEventLoopTest() override { loop_.Shutdown(); }

  // Runs `task` on the loop and waits for it.
  void RunInLoop(Task task) {
    testing::Notification done;
    loop_.Post([&] {
      std::move(task)();
      done.Notify();
    });
    done.Wait();
  }

  base::SystemClock clock_;
  GrpcEventLoop loop_{std::make_unique<grpc::CompletionQueue>(), &clock_, "test-loop"};
};

TEST_F(GrpcEventLoopTest, TasksRunOnTheLoopsThread) {
  loop_.Start();
  EXPECT_FALSE(loop_.InLoop());
  bool in_loop = false;
  RunInLoop([&] { in_loop = loop_.InLoop(); });
  EXPECT_TRUE(in_loop);
}

TEST_F(GrpcEventLoopTest, TasksOfOneThreadRunInTheOrderPosted) {
  loop_.Start();
  std::vector<int> order;
  for (int i = 0; i < 1'000; ++i) loop_.Post([&order, i] { order.push_back(i); });
  RunInLoop([] {});
  ASSERT_EQ(order.size(), 1'000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

// A call that came in while its server was ending lies in the queue, and must still be answered.
TEST_F(GrpcEventLoopTest, WhatLiesInTheQueueAtTheEndMayStillBeginSomething) {
  grpc::Alarm first;
  grpc::Alarm second;
  std::vector<int> ran;
  first.Set(loop_.queue(), gpr_inf_past(GPR_CLOCK_MONOTONIC), OnceTag::Of([&](bool) {
              ran.push_back(1);
              ASSERT_FALSE(loop_.queue_closed());
              second.Set(loop_.queue(), gpr_inf_past(GPR_CLOCK_MONOTONIC),
                         OnceTag::Of([&](bool) { ran.push_back(2); }));
            }));
  loop_.Shutdown();
  EXPECT_THAT(ran, ElementsAre(1, 2));
  EXPECT_TRUE(loop_.queue_closed());
}

TEST_F(GrpcEventLoopTest, TasksPostedBeforeTheStartRunAfterIt) {
  testing::Notification ran;
  loop_.Post([&] { ran.Notify(); });
  loop_.Start();
  ran.Wait();
}

TEST_F(GrpcEventLoopTest, ATaskPostedFromTheLoopRunsAfterThisOne) {
  loop_.Start();
  std::vector<std::string> order;
  testing::Notification done;
  loop_.Post([&] {
    loop_.Post([&] {
      order.push_back("second");
      done.Notify();
    });
    order.push_back("first");
  });
  done.Wait();
  EXPECT_THAT(order, ElementsAre("first", "second"));
}

TEST_F(GrpcEventLoopTest, NoPostOfManyThreadsIsLost) {
  loop_.Start();
  constexpr int kThreads = 8;
  constexpr int kPosts = 5'000;
  int ran = 0;  // on the loop's thread
  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) loop_.Post([&] { ++ran; });
    });
  }
  for (std::thread& poster : posters) poster.join();
  int seen = 0;
  RunInLoop([&] { seen = ran; });
  EXPECT_EQ(seen, kThreads * kPosts);
}

TEST_F(GrpcEventLoopTest, EachPostWakesALoopThatWentToSleepAgain) {
  loop_.Start();
  for (int i = 0; i < 2'000; ++i) RunInLoop([] {});
}

TEST_F(GrpcEventLoopTest, TimersRunByDeadlineAndNeverEarly) {
  loop_.Start();
  std::vector<std::string> order;
  std::atomic<bool> early{false};
  testing::Notification done;
  const auto timer = [&](absl::Duration delay, std::string name) {
    const absl::Duration deadline = loop_.Now() + delay;
    loop_.After(delay, [&, name, deadline] {
      if (loop_.Now() < deadline) early = true;
      order.push_back(name);
      if (order.size() == 4) done.Notify();
    });
  };
  loop_.Post([&] {
    timer(absl::Milliseconds(30), "c");
    timer(absl::Milliseconds(10), "b");
    timer(absl::Milliseconds(30), "d");
    timer(absl::ZeroDuration(), "a");
  });
  done.Wait();
  EXPECT_FALSE(early);
  EXPECT_THAT(order, ElementsAre("a", "b", "c", "d"));
}

TEST_F(GrpcEventLoopTest, ATimerOfNoDelayDoesNotRunInsideTheCall) {
  loop_.Start();
  bool calling = false;
  bool inside = false;
  testing::Notification done;
  loop_.Post([&] {
    calling = true;
    loop_.After(absl::Seconds(-1), [&] { inside = inside || calling; });
    loop_.After(absl::ZeroDuration(), [&] {
      inside = inside || calling;
      done.Notify();
    });
    calling = false;
  });
  done.Wait();
  EXPECT_FALSE(inside);
}

TEST_F(GrpcEventLoopTest, ACancelledTimerDoesNotRun) {
  loop_.Start();
  bool ran = false;
  testing::Notification done;
  loop_.Post([&] {
    const auto cancelled = loop_.After(absl::Milliseconds(5), [&] { ran = true; });
    loop_.After(absl::Milliseconds(20), [&] { done.Notify(); });
    loop_.Cancel(cancelled);
    loop_.Cancel(cancelled);
  });
  done.Wait();
  EXPECT_FALSE(ran);
}

TEST_F(GrpcEventLoopTest, ATimerCancelledByOneOfTheSameDeadlineDoesNotRun) {
  testing::FakeClock clock;
  GrpcEventLoop loop(std::make_unique<grpc::CompletionQueue>(), &clock, "test-loop");
  loop.Start();
  bool ran = false;
  testing::Notification done;
  loop.Post([&] {
    const auto second = std::make_shared<EventLoop::TimerId>(0);
    loop.After(absl::ZeroDuration(), [&, second] {
      loop.Cancel(*second);
      loop.Post([&] { done.Notify(); });
    });
    *second = loop.After(absl::ZeroDuration(), [&] { ran = true; });
  });
  done.Wait();
  loop.Shutdown();
  EXPECT_FALSE(ran);
}

TEST_F(GrpcEventLoopTest, ATimerThatArmsItselfDoesNotKeepOthersOut) {
  loop_.Start();
  std::atomic<bool> stop{false};
  struct Again {
    GrpcEventLoop* loop;
    std::atomic<bool>* stop;
    void operator()() {
      if (!*stop) loop->After(absl::ZeroDuration(), Again{loop, stop});
    }
  };
  loop_.Post(Again{&loop_, &stop});
  RunInLoop([] {});
  testing::Notification completed;
  grpc::Alarm alarm;
  alarm.Set(loop_.queue(), gpr_now(GPR_CLOCK_MONOTONIC),
            OnceTag::Of([&](bool) { completed.Notify(); }));
  completed.Wait();
  stop = true;
  loop_.Shutdown();
}

TEST_F(GrpcEventLoopTest, ATaskThatPostsItselfDoesNotKeepCompletionsOut) {
  loop_.Start();
  std::atomic<bool> stop{false};
  struct Again {
    GrpcEventLoop* loop;
    std::atomic<bool>* stop;
    void operator()() {
      if (!*stop) loop->Post(Again{loop, stop});
    }
  };
  loop_.Post(Again{&loop_, &stop});
  testing::Notification completed;
  grpc::Alarm alarm;
  alarm.Set(loop_.queue(), gpr_now(GPR_CLOCK_MONOTONIC),
            OnceTag::Of([&](bool) { completed.Notify(); }));
  completed.Wait();
  stop = true;
  loop_.Shutdown();
}

// A commit posts a task for each of its flows; a call that comes in does not wait for all of them.
TEST_F(GrpcEventLoopTest, ABurstOfTasksDoesNotKeepCompletionsOut) {
  constexpr int kTasks = 100;
  int ran = 0;
  int ran_before = kTasks;
  for (int i = 0; i < kTasks; ++i) loop_.Post([&ran] { ++ran; });
  grpc::Alarm alarm;
  alarm.Set(loop_.queue(), gpr_inf_past(GPR_CLOCK_MONOTONIC),
            OnceTag::Of([&](bool) { ran_before = ran; }));
  loop_.Start();
  RunInLoop([] {});
  EXPECT_EQ(ran, kTasks);
  EXPECT_LT(ran_before, kTasks / 2);
}

TEST_F(GrpcEventLoopTest, ALoopGoesBeforeOtherThreadsWhereThatIsAllowed) {
  bool allowed = false;
  std::thread([&] { allowed = setpriority(PRIO_PROCESS, 0, kLoopNiceness) == 0; }).join();
  const int before = getpriority(PRIO_PROCESS, 0);
  loop_.Start();
  int within = 0;
  RunInLoop([&within] { within = getpriority(PRIO_PROCESS, 0); });
  EXPECT_EQ(within, allowed ? kLoopNiceness : before);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), before);
}

TEST_F(GrpcEventLoopTest, TenThousandTimersRunOnce) {
  loop_.Start();
  constexpr int kTimers = 10'000;
  int ran = 0;
  testing::Notification done;
  loop_.Post([&] {
    for (int i = 0; i < kTimers; ++i) {
      loop_.After(absl::Microseconds((i * 7919) % 20'000), [&] {
        if (++ran == kTimers) done.Notify();
      });
    }
  });
  done.Wait();
  RunInLoop([&] { EXPECT_EQ(ran, kTimers); });
}

TEST_F(GrpcEventLoopTest, ShutdownRunsWhatWasPostedAndDestroysArmedTimers) {
  loop_.Start();
  auto held = std::make_shared<int>(0);
  RunInLoop([&] {
    for (int i = 0; i < 100; ++i) loop_.After(absl::Hours(1), [held] { ++*held; });
  });
  testing::Notification release;
  loop_.Post([&] { release.Wait(); });  // so that the rest is pending at Shutdown
  int ran = 0;
  for (int i = 0; i < 100; ++i) loop_.Post([&ran, held] { ++ran; });
  std::thread closer([&] { loop_.Shutdown(); });
  release.Notify();
  closer.join();
  EXPECT_EQ(ran, 100);
  EXPECT_EQ(*held, 0);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(GrpcEventLoopTest, TasksPostedAfterShutdownAreDestroyed) {
  loop_.Start();
  loop_.Shutdown();
  auto held = std::make_shared<int>(0);
  loop_.Post([held] { ++*held; });
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST_F(GrpcEventLoopTest, ALoopNeverStartedShutsDown) {
  auto held = std::make_shared<int>(0);
  loop_.Post([held] { ++*held; });
  loop_.Shutdown();
  EXPECT_EQ(*held, 1);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(GrpcEventLoopTest, PostsRacingShutdownRunOrAreDestroyed) {
  for (int round = 0; round < 50; ++round) {
    GrpcEventLoop loop(std::make_unique<grpc::CompletionQueue>(), &clock_, "test-loop");
    loop.Start();
    auto held = std::make_shared<std::atomic<int>>(0);
    testing::Latch started(3);
    std::vector<std::thread> posters;
    for (int t = 0; t < 3; ++t) {
      posters.emplace_back([&, held] {
        loop.Post([] {});
        started.CountDown();
        for (int i = 0; i < 200; ++i) loop.Post([held] { ++*held; });
      });
    }
    started.Wait();
    loop.Shutdown();
    for (std::thread& poster : posters) poster.join();
    posters.clear();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_LE(held->load(), 600);
  }
}

TEST_F(GrpcEventLoopTest, ATimerTaskMayCancelOthersWhenItIsDestroyed) {
  // A flow's timers hold the flow; ending the last reference cancels what is left.
  struct Canceller {
    GrpcEventLoop* loop = nullptr;
    EventLoop::TimerId other = 0;
    ~Canceller() { loop->Cancel(other); }
  };
  loop_.Start();
  RunInLoop([&] {
    const auto other = loop_.After(absl::Hours(1), [] {});
    const auto holder = std::make_shared<Canceller>();
    holder->loop = &loop_;
    holder->other = other;
    const auto timer = loop_.After(absl::Hours(1), [holder] {});
    loop_.After(absl::Hours(1), [holder] {});
    loop_.Cancel(timer);
  });
  loop_.Shutdown();
}

TEST_F(GrpcEventLoopTest, CompletionsOutstandingAtShutdownAreDelivered) {
  // Stands for a call that ends only when cancelled.
  grpc::Alarm alarm;
  // Timers are destroyed at shutdown, before the queue is drained: so this cancels in between.
  struct CancelWhenDestroyed {
    grpc::Alarm* alarm = nullptr;
    ~CancelWhenDestroyed() { alarm->Cancel(); }
  };
  loop_.Start();
  int delivered = 0;
  bool late_ran = false;
  RunInLoop([&] {
    alarm.Set(loop_.queue(), gpr_inf_future(GPR_CLOCK_MONOTONIC), OnceTag::Of([&](bool ok) {
                EXPECT_FALSE(ok);
                // Too late for timers and tasks: they are destroyed.
                loop_.After(absl::ZeroDuration(), [&] { late_ran = true; });
                loop_.Post([&] { late_ran = true; });
                ++delivered;
              }));
    auto canceller = std::make_shared<CancelWhenDestroyed>();
    canceller->alarm = &alarm;
    loop_.After(absl::Hours(1), [canceller] {});
  });
  loop_.Shutdown();
  EXPECT_EQ(delivered, 1);
  EXPECT_FALSE(late_ran);
}

TEST_F(GrpcEventLoopTest, TheQueueOfALoopIsFoundThroughItsInterface) {
  EXPECT_EQ(QueueOf(&loop_), loop_.queue());
  EXPECT_EQ(loop_.server_queue(), nullptr);
  testing::FakeClock clock;
  testing::FakeLoop fake(&clock);
  EXPECT_EQ(QueueOf(&fake), nullptr);
}

TEST(EventLoopsTest, LoopsAreGivenInTurn) {
  base::SystemClock clock;
  EventLoops loops(&clock);
  loops.AddOwn(3);
  loops.Start();
  EXPECT_EQ(loops.size(), 3u);
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(loops.Next(), loops.at(i));
  }
  loops.Shutdown();
  loops.Shutdown();
}

TEST(EventLoopsTest, LoopsPostToEachOther) {
  base::SystemClock clock;
  EventLoops loops(&clock);
  loops.AddOwn(2);
  loops.Start();
  testing::Notification done;
  struct Bounce {
    EventLoops* loops;
    testing::Notification* done;
    int left;
    void operator()() {
      if (left == 0) return done->Notify();
      loops->at(left % 2)->Post(Bounce{loops, done, left - 1});
    }
  };
  loops.at(0)->Post(Bounce{&loops, &done, 2'000});
  done.Wait();
  loops.Shutdown();
}

}  // namespace
}  // namespace hedui::runtime
