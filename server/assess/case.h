// The engine's whole input: a household, the dates, and what is known about it. Plain values,
// thread-compatible. The same case and the same policy pack give the same assessment, byte for
// byte.
#ifndef HEDUI_SERVER_ASSESS_CASE_H_
#define HEDUI_SERVER_ASSESS_CASE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "server/base/facts.h"
#include "server/base/household.h"
#include "server/base/identity.h"

namespace hedui::assess {

struct Person {
  std::string id;  // the household's own: "m1"
  base::PersonRole role = base::PersonRole::kMember;
  base::Relation relation = base::Relation::kOther;
  // Normalised identity number; only to recognise a person whom a register names (a spouse). May be
  // empty.
  std::string number;
  std::optional<absl::CivilDay> birth;  // absent: unknown, so the age is too
  base::Sex sex = base::Sex::kUnknown;
  friend bool operator==(const Person&, const Person&) = default;
};

struct Case {
  base::CaseDates dates;
  std::string division;  // six digits
  std::string scope;     // "urban" or "rural"; empty: unknown
  // What the case says of itself. Absent: not stated, so what rests on it is not known.
  std::optional<absl::CivilDay> request_day;  // on which the verification was asked for
  std::optional<base::CheckKind> check_kind;
  std::optional<bool> staff_relative;
  // The one asked for: it must have a set. Empty: none in particular. Every programme with a set is
  // indicated either way.
  std::string programme;
  std::vector<Person> persons;
  // Answers, found facts and declared facts.
  base::Facts facts;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_CASE_H_
