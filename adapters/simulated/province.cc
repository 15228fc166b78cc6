#include "adapters/simulated/province.h"

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "adapters/simulated/generator.h"
#include "adapters/wire_format.h"
#include "hedui/config/v1/simulation.pb.h"
#include "hedui/v1/source.pb.h"
#include "server/base/identity.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/base/yaml_message.h"

namespace hedui::adapters {
namespace {

using config::v1::SimulatedFault;
using config::v1::SimulatedHolding;
using config::v1::SimulatedPerson;
using config::v1::SimulatedSource;
using config::v1::Simulation;

constexpr int kSourcesMax = 64;
constexpr int64_t kDelaySecondsMax = 3'600;
constexpr int64_t kPendingSecondsMax = 60 * 86'400;

// What is said of a record outside the period asked: nothing. Records without a month are always
// told.
bool IsAsked(const v1::Record& record, const base::Period& asked) {
  for (const v1::Field& field : record.fields()) {
    if (field.name() != "month" || field.value_case() != v1::Field::kMonth) continue;
    const absl::StatusOr<absl::CivilMonth> month = base::ParseMonth(field.month());
    return month.ok() && asked.Contains(absl::CivilDay(*month));
  }
  return true;
}

// Collects what is wrong with a simulation, so that its author sees all of it at once.
class Checker {
 public:
  explicit Checker(absl::string_view file) : file_(file) {}

  void Add(absl::string_view where, absl::string_view text) {
    defects_.push_back(absl::StrCat(file_, ": ", where, ": ", text));
  }
  void CheckDay(absl::string_view where, const std::string& day) {
    if (!day.empty() && !base::ParseDay(day).ok()) Add(where, "is no day; write YYYY-MM-DD");
  }
  void CheckSource(const SimulatedSource& source, const std::string& where);
  void CheckFault(const SimulatedFault& fault, const std::string& where);

  absl::Status ToStatus() const {
    if (defects_.empty()) return absl::OkStatus();
    return base::MakeError(absl::StatusCode::kInvalidArgument, "CONFIGURATION",
                           absl::StrJoin(defects_, "\n"), base::Visibility::kOperator);
  }

 private:
  const std::string file_;
  std::vector<std::string> defects_;
};

void Checker::CheckFault(const SimulatedFault& fault, const std::string& where) {
  if (fault.kind() == SimulatedFault::KIND_UNSPECIFIED) Add(where, "kind is missing");
  const bool delays = fault.kind() == SimulatedFault::KIND_DELAY;
  if (delays != fault.has_delay()) Add(where, "delay goes with kind delay, and only with it");
  if (fault.delay().seconds() > kDelaySecondsMax) Add(where, "delay is above an hour");
  const bool promises = fault.kind() == SimulatedFault::KIND_PENDING ||
                        fault.kind() == SimulatedFault::KIND_RENEW ||
                        fault.kind() == SimulatedFault::KIND_PARTLY;
  if (fault.has_pending_for() && !promises) {
    Add(where, "pending_for goes with kinds pending, renew and partly only");
  }
  if (fault.pending_for().seconds() > kPendingSecondsMax || fault.pending_for().nanos() != 0) {
    Add(where, "pending_for is above 60 days, or no whole seconds");
  }
  if (fault.first_calls() < 0) Add(where, "first_calls is negative");
  if (fault.permille() < 0 || fault.permille() > 1'000) Add(where, "permille is outside 0 to 1000");
}

void Checker::CheckSource(const SimulatedSource& source, const std::string& where) {
  if (source.id().empty()) Add(where, "id is missing");
  if (source.categories().empty()) Add(where, "categories are missing");
  std::set<std::string> categories;
  for (const std::string& category : source.categories()) {
    if (!categories.insert(category).second) Add(where, "a category is there twice");
  }
  CheckDay(absl::StrCat(where, ".data_day"), source.data_day());
  for (int i = 0; i < source.faults_size(); ++i) {
    CheckFault(source.faults(i), absl::StrCat(where, ".faults[", i, "]"));
  }
}

bool Holds(const SimulatedSource& source, absl::string_view category) {
  for (const std::string& held : source.categories()) {
    if (held == category) return true;
  }
  return false;
}

base::Identity IdentityOf(const v1::Identity& wire) {
  base::Identity identity;
  identity.kind = static_cast<base::IdentityKind>(wire.kind());
  identity.number = wire.number();
  identity.name = wire.name();
  return identity;
}

}  // namespace

Province::Province(std::unique_ptr<Simulation> simulation) : simulation_(std::move(simulation)) {}

Province::~Province() = default;

absl::StatusOr<std::shared_ptr<const Province>> Province::Load(const std::string& path) {
  HEDUI_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path));
  return Parse(path, text);
}

absl::StatusOr<std::shared_ptr<const Province>> Province::Parse(absl::string_view file,
                                                                absl::string_view text) {
  auto simulation = std::make_unique<Simulation>();
  HEDUI_RETURN_IF_ERROR(base::ReadYamlMessage(file, text, simulation.get()));
  std::shared_ptr<Province> province(new Province(std::move(simulation)));
  HEDUI_RETURN_IF_ERROR(province->Index(file));
  return province;
}

Province::PersonKey Province::KeyOf(const v1::Identity& identity) {
  return {static_cast<int>(identity.kind()),
          identity.number().empty() ? base::NormaliseName(identity.name()) : identity.number()};
}

absl::Status Province::Index(absl::string_view file) {
  Checker checker(file);
  if (simulation_->data_day().empty()) checker.Add("data_day", "is missing");
  checker.CheckDay("data_day", simulation_->data_day());
  if (simulation_->sources().empty()) checker.Add("sources", "are missing");
  if (simulation_->sources_size() > kSourcesMax) checker.Add("sources", "are more than 64");
  for (int i = 0; i < simulation_->sources_size(); ++i) {
    const std::string where = absl::StrCat("sources[", i, "]");
    const SimulatedSource& source = simulation_->sources(i);
    checker.CheckSource(source, where);
    if (!sources_.emplace(source.id(), &source).second) {
      checker.Add(where, absl::StrCat("id \"", source.id(), "\" is there twice"));
    }
  }
  // Holdings are answered from below, which needs days that can be read.
  HEDUI_RETURN_IF_ERROR(checker.ToStatus());

  for (int i = 0; i < simulation_->people_size(); ++i) {
    const std::string where = absl::StrCat("people[", i, "]");
    const SimulatedPerson& person = simulation_->people(i);
    const auto identity =
        base::NormaliseIdentity(static_cast<base::IdentityKind>(person.identity().kind()),
                                person.identity().number(), person.identity().name());
    if (!identity.ok()) {
      checker.Add(where, absl::StrCat("identity: ", base::ReasonOf(identity.status())));
      continue;
    }
    if (!people_.emplace(KeyOf(person.identity()), &person).second) {
      checker.Add(where, "the same document is there twice");
    }
    std::set<std::pair<std::string, std::string>> held;
    for (int k = 0; k < person.holdings_size(); ++k) {
      const SimulatedHolding& holding = person.holdings(k);
      const std::string at = absl::StrCat(where, ".holdings[", k, "]");
      const SimulatedSource* source = FindSource(holding.source());
      if (source == nullptr || !Holds(*source, holding.category())) {
        checker.Add(at, "no source of the file holds that category");
        continue;
      }
      if (!held.emplace(holding.source(), holding.category()).second) {
        checker.Add(at, "the same source and category are there twice");
      }
      // What would be sent must be what a strict reader takes.
      v1::QueryResponse response;
      v1::SourceAnswer* answer = response.add_answers();
      AnswerFromHolding(person, holding, base::Period{}, answer);
      answer->set_person_id("p");
      answer->set_category(holding.category());
      if (answer->kind() == v1::ANSWER_KIND_PENDING) response.set_pending_token("token");
      plan::SourceQuery query;
      query.source_id = source->id();
      query.people.push_back({"p", IdentityOf(person.identity()), {holding.category()}});
      const SourceReply reply = DecodeQueryResponse(response.SerializeAsString(), query, "key");
      if (!reply.operator_text.empty()) checker.Add(at, reply.operator_text);
    }
  }
  return checker.ToStatus();
}

const SimulatedSource* Province::FindSource(absl::string_view id) const {
  const auto found = sources_.find(id);
  return found == sources_.end() ? nullptr : found->second;
}

const SimulatedHolding* Province::FindHolding(const SimulatedPerson& person,
                                              absl::string_view source,
                                              absl::string_view category) const {
  for (const SimulatedHolding& holding : person.holdings()) {
    if (holding.source() == source && holding.category() == category) return &holding;
  }
  return nullptr;
}

void Province::Answer(const SimulatedSource& source, const v1::Identity& person,
                      absl::string_view category, const base::Period& asked,
                      v1::SourceAnswer* out) const {
  if (!Holds(source, category)) {
    out->set_kind(v1::ANSWER_KIND_NOT_COVERED);
    return;
  }
  out->set_data_day(source.data_day().empty() ? simulation_->data_day() : source.data_day());
  const auto listed = people_.find(KeyOf(person));
  if (listed == people_.end()) return AnswerUnlisted(source, person, category, asked, out);
  const SimulatedHolding* holding = FindHolding(*listed->second, source.id(), category);
  if (holding != nullptr) return AnswerFromHolding(*listed->second, *holding, asked, out);
  out->set_kind(source.unlisted() == config::v1::UNLISTED_NOT_COVERED
                    ? v1::ANSWER_KIND_NOT_COVERED
                    : v1::ANSWER_KIND_CONFIRMED_NONE);
}

void Province::AnswerFromHolding(const SimulatedPerson& person, const SimulatedHolding& holding,
                                 const base::Period& asked, v1::SourceAnswer* out) const {
  for (const v1::Record& record : holding.records()) {
    if (IsAsked(record, asked)) *out->add_records() = record;
  }
  v1::AnswerKind kind = holding.kind();
  if (kind == v1::ANSWER_KIND_UNSPECIFIED) {
    kind = out->records().empty() ? v1::ANSWER_KIND_CONFIRMED_NONE : v1::ANSWER_KIND_FOUND;
  }
  out->set_kind(kind);
  out->set_reason(holding.reason());
  out->set_complete(kind == v1::ANSWER_KIND_FOUND && !holding.incomplete());
  if (!holding.data_day().empty()) out->set_data_day(holding.data_day());
  if (holding.has_covered()) *out->mutable_covered() = holding.covered();
  *out->mutable_subject() = holding.has_subject() ? holding.subject() : person.identity();
}

void Province::AnswerUnlisted(const SimulatedSource& source, const v1::Identity& person,
                              absl::string_view category, const base::Period& asked,
                              v1::SourceAnswer* out) const {
  if (source.unlisted() == config::v1::UNLISTED_NOT_COVERED) {
    out->set_kind(v1::ANSWER_KIND_NOT_COVERED);
    return;
  }
  if (source.unlisted() == config::v1::UNLISTED_GENERATED) {
    const absl::StatusOr<absl::CivilDay> day = base::ParseDay(out->data_day());
    GenerateRecords(simulation_->seed(), category, person.number(), asked, *day, out);
  }
  const bool found = !out->records().empty();
  out->set_kind(found ? v1::ANSWER_KIND_FOUND : v1::ANSWER_KIND_CONFIRMED_NONE);
  out->set_complete(found);
  if (found) *out->mutable_subject() = person;
}

}  // namespace hedui::adapters
