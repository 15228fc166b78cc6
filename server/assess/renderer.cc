#include "server/assess/renderer.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/status.h"

namespace hedui::assess {
namespace {

Marks MarksOf(uint8_t bits) {
  Marks marks;
  marks.presumed = (bits & kMarkPresumed) != 0;
  marks.assumed = (bits & kMarkAssumed) != 0;
  marks.manual = (bits & kMarkManual) != 0;
  marks.declared = (bits & kMarkDeclared) != 0;
  marks.unproven = (bits & kMarkUnproven) != 0;
  marks.preliminary = (bits & kMarkPreliminary) != 0;
  return marks;
}

const char* DetailName(AnswerDetail detail) {
  switch (detail) {
    case AnswerDetail::kNone:
      return "";
    case AnswerDetail::kIncomplete:
      return "INCOMPLETE";
    case AnswerDetail::kPeriod:
      return "PERIOD";
    case AnswerDetail::kField:
      return "FIELD";
    case AnswerDetail::kUnknownKind:
      return "UNKNOWN_KIND";
    case AnswerDetail::kKindNotOfCategory:
      return "KIND_NOT_OF_CATEGORY";
    case AnswerDetail::kConflict:
      return "CONFLICT";
    case AnswerDetail::kDuplicate:
      return "DUPLICATE";
    case AnswerDetail::kUndeclared:
      return "UNDECLARED";
  }
  return "";
}

void SortUnique(std::vector<int32_t>* numbers) {
  std::sort(numbers->begin(), numbers->end());
  numbers->erase(std::unique(numbers->begin(), numbers->end()), numbers->end());
}

// What a whole assessment says: 250,000 things to blame are some 40 MB. Forty people, each with
// hundreds of answers that did not come, have a hundred thousand.
constexpr size_t kBlamesMax = 250'000;

class Renderer {
 public:
  Renderer(const CompiledPack& pack, const Division& division, const Case& c,
           const Evaluator& evaluator)
      : pack_(pack), division_(division), case_(c), evaluator_(evaluator) {}

  absl::StatusOr<Assessment> Render() {
    out_.engine = kEngineVersion;
    out_.division = case_.division;
    out_.policy_day = case_.dates.policy;
    for (int32_t file : division_.files)
      out_.files.push_back(pack_.files[static_cast<size_t>(file)]);
    out_.policy_digest = division_.digest;
    PlaceEntries();
    for (const Visit& visit : evaluator_.visits()) {
      if (IsEntry(visit)) HEDUI_RETURN_IF_ERROR(RenderEntry(visit));
    }
    for (int32_t index : division_.programmes) RenderProgramme(index);
    HEDUI_RETURN_IF_ERROR(CheckSize());
    out_.next_change = NextChange();
    return std::move(out_);
  }

 private:
  bool TooMuch() const { return blames_ > kBlamesMax || refs_ > kStepsMax; }
  absl::Status CheckSize() const {
    if (!TooMuch()) return absl::OkStatus();
    return base::MakeError(absl::StatusCode::kOutOfRange, "EVALUATION_LIMIT",
                           "by these rules the assessment of this case would say more than anybody "
                           "could read; write fewer quantities that rest on everything");
  }

  const Symbol& SymbolOf(int32_t symbol) const {
    return pack_.symbols[static_cast<size_t>(symbol)];
  }

  bool IsEntry(const Visit& visit) const {
    const SymbolKind kind = SymbolOf(visit.symbol).kind;
    return (kind == SymbolKind::kQuantity || kind == SymbolKind::kTest) &&
           visit.person < evaluator_.person_count();
  }

  static int64_t Key(int32_t symbol, int32_t person) { return int64_t{symbol} * 256 + person + 1; }

  void PlaceEntries() {
    int32_t next = 0;
    const std::vector<Visit>& visits = evaluator_.visits();
    visit_of_.reserve(visits.size());
    entry_of_.reserve(visits.size());
    for (size_t i = 0; i < visits.size(); ++i) {
      const int64_t key = Key(visits[i].symbol, visits[i].person);
      visit_of_[key] = i;
      if (IsEntry(visits[i])) entry_of_[key] = next++;
    }
    out_.entries.reserve(static_cast<size_t>(next));
  }

  std::string PersonId(int32_t person) const {
    return person < 0 || person >= static_cast<int32_t>(case_.persons.size())
               ? ""
               : case_.persons[static_cast<size_t>(person)].id;
  }

  // By the row's info: each row once.
  int32_t AddRow(int32_t info) {
    const auto [it, added] = row_of_.try_emplace(info, static_cast<int32_t>(out_.rows.size()));
    if (added) out_.rows.push_back(pack_.row_infos[static_cast<size_t>(info)].shown);
    return it->second;
  }

  absl::Status RenderEntry(const Visit& visit) {
    const Symbol& symbol = SymbolOf(visit.symbol);
    const Value& value = visit.person < 0 ? evaluator_.household(visit.symbol)
                                          : evaluator_.person(visit.symbol, visit.person);
    // Made where it stays: an entry is some hundred bytes of texts and lists.
    TraceEntry& entry = out_.entries.emplace_back();
    entry.id = symbol.name;
    entry.label = symbol.label;
    entry.kind = symbol.kind == SymbolKind::kTest ? EntryKind::kTest : EntryKind::kQuantity;
    entry.person_id = PersonId(visit.person);
    HEDUI_ASSIGN_OR_RETURN(entry.value, RenderValue(value, symbol.type, pack_, division_));
    entry.marks = MarksOf(value.marks);
    if (!entry.value.exact || value.unproven()) entry.blame = Blames(value.blame);
    if (visit.row >= 0) {
      const Row& row = pack_.rows[static_cast<size_t>(visit.row)];
      entry.rule = pack_.row_infos[static_cast<size_t>(row.info)].shown;
      entry.rows.push_back(AddRow(row.info));
    }
    CollectRefs(visit, &entry);
    for (std::vector<int32_t>* list : {&entry.entries, &entry.facts, &entry.answers, &entry.rows})
      SortUnique(list);
    return CheckSize();
  }

  // What the step read. Parameters are no entries of their own: their rows, and what chose them,
  // stand in.
  void CollectRefs(const Visit& visit, TraceEntry* entry) {
    for (uint32_t i = visit.refs_begin; i < visit.refs_end && !TooMuch(); ++i) {
      ++refs_;
      const Ref& ref = evaluator_.refs()[i];
      switch (ref.tag) {
        case Ref::Tag::kHousehold:
          CollectSymbol(ref.index, -1, entry);
          break;
        case Ref::Tag::kPerson:
          CollectSymbol(ref.index, ref.person, entry);
          break;
        case Ref::Tag::kFact: {
          entry->facts.push_back(ref.index);
          const base::Fact& fact = case_.facts.facts[static_cast<size_t>(ref.index)];
          if (fact.answer >= 0) entry->answers.push_back(fact.answer);
          entry->answers.insert(entry->answers.end(), fact.also_answers.begin(),
                                fact.also_answers.end());
          break;
        }
        case Ref::Tag::kAnswer:
          entry->answers.push_back(ref.index);
          break;
        case Ref::Tag::kRow:
          entry->rows.push_back(AddRow(pack_.rows[static_cast<size_t>(ref.index)].info));
          break;
        case Ref::Tag::kEvidence:
          entry->rows.push_back(AddRow(pack_.evidence[static_cast<size_t>(ref.index)].info));
          break;
        case Ref::Tag::kCalendar:
          entry->rows.push_back(AddRow(pack_.calendar[static_cast<size_t>(ref.index)].info));
          break;
      }
    }
  }

  void CollectSymbol(int32_t symbol, int32_t person, TraceEntry* entry) {
    if (SymbolOf(symbol).kind == SymbolKind::kIntrinsic || person >= evaluator_.person_count())
      return;
    const int64_t key = Key(symbol, person);
    if (const auto it = entry_of_.find(key); it != entry_of_.end()) {
      entry->entries.push_back(it->second);
      return;
    }
    CollectRefs(evaluator_.visits()[visit_of_.at(key)], entry);
  }

  const Value& AskedKey(const BlameLeaf& leaf, const ParameterKey& key, size_t k) const {
    if (leaf.keys >= 0) return evaluator_.asked_key(leaf.keys + static_cast<int32_t>(k));
    return SymbolOf(key.symbol).per_person ? evaluator_.person(key.symbol, leaf.person)
                                           : evaluator_.household(key.symbol);
  }

  // "minimum_wage[area_class=I]": the keys as far as they are known.
  std::string MissingName(const BlameLeaf& leaf) const {
    if (leaf.calendar) return "calendar";
    if (leaf.symbol < 0) {
      if (leaf.kind_of_fact >= 0) {
        return absl::StrCat("evidence.",
                            pack_.fact_kinds[static_cast<size_t>(leaf.kind_of_fact)].name);
      }
      return leaf.kind == BlameKind::kPolicyRow ? kObligorsComplete : "";
    }
    const Symbol& symbol = SymbolOf(leaf.symbol);
    std::vector<std::string> keys;
    for (size_t k = 0; k < symbol.keys.size(); ++k) {
      const ParameterKey& key = symbol.keys[k];
      const absl::StatusOr<AbstractValue> value =
          RenderValue(AskedKey(leaf, key, k), key.type, pack_, division_);
      // Rounded it might be the key of a row that there is.
      keys.push_back(absl::StrCat(key.name, "=",
                                  !value.ok()                 ? "?"
                                  : value->exact_text.empty() ? value->text
                                                              : ExactText(*value->low)));
    }
    return keys.empty() ? symbol.name
                        : absl::StrCat(symbol.name, "[", absl::StrJoin(keys, ","), "]");
  }

  // What the application leaves out: "birth", "co_residence", "co_residence.support_duty".
  std::string UnstatedName(const BlameLeaf& leaf) const {
    if (leaf.symbol >= 0) return SymbolOf(leaf.symbol).name;
    if (leaf.kind_of_fact < 0) return "";
    const FactKind& kind = pack_.fact_kinds[static_cast<size_t>(leaf.kind_of_fact)];
    if (leaf.field < 0) return kind.name;
    return absl::StrCat(kind.name, ".", kind.fields[static_cast<size_t>(leaf.field)].name);
  }

  Blame BlameOf(const BlameLeaf& leaf) const {
    Blame blame;
    blame.kind = leaf.kind;
    blame.person_id = PersonId(leaf.person);
    blame.detail = DetailName(leaf.detail);
    if (leaf.answer >= 0) {
      const base::AnswerState& answer = case_.facts.answers[static_cast<size_t>(leaf.answer)];
      blame.source_id = answer.source_id;
      blame.category = answer.category;
      blame.answer = answer.kind;
      blame.reason = answer.reason;
    } else if (leaf.category >= 0) {
      blame.category = pack_.categories[static_cast<size_t>(leaf.category)];
      blame.reason = base::Reason::kNotRoutable;
    }
    if (leaf.kind == BlameKind::kDeclaration) {
      blame.detail = UnstatedName(leaf);
    } else {
      blame.policy = MissingName(leaf);
    }
    return blame;
  }

  std::vector<Blame> Blames(BlameId id) {
    if (TooMuch()) return {};
    const std::vector<uint32_t> leaves = evaluator_.blames().Leaves(id);
    blames_ += leaves.size();
    std::vector<std::pair<int, Blame>> found;
    for (uint32_t leaf : leaves) {
      found.emplace_back(evaluator_.leaf(leaf).person, BlameOf(evaluator_.leaf(leaf)));
    }
    auto order = [](const std::pair<int, Blame>& b) {
      return std::tie(b.second.kind, b.first, b.second.category, b.second.source_id,
                      b.second.detail, b.second.policy);
    };
    std::sort(found.begin(), found.end(),
              [&](const auto& a, const auto& b) { return order(a) < order(b); });
    std::vector<Blame> blames;
    for (auto& [person, blame] : found) {
      if (blames.empty() || !(blames.back() == blame)) blames.push_back(std::move(blame));
    }
    return blames;
  }

  void RenderProgramme(int32_t index) {
    const ProgrammeRow* row = pack_.RowInForce(division_, index, DayNumber(case_.dates.policy));
    if (row == nullptr) return;
    const Programme& programme = pack_.programmes[static_cast<size_t>(index)];
    if (!programme.per_person) RenderIndication(programme, *row, -1);
    for (size_t i = 0; programme.per_person && i < case_.persons.size(); ++i) {
      if (case_.persons[i].role == base::PersonRole::kMember)
        RenderIndication(programme, *row, static_cast<int32_t>(i));
    }
  }

  void RenderIndication(const Programme& programme, const ProgrammeRow& row, int32_t person) {
    if (TooMuch()) return;
    Indication indication;
    indication.programme = programme.name;
    indication.label = programme.label;
    indication.person_id = PersonId(person);
    indication.entry = entry_of_.at(Key(row.indication, person));
    const TraceEntry& test = out_.entries[static_cast<size_t>(indication.entry)];
    indication.result = test.value.truth;
    indication.robust =
        test.value.truth != Truth::kUndetermined && !test.marks.unproven && !test.marks.preliminary;
    indication.blame = test.blame;
    blames_ += test.blame.size();
    indication.marks = test.marks;
    indication.marks.assumed |= row.assumed;
    if (row.amount >= 0) {
      indication.amount_entry = entry_of_.at(Key(row.amount, person));
      const TraceEntry& amount = out_.entries[static_cast<size_t>(indication.amount_entry)];
      indication.amount = amount.value;
      indication.amount_blame = amount.blame;
      blames_ += amount.blame.size();
    }
    AddValidity(row, person, &indication);
    indication.citation = out_.rows[static_cast<size_t>(AddRow(row.info))]->citation;
    out_.indications.push_back(std::move(indication));
  }

  void AddValidity(const ProgrammeRow& row, int32_t person, Indication* indication) {
    const Value* value = nullptr;
    if (row.validity_written) value = &*row.validity_written;
    if (row.validity >= 0) {
      value = SymbolOf(row.validity).per_person ? &evaluator_.person(row.validity, person)
                                                : &evaluator_.household(row.validity);
    }
    if (value == nullptr) return;
    // Months, years and days are rendered as they are: nothing that could overflow.
    auto shown = RenderValue(*value, row.validity_type, pack_, division_);
    if (!shown.ok()) return;
    indication->validity = *std::move(shown);
    if (!indication->validity->exact || value->unproven())
      indication->validity_blame = Blames(value->blame);
  }

  // The first later day among: a row of the chain coming into or out of force, what the evaluator
  // met (Evaluator::next_day), and a later day named by a fact, or the day after it.
  std::optional<absl::CivilDay> NextChange() const {
    const int32_t today = DayNumber(case_.dates.policy);
    int32_t next = INT32_MAX;
    auto offer = [&](int32_t day) {
      if (day > today) next = std::min(next, day);
    };
    auto offer_range = [&](const DayRange& range) {
      offer(range.from);
      offer(range.to);
    };
    for (int32_t row : division_.row_lists)
      offer_range(pack_.rows[static_cast<size_t>(row)].in_force);
    for (const std::vector<int32_t>& rules : division_.evidence) {
      for (int32_t rule : rules) offer_range(pack_.evidence[static_cast<size_t>(rule)].in_force);
    }
    for (int32_t programme : division_.programmes) {
      for (const ProgrammeRow* row : pack_.RowsOf(division_, programme)) offer_range(row->in_force);
    }
    offer(evaluator_.next_day());
    for (const base::Fact& fact : case_.facts.facts) {
      for (const base::Field& field : fact.record.fields) {
        const auto* day = std::get_if<absl::CivilDay>(&field.value);
        if (day == nullptr) continue;
        offer(DayNumber(*day));      // from then on "not later than today"
        offer(DayNumber(*day) + 1);  // from then on "before today"
      }
    }
    if (next > LastDay()) return std::nullopt;  // none at all, or no day
    return DayOfNumber(next);
  }

  const CompiledPack& pack_;
  const Division& division_;
  const Case& case_;
  const Evaluator& evaluator_;
  Assessment out_;
  size_t blames_ = 0;  // rendered
  size_t refs_ = 0;    // followed
  absl::flat_hash_map<int64_t, size_t> visit_of_;
  absl::flat_hash_map<int64_t, int32_t> entry_of_;
  absl::flat_hash_map<int32_t, int32_t> row_of_;  // by row info
};

}  // namespace

absl::StatusOr<Assessment> Render(const CompiledPack& pack, const Division& division, const Case& c,
                                  const Evaluator& evaluator) {
  return Renderer(pack, division, c, evaluator).Render();
}

}  // namespace hedui::assess
