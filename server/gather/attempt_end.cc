#include "server/gather/attempt_end.h"

#include <algorithm>

namespace hedui::gather {

using base::AnswerKind;
using base::Reason;

AttemptEnd EndOf(const adapters::SourceReply& reply, bool had_its_time) {
  if (reply.answers.empty()) return AttemptEnd::kFailed;
  const auto has = [&reply](AnswerKind kind) {
    return std::any_of(reply.answers.begin(), reply.answers.end(),
                       [kind](const base::Answer& answer) { return answer.kind == kind; });
  };
  if (has(AnswerKind::kNotAsked)) return AttemptEnd::kNeutral;
  const bool nothing_came = std::all_of(
      reply.answers.begin(), reply.answers.end(),
      [](const base::Answer& answer) { return answer.kind == AnswerKind::kUnavailable; });
  if (!nothing_came || reply.token_unknown) return AttemptEnd::kGood;
  switch (reply.answers.front().reason) {
    case Reason::kCancelled:
    case Reason::kOversized:  // our own limit on what is received
      return AttemptEnd::kNeutral;
    case Reason::kSourceRefused:
      // A poll refused as a whole (adapters/wire_format.h). The source is there and says so; that
      // it refuses a query is none of its failures either.
      return AttemptEnd::kGood;
    case Reason::kLate:
      return had_its_time ? AttemptEnd::kFailed : AttemptEnd::kNeutral;
    default:
      return AttemptEnd::kFailed;
  }
}

}  // namespace hedui::gather
