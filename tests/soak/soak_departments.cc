#include "tests/soak/soak_departments.h"

#include <grpcpp/support/status.h>

#include <atomic>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "adapters/simulated/department.h"
#include "adapters/simulated/province.h"
#include "gtest/gtest.h"
#include "hedui/v1/source.pb.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "tests/bench/bytes.h"
#include "tests/bench/floor.h"
#include "tests/bench/raw_server.h"
#include "tests/support/fault_proxy.h"

namespace hedui::testing {
namespace {

using Mood = SoakDepartments::Mood;
using Proxy = FaultProxy;

// In the simulation's words; one of them for each query or poll of a hostile department.
constexpr const char* kPromise = "pending, pending_for: 2s";
constexpr const char* kHostileFaults[] = {"garbage",       "malformed",
                                          "wrong_person",  "stale",
                                          "empty",         "duplicate",
                                          "contradiction", "unasked",
                                          "refuse",        "renew, pending_for: 1s",
                                          kPromise,        "partly, pending_for: 1s"};
constexpr size_t kQueryMethod = 0;
constexpr size_t kPollMethod = 1;
// Queries of a department whose attempts are told apart: more than come within any deadline.
constexpr size_t kRemembered = 10'000;
// What a slow one takes at most.
constexpr int kSlowMsMax = 400;

const Proxy::Fault kNetworkFaults[] = {
    {Proxy::Kind::kCut, Proxy::Direction::kToCaller, 2'000},
    {Proxy::Kind::kCut, Proxy::Direction::kToTarget, 100},
    {Proxy::Kind::kHalfClose, Proxy::Direction::kToCaller, 2'500},
    {Proxy::Kind::kCorrupt, Proxy::Direction::kToCaller, 4'000},
    {Proxy::Kind::kDrip, Proxy::Direction::kToCaller, 0},
    {Proxy::Kind::kHold, Proxy::Direction::kToCaller, 3'000},
    {Proxy::Kind::kHold, Proxy::Direction::kToTarget, 0},
};
// The last so many carry later what has come.
constexpr size_t kHolding = 2;

// The simulation with this fault in each of its sources; empty: as it is.
std::shared_ptr<const adapters::Province> ProvinceWith(std::string simulation,
                                                       const std::vector<std::string>& ids,
                                                       const std::string& fault) {
  for (const std::string& id : ids) {
    if (fault.empty()) break;
    Scenario::AddToSource(&simulation, id, absl::StrCat("faults: [{kind: ", fault, "}]"));
  }
  auto province = adapters::Province::Parse("simulation.yaml", simulation);
  EXPECT_TRUE(province.ok()) << province.status();
  return province.ok() ? *std::move(province) : nullptr;
}

std::unique_ptr<adapters::Department> DepartmentOf(
    const std::shared_ptr<const adapters::Province>& province, const std::string& id) {
  auto department = adapters::Department::Create(province, id);
  EXPECT_TRUE(department.ok()) << department.status();
  return department.ok() ? *std::move(department) : nullptr;
}

adapters::Reaction Ask(adapters::Department* department, const v1::QueryRequest& query) {
  return department->React(query);
}
adapters::Reaction Ask(adapters::Department* department, const v1::PollRequest& poll) {
  return department->Redeem(poll);
}

}  // namespace

struct SoakDepartments::Department {
  std::unique_ptr<adapters::Department> right;
  std::unique_ptr<adapters::Department> promising;  // null: it never promises
  std::vector<std::unique_ptr<adapters::Department>> hostile;
  bool promises_often = false;
  std::unique_ptr<FaultProxy> network;
  std::atomic<Mood> mood{Mood::kGood};
  std::atomic<uint32_t> drawn{0};  // queries so far: what a mood does with each
  base::Mutex mutex;
  Counts counts ABSL_GUARDED_BY(mutex);
  // Queries, by the names of their attempts: the last so many, and as many before them.
  std::set<std::string> asked ABSL_GUARDED_BY(mutex);
  std::set<std::string> asked_before ABSL_GUARDED_BY(mutex);
};

struct SoakDepartments::State {
  // All on the server's one loop.
  void OnCall(bench::RawCall* call);
  template <typename Asked>
  void OnAsked(bench::RawCall* call, const Asked& asked);
  template <typename Asked>
  void Answer(bench::RawCall* call, Department* department, adapters::Department* as,
              const Asked& asked);
  void Count(Department* department, const std::string& attempt_id, bool poll);

  const base::SystemClock clock;
  const absl::Duration begun = clock.SteadyNow();
  absl::Duration silence;
  std::map<std::string, std::unique_ptr<Department>> departments;
  std::unique_ptr<bench::RawServer> server;  // last: its calls use the rest
};

void SoakDepartments::State::Count(Department* department, const std::string& attempt_id,
                                   bool poll) {
  const absl::Duration now = clock.SteadyNow() - begun;
  const base::MutexLock lock(&department->mutex);
  department->counts.arrived.push_back(now);
  const std::string query = attempt_id.substr(0, attempt_id.rfind('/'));
  const bool known = department->asked_before.count(query) > 0;
  const bool first = department->asked.insert(query).second && !known;
  if (department->asked.size() >= kRemembered) {
    department->asked_before = std::exchange(department->asked, {});
  }
  ++(first ? department->counts.firsts : department->counts.extra);
  if (poll) ++department->counts.polls;
}

template <typename Asked>
void SoakDepartments::State::Answer(bench::RawCall* call, Department* department,
                                    adapters::Department* as, const Asked& asked) {
  const adapters::Reaction reaction = Ask(as, asked);
  if (!reaction.status.ok()) {
    return call->Fail(static_cast<int>(reaction.status.code()),
                      std::string(reaction.status.message()));
  }
  if (call->method() == kPollMethod) {
    // Answers of either have the same fields under the same numbers.
    v1::PollResponse response;
    const bool promised =
        response.ParseFromString(reaction.response) && !response.pending_token().empty();
    const base::MutexLock lock(&department->mutex);
    department->counts.kept += promised ? 0 : 1;
  }
  call->Reply(bench::ToBuffer(reaction.response));
}

void SoakDepartments::State::OnCall(bench::RawCall* call) {
  const std::string bytes = bench::ToString(call->request());
  v1::QueryRequest query;
  v1::PollRequest poll;
  if (call->method() == kQueryMethod && query.ParseFromString(bytes)) return OnAsked(call, query);
  if (call->method() == kPollMethod && poll.ParseFromString(bytes)) return OnAsked(call, poll);
  call->Fail("not a query");
}

template <typename Asked>
void SoakDepartments::State::OnAsked(bench::RawCall* call, const Asked& asked) {
  // "intent/turn/source/query/attempt", read from its end.
  const std::vector<std::string> parts = absl::StrSplit(asked.attempt_id(), '/');
  const auto found =
      parts.size() < 3 ? departments.end() : departments.find(parts[parts.size() - 3]);
  if (found == departments.end()) return call->Fail("nobody of that name");
  Department* const department = found->second.get();
  Count(department, asked.attempt_id(), call->method() == kPollMethod);
  const uint32_t number = ++department->drawn;
  const uint32_t drawn = std::minstd_rand(number)();
  // The first one too, however few there are.
  const bool promised = department->promises_often && number % 4 == 1;
  adapters::Department* const right =
      promised ? department->promising.get() : department->right.get();
  switch (department->mood.load()) {
    case Mood::kSlow:
      call->loop()->After(absl::Milliseconds(drawn % kSlowMsMax),
                          [=, this] { Answer(call, department, right, asked); });
      return;
    case Mood::kSilent:
      call->loop()->After(silence, [call] { call->Fail("nobody waits any more"); });
      return;
    case Mood::kFlapping:
      if (drawn % 2 == 0) return call->Fail(grpc::StatusCode::UNAVAILABLE, "down for a moment");
      break;
    case Mood::kHostile:
      if (drawn % 8 == 0) return call->Fail(grpc::StatusCode::RESOURCE_EXHAUSTED, "too much");
      return Answer(call, department, department->hostile[drawn % department->hostile.size()].get(),
                    asked);
    default:
      break;
  }
  Answer(call, department, right, asked);
}

SoakDepartments::SoakDepartments(Scenario* scenario, const std::vector<std::string>& ids,
                                 Manners manners, absl::Duration silence, uint32_t seed)
    : manners_(std::move(manners)), random_(seed), state_(std::make_unique<State>()) {
  state_->silence = silence;
  const Issued tls = scenario->pki().IssueTls("departments");
  const auto right = ProvinceWith(scenario->simulation_yaml, ids, "");
  const auto promising = ProvinceWith(scenario->simulation_yaml, ids, kPromise);
  std::vector<std::shared_ptr<const adapters::Province>> hostile;
  for (const char* const fault : kHostileFaults) {
    hostile.push_back(fault == kPromise ? promising
                                        : ProvinceWith(scenario->simulation_yaml, ids, fault));
  }
  for (const std::string& id : ids) {
    auto department = std::make_unique<Department>();
    department->right = DepartmentOf(right, id);
    const bool promises = manners_.promise_nothing.count(id) == 0;
    if (promises) department->promising = DepartmentOf(promising, id);
    department->promises_often = manners_.promise_often.count(id) > 0;
    for (const auto& province : hostile) {
      if (promises || province != promising)
        department->hostile.push_back(DepartmentOf(province, id));
    }
    state_->departments.emplace(id, std::move(department));
  }
  state_->server = std::make_unique<bench::RawServer>(
      bench::RawServer::Options{
          .methods = {bench::kSourceMethod, "/hedui.v1.SourceService/Poll"},
          .tls = {scenario->pki().ca_pem(), tls.certificate_pem, tls.key_pem}},
      [state = state_.get()](bench::RawCall* call) { state->OnCall(call); });
  const std::string& address = state_->server->addresses().front();
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  for (const auto& [id, department] : state_->departments) {
    department->network = std::make_unique<FaultProxy>(port);
    scenario->UseGrpc(id, department->network->port());
  }
}

SoakDepartments::~SoakDepartments() = default;

void SoakDepartments::DrawMoods() {
  for (const auto& [id, department] : state_->departments) {
    // Half of them are well at a time.
    const auto drawn = static_cast<int>(random_() % 10);
    const bool good = drawn < 5 || manners_.good.count(id) > 0;
    const Mood mood = good ? Mood::kGood : static_cast<Mood>(drawn - 4);
    department->network->Release();
    if (mood == Mood::kCut) {
      const size_t may_hold = manners_.hold_nothing_back.count(id) > 0 ? 0 : kHolding;
      const Proxy::Fault fault =
          kNetworkFaults[random_() % (std::size(kNetworkFaults) - kHolding + may_hold)];
      department->network->OnNewConnections(fault);
      department->network->FromNow(fault);
    }
    department->mood = mood;
  }
}

void SoakDepartments::MakeSound() {
  for (const auto& [id, department] : state_->departments) {
    department->mood = Mood::kGood;
    department->network->Release();
  }
}

std::map<std::string, SoakDepartments::Counts> SoakDepartments::TakeCounts() {
  std::map<std::string, Counts> counts;
  for (const auto& [id, department] : state_->departments) {
    const base::MutexLock lock(&department->mutex);
    counts[id] = department->counts;
  }
  return counts;
}

size_t SoakDepartments::Arrived(const std::string& id) const {
  Department* const department = state_->departments.at(id).get();
  const base::MutexLock lock(&department->mutex);
  return department->counts.arrived.size();
}

}  // namespace hedui::testing
