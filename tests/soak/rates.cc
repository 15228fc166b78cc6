#include "tests/soak/rates.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace hedui::testing {

double TheilSenGrowth(const std::vector<double>& values) {
  std::vector<double> slopes;
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = i + 1; j < values.size(); ++j) {
      slopes.push_back((values[j] - values[i]) / static_cast<double>(j - i));
    }
  }
  if (slopes.empty()) return 0;
  const auto middle = slopes.begin() + static_cast<ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  return *middle * static_cast<double>(values.size() - 1);
}

size_t MostWithin(const std::vector<absl::Duration>& times, absl::Duration span) {
  size_t most = 0;
  for (size_t from = 0, to = 0; to < times.size(); ++to) {
    while (times[to] - times[from] > span) ++from;
    most = std::max(most, to - from + 1);
  }
  return most;
}

double Metric(const std::string& scraped, const std::string& name, const std::string& source) {
  double sum = 0;
  for (absl::string_view line : absl::StrSplit(scraped, '\n')) {
    const bool is_it = absl::StartsWith(line, absl::StrCat(name, "{")) ||
                       absl::StartsWith(line, absl::StrCat(name, " "));
    if (!is_it) continue;
    if (!source.empty() && !absl::StrContains(line, absl::StrCat("source=\"", source, "\""))) {
      continue;
    }
    double value = 0;
    const bool read = absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value);
    EXPECT_TRUE(read) << line;
    sum += value;
  }
  return sum;
}

}  // namespace hedui::testing
