// The household (家庭) as the asking system declares it, and the dates a verification rests on.
// Plain values, thread-compatible. Everything here is the applicant's or officer's statement,
// nothing is verified yet.
#ifndef HEDUI_SERVER_BASE_HOUSEHOLD_H_
#define HEDUI_SERVER_BASE_HOUSEHOLD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/base/answer.h"
#include "server/base/identity.h"

namespace hedui::base {

enum class PersonRole : uint8_t {
  kMember = 1,   // 家庭成员
  kObligor = 2,  // 赡养/抚养/扶养义务人: verified for destitute applicants
};

// Relation to the applicant.
enum class Relation : uint8_t {
  kApplicant = 1,
  kSpouse,
  kChild,
  kParent,
  kGrandchild,
  kGrandparent,
  kSibling,
  kOther,
};

struct Person {
  std::string id;  // the request's own: "m1"; unique in the household, never a citizen number
  PersonRole role = PersonRole::kMember;
  Relation relation = Relation::kOther;
  Identity identity;
  // Day of birth for identities whose number carries none; absent: unknown.
  std::optional<absl::CivilDay> declared_birth;
  // What the person declares: incomes, assets and circumstances as records of the same kinds that
  // sources deliver ("wage", "deposit", "enrolment", "disability", …).
  std::vector<Record> declared;
};

// "RESIDENT_ID", "SPOUSE", … : as on the wire, in case files and in reports.
absl::string_view IdentityKindName(IdentityKind kind);
absl::string_view PersonRoleName(PersonRole role);
absl::string_view RelationName(Relation relation);
std::optional<IdentityKind> IdentityKindFromName(absl::string_view name);
std::optional<PersonRole> PersonRoleFromName(absl::string_view name);
std::optional<Relation> RelationFromName(absl::string_view name);

struct Household {
  std::string division;  // residence, six digits: where the application is made
  std::string scope;     // "urban" or "rural" as applied for; empty: the policy's own rule decides
  std::vector<Person> persons;  // members first, then obligors, in the request's order
  bool staff_relative = false;  // 近亲属备案 (A57 Art 11): filed separately, shown in the report
};

// Dates kept apart (domain: the verification itself).
struct CaseDates {
  absl::CivilDay application;                // look-back of rigid spending
  std::optional<absl::CivilDay> acceptance;  // starts the clocks; absent: not accepted yet
  absl::CivilDay policy;                     // the day whose rules apply
};

// Why the check is made.
enum class CheckKind : uint8_t {
  kNew = 1,
  kReview,
  kComplaint,
  kSpotCheck,
  kObjection,
  kAssistance,
  kUrgent,
};
absl::string_view CheckKindName(CheckKind kind);
std::optional<CheckKind> CheckKindFromName(absl::string_view name);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_HOUSEHOLD_H_
