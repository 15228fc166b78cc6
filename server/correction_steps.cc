#include "server/correction_steps.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/gather/answer_rules.h"
#include "server/gather/source_policy.h"

namespace hedui {
namespace {

// Of what is told twice registers are shown before people.
constexpr int32_t kManualRank = 1'000;

bool IsAbout(const match::SourceOutcome& outcome, const std::string& person_id,
             const std::string& category, absl::string_view source_id) {
  return outcome.answer.person_id == person_id && outcome.answer.category == category &&
         outcome.source_id == source_id;
}

void Show(const std::string& source_id, const base::Answer& answer,
          std::vector<SourceOutcomeView>* outcomes) {
  const auto is_it = [&](const SourceOutcomeView& view) {
    return view.source_id == source_id && view.person_id == answer.person_id &&
           view.category == answer.category;
  };
  auto at = std::find_if(outcomes->begin(), outcomes->end(), is_it);
  if (at == outcomes->end()) at = outcomes->emplace(outcomes->end());
  at->source_id = source_id;
  at->person_id = answer.person_id;
  at->category = answer.category;
  at->kind = answer.kind;
  at->reason = answer.reason;
  at->data_day = answer.data_day;
}

void NameManualSource(report::ReportFrame* frame) {
  const auto is_it = [](const report::SourceName& source) {
    return source.id == base::kManualSourceId;
  };
  if (std::any_of(frame->sources.begin(), frame->sources.end(), is_it)) return;
  frame->sources.push_back({std::string(base::kManualSourceId), "人工核查", ""});
}

// A corrected report has to fit a row as the first one does.
absl::Status CheckRecords(const std::vector<match::SourceOutcome>& outcomes) {
  size_t records = 0;
  size_t bytes = 0;
  for (const match::SourceOutcome& outcome : outcomes) {
    records += outcome.answer.records.size();
    for (const base::Record& record : outcome.answer.records) bytes += base::SizeOf(record);
  }
  if (records <= base::kRecordsPerVerificationMax &&
      bytes <= base::kRecordBytesPerVerificationMax) {
    return absl::OkStatus();
  }
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition, "RECORDS_MAX",
      absl::StrCat("with these records the report would hold more than ",
                   base::kRecordsPerVerificationMax,
                   ", or more than a mebibyte of them; record "
                   "what matters for the result, and keep the rest with the evidence"));
}

}  // namespace

absl::Status AddFinding(const Setup& setup, const PeopleFound& found, std::string digest,
                        report::CaseBundle* bundle, std::vector<SourceOutcomeView>* outcomes) {
  const base::Answer& answer = found.answer;
  const std::vector<base::Person>& persons = bundle->input.household.persons;
  const auto is_person = [&](const base::Person& person) { return person.id == answer.person_id; };
  if (std::none_of(persons.begin(), persons.end(), is_person)) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "PERSON_UNKNOWN",
                           "person_id names nobody of this report's household");
  }
  const std::vector<std::string> categories = setup.policies->Categories();
  if (std::find(categories.begin(), categories.end(), answer.category) == categories.end()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "CATEGORY_UNKNOWN",
                           "category is none of those that the policies know");
  }
  match::SourceOutcome outcome;
  outcome.source_id = std::string(base::kManualSourceId);
  outcome.rank = kManualRank;
  outcome.manual = true;
  outcome.finding = found.how;
  outcome.answer = answer;
  outcome.answer.data_day = found.how.day;
  outcome.answer.digest = std::move(digest);
  std::vector<match::SourceOutcome>& all = bundle->input.outcomes;
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const match::SourceOutcome& earlier) {
                             return IsAbout(earlier, answer.person_id, answer.category,
                                            base::kManualSourceId);
                           }),
            all.end());
  NameManualSource(&bundle->frame);
  Show(outcome.source_id, outcome.answer, outcomes);
  all.push_back(std::move(outcome));
  return CheckRecords(all);
}

absl::Status Decide(const Setup& setup, const IdentityDecision& decision, absl::CivilDay asked,
                    report::CaseBundle* bundle, std::vector<SourceOutcomeView>* outcomes) {
  std::vector<match::SourceOutcome>& all = bundle->input.outcomes;
  const auto at = std::find_if(all.begin(), all.end(), [&](const match::SourceOutcome& outcome) {
    return IsAbout(outcome, decision.person_id, decision.category, decision.source_id);
  });
  const bool held_back = at != all.end() && at->answer.kind == base::AnswerKind::kAmbiguous &&
                         at->answer.reason == base::Reason::kWrongPerson;
  // An answer under another number was not kept: it is somebody else's.
  if (!held_back || (decision.same_person && at->answer.records.empty())) {
    return base::MakeError(
        absl::StatusCode::kFailedPrecondition, "NOTHING_TO_RESOLVE",
        "the report holds no answer of this source whose person could be decided; what was found "
        "out otherwise is recorded as a finding (RecordFinding)");
  }
  base::Answer& answer = at->answer;
  at->manual = true;
  at->finding = decision.how;
  answer.subject.reset();
  if (decision.same_person) {
    answer.kind = base::AnswerKind::kFound;
    answer.reason = base::Reason::kNone;
    // As fresh as it was on the day it came.
    std::vector<base::Answer> judged{std::move(answer)};
    if (const plan::Source* source = setup.catalogue.Find(decision.source_id)) {
      gather::ApplyFreshness(gather::PolicyOf(*source), asked, &judged);
    }
    gather::EndWithToday(asked, &judged);
    answer = std::move(judged[0]);
  } else {
    answer.kind = base::AnswerKind::kUnavailable;
    answer.complete = false;
    answer.records.clear();
  }
  Show(decision.source_id, answer, outcomes);
  return absl::OkStatus();
}

}  // namespace hedui
