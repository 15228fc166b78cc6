#include "server/match/match_result.h"

#include <array>

namespace hedui::match {
namespace {

struct CodeText {
  DiscrepancyCode code;
  absl::string_view name;
  absl::string_view label;
};

constexpr std::array<CodeText, 13> kCodes{{
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

}  // namespace hedui::match
