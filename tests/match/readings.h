// Small worlds, told by one to three sources, and every reading of what they told: which records
// are of one thing, and which of its told values is right. Decides for itself what is told apart,
// record by record, so that match is held against something that is not match. For tests of match.
#ifndef HEDUI_TESTS_MATCH_READINGS_H_
#define HEDUI_TESTS_MATCH_READINGS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/facts.h"
#include "server/match/match_result.h"
#include "tests/match/match_builder.h"

namespace hedui::match {

// One record as the source tells it; empty texts are left out.
struct ToldRecord {
  int source = 0;
  int64_t yuan = -1;  // -1: not told
  int month = 0;      // 0: not told
  std::string payer, nature, number, holder, value;
};

struct World {
  std::string kind;
  std::vector<ToldRecord> told;
  std::vector<SourceOutcome> outcomes;
};

// A thing as far as it is known: each of the options may be so.
struct Options {
  std::vector<int64_t> yuan;
  std::vector<std::string> values;
  std::vector<int> months;
  bool possible = false;
};
using Reading = std::vector<std::vector<ToldRecord>>;  // the records of each thing

inline constexpr int64_t kAnyYuan = 1'000'000;  // more than all that is told
inline const std::vector<std::string>& AnyValue() {
  static const auto* const kAny =
      new std::vector<std::string>{"x", "y", "other", "true", "false", "?"};
  return *kAny;
}

inline absl::string_view ValueField(absl::string_view kind) {
  if (kind == "wage") return "net";
  return kind == "transfer_income" ? "nature" : "class";
}
// What a record without the field tells of it; when no record tells, it may be any.
inline std::string ToldByAbsence(absl::string_view kind) { return kind == "wage" ? "false" : ""; }

class WorldMaker {
 public:
  explicit WorldMaker(uint32_t seed) : random_(seed) {}

  World Make() {
    static const std::array<const char*, 7> kKinds{
        "wage", "transfer_income", "deposit", "vehicle", "security", "disability", "wage"};
    world_.kind = kKinds[Below(kKinds.size())];
    std::vector<ToldRecord> things(1 + Below(3));
    for (ToldRecord& thing : things) thing = MakeThing();
    const int sources = static_cast<int>(1 + Below(3));
    for (int source = 0; source < sources; ++source) {
      SourceOutcome outcome;
      outcome.source_id = absl::StrCat("s", source);
      outcome.rank = static_cast<int32_t>(10 * (1 + Below(3)));
      outcome.answer.person_id = "m1";
      outcome.answer.category = "x";
      outcome.answer.kind = base::AnswerKind::kFound;
      outcome.answer.complete = true;
      for (const ToldRecord& thing : things) {
        if (Chance(25) || world_.told.size() == 7) continue;
        ToldRecord record = Tell(thing);
        record.source = source;
        if (IsSecondPayment(record)) continue;
        outcome.answer.records.push_back(RecordOf(record));
        world_.told.push_back(std::move(record));
      }
      world_.outcomes.push_back(std::move(outcome));
    }
    return std::move(world_);
  }

 private:
  size_t Below(size_t bound) { return random_() % bound; }
  bool Chance(size_t percent) { return Below(100) < percent; }
  template <typename T>
  T OneOf(std::vector<T> choices) {
    return choices[Below(choices.size())];
  }

  bool IsIncome() const { return world_.kind == "wage" || world_.kind == "transfer_income"; }

  ToldRecord MakeThing() {
    ToldRecord thing;
    thing.yuan = OneOf<int64_t>({100, 200, 300, 500});
    thing.value = world_.kind == "wage" ? OneOf<std::string>({"true", "false"})
                                        : OneOf<std::string>({"x", "y"});
    if (IsIncome()) {
      thing.month = static_cast<int>(1 + Below(2));
      thing.payer = OneOf<std::string>({"甲", "乙"});
    }
    if (world_.kind == "transfer_income") std::swap(thing.nature, thing.value);
    if (world_.kind == "vehicle") thing.number = OneOf<std::string>({"宁A11111", "宁A22222"});
    if (world_.kind == "deposit") {
      thing.number =
          OneOf<std::string>({"6217000000001234", "6217000000005678", "6217000000011234"});
      thing.holder = OneOf<std::string>({"甲行", "乙行"});
    }
    if (world_.kind == "disability") thing.yuan = -1;
    return thing;
  }

  ToldRecord Tell(ToldRecord record) {
    if (record.yuan > 0 && Chance(30)) record.yuan = OneOf<int64_t>({50, 250, 700});
    if (Chance(10)) record.yuan = -1;
    if (Chance(25)) record.month = 0;
    if (record.payer == "甲" && Chance(20)) record.payer = "91110000600037341L";
    if (!record.number.empty() && record.holder.size() > 0 && Chance(30)) {
      record.number = absl::StrCat("****", record.number.substr(record.number.size() - 4));
    }
    if (!record.value.empty() && Chance(20)) {
      record.value = world_.kind == "wage" ? OneOf<std::string>({"true", "false"})
                                           : OneOf<std::string>({"x", "y"});
    }
    for (std::string* text :
         {&record.payer, &record.nature, &record.number, &record.holder, &record.value}) {
      if (Chance(25)) text->clear();
    }
    return record;
  }

  // Payments of one income are compared by their sum and have tests of their own.
  bool IsSecondPayment(const ToldRecord& record) const {
    return IsIncome() &&
           std::any_of(world_.told.begin(), world_.told.end(), [&](const ToldRecord& other) {
             return other.source == record.source && other.payer == record.payer &&
                    other.month == record.month && other.nature == record.nature;
           });
  }

  base::Record RecordOf(const ToldRecord& told) const {
    base::Record record{world_.kind, {}};
    const auto text = [&record](absl::string_view name, const std::string& value) {
      if (!value.empty()) record.fields.push_back(Text(std::string(name), value));
    };
    if (told.yuan >= 0) record.fields.push_back(Amount(told.yuan));
    if (told.month > 0) record.fields.push_back(Month(told.month));
    text("payer", told.payer);
    text("nature", told.nature);
    text(world_.kind == "vehicle" ? "plate" : "account", told.number);
    text("institution", told.holder);
    if (world_.kind == "wage") {
      if (!told.value.empty()) record.fields.push_back({"net", told.value == "true"});
    } else {
      text("class", told.value);
    }
    return record;
  }

  std::mt19937 random_;
  World world_;
};

inline World MakeWorld(uint32_t seed) { return WorldMaker(seed).Make(); }

inline bool MayBeOne(const ToldRecord& a, const ToldRecord& b) {
  const auto differ = [](const auto& x, const auto& y) { return x != y; };
  const auto both = [](const std::string& x, const std::string& y) {
    return !x.empty() && !y.empty();
  };
  if (a.source == b.source) return false;
  if (a.month != 0 && b.month != 0 && differ(a.month, b.month)) return false;
  const bool comparable = (a.payer.size() == 18) == (b.payer.size() == 18);
  if (both(a.payer, b.payer) && comparable && differ(a.payer, b.payer)) return false;
  if (both(a.nature, b.nature) && differ(a.nature, b.nature)) return false;
  if (both(a.holder, b.holder) && differ(a.holder, b.holder)) return false;
  if (!both(a.number, b.number)) return true;
  if (a.number[0] != '*' && b.number[0] != '*') return a.number == b.number;
  return a.number.substr(a.number.size() - 4) == b.number.substr(b.number.size() - 4);
}

inline bool HasEqualKeys(const World& world, const ToldRecord& a, const ToldRecord& b) {
  if (world.kind == "vehicle") return !a.number.empty() && a.number == b.number;
  if (world.kind == "deposit") {
    return !a.number.empty() && a.number == b.number && !a.holder.empty() && a.holder == b.holder;
  }
  return !a.payer.empty() && a.payer == b.payer && a.month != 0 && a.month == b.month &&
         a.nature == b.nature;
}

// Two records of one answer with one number leave open which of them another answer's is.
inline bool AreCertainlyOne(const World& world, const ToldRecord& a, const ToldRecord& b) {
  if (!HasEqualKeys(world, a, b)) return false;
  std::set<int> sources;
  for (const ToldRecord& record : world.told) {
    if (HasEqualKeys(world, a, record) && !sources.insert(record.source).second) return false;
  }
  return true;
}

inline std::vector<Reading> ReadingsOf(const World& world) {
  std::vector<Reading> readings;
  Reading things;
  std::function<void(size_t)> place = [&](size_t next) {
    if (next == world.told.size()) {
      readings.push_back(things);
      return;
    }
    const ToldRecord& record = world.told[next];
    bool bound = false;
    for (size_t i = 0; i < things.size(); ++i) {
      const auto certain = [&](const ToldRecord& o) { return AreCertainlyOne(world, o, record); };
      bound = bound || std::any_of(things[i].begin(), things[i].end(), certain);
    }
    for (size_t i = 0; i < things.size(); ++i) {
      const auto certain = [&](const ToldRecord& o) { return AreCertainlyOne(world, o, record); };
      if (bound && std::none_of(things[i].begin(), things[i].end(), certain)) continue;
      if (!std::all_of(things[i].begin(), things[i].end(),
                       [&](const ToldRecord& other) { return MayBeOne(other, record); })) {
        continue;
      }
      things[i].push_back(record);
      place(next + 1);
      things[i].pop_back();
    }
    if (bound) return;
    things.push_back({record});
    place(next + 1);
    things.pop_back();
  };
  place(0);
  return readings;
}

// Of a thing that some records tell of, any of the told values may be right.
inline Options OptionsOf(const World& world, const std::vector<ToldRecord>& records) {
  Options options;
  for (const ToldRecord& record : records) {
    if (record.yuan >= 0) options.yuan.push_back(record.yuan);
    if (record.month != 0) options.months = {record.month};
    std::string value = world.kind == "transfer_income" ? record.nature : record.value;
    if (value.empty()) value = ToldByAbsence(world.kind);
    if (!value.empty()) options.values.push_back(std::move(value));
  }
  if (options.yuan.empty()) options.yuan = {0, kAnyYuan};
  if (options.values.empty()) options.values = AnyValue();
  if (options.months.empty()) options.months = {1, 2, 3};
  return options;
}

// What the rules may conclude from a fact (base::Fact).
inline Options OptionsOf(const base::Fact& fact) {
  const auto doubtful = [&fact](absl::string_view field) {
    return std::find(fact.doubtful.begin(), fact.doubtful.end(), field) != fact.doubtful.end();
  };
  Options options;
  options.possible = fact.possible;
  const base::FieldValue* amount = fact.record.Find("amount");
  if (amount == nullptr || doubtful("amount")) {
    options.yuan = {0, kAnyYuan};
  } else {
    options.yuan = {std::get<base::Money>(*amount).fen() / 100};
    for (const auto& other : fact.otherwise) options.yuan.push_back(other.amount.fen() / 100);
  }
  const absl::string_view kind = fact.record.kind;
  const base::FieldValue* value = fact.record.Find(ValueField(kind));
  if (doubtful(ValueField(kind))) {
    options.values = AnyValue();
  } else if (value == nullptr) {
    options.values = AnyValue();
    if (!ToldByAbsence(kind).empty()) options.values = {ToldByAbsence(kind)};
  } else if (const bool* truth = std::get_if<bool>(value)) {
    options.values = {*truth ? "true" : "false"};
  } else {
    options.values = {std::get<std::string>(*value)};
  }
  const base::FieldValue* month = fact.record.Find("month");
  options.months = {1, 2, 3};
  if (month != nullptr && !doubtful("month")) {
    options.months = {static_cast<int>(std::get<absl::CivilMonth>(*month).month())};
  }
  return options;
}

// What rules may want to know of things, one at a time; they add it up.
struct Measure {
  absl::string_view name;
  int64_t (*of)(int64_t yuan, const std::string& value, int month);
};
inline constexpr std::array<Measure, 7> kMeasures{{
    {"count", [](int64_t, const std::string&, int) -> int64_t { return 1; }},
    {"sum", [](int64_t yuan, const std::string&, int) -> int64_t { return yuan; }},
    {"sum of a month",
     [](int64_t yuan, const std::string&, int month) { return month == 2 ? yuan : 0; }},
    {"count of a value",
     [](int64_t, const std::string& value, int) -> int64_t {
       return value == "x" || value == "true" ? 1 : 0;
     }},
    {"count of no value",
     [](int64_t, const std::string& value, int) -> int64_t { return value == "other" ? 1 : 0; }},
    {"sum by value", [](int64_t yuan, const std::string& value,
                        int) { return value == "x" || value == "true" ? yuan * 10 : yuan * 8; }},
    {"count of large ones",
     [](int64_t yuan, const std::string&, int) -> int64_t { return yuan >= 250 ? 1 : 0; }},
}};

struct Range {
  int64_t least = 0;
  int64_t most = 0;
};

inline Range RangeOf(const Measure& measure, const std::vector<Options>& things) {
  Range total;
  for (const Options& thing : things) {
    Range range{INT64_MAX, INT64_MIN};
    const auto take = [&range](int64_t amount) {
      range = {std::min(range.least, amount), std::max(range.most, amount)};
    };
    for (const int64_t yuan : thing.yuan) {
      for (const std::string& value : thing.values) {
        for (const int month : thing.months) take(measure.of(yuan, value, month));
      }
    }
    if (thing.possible) take(0);
    total = {total.least + range.least, total.most + range.most};
  }
  return total;
}

// The measure by which a reading lies outside what the facts allow; empty when none does.
inline std::string Escapes(const World& world, const Reading& reading, const base::Facts& facts) {
  std::vector<Options> read, known;
  for (const auto& records : reading) read.push_back(OptionsOf(world, records));
  for (const base::Fact& fact : facts.facts) known.push_back(OptionsOf(fact));
  for (const Measure& measure : kMeasures) {
    const Range inner = RangeOf(measure, read), outer = RangeOf(measure, known);
    if (inner.least >= outer.least && inner.most <= outer.most) continue;
    return absl::StrCat(measure.name, ": [", inner.least, ", ", inner.most, "] is not within [",
                        outer.least, ", ", outer.most, "]");
  }
  return "";
}

inline std::string Describe(const World& world, const Reading& reading) {
  std::string text = world.kind;
  for (const auto& records : reading) {
    absl::StrAppend(&text, "\n  one thing:");
    for (const ToldRecord& record : records) {
      absl::StrAppend(&text, "  s", record.source, " (rank ",
                      world.outcomes[static_cast<size_t>(record.source)].rank, ") ", record.yuan,
                      " month=", record.month, " payer=", record.payer, " nature=", record.nature,
                      " number=", record.number, "@", record.holder, " value=", record.value, ";");
    }
  }
  return text;
}

}  // namespace hedui::match

#endif  // HEDUI_TESTS_MATCH_READINGS_H_
