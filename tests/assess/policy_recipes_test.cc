// docs/policy-recipes*.md: every snippet is lines of the policy pack it names, whose cases are run
// elsewhere, and what the page calls refused is refused for the reason it gives.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/policy_pack.h"
#include "server/base/yaml.h"
#include "tests/assess/test_packs.h"
#include "tests/support/temporary_directory.h"

namespace hedui::assess {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kTableHead[] = "| result | refused | code | written |";

std::vector<std::string> Pages() {
  std::vector<std::string> pages;
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder("docs"))) {
    if (absl::StartsWith(entry.path().filename().string(), "policy-recipes")) {
      pages.push_back(*base::ReadFile(entry.path().string()));
    }
  }
  return pages;
}

// The lines of a file, in front of which and behind which a line ends.
std::string Framed(absl::string_view text) { return absl::StrCat("\n", text, "\n"); }

// Every snippet that is not in the file it names, as "line: text"; and how many parts of files
// there are. A yaml block is parts: "# FILE" and lines of it as they stand there; "  # …" stands
// for lines left out.
std::vector<std::string> FindUntrue(absl::string_view page, int* parts) {
  std::vector<std::string> found;
  std::string file_text, part;
  bool in_block = false;
  int number = 0;
  auto end_part = [&] {
    if (part.empty()) return;
    ++*parts;
    if (!absl::StrContains(file_text, Framed(absl::StripSuffix(part, "\n")))) {
      found.push_back(absl::StrCat(number, ": not in the file it names"));
    }
    part.clear();
  };
  for (const absl::string_view line : absl::StrSplit(page, '\n')) {
    ++number;
    if (absl::StartsWith(line, "```")) {
      end_part();
      in_block = line == "```yaml";
      file_text.clear();
    } else if (in_block && absl::StartsWith(line, "# ")) {
      end_part();
      const auto text = base::ReadFile(Folder(std::string(line.substr(2))));
      if (!text.ok()) found.push_back(absl::StrCat(number, ": there is no such file"));
      file_text = text.ok() ? Framed(*text) : "";
    } else if (in_block && line == "  # …") {
      end_part();
    } else if (in_block) {
      absl::StrAppend(&part, line, "\n");
    }
  }
  return found;
}

// "`a == b`" without the quotes.
std::string Unquoted(absl::string_view cell) {
  return std::string(
      absl::StripPrefix(absl::StripSuffix(absl::StripAsciiWhitespace(cell), "`"), "`"));
}

// The codes that a county of Ningxia hears whose policy has this one quantity or test.
std::vector<std::string> CodesOf(const std::string& type, const std::string& expression) {
  const hedui::testing::TemporaryDirectory root;
  const bool test = type == "bool";
  const std::string text = absl::StrCat("division: \"649992\"\n", test ? "tests" : "quantities",
                                        ":\n  recipe:\n    label: 示例\n",
                                        test ? "" : absl::StrCat("    type: ", type, "\n"),
                                        "    rows:\n      - {from: 2025-01-01, value: \"",
                                        expression, "\", clause: NXEX 示例, trust: assumed}\n");
  root.Write("649992/recipe.yaml", text);
  std::vector<std::string> codes;
  for (const PolicyFinding& finding : PolicyPack::Check({Folder("policies"), root.path()})) {
    codes.push_back(finding.code);
  }
  return codes;
}

TEST(PolicyRecipesTest, EverySnippetIsInThePackThatItNames) {
  int parts = 0;
  for (const std::string& page : Pages()) {
    const std::vector<std::string> found = FindUntrue(page, &parts);
    EXPECT_THAT(found, IsEmpty()) << page.substr(0, page.find('\n')) << "\n"
                                  << absl::StrJoin(found, "\n");
  }
  EXPECT_GE(parts, 40) << "the snippets are not found";
}

TEST(PolicyRecipesTest, WhatIsNotThereIsFound) {
  constexpr char kPage[] =
      "```sh\nhedui policy lint DIR\n```\n"
      "```yaml\n"
      "# tests/assess/packs/zhongshan/442000/standard.yaml\n"
      "  dibao_standard:\n    rows:\n"
      "  # …\n"
      "  class_addon:\n    rows: [\n"
      "# tests/assess/packs/zhongshan/442000/gone.yaml\n"
      "parameters:\n"
      "```\n"
      "```yaml\nparameters:\n```\n";
  int parts = 0;
  EXPECT_THAT(FindUntrue(kPage, &parts),
              ElementsAre("11: not in the file it names", "11: there is no such file",
                          "13: not in the file it names", "16: not in the file it names"));
  EXPECT_EQ(parts, 4);
}

TEST(PolicyRecipesTest, EveryPackIsNamedOnAPage) {
  const std::string pages = absl::StrJoin(Pages(), "\n");
  for (const fs::directory_entry& entry : fs::directory_iterator(Folder("tests/assess/packs"))) {
    const std::string pack = absl::StrCat("tests/assess/packs/", entry.path().filename().string());
    EXPECT_TRUE(absl::StrContains(pages, absl::StrCat(pack, "/"))) << pack;
  }
}

TEST(PolicyRecipesTest, WhatIsRefusedIsRefusedForThatReasonAndIsWrittenAsThePageSays) {
  int rows = 0;
  bool in_table = false;
  for (const std::string& page : Pages()) {
    for (const absl::string_view line : absl::StrSplit(page, '\n')) {
      if (!absl::StartsWith(line, "|")) in_table = false;
      if (in_table && !absl::StartsWith(line, "|-")) {
        ++rows;
        const std::vector<absl::string_view> cells = absl::StrSplit(line, '|');
        ASSERT_EQ(cells.size(), 6U) << line;
        const std::string type = Unquoted(cells[1]);
        EXPECT_THAT(CodesOf(type, Unquoted(cells[2])), ElementsAre(Unquoted(cells[3]))) << line;
        EXPECT_THAT(CodesOf(type, Unquoted(cells[4])), IsEmpty()) << line;
      }
      if (line == kTableHead) in_table = true;
    }
  }
  EXPECT_GE(rows, 10) << "the table is not found";
}

}  // namespace
}  // namespace hedui::assess
