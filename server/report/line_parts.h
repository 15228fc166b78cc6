// The parts that lines are made of, from values to messages. Internal to report; pure.
#ifndef HEDUI_SERVER_REPORT_LINE_PARTS_H_
#define HEDUI_SERVER_REPORT_LINE_PARTS_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <string>

#include "hedui/report/v1/report.pb.h"
#include "server/assess/assessment.h"
#include "server/base/facts.h"
#include "server/report/names.h"

namespace hedui::report {

void FillFields(const base::Record& record, google::protobuf::RepeatedPtrField<v1::Field>* out);
void FillBlame(const std::vector<assess::Blame>& blame, const Names& names,
               google::protobuf::RepeatedPtrField<v1::Blame>* out);
void FillValue(const assess::AbstractValue& value, v1::Value* out);
void FillOutcome(const base::AnswerState& answer, const Names& names, v1::Outcome* out);
void FillRow(const assess::PolicyRow& row, v1::PolicyRow* out);

// Absent where the part says nothing, so that a line has one encoding.
void SetMarks(const assess::Marks& marks, v1::Line* line);
void SetCitation(const assess::Citation& citation, v1::Line* line);

// "1055.00 元/月", "[1055.00, +∞) 元/月", "成立".
std::string ValueText(const assess::AbstractValue& value, const Names& names);
// "《…》第十三条" with "（未经核实）" where nobody read it; empty without a document.
std::string CitationText(const assess::Citation& citation);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_LINE_PARTS_H_
