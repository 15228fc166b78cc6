// A case seen through a pack: persons, categories and kinds as numbers, answers and facts in lists
// by person. Holds pointers into the case, which must outlive it; reused from case to case without
// new allocations. Thread-compatible. Internal to assess.
#ifndef HEDUI_SERVER_ASSESS_CASE_INDEX_H_
#define HEDUI_SERVER_ASSESS_CASE_INDEX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/assess/case.h"
#include "server/assess/compiled_pack.h"

namespace hedui::assess {

// Why an answer does not say all: the detail of a blame.
enum class AnswerDetail : uint8_t {
  kNone,
  kIncomplete,
  kPeriod,
  kField,
  kUnknownKind,        // holds a record of a kind the vocabulary does not know
  kKindNotOfCategory,  // holds a record of a kind that does not come in its category
  kConflict,           // another source says otherwise of the same thing
  kDuplicate,          // what it tells may be what another source tells
  kUndeclared,         // it and the declaration must agree, and do not
};
inline constexpr int kAnswerDetails = 9;

struct IndexedFact {
  const base::Fact* fact = nullptr;
  int32_t index = -1;        // into Case::facts.facts
  int32_t fields_begin = 0;  // into the table of fields
  int32_t next = -1;         // of the same person and kind
};

class CaseIndex {
 public:
  // INVALID_ARGUMENT (CASE) when the case is not well formed. Categories and kinds that no policy
  // knows are left out, and so are facts that no answer of their kind's categories tells; the
  // answers that hold such facts are flawed: what they hold beside them cannot be trusted to be
  // all.
  absl::Status Build(const CompiledPack& pack, const Case& c);

  int person_count() const { return person_count_; }
  // -1 when nobody listed has the id.
  int PersonOf(absl::string_view id) const;

  // Lists in the case's order; -1 ends them.
  int32_t FirstAnswer(int person, int category) const {
    return answer_heads_[static_cast<size_t>(person * category_count_ + category)];
  }
  int32_t NextAnswer(int32_t answer) const { return answer_next_[static_cast<size_t>(answer)]; }
  // Facts that may be computed with: declared ones, and those of FOUND answers that are not
  // superseded.
  int32_t FirstFact(int person, int kind) const {
    return fact_heads_[static_cast<size_t>(person * kind_count_ + kind)];
  }
  // kNone, kUnknownKind or kKindNotOfCategory.
  AnswerDetail Flaw(int32_t answer) const { return flaws_[static_cast<size_t>(answer)]; }
  // Whether some answer of the case, of whomever, is one that people have yet to give.
  bool awaits_people() const { return awaits_people_; }
  // Whether the answer is of a category in which facts of the kind may come.
  bool MayTell(int32_t answer, const FactKind& kind) const;
  // Whether the fact, by its place in Case::facts.facts, may be computed with. False for -1.
  bool IsUsed(int32_t place) const { return place >= 0 && used_[static_cast<size_t>(place)]; }
  // Over all facts: IndexedFact::fields_begin and a field are below it.
  size_t field_count() const { return fields_.size(); }
  const IndexedFact& fact(int32_t i) const { return facts_[static_cast<size_t>(i)]; }
  // Whether answers differ on the field, so that its value is not known.
  static bool IsDoubtful(const IndexedFact& fact, absl::string_view field);
  // nullptr when the record does not have the field.
  const base::FieldValue* Field(const IndexedFact& fact, int field) const {
    return fields_[static_cast<size_t>(fact.fields_begin + field)];
  }

 private:
  // Rosters go on with like cases, and within one people's answers and facts stand together: what
  // was found last is looked at first. `*hint` is any index, and becomes what is found.
  int PersonNear(absl::string_view id, int* hint) const;
  static int IndexNear(const absl::flat_hash_map<std::string, int>& index,
                       const std::vector<std::string>& names, absl::string_view name, int hint);

  absl::Status IndexPersons(const Case& c);
  absl::Status IndexAnswers(const CompiledPack& pack, const Case& c);
  absl::Status IndexFacts(const CompiledPack& pack, const Case& c);
  // Marks the answers that tell a fact and should not, `kind` being null where nobody knows its
  // kind. True when one tells it that may.
  bool JudgeTellers(const base::Fact& fact, const FactKind* kind);

  const Case* case_ = nullptr;
  int person_count_ = 0;
  int category_count_ = 0;
  int kind_count_ = 0;
  std::vector<int32_t> answer_heads_, answer_next_, answer_tails_;
  std::vector<int> answer_categories_;  // -1: one that no policy knows
  std::vector<AnswerDetail> flaws_;
  bool awaits_people_ = false;
  std::vector<int32_t> fact_heads_, fact_tails_;
  std::vector<IndexedFact> facts_;
  std::vector<int> kind_hints_;  // by place among the case's facts: the kind in the case before
  std::vector<bool> used_;
  std::vector<const base::FieldValue*> fields_;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_CASE_INDEX_H_
