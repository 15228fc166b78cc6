// Whether an answer is about the person who was asked about. Pure, thread-safe.
#ifndef HEDUI_ADAPTERS_SUBJECT_H_
#define HEDUI_ADAPTERS_SUBJECT_H_

#include "server/base/identity.h"

namespace hedui::adapters {

enum class SubjectMatch {
  kSame,
  kOtherName,    // the number asked for, under another name
  kOtherNumber,  // somebody else, or a document that cannot be compared
};

// `asked` is normalised. A disability certificate (残疾人证) names its holder by the citizen number
// it begins with. What the subject does not give, number or name, is not compared.
SubjectMatch CompareSubject(const base::Identity& asked, const base::Identity& subject);

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SUBJECT_H_
