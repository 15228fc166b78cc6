#include "server/match/vocabulary.h"

#include "absl/time/civil_time.h"
#include "server/base/dates.h"
#include "server/base/identity.h"

namespace hedui::match {

const AssetKind* AssetKindOf(absl::string_view kind) {
  for (const AssetKind& asset : kAssetKinds) {
    if (asset.kind == kind) return &asset;
  }
  return nullptr;
}

std::string TextOf(const base::Record& record, absl::string_view field) {
  const base::FieldValue* value = record.Find(field);
  const std::string* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::string() : *text;
}

std::optional<base::Money> AmountOf(const base::Record& record) {
  const base::FieldValue* value = record.Find(kAmountField);
  const base::Money* amount = value == nullptr ? nullptr : std::get_if<base::Money>(value);
  if (amount == nullptr) return std::nullopt;
  return *amount;
}

std::string MonthOf(const base::Record& record) {
  const base::FieldValue* value = record.Find(kMonthField);
  if (value == nullptr) return "";
  const absl::CivilMonth* month = std::get_if<absl::CivilMonth>(value);
  return month == nullptr ? std::string() : base::FormatMonth(*month);
}

std::string AssetNumberOf(const base::Record& record) {
  const AssetKind* asset = AssetKindOf(record.kind);
  // Numbers are spelled with full-width letters and blanks as names are.
  return asset == nullptr ? "" : base::NormaliseName(TextOf(record, asset->number_field));
}

}  // namespace hedui::match
