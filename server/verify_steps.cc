#include "server/verify_steps.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"
#include "server/intent_steps.h"
#include "server/pending_rows.h"
#include "server/report/case_bundle.h"
#include "server/report/report_input.h"
#include "server/report_chain.h"
#include "server/report_steps.h"
#include "server/request_check.h"

namespace hedui {
namespace {

// --- looking a request up

struct Earlier {
  std::optional<base::Uuid> verification_id;
  absl::Time begun;
  std::optional<StoredReport> report;
};

// What an earlier call under this request id left behind.
absl::StatusOr<Earlier> LookUp(const Rooms& rooms, const VerifyRequest& request) {
  Earlier earlier;
  HEDUI_ASSIGN_OR_RETURN(auto intents,
                         rooms.rows->Find(RequestKey(request.agency, request.request_id), 1));
  if (intents.empty()) return earlier;
  stored::v1::Intent intent;
  if (!intent.ParseFromString(intents[0].body)) return Damaged("intent");
  if (intent.request() != request.bytes) {
    return base::MakeError(
        absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
        "this request id was used with other content; choose a new UUID for a new request");
  }
  HEDUI_ASSIGN_OR_RETURN(earlier.verification_id, base::Uuid::FromBytes(intent.verification_id()));
  earlier.begun = intents[0].at;
  HEDUI_ASSIGN_OR_RETURN(auto results,
                         rooms.rows->Find(ResultKey(request.agency, request.request_id), 1));
  if (results.empty()) {
    HEDUI_ASSIGN_OR_RETURN(auto ended,
                           rooms.rows->Find(EndedKey(request.agency, request.request_id), 1));
    if (!ended.empty()) return CancelledError();
    return earlier;
  }
  stored::v1::Result result;
  if (!result.ParseFromString(results[0].body)) return Damaged("report");
  HEDUI_ASSIGN_OR_RETURN(earlier.report, ReportOf(rooms, results[0], result, request.officer));
  return earlier;
}

// --- the intent

// Keys of the first intent only, so that a verification which was resumed is listed once.
void AddListingKeys(const VerifyRequest& request, absl::Time now, base::Row* row) {
  row->keys.push_back(
      base::DayKey(request.agency, base::Listed::kVerification, base::CivilDayOf(now)));
  row->keys.push_back(MatterVerificationsKey(request.agency, request.matter_number));
}

base::Row IntentRow(const VerifyRequest& request, const Prepared& prepared, bool first,
                    absl::Time now) {
  stored::v1::Intent body;
  body.set_verification_id(prepared.verification_id.ToBytes());
  body.set_request(request.bytes);
  body.set_agency(request.agency);
  body.set_request_digest(prepared.request_digest);
  if (prepared.parts.has_value()) {
    for (const std::string& part : prepared.parts->encoded()) body.add_parts(part);
  }
  base::Row row;
  row.kind = base::RowKind::kIntent;
  row.id = prepared.intent_id;
  row.matter = prepared.grant.matter_id;
  row.at = now;
  row.keys = {RequestKey(request.agency, request.request_id),
              {base::LookupKind::kVerification, prepared.verification_id.ToBytes()}};
  if (first) AddListingKeys(request, now, &row);
  if (request.detached) row.keys.push_back(BegunKey(now));
  if (prepared.day_place.key().has_value()) row.keys.push_back(*prepared.day_place.key());
  for (const base::Person& person : request.household.persons) {
    if (person.identity.number.empty()) continue;
    row.keys.push_back(PersonKey(person.identity));
  }
  row.body = body.SerializeAsString();
  return row;
}

// --- after the answers

// Of pairs of person and category.
size_t CountOf(const std::vector<gather::Outcome>& outcomes) {
  size_t count = 0;
  for (const gather::Outcome& outcome : outcomes) count += outcome.answers.size();
  return count;
}

std::vector<match::SourceOutcome> MatchOutcomes(const Setup& setup, const Prepared& prepared,
                                                std::vector<gather::Outcome> outcomes,
                                                const std::vector<plan::Unasked>& unasked) {
  std::vector<match::SourceOutcome> result;
  result.reserve(CountOf(outcomes) + unasked.size());
  for (gather::Outcome& outcome : outcomes) {
    for (base::Answer& answer : outcome.answers) {
      std::string authorization = AuthorityText(prepared.grant.Find(answer.person_id));
      result.push_back(MatchOutcome(setup, prepared.plan, outcome.source_id, std::move(answer)));
      result.back().authorization = std::move(authorization);
      result.back().reused = outcome.reused;
    }
  }
  for (const plan::Unasked& pair : unasked) {
    result.push_back(MatchUnasked(setup, prepared.plan, pair));
  }
  return result;
}

std::vector<SourceOutcomeView> Views(const std::vector<gather::Outcome>& outcomes,
                                     const std::vector<plan::Unasked>& unasked) {
  std::vector<SourceOutcomeView> views;
  views.reserve(CountOf(outcomes) + unasked.size());
  for (const gather::Outcome& outcome : outcomes) {
    std::vector<SourceOutcomeView> own = ViewsOf(outcome);
    std::move(own.begin(), own.end(), std::back_inserter(views));
  }
  for (const plan::Unasked& pair : unasked) views.push_back(ViewOf(pair));
  return views;
}

std::vector<report::Authorization> Authorizations(const access::Grant& grant) {
  std::vector<report::Authorization> result;
  for (const access::PersonGrant& person : grant.persons) {
    report::Authorization entry;
    entry.person_id = person.person_id;
    entry.authorized = person.authority.kind != access::Authority::Kind::kNone;
    if (person.authority.kind == access::Authority::Kind::kLetter) entry.basis = "LETTER";
    if (person.authority.kind == access::Authority::Kind::kLegalBasis) entry.basis = "LEGAL_BASIS";
    entry.reference = AuthorityText(&person);
    result.push_back(std::move(entry));
  }
  return result;
}

std::vector<const plan::Source*> NamedSources(const Setup& setup, const plan::Plan& plan) {
  std::vector<const plan::Source*> named;
  const auto add = [&](const std::string& id) {
    const plan::Source* source = setup.catalogue.Find(id);
    if (source == nullptr) return;
    if (std::find(named.begin(), named.end(), source) == named.end()) named.push_back(source);
  };
  for (const plan::SourceQuery& query : plan.everything) add(query.source_id);
  for (const plan::Unasked& pair : plan.unasked) add(pair.source_id);
  return named;
}

// What only the request and its plan say of a report.
report::ReportFrame Frame(const VerifyRequest& request, const Prepared& prepared) {
  report::ReportFrame frame;
  frame.verification_id = prepared.verification_id;
  frame.agency = prepared.grant.agency;
  frame.agency_name = prepared.grant.agency_name;
  frame.officer = prepared.grant.officer;
  frame.check_kind = request.check_kind;
  frame.matter_number = request.matter_number;
  frame.purpose = request.purpose;
  frame.programmes = request.programmes;
  frame.replaces_report_number = request.replaces_report_number;
  frame.authorizations = Authorizations(prepared.grant);
  for (const plan::Source* source : prepared.sources) {
    frame.sources.push_back(
        {source->id, source->name, std::string(base::LevelName(source->level))});
  }
  return frame;
}

base::Row ResultRow(const VerifyRequest& request, const Prepared& prepared, const MadeReport& made,
                    const std::vector<SourceOutcomeView>& outcomes) {
  base::Row row = ReportRow(made, outcomes, request.agency, prepared.grant.matter_id,
                            prepared.request_digest, {});
  row.keys.push_back(ResultKey(request.agency, request.request_id));
  if (prepared.replaces.has_value()) row.keys.push_back(ChainKey(*prepared.replaces));
  return row;
}

}  // namespace

base::Period AskedPeriod(const base::CaseDates& dates) {
  const absl::CivilMonth first = absl::CivilMonth(dates.application) - kLookBackMonths;
  return {absl::CivilDay(first), std::max(dates.application, dates.policy) + 1};
}

std::vector<Promise> PromisesIn(const Rooms& rooms, const Promise& common,
                                const std::vector<gather::Outcome>& outcomes) {
  std::vector<Promise> promises;
  for (const gather::Outcome& outcome : outcomes) {
    Promise promise = common;
    for (const base::Answer& answer : outcome.answers) {
      if (answer.kind != base::AnswerKind::kPending) continue;
      promise.pairs.push_back({answer.person_id, answer.category});
    }
    if (promise.pairs.empty()) continue;
    promise.id = rooms.ids->NextId(common.promised_at);
    promise.source_id = outcome.source_id;
    promise.token = outcome.pending_token;
    if (outcome.pending_ready_after != absl::InfinitePast()) {
      promise.ready_after = outcome.pending_ready_after;
    }
    promises.push_back(std::move(promise));
  }
  return promises;
}

absl::StatusOr<plan::Plan> PlanRequest(const Setup& setup, const VerifyRequest& request,
                                       const access::Grant& grant) {
  plan::PlanInput input;
  input.household = &request.household;
  for (const access::PersonGrant& person : grant.persons) {
    input.scopes.push_back(
        {person.person_id, person.categories,
         person.reason == base::Reason::kNone ? base::Reason::kNoAuthorization : person.reason});
  }
  input.needed = grant.needed;
  input.platform_level = setup.reg.platform().level;
  input.platform_division = setup.reg.platform().division;
  input.period = AskedPeriod(request.dates);
  return plan::MakePlan(setup.catalogue, input);
}

match::SourceOutcome MatchOutcome(const Setup& setup, const plan::Plan& plan,
                                  const std::string& source_id, base::Answer answer) {
  match::SourceOutcome outcome;
  const plan::Source* source = setup.catalogue.Find(source_id);
  outcome.source_id = source_id;
  if (source != nullptr) outcome.rank = source->authority_rank;
  // What no source could be named for is nobody's to make up for.
  if (!source_id.empty()) {
    outcome.stand_ins = plan::StandInsFor(plan, source_id, answer.person_id, answer.category);
  }
  outcome.answer = std::move(answer);
  return outcome;
}

match::SourceOutcome MatchUnasked(const Setup& setup, const plan::Plan& plan,
                                  const plan::Unasked& pair) {
  base::Answer answer;
  answer.person_id = pair.person_id;
  answer.category = pair.category;
  answer.kind = pair.kind;
  answer.reason = pair.reason;
  return MatchOutcome(setup, plan, pair.source_id, std::move(answer));
}

absl::StatusOr<Prepared> Prepare(const Rooms& rooms, const Setup& setup,
                                 const VerifyRequest& request) {
  Prepared prepared;
  HEDUI_ASSIGN_OR_RETURN(Earlier earlier, LookUp(rooms, request));
  prepared.begun = earlier.begun;
  if (earlier.report.has_value()) {
    prepared.stored = std::move(earlier.report);
    HEDUI_ASSIGN_OR_RETURN(const int open,
                           CountOpenPromises(*rooms.pages, *earlier.verification_id));
    prepared.promises = static_cast<size_t>(open);
    return prepared;
  }
  HEDUI_ASSIGN_OR_RETURN(prepared.grant, CheckRequest(rooms, setup, request));
  prepared.request_digest = base::HmacSha256(prepared.grant.digest_key, request.bytes);
  if (!request.replaces_report_number.empty()) {
    HEDUI_ASSIGN_OR_RETURN(prepared.replaces,
                           AnnulledVerification(rooms, request.agency, request.matter_number,
                                                request.replaces_report_number));
  }
  HEDUI_ASSIGN_OR_RETURN(prepared.plan, PlanRequest(setup, request, prepared.grant));
  prepared.sources = NamedSources(setup, prepared.plan);

  const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(rooms.clock->WallNow()));
  prepared.verification_id =
      earlier.verification_id.has_value() ? *earlier.verification_id : rooms.ids->NextId(now);
  if (!earlier.verification_id.has_value()) {
    prepared.begun = now;
    // Authorized, so the agency is in this register.
    HEDUI_ASSIGN_OR_RETURN(prepared.day_place,
                           rooms.day_quota->Take(*setup.reg.FindAgency(request.agency)));
  }
  prepared.intent_id = rooms.ids->NextId(now);
  const std::vector<plan::SourceQuery>& everything = prepared.plan.everything;
  if (!everything.empty()) {
    HEDUI_ASSIGN_OR_RETURN(prepared.parts,
                           BuildParts(prepared.grant, everything, prepared.intent_id,
                                      rooms.ids->RandomBytes(ledger::Hash().size()), now));
  }
  prepared.rows.push_back(IntentRow(request, prepared, !earlier.verification_id.has_value(), now));
  if (prepared.parts.has_value()) {
    prepared.entry = EncodeIntent(prepared.rows[0], prepared.verification_id, *prepared.parts,
                                  prepared.grant.digest_key);
  }
  return prepared;
}

void LetGoOfPlan(Prepared* prepared) {
  prepared->parts.reset();
  prepared->plan.everything = {};
  prepared->grant.needed = {};
  for (access::PersonGrant& person : prepared->grant.persons) person.categories = {};
  // Who could have stood in for whom is kept: the report says so.
  prepared->plan.waves = {};
}

std::string ShareScope(const VerifyRequest& request, const access::Grant& grant) {
  return absl::StrCat(grant.matter_id.ToString(), "\n", request.agency, "\n", request.purpose);
}

gather::Sharing::StillAuthorized KeepAuthority(const access::Grant& grant) {
  return [grant](const std::string& person_id) { return access::IsLive(grant, person_id); };
}

std::vector<SourceOutcomeView> ViewsOf(const gather::Outcome& outcome) {
  std::vector<SourceOutcomeView> views;
  views.reserve(outcome.answers.size());
  for (const base::Answer& answer : outcome.answers) {
    views.push_back({outcome.source_id, answer.person_id, answer.category, answer.kind,
                     answer.reason, answer.data_day,
                     outcome.attempts == 0 ? 0 : absl::ToInt64Milliseconds(outcome.elapsed)});
    if (!outcome.reused.has_value()) continue;
    views.back().reused_attempt = outcome.reused->attempt_id;
    views.back().obtained = outcome.reused->obtained;
  }
  return views;
}

SourceOutcomeView ViewOf(const plan::Unasked& pair) {
  return {pair.source_id, pair.person_id, pair.category, pair.kind, pair.reason, std::nullopt, 0};
}

base::Row EndedRow(const VerifyRequest& request, const Prepared& prepared,
                   const std::string& officer, const base::Uuid& id, absl::Time now) {
  return EndedRow(request.agency, request.request_id, prepared.verification_id,
                  prepared.grant.matter_id, officer, id, now);
}

absl::StatusOr<Concluded> Conclude(const Rooms& rooms, const Setup& setup,
                                   const VerifyRequest& request, const Prepared& prepared,
                                   std::vector<gather::Outcome> outcomes,
                                   const std::vector<plan::Unasked>& unasked) {
  Concluded concluded;
  concluded.outcomes = Views(outcomes, unasked);
  const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(rooms.clock->WallNow()));
  Promise common;
  common.verification_id = prepared.verification_id;
  common.matter = prepared.grant.matter_id;
  common.agency = request.agency;
  common.request_id = request.request_id;
  common.intent_id = prepared.intent_id;
  common.promised_at = now;
  common.period = AskedPeriod(request.dates);
  concluded.promises = PromisesIn(rooms, common, outcomes);
  report::CaseBundle bundle;
  bundle.frame = Frame(request, prepared);
  bundle.input.household = request.household;
  bundle.input.dates = request.dates;
  bundle.input.matter_number = request.matter_number;
  bundle.input.programmes = request.programmes;
  std::vector<UsedSource> used = UsesOf(outcomes);
  bundle.input.outcomes = MatchOutcomes(setup, prepared, std::move(outcomes), unasked);
  HEDUI_ASSIGN_OR_RETURN(MadeReport made, MakeReport(rooms, setup, std::move(bundle), now));
  made.used = std::move(used);
  concluded.rows.push_back(ResultRow(request, prepared, made, concluded.outcomes));
  concluded.draft = std::move(made.draft);
  concluded.report_number = std::move(made.number);
  for (const Promise& promise : concluded.promises) {
    concluded.rows.push_back(PromiseRow(promise, now));
  }
  return concluded;
}

}  // namespace hedui
