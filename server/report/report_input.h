// What a report is made of. Plain values, thread-compatible.
#ifndef HEDUI_SERVER_REPORT_REPORT_INPUT_H_
#define HEDUI_SERVER_REPORT_REPORT_INPUT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/assess/assessment.h"
#include "server/base/digest.h"
#include "server/base/household.h"
#include "server/base/ids.h"
#include "server/match/match_result.h"

namespace hedui::report {

// On what ground a person's data were asked for. One for each person of the household.
struct Authorization {
  std::string person_id;
  bool authorized = false;  // false: 未授权, nothing was asked about the person
  std::string basis;        // "LETTER" or "LEGAL_BASIS"; empty: none
  std::string reference;    // letter number or the legal basis' name
  std::string remark;       // Chinese, such as who signed; may be empty
};

struct SourceName {
  std::string id;     // as in the catalogue
  std::string name;   // Chinese
  std::string level;  // "ministry", "region", "city", "county"
};

// Chinese name of a record kind or a category ("wage"); and, where reports have no word of their
// own, of a field of a kind ("wage.payer"), of a code that it may be ("vehicle.class=tractor"), and
// of a code that a quantity may be ("area_class=a").
struct CodeLabel {
  std::string code;
  std::string label;
};

// The keys of such names: CodeKey(FieldKey("vehicle", "class"), "tractor").
std::string FieldKey(absl::string_view kind, absl::string_view field);
std::string CodeKey(absl::string_view of, absl::string_view code);

// What a report says besides what was found and computed.
struct ReportFrame {
  base::Uuid report_id;
  base::Uuid verification_id;
  std::optional<base::Uuid> previous_report;  // the report this one supersedes
  // "MANUAL_FINDING", "IDENTITY_RESOLVED", "LATE_ANSWER", "SOURCE_RECALLED"; empty: none
  std::string superseding_reason;
  std::string replaces_report_number;  // the annulled report in whose place this one stands
  std::string issuing_centre;          // its Chinese name
  std::string issuing_division;        // six digits
  std::string log_origin;              // as the ledger has it
  std::string agency;                  // the requester's code
  std::string agency_name;
  std::string officer;
  base::CheckKind check_kind = base::CheckKind::kNew;
  std::string matter_number;
  std::string purpose;
  // Programmes whose indications are wanted; empty: findings only.
  std::vector<std::string> programmes;
  std::string division_name;  // the household's, in full: 宁夏回族自治区银川市兴庆区
  absl::Time issued_at;       // cut to whole seconds
  base::HashAlgorithm line_hash = base::HashAlgorithm::kSha256;
  std::optional<absl::CivilDay> valid_until;  // policy value, last day; absent: not set
  std::string validity_basis;  // the policy that sets it, in words; empty without one
  std::string restriction;     // empty: the standing words
  std::string objection;       // empty: the standing words
  std::vector<Authorization> authorizations;
  std::vector<SourceName> sources;
  std::vector<CodeLabel> labels;
};

struct ReportInput {
  ReportFrame frame;
  base::Household household;
  base::CaseDates dates;
  match::MatchResult match;
  // Over match.facts; absent where only findings are wanted.
  std::optional<assess::Assessment> assessment;
  std::string seed;  // 32 random bytes, kept sealed: the lines' salts come from it
};

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_REPORT_INPUT_H_
