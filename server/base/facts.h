// What is known about a household once answers have been matched to people: every answer's state,
// and the facts of the usable ones, one struct from match through assess to report and the stored
// case. Plain values, thread-compatible.
#ifndef HEDUI_SERVER_BASE_FACTS_H_
#define HEDUI_SERVER_BASE_FACTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "server/base/answer.h"
#include "server/base/dates.h"
#include "server/base/money.h"

namespace hedui::base {

// How one source answered about one person in one category; the records stand as facts. There is
// one state for every (person, category, source) that the plan names, asked or not.
struct AnswerState {
  std::string person_id;
  std::string category;   // "employment", "deposit", …
  std::string source_id;  // the catalogue's id; empty when no source could be named (NOT_ROUTABLE)
  AnswerKind kind = AnswerKind::kNotAsked;
  Reason reason = Reason::kNone;
  std::optional<absl::CivilDay> data_day;  // absent: the source does not say
  Period covered;                          // what the answer speaks about
  bool complete = false;                   // for kFound: the records are all there is in `covered`
  // True when another source's usable answer holds everything this one would (a fallback stood in):
  // shown, but nothing waits for it.
  bool superseded = false;
  bool manual = false;  // found by people: a home visit, a letter
  // Who found or confirmed it, where people did.
  std::optional<ManualFinding> finding;
  std::optional<Reused> reused;  // of an earlier query of the matter
  std::string digest;            // HMAC of the raw answer, 32 bytes; empty when nothing came
  std::string
      authorization;  // the letter or legal basis it was obtained under; empty when there was none
  friend bool operator==(const AnswerState&, const AnswerState&) = default;
};

// One thing found or declared. Facts of answers that are not kFound may be listed, for showing
// (STALE); no computation uses them.
struct Fact {
  std::string person_id;
  Record record;        // kind "wage", fields "month", "amount", "payer", …
  int32_t answer = -1;  // index into Facts::answers; -1 for declared facts
  // Other answers that said the same (same person, kind, payer, month): counted once, all of them
  // pedigree.
  std::vector<int32_t> also_answers;
  // Which of `also_answers` give, or may give, another amount, and the amount this fact has by
  // them; an answer may stand here more than once. Only what holds for every amount between the
  // least and the most of them can be concluded.
  struct OtherAmount {
    int32_t answer = -1;
    Money amount;
    friend bool operator==(const OtherAmount&, const OtherAmount&) = default;
  };
  std::vector<OtherAmount> otherwise;
  // Names of fields to which another answer about the same thing gives another value, or of which
  // it cannot be told whose value holds: shown as the standing record has them, and unknown to
  // every computation. Sorted; never "amount" while `otherwise` says all that it may be.
  std::vector<std::string> doubtful;
  // This may be the same thing as another fact that stands, told by another source, or of another
  // member, in a way that cannot be compared: it may be there or not. Its answers stay complete.
  bool possible = false;
  // An earlier found fact, as an index into Facts::facts, of another member who holds this very
  // thing with this one (a flat in the names of both): while that member belongs to the household,
  // it counts there and not here. -1: none.
  int32_t held_with = -1;
  bool declared = false;  // the applicant's own statement
  bool manual = false;    // found by people
  friend bool operator==(const Fact&, const Fact&) = default;
};

struct Facts {
  std::vector<AnswerState> answers;  // in a fixed order: person, category, source
  // Found facts in the order of their answers, then declared ones in the order of the declaration.
  // match turns each Person::declared record into a fact with `declared` set.
  std::vector<Fact> facts;
  friend bool operator==(const Facts&, const Facts&) = default;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_FACTS_H_
