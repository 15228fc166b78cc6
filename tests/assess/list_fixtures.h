// Kinds of facts and rules that the tests of lists share.
#ifndef HEDUI_TESTS_ASSESS_LIST_FIXTURES_H_
#define HEDUI_TESTS_ASSESS_LIST_FIXTURES_H_

#include <string>

#include "absl/strings/str_cat.h"

namespace hedui::assess {

// What is spread over several months; the category `roll` tells of it.
inline constexpr char kSpreadFacts[] = R"yaml(  bonus:
    label: 一次性收入
    by: period
    categories: [roll]
    evidence_by: [county]
    fields:
      from: {label: 起, type: date}
      until: {label: 止, type: date}
      amount: {label: 金额, type: money, min: 0}
  annual:
    label: 年收入
    by: year
    categories: [roll]
    evidence_by: [county]
    fields:
      year: {label: 年份, type: count}
      amount: {label: 金额, type: money, min: 0}
)yaml";

inline constexpr char kSpreadEvidence[] = R"yaml(  bonus:
    rows: [{from: 2020-01-01, complete_by: [roll], clause: T 一, trust: verified}]
  annual:
    rows: [{from: 2020-01-01, complete_by: [roll], clause: T 一, trust: verified}]
)yaml";

// A quantity, or a test where the type is "bool", of a person or the household.
inline std::string RuleOf(const std::string& name, const std::string& of, const std::string& type,
                          const std::string& expression) {
  return absl::StrCat("  ", name, ":\n    label: 值\n    of: ", of, "\n",
                      type == "bool" ? "" : absl::StrCat("    type: ", type, "\n"),
                      "    rows: [{from: 2020-01-01, value: \"", expression,
                      "\", clause: T 一, trust: verified}]\n");
}

}  // namespace hedui::assess

#endif  // HEDUI_TESTS_ASSESS_LIST_FIXTURES_H_
