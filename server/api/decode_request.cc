#include "server/api/decode_request.h"

#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/access/matter.h"
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/report/report_builder.h"

namespace hedui::api {
namespace {

// Enough for a year of transactions declared one by one.
constexpr int kDeclaredMax = 200;
constexpr int kFieldsMax = 64;
constexpr size_t kFieldNameBytesMax = 64;
constexpr size_t kFieldTextBytesMax = 1024;
constexpr size_t kPersonIdBytesMax = 32;
constexpr int kProgrammesMax = 8;

bool IsCode(absl::string_view text, char extra) {
  if (text.empty()) return false;
  for (char c : text) {
    if (!absl::ascii_islower(static_cast<unsigned char>(c)) &&
        !absl::ascii_isdigit(static_cast<unsigned char>(c)) && c != extra) {
      return false;
    }
  }
  return true;
}

bool HasControl(absl::string_view text) {
  for (unsigned char c : text) {
    if (c < 0x20 || c == 0x7f) return true;
  }
  return false;
}

base::FieldValue DecodeValue(const v1::Field& field, absl::string_view path,
                             Violations* violations) {
  switch (field.value_case()) {
    case v1::Field::kText:
      if (field.text().size() > kFieldTextBytesMax || HasControl(field.text())) {
        violations->Add(path, "text holds control characters or more than 1,024 bytes");
      }
      return field.text();
    case v1::Field::kMoneyFen:
      if (field.money_fen() > base::kMoneyFenMax || field.money_fen() < -base::kMoneyFenMax) {
        violations->Add(path, "money_fen is outside ±10^16");
        return base::Money();
      }
      return base::Money::FromFen(field.money_fen());
    case v1::Field::kDay:
      return DecodeDay(field.day(), path, violations);
    case v1::Field::kMonth: {
      auto month = base::ParseMonth(field.month());
      if (!month.ok()) violations->Add(path, "month is not of the form YYYY-MM");
      return month.ok() ? *month : absl::CivilMonth();
    }
    case v1::Field::kCount:
      return field.count();
    case v1::Field::kFlag:
      return field.flag();
    case v1::Field::VALUE_NOT_SET:
      break;
  }
  violations->Add(path, "has no value");
  return std::string();
}

// A person, and what of them could be read: a part that could not has its own defect, and says
// nothing about how many there are of it.
struct DecodedPerson {
  base::Person person;
  bool has_role = false;
  bool has_relation = false;
};

DecodedPerson DecodePerson(const v1::Person& person, const std::string& path,
                           Violations* violations) {
  DecodedPerson decoded;
  base::Person& result = decoded.person;
  result.id = person.person_id();
  if (!IsCode(result.id, '-') || result.id.size() > kPersonIdBytesMax) {
    violations->Add(absl::StrCat(path, ".person_id"),
                    "must be 1 to 32 lower-case letters, digits or '-', such as \"m1\"");
  } else if (base::ParseCitizenNumber(result.id).ok()) {
    violations->Add(absl::StrCat(path, ".person_id"),
                    "must not be a citizen number: it stands in logs");
  }
  decoded.has_role = DecodeEnum(person.role(), v1::PersonRole_IsValid(person.role()),
                                absl::StrCat(path, ".role"), &result.role, violations);
  decoded.has_relation = DecodeEnum(person.relation(), v1::Relation_IsValid(person.relation()),
                                    absl::StrCat(path, ".relation"), &result.relation, violations);
  result.identity = DecodeIdentity(person.identity(), absl::StrCat(path, ".identity"), violations);
  result.declared_birth =
      DecodeOptionalDay(person.declared_birth(), absl::StrCat(path, ".declared_birth"), violations);
  if (person.declared_size() > kDeclaredMax) {
    violations->Add(absl::StrCat(path, ".declared"), "are more than 200 records");
    return decoded;
  }
  for (int i = 0; i < person.declared_size(); ++i) {
    result.declared.push_back(
        DecodeRecord(person.declared(i), absl::StrCat(path, ".declared[", i, "]"), violations));
  }
  return decoded;
}

// What makes two entries the same human: the citizen number, whichever document carries it.
std::string HumanOf(const base::Identity& identity) {
  if (const auto citizen = base::CitizenNumberOf(identity)) return citizen->number;
  if (auto citizen = base::ParseCitizenNumber(identity.number); citizen.ok())
    return citizen->number;
  // Without a number the name is all that a register could be asked by.
  const std::string text =
      identity.number.empty() ? base::NormaliseName(identity.name) : identity.number;
  return absl::StrCat(static_cast<int>(identity.kind), "/", text);
}

// What holds between persons: counts, one applicant, nobody twice, members before obligors; a
// spouse is a member. Whose role or relation could not be read may be any of what is missing.
void CheckPersons(const std::vector<DecodedPerson>& persons, Violations* violations) {
  int members = 0, obligors = 0, applicants = 0, spouses = 0, unread_roles = 0,
      unread_relations = 0;
  std::set<std::string> ids;
  std::set<std::string> humans;
  for (size_t i = 0; i < persons.size(); ++i) {
    const base::Person& person = persons[i].person;
    const std::string path = absl::StrCat("persons[", i, "]");
    const bool obligor = persons[i].has_role && person.role == base::PersonRole::kObligor;
    const bool member = persons[i].has_role && !obligor;
    const bool spouse = persons[i].has_relation && person.relation == base::Relation::kSpouse;
    obligors += obligor ? 1 : 0;
    members += member ? 1 : 0;
    unread_roles += persons[i].has_role ? 0 : 1;
    unread_relations += persons[i].has_relation ? 0 : 1;
    if (persons[i].has_relation && person.relation == base::Relation::kApplicant) ++applicants;
    if (spouse && ++spouses > 1) {
      violations->Add(absl::StrCat(path, ".relation"),
                      "an applicant has one spouse; enter whoever is not as OTHER");
    }
    if (member && obligors > 0) {
      violations->Add(absl::StrCat(path, ".role"), "members come before obligors");
    }
    if (obligor && spouse) {
      violations->Add(absl::StrCat(path, ".role"),
                      "a spouse is always a member of the household (A57 Art 7): give the role "
                      "MEMBER, before the obligors");
    }
    if (!person.id.empty() && !ids.insert(person.id).second) {
      violations->Add(absl::StrCat(path, ".person_id"), "appears twice");
    }
    // An identity that could not be read has its own defect.
    if (!person.identity.name.empty() && !humans.insert(HumanOf(person.identity)).second) {
      violations->Add(absl::StrCat(path, ".identity"), "is the same human as an earlier entry");
    }
  }
  if (members == 0 && unread_roles == 0) violations->Add("persons", "need at least one member");
  if (members > base::kMembersMax) {
    violations->Add("persons", absl::StrCat("hold ", members, " members; at most 20 are taken"));
  }
  if (obligors > base::kObligorsMax) {
    violations->Add("persons", absl::StrCat("hold ", obligors, " obligors; at most 20 are taken"));
  }
  if (members > 0 && (applicants > 1 || (applicants == 0 && unread_relations == 0))) {
    violations->Add("persons", absl::StrCat("need exactly one applicant; there are ", applicants));
  }
}

// A day of the case must be near enough to today to be a case.
void CheckNear(absl::CivilDay day, absl::CivilDay today, absl::string_view path,
               Violations* violations) {
  const absl::CivilDay first(today.year() - kCaseYearsBackMax, today.month(), 1);
  const absl::CivilDay last(today.year() + kCaseYearsAheadMax, today.month(), 28);
  // The default of a day that could not be read has its own defect.
  if (day == absl::CivilDay() || (day >= first && day <= last)) return;
  violations->Add(path, absl::StrCat("lies more than ", kCaseYearsBackMax, " years back or ",
                                     kCaseYearsAheadMax, " ahead"));
}

void DecodeHeader(const v1::RequestHeader& header, absl::CivilDay today, VerifyRequest* result,
                  Violations* violations) {
  if (auto id = base::Uuid::Parse(header.request_id()); id.ok()) {
    result->request_id = *id;
  } else {
    violations->Add("header.request_id",
                    "must be a UUID that the caller chose for this verification");
  }
  result->officer = DecodeIdentifier(header.officer(), "header.officer", violations);
  DecodeEnum(header.check_kind(), v1::CheckKind_IsValid(header.check_kind()), "header.check_kind",
             &result->check_kind, violations);
  result->matter_number =
      DecodeIdentifier(header.matter_number(), "header.matter_number", violations);
  result->purpose = DecodeIdentifier(header.purpose(), "header.purpose", violations);
  result->dates.application =
      DecodeDay(header.application_day(), "header.application_day", violations);
  result->dates.acceptance =
      DecodeOptionalDay(header.acceptance_day(), "header.acceptance_day", violations);
  result->dates.policy = DecodeDay(header.policy_day(), "header.policy_day", violations);
  CheckNear(result->dates.application, today, "header.application_day", violations);
  CheckNear(result->dates.policy, today, "header.policy_day", violations);
  result->replaces_report_number = header.replaces_report_number();
  if (!result->replaces_report_number.empty() &&
      !report::ReportIdOfNumber(result->replaces_report_number).ok()) {
    violations->Add("header.replaces_report_number", "is not a report's number");
  }
  if (header.programmes_size() > kProgrammesMax) {
    violations->Add("header.programmes", "are more than 8");
    return;
  }
  std::set<std::string> seen;
  for (int i = 0; i < header.programmes_size(); ++i) {
    const std::string path = absl::StrCat("header.programmes[", i, "]");
    if (!IsCode(header.programmes(i), '_')) violations->Add(path, "is not a lower_snake code");
    if (!seen.insert(header.programmes(i)).second) violations->Add(path, "appears twice");
    result->programmes.push_back(header.programmes(i));
  }
}

}  // namespace

void Violations::Add(absl::string_view field, absl::string_view description) {
  if (all_.size() > kViolationsMax) return;
  if (all_.size() == kViolationsMax) {
    all_.push_back({"", "there are more defects; these are the first"});
    return;
  }
  all_.push_back({std::string(field), std::string(description)});
}

base::Record DecodeRecord(const v1::Record& record, const std::string& path,
                          Violations* violations) {
  base::Record result;
  result.kind = record.kind();
  if (!IsCode(record.kind(), '_') || record.kind().size() > kFieldNameBytesMax) {
    violations->Add(absl::StrCat(path, ".kind"), "is not a lower_snake code");
  }
  if (record.fields_size() > kFieldsMax) {
    violations->Add(absl::StrCat(path, ".fields"), "are more than 64");
    return result;
  }
  std::set<std::string> names;
  for (int i = 0; i < record.fields_size(); ++i) {
    const v1::Field& field = record.fields(i);
    const std::string field_path = absl::StrCat(path, ".fields[", i, "]");
    if (!IsCode(field.name(), '_') || field.name().size() > kFieldNameBytesMax) {
      violations->Add(absl::StrCat(field_path, ".name"), "is not a lower_snake name");
    } else if (!names.insert(field.name()).second) {
      violations->Add(absl::StrCat(field_path, ".name"), "appears twice in the record");
    }
    result.fields.push_back({field.name(), DecodeValue(field, field_path, violations)});
  }
  return result;
}

base::Identity DecodeIdentity(const v1::Identity& identity, absl::string_view path,
                              Violations* violations) {
  auto kind = base::IdentityKind::kResidentId;
  const bool has_kind = DecodeEnum(identity.kind(), v1::IdentityKind_IsValid(identity.kind()),
                                   absl::StrCat(path, ".kind"), &kind, violations);
  const bool has_name = !identity.name().empty() && identity.name().size() <= base::kNameBytesMax &&
                        !HasControl(identity.name());
  if (!has_name) {
    violations->Add(absl::StrCat(path, ".name"),
                    "must be 1 to 256 bytes of UTF-8 without control characters");
  }
  // What a number must be depends on the kind.
  if (!has_kind) return {};
  auto normal = base::NormaliseIdentity(kind, identity.number(), identity.name());
  if (normal.ok()) return *std::move(normal);
  const std::string reason = base::ReasonOf(normal.status());
  const bool of_name = absl::StartsWith(reason, "NAME_");
  if (!of_name || has_name) {
    violations->Add(absl::StrCat(path, of_name ? ".name" : ".number"),
                    absl::StrCat(normal.status().message(), " (", reason, ")"));
  }
  return {};
}

absl::CivilDay DecodeDay(absl::string_view text, absl::string_view path, Violations* violations) {
  if (text.empty()) {
    violations->Add(path, "is required");
    return {};
  }
  auto day = base::ParseDay(text);
  if (!day.ok()) violations->Add(path, "is not a day of the form YYYY-MM-DD");
  return day.ok() ? *day : absl::CivilDay();
}

std::optional<absl::CivilDay> DecodeOptionalDay(absl::string_view text, absl::string_view path,
                                                Violations* violations) {
  if (text.empty()) return std::nullopt;
  return DecodeDay(text, path, violations);
}

std::string DecodeIdentifier(absl::string_view text, absl::string_view path,
                             Violations* violations) {
  if (text.empty()) {
    violations->Add(path, "is required");
  } else if (text.size() > base::kIdentifierBytesMax || HasControl(text)) {
    violations->Add(path, "must be at most 128 bytes without control characters");
  }
  return std::string(text);
}

std::string DecodeDivision(absl::string_view code, absl::CivilDay day, absl::string_view path,
                           Violations* violations) {
  if (code.empty()) {
    violations->Add(path, "is required");
  } else if (!base::DivisionLevel(code).has_value()) {
    violations->Add(path, "is not a six-digit division code");
  } else if (day != absl::CivilDay() && code != "000000" &&
             !base::DivisionName(code, day).has_value()) {
    violations->Add(path, absl::StrCat("names no division on ", base::FormatDay(day)));
  }
  return std::string(code);
}

VerifyRequest ReadVerifyRequest(const v1::VerifyHouseholdRequest& request, absl::CivilDay today,
                                Violations* violations) {
  VerifyRequest result;
  DecodeHeader(request.header(), today, &result, violations);
  result.household.division =
      DecodeDivision(request.division(), result.dates.policy, "division", violations);
  result.household.scope = request.scope();
  if (!request.scope().empty() && request.scope() != "urban" && request.scope() != "rural") {
    violations->Add("scope", "must be \"urban\", \"rural\" or empty");
  }
  result.household.staff_relative = request.staff_relative();
  // Past twice the bound the list is not even read: one defect says enough.
  if (request.persons_size() > 2 * (base::kMembersMax + base::kObligorsMax)) {
    violations->Add("persons", "are more than 20 members and 20 obligors");
  } else {
    std::vector<DecodedPerson> persons;
    for (int i = 0; i < request.persons_size(); ++i) {
      persons.push_back(
          DecodePerson(request.persons(i), absl::StrCat("persons[", i, "]"), violations));
    }
    CheckPersons(persons, violations);
    for (DecodedPerson& decoded : persons) {
      result.household.persons.push_back(std::move(decoded.person));
    }
  }
  return result;
}

absl::StatusOr<VerifyRequest> DecodeVerifyRequest(const v1::VerifyHouseholdRequest& request,
                                                  absl::CivilDay today) {
  Violations violations;
  VerifyRequest result = ReadVerifyRequest(request, today, &violations);
  HEDUI_RETURN_IF_ERROR(violations.AsStatus());
  return result;
}

absl::StatusOr<VerifyRequest> DecodeKeptRequest(const std::string& agency, const std::string& bytes,
                                                absl::CivilDay today) {
  v1::VerifyHouseholdRequest message;
  if (!message.ParseFromString(bytes)) {
    return InvalidRequest({{"request", "cannot be read"}});
  }
  HEDUI_ASSIGN_OR_RETURN(VerifyRequest request, DecodeVerifyRequest(message, today));
  request.agency = agency;
  request.bytes = bytes;
  request.timeout = absl::InfiniteDuration();
  return request;
}

absl::Status CheckLetterCount(const v1::RegisterAuthorizationsRequest& request) {
  Violations violations;
  if (request.letters_size() > access::kLettersPerCallMax) {
    violations.Add(
        "letters",
        absl::StrCat("are ", request.letters_size(), "; at most ", access::kLettersPerCallMax,
                     " are taken in one call, so register the rest in further calls"));
  }
  return violations.AsStatus();
}

}  // namespace hedui::api
