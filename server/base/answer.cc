#include "server/base/answer.h"

#include "server/base/name_table.h"

namespace hedui::base {
namespace {

constexpr std::array<NamedValue<AnswerKind>, 9> kAnswerKinds{{
    {AnswerKind::kFound, "FOUND"},
    {AnswerKind::kConfirmedNone, "CONFIRMED_NONE"},
    {AnswerKind::kNotCovered, "NOT_COVERED"},
    {AnswerKind::kUnavailable, "UNAVAILABLE"},
    {AnswerKind::kStale, "STALE"},
    {AnswerKind::kRefused, "REFUSED"},
    {AnswerKind::kAmbiguous, "AMBIGUOUS"},
    {AnswerKind::kPending, "PENDING"},
    {AnswerKind::kNotAsked, "NOT_ASKED"},
}};

constexpr std::array<NamedValue<Reason>, 22> kReasons{{
    {Reason::kNone, "NONE"},
    {Reason::kLate, "LATE"},
    {Reason::kQuota, "QUOTA"},
    {Reason::kBreaker, "BREAKER"},
    {Reason::kHeld, "HELD"},
    {Reason::kMalformed, "MALFORMED"},
    {Reason::kOversized, "OVERSIZED"},
    {Reason::kEmpty, "EMPTY"},
    {Reason::kUnreachable, "UNREACHABLE"},
    {Reason::kSourceError, "SOURCE_ERROR"},
    {Reason::kWrongPerson, "WRONG_PERSON"},
    {Reason::kContradiction, "CONTRADICTION"},
    {Reason::kNoAuthorization, "NO_AUTHORIZATION"},
    {Reason::kNotRoutable, "NOT_ROUTABLE"},
    {Reason::kMinimised, "MINIMISED"},
    {Reason::kDeceased, "DECEASED"},
    {Reason::kSourceRefused, "SOURCE_REFUSED"},
    {Reason::kWarrantRejected, "WARRANT_REJECTED"},
    {Reason::kTooOld, "TOO_OLD"},
    {Reason::kCancelled, "CANCELLED"},
    {Reason::kOverloaded, "OVERLOADED"},
    {Reason::kUnknownPerson, "UNKNOWN_PERSON"},
}};

constexpr std::array<NamedValue<FindingMethod>, 5> kFindingMethods{{
    {FindingMethod::kHomeVisit, "HOME_VISIT"},
    {FindingMethod::kNeighbours, "NEIGHBOURS"},
    {FindingMethod::kLetter, "LETTER"},
    {FindingMethod::kPlaceOfHukou, "PLACE_OF_HUKOU"},
    {FindingMethod::kDocumentReview, "DOCUMENT_REVIEW"},
}};

}  // namespace

absl::string_view AnswerKindName(AnswerKind kind) { return NameIn(kAnswerKinds, kind); }
absl::string_view ReasonName(Reason reason) { return NameIn(kReasons, reason); }

std::optional<AnswerKind> AnswerKindFromName(absl::string_view name) {
  return ValueIn(kAnswerKinds, name);
}

std::optional<Reason> ReasonFromName(absl::string_view name) { return ValueIn(kReasons, name); }

absl::string_view FindingMethodName(FindingMethod method) {
  return NameIn(kFindingMethods, method);
}

std::optional<FindingMethod> FindingMethodFromName(absl::string_view name) {
  return ValueIn(kFindingMethods, name);
}

const FieldValue* Record::Find(absl::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

size_t SizeOf(const Record& record) {
  constexpr size_t kValueBytes = 16;
  size_t size = record.kind.size();
  for (const Field& field : record.fields) {
    size += field.name.size() + kValueBytes;
    if (const auto* text = std::get_if<std::string>(&field.value)) size += text->size();
  }
  return size;
}

}  // namespace hedui::base
