// The engine's whole output: named quantities, tests and indications in order, each with its value
// — exact or abstract — what is to blame when it is not exact, the marks it carries, and its
// pedigree. Plain values that need no policy pack to be read; thread-compatible. Discrepancies are
// match's, not found here.
#ifndef HEDUI_SERVER_ASSESS_ASSESSMENT_H_
#define HEDUI_SERVER_ASSESS_ASSESSMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/base/answer.h"
#include "server/base/dates.h"
#include "server/base/rational.h"

namespace hedui::assess {

// Written into reports as "engine": changes whenever the same input could give other bytes.
inline constexpr char kEngineVersion[] = "assess/5";

enum class Truth : uint8_t { kFalse = 1, kTrue, kUndetermined };
absl::string_view TruthName(Truth truth);  // "FALSE", "TRUE", "UNDETERMINED"

// What a value that is not exact waits for.
enum class BlameKind : uint8_t {
  kSource = 1,     // an answer that did not come, is stale, incomplete or covers too little
  kPolicyRow,      // no row in force (POLICY_MISSING)
  kAuthorization,  // 未授权
  kIdentity,       // who is meant, or who belongs to the household, is not clear
  kDeclaration,    // the application leaves out something (a day of birth, the scope)
  kArithmetic,     // a ratio over nothing, or the greatest of none: it has no value
};
absl::string_view BlameKindName(BlameKind kind);  // "SOURCE", "POLICY_ROW", …

struct Blame {
  BlameKind kind = BlameKind::kSource;
  std::string person_id;  // empty: the household
  std::string source_id;  // empty: no source could be asked, or none is concerned
  std::string category;   // of the answer; empty where none is concerned
  base::AnswerKind answer = base::AnswerKind::kNotAsked;  // kSource, kAuthorization, kIdentity
  base::Reason reason = base::Reason::kNone;
  // Of an answer that came: what it lacks (INCOMPLETE, PERIOD, FIELD, …: docs/policy-format.md).
  // kDeclaration: what is not stated ("birth", "co_residence", "co_residence.support_duty").
  // Else empty.
  std::string detail;
  std::string policy;  // kPolicyRow: the name without a row in force, with its keys:
                       // "minimum_wage[area_class=I]"
  friend bool operator==(const Blame&, const Blame&) = default;
};

// Carried through everything computed from a value.
struct Marks {
  bool presumed = false;  // 推定
  bool assumed = false;   // rests on a policy row nobody has verified
  bool manual = false;    // rests on a finding by people
  bool declared = false;  // rests on the applicant's statement
  // Rests on a list that a rule takes for complete although what should prove it, or may tell more,
  // has not come: the value keeps its blame, exact or not, and no indication so resting is robust.
  bool unproven = false;
  // Says only what is known so far (surely, possibly, closed): what an answer still missing may
  // turn. Otherwise as unproven.
  bool preliminary = false;
  friend bool operator==(const Marks&, const Marks&) = default;
};

enum class ValueKind : uint8_t { kNumber = 1, kTruth, kCode, kDate, kPeriod };

// Exact, or everything it can still be.
struct AbstractValue {
  ValueKind kind = ValueKind::kNumber;
  std::string
      unit;  // "yuan", "yuan/month", "ratio", "count", "months", "years", …; empty for non-numbers
  bool exact = false;
  // Numbers: the closed interval; nullopt is infinite. Money is in yuan.
  std::optional<base::Rational> low;
  std::optional<base::Rational> high;
  // The number or date may have no value at all (divided by zero, the first of none).
  bool undefined = false;
  Truth truth = Truth::kUndetermined;
  std::vector<std::string> codes;  // what it may be, in the order of the code list
  // Dates: the first and last possible day. Periods (exact only): [from, to). nullopt: unbounded.
  std::optional<absl::CivilDay> from;
  std::optional<absl::CivilDay> to;
  // For people: "1055.00", "[1055.00, +∞)", "TRUE", "urban|rural", "2025-02-01/2025-03-01". Money
  // has two decimals, half up; `exact_text` is the fraction itself ("3365/3") where that differs
  // from `text`.
  std::string text;
  std::string exact_text;
  friend bool operator==(const AbstractValue&, const AbstractValue&) = default;
};

struct Citation {
  std::string document;   // "A57"
  std::string title;      // 《最低生活保障审核确认办法》(民发〔2021〕57号)
  std::string article;    // "第十三条"
  bool verified = false;  // read in the text; otherwise assumed
  friend bool operator==(const Citation&, const Citation&) = default;
};

// A dated row of a policy file that was used.
struct PolicyRow {
  std::string id;     // "minimum_wage[area_class=I]"
  std::string label;  // 最低工资标准
  std::string value;  // as written in the file; for rules the expression
  std::string division;
  base::Period in_force;
  Citation citation;
  std::string file;  // below the policy directory: "640000/wage.yaml"
  int line = 0;
  std::string file_digest;  // SHA-256, 32 bytes
  friend bool operator==(const PolicyRow&, const PolicyRow&) = default;
};

// What a policy set holds once and every assessment made under it shares: some sixty rows of text
// an assessment, which would be copied and freed each time. Immutable, never null, compared by
// value; copies may be used on any thread.
template <typename T>
class Shared {
 public:
  Shared() : value_(Empty()) {}
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}  // NOLINT: a value as is

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  // To tell later whether anybody has it still.
  std::weak_ptr<const T> weak() const { return value_; }
  friend bool operator==(const Shared& a, const Shared& b) {
    return a.value_ == b.value_ || *a == *b;
  }

 private:
  static const std::shared_ptr<const T>& Empty() {
    static const auto& empty = *new std::shared_ptr<const T>(std::make_shared<const T>());
    return empty;
  }

  std::shared_ptr<const T> value_;
};

enum class EntryKind : uint8_t { kQuantity = 1, kTest };

struct TraceEntry {
  std::string id;     // "counted_wage"
  std::string label;  // 计入的工资性收入
  EntryKind kind = EntryKind::kQuantity;
  std::string person_id;  // empty: of the household
  AbstractValue value;
  std::vector<Blame> blame;  // empty when exact and marked neither unproven nor preliminary
  Marks marks;
  Shared<PolicyRow> rule;  // its expression and clause; empty when no row is in force
  // Pedigree, ascending indexes: into Assessment::entries, Case::facts.facts, Case::facts.answers
  // and Assessment::rows.
  std::vector<int32_t> entries;
  std::vector<int32_t> facts;
  std::vector<int32_t> answers;
  std::vector<int32_t> rows;
  friend bool operator==(const TraceEntry&, const TraceEntry&) = default;
};

// Advisory (只核对、不认定): what the rules say of a programme.
struct Indication {
  std::string programme;  // "dibao"
  std::string label;      // 最低生活保障
  std::string person_id;  // single-person filing (单人户): whose; empty: the household's
  Truth result = Truth::kUndetermined;
  // No completion of what is missing can change `result`. Never wrong; one that is undetermined or
  // marked unproven or preliminary is not robust.
  bool robust = false;
  std::vector<Blame> blame;
  Marks marks;
  std::optional<AbstractValue> amount;  // absent where the programme has none
  std::vector<Blame> amount_blame;
  int32_t entry = -1;         // the test's entry
  int32_t amount_entry = -1;  // -1: none
  // How long what is granted holds, in months, years or days; absent where the rule does not say.
  std::optional<AbstractValue> validity;
  std::vector<Blame> validity_blame;
  Citation citation;
  friend bool operator==(const Indication&, const Indication&) = default;
};

struct PolicyFile {
  std::string path;    // below the policy directory
  std::string digest;  // SHA-256, 32 bytes
  friend bool operator==(const PolicyFile&, const PolicyFile&) = default;
};

struct Assessment {
  std::string engine;  // kEngineVersion
  std::string division;
  absl::CivilDay policy_day;
  std::vector<TraceEntry> entries;      // inputs before what uses them
  std::vector<Indication> indications;  // in the policy's order
  std::vector<Shared<PolicyRow>> rows;  // each used row once
  std::vector<PolicyFile> files;        // every file of the division's chain, sorted by path
  std::string policy_digest;            // SHA-256 over `files`, 32 bytes: names the policy set
  // The first later day on which the same facts could give another result; absent: never by these
  // rules. Cautious: it may name a day on which nothing changes in the end.
  std::optional<absl::CivilDay> next_change;

  // nullptr when there is none. `person_id` empty for the household's.
  const TraceEntry* Find(absl::string_view id, absl::string_view person_id = "") const;
  const Indication* FindIndication(absl::string_view programme,
                                   absl::string_view person_id = "") const;
  friend bool operator==(const Assessment&, const Assessment&) = default;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_ASSESSMENT_H_
