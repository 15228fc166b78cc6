// What things that may be one tell of it, taken together: the amounts, by answer, and the fields.
// Internal to match; pure, thread-compatible.
#ifndef HEDUI_SERVER_MATCH_TOLD_H_
#define HEDUI_SERVER_MATCH_TOLD_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/match/deduplicate.h"

namespace hedui::match {

// The least and the most an answer tells of an amount, in fen.
struct ToldAmount {
  int32_t answer = -1;
  bool any = false;  // false: it tells of the thing and of no amount
  int64_t least = 0;
  int64_t most = 0;

  void Add(int64_t fen) { Merge(ToldAmount{answer, true, fen, fen}); }
  void Merge(const ToldAmount& other) {
    if (!other.any) return;
    least = any ? std::min(least, other.least) : other.least;
    most = any ? std::max(most, other.most) : other.most;
    any = true;
  }
};

// One value of a field and whether there is another.
struct ToldField {
  absl::string_view name;  // the record's own
  uint32_t value = 0;      // its mark; 0 is the mark of none
  const Candidate* by = nullptr;
  const Candidate* another_by = nullptr;  // of those that tell another value the first

  void Merge(const ToldField& other) {
    if (another_by != nullptr) return;
    another_by = other.value == value ? other.another_by : other.by;
  }
  // Who tells a value that is not `own`; nullptr when nobody does.
  const Candidate* Against(uint32_t own) const { return value == own ? another_by : by; }
};

class Told {
 public:
  bool empty() const { return amounts_.empty(); }
  bool amount_unclear() const { return amount_unclear_; }
  const std::vector<ToldAmount>& amounts() const { return amounts_; }  // by answer
  const std::vector<ToldField>& fields() const { return fields_; }     // by name

  // An amount that cannot be read, or of which a part is missing.
  void SetAmountUnclear() { amount_unclear_ = true; }

  ToldAmount& AmountBy(int32_t answer) {
    const auto place =
        std::lower_bound(amounts_.begin(), amounts_.end(), answer,
                         [](const ToldAmount& told, int32_t a) { return told.answer < a; });
    if (place != amounts_.end() && place->answer == answer) return *place;
    return *amounts_.insert(place, ToldAmount{answer});
  }

  void Add(const ToldField& field) {
    const auto place = std::lower_bound(
        fields_.begin(), fields_.end(), field.name,
        [](const ToldField& told, absl::string_view name) { return told.name < name; });
    if (place != fields_.end() && place->name == field.name) {
      place->Merge(field);
    } else {
      fields_.insert(place, field);
    }
  }

  void Merge(const Told& other) {
    amount_unclear_ = amount_unclear_ || other.amount_unclear_;
    for (const ToldAmount& amount : other.amounts_) AmountBy(amount.answer).Merge(amount);
    for (const ToldField& field : other.fields_) Add(field);
  }

 private:
  bool amount_unclear_ = false;
  std::vector<ToldAmount> amounts_;
  std::vector<ToldField> fields_;
};

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_TOLD_H_
