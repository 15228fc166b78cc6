// One SourceAnswer of the wire contract, checked field by field. Internal to the wire format.
#ifndef HEDUI_ADAPTERS_WIRE_ANSWER_H_
#define HEDUI_ADAPTERS_WIRE_ANSWER_H_

#include "server/base/answer.h"
#include "server/plan/source_query.h"

namespace hedui::v1 {
class SourceAnswer;
}

namespace hedui::adapters {

// Fills everything of `answer` but person, category and digest from `wire`, whose texts it takes
// away. Returns nullptr, or what is wrong: a literal that names a rule and no content. `answer` is
// then undefined but for those three.
const char* TakeAnswer(v1::SourceAnswer* wire, const plan::SourceQuery& query,
                       const base::Identity& asked, base::Answer* answer);

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_WIRE_ANSWER_H_
