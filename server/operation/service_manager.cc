#include "server/operation/service_manager.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

namespace hedui::operation {
namespace {

// Whoever does not listen is no reason to fail.
void Notify(const std::string& state) { sd_notify(/*unset_environment=*/0, state.c_str()); }

}  // namespace

void NotifyReady(absl::string_view status) { Notify(absl::StrCat("READY=1\nSTATUS=", status)); }

void NotifyReloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  // Later systemds want to know when, on the clock that they have in common with us.
  const int64_t now_us = absl::ToInt64Microseconds(absl::DurationFromTimespec(now));
  Notify(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", now_us));
}

void NotifyStopping() { Notify("STOPPING=1"); }

void NotifyAlive() { Notify("WATCHDOG=1"); }

std::optional<absl::Duration> WatchdogLimit() {
  uint64_t limit_us = 0;
  if (sd_watchdog_enabled(/*unset_environment=*/0, &limit_us) <= 0) return std::nullopt;
  return absl::Microseconds(static_cast<int64_t>(limit_us));
}

}  // namespace hedui::operation
