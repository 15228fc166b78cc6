// Whether an envelope is a report that the log holds, unaltered. Offline: needs the bytes and the
// authorities one trusts, nothing else. A front door of this room. Thread-safe.
#ifndef HEDUI_SERVER_REPORT_REPORT_CHECK_H_
#define HEDUI_SERVER_REPORT_REPORT_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/ledger/trust.h"

namespace hedui::report {

enum class Verdict : uint8_t {
  kValid = 0,       // every line shown is as it was issued
  kNotValid = 1,    // something was altered, or the proof does not hold
  kUnreadable = 2,  // no envelope, or not in its one encoding
};

struct CheckResult {
  Verdict verdict = Verdict::kUnreadable;
  // What failed, each naming a line or a part: "line 14 (wage): …". Empty when valid.
  std::vector<std::string> failures;
  // Where readable; to be believed only when valid.
  std::string report_number;
  std::string log_origin;
  uint64_t log_index = 0;
  absl::Time checkpoint_time;  // when the log signed
  uint32_t lines = 0;
  uint32_t lines_withheld = 0;
};

CheckResult CheckReport(absl::string_view envelope, const ledger::LogTrust& trust);

// The same with the authorities' certificates as PEM text. INVALID_ARGUMENT (TRUST) when that holds
// none.
absl::StatusOr<CheckResult> CheckReport(absl::string_view envelope,
                                        absl::string_view authorities_pem);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_REPORT_CHECK_H_
