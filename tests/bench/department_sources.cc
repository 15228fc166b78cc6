#include "tests/bench/department_sources.h"

#include <atomic>
#include <optional>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "adapters/simulated/department.h"
#include "adapters/simulated/province.h"
#include "hedui/config/v1/simulation.pb.h"
#include "hedui/v1/source.pb.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "tests/bench/bytes.h"
#include "tests/bench/floor.h"
#include "tests/bench/raw_server.h"

namespace hedui::bench {
namespace {

constexpr int kNone = -1;

struct Source {
  std::unique_ptr<adapters::Department> department;
  std::atomic<int64_t> arrived{0};
  std::atomic<int> slow_permille{0};
  // On the sources' one loop.
  std::optional<grpc::ByteBuffer> answer;
  std::minstd_rand draw{1};
};

}  // namespace

struct DepartmentSources::State {
  // On the sources' one loop, as all that touches `waiting` and `delayed`.
  void OnQuery(RawCall* call);
  absl::Duration DelayOf(Source* source);
  void Answer(RawCall* call, Source* source);
  void Release();

  std::vector<std::unique_ptr<Source>> sources;
  std::atomic<int64_t> delay_all_us{0};
  std::atomic<int64_t> delay_some_us{0};
  std::atomic<int64_t> calls{0};
  std::atomic<int64_t> query_bytes{0};
  std::atomic<int64_t> answer_bytes{0};
  std::atomic<int> held_source{kNone};
  std::vector<RawCall*> waiting;
  std::set<RawCall*> delayed;
  base::Mutex mutex;
  base::CondVar held_more;
  int held ABSL_GUARDED_BY(mutex) = 0;                                // in `waiting`
  runtime::EventLoop* waiting_loop ABSL_GUARDED_BY(mutex) = nullptr;  // once one has waited
  std::unique_ptr<RawServer> server;  // last: its calls use the rest
};

void DepartmentSources::State::OnQuery(RawCall* call) {
  const std::optional<size_t> port = call->port();
  if (!port.has_value()) return call->Fail("the call is for another address");
  Source* const source = sources[*port].get();
  source->arrived.fetch_add(1, std::memory_order_relaxed);
  if (static_cast<int>(*port) == held_source.load()) {
    waiting.push_back(call);
    const base::MutexLock lock(&mutex);
    ++held;
    waiting_loop = call->loop();
    held_more.SignalAll();
    return;
  }
  const absl::Duration delay = DelayOf(source);
  if (delay == absl::ZeroDuration()) return Answer(call, source);
  delayed.insert(call);
  {
    const base::MutexLock lock(&mutex);
    waiting_loop = call->loop();
  }
  call->loop()->After(delay, [this, call, source] {
    if (delayed.erase(call) > 0) Answer(call, source);
  });
}

absl::Duration DepartmentSources::State::DelayOf(Source* source) {
  absl::Duration delay = absl::Microseconds(delay_all_us.load(std::memory_order_relaxed));
  const int permille = source->slow_permille.load(std::memory_order_relaxed);
  if (permille > 0 && static_cast<int>(source->draw() % 1'000) < permille) {
    delay += absl::Microseconds(delay_some_us.load(std::memory_order_relaxed));
  }
  return delay;
}

void DepartmentSources::State::Release() {
  std::vector<RawCall*> calls_now(delayed.begin(), delayed.end());
  calls_now.insert(calls_now.end(), waiting.begin(), waiting.end());
  delayed.clear();
  waiting.clear();
  {
    const base::MutexLock lock(&mutex);
    held = 0;
  }
  for (RawCall* const call : calls_now) Answer(call, sources[*call->port()].get());
}

void DepartmentSources::State::Answer(RawCall* call, Source* source_of_call) {
  Source& source = *source_of_call;
  if (!source.answer.has_value()) {
    v1::QueryRequest query;
    if (!query.ParseFromString(ToString(call->request()))) return call->Fail("not a query");
    const adapters::Reaction reaction = source.department->React(query);
    if (!reaction.status.ok()) return call->Fail(std::string(reaction.status.message()));
    source.answer = ToBuffer(reaction.response);
  }
  calls.fetch_add(1, std::memory_order_relaxed);
  query_bytes.fetch_add(static_cast<int64_t>(call->request().Length()), std::memory_order_relaxed);
  answer_bytes.fetch_add(static_cast<int64_t>(source.answer->Length()), std::memory_order_relaxed);
  call->Reply(*source.answer);
}

DepartmentSources::DepartmentSources() : state_(std::make_unique<State>()) {}

// Whoever gave up on a delayed answer is answered all the same: a loop that ends drops its timers.
DepartmentSources::~DepartmentSources() {
  DelayAll(absl::ZeroDuration());
  for (const auto& source : state_->sources) source->slow_permille = 0;
  Release();
}

absl::StatusOr<std::unique_ptr<DepartmentSources>> DepartmentSources::Start(
    absl::string_view simulation_yaml, const TlsTexts& tls) {
  HEDUI_ASSIGN_OR_RETURN(const std::shared_ptr<const adapters::Province> province,
                         adapters::Province::Parse("departments.yaml", simulation_yaml));
  std::unique_ptr<DepartmentSources> started(new DepartmentSources);
  State* const state = started->state_.get();
  for (const config::v1::SimulatedSource& source : province->simulation().sources()) {
    HEDUI_ASSIGN_OR_RETURN(auto department, adapters::Department::Create(province, source.id()));
    state->sources.push_back(std::make_unique<Source>());
    state->sources.back()->department = std::move(department);
  }
  state->server = std::make_unique<RawServer>(
      RawServer::Options{
          .methods = {kSourceMethod}, .ports = static_cast<int>(state->sources.size()), .tls = tls},
      [state](RawCall* call) { state->OnQuery(call); });
  for (size_t i = 0; i < state->sources.size(); ++i) {
    started->addresses_.emplace_back(state->sources[i]->department->id(),
                                     state->server->addresses()[i]);
  }
  return started;
}

DepartmentSources::Traffic DepartmentSources::traffic() const {
  return {state_->calls.load(), state_->query_bytes.load(), state_->answer_bytes.load()};
}

std::vector<int64_t> DepartmentSources::arrived() const {
  std::vector<int64_t> counts;
  for (const auto& source : state_->sources) counts.push_back(source->arrived.load());
  return counts;
}

void DepartmentSources::DelayAll(absl::Duration delay) {
  state_->delay_all_us = absl::ToInt64Microseconds(delay);
}

absl::Status DepartmentSources::DelaySome(const std::string& source_id, int permille,
                                          absl::Duration delay) {
  HEDUI_ASSIGN_OR_RETURN(const size_t number, NumberOf(source_id));
  state_->delay_some_us = absl::ToInt64Microseconds(delay);
  state_->sources[number]->slow_permille = permille;
  return absl::OkStatus();
}

absl::StatusOr<size_t> DepartmentSources::NumberOf(const std::string& source_id) const {
  for (size_t i = 0; i < addresses_.size(); ++i) {
    if (addresses_[i].first == source_id) return i;
  }
  return base::MakeError(absl::StatusCode::kNotFound, "NO_SUCH_SOURCE",
                         absl::StrCat("no source is called ", source_id));
}

absl::Status DepartmentSources::Hold(const std::string& source_id) {
  HEDUI_ASSIGN_OR_RETURN(const size_t number, NumberOf(source_id));
  state_->held_source = static_cast<int>(number);
  return absl::OkStatus();
}

std::optional<size_t> DepartmentSources::held_source() const {
  const int number = state_->held_source.load();
  if (number == kNone) return std::nullopt;
  return static_cast<size_t>(number);
}

int DepartmentSources::AwaitHeld(int calls, absl::Duration at_most) {
  const absl::Time until = absl::Now() + at_most;
  const base::MutexLock lock(&state_->mutex);
  while (state_->held < calls && absl::Now() < until) {
    state_->held_more.WaitWithTimeout(&state_->mutex, until - absl::Now());
  }
  return state_->held;
}

void DepartmentSources::Release() {
  state_->held_source = kNone;
  runtime::EventLoop* loop = nullptr;
  {
    const base::MutexLock lock(&state_->mutex);
    loop = state_->waiting_loop;
  }
  // Whatever was taken for held before this runs is held by then.
  if (loop != nullptr) loop->Post([state = state_.get()] { state->Release(); });
}

}  // namespace hedui::bench
