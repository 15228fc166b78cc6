#include "server/outcome_shelf.h"

#include <utility>

#include "server/report/kept_answers.h"

namespace hedui {

void OutcomeShelf::Add(gather::Outcome outcome) {
  kept_.push_back({std::move(outcome), std::nullopt});
}

void OutcomeShelf::Pack() {
  for (Kept& kept : kept_) {
    if (kept.packed.has_value()) continue;
    kept.packed = report::PackAnswers(kept.outcome.answers);
    // All of the memory, not only what is in it.
    if (kept.packed.has_value()) std::vector<base::Answer>().swap(kept.outcome.answers);
  }
  kept_.shrink_to_fit();
}

void OutcomeShelf::ForEach(const std::function<void(const gather::Outcome&)>& visit) const {
  for (const Kept& kept : kept_) {
    if (!kept.packed.has_value()) {
      visit(kept.outcome);
      continue;
    }
    gather::Outcome outcome = kept.outcome;
    outcome.answers = report::UnpackAnswers(*kept.packed);
    visit(outcome);
  }
}

std::vector<gather::Outcome> OutcomeShelf::Take() {
  std::vector<gather::Outcome> outcomes;
  outcomes.reserve(kept_.size());
  for (Kept& kept : std::exchange(kept_, {})) {
    if (kept.packed.has_value()) kept.outcome.answers = report::UnpackAnswers(*kept.packed);
    outcomes.push_back(std::move(kept.outcome));
  }
  return outcomes;
}

}  // namespace hedui
