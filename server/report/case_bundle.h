// Everything a verification's report was made of, to make it again: the stored case. Personal data
// throughout: stored sealed under the matter's key, never logged. Values; functions are pure.
#ifndef HEDUI_SERVER_REPORT_CASE_BUNDLE_H_
#define HEDUI_SERVER_REPORT_CASE_BUNDLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/assess/case.h"
#include "server/match/match_result.h"
#include "server/report/report_input.h"

namespace hedui::report {

struct CaseBundle {
  ReportFrame frame;
  match::MatchInput input;
  bool assessed = false;  // whether the report has an assessment
  std::string engine;     // that computed it; empty when not assessed
  // Of the policy set by which it was matched and assessed. Empty in cases without an assessment
  // that were stored before sets were kept.
  std::string policy_digest;
  std::string seed;
  // The lines as issued. The store keeps them in the draft; leave empty there and fill to export.
  std::vector<std::string> lines;
};

std::string EncodeCaseBundle(const CaseBundle& bundle);
// The same bytes behind what `out` holds.
void AppendCaseBundle(const CaseBundle& bundle, std::string* out);
// Strict: what it takes, EncodeCaseBundle gives back byte for byte. INVALID_ARGUMENT (CASE_BUNDLE).
absl::StatusOr<CaseBundle> DecodeCaseBundle(absl::string_view bytes);

// The engine's input from a household and its facts: the one way both the flow and a replay take.
// With one programme the case asks for it; otherwise for every programme with a set. The day of the
// request is that on which the verification's id was made.
assess::Case MakeCase(const ReportFrame& frame, const base::Household& household,
                      const base::CaseDates& dates, base::Facts facts);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_CASE_BUNDLE_H_
