// A policy pack after loading: names are indexes, expressions flat programs. Written by the linker
// once, then immutable. Internal to assess.
//
// A symbol is a named value: a parameter (dated constants by key), a quantity or test (dated
// expressions), or something the engine itself knows (the policy day, a person's sex). Symbols are
// per household or per person. A division sees the symbols of its chain (nation, region, city,
// county); where several levels have a row in force the lowest one's counts.
#ifndef HEDUI_SERVER_ASSESS_COMPILED_PACK_H_
#define HEDUI_SERVER_ASSESS_COMPILED_PACK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/assess/assessment.h"
#include "server/assess/key_sets.h"
#include "server/assess/policy_pack.h"
#include "server/assess/types.h"
#include "server/assess/value.h"
#include "server/base/dates.h"
#include "server/base/discrepancy.h"
#include "server/base/division.h"

namespace hedui::assess {

// Codes of one list are bits of a 64-bit set. The last bit is a code that the list does not have.
inline constexpr int kCodesPerListMax = 63;
inline constexpr uint64_t kOtherCode = uint64_t{1} << 63;
// Loop variables that can be visible at once.
inline constexpr int kSlotsMax = 8;

// Tests with a meaning of their own.
inline constexpr char kIsMember[] = "is_member";
inline constexpr char kMembersComplete[] = "members_complete";
inline constexpr char kObligorsComplete[] = "obligors_complete";
// A parameter with a meaning of its own: how many days a report is valid.
inline constexpr char kReportValidity[] = "report_validity";
// Among the symbols that an expression uses: the tests above that its lists of people rest on. A
// lower level may be the first to have them, so which they are each chain says.
inline constexpr int kUsesMembers = -1;
inline constexpr int kUsesObligors = -2;
// And, less the number of a kind of fact: what its rules of evidence name.
inline constexpr int kUsesEvidence = -1000;

// By which a parameter's rows can be chosen.
inline constexpr int kKeysMax = 8;

struct CodeList {
  std::string name;
  std::string label;
  std::vector<std::string> codes;
  std::vector<std::string> labels;
  absl::flat_hash_map<std::string, int> index;
  uint64_t All() const { return (uint64_t{1} << codes.size()) - 1; }
  std::vector<base::Level> open_to;  // levels that may add codes
};

struct FieldType {
  std::string name;
  std::string label;
  Type type;
  Value unknown;                // what an absent or unreadable field can be, without blame
  std::optional<Value> absent;  // the value that absence means, where the vocabulary gives one
};

struct FactKind {
  std::string name;
  std::string label;
  // Facts state what is so, or are of a month, of a day, of a year, or of a period of days.
  enum class By : uint8_t { kState, kMonth, kDay, kYear, kPeriod } by = By::kState;
  // As files write them, in that order.
  static constexpr absl::string_view kByNames[] = {"state", "month", "day", "year", "period"};
  bool monthly = false;  // they are dated, not of state: a list of them is of a period
  int month_field = -1;
  int day_field = -1;                     // kDay
  int year_field = -1;                    // kYear
  int from_field = -1, until_field = -1;  // kPeriod
  std::vector<FieldType> fields;
  absl::flat_hash_map<std::string, int> field_index;
  std::vector<int> categories;           // in whose answers it may come; none: only ever declared
  std::vector<base::Level> evidence_by;  // levels that may say what suffices
  std::vector<int> variants;             // of its rules of evidence: CompiledPack::variants
};

// Half-open, in days since 1970-01-01; open bounds are the extremes.
struct DayRange {
  int32_t from = INT32_MIN;
  int32_t to = INT32_MAX;
  bool Contains(int32_t day) const { return from <= day && day < to; }
  bool Overlaps(const DayRange& other) const { return from < other.to && other.from < to; }
};

// Operations stand by theme, 32 numbers each (the core has 64): the core is run by evaluator.cc,
// every other theme by a file of its own, so that a theme grows beside its emitters
// (expression_functions.h).
enum class OpTheme : uint8_t { kCore = 0, kDates = 2, kPeople, kLists, kTables, kPlaces = 7 };
inline constexpr int kOpsPerTheme = 32;

enum class OpCode : uint8_t {
  kConst = 0,  // push constants[arg]
  kHousehold,  // push the household's symbol arg
  kPerson,     // push symbol arg of the person in slot `slot`
  kField,      // push field arg of the fact in slot `slot`
  kNegate,
  kNot,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kMin,
  kMax,
  kLess,
  kLessOrEqual,
  kEqualNumbers,
  kEqualMasks,
  kIn,
  kAnd,
  kOr,
  kRound,        // to the grain constants[arg], by Rounding `slot`
  kSkipIfFalse,  // the top stays; when surely false, push nothing useful and skip the next arg
                 // operations
  kSkipIfTrue,   // looks below the top: when surely true, push nothing useful and skip the next arg
                 // operations
  kSkipAnd,      // the top stays; when it is surely false, and proven, skip the next arg operations
  kSkipOr,       // likewise when it is surely true
  kSelectNumber,
  kSelectMask,
  kPresumed,  // marks the top as presumed

  // Days and periods: evaluator_dates.cc.
  kMonthsBefore =
      64,          // (day, months) → the period of that many whole months before the day's month
  kAge,            // (birth, day) → completed years
  kAddMonths,      // (day, months) → the day so many months later
  kMonthsSince,    // (day, later day) → completed months, at least none
  kMonthStart,     // (day) → the first of its month
  kMonthEnd,       // (day) → the last of its month
  kYearOf,         // (day) → its year
  kMonthOf,        // (day) → its month, 1 to 12
  kDateAfter,      // (date, days) → the date so many days later
  kDateBefore,     // (date, days) → earlier
  kMonthsThrough,  // (day, months) → the period of that many whole months, the day's the last
  kPeriod,         // (date, date) → the days from the first up to the second
  kInPeriod,       // (date, period) → whether it is one of its days
  kPeriodStart,    // (period) → its first day
  kPeriodEnd,      // (period) → its last day
  kMonthFirst,     // (month) → its first day
  kMonthLast,      // (month) → its last day
  kMonthContaining,     // (day) → its month
  kMonthPeriod,         // (month) → its days
  kLoopMonth,           // push the month in slot `slot`
  kWorkingDaysAfter,    // (day, days) → the working day so many working days later
  kWorkingDaysBetween,  // (day, later day) → the working days after the first, up to the second

  // People and the answers about them: evaluator_people.cc.
  kAnswered = 96,  // category arg of the person in slot `slot`: true, or unknown with the answer to
                   // blame
  kNotRuledOut,    // the top, but unknown where it is surely false: the answers of category arg of
                   // the person in slot `slot` are to blame
  kListed,         // (person) → true when the number is a listed person's, else unknown: identity
  kIsPerson,       // (person) → whether the number is that of the person in slot `slot`
  kRelationOf,     // (person) → the relation of the listed member of that number, else unknown:
                   // identity

  // Lists: evaluator_lists.cc.
  kAggregate = 128,  // aggregates[arg]; pops the default, then the period, where it has them
  kDefined,          // (number) → whether it has a value
  kSurely,           // (test) → whether it is true, by what is known so far
  kPossibly,         // (test) → whether it is not false, by what is known so far
  kSpan,             // push how many months the fact in slot `slot` is of
  kWithin,           // push how many of them lie in its list's period

  // Tables and sets of codes: evaluator_tables.cc.
  kLookUp = 160,  // (given keys) → the table arg's value; `slot` 0: of the household, else of the
                  // person in slot `slot` - 1
  kInspect,       // push what Inspection `slot` says of the parameter arg
  kUnion,         // sets of codes: both
  kWithout,       // sets of codes: the first less the second
  kSelectSet,

  // Divisions: evaluator_places.cc.
  kWithinDivision = 224,  // (division) → whether it lies in the division that is the number arg
  kSameDivision,          // (division, division) → whether their first `slot` digits are the same
};

constexpr OpTheme ThemeOf(OpCode code) {
  return static_cast<OpTheme>(static_cast<int>(code) / kOpsPerTheme);
}

// `slot` of what is computed of dates: kMin, kMax, comparisons, and kSubtract of two.
inline constexpr uint8_t kOfDates = 1;

// What can be asked of the rows of a parameter.
enum class Inspection : uint8_t { kSize, kHighest, kLowest, kRising, kFalling };

struct Op {
  OpCode code;
  uint8_t slot = 0;
  uint16_t column = 0;  // where its expression names it, in bytes from 1; for findings
  int32_t arg = 0;
};

struct CodeRange {
  int32_t begin = 0;
  int32_t end = 0;
};

enum class AggregateKind : uint8_t {
  kSum,
  kCount,
  kExists,
  kAll,
  kMonths,
  kMin,
  kMax,
  kMean,
  kDistinct,
  kClosed,  // whether it is proven that nothing is missing
};
enum class ListKind : uint8_t { kPersons, kMembers, kObligors, kFacts, kMonths };

// A loop over a list of people or facts with filters and a body.
struct Aggregate {
  AggregateKind kind;
  ListKind list;
  int fact_kind = -1;      // kFacts
  uint8_t owner_slot = 0;  // kFacts: whose
  bool by_period = false;
  uint8_t item_slot = 0;
  std::vector<CodeRange> filters;
  CodeRange body;            // empty for kMonths and kClosed
  bool has_default = false;  // kMin, kMax, kMean: a value for the empty list is on the stack
  bool of_dates = false;     // bodies are dates
  bool masked = false;       // kDistinct: bodies are codes or truths
  int variant = -1;          // kFacts: of the rules of evidence
};

enum class SymbolKind : uint8_t { kParameter, kQuantity, kTest, kIntrinsic };

enum class Intrinsic : uint8_t {
  kNone,
  kPolicyDay,
  kApplicationDay,
  kAcceptanceDay,
  kRequestDay,
  kScope,
  kCheckKind,
  kStaffRelative,
  kDivision,
  kRole,
  kRelation,
  kSex,
  kBirth,
};

struct Row {
  int32_t symbol = -1;  // -1 for evidence and programme rows
  DayRange in_force;
  KeyBox keys;         // what it is for, by key of the symbol
  Value constant;      // parameters
  CodeRange code;      // quantities and tests
  bool exact = false;  // the fast path has all its operations
  bool assumed = false;
  int32_t info = -1;  // index into CompiledPack::row_infos
};

// What only rendering and findings need.
struct RowInfo {
  Shared<PolicyRow> shown;
  int file = -1;  // index into CompiledPack::files
};

// By which a parameter's rows are chosen: a symbol's value, or what is given where it is asked for.
struct ParameterKey {
  int symbol = -1;  // -1: given
  std::string name;
  Type type;
};

struct Symbol {
  std::string name;
  std::string label;
  SymbolKind kind = SymbolKind::kQuantity;
  Intrinsic intrinsic = Intrinsic::kNone;
  bool per_person = false;
  Type type;
  std::vector<ParameterKey> keys;  // of a parameter
  std::vector<Type> key_types;     // of `keys`
  bool is_table = false;           // some key is given: it is called, and has no value of its own
  bool looked_into = false;        // some expression calls it or asks for its rows
  Value unknown;                   // the range without a row in force, without blame
  int32_t table =
      -1;  // position among the household's or a person's values; siblings' symbols share them
  int division = -1;        // that declares it; -1: the engine
  std::string declared_at;  // "national/household.yaml:12"; empty: the engine
};

// What suffices for a fact kind to be known in full, and what counts.
struct EvidenceRule {
  DayRange in_force;
  // In place of a category: the application, silence included; the application, if it states
  // something of the kind about the person.
  static constexpr int kDeclaration = -1;
  static constexpr int kStatement = -2;
  struct Need {
    int category = kDeclaration;
    std::string source_id;  // empty: every source of the category that was planned
    int group = -1;         // needs next to one another with one number: one of them suffices
  };
  std::vector<Need> complete_by;
  // The categories of the kind. While an answer of one is still to come, what is proven is only
  // taken for all there is. None where found facts do not count. `awaited` are those for which a
  // need is met by all registers alone: there only people may still have to answer. The needs may
  // be met without the others' answers, but for those of the sources named.
  struct Origin {
    int category = -1;
    std::vector<std::string> awaited_sources;
  };
  std::vector<Origin> origins;
  std::vector<int> awaited;
  enum class Use : uint8_t { kFound, kDeclared, kHigher, kAgreed } use = Use::kHigher;
  enum class Otherwise : uint8_t { kUnknown, kFound, kDeclared, kPresumed };
  Otherwise otherwise = Otherwise::kUnknown;
  int presume = -1;  // kPresumed: the person's quantity that is taken for what is not proven
  // Of the month that is not over an answer need tell only as far as its data go.
  bool to_data_day = false;
  int when = -1;     // a person's test: of whom the rule is; -1: of everybody
  int variant = -1;  // among CompiledPack::variants: for lists that ask for it; -1: for all
  // What people found, complete and of the whole period, suffices in place of the registers.
  bool manual_suffices = false;
  bool assumed = false;
  int32_t info = -1;
};

// Which of its days are working days, beside those from Monday to Friday.
struct CalendarRow {
  DayRange days;              // that it speaks of, whatever the policy day
  std::vector<int32_t> off;   // sorted
  std::vector<int32_t> work;  // sorted
  bool assumed = false;
  int32_t info = -1;
};

struct ProgrammeRow {
  DayRange in_force;
  int indication = -1;  // symbol
  int amount = -1;      // symbol or -1
  int validity = -1;    // symbol or -1
  std::optional<Value> validity_written;
  Type validity_type;
  bool assumed = false;
  int32_t info = -1;
};

struct Programme {
  std::string name;
  std::string label;
  bool per_person = false;  // an indication for everybody listed as a member
  std::vector<ProgrammeRow> rows;
};

struct Document {
  std::string id;
  std::string title;
};

// What a division's chain gives. A county that only sets parameters shares its parent's order.
struct Division {
  std::string code;
  int parent = -1;
  struct Step {
    int32_t symbol = 0;
    int32_t rows_begin = 0;  // into row_lists
    int32_t rows_end = 0;
  };
  std::vector<Step> order;  // inputs first
  // Before this place stands what says who belongs and who is missing, and what that uses.
  ptrdiff_t who_ends = 0;
  std::vector<int32_t> row_lists;                 // row indexes, a step's from the lowest level up
  absl::flat_hash_map<int32_t, Step> parameters;  // by symbol: those that expressions look into
  std::vector<std::vector<int32_t>> evidence;     // by fact kind: evidence indexes
  std::vector<int32_t> calendar;                  // indexes, from the lowest level up
  std::vector<int32_t> programmes;
  std::vector<int32_t> files;      // of the chain, sorted by path
  std::string digest;              // over these files
  int member = -1;                 // symbol is_member, or -1: everyone listed
  int members_complete = -1;       // symbol members_complete, or -1: as listed
  int obligors_complete = -1;      // symbol obligors_complete, or -1: others may exist
  bool asks_for_obligors = false;  // some expression of the chain does
  int household_values = 0;        // sizes of the value tables
  int person_values = 0;
  // What this level itself adds.
  std::vector<int32_t> own_rows;
  std::vector<std::pair<int, int32_t>> own_evidence;  // fact kind, rule
  std::vector<int32_t> own_calendar;
  std::vector<int32_t> own_programmes;
  std::vector<std::pair<int32_t, ProgrammeRow>> own_programme_rows;  // of programmes above
  // Lists with what this level adds to them, by the list that levels above declare: both indexes
  // into code_lists. A type names the latter; codes that are added have the next bits, so that a
  // list's bits mean something within a chain only.
  absl::flat_hash_map<int, int> own_lists;
  std::vector<int32_t> own_files;
};

struct CompiledPack {
  std::vector<CodeList> code_lists;
  int relation_list = -1;  // of them: relations to the applicant
  std::vector<std::string> categories;
  std::vector<FactKind> fact_kinds;
  base::DiscrepancyRules discrepancies;
  std::vector<Symbol> symbols;
  std::vector<Row> rows;
  std::vector<RowInfo> row_infos;
  std::vector<EvidenceRule> evidence;
  std::vector<CalendarRow> calendar;
  std::vector<Programme> programmes;
  std::vector<Document> documents;
  std::vector<Division> divisions;
  std::vector<PolicyFile> files;
  std::vector<std::string> texts;  // of `files`
  std::vector<std::string> paths;  // of `files`: as opened
  std::string digest;
  std::vector<PolicyFinding> warnings;

  // By row: the symbols that its expression uses (kUsesMembers among them).
  std::vector<std::vector<int>> row_uses;

  std::vector<Op> code;
  std::vector<Value> constants;
  std::vector<Exact> exact_constants;  // the same
  std::vector<Aggregate> aggregates;
  bool has_added_codes = false;       // some level adds codes to a list
  std::vector<std::string> variants;  // names of rules of evidence

  absl::flat_hash_map<std::string, int> category_index;
  absl::flat_hash_map<std::string, int> fact_kind_index;
  absl::flat_hash_map<std::string, int> division_index;
  absl::flat_hash_map<std::string, std::string> labels;  // categories and fact kinds

  // The set of `division` or of the nearest division above it that has files; nullptr when none
  // has.
  const Division* FindDivision(absl::string_view division) const;
  // A list as the division's chain has it.
  const CodeList& ListFor(const Division& division, int list) const;
  // Rows of a programme of the chain, the lowest level's first.
  std::vector<const ProgrammeRow*> RowsOf(const Division& division, int32_t programme) const;
  // The one in force; nullptr when none is.
  const ProgrammeRow* RowInForce(const Division& division, int32_t programme, int32_t day) const;
};

// Fills what the fast path needs beside the code, once everything is linked.
void PrepareExact(CompiledPack* pack);

// Days since 1970-01-01, months since 1970-01.
inline int32_t DayNumber(absl::CivilDay day) {
  return static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1));
}
absl::CivilDay DayOfNumber(int64_t number);
inline int64_t MonthNumber(absl::CivilMonth month) { return month - absl::CivilMonth(1970, 1); }
base::Period PeriodOf(const DayRange& range);

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_COMPILED_PACK_H_
