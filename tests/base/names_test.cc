// The stable names of enumerators, which stand in reports, on the wire and in files.
#include <gtest/gtest.h>

#include "server/base/answer.h"
#include "server/base/division.h"
#include "server/base/household.h"

namespace hedui::base {
namespace {

template <typename Enum, typename Name, typename Value>
void ExpectNamesGoBothWays(int first, int last, Name name_of, Value value_of) {
  for (int i = first; i <= last; ++i) {
    const auto value = static_cast<Enum>(i);
    const absl::string_view name = name_of(value);
    EXPECT_NE(name, "UNKNOWN") << i;
    EXPECT_EQ(value_of(name), value) << name;
  }
  EXPECT_EQ(name_of(static_cast<Enum>(last + 1)), "UNKNOWN") << "an enumerator without a name";
  EXPECT_EQ(value_of("UNKNOWN"), std::nullopt);
  EXPECT_EQ(value_of(""), std::nullopt);
}

TEST(NamesTest, EveryEnumeratorHasOneNameAndBack) {
  ExpectNamesGoBothWays<AnswerKind>(1, 9, AnswerKindName, AnswerKindFromName);
  ExpectNamesGoBothWays<Reason>(0, 21, ReasonName, ReasonFromName);
  ExpectNamesGoBothWays<IdentityKind>(1, 7, IdentityKindName, IdentityKindFromName);
  ExpectNamesGoBothWays<PersonRole>(1, 2, PersonRoleName, PersonRoleFromName);
  ExpectNamesGoBothWays<Relation>(1, 8, RelationName, RelationFromName);
  ExpectNamesGoBothWays<CheckKind>(1, 7, CheckKindName, CheckKindFromName);
  ExpectNamesGoBothWays<Level>(1, 4, LevelName, LevelFromName);
}

TEST(NamesTest, SpellingsAreFixed) {
  EXPECT_EQ(AnswerKindName(AnswerKind::kConfirmedNone), "CONFIRMED_NONE");
  EXPECT_EQ(ReasonName(Reason::kNoAuthorization), "NO_AUTHORIZATION");
  EXPECT_EQ(ReasonName(Reason::kUnknownPerson), "UNKNOWN_PERSON");
  EXPECT_EQ(IdentityKindName(IdentityKind::kResidentId), "RESIDENT_ID");
  EXPECT_EQ(RelationName(Relation::kGrandparent), "GRANDPARENT");
  EXPECT_EQ(CheckKindName(CheckKind::kSpotCheck), "SPOT_CHECK");
  EXPECT_EQ(LevelName(Level::kRegion), "region");
  EXPECT_EQ(AnswerKindFromName("confirmed_none"), std::nullopt) << "names are case-sensitive";
}

TEST(RecordTest, FindsFieldsByName) {
  const Record wage{"wage", {{"amount", Money::FromFen(300000)}, {"payer", std::string("甲厂")}}};
  ASSERT_NE(wage.Find("amount"), nullptr);
  EXPECT_EQ(std::get<Money>(*wage.Find("amount")), Money::FromFen(300000));
  EXPECT_EQ(wage.Find("month"), nullptr);
}

}  // namespace
}  // namespace hedui::base
