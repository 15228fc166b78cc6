// The record kinds and fields that match itself understands; all others pass through untouched.
// Internal to match.
#ifndef HEDUI_SERVER_MATCH_VOCABULARY_H_
#define HEDUI_SERVER_MATCH_VOCABULARY_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/base/answer.h"
#include "server/base/money.h"

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
inline constexpr absl::string_view kCremationDayField = "cremation_day";
// Wages after deduction of employment cost and before it cannot be compared.
inline constexpr absl::string_view kNetField = "net";

// What tells two things of one kind apart, for a person of whom two sources speak.
enum class Telling : uint8_t {
  kNothing,   // a kind we do not know: not compared, no computation uses it either
  kByPayer,   // an income: payer, month and nature
  kByNumber,  // a holding: its number where it has one, and where it is held
  kNever,     // a state of the person: two records may always speak of one
};

// Whether two members may hold one thing, so that both their records are of it.
enum class Held : uint8_t {
  kAlone,        // each record is of a thing, or a share, of its own
  kByNumber,     // certainly one thing where the numbers are one; else two
  kUnlessKnown,  // one thing where the numbers are one, perhaps one while nothing tells them apart
};

// The kinds of policies/national/vocabulary.yaml.
struct ThingKind {
  absl::string_view kind;
  Telling telling = Telling::kNothing;
  absl::string_view number_field;  // empty: nothing numbers them
  absl::string_view holder_field;  // numbers are one only where this is; empty: everywhere
  Held held = Held::kAlone;
  // Sums and counts use it: that it may be told twice is worth showing.
  bool counted = true;
};
inline constexpr std::array<ThingKind, 35> kThingKinds{{
    {"wage", Telling::kByPayer, "", ""},
    {"contribution", Telling::kByPayer, "", "", Held::kAlone, false},
    {"property_income", Telling::kByPayer, "", ""},
    {"operating_income", Telling::kByPayer, "", ""},
    {"transfer_income", Telling::kByPayer, "", ""},
    {"transfer_outlay", Telling::kByPayer, "", ""},
    {"other_income", Telling::kByPayer, "", ""},
    {"deposit", Telling::kByNumber, "account", "institution", Held::kByNumber},
    {"vehicle", Telling::kByNumber, "plate", "", Held::kByNumber},
    {"real_estate", Telling::kByNumber, "certificate", "", Held::kUnlessKnown},
    {"business", Telling::kByNumber, "credit_code", ""},
    {"shareholding", Telling::kByNumber, "credit_code", ""},
    {"office", Telling::kByNumber, "credit_code", "position", Held::kAlone, false},
    {"public_payroll", Telling::kByNumber, "", "employer", Held::kAlone, false},
    {"aid", Telling::kByNumber, "matter", "programme", Held::kAlone, false},
    {"security", Telling::kByNumber, "", ""},
    {"insurance", Telling::kByNumber, "", ""},
    {"enrolment", Telling::kNever, "", ""},
    {"disability", Telling::kNever, "", ""},
    {"marriage", Telling::kNever, "", ""},
    {"death", Telling::kNever, "", ""},
    {"hukou", Telling::kNever, "", ""},
    {"income_of_period", Telling::kNever, "", ""},
    {"income_of_year", Telling::kNever, "", ""},
    {"medical_expense", Telling::kByPayer, "", ""},
    {"education_expense", Telling::kByPayer, "", ""},
    {"rehabilitation_expense", Telling::kByPayer, "", ""},
    {"utility_expense", Telling::kByPayer, "", "", Held::kAlone, false},
    {"serious_illness", Telling::kNever, "", ""},
    {"custody", Telling::kNever, "", ""},
    {"missing", Telling::kNever, "", ""},
    {"clergy", Telling::kNever, "", ""},
    {"service", Telling::kNever, "", ""},
    {"self_care_assessment", Telling::kNever, "", ""},
    {"monitored", Telling::kNever, "", ""},
}};

// A truth that a record without the field tells all the same (vocabulary.yaml, `default`): sources
// deliver gross wages unless they say so.
struct ImpliedField {
  absl::string_view kind;
  absl::string_view field;
  bool value = false;
};
inline constexpr std::array<ImpliedField, 2> kImpliedFields{
    {{kWageKind, kNetField, false}, {"aid", "ended", false}}};

// nullptr for kinds we do not know.
const ThingKind* ThingKindOf(absl::string_view kind);
// What is of no kind we know is taken for an income when it has an amount, a month or a payer.
Telling TellingOf(const base::Record& record);

// A text field's value; empty when it is absent or no text.
std::string TextOf(const base::Record& record, absl::string_view field);
// A day; absent when the field is absent or no day.
std::optional<absl::CivilDay> DayOf(const base::Record& record, absl::string_view field);
// The amount, where the record has one.
std::optional<base::Money> AmountOf(const base::Record& record);
// Its month as text; empty when absent.
std::string MonthOf(const base::Record& record);
// Its number, spelled one way; empty when it has none or its kind has none.
std::string AssetNumberOf(const base::Record& record);

// What a record says beyond what tells it from others and its amount: names of fields, sorted, with
// values as text, implied ones included and empty texts left out. Equal texts are equal values; the
// names are the record's own.
using OtherFields = std::vector<std::pair<absl::string_view, std::string>>;
OtherFields OtherFieldsOf(const base::Record& record);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_VOCABULARY_H_
