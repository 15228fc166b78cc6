#include "server/runtime/thread_name.h"

#include <pthread.h>
#include <sys/resource.h>

#include <string>

namespace hedui::runtime {

void SetThreadName(absl::string_view name) {
  constexpr size_t kBytesMax =
      15;  // TASK_COMM_LEN less the terminating zero; longer names are refused
  const std::string cut(name.substr(0, kBytesMax));
  pthread_setname_np(pthread_self(), cut.c_str());
}

void GoFirst() {
  // On Linux 0 is the calling thread, not its process.
  static_cast<void>(setpriority(PRIO_PROCESS, 0, kLoopNiceness));
}

}  // namespace hedui::runtime
