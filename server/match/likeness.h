// Which things may be one, found without holding each against each other: an answer may hold tens
// of thousands of records. Internal to match; pure, thread-compatible.
#ifndef HEDUI_SERVER_MATCH_LIKENESS_H_
#define HEDUI_SERVER_MATCH_LIKENESS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/answer.h"
#include "server/base/identity.h"
#include "server/match/vocabulary.h"

namespace hedui::match {

// A holding's number as far as it is told. Sources mask numbers in many ways; of a masked one only
// its last four characters are compared.
struct HeldNumber {
  std::string text;  // one spelling; empty: none, or too little of it to compare
  std::string tail;  // the last four characters; empty when there are fewer
  bool masked = false;
};

inline HeldNumber HeldNumberOf(const base::Record& record) {
  constexpr size_t kTail = 4;
  constexpr absl::string_view kTailWord = "尾号";
  HeldNumber number;
  number.text = AssetNumberOf(record);
  absl::string_view known = number.text;
  for (const absl::string_view mask : {absl::string_view("*"), kTailWord}) {
    const size_t at = known.rfind(mask);
    if (at == absl::string_view::npos) continue;
    known.remove_prefix(at + mask.size());
    number.masked = true;
  }
  // Four digits are no account's number: they are the end of one.
  const ThingKind* kind = ThingKindOf(record.kind);
  if (kind != nullptr && !kind->holder_field.empty() && known.size() <= kTail) number.masked = true;
  if (known.size() >= kTail) number.tail = std::string(known.substr(known.size() - kTail));
  if (number.masked && number.tail.empty()) number.text.clear();
  return number;
}

// Up to three marks, without a heap.
class Marks {
 public:
  void Add(uint32_t mark) { marks_[size_++] = mark; }
  const uint32_t* begin() const { return marks_.data(); }
  const uint32_t* end() const { return marks_.data() + size_; }

 private:
  std::array<uint32_t, 3> marks_{};
  size_t size_ = 0;
};

// What a record has of one thing that tells apart. Two records agree in it exactly where a mark
// that one seeks is a mark under which the other is filed.
struct Trait {
  Marks filed;
  Marks sought;
};
using Traits = std::array<Trait, 3>;

// Makes traits. Equal texts get equal marks.
class TraitMaker {
 public:
  Traits Of(const base::Record& record) {
    const ThingKind* kind = ThingKindOf(record.kind);
    switch (TellingOf(record)) {
      case Telling::kByPayer:
        return {Plain(MonthOf(record)), Named(base::NormaliseName(TextOf(record, kPayerField))),
                Plain(TextOf(record, kNatureField))};
      case Telling::kByNumber:
        return {Number(HeldNumberOf(record)),
                kind->holder_field.empty()
                    ? Unused()
                    : Named(base::NormaliseName(TextOf(record, kind->holder_field))),
                Unused()};
      case Telling::kNever:
      case Telling::kNothing:
        break;
    }
    return {Unused(), Unused(), Unused()};
  }

  // A number for a text, never 0.
  uint32_t Mark(absl::string_view text) {
    const auto next = static_cast<uint32_t>(kFirstOwn + marks_.size());
    return marks_.try_emplace(std::string(text), next).first->second;
  }

 private:
  enum : uint32_t { kAny, kMissing, kName, kCode, kFirstOwn };

  static Trait Unused() {
    Trait trait;
    trait.filed.Add(kAny);
    trait.sought.Add(kAny);
    return trait;
  }

  // What is not told may be any.
  static Trait Missing() {
    Trait trait = Unused();
    trait.filed.Add(kMissing);
    return trait;
  }

  Trait Plain(const std::string& text) {
    if (text.empty()) return Missing();
    const uint32_t mark = Mark(absl::StrCat("=", text));
    Trait trait;
    trait.filed.Add(kAny);
    trait.filed.Add(mark);
    trait.sought.Add(kMissing);
    trait.sought.Add(mark);
    return trait;
  }

  // A name and a credit code cannot be compared.
  Trait Named(const std::string& text) {
    if (text.empty()) return Missing();
    const bool code = base::CheckCreditCode(text).ok();
    Trait trait = Plain(text);
    trait.filed.Add(code ? kCode : kName);
    trait.sought.Add(code ? kName : kCode);
    return trait;
  }

  // A masked number may be each that ends as it does.
  Trait Number(const HeldNumber& number) {
    if (number.text.empty()) return Missing();
    Trait trait = number.masked ? Trait() : Plain(number.text);
    if (number.masked) {
      trait.filed.Add(kAny);
      trait.sought.Add(kMissing);
    }
    if (number.tail.empty()) return trait;
    const uint32_t whole = Mark(absl::StrCat("w", number.tail));
    const uint32_t masked = Mark(absl::StrCat("m", number.tail));
    trait.filed.Add(number.masked ? masked : whole);
    trait.sought.Add(masked);
    if (number.masked) trait.sought.Add(whole);
    return trait;
  }

  absl::flat_hash_map<std::string, uint32_t> marks_;
};

struct Likeness {
  Traits traits;
  int32_t teller = -1;  // whose records stand
  // Answers that told this very thing, sorted: what else they tell is something else.
  std::vector<int32_t> tellers;
};

inline bool Disjoint(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    if (*x == *y) return false;
    ++(*x < *y ? x : y);
  }
  return true;
}

// Finds, of the things added, what may be the same as another: told by other answers, and alike in
// every trait. A Payload stands for many things through `void Merge(const Payload&)`. The
// likenesses added must outlive the index.
template <typename Payload>
class LikenessIndex {
 public:
  void Add(const Likeness& likeness, const Payload& payload) {
    ForEachPlace(likeness.traits, &Trait::filed,
                 [&](const Place& place) { Merge(likeness, payload, &slots_[place]); });
  }

  // May take things in that certainly are others, where an attack has made bookkeeping too dear;
  // never leaves one out.
  template <typename Take>
  void ForEachAlike(const Likeness& likeness, Take take) const {
    ForEachPlace(likeness.traits, &Trait::sought, [&](const Place& place) {
      const auto found = slots_.find(place);
      if (found == slots_.end()) return;
      for (const Slot& slot : found->second) {
        if (Disjoint(*slot.tellers, likeness.tellers)) take(slot.payload);
      }
    });
  }

 private:
  using Place = std::array<uint32_t, 3>;
  struct Slot {
    const std::vector<int32_t>* tellers;
    Payload payload;
  };
  // Sources that tell the same things are few sets; past this many in a place only who stands is
  // kept apart.
  static constexpr size_t kTellerSetsMax = 16;

  template <typename Visit>
  static void ForEachPlace(const Traits& traits, Marks Trait::*marks, Visit visit) {
    for (const uint32_t first : traits[0].*marks) {
      for (const uint32_t second : traits[1].*marks) {
        for (const uint32_t third : traits[2].*marks) visit(Place{first, second, third});
      }
    }
  }

  void Merge(const Likeness& likeness, const Payload& payload, std::vector<Slot>* slots) {
    const std::vector<int32_t>* tellers = &likeness.tellers;
    const auto same = [&tellers](const Slot& slot) { return *slot.tellers == *tellers; };
    auto slot = std::find_if(slots->begin(), slots->end(), same);
    if (slot == slots->end() && slots->size() >= kTellerSetsMax) {
      tellers = &alone_.try_emplace(likeness.teller, 1, likeness.teller).first->second;
      slot = std::find_if(slots->begin(), slots->end(), same);
    }
    if (slot == slots->end()) {
      slots->push_back(Slot{tellers, payload});
    } else {
      slot->payload.Merge(payload);
    }
  }

  absl::flat_hash_map<Place, std::vector<Slot>> slots_;
  std::map<int32_t, std::vector<int32_t>> alone_;
};

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_LIKENESS_H_
