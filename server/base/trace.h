// W3C trace context: the header `traceparent` by which several systems' logs of one request are
// put together. What is no valid header is as if there were none. Value type, thread-compatible.
#ifndef HEDUI_SERVER_BASE_TRACE_H_
#define HEDUI_SERVER_BASE_TRACE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/ids.h"

namespace hedui::base {

// The header's name, as gRPC metadata have it.
inline constexpr char kTraceParentKey[] = "traceparent";

struct TraceParent {
  std::array<uint8_t, 16> trace_id{};  // never all zeros
  std::array<uint8_t, 8> span_id{};    // who calls; never all zeros
  uint8_t flags = 0;                   // bit 0: sampled

  // "00-<32 hex digits>-<16 hex digits>-<2 hex digits>" in lower case; of a later version what this
  // one knows of it.
  static std::optional<TraceParent> Parse(absl::string_view header);
  // Of the same trace, a span of our own.
  TraceParent Child(IdSource* ids) const;
  // In version 00.
  std::string ToString() const;

  friend bool operator==(const TraceParent&, const TraceParent&) = default;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_TRACE_H_
