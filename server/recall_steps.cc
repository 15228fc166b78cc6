#include "server/recall_steps.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/access/defects.h"
#include "server/answer_budget.h"
#include "server/base/dates.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/correction_flow.h"
#include "server/intent_steps.h"
#include "server/pending_rows.h"
#include "server/report_chain.h"
#include "server/report_steps.h"
#include "server/request_check.h"
#include "server/stored_report.h"
#include "server/verify_steps.h"

namespace hedui {
namespace {

Reverification Ended(ReverifyEnd end) {
  Reverification anew;
  anew.end = end;
  return anew;
}

bool IsWithin(const RecallSpan& span, const UsedSource& use) {
  return use.source_id == span.source_id && use.at >= span.from && use.at < span.to;
}

// The request that a case was made for, as far as asking anew takes it.
VerifyRequest RequestOf(const report::CaseBundle& bundle) {
  VerifyRequest request;
  request.agency = bundle.frame.agency;
  request.officer = bundle.frame.officer;
  request.check_kind = bundle.frame.check_kind;
  request.matter_number = bundle.frame.matter_number;
  request.programmes = bundle.frame.programmes;
  request.purpose = bundle.frame.purpose;
  request.dates = bundle.input.dates;
  request.household = bundle.input.household;
  return request;
}

// Why the request is refused, where that is how it stands with it and not with the platform.
std::optional<ReverifyEnd> RefusalOf(const absl::Status& status) {
  std::vector<access::Defect> defects = access::DefectsOf(status);
  // What is in doubt at present (MATTER_IN_DOUBT) is asked once more.
  std::erase_if(defects, [](const access::Defect& defect) {
    return defect.code == absl::StatusCode::kUnavailable;
  });
  for (const access::Defect& defect : defects) {
    if (defect.reason == "MATTER_CLOSED" || defect.reason == "MATTER_UNKNOWN") {
      return ReverifyEnd::kMatterClosed;
    }
  }
  if (!defects.empty() || base::ReasonOf(status) == "AGENCY_UNKNOWN") return ReverifyEnd::kRefused;
  return std::nullopt;
}

bool StandsIn(const plan::Plan& plan, const std::string& source_id, const RecalledPair& pair) {
  return std::any_of(plan.standings.begin(), plan.standings.end(), [&](const plan::Standing& one) {
    return one.step > 0 && one.source_id == source_id && one.person_id == pair.first &&
           one.category == pair.second;
  });
}

// A source that stands in, and what of it.
using StandInPair = std::pair<std::string, RecalledPair>;

// What those who stand in are not asked again, usable or not: what people have decided about what
// they said, and what they have promised and is waited for. Two promises for one pair would be in
// each other's way: the first that fails says so in the report, and the other's answer would find
// nothing that waits for it. Blocks on the store.
absl::StatusOr<std::set<StandInPair>> ReadSettled(const Rooms& rooms,
                                                  const base::Uuid& verification_id,
                                                  const report::CaseBundle& bundle) {
  std::set<StandInPair> settled;
  for (const match::SourceOutcome& one : bundle.input.outcomes) {
    if (!one.manual) continue;
    settled.insert({one.source_id, {one.answer.person_id, one.answer.category}});
  }
  HEDUI_ASSIGN_OR_RETURN(const auto open, FindOpenPromises(*rooms.pages, verification_id));
  for (const base::Uuid& id : open) {
    HEDUI_ASSIGN_OR_RETURN(const auto rows, rooms.rows->Find(PromiseKey(id), 1));
    if (rows.empty()) continue;
    HEDUI_ASSIGN_OR_RETURN(const std::optional<Promise> promise, ReadPromise(rows.front()));
    if (!promise.has_value()) continue;
    for (const PromisedPair& pair : promise->pairs) {
      settled.insert({promise->source_id, {pair.person_id, pair.category}});
    }
  }
  return settled;
}

// What is asked anew: of the source about these pairs, and of those who stand in for it.
struct AskedAnew {
  const std::string& source_id;
  const std::set<RecalledPair>& pairs;
  const std::set<StandInPair>& settled;

  bool Has(const plan::Plan& plan, const std::string& source, const RecalledPair& pair) const {
    if (!pairs.contains(pair)) return false;
    return source == source_id ||
           (StandsIn(plan, source, pair) && !settled.contains({source, pair}));
  }
};

plan::SourceQuery Narrowed(const plan::SourceQuery& query, const plan::Plan& plan,
                           const AskedAnew& anew) {
  plan::SourceQuery narrowed{query.source_id, {}, query.period};
  for (const plan::PersonQuery& person : query.people) {
    plan::PersonQuery left{person.person_id, person.identity, {}};
    for (const std::string& category : person.categories) {
      if (anew.Has(plan, query.source_id, {person.person_id, category})) {
        left.categories.push_back(category);
      }
    }
    if (!left.categories.empty()) narrowed.people.push_back(std::move(left));
  }
  return narrowed;
}

std::vector<plan::SourceQuery> NarrowedAll(const std::vector<plan::SourceQuery>& queries,
                                           const plan::Plan& plan, const AskedAnew& anew) {
  std::vector<plan::SourceQuery> all;
  for (const plan::SourceQuery& query : queries) {
    plan::SourceQuery narrowed = Narrowed(query, plan, anew);
    if (!narrowed.people.empty()) all.push_back(std::move(narrowed));
  }
  return all;
}

void Narrow(const AskedAnew& anew, plan::Plan* plan) {
  plan::Plan narrowed = *plan;
  narrowed.waves.clear();
  narrowed.first_fallback = 0;
  for (size_t i = 0; i < plan->waves.size(); ++i) {
    plan::Wave wave = NarrowedAll(plan->waves[i], *plan, anew);
    if (wave.empty()) continue;
    if (i < plan->first_fallback) ++narrowed.first_fallback;
    narrowed.waves.push_back(std::move(wave));
  }
  narrowed.everything = NarrowedAll(plan->everything, *plan, anew);
  std::erase_if(narrowed.unasked, [&](const plan::Unasked& one) {
    return one.source_id != anew.source_id || !anew.pairs.contains({one.person_id, one.category});
  });
  *plan = std::move(narrowed);
}

// Another intent of the same verification, of this alone.
absl::Status MakeIntent(const Rooms& rooms, absl::Time now, Reverification* anew) {
  anew->intent_id = rooms.ids->NextId(now);
  HEDUI_ASSIGN_OR_RETURN(anew->parts,
                         BuildParts(anew->grant, anew->plan.everything, anew->intent_id,
                                    rooms.ids->RandomBytes(ledger::Hash().size()), now));
  stored::v1::Intent body;
  body.set_verification_id(anew->verification_id.ToBytes());
  body.set_agency(anew->agency);
  for (const std::string& part : anew->parts->encoded()) body.add_parts(part);
  base::Row row;
  row.kind = base::RowKind::kIntent;
  row.id = anew->intent_id;
  row.matter = anew->grant.matter_id;
  row.at = now;
  row.keys = {{base::LookupKind::kVerification, anew->verification_id.ToBytes()}};
  std::set<std::string> seen;
  for (const plan::SourceQuery& query : anew->plan.everything) {
    for (const plan::PersonQuery& person : query.people) {
      if (person.identity.number.empty() || !seen.insert(person.person_id).second) continue;
      row.keys.push_back(PersonKey(person.identity));
    }
  }
  row.body = body.SerializeAsString();
  anew->entry = EncodeIntent(row, anew->verification_id, *anew->parts, anew->grant.digest_key);
  anew->rows.push_back(std::move(row));
  return absl::OkStatus();
}

// --- the case

bool IsOf(const SourceOutcomeView& view, const std::string& source_id, const RecalledPair& pair) {
  return view.source_id == source_id && view.person_id == pair.first &&
         view.category == pair.second;
}

bool IsOf(const match::SourceOutcome& outcome, const std::string& source_id,
          const RecalledPair& pair) {
  return outcome.source_id == source_id && outcome.answer.person_id == pair.first &&
         outcome.answer.category == pair.second;
}

// In place of what the same source said of the pair, or beside the others.
template <typename Item>
void Put(const std::string& source_id, const RecalledPair& pair, Item item,
         std::vector<Item>* items) {
  const auto at = std::find_if(items->begin(), items->end(),
                               [&](const Item& other) { return IsOf(other, source_id, pair); });
  if (at == items->end()) {
    items->push_back(std::move(item));
  } else {
    *at = std::move(item);
  }
}

// Nobody would have asked it, as things are: a verification begun now would not name it either.
bool IsNotNeeded(const RecallSpan& span, const Reverification& anew,
                 const std::vector<gather::Outcome>& outcomes, const RecalledPair& pair) {
  for (const gather::Outcome& outcome : outcomes) {
    if (outcome.source_id != span.source_id) continue;
    for (const base::Answer& answer : outcome.answers) {
      if (answer.person_id == pair.first && answer.category == pair.second) return false;
    }
  }
  return plan::IsSpared(anew.plan, anew.progress, span.source_id, pair.first, pair.second);
}

void NameSource(const Setup& setup, const std::string& id, report::ReportFrame* frame) {
  const plan::Source* const source = setup.catalogue.Find(id);
  const bool named = std::any_of(frame->sources.begin(), frame->sources.end(),
                                 [&id](const report::SourceName& one) { return one.id == id; });
  if (source == nullptr || named) return;
  frame->sources.push_back({id, source->name, std::string(base::LevelName(source->level))});
}

bool IsOfUse(const base::Answer& answer) {
  return IsSaid(answer) || answer.kind == base::AnswerKind::kPending;
}

// Of a person who has withdrawn this may be neither used nor waited for.
bool IsOfWithdrawn(const access::Grant& grant, const base::Answer& answer) {
  return IsOfUse(answer) && !access::IsLive(grant, answer.person_id);
}

// Whether the source has answered or promised something of the pair.
bool HasEarlier(const std::vector<match::SourceOutcome>& all, const std::string& source_id,
                const RecalledPair& pair) {
  return std::any_of(all.begin(), all.end(), [&](const match::SourceOutcome& before) {
    return IsOf(before, source_id, pair) && IsOfUse(before.answer);
  });
}

// Takes out of the outcome what would put a failure in the place of an answer or a promise.
void KeepEarlier(const std::vector<match::SourceOutcome>& all, gather::Outcome* outcome) {
  std::erase_if(outcome->answers, [&](const base::Answer& answer) {
    return !IsOfUse(answer) &&
           HasEarlier(all, outcome->source_id, {answer.person_id, answer.category});
  });
}

// What does not fit the report any more, beside all but what it stands in the place of, is not
// used, and said so.
void HoldToBudget(const std::vector<match::SourceOutcome>& all, const std::string& source_id,
                  base::Answer* answer) {
  const RecalledPair pair(answer->person_id, answer->category);
  size_t records = answer->records.size();
  size_t bytes = RecordBytes(*answer);
  for (const match::SourceOutcome& other : all) {
    if (IsOf(other, source_id, pair)) continue;
    records += other.answer.records.size();
    bytes += RecordBytes(other.answer);
  }
  if (records <= base::kRecordsPerVerificationMax &&
      bytes <= base::kRecordBytesPerVerificationMax) {
    return;
  }
  LeaveOut(answer);
}

}  // namespace

absl::StatusOr<Reverification> PrepareReverification(const Rooms& rooms, const Setup& setup,
                                                     const RecallSpan& span,
                                                     const std::string& agency,
                                                     const base::Uuid& report_id) {
  absl::StatusOr<ReportChain> chain = ReadChain(rooms, agency, report_id);
  if (absl::IsNotFound(chain.status())) return Ended(ReverifyEnd::kMatterClosed);
  HEDUI_RETURN_IF_ERROR(chain.status());
  if (chain->annulled.has_value()) return Ended(ReverifyEnd::kAnnulled);
  const ChainReport& current = chain->current();
  stored::v1::Result stored;
  if (!stored.ParseFromString(current.row.body)) return Damaged("report");
  const std::vector<UsedSource> uses = UsesOf(stored);
  if (std::none_of(uses.begin(), uses.end(),
                   [&span](const UsedSource& use) { return IsWithin(span, use); })) {
    const bool by_recall =
        current.superseding_reason == kRecalledReason && current.row.at >= span.begun;
    return Ended(by_recall ? ReverifyEnd::kVerified : ReverifyEnd::kNotUsed);
  }
  // One report is added; a chain that is full is read no further.
  if (chain->reports.size() >= kCorrectionsMax) return Ended(ReverifyEnd::kFailed);
  HEDUI_ASSIGN_OR_RETURN(const report::CaseBundle bundle,
                         report::DecodeCaseBundle(stored.case_bundle()));
  const VerifyRequest request = RequestOf(bundle);
  absl::StatusOr<access::Grant> grant = CheckRequest(rooms, setup, request);
  if (!grant.ok()) {
    const std::optional<ReverifyEnd> refused = RefusalOf(grant.status());
    if (!refused.has_value()) return grant.status();
    return Ended(*refused);
  }
  Reverification anew;
  anew.agency = agency;
  anew.division = request.household.division;
  anew.verification_id = chain->verification_id;
  anew.current = current.report_id;
  anew.grant = *std::move(grant);
  for (const match::SourceOutcome& outcome : bundle.input.outcomes) {
    if (outcome.source_id != span.source_id || !IsSaid(outcome.answer)) continue;
    anew.pairs.insert({outcome.answer.person_id, outcome.answer.category});
  }
  HEDUI_ASSIGN_OR_RETURN(anew.plan, PlanRequest(setup, request, anew.grant));
  const auto settled = ReadSettled(rooms, anew.verification_id, bundle);
  if (absl::IsNotFound(settled.status())) return Ended(ReverifyEnd::kMatterClosed);  // erased
  HEDUI_RETURN_IF_ERROR(settled.status());
  Narrow({span.source_id, anew.pairs, *settled}, &anew.plan);
  for (const match::SourceOutcome& outcome : bundle.input.outcomes) {
    if (outcome.source_id == span.source_id) continue;
    anew.progress.Add(anew.plan, outcome.source_id, {outcome.answer});
  }
  if (anew.plan.everything.empty()) return anew;
  const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(rooms.clock->WallNow()));
  HEDUI_RETURN_IF_ERROR(MakeIntent(rooms, now, &anew));
  return anew;
}

bool HasWithdrawn(const access::Grant& grant, const std::vector<gather::Outcome>& outcomes) {
  return std::any_of(outcomes.begin(), outcomes.end(), [&grant](const gather::Outcome& outcome) {
    return std::any_of(
        outcome.answers.begin(), outcome.answers.end(),
        [&grant](const base::Answer& answer) { return IsOfWithdrawn(grant, answer); });
  });
}

bool DropWithdrawn(const access::Grant& grant, std::vector<gather::Outcome>* outcomes) {
  bool dropped = false;
  for (gather::Outcome& outcome : *outcomes) {
    for (base::Answer& answer : outcome.answers) {
      if (!IsOfWithdrawn(grant, answer)) continue;
      dropped = dropped || IsSaid(answer);
      base::Answer nothing;
      nothing.person_id = answer.person_id;
      nothing.category = answer.category;
      nothing.kind = base::AnswerKind::kUnavailable;
      nothing.reason = base::Reason::kNoAuthorization;
      answer = std::move(nothing);
    }
  }
  return dropped;
}

void PutAnswers(const Setup& setup, const RecallSpan& span, const Reverification& anew,
                std::vector<gather::Outcome> outcomes, const std::vector<plan::Unasked>& unasked,
                report::CaseBundle* bundle, std::vector<SourceOutcomeView>* views) {
  std::vector<match::SourceOutcome>& all = bundle->input.outcomes;
  // First of all: what the source said must be nowhere, whatever comes of asking it.
  for (const RecalledPair& pair : anew.pairs) {
    match::SourceOutcome* before = nullptr;
    for (match::SourceOutcome& one : all) {
      if (IsOf(one, span.source_id, pair)) before = &one;
    }
    if (before == nullptr) continue;
    if (IsNotNeeded(span, anew, outcomes, pair)) {
      std::erase_if(
          all, [&](const match::SourceOutcome& one) { return IsOf(one, span.source_id, pair); });
      std::erase_if(*views,
                    [&](const SourceOutcomeView& one) { return IsOf(one, span.source_id, pair); });
      continue;
    }
    const access::PersonGrant* const person = anew.grant.Find(pair.first);
    const bool allowed =
        person != nullptr &&
        std::binary_search(person->categories.begin(), person->categories.end(), pair.second);
    before->manual = false;
    before->finding.reset();
    before->reused.reset();
    before->authorization.clear();
    before->answer = base::Answer();
    before->answer.person_id = pair.first;
    before->answer.category = pair.second;
    before->answer.kind = base::AnswerKind::kNotAsked;
    before->answer.reason = allowed ? base::Reason::kNotRoutable : base::Reason::kNoAuthorization;
    Put(span.source_id, pair,
        SourceOutcomeView{span.source_id, pair.first, pair.second, before->answer.kind,
                          before->answer.reason, std::nullopt, 0},
        views);
  }
  for (const plan::Unasked& one : unasked) {
    const RecalledPair pair(one.person_id, one.category);
    if (HasEarlier(all, one.source_id, pair)) continue;
    NameSource(setup, one.source_id, &bundle->frame);
    Put(one.source_id, pair, MatchUnasked(setup, anew.plan, one), &all);
    Put(one.source_id, pair, ViewOf(one), views);
  }
  for (gather::Outcome& outcome : outcomes) {
    NameSource(setup, outcome.source_id, &bundle->frame);
    // What one who stands in has said or promised is not in doubt: that it said nothing when asked
    // once more takes nothing away.
    if (outcome.source_id != span.source_id) KeepEarlier(all, &outcome);
    for (base::Answer& answer : outcome.answers) {
      HoldToBudget(all, outcome.source_id, &answer);
      const RecalledPair pair(answer.person_id, answer.category);
      match::SourceOutcome one = MatchOutcome(setup, anew.plan, outcome.source_id, answer);
      one.authorization = AuthorityText(anew.grant.Find(pair.first));
      Put(outcome.source_id, pair, std::move(one), &all);
    }
    for (SourceOutcomeView& view : ViewsOf(outcome)) {
      const RecalledPair pair(view.person_id, view.category);
      Put(outcome.source_id, pair, std::move(view), views);
    }
  }
}

}  // namespace hedui
