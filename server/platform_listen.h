// Whether a server could listen at an address, found out by binding it and letting go at once:
// nothing listens meanwhile. Functions, thread-safe; a host's name may have to be looked up.
#ifndef HEDUI_SERVER_PLATFORM_LISTEN_H_
#define HEDUI_SERVER_PLATFORM_LISTEN_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hedui {

// `listen` is "HOST:PORT", a host of colons in brackets: "0.0.0.0:7443", "[::]:7443"; port 0 is any
// free one. INVALID_ARGUMENT (LISTEN) says what is wrong with it and what to write. A port that
// somebody listens at is not wrong: mostly it is the platform whose successor is being checked.
absl::Status CheckListen(absl::string_view listen);

}  // namespace hedui

#endif  // HEDUI_SERVER_PLATFORM_LISTEN_H_
