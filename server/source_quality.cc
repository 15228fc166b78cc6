#include "server/source_quality.h"

#include <algorithm>
#include <utility>

#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/gather/gatherer.h"

namespace hedui {
namespace {

int64_t HourOf(absl::Time at) { return absl::ToUnixSeconds(at) / 3'600; }

template <size_t kClasses>
size_t ClassOf(int64_t value, const std::array<int64_t, kClasses>& ends) {
  return static_cast<size_t>(std::lower_bound(ends.begin(), ends.end(), value) - ends.begin());
}

void Count(base::AnswerKind kind, base::Reason reason, int64_t answers,
           std::vector<AnswerCount>* counts) {
  // A dozen sorts at most are common.
  for (AnswerCount& count : *counts) {
    if (count.kind != kind || count.reason != reason) continue;
    count.answers += answers;
    return;
  }
  counts->push_back({kind, reason, answers});
}

// Every count of one division, added up.
template <size_t kFreshness, size_t kLatency>
struct Sum {
  std::vector<AnswerCount> answers;
  std::array<int64_t, kFreshness> freshness{};
  std::array<int64_t, kLatency> latency{};
};

template <size_t kClasses, size_t kEnds>
std::vector<ClassCount> Classes(const std::array<int64_t, kClasses>& counts,
                                const std::array<int64_t, kEnds>& ends) {
  static_assert(kClasses == kEnds + 1);
  std::vector<ClassCount> classes;
  for (size_t i = 0; i < kClasses; ++i) {
    if (counts[i] > 0) classes.push_back({i < kEnds ? ends[i] : -1, counts[i]});
  }
  return classes;
}

}  // namespace

std::shared_ptr<SourceQuality::Source> SourceQuality::Of(absl::string_view id, bool make) const {
  const base::MutexLock lock(&mutex_);
  const auto found = sources_.find(id);
  if (found != sources_.end()) return found->second;
  if (!make) return nullptr;
  return sources_.emplace(std::string(id), std::make_shared<Source>()).first->second;
}

SourceQuality::Hours* SourceQuality::HoursOf(const std::string& division, int64_t now,
                                             Source* source) {
  const auto found = source->divisions.find(division);
  if (found != source->divisions.end()) return &found->second;
  if (pairs_.fetch_add(1) >= kPairsMax) {
    size_t silent = 0;
    absl::erase_if(source->divisions, [now, &silent](const auto& pair) {
      const bool spoke = std::any_of(pair.second.begin(), pair.second.end(),
                                     [now](const Hour& h) { return h.number > now - kHours; });
      silent += spoke ? 0 : 1;
      return !spoke;
    });
    if (silent == 0) {
      pairs_.fetch_sub(1);
      return &source->others;
    }
    pairs_.fetch_sub(silent);
  }
  return &source->divisions[division];
}

void SourceQuality::Ended(const std::string& division, const gather::Outcome& outcome, bool poll) {
  if (outcome.reused.has_value()) return;
  const absl::Time wall = clock_->WallNow();
  const int64_t now = HourOf(wall);
  const absl::CivilDay today = base::CivilDayOf(wall);
  const std::shared_ptr<Source> source = Of(outcome.source_id, /*make=*/true);
  const base::MutexLock lock(&source->mutex);
  Hours& hours = *HoursOf(division, now, source.get());
  const auto slot = static_cast<size_t>(now % kHours);
  if (hours.size() <= slot) hours.resize(slot + 1);
  Hour& hour = hours[slot];
  if (hour.number != now) hour = Hour();
  hour.number = now;
  for (const base::Answer& answer : outcome.answers) {
    if (poll && answer.kind == base::AnswerKind::kPending) continue;
    Count(answer.kind, answer.reason, 1, &hour.answers);
    if (!answer.data_day.has_value()) continue;
    const int64_t age = std::max<int64_t>(0, today - *answer.data_day);
    ++hour.freshness[ClassOf(age, kFreshnessDays)];
  }
  if (outcome.attempts > 0) {
    const int64_t ms =
        absl::ToInt64Milliseconds(absl::Ceil(outcome.elapsed, absl::Milliseconds(1)));
    ++hour.latency[ClassOf(ms, kLatencyMs)];
  }
}

QualityView SourceQuality::Read(absl::string_view source_id, absl::string_view division,
                                int hours) const {
  const int64_t now = HourOf(clock_->WallNow());
  const int64_t first = now - hours + 1;
  QualityView view;
  view.since = std::max(since_, absl::FromUnixSeconds(first * 3'600));
  const std::shared_ptr<Source> source = Of(source_id, /*make=*/false);
  if (source == nullptr) return view;
  const auto add = [&view, first, now](const std::string& name, const Hours& of) {
    Sum<kFreshnessDays.size() + 1, kLatencyMs.size() + 1> sum;
    for (const Hour& hour : of) {
      // What a clock that was set back has before it is not yet.
      if (hour.number < first || hour.number > now) continue;
      for (const AnswerCount& one : hour.answers) {
        Count(one.kind, one.reason, one.answers, &sum.answers);
      }
      for (size_t i = 0; i < sum.freshness.size(); ++i) sum.freshness[i] += hour.freshness[i];
      for (size_t i = 0; i < sum.latency.size(); ++i) sum.latency[i] += hour.latency[i];
    }
    if (sum.answers.empty()) return;
    std::sort(sum.answers.begin(), sum.answers.end(),
              [](const AnswerCount& a, const AnswerCount& b) {
                if (a.answers != b.answers) return a.answers > b.answers;
                return a.kind != b.kind ? a.kind < b.kind : a.reason < b.reason;
              });
    view.divisions.push_back({name, std::move(sum.answers), Classes(sum.freshness, kFreshnessDays),
                              Classes(sum.latency, kLatencyMs)});
  };
  const base::MutexLock lock(&source->mutex);
  for (const auto& [name, of] : source->divisions) {
    if (division.empty() || base::DivisionContains(division, name)) add(name, of);
  }
  std::sort(
      view.divisions.begin(), view.divisions.end(),
      [](const DivisionQuality& a, const DivisionQuality& b) { return a.division < b.division; });
  if (division.empty()) add("", source->others);
  return view;
}

}  // namespace hedui
