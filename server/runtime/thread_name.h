// Names for threads, as debuggers, `top -H` and /proc show them.
#ifndef HEDUI_SERVER_RUNTIME_THREAD_NAME_H_
#define HEDUI_SERVER_RUNTIME_THREAD_NAME_H_

#include "absl/strings/string_view.h"

namespace hedui::runtime {

// Names the calling thread; Linux keeps the first 15 bytes.
void SetThreadName(absl::string_view name);

}  // namespace hedui::runtime

#endif  // HEDUI_SERVER_RUNTIME_THREAD_NAME_H_
