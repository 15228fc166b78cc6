#include "server/answer_budget.h"

#include "server/base/limits.h"
#include "server/flow_bytes.h"

namespace hedui {

size_t RecordBytes(const base::Answer& answer) {
  size_t bytes = 0;
  for (const base::Record& record : answer.records) bytes += base::SizeOf(record);
  return bytes;
}

void LeaveOut(base::Answer* answer) {
  answer->kind = base::AnswerKind::kUnavailable;
  answer->reason = base::Reason::kOversized;
  answer->complete = false;
  answer->records.clear();
}

void AnswerBudget::Hold(base::ByteBudget::Place* place, gather::Outcome* outcome) {
  for (base::Answer& answer : outcome->answers) {
    const size_t bytes = RecordBytes(answer);
    if (records_ + answer.records.size() <= base::kRecordsPerVerificationMax &&
        record_bytes_ + bytes <= base::kRecordBytesPerVerificationMax &&
        place->TryGrow(kRecordCopies * bytes)) {
      records_ += answer.records.size();
      record_bytes_ += bytes;
    } else {
      LeaveOut(&answer);
    }
  }
}

}  // namespace hedui
