#include "server/report/header_line.h"

#include "server/base/dates.h"
#include "server/report/display_text.h"
#include "server/report/report_builder.h"

namespace hedui::report {
namespace {

constexpr char kRestriction[] =
    "本报告仅供载明的请求机构办理载明的救助事项使用，不得用于其他用途，不得向无关人员泄露。"
    "本报告只核对、不认定，所列意见仅为提示，是否符合条件由有权机关依法审核确认。";
constexpr char kObjection[] =
    "申请人对核对结果有异议的，可以向请求机构书面提出并附证明材料，核对机构只对有异议的事项重新核对"
    "。";

}  // namespace

v1::Header FrameHeader(const ReportFrame& frame, const base::Household& household,
                       const base::CaseDates& dates) {
  v1::Header header;
  header.set_format(kFormat);
  header.set_report_number(ReportNumber(frame.report_id, frame.issued_at));
  header.set_report_id(frame.report_id.ToBytes());
  header.set_verification_id(frame.verification_id.ToBytes());
  if (frame.previous_report.has_value()) {
    header.set_previous_report_id(frame.previous_report->ToBytes());
  }
  header.set_issuing_centre(CleanUtf8(frame.issuing_centre));
  header.set_issuing_division(CleanUtf8(frame.issuing_division));
  header.set_log_origin(CleanUtf8(frame.log_origin));
  header.set_agency(CleanUtf8(frame.agency));
  header.set_agency_name(CleanUtf8(frame.agency_name));
  header.set_officer(CleanUtf8(frame.officer));
  header.set_check_kind(std::string(base::CheckKindName(frame.check_kind)));
  header.set_matter_number(CleanUtf8(frame.matter_number));
  header.set_purpose(CleanUtf8(frame.purpose));
  for (const std::string& programme : frame.programmes) {
    header.add_programmes(CleanUtf8(programme));
  }
  header.set_division(CleanUtf8(household.division));
  header.set_division_name(CleanUtf8(frame.division_name));
  header.set_scope(CleanUtf8(household.scope));
  header.set_staff_relative(household.staff_relative);
  header.set_application_day(base::FormatDay(dates.application));
  header.set_acceptance_day(base::FormatDay(dates.acceptance));
  header.set_policy_day(base::FormatDay(dates.policy));
  header.set_issued_at_seconds(absl::ToUnixSeconds(frame.issued_at));
  header.set_line_hash(static_cast<uint32_t>(frame.line_hash));
  header.set_valid_until(base::FormatDay(frame.valid_until));
  header.set_validity_basis(CleanUtf8(frame.validity_basis));
  header.set_restriction(CleanUtf8(frame.restriction));
  header.set_objection(CleanUtf8(frame.objection));
  header.set_superseding_reason(CleanUtf8(frame.superseding_reason));
  header.set_replaces_report_number(CleanUtf8(frame.replaces_report_number));
  return header;
}

v1::Header FullHeader(const ReportInput& input) {
  v1::Header header = FrameHeader(input.frame, input.household, input.dates);
  if (header.restriction().empty()) header.set_restriction(kRestriction);
  if (header.objection().empty()) header.set_objection(kObjection);
  uint32_t authorized = 0;
  for (const Authorization& authorization : input.frame.authorizations) {
    if (authorization.authorized) ++authorized;
  }
  header.set_persons_authorized(authorized);
  header.set_persons_unauthorized(static_cast<uint32_t>(input.frame.authorizations.size()) -
                                  authorized);
  if (input.assessment.has_value()) {
    const assess::Assessment& assessment = *input.assessment;
    header.set_engine(CleanUtf8(assessment.engine));
    header.set_policy_digest(assessment.policy_digest);
    for (const assess::PolicyFile& file : assessment.files) {
      v1::PolicyFile* out = header.add_policy_files();
      out->set_path(CleanUtf8(file.path));
      out->set_digest(file.digest);
    }
    header.set_next_change(base::FormatDay(assessment.next_change));
  }
  for (const char* place : {"经办人", "复核人", "核对机构（盖章）"}) {
    header.add_signature_places(place);
  }
  return header;
}

}  // namespace hedui::report
