#include "server/runtime/signals.h"

#include <pthread.h>
#include <signal.h>

#include <cerrno>

namespace hedui::runtime {
namespace {

sigset_t AwaitedSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void BlockSignals() {
  const sigset_t set = AwaitedSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int WaitForSignal(absl::Duration timeout) {
  const sigset_t set = AwaitedSignals();
  const timespec wait = absl::ToTimespec(timeout);
  for (;;) {
    const int number = timeout == absl::InfiniteDuration() ? sigwaitinfo(&set, nullptr)
                                                           : sigtimedwait(&set, nullptr, &wait);
    if (number > 0) return number;
    // A debugger, or a stop and continue, ends the wait early.
    if (errno == EAGAIN) return 0;
  }
}

}  // namespace hedui::runtime
