#include "server/report/case_values.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/identity.h"

namespace hedui::report {
namespace {

struct FieldWriter {
  WireWriter* out;
  void operator()(const std::string& text) const {
    out->BytesAlways(v1::CaseField::kTextFieldNumber, text);
  }
  void operator()(base::Money money) const {
    out->SintAlways(v1::CaseField::kMoneyFenFieldNumber, money.fen());
  }
  void operator()(absl::CivilDay day) const {
    out->TextAlways(v1::CaseField::kDayFieldNumber, base::FormatDay(day));
  }
  void operator()(absl::CivilMonth month) const {
    out->TextAlways(v1::CaseField::kMonthFieldNumber, base::FormatMonth(month));
  }
  void operator()(int64_t count) const { out->SintAlways(v1::CaseField::kCountFieldNumber, count); }
  void operator()(bool flag) const {
    out->UintAlways(v1::CaseField::kFlagFieldNumber, flag ? 1 : 0);
  }
};

void PutIdentity(int field, const base::Identity& identity, WireWriter* out) {
  const size_t begun = out->Begin(field);
  out->Text(v1::CaseIdentity::kKindFieldNumber, base::IdentityKindName(identity.kind));
  out->Bytes(v1::CaseIdentity::kNumberFieldNumber, identity.number);
  out->Bytes(v1::CaseIdentity::kNameFieldNumber, identity.name);
  out->End(begun);
}

void PutRecord(int field, const base::Record& record, WireWriter* out) {
  const size_t begun = out->Begin(field);
  out->Bytes(v1::CaseRecord::kKindFieldNumber, record.kind);
  for (const base::Field& one : record.fields) {
    const size_t one_begun = out->Begin(v1::CaseRecord::kFieldsFieldNumber);
    out->Bytes(v1::CaseField::kNameFieldNumber, one.name);
    std::visit(FieldWriter{out}, one.value);
    out->End(one_begun);
  }
  out->End(begun);
}

}  // namespace

void PutPerson(int field, const base::Person& person, WireWriter* out) {
  const size_t begun = out->Begin(field);
  out->Text(v1::CasePerson::kPersonIdFieldNumber, person.id);
  out->Text(v1::CasePerson::kRoleFieldNumber, base::PersonRoleName(person.role));
  out->Text(v1::CasePerson::kRelationFieldNumber, base::RelationName(person.relation));
  PutIdentity(v1::CasePerson::kIdentityFieldNumber, person.identity, out);
  out->Text(v1::CasePerson::kDeclaredBirthFieldNumber, base::FormatDay(person.declared_birth));
  for (const base::Record& record : person.declared) {
    PutRecord(v1::CasePerson::kDeclaredFieldNumber, record, out);
  }
  out->End(begun);
}

void PutAnswer(int field, const match::SourceOutcome& outcome, WireWriter* out) {
  using Fields = v1::CaseAnswer;
  const base::Answer& answer = outcome.answer;
  const size_t begun = out->Begin(field);
  out->Text(Fields::kSourceIdFieldNumber, outcome.source_id);
  if (outcome.rank != 0) out->SintAlways(Fields::kRankFieldNumber, outcome.rank);
  out->Bytes(Fields::kAuthorizationFieldNumber, outcome.authorization);
  for (const std::string& source : outcome.stand_ins) {
    out->TextAlways(Fields::kStandInsFieldNumber, source);
  }
  out->Flag(Fields::kManualFieldNumber, outcome.manual);
  out->Text(Fields::kPersonIdFieldNumber, answer.person_id);
  out->Text(Fields::kCategoryFieldNumber, answer.category);
  out->Text(Fields::kKindFieldNumber, base::AnswerKindName(answer.kind));
  out->Text(Fields::kReasonFieldNumber, base::ReasonName(answer.reason));
  out->Text(Fields::kDataDayFieldNumber, base::FormatDay(answer.data_day));
  out->Text(Fields::kCoveredFromFieldNumber, base::FormatDay(answer.covered.from));
  out->Text(Fields::kCoveredToFieldNumber, base::FormatDay(answer.covered.to));
  out->Flag(Fields::kCompleteFieldNumber, answer.complete);
  if (answer.subject.has_value()) PutIdentity(Fields::kSubjectFieldNumber, *answer.subject, out);
  for (const base::Record& record : answer.records) {
    PutRecord(Fields::kRecordsFieldNumber, record, out);
  }
  out->Bytes(Fields::kDigestFieldNumber, answer.digest);
  if (outcome.finding.has_value()) {
    const base::ManualFinding& finding = *outcome.finding;
    const size_t finding_begun = out->Begin(Fields::kFindingFieldNumber);
    out->Text(v1::CaseFinding::kMethodFieldNumber, base::FindingMethodName(finding.method));
    for (const std::string& investigator : finding.investigators) {
      out->BytesAlways(v1::CaseFinding::kInvestigatorsFieldNumber, investigator);
    }
    out->Text(v1::CaseFinding::kDayFieldNumber, base::FormatDay(finding.day));
    out->Bytes(v1::CaseFinding::kEvidenceSha256FieldNumber, finding.evidence_sha256);
    out->End(finding_begun);
  }
  if (outcome.reused.has_value()) {
    out->Text(Fields::kReusedQueryFieldNumber, outcome.reused->attempt_id);
    out->Uint(Fields::kObtainedMsFieldNumber,
              static_cast<uint64_t>(absl::ToUnixMillis(outcome.reused->obtained)));
  }
  out->End(begun);
}

void CaseReader::Note(absl::string_view what) {
  if (defect_.empty()) defect_ = absl::StrCat("unreadable ", what);
}

template <typename T>
T CaseReader::Need(std::optional<T> value, absl::string_view what) {
  if (!value.has_value()) Note(what);
  return value.value_or(T());
}

absl::CivilDay CaseReader::Day(const std::string& text, absl::string_view what) {
  const auto day = base::ParseDay(text);
  if (!day.ok()) Note(what);
  return day.value_or(absl::CivilDay());
}

std::optional<absl::CivilDay> CaseReader::OptionalDay(const std::string& text,
                                                      absl::string_view what) {
  if (text.empty()) return std::nullopt;
  return Day(text, what);
}

void CaseReader::ReadFrame(const v1::Header& in, ReportFrame* frame, base::Household* household,
                           base::CaseDates* dates) {
  const auto report = base::Uuid::FromBytes(in.report_id());
  const auto verification = base::Uuid::FromBytes(in.verification_id());
  if (!report.ok() || !verification.ok()) Note("id");
  frame->report_id = report.value_or(base::Uuid());
  frame->verification_id = verification.value_or(base::Uuid());
  if (!in.previous_report_id().empty()) {
    const auto previous = base::Uuid::FromBytes(in.previous_report_id());
    if (!previous.ok()) Note("previous report's id");
    frame->previous_report = previous.value_or(base::Uuid());
  }
  frame->superseding_reason = in.superseding_reason();
  frame->replaces_report_number = in.replaces_report_number();
  frame->issuing_centre = in.issuing_centre();
  frame->issuing_division = in.issuing_division();
  frame->log_origin = in.log_origin();
  frame->agency = in.agency();
  frame->agency_name = in.agency_name();
  frame->officer = in.officer();
  frame->check_kind = Need(base::CheckKindFromName(in.check_kind()), "kind of check");
  frame->matter_number = in.matter_number();
  frame->purpose = in.purpose();
  frame->programmes.assign(in.programmes().begin(), in.programmes().end());
  frame->division_name = in.division_name();
  frame->issued_at = absl::FromUnixSeconds(in.issued_at_seconds());
  if (in.line_hash() != static_cast<uint32_t>(base::HashAlgorithm::kSha256) &&
      in.line_hash() != static_cast<uint32_t>(base::HashAlgorithm::kSm3)) {
    Note("hash");
  }
  frame->line_hash = static_cast<base::HashAlgorithm>(in.line_hash());
  frame->valid_until = OptionalDay(in.valid_until(), "end of validity");
  frame->validity_basis = in.validity_basis();
  frame->restriction = in.restriction();
  frame->objection = in.objection();
  household->division = in.division();
  household->scope = in.scope();
  household->staff_relative = in.staff_relative();
  dates->application = Day(in.application_day(), "day of application");
  dates->acceptance = OptionalDay(in.acceptance_day(), "day of acceptance");
  dates->policy = Day(in.policy_day(), "policy day");
}

base::Identity CaseReader::ReadIdentity(const v1::CaseIdentity& in) {
  return base::Identity{Need(base::IdentityKindFromName(in.kind()), "kind of identity"),
                        in.number(), in.name()};
}

base::FieldValue CaseReader::ReadFieldValue(const v1::CaseField& in) {
  switch (in.value_case()) {
    case v1::CaseField::kText:
      return in.text();
    case v1::CaseField::kMoneyFen:
      return base::Money::FromFen(in.money_fen());
    case v1::CaseField::kDay:
      return Day(in.day(), "day of a record");
    case v1::CaseField::kMonth: {
      const auto month = base::ParseMonth(in.month());
      if (!month.ok()) Note("month of a record");
      return month.value_or(absl::CivilMonth());
    }
    case v1::CaseField::kCount:
      return in.count();
    case v1::CaseField::kFlag:
      return in.flag();
    case v1::CaseField::VALUE_NOT_SET:
      break;
  }
  Note("field of a record");
  return std::string();
}

base::Record CaseReader::ReadRecord(const v1::CaseRecord& in) {
  base::Record record;
  record.kind = in.kind();
  for (const v1::CaseField& field : in.fields()) {
    record.fields.push_back(base::Field{field.name(), ReadFieldValue(field)});
  }
  return record;
}

base::Person CaseReader::ReadPerson(const v1::CasePerson& in) {
  base::Person person;
  person.id = in.person_id();
  person.role = Need(base::PersonRoleFromName(in.role()), "role");
  person.relation = Need(base::RelationFromName(in.relation()), "relation");
  person.identity = ReadIdentity(in.identity());
  person.declared_birth = OptionalDay(in.declared_birth(), "day of birth");
  for (const v1::CaseRecord& record : in.declared()) person.declared.push_back(ReadRecord(record));
  return person;
}

base::ManualFinding CaseReader::ReadFinding(const v1::CaseFinding& in) {
  base::ManualFinding finding;
  finding.method = Need(base::FindingMethodFromName(in.method()), "method of a finding");
  finding.investigators.assign(in.investigators().begin(), in.investigators().end());
  finding.day = Day(in.day(), "day of a finding");
  finding.evidence_sha256 = in.evidence_sha256();
  return finding;
}

match::SourceOutcome CaseReader::ReadAnswer(const v1::CaseAnswer& in) {
  match::SourceOutcome outcome;
  outcome.source_id = in.source_id();
  outcome.rank = in.rank();
  outcome.authorization = in.authorization();
  outcome.stand_ins.assign(in.stand_ins().begin(), in.stand_ins().end());
  outcome.manual = in.manual();
  base::Answer& answer = outcome.answer;
  answer.person_id = in.person_id();
  answer.category = in.category();
  answer.kind = Need(base::AnswerKindFromName(in.kind()), "kind of answer");
  answer.reason = Need(base::ReasonFromName(in.reason()), "reason");
  answer.data_day = OptionalDay(in.data_day(), "data day");
  answer.covered.from = OptionalDay(in.covered_from(), "covered period");
  answer.covered.to = OptionalDay(in.covered_to(), "covered period");
  answer.complete = in.complete();
  if (in.has_subject()) answer.subject = ReadIdentity(in.subject());
  for (const v1::CaseRecord& record : in.records()) answer.records.push_back(ReadRecord(record));
  answer.digest = in.digest();
  if (in.has_finding()) outcome.finding = ReadFinding(in.finding());
  if (!in.reused_query().empty()) {
    outcome.reused = base::Reused{in.reused_query(), absl::FromUnixMillis(in.obtained_ms())};
  }
  return outcome;
}

}  // namespace hedui::report
