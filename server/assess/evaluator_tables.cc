// Parameters and tables: which rows the keys choose, what the rows say together; sets of codes.
#include <optional>
#include <utility>

#include "server/assess/evaluator.h"
#include "server/assess/policy_values.h"

namespace hedui::assess {

using base::Rational;

void Evaluator::ExecuteTables(const Op& op) {
  switch (op.code) {
    case OpCode::kLookUp:
      stack_.push_back(LookUp(op));
      return;
    case OpCode::kInspect:
      stack_.push_back(Inspect(op.arg, static_cast<Inspection>(op.slot)));
      return;
    case OpCode::kUnion:
    case OpCode::kWithout: {
      const Value b = Pop(), a = Pop();
      stack_.push_back(JoinSets(a, b, op.code == OpCode::kWithout, op.arg));
      return;
    }
    case OpCode::kSelectSet: {
      const Value no = Pop(), yes = Pop(), condition = Pop();
      stack_.push_back(SelectSet(condition, yes, no, op.arg));
      return;
    }
    default:
      return;
  }
}

Value Evaluator::KeyValue(const ParameterKey& key, int person) {
  const bool personal = pack_.symbols[static_cast<size_t>(key.symbol)].per_person;
  AddRef(personal ? Ref::Tag::kPerson : Ref::Tag::kHousehold, key.symbol, person < 0 ? 0 : person);
  return personal ? this->person(key.symbol, person) : household(key.symbol);
}

Value Evaluator::Parameter(const Division::Step& step, const Symbol& symbol, int person) {
  Value keys[kKeysMax];
  for (size_t k = 0; k < symbol.keys.size(); ++k) keys[k] = KeyValue(symbol.keys[k], person);
  return Choose(step, person, keys);
}

Value Evaluator::LookUp(const Op& op) {
  const Symbol& symbol = pack_.symbols[static_cast<size_t>(op.arg)];
  const int person = op.slot == 0 ? -1 : frames_[op.slot - 1].person;
  Value keys[kKeysMax];
  for (size_t k = symbol.keys.size(); k-- > 0;) {
    if (symbol.keys[k].symbol < 0) keys[k] = Pop();
  }
  for (size_t k = 0; k < symbol.keys.size(); ++k) {
    if (symbol.keys[k].symbol >= 0) keys[k] = KeyValue(symbol.keys[k], person);
  }
  return Choose(division_->parameters.at(op.arg), person, keys);
}

template <typename TakeRow>
bool Evaluator::ShareOut(const Division::Step& step, KeyBox keys, TakeRow take) {
  const Symbol& symbol = pack_.symbols[static_cast<size_t>(step.symbol)];
  std::vector<KeyBox> open = {std::move(keys)}, rest;
  KeyBox common;
  // The rows of the lowest level come first, and those of one level have nothing in common: what a
  // row takes, no later one can.
  for (int32_t i = step.rows_begin; i < step.rows_end && !open.empty(); ++i) {
    const int32_t index = division_->row_lists[static_cast<size_t>(i)];
    const Row& row = pack_.rows[static_cast<size_t>(index)];
    if (!row.in_force.Contains(day_)) continue;
    rest.clear();
    for (KeyBox& box : open) {
      if (!Meet(symbol.key_types, box, row.keys, &common)) {
        rest.push_back(std::move(box));
        continue;
      }
      take(index, common);
      Remainder(symbol.key_types, box, common, &rest);
    }
    open.swap(rest);
  }
  return !open.empty();
}

template <typename TakeRow>
void Evaluator::TakeFirst(const Division::Step& step, const Value* keys, TakeRow take) {
  const Symbol& symbol = pack_.symbols[static_cast<size_t>(step.symbol)];
  for (int32_t i = step.rows_begin; i < step.rows_end; ++i) {
    const int32_t index = division_->row_lists[static_cast<size_t>(i)];
    const Row& row = pack_.rows[static_cast<size_t>(index)];
    if (!row.in_force.Contains(day_)) continue;
    bool holds = true;
    for (size_t k = 0; k < symbol.keys.size() && holds; ++k)
      holds = Holds(symbol.key_types[k], row.keys[k], keys[k]);
    if (holds) return take(index);
  }
}

Value Evaluator::Choose(const Division::Step& step, int person, const Value* keys) {
  const Symbol& symbol = pack_.symbols[static_cast<size_t>(step.symbol)];
  const size_t count = symbol.keys.size();
  BlameId key_blame = 0;
  uint8_t key_marks = 0;
  bool known = true, undefined = false;
  for (size_t k = 0; k < count; ++k) {
    key_blame = blames_.Join(key_blame, keys[k].blame);
    key_marks |= keys[k].marks;
    known &= IsExactKey(symbol.key_types[k], keys[k]);
    undefined |= keys[k].undefined;
    // What is looked up of the policy day is tomorrow's then.
    if (symbol.key_types[k].kind == TypeKind::kDate) WatchToday(keys[k]);
  }
  Value result = Unknown(symbol.type, symbol.unknown);
  if (undefined) {
    result.undefined |= symbol.type.ordered();
    result.marks = key_marks;
    result.blame = key_blame;
    return result;
  }
  int32_t last = -1;
  const auto take = [&](int32_t index) {
    if (index == last) return;
    AddRef(Ref::Tag::kRow, index);
    const Value& constant = pack_.rows[static_cast<size_t>(index)].constant;
    result = last < 0 ? constant : HullOfConstants(symbol, result, constant);
    last = index;
  };
  bool missing = false;
  if (known) {
    TakeFirst(step, keys, take);
  } else {
    KeyBox box(count);
    for (size_t k = 0; k < count; ++k) box[k] = SetOf(symbol.key_types[k], keys[k]);
    missing = ShareOut(step, std::move(box), [&](int32_t row, const KeyBox&) { take(row); });
  }
  if (last < 0) {
    Value none = MissingRow(symbol, step.symbol, person, keys);
    none.marks = key_marks;
    calculator_.RestOn(key_marks, key_blame, &none);
    return none;
  }
  result.marks |= key_marks;
  if (missing) {
    const uint8_t marks = result.marks;
    result = MissingRow(symbol, step.symbol, person, keys);
    result.marks = marks;
    result.blame = blames_.Join(result.blame, key_blame);
    return result;
  }
  const bool exact = symbol.type.kind == TypeKind::kCodeSet ? !result.undefined
                     : symbol.type.masked()                 ? IsSingle(result.mask)
                                                            : result.IsPoint();
  result.blame = !exact || result.unproven() ? key_blame : 0;
  return result;
}

// Of rows' values, which are exact.
Value Evaluator::HullOfConstants(const Symbol& symbol, const Value& a, const Value& b) {
  if (symbol.type.kind != TypeKind::kCodeSet) {
    return symbol.type.masked() ? calculator_.HullMasks(a, b) : calculator_.HullNumbers(a, b);
  }
  // A set of sets is not held: two different ones are simply not known.
  Value hull = !a.undefined && a.mask == b.mask ? a : Unknown(symbol.type, symbol.unknown);
  hull.marks = a.marks | b.marks;
  return hull;
}

Value Evaluator::Inspect(int32_t index, Inspection what) {
  const Symbol& symbol = pack_.symbols[static_cast<size_t>(index)];
  const Division::Step& step = division_->parameters.at(index);
  Value premise;  // the keys that are looked up
  bool known = true;
  KeyBox box(symbol.keys.size());
  for (size_t k = 0; k < symbol.keys.size(); ++k) {
    if (symbol.keys[k].symbol < 0 || symbol.key_types[k].ordered()) continue;
    const Value key = KeyValue(symbol.keys[k], -1);
    premise.marks |= key.marks;
    premise.blame = blames_.Join(premise.blame, key.blame);
    known &= IsExactKey(symbol.key_types[k], key);
    box[k] = SetOf(symbol.key_types[k], key);
  }
  Value value;
  if (!known) {
    if (what == Inspection::kSize) {
      value.hi_infinite = true;
    } else if (what == Inspection::kHighest || what == Inspection::kLowest) {
      value = symbol.unknown;
    } else {
      value.mask = kMayBeEither;
    }
    value.marks = premise.marks;
    value.blame = premise.blame;
    return value;
  }
  const std::vector<Stretch> stretches = StretchesOf(step, box);
  uint8_t marks = premise.marks;
  for (const Stretch& stretch : stretches)
    marks |= pack_.rows[static_cast<size_t>(stretch.row)].constant.marks;
  value = InspectRows(step, box, stretches, what);
  value.marks = marks;
  calculator_.RestOn(premise.marks, premise.blame, &value);
  return value;
}

std::vector<Evaluator::Stretch> Evaluator::StretchesOf(const Division::Step& step,
                                                       const KeyBox& keys) {
  std::vector<Stretch> stretches;
  ShareOut(step, keys, [&](int32_t row, const KeyBox& where) {
    if (stretches.empty() || stretches.back().row != row) AddRef(Ref::Tag::kRow, row);
    stretches.push_back({row, where});
  });
  return stretches;
}

Value Evaluator::InspectRows(const Division::Step& step, const KeyBox& box,
                             const std::vector<Stretch>& stretches, Inspection what) {
  const Symbol& symbol = pack_.symbols[static_cast<size_t>(step.symbol)];
  if (what == Inspection::kRising || what == Inspection::kFalling)
    return TruthOf(IsMonotone(symbol, stretches, what == Inspection::kRising));
  int64_t rows = 0;
  int32_t last = -1;
  std::optional<Rational> end;
  for (const Stretch& stretch : stretches) {
    if (stretch.row == last) continue;
    last = stretch.row;
    ++rows;
    const Rational& constant = pack_.rows[static_cast<size_t>(last)].constant.lo;
    const int order = end ? Rational::Compare(constant, *end) : 0;
    if (!end || (what == Inspection::kHighest ? order > 0 : order < 0)) end = constant;
  }
  if (what == Inspection::kSize) return Point(Rational(rows));
  if (end) return Point(*end);
  // Of keys that may be anything nothing more is known.
  Value keys[kKeysMax];
  for (size_t k = 0; k < box.size(); ++k) {
    if (symbol.key_types[k].ordered()) {
      keys[k] = UnknownOf(symbol.key_types[k], pack_);
    } else {
      const CodeList& list = pack_.ListFor(*division_, symbol.key_types[k].codes);
      keys[k].mask = box[k].codes & list.All();
    }
  }
  return MissingRow(symbol, step.symbol, -1, keys, /*given=*/true);
}

bool Evaluator::IsMonotone(const Symbol& symbol, const std::vector<Stretch>& stretches,
                           bool rising) const {
  const auto before = [&](const Stretch& a, const Stretch& b) {
    for (size_t k = 0; k < symbol.keys.size(); ++k) {
      const Type& type = symbol.key_types[k];
      if (type.kind != TypeKind::kNumber) {
        if (IsEmpty(type, Common(type, a.where[k], b.where[k]))) return false;
        continue;
      }
      const NumberRange& low = a.where[k].numbers;
      const NumberRange& high = b.where[k].numbers;
      if (low.high_infinite || high.low_infinite || Rational::Compare(low.high, high.low) > 0)
        return false;
    }
    return true;
  };
  for (const Stretch& a : stretches) {
    for (const Stretch& b : stretches) {
      if (&a == &b || !before(a, b)) continue;
      const int order = Rational::Compare(pack_.rows[static_cast<size_t>(a.row)].constant.lo,
                                          pack_.rows[static_cast<size_t>(b.row)].constant.lo);
      if (rising ? order >= 0 : order <= 0) return false;
    }
  }
  return true;
}

Value Evaluator::SetNotKnown(int list) const {
  Value value;
  value.undefined = true;
  value.mask = list < 0 ? 0 : pack_.ListFor(*division_, list).All();
  return value;
}

Value Evaluator::JoinSets(const Value& a, const Value& b, bool without, int list) {
  Value set;
  if (a.undefined || b.undefined) {
    set = SetNotKnown(list);
    set.blame = blames_.Join(a.blame, b.blame);
  } else {
    set.mask = without ? a.mask & ~b.mask : a.mask | b.mask;
    calculator_.RestOn(a.marks, a.blame, &set);
    calculator_.RestOn(b.marks, b.blame, &set);
  }
  set.marks = a.marks | b.marks;
  return set;
}

Value Evaluator::SelectSet(const Value& condition, const Value& yes, const Value& no, int list) {
  const bool decided = condition.mask != kMayBeEither;
  Value set = condition.mask == kMayBeFalse ? no : yes;
  if (!decided) {
    const bool same = !yes.undefined && !no.undefined && yes.mask == no.mask;
    set = JoinSets(yes, no, /*without=*/false, list);
    if (!same) {
      const uint8_t marks = set.marks;
      set = SetNotKnown(list);
      set.marks = marks;
      set.blame = blames_.Join(blames_.Join(yes.blame, no.blame), condition.blame);
    }
  }
  set.marks |= condition.marks;
  calculator_.RestOn(condition.marks, condition.blame, &set);
  return set;
}

}  // namespace hedui::assess
