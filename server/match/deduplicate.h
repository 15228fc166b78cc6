// The same thing told by two sources counts once. Internal to match; pure.
#ifndef HEDUI_SERVER_MATCH_DEDUPLICATE_H_
#define HEDUI_SERVER_MATCH_DEDUPLICATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "server/base/answer.h"
#include "server/base/facts.h"
#include "server/match/match_result.h"

namespace hedui::match {

// One record of a usable answer about one person.
struct Candidate {
  int32_t answer = -1;  // index into the answers
  int32_t rank = 0;     // of the answer's source
  const base::Record* record = nullptr;
  bool dropped = false;                            // another record stands for it
  std::vector<int32_t> also_answers;               // whose records this one stands for
  std::vector<base::Fact::OtherAmount> otherwise;  // those of them that give another amount
};

// Marks what is told twice among one person's candidates, which are in the order of their answers.
//
// - Records with a payer and a month: those of several answers with equal kind, payer and month are
// one
//   income; the answer of the most authoritative source stands (then the first), with all its
//   records of that key. Other sums are an INCOME_CONFLICT and go along as `otherwise` of the first
//   of these records: rank says what is shown, and conclusions hold for every amount told.
// - Assets with a number (a plate, a certificate): as above by kind and number.
// - Records of several answers that may or may not be one income, since a payer or month is missing
// or
//   one payer is named by code and the other by name: the more authoritative stands, and both
//   answers lose `complete`, so that sums are lower bounds and no conclusion rests on either
//   reading. Shown as POSSIBLE_DUPLICATE_INCOME.
// - Records within one answer are never merged.
void Deduplicate(std::vector<Candidate>* candidates, std::vector<base::AnswerState>* answers,
                 std::vector<Discrepancy>* discrepancies);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_DEDUPLICATE_H_
