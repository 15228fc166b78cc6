#include "server/report/replay.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/report/display_text.h"
#include "server/report/report_builder.h"
#include "server/report/strict_proto.h"

namespace hedui::report {
namespace {

// Enough of a text to see what changed.
constexpr size_t kTextShownColumns = 60;

std::string Shown(const std::string& text) {
  return absl::StrCat("“", WrapText(EscapeForDisplay(text), kTextShownColumns)[0], "”");
}

// Names the line and says what it was and is, in its own words where those differ.
std::string Describe(size_t number, const std::string& issued, const std::string& now) {
  v1::Line before;
  v1::Line after;
  if (!ParseLeniently(issued, &before) || !ParseLeniently(now, &after)) {
    return absl::StrCat("line ", number, ": as issued it cannot be read");
  }
  const std::string name =
      absl::StrCat("line ", number, " (", EscapeForDisplay(before.code()), ")",
                   before.person_id().empty() ? "" : " of ", EscapeForDisplay(before.person_id()));
  if (before.kind() != after.kind() || before.code() != after.code() ||
      before.person_id() != after.person_id()) {
    return absl::StrCat(name, ": another line stands there now: ", EscapeForDisplay(after.code()),
                        after.person_id().empty() ? "" : " of ",
                        EscapeForDisplay(after.person_id()));
  }
  if (before.text() != after.text()) {
    return absl::StrCat(name, ": issued ", Shown(before.text()), ", now ", Shown(after.text()));
  }
  return absl::StrCat(name, ": same text, but what stands behind it differs");
}

void Compare(const std::vector<std::string>& issued, const std::vector<std::string>& now,
             ReplayResult* result) {
  // The header counts the lines, so it differs with any of them and says the least: it comes last.
  const size_t common = std::min(issued.size(), now.size());
  result->lines_compared = common;
  for (size_t i = 1; i < common; ++i) {
    if (issued[i] == now[i]) continue;
    result->first_difference = Describe(i, issued[i], now[i]);
    return;
  }
  if (issued.size() != now.size()) {
    result->first_difference =
        absl::StrCat("line ", common, ": issued with ", issued.size(), " lines, now ", now.size());
  } else if (issued[0] != now[0]) {
    result->first_difference = "line 0 (header): ids, dates, engine or policy files differ";
  } else {
    result->same = true;
  }
}

}  // namespace

absl::StatusOr<ReplayResult> Replay(const CaseBundle& bundle, const ReplayEngines& engines) {
  if (bundle.lines.empty()) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "CASE_WITHOUT_LINES",
                           "the case holds no lines as issued; export it with its report");
  }
  ReportInput input;
  input.frame = bundle.frame;
  input.household = bundle.input.household;
  input.dates = bundle.input.dates;
  input.seed = bundle.seed;
  input.match = engines.match(bundle.input);
  ReplayResult result;
  if (bundle.assessed) {
    HEDUI_ASSIGN_OR_RETURN(input.assessment,
                           engines.assess(MakeCase(input.household, input.dates,
                                                   input.frame.programmes, input.match.facts)));
    if (input.assessment->engine != bundle.engine) {
      result.remarks.push_back(absl::StrCat("issued by engine ", EscapeForDisplay(bundle.engine),
                                            ", replayed by ", input.assessment->engine));
    }
    if (input.assessment->policy_digest != bundle.policy_digest) {
      result.remarks.push_back(
          absl::StrCat("issued under policy set ", base::HexEncode(bundle.policy_digest),
                       ", replayed under ", base::HexEncode(input.assessment->policy_digest)));
    }
  }
  HEDUI_ASSIGN_OR_RETURN(const std::vector<std::string> lines, BuildLines(input));
  Compare(bundle.lines, lines, &result);
  return result;
}

}  // namespace hedui::report
