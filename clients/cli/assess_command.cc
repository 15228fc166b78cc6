#include "clients/cli/assess_command.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/commands.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/assess/policy_pack.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/report/assessment_json.h"
#include "server/report/display_text.h"

namespace hedui::clients {
namespace {

using assess::AbstractValue;
using assess::Assessment;
using assess::Blame;
using assess::Citation;
using assess::Indication;
using assess::Marks;
using assess::TraceEntry;
using assess::Truth;

std::string BlameSentence(const Blame& blame) {
  const std::string who = blame.person_id.empty() ? "" : absl::StrCat(blame.person_id, "：");
  switch (blame.kind) {
    case assess::BlameKind::kSource:
    case assess::BlameKind::kAuthorization:
    case assess::BlameKind::kIdentity:
      if (blame.category.empty()) return absl::StrCat(who, "身份或成员关系不明", blame.policy);
      return absl::StrCat(
          who, blame.category, "@", blame.source_id.empty() ? "（无可询来源）" : blame.source_id,
          " ", std::string(base::AnswerKindName(blame.answer)),
          blame.reason == base::Reason::kNone ? ""
                                              : absl::StrCat("/", base::ReasonName(blame.reason)),
          blame.detail.empty() ? "" : absl::StrCat("/", blame.detail),
          blame.kind == assess::BlameKind::kAuthorization ? "（未授权）" : "");
    case assess::BlameKind::kPolicyRow:
      return absl::StrCat("缺少有效的政策条目 ", blame.policy);
    case assess::BlameKind::kDeclaration:
      return absl::StrCat(who, "申报缺项 ", blame.detail);
    case assess::BlameKind::kArithmetic:
      return "除数为零，比值无定义";
  }
  return "";
}

std::string CitationSentence(const Citation& citation) {
  if (citation.document.empty()) return "";
  return absl::StrCat(citation.title, " ", citation.article, citation.verified ? "" : "〔假定〕");
}

std::string MarkSentence(const Marks& marks) {
  std::vector<std::string> words;
  if (marks.presumed) words.push_back("推定");
  if (marks.assumed) words.push_back("含假定值");
  if (marks.manual) words.push_back("含人工核查");
  if (marks.declared) words.push_back("含申报值");
  if (marks.unproven) words.push_back("缺证据，暂按已知信息");
  if (marks.preliminary) words.push_back("初步，按目前所知");
  return words.empty() ? "" : absl::StrCat("〔", absl::StrJoin(words, "、"), "〕");
}

const char* TruthSentence(Truth truth) {
  switch (truth) {
    case Truth::kTrue:
      return "是";
    case Truth::kFalse:
      return "否";
    case Truth::kUndetermined:
      return "无法判定";
  }
  return "";
}

// Units as people write them.
std::string UnitSentence(const std::string& unit) {
  static constexpr std::pair<const char*, const char*> kUnits[] = {
      {"yuan", " 元"},    {"yuan/month", " 元/月"}, {"yuan/year", " 元/年"}, {"months", " 个月"},
      {"years", " 周岁"}, {"days", " 天"},          {"m2", " 平方米"},       {"ratio", ""},
      {"count", ""}};
  for (const auto& [name, shown] : kUnits) {
    if (unit == name) return shown;
  }
  return unit.empty() ? "" : absl::StrCat(" ", unit);
}

// What is exact has blame where a rule takes an unproven list for complete.
void AppendBlame(std::string* text, const std::vector<Blame>& blames, bool exact) {
  for (const Blame& blame : blames) {
    absl::StrAppend(text, exact ? "      尚缺证据：" : "      待定原因：",
                    report::EscapeForDisplay(BlameSentence(blame)), "\n");
  }
}

void AppendEntry(std::string* text, const TraceEntry& entry) {
  const bool truth = entry.value.kind == assess::ValueKind::kTruth;
  absl::StrAppend(
      text, "  ", entry.label,
      entry.person_id.empty() ? ""
                              : absl::StrCat("（", report::EscapeForDisplay(entry.person_id), "）"),
      "：", truth ? TruthSentence(entry.value.truth) : entry.value.text,
      UnitSentence(entry.value.unit),
      entry.value.exact_text.empty() ? "" : absl::StrCat(" （= ", entry.value.exact_text, "）"),
      MarkSentence(entry.marks), "\n");
  if (!entry.rule->value.empty()) {
    absl::StrAppend(text, "      ", entry.id, " = ", entry.rule->value, "\n      依据：",
                    CitationSentence(entry.rule->citation), "\n");
  }
  AppendBlame(text, entry.blame, entry.value.exact);
}

}  // namespace

std::string AssessmentText(const Assessment& assessment) {
  std::string text = absl::StrCat("核算结果（仅供参考，不作认定）\n行政区划：", assessment.division,
                                  "　政策适用日：", base::FormatDay(assessment.policy_day), "\n");
  if (assessment.next_change) {
    absl::StrAppend(&text, "同样事实下结果可能改变的最早日期：",
                    base::FormatDay(*assessment.next_change), "\n");
  }
  absl::StrAppend(&text, "\n提示\n");
  for (const Indication& indication : assessment.indications) {
    absl::StrAppend(&text, "  ", indication.label,
                    indication.person_id.empty()
                        ? ""
                        : absl::StrCat("（", report::EscapeForDisplay(indication.person_id), "）"),
                    "：", TruthSentence(indication.result),
                    indication.robust ? "（确定：补齐缺失信息也不会改变）" : "",
                    MarkSentence(indication.marks), "\n      依据：",
                    CitationSentence(indication.citation), "\n");
    if (indication.amount) {
      absl::StrAppend(&text, "      金额：", indication.amount->text,
                      UnitSentence(indication.amount->unit), "\n");
    }
    if (indication.validity) {
      // A span of years is no age.
      absl::StrAppend(
          &text, "      有效期：", indication.validity->text,
          indication.validity->unit == "years" ? " 年" : UnitSentence(indication.validity->unit),
          "\n");
    }
    AppendBlame(&text, indication.blame, indication.result != Truth::kUndetermined);
  }
  if (assessment.indications.empty()) absl::StrAppend(&text, "  （本地没有项目政策，只列事实）\n");
  absl::StrAppend(&text, "\n核算过程\n");
  for (const TraceEntry& entry : assessment.entries) AppendEntry(&text, entry);
  absl::StrAppend(&text, "\n所用政策条目\n");
  for (const auto& row : assessment.rows) {
    absl::StrAppend(&text, "  ", row->label, "  ", row->id, " = ", row->value, "  （",
                    base::FormatPeriod(row->in_force), "）\n      ",
                    CitationSentence(row->citation), "  ", row->file, ":", row->line, "\n");
  }
  return text;
}

int RunAssess(const std::string& file, const std::vector<std::string>& policies,
              const std::string& format, std::ostream& out, std::ostream& err) {
  const auto pack = assess::PolicyPack::Load(policies);
  if (!pack.ok()) {
    err << pack.status().message() << "\n";
    return kExitUnreadable;
  }
  for (const assess::PolicyFinding& warning : (*pack)->warnings())
    err << warning.ToString() << "\n";
  const auto read = assess::ReadCaseFile(file, **pack);
  if (!read.ok()) {
    err << read.status().message() << "\n";
    return kExitUnreadable;
  }
  const absl::StatusOr<Assessment> assessment = assess::Assess(**pack, read->value);
  if (assessment.ok()) {
    out << (format == "json" ? report::AssessmentJson(*assessment, read->value)
                             : AssessmentText(*assessment));
  } else {
    err << base::ReasonOf(assessment.status()) << ": " << assessment.status().message() << "\n";
  }
  const std::vector<std::string> unmet = assess::UnmetExpectations(*read, assessment);
  for (const std::string& difference : unmet) err << file << ": " << difference << "\n";
  // A case that expects to be refused, and is, came out as it says.
  const bool says = !read->expectations.empty();
  return unmet.empty() && (assessment.ok() || says) ? kExitDone : kExitNotValid;
}

}  // namespace hedui::clients
