#include "server/listener_watch.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpc/support/log.h"
#include "server/base/mutex.h"

namespace hedui {
namespace {

struct Watch {
  std::function<void(std::string line)> tell;
  std::function<void()> lost;
  bool is_lost = false;
};

// gRPC's log knows nothing but a function. Neither is ever destroyed: gRPC's threads may log to the
// end of the process.
base::Mutex& WatchMutex() {
  static base::Mutex* const mutex = new base::Mutex;
  return *mutex;
}
std::unique_ptr<Watch>& CurrentWatch() {
  static auto* const watch = new std::unique_ptr<Watch>;
  return *watch;
}

void OnLine(gpr_log_func_args* line) {
  const base::MutexLock lock(&WatchMutex());
  Watch* const watch = CurrentWatch().get();
  if (watch == nullptr) return;
  watch->tell(absl::StrCat("gRPC: ", line->message));
  // src/core/lib/iomgr/tcp_server_posix.cc: what follows gives the listening socket up.
  if (!absl::StartsWith(line->message, "Failed accept4") || std::exchange(watch->is_lost, true)) {
    return;
  }
  watch->lost();
}

}  // namespace

ListenerWatch::ListenerWatch(std::function<void(std::string line)> tell,
                             std::function<void()> lost) {
  {
    const base::MutexLock lock(&WatchMutex());
    CurrentWatch() = std::make_unique<Watch>(Watch{std::move(tell), std::move(lost)});
  }
  gpr_set_log_function(OnLine);
}

ListenerWatch::~ListenerWatch() {
  const base::MutexLock lock(&WatchMutex());
  CurrentWatch().reset();
}

}  // namespace hedui
