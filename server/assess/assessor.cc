#include "server/assess/assessor.h"

#include "absl/strings/str_cat.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/evaluator.h"
#include "server/assess/renderer.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::assess {

absl::string_view TruthName(Truth truth) {
  switch (truth) {
    case Truth::kFalse:
      return "FALSE";
    case Truth::kTrue:
      return "TRUE";
    case Truth::kUndetermined:
      return "UNDETERMINED";
  }
  return "UNKNOWN";
}

absl::string_view BlameKindName(BlameKind kind) {
  switch (kind) {
    case BlameKind::kSource:
      return "SOURCE";
    case BlameKind::kPolicyRow:
      return "POLICY_ROW";
    case BlameKind::kAuthorization:
      return "AUTHORIZATION";
    case BlameKind::kIdentity:
      return "IDENTITY";
    case BlameKind::kDeclaration:
      return "DECLARATION";
    case BlameKind::kArithmetic:
      return "ARITHMETIC";
  }
  return "UNKNOWN";
}

const TraceEntry* Assessment::Find(absl::string_view id, absl::string_view person_id) const {
  for (const TraceEntry& entry : entries) {
    if (entry.id == id && entry.person_id == person_id) return &entry;
  }
  return nullptr;
}

const Indication* Assessment::FindIndication(absl::string_view programme,
                                             absl::string_view person_id) const {
  for (const Indication& indication : indications) {
    if (indication.programme == programme && indication.person_id == person_id) return &indication;
  }
  return nullptr;
}

absl::StatusOr<Assessment> Assess(const PolicyPack& pack, const Case& c) {
  if (!c.programme.empty() && !pack.HasProgramme(c.division, c.programme, c.dates.policy)) {
    return base::MakeError(
        absl::StatusCode::kFailedPrecondition, "NO_POLICY_SET",
        absl::StrCat("division ", c.division, " has no policy set for the programme ", c.programme,
                     " on ", base::FormatDay(c.dates.policy)));
  }
  const CompiledPack& compiled = pack.compiled();
  const Division* division = compiled.FindDivision(c.division);
  if (division == nullptr) {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "NO_POLICY_SET",
                           absl::StrCat("no policy file speaks for division ", c.division));
  }
  Evaluator evaluator(compiled);
  HEDUI_RETURN_IF_ERROR(evaluator.Run(*division, c, /*trace=*/true));
  return Render(compiled, *division, c, evaluator);
}

}  // namespace hedui::assess
