// What one source is asked in one call: several people, several categories, one covered period.
// Plain values shared by plan, the adapters and gather. Thread-compatible.
#ifndef HEDUI_SERVER_PLAN_SOURCE_QUERY_H_
#define HEDUI_SERVER_PLAN_SOURCE_QUERY_H_

#include <string>
#include <vector>

#include "server/base/answer.h"
#include "server/base/dates.h"
#include "server/base/identity.h"

namespace hedui::plan {

// One person and the categories that both the authority and the source cover for that person.
struct PersonQuery {
  std::string person_id;
  base::Identity identity;
  std::vector<std::string> categories;  // sorted, not empty
};

struct SourceQuery {
  std::string source_id;
  std::vector<PersonQuery> people;  // in the household's order, not empty
  base::Period period;              // what the answers should cover
};

// A person and category that are not asked about, and why (kNotAsked with NO_AUTHORIZATION,
// NOT_ROUTABLE, UNKNOWN_PERSON, DECEASED, MINIMISED).
struct Unasked {
  std::string person_id;
  std::string category;
  base::AnswerKind kind = base::AnswerKind::kNotAsked;
  base::Reason reason = base::Reason::kNone;
  // The source that holds the category and is passed over; others may be asked about the same pair.
  // Empty: the pair is asked of nobody, and it is no one source's doing.
  std::string source_id;
};

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_SOURCE_QUERY_H_
