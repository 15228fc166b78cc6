#include "server/api/encode_policy.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/api/rich_status.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/utf8.h"

namespace hedui::api {
namespace {

// Details travel in trailers, of which gRPC takes 8 KiB, in base64 and with the text beside them.
constexpr size_t kDefectBytesMax = 2 << 10;
constexpr size_t kDefectTextBytesMax = 240;

std::string Text(absl::string_view text) { return std::string(text); }

v1::PolicyCode Encode(const base::PolicyCodeListed& code) {
  v1::PolicyCode message;
  message.set_code(code.code);
  message.set_label(code.label);
  return message;
}

v1::PolicyCitation Encode(const base::PolicyCitation& citation) {
  v1::PolicyCitation message;
  message.set_document(citation.document);
  message.set_title(citation.title);
  message.set_article(citation.article);
  message.set_verified(citation.verified);
  return message;
}

v1::PolicySet Encode(const base::PolicySetListed& set) {
  v1::PolicySet message;
  message.set_division(set.division);
  message.set_division_name(set.name);
  message.set_policy_sha256(base::HexEncode(set.sha256));
  for (const auto& programme : set.programmes) *message.add_programmes() = Encode(programme);
  for (const base::PolicyFileListed& file : set.files) {
    v1::PolicyFile* const added = message.add_files();
    added->set_path(file.path);
    added->set_sha256(base::HexEncode(file.sha256));
    added->set_text(file.text);
  }
  return message;
}

v1::PolicyRow Encode(const base::PolicyRowListed& row) {
  v1::PolicyRow message;
  message.set_kind(static_cast<v1::PolicyKind>(row.kind));
  message.set_id(row.id);
  message.set_label(row.label);
  message.set_value(row.value);
  message.set_type(row.type);
  message.set_division(row.division);
  message.set_from(base::FormatDay(row.in_force.from));
  message.set_to(base::FormatDay(row.in_force.to));
  *message.mutable_citation() = Encode(row.citation);
  message.set_file(row.file);
  message.set_line(row.line);
  message.set_overridden(row.overridden);
  return message;
}

v1::PolicyName Encode(const base::PolicyNameListed& name) {
  v1::PolicyName message;
  message.set_kind(static_cast<v1::PolicyKind>(name.kind));
  message.set_name(name.name);
  message.set_label(name.label);
  message.set_type(name.type);
  message.set_per_person(name.per_person);
  for (const std::string& key : name.keys) message.add_keys(key);
  message.set_division(name.division);
  return message;
}

v1::PolicyFactKind Encode(const base::PolicyFactListed& fact) {
  v1::PolicyFactKind message;
  message.set_name(fact.name);
  message.set_label(fact.label);
  message.set_monthly(fact.by == "month");
  message.set_by(fact.by);
  for (const std::string& category : fact.categories) message.add_categories(category);
  for (const base::PolicyFieldListed& field : fact.fields) {
    v1::PolicyField* const added = message.add_fields();
    added->set_name(field.name);
    added->set_label(field.label);
    added->set_type(field.type);
  }
  return message;
}

v1::PolicyFinding Encode(const FoundInPolicy& finding) {
  v1::PolicyFinding message;
  message.set_file(finding.file);
  message.set_line(finding.line);
  message.set_code(finding.code);
  message.set_severity(static_cast<v1::PolicySeverity>(finding.severity));
  // What is quoted of a file that is no UTF-8 must not make the answer unreadable.
  message.set_text(base::IsUtf8(finding.text) ? finding.text : finding.code);
  return message;
}

v1::PolicyBlame Encode(const BlameShown& blame) {
  v1::PolicyBlame message;
  message.set_kind(blame.kind);
  message.set_person(blame.person);
  message.set_source(blame.source);
  message.set_category(blame.category);
  message.set_answer(blame.answer);
  message.set_reason(blame.reason);
  message.set_detail(blame.detail);
  message.set_policy(blame.policy);
  return message;
}

v1::PolicyAmount Encode(const AmountShown& amount) {
  v1::PolicyAmount message;
  message.set_unit(amount.unit);
  message.set_exact(amount.exact);
  message.set_text(amount.text);
  message.set_low(amount.low);
  message.set_high(amount.high);
  return message;
}

v1::Indication Encode(const IndicationShown& indication) {
  v1::Indication message;
  message.set_programme(indication.programme);
  message.set_label(indication.label);
  message.set_result(static_cast<v1::IndicationResult>(indication.result));
  message.set_robust(indication.robust);
  for (const BlameShown& blame : indication.blame) *message.add_blame() = Encode(blame);
  for (const std::string& mark : indication.marks) message.add_marks(mark);
  if (indication.amount.has_value()) {
    *message.mutable_amount() = Encode(*indication.amount);
  }
  for (const BlameShown& blame : indication.amount_blame) {
    *message.add_amount_blame() = Encode(blame);
  }
  message.set_person(indication.person);
  if (indication.validity.has_value()) {
    *message.mutable_validity() = Encode(*indication.validity);
  }
  for (const BlameShown& blame : indication.validity_blame) {
    *message.add_validity_blame() = Encode(blame);
  }
  *message.mutable_citation() = Encode(indication.citation);
  return message;
}

// At most `bytes_max` of it, ending with a whole character.
std::string Cut(absl::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return Text(text);
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), "…");
}

}  // namespace

v1::ListPolicySetsResponse EncodePolicySets(const PolicySetPage& page) {
  v1::ListPolicySetsResponse response;
  for (const base::PolicySetListed& set : page.sets) *response.add_sets() = Encode(set);
  response.set_policies_sha256(base::HexEncode(page.in_force.sha256));
  response.set_in_force_since_seconds(absl::ToUnixSeconds(page.in_force.since));
  response.set_engine(page.in_force.engine);
  return response;
}

v1::GetPolicySetResponse EncodePolicySet(PolicySetShown shown, absl::CivilDay day) {
  v1::GetPolicySetResponse response;
  *response.mutable_set() = Encode(shown.listing.set);
  response.set_day(base::FormatDay(day));
  for (const auto& row : shown.listing.rows) *response.add_rows() = Encode(row);
  for (const auto& name : shown.listing.names) *response.add_names() = Encode(name);
  for (const auto& fact : shown.listing.facts) *response.add_facts() = Encode(fact);
  for (const auto& code : shown.listing.categories) *response.add_categories() = Encode(code);
  for (const base::PolicyCodesListed& list : shown.listing.code_lists) {
    v1::PolicyCodeList* const added = response.add_code_lists();
    added->set_name(list.name);
    added->set_label(list.label);
    for (const auto& code : list.codes) *added->add_codes() = Encode(code);
  }
  response.set_in_force_since_seconds(absl::ToUnixSeconds(shown.in_force.since));
  response.set_engine(shown.in_force.engine);
  return response;
}

v1::LintPoliciesResponse EncodeLint(const LintResult& result) {
  v1::LintPoliciesResponse response;
  for (const FoundInPolicy& finding : result.findings) *response.add_findings() = Encode(finding);
  response.set_findings_left_out(static_cast<int32_t>(result.left_out));
  response.set_loads(result.loads);
  return response;
}

v1::EvaluateResponse EncodeEvaluation(Evaluation evaluation) {
  v1::EvaluateResponse response;
  response.set_engine(evaluation.engine);
  response.set_division(evaluation.division);
  response.set_policy_day(base::FormatDay(evaluation.policy_day));
  response.set_policy_sha256(base::HexEncode(evaluation.policy_sha256));
  response.set_next_change(base::FormatDay(evaluation.next_change));
  for (const auto& indication : evaluation.indications) {
    *response.add_indications() = Encode(indication);
  }
  response.set_json(std::move(evaluation.json));
  for (std::string& line : evaluation.unmet) response.add_unmet_expectations(std::move(line));
  for (const FoundInPolicy& warning : evaluation.warnings) {
    *response.add_warnings() = Encode(warning);
  }
  return response;
}

absl::Status DefectsOf(const Evaluation& evaluation) {
  std::vector<Violation> violations;
  size_t bytes = 0;
  for (const PostedDefect& defect : evaluation.defects) {
    Violation violation{
        Cut(defect.field, kDefectTextBytesMax),
        base::IsUtf8(defect.text) ? Cut(defect.text, kDefectTextBytesMax) : "is no UTF-8 text"};
    bytes += violation.field.size() + violation.description.size();
    if (bytes > kDefectBytesMax) {
      violations.push_back(
          {"", absl::StrCat(evaluation.defects.size() - violations.size(),
                            " more; hedui assess and hedui policy lint list all of them")});
      break;
    }
    violations.push_back(std::move(violation));
  }
  return InvalidRequest(violations, evaluation.defect_reason);
}

}  // namespace hedui::api
