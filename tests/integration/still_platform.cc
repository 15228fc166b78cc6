#include "tests/integration/still_platform.h"

#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/simulated/department.h"
#include "adapters/simulated/province.h"
#include "adapters/simulated/sim_warrant_desk.h"
#include "adapters/simulated/simulated_source_adapter.h"
#include "gtest/gtest.h"
#include "server/api/decode_request.h"
#include "server/api/encode_response.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "server/ledger/log.h"
#include "server/report/report_builder.h"
#include "server/report_chain.h"
#include "server/stored_report.h"

namespace hedui::testing {
namespace {

constexpr char kOfficer[] = "XQ-0107";
// A pool's task may hand on to another and the committer, so often without the loop.
constexpr int kQuietRounds = 4;

}  // namespace

StillPlatform::StillPlatform(Scenario* scenario, std::function<void(FlowStep)> on_step,
                             const PollLimits& limits)
    : scenario_(scenario), on_step_(std::move(on_step)), limits_(limits), clock_(absl::Now()) {
  scenario_->Write();
  Start();
}

StillPlatform::~StillPlatform() {
  Settle();
  StopRecalls();
  parts_->desk->Stop();
  parts_->disk->Drain();
  parts_->compute->Drain();
  parts_->committer->Drain();
  loop_->Shutdown();
}

void StillPlatform::Restart() {
  // What is under way is forgotten with the loop, as with a process; but what a recall has under
  // way holds itself, until it is told to stop. It writes nothing then.
  StopRecalls();
  parts_->disk->Drain();
  parts_->compute->Drain();
  parts_->committer->Drain();
  loop_->Shutdown();
  parts_.reset();
  loop_.reset();
  scenario_->Write();
  Start();
}

void StillPlatform::StopRecalls() {
  bool stopped = false;
  std::thread stopping([this, &stopped] {
    parts_->recalls->Stop();
    loop_->Post([&stopped] { stopped = true; });
  });
  loop_->RunUntil([&stopped] { return stopped; });
  stopping.join();
}

void StillPlatform::Start() {
  loop_ = std::make_unique<FakeLoop>(&clock_);
  parts_ = std::make_unique<PartsOf>();
  PartsOf& parts = *parts_;
  auto read = ReadPlatformConfiguration(scenario_->Path("heduid.yaml"), clock_.WallNow());
  ASSERT_TRUE(read.ok()) << read.status();
  parts.read = *std::move(read);
  std::filesystem::create_directories(parts.read->store.directory);
  auto store = store::OpenSqlite(parts.read->store, &ids_);
  ASSERT_TRUE(store.ok()) << store.status();
  parts.store = *std::move(store);
  ledger::LogSigning signing;
  signing.origin = parts.read->server.log().origin();
  signing.ed25519 = parts.read->ed25519.get();
  signing.legal = parts.read->legal.get();
  signing.certificates = parts.read->certificates;
  signing.clock = &clock_;
  auto log = ledger::Log::Open(*parts.store, std::move(signing));
  ASSERT_TRUE(log.ok()) << log.status();
  parts.committer = std::make_unique<ledger::Committer>(*std::move(log), parts.store.get());
  // One thread each: a task that has run says that all before it have.
  parts.disk = std::make_unique<runtime::WorkerPool>(runtime::WorkerPool::Options{"disk", 1});
  parts.compute = std::make_unique<runtime::WorkerPool>(runtime::WorkerPool::Options{"compute", 1});
  parts.matters = std::make_unique<access::MatterBook>(parts.store.get(), &clock_, &ids_);
  parts.day_quota = std::make_unique<access::DayQuota>(&clock_, parts.store.get());
  parts.bytes = std::make_unique<base::ByteBudget>(kMemoryBytesDefault, kMemoryBytesDefault);
  parts.states = std::make_unique<gather::SourceStates>(&clock_);
  parts.source_log = std::make_unique<SourceLog>([](const base::Event&) {});
  parts.source_quality = std::make_unique<SourceQuality>(&clock_);
  auto trust = ledger::LogTrust::Load(scenario_->pki().ca_path());
  ASSERT_TRUE(trust.ok()) << trust.status();
  parts.trust = *std::move(trust);

  auto province = adapters::Province::Load(scenario_->Path("simulation.yaml"));
  ASSERT_TRUE(province.ok()) << province.status();
  const auto warrants =
      std::make_shared<adapters::WarrantDesk>(parts.trust, kOrigin, nullptr, &clock_);
  auto setup = std::make_shared<Setup>(*parts.read->setup);
  auto sources = std::make_shared<gather::Sources>();
  for (const plan::Source& source : setup->catalogue.sources()) {
    auto department = adapters::Department::Create(
        *province, source.id,
        [this, warrants, id = source.id](const v1::QueryRequest& request) {
          const absl::Status checked = warrants->Check(id, request);
          EXPECT_TRUE(checked.ok()) << id << ": " << checked;
          asked_[id].push_back(request);
          return checked;
        },
        &clock_);
    ASSERT_TRUE(department.ok()) << department.status();
    parts.adapters.push_back(adapters::MakeSimulatedSourceAdapter(*std::move(department)));
    gather::SourcePolicy policy = gather::PolicyOf(source);
    auto state = parts.states->Get(source.id, policy.limits);
    ASSERT_TRUE(
        sources->Add(std::move(policy), parts.adapters.back().get(), std::move(state)).ok());
  }
  setup->sources = std::move(sources);
  parts.setup = std::move(setup);

  Rooms& rooms = parts.rooms;
  rooms.clock = &clock_;
  rooms.ids = &ids_;
  rooms.rows = parts.store.get();
  rooms.pages = parts.store.get();
  rooms.log = parts.store.get();
  rooms.policy_archive = parts.store.get();
  rooms.committer = parts.committer.get();
  rooms.matters = parts.matters.get();
  rooms.in_flight = &parts.in_flight;
  rooms.day_quota = parts.day_quota.get();
  rooms.bytes = parts.bytes.get();
  rooms.disk = parts.disk.get();
  rooms.compute = parts.compute.get();
  rooms.certificates = parts.read->certificates;
  rooms.log_origin = parts.read->server.log().origin();
  rooms.trust = parts.trust;
  rooms.setup = [&parts] { return parts.setup; };
  rooms.on_step = on_step_;
  rooms.fatal = [](const absl::Status& why) { ADD_FAILURE() << why; };
  rooms.tell = [this](const base::Event& event) { NoteTold(event); };
  rooms.source_log = parts.source_log.get();
  rooms.source_quality = parts.source_quality.get();
  parts.desk = std::make_unique<PendingDesk>(
      &rooms,
      [this](const std::string& agency, const std::string& bytes) {
        return api::DecodeKeptRequest(agency, bytes, base::CivilDayOf(clock_.WallNow()));
      },
      limits_);
  rooms.pending = parts.desk.get();
  parts.verifier = std::make_unique<Verifier>(&rooms);
  parts.registrar = std::make_unique<Registrar>(&rooms);
  parts.corrector = std::make_unique<Corrector>(&rooms);
  parts.recalls =
      std::make_unique<RecallDesk>(&rooms, parts.states.get(), [this] { return loop_.get(); });
  parts.desk->Start(loop_.get());
}

void StillPlatform::NoteTold(const base::Event& event) {
  const base::MutexLock lock(&mutex_);
  ++told_[event.name];
  if (event.level != base::EventLevel::kError) return;
  EXPECT_TRUE(expected_.contains(event.name)) << event.name << " " << base::TextOf(event);
}

void StillPlatform::Expect(const std::string& failure) {
  const base::MutexLock lock(&mutex_);
  expected_.insert(failure);
}

int StillPlatform::Told(const std::string& event) const {
  const base::MutexLock lock(&mutex_);
  const auto found = told_.find(event);
  return found == told_.end() ? 0 : found->second;
}

// Returns when pools and committer have done what they had.
void StillPlatform::Barrier() {
  for (runtime::WorkerPool* pool : {parts_->disk.get(), parts_->compute.get()}) {
    if (pool == parts_->compute.get() && held_compute_ != nullptr) continue;
    Notification done;
    ASSERT_TRUE(pool->TrySubmit([&done] { done.Notify(); }));
    done.Wait();
  }
  const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(clock_.WallNow()));
  Commit({{base::RowKind::kQuotaLease,
           ids_.NextId(now),
           base::kOperations,
           now,
           {{base::LookupKind::kSourceDay, "nobody\nlease\n2025-03-03"}},
           ""}});
}

void StillPlatform::Commit(std::vector<base::Row> rows) {
  Notification done;
  ledger::CommitRequest request;
  request.rows = std::move(rows);
  request.done = [&done](const absl::StatusOr<ledger::CommitReceipt>& receipt) {
    EXPECT_TRUE(receipt.ok()) << receipt.status();
    done.Notify();
  };
  ASSERT_TRUE(parts_->committer->TrySubmit(std::move(request)));
  done.Wait();
}

void StillPlatform::Settle() {
  for (int quiet = 0; quiet < kQuietRounds; ++quiet) {
    if (loop_->RunReady() > 0) quiet = 0;
    Barrier();
  }
}

void StillPlatform::RunUntil(absl::FunctionRef<bool()> done) {
  Settle();
  while (!done()) {
    const absl::Duration next = loop_->next_deadline();
    ASSERT_NE(next, absl::InfiniteDuration()) << "nothing will ever happen";
    loop_->AdvanceTo(next);
    Settle();
  }
}

void StillPlatform::AdvanceBy(absl::Duration by) {
  const absl::Duration until = clock_.SteadyNow() + by;
  Settle();
  while (loop_->next_deadline() <= until) {
    loop_->AdvanceTo(loop_->next_deadline());
    Settle();
  }
  loop_->AdvanceTo(until);
  Settle();
}

void StillPlatform::HoldCompute() {
  Settle();
  held_compute_ = std::make_shared<Notification>();
  ASSERT_TRUE(parts_->compute->TrySubmit([let = held_compute_] { let->Wait(); }));
}

void StillPlatform::LetCompute() {
  held_compute_->Notify();
  held_compute_.reset();
  Settle();
}

void StillPlatform::Register() {
  const v1::RegisterAuthorizationsRequest& letters = scenario_->letters;
  std::optional<absl::Status> done;
  parts_->registrar->Register(
      loop_.get(), kAgency, api::DraftOf(letters), letters.ByteSizeLong(),
      [&done](const absl::StatusOr<MatterChange>& change) { done = change.status(); });
  RunUntil([&] { return done.has_value(); });
  ASSERT_TRUE(done->ok()) << *done;
}

void StillPlatform::Withdraw(int letter) {
  access::RevokeRequest request;
  request.matter_number = scenario_->letters.matter_number();
  request.letter_number = scenario_->letters.letters(letter).letter_number();
  request.officer = kOfficer;
  std::optional<absl::Status> done;
  parts_->registrar->Revoke(
      loop_.get(), kAgency, std::move(request),
      [&done](const absl::StatusOr<MatterChange>& change) { done = change.status(); });
  // No time passes: polls that are under way stay so.
  Settle();
  ASSERT_TRUE(done.has_value() && done->ok());
}

void StillPlatform::CloseMatter() {
  std::optional<absl::Status> done;
  parts_->registrar->Close(
      loop_.get(), kAgency, {scenario_->letters.matter_number(), kOfficer},
      [&done](const absl::StatusOr<MatterChange>& change) { done = change.status(); });
  Settle();
  ASSERT_TRUE(done.has_value() && done->ok());
}

void StillPlatform::LoseTrustInMatter() {
  access::MatterBook& matters = *parts_->matters;
  const access::StateRequest request{scenario_->letters.matter_number(), kOfficer};
  std::optional<access::MatterBook::Reservation> reservation;
  matters.Reserve(kAgency, access::MatterBook::KeysOf(kAgency, request.matter_number),
                  [&](absl::StatusOr<access::MatterBook::Reservation> got) {
                    ASSERT_TRUE(got.ok()) << got.status();
                    reservation = *std::move(got);
                  });
  ASSERT_TRUE(reservation.has_value());
  auto change = matters.PrepareClose(*parts_->setup->reg.FindAgency(kAgency), request,
                                     *std::move(reservation));
  ASSERT_TRUE(change.ok()) << change.status();
  matters.CommitFailed(*std::move(change));
}

absl::StatusOr<VerifyResult> StillPlatform::Verify() {
  auto request = api::DecodeKeptRequest(kAgency, scenario_->household.SerializeAsString(),
                                        base::CivilDayOf(clock_.WallNow()));
  if (!request.ok()) return request.status();
  request->timeout = absl::InfiniteDuration();
  std::optional<absl::StatusOr<VerifyResult>> result;
  parts_->verifier->Verify(loop_.get(), *std::move(request),
                           [&](absl::StatusOr<VerifyResult> done) { result = std::move(done); });
  RunUntil([&] { return result.has_value(); });
  if (!result.has_value()) return absl::InternalError("it never ended");
  return *std::move(result);
}

absl::StatusOr<VerifyResult> StillPlatform::Current() {
  auto stored = ReadStored(parts_->rooms, kAgency, kOfficer, ResultKey(kAgency, request_id()));
  if (!stored.ok()) return stored.status();
  return std::move(stored->result);
}

absl::StatusOr<VerificationView> StillPlatform::Get() {
  std::optional<absl::StatusOr<VerificationView>> view;
  parts_->verifier->Get(loop_.get(), kAgency, request_id(),
                        [&](absl::StatusOr<VerificationView> done) { view = std::move(done); });
  Settle();
  if (!view.has_value()) return absl::InternalError("it was not answered");
  return *std::move(view);
}

void StillPlatform::Annul(const std::string& report_number) {
  AnnulRequest request;
  request.agency = kAgency;
  request.officer = kOfficer;
  request.report_id = *report::ReportIdOfNumber(report_number);
  std::optional<absl::Status> done;
  parts_->corrector->Annul(
      loop_.get(), std::move(request),
      [&done](const absl::StatusOr<ReportStatus>& status) { done = status.status(); });
  Settle();
  ASSERT_TRUE(done.has_value() && done->ok());
}

void StillPlatform::Record(const std::string& report_number, PeopleFound found) {
  CorrectionRequest request;
  request.found = std::move(found);
  Correct(report_number, std::move(request));
}

void StillPlatform::Decide(const std::string& report_number, IdentityDecision decision) {
  CorrectionRequest request;
  request.decision = std::move(decision);
  Correct(report_number, std::move(request));
}

void StillPlatform::Correct(const std::string& report_number, CorrectionRequest request) {
  request.agency = kAgency;
  request.officer = kOfficer;
  request.request_id = ids_.NextId(clock_.WallNow());
  request.report_id = *report::ReportIdOfNumber(report_number);
  request.bytes = request.request_id.ToBytes();
  std::optional<absl::Status> done;
  parts_->corrector->Correct(
      loop_.get(), std::move(request),
      [&done](const absl::StatusOr<VerifyResult>& result) { done = result.status(); });
  Settle();
  ASSERT_TRUE(done.has_value() && done->ok()) << *done;
}

absl::Status StillPlatform::EraseMatter(const base::Uuid& matter) {
  return parts_->store->EraseMatter(matter);
}

std::vector<v1::QueryRequest> StillPlatform::AskedOf(const std::string& source) const {
  const auto found = asked_.find(source);
  return found == asked_.end() ? std::vector<v1::QueryRequest>() : found->second;
}

std::vector<ledger::Entry> StillPlatform::Entries() {
  std::vector<ledger::Entry> entries;
  auto head = parts_->store->ReadHead();
  EXPECT_TRUE(head.ok() && head->has_value()) << head.status();
  auto bytes = parts_->store->ReadEntries(0, (*head)->size);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  for (const std::string& one : *bytes) {
    auto entry = ledger::DecodeEntry(one);
    EXPECT_TRUE(entry.ok()) << entry.status();
    entries.push_back(*std::move(entry));
  }
  return entries;
}

std::vector<base::Row> StillPlatform::RowsOf(const base::Uuid& verification_id) {
  auto rows =
      parts_->store->Find({base::LookupKind::kVerification, verification_id.ToBytes()}, 1'000);
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? *std::move(rows) : std::vector<base::Row>();
}

base::Uuid StillPlatform::request_id() const {
  return *base::Uuid::Parse(scenario_->household.header().request_id());
}

}  // namespace hedui::testing
