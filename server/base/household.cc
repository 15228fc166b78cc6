#include "server/base/household.h"

#include "server/base/name_table.h"

namespace hedui::base {
namespace {

constexpr std::array<NamedValue<IdentityKind>, 7> kIdentityKinds{{
    {IdentityKind::kResidentId, "RESIDENT_ID"},
    {IdentityKind::kHkMacaoTaiwanPermit, "HK_MACAO_TAIWAN_PERMIT"},
    {IdentityKind::kForeignerPermit, "FOREIGNER_PERMIT"},
    {IdentityKind::kPassport, "PASSPORT"},
    {IdentityKind::kDisabilityCertificate, "DISABILITY_CERTIFICATE"},
    {IdentityKind::kWithoutNumber, "WITHOUT_NUMBER"},
    {IdentityKind::kOther, "OTHER"},
}};

constexpr std::array<NamedValue<PersonRole>, 2> kPersonRoles{{
    {PersonRole::kMember, "MEMBER"},
    {PersonRole::kObligor, "OBLIGOR"},
}};

constexpr std::array<NamedValue<Relation>, 8> kRelations{{
    {Relation::kApplicant, "APPLICANT"},
    {Relation::kSpouse, "SPOUSE"},
    {Relation::kChild, "CHILD"},
    {Relation::kParent, "PARENT"},
    {Relation::kGrandchild, "GRANDCHILD"},
    {Relation::kGrandparent, "GRANDPARENT"},
    {Relation::kSibling, "SIBLING"},
    {Relation::kOther, "OTHER"},
}};

constexpr std::array<NamedValue<CheckKind>, 7> kCheckKinds{{
    {CheckKind::kNew, "NEW"},
    {CheckKind::kReview, "REVIEW"},
    {CheckKind::kComplaint, "COMPLAINT"},
    {CheckKind::kSpotCheck, "SPOT_CHECK"},
    {CheckKind::kObjection, "OBJECTION"},
    {CheckKind::kAssistance, "ASSISTANCE"},
    {CheckKind::kUrgent, "URGENT"},
}};

}  // namespace

absl::string_view IdentityKindName(IdentityKind kind) { return NameIn(kIdentityKinds, kind); }
absl::string_view PersonRoleName(PersonRole role) { return NameIn(kPersonRoles, role); }
absl::string_view RelationName(Relation relation) { return NameIn(kRelations, relation); }
absl::string_view CheckKindName(CheckKind kind) { return NameIn(kCheckKinds, kind); }

std::optional<IdentityKind> IdentityKindFromName(absl::string_view name) {
  return ValueIn(kIdentityKinds, name);
}

std::optional<PersonRole> PersonRoleFromName(absl::string_view name) {
  return ValueIn(kPersonRoles, name);
}

std::optional<Relation> RelationFromName(absl::string_view name) {
  return ValueIn(kRelations, name);
}

std::optional<CheckKind> CheckKindFromName(absl::string_view name) {
  return ValueIn(kCheckKinds, name);
}

}  // namespace hedui::base
