// What may not agree between registers and a declaration, and the rules, kept as data in
// policies/national/vocabulary.yaml, by which match tells that it does not. Plain values,
// thread-compatible.
#ifndef HEDUI_SERVER_BASE_DISCREPANCY_H_
#define HEDUI_SERVER_BASE_DISCREPANCY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hedui::base {

// Stable: the names stand in reports. Append only.
enum class DiscrepancyCode : uint8_t {
  kUndeclaredVehicle = 1,    // UNDECLARED_VEHICLE
  kUndeclaredDeposit,        // UNDECLARED_DEPOSIT
  kUndeclaredProperty,       // UNDECLARED_PROPERTY: a house or land
  kUndeclaredBusiness,       // UNDECLARED_BUSINESS
  kDepositAboveDeclared,     // DEPOSIT_ABOVE_DECLARED
  kWageDiffers,              // WAGE_DIFFERS: declared and found wages of a month are not the same
  kIncomeConflict,           // INCOME_CONFLICT: two sources give one income different amounts
  kPossibleDuplicateIncome,  // POSSIBLE_DUPLICATE_INCOME: perhaps one income told twice
  kDeathFound,               // DEATH_FOUND: a register calls a living person dead
  kUndeclaredSpouse,         // UNDECLARED_SPOUSE: married to somebody the household does not name
  kRecordConflict,           // RECORD_CONFLICT: two sources tell of one thing differently
  kPossibleDuplicateAsset,   // POSSIBLE_DUPLICATE_ASSET: perhaps one piece of property told twice
  kSpouseNotRegistered,      // SPOUSE_NOT_REGISTERED: no register has the declared marriage
  kAlreadyAssisted,          // ALREADY_ASSISTED: an aid in force, of another matter
  kPublicPayroll,            // PUBLIC_PAYROLL: paid from public funds (财政供养)
  kDeathContradicted,        // DEATH_CONTRADICTED: signs of life after the day of death
  kUndeclaredShareholding,   // UNDECLARED_SHAREHOLDING
  kUndeclaredOffice,         // UNDECLARED_OFFICE: legal representative of a business
  kEmploymentFound,          // EMPLOYMENT_FOUND: work found of a person declared unemployed
  kUndeclaredSecurity,       // UNDECLARED_SECURITY
  kUndeclaredInsurance,      // UNDECLARED_INSURANCE
  kValueAboveDeclared,       // VALUE_ABOVE_DECLARED: of securities or insurance
  kIncomeDiffers,            // INCOME_DIFFERS: of a month, other than wages
  kUndeclaredIncome,  // UNDECLARED_INCOME: of a kind that the person's declaration leaves out
};
inline constexpr DiscrepancyCode kLastDiscrepancyCode = DiscrepancyCode::kUndeclaredIncome;

absl::string_view DiscrepancyCodeName(DiscrepancyCode code);
std::optional<DiscrepancyCode> DiscrepancyCodeFromName(absl::string_view name);
// 未申报机动车
absl::string_view DiscrepancyLabel(DiscrepancyCode code);

// How a rule looks at what was found (docs/policy-format.md, "Discrepancies").
enum class DiscrepancyCheck : uint8_t {
  kUndeclared = 1,    // in force on the policy day, and no declared thing explains it
  kAmountAbove,       // worth more than the declared thing that explains it
  kIncomeDiffers,     // a month's sum, where the person declares one of that month
  kUndeclaredIncome,  // of a kind the person declares nothing of, though they declare others
  kAfterDeath,        // of a month after a register's day of death
  kAgainstStatement,  // of a month in which the person declares it is not so
};
absl::string_view DiscrepancyCheckName(DiscrepancyCheck check);
std::optional<DiscrepancyCheck> DiscrepancyCheckFromName(absl::string_view name);

struct FieldName {
  std::string name;   // empty: none
  std::string label;  // Chinese
  friend bool operator==(const FieldName&, const FieldName&) = default;
};

// A field has one of these values: codes and texts as they are, truths as "true" and "false".
struct FieldCondition {
  FieldName field;
  std::vector<std::string> values;
  friend bool operator==(const FieldCondition&, const FieldCondition&) = default;
};

// Records that a rule looks at.
struct FoundKind {
  std::string kind;
  std::string label;  // Chinese
  // All of them must be known to be so.
  std::vector<FieldCondition> only;
  // None of them may be known to be so; where that is not known, the discrepancy's text says it.
  std::vector<FieldCondition> except;
  friend bool operator==(const FoundKind&, const FoundKind&) = default;
};

struct DiscrepancyRule {
  DiscrepancyCode code = DiscrepancyCode::kUndeclaredVehicle;
  DiscrepancyCheck check = DiscrepancyCheck::kUndeclared;
  std::vector<FoundKind> found;

  // False: of obligors too.
  bool members_only = false;

  // kUndeclared. Days between which it is in force: the first, and the first on which it no longer
  // is. A record without them is in force.
  FieldName from;
  FieldName until;
  // What anybody of the household declares explains it; otherwise only what the person does.
  bool declared_by_household = false;
  // Kinds that explain it as well, where their numbers are one.
  std::vector<std::string> or_declared;
  // Fields that say of which matter it is, of which programme, and where. What is of the very
  // matter that is being verified is none.
  FieldName matter;
  FieldName programme;
  FieldName division;

  // kAgainstStatement: the declared kind, what it says, and since which day. Without a day it
  // speaks of the month of the application and `months_back` before it.
  std::string statement_kind;
  FieldCondition statement;
  FieldName since;
  int64_t months_back = 0;
  friend bool operator==(const DiscrepancyRule&, const DiscrepancyRule&) = default;
};

using DiscrepancyRules = std::vector<DiscrepancyRule>;

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_DISCREPANCY_H_
