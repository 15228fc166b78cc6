#include "clients/cli/assess_command.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "clients/cli/commands.h"
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/assess/policy_pack.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/report/assessment_json.h"
#include "server/report/display_text.h"
#include "server/report/words.h"

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

// "check_kind", "co_residence", "co_residence.support_duty": a field, a kind, or a field of one.
std::string UnstatedSentence(const std::string& detail, const assess::PolicyPack& pack) {
  const std::pair<std::string, std::string> what = absl::StrSplit(detail, absl::MaxSplits('.', 1));
  const std::string label = pack.LabelOf(what.first);
  std::string field(report::FieldWord(what.second));
  if (field == what.second) field = pack.LabelOfField(what.first, what.second);
  return absl::StrCat(label == what.first ? report::FieldWord(what.first) : label,
                      field.empty() ? "" : "（", field, field.empty() ? "" : "）");
}

std::string BlameSentence(const Blame& blame, const assess::PolicyPack& pack) {
  const std::string who = blame.person_id.empty() ? "" : absl::StrCat(blame.person_id, "：");
  switch (blame.kind) {
    case assess::BlameKind::kSource:
    case assess::BlameKind::kAuthorization:
    case assess::BlameKind::kIdentity: {
      if (blame.category.empty()) return absl::StrCat(who, "身份或成员关系不明", blame.policy);
      const absl::string_view reason = report::ReasonWord(base::ReasonName(blame.reason));
      return absl::StrCat(who, pack.LabelOf(blame.category), "（", blame.category, "@",
                          blame.source_id.empty() ? "无可询来源" : blame.source_id, "） ",
                          report::AnswerKindWord(base::AnswerKindName(blame.answer)),
                          reason.empty() ? "" : "（", reason, reason.empty() ? "" : "）",
                          blame.detail.empty() ? "" : "，", report::BlameDetailWord(blame.detail),
                          blame.kind == assess::BlameKind::kAuthorization &&
                                  blame.reason != base::Reason::kNoAuthorization
                              ? "（未授权）"
                              : "");
    }
    case assess::BlameKind::kPolicyRow:
      return absl::StrCat("缺少有效的政策条目 ", blame.policy);
    case assess::BlameKind::kDeclaration:
      return absl::StrCat(who, "申报缺项：", UnstatedSentence(blame.detail, pack));
    case assess::BlameKind::kArithmetic:
      return "除数为零、没有可计的项（如空列表的最大值），或日期超出历法范围，无法计算";
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

// What is exact has blame where a rule takes an unproven list for complete. `of` says of what it is
// the reason, where it stands beside others.
void AppendBlame(std::string* text, const std::vector<Blame>& blames, bool exact,
                 const assess::PolicyPack& pack, const char* of = "") {
  for (const Blame& blame : blames) {
    absl::StrAppend(text, "      ", of, exact ? "尚缺证据：" : "待定原因：",
                    report::EscapeForDisplay(BlameSentence(blame, pack)), "\n");
  }
}

// As people read it: codes by their labels, and in words that there may be no value.
std::string ValueSentence(const AbstractValue& value, const std::string& division,
                          const std::string& name, const assess::PolicyPack& pack) {
  if (value.kind == assess::ValueKind::kTruth) return TruthSentence(value.truth);
  if (value.kind == assess::ValueKind::kCode) {
    std::vector<std::string> words;
    for (const std::string& code : value.codes)
      words.push_back(pack.LabelOfCode(division, name, code));
    if (absl::EndsWith(value.text, "|…")) words.push_back("其他");
    return absl::StrJoin(words, value.exact ? "、" : " 或 ");
  }
  absl::string_view text = value.text;
  absl::ConsumeSuffix(&text, " UNDEFINED");
  return absl::StrCat(text, UnitSentence(value.unit),
                      value.exact_text.empty() ? "" : absl::StrCat(" （= ", value.exact_text, "）"),
                      !value.undefined ? ""
                      : value.kind == assess::ValueKind::kNumber
                          ? "（可能无法计算：除数为零或没有可计的项）"
                          : "（可能不存在）");
}

void AppendEntry(std::string* text, const TraceEntry& entry, const std::string& division,
                 const assess::PolicyPack& pack) {
  absl::StrAppend(
      text, "  ", entry.label,
      entry.person_id.empty() ? ""
                              : absl::StrCat("（", report::EscapeForDisplay(entry.person_id), "）"),
      "：", ValueSentence(entry.value, division, entry.id, pack), MarkSentence(entry.marks), "\n");
  if (!entry.rule->value.empty()) {
    absl::StrAppend(text, "      ", entry.id, " = ", entry.rule->value, "\n      依据：",
                    CitationSentence(entry.rule->citation), "\n");
  }
  AppendBlame(text, entry.blame, entry.value.exact, pack);
}

}  // namespace

std::string AssessmentText(const Assessment& assessment, const assess::PolicyPack& pack) {
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
                    indication.robust ? "（资格确定：补齐缺失信息也不会改变是否符合）" : "",
                    MarkSentence(indication.marks), "\n      依据：",
                    CitationSentence(indication.citation), "\n");
    if (indication.amount) {
      // Of whoever is not indicated too: it is not granted by standing here.
      absl::StrAppend(&text, "      按规则计算的金额：",
                      ValueSentence(*indication.amount, assessment.division, "", pack), "\n");
      AppendBlame(&text, indication.amount_blame, indication.amount->exact, pack, "金额");
    }
    if (indication.validity && indication.result != Truth::kFalse) {
      // A span of years is no age.
      absl::StrAppend(
          &text, "      有效期：", indication.validity->text,
          indication.validity->unit == "years" ? " 年" : UnitSentence(indication.validity->unit),
          "\n");
      AppendBlame(&text, indication.validity_blame, indication.validity->exact, pack, "有效期");
    }
    AppendBlame(&text, indication.blame, indication.result != Truth::kUndetermined, pack);
  }
  if (assessment.indications.empty())
    absl::StrAppend(&text, "  （该行政区划在政策适用日没有项目政策，只作核算）\n");
  absl::StrAppend(&text, "\n核算过程\n");
  for (const TraceEntry& entry : assessment.entries)
    AppendEntry(&text, entry, assessment.division, pack);
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
                             : AssessmentText(*assessment, **pack));
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
