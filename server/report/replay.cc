#include "server/report/replay.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/report/display_text.h"
#include "server/report/line_difference.h"
#include "server/report/report_builder.h"

namespace hedui::report {
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
    HEDUI_ASSIGN_OR_RETURN(
        input.assessment,
        engines.assess(MakeCase(input.frame, input.household, input.dates, input.match.facts)));
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
  result.lines_issued = bundle.lines.size();
  result.lines_now = lines.size();
  result.differences = DescribeDifferences(bundle.lines, lines);
  result.same = result.differences.empty();
  return result;
}

}  // namespace hedui::report
