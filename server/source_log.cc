#include "server/source_log.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace hedui {
namespace {

using Samples = std::vector<base::MetricSample>;

// "FOUND 2, UNAVAILABLE/LATE 3": how many answers of each sort.
std::string Summary(const std::vector<base::Answer>& answers) {
  using Sort = std::pair<base::AnswerKind, base::Reason>;
  std::vector<std::pair<Sort, int>> counts;  // mostly one or two
  for (const base::Answer& answer : answers) {
    const Sort sort(answer.kind, answer.reason);
    auto known = std::find_if(counts.begin(), counts.end(),
                              [&sort](const auto& count) { return count.first == sort; });
    if (known == counts.end()) known = counts.insert(counts.end(), {sort, 0});
    ++known->second;
  }
  std::sort(counts.begin(), counts.end());
  std::string text;
  for (const auto& [sort, count] : counts) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", base::AnswerKindName(sort.first));
    if (sort.second != base::Reason::kNone) {
      absl::StrAppend(&text, "/", base::ReasonName(sort.second));
    }
    absl::StrAppend(&text, " ", count);
  }
  return text;
}

}  // namespace

SourceLog::Source* SourceLog::Of(const std::string& id) {
  const base::MutexLock lock(&mutex_);
  std::unique_ptr<Source>& source = sources_[id];
  if (source == nullptr) source = std::make_unique<Source>();
  return source.get();
}

void SourceLog::Ended(const QueryNames& names, const gather::Outcome& outcome) {
  Source* const source = Of(outcome.source_id);
  source->queries.Add();
  source->attempts.Add(static_cast<uint64_t>(outcome.attempts));
  source->hedges.Add(static_cast<uint64_t>(outcome.hedges));
  if (outcome.reused.has_value()) source->reused.Add();
  source->seconds.Observe(outcome.elapsed);
  for (const base::Answer& answer : outcome.answers) {
    const auto kind = static_cast<size_t>(answer.kind);
    const auto reason = static_cast<size_t>(answer.reason);
    if (kind < kKinds && reason < kReasons) source->answers[kind][reason].Add();
  }
  base::Event event(
      outcome.operator_text.empty() ? base::EventLevel::kInfo : base::EventLevel::kWarning,
      "source_call");
  event.With("verification_id", names.verification_id.ToString())
      .With("intent_id", names.intent_id.ToString())
      .With("source", outcome.source_id)
      .With("answers", Summary(outcome.answers))
      .With("attempts", outcome.attempts)
      .With("ms", absl::ToInt64Milliseconds(outcome.elapsed))
      .WithAny("hedges", outcome.hedges > 0 ? absl::StrCat(outcome.hedges) : "")
      .WithAny("reused", outcome.reused.has_value() ? outcome.reused->attempt_id : "")
      .WithAny("text", outcome.operator_text)
      .WithAny("traceparent", names.trace.has_value() ? names.trace->ToString() : "");
  tell_(event);
}

void SourceLog::ForEach(const std::function<void(const std::string&, const Source&)>& visit) const {
  const base::MutexLock lock(&mutex_);
  for (const auto& [id, source] : sources_) visit(id, *source);
}

void SourceLog::AddTo(base::MetricBook* book) {
  book->Add("hedui_source_answers_total", "Answers of a source, one a person and category.",
            base::MetricKind::kCounter, [this](Samples* samples) {
              ForEach([samples](const std::string& id, const Source& source) {
                for (size_t kind = 0; kind < kKinds; ++kind) {
                  for (size_t reason = 0; reason < kReasons; ++reason) {
                    const uint64_t count = source.answers[kind][reason].value();
                    if (count == 0) continue;
                    const auto kind_name =
                        base::AnswerKindName(static_cast<base::AnswerKind>(kind));
                    const auto reason_name = base::ReasonName(static_cast<base::Reason>(reason));
                    samples->push_back({{{"source", id},
                                         {"kind", std::string(kind_name)},
                                         {"reason", std::string(reason_name)}},
                                        static_cast<double>(count),
                                        {}});
                  }
                }
              });
            });
  const auto counter = [this, book](const char* name, const char* help, base::Counter Source::*of) {
    book->Add(name, help, base::MetricKind::kCounter, [this, of](Samples* samples) {
      ForEach([samples, of](const std::string& id, const Source& source) {
        samples->push_back({{{"source", id}}, static_cast<double>((source.*of).value()), {}});
      });
    });
  };
  counter("hedui_source_queries_total", "Queries for a source that ended.", &Source::queries);
  counter("hedui_source_attempts_total", "Attempts made for those queries.", &Source::attempts);
  counter("hedui_source_hedges_total", "Of those, second ones while a first was under way.",
          &Source::hedges);
  counter(
      "hedui_source_reused_total",
      "Queries that were not sent, since an equal one of the same matter had brought the answer.",
      &Source::reused);
  book->Add("hedui_source_duration_seconds",
            "From the start of a wave to the end of a query in it, waiting in line included.",
            base::MetricKind::kHistogram, [this](Samples* samples) {
              ForEach([samples](const std::string& id, const Source& source) {
                samples->push_back({{{"source", id}}, 0, source.seconds.Read()});
              });
            });
}

}  // namespace hedui
