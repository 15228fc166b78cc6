#include "server/policy_steps.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/assess/policy_archive.h"
#include "server/assess/policy_linter.h"
#include "server/assess/policy_listing.h"
#include "server/assess/policy_pack.h"
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/report/assessment_json.h"

namespace hedui {
namespace {

using assess::PolicyFinding;
using assess::PolicyPack;
using assess::PolicyText;

constexpr char kNation[] = "000000";

PoliciesInForce InForceOf(const Setup& setup) {
  return {setup.policies->digest(), setup.policies_since, assess::kEngineVersion};
}

absl::Status NobodySpeaksFor(const std::string& division) {
  return base::MakeError(absl::StatusCode::kNotFound, "POLICY_SET_UNKNOWN",
                         absl::StrCat("no policy file speaks for division ", division));
}

// The division that a path's folder names; the path itself where it names none.
std::string FolderDivision(const std::string& path) {
  const std::string folder = path.substr(0, path.find('/'));
  return folder == "national" ? kNation : folder;
}

FoundInPolicy Shown(const assess::LintFinding& finding) {
  PolicySeverity severity = PolicySeverity::kNote;
  if (finding.severity == assess::LintSeverity::kError) severity = PolicySeverity::kError;
  if (finding.severity == assess::LintSeverity::kWarning) severity = PolicySeverity::kWarning;
  return {finding.file, finding.line, finding.code, severity, finding.text};
}

FoundInPolicy Shown(const PolicyFinding& finding) {
  return {finding.file, finding.line, finding.code,
          finding.warning ? PolicySeverity::kWarning : PolicySeverity::kError, finding.text};
}

// The posted files, and beside them those of the platform's own that `belongs` takes and that none
// of them stands in place of.
template <typename Belongs>
std::vector<PolicyText> Together(const PolicyPack& own, const PostedFiles& posted,
                                 Belongs belongs) {
  std::vector<PolicyText> files;
  std::set<std::string> replaced;
  for (const PostedFile& file : posted.files) {
    files.push_back({file.path, file.text});
    replaced.insert(file.path);
  }
  if (posted.alone) return files;
  for (size_t i = 0; i < own.files().size(); ++i) {
    const std::string& path = own.files()[i].path;
    if (replaced.count(path) > 0 || !belongs(FolderDivision(path))) continue;
    files.push_back({path, own.texts()[i]});
  }
  return files;
}

// What the case says of it; anything where it cannot be read, which is then told of the case.
std::string DivisionOfCase(absl::string_view text) {
  std::vector<base::YamlDefect> defects;
  const auto root = base::ParseYamlListing("", text, &defects);
  const base::YamlNode* const found = root.has_value() ? root->Find("division") : nullptr;
  return found == nullptr ? "" : found->scalar;
}

std::string EffectiveDivision(const EvaluationRequest& request) {
  return request.division.empty() ? DivisionOfCase(request.case_yaml) : request.division;
}

std::vector<BlameShown> Shown(const std::vector<assess::Blame>& blames) {
  std::vector<BlameShown> shown;
  for (const assess::Blame& blame : blames) {
    BlameShown& one = shown.emplace_back();
    one.kind = std::string(assess::BlameKindName(blame.kind));
    one.person = blame.person_id;
    one.source = blame.source_id;
    one.category = blame.category;
    if (!blame.category.empty()) {
      one.answer = std::string(base::AnswerKindName(blame.answer));
      one.reason = std::string(base::ReasonName(blame.reason));
    }
    one.detail = blame.detail;
    one.policy = blame.policy;
  }
  return shown;
}

AmountShown Shown(const assess::AbstractValue& value) {
  AmountShown shown;
  shown.unit = value.unit;
  shown.exact = value.exact;
  shown.text = value.text;
  if (value.low.has_value()) shown.low = value.low->ToString();
  if (value.high.has_value()) shown.high = value.high->ToString();
  return shown;
}

IndicationShown Shown(const assess::Indication& indication) {
  IndicationShown shown;
  shown.programme = indication.programme;
  shown.label = indication.label;
  shown.person = indication.person_id;
  shown.result = static_cast<IndicationShown::Result>(indication.result);
  shown.robust = indication.robust;
  shown.blame = Shown(indication.blame);
  shown.marks = report::MarkNames(indication.marks);
  if (indication.amount.has_value()) {
    shown.amount = Shown(*indication.amount);
    shown.amount_blame = Shown(indication.amount_blame);
  }
  if (indication.validity.has_value()) {
    shown.validity = Shown(*indication.validity);
    shown.validity_blame = Shown(indication.validity_blame);
  }
  shown.citation = {indication.citation.document, indication.citation.title,
                    indication.citation.article, indication.citation.verified};
  return shown;
}

Evaluation Refused(std::string reason, std::vector<PostedDefect> defects) {
  Evaluation refused;
  refused.defect_reason = std::move(reason);
  refused.defects = std::move(defects);
  return refused;
}

// The pack to assess by; nullptr with `refused` where the posted files do not load.
PolicyPack::Ptr LoadPosted(const PolicyPack& own, const EvaluationRequest& request,
                           Evaluation* refused) {
  const std::string division = EffectiveDivision(request);
  const std::vector<PolicyText> files =
      Together(own, request.posted, [&](const std::string& folder) {
        return base::DivisionContains(folder, division) || folder == kNation;
      });
  std::vector<PolicyFinding> found;
  auto pack = PolicyPack::LoadFiles(files, kPostedConstantsMax, &found);
  if (pack.ok()) return *std::move(pack);
  std::vector<PostedDefect> defects;
  for (const PolicyFinding& finding : found) {
    defects.push_back({absl::StrCat(finding.file, ":", finding.line),
                       absl::StrCat(finding.code, ": ", finding.text)});
  }
  *refused = Refused("POLICY", std::move(defects));
  return nullptr;
}

std::vector<PostedDefect> Shown(const std::vector<assess::CaseDefect>& defects) {
  std::vector<PostedDefect> shown;
  for (const assess::CaseDefect& defect : defects) {
    shown.push_back(
        {absl::StrCat("case_yaml:", defect.line, defect.field.empty() ? "" : ":", defect.field),
         absl::StrCat(defect.code, ": ", defect.text)});
  }
  return shown;
}

// What the engine refuses, without a word of the case.
absl::StatusOr<Evaluation> RefusedBy(const absl::Status& status, const assess::Case& c) {
  const std::string reason = base::ReasonOf(status);
  if (reason == "CASE") {
    return Refused(reason, {{"case_yaml",
                             "is no household: it has nobody or more than 40 people, two people of "
                             "one id or two spouses, or a fact of somebody it does not list"}});
  }
  if (reason == "NO_POLICY_SET") {
    return base::MakeError(
        status.code(), reason,
        absl::StrCat("division ", c.division, " has no policy set for the case's programme on ",
                     base::FormatDay(c.dates.policy)));
  }
  return status;
}

bool IsSet(const PolicyPack& pack, absl::string_view division, absl::CivilDay day,
           absl::string_view digest) {
  const auto set = assess::SummaryOf(pack, division, day);
  return set.has_value() && set->sha256 == digest;
}

// A set that came into force here at some time, by the engine of today.
absl::StatusOr<PolicyPack::Ptr> LoadEarlier(const assess::PolicyRepository& archive,
                                            const std::string& digest) {
  auto pack = assess::LoadPolicySet(archive, digest);
  if (pack.ok()) return pack;
  if (pack.status().code() == absl::StatusCode::kNotFound) {
    return base::MakeError(absl::StatusCode::kNotFound, "POLICY_SET_UNKNOWN",
                           "no policy set of this digest ever came into force on this platform");
  }
  if (base::ReasonOf(pack.status()) == "POLICY") {
    return base::MakeError(absl::StatusCode::kFailedPrecondition, "POLICY_SET_OUTDATED",
                           "the engine of today finds defects in this policy set; use the version "
                           "of hedui that it was in force under");
  }
  return pack;
}

absl::StatusOr<Evaluation> Assessed(const PolicyPack& pack, const assess::CaseFile& file,
                                    const EvaluationRequest& request) {
  const auto assessment = assess::Assess(pack, file.value);
  // Whoever expects a refusal is told it: as an error, since nothing was assessed.
  if (!assessment.ok()) return RefusedBy(assessment.status(), file.value);
  Evaluation result;
  result.engine = assessment->engine;
  result.division = assessment->division;
  result.policy_day = assessment->policy_day;
  result.policy_sha256 = assessment->policy_digest;
  result.next_change = assessment->next_change;
  for (const assess::Indication& indication : assessment->indications) {
    result.indications.push_back(Shown(indication));
  }
  if (!request.indications_only) result.json = report::AssessmentJson(*assessment, file.value);
  result.unmet = assess::UnmetExpectations(file, assessment);
  return result;
}

}  // namespace

PolicySetPage ListSets(const Setup& setup, const PolicySetQuery& query) {
  PolicySetPage page;
  page.in_force = InForceOf(setup);
  for (const std::string& division : assess::DivisionsWithSets(*setup.policies)) {
    if (division <= query.after) continue;
    if (!query.division.empty() && !base::DivisionContains(query.division, division)) continue;
    if (page.sets.size() == query.page_size) {
      page.last = page.sets.back().division;
      return page;
    }
    page.sets.push_back(*assess::SummaryOf(*setup.policies, division, query.day));
  }
  return page;
}

absl::StatusOr<PolicySetShown> ShowSet(const Setup& setup, const assess::PolicyRepository* archive,
                                       const ShowRequest& request) {
  PolicyPack::Ptr pack = setup.policies;
  std::string division = request.division;
  if (!request.policy_sha256.empty() &&
      (division.empty() || !IsSet(*pack, division, request.day, request.policy_sha256))) {
    HEDUI_ASSIGN_OR_RETURN(pack, LoadEarlier(*archive, request.policy_sha256));
    if (division.empty()) division = assess::DivisionOfPolicyFiles(pack->files());
    // The chain of another division is another set.
    if (!IsSet(*pack, division, request.day, request.policy_sha256)) {
      return base::MakeError(
          absl::StatusCode::kNotFound, "POLICY_SET_UNKNOWN",
          absl::StrCat("the policy set of this digest does not speak for division ", division));
    }
  }
  auto listing = assess::ListingOf(*pack, division, request.day, request.texts);
  if (!listing.has_value()) return NobodySpeaksFor(division);
  PolicySetShown shown;
  shown.in_force = InForceOf(setup);
  shown.listing = *std::move(listing);
  return shown;
}

LintResult LintPosted(const PolicyPack& own, const PostedFiles& posted) {
  std::set<std::string> divisions;
  std::vector<std::string> paths;
  for (const PostedFile& file : posted.files) {
    divisions.insert(FolderDivision(file.path));
    paths.push_back(file.path);
  }
  const std::vector<PolicyText> files = Together(own, posted, [&](const std::string& folder) {
    return std::any_of(divisions.begin(), divisions.end(), [&](const std::string& division) {
      return base::DivisionContains(folder, division) || base::DivisionContains(division, folder);
    });
  });
  LintResult result;
  result.loads = true;
  // Of the platform's own only what keeps all of them from loading.
  for (const assess::LintFinding& finding : assess::PolicyLinter::LintFiles(
           files, paths, {kPostedConstantsMax, kLintWorkMax, kLintStepsMax})) {
    result.loads &= finding.severity != assess::LintSeverity::kError;
    if (result.findings.size() < kFindingsMax) {
      result.findings.push_back(Shown(finding));
    } else {
      ++result.left_out;
    }
  }
  return result;
}

absl::StatusOr<Evaluation> EvaluateCase(const PolicyPack& own,
                                        const assess::PolicyRepository* archive,
                                        const EvaluationRequest& request) {
  PolicyPack::Ptr posted;
  if (!request.posted.files.empty()) {
    Evaluation refused;
    posted = LoadPosted(own, request, &refused);
    if (posted == nullptr) return refused;
  }
  PolicyPack::Ptr earlier;
  const PolicyPack* pack = posted == nullptr ? &own : posted.get();
  const std::string division = EffectiveDivision(request);
  const std::string& wanted = request.policy_sha256;
  // Which set speaks for a division does not depend on the day.
  if (!wanted.empty() && !IsSet(*pack, division, absl::CivilDay(), wanted)) {
    if (posted != nullptr) {
      return base::MakeError(absl::StatusCode::kFailedPrecondition, "POLICY_SET_CHANGED",
                             "the set that the posted files make is not the one that "
                             "policy_sha256 names");
    }
    HEDUI_ASSIGN_OR_RETURN(earlier, LoadEarlier(*archive, wanted));
    pack = earlier.get();
    if (!IsSet(*pack, division, absl::CivilDay(), wanted)) {
      return base::MakeError(absl::StatusCode::kNotFound, "POLICY_SET_UNKNOWN",
                             "the policy set of this digest does not speak for the division");
    }
  }
  std::vector<assess::CaseDefect> defects;
  std::optional<assess::CaseFile> file = assess::ParseCase(request.case_yaml, *pack, &defects);
  if (!file.has_value()) return Refused("CASE_FILE", Shown(defects));
  if (!request.division.empty()) file->value.division = request.division;
  if (request.policy_day.has_value()) file->value.dates.policy = *request.policy_day;
  HEDUI_ASSIGN_OR_RETURN(Evaluation result, Assessed(*pack, *file, request));
  if (posted != nullptr) {
    for (const PolicyFinding& warning : posted->warnings()) {
      if (result.warnings.size() == kFindingsMax) break;
      result.warnings.push_back(Shown(warning));
    }
  }
  return result;
}

}  // namespace hedui
