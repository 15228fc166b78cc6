// docs/threat-model.md names the file of each defence and the test that shows it. A page of which
// nobody notices that it is no longer true would be worse than none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/base/yaml.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kTableHead[] = "| threat | defence | shown by |";

bool IsWord(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

absl::string_view TakeWord(absl::string_view* text) {
  *text = absl::StripLeadingAsciiWhitespace(*text);
  const auto end = std::find_if_not(text->begin(), text->end(), IsWord);
  const absl::string_view word = text->substr(0, static_cast<size_t>(end - text->begin()));
  text->remove_prefix(word.size());
  return word;
}

// Adds "Suite.Name" of each TEST, TEST_F and TEST_P that begins a line.
void AddTests(absl::string_view source, std::set<std::string>* tests) {
  for (size_t at = 0; at < source.size(); at = std::min(source.find('\n', at), source.size()) + 1) {
    absl::string_view rest = source.substr(at);
    if (!absl::ConsumePrefix(&rest, "TEST(") && !absl::ConsumePrefix(&rest, "TEST_F(") &&
        !absl::ConsumePrefix(&rest, "TEST_P(")) {
      continue;
    }
    const absl::string_view suite = TakeWord(&rest);
    absl::ConsumePrefix(&rest, ",");
    tests->insert(absl::StrCat(suite, ".", TakeWord(&rest)));
  }
}

std::set<std::string> TestsOfTheRepository() {
  std::set<std::string> tests;
  for (const auto& entry : fs::recursive_directory_iterator(HEDUI_SOURCE_DIR "/tests")) {
    if (entry.path().extension() != ".cc") continue;
    const auto source = base::ReadFile(entry.path().string());
    EXPECT_TRUE(source.ok()) << source.status();
    if (source.ok()) AddTests(*source, &tests);
  }
  return tests;
}

// "RateLimitTest.NoRateIsNoLimit" and not "lookup.db".
bool IsTestName(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  return parts.size() == 2 && !parts[0].empty() && !parts[1].empty() &&
         absl::ascii_isupper(static_cast<unsigned char>(parts[0][0])) &&
         absl::ascii_isupper(static_cast<unsigned char>(parts[1][0])) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsWord(c) || c == '.'; });
}

// "server/access/rate_limit.cc" and not "./dev prove tsan".
bool IsPath(absl::string_view text) {
  return absl::StrContains(text, '/') && !absl::StartsWith(text, ".") &&
         !absl::StrContains(text, ' ') && !absl::StrContains(text, ':');
}

// What stands between backquotes.
std::vector<absl::string_view> Quoted(absl::string_view text) {
  std::vector<absl::string_view> parts = absl::StrSplit(text, '`');
  std::vector<absl::string_view> quoted;
  for (size_t i = 1; i < parts.size(); i += 2) quoted.push_back(parts[i]);
  return quoted;
}

void CheckRow(absl::string_view line, const std::string& where, std::vector<std::string>* found) {
  const std::vector<absl::string_view> cells = absl::StrSplit(line, '|');
  if (cells.size() != 5) {
    found->push_back(absl::StrCat(where, "is no row of three cells"));
    return;
  }
  const std::vector<absl::string_view> defences = Quoted(cells[2]);
  if (std::none_of(defences.begin(), defences.end(), IsPath)) {
    found->push_back(absl::StrCat(where, "names no file of a defence"));
  }
  const std::vector<absl::string_view> proofs = Quoted(cells[3]);
  if (std::none_of(proofs.begin(), proofs.end(), IsTestName)) {
    found->push_back(absl::StrCat(where, "names no test"));
  }
}

// Everything in the page that is not so, as "line: text"; and how many threats it has.
std::vector<std::string> FindUntrue(absl::string_view page, const std::set<std::string>& tests,
                                    int* threats) {
  std::vector<std::string> found;
  bool in_table = false;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(page, '\n')) {
    const std::string where = absl::StrCat(++number, ": ");
    for (const absl::string_view name : Quoted(line)) {
      if (IsTestName(name) && tests.count(std::string(name)) == 0) {
        found.push_back(absl::StrCat(where, "there is no test ", name));
      } else if (IsPath(name) && !fs::exists(absl::StrCat(HEDUI_SOURCE_DIR "/", name))) {
        found.push_back(absl::StrCat(where, "there is no file ", name));
      }
    }
    if (!absl::StartsWith(line, "|")) {
      in_table = false;
    } else if (line == kTableHead) {
      in_table = true;
    } else if (in_table && !absl::StartsWith(line, "|-")) {
      ++*threats;
      CheckRow(line, where, &found);
    }
  }
  return found;
}

TEST(ThreatModelTest, EveryFileAndEveryTestThatItNamesIsThere) {
  const auto page = base::ReadFile(HEDUI_SOURCE_DIR "/docs/threat-model.md");
  ASSERT_TRUE(page.ok()) << page.status();
  int threats = 0;
  const std::vector<std::string> found = FindUntrue(*page, TestsOfTheRepository(), &threats);
  EXPECT_THAT(found, IsEmpty()) << absl::StrJoin(found, "\n");
  EXPECT_GE(threats, 40) << "its tables are not found";
}

TEST(ThreatModelTest, WhatIsNotThereIsFound) {
  std::set<std::string> tests;
  AddTests("TEST(ATest, Holds) {}\n  TEST(ATest, Indented)\nTEST_F(BTest,\n       IsBroken) {}\n",
           &tests);
  EXPECT_THAT(tests, ElementsAre("ATest.Holds", "BTest.IsBroken"));
  constexpr char kPage[] =
      "See `docs/rooms.txt`, `docs/no-such-page.md`, `lookup.db` and `./dev test`.\n"
      "| threat | defence | shown by |\n"
      "|---|---|---|\n"
      "| one | `server/main.cc` | `ATest.Holds` |\n"
      "| two | `server/gone.cc` | `ATest.IsGone`, `BTest.IsBroken` |\n"
      "| three | somebody looks | nobody |\n"
      "| four |\n"
      "\n"
      "| key | means |\n"
      "| a | b |\n";
  int threats = 0;
  EXPECT_THAT(
      FindUntrue(kPage, tests, &threats),
      ElementsAre("1: there is no file docs/no-such-page.md", "5: there is no file server/gone.cc",
                  "5: there is no test ATest.IsGone", "6: names no file of a defence",
                  "6: names no test", "7: is no row of three cells"));
  EXPECT_EQ(threats, 4);
}

}  // namespace
}  // namespace hedui::testing
