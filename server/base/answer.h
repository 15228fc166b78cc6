// What a source said: an answer per person and category, of one of nine kinds, never "nothing
// found". Plain values that travel from adapters through gather and match to assess and report.
// Thread-compatible.
#ifndef HEDUI_SERVER_BASE_ANSWER_H_
#define HEDUI_SERVER_BASE_ANSWER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/base/dates.h"
#include "server/base/identity.h"
#include "server/base/money.h"

namespace hedui::base {

enum class AnswerKind : uint8_t {
  kFound = 1,
  kConfirmedNone,  // this source's scope holds nothing in `covered`; never by itself zero
  kNotCovered,     // the source does not hold this category, place or period
  kUnavailable,    // no usable answer came: see the reason
  kStale,          // older than the source's freshness promise: shown, not used
  kRefused,        // the source declined
  kAmbiguous,      // more than one person, or another person, may be meant: quarantined
  kPending,        // will come later
  kNotAsked,       // we did not ask: see the reason
};

// Stable: codes stand in reports and on the wire. Append only.
enum class Reason : uint8_t {
  kNone = 0,
  kLate,             // LATE: not there by the deadline
  kQuota,            // QUOTA: our share of the source is used up
  kBreaker,          // BREAKER: the source is being spared after failures
  kHeld,             // HELD: an operator holds the source
  kMalformed,        // MALFORMED: what came could not be read
  kOversized,        // OVERSIZED: past kAnswerBytesMax
  kEmpty,            // EMPTY: an empty answer that the source does not declare to mean "no record"
  kUnreachable,      // UNREACHABLE: no connection, or it broke
  kSourceError,      // SOURCE_ERROR: the source reported a failure of its own
  kWrongPerson,      // WRONG_PERSON: number or name differ from those asked for
  kContradiction,    // CONTRADICTION: duplicates that exclude each other
  kNoAuthorization,  // NO_AUTHORIZATION (未授权): no live letter or legal basis covers it
  kNotRoutable,      // NOT_ROUTABLE: no source reachable from here holds it
  kMinimised,        // MINIMISED: the purpose does not need it
  kDeceased,         // DECEASED: a date of death ends queries about the person
  kSourceRefused,    // SOURCE_REFUSED: the source declined without saying more
  kWarrantRejected,  // WARRANT_REJECTED: the source does not accept the warrant's proof
  kTooOld,           // TOO_OLD: data day before the freshness promise
  kCancelled,        // CANCELLED: the caller went away
  kOverloaded,       // OVERLOADED: the source asked us to come back later
  kUnknownPerson,    // UNKNOWN_PERSON: the identity's kind cannot be asked of this source
};

// "CONFIRMED_NONE", "NO_AUTHORIZATION": as in reports, on the wire and in policy files.
absl::string_view AnswerKindName(AnswerKind kind);
absl::string_view ReasonName(Reason reason);
std::optional<AnswerKind> AnswerKindFromName(absl::string_view name);
std::optional<Reason> ReasonFromName(absl::string_view name);

// A field's value. Codes and texts are strings; which is which, and units, the policy's vocabulary
// says.
using FieldValue =
    std::variant<std::string, Money, absl::CivilDay, absl::CivilMonth, int64_t, bool>;

struct Field {
  std::string name;  // lower_snake, at most 64 bytes
  FieldValue value;
  friend bool operator==(const Field&, const Field&) = default;
};

// One thing a register holds: a month's wage, a balance, a vehicle. `kind` is a lower_snake code
// ("wage", "deposit", "vehicle"). The names `month`, `amount`, `payer`, `day` mean the same in
// every kind; the de-duplication key of an income is (person, kind, payer, month).
struct Record {
  std::string kind;
  std::vector<Field> fields;  // names are unique; in the source's order

  // nullptr when absent.
  const FieldValue* Find(absl::string_view name) const;
  friend bool operator==(const Record&, const Record&) = default;
};

// Bytes the record's texts take, with 16 for each field: what budgets count.
size_t SizeOf(const Record& record);

// How people found something out (A57 Art 15, 16).
enum class FindingMethod : uint8_t {
  kHomeVisit = 1,   // HOME_VISIT: 入户调查
  kNeighbours,      // NEIGHBOURS: 邻里访问
  kLetter,          // LETTER: 信函索证
  kPlaceOfHukou,    // PLACE_OF_HUKOU: material that the place of hukou supplied
  kDocumentReview,  // DOCUMENT_REVIEW: originals compared, such as identity documents
};
absl::string_view FindingMethodName(FindingMethod method);
std::optional<FindingMethod> FindingMethodFromName(absl::string_view name);

// Two of whom it takes (A57 Art 15).
inline constexpr size_t kInvestigatorsMin = 2;
inline constexpr size_t kInvestigatorsMax = 10;

// Who found something out by hand, when, and what proves it.
struct ManualFinding {
  FindingMethod method = FindingMethod::kHomeVisit;
  std::vector<std::string> investigators;  // numbers of officers, each once
  absl::CivilDay day;                      // of the visit, the letter, the comparison
  std::string evidence_sha256;             // of the record that was signed, 32 bytes
  friend bool operator==(const ManualFinding&, const ManualFinding&) = default;
};

// What people found stands as the answer of this source. No source of a catalogue has this id.
inline constexpr absl::string_view kManualSourceId = "manual";

// That an answer was not asked for: another query of the same matter had brought it.
struct Reused {
  // Of the attempt that did; it begins with the id of the intent it was made under.
  std::string attempt_id;
  absl::Time obtained;
  friend bool operator==(const Reused&, const Reused&) = default;
};

// One person's answer in one category by one source.
struct Answer {
  std::string person_id;  // the household's member or obligor id
  std::string category;   // lower_snake code: "employment", "deposit", "vehicle", …
  AnswerKind kind = AnswerKind::kUnavailable;
  Reason reason = Reason::kNone;
  std::optional<absl::CivilDay>
      data_day;    // the day the data are of; absent: the source does not say
  Period covered;  // what the answer speaks about
  // For kFound: whether the records are all there is in `covered`. False makes sums lower bounds.
  bool complete = false;
  // Who the source says this is about; absent where it names nobody. match compares.
  std::optional<Identity> subject;
  std::vector<Record> records;
  // HMAC of the raw answer's bytes under the matter's digest key: 32 bytes, empty when nothing
  // came.
  std::string digest;
};

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_ANSWER_H_
