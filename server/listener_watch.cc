#include "server/listener_watch.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "grpc/support/log.h"
#include "server/base/mutex.h"

namespace hedui {
namespace {

struct Watch {
  const base::Clock* clock;
  std::function<void(std::string line)> tell;
  std::function<void()> lost;
  bool is_lost = false;
  int64_t second = -1;  // in which lines are counted
  int told = 0;
  int left_out = 0;

  // Strangers can make gRPC say something as often as they like.
  bool MayTell() {
    const int64_t now = absl::ToInt64Seconds(clock->SteadyNow());
    if (now != second) {
      if (left_out > 0) tell(absl::StrCat("gRPC: ", left_out, " more lines were left out"));
      second = now;
      told = left_out = 0;
    }
    if (told < kOwnLinesPerSecond) {
      ++told;
      return true;
    }
    ++left_out;
    return false;
  }
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
  // src/core/lib/iomgr/tcp_server_posix.cc: what follows gives the listening socket up.
  const bool loses = absl::StartsWith(line->message, "Failed accept4") && !watch->is_lost;
  if (loses || watch->MayTell()) watch->tell(absl::StrCat("gRPC: ", line->message));
  if (!loses) return;
  watch->is_lost = true;
  watch->lost();
}

}  // namespace

ListenerWatch::ListenerWatch(const base::Clock* clock, std::function<void(std::string line)> tell,
                             std::function<void()> lost) {
  {
    const base::MutexLock lock(&WatchMutex());
    CurrentWatch() = std::make_unique<Watch>(Watch{clock, std::move(tell), std::move(lost)});
  }
  gpr_set_log_function(OnLine);
}

ListenerWatch::~ListenerWatch() {
  const base::MutexLock lock(&WatchMutex());
  CurrentWatch().reset();
}

}  // namespace hedui
