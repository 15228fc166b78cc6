// Fields of facts as values: what cannot be read, or cannot be so, is not known.
#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/numbers.h"
#include "server/assess/divisions.h"
#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

// What cannot be so was not meant: the least a field can be bounds what arrives as well.
bool IsBelow(const FieldType& type, const Rational& value) {
  return !type.unknown.lo_infinite && Rational::Compare(value, type.unknown.lo) < 0;
}

// What is presumed is no less than any fact can be.
Value NoLess(const FieldType& type, Value amount) {
  if (type.unknown.lo_infinite) return amount;
  bool kept = true;
  if (amount.lo_infinite || IsBelow(type, amount.lo)) {
    amount.lo = type.unknown.lo;
    amount.lo_infinite = kept = false;
  }
  if (!amount.hi_infinite && IsBelow(type, amount.hi)) amount.hi = type.unknown.lo;
  if (!kept && amount.IsPoint() && !amount.unproven()) amount.blame = 0;
  return amount;
}

}  // namespace

Value Evaluator::FieldOf(const Frame& frame, int field) {
  const FieldType& type =
      pack_.fact_kinds[static_cast<size_t>(frame.kind)].fields[static_cast<size_t>(field)];
  if (frame.presumed >= 0) {
    if (type.name == "amount") {
      AddRef(Ref::Tag::kPerson, frame.presumed, frame.person);
      return NoLess(type, person(frame.presumed, frame.person));
    }
    if (type.type.kind == TypeKind::kMonth) return Point(Rational(frame.month));
    if (type.absent) return *type.absent;
  }
  if (frame.fact < 0) {
    Value value = Unknown(type.type, type.unknown);
    value.blame = frame.blame;
    return value;
  }
  const IndexedFact& fact = index_.fact(frame.fact);
  if (CaseIndex::IsDoubtful(fact, type.name)) {
    Value value = Unknown(type.type, type.unknown);
    value.blame = AnswerLeaf(fact.fact->answer, AnswerDetail::kConflict);
    return value;
  }
  const base::FieldValue* found = index_.Field(fact, field);
  if (found != nullptr) return ReadField(frame.kind, field, *found, fact);
  if (type.absent) return *type.absent;
  Value value = Unknown(type.type, type.unknown);
  value.blame = FieldLeaf(fact, frame.kind, field);
  return value;
}

// Several answers may have told one thing, or may have (base::Fact::otherwise): then the amount is
// any of those told. An answer in whose category the kind does not come tells nothing.
Value Evaluator::AmountOf(const IndexedFact& fact, base::Money own) {
  const base::Fact& told = *fact.fact;
  if (told.otherwise.empty()) return Point(Rational(own.fen()));
  const FactKind& kind =
      pack_.fact_kinds[static_cast<size_t>(pack_.fact_kind_index.find(told.record.kind)->second)];
  std::optional<Value> hull;
  auto add = [&](int32_t answer, base::Money amount) {
    if (!index_.MayTell(answer, kind)) return;
    const Value one = Point(Rational(amount.fen()));
    hull = hull ? calculator_.HullNumbers(*hull, one) : one;
  };
  add(told.answer, own);
  for (int32_t answer : told.also_answers) {
    const bool differs =
        std::any_of(told.otherwise.begin(), told.otherwise.end(),
                    [answer](const auto& other) { return other.answer == answer; });
    if (!differs) add(answer, own);
  }
  for (const base::Fact::OtherAmount& other : told.otherwise) add(other.answer, other.amount);
  if (!hull) return Point(Rational(own.fen()));
  hull->blame = hull->IsPoint() ? 0 : AnswerLeaf(told.answer, AnswerDetail::kConflict);
  return *hull;
}

// What cannot be read as the field's type is not known: a new code or a wrong type never counts as
// anything.
Value Evaluator::ReadField(int kind, int field, const base::FieldValue& value,
                           const IndexedFact& fact) {
  const FieldType& type =
      pack_.fact_kinds[static_cast<size_t>(kind)].fields[static_cast<size_t>(field)];
  switch (type.type.kind) {
    case TypeKind::kNumber:
      if (const auto* money = std::get_if<base::Money>(&value);
          money != nullptr && type.type.unit.money == 1) {
        if (IsBelow(type, Rational(money->fen()))) break;
        return type.name == "amount" ? AmountOf(fact, *money) : Point(Rational(money->fen()));
      }
      if (const auto* number = std::get_if<int64_t>(&value);
          number != nullptr && type.type.unit.money == 0) {
        if (IsBelow(type, Rational(*number))) break;
        return Point(Rational(*number));
      }
      if (const auto* text = std::get_if<std::string>(&value);
          text != nullptr && type.type.unit.money == 0) {
        // Registers often deliver a grade or a number of rooms as text.
        int64_t number = 0;
        if (text->size() < 10 && absl::SimpleAtoi(*text, &number) &&
            !IsBelow(type, Rational(number))) {
          return Point(Rational(number));
        }
        // Shares are fractions.
        if (type.type.unit == kUnitRatio) {
          const auto share = Rational::Parse(*text);
          if (share.ok() && !IsBelow(type, *share)) return Point(*share);
        }
      }
      break;
    case TypeKind::kTruth:
      if (const auto* truth = std::get_if<bool>(&value)) return TruthOf(*truth);
      break;
    case TypeKind::kCode:
      if (const auto* text = std::get_if<std::string>(&value)) {
        const CodeList& list = pack_.ListFor(*division_, type.type.codes);
        if (const auto it = list.index.find(*text); it != list.index.end())
          return MaskOf(uint64_t{1} << it->second, 0);
      }
      break;
    case TypeKind::kDate:
      if (const auto* day = std::get_if<absl::CivilDay>(&value);
          day != nullptr && day->year() >= kYearMin && day->year() <= kYearMax)
        return Point(Rational(DayNumber(*day)));
      break;
    case TypeKind::kMonth:
      if (const auto* month = std::get_if<absl::CivilMonth>(&value);
          month != nullptr && IsOfCalendar(*month))
        return Point(Rational(MonthNumber(*month)));
      break;
    case TypeKind::kPerson:
      if (const auto* number = std::get_if<std::string>(&value);
          number != nullptr && !number->empty()) {
        for (size_t i = 0; i < case_->persons.size(); ++i) {
          if (case_->persons[i].number == *number) return MaskOf(uint64_t{1} << i, 0);
        }
        Value somebody = MaskOf(kSomebodyElse, 0);
        const int32_t answer = fact.fact->answer;
        somebody.blame =
            Leaf({BlameKind::kIdentity, AnswerDetail::kNone,
                  static_cast<int16_t>(index_.PersonOf(fact.fact->person_id)), answer});
        return somebody;
      }
      break;
    case TypeKind::kDivision:
      if (const auto* code = std::get_if<std::string>(&value)) {
        const std::optional<DivisionRange> range = DivisionRangeOf(*code);
        if (!range) break;
        Value division = Point(Rational(range->first));
        division.hi = Rational(range->last);
        // Told of a region or city only, it may be any place in it.
        if (!division.IsPoint()) division.blame = FieldLeaf(fact, kind, field);
        return division;
      }
      break;
    case TypeKind::kCodeSet:
    case TypeKind::kPeriod:
    case TypeKind::kText:
      break;
  }
  Value unknown = Unknown(type.type, type.unknown);
  unknown.blame = FieldLeaf(fact, kind, field);
  return unknown;
}

}  // namespace hedui::assess
