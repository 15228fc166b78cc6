// Every field and code that policies/national/vocabulary.yaml names has its Chinese word in
// reports.
#include "server/report/words.h"

#include <map>
#include <set>
#include <string>

#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "server/base/yaml.h"

namespace hedui::report {
namespace {

TEST(WordsTest, EveryFieldAndCodeOfTheVocabularyHasAWord) {
  const auto text = base::ReadFile(HEDUI_SOURCE_DIR "/policies/national/vocabulary.yaml");
  ASSERT_TRUE(text.ok()) << text.status();
  const auto file = base::ParseYaml("vocabulary.yaml", *text);
  ASSERT_TRUE(file.ok()) << file.status();
  std::set<std::string> lists;
  for (const base::YamlEntry& kind : file->Find("facts")->entries) {
    for (const base::YamlEntry& field : kind.value.Find("fields")->entries) {
      const std::string& name = field.key.scalar;
      EXPECT_NE(FieldWord(name), name) << kind.key.scalar << "." << name;
      absl::string_view list = field.value.Find("type")->scalar;
      if (!absl::ConsumePrefix(&list, "code(") || !absl::ConsumeSuffix(&list, ")")) continue;
      lists.emplace(list);
      const base::YamlNode* codes = file->Find("codes")->Find(list);
      ASSERT_NE(codes, nullptr) << list;
      for (const base::YamlEntry& code : codes->Find("values")->entries) {
        EXPECT_NE(ValueWord(name, code.key.scalar), code.key.scalar)
            << kind.key.scalar << "." << name << " " << code.key.scalar;
      }
    }
  }
  EXPECT_FALSE(lists.empty());
}

// A record's fields have one word by name, whatever its kind: a code that two lists of fields with
// one name have must mean the same in both.
TEST(WordsTest, ACodeMeansTheSameInEveryFieldOfItsName) {
  const auto text = base::ReadFile(HEDUI_SOURCE_DIR "/policies/national/vocabulary.yaml");
  ASSERT_TRUE(text.ok()) << text.status();
  const auto file = base::ParseYaml("vocabulary.yaml", *text);
  ASSERT_TRUE(file.ok()) << file.status();
  std::map<std::string, std::string> labels;  // by field and code
  for (const base::YamlEntry& kind : file->Find("facts")->entries) {
    for (const base::YamlEntry& field : kind.value.Find("fields")->entries) {
      absl::string_view list = field.value.Find("type")->scalar;
      if (!absl::ConsumePrefix(&list, "code(") || !absl::ConsumeSuffix(&list, ")")) continue;
      for (const base::YamlEntry& code : file->Find("codes")->Find(list)->Find("values")->entries) {
        const std::string key = field.key.scalar + " " + code.key.scalar;
        const auto known = labels.emplace(key, code.value.scalar).first;
        EXPECT_EQ(known->second, code.value.scalar) << key << " of " << list;
      }
    }
  }
}

}  // namespace
}  // namespace hedui::report
