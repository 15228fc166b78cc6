// What match takes and gives: plain values, thread-compatible. A value header: report and the
// stored case read it too.
#ifndef HEDUI_SERVER_MATCH_MATCH_RESULT_H_
#define HEDUI_SERVER_MATCH_MATCH_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/base/answer.h"
#include "server/base/discrepancy.h"
#include "server/base/facts.h"
#include "server/base/household.h"

namespace hedui::match {

// One answer of one source, or the statement that nobody was asked.
struct SourceOutcome {
  std::string source_id;  // the catalogue's id; empty when no source could be named
  int32_t rank = 0;       // authority rank of the catalogue: lower is more authoritative
  // The letter or legal basis the answer was obtained under; empty when there was none.
  std::string authorization;
  // Sources that can stand in for this one (fallbacks): while one of them answers usably about the
  // same person and category, nothing waits for this one.
  std::vector<std::string> stand_ins;
  bool manual = false;                         // found, or found to be about this person, by people
  std::optional<base::ManualFinding> finding;  // who, how and when; where `manual`
  std::optional<base::Reused> reused;          // of an earlier query of the matter
  base::Answer answer;
};

struct MatchInput {
  base::Household household;
  base::CaseDates dates;
  // The matter (救助事项) and the programmes asked for: an aid of this very matter is not received
  // elsewhere. Empty: none.
  std::string matter_number;
  std::vector<std::string> programmes;
  // In any order: the result does not depend on it.
  std::vector<SourceOutcome> outcomes;
};

using base::DiscrepancyCode;
using base::DiscrepancyCodeFromName;
using base::DiscrepancyCodeName;
using base::DiscrepancyLabel;

// Where registers and the declaration, or two registers, do not agree. Shown to people: what it
// means to a computation stands in the facts themselves (otherwise, doubtful, possible).
struct Discrepancy {
  DiscrepancyCode code;
  std::string person_id;
  std::string source_id;              // who says so
  int32_t answer = -1;                // index into Facts::answers
  base::Record record;                // what the source says
  std::optional<base::Record> other;  // what it is compared with
  int32_t other_answer = -1;          // -1: `other` was declared, or there is none
  std::vector<int32_t> also_answers;  // those that say the same as `answer`; sorted
  std::string text;                   // a Chinese sentence; numbers of other people masked
  friend bool operator==(const Discrepancy&, const Discrepancy&) = default;
};

// An answer that may be about somebody else, or contradicts itself. Its records are in no fact.
struct Quarantined {
  std::string person_id;
  std::string category;
  std::string source_id;
  base::Reason reason = base::Reason::kWrongPerson;
  int32_t answer = -1;  // index into Facts::answers; -1: about nobody in the household
  friend bool operator==(const Quarantined&, const Quarantined&) = default;
};

struct MatchResult {
  base::Facts facts;
  std::vector<Discrepancy> discrepancies;  // by person in the household's order, code, answer
  std::vector<Quarantined> quarantined;    // in the order of the answers
};

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_MATCH_RESULT_H_
