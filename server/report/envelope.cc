#include "server/report/envelope.h"

#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/report/header_line.h"
#include "server/report/report_builder.h"
#include "server/report/strict_proto.h"

namespace hedui::report {
namespace {

absl::Status Bad(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "REPORT_FORMAT",
                         absl::StrCat("envelope: ", what));
}

absl::Status CheckShape(const v1::SealedLine& line, int number) {
  if (line.leaf().size() != base::kDigestBytes) {
    return Bad(absl::StrCat("line ", number, ": its leaf is not 32 bytes"));
  }
  const bool shown = !line.line().empty();
  if (line.salt().size() != (shown ? base::kDigestBytes : 0)) {
    return Bad(absl::StrCat("line ", number, ": salt and line do not go together"));
  }
  if (number == 0 && !shown) return Bad("line 0, the header, is withheld");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Envelope> ParseEnvelope(absl::string_view bytes) {
  if (bytes.size() > kEnvelopeBytesMax) return Bad("more than 8 MiB");
  v1::Envelope envelope;
  if (!ParseStrict(bytes, &envelope)) return Bad("not a report, or not in its one encoding");
  if (envelope.format() != kFormat) {
    return Bad(absl::StrCat("format ", envelope.format(), " is not known here"));
  }
  if (envelope.lines().empty() || static_cast<size_t>(envelope.lines_size()) > kLinesMax) {
    return Bad("no lines, or too many");
  }
  for (int i = 0; i < envelope.lines_size(); ++i) {
    HEDUI_RETURN_IF_ERROR(CheckShape(envelope.lines(i), i));
  }
  return envelope;
}

absl::StatusOr<OpenEnvelope> OpenEnvelopeLines(absl::string_view bytes) {
  OpenEnvelope open;
  HEDUI_ASSIGN_OR_RETURN(open.envelope, ParseEnvelope(bytes));
  for (int i = 0; i < open.envelope.lines_size(); ++i) {
    const std::string& line = open.envelope.lines(i).line();
    if (line.empty()) {
      ++open.withheld;
      continue;
    }
    if (!ParseStrict(line, &open.lines.emplace_back())) {
      return Bad(absl::StrCat("line ", i, " cannot be read"));
    }
  }
  if (!open.lines[0].has_header()) return Bad("line 0 is no header");
  return open;
}

}  // namespace hedui::report
