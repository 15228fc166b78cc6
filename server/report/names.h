// The Chinese names of the people, sources and codes of one report. Keeps pointers into the input,
// which must outlive it. Thread-compatible. Internal to report.
#ifndef HEDUI_SERVER_REPORT_NAMES_H_
#define HEDUI_SERVER_REPORT_NAMES_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/assess/assessment.h"
#include "server/base/answer.h"
#include "server/report/report_input.h"

namespace hedui::report {

class Names {
 public:
  explicit Names(const ReportInput& input);

  // Views of the input, or of the id that was given.
  // The name; the id where it is unknown; empty for the household's empty id.
  absl::string_view Person(absl::string_view id) const;
  // The source's Chinese name; its id where it has none; empty for no source.
  absl::string_view Source(absl::string_view id) const;
  absl::string_view Level(absl::string_view source_id) const;
  absl::string_view Code(absl::string_view code) const;
  absl::string_view Field(absl::string_view kind, absl::string_view field) const;
  // Of a code that a field of a kind, or a quantity, may be. The code itself where it has no name.
  absl::string_view FieldValue(absl::string_view kind, absl::string_view field,
                               absl::string_view code) const;
  absl::string_view QuantityValue(absl::string_view quantity, absl::string_view code) const;

  // "金额 3000.00 元，支付单位 宁夏甲公司"; identity numbers masked.
  std::string Record(const base::Record& record) const;
  // What does not agree, then both sides: who tells it, of which day, and what.
  std::string Discrepancy(const match::Discrepancy& discrepancy, const base::Facts& facts) const;
  // "银行（存款）未答复（超过时限）"
  std::string Blame(const assess::Blame& blame) const;
  // Each cause once, with everybody it concerns.
  std::string Blames(const std::vector<assess::Blame>& blames) const;

 private:
  // "公安厅（数据日 2025-03-02）"
  std::string ToldBy(const base::AnswerState& answer) const;
  std::string BlameOf(const assess::Blame& blame, absl::string_view people) const;
  void AppendField(absl::string_view kind, const base::Field& field, std::string* out) const;
  // `fallback` where nothing has that key.
  absl::string_view LabelOr(absl::string_view key, absl::string_view fallback) const;

  absl::flat_hash_map<absl::string_view, const base::Person*> persons_;
  absl::flat_hash_map<absl::string_view, const SourceName*> sources_;
  absl::flat_hash_map<absl::string_view, const CodeLabel*> labels_;
};

// Whether a field of this name holds somebody's identity number.
bool IsIdentityNumberField(absl::string_view name);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_NAMES_H_
