// What departments' answers may take: of one report (base/limits.h), and of the memory budget
// (flow_bytes.h). One department must not be able to make a report too large to be issued, nor the
// process hold as much as it sends.
//
// AnswerBudget belongs to one flow and one thread at a time.
#ifndef HEDUI_SERVER_ANSWER_BUDGET_H_
#define HEDUI_SERVER_ANSWER_BUDGET_H_

#include <cstddef>

#include "server/base/answer.h"
#include "server/base/byte_budget.h"
#include "server/gather/gatherer.h"

namespace hedui {

// Of the answer's records.
size_t RecordBytes(const base::Answer& answer);
// The answer is not used, and says so: UNAVAILABLE (OVERSIZED), without records.
void LeaveOut(base::Answer* answer);

class AnswerBudget {
 public:
  // Leaves out of the outcome what passes the report's budget after all that was held before, or
  // what `place`, the flow's, cannot grow by.
  void Hold(base::ByteBudget::Place* place, gather::Outcome* outcome);

 private:
  size_t records_ = 0;
  size_t record_bytes_ = 0;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_ANSWER_BUDGET_H_
