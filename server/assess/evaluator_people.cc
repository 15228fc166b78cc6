// Listed people, and what the answers about somebody say of what is not known.
#include "server/assess/evaluator.h"

namespace hedui::assess {

void Evaluator::ExecutePeople(const Op& op) {
  switch (op.code) {
    case OpCode::kAnswered:
      stack_.push_back(Answered(frames_[op.slot].person, op.arg));
      return;
    case OpCode::kNotRuledOut:
      stack_.back() = NotRuledOut(stack_.back(), frames_[op.slot].person, op.arg);
      return;
    case OpCode::kListed:
      stack_.back() = Listed(stack_.back());
      return;
    case OpCode::kIsPerson:
      stack_.back() = IsPerson(stack_.back(), frames_[op.slot].person);
      return;
    case OpCode::kRelationOf:
      stack_.back() = RelationOf(stack_.back());
      return;
    default:
      return;
  }
}

Value Evaluator::Listed(const Value& person) {
  Value value = TruthOf(true);
  value.marks = person.marks;
  calculator_.RestOn(person.marks, person.blame, &value);
  if ((person.mask & kSomebodyElse) == 0) return value;
  value.mask = kMayBeEither;
  value.blame = person.blame;
  return value;
}

// A number that is nobody's listed may be anybody's, written down wrongly.
Value Evaluator::IsPerson(const Value& number, int person) {
  const uint64_t own = IsUnlisted(person) ? 0 : uint64_t{1} << person;
  Value value = MaskOf(0, 0);
  if ((number.mask & (own | kSomebodyElse)) != 0) value.mask |= kMayBeTrue;
  if ((number.mask & ~own) != 0) value.mask |= kMayBeFalse;
  value.marks = number.marks;
  if (!IsSingle(value.mask) || value.unproven()) value.blame = number.blame;
  if (!IsSingle(value.mask) && IsUnlisted(person))
    value.blame = blames_.Join(value.blame, UnlistedBlame(person));
  return value;
}

// Of somebody who is no member, or not listed, it is not known what they are to the applicant,
// whatever the application calls them.
Value Evaluator::RelationOf(const Value& person) {
  Value value = MaskOf(0, 0);
  value.marks = person.marks;
  for (size_t i = 0; i < case_->persons.size(); ++i) {
    if ((person.mask >> i & 1) == 0) continue;
    const Person& listed = case_->persons[i];
    if (listed.role == base::PersonRole::kMember) {
      value.mask |= uint64_t{1} << (static_cast<int>(listed.relation) - 1);
      continue;
    }
    value.blame = blames_.Join(
        value.blame, Leaf({BlameKind::kIdentity, AnswerDetail::kNone, static_cast<int16_t>(i)}));
  }
  const bool known = (person.mask & kSomebodyElse) == 0 && value.blame == 0;
  if (!known || !IsSingle(value.mask) || value.unproven())
    value.blame = blames_.Join(value.blame, person.blame);
  if (known) return value;
  const size_t relations = pack_.code_lists[static_cast<size_t>(pack_.relation_list)].codes.size();
  value.mask = (uint64_t{1} << relations) - 1;
  return value;
}

Value Evaluator::Answered(int person, int category) {
  if (mode_ == Mode::kAllTold) return TruthOf(true);
  const base::Period days = state_days_;
  const Proof proof = IsUnlisted(person) ? Proof{false, false, UnlistedBlame(person)}
                                         : ProveCategory(person, category, "", {&days});
  Value value = TruthOf(true);
  if (proof.complete) return value;
  value.mask = kMayBeEither;
  value.blame = proof.blame;
  return value;
}

Value Evaluator::NotRuledOut(const Value& test, int person, int category) {
  if (test.mask != kMayBeFalse || mode_ == Mode::kAllTold) return test;
  Value value = test;
  value.mask = kMayBeEither;
  value.blame = IsUnlisted(person) ? UnlistedBlame(person)
                                   : BlameCategory(person, category, "", AnswerDetail::kUndeclared);
  if (value.blame == 0) value.blame = NobodyAsked(person, category);
  calculator_.RestOn(test.marks, test.blame, &value);
  return value;
}

// Nobody was planned to answer.
BlameId Evaluator::NobodyAsked(int person, int category) {
  return Leaf(
      {BlameKind::kSource, AnswerDetail::kNone, static_cast<int16_t>(person), -1, category});
}

}  // namespace hedui::assess
