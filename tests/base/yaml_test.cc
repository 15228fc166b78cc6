#include "server/base/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

#include "server/base/status.h"
#include "tests/support/temporary_directory.h"

namespace hedui::base {
namespace {

using ::testing::HasSubstr;
using Kind = YamlNode::Kind;

// The code of the first defect, or "" for a text without one.
std::string CodeOf(absl::string_view text) {
  std::vector<YamlDefect> defects;
  ParseYamlListing("t.yaml", text, &defects);
  return defects.empty() ? "" : defects.front().code;
}

TEST(YamlTest, ReadsMappingsSequencesAndTextWithTheirPlaces) {
  const auto root =
      ParseYaml("t.yaml", "name: 兴庆区\nrows:\n  - 1.50\n  - \"1.50\"\nlast: |\n  a\n  b\n");
  ASSERT_TRUE(root.ok()) << root.status();
  ASSERT_EQ(root->kind, Kind::kMapping);
  ASSERT_EQ(root->entries.size(), 3u);
  EXPECT_EQ(root->Find("name")->scalar, "兴庆区");
  const YamlNode& rows = *root->Find("rows");
  ASSERT_EQ(rows.kind, Kind::kSequence);
  EXPECT_EQ(rows.items[0].scalar, "1.50") << "text, not a number";
  EXPECT_FALSE(rows.items[0].quoted);
  EXPECT_EQ(rows.items[1].scalar, "1.50");
  EXPECT_TRUE(rows.items[1].quoted);
  EXPECT_EQ(rows.items[1].line, 4);
  EXPECT_EQ(rows.items[1].column, 5);
  EXPECT_EQ(root->Find("last")->scalar, "a\nb\n");
  EXPECT_EQ(root->entries[2].key.line, 5);
  EXPECT_EQ(root->Find("absent"), nullptr);
  EXPECT_EQ(rows.Find("x"), nullptr);
}

TEST(YamlTest, NullIsToldFromText) {
  const auto root = ParseYaml("t", "a:\nb: ~\nc: null\nd: 'null'\ne: ''\n");
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(root->Find("a")->kind, Kind::kNull);
  EXPECT_EQ(root->Find("b")->kind, Kind::kNull);
  EXPECT_EQ(root->Find("c")->kind, Kind::kNull);
  EXPECT_EQ(root->Find("d")->kind, Kind::kScalar);
  EXPECT_EQ(root->Find("e")->kind, Kind::kScalar);
  EXPECT_EQ(ParseYaml("t", "a: x\n...\n")->Find("a")->scalar, "x") << "an end mark of its own";
  EXPECT_EQ(ParseYaml("t", "a: |\n  x\n")->Find("a")->scalar, "x\n");
  EXPECT_EQ(ParseYaml("t", "a: |-\n  x")->Find("a")->scalar, "x");
  EXPECT_EQ(ParseYaml("t", "a: x # why")->Find("a")->scalar, "x");
  EXPECT_EQ(ParseYaml("t", "")->kind, Kind::kNull);
  EXPECT_EQ(ParseYaml("t", "# nothing\n")->kind, Kind::kNull);
}

TEST(YamlTest, AMissingItemStandsWhereItIsMissed) {
  const auto list = ParseYaml("t.yaml", "a:\n  -\n  - # none\n  - b\n  - ");
  ASSERT_TRUE(list.ok()) << list.status();
  std::vector<int> lines;
  for (const YamlNode& item : list->Find("a")->items) lines.push_back(item.line);
  EXPECT_EQ(lines, (std::vector<int>{2, 3, 4, 5}));
  const auto nothing = ParseYaml("t.yaml", " ");
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_EQ(nothing->line, 1);
}

TEST(YamlTest, EveryDuplicateKeyIsNamedWithItsLine) {
  const auto root = ParseYaml("p.yaml", "a: 1\nb:\n  c: 1\n  c: 2\na: 3\n");
  EXPECT_EQ(ReasonOf(root.status()), "YAML");
  EXPECT_EQ(root.status().message(),
            "p.yaml:4: YAML_DUPLICATE_KEY: key \"c\" is given twice\n"
            "p.yaml:5: YAML_DUPLICATE_KEY: key \"a\" is given twice");
  EXPECT_EQ(CodeOf("{a: 1, \"a\": 2}"), "YAML_DUPLICATE_KEY") << "quoted or not is the same key";
}

TEST(YamlTest, WhatTheSubsetLeavesOutIsRefused) {
  EXPECT_EQ(CodeOf("a: &x 1\nb: *x\n"), "YAML_ANCHOR");
  EXPECT_EQ(CodeOf("a: *x\n"), "YAML_SYNTAX") << "the parser knows no such anchor";
  EXPECT_EQ(CodeOf("a: !!str 1\n"), "YAML_TAG");
  EXPECT_EQ(CodeOf("a: !mine 1\n"), "YAML_TAG");
  EXPECT_EQ(CodeOf("a: ! 1\n"), "YAML_TAG");
  EXPECT_EQ(CodeOf("!!map {a: 1}\n"), "YAML_TAG");
  EXPECT_EQ(CodeOf("a: !!seq [1]\n"), "YAML_TAG");
  EXPECT_EQ(CodeOf("a: 1\n---\nb: 2\n"), "YAML_SECOND_DOCUMENT");
  EXPECT_EQ(CodeOf("--- a\n--- b\n"), "YAML_SECOND_DOCUMENT");
  EXPECT_EQ(CodeOf("? [a, b]\n: 1\n"), "YAML_KEY");
  EXPECT_EQ(CodeOf("{~: 1}"), "YAML_KEY");
}

TEST(YamlTest, BrokenTextIsASyntaxDefectWithItsLine) {
  for (const char* text : {"a: [1, 2\n", "a: 'open\n", "a: b: c\n", "a: 1\n b: 2\n", "\tx: 1\n",
                           "}", "a: @b\n", "a: \"open", "a: 'open"}) {
    EXPECT_EQ(CodeOf(text), "YAML_SYNTAX") << text;
  }
  EXPECT_EQ(CodeOf("- a\nb: 1\n"), "YAML_SECOND_DOCUMENT") << "what follows a finished document";
  std::vector<YamlDefect> defects;
  ParseYamlListing("t.yaml", "a: 1\nb: 2\nc: d: e\n", &defects);
  ASSERT_EQ(defects.size(), 1u);
  EXPECT_EQ(defects[0].line, 3);
  defects.clear();
  ParseYamlListing("t.yaml", "? ? ? a", &defects);
  ASSERT_EQ(defects.size(), 1u);
  EXPECT_EQ(defects[0].line, 1) << "there is no second line";
}

TEST(YamlTest, OnlyUtf8TextIsRead) {
  EXPECT_EQ(CodeOf("a: \xff\n"), "YAML_ENCODING");
  EXPECT_EQ(CodeOf(absl::string_view("a: \0\n", 5)), "YAML_ENCODING");
  EXPECT_EQ(CodeOf("\xEF\xBB\xBF\xEF\xBB\xBF"), "YAML_ENCODING") << "two byte order marks";
  EXPECT_EQ(CodeOf(absl::string_view("\xff\xfe"
                                     "a\0:\0",
                                     6)),
            "YAML_ENCODING")
      << "UTF-16";
  std::vector<YamlDefect> defects;
  ParseYamlListing("t", "a: 1\nb: \xc0\x80\n", &defects);
  EXPECT_EQ(defects.at(0).line, 2);
  const auto marked = ParseYaml("t",
                                "\xEF\xBB\xBF"
                                "a: 1\r\nb: \"2\"\r\n");
  ASSERT_TRUE(marked.ok()) << "a byte order mark and CRLF are what some editors write";
  EXPECT_EQ(marked->Find("a")->scalar, "1");
  EXPECT_EQ(marked->Find("b")->scalar, "2");
}

TEST(YamlTest, DepthAndSizeAreBounded) {
  const std::string at_limit = std::string(kYamlDepthMax, '[') + std::string(kYamlDepthMax, ']');
  EXPECT_EQ(CodeOf(at_limit), "");
  EXPECT_EQ(CodeOf("[" + at_limit + "]"), "YAML_DEPTH");
  EXPECT_EQ(CodeOf(std::string(100'000, '[')), "YAML_DEPTH");
  EXPECT_EQ(CodeOf(std::string(kYamlBytesMax + 1, ' ')), "YAML_SIZE");
  std::string many = "[";
  for (int i = 0; i < 1'100'000; ++i) many += "a,";
  EXPECT_EQ(CodeOf(many + "a]"), "YAML_SIZE");
}

TEST(YamlTest, ListingGoesOnPastDuplicates) {
  std::vector<YamlDefect> defects;
  const auto root = ParseYamlListing("t", "a: 1\na: 2\nb: 3\n", &defects);
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(root->Find("a")->scalar, "1");
  EXPECT_EQ(root->Find("b")->scalar, "3");
  EXPECT_EQ(defects.size(), 1u);
}

// Mutated texts: whatever comes, an answer and no crash; a tree of text only.
TEST(YamlTest, MutatedTextsNeverThrowOrCrash) {
  const std::string seed =
      "sets:\n  - {id: a, from: 2025-01-01, to: ~}\n  - id: \"b\"\n    text: |\n      x\n"
      "    more: >-\n      y\nlist: [1, 'two', \"three\\n\"]\n# comment\nlast: end\n";
  const std::string alphabet = "[]{}:,-?|>&*!%@`'\"#~ \n\t\\0aé";
  std::mt19937 random(3);
  int read = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string text = seed;
    for (int j = static_cast<int>(random() % 4) + 1; j > 0; --j) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.erase(at, random() % 8);
          break;
        default:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
      }
      if (text.empty()) text = "a";
    }
    std::vector<YamlDefect> defects;
    const auto root = ParseYamlListing("t", text, &defects);
    EXPECT_TRUE(root.has_value() || !defects.empty()) << text;
    for (const YamlDefect& defect : defects) EXPECT_GE(defect.line, 1) << text;
    if (root.has_value() && defects.empty()) ++read;
  }
  EXPECT_GT(read, 500) << "mutations that all fail test nothing";
}

TEST(ReadFileTest, ReadsWholeFilesUpToTheBound) {
  const hedui::testing::TemporaryDirectory directory;
  const std::string path =
      directory.Write("file.txt", std::string(20'000, 'x') + std::string("\0end", 4));
  const auto whole = ReadFile(path);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->size(), 20'004u);
  EXPECT_TRUE(ReadFile(path, 20'004).ok());
  EXPECT_EQ(ReadFile(path, 20'003).status().code(), absl::StatusCode::kResourceExhausted);
  std::remove(path.c_str());
  const auto missing = ReadFile(path);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr(path));
  EXPECT_FALSE(ReadFile(directory.path()).ok()) << "a folder";
}

TEST(ReadYamlFileTest, NamesTheFileInItsDefects) {
  const hedui::testing::TemporaryDirectory directory;
  const std::string path = directory.Write("file.yaml", "a: 1\na: 2\n");
  const auto root = ReadYamlFile(path);
  EXPECT_THAT(std::string(root.status().message()), HasSubstr(path + ":2: YAML_DUPLICATE_KEY"));
}

}  // namespace
}  // namespace hedui::base
