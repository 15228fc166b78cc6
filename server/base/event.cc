#include "server/base/event.h"

#include "server/base/name_table.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

// A query's line has nine.
constexpr size_t kFieldsUsual = 10;

constexpr std::array<NamedValue<EventLevel>, 4> kLevels{{
    {EventLevel::kDebug, "debug"},
    {EventLevel::kInfo, "info"},
    {EventLevel::kWarning, "warning"},
    {EventLevel::kError, "error"},
}};

}  // namespace

absl::string_view EventLevelName(EventLevel level) { return NameIn(kLevels, level); }

std::optional<EventLevel> EventLevelFromName(absl::string_view name) {
  return ValueIn(kLevels, name);
}

Event::Event(std::string text) : name("notice") { With("text", std::move(text)); }

Event::Event(EventLevel event_level, absl::string_view event_name)
    : level(event_level), name(event_name) {
  fields.reserve(kFieldsUsual);
}

Event& Event::With(absl::string_view field, std::string value) {
  fields.push_back({std::string(field), std::move(value)});
  return *this;
}

Event& Event::With(absl::string_view field, int64_t value) {
  fields.push_back({std::string(field), value});
  return *this;
}

Event& Event::WithAny(absl::string_view field, std::string value) {
  if (!value.empty()) With(field, std::move(value));
  return *this;
}

absl::string_view TextOf(const Event& event) {
  for (const EventField& field : event.fields) {
    const auto* text = std::get_if<std::string>(&field.value);
    if (field.name == "text" && text != nullptr) return *text;
  }
  return "";
}

Event FailureEvent(absl::string_view event_name, const absl::Status& status) {
  Event event(EventLevel::kError, event_name);
  event.With("reason", ReasonOf(status)).With("text", std::string(status.message()));
  return event;
}

}  // namespace hedui::base
