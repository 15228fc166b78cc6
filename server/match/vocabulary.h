// The record kinds and fields that match itself understands; all others pass through untouched.
// Internal to match.
#ifndef HEDUI_SERVER_MATCH_VOCABULARY_H_
#define HEDUI_SERVER_MATCH_VOCABULARY_H_

#include <array>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/answer.h"
#include "server/base/money.h"
#include "server/match/match_result.h"

namespace hedui::match {

inline constexpr absl::string_view kAmountField = "amount";
inline constexpr absl::string_view kMonthField = "month";
inline constexpr absl::string_view kPayerField = "payer";
inline constexpr absl::string_view kDayField = "day";
inline constexpr absl::string_view kWageKind = "wage";
inline constexpr absl::string_view kDeathKind = "death";
inline constexpr absl::string_view kMarriageKind = "marriage";
inline constexpr absl::string_view kStatusField = "status";
inline constexpr absl::string_view kMarriedStatus = "married";
// What an income of one kind is more closely: a pension and an allowance may have one payer.
inline constexpr absl::string_view kNatureField = "nature";
inline constexpr absl::string_view kSpouseNumberField = "spouse_number";
inline constexpr absl::string_view kSpouseNameField = "spouse_name";

// Kinds of property that must be declared, and the field that tells two of a kind apart.
struct AssetKind {
  absl::string_view kind;
  absl::string_view number_field;
  DiscrepancyCode undeclared;
};

inline constexpr std::array<AssetKind, 4> kAssetKinds{{
    {"vehicle", "plate", DiscrepancyCode::kUndeclaredVehicle},
    {"deposit", "account", DiscrepancyCode::kUndeclaredDeposit},
    {"real_estate", "certificate", DiscrepancyCode::kUndeclaredProperty},
    {"business", "credit_code", DiscrepancyCode::kUndeclaredBusiness},
}};

// nullptr for what is no asset.
const AssetKind* AssetKindOf(absl::string_view kind);

// A text field's value; empty when it is absent or no text.
std::string TextOf(const base::Record& record, absl::string_view field);
// The amount, where the record has one.
std::optional<base::Money> AmountOf(const base::Record& record);
// Its month as text; empty when absent.
std::string MonthOf(const base::Record& record);
// Its asset number, spelled one way; empty when it has none or is no asset.
std::string AssetNumberOf(const base::Record& record);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_VOCABULARY_H_
