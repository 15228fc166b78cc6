// What the comparisons of registers with a declaration share: the facts, what a rule reads in them,
// and how what does not agree is noted. Internal to match; thread-compatible.
#ifndef HEDUI_SERVER_MATCH_COMPARISON_H_
#define HEDUI_SERVER_MATCH_COMPARISON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/base/discrepancy.h"
#include "server/base/facts.h"
#include "server/match/match_result.h"

namespace hedui::match {

// Whether something is so, as far as the answers tell.
enum class Known : uint8_t { kNo, kYes, kUnknown };

class Comparison {
 public:
  // All of them must outlive it.
  Comparison(const MatchInput& input, const base::Facts& facts,
             std::vector<Discrepancy>* discrepancies);

  const MatchInput& input() const { return input_; }
  const base::Facts& facts() const { return facts_; }
  // Of usable answers (kFound), in their order; and what was declared.
  const std::vector<const base::Fact*>& found() const { return found_; }
  const std::vector<const base::Fact*>& declared() const { return declared_; }
  size_t IndexOf(const base::Fact& fact) const {
    return static_cast<size_t>(&fact - facts_.facts.data());
  }

  // `other` is what the found fact is compared with, declared or found; nullptr: nothing.
  void Note(DiscrepancyCode code, const base::Fact& fact, const base::Fact* other,
            std::string text);
  void Add(Discrepancy discrepancy) { discrepancies_.push_back(std::move(discrepancy)); }

  bool IsMember(absl::string_view person) const;
  // Whether a rule is about the person.
  bool IsAbout(const base::DiscrepancyRule& rule, absl::string_view person) const {
    return !rule.members_only || IsMember(person);
  }
  // Whether the person declares something of the kind.
  bool Declares(absl::string_view person, absl::string_view kind) const;

 private:
  const MatchInput& input_;
  const base::Facts& facts_;
  std::vector<Discrepancy>& discrepancies_;
  std::vector<const base::Fact*> found_;
  std::vector<const base::Fact*> declared_;
};

// True when another answer gives the field another value, so that nobody knows which holds.
bool IsDoubtful(const base::Fact& fact, absl::string_view field);
// A code, text or truth as a rule writes it, implied ones included. Absent: not told, or doubtful.
std::optional<std::string> KnownText(const base::Fact& fact, absl::string_view field);
Known Holds(const base::Fact& fact, const base::FieldCondition& condition);
// Whether a rule means this fact of its kind. For kYes `unknown` gets what would have to be known
// for it to be sure: the labels of fields that may say that it is not meant.
bool IsMeant(const base::Fact& fact, const base::FoundKind& found,
             std::vector<std::string>* unknown);
// The entry for the fact's kind; nullptr when the rule does not look at it.
const base::FoundKind* FoundKindOf(const base::DiscrepancyRule& rule, const base::Fact& fact);

// The least and the most that a fact's amount is by all that is told of it, in fen. Absent when it
// is not told, or in doubt.
struct AmountRange {
  int64_t least_fen = 0;
  int64_t most_fen = 0;
};
std::optional<AmountRange> AmountRangeOf(const base::Fact& fact);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_COMPARISON_H_
