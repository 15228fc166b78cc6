#include "server/poll_steps.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/access/defects.h"
#include "server/answer_flow.h"
#include "server/base/digest.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"
#include "server/intent_steps.h"
#include "server/report_chain.h"
#include "server/report_steps.h"
#include "server/request_check.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// Of one request, read at once: its own, those that took it up again after crashes, one a day of
// polling and source.
constexpr size_t kIntentsAtOnce = 64;
constexpr size_t kChainHeadsMax = 1'000;
// A warrant that runs out on its way would be refused.
constexpr absl::Duration kValidFor = absl::Minutes(1);

PollPlan End(Promise promise, PromiseEnd how) {
  PollPlan plan;
  plan.what = PollPlan::Do::kEnd;
  plan.end = how;
  plan.promise = std::move(promise);
  return plan;
}

PollPlan Wait(Promise promise, absl::Status why) {
  PollPlan plan;
  plan.what = PollPlan::Do::kWait;
  plan.why = std::move(why);
  plan.promise = std::move(promise);
  return plan;
}

absl::Status NotNow(absl::string_view reason, absl::string_view text) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, reason, text,
                         base::Visibility::kOperator);
}

// How the reports of a verification stand.
struct Standing {
  bool annulled = false;
  size_t reports = 1;  // the first and, unless annulled, those that superseded
};

absl::StatusOr<Standing> ReadStanding(const Rooms& rooms, const base::Uuid& verification_id) {
  HEDUI_ASSIGN_OR_RETURN(const auto later,
                         rooms.pages->FindHeads(ChainKey(verification_id), kChainHeadsMax));
  Standing standing;
  for (const base::RowHead& row : later) {
    if (row.kind == base::RowKind::kAnnulled) standing.annulled = true;
    if (row.kind == base::RowKind::kResult) ++standing.reports;
  }
  return standing;
}

bool SaysClosed(const absl::Status& status) {
  const std::vector<access::Defect> defects = access::DefectsOf(status);
  return std::any_of(defects.begin(), defects.end(),
                     [](const access::Defect& defect) { return defect.reason == "MATTER_CLOSED"; });
}

// Of what was promised, that which may be asked for now.
plan::SourceQuery QueryOf(const Promise& promise, const base::Household& household,
                          const access::Grant& grant) {
  plan::SourceQuery query;
  query.source_id = promise.source_id;
  query.period = promise.period;
  for (const base::Person& person : household.persons) {
    const access::PersonGrant* const granted = grant.Find(person.id);
    if (granted == nullptr || !access::IsLive(grant, person.id)) continue;
    plan::PersonQuery asked{person.id, person.identity, {}};
    for (const PromisedPair& pair : promise.pairs) {
      if (pair.person_id == person.id &&
          std::binary_search(granted->categories.begin(), granted->categories.end(),
                             pair.category)) {
        asked.categories.push_back(pair.category);
      }
    }
    std::sort(asked.categories.begin(), asked.categories.end());
    if (!asked.categories.empty()) query.people.push_back(std::move(asked));
  }
  return query;
}

// Whether everybody of it has withdrawn: then no letter signed from now on is about this promise.
bool AllWithdrew(const Promise& promise, const access::Grant& grant) {
  return std::all_of(promise.pairs.begin(), promise.pairs.end(), [&](const PromisedPair& pair) {
    const access::PersonGrant* const person = grant.Find(pair.person_id);
    return person != nullptr && person->why == "LETTER_REVOKED";
  });
}

// Whether a part of an earlier intent says all that a warrant for this must say.
bool Covers(const ledger::IntentPart& part, const plan::SourceQuery& query,
            const access::Grant& grant, absl::Time now) {
  if (part.valid_until < now + kValidFor || part.purpose != grant.purpose ||
      part.agency != grant.agency) {
    return false;
  }
  std::vector<ledger::AskedPerson> people;
  for (const plan::PersonQuery& person : query.people) {
    people.push_back({person.identity, person.categories});
    const ledger::PartAuthority authority =
        PartAuthorityOf(grant, grant.Find(person.person_id)->authority);
    if (std::find(part.authorities.begin(), part.authorities.end(), authority) ==
        part.authorities.end()) {
      return false;
    }
  }
  return ledger::WarrantCovers(part, query.source_id, people, query.period).ok();
}

// Whether this intent is one under which this may be asked; it is the plan's then.
absl::StatusOr<bool> UseIntent(const Rooms& rooms, const base::Row& row, absl::Time now,
                               PollPlan* plan) {
  stored::v1::Intent intent;
  if (!intent.ParseFromString(row.body)) return Damaged("intent");
  if (!row.log_index.has_value() || intent.parts().empty()) return false;
  HEDUI_ASSIGN_OR_RETURN(
      ledger::IntentParts parts,
      ledger::IntentParts::FromEncoded({intent.parts().begin(), intent.parts().end()}));
  const std::optional<size_t> own = parts.Find(plan->query.source_id);
  if (!own.has_value()) return false;
  HEDUI_ASSIGN_OR_RETURN(const ledger::IntentPart part, ledger::DecodePart(parts.encoded()[*own]));
  if (!Covers(part, plan->query, plan->grant, now)) return false;
  HEDUI_ASSIGN_OR_RETURN(const auto entries,
                         rooms.log->ReadEntries(*row.log_index, *row.log_index + 1));
  HEDUI_ASSIGN_OR_RETURN(plan->proof, ProofNow(rooms, entries.at(0), *row.log_index));
  plan->intent_id = row.id;
  plan->parts = std::move(parts);
  return true;
}

// The newest of the request's intents under which this may be asked; false: none. However many
// there are, those of which no part is valid any more are not looked at.
absl::StatusOr<bool> FindIntent(const Rooms& rooms, absl::Time now, PollPlan* plan) {
  const base::LookupKey key = RequestKey(plan->promise.agency, plan->promise.request_id);
  base::RowPage page;
  page.place = base::kNewestPlace;
  do {
    HEDUI_ASSIGN_OR_RETURN(page, rooms.pages->FindBefore(key, page.place, kIntentsAtOnce));
    for (const base::PlacedRow& placed : page.rows) {
      if (placed.row.at + kWarrantValidity < now) return false;
      HEDUI_ASSIGN_OR_RETURN(const bool used, UseIntent(rooms, placed.row, now, plan));
      if (used) return true;
    }
  } while (page.more);
  return false;
}

// Another intent, of this poll alone: a further one of the same verification.
absl::Status MakeIntent(const Rooms& rooms, const VerifyRequest& request, absl::Time now,
                        PollPlan* plan) {
  plan->intent_id = rooms.ids->NextId(now);
  HEDUI_ASSIGN_OR_RETURN(plan->parts,
                         BuildParts(plan->grant, {plan->query}, plan->intent_id,
                                    rooms.ids->RandomBytes(ledger::Hash().size()), now));
  stored::v1::Intent body;
  body.set_verification_id(plan->promise.verification_id.ToBytes());
  body.set_agency(request.agency);
  body.set_request_digest(base::HmacSha256(plan->grant.digest_key, request.bytes));
  for (const std::string& part : plan->parts->encoded()) body.add_parts(part);
  base::Row row;
  row.kind = base::RowKind::kIntent;
  row.id = plan->intent_id;
  row.matter = plan->grant.matter_id;
  row.at = now;
  row.keys = {RequestKey(request.agency, request.request_id),
              {base::LookupKind::kVerification, plan->promise.verification_id.ToBytes()}};
  for (const plan::PersonQuery& person : plan->query.people) {
    if (!person.identity.number.empty()) row.keys.push_back(PersonKey(person.identity));
  }
  row.body = body.SerializeAsString();
  plan->entry =
      EncodeIntent(row, plan->promise.verification_id, *plan->parts, plan->grant.digest_key);
  plan->rows.push_back(std::move(row));
  return absl::OkStatus();
}

// The promise, where there is something to be done about it.
absl::StatusOr<std::optional<Promise>> ReadOpen(const Rooms& rooms, const base::Uuid& id) {
  HEDUI_ASSIGN_OR_RETURN(const bool open, IsOpen(*rooms.pages, id));
  if (!open) return std::optional<Promise>();
  auto rows = rooms.rows->Find(PromiseKey(id), 1);
  if (IsErased(rows.status()) || (rows.ok() && rows->empty())) return std::optional<Promise>();
  HEDUI_RETURN_IF_ERROR(rows.status());
  return ReadPromise(rows->front());
}

absl::StatusOr<PollPlan> Authorize(const Rooms& rooms, const Setup& setup,
                                   const VerifyRequest& request, Promise promise, absl::Time now) {
  absl::StatusOr<access::Grant> grant = CheckRequest(rooms, setup, request);
  if (!grant.ok()) {
    return SaysClosed(grant.status()) ? End(std::move(promise), PromiseEnd::kRevoked)
                                      : Wait(std::move(promise), grant.status());
  }
  PollPlan plan;
  plan.what = PollPlan::Do::kPoll;
  plan.query = QueryOf(promise, request.household, *grant);
  if (plan.query.people.empty()) {
    if (AllWithdrew(promise, *grant)) return End(std::move(promise), PromiseEnd::kRevoked);
    return Wait(std::move(promise),
                NotNow("NOBODY_AUTHORIZED", "nobody of it may be asked about now"));
  }
  plan.promise = std::move(promise);
  plan.division = request.household.division;
  plan.grant = *std::move(grant);
  HEDUI_ASSIGN_OR_RETURN(const bool used, FindIntent(rooms, now, &plan));
  if (!used) {
    HEDUI_RETURN_IF_ERROR(MakeIntent(rooms, request, now, &plan));
  }
  return plan;
}

// What a source said that is more than that it could not say anything.
bool IsAnswer(const base::Answer& answer) {
  return IsSaid(answer) || (answer.kind == base::AnswerKind::kRefused &&
                            answer.reason != base::Reason::kWarrantRejected);
}

}  // namespace

absl::StatusOr<PollPlan> PreparePoll(const Rooms& rooms, const Setup& setup,
                                     const DecodeKept& decode, const base::Uuid& promise_id) {
  HEDUI_ASSIGN_OR_RETURN(std::optional<Promise> promise, ReadOpen(rooms, promise_id));
  if (!promise.has_value()) return PollPlan();
  HEDUI_ASSIGN_OR_RETURN(const Standing standing, ReadStanding(rooms, promise->verification_id));
  if (standing.annulled) return End(*std::move(promise), PromiseEnd::kRevoked);
  const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(rooms.clock->WallNow()));
  // Into a chain that is full no answer would come: whoever is asked would be asked for nothing.
  if (standing.reports >= kLateReportsMax || now >= promise->promised_at + kPromiseKeptFor) {
    return End(*std::move(promise), PromiseEnd::kExpired);
  }
  if (setup.sources->Find(promise->source_id) == nullptr) {
    return Wait(*std::move(promise), NotNow("SOURCE_UNKNOWN", "its source is in no catalogue"));
  }
  auto intents = rooms.rows->Find(RequestKey(promise->agency, promise->request_id), 1);
  if (IsErased(intents.status())) return PollPlan();
  HEDUI_RETURN_IF_ERROR(intents.status());
  stored::v1::Intent first;
  if (intents->empty() || !first.ParseFromString(intents->front().body)) return Damaged("intent");
  absl::StatusOr<VerifyRequest> request = decode(promise->agency, first.request());
  if (!request.ok()) return Wait(*std::move(promise), request.status());
  return Authorize(rooms, setup, *request, *std::move(promise), now);
}

PollReply ReadPollReply(const Promise& promise, gather::Outcome outcome) {
  PollReply reply;
  reply.lost = outcome.token_unknown;
  for (const PromisedPair& pair : promise.pairs) {
    const auto at = std::find_if(
        outcome.answers.begin(), outcome.answers.end(), [&pair](const base::Answer& answer) {
          return answer.person_id == pair.person_id && answer.category == pair.category;
        });
    if (at != outcome.answers.end() && IsAnswer(*at)) {
      reply.answers.push_back(std::move(*at));
    } else {
      reply.promised.push_back(pair);
    }
  }
  reply.failed =
      outcome.attempts > 0 && !reply.lost && reply.answers.empty() && outcome.pending_token.empty();
  reply.token = outcome.pending_token.empty() ? promise.token : std::move(outcome.pending_token);
  if (outcome.pending_ready_after != absl::InfinitePast()) {
    reply.ready_after = outcome.pending_ready_after;
  }
  return reply;
}

Promise Renewed(const Promise& promise, const base::Uuid& id, std::vector<PromisedPair> pairs,
                const PollReply& reply) {
  Promise renewed = promise;
  renewed.id = id;
  renewed.pairs = std::move(pairs);
  renewed.token = reply.token;
  renewed.ready_after = reply.ready_after;
  return renewed;
}

}  // namespace hedui
