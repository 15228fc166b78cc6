#include "server/gather/answer_rules.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace hedui::gather {
namespace {

using base::Answer;
using base::AnswerKind;
using base::Reason;
using PairKey = std::pair<absl::string_view, absl::string_view>;

Answer AnswerWithout(const std::string& person_id, const std::string& category, AnswerKind kind,
                     Reason reason) {
  Answer answer;
  answer.person_id = person_id;
  answer.category = category;
  answer.kind = kind;
  answer.reason = reason;
  return answer;
}

// Equal in all that is used; the digests of two copies may differ.
bool SaysTheSame(const Answer& a, const Answer& b) {
  return a.kind == b.kind && a.reason == b.reason && a.data_day == b.data_day &&
         a.covered == b.covered && a.complete == b.complete && a.subject == b.subject &&
         a.records == b.records;
}

bool InAskedOrder(const plan::SourceQuery& asked, const std::vector<Answer>& came) {
  size_t next = 0;
  for (const plan::PersonQuery& person : asked.people) {
    for (const std::string& category : person.categories) {
      if (next == came.size() || came[next].category != category ||
          came[next].person_id != person.person_id) {
        return false;
      }
      ++next;
    }
  }
  return next == came.size();
}

// The general case: answers in any order, missing, twice or unasked.
class Sorter {
 public:
  Sorter(const plan::SourceQuery& asked, const plan::SourceQuery& sent) {
    for (const plan::PersonQuery& person : asked.people) {
      for (const std::string& category : person.categories) {
        slot_of_[PairKey(person.person_id, category)] = slots_.size();
        slots_.push_back({AnswerWithout(person.person_id, category, AnswerKind::kNotAsked,
                                        Reason::kNoAuthorization),
                          Slot::State::kNotSent});
      }
    }
    for (const plan::PersonQuery& person : sent.people) {
      for (const std::string& category : person.categories) {
        const auto found = slot_of_.find(PairKey(person.person_id, category));
        if (found == slot_of_.end()) continue;
        Slot& slot = slots_[found->second];
        slot.state = Slot::State::kOpen;
        slot.answer.kind = AnswerKind::kUnavailable;
        slot.answer.reason = Reason::kEmpty;
      }
    }
  }

  // Of an attempt before the one that `sent` is of.
  void TakeEarlier(Answer answer) {
    const auto found = slot_of_.find(PairKey(answer.person_id, answer.category));
    if (found == slot_of_.end()) return;
    Slot& slot = slots_[found->second];
    if (slot.state == Slot::State::kNotSent) slot.answer = std::move(answer);
  }

  void Take(Answer answer) {
    const auto found = slot_of_.find(PairKey(answer.person_id, answer.category));
    if (found == slot_of_.end() || slots_[found->second].state == Slot::State::kNotSent) {
      ++dropped_;
      return;
    }
    Slot& slot = slots_[found->second];
    if (slot.state == Slot::State::kOpen) {
      slot.answer = std::move(answer);
      slot.state = Slot::State::kAnswered;
      return;
    }
    ++dropped_;
    if (SaysTheSame(slot.answer, answer)) return;
    slot.answer.kind = AnswerKind::kAmbiguous;
    slot.answer.reason = Reason::kContradiction;
  }

  CompletedAnswers Finish() && {
    CompletedAnswers completed;
    completed.dropped = dropped_;
    completed.answers.reserve(slots_.size());
    for (Slot& slot : slots_) completed.answers.push_back(std::move(slot.answer));
    return completed;
  }

 private:
  struct Slot {
    enum class State { kNotSent, kOpen, kAnswered };
    Answer answer;
    State state;
  };

  std::vector<Slot> slots_;
  absl::flat_hash_map<PairKey, size_t> slot_of_;  // keys live in the query
  int dropped_ = 0;
};

}  // namespace

CompletedAnswers CompleteAnswers(const plan::SourceQuery& asked, const plan::SourceQuery& sent,
                                 std::vector<base::Answer> came, bool has_pending_token,
                                 std::vector<base::Answer> earlier) {
  CompletedAnswers completed;
  if (sent.people.size() == asked.people.size() && InAskedOrder(asked, came)) {
    completed.answers = std::move(came);
  } else {
    Sorter sorter(asked, sent);
    for (Answer& answer : came) sorter.Take(std::move(answer));
    for (Answer& answer : earlier) sorter.TakeEarlier(std::move(answer));
    completed = std::move(sorter).Finish();
  }
  if (has_pending_token) return completed;
  for (Answer& answer : completed.answers) {
    if (answer.kind != AnswerKind::kPending) continue;
    answer.kind = AnswerKind::kUnavailable;
    answer.reason = Reason::kMalformed;
  }
  return completed;
}

void ApplyFreshness(const SourcePolicy& policy, absl::CivilDay today,
                    std::vector<base::Answer>* answers) {
  for (Answer& answer : *answers) {
    if (answer.kind != AnswerKind::kFound && answer.kind != AnswerKind::kConfirmedNone) continue;
    // A day for clocks that differ; past that the source's day says nothing about the data's age.
    if (answer.data_day.has_value() && *answer.data_day > today + 1) {
      answer.kind = AnswerKind::kUnavailable;
      answer.reason = Reason::kMalformed;
      answer.records.clear();
      continue;
    }
    for (const auto& [category, days] : policy.freshness_days) {
      if (category != answer.category) continue;
      if (answer.data_day.has_value() && *answer.data_day >= today - days) continue;
      answer.kind = AnswerKind::kStale;
      answer.reason = Reason::kTooOld;
    }
  }
}

void EndWithToday(absl::CivilDay today, std::vector<base::Answer>* answers) {
  const absl::CivilDay end = today + 1;
  for (Answer& answer : *answers) {
    const bool states =
        answer.kind == AnswerKind::kFound || answer.kind == AnswerKind::kConfirmedNone;
    if (!states && !answer.covered.to.has_value()) continue;
    base::Period covered = answer.covered;
    covered.to = std::min(covered.to.value_or(end), end);
    if (!covered.Empty()) answer.covered = covered;
    if (!covered.Empty() || !states) continue;
    answer.kind = AnswerKind::kNotCovered;
    answer.reason = Reason::kNone;
    answer.complete = false;
    answer.records.clear();
  }
}

}  // namespace hedui::gather
