// Expressions, each put into a small policy and evaluated for one household, beside what they give.
#ifndef HEDUI_TESTS_ASSESS_EXPRESSION_ROWS_H_
#define HEDUI_TESTS_ASSESS_EXPRESSION_ROWS_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tests/assess/overlay.h"

namespace hedui::assess {

struct ExpressionRow {
  const char* expression;
  const char* type;
  const char* text;
  const char* policy = "";  // rows of the blame, sorted and joined by ;
  const char* marks = "";   // a: assumed
};

// A file with the quantities q0, q1, ….
inline std::string PolicyOf(const std::vector<ExpressionRow>& rows) {
  std::string text = "quantities:\n";
  int i = 0;
  for (const ExpressionRow& row : rows) {
    absl::StrAppend(&text, "  q", i++, ":\n    label: 测试\n    type: ", row.type,
                    "\n    rows:\n      - {from: 2021-10-01, value: \"", row.expression,
                    "\", clause: T 一, trust: verified}\n");
  }
  return text;
}

// By `files` alone, which must load.
inline Assessment AssessAlone(const Overlay& files, absl::string_view case_text) {
  auto result = files.AssessAlone(case_text);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : Assessment();
}

inline std::string PolicyRowsOf(const std::vector<Blame>& blames) {
  std::vector<std::string> rows;
  for (const Blame& blame : blames) {
    if (blame.kind == BlameKind::kPolicyRow) rows.push_back(blame.policy);
  }
  std::sort(rows.begin(), rows.end());
  return absl::StrJoin(rows, ";");
}

// By the files `nation` and, where it is not empty, `county`, for a household in 649992.
inline void ExpectRows(absl::string_view nation, absl::string_view county,
                       absl::string_view case_text, const std::vector<ExpressionRow>& rows) {
  Overlay files;
  files.Write("000000", nation);
  files.Write("649992", PolicyOf(rows));
  if (!county.empty()) files.Write("649992", county, "county");
  const Assessment result = AssessAlone(files, case_text);
  int i = 0;
  for (const ExpressionRow& row : rows) {
    const TraceEntry* entry = result.Find(absl::StrCat("q", i++));
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->value.text, row.text) << row.expression;
    EXPECT_EQ(PolicyRowsOf(entry->blame), row.policy) << row.expression;
    EXPECT_EQ(entry->marks.assumed, std::string(row.marks) == "a") << row.expression;
    EXPECT_EQ(entry->value.exact, entry->blame.empty()) << row.expression;
  }
}

}  // namespace hedui::assess

#endif  // HEDUI_TESTS_ASSESS_EXPRESSION_ROWS_H_
