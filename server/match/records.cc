#include "server/match/records.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/base/identity.h"
#include "server/base/money.h"
#include "server/match/likeness.h"
#include "server/match/vocabulary.h"

namespace hedui::match {

std::optional<Key> KeyOf(const base::Record& record) {
  switch (TellingOf(record)) {
    case Telling::kByPayer: {
      Key key{base::NormaliseName(TextOf(record, kPayerField)), MonthOf(record),
              TextOf(record, kNatureField)};
      if (key[0].empty() || key[1].empty()) return std::nullopt;
      return key;
    }
    case Telling::kByNumber: {
      const absl::string_view holder_field = ThingKindOf(record.kind)->holder_field;
      HeldNumber number = HeldNumberOf(record);
      std::string holder = base::NormaliseName(TextOf(record, holder_field));
      // Two may end alike, but hardly at one bank.
      const bool enough = holder_field.empty() ? !number.masked : !holder.empty();
      if (number.text.empty() || !enough) return std::nullopt;
      return Key{std::move(number.text), std::move(holder), ""};
    }
    case Telling::kNever:
    case Telling::kNothing:
      break;
  }
  return std::nullopt;
}

// Amounts are bounded far below what 64 bits hold times the number of records an answer may have,
// but a hostile sum must not wrap.
Sum SumOf(const Records& records) {
  Sum sum;
  for (const Candidate* candidate : records) {
    sum.told = sum.told || candidate->record->Find(kAmountField) != nullptr;
    const std::optional<base::Money> amount = AmountOf(*candidate->record);
    if (!amount.has_value() || __builtin_add_overflow(sum.fen, amount->fen(), &sum.fen)) {
      sum.known = false;
    }
  }
  return sum;
}

int64_t Difference(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return a < b ? INT64_MIN : INT64_MAX;
  return difference;
}

std::vector<Records> SplitByAnswer(const Records& records) {
  std::vector<Records> split;
  for (Candidate* candidate : records) {
    if (split.empty() || split.back().front()->answer != candidate->answer) split.emplace_back();
    split.back().push_back(candidate);
  }
  return split;
}

std::map<absl::string_view, Column> ColumnsOf(const Records& records) {
  std::map<absl::string_view, Column> columns;
  for (const Candidate* candidate : records) {
    const std::optional<base::Money> amount = AmountOf(*candidate->record);
    for (auto& [field, value] : OtherFieldsOf(*candidate->record)) {
      columns[field].emplace_back(std::move(value),
                                  amount.has_value() ? absl::StrCat(amount->fen()) : "");
    }
  }
  for (auto& [field, column] : columns) std::sort(column.begin(), column.end());
  return columns;
}

}  // namespace hedui::match
