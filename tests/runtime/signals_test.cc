#include "server/runtime/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hedui::runtime {
namespace {

// Runs `body` in a child process, since it changes the signal mask, and gives its wait status.
template <typename Body>
int StatusOfChild(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(99);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(SignalsTest, ASignalSentBeforeTheWaitIsNotLost) {
  const int status = StatusOfChild([] {
    BlockSignals();
    kill(getpid(), SIGTERM);
    _exit(WaitForSignal() == SIGTERM ? 0 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SignalsTest, AnInterruptEndsTheWaitToo) {
  const int status = StatusOfChild([] {
    BlockSignals();
    kill(getpid(), SIGINT);
    _exit(WaitForSignal() == SIGINT ? 0 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SignalsTest, AHangUpIsToldApart) {
  const int status = StatusOfChild([] {
    BlockSignals();
    kill(getpid(), SIGHUP);
    _exit(WaitForSignal(absl::Hours(1)) == SIGHUP ? 0 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SignalsTest, TheWaitEndsWithoutASignalToo) {
  const int status = StatusOfChild([] {
    BlockSignals();
    _exit(WaitForSignal(absl::Milliseconds(1)));
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SignalsTest, WritingToAPeerThatHungUpIsAnErrorNotTheEnd) {
  const int status = StatusOfChild([] {
    BlockSignals();
    int ends[2];
    if (pipe(ends) != 0) _exit(2);
    close(ends[0]);
    _exit(write(ends[1], "x", 1) == -1 ? 0 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SignalsTest, OtherSignalsKeepTheirEffect) {
  const int status = StatusOfChild([] {
    BlockSignals();
    kill(getpid(), SIGUSR1);
    _exit(0);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGUSR1);
}

}  // namespace
}  // namespace hedui::runtime
