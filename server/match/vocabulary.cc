#include "server/match/vocabulary.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "server/base/dates.h"
#include "server/base/identity.h"

namespace hedui::match {
namespace {

// The first character keeps values of different types different.
struct AsText {
  std::string operator()(const std::string& text) const {
    return absl::StrCat("t", base::NormaliseName(text));
  }
  std::string operator()(base::Money amount) const { return absl::StrCat("m", amount.fen()); }
  std::string operator()(absl::CivilDay day) const { return base::FormatDay(day); }
  std::string operator()(absl::CivilMonth month) const { return base::FormatMonth(month); }
  std::string operator()(int64_t number) const { return absl::StrCat("n", number); }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
};

bool TellsApart(Telling telling, const ThingKind* kind, absl::string_view field) {
  switch (telling) {
    case Telling::kByPayer:
      return field == kPayerField || field == kMonthField;
    case Telling::kByNumber:
      return field == kind->number_field || field == kind->holder_field;
    case Telling::kNever:
    case Telling::kNothing:
      break;
  }
  return false;
}

}  // namespace

const ThingKind* ThingKindOf(absl::string_view kind) {
  for (const ThingKind& thing : kThingKinds) {
    if (thing.kind == kind) return &thing;
  }
  return nullptr;
}

Telling TellingOf(const base::Record& record) {
  if (const ThingKind* kind = ThingKindOf(record.kind)) return kind->telling;
  for (const absl::string_view field : {kAmountField, kMonthField, kPayerField}) {
    if (record.Find(field) != nullptr) return Telling::kByPayer;
  }
  return Telling::kNothing;
}

std::string TextOf(const base::Record& record, absl::string_view field) {
  const base::FieldValue* value = record.Find(field);
  const std::string* text = value == nullptr ? nullptr : std::get_if<std::string>(value);
  return text == nullptr ? std::string() : *text;
}

std::optional<absl::CivilDay> DayOf(const base::Record& record, absl::string_view field) {
  const base::FieldValue* value = record.Find(field);
  const auto* day = value == nullptr ? nullptr : std::get_if<absl::CivilDay>(value);
  if (day == nullptr) return std::nullopt;
  return *day;
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
  const ThingKind* kind = ThingKindOf(record.kind);
  if (kind == nullptr || kind->number_field.empty()) return "";
  // Numbers are spelled with full-width letters and blanks as names are, and are grouped at will:
  // 宁A·12345.
  return absl::StrReplaceAll(base::NormaliseName(TextOf(record, kind->number_field)),
                             {{"·", ""}, {"-", ""}});
}

OtherFields OtherFieldsOf(const base::Record& record) {
  const ThingKind* kind = ThingKindOf(record.kind);
  const Telling telling = TellingOf(record);
  OtherFields fields;
  for (const base::Field& field : record.fields) {
    if (field.name == kAmountField || TellsApart(telling, kind, field.name)) continue;
    const std::string* text = std::get_if<std::string>(&field.value);
    if (text != nullptr && text->empty()) continue;
    fields.emplace_back(field.name, std::visit(AsText(), field.value));
  }
  for (const ImpliedField& implied : kImpliedFields) {
    if (record.kind != implied.kind || record.Find(implied.field) != nullptr) continue;
    fields.emplace_back(implied.field, AsText()(implied.value));
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

}  // namespace hedui::match
