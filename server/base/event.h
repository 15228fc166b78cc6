// Something that happened, for operators: a name, a level and fields, which become one line of the
// log. Fields hold ids, codes, counts and texts of ours; never personal data.
//
// Value type, thread-compatible.
#ifndef HEDUI_SERVER_BASE_EVENT_H_
#define HEDUI_SERVER_BASE_EVENT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hedui::base {

enum class EventLevel : uint8_t {
  kDebug = 1,
  kInfo,     // all is as it should be
  kWarning,  // somebody was refused, or a source failed; the platform is well
  kError,    // the platform could not do what it is for
};

// "debug", "info", "warning", "error".
absl::string_view EventLevelName(EventLevel level);
std::optional<EventLevel> EventLevelFromName(absl::string_view name);

struct EventField {
  std::string name;
  std::variant<std::string, int64_t> value;
};

struct Event {
  // A text for people alone: its name is "notice".
  Event(std::string text);  // NOLINT: whoever tells a line need not know of events
  // `event_name` is a constant in lower_snake: "rpc", "source_call".
  Event(EventLevel event_level, absl::string_view event_name);

  Event& With(absl::string_view field, std::string value);
  Event& With(absl::string_view field, int64_t value);
  // Nothing for an empty value.
  Event& WithAny(absl::string_view field, std::string value);

  EventLevel level = EventLevel::kInfo;
  std::string name;
  std::vector<EventField> fields;  // in the order added
};

// The field `text`; empty where there is none.
absl::string_view TextOf(const Event& event);
// What went wrong, with its reason and text: an error.
Event FailureEvent(absl::string_view event_name, const absl::Status& status);

// Thread-safe, does not block.
using Tell = std::function<void(const Event&)>;

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_EVENT_H_
