// What one core assesses: four members and forty facts by the Ningxia pack, every answer there,
// without and with the trace. Rendering the trace into words is not part of it: batch work keeps
// ids.
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/evaluator.h"
#include "server/assess/policy_pack.h"
#include "server/base/status.h"
#include "tests/bench/bench.h"

namespace hedui::bench {
namespace {

constexpr int kCases = 20'000;
constexpr int kRuns = 5;
constexpr int kMembers = 4;
constexpr int kFactsOfMember = 10;

void Add(assess::Case* c, const std::string& person, const char* category,
         std::vector<base::Record> records) {
  base::AnswerState state;
  state.person_id = person;
  state.category = category;
  state.source_id = absl::StrCat("source-", category);
  state.kind = records.empty() ? base::AnswerKind::kConfirmedNone : base::AnswerKind::kFound;
  state.complete = !records.empty();
  for (base::Record& record : records) {
    base::Fact fact;
    fact.person_id = person;
    fact.record = std::move(record);
    fact.answer = static_cast<int32_t>(c->facts.answers.size());
    c->facts.facts.push_back(std::move(fact));
  }
  c->facts.answers.push_back(std::move(state));
}

base::Record Income(const char* kind, int yuan) {
  return {kind,
          {{"month", absl::CivilMonth(2025, 2)},
           {"amount", base::Money::FromFen(int64_t{yuan} * 100)}}};
}
base::Record Transfer(int yuan) {
  base::Record transfer = Income("transfer_income", yuan);
  transfer.fields.push_back({"nature", std::string("pension")});
  return transfer;
}
base::Record Holding(const char* kind, int yuan) {
  return {kind, {{"amount", base::Money::FromFen(int64_t{yuan} * 100)}}};
}

assess::Case MakeCase() {
  assess::Case c;
  c.division = "640104";
  c.scope = "urban";
  c.dates.application = c.dates.policy = absl::CivilDay(2025, 3, 3);
  static constexpr base::Relation kRelations[kMembers] = {
      base::Relation::kApplicant, base::Relation::kSpouse, base::Relation::kChild,
      base::Relation::kChild};
  for (int i = 0; i < kMembers; ++i) {
    assess::Person person;
    person.id = absl::StrCat("m", i);
    person.relation = kRelations[i];
    person.birth = i < 2 ? absl::CivilDay(1980, 5, 1 + i) : absl::CivilDay(2010, 5, 1 + i);
    person.sex = i % 2 == 0 ? base::Sex::kMale : base::Sex::kFemale;
    person.number = absl::StrCat("number", i);
    c.persons.push_back(person);
    const std::string& id = c.persons.back().id;
    Add(&c, id, "employment", {Income("wage", 1200), Income("wage", 300), Transfer(50)});
    Add(&c, id, "tax", {Income("property_income", 20), Income("operating_income", 35)});
    Add(&c, id, "business", {});
    Add(&c, id, "assistance", {Transfer(10)});
    Add(&c, id, "deposit", {Holding("deposit", 2000), Holding("deposit", 150)});
    Add(&c, id, "securities", {});
    const bool couple = i < 2;
    Add(&c, id, "insurance",
        couple ? std::vector<base::Record>()
               : std::vector<base::Record>{Holding("insurance", 500)});
    Add(&c, id, "vehicle", {});
    Add(&c, id, "real_estate", {});
    Add(&c, id, "hukou", {{"hukou", {{"division", std::string("640104")}}}});
    const base::Record married{
        "marriage",
        {{"status", std::string("married")}, {"spouse_number", absl::StrCat("number", 1 - i)}}};
    Add(&c, id, "marriage",
        couple ? std::vector<base::Record>{married} : std::vector<base::Record>());
    Add(&c, id, "death", {});
    Add(&c, id, "enrolment", {});
    Add(&c, id, "disability", {});
  }
  return c;
}

absl::StatusOr<double> Rate(assess::Evaluator* evaluator, const assess::Division& division,
                            const assess::Case& c, bool trace) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kCases; ++i) HEDUI_RETURN_IF_ERROR(evaluator->Run(division, c, trace));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return kCases / seconds.count();
}

absl::StatusOr<std::vector<Row>> MeasureAssess() {
  HEDUI_ASSIGN_OR_RETURN(const assess::PolicyPack::Ptr pack,
                         assess::PolicyPack::Load(HEDUI_SOURCE_DIR "/policies"));
  const assess::Case c = MakeCase();
  if (c.facts.facts.size() != size_t{kMembers} * kFactsOfMember) {
    return absl::InternalError("the case of the benchmark has another number of facts");
  }
  const assess::Division* division = pack->compiled().FindDivision(c.division);
  assess::Evaluator evaluator(pack->compiled());
  std::vector<Row> rows;
  for (const bool trace : {false, true}) {
    HEDUI_ASSIGN_OR_RETURN(const double rate,
                           MedianOf([&] { return Rate(&evaluator, *division, c, trace); }, kRuns));
    Row row;
    row.name = trace ? "assess.traced_rate" : "assess.rate";
    row.value = rate;
    row.unit = "1/s";
    row.target = trace ? 40'000 : 100'000;
    row.setup = "one core, 4 members, 40 facts, every answer there, Ningxia pack";
    rows.push_back(std::move(row));
  }
  return rows;
}

const Registration kRows({"assess.rate", "assess.traced_rate"}, &MeasureAssess);

}  // namespace
}  // namespace hedui::bench
