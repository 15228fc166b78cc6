#include "server/assess/policy_values.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/assess/divisions.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

absl::Status BadValue(absl::string_view text, absl::string_view wanted) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "BAD_VALUE",
                         absl::StrCat("\"", text, "\" is not ", wanted));
}

const CodeList& ListOf(const Type& type, const CompiledPack& pack, const Division* division) {
  return division != nullptr ? pack.ListFor(*division, type.codes)
                             : pack.code_lists[static_cast<size_t>(type.codes)];
}

}  // namespace

std::optional<Type> ParseType(absl::string_view text, const NameTable& code_lists) {
  if (const auto unit = UnitFromName(text)) return Type::Number(*unit);
  if (text == "bool") return Type::Truth();
  if (text == "date") return Type::Of(TypeKind::kDate);
  if (text == "month") return Type::Of(TypeKind::kMonth);
  if (text == "period") return Type::Of(TypeKind::kPeriod);
  if (text == "division") return Type::Of(TypeKind::kDivision);
  if (text == "text") return Type::Of(TypeKind::kText);
  if (text == "person") return Type::Of(TypeKind::kPerson);
  const bool set = absl::ConsumePrefix(&text, "codes(");
  if ((set || absl::ConsumePrefix(&text, "code(")) && absl::ConsumeSuffix(&text, ")")) {
    if (const int list = code_lists.Find(text); list >= 0) {
      return Type::Of(set ? TypeKind::kCodeSet : TypeKind::kCode, list);
    }
  }
  return std::nullopt;
}

Value UnknownOf(const Type& type, const CompiledPack& pack) {
  Value value;
  switch (type.kind) {
    case TypeKind::kTruth:
      value.mask = kMayBeEither;
      return value;
    case TypeKind::kCode:
    case TypeKind::kCodeSet:
      value.mask = pack.code_lists[static_cast<size_t>(type.codes)].All();
      value.undefined = type.kind == TypeKind::kCodeSet;
      return value;
    case TypeKind::kText:
    case TypeKind::kPerson:
      value.mask = ~uint64_t{0};
      return value;
    case TypeKind::kNumber:
      value = Anything(0);
      // Things are counted from none up.
      if (type.unit.count) value.lo_infinite = false;
      return value;
    case TypeKind::kDate:
    case TypeKind::kMonth:
    case TypeKind::kPeriod:
    case TypeKind::kDivision:
      return Anything(0);
  }
  return value;
}

absl::StatusOr<uint64_t> ParseCode(absl::string_view text, const CodeList& list) {
  const auto it = list.index.find(std::string(text));
  if (it == list.index.end()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "UNKNOWN_CODE",
                           absl::StrCat("\"", text, "\" is not in the code list ", list.name));
  }
  return uint64_t{1} << it->second;
}

absl::StatusOr<Value> ParseValueText(absl::string_view text, const Type& type,
                                     const CompiledPack& pack, const Division* division) {
  switch (type.kind) {
    case TypeKind::kNumber: {
      const auto number = base::Rational::Parse(text);
      if (!number.ok()) return BadValue(text, absl::StrCat("a number of ", UnitName(type.unit)));
      base::Rational value = *number;
      // Money is written in yuan and held in fen, areas likewise. 36 digits times 100 still fit.
      const int scale = type.unit.money == 1  ? kFieldUnitsPerMoney
                        : type.unit.area == 1 ? kFieldUnitsPerArea
                                              : 1;
      if (!base::Rational::Multiply(value, base::Rational(scale), &value)) {
        return BadValue(text, "an amount that fits");
      }
      if (type.unit.count && !value.is_integer()) return BadValue(text, "a whole number");
      return Point(value);
    }
    case TypeKind::kTruth:
      if (text != "true" && text != "false") return BadValue(text, "true or false");
      return TruthOf(text == "true");
    case TypeKind::kCode: {
      HEDUI_ASSIGN_OR_RETURN(const uint64_t bit, ParseCode(text, ListOf(type, pack, division)));
      return MaskOf(bit, 0);
    }
    case TypeKind::kDate: {
      const auto day = base::ParseDay(text);
      if (!day.ok()) return BadValue(text, "a day such as 2025-03-03");
      return Point(base::Rational(DayNumber(*day)));
    }
    case TypeKind::kDivision: {
      const std::optional<DivisionRange> range = DivisionRangeOf(text);
      if (!range) return BadValue(text, "the six digits of a region, city or county");
      return Point(base::Rational(range->first));
    }
    default:
      return BadValue(text, "something that can be written as a constant");
  }
}

absl::StatusOr<Value> ParseValue(const base::YamlNode& node, const Type& type,
                                 const CompiledPack& pack, const Division* division) {
  if (type.kind == TypeKind::kCodeSet) {
    Value set;
    if (node.kind != base::YamlNode::Kind::kSequence)
      return BadValue(node.scalar, "a list of codes");
    for (const base::YamlNode& item : node.items) {
      HEDUI_ASSIGN_OR_RETURN(const uint64_t bit,
                             ParseCode(item.scalar, ListOf(type, pack, division)));
      set.mask |= bit;
    }
    return set;
  }
  if (node.kind != base::YamlNode::Kind::kScalar)
    return BadValue("(a list or mapping)", "a single value");
  return ParseValueText(node.scalar, type, pack, division);
}

}  // namespace hedui::assess
