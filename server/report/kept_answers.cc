#include "server/report/kept_answers.h"

#include <algorithm>
#include <utility>

#include "hedui/report/v1/report.pb.h"
#include "server/match/match_result.h"
#include "server/report/case_values.h"
#include "server/report/wire_writer.h"

namespace hedui::report {
namespace {

bool Same(const base::Answer& a, const base::Answer& b) {
  return a.person_id == b.person_id && a.category == b.category && a.kind == b.kind &&
         a.reason == b.reason && a.data_day == b.data_day && a.covered == b.covered &&
         a.complete == b.complete && a.subject == b.subject && a.records == b.records &&
         a.digest == b.digest;
}

// Nothing where some cannot be read.
std::optional<std::vector<base::Answer>> TryUnpack(absl::string_view packed) {
  v1::CaseBundle message;
  if (!message.ParseFromArray(packed.data(), static_cast<int>(packed.size()))) return std::nullopt;
  std::vector<base::Answer> answers;
  answers.reserve(static_cast<size_t>(message.answers_size()));
  CaseReader reader;
  for (const v1::CaseAnswer& in : message.answers()) {
    answers.push_back(std::move(reader.ReadAnswer(in).answer));
  }
  if (!reader.good()) return std::nullopt;
  return answers;
}

}  // namespace

std::optional<std::string> PackAnswers(const std::vector<base::Answer>& answers) {
  std::string packed;
  WireWriter out(&packed);
  for (const base::Answer& answer : answers) {
    match::SourceOutcome outcome;
    outcome.answer = answer;
    PutAnswer(v1::CaseBundle::kAnswersFieldNumber, outcome, &out);
  }
  const auto back = TryUnpack(packed);
  if (!back.has_value() ||
      !std::equal(back->begin(), back->end(), answers.begin(), answers.end(), Same)) {
    return std::nullopt;
  }
  packed.shrink_to_fit();
  return packed;
}

std::vector<base::Answer> UnpackAnswers(absl::string_view packed) {
  return TryUnpack(packed).value_or(std::vector<base::Answer>());
}

}  // namespace hedui::report
