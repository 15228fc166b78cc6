// What is reckoned from what a soak counted, or the platform did. Pure functions.
#ifndef HEDUI_TESTS_SOAK_RATES_H_
#define HEDUI_TESTS_SOAK_RATES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace hedui::testing {

// By how much values that were taken at even times grew from the first to the last, as the median
// of the slopes between all pairs has it (Theil and Sen): single peaks do not move it. 0 for fewer
// than two.
double TheilSenGrowth(const std::vector<double>& values);

// The most times that lie within any span of this length; `times` ascend.
size_t MostWithin(const std::vector<absl::Duration>& times, absl::Duration span);

// What metrics say, the sum over all labels; of one source where it is named.
double Metric(const std::string& scraped, const std::string& name, const std::string& source = "");

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SOAK_RATES_H_
