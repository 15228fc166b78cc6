// What a rule of evidence makes of the facts of one person and kind: what was found, stated and
// presumed is weighed, and what may be missing reckoned with.
#include "server/assess/evaluator.h"

namespace hedui::assess {

using base::Rational;

namespace {

bool GivesTruth(AggregateKind kind) {
  return kind == AggregateKind::kExists || kind == AggregateKind::kAll ||
         kind == AggregateKind::kClosed;
}

}  // namespace

// What facts that nobody delivered could add.
Value Evaluator::FoldUnlisted(const Aggregate& aggregate, const Value& period, BlameId blame) {
  Value total = Begin(aggregate);
  Item item{Sureness::kOpen, blame, 0};
  frames_[aggregate.item_slot] = {-1, -1, aggregate.fact_kind, blame, -1, 0, &period};
  Filter(aggregate, &item) ? Take(aggregate, item, &total) : Drop(aggregate, item, &total);
  return total;
}

// Whether what was found is no less than what was stated, so that nothing rests on the statement.
bool Evaluator::OutweighsNumber(const Aggregate& aggregate, const Value& found,
                                const Value& stated) const {
  if (GivesTruth(aggregate.kind) || stated.mask != 0 || found.mask != 0) return false;
  return !found.lo_infinite && !stated.hi_infinite && !found.undefined && !stated.undefined &&
         Rational::Compare(found.lo, stated.hi) >= 0;
}

// What was found and what was stated must say the same; while they do not, either may be so.
Value Evaluator::Agree(const Aggregate& aggregate, const EvidenceRule& rule, int who,
                       const Value& found, const Value& stated) {
  const bool truth = GivesTruth(aggregate.kind), extreme = IsExtreme(aggregate.kind);
  Value both = truth     ? calculator_.HullMasks(found, stated)
               : extreme ? EitherExtreme(found, stated)
                         : calculator_.HullNumbers(found, stated);
  const bool same = truth ? IsSingle(found.mask) && found.mask == stated.mask
                          : (found.mask == kNone && stated.mask == kNone) ||
                                (found.mask == 0 && stated.mask == 0 && found.IsPoint() &&
                                 stated.IsPoint() && found.lo == stated.lo);
  if (!same)
    both.blame = blames_.Join(both.blame, BlameAnswers(rule, who, AnswerDetail::kUndeclared));
  return both;
}

// The listed facts alone, as the rule weighs what was found against what was stated. Where what was
// found would count by itself but for a proof that fails, so does the statement, until it is given.
Value Evaluator::FoldListed(const Aggregate& aggregate, const EvidenceRule* rule, int who,
                            const Value& period, const Proof* closed_by_declaration, bool* any) {
  using Use = EvidenceRule::Use;
  const Use use = rule == nullptr ? Use::kHigher : rule->use;
  *any = false;
  // Most lists are empty.
  if (index_.FirstFact(who, aggregate.fact_kind) < 0) {
    Value none = Begin(aggregate);
    if (aggregate.kind == AggregateKind::kMonths) none = MonthsBetween(0, 0, period);
    if (use == Use::kDeclared) none.marks |= kMarkDeclared;
    return none;
  }
  Presence there_found, there_stated;
  Value found = Begin(aggregate);
  if (use != Use::kDeclared) {
    found = FoldOneSide(aggregate, who, period, Side::kFound, &there_found);
  }
  *any = there_found.any;
  if (use == Use::kFound && closed_by_declaration == nullptr) return found;
  Value stated =
      FoldOneSide(aggregate, who, period,
                  use == Use::kDeclared ? Side::kStatedAlone : Side::kStated, &there_stated);
  *any |= there_stated.any;
  switch (use) {
    case Use::kDeclared:
      stated.marks |= kMarkDeclared;
      return stated;
    case Use::kAgreed:
      return Agree(aggregate, *rule, who, found, stated);
    case Use::kFound:
    case Use::kHigher:
      break;
  }
  // Nothing declared is no statement that there is nothing.
  if (!there_stated.any || OutweighsNumber(aggregate, found, stated)) {
    calculator_.RestOn(stated.marks, stated.blame, &found);
    return found;
  }
  if (use == Use::kFound) calculator_.RestOn(kMarkUnproven, closed_by_declaration->blame, &stated);
  return CombineSides(aggregate, found, stated, there_stated.sure);
}

Value Evaluator::CombineSides(const Aggregate& aggregate, const Value& found, const Value& stated,
                              bool surely_stated) {
  Value both = Combine(aggregate, found, stated);
  if (surely_stated || GivesTruth(aggregate.kind) || IsExtreme(aggregate.kind)) return both;
  const bool lower =
      !both.lo_infinite && (found.lo_infinite || Rational::Compare(found.lo, both.lo) < 0);
  if (!lower) return both;
  both.lo = found.lo;
  both.lo_infinite = found.lo_infinite;
  both.blame = blames_.Join(found.blame, stated.blame);
  return both;
}

void Evaluator::ReckonWithStatement(const Aggregate& aggregate, const Value& period, BlameId open,
                                    Value* total) {
  if (total->mask == kNone || total->hi_infinite) return;
  const Value alone = AddUnlisted(aggregate, period, Begin(aggregate), open);
  const bool higher =
      alone.mask != kNone && (alone.hi_infinite || Rational::Compare(alone.hi, total->hi) > 0);
  if (!higher) return;
  total->hi = alone.hi;
  total->hi_infinite = alone.hi_infinite;
  total->blame = blames_.Join(total->blame, open);
}

// What an open list may hold beyond what is listed.
Value Evaluator::AddUnlisted(const Aggregate& aggregate, const Value& period, const Value& listed,
                             BlameId open) {
  const bool months = aggregate.kind == AggregateKind::kMonths;
  if (!months && !IsCollected(aggregate.kind)) {
    return Join(aggregate, listed, FoldUnlisted(aggregate, period, open));
  }
  Value total = listed;
  Item item{Sureness::kOpen, open, 0};
  frames_[aggregate.item_slot] = {-1, -1, aggregate.fact_kind, open, -1, 0, &period};
  if (!Filter(aggregate, &item)) {
    calculator_.RestOn(item.marks, item.blame, &total);
    return total;
  }
  if (!months) {
    const Value body = Run(aggregate.body);
    if (aggregate.of_dates) WatchDates(body, body);
    return AddOpen(aggregate, total, body, item);
  }
  total = MonthsBetween(WholeOf(listed.lo), std::nullopt, period);
  total.marks = listed.marks | item.marks;
  total.blame = total.IsPoint() ? 0 : blames_.Join(listed.blame, item.blame);
  calculator_.RestOn(listed.marks, listed.blame, &total);
  calculator_.RestOn(item.marks, item.blame, &total);
  return total;
}

// What is not proven is taken to be no less than what is presumed. Where nothing is listed, that is
// what is shown, also where it is nothing.
Value Evaluator::AddPresumed(const Aggregate& aggregate, int who, const Value& period,
                             const EvidenceRule& rule, const Proof& proof, const Value& listed,
                             bool any_listed) {
  presumption_ = {rule.presume, proof.blame};
  Presence there;
  Value presumed = FoldOneSide(aggregate, who, period, Side::kPresumed, &there);
  if (there.any && !(any_listed && OutweighsNumber(aggregate, listed, presumed))) {
    // A proof may yet show that there is nothing of it.
    calculator_.RestOn(kMarkUnproven, proof.blame, &presumed);
    return CombineSides(aggregate, listed, presumed, there.sure);
  }
  Value total = listed;
  calculator_.RestOn(presumed.marks, presumed.blame, &total);
  return total;
}

const EvidenceRule* Evaluator::NextRule(const Aggregate& aggregate, size_t* at) const {
  const std::vector<int32_t>& rules = division_->evidence[static_cast<size_t>(aggregate.fact_kind)];
  // Those of the list's variant come first, then those of none.
  const size_t passes = aggregate.variant < 0 ? 1 : 2;
  for (; *at < passes * rules.size(); ++*at) {
    const int variant = *at < rules.size() ? aggregate.variant : -1;
    const EvidenceRule& rule = pack_.evidence[static_cast<size_t>(rules[*at % rules.size()])];
    if (rule.variant == variant && rule.in_force.Contains(day_)) return &rule;
  }
  return nullptr;
}

Value Evaluator::FoldFacts(const Aggregate& aggregate, const Value& period, const Value* absent) {
  return FoldByRules(aggregate, period, absent, 0);
}

// The list by the first rule behind `at` that is for the person; where it is not known whether a
// rule is, what it makes of the list or what the others make of it.
Value Evaluator::FoldByRules(const Aggregate& aggregate, const Value& period, const Value* absent,
                             size_t at) {
  const int who = frames_[aggregate.owner_slot].person;
  const EvidenceRule* const rule = NextRule(aggregate, &at);
  if (rule == nullptr || rule->when < 0 || IsUnlisted(who)) {
    return FoldUnder(aggregate, rule, who, period, absent);
  }
  AddRef(Ref::Tag::kPerson, rule->when, who);
  const Value& when = person(rule->when, who);
  Value here, beyond;
  if (when.mask != kMayBeFalse) here = FoldUnder(aggregate, rule, who, period, absent);
  if (when.mask != kMayBeTrue) beyond = FoldByRules(aggregate, period, absent, at + 1);
  return GivesTruth(aggregate.kind) ? calculator_.SelectMask(when, here, beyond)
                                    : calculator_.SelectNumber(when, here, beyond);
}

Evaluator::Proof Evaluator::ProveList(const Aggregate& aggregate, const EvidenceRule* rule, int who,
                                      const Value& period) {
  if (rule == nullptr) {
    BlameLeaf leaf{BlameKind::kPolicyRow};
    leaf.kind_of_fact = aggregate.fact_kind;
    return {false, true, Leaf(leaf)};  // the rule that is missing may wait for a statement
  }
  AddRef(Ref::Tag::kEvidence, static_cast<int32_t>(rule - pack_.evidence.data()));
  if (IsUnlisted(who)) return {false, false, UnlistedBlame(who)};
  return Prove(*rule, who, aggregate.fact_kind, period);
}

Value Evaluator::FoldUnder(const Aggregate& aggregate, const EvidenceRule* rule, int who,
                           const Value& period, const Value* absent) {
  using Otherwise = EvidenceRule::Otherwise;
  const Proof proof = ProveList(aggregate, rule, who, period);
  Value total = Begin(aggregate);
  if (aggregate.kind == AggregateKind::kClosed) {
    total = Closed(proof);
  } else {
    Otherwise otherwise =
        rule == nullptr || IsUnlisted(who) ? Otherwise::kUnknown : rule->otherwise;
    // How many months to presume something for is not known.
    if (otherwise == Otherwise::kPresumed && aggregate.by_period && !IsKnownPeriod(period))
      otherwise = Otherwise::kUnknown;
    const bool by_declaration = !proof.complete && otherwise == Otherwise::kDeclared;
    bool any_listed = false;
    if (!IsUnlisted(who)) {
      total =
          FoldListed(aggregate, rule, who, period, by_declaration ? &proof : nullptr, &any_listed);
    }
    if (by_declaration) total.marks |= kMarkDeclared;
    if (!proof.complete && otherwise == Otherwise::kPresumed)
      total = AddPresumed(aggregate, who, period, *rule, proof, total, any_listed);
    if (!proof.complete && otherwise == Otherwise::kUnknown) {
      total = AddUnlisted(aggregate, period, total, proof.blame);
      // A statement still to come may count in place of what was found, of less in sums; and more
      // may be found than the least that is stated.
      const bool higher = rule == nullptr || rule->use == EvidenceRule::Use::kHigher;
      const bool least = aggregate.kind == AggregateKind::kMin;
      if (higher && !IsUnlisted(who) && (least || aggregate.kind == AggregateKind::kSum) &&
          (proof.unstated || (least && IsStated(who, aggregate.fact_kind)))) {
        ReckonWithStatement(aggregate, period, proof.blame, &total);
      }
    }
    // Taken for complete, but what is missing may hold more.
    if (proof.complete ? !proof.settled() : otherwise != Otherwise::kUnknown)
      Drop(aggregate, {Sureness::kSure, proof.blame, kMarkUnproven}, &total);
  }
  if (rule != nullptr && rule->assumed) total.marks |= kMarkAssumed;
  total.marks |= period.marks;
  calculator_.RestOn(period.marks, period.blame, &total);
  return OrDefault(aggregate, total, absent);
}

}  // namespace hedui::assess
