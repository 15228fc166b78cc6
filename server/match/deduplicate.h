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
  bool dropped = false;               // another record stands for it
  bool possible = false;              // may be the same as one that stands, or another thing
  std::vector<int32_t> also_answers;  // whose records this one stands for, sorted
  std::vector<base::Fact::OtherAmount> otherwise;  // those of them that give another amount
  std::vector<std::string> doubtful;               // fields, sorted
  const Candidate* held_with = nullptr;            // another member's, of the very same thing
};

// Marks what is told twice among one person's candidates, which are in the order of their answers.
// Records of one answer are different things: none is merged with another or made possible by it.
//
// - Certainly one: records of several answers with equal kind, payer, month and nature; holdings
//   with equal kind and number, a deposit's institution included. The answer of the most
//   authoritative source stands (then the first), with all its records of that key: the payments of
//   one income. Another sum goes along as `otherwise` of the first of them (INCOME_CONFLICT); a sum
//   of which a part is missing makes the amount doubtful; another value of a field makes the field
//   doubtful (RECORD_CONFLICT).
// - Perhaps one: records of several answers that nothing tells apart, though not all is told. The
//   more authoritative stands; the other is possible (POSSIBLE_DUPLICATE_INCOME, _ASSET). As either
//   may be right of a thing they may both be of, each that stands has the amounts of all that may
//   be the same as it as `otherwise`, and their other values make its fields doubtful. Those that
//   stand are certainly different things, so that sums and counts hold for every reading of which
//   records are one.
// - An answer that tells of a thing without a field, the amount included, says nothing of the
//   field.
void Deduplicate(const std::vector<base::AnswerState>& answers, std::vector<Candidate>* candidates,
                 std::vector<Discrepancy>* discrepancies);

// Marks what several members hold together among the candidates of all of them, which are in the
// household's order and have been through Deduplicate. What two members hold with one number is one
// thing: the later one is `held_with` the first. Of real estate that nothing tells apart the
// later one is possible (POSSIBLE_DUPLICATE_ASSET). What they tell differently is in doubt on all
// sides, as above. Several records of one member with one number leave open which is meant: then
// those of others are possible.
void FindHeldTogether(const std::vector<base::AnswerState>& answers,
                      const std::vector<Candidate*>& candidates,
                      std::vector<Discrepancy>* discrepancies);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_DEDUPLICATE_H_
