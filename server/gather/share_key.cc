#include "server/gather/share_key.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/gather/answer_rules.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;

void Add(std::string* key, absl::string_view text) { absl::StrAppend(key, text.size(), ":", text); }

}  // namespace

std::string ShareKey(absl::string_view scope, const Source& source,
                     const plan::SourceQuery& query) {
  std::string key;
  Add(&key, scope);
  Add(&key, source.policy.id);
  // Adapters are never dropped: one that asks elsewhere, or otherwise, is another one.
  Add(&key, absl::StrCat(reinterpret_cast<uintptr_t>(source.adapter)));
  // What it said before an operator held or recalled it is perhaps why.
  Add(&key, absl::StrCat(source.state == nullptr ? 0 : source.state->era()));
  Add(&key, base::FormatPeriod(query.period));
  for (const plan::PersonQuery& person : query.people) {
    Add(&key, absl::StrCat(static_cast<int>(person.identity.kind)));
    Add(&key, person.identity.number);
    Add(&key, person.identity.name);
    Add(&key, absl::StrCat(person.categories.size()));
    for (const std::string& category : person.categories) Add(&key, category);
  }
  return key;
}

bool MayBeShared(const std::vector<base::Answer>& answers) {
  return !answers.empty() &&
         std::all_of(answers.begin(), answers.end(), [](const base::Answer& answer) {
           return answer.kind == AnswerKind::kFound || answer.kind == AnswerKind::kConfirmedNone ||
                  answer.kind == AnswerKind::kNotCovered;
         });
}

absl::Duration ShareLifetime(const SourcePolicy& policy, const std::vector<base::Answer>& answers,
                             absl::Time now) {
  absl::Duration lifetime = policy.cache_lifetime;
  for (const base::Answer& answer : answers) {
    if (!answer.data_day.has_value()) continue;
    for (const auto& [category, days] : policy.freshness_days) {
      if (category != answer.category) continue;
      // Fresh on the last of these days still.
      lifetime = std::min(lifetime, base::StartOfDay(*answer.data_day + days + 1) - now);
    }
  }
  return lifetime;
}

std::optional<std::vector<base::Answer>> FitAnswers(const SourcePolicy& policy,
                                                    const plan::SourceQuery& query,
                                                    absl::CivilDay today,
                                                    std::vector<base::Answer> answers) {
  size_t at = 0;
  for (const plan::PersonQuery& person : query.people) {
    for (const std::string& category : person.categories) {
      if (at == answers.size() || answers[at].category != category) return std::nullopt;
      answers[at++].person_id = person.person_id;
    }
  }
  if (at != answers.size()) return std::nullopt;
  EndWithToday(today, &answers);
  ApplyFreshness(policy, today, &answers);
  if (!MayBeShared(answers)) return std::nullopt;
  return answers;
}

}  // namespace hedui::gather
