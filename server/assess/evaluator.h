// Computes every symbol of a division's chain for one case, in order, on abstract values. One
// evaluator serves case after case without new allocations; it belongs to one thread at a time.
// Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_EVALUATOR_H_
#define HEDUI_SERVER_ASSESS_EVALUATOR_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "server/assess/case_index.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/evaluation_record.h"
#include "server/assess/value.h"

namespace hedui::assess {

// The calendar: base::ParseDay takes no other years.
inline constexpr int kYearMin = 1800;
inline constexpr int kYearMax = 9999;
int64_t LastDay();  // its number, of 9999-12-31

// A household takes some thousands of steps, and one of forty people with ten years of months some
// hundred thousand; loops within loops over everybody could take an age. Each step may also leave a
// reference in the trace, of 8 bytes.
inline constexpr size_t kStepsMax = 8'000'000;

inline bool IsOfCalendar(absl::CivilMonth month) {
  return month.year() >= kYearMin && month.year() <= kYearMax;
}

// A period of which both ends are known.
inline bool IsKnownPeriod(const Value& period) {
  return !period.lo_infinite && !period.hi_infinite;
}

class Evaluator {
 public:
  // Without the fast path everything is computed on abstract values; results are the same.
  enum class FastPath : uint8_t { kUsed, kLeftOut };
  explicit Evaluator(const CompiledPack& pack, FastPath fast_path = FastPath::kUsed)
      : pack_(pack), fast_(fast_path == FastPath::kUsed), calculator_(&blames_, 0) {}

  // `c` must outlive the use of the results. INVALID_ARGUMENT (CASE), OUT_OF_RANGE
  // (ARITHMETIC_OVERFLOW, EVALUATION_LIMIT).
  absl::Status Run(const Division& division, const Case& c, bool trace);

  // For rules of constants only (docs/evaluation.md, C2, C3): a day of a chain on which nobody is
  // assessed. `nobody` must outlive what is computed then; keys get values, or are computed.
  void Begin(const Division& division, const Case& nobody) { Start(division, nobody, false); }
  void Set(int symbol, const Value& value) {
    household_[static_cast<size_t>(pack_.symbols[static_cast<size_t>(symbol)].table)] = value;
  }
  void Compute(const Division::Step& step) { Step(step, RowToday(step), -1); }
  Value Compute(CodeRange code) { return Run(code); }
  bool overflow() const { return calculator_.overflow(); }
  // A row, and combinations of keys by which it is chosen.
  struct Stretch {
    int32_t row = -1;
    KeyBox where;
  };
  std::vector<Stretch> StretchesOf(const Division::Step& step, const KeyBox& keys);
  // The two below are the linter's, and need FastPath::kLeftOut. As if nothing at all were known of
  // the household, on any day of `days`: whatever a case gives lies within what comes out.
  // `observed` is for every operation what it gave, as ObservedBits. Rows are those in force on the
  // case's policy day.
  absl::Status RunOnAnything(const Division& division, const Case& c, const DayRange& days,
                             std::vector<uint8_t>* observed);
  // Fewer steps than kStepsMax, and those that the last run took.
  void LimitSteps(size_t steps) { steps_max_ = std::min(steps, kStepsMax); }
  size_t steps() const { return steps_; }
  // As if what the case tells were all there is, and whoever it lists belonged.
  absl::Status RunOnAllTold(const Division& division, const Case& c);

  const Value& household(int symbol) const {
    return household_[static_cast<size_t>(pack_.symbols[static_cast<size_t>(symbol)].table)];
  }
  const Value& person(int symbol, int person) const {
    return persons_[PersonCell(pack_.symbols[static_cast<size_t>(symbol)].table, person)];
  }
  const std::vector<Visit>& visits() const { return visits_; }
  const std::vector<Ref>& refs() const { return refs_; }
  const BlameLeaf& leaf(uint32_t i) const { return leaves_[i]; }
  const BlameSet& blames() const { return blames_; }
  int person_count() const { return index_.person_count(); }
  // BlameLeaf::keys and behind it.
  const Value& asked_key(int32_t i) const { return asked_keys_[static_cast<size_t>(i)]; }
  // The first day after the policy day on which what was compared with days, or reckoned from them,
  // may come out otherwise; INT32_MAX: none.
  int32_t next_day() const { return next_day_; }

 private:
  // How the case is taken.
  enum class Mode : uint8_t { kAsItStands, kAnything, kAllTold };
  // Where a loop stands: at a person, or at a fact of a kind.
  struct Frame {
    int32_t person = -1;  // of a presumed fact: whose
    int32_t fact = -1;    // into CaseIndex; -1: one that is not known, or presumed
    int32_t kind = -1;
    BlameId blame = 0;
    int32_t presumed = -1;  // the quantity that a presumed fact's amount is
    // Since 1970-01: of a presumed fact; of a loop over months where `fact` is 0.
    int64_t month = 0;
    const Value* period = nullptr;  // of the list, where it is by period
  };
  enum class Sureness : uint8_t { kSure, kPossible, kOpen };
  struct Item {
    Sureness sureness = Sureness::kSure;
    BlameId blame = 0;
    uint8_t marks = 0;
    // Whether the item is in the list rests on something unproven.
    void RestOn(const Value& premise, BlameSet* blames) {
      marks |= premise.marks & kMarksUnsettled;
      blame = blames->Join(blame, premise.blame);
    }
    void RestOn(const Item& premise, BlameSet* blames) {
      if ((premise.marks & kMarksUnsettled) == 0) return;
      marks |= premise.marks & kMarksUnsettled;
      blame = blames->Join(blame, premise.blame);
    }
    // Nothing else bears on it.
    void OnlyRestOn(const Value& premise) {
      marks = premise.marks & kMarksUnsettled;
      blame = marks != 0 ? premise.blame : 0;
    }
  };
  // What a fold collects before it can say what the list comes to.
  struct Elements {
    struct Taken {
      Value body;
      Item item;
    };
    std::vector<Taken> taken;
    Item dropped;  // what rests on who or what is out
  };
  // Facts that were found; declared ones beside them, or where only they count.
  // Presumed ones are of neither.
  enum class Side : uint8_t { kFound, kStated, kStatedAlone, kPresumed };
  // Complete and with blame: what the rule asks for is there, but answers that it does not ask for
  // are still to come. The list is closed and not proven.
  // `unstated`: the application has yet to state what the rule asks for.
  // Eight bytes, which fit a register: it is returned for every list.
  struct Proof {
    bool complete = true;
    bool unstated = false;
    BlameId blame = 0;
    bool settled() const { return complete && blame == 0; }
  };

  size_t PersonCell(int table, int person) const {
    return static_cast<size_t>(table) *
               static_cast<size_t>(index_.person_count() + kUnlistedRoles) +
           static_cast<size_t>(person);
  }
  // A person nobody listed, behind those listed: stands for any number of people of one role that
  // may be missing from the application.
  static constexpr int kUnlistedRoles = 2;
  struct Unlisted {
    BlameId blame = 0;
    bool reckoned = false;  // until a rule says that nobody is missing
    bool settled = false;   // no rule is still to say so
  };
  bool IsUnlisted(int person) const { return person >= index_.person_count(); }
  int UnlistedOf(base::PersonRole role) const {
    return index_.person_count() + static_cast<int>(role) - 1;
  }
  Unlisted& unlisted(base::PersonRole role) { return unlisted_[static_cast<size_t>(role) - 1]; }
  BlameId UnlistedBlame(int person) const {
    return unlisted_[static_cast<size_t>(person - index_.person_count())].blame;
  }

  void Start(const Division& division, const Case& c, bool trace);
  // Whether the symbol says who belongs or whether somebody is missing.
  bool IsPremise(int symbol) const {
    return symbol == division_->member || symbol == division_->members_complete ||
           symbol == division_->obligors_complete;
  }
  // What is in force is looked up once for all cases of a place and day.
  void SetDay(const Division& division, int32_t day);
  // The step's row in force, from the lowest level up and whatever its keys; -1: none.
  int32_t RowToday(const Division::Step& step) const;
  // The symbol at a place of the division's order, for the household or everybody.
  void StepAll(const Division& division, size_t place);
  // The first symbol that cannot be computed, and the row at fault.
  absl::Status Overflow(const Division& division, const Case& c, bool trace);
  void Step(const Division::Step& step, int32_t row_today, int person);
  // `complete` has been computed: whether anybody of the role may be missing.
  void Settle(const Division::Step& complete, base::PersonRole role);
  Value Intrinsic(const Symbol& symbol, int person);
  Value Parameter(const Division::Step& step, const Symbol& symbol, int person);
  Value Rule(const Division::Step& step, const Symbol& symbol, int person);
  // `keys` are written down for tables, and where they were `given`.
  Value MissingRow(const Symbol& symbol, int32_t index, int person, const Value* keys = nullptr,
                   bool given = false);

  // Runs the code; its result is the top of the stack and popped.
  Value Run(CodeRange range);
  // Past them nothing more is computed, and the assessment is refused.
  bool exhausted() const { return steps_ > steps_max_; }
  // The linter's modes, in evaluator_lint.cc.
  void RunObserved(CodeRange range);
  Value AnyIntrinsic(const Symbol& symbol) const;
  Value FoldAnything(const Aggregate& aggregate, const Value& period, const Value* absent);
  void Execute(const Op& op, int32_t* next);
  // Operations beside the core, each theme in the file named after it.
  void ExecuteTheme(const Op& op);
  void ExecuteDates(const Op& op);
  void ExecutePeople(const Op& op);
  void ExecuteLists(const Op& op);
  void ExecuteTables(const Op& op);
  void ExecutePlaces(const Op& op);
  Value Pop();

  // The fast path: evaluator_exact.cc. False: compute it on abstract values.
  static Exact ToExact(const Value& value, TypeKind kind);  // not known where it does not fit
  static void FromExact(const Exact& exact, TypeKind kind, Value* out);
  bool RunExact(CodeRange range, Exact* out);
  bool RunExactFrom(Exact* top, CodeRange range);
  bool ThemeExact(const Op& op);
  bool UnaryExact(const Op& op, Exact* a);
  bool BinaryExact(const Op& op, const Exact& b, Exact* a);
  bool FoldExact(const Op& op);
  bool DatesExact(const Op& op);
  bool PeopleExact(const Op& op);
  void WatchDaysExact(int64_t a, int64_t b);
  const Exact& ExactHousehold(int symbol) const {
    return exact_household_[static_cast<size_t>(pack_.symbols[static_cast<size_t>(symbol)].table)];
  }
  const Exact& ExactPerson(int symbol, int person) const {
    return exact_persons_[PersonCell(pack_.symbols[static_cast<size_t>(symbol)].table, person)];
  }
  const Exact& ExactField(const Frame& frame, int field);
  static Exact BeginExact(const Aggregate& aggregate);
  bool FilterExact(const Aggregate& aggregate, uint8_t* marks, bool* passes);
  bool TakeExact(const Aggregate& aggregate, uint8_t marks, Exact* total);
  bool FoldPersonsExact(const Aggregate& aggregate, Exact* total);
  bool FoldOneSideExact(const Aggregate& aggregate, int person, const Exact& period, Side side,
                        Exact* total, bool* any);
  bool FoldFactsExact(const Aggregate& aggregate, const Exact& period, Exact* total);
  Value FieldOf(const Frame& frame, int field);
  Value ReadField(int kind, int field, const base::FieldValue& value, const IndexedFact& fact);

  // Parameters and tables.
  // With the codes that the chain adds.
  Value Unknown(const Type& type, const Value& declared) const {
    Value value = declared;
    if (pack_.has_added_codes &&
        (type.kind == TypeKind::kCode || type.kind == TypeKind::kCodeSet)) {
      value.mask = (declared.mask & kOtherCode) | pack_.ListFor(*division_, type.codes).All();
    }
    return value;
  }
  Value KeyValue(const ParameterKey& key, int person);
  Value LookUp(const Op& op);
  // By what the keys may be, one value for each.
  Value Choose(const Division::Step& step, int person, const Value* keys);
  // Gives each row in force the combinations of `keys` that it is chosen by. True when some are
  // left.
  template <typename TakeRow>
  bool ShareOut(const Division::Step& step, KeyBox keys, TakeRow take);
  // The row that exact keys choose, if any.
  template <typename TakeRow>
  void TakeFirst(const Division::Step& step, const Value* keys, TakeRow take);
  Value HullOfConstants(const Symbol& symbol, const Value& a, const Value& b);
  Value Inspect(int32_t symbol, Inspection what);
  Value InspectRows(const Division::Step& step, const KeyBox& box,
                    const std::vector<Stretch>& stretches, Inspection what);
  bool IsMonotone(const Symbol& symbol, const std::vector<Stretch>& stretches, bool rising) const;

  // Sets of codes of a list.
  Value SetNotKnown(int list) const;
  Value JoinSets(const Value& a, const Value& b, bool without, int list);
  Value SelectSet(const Value& condition, const Value& yes, const Value& no, int list);

  // Dates.
  // Whole months before the day's month, or with it as the last.
  Value WholeMonths(const Value& day, const Value& months, bool through);
  Value PeriodBetween(const Value& from, const Value& to);
  Value InPeriod(const Value& day, const Value& period);
  Value PeriodEdge(const Value& period, bool end);
  Value ShiftDate(const Value& date, const Value& days, bool later);
  // As days go by, something may change on `day`.
  void Offer(int64_t day) {
    if (day > day_ && day < next_day_) next_day_ = static_cast<int32_t>(day);
  }
  // Two dates are held against each other, and one may be the policy day: what is before it, on it
  // or after it changes on the other's day and on the next.
  void WatchDates(const Value& a, const Value& b);
  // What is reckoned from the policy day may change with it, tomorrow. What is reckoned from other
  // days changes where they do.
  void WatchToday(const Value& date) {
    if (IsToday(date)) Offer(day_ + 1);
  }
  bool IsToday(const Value& date) const {
    return (!date.lo_infinite && date.lo == base::Rational(day_)) ||
           (!date.hi_infinite && date.hi == base::Rational(day_));
  }
  void WatchMonths() {
    Offer(DayNumber(absl::CivilDay(absl::CivilMonth(case_->dates.policy) + 1)));
  }
  // Years are counted from the date, and change on its anniversaries; or up to it while the other
  // day moves, and change up to a day after them.
  void WatchYears(const Value& date, int days_after);
  Value Age(const Value& birth, const Value& day);
  Value AddMonths(const Value& day, const Value& months);
  Value MonthsSince(const Value& from, const Value& to);
  // Of a day alone: a function that never falls as days go by.
  template <typename Function>
  Value OfDay(const Value& day, Function of_day);
  Value MonthOf(const Value& day);
  // The first or last day of a month.
  Value DayOfMonth(const Value& month, bool last);
  // Working days.
  struct Walked {
    int64_t day = 0;       // the last one
    int64_t working = 0;   // working days among them
    bool unknown = false;  // it came by days of which no row speaks
  };
  // Over the days after `from`, up to `until` or the `most`th working day. Days of which nothing is
  // known are taken as working days or as off.
  Walked Walk(int64_t from, int64_t until, int64_t most, bool unknown_works, uint8_t* marks);
  const CalendarRow* CalendarRowOf(int64_t day);
  // The first later day on which a row begins to speak or ends.
  int64_t CalendarChangeAfter(int64_t day) const;
  Value WorkingDaysAfter(const Value& day, const Value& days);
  Value WorkingDaysBetween(const Value& from, const Value& to);
  BlameId NoCalendar(BlameId blame);

  // Whether a list of those listed leaves out a member who may be missing: not in what says who
  // belongs and who is missing.
  bool LeavesOutMembers() {
    return unlisted(base::PersonRole::kMember).reckoned && step_ != nullptr &&
           step_ - division_->order.data() >= division_->who_ends;
  }

  // The days of a month, where it is known.
  Value PeriodOfMonth(const Value& month);
  // The months of a period one by one.
  template <typename TakeMonth, typename DropMonth>
  void ForEachMonth(const Aggregate& aggregate, const Value& period, TakeMonth take,
                    DropMonth drop);
  // Bounds a computed date by days that the calendar has.
  void KeepInCalendar(Value* date);
  // False where it was not.
  static bool MakeWhole(base::Rounding rounding, base::Rational* number);

  // Places.
  Value Within(const Value& division, const Value& outer);
  Value SameDivision(const Value& a, const Value& b, int digits);

  // People.
  Value Listed(const Value& person);
  Value IsPerson(const Value& number, int person);
  Value RelationOf(const Value& person);
  Value Answered(int person, int category);
  Value NotRuledOut(const Value& test, int person, int category);
  BlameId NobodyAsked(int person, int category);

  // Lists.
  Value Fold(const Aggregate& aggregate);
  Value FoldElements(const Aggregate& aggregate, const Value& period);
  template <typename TakePerson, typename DropPerson>
  void ForEachPerson(const Aggregate& aggregate, TakePerson take_person, DropPerson drop_person,
                     uint8_t* list_marks);
  // `absent`: what an empty list comes to; null: nothing.
  Value FoldFacts(const Aggregate& aggregate, const Value& period, const Value* absent);
  Value FoldByRules(const Aggregate& aggregate, const Value& period, const Value* absent,
                    size_t at);
  // `rule` is null without one.
  Value FoldUnder(const Aggregate& aggregate, const EvidenceRule* rule, int person,
                  const Value& period, const Value* absent);
  // The first rule in force at or behind `*at` that may be for the list; null: none.
  const EvidenceRule* NextRule(const Aggregate& aggregate, size_t* at) const;
  Proof ProveList(const Aggregate& aggregate, const EvidenceRule* rule, int person,
                  const Value& period);
  Value AddPresumed(const Aggregate& aggregate, int person, const Value& period,
                    const EvidenceRule& rule, const Proof& proof, const Value& listed,
                    bool any_listed);
  // What the filters leave of a side: elements at all, and such as are there for sure.
  struct Presence {
    bool any = false;
    bool sure = false;
  };
  Value FoldOneSide(const Aggregate& aggregate, int person, const Value& period, Side side,
                    Presence* there);
  Value FoldMonths(const Aggregate& aggregate, int person, const Value& period, Side side,
                   Presence* there);
  Value FoldUnlisted(const Aggregate& aggregate, const Value& period, BlameId blame);
  // The facts of one kind that stand by what was found or declared, that the list's filters leave.
  // `take` is given each with how sure it is, `drop` those that a filter, or who else holds them,
  // leaves out.
  template <typename TakeFact, typename DropFact>
  bool ForEachFact(const Aggregate& aggregate, int person, const Value& period, Side side,
                   TakeFact take, DropFact drop);
  template <typename TakeFact, typename DropFact>
  bool ForEachPresumed(const Aggregate& aggregate, int person, const Value& period, TakeFact take,
                       DropFact drop);
  Value FoldListed(const Aggregate& aggregate, const EvidenceRule* rule, int person,
                   const Value& period, const Proof* closed_by_declaration, bool* any);
  Value Agree(const Aggregate& aggregate, const EvidenceRule& rule, int person, const Value& found,
              const Value& stated);
  Value AddUnlisted(const Aggregate& aggregate, const Value& period, const Value& listed,
                    BlameId open);
  bool OutweighsNumber(const Aggregate& aggregate, const Value& found, const Value& stated) const;
  Value Combine(const Aggregate& aggregate, const Value& a, const Value& b);
  // The higher of both, where it may be that nothing is stated unless something surely is.
  Value CombineSides(const Aggregate& aggregate, const Value& found, const Value& stated,
                     bool surely_stated);
  // What a statement could make of the least or the sum in place of what was found.
  void ReckonWithStatement(const Aggregate& aggregate, const Value& period, BlameId open,
                           Value* total);
  Value Join(const Aggregate& aggregate, const Value& a, const Value& b);
  Value Begin(const Aggregate& aggregate) const;

  // Least, greatest, mean, number of different values. Until OrDefault the mask of a least,
  // greatest or mean says whether there is none, or perhaps none, to be so.
  static constexpr uint64_t kNone = 4, kPerhapsNone = 2;
  static bool IsExtreme(AggregateKind kind) {
    return kind == AggregateKind::kMin || kind == AggregateKind::kMax ||
           kind == AggregateKind::kMean;
  }
  static bool IsCollected(AggregateKind kind) {
    return IsExtreme(kind) || kind == AggregateKind::kDistinct;
  }
  void Collect(const Aggregate& aggregate, const Item& item, Elements* elements);
  Value WithElement(AggregateKind kind, const Value& list, const Value& body,
                    Sureness sureness) const;
  Value Summarise(const Aggregate& aggregate, const Elements& elements);
  Value ExtremeOf(AggregateKind kind, const Elements& elements, bool only_sure);
  Value DistinctOf(const Aggregate& aggregate, const Elements& elements) const;
  Value AddOpen(const Aggregate& aggregate, const Value& listed, const Value& body,
                const Item& item);
  Value OtherThanNone(const Value& none, const Value& other);
  Value HigherExtreme(const Value& found, const Value& stated);
  Value EitherExtreme(const Value& found, const Value& stated);
  Value Joined(Value value, uint64_t mask, const Value& a, const Value& b);
  Value OrDefault(const Aggregate& aggregate, Value total, const Value* absent);

  // What is known so far.
  Value Defined(const Value& number);
  Value KnownSoFar(const Value& test, bool surely);
  Value Closed(const Proof& proof);
  Value ClosedPeople(const Aggregate& aggregate);

  // False when a filter drops the item; then the item rests on nothing but that filter.
  bool Filter(const Aggregate& aggregate, Item* item);
  void Take(const Aggregate& aggregate, const Item& item, Value* total);
  void Drop(const Aggregate& aggregate, const Item& item, Value* total);
  Value SumItem(Value value, const Item& item);
  Value CountItem(const Value& truth, const Item& item);
  Value TruthItem(Value truth, const Item& item, bool all);
  // The fact may be there or not.
  void Perhaps(const IndexedFact& fact, int kind, Item* item);
  bool CountsHere(const IndexedFact& fact, int kind, Item* item);
  // What a dated fact is of.
  struct FactMonths {
    bool known = false;
    int64_t from = 0, to = 0;  // [from, to) since 1970-01; of one by day days since 1970-01-01
    BlameId blame = 0;
  };
  FactMonths MonthsOf(const IndexedFact& fact, int fact_kind);
  // How many months the fact is of, and how many of them lie in its list's period.
  Value SpanOfFact(const Frame& frame);
  Value WithinPeriod(const Frame& frame);
  // Sureness of a dated fact within a period; false: it is not in it.
  bool InPeriod(const IndexedFact& fact, int fact_kind, const Value& period, Item* item);
  // So many distinct months, `least` for certain; no more than the period has.
  Value MonthsBetween(int64_t least, std::optional<int64_t> most, const Value& period);

  // A known period in days and whole months; converted once for the many facts it is held against.
  struct Span {
    int64_t lo = INT64_MIN, hi = INT64_MIN;  // no day
    base::Period days;
    int64_t from_month = 0;  // months since 1970-01
    int64_t to_month = 0;
  };
  const Span& SpanOf(int64_t from, int64_t to);
  // Whether a day, or a month that is wholly within the period, is one that a fact is of.
  static bool MeetsSpan(const FactMonths& months, const Span& span, const FactKind& kind);
  // As InPeriod; `span` is nullptr where the period is not known, for the reasons `no_span`.
  bool InSpan(const IndexedFact& fact, int fact_kind, const Span* span, BlameId no_span,
              Item* item);
  const Span& SpanOf(const Value& period) { return SpanOf(WholeOf(period.lo), WholeOf(period.hi)); }

  // Exact, unless sources that may tell of this kind give several amounts: then all they span.
  Value AmountOf(const IndexedFact& fact, base::Money own);
  // Of lists without a variant the first rule, be it for whom it may; nullptr without one.
  const EvidenceRule* RuleInForce(int fact_kind) {
    const int32_t index = evidence_today_[static_cast<size_t>(fact_kind)];
    if (index < 0) return nullptr;
    AddRef(Ref::Tag::kEvidence, index);
    return &pack_.evidence[static_cast<size_t>(index)];
  }
  Proof Prove(const EvidenceRule& rule, int person, int fact_kind, const Value& period);
  // `from`, `to`: the days of a known period; 0 for kinds that are not by month.
  const Proof& ProveKnown(const EvidenceRule& rule, int person, int fact_kind, int64_t from,
                          int64_t to);
  // `wanted` is nullptr where it is not known of which days the facts must be.
  Proof ProveAnew(const EvidenceRule& rule, int person, int fact_kind, const base::Period* wanted);
  // What answers are asked about. `to_the_end`: their data must be of the last day or later, since
  // what came after that day cannot be in them. `to_data_day`: of the month that is not over they
  // need tell only as far as their data go.
  struct Asked {
    const base::Period* period = nullptr;
    bool to_the_end = false;
    bool to_data_day = false;
  };
  base::Period DaysAsked(const Asked& asked, const base::AnswerState& answer);
  Proof ProveNeed(const EvidenceRule& rule, const EvidenceRule::Need& need, int person,
                  int fact_kind, const Asked& asked);
  // Whether the application states something of the kind about the person, of whatever time.
  bool IsStated(int person, int fact_kind) const;
  // Whether it surely does of what a list is asked for. `wanted` is nullptr where that is not
  // known: of what is dated then nothing surely is.
  Proof ProveStatement(int person, int fact_kind, const base::Period* wanted);
  // `to_the_end`: the answer's data must be of the period's last day or later, since what came
  // after that day cannot be in them.
  Proof ProveCategory(int person, int category, const std::string& source_id, const Asked& asked);
  // Whether what people found in the category is all there is.
  bool ProveByPeople(int person, int category, const Asked& asked);
  AnswerDetail LackOf(int answer, const Asked& asked);
  // Answers still to come that may tell of the kind, whether or not the rule waits for them.
  BlameId BlameOutstanding(const EvidenceRule& rule, int person, const Asked& asked);
  // All answers of the rule's categories.
  BlameId BlameAnswers(const EvidenceRule& rule, int person, AnswerDetail detail);
  BlameId BlameCategory(int person, int category, const std::string& source_id,
                        AnswerDetail detail);

  BlameId Leaf(BlameLeaf leaf);
  BlameId AnswerLeaf(int32_t answer, AnswerDetail detail);
  // What to blame for a field of a fact of the kind that cannot be read.
  BlameId FieldLeaf(const IndexedFact& fact, int kind, int field);
  void AddRef(Ref::Tag tag, int32_t index, int person = 0) {
    if (trace_) refs_.push_back({tag, static_cast<uint8_t>(person), index});
  }

  const CompiledPack& pack_;
  const bool fast_;
  const Division* division_ = nullptr;
  const Case* case_ = nullptr;
  bool trace_ = false;
  int32_t day_ = 0;
  uint64_t run_ = 0;  // counts the cases: what is remembered of one is not cleared for the next
  std::vector<int32_t> rows_today_;      // RowToday by the division's order
  std::vector<int32_t> evidence_today_;  // RuleInForce by fact kind; -1: none
  CaseIndex index_;
  BlameSet blames_;
  Calculator calculator_;
  std::vector<BlameLeaf> leaves_;
  std::vector<BlameId> answer_leaves_;  // by answer and detail; 0: not made yet
  std::vector<Value> household_;
  std::vector<Value> persons_;
  std::vector<Value> stack_;
  std::vector<Exact> exact_household_, exact_persons_;  // as the values
  // Longer expressions are left to the abstract operations.
  static constexpr int kExactStack = 1024;
  Exact exact_stack_[kExactStack];
  Exact* exact_top_ = exact_stack_;
  struct ExactCell {
    Exact exact;
    uint64_t run = 0;  // that read it
  };
  std::vector<ExactCell> exact_fields_;  // as the index's table of fields
  std::vector<Visit> visits_;
  std::vector<Ref> refs_;
  std::vector<Value> asked_keys_;
  Frame frames_[kSlotsMax];
  // What an answer about what is so must speak of: the day of application and the policy day, and
  // what lies between.
  base::Period state_days_;
  // Many lists are of one kind: what was proven last of a person's kind. Not used when tracing,
  // since each list cites its answers.
  struct Proven {
    uint64_t run = 0;  // of which it is
    const EvidenceRule* rule = nullptr;
    int64_t from = 0, to = 0;  // of kinds by month
    Proof proof;
  };
  std::vector<Proven> proven_;  // by person and kind
  // Rules of one place look back over two or three different periods.
  Span spans_[4];
  size_t next_span_ = 0;
  Unlisted unlisted_[kUnlistedRoles];     // by role
  bool members_known_ = false;            // who is a member has been computed
  const Division::Step* step_ = nullptr;  // what is being computed, of the division's order
  struct Presumption {
    int32_t symbol = -1;
    BlameId blame = 0;
  } presumption_;  // of the list that is folded next
  int32_t next_day_ = INT32_MAX;
  size_t steps_ = 0;  // operations begun and facts looked at
  size_t steps_max_ = kStepsMax;
  Mode mode_ = Mode::kAsItStands;
  DayRange days_;                             // kAnything
  std::vector<uint8_t>* observed_ = nullptr;  // kAnything: by operation
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_EVALUATOR_H_
