// Rows as text. Pure functions.
#ifndef HEDUI_TESTS_BENCH_OUTPUT_H_
#define HEDUI_TESTS_BENCH_OUTPUT_H_

#include <string>
#include <vector>

#include "tests/bench/bench.h"

namespace hedui::bench {

// One array of {"name", "value", "unit", "floor", "ratio", "target", "met", "setup"}; null for what
// a row has not.
std::string FormatJson(const std::vector<Row>& rows);
// For people: a line per row, its setup below.
std::string FormatTable(const std::vector<Row>& rows);

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_OUTPUT_H_
