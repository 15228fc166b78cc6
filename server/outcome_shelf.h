// What a verification's sources have answered, until all have: as values, or, where one is waited
// for longer, packed. How many verifications can wait is a matter of what each holds meanwhile.
//
// Belongs to one thread at a time.
#ifndef HEDUI_SERVER_OUTCOME_SHELF_H_
#define HEDUI_SERVER_OUTCOME_SHELF_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/gather/gatherer.h"

namespace hedui {

class OutcomeShelf {
 public:
  void Add(gather::Outcome outcome);
  // What is there takes little room from now on.
  void Pack();
  // Each as it was added, in that order.
  void ForEach(const std::function<void(const gather::Outcome&)>& visit) const;
  // All, in the order added; the shelf is empty then.
  std::vector<gather::Outcome> Take();

 private:
  struct Kept {
    gather::Outcome outcome;            // without answers, where those are packed
    std::optional<std::string> packed;  // report/kept_answers.h
  };
  std::vector<Kept> kept_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_OUTCOME_SHELF_H_
