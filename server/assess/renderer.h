// Turns an evaluator's numbers into the plain assessment: names, texts, citations, pedigrees.
// Thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_RENDERER_H_
#define HEDUI_SERVER_ASSESS_RENDERER_H_

#include "absl/status/statusor.h"
#include "server/assess/assessment.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/evaluator.h"

namespace hedui::assess {

// `evaluator` has run with tracing on `division` and `c`. OUT_OF_RANGE (ARITHMETIC_OVERFLOW,
// EVALUATION_LIMIT).
absl::StatusOr<Assessment> Render(const CompiledPack& pack, const Division& division, const Case& c,
                                  const Evaluator& evaluator);

// The value as an assessment shows it. OUT_OF_RANGE (ARITHMETIC_OVERFLOW) when yuan do not fit
// where fen did.
absl::StatusOr<AbstractValue> RenderValue(const Value& value, const Type& type,
                                          const CompiledPack& pack, const Division& division);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_RENDERER_H_
