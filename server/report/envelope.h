// Envelopes as bytes and as messages. Internal to report; pure.
#ifndef HEDUI_SERVER_REPORT_ENVELOPE_H_
#define HEDUI_SERVER_REPORT_ENVELOPE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hedui/report/v1/report.pb.h"

namespace hedui::report {

// In its one encoding, with a shape that makes sense: leaves of 32 bytes, a salt of 32 bytes for
// each line that is shown and none for the others, the header shown. INVALID_ARGUMENT
// (REPORT_FORMAT), saying which part is wrong.
absl::StatusOr<v1::Envelope> ParseEnvelope(absl::string_view bytes);

// An envelope with the lines shown in it read: what renderings take.
struct OpenEnvelope {
  v1::Envelope envelope;
  std::vector<v1::Line> lines;  // shown ones, in order; the header first
  uint32_t withheld = 0;
};
absl::StatusOr<OpenEnvelope> OpenEnvelopeLines(absl::string_view bytes);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_ENVELOPE_H_
