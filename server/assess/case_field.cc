#include "server/assess/case_field.h"

#include "server/base/dates.h"
#include "server/base/money.h"
#include "server/base/rational.h"

namespace hedui::assess {

absl::string_view CaseFieldName(const Type& type) {
  switch (type.kind) {
    case TypeKind::kNumber:
      return type.unit.money == 1      ? "amount in yuan such as 1234.56"
             : type.unit == kUnitRatio ? "number such as 0.5, 1/3 or 50 %"
                                       : "whole number";
    case TypeKind::kTruth:
      return "true or false";
    case TypeKind::kDate:
      return "day such as 2025-03-03";
    case TypeKind::kMonth:
      return "month such as 2025-02";
    default:
      return "text";
  }
}

std::optional<base::FieldValue> ReadCaseField(const Type& type, const std::string& text) {
  switch (type.kind) {
    case TypeKind::kNumber: {
      if (type.unit.money == 1) {
        const auto money = base::Money::Parse(text);
        return money.ok() ? std::optional<base::FieldValue>(*money) : std::nullopt;
      }
      const auto number = base::Rational::Parse(text);
      const bool plain = text.find_first_of("%/") == std::string::npos;
      if (type.unit == kUnitRatio && number.ok() && !(plain && number->is_integer())) return text;
      if (!plain || !number.ok() || !number->is_integer()) return std::nullopt;
      return static_cast<int64_t>(number->numerator());
    }
    case TypeKind::kTruth:
      if (text != "true" && text != "false") return std::nullopt;
      return text == "true";
    case TypeKind::kDate: {
      const auto day = base::ParseDay(text);
      return day.ok() ? std::optional<base::FieldValue>(*day) : std::nullopt;
    }
    case TypeKind::kMonth: {
      const auto month = base::ParseMonth(text);
      return month.ok() ? std::optional<base::FieldValue>(*month) : std::nullopt;
    }
    default:
      return text;  // codes too: one that no list has is what a register may well send
  }
}

}  // namespace hedui::assess
