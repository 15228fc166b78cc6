// What match made of records told by one or two sources, in few words. For tests of match.
#ifndef HEDUI_TESTS_MATCH_TOLD_TWICE_H_
#define HEDUI_TESTS_MATCH_TOLD_TWICE_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "server/match/vocabulary.h"
#include "tests/match/match_builder.h"

namespace hedui::match {

inline std::vector<int64_t> FoundYuan(const MatchResult& result) {
  std::vector<int64_t> amounts;
  for (const base::Fact& fact : result.facts.facts) {
    if (!fact.declared) amounts.push_back(AmountOf(fact.record)->fen() / 100);
  }
  return amounts;
}

inline std::vector<bool> PossibleOf(const MatchResult& result) {
  std::vector<bool> possible;
  for (const base::Fact& fact : result.facts.facts) {
    if (!fact.declared) possible.push_back(fact.possible);
  }
  return possible;
}

inline std::vector<int64_t> OtherYuan(const base::Fact& fact) {
  std::vector<int64_t> amounts;
  for (const auto& other : fact.otherwise) amounts.push_back(other.amount.fen() / 100);
  return amounts;
}

// What becomes of two records of two sources.
inline MatchResult Two(base::Record first, base::Record second) {
  MatchBuilder b;
  if (TellingOf(first) == Telling::kByNumber) {
    b.person(0).declared = {Record(first.kind, {Amount(1000000)}),
                            Record(first.kind, {Amount(1000000)})};
  }
  b.Found("a", 10, "m1", "x", {std::move(first)});
  b.Found("b", 20, "m1", "x", {std::move(second)});
  return b.Run();
}

}  // namespace hedui::match

#endif  // HEDUI_TESTS_MATCH_TOLD_TWICE_H_
