// What systemd is told of the service's life (sd_notify). Without $NOTIFY_SOCKET nothing is told.
// Thread-safe.
#ifndef HEDUI_SERVER_OPERATION_SERVICE_MANAGER_H_
#define HEDUI_SERVER_OPERATION_SERVICE_MANAGER_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hedui::operation {

// Calls are taken, also again after a reload. `status` is shown by `systemctl status`.
void NotifyReady(absl::string_view status);
// Configuration is being read again; NotifyReady follows.
void NotifyReloading();
// No calls are taken any more.
void NotifyStopping();
// The process is as it should be; to be said again within WatchdogLimit().
void NotifyAlive();

// After how long without NotifyAlive systemd ends the process (WatchdogSec, which it passes as
// $WATCHDOG_USEC); nullopt: it does not watch.
std::optional<absl::Duration> WatchdogLimit();

}  // namespace hedui::operation

#endif  // HEDUI_SERVER_OPERATION_SERVICE_MANAGER_H_
