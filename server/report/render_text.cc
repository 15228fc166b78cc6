#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/dates.h"
#include "server/base/identity.h"
#include "server/base/status.h"
#include "server/ledger/checkpoint.h"
#include "server/ledger/entry_proof.h"
#include "server/ledger/note.h"
#include "server/report/display_text.h"
#include "server/report/envelope.h"
#include "server/report/names.h"
#include "server/report/render.h"
#include "server/report/text_table.h"
#include "server/report/words.h"

namespace hedui::report {
namespace {

// A4 in a fixed-width font, and a terminal of ordinary width.
constexpr size_t kWidth = 100;
constexpr size_t kKeyWidth = 14;

std::string TextField(const v1::Line& line, absl::string_view name) {
  for (const v1::Field& field : line.fields()) {
    if (field.name() == name) return field.text();
  }
  return "";
}

std::string OrNone(const std::string& text, absl::string_view none) {
  return text.empty() ? std::string(none) : text;
}

// Short; what the short name stands for is listed once, at the end.
std::string CitationText(const v1::Citation& citation) {
  return absl::StrCat(OrNone(citation.document(), citation.title()),
                      citation.article().empty() ? "" : " ", citation.article());
}

std::string MarksText(const v1::Line& line) {
  std::vector<std::string> marks;
  if (line.marks().presumed()) marks.push_back("推定");
  if (line.marks().assumed()) marks.push_back("含未核实政策值");
  if (line.marks().manual()) marks.push_back("人工核查");
  if (line.marks().declared()) marks.push_back("依申报");
  if (line.marks().unproven()) marks.push_back("缺证据，暂按已知信息");
  if (line.marks().preliminary()) marks.push_back("初步，按目前所知");
  return absl::StrJoin(marks, "、");
}

// Who found an answer out by hand; empty where nobody did.
std::string FindingText(const v1::Outcome& outcome) {
  if (outcome.method().empty()) return "";
  return absl::StrCat(FindingMethodWord(outcome.method()), " ", outcome.finding_day(), "，调查人 ",
                      absl::StrJoin(outcome.investigators(), "、"), "，记录 SHA-256 ",
                      base::HexEncode(outcome.evidence_sha256()));
}

// Whose answer was used again; empty where it was asked for.
std::string ReusedText(const v1::Outcome& outcome) {
  if (outcome.reused_query().empty()) return "";
  return absl::StrCat("沿用本事项 ",
                      base::FormatInstant(absl::FromUnixSeconds(outcome.obtained_seconds())),
                      " 已取得的答复，查询 ", outcome.reused_query());
}

class TextReport {
 public:
  explicit TextReport(const OpenEnvelope& open) : open_(open), header_(open.lines[0].header()) {
    for (const v1::Line& line : open.lines) {
      by_kind_[line.kind()].push_back(&line);
      if (line.kind() == v1::LINE_KIND_PERSON) {
        names_[line.person_id()] = TextField(line, "name");
      }
    }
  }

  std::string Render() {
    AddTitle();
    AddHeader();
    AddPersons();
    AddIndications();
    AddComputation(v1::LINE_KIND_QUANTITY, "收入与财产计算");
    AddComputation(v1::LINE_KIND_TEST, "条件检验");
    AddDiscrepancies();
    AddFindings();
    AddOutcomes();
    AddRows();
    AddDocuments();
    AddAssumed();
    AddNotes();
    AddProof();
    return std::move(out_);
  }

 private:
  // ---- Pieces -------------------------------------------------------------------------------

  const std::vector<const v1::Line*>& Of(v1::LineKind kind) { return by_kind_[kind]; }

  std::string NameOf(const std::string& person_id) const {
    if (person_id.empty()) return "家庭";
    const auto name = names_.find(person_id);
    return name == names_.end() || name->second.empty() ? person_id : name->second;
  }

  void Section(absl::string_view title) {
    static constexpr const char* kNumerals[] = {"一", "二", "三", "四",   "五",   "六",   "七",
                                                "八", "九", "十", "十一", "十二", "十三", "十四"};
    absl::StrAppend(&out_, "\n", kNumerals[section_++ % 14], "、", title, "\n");
  }

  // Text that is ours or was escaped by the table; others through Escape.
  void Pair(absl::string_view key, const std::string& value) {
    const std::string escaped = EscapeForDisplay(value);
    bool first = true;
    for (const std::string& piece : WrapText(escaped, kWidth - kKeyWidth)) {
      absl::StrAppend(&out_, PadRight(first ? key : "", kKeyWidth), piece, "\n");
      first = false;
    }
  }

  void Paragraph(const std::string& text) {
    for (const std::string& piece : WrapText(EscapeForDisplay(text), kWidth)) {
      absl::StrAppend(&out_, piece, "\n");
    }
  }

  // ---- Sections -----------------------------------------------------------------------------

  void AddTitle() {
    const std::string title = "家庭经济状况核对报告";
    out_.append((kWidth - DisplayWidth(title)) / 2, ' ');
    absl::StrAppend(&out_, title, "\n\n");
  }

  void AddHeader() {
    Pair("报告编号", header_.report_number());
    Pair("核对机构",
         absl::StrCat(header_.issuing_centre(), "（", header_.issuing_division(), "）"));
    Pair("请求机构", absl::StrCat(header_.agency_name(), "（", header_.agency(), "）  经办人员 ",
                                  header_.officer()));
    Pair("核对事由", absl::StrCat(CheckKindWord(header_.check_kind()), "  事项编号 ",
                                  header_.matter_number(), "  用途 ", header_.purpose()));
    const auto& programmes = header_.programmes();
    std::vector<std::string> wanted(programmes.begin(), programmes.end());
    for (std::string& programme : wanted) programme = ProgrammeName(programme);
    Pair("救助类别", OrNone(absl::StrJoin(wanted, "、"), "仅核对，不作提示性意见"));
    Pair("居住地",
         absl::StrCat(header_.division_name(), "（", header_.division(), "）  ",
                      header_.scope().empty() ? "" : "申请类别 ", ScopeWord(header_.scope())));
    Pair("授权情况", absl::StrCat("已授权 ", header_.persons_authorized(), " 人，未授权 ",
                                  header_.persons_unauthorized(), " 人"));
    Pair("日期", absl::StrCat("申请 ", header_.application_day(), "  受理 ",
                              OrNone(header_.acceptance_day(), "尚未受理"), "  政策适用日 ",
                              header_.policy_day()));
    Pair("出具时间", base::FormatInstant(absl::FromUnixSeconds(header_.issued_at_seconds())));
    const std::string& basis = header_.validity_basis();
    Pair("有效期至", OrNone(header_.valid_until(), "未设定（政策未规定有效期）") +
                         (basis.empty() ? "" : "（依据 " + basis + "）"));
    if (!header_.previous_report_id().empty()) {
      const auto id = base::Uuid::FromBytes(header_.previous_report_id());
      const absl::string_view reason = SupersedingWord(header_.superseding_reason());
      Pair("替代报告", absl::StrCat(id.ok() ? id->ToString() : "", reason.empty() ? "" : "（",
                                    reason, reason.empty() ? "" : "）"));
    }
    if (!header_.replaces_report_number().empty()) {
      Pair("重新出具", absl::StrCat("代替已作废的报告 ", header_.replaces_report_number()));
    }
    if (header_.staff_relative()) Pair("备案", "近亲属备案：单独登记，须由县级入户调查");
  }

  std::string ProgrammeName(const std::string& code) {
    for (const v1::Line* line : Of(v1::LINE_KIND_INDICATION)) {
      if (line->code() == code) return line->label();
    }
    return code;
  }

  void AddPersons() {
    absl::flat_hash_map<std::string, std::string> authorizations;
    for (const v1::Line* line : Of(v1::LINE_KIND_AUTHORIZATION)) {
      authorizations[line->person_id()] = line->text();
    }
    TextTable table({"行", "代号", "姓名", "证件号码", "身份", "关系", "授权"}, kWidth);
    for (const v1::Line* line : Of(v1::LINE_KIND_PERSON)) {
      const auto authorization = authorizations.find(line->person_id());
      table.AddRow({absl::StrCat(line->number()), line->person_id(), TextField(*line, "name"),
                    OrNone(base::MaskNumber(TextField(*line, "number")), "无"), line->label(),
                    std::string(RelationWord(TextField(*line, "relation"))),
                    authorization == authorizations.end() ? "未披露" : authorization->second});
    }
    if (table.empty()) return;
    Section("家庭成员与授权");
    out_.append(table.ToString());
  }

  void AddIndications() {
    if (Of(v1::LINE_KIND_INDICATION).empty()) return;
    Section("提示性意见（只核对、不认定）");
    TextTable table({"行", "救助类别", "意见", "说明", "依据"}, kWidth);
    for (const v1::Line* line : Of(v1::LINE_KIND_INDICATION)) {
      // Of single-person filing: whose.
      const std::string programme =
          line->person_id().empty()
              ? line->label()
              : absl::StrCat(line->label(), "（", NameOf(line->person_id()), "）");
      table.AddRow({absl::StrCat(line->number()), programme, line->text(), MarksText(*line),
                    CitationText(line->citation())});
    }
    out_.append(table.ToString());
  }

  void AddComputation(v1::LineKind kind, absl::string_view title) {
    if (Of(kind).empty()) return;
    Section(title);
    TextTable table({"行", "对象", "项目", "结果", "说明", "依据"}, kWidth);
    for (const v1::Line* line : Of(kind)) {
      table.AddRow({absl::StrCat(line->number()), NameOf(line->person_id()), line->label(),
                    line->text(), MarksText(*line), CitationText(line->citation())});
    }
    out_.append(table.ToString());
  }

  void AddDiscrepancies() {
    Section("与申报不一致及来源之间不一致");
    TextTable table({"行", "人员", "事项", "情况"}, kWidth);
    for (const v1::Line* line : Of(v1::LINE_KIND_DISCREPANCY)) {
      table.AddRow(
          {absl::StrCat(line->number()), NameOf(line->person_id()), line->label(), line->text()});
    }
    out_.append(table.empty() ? std::string("无。\n") : table.ToString());
  }

  void AddFindings() {
    if (Of(v1::LINE_KIND_FINDING).empty()) return;
    Section("查得与申报的事项");
    TextTable table({"行", "人员", "事项", "内容", "来源", "数据日"}, kWidth);
    for (const v1::Line* line : Of(v1::LINE_KIND_FINDING)) {
      table.AddRow({absl::StrCat(line->number()), NameOf(line->person_id()), line->label(),
                    line->text(), line->marks().declared() ? "申报" : line->outcome().source_name(),
                    line->outcome().data_day()});
    }
    out_.append(table.ToString());
  }

  void AddOutcomes() {
    if (Of(v1::LINE_KIND_OUTCOME).empty()) return;
    Section("信息来源答复情况");
    std::map<std::string, int> counts;
    TextTable table(
        {"行", "人员", "项目", "来源", "级别", "答复", "原因", "数据日", "涵盖期间（止不含）"},
        kWidth);
    for (const v1::Line* line : Of(v1::LINE_KIND_OUTCOME)) {
      const v1::Outcome& outcome = line->outcome();
      ++counts[outcome.kind()];
      std::string kind(AnswerKindWord(outcome.kind()));
      if (outcome.kind() == "FOUND" && !outcome.complete()) kind += "（不完整）";
      if (outcome.superseded()) kind += "（后备来源已答复）";
      if (outcome.manual()) kind += "（人工）";
      const bool covered = !outcome.covered_from().empty() || !outcome.covered_to().empty();
      table.AddRow({absl::StrCat(line->number()), NameOf(line->person_id()), line->label(),
                    OrNone(outcome.source_name(), "—"), std::string(LevelWord(outcome.level())),
                    kind, std::string(ReasonWord(outcome.reason())), outcome.data_day(),
                    covered ? absl::StrCat(OrNone(outcome.covered_from(), ".."), " /",
                                           OrNone(outcome.covered_to(), ".."))
                            : ""});
    }
    std::vector<std::string> sums;
    for (const auto& [kind, count] : counts) {
      sums.push_back(absl::StrCat(AnswerKindWord(kind), " ", count));
    }
    Paragraph(absl::StrCat("合计：", absl::StrJoin(sums, "，")));
    out_.append(table.ToString());
    for (const v1::Line* line : Of(v1::LINE_KIND_OUTCOME)) {
      for (const std::string& note : {FindingText(line->outcome()), ReusedText(line->outcome())}) {
        if (!note.empty()) Paragraph(absl::StrCat("第 ", line->number(), " 行：", note));
      }
    }
  }

  // Values are what people compare with a notice; rules are expressions and take the width of the
  // page.
  void AddRows() {
    std::set<std::string> expressions;
    for (const v1::Line& line : open_.lines) expressions.insert(line.expression());
    TextTable values({"行", "政策", "值", "行政区划", "起", "止（不含）", "依据", "核实"}, kWidth);
    TextTable rules({"行", "规则", "算式", "依据", "核实"}, kWidth);
    for (const v1::Line* line : Of(v1::LINE_KIND_POLICY_ROW)) {
      const v1::PolicyRow& row = line->row();
      const std::string number = absl::StrCat(line->number());
      const std::string citation = CitationText(line->citation());
      const std::string verified = line->citation().verified() ? "已核实" : "未核实";
      if (expressions.count(row.value()) > 0) {
        rules.AddRow({number, line->label(), row.value(), citation, verified});
      } else {
        values.AddRow({number, line->label(), row.value(), row.division(), row.from(), row.to(),
                       citation, verified});
      }
    }
    if (!values.empty()) {
      Section("采用的政策值");
      out_.append(values.ToString());
    }
    if (!rules.empty()) {
      Section("采用的计算规则");
      out_.append(rules.ToString());
    }
  }

  void AddDocuments() {
    std::map<std::string, std::string> titles;
    for (const v1::Line& line : open_.lines) {
      if (line.has_citation()) titles[line.citation().document()] = line.citation().title();
    }
    titles.erase("");
    if (titles.empty()) return;
    Section("依据文件");
    for (const auto& [document, title] : titles) Pair(EscapeForDisplay(document), title);
  }

  // What stands on ground that nobody has verified is said once more, together.
  void AddAssumed() {
    std::vector<std::string> assumed;
    for (const v1::Line* line : Of(v1::LINE_KIND_POLICY_ROW)) {
      if (line->citation().verified()) continue;
      assumed.push_back(absl::StrCat(line->label(), "（第 ", line->number(), " 行）"));
    }
    if (assumed.empty()) return;
    Section("未经核实的政策值");
    Paragraph(absl::StrCat("下列政策值尚未核对原文，所依计算仅供参考：",
                           absl::StrJoin(assumed, "；"), "。"));
  }

  void AddNotes() {
    Section("说明");
    Pair("使用限制", header_.restriction());
    Pair("异议途径", header_.objection());
    if (!header_.next_change().empty()) {
      Pair("政策变动", absl::StrCat("同样的事实自 ", header_.next_change(), " 起可能得出不同结果"));
    }
    if (!header_.engine().empty()) Pair("计算程序", header_.engine());
    if (open_.withheld > 0) {
      Pair("未披露", absl::StrCat("本件有 ", open_.withheld, " 行未披露，不影响所列各行的验证"));
    }
    std::string places;
    for (const std::string& place : header_.signature_places()) {
      absl::StrAppend(&places, places.empty() ? "" : "    ", place, "：____________");
    }
    absl::StrAppend(&out_, "\n", EscapeForDisplay(places), "\n");
  }

  void AddProof() {
    const auto proof = ledger::DecodeEntryProof(open_.envelope.entry_proof());
    if (!proof.ok()) return;
    Section("存证");
    Pair("日志", header_.log_origin());
    Pair("序号", absl::StrCat(proof->index));
    const auto note = ledger::ParseNote(proof->checkpoint->note);
    const auto checkpoint = note.ok() ? ledger::ParseCheckpoint(note->text) : note.status();
    if (checkpoint.ok()) Pair("签署时间", base::FormatInstant(checkpoint->time));
    Paragraph("本件未经验证即可显示；其真伪以离线验证（hedui report check）为准。");
  }

  const OpenEnvelope& open_;
  const v1::Header& header_;
  std::map<int, std::vector<const v1::Line*>> by_kind_;
  absl::flat_hash_map<std::string, std::string> names_;
  std::string out_;
  int section_ = 0;
};

}  // namespace

absl::StatusOr<std::string> RenderText(absl::string_view envelope) {
  HEDUI_ASSIGN_OR_RETURN(const OpenEnvelope open, OpenEnvelopeLines(envelope));
  return TextReport(open).Render();
}

}  // namespace hedui::report
