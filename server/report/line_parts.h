// The parts that lines are made of, from values to bytes. Each call puts one field of a line.
// Internal to report; pure.
#ifndef HEDUI_SERVER_REPORT_LINE_PARTS_H_
#define HEDUI_SERVER_REPORT_LINE_PARTS_H_

#include <string>
#include <vector>

#include "server/assess/assessment.h"
#include "server/base/facts.h"
#include "server/report/names.h"
#include "server/report/wire_writer.h"

namespace hedui::report {

void PutFields(int field, const base::Record& record, WireWriter* line);
void PutBlame(int field, const std::vector<assess::Blame>& blame, const Names& names,
              WireWriter* line);
void PutValue(int field, const assess::AbstractValue& value, WireWriter* line);
void PutOutcome(int field, const base::AnswerState& answer, const Names& names, WireWriter* line);
void PutRow(int field, const assess::PolicyRow& row, WireWriter* line);

// Absent where the part says nothing, so that a line has one encoding.
void PutMarks(int field, const assess::Marks& marks, WireWriter* line);
void PutCitation(int field, const assess::Citation& citation, WireWriter* line);

// "1055.00 元/月", "[1055.00, +∞) 元/月", "成立", "一类 或 二类". `name` is the quantity's whose
// codes these are.
std::string ValueText(const assess::AbstractValue& value, absl::string_view name,
                      const Names& names);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_LINE_PARTS_H_
