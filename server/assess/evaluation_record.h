// What computing a case leaves behind beside values: what is to blame, and what each step read.
// Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_EVALUATION_RECORD_H_
#define HEDUI_SERVER_ASSESS_EVALUATION_RECORD_H_

#include <cstdint>

#include "server/assess/assessment.h"
#include "server/assess/case_index.h"

namespace hedui::assess {

// A thing to blame, by numbers.
struct BlameLeaf {
  BlameKind kind = BlameKind::kSource;
  AnswerDetail detail = AnswerDetail::kNone;
  int16_t person = -1;        // -1: the household
  int32_t answer = -1;        // into Case::facts.answers
  int32_t category = -1;      // where no answer is concerned but one is missing
  int32_t symbol = -1;        // kPolicyRow, kIdentity, kDeclaration
  int32_t kind_of_fact = -1;  // kPolicyRow: without an evidence rule (neither symbol nor
                              // kind: obligors_complete is not declared); kDeclaration: not stated
  int32_t field = -1;         // kDeclaration: of that kind
  int32_t keys = -1;      // kPolicyRow: where the keys asked with stand, if not the symbol's own
  bool calendar = false;  // kPolicyRow: no row of the calendar
};

// What a step read, recorded when tracing.
struct Ref {
  enum class Tag : uint8_t { kHousehold, kPerson, kFact, kAnswer, kRow, kEvidence, kCalendar } tag;
  uint8_t person = 0;
  int32_t index = 0;  // symbol, fact, answer, row, evidence rule or calendar row
};

// One symbol computed for the household (person −1) or one person.
struct Visit {
  int32_t symbol = 0;
  int32_t person = -1;
  int32_t row = -1;  // the rule in force; for parameters see the refs
  uint32_t refs_begin = 0;
  uint32_t refs_end = 0;
};

// What an operation gave while observed: truths as kMayBeFalse and kMayBeTrue, and
enum ObservedBits : uint8_t {
  kObservedOpen = 4,  // of a comparison: a side was not exact
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_EVALUATION_RECORD_H_
