// Reading protobuf in its one canonical encoding (docs/report-format.md). Pure functions.
#ifndef HEDUI_SERVER_REPORT_STRICT_PROTO_H_
#define HEDUI_SERVER_REPORT_STRICT_PROTO_H_

#include "absl/strings/string_view.h"

namespace google::protobuf {
class Message;
}

namespace hedui::report {

// Parses `bytes` into `message`. False unless writing the message again gives the same bytes and no
// field in it, at any depth, is unknown.
// The library's own complaints about bad bytes, which quote nothing useful, are kept off the
// terminal.
bool ParseStrict(absl::string_view bytes, google::protobuf::Message* message);

// Parses what it can, for naming what cannot be believed.
bool ParseLeniently(absl::string_view bytes, google::protobuf::Message* message);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_STRICT_PROTO_H_
