// What a thread is called, as debuggers, `top -H` and /proc show it, and who goes before it.
#ifndef HEDUI_SERVER_RUNTIME_THREAD_NAME_H_
#define HEDUI_SERVER_RUNTIME_THREAD_NAME_H_

#include "absl/strings/string_view.h"

namespace hedui::runtime {

// Lets the process's other threads, and others, go first where the processors do not suffice:
// setpriority(2) of the calling thread, 1 to 19. Where that is not allowed nothing changes.
void YieldToOthers(int niceness);

// Names the calling thread; Linux keeps the first 15 bytes.
void SetThreadName(absl::string_view name);

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_THREAD_NAME_H_
