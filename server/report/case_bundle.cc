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

namespace hedui::report {
namespace {

absl::Status Bad(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "CASE_BUNDLE",
                         absl::StrCat("stored case: ", what));
}

}  // namespace

std::string EncodeCaseBundle(const CaseBundle& bundle) {
  v1::CaseBundle message;
  message.set_format(kFormat);
  v1::Header& frame = *message.mutable_frame();
  frame = FrameHeader(bundle.frame, bundle.input.household, bundle.input.dates);
  frame.set_engine(CleanUtf8(bundle.engine));
  frame.set_policy_digest(bundle.policy_digest);
  for (const Authorization& authorization : bundle.frame.authorizations) {
    v1::CaseAuthorization* out = message.add_authorizations();
    out->set_person_id(CleanUtf8(authorization.person_id));
    out->set_authorized(authorization.authorized);
    out->set_basis(CleanUtf8(authorization.basis));
    out->set_reference(authorization.reference);
    out->set_remark(authorization.remark);
  }
  for (const SourceName& source : bundle.frame.sources) {
    v1::CaseSource* out = message.add_sources();
    out->set_source_id(CleanUtf8(source.id));
    out->set_name(source.name);
    out->set_level(CleanUtf8(source.level));
  }
  for (const CodeLabel& label : bundle.frame.labels) {
    v1::CaseLabel* out = message.add_labels();
    out->set_code(CleanUtf8(label.code));
    out->set_label(label.label);
  }
  for (const base::Person& person : bundle.input.household.persons) {
    WritePerson(person, message.add_persons());
  }
  for (const match::SourceOutcome& outcome : bundle.input.outcomes) {
    WriteAnswer(outcome, message.add_answers());
  }
  message.set_assessed(bundle.assessed);
  message.set_seed(bundle.seed);
  for (const std::string& line : bundle.lines) message.add_lines(line);
  return message.SerializeAsString();
}

absl::StatusOr<CaseBundle> DecodeCaseBundle(absl::string_view bytes) {
  v1::CaseBundle message;
  if (!ParseStrict(bytes, &message)) return Bad("not in its one encoding");
  if (message.format() != kFormat) return Bad("of a format that is not known here");
  CaseBundle bundle;
  CaseReader reader;
  reader.ReadFrame(message.frame(), &bundle.frame, &bundle.input.household, &bundle.input.dates);
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

assess::Case MakeCase(const base::Household& household, const base::CaseDates& dates,
                      const std::vector<std::string>& programmes, base::Facts facts) {
  assess::Case result;
  result.dates = dates;
  result.division = household.division;
  result.scope = household.scope;
  if (programmes.size() == 1) result.programme = programmes[0];
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
