#include "adapters/wire_answer.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "adapters/subject.h"
#include "adapters/wire_format.h"
#include "hedui/v1/source.pb.h"
#include "server/base/dates.h"
#include "server/base/limits.h"
#include "server/base/money.h"

namespace hedui::adapters {
namespace {

using base::AnswerKind;
using base::Reason;

// Ours and the wire's numbers are the same by design; these two at the ends of each list would show
// a shift.
static_assert(static_cast<int>(v1::ANSWER_KIND_FOUND) == static_cast<int>(AnswerKind::kFound));
static_assert(static_cast<int>(v1::ANSWER_KIND_NOT_ASKED) ==
              static_cast<int>(AnswerKind::kNotAsked));
static_assert(static_cast<int>(v1::REASON_LATE) == static_cast<int>(Reason::kLate));
static_assert(static_cast<int>(v1::REASON_UNKNOWN_PERSON) ==
              static_cast<int>(Reason::kUnknownPerson));
static_assert(static_cast<int>(v1::IDENTITY_KIND_RESIDENT_ID) ==
              static_cast<int>(base::IdentityKind::kResidentId));
static_assert(static_cast<int>(v1::IDENTITY_KIND_OTHER) ==
              static_cast<int>(base::IdentityKind::kOther));

constexpr size_t kCodeBytesMax = 64;
constexpr size_t kNumberBytesMax = 64;
constexpr absl::string_view kNoName = "-";

bool IsCode(absl::string_view text) {
  if (text.empty() || text.size() > kCodeBytesMax || !absl::ascii_islower(text.front())) {
    return false;
  }
  for (const char c : text) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '_') return false;
  }
  return true;
}

// The kind, if a department may give it with this reason; the reason that stands where it gave
// none.
const char* TakeKind(const v1::SourceAnswer& wire, base::Answer* answer) {
  if (!v1::Reason_IsValid(wire.reason())) return "unknown reason";
  const auto reason = static_cast<Reason>(wire.reason());
  const auto one_of = [&](std::initializer_list<Reason> allowed, Reason otherwise) {
    answer->reason = reason == Reason::kNone ? otherwise : reason;
    if (reason == Reason::kNone) return true;
    for (const Reason candidate : allowed) {
      if (candidate == reason) return true;
    }
    return false;
  };
  bool fits = false;
  switch (wire.kind()) {
    case v1::ANSWER_KIND_FOUND:
    case v1::ANSWER_KIND_CONFIRMED_NONE:
    case v1::ANSWER_KIND_PENDING:
      fits = one_of({}, Reason::kNone);
      break;
    case v1::ANSWER_KIND_NOT_COVERED:
      fits = one_of({Reason::kUnknownPerson}, Reason::kNone);
      break;
    case v1::ANSWER_KIND_UNAVAILABLE:
      fits = one_of({Reason::kLate, Reason::kQuota, Reason::kHeld, Reason::kUnreachable,
                     Reason::kSourceError, Reason::kOverloaded},
                    Reason::kSourceError);
      break;
    case v1::ANSWER_KIND_REFUSED:
      fits = one_of({Reason::kSourceRefused, Reason::kWarrantRejected, Reason::kNoAuthorization},
                    Reason::kSourceRefused);
      break;
    case v1::ANSWER_KIND_AMBIGUOUS:
      fits = one_of({Reason::kWrongPerson, Reason::kContradiction}, Reason::kContradiction);
      break;
    default:
      return "a kind that departments do not give";
  }
  if (!fits) return "a reason that does not go with the kind";
  answer->kind = static_cast<AnswerKind>(wire.kind());
  return nullptr;
}

// False when the text is there and is no day.
bool TakeDay(const std::string& text, std::optional<absl::CivilDay>* day) {
  if (text.empty()) return true;
  const absl::StatusOr<absl::CivilDay> parsed = base::ParseDay(text);
  if (!parsed.ok()) return false;
  *day = *parsed;
  return true;
}

const char* TakeValue(v1::Field* wire, base::FieldValue* value) {
  switch (wire->value_case()) {
    case v1::Field::kText:
      if (wire->text().size() > kFieldTextBytesMax) return "a text is too long";
      *value = std::move(*wire->mutable_text());
      return nullptr;
    case v1::Field::kMoneyFen:
      if (wire->money_fen() > base::kMoneyFenMax || wire->money_fen() < -base::kMoneyFenMax) {
        return "an amount is out of range";
      }
      *value = base::Money::FromFen(wire->money_fen());
      return nullptr;
    case v1::Field::kDay: {
      const absl::StatusOr<absl::CivilDay> day = base::ParseDay(wire->day());
      if (!day.ok()) return "a day does not exist";
      *value = *day;
      return nullptr;
    }
    case v1::Field::kMonth: {
      const absl::StatusOr<absl::CivilMonth> month = base::ParseMonth(wire->month());
      if (!month.ok()) return "a month does not exist";
      *value = *month;
      return nullptr;
    }
    case v1::Field::kCount:
      *value = wire->count();
      return nullptr;
    case v1::Field::kFlag:
      *value = wire->flag();
      return nullptr;
    case v1::Field::VALUE_NOT_SET:
      break;
  }
  return "a field has no value";
}

// Names that mean the same in every kind have the same type in every kind: de-duplication rests on
// them.
bool HasItsType(const base::Field& field) {
  if (field.name == "month") return std::holds_alternative<absl::CivilMonth>(field.value);
  if (field.name == "amount") return std::holds_alternative<base::Money>(field.value);
  if (field.name == "payer") return std::holds_alternative<std::string>(field.value);
  if (field.name == "day") return std::holds_alternative<absl::CivilDay>(field.value);
  return true;
}

const char* TakeRecord(v1::Record* wire, base::Record* record) {
  if (!IsCode(wire->kind())) return "a record's kind is no code";
  if (wire->fields_size() > kFieldsPerRecordMax) return "a record has too many fields";
  record->kind = std::move(*wire->mutable_kind());
  record->fields.reserve(static_cast<size_t>(wire->fields_size()));
  for (v1::Field& field : *wire->mutable_fields()) {
    if (!IsCode(field.name())) return "a field's name is no code";
    if (record->Find(field.name()) != nullptr) return "a field is there twice";
    base::Field taken;
    taken.name = std::move(*field.mutable_name());
    if (const char* defect = TakeValue(&field, &taken.value)) return defect;
    if (!HasItsType(taken)) return "a common field has another type";
    record->fields.push_back(std::move(taken));
  }
  return nullptr;
}

const char* TakeSubject(const v1::Identity& wire, base::Answer* answer) {
  if (wire.number().size() > kNumberBytesMax || wire.name().size() > base::kNameBytesMax) {
    return "the subject's number or name is too long";
  }
  if (wire.kind() == v1::IDENTITY_KIND_UNSPECIFIED || !v1::IdentityKind_IsValid(wire.kind())) {
    return "the subject's kind of document is unknown";
  }
  // Many registers name people by number alone, some by name alone; normalising wants both.
  if (wire.number().empty() && !wire.name().empty()) {
    answer->subject = base::Identity{static_cast<base::IdentityKind>(wire.kind()), "", wire.name()};
    return nullptr;
  }
  const bool named = !wire.name().empty();
  absl::StatusOr<base::Identity> subject =
      base::NormaliseIdentity(static_cast<base::IdentityKind>(wire.kind()), wire.number(),
                              named ? absl::string_view(wire.name()) : kNoName);
  if (!subject.ok()) return "the subject's number cannot be";
  if (!named) subject->name.clear();
  answer->subject = *std::move(subject);
  return nullptr;
}

// What the kinds exclude, once every field is known.
const char* CheckWhole(const base::Answer& answer) {
  if (answer.kind == AnswerKind::kFound || answer.kind == AnswerKind::kAmbiguous) return nullptr;
  return answer.records.empty() ? nullptr : "records come with a kind that has none";
}

// Another person's answer is kept apart. Records under the number asked for stay, so that a
// caseworker can tell a former name from a mix-up; somebody else's are nobody's business here.
void QuarantineOthers(const base::Identity& asked, base::Answer* answer) {
  if (!answer->subject.has_value()) return;
  const SubjectMatch match = CompareSubject(asked, *answer->subject);
  if (match == SubjectMatch::kSame) return;
  answer->kind = AnswerKind::kAmbiguous;
  answer->reason = Reason::kWrongPerson;
  if (match == SubjectMatch::kOtherNumber) answer->records.clear();
}

}  // namespace

const char* TakeAnswer(v1::SourceAnswer* wire, const plan::SourceQuery& query,
                       const base::Identity& asked, base::Answer* answer) {
  if (const char* defect = TakeKind(*wire, answer)) return defect;
  if (!TakeDay(wire->data_day(), &answer->data_day)) return "the data day does not exist";
  // Of days to come among them nobody can speak: gather cuts the period off at today.
  answer->covered = query.period;
  if (wire->has_covered()) {
    base::Period covered;
    if (!TakeDay(wire->covered().from(), &covered.from) ||
        !TakeDay(wire->covered().to(), &covered.to) || covered.Empty()) {
      return "the covered period cannot be";
    }
    answer->covered = covered;
  }
  answer->complete = answer->kind == AnswerKind::kFound && wire->complete();
  if (wire->has_subject()) {
    if (const char* defect = TakeSubject(wire->subject(), answer)) return defect;
  }
  if (wire->records_size() > kRecordsPerAnswerMax) return "there are too many records";
  answer->records.reserve(static_cast<size_t>(wire->records_size()));
  for (v1::Record& record : *wire->mutable_records()) {
    base::Record taken;
    if (const char* defect = TakeRecord(&record, &taken)) return defect;
    answer->records.push_back(std::move(taken));
  }
  if (const char* defect = CheckWhole(*answer)) return defect;
  if (answer->kind == AnswerKind::kFound && answer->records.empty()) {
    answer->kind = AnswerKind::kUnavailable;
    answer->reason = Reason::kEmpty;
    answer->complete = false;
    return nullptr;
  }
  QuarantineOthers(asked, answer);
  return nullptr;
}

}  // namespace hedui::adapters
