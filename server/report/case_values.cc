#include "server/report/case_values.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/identity.h"
#include "server/report/display_text.h"

namespace hedui::report {
namespace {

std::string DayText(const std::optional<absl::CivilDay>& day) {
  return day.has_value() ? base::FormatDay(*day) : "";
}

struct FieldWriter {
  v1::CaseField* out;
  void operator()(const std::string& text) const { out->set_text(text); }
  void operator()(base::Money money) const { out->set_money_fen(money.fen()); }
  void operator()(absl::CivilDay day) const { out->set_day(base::FormatDay(day)); }
  void operator()(absl::CivilMonth month) const { out->set_month(base::FormatMonth(month)); }
  void operator()(int64_t count) const { out->set_count(count); }
  void operator()(bool flag) const { out->set_flag(flag); }
};

void WriteIdentity(const base::Identity& identity, v1::CaseIdentity* out) {
  out->set_kind(std::string(base::IdentityKindName(identity.kind)));
  out->set_number(identity.number);
  out->set_name(identity.name);
}

void WriteRecord(const base::Record& record, v1::CaseRecord* out) {
  out->set_kind(record.kind);
  for (const base::Field& field : record.fields) {
    v1::CaseField* message = out->add_fields();
    message->set_name(field.name);
    std::visit(FieldWriter{message}, field.value);
  }
}

}  // namespace

void WritePerson(const base::Person& person, v1::CasePerson* out) {
  out->set_person_id(CleanUtf8(person.id));
  out->set_role(std::string(base::PersonRoleName(person.role)));
  out->set_relation(std::string(base::RelationName(person.relation)));
  WriteIdentity(person.identity, out->mutable_identity());
  out->set_declared_birth(DayText(person.declared_birth));
  for (const base::Record& record : person.declared) WriteRecord(record, out->add_declared());
}

void WriteAnswer(const match::SourceOutcome& outcome, v1::CaseAnswer* out) {
  const base::Answer& answer = outcome.answer;
  out->set_source_id(CleanUtf8(outcome.source_id));
  out->set_rank(outcome.rank);
  out->set_authorization(outcome.authorization);
  for (const std::string& source : outcome.stand_ins) out->add_stand_ins(CleanUtf8(source));
  out->set_manual(outcome.manual);
  out->set_person_id(CleanUtf8(answer.person_id));
  out->set_category(CleanUtf8(answer.category));
  out->set_kind(std::string(base::AnswerKindName(answer.kind)));
  out->set_reason(std::string(base::ReasonName(answer.reason)));
  out->set_data_day(DayText(answer.data_day));
  out->set_covered_from(DayText(answer.covered.from));
  out->set_covered_to(DayText(answer.covered.to));
  out->set_complete(answer.complete);
  if (answer.subject.has_value()) WriteIdentity(*answer.subject, out->mutable_subject());
  for (const base::Record& record : answer.records) WriteRecord(record, out->add_records());
  out->set_digest(answer.digest);
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
  return outcome;
}

}  // namespace hedui::report
