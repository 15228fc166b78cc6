// Lists on the fast path: every element sure, every answer there.
#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "server/assess/evaluator.h"
#include "server/assess/exact.h"

namespace hedui::assess {

Exact Evaluator::BeginExact(const Aggregate& aggregate) {
  switch (aggregate.kind) {
    case AggregateKind::kExists:
      return TruthExact(false, 0);
    case AggregateKind::kAll:
      return TruthExact(true, 0);
    default:
      return {0, 1, 0, true};
  }
}

// Filters in their order; `*marks` gathers theirs. `*passes` is false where one drops the element.
bool Evaluator::FilterExact(const Aggregate& aggregate, uint8_t* marks, bool* passes) {
  *passes = true;
  for (const CodeRange& filter : aggregate.filters) {
    Exact passed;
    if (!RunExact(filter, &passed)) return false;
    if (passed.n == kExactFalse) {
      *passes = false;
      return true;
    }
    *marks |= passed.marks;
  }
  return true;
}

bool Evaluator::TakeExact(const Aggregate& aggregate, uint8_t marks, Exact* total) {
  if (aggregate.kind == AggregateKind::kMonths) return true;  // counted by FoldOneSideExact
  Exact body;
  if (!RunExact(aggregate.body, &body)) return false;
  body.marks |= marks;
  switch (aggregate.kind) {
    case AggregateKind::kSum:
      return AddExact(*total, body, total);
    case AggregateKind::kCount:
      return AddExact(*total, {body.n == kExactTrue ? 1 : 0, 1, body.marks, true}, total);
    case AggregateKind::kExists:
      *total = LogicExact(*total, body, kExactTrue);
      return true;
    case AggregateKind::kAll:
      *total = LogicExact(*total, body, kExactFalse);
      return true;
    default:
      return false;
  }
}

bool Evaluator::FoldPersonsExact(const Aggregate& aggregate, Exact* total) {
  const bool members = aggregate.list == ListKind::kMembers;
  const base::PersonRole role = aggregate.list == ListKind::kObligors ? base::PersonRole::kObligor
                                                                      : base::PersonRole::kMember;
  *total = BeginExact(aggregate);
  uint8_t premises = 0;
  const int complete = aggregate.list == ListKind::kPersons ? -1
                       : members                            ? division_->members_complete
                                                            : division_->obligors_complete;
  if (aggregate.list == ListKind::kPersons ? LeavesOutMembers() : unlisted(role).reckoned) {
    return false;
  }
  if (complete >= 0) {
    if (!ExactHousehold(complete).known) return false;
    premises |= ExactHousehold(complete).marks;
  }
  for (int who = 0; who < person_count(); ++who) {
    if (case_->persons[static_cast<size_t>(who)].role != role) continue;
    if (members && division_->member >= 0) {
      AddRef(Ref::Tag::kPerson, division_->member, who);
      const Exact& member = ExactPerson(division_->member, who);
      if (!member.known) return false;
      premises |= member.marks;
      if (member.n == kExactFalse) continue;
    }
    frames_[aggregate.item_slot] = {who, -1, -1, 0};
    uint8_t marks = 0;
    bool passes = true;
    if (!FilterExact(aggregate, &marks, &passes)) return false;
    if (passes && !TakeExact(aggregate, marks, total)) return false;
  }
  if (complete >= 0) AddRef(Ref::Tag::kHousehold, complete);
  total->marks |= premises;
  return true;
}

bool Evaluator::FoldOneSideExact(const Aggregate& aggregate, int who, const Exact& period,
                                 Side side, Exact* total, bool* any) {
  const bool declared = side != Side::kFound;
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(aggregate.fact_kind)];
  absl::InlinedVector<int64_t, 24> months;
  *total = BeginExact(aggregate);
  *any = false;
  for (int32_t i = index_.FirstFact(who, aggregate.fact_kind); i >= 0; i = index_.fact(i).next) {
    ++steps_;
    const IndexedFact& fact = index_.fact(i);
    if (fact.fact->declared != declared) continue;
    if (fact.fact->possible ||
        (side != Side::kStatedAlone && index_.IsUsed(fact.fact->held_with))) {
      return false;
    }
    frames_[aggregate.item_slot] = {-1, i, aggregate.fact_kind, 0};
    if (aggregate.by_period) {
      // A month that is not told is none, whatever the vocabulary says of absence.
      if (index_.Field(fact, kind.month_field) == nullptr) return false;
      const Exact& month = ExactField(frames_[aggregate.item_slot], kind.month_field);
      if (!month.known) return false;
      const Span& span = SpanOf(period.n, period.d);
      if (month.n < span.from_month || month.n >= span.to_month) continue;
      if (aggregate.kind == AggregateKind::kMonths) months.push_back(month.n);
    }
    uint8_t marks = 0;
    bool passes = true;
    if (!FilterExact(aggregate, &marks, &passes)) return false;
    if (!passes) {
      if (aggregate.kind == AggregateKind::kMonths) months.pop_back();
      continue;
    }
    *any = true;
    AddRef(Ref::Tag::kFact, fact.index);
    if (fact.fact->manual) marks |= kMarkManual;
    if (declared) marks |= kMarkDeclared;
    if (aggregate.kind == AggregateKind::kMonths) total->marks |= marks;
    if (!TakeExact(aggregate, marks, total)) return false;
  }
  if (aggregate.kind == AggregateKind::kMonths) {
    std::sort(months.begin(), months.end());
    total->n = std::unique(months.begin(), months.end()) - months.begin();
  }
  return true;
}

bool Evaluator::FoldFactsExact(const Aggregate& aggregate, const Exact& period, Exact* total) {
  using Use = EvidenceRule::Use;
  const int who = frames_[aggregate.owner_slot].person;
  if (IsUnlisted(who)) return false;
  const EvidenceRule* rule = RuleInForce(aggregate.fact_kind);
  // Whom a rule is for, the abstract operations ask.
  if (rule == nullptr || rule->when >= 0) return false;
  const bool any = index_.FirstFact(who, aggregate.fact_kind) >= 0;
  // Facts of years and periods are left to the abstract operations.
  if (any && aggregate.by_period &&
      pack_.fact_kinds[static_cast<size_t>(aggregate.fact_kind)].by != FactKind::By::kMonth) {
    return false;
  }
  const bool proven =
      aggregate.by_period
          ? ProveKnown(*rule, who, aggregate.fact_kind, period.n, period.d).settled()
          : ProveKnown(*rule, who, aggregate.fact_kind, 0, 0).settled();
  if (!proven) return false;
  *total = BeginExact(aggregate);
  if (any) {
    bool any_found = false, any_stated = false;
    Exact stated;
    if (rule->use == Use::kAgreed) return false;
    if (rule->use == Use::kDeclared) {
      if (!FoldOneSideExact(aggregate, who, period, Side::kStatedAlone, total, &any_stated)) {
        return false;
      }
    } else if (!FoldOneSideExact(aggregate, who, period, Side::kFound, total, &any_found)) {
      return false;
    }
    if (rule->use == Use::kHigher) {
      if (!FoldOneSideExact(aggregate, who, period, Side::kStated, &stated, &any_stated)) {
        return false;
      }
      const bool truth =
          aggregate.kind == AggregateKind::kExists || aggregate.kind == AggregateKind::kAll;
      if (any_stated && truth) {
        *total = LogicExact(*total, stated,
                            aggregate.kind == AggregateKind::kExists ? kExactTrue : kExactFalse);
      } else if (any_stated && CompareExact(*total, stated) < 0) {
        stated.marks |= total->marks;
        *total = stated;
      }
    }
  }
  if (rule->use == Use::kDeclared) total->marks |= kMarkDeclared;
  if (rule->assumed) total->marks |= kMarkAssumed;
  if (aggregate.by_period) total->marks |= period.marks;
  return true;
}

}  // namespace hedui::assess
