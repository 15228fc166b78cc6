#include "adapters/simulated/province.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hedui/config/v1/simulation.pb.h"
#include "hedui/v1/source.pb.h"
#include "server/base/status.h"
#include "tests/adapters/kind_harness.h"

namespace hedui::adapters {
namespace {

constexpr char kPeople[] = R"(
people:
  - identity: {kind: resident_id, number: "640104197905123171", name: 马志远}
    holdings:
      - source: dept
        category: employment
        records:
          - {kind: wage, fields: [{name: month, month: "2025-01"}, {name: amount, money_fen: 1}]}
          - {kind: wage, fields: [{name: month, month: "2025-02"}, {name: amount, money_fen: 2}]}
)";

std::string Simulation(const std::string& unlisted = "", const std::string& people = kPeople) {
  return absl::StrCat(
      "data_day: \"2025-03-02\"\nseed: 3\nsources:\n  - id: dept\n    categories: [employment]\n",
      unlisted.empty() ? "" : absl::StrCat("    unlisted: ", unlisted, "\n"), people);
}

v1::SourceAnswer Ask(const std::string& simulation, const std::string& number,
                     const base::Period& period = {}) {
  const auto province = Province::Parse("test.yaml", simulation);
  EXPECT_TRUE(province.ok()) << province.status();
  v1::Identity person;
  person.set_kind(v1::IDENTITY_KIND_RESIDENT_ID);
  person.set_number(number);
  v1::SourceAnswer answer;
  (*province)->Answer(*(*province)->FindSource("dept"), person, "employment", period, &answer);
  return answer;
}

std::string DefectsOf(const std::string& simulation) {
  const auto province = Province::Parse("test.yaml", simulation);
  EXPECT_FALSE(province.ok());
  EXPECT_EQ(base::ReasonOf(province.status()), "CONFIGURATION");
  return std::string(province.status().message());
}

TEST(ProvinceTest, MonthsOutsideThePeriodAskedAreNotTold) {
  const base::Period february = {absl::CivilDay(2025, 2, 1), absl::CivilDay(2025, 3, 1)};
  const v1::SourceAnswer answer = Ask(Simulation(), "640104197905123171", february);
  ASSERT_EQ(answer.records_size(), 1);
  EXPECT_EQ(answer.records(0).fields(0).month(), "2025-02");
  EXPECT_EQ(Ask(Simulation(), "640104197905123171").records_size(), 2);
  const base::Period december = {absl::CivilDay(2024, 12, 1), absl::CivilDay(2025, 1, 1)};
  EXPECT_EQ(Ask(Simulation(), "640104197905123171", december).kind(),
            v1::ANSWER_KIND_CONFIRMED_NONE);
}

TEST(ProvinceTest, UnlistedPeopleGetWhatTheSourceSaysOfThem) {
  const std::string stranger = "11010519491231002X";
  EXPECT_EQ(Ask(Simulation(), stranger).kind(), v1::ANSWER_KIND_CONFIRMED_NONE);
  EXPECT_EQ(Ask(Simulation("not_covered"), stranger).kind(), v1::ANSWER_KIND_NOT_COVERED);
}

TEST(ProvinceTest, GeneratedPeopleAreTheSameEachTime) {
  int found = 0;
  for (const char* number : {"11010519491231002X", "440524188001010014", "360426199101010071",
                             "640104198109233243", "640104200403183195"}) {
    const v1::SourceAnswer first = Ask(Simulation("generated"), number);
    const v1::SourceAnswer second = Ask(Simulation("generated"), number);
    EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
    if (first.kind() == v1::ANSWER_KIND_FOUND) ++found;
  }
  EXPECT_GT(found, 0);
}

TEST(ProvinceTest, EveryDefectIsListed) {
  const std::string defects = DefectsOf(R"(
data_day: "2025-02-30"
sources:
  - id: dept
    categories: []
    faults: [{kind: delay}, {permille: 2000, kind: silent}]
  - id: dept
    categories: [a, a]
)");
  for (const char* expected :
       {"data_day: is no day", "sources[0]: categories are missing",
        "sources[0].faults[0]: delay goes with kind delay", "sources[0].faults[1]: permille",
        "sources[1]: a category is there twice", "id \"dept\" is there twice"}) {
    EXPECT_TRUE(absl::StrContains(defects, expected)) << expected << "\nin:\n" << defects;
  }
}

TEST(ProvinceTest, HoldingsMustBeWhatAStrictReaderTakes) {
  const std::string defects = DefectsOf(Simulation("", R"(
people:
  - identity: {kind: resident_id, number: "640104197905123172", name: 马志远}
  - identity: {kind: resident_id, number: "640104197905123171", name: 马志远}
    holdings:
      - {source: dept, category: deposit}
      - {source: dept, category: employment, kind: stale}
)"));
  EXPECT_TRUE(absl::StrContains(defects, "people[0]: identity: ID_CHECKSUM")) << defects;
  EXPECT_TRUE(absl::StrContains(defects, "people[1].holdings[0]: no source")) << defects;
  EXPECT_TRUE(absl::StrContains(defects, "people[1].holdings[1]: 1 answers malformed")) << defects;
  EXPECT_FALSE(absl::StrContains(defects, "64010419790512317")) << "no number in a text";
}

TEST(ProvinceTest, UnknownKeysAreRefusedWithTheirLine) {
  EXPECT_TRUE(
      absl::StrContains(DefectsOf("data_day: \"2025-03-02\"\nsurprise: 1\n"), "test.yaml:2:"));
}

TEST(ProvinceTest, TheDemosPeopleAreThere) {
  const auto province =
      Province::Load(absl::StrCat(HEDUI_SOURCE_DIR, "/adapters/simulated/demo/ningxia.yaml"));
  ASSERT_TRUE(province.ok()) << province.status();
  EXPECT_EQ((*province)->simulation().sources_size(), 11);
  v1::Identity father;
  father.set_kind(v1::IDENTITY_KIND_RESIDENT_ID);
  father.set_number("640104197905123171");
  v1::SourceAnswer answer;
  (*province)->Answer(*(*province)->FindSource("nx-social-security"), father, "employment",
                      {absl::CivilDay(2025, 2, 1), absl::CivilDay(2025, 3, 1)}, &answer);
  ASSERT_EQ(answer.records_size(), 1);
  EXPECT_EQ(answer.records(0).fields(2).money_fen(), 300'000);
}

TEST(DepartmentTest, AShareOfTheCallsIsDrawnFromTheSeed) {
  const std::string simulation =
      "data_day: \"2025-03-02\"\nseed: 3\nsources:\n  - id: dept\n    categories: [employment]\n"
      "    faults: [{kind: unavailable, permille: 100}]\n";
  v1::QueryRequest request;
  v1::QueryPerson* person = request.add_people();
  person->set_person_id("m1");
  person->add_categories("employment");
  const auto failures = [&] {
    const auto department = DepartmentOf(simulation, nullptr);
    std::vector<int> failed;
    for (int i = 0; i < 2'000; ++i) {
      if (!department->React(request).status.ok()) failed.push_back(i);
    }
    return failed;
  };
  const std::vector<int> first = failures();
  EXPECT_EQ(first, failures());
  EXPECT_GT(first.size(), 150u);
  EXPECT_LT(first.size(), 250u);
}

TEST(DepartmentTest, AnUnknownSourceIsNotFound) {
  const auto province = Province::Parse("test.yaml", Simulation());
  ASSERT_TRUE(province.ok());
  EXPECT_EQ(Department::Create(*province, "other").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace hedui::adapters
