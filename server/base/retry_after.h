// When it is worth asking again, carried by the error that turns somebody away. An error without it
// says that waiting does not help. Functions, thread-safe.
#ifndef HEDUI_SERVER_BASE_RETRY_AFTER_H_
#define HEDUI_SERVER_BASE_RETRY_AFTER_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace hedui::base {

// For whoever finds no room: a verification takes some tens of milliseconds, so a second later
// there is other room or none.
inline constexpr absl::Duration kRoomRetryAfter = absl::Seconds(1);

// The same error, worth asking again after `delay`; whole milliseconds, rounded up, at least one.
absl::Status WithRetryAfter(absl::Status error, absl::Duration delay);

// nullopt where nobody said that waiting helps.
std::optional<absl::Duration> RetryAfterOf(const absl::Status& error);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_RETRY_AFTER_H_
