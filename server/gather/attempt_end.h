// What the end of an attempt says about its source. Pure, thread-safe.
#ifndef HEDUI_SERVER_GATHER_ATTEMPT_END_H_
#define HEDUI_SERVER_GATHER_ATTEMPT_END_H_

#include <cstdint>

#include "adapters/source_adapter.h"

namespace hedui::gather {

enum class AttemptEnd : uint8_t {
  kGood,     // it answers; that it refuses is an answer
  kFailed,   // nothing usable came of the whole call
  kNeutral,  // nothing can be said: we ended it, did not send it, did not wait long enough, or
             // would not take so much
};

// `had_its_time`: whether silence until now is the source's fault.
AttemptEnd EndOf(const adapters::SourceReply& reply, bool had_its_time);

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_ATTEMPT_END_H_
