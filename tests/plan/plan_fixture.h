// A household of two in 兴庆区 and the region's platform, for tests of planning: plans and what is
// not asked as lines of text.
#ifndef HEDUI_TESTS_PLAN_PLAN_FIXTURE_H_
#define HEDUI_TESTS_PLAN_PLAN_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/plan/planner.h"
#include "server/plan/waves.h"

namespace hedui::plan {

inline Source SourceOf(const std::string& id, base::Level level, const std::string& division,
                       const std::vector<std::string>& categories) {
  Source source;
  source.id = id;
  source.level = level;
  source.divisions = {division};
  source.identity_kinds = {base::IdentityKind::kResidentId};
  for (const std::string& code : categories) source.categories.push_back({code});
  return source;
}

inline Source Region(const std::string& id, const std::vector<std::string>& categories) {
  return SourceOf(id, base::Level::kRegion, "640000", categories);
}

// "bank: m1[deposit] m2[deposit,insurance]"
inline std::string Show(const SourceQuery& query) {
  std::string text = absl::StrCat(query.source_id, ":");
  for (const PersonQuery& person : query.people) {
    absl::StrAppend(&text, " ", person.person_id, "[", absl::StrJoin(person.categories, ","), "]");
  }
  return text;
}

inline std::vector<std::string> Show(const std::vector<SourceQuery>& queries) {
  std::vector<std::string> lines;
  for (const SourceQuery& query : queries) lines.push_back(Show(query));
  return lines;
}

inline std::vector<std::string> Show(const std::vector<Unasked>& unasked) {
  std::vector<std::string> lines;
  for (const Unasked& one : unasked) {
    lines.push_back(absl::StrCat(one.person_id, " ", one.category, " ",
                                 std::string(base::AnswerKindName(one.kind)), "/",
                                 std::string(base::ReasonName(one.reason)),
                                 one.source_id.empty() ? "" : " @", one.source_id));
  }
  return lines;
}

class PlannerTest : public ::testing::Test {
 protected:
  PlannerTest() {
    household_.division = "640104";
    AddPerson("m1", "110105194912310028");
    AddPerson("m2", "440524188001010014");
    input_.household = &household_;
    input_.platform_division = "640000";
    input_.period = {absl::CivilDay(2025, 2, 1), absl::CivilDay(2025, 3, 1)};
    Need({"deposit", "employment"});
  }
  void AddPerson(const std::string& id, const std::string& number) {
    base::Person person;
    person.id = id;
    person.identity = {base::IdentityKind::kResidentId, number, "某人"};
    household_.persons.push_back(person);
  }
  // A platform of this level above, or at, 兴庆区.
  void PlatformOf(base::Level level) {
    input_.platform_level = level;
    const std::map<base::Level, std::string> divisions = {{base::Level::kMinistry, "000000"},
                                                          {base::Level::kRegion, "640000"},
                                                          {base::Level::kCity, "640100"},
                                                          {base::Level::kCounty, "640104"}};
    input_.platform_division = divisions.at(level);
  }
  void DeclareHukou(size_t person, const std::string& division) {
    household_.persons[person].declared.push_back({"hukou", {{"division", division}}});
  }
  // The purpose needs these, and everyone may be asked about all of them.
  void Need(std::vector<std::string> categories) {
    input_.needed = categories;
    input_.scopes.clear();
    for (const base::Person& person : household_.persons) {
      input_.scopes.push_back({person.id, categories});
    }
  }
  Plan MustPlan(std::vector<Source> sources) {
    absl::StatusOr<Plan> plan = MakePlan(Catalogue(std::move(sources)), input_);
    EXPECT_TRUE(plan.ok()) << plan.status();
    return plan.ok() ? *std::move(plan) : Plan();
  }
  base::Answer AnswerOf(const std::string& person, const std::string& category,
                        base::AnswerKind kind) {
    base::Answer answer;
    answer.person_id = person;
    answer.category = category;
    answer.kind = kind;
    return answer;
  }
  base::Answer DeathOf(const std::string& person) {
    base::Answer answer = AnswerOf(person, "death", base::AnswerKind::kFound);
    answer.records = {{"death", {{"day", absl::CivilDay(2024, 12, 1)}}}};
    return answer;
  }

  // What is known after these answers, each told by the first source asked about its pair.
  static Progress After(const Plan& plan, const std::vector<base::Answer>& answers) {
    Progress progress;
    for (const base::Answer& answer : answers) {
      progress.Add(plan, FirstAsked(plan, answer), {answer});
    }
    return progress;
  }
  static std::string FirstAsked(const Plan& plan, const base::Answer& answer) {
    for (const Wave& wave : plan.waves) {
      for (const SourceQuery& query : wave) {
        for (const PersonQuery& person : query.people) {
          if (person.person_id != answer.person_id) continue;
          for (const std::string& category : person.categories) {
            if (category == answer.category) return query.source_id;
          }
        }
      }
    }
    return "";
  }

  base::Household household_;
  PlanInput input_;
};

}  // namespace hedui::plan

#endif  // HEDUI_TESTS_PLAN_PLAN_FIXTURE_H_
