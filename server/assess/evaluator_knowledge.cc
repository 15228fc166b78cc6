// What is known so far: whether a number has a value, a test can still turn, a list is proven.
#include "server/assess/evaluator.h"

namespace hedui::assess {

Value Evaluator::Defined(const Value& number) {
  Value defined = MaskOf(number.valueless() ? kMayBeFalse
                         : number.undefined ? kMayBeEither
                                            : kMayBeTrue,
                         number.blame);
  defined.marks = number.marks;
  calculator_.RestOn(number.marks, number.blame, &defined);
  return defined;
}

// Answers in any case; an answer that is missing may still turn it.
Value Evaluator::KnownSoFar(const Value& test, bool surely) {
  // Of anything some households are known of.
  const bool known = IsSingle(test.mask) || mode_ == Mode::kAnything;
  Value value = test;
  if (known) return value;
  value.mask = surely ? kMayBeFalse : kMayBeTrue;
  value.marks |= kMarkPreliminary;
  return value;
}

Value Evaluator::Closed(const Proof& proof) {
  Value closed = TruthOf(proof.complete);
  if (proof.settled()) return closed;
  closed.marks = proof.complete ? kMarkUnproven : kMarkPreliminary;
  closed.blame = proof.blame;
  return closed;
}

// Whether nobody is missing among members or obligors.
Value Evaluator::ClosedPeople(const Aggregate& aggregate) {
  const bool members = aggregate.list == ListKind::kMembers;
  const base::PersonRole role = members ? base::PersonRole::kMember : base::PersonRole::kObligor;
  const int complete = members ? division_->members_complete : division_->obligors_complete;
  const Unlisted& missing = unlisted(role);
  Value closed = missing.reckoned ? Closed({false, false, missing.blame}) : TruthOf(true);
  if (complete < 0) return closed;
  AddRef(Ref::Tag::kHousehold, complete);
  const Value& premise = household(complete);
  closed.marks |= premise.marks;
  calculator_.RestOn(premise.marks, premise.blame, &closed);
  return closed;
}

}  // namespace hedui::assess
