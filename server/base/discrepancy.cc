#include "server/base/discrepancy.h"

#include <array>

namespace hedui::base {
namespace {

struct CodeText {
  DiscrepancyCode code;
  absl::string_view name;
  absl::string_view label;
};

constexpr std::array<CodeText, 24> kCodes{{
    {DiscrepancyCode::kUndeclaredVehicle, "UNDECLARED_VEHICLE", "未申报机动车"},
    {DiscrepancyCode::kUndeclaredDeposit, "UNDECLARED_DEPOSIT", "未申报存款"},
    {DiscrepancyCode::kUndeclaredProperty, "UNDECLARED_PROPERTY", "未申报不动产"},
    {DiscrepancyCode::kUndeclaredBusiness, "UNDECLARED_BUSINESS", "未申报经营主体"},
    {DiscrepancyCode::kDepositAboveDeclared, "DEPOSIT_ABOVE_DECLARED", "存款高于申报"},
    {DiscrepancyCode::kWageDiffers, "WAGE_DIFFERS", "工资与申报不一致"},
    {DiscrepancyCode::kIncomeConflict, "INCOME_CONFLICT", "来源之间金额不一致"},
    {DiscrepancyCode::kPossibleDuplicateIncome, "POSSIBLE_DUPLICATE_INCOME", "疑似重复收入"},
    {DiscrepancyCode::kDeathFound, "DEATH_FOUND", "查得死亡登记"},
    {DiscrepancyCode::kUndeclaredSpouse, "UNDECLARED_SPOUSE", "未申报配偶"},
    {DiscrepancyCode::kRecordConflict, "RECORD_CONFLICT", "来源之间所载不一致"},
    {DiscrepancyCode::kPossibleDuplicateAsset, "POSSIBLE_DUPLICATE_ASSET", "可能重复的财产"},
    {DiscrepancyCode::kSpouseNotRegistered, "SPOUSE_NOT_REGISTERED", "配偶关系未经登记证实"},
    {DiscrepancyCode::kAlreadyAssisted, "ALREADY_ASSISTED", "查得在享救助"},
    {DiscrepancyCode::kPublicPayroll, "PUBLIC_PAYROLL", "查得财政供养"},
    {DiscrepancyCode::kDeathContradicted, "DEATH_CONTRADICTED", "死亡信息与其他来源矛盾"},
    {DiscrepancyCode::kUndeclaredShareholding, "UNDECLARED_SHAREHOLDING", "未申报股权投资"},
    {DiscrepancyCode::kUndeclaredOffice, "UNDECLARED_OFFICE", "未申报任职"},
    {DiscrepancyCode::kEmploymentFound, "EMPLOYMENT_FOUND", "申报失业而查得就业"},
    {DiscrepancyCode::kUndeclaredSecurity, "UNDECLARED_SECURITY", "未申报证券"},
    {DiscrepancyCode::kUndeclaredInsurance, "UNDECLARED_INSURANCE", "未申报商业保险"},
    {DiscrepancyCode::kValueAboveDeclared, "VALUE_ABOVE_DECLARED", "财产价值高于申报"},
    {DiscrepancyCode::kIncomeDiffers, "INCOME_DIFFERS", "收入与申报不一致"},
    {DiscrepancyCode::kUndeclaredIncome, "UNDECLARED_INCOME", "未申报收入"},
}};

struct CheckText {
  DiscrepancyCheck check;
  absl::string_view name;
};

constexpr std::array<CheckText, 6> kChecks{{
    {DiscrepancyCheck::kUndeclared, "undeclared"},
    {DiscrepancyCheck::kAmountAbove, "amount_above"},
    {DiscrepancyCheck::kIncomeDiffers, "income_differs"},
    {DiscrepancyCheck::kUndeclaredIncome, "undeclared_income"},
    {DiscrepancyCheck::kAfterDeath, "after_death"},
    {DiscrepancyCheck::kAgainstStatement, "against_statement"},
}};

}  // namespace

absl::string_view DiscrepancyCodeName(DiscrepancyCode code) {
  for (const CodeText& entry : kCodes) {
    if (entry.code == code) return entry.name;
  }
  return "UNKNOWN";
}

std::optional<DiscrepancyCode> DiscrepancyCodeFromName(absl::string_view name) {
  for (const CodeText& entry : kCodes) {
    if (entry.name == name) return entry.code;
  }
  return std::nullopt;
}

absl::string_view DiscrepancyLabel(DiscrepancyCode code) {
  for (const CodeText& entry : kCodes) {
    if (entry.code == code) return entry.label;
  }
  return "";
}

absl::string_view DiscrepancyCheckName(DiscrepancyCheck check) {
  for (const CheckText& entry : kChecks) {
    if (entry.check == check) return entry.name;
  }
  return "unknown";
}

std::optional<DiscrepancyCheck> DiscrepancyCheckFromName(absl::string_view name) {
  for (const CheckText& entry : kChecks) {
    if (entry.name == name) return entry.check;
  }
  return std::nullopt;
}

}  // namespace hedui::base
