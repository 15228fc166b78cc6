#include "tests/bench/bench.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::bench {
namespace {

std::vector<Bench>& Registry() {
  static auto* const benches = new std::vector<Bench>;
  return *benches;
}

}  // namespace

std::optional<bool> Row::Met() const {
  if (!target) return std::nullopt;
  return aim == Aim::kAtLeast ? value >= *target : value <= *target;
}

Registration::Registration(std::vector<std::string> names, Function run) {
  Registry().push_back(Bench{std::move(names), std::move(run)});
}

const std::vector<Bench>& AllBenches() { return Registry(); }

absl::StatusOr<std::vector<Row>> RunBenches(const std::vector<Bench>& benches,
                                            absl::string_view filter,
                                            const std::function<void(const Bench&)>& progress) {
  std::vector<Row> rows;
  bool any = false;
  const auto matches = [filter](const std::string& name) { return absl::StartsWith(name, filter); };
  for (const Bench& bench : benches) {
    if (std::none_of(bench.names.begin(), bench.names.end(), matches)) continue;
    any = true;
    progress(bench);
    absl::StatusOr<std::vector<Row>> measured = bench.run();
    if (!measured.ok()) return base::WithContext(measured.status(), bench.names.front());
    for (Row& row : *measured) {
      if (matches(row.name)) rows.push_back(std::move(row));
    }
  }
  if (!any) {
    return base::MakeError(absl::StatusCode::kNotFound, "NO_SUCH_BENCH",
                           absl::StrCat("no row's name begins with \"", filter, "\""));
  }
  return rows;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

absl::StatusOr<Paired> MedianOfPairs(const Measure& first, const Measure& second, int pairs) {
  std::vector<double> values;
  std::vector<double> others;
  std::vector<double> ratios;
  for (int i = 0; i < pairs; ++i) {
    const bool in_order = i % 2 == 0;
    HEDUI_ASSIGN_OR_RETURN(const double one, (in_order ? first : second)());
    HEDUI_ASSIGN_OR_RETURN(const double two, (in_order ? second : first)());
    values.push_back(in_order ? one : two);
    others.push_back(in_order ? two : one);
    ratios.push_back(values.back() / others.back());
  }
  return Paired{Median(std::move(values)), Median(std::move(others)), Median(std::move(ratios))};
}

absl::StatusOr<double> MedianOf(const Measure& measure, int times) {
  std::vector<double> values;
  for (int i = 0; i < times; ++i) {
    HEDUI_ASSIGN_OR_RETURN(const double value, measure());
    values.push_back(value);
  }
  return Median(std::move(values));
}

}  // namespace hedui::bench
