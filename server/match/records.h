// What several records of one thing tell together. Internal to match; pure.
#ifndef HEDUI_SERVER_MATCH_RECORDS_H_
#define HEDUI_SERVER_MATCH_RECORDS_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/answer.h"
#include "server/match/deduplicate.h"

namespace hedui::match {

// In the order of the candidates.
using Records = std::vector<Candidate*>;

// Records of several answers with equal keys are one thing. Absent where not all of it is told.
using Key = std::array<std::string, 3>;
std::optional<Key> KeyOf(const base::Record& record);

// What an answer tells of the amount of one thing.
struct Sum {
  bool told = false;  // some amount, even one that cannot be read
  bool known = true;  // every record has one, and they can be added
  int64_t fen = 0;
};

Sum SumOf(const Records& records);

// What amounts so far apart that they wrap are of is no income: as far off as can be said.
int64_t Difference(int64_t a, int64_t b);

std::vector<Records> SplitByAnswer(const Records& records);

// What some records tell of one field: its values, each beside the amount, since which value goes
// with which payment matters. Sorted; less than there are records where it is absent from some.
using Column = std::vector<std::pair<std::string, std::string>>;

std::map<absl::string_view, Column> ColumnsOf(const Records& records);

}  // namespace hedui::match

#endif  // HEDUI_SERVER_MATCH_RECORDS_H_
