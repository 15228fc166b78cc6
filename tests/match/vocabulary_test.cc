// What match knows of kinds and fields is what policies/national/vocabulary.yaml declares.
#include "server/match/vocabulary.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "server/base/yaml.h"

namespace hedui::match {
namespace {

class VocabularyTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto text = base::ReadFile(HEDUI_SOURCE_DIR "/policies/national/vocabulary.yaml");
    ASSERT_TRUE(text.ok()) << text.status();
    auto file = base::ParseYaml("vocabulary.yaml", *text);
    ASSERT_TRUE(file.ok()) << file.status();
    file_ = *std::move(file);
  }

  const base::YamlNode* Field(absl::string_view kind, absl::string_view field) const {
    const base::YamlNode* declared = file_.Find("facts")->Find(kind);
    return declared == nullptr ? nullptr : declared->Find("fields")->Find(field);
  }

  base::YamlNode file_;
};

// A kind that is not listed here would silently count twice.
TEST_F(VocabularyTest, EveryKindThatSourcesDeliverIsListed) {
  for (const base::YamlEntry& entry : file_.Find("facts")->entries) {
    const std::string& name = entry.key.scalar;
    if (entry.value.Find("categories") == nullptr) continue;  // only ever declared
    const ThingKind* kind = ThingKindOf(name);
    ASSERT_NE(kind, nullptr) << name;
    EXPECT_EQ(kind->telling == Telling::kByPayer, entry.value.Find("by")->scalar == "month")
        << name;
    for (const absl::string_view field : {kind->number_field, kind->holder_field}) {
      EXPECT_TRUE(field.empty() || Field(name, field) != nullptr) << name << "." << field;
    }
  }
}

TEST_F(VocabularyTest, NothingIsListedThatIsNotDeclared) {
  for (const ThingKind& kind : kThingKinds) {
    EXPECT_NE(file_.Find("facts")->Find(kind.kind), nullptr) << kind.kind;
    if (kind.telling != Telling::kByPayer) continue;
    for (const absl::string_view field : {kAmountField, kMonthField, kPayerField}) {
      EXPECT_NE(Field(kind.kind, field), nullptr) << kind.kind << "." << field;
    }
  }
  for (const absl::string_view field : {kDayField, kCremationDayField}) {
    EXPECT_NE(Field(kDeathKind, field), nullptr) << field;
  }
  EXPECT_NE(Field(kWageKind, kNetField), nullptr);
  EXPECT_NE(Field("transfer_income", kNatureField), nullptr);
  EXPECT_NE(Field(kDeathKind, kDayField), nullptr);
  for (const absl::string_view field : {kStatusField, kSpouseNumberField, kSpouseNameField}) {
    EXPECT_NE(Field(kMarriageKind, field), nullptr) << field;
  }
  EXPECT_NE(file_.Find("categories")->Find(kMarriageKind), nullptr);
  EXPECT_NE(file_.Find("codes")->Find("marital_status")->Find("values")->Find(kMarriedStatus),
            nullptr);
}

// Whatever a record says by leaving a field out, two records are compared with: of every type.
TEST_F(VocabularyTest, EveryDefaultIsImplied) {
  size_t implied = 0;
  for (const base::YamlEntry& entry : file_.Find("facts")->entries) {
    for (const base::YamlEntry& field : entry.value.Find("fields")->entries) {
      const base::YamlNode* value = field.value.Find("default");
      if (value == nullptr) continue;
      ++implied;
      const std::string name = entry.key.scalar + "." + field.key.scalar;
      EXPECT_EQ(field.value.Find("type")->scalar, "bool") << name << ": match implies truths only";
      EXPECT_TRUE(std::any_of(kImpliedFields.begin(), kImpliedFields.end(), [&](const auto& one) {
        return one.kind == entry.key.scalar && one.field == field.key.scalar &&
               one.value == (value->scalar == "true");
      })) << name;
    }
  }
  EXPECT_EQ(implied, kImpliedFields.size());
}

}  // namespace
}  // namespace hedui::match
