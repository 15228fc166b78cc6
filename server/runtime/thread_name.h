// What a thread is called, as debuggers, `top -H` and /proc show it, and who goes before it.
#ifndef HEDUI_SERVER_RUNTIME_THREAD_NAME_H_
#define HEDUI_SERVER_RUNTIME_THREAD_NAME_H_

#include "absl/strings/string_view.h"

namespace hedui::runtime {

// Lets the calling thread go before those that compute and write where the processors do not
// suffice for all: they have the rest, and whoever must be turned away learns it at once.
// setpriority(2) to kLoopNiceness; where that is not allowed (RLIMIT_NICE, CAP_SYS_NICE) nothing
// changes.
void GoFirst();
// Ten times the weight of a thread that goes with the others.
inline constexpr int kLoopNiceness = -10;

// Names the calling thread; Linux keeps the first 15 bytes.
void SetThreadName(absl::string_view name);

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_THREAD_NAME_H_
