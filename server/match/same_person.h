// Whether an answer is about the person who was asked about. Pure functions.
#ifndef HEDUI_SERVER_MATCH_SAME_PERSON_H_
#define HEDUI_SERVER_MATCH_SAME_PERSON_H_

#include "server/base/identity.h"

namespace hedui::match {

// A document's number in the one form that numbers are compared in: 15 digits become 18, and a
// disability certificate is known by the citizen number in it. Empty for no number.
std::string ComparableNumber(const base::Identity& identity);

// True when what `subject` says agrees with `asked`: the number, the name, or both where it gives
// both. A name alone does not identify a person who was asked about without a number. False means
// that another person may be meant.
bool SamePerson(const base::Identity& asked, const base::Identity& subject);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_SAME_PERSON_H_
