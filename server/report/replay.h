// Makes a stored case's report again and compares it with what was issued, byte for byte. A front
// door of this room. This room may not include match and assess themselves, so the caller brings
// them.
#ifndef HEDUI_SERVER_REPORT_REPLAY_H_
#define HEDUI_SERVER_REPORT_REPLAY_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/assess/assessment.h"
#include "server/assess/case.h"
#include "server/match/match_result.h"
#include "server/report/case_bundle.h"

namespace hedui::report {

struct ReplayEngines {
  std::function<match::MatchResult(const match::MatchInput&)> match;
  std::function<absl::StatusOr<assess::Assessment>(const assess::Case&)> assess;
};

struct ReplayResult {
  bool same = false;
  // "line 14 (counted_wage) of m1: issued …, now …", one for each line that differs
  // (line_difference.h); empty when the same.
  std::vector<std::string> differences;
  size_t lines_issued = 0;
  size_t lines_now = 0;
  // Why a difference may be no alarm: another engine version, another policy set.
  std::vector<std::string> remarks;
};

// FAILED_PRECONDITION (CASE_WITHOUT_LINES) when the bundle holds no lines to compare with; else the
// errors of the engines and of BuildReport.
absl::StatusOr<ReplayResult> Replay(const CaseBundle& bundle, const ReplayEngines& engines);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_REPLAY_H_
