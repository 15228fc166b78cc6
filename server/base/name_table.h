// Enumerators and their stable names, kept in one list each, so that both directions agree.
// Internal to base. Immutable, thread-safe.
#ifndef HEDUI_SERVER_BASE_NAME_TABLE_H_
#define HEDUI_SERVER_BASE_NAME_TABLE_H_

#include <array>
#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"

namespace hedui::base {

template <typename Enum>
struct NamedValue {
  Enum value;
  absl::string_view name;
};

// "UNKNOWN" for a value outside the enumeration, which only a broken cast can make.
template <typename Enum, size_t kSize>
absl::string_view NameIn(const std::array<NamedValue<Enum>, kSize>& table, Enum value) {
  for (const NamedValue<Enum>& entry : table) {
    if (entry.value == value) return entry.name;
  }
  return "UNKNOWN";
}

template <typename Enum, size_t kSize>
std::optional<Enum> ValueIn(const std::array<NamedValue<Enum>, kSize>& table,
                            absl::string_view name) {
  for (const NamedValue<Enum>& entry : table) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_NAME_TABLE_H_
