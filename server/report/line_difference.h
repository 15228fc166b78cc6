// How two readings of one case differ, line by line. Internal to report; pure.
#ifndef HEDUI_SERVER_REPORT_LINE_DIFFERENCE_H_
#define HEDUI_SERVER_REPORT_LINE_DIFFERENCE_H_

#include <string>
#include <vector>

namespace hedui::report {

// One text for each line that differs, in the order of what was issued: what it said and says, or
// which of its fields changed; lines that are gone; then lines that are new; then how many merely
// stand elsewhere; last the header, which counts the others and says the least. Empty exactly when
// both are the same bytes. Lines are told apart by kind, code and person, so that one that came in
// between makes no difference of all behind it.
std::vector<std::string> DescribeDifferences(const std::vector<std::string>& issued,
                                             const std::vector<std::string>& now);

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_LINE_DIFFERENCE_H_
