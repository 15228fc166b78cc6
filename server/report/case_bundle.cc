#include "server/report/case_bundle.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/report/case_values.h"
#include "server/report/display_text.h"
#include "server/report/header_line.h"
#include "server/report/report_builder.h"
#include "server/report/strict_proto.h"
#include "server/report/wire_writer.h"

namespace hedui::report {
namespace {

absl::Status Bad(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "CASE_BUNDLE",
                         absl::StrCat("stored case: ", what));
}

}  // namespace

std::string EncodeCaseBundle(const CaseBundle& bundle) {
  std::string bytes;
  AppendCaseBundle(bundle, &bytes);
  return bytes;
}

void AppendCaseBundle(const CaseBundle& bundle, std::string* out) {
  using Fields = v1::CaseBundle;
  WireWriter message(out);
  message.Uint(Fields::kFormatFieldNumber, kFormat);
  v1::Header frame = FrameHeader(bundle.frame, bundle.input.household, bundle.input.dates);
  frame.set_engine(CleanUtf8(bundle.engine));
  frame.set_policy_digest(bundle.policy_digest);
  message.BytesAlways(Fields::kFrameFieldNumber, frame.SerializeAsString());
  for (const Authorization& authorization : bundle.frame.authorizations) {
    const size_t begun = message.Begin(Fields::kAuthorizationsFieldNumber);
    message.Text(v1::CaseAuthorization::kPersonIdFieldNumber, authorization.person_id);
    message.Flag(v1::CaseAuthorization::kAuthorizedFieldNumber, authorization.authorized);
    message.Text(v1::CaseAuthorization::kBasisFieldNumber, authorization.basis);
    message.Bytes(v1::CaseAuthorization::kReferenceFieldNumber, authorization.reference);
    message.Bytes(v1::CaseAuthorization::kRemarkFieldNumber, authorization.remark);
    message.End(begun);
  }
  for (const SourceName& source : bundle.frame.sources) {
    const size_t begun = message.Begin(Fields::kSourcesFieldNumber);
    message.Text(v1::CaseSource::kSourceIdFieldNumber, source.id);
    message.Bytes(v1::CaseSource::kNameFieldNumber, source.name);
    message.Text(v1::CaseSource::kLevelFieldNumber, source.level);
    message.End(begun);
  }
  for (const CodeLabel& label : bundle.frame.labels) {
    const size_t begun = message.Begin(Fields::kLabelsFieldNumber);
    message.Text(v1::CaseLabel::kCodeFieldNumber, label.code);
    message.Bytes(v1::CaseLabel::kLabelFieldNumber, label.label);
    message.End(begun);
  }
  for (const base::Person& person : bundle.input.household.persons) {
    PutPerson(Fields::kPersonsFieldNumber, person, &message);
  }
  for (const match::SourceOutcome& outcome : bundle.input.outcomes) {
    PutAnswer(Fields::kAnswersFieldNumber, outcome, &message);
  }
  message.Flag(Fields::kAssessedFieldNumber, bundle.assessed);
  message.Bytes(Fields::kSeedFieldNumber, bundle.seed);
  for (const std::string& line : bundle.lines) message.BytesAlways(Fields::kLinesFieldNumber, line);
}

absl::StatusOr<CaseBundle> DecodeCaseBundle(absl::string_view bytes) {
  v1::CaseBundle message;
  if (!ParseStrict(bytes, &message)) return Bad("not in its one encoding");
  if (message.format() != kFormat) return Bad("of a format that is not known here");
  CaseBundle bundle;
  CaseReader reader;
  reader.ReadFrame(message.frame(), &bundle.frame, &bundle.input.household, &bundle.input.dates);
  bundle.input.matter_number = bundle.frame.matter_number;
  bundle.input.programmes = bundle.frame.programmes;
  bundle.engine = message.frame().engine();
  bundle.policy_digest = message.frame().policy_digest();
  for (const v1::CaseAuthorization& in : message.authorizations()) {
    bundle.frame.authorizations.push_back(
        Authorization{in.person_id(), in.authorized(), in.basis(), in.reference(), in.remark()});
  }
  for (const v1::CaseSource& in : message.sources()) {
    bundle.frame.sources.push_back(SourceName{in.source_id(), in.name(), in.level()});
  }
  for (const v1::CaseLabel& in : message.labels()) {
    bundle.frame.labels.push_back(CodeLabel{in.code(), in.label()});
  }
  for (const v1::CasePerson& in : message.persons()) {
    bundle.input.household.persons.push_back(reader.ReadPerson(in));
  }
  for (const v1::CaseAnswer& in : message.answers()) {
    bundle.input.outcomes.push_back(reader.ReadAnswer(in));
  }
  bundle.assessed = message.assessed();
  bundle.seed = message.seed();
  bundle.lines.assign(message.lines().begin(), message.lines().end());
  if (!reader.good()) return Bad(reader.first_defect());
  // A value with two spellings (a day, a number of the header) would come back as another text.
  if (EncodeCaseBundle(bundle) != bytes) return Bad("not in its one encoding");
  return bundle;
}

assess::Case MakeCase(const ReportFrame& frame, const base::Household& household,
                      const base::CaseDates& dates, base::Facts facts) {
  assess::Case result;
  result.dates = dates;
  result.division = household.division;
  result.scope = household.scope;
  if (const auto begun = base::TimeOf(frame.verification_id)) {
    // An id that nobody made in earnest may name a day that no calendar here has.
    const absl::CivilDay day = base::CivilDayOf(*begun);
    if (base::ParseDay(base::FormatDay(day)).ok()) result.request_day = day;
  }
  result.check_kind = frame.check_kind;
  result.staff_relative = household.staff_relative;
  if (frame.programmes.size() == 1) result.programme = frame.programmes[0];
  for (const base::Person& person : household.persons) {
    assess::Person out;
    out.id = person.id;
    out.role = person.role;
    out.relation = person.relation;
    out.number = person.identity.number;
    out.birth = person.declared_birth;
    if (const auto citizen = base::CitizenNumberOf(person.identity)) {
      out.number = citizen->number;
      out.birth = citizen->birth;
      out.sex = citizen->sex;
    }
    result.persons.push_back(std::move(out));
  }
  result.facts = std::move(facts);
  return result;
}

}  // namespace hedui::report
