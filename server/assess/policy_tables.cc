// Keys of parameters: what rows are chosen by, and for which keys a row is.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/assess/expression_functions.h"
#include "server/assess/policy_link.h"
#include "server/assess/policy_values.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

// What a key that has an order is, for findings.
absl::string_view Noun(const Type& type) {
  return type.kind == TypeKind::kDate ? "day" : type.kind == TypeKind::kMonth ? "month" : "number";
}

absl::StatusOr<base::Rational> ParseKey(const std::string& text, const Type& type,
                                        const CompiledPack& pack) {
  std::optional<int64_t> number;
  absl::string_view like = "day such as 2025-03-03";
  if (type.kind == TypeKind::kDate) {
    if (const auto day = base::ParseDay(text); day.ok()) number = DayNumber(*day);
  } else if (type.kind == TypeKind::kMonth) {
    if (const auto month = base::ParseMonth(text); month.ok()) number = MonthNumber(*month);
    like = "month such as 2025-03";
  } else {
    HEDUI_ASSIGN_OR_RETURN(const Value value, ParseValueText(text, type, pack));
    return value.lo;
  }
  if (number) return base::Rational(*number);
  return base::MakeError(absl::StatusCode::kInvalidArgument, "BAD_DATE",
                         absl::StrCat("\"", text, "\" is not a ", like));
}

}  // namespace

void PolicyLink::AddCodes(const SourceFile& file, const SourceCodeList& source) {
  const int declared = ChainOf(file).code_lists.Find(source.name.text);
  Division& division =
      pack_->divisions[static_cast<size_t>(pack_->division_index.at(file.division))];
  if (declared < 0) {
    Find(file, source.name.line, "UNKNOWN_NAME",
         absl::StrCat("no level above declares the code list ", source.name.text));
    return;
  }
  const std::vector<base::Level>& open = pack_->code_lists[static_cast<size_t>(declared)].open_to;
  const auto level = base::DivisionLevel(file.division);
  if (!level || std::find(open.begin(), open.end(), *level) == open.end()) {
    Find(file, source.name.line, "DELEGATION_BREACH",
         absl::StrCat("the code list ", source.name.text, " is not open to this level"));
    return;
  }
  pack_->has_added_codes = true;
  CodeList list = pack_->ListFor(division, declared);
  for (const auto& [code, label] : source.values) {
    if (!list.index.try_emplace(code.text, static_cast<int>(list.codes.size())).second) {
      Find(file, code.line, "DUPLICATE_NAME",
           absl::StrCat("the code list ", source.name.text, " has ", code.text, " already"));
      continue;
    }
    list.codes.push_back(code.text);
    list.labels.push_back(label);
  }
  if (list.codes.size() > static_cast<size_t>(kCodesPerListMax)) {
    Find(file, source.name.line, "CODE_LIST_SIZE",
         absl::StrCat("a code list has 1 to ", kCodesPerListMax, " codes"));
    return;
  }
  const auto [own, added] =
      division.own_lists.try_emplace(declared, static_cast<int>(pack_->code_lists.size()));
  if (added) {
    pack_->code_lists.push_back(std::move(list));
  } else {
    pack_->code_lists[static_cast<size_t>(own->second)] = std::move(list);
  }
}

bool PolicyLink::MayBeCalled(const SourceFile& file, const SourceSymbol& source) {
  const bool called = std::any_of(source.keys.begin(), source.keys.end(),
                                  [](const SourceKey& key) { return !key.type.text.empty(); });
  if (!called ||
      (FindFunction(source.name.text) == nullptr && FindMethod(source.name.text) == nullptr))
    return true;
  Find(file, source.name.line, "DUPLICATE_NAME",
       absl::StrCat("a function is called ", source.name.text,
                    "; a table, which is called too, needs another name"));
  return false;
}

void PolicyLink::LinkKeys(size_t f) {
  const SourceFile& file = *sources_[f];
  for (const SourceSymbol& source : file.symbols) {
    const int index = NamesOf(f).Find(source.name.text);
    if (!source.declares || index < 0 || source.keys.empty()) continue;
    Symbol& symbol = pack_->symbols[static_cast<size_t>(index)];
    if (!symbol.keys.empty()) continue;  // declared twice, and reported
    if (source.keys.size() > static_cast<size_t>(kKeysMax)) {
      Find(file, source.keys[0].name.line, "KEY_LIMIT",
           absl::StrCat("more than ", kKeysMax, " keys"));
      continue;
    }
    for (const SourceKey& key : source.keys) {
      std::optional<ParameterKey> linked = LinkKey(f, key);
      if (!linked) continue;
      const bool twice =
          std::any_of(symbol.keys.begin(), symbol.keys.end(),
                      [&](const ParameterKey& other) { return other.name == linked->name; });
      if (twice) {
        Find(file, key.name.line, "DUPLICATE_NAME",
             absl::StrCat("two keys are called ", key.name.text));
        continue;
      }
      symbol.is_table |= linked->symbol < 0;
      symbol.key_types.push_back(linked->type);
      symbol.keys.push_back(std::move(*linked));
    }
  }
}

std::optional<ParameterKey> PolicyLink::LinkKey(size_t f, const SourceKey& source) {
  const SourceFile& file = *sources_[f];
  const auto chooses = [](const Type& type) {
    return type.kind == TypeKind::kCode || type.ordered();
  };
  if (!source.type.text.empty()) {
    const std::optional<Type> type = ParseType(source.type.text, ChainOf(file).code_lists);
    if (type && chooses(*type)) return ParameterKey{-1, source.name.text, *type};
    Find(file, source.type.line, "UNKNOWN_TYPE",
         absl::StrCat(
             "\"", source.type.text,
             "\" is not a key's type: a code of a declared list, a number, a date or a month"));
    return std::nullopt;
  }
  const int symbol = NamesOf(f).Find(source.name.text);
  if (symbol >= 0) {
    const Symbol& found = pack_->symbols[static_cast<size_t>(symbol)];
    if (chooses(found.type)) return ParameterKey{symbol, found.name, found.type};
  }
  Find(file, source.name.line, symbol < 0 ? "UNKNOWN_NAME" : "TYPE_MISMATCH",
       absl::StrCat("the key ", source.name.text,
                    " must name a value that is a code, a number or a date"));
  return std::nullopt;
}

std::string PolicyLink::LinkRowKeys(const SourceFile& file, const Symbol& symbol,
                                    const std::vector<SourceRowKey>& source, KeyBox* keys) {
  std::vector<std::string> shown;
  keys->assign(symbol.keys.size(), KeySet());
  for (const SourceRowKey& key : source) {
    const auto it = std::find_if(symbol.keys.begin(), symbol.keys.end(),
                                 [&](const ParameterKey& k) { return k.name == key.name.text; });
    if (it == symbol.keys.end()) {
      Find(file, key.name.line, "UNKNOWN_KEY",
           absl::StrCat(symbol.name, " is not chosen by ", key.name.text));
      continue;
    }
    std::string text;
    (*keys)[static_cast<size_t>(it - symbol.keys.begin())] = LinkRowKey(file, it->type, key, &text);
    shown.push_back(absl::StrCat(key.name.text, "=", text));
  }
  return shown.empty() ? symbol.name
                       : absl::StrCat(symbol.name, "[", absl::StrJoin(shown, ","), "]");
}

KeySet PolicyLink::LinkRowKey(const SourceFile& file, const Type& type, const SourceRowKey& source,
                              std::string* shown) {
  KeySet set;
  if (type.ordered()) {
    set.numbers = LinkRange(file, type, source);
    *shown = RangeText(set.numbers, type);
    // Ends of counts, days and months are made whole.
    if (IsEmpty(type, Common(type, set, KeySet()))) {
      Find(file, source.name.line, "BAD_VALUE",
           absl::StrCat("no ", Noun(type), " is within ", *shown, " for ", source.name.text));
    }
    return set;
  }
  if (source.range || source.values.empty()) {
    Find(file, source.name.line, "BAD_VALUE",
         absl::StrCat(source.name.text, " is a code: name one, or a list of them"));
    return set;
  }
  set.codes = 0;
  const Division& division =
      pack_->divisions[static_cast<size_t>(pack_->division_index.at(file.division))];
  const CodeList& list = pack_->ListFor(division, type.codes);
  std::vector<std::string> codes;
  for (const Located& value : source.values) {
    const auto bit = ParseCode(value.text, list);
    if (!bit.ok()) Find(file, value.line, bit.status());
    set.codes |= bit.value_or(0);
    codes.push_back(value.text);
  }
  *shown = absl::StrJoin(codes, "|");
  return set;
}

NumberRange PolicyLink::LinkRange(const SourceFile& file, const Type& type,
                                  const SourceRowKey& source) {
  NumberRange range;
  const auto read = [&](const Located& text, base::Rational* number) {
    const auto value = ParseKey(text.text, type, *pack_);
    if (!value.ok()) {
      Find(file, text.line, value.status());
      return false;
    }
    *number = *value;
    return true;
  };
  if (!source.range) {
    if (source.values.size() != 1) {
      Find(file, source.name.line, "BAD_VALUE",
           absl::StrCat(source.name.text, " is a ", Noun(type), ": name one, or a range of them"));
    } else if (read(source.values[0], &range.low)) {
      range.high = range.low;
      range.low_infinite = range.high_infinite = false;
    }
    return range;
  }
  bool clear = !source.ends.empty();
  for (const SourceRowKey::End& end : source.ends) {
    const std::string& which = end.which.text;
    const bool low = which == "from" || which == "over";
    bool& infinite = low ? range.low_infinite : range.high_infinite;
    clear &= infinite;
    if (!read(end.value, low ? &range.low : &range.high)) continue;
    infinite = false;
    (low ? range.low_open : range.high_open) = which == "over" || which == "to";
  }
  if (!clear) {
    Find(file, source.name.line, "BAD_VALUE",
         "a range has \"from\" or \"over\", \"to\" or \"upto\", or one of each");
  }
  return range;
}

}  // namespace hedui::assess
