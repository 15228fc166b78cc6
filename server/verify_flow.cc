#include "server/verify_flow.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/limits.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/gather/gatherer.h"
#include "server/read_flow.h"
#include "server/rooms.h"
#include "server/verify_steps.h"

namespace hedui {
namespace {

// The intent's commit and the result's.
constexpr size_t kCommitsPerFlow = 2;

// Each waiting call keeps its request of up to a mebibyte; callers that repeat a request do so a
// few times.
constexpr size_t kWaitersPerFlowMax = 16;

absl::Status Busy(absl::string_view reason, absl::string_view what) {
  return base::MakeError(
      absl::StatusCode::kResourceExhausted, reason,
      absl::StrCat(what, "; repeat the call with the same request id a little later"));
}

absl::Status Draining() {
  return base::MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                         "the platform is shutting down; repeat the call with the same request id");
}

using FlowKey = std::pair<std::string, base::Uuid>;  // agency, request id

struct Waiter {
  runtime::EventLoop* loop;
  VerifyDone done;
};

// Hands the result to each waiter on its own loop.
void Deliver(std::vector<Waiter> waiters, absl::StatusOr<VerifyResult> result) {
  for (size_t i = 0; i < waiters.size(); ++i) {
    const bool last = i + 1 == waiters.size();
    auto copy = last ? std::move(result) : result;
    waiters[i].loop->Post([done = std::move(waiters[i].done), copy = std::move(copy)]() mutable {
      std::move(done)(std::move(copy));
    });
  }
}

}  // namespace

// The flows under way, by request; equal requests wait for one flow. Thread-safe.
class Verifier::Book {
 public:
  enum class Entered { kBegin, kJoined, kOtherContent, kFull, kDraining };

  // kBegin: the caller starts a flow and gives it to SetFlow. Else `waiter` is untouched unless
  // joined.
  Entered Enter(const FlowKey& key, const std::string& bytes, Waiter* waiter) {
    base::MutexLock lock(&mutex_);
    if (draining_) return Entered::kDraining;
    auto it = flows_.find(key);
    if (it != flows_.end()) {
      if (it->second.bytes != bytes) return Entered::kOtherContent;
      if (it->second.waiters.size() >= kWaitersPerFlowMax) return Entered::kFull;
      it->second.waiters.push_back(std::move(*waiter));
      return Entered::kJoined;
    }
    if (flows_.size() >= static_cast<size_t>(base::kVerificationsInFlightMax))
      return Entered::kFull;
    Entry& entry = flows_[key];
    entry.bytes = bytes;
    entry.waiters.push_back(std::move(*waiter));
    return Entered::kBegin;
  }

  void SetFlow(const FlowKey& key, const std::shared_ptr<Flow>& flow) {
    base::MutexLock lock(&mutex_);
    if (auto it = flows_.find(key); it != flows_.end()) it->second.flow = flow;
  }

  std::vector<Waiter> Leave(const FlowKey& key) {
    base::MutexLock lock(&mutex_);
    auto it = flows_.find(key);
    if (it == flows_.end()) return {};
    std::vector<Waiter> waiters = std::move(it->second.waiters);
    flows_.erase(it);
    if (flows_.empty()) idle_.SignalAll();
    return waiters;
  }

  // No new flows from now on.
  void Close() {
    base::MutexLock lock(&mutex_);
    draining_ = true;
  }

  // The flows still under way; they do not start another wave.
  std::vector<std::shared_ptr<Flow>> Abandon() {
    base::MutexLock lock(&mutex_);
    abandoned_ = true;
    std::vector<std::shared_ptr<Flow>> flows;
    for (const auto& [key, entry] : flows_) {
      if (auto flow = entry.flow.lock()) flows.push_back(std::move(flow));
    }
    return flows;
  }

  // False when flows are still under way after `timeout`.
  bool AwaitIdle(absl::Duration timeout) {
    const absl::Time until = absl::Now() + timeout;
    base::MutexLock lock(&mutex_);
    while (!flows_.empty()) {
      const absl::Duration left = until - absl::Now();
      if (left <= absl::ZeroDuration()) return false;
      idle_.WaitWithTimeout(&mutex_, left);
    }
    return true;
  }

  bool abandoned() const {
    base::MutexLock lock(&mutex_);
    return abandoned_;
  }

  int size() const {
    base::MutexLock lock(&mutex_);
    return static_cast<int>(flows_.size());
  }

 private:
  struct Entry {
    std::string bytes;
    std::vector<Waiter> waiters;
    std::weak_ptr<Flow> flow;
  };

  mutable base::Mutex mutex_;
  base::CondVar idle_;
  std::map<FlowKey, Entry> flows_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;
};

// One verification. Verb and On<Verb>Done pairs stand in the order in which they run, all on the
// loop's thread.
class Verifier::Flow : public std::enable_shared_from_this<Flow> {
 public:
  Flow(const Rooms* rooms, std::shared_ptr<Book> book, runtime::EventLoop* loop,
       VerifyRequest request)
      : rooms_(*rooms),
        setup_(rooms->setup()),
        book_(std::move(book)),
        loop_(loop),
        request_(std::move(request)) {}

  void Begin() {
    const absl::Status admitted = Admit();
    if (!admitted.ok()) return Finish(admitted);
    Look();
  }

  // The sources are not waited for any longer; what is not answered ends the flow without a report.
  // From any thread.
  void PostDrain() {
    loop_->Post([self = shared_from_this()] {
      if (self->gatherer_ != nullptr && self->gatherer_->asking()) self->gatherer_->Cancel();
    });
  }

 private:
  enum class State {
    kLooking,
    kCommittingAccess,
    kCommittingIntent,
    kGathering,
    kConcluding,
    kCommittingResult,
    kDone,
  };

  // Reserves what the flow needs to its end, so that it is never turned away half-way.
  absl::Status Admit() {
    const absl::Time now = rooms_.clock->WallNow();
    HEDUI_ASSIGN_OR_RETURN(absl::Duration budget, plan::BudgetFor(now + request_.timeout, now));
    deadline_ = loop_->Now() + budget;
    const access::Agency* agency = setup_->reg.FindAgency(request_.agency);
    if (agency == nullptr) {
      return base::MakeError(absl::StatusCode::kPermissionDenied, "AGENCY_UNKNOWN",
                             "the agency is not in the register");
    }
    HEDUI_ASSIGN_OR_RETURN(place_, rooms_.in_flight->Enter(*agency));
    auto commits = rooms_.committer->TryReserve(kCommitsPerFlow);
    if (!commits.has_value())
      return Busy("COMMITTER_FULL", "the platform has no room for another report");
    commits_ = *std::move(commits);
    auto compute = rooms_.compute->TryReserve(1);
    if (!compute.has_value())
      return Busy("COMPUTE_FULL", "the platform has no room for another assessment");
    compute_ = *std::move(compute);
    return absl::OkStatus();
  }

  void Look() {
    state_ = State::kLooking;
    auto self = shared_from_this();
    runtime::Task task = [self] {
      auto prepared = hedui::Prepare(self->rooms_, *self->setup_, self->request_);
      self->loop_->Post([self, prepared = std::move(prepared)]() mutable {
        self->OnLookDone(std::move(prepared));
      });
    };
    if (!rooms_.disk->TrySubmit(std::move(task))) {
      Finish(Busy("READERS_FULL", "the platform reads as much as it can"));
    }
  }

  void OnLookDone(absl::StatusOr<Prepared> prepared) {
    if (!prepared.ok()) return Finish(prepared.status());
    if (prepared->stored.has_value()) return CommitAccess(*std::move(prepared->stored));
    prepared_ = *std::move(prepared);
    unasked_ = prepared_.plan.unasked;
    CommitIntent();
  }

  // The request was answered before: handing the report out again is an access of its own.
  void CommitAccess(StoredReport stored) {
    state_ = State::kCommittingAccess;
    stored_ = std::move(stored.result);
    Commit({}, std::move(stored.access_entry), &Flow::OnCommitAccessDone);
  }

  void OnCommitAccessDone(absl::StatusOr<ledger::CommitReceipt> receipt) {
    if (!receipt.ok()) return Finish(receipt.status());
    Finish(std::move(stored_));
  }

  void CommitIntent() {
    state_ = State::kCommittingIntent;
    std::optional<std::string> entry;
    if (prepared_.parts.has_value()) entry = std::move(prepared_.entry);
    Commit(std::move(prepared_.rows), std::move(entry), &Flow::OnCommitIntentDone);
  }

  void OnCommitIntentDone(absl::StatusOr<ledger::CommitReceipt> receipt) {
    if (!receipt.ok()) return Finish(receipt.status());
    intent_ = std::move(receipt->proof);
    Step(FlowStep::kIntentCommitted);
    GatherWave();
  }

  void GatherWave() {
    state_ = State::kGathering;
    if (book_->abandoned()) return Finish(Draining());
    while (wave_ < prepared_.plan.waves.size()) {
      plan::NextWaveResult next = plan::NextWave(prepared_.plan, wave_, answers_);
      unasked_.insert(unasked_.end(), next.unasked.begin(), next.unasked.end());
      if (!next.queries.empty()) return StartGather(std::move(next.queries));
      ++wave_;
    }
    Conclude();
  }

  void StartGather(plan::Wave queries) {
    gather::GatherRequest request;
    // Not the verification's: one that is resumed has it again, and asks anew.
    request.name = absl::StrCat(prepared_.intent_id.ToString(), "/", wave_);
    // There is no wave without parts.
    const ledger::WarrantWriter warrants(&*prepared_.parts, *intent_);
    for (plan::SourceQuery& query : queries) {
      std::string warrant = warrants.For(*prepared_.parts->Find(query.source_id));
      request.queries.push_back({std::move(query), std::move(warrant)});
    }
    request.digest_key = prepared_.grant.digest_key;
    request.deadline = deadline_;
    request.today = base::CivilDayOf(rooms_.clock->WallNow());
    auto self = shared_from_this();
    request.still_authorized = [self](const std::string& person_id) {
      return access::IsLive(self->prepared_.grant, person_id);
    };
    if (gatherer_ == nullptr) {
      gatherer_ = std::make_unique<gather::Gatherer>(loop_, setup_->sources, rooms_.ids);
    }
    gatherer_->Start(
        std::move(request),
        [self](gather::Outcome outcome) { self->OnOutcome(std::move(outcome)); },
        [self] {
          // Not from inside the gatherer: the next wave starts it again.
          self->loop_->Post([self] { self->OnGatherWaveDone(); });
        });
  }

  void OnOutcome(gather::Outcome outcome) {
    if (!outcome.operator_text.empty()) {
      rooms_.tell(absl::StrCat("verification=", prepared_.verification_id.ToString(),
                               " intent=", prepared_.intent_id.ToString(),
                               " source=", outcome.source_id, " attempts=", outcome.attempts,
                               " ms=", absl::ToInt64Milliseconds(outcome.elapsed), " ",
                               outcome.operator_text));
    }
    HoldToBudget(&outcome);
    // Only what a later wave is made from.
    if (wave_ + 1 < prepared_.plan.waves.size()) {
      answers_.insert(answers_.end(), outcome.answers.begin(), outcome.answers.end());
    }
    outcomes_.push_back(std::move(outcome));
  }

  // One department must not be able to make a report too large to be issued: what passes the
  // verification's budget is not used, and said so.
  void HoldToBudget(gather::Outcome* outcome) {
    for (base::Answer& answer : outcome->answers) {
      size_t bytes = 0;
      for (const base::Record& record : answer.records) bytes += base::SizeOf(record);
      if (records_ + answer.records.size() <= base::kRecordsPerVerificationMax &&
          record_bytes_ + bytes <= base::kRecordBytesPerVerificationMax) {
        records_ += answer.records.size();
        record_bytes_ += bytes;
        continue;
      }
      answer.kind = base::AnswerKind::kUnavailable;
      answer.reason = base::Reason::kOversized;
      answer.complete = false;
      answer.records.clear();
    }
  }

  void OnGatherWaveDone() {
    ++wave_;
    GatherWave();
  }

  void Conclude() {
    state_ = State::kConcluding;
    Step(FlowStep::kAnswersIn);
    auto self = shared_from_this();
    runtime::Task task = [self] {
      auto concluded = hedui::Conclude(self->rooms_, *self->setup_, self->request_, self->prepared_,
                                       std::move(self->outcomes_), self->unasked_);
      self->loop_->Post([self, concluded = std::move(concluded)]() mutable {
        self->OnConcludeDone(std::move(concluded));
      });
    };
    if (!rooms_.compute->Submit(&compute_, std::move(task))) Finish(Draining());
  }

  void OnConcludeDone(absl::StatusOr<Concluded> concluded) {
    if (!concluded.ok()) return Finish(concluded.status());
    concluded_ = *std::move(concluded);
    CommitResult();
  }

  void CommitResult() {
    state_ = State::kCommittingResult;
    Commit(std::move(concluded_.rows), concluded_.draft.entry, &Flow::OnCommitResultDone);
  }

  void OnCommitResultDone(absl::StatusOr<ledger::CommitReceipt> receipt) {
    if (!receipt.ok()) return Finish(receipt.status());
    Step(FlowStep::kResultCommitted);
    auto envelope = report::SealReport(std::move(concluded_.draft), *receipt->proof);
    if (!envelope.ok()) return Finish(envelope.status());
    VerifyResult result;
    result.verification_id = prepared_.verification_id;
    result.envelope = *std::move(envelope);
    result.outcomes = std::move(concluded_.outcomes);
    Finish(std::move(result));
  }

  // Submits one commit; `next` runs on the loop.
  void Commit(std::vector<base::Row> rows, std::optional<std::string> entry,
              void (Flow::*next)(absl::StatusOr<ledger::CommitReceipt>)) {
    auto self = shared_from_this();
    ledger::CommitRequest request;
    request.rows = std::move(rows);
    request.entry = std::move(entry);
    request.done = [self, next](absl::StatusOr<ledger::CommitReceipt> receipt) {
      self->loop_->Post([self, next, receipt = std::move(receipt)]() mutable {
        ((*self).*next)(std::move(receipt));
      });
    };
    if (!rooms_.committer->Submit(&commits_, std::move(request))) Finish(Draining());
  }

  void Step(FlowStep step) const {
    if (rooms_.on_step) rooms_.on_step(step);
  }

  void Finish(absl::StatusOr<VerifyResult> result) {
    if (std::exchange(state_, State::kDone) == State::kDone) return;
    if (!result.ok() && base::VisibilityOf(result.status()) == base::Visibility::kOperator) {
      if (const absl::Status health = rooms_.committer->Health(); !health.ok())
        rooms_.fatal(health);
      rooms_.tell(absl::StrCat("request=", request_.request_id.ToString(),
                               " failed: ", result.status().ToString()));
    }
    gatherer_.reset();
    place_ = {};
    commits_.Release();
    compute_.Release();
    Deliver(book_->Leave({request_.agency, request_.request_id}), std::move(result));
  }

  const Rooms& rooms_;
  const std::shared_ptr<const Setup> setup_;
  const std::shared_ptr<Book> book_;
  runtime::EventLoop* const loop_;
  const VerifyRequest request_;

  State state_ = State::kLooking;
  absl::Duration deadline_;  // for the sources, on the loop's clock
  access::InFlight::Place place_;
  runtime::Reservation commits_;
  runtime::Reservation compute_;
  VerifyResult stored_;
  Prepared prepared_;
  std::optional<ledger::EntryProof> intent_;
  std::unique_ptr<gather::Gatherer> gatherer_;
  size_t wave_ = 0;
  std::vector<gather::Outcome> outcomes_;
  std::vector<base::Answer> answers_;
  std::vector<plan::Unasked> unasked_;
  size_t records_ = 0;
  size_t record_bytes_ = 0;
  Concluded concluded_;
};

Verifier::Verifier(const Rooms* rooms) : rooms_(rooms), book_(std::make_shared<Book>()) {}

Verifier::~Verifier() = default;

void Verifier::Verify(runtime::EventLoop* loop, VerifyRequest request, VerifyDone done) {
  const FlowKey key{request.agency, request.request_id};
  Waiter waiter{loop, std::move(done)};
  std::vector<Waiter> refused;
  switch (book_->Enter(key, request.bytes, &waiter)) {
    case Book::Entered::kBegin: {
      auto flow = std::make_shared<Flow>(rooms_, book_, loop, std::move(request));
      book_->SetFlow(key, flow);
      flow->Begin();
      return;
    }
    case Book::Entered::kJoined:
      return;
    case Book::Entered::kOtherContent:
      refused.push_back(std::move(waiter));
      return Deliver(
          std::move(refused),
          base::MakeError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                          "this request id is in use with other content; choose a new UUID for a "
                          "new request"));
    case Book::Entered::kFull:
      refused.push_back(std::move(waiter));
      return Deliver(
          std::move(refused),
          Busy("IN_FLIGHT", "too many verifications, or calls for this one, are under way"));
    case Book::Entered::kDraining:
      refused.push_back(std::move(waiter));
      return Deliver(std::move(refused), Draining());
  }
}

void Verifier::ReadReport(runtime::EventLoop* loop, std::string agency, std::string officer,
                          base::Uuid report_id, VerifyDone done) {
  Read(loop, std::move(agency), std::move(officer), ReportKey(report_id), std::move(done));
}

void Verifier::ReadRequest(runtime::EventLoop* loop, std::string agency, std::string officer,
                           base::Uuid request_id, VerifyDone done) {
  base::LookupKey key = ResultKey(agency, request_id);
  Read(loop, std::move(agency), std::move(officer), std::move(key), std::move(done));
}

void Verifier::Read(runtime::EventLoop* loop, std::string agency, std::string officer,
                    base::LookupKey key, VerifyDone done) {
  hedui::ReadReport(rooms_, loop, std::move(agency), std::move(officer), std::move(key),
                    std::move(done));
}

void Verifier::Drain(absl::Duration grace) {
  book_->Close();
  if (book_->AwaitIdle(grace)) return;
  for (const std::shared_ptr<Flow>& flow : book_->Abandon()) flow->PostDrain();
  book_->AwaitIdle(absl::InfiniteDuration());
}

int Verifier::InFlight() const { return book_->size(); }

}  // namespace hedui
