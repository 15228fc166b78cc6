#include "server/report_steps.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/assess/assessor.h"
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/status.h"
#include "server/gather/gatherer.h"
#include "server/match/matcher.h"
#include "server/report/report_input.h"
#include "server/report/wire_writer.h"
#include "server/report/words.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// The words that a report needs and policies have: for each category and kind that its lines name,
// and for fields and codes for which reports have none of their own.
class LabelCollector {
 public:
  LabelCollector(const assess::PolicyPack& pack, const std::string& division)
      : pack_(pack), division_(division) {}

  void AddCode(absl::string_view code) {
    if (seen_.emplace(code, "").second) Add(std::string(code), code, pack_.LabelOf(code));
  }

  void AddField(absl::string_view kind, absl::string_view field) {
    if (field.empty() || !seen_.emplace(kind, field).second) return;
    if (report::FieldWord(field) != field) return;
    Add(report::FieldKey(kind, field), field, pack_.LabelOfField(kind, field));
  }

  void AddRecord(const base::Record& record) {
    AddCode(record.kind);
    for (const base::Field& field : record.fields) {
      AddField(record.kind, field.name);
      const std::string* code = std::get_if<std::string>(&field.value);
      if (code == nullptr || report::ValueWord(field.name, *code) != *code) continue;
      // Most texts are no codes.
      std::string label = pack_.LabelOfFieldCode(division_, record.kind, field.name, *code);
      if (label == *code) continue;
      Add(report::CodeKey(report::FieldKey(record.kind, field.name), *code), *code,
          std::move(label));
    }
  }

  void AddAssessment(const assess::Assessment& assessment) {
    for (const assess::TraceEntry& entry : assessment.entries) {
      for (const assess::Blame& blame : entry.blame) {
        if (blame.kind != assess::BlameKind::kDeclaration) continue;
        // "co_residence.support_duty": a kind, and a field of it.
        const std::pair<absl::string_view, absl::string_view> what =
            absl::StrSplit(blame.detail, absl::MaxSplits('.', 1));
        AddCode(what.first);
        AddField(what.first, what.second);
      }
      for (const std::string& code : entry.value.codes) {
        Add(report::CodeKey(entry.id, code), code, pack_.LabelOfCode(division_, entry.id, code));
      }
    }
  }

  // By their keys, each once.
  std::vector<report::CodeLabel> Take() {
    const auto by_key = [](const report::CodeLabel& a, const report::CodeLabel& b) {
      return a.code < b.code;
    };
    std::sort(labels_.begin(), labels_.end(), by_key);
    labels_.erase(std::unique(labels_.begin(), labels_.end(),
                              [](const report::CodeLabel& a, const report::CodeLabel& b) {
                                return a.code == b.code;
                              }),
                  labels_.end());
    return std::move(labels_);
  }

 private:
  void Add(std::string key, absl::string_view code, std::string label) {
    if (label != code) labels_.push_back({std::move(key), std::move(label)});
  }

  const assess::PolicyPack& pack_;
  const std::string& division_;
  std::vector<report::CodeLabel> labels_;
  // Codes, and kinds with fields; most are named again and again. They stand in the report's input.
  absl::flat_hash_set<std::pair<absl::string_view, absl::string_view>> seen_;
};

std::vector<report::CodeLabel> Labels(const Setup& setup, const report::ReportInput& input) {
  LabelCollector labels(*setup.policies, input.household.division);
  for (const base::AnswerState& answer : input.match.facts.answers) labels.AddCode(answer.category);
  for (const base::Fact& fact : input.match.facts.facts) labels.AddRecord(fact.record);
  for (const match::Discrepancy& discrepancy : input.match.discrepancies) {
    labels.AddRecord(discrepancy.record);
    if (discrepancy.other.has_value()) labels.AddRecord(*discrepancy.other);
  }
  if (input.assessment.has_value()) labels.AddAssessment(*input.assessment);
  return labels.Take();
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
