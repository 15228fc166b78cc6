// Evidence: whether what is known of a kind of fact is all there is, and what to blame where not.
#include <algorithm>

#include "server/assess/evaluator.h"

namespace hedui::assess {
namespace {

using base::AnswerKind;

// Whether the answer says that it is nobody's to give: nobody reachable holds it, or the purpose
// does not need it, so that nobody may be asked.
bool IsOfNobody(const base::AnswerState& answer) {
  return answer.kind == AnswerKind::kNotCovered ||
         (answer.kind == AnswerKind::kNotAsked && (answer.reason == base::Reason::kNotRoutable ||
                                                   answer.reason == base::Reason::kMinimised));
}

bool CameUsable(const base::AnswerState& answer) {
  return answer.kind == AnswerKind::kFound || answer.kind == AnswerKind::kConfirmedNone;
}

}  // namespace

Evaluator::Proof Evaluator::Prove(const EvidenceRule& rule, int who, int fact_kind,
                                  const Value& period) {
  if (mode_ == Mode::kAllTold) return {};
  const bool monthly = pack_.fact_kinds[static_cast<size_t>(fact_kind)].monthly;
  if (!monthly) return ProveKnown(rule, who, fact_kind, 0, 0);
  if (!IsKnownPeriod(period)) {
    Proof proof = ProveAnew(rule, who, fact_kind, nullptr);
    proof.complete = false;
    proof.blame = blames_.Join(period.blame, proof.blame);
    return proof;
  }
  return ProveKnown(rule, who, fact_kind, WholeOf(period.lo), WholeOf(period.hi));
}

const Evaluator::Proof& Evaluator::ProveKnown(const EvidenceRule& rule, int who, int fact_kind,
                                              int64_t from, int64_t to) {
  Proven& known =
      proven_[static_cast<size_t>(who) * pack_.fact_kinds.size() + static_cast<size_t>(fact_kind)];
  if (trace_ || known.run != run_ || known.rule != &rule || known.from != from || known.to != to) {
    const bool monthly = pack_.fact_kinds[static_cast<size_t>(fact_kind)].monthly;
    const base::Period* wanted = monthly ? &SpanOf(from, to).days : &state_days_;
    known = {run_, &rule, from, to, ProveAnew(rule, who, fact_kind, wanted)};
  }
  return known.proof;
}

Evaluator::Proof Evaluator::ProveAnew(const EvidenceRule& rule, int who, int fact_kind,
                                      const base::Period* wanted) {
  const bool monthly = pack_.fact_kinds[static_cast<size_t>(fact_kind)].monthly;
  const Asked asked{wanted, monthly, rule.to_data_day};
  Proof proof;
  for (size_t at = 0; at < rule.complete_by.size();) {
    // Needs of one group stand one behind another: one of them suffices.
    Proof group{false, false, 0};
    const size_t begin = at;
    do {
      const Proof part = ProveNeed(rule, rule.complete_by[at], who, fact_kind, asked);
      group.complete |= part.complete;
      group.unstated |= part.unstated;
      group.blame = blames_.Join(group.blame, part.blame);
      ++at;
    } while (at < rule.complete_by.size() && rule.complete_by[at].group >= 0 &&
             rule.complete_by[at].group == rule.complete_by[begin].group);
    if (group.complete) continue;
    proof.complete = false;
    proof.unstated |= group.unstated;
    proof.blame = blames_.Join(proof.blame, group.blame);
  }
  proof.blame = blames_.Join(proof.blame, BlameOutstanding(rule, who, asked));
  return proof;
}

Evaluator::Proof Evaluator::ProveNeed(const EvidenceRule& rule, const EvidenceRule::Need& need,
                                      int who, int fact_kind, const Asked& asked) {
  if (need.category == EvidenceRule::kDeclaration) return {};  // silence included
  if (need.category == EvidenceRule::kStatement) {
    return ProveStatement(who, fact_kind, asked.period);
  }
  const bool by_people = rule.manual_suffices && ProveByPeople(who, need.category, asked);
  const Proof proof = ProveCategory(who, need.category, need.source_id, asked);
  return by_people ? Proof{} : proof;
}

bool Evaluator::IsStated(int who, int fact_kind) const {
  for (int32_t i = index_.FirstFact(who, fact_kind); i >= 0; i = index_.fact(i).next) {
    if (index_.fact(i).fact->declared) return true;
  }
  return false;
}

// What may be of another time, or not there at all, may come to no statement.
Evaluator::Proof Evaluator::ProveStatement(int who, int fact_kind, const base::Period* wanted) {
  const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(fact_kind)];
  const Span* span = nullptr;
  if (kind.monthly && wanted != nullptr) {
    // Nothing is asked of no day, or no whole month.
    if (wanted->Empty()) return {};
    span = &SpanOf(DayNumber(*wanted->from), DayNumber(*wanted->to));
    if (kind.by != FactKind::By::kDay && span->from_month >= span->to_month) return {};
  }
  bool any = false;
  BlameId perhaps = 0;
  for (int32_t i = index_.FirstFact(who, fact_kind); i >= 0; i = index_.fact(i).next) {
    const IndexedFact& fact = index_.fact(i);
    if (!fact.fact->declared) continue;
    Item item;
    if (kind.monthly && !InSpan(fact, fact_kind, span, 0, &item)) continue;
    if (fact.fact->possible) Perhaps(fact, fact_kind, &item);
    if (item.sureness == Sureness::kSure) return {};
    any = true;
    perhaps = blames_.Join(perhaps, item.blame);
  }
  if (any) return {false, true, perhaps};
  BlameLeaf leaf{BlameKind::kDeclaration};
  leaf.person = static_cast<int16_t>(who);
  leaf.kind_of_fact = fact_kind;
  return {false, true, Leaf(leaf)};
}

// Up to the month that is not over an answer must tell all; of that month, as far as its data go.
base::Period Evaluator::DaysAsked(const Asked& asked, const base::AnswerState& answer) {
  const absl::CivilDay today = case_->dates.policy;
  const absl::CivilDay month{absl::CivilMonth(today)};
  base::Period days = *asked.period;
  if (*days.to <= month) return days;
  // The month moves on, and with it what is asked.
  WatchMonths();
  Offer(DayNumber(*days.from));
  if (answer.covered.to) Offer(DayNumber(*answer.covered.to));
  if (*days.from > today) return days;
  const absl::CivilDay told = std::min(today, answer.data_day.value_or(today)) + 1;
  const absl::CivilDay end = std::min(*days.to, std::max(month, told));
  if (end > *days.from) days.to = end;
  return days;
}

// What an answer that came lacks to be all there is in `period`.
AnswerDetail Evaluator::LackOf(int answer_index, const Asked& asked) {
  const base::AnswerState& answer = case_->facts.answers[static_cast<size_t>(answer_index)];
  if (const AnswerDetail flaw = index_.Flaw(answer_index); flaw != AnswerDetail::kNone) return flaw;
  if (answer.kind == AnswerKind::kFound && !answer.complete) return AnswerDetail::kIncomplete;
  if (asked.period == nullptr) return AnswerDetail::kNone;
  // What is so must be told up to the policy day, which moves on. Periods of months move with the
  // months, which are reckoned with where the period is made.
  if (!asked.to_the_end) {
    if (answer.covered.from) Offer(DayNumber(*answer.covered.from));
    if (answer.covered.to) Offer(DayNumber(*answer.covered.to));
  }
  base::Period to_data_day;
  const base::Period* days = asked.period;
  if (asked.to_data_day) {
    to_data_day = DaysAsked(asked, answer);
    days = &to_data_day;
  }
  if (!answer.covered.Covers(*days)) return AnswerDetail::kPeriod;
  if (asked.to_the_end && answer.data_day.has_value() && *answer.data_day + 1 < *days->to) {
    return AnswerDetail::kPeriod;
  }
  return AnswerDetail::kNone;
}

bool Evaluator::ProveByPeople(int who, int category, const Asked& asked) {
  bool proven = false;
  for (int32_t i = index_.FirstAnswer(who, category); i >= 0; i = index_.NextAnswer(i)) {
    const base::AnswerState& answer = case_->facts.answers[static_cast<size_t>(i)];
    if (answer.superseded || answer.source_id != base::kManualSourceId || !CameUsable(answer)) {
      continue;
    }
    if (LackOf(i, asked) != AnswerDetail::kNone) continue;
    AddRef(Ref::Tag::kAnswer, i);
    proven = true;
  }
  return proven;
}

// Every planned source of the category must have said all it has; one that holds nothing of the
// kind, place or period does not count, but then another must. What people found adds to that and
// proves nothing.
Evaluator::Proof Evaluator::ProveCategory(int who, int category, const std::string& source_id,
                                          const Asked& asked) {
  Proof proof;
  bool proven = false;
  BlameId not_covered = 0;
  for (int32_t i = index_.FirstAnswer(who, category); i >= 0; i = index_.NextAnswer(i)) {
    ++steps_;
    const base::AnswerState& answer = case_->facts.answers[static_cast<size_t>(i)];
    if (answer.superseded || answer.source_id == base::kManualSourceId) continue;
    if (!source_id.empty() && answer.source_id != source_id) continue;
    AddRef(Ref::Tag::kAnswer, i);
    AnswerDetail detail = AnswerDetail::kNone;
    if (CameUsable(answer)) {
      detail = LackOf(i, asked);
      if (detail == AnswerDetail::kNone) {
        proven = true;
        continue;
      }
    } else if (answer.kind == AnswerKind::kNotCovered) {
      not_covered = blames_.Join(not_covered, AnswerLeaf(i, AnswerDetail::kNone));
      continue;
    }
    proof.blame = blames_.Join(proof.blame, AnswerLeaf(i, detail));
  }
  if (!proven && proof.blame == 0) {
    proof.blame = not_covered;
    if (proof.blame == 0) {
      proof.blame = NobodyAsked(who, category);
    }
  }
  proof.complete = proof.blame == 0;
  return proof;
}

// Whatever the needs are content with, an answer that was asked for and is still to come may tell
// more. What people found is all that they will say.
BlameId Evaluator::BlameOutstanding(const EvidenceRule& rule, int who, const Asked& asked) {
  BlameId blame = 0;
  const auto blame_answer = [&](int32_t i, AnswerDetail detail) {
    AddRef(Ref::Tag::kAnswer, i);
    blame = blames_.Join(blame, AnswerLeaf(i, detail));
  };
  for (const EvidenceRule::Origin& origin : rule.origins) {
    const std::vector<std::string>& awaited = origin.awaited_sources;
    for (int32_t i = index_.FirstAnswer(who, origin.category); i >= 0; i = index_.NextAnswer(i)) {
      ++steps_;
      const base::AnswerState& answer = case_->facts.answers[static_cast<size_t>(i)];
      if (answer.superseded || IsOfNobody(answer)) continue;
      if (std::find(awaited.begin(), awaited.end(), answer.source_id) != awaited.end()) continue;
      if (!CameUsable(answer)) {
        blame_answer(i, AnswerDetail::kNone);
      } else if (answer.source_id != base::kManualSourceId) {
        const AnswerDetail detail = LackOf(i, asked);
        if (detail != AnswerDetail::kNone) blame_answer(i, detail);
      }
    }
  }
  if (!index_.awaits_people()) return blame;
  for (const int category : rule.awaited) {
    for (int32_t i = index_.FirstAnswer(who, category); i >= 0; i = index_.NextAnswer(i)) {
      ++steps_;
      const base::AnswerState& answer = case_->facts.answers[static_cast<size_t>(i)];
      if (!answer.superseded && answer.source_id == base::kManualSourceId && !CameUsable(answer) &&
          !IsOfNobody(answer)) {
        blame_answer(i, AnswerDetail::kNone);
      }
    }
  }
  return blame;
}

BlameId Evaluator::BlameAnswers(const EvidenceRule& rule, int who, AnswerDetail detail) {
  BlameId blame = 0;
  for (const EvidenceRule::Need& need : rule.complete_by) {
    if (need.category < 0) continue;
    blame = blames_.Join(blame, BlameCategory(who, need.category, need.source_id, detail));
  }
  if (blame != 0) return blame;
  return Leaf({BlameKind::kDeclaration, AnswerDetail::kNone, static_cast<int16_t>(who)});
}

// Every answer of the category about the person; 0 without one.
BlameId Evaluator::BlameCategory(int who, int category, const std::string& source_id,
                                 AnswerDetail detail) {
  BlameId blame = 0;
  for (int32_t i = index_.FirstAnswer(who, category); i >= 0; i = index_.NextAnswer(i)) {
    const base::AnswerState& answer = case_->facts.answers[static_cast<size_t>(i)];
    if (answer.superseded || (!source_id.empty() && answer.source_id != source_id)) continue;
    blame = blames_.Join(blame, AnswerLeaf(i, detail));
  }
  return blame;
}

}  // namespace hedui::assess
