// Ending, and reading the configuration anew, on a signal. Signals are blocked in every thread and
// waited for in main: nothing runs in a signal handler, where gRPC's Shutdown deadlocks.
#ifndef HEDUI_SERVER_RUNTIME_SIGNALS_H_
#define HEDUI_SERVER_RUNTIME_SIGNALS_H_

#include "absl/time/time.h"

namespace hedui::runtime {

// Blocks SIGTERM, SIGINT and SIGHUP for this thread and all it starts later, and ignores SIGPIPE (a
// peer that hangs up is an error of the write, not the end of the process). First thing in main,
// before any library starts threads.
void BlockSignals();

// Waits for SIGTERM, SIGINT or SIGHUP and returns its number; 0 when none came within `timeout`. A
// signal sent since BlockSignals is not lost; several of one number sent meanwhile count as one. On
// a second signal during the drain, a program that wants to end at once waits again on a thread of
// its own.
int WaitForSignal(absl::Duration timeout = absl::InfiniteDuration());

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_SIGNALS_H_
