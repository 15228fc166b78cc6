#include "server/report_steps.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/assess/assessor.h"
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/status.h"
#include "server/gather/gatherer.h"
#include "server/match/matcher.h"
#include "server/report/report_input.h"
#include "server/report/wire_writer.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// The words for every category and kind that lines name: answered, found, or not stated.
std::vector<report::CodeLabel> Labels(const Setup& setup, const report::ReportInput& input) {
  std::vector<absl::string_view> codes;  // of the input
  codes.reserve(input.match.facts.answers.size() + input.match.facts.facts.size());
  for (const base::AnswerState& answer : input.match.facts.answers) {
    codes.push_back(answer.category);
  }
  for (const base::Fact& fact : input.match.facts.facts) codes.push_back(fact.record.kind);
  if (input.assessment.has_value()) {
    for (const assess::TraceEntry& entry : input.assessment->entries) {
      for (const assess::Blame& blame : entry.blame) {
        if (blame.kind != assess::BlameKind::kDeclaration) continue;
        codes.push_back(absl::string_view(blame.detail).substr(0, blame.detail.find('.')));
      }
    }
  }
  std::sort(codes.begin(), codes.end());
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  std::vector<report::CodeLabel> labels;
  for (const absl::string_view code : codes) {
    std::string label = setup.policies->LabelOf(code);
    if (label != code) labels.push_back({std::string(code), std::move(label)});
  }
  return labels;
}

// How long the report is valid, where a policy of the household's division says so on the day of
// issue. Days count from that day, which is the first.
void SetValidity(const Setup& setup, const std::string& division, report::ReportFrame* frame) {
  const absl::CivilDay issued = base::CivilDayOf(frame->issued_at);
  const auto days = setup.policies->WholeNumberOn(division, "report_validity", issued);
  if (!days.has_value() || days->value <= 0) return;
  frame->valid_until = issued + (days->value - 1);
  frame->validity_basis = absl::StrCat(days->citation.title, " ", days->citation.article,
                                       days->citation.verified ? "" : "，未核实");
}

// What every report says of itself.
void CompleteFrame(const Rooms& rooms, const Setup& setup, absl::Time now,
                   report::ReportInput* input) {
  report::ReportFrame& frame = input->frame;
  frame.report_id = rooms.ids->NextId(now);
  frame.issuing_centre = setup.reg.platform().name;
  frame.issuing_division = setup.reg.platform().division;
  frame.log_origin = rooms.log_origin;
  frame.division_name =
      base::DivisionFullName(input->household.division, input->dates.policy).value_or("");
  frame.issued_at = now;
  SetValidity(setup, input->household.division, &frame);
  frame.restriction = setup.restriction;
  frame.objection = setup.objection;
  frame.labels = Labels(setup, *input);
}

// Numbers as int32 and int64 have them on the wire.
uint64_t Signed(int64_t value) { return static_cast<uint64_t>(value); }

void PutOutcome(const SourceOutcomeView& view, report::WireWriter* out) {
  using Fields = stored::v1::StoredOutcome;
  const size_t begun = out->Begin(stored::v1::Result::kOutcomesFieldNumber);
  out->Known(Fields::kSourceIdFieldNumber, view.source_id);
  out->Known(Fields::kPersonIdFieldNumber, view.person_id);
  out->Known(Fields::kCategoryFieldNumber, view.category);
  out->Uint(Fields::kKindFieldNumber, static_cast<uint64_t>(view.kind));
  out->Uint(Fields::kReasonFieldNumber, static_cast<uint64_t>(view.reason));
  out->Known(Fields::kDataDayFieldNumber, base::FormatDay(view.data_day));
  out->Uint(Fields::kElapsedMsFieldNumber, Signed(view.elapsed_ms));
  if (!view.reused_attempt.empty()) {
    out->Known(Fields::kReusedAttemptFieldNumber, view.reused_attempt);
    out->Uint(Fields::kObtainedMsFieldNumber, Signed(absl::ToUnixMillis(view.obtained)));
  }
  out->End(begun);
}

// What a case and its outcomes take in a row, mostly: room that is made at once.
constexpr size_t kCaseBytesUsual = 24'576;

// stored::v1::Result, written as its lines are: as a message, some ninety thousand bytes would be
// copied twice more. All its texts were read out of messages, or are ours: UTF-8 for certain.
std::string EncodeResult(const MadeReport& made, const std::vector<SourceOutcomeView>& outcomes,
                         const std::string& agency, const std::string& request_digest,
                         const std::optional<base::Uuid>& first) {
  using Fields = stored::v1::Result;
  const report::ReportFrame& frame = made.bundle.frame;
  const size_t draft_size = report::DraftSize(made.draft);
  std::string body;
  body.reserve(draft_size + kCaseBytesUsual);
  report::WireWriter out(&body);
  out.BytesAlways(Fields::kVerificationIdFieldNumber, frame.verification_id.ToBytes());
  out.BytesAlways(Fields::kReportIdFieldNumber, frame.report_id.ToBytes());
  out.Bytes(Fields::kRequestDigestFieldNumber, request_digest);
  out.Known(Fields::kAgencyFieldNumber, agency);
  out.Head(Fields::kDraftFieldNumber, draft_size);
  report::AppendDraft(made.draft, &body);
  const size_t bundle = out.Begin(Fields::kCaseBundleFieldNumber);
  report::AppendCaseBundle(made.bundle, &body);
  out.End(bundle);
  for (const SourceOutcomeView& view : outcomes) PutOutcome(view, &out);
  if (first.has_value()) out.BytesAlways(Fields::kFirstReportIdFieldNumber, first->ToBytes());
  for (const UsedSource& use : made.used) {
    const size_t begun = out.Begin(Fields::kUsedFieldNumber);
    out.Known(stored::v1::UsedSource::kSourceIdFieldNumber, use.source_id);
    out.Uint(stored::v1::UsedSource::kAtMsFieldNumber, Signed(absl::ToUnixMillis(use.at)));
    out.End(begun);
  }
  return body;
}

}  // namespace

bool IsSaid(const base::Answer& answer) {
  switch (answer.kind) {
    case base::AnswerKind::kFound:
    case base::AnswerKind::kConfirmedNone:
    case base::AnswerKind::kNotCovered:
    case base::AnswerKind::kStale:
    // Somebody may yet decide whom it is about.
    case base::AnswerKind::kAmbiguous:
      return true;
    case base::AnswerKind::kUnavailable:
    case base::AnswerKind::kRefused:
    case base::AnswerKind::kPending:
    case base::AnswerKind::kNotAsked:
      break;
  }
  return false;
}

std::vector<UsedSource> UsesOf(const std::vector<gather::Outcome>& outcomes) {
  std::vector<UsedSource> uses;
  for (const gather::Outcome& outcome : outcomes) {
    if (!std::any_of(outcome.answers.begin(), outcome.answers.end(), IsSaid)) continue;
    uses.push_back(
        {outcome.source_id, outcome.reused.has_value() ? outcome.reused->obtained : outcome.ended});
  }
  return uses;
}

std::vector<UsedSource> UsesOf(const stored::v1::Result& stored) {
  std::vector<UsedSource> uses;
  for (const stored::v1::UsedSource& use : stored.used()) {
    uses.push_back({use.source_id(), absl::FromUnixMillis(use.at_ms())});
  }
  return uses;
}

base::LookupKey UsedKey(absl::string_view source_id, absl::CivilDay day) {
  return {base::LookupKind::kSourceDay, absl::StrCat(source_id, "\nused\n", base::FormatDay(day))};
}

absl::StatusOr<MadeReport> MakeReport(const Rooms& rooms, const Setup& setup,
                                      report::CaseBundle bundle, absl::Time now) {
  MadeReport made;
  report::ReportInput input;
  input.frame = std::move(bundle.frame);
  input.household = bundle.input.household;
  input.dates = bundle.input.dates;
  input.match = match::Match(bundle.input, setup.policies->discrepancy_rules());
  // Also where nothing is assessed: discrepancies are told by the set's rules.
  bundle.policy_digest = setup.policies->SetDigest(input.household.division);
  bundle.assessed = !input.frame.programmes.empty();
  if (bundle.assessed) {
    // The facts go into the case and come back: copies of hundreds of texts else.
    assess::Case assessed =
        report::MakeCase(input.frame, input.household, input.dates, std::move(input.match.facts));
    HEDUI_ASSIGN_OR_RETURN(input.assessment, assess::Assess(*setup.policies, assessed));
    input.match.facts = std::move(assessed.facts);
    bundle.engine = input.assessment->engine;
  }
  CompleteFrame(rooms, setup, now, &input);
  input.seed = rooms.ids->RandomBytes(report::kSeedBytes);
  HEDUI_ASSIGN_OR_RETURN(made.draft, report::BuildReport(input));
  made.number = report::ReportNumber(input.frame.report_id, now);
  bundle.frame = std::move(input.frame);
  bundle.seed = std::move(input.seed);
  made.bundle = std::move(bundle);
  return made;
}

base::Row ReportRow(const MadeReport& made, const std::vector<SourceOutcomeView>& outcomes,
                    const std::string& agency, const base::Uuid& matter,
                    const std::string& request_digest, std::optional<base::Uuid> first) {
  const report::ReportFrame& frame = made.bundle.frame;
  base::Row row;
  row.kind = base::RowKind::kResult;
  row.id = frame.report_id;
  row.matter = matter;
  row.at = frame.issued_at;
  row.keys = {{base::LookupKind::kVerification, frame.verification_id.ToBytes()},
              ReportKey(frame.report_id)};
  for (const UsedSource& use : made.used) {
    base::LookupKey key = UsedKey(use.source_id, base::CivilDayOf(use.at));
    if (std::find(row.keys.begin(), row.keys.end(), key) == row.keys.end()) {
      row.keys.push_back(std::move(key));
    }
  }
  row.body = EncodeResult(made, outcomes, agency, request_digest, first);
  return row;
}

}  // namespace hedui
