#include "server/verification_flow.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/answer_budget.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "server/gather/gatherer.h"
#include "server/intent_steps.h"
#include "server/outcome_shelf.h"
#include "server/pending_desk.h"
#include "server/rooms.h"
#include "server/source_log.h"
#include "server/source_quality.h"
#include "server/verify_steps.h"

namespace hedui {
namespace {

// Until whoever supervises the process has started it anew.
constexpr absl::Duration kRestartTakes = absl::Seconds(5);
// The intent's commit and the result's.
constexpr size_t kCommitsPerFlow = 2;
// Sources answer within milliseconds, or it takes longer: then what is there is packed.
constexpr absl::Duration kPackAfter = absl::Seconds(1);

// One verification. Verb and On<Verb>Done pairs stand in the order in which they run: on the loop's
// thread, but for CommitIntent and CommitResult, which hand over what they are given on the thread
// that made it. A busy loop would only pass it on, some tenths of a millisecond later.
class Flow final : public VerificationFlow, public std::enable_shared_from_this<Flow> {
 public:
  Flow(const Rooms* rooms, std::shared_ptr<FlowBook> book, runtime::EventLoop* loop,
       VerifyRequest request)
      : rooms_(*rooms),
        setup_(rooms->setup()),
        book_(std::move(book)),
        loop_(loop),
        request_(std::move(request)) {}

  void Begin() override {
    const absl::Status admitted = Admit();
    if (!admitted.ok()) return Finish(admitted);
    Look();
  }

  void PostDrain() override {
    loop_->Post([self = shared_from_this()] { self->StopAsking(); });
  }

  void PostSpectator(Spectator spectator) override {
    loop_->Post([self = shared_from_this(), spectator = std::move(spectator)]() mutable {
      self->AddSpectator(std::move(spectator));
    });
  }

  void PostCancel(std::string officer) override {
    loop_->Post([self = shared_from_this(), officer = std::move(officer)]() mutable {
      // Later ones find the report being made, or somebody before them.
      if (self->state_ > State::kGathering || self->cancelled_by_.has_value()) return;
      self->cancelled_by_ = std::move(officer);
      self->StopAsking();
    });
  }

 private:
  enum class State {
    kBeginning,  // until the intent is durable
    kCommittingAccess,
    kGathering,
    kConcluding,  // until the report is durable
    kCommittingEnd,
    kDone,
  };

  void StopAsking() {
    if (gatherer_ != nullptr && gatherer_->asking()) gatherer_->Cancel();
  }

  void AddSpectator(Spectator spectator) {
    if (state_ > State::kGathering) return;  // the report, which has all of them, comes next
    std::erase_if(spectators_, [](const Spectator& other) { return other.watcher.expired(); });
    outcomes_.ForEach([&spectator](const gather::Outcome& outcome) { Show(outcome, spectator); });
    spectators_.push_back(std::move(spectator));
  }

  static void Show(const gather::Outcome& outcome, const Spectator& spectator) {
    for (SourceOutcomeView& view : ViewsOf(outcome)) {
      spectator.loop->Post([show = spectator.on_outcome, view = std::move(view)]() mutable {
        show(std::move(view));
      });
    }
  }

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
    auto bytes = rooms_.bytes->TryTake(request_.agency, FlowBytes(request_));
    if (!bytes.has_value()) return NoBytes();
    bytes_ = *std::move(bytes);
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
    state_ = State::kBeginning;
    auto self = shared_from_this();
    runtime::Task task = [self, slot = commits_.TakeOne()]() mutable {
      auto prepared = hedui::Prepare(self->rooms_, *self->setup_, self->request_);
      if (prepared.ok() && !prepared->stored.has_value()) {
        return self->CommitIntent(std::move(slot), *std::move(prepared));
      }
      self->loop_->Post([self, slot = std::move(slot), prepared = std::move(prepared)]() mutable {
        self->OnLookDone(std::move(slot), std::move(prepared));
      });
    };
    if (!rooms_.disk->TrySubmit(std::move(task))) {
      Finish(Busy("READERS_FULL", "the platform reads as much as it can"));
    }
  }

  // Nothing was begun: refused, or answered before.
  void OnLookDone(runtime::Reservation slot, absl::StatusOr<Prepared> prepared) {
    if (!prepared.ok()) return Finish(prepared.status());
    begun_ = prepared->begun;
    promises_ = prepared->promises;
    CommitAccess(std::move(slot), *std::move(prepared->stored));
  }

  // The request was answered before: handing the report out again is an access of its own.
  void CommitAccess(runtime::Reservation slot, StoredReport stored) {
    state_ = State::kCommittingAccess;
    stored_ = std::move(stored.result);
    Commit(std::move(slot), {}, std::move(stored.access_entry),
           [this](absl::StatusOr<ledger::CommitReceipt> receipt) {
             OnCommitAccessDone(receipt.status());
           });
  }

  void OnCommitAccessDone(const absl::Status& committed) {
    if (!committed.ok()) return Finish(committed);
    Finish(std::move(stored_));
  }

  // On the disk pool's thread.
  void CommitIntent(runtime::Reservation slot, Prepared prepared) {
    std::vector<base::Row> rows = std::move(prepared.rows);
    std::optional<std::string> entry;
    if (prepared.parts.has_value()) entry = std::move(prepared.entry);
    Commit(std::move(slot), std::move(rows), std::move(entry),
           [this,
            prepared = std::move(prepared)](absl::StatusOr<ledger::CommitReceipt> receipt) mutable {
             OnCommitIntentDone(std::move(prepared), std::move(receipt));
           });
  }

  void OnCommitIntentDone(Prepared prepared, absl::StatusOr<ledger::CommitReceipt> receipt) {
    if (!receipt.ok()) return Finish(receipt.status());
    begun_ = prepared.begun;
    prepared_ = std::move(prepared);
    unasked_ = std::move(prepared_.plan.unasked);
    // In the intent's row now, and its digest is kept.
    request_.bytes = std::string();
    intent_ = std::move(receipt->proof);
    prepared_.day_place.Keep();
    if (request_.detached) {
      const VerificationView view = View(VerificationState::kRunning);
      Deliver(book_->SetDurable(Key(), view), view);
    }
    Step(FlowStep::kIntentCommitted);
    GatherWave();
  }

  void GatherWave() {
    state_ = State::kGathering;
    if (cancelled_by_.has_value()) return CommitEnd();
    if (book_->abandoned()) return Finish(VerificationsDraining());
    while (wave_ < prepared_.plan.waves.size()) {
      plan::NextWaveResult next = plan::NextWave(prepared_.plan, wave_, progress_);
      unasked_.insert(unasked_.end(), next.unasked.begin(), next.unasked.end());
      if (!next.queries.empty()) return StartGather(std::move(next.queries));
      ++wave_;
    }
    Conclude();
  }

  bool IsLastWave() const { return wave_ + 1 >= prepared_.plan.waves.size(); }

  void StartGather(plan::Wave queries) {
    auto self = shared_from_this();
    // There is no wave without parts. Named by the intent, not the verification: one that is
    // resumed has that again, and asks anew.
    gather::GatherRequest request =
        RequestUnder(rooms_, prepared_.intent_id, absl::StrCat(wave_), *prepared_.parts, *intent_,
                     {self, &prepared_.grant}, std::move(queries));
    request.deadline =
        plan::WaveDeadline(prepared_.plan, setup_->catalogue, wave_, loop_->Now(), deadline_);
    if (IsLastWave()) {
      LetGoOfPlan(&prepared_);
      intent_.reset();
    }
    request.trace = request_.trace;
    if (request_.check_kind == base::CheckKind::kReview) {
      request.urgency = gather::Urgency::kBackground;
    }
    request.sharing.answers = rooms_.answers;
    request.sharing.scope = ShareScope(request_, prepared_.grant);
    request.sharing.keep_authority = [self] { return KeepAuthority(self->prepared_.grant); };
    if (pack_timer_ == 0) {
      pack_timer_ = loop_->After(kPackAfter, [weak = weak_from_this()] {
        if (const std::shared_ptr<Flow> flow = weak.lock()) flow->outcomes_.Pack();
      });
    }
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
    outcome.ended = rooms_.clock->WallNow();
    // What did not fit here is not the source's failing.
    rooms_.source_log->Ended({prepared_.verification_id, prepared_.intent_id, request_.trace},
                             outcome);
    rooms_.source_quality->Ended(request_.household.division, outcome);
    answer_budget_.Hold(&bytes_, &outcome);
    for (const Spectator& spectator : spectators_) Show(outcome, spectator);
    // Only what a later wave is made from.
    if (!IsLastWave()) progress_.Add(prepared_.plan, outcome.source_id, outcome.answers);
    outcomes_.Add(std::move(outcome));
  }

  void StopPacking() {
    if (pack_timer_ != 0) loop_->Cancel(std::exchange(pack_timer_, 0));
  }

  void OnGatherWaveDone() {
    ++wave_;
    GatherWave();
  }

  void Conclude() {
    state_ = State::kConcluding;
    StopPacking();
    Step(FlowStep::kAnswersIn);
    auto self = shared_from_this();
    runtime::Task task = [self, slot = commits_.TakeOne()]() mutable {
      auto concluded = hedui::Conclude(self->rooms_, *self->setup_, self->request_, self->prepared_,
                                       self->outcomes_.Take(), self->unasked_);
      if (concluded.ok()) {
        return self->CommitResult(std::move(slot), *std::move(concluded));
      }
      self->loop_->Post([self, failure = concluded.status()] { self->Finish(failure); });
    };
    if (!rooms_.compute->Submit(&compute_, std::move(task))) Finish(VerificationsDraining());
  }

  // On the compute pool's thread.
  void CommitResult(runtime::Reservation slot, Concluded concluded) {
    std::vector<base::Row> rows = std::move(concluded.rows);
    std::string entry = concluded.draft.entry;
    Commit(std::move(slot), std::move(rows), std::move(entry),
           [this, concluded =
                      std::move(concluded)](absl::StatusOr<ledger::CommitReceipt> receipt) mutable {
             OnCommitResultDone(std::move(concluded), std::move(receipt));
           });
  }

  void OnCommitResultDone(Concluded concluded, absl::StatusOr<ledger::CommitReceipt> receipt) {
    if (!receipt.ok()) return Finish(receipt.status());
    Step(FlowStep::kResultCommitted);
    promises_ = concluded.promises.size();
    if (rooms_.pending != nullptr) rooms_.pending->Add(std::move(concluded.promises));
    auto envelope = report::SealReport(std::move(concluded.draft), *receipt->proof);
    if (!envelope.ok()) return Finish(envelope.status());
    VerifyResult result;
    result.verification_id = prepared_.verification_id;
    result.report_number = std::move(concluded.report_number);
    result.envelope = *std::move(envelope);
    result.outcomes = std::move(concluded.outcomes);
    Finish(std::move(result));
  }

  void CommitEnd() {
    state_ = State::kCommittingEnd;
    const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(rooms_.clock->WallNow()));
    Commit(commits_.TakeOne(),
           {EndedRow(request_, prepared_, *cancelled_by_, rooms_.ids->NextId(now), now)},
           std::nullopt, [this](absl::StatusOr<ledger::CommitReceipt> receipt) {
             OnCommitEndDone(receipt.status());
           });
  }

  void OnCommitEndDone(const absl::Status& committed) {
    Finish(committed.ok() ? CancelledError() : committed);
  }

  FlowKey Key() const { return {request_.agency, request_.request_id}; }

  VerificationView View(VerificationState state) const {
    return {prepared_.verification_id, request_.request_id, state, begun_, "",
            request_.matter_number};
  }

  // How it ended, for those who do not want the report.
  absl::StatusOr<VerificationView> EndOf(const absl::StatusOr<VerifyResult>& result) const {
    if (result.ok()) {
      VerificationView view = View(VerificationState::kFinished);
      view.verification_id = result->verification_id;
      view.report_number = result->report_number;
      view.pending = static_cast<int>(promises_);
      return view;
    }
    if (state_ == State::kCommittingEnd &&
        base::ReasonOf(result.status()) == "VERIFICATION_CANCELLED") {
      return View(VerificationState::kCancelled);
    }
    return result.status();
  }

  // Submits one commit under `slot`, from any thread; `next` runs on the loop, while the flow
  // lives.
  template <typename Next>
  void Commit(runtime::Reservation slot, std::vector<base::Row> rows,
              std::optional<std::string> entry, Next next) {
    auto self = shared_from_this();
    ledger::CommitRequest request;
    request.rows = std::move(rows);
    request.entry = std::move(entry);
    request.done = [self,
                    next = std::move(next)](absl::StatusOr<ledger::CommitReceipt> receipt) mutable {
      self->loop_->Post([self, next = std::move(next), receipt = std::move(receipt)]() mutable {
        next(std::move(receipt));
      });
    };
    if (rooms_.committer->Submit(&slot, std::move(request))) return;
    loop_->Post([self] { self->Finish(VerificationsDraining()); });
  }

  void Step(FlowStep step) const {
    if (rooms_.on_step) rooms_.on_step(step);
  }

  void Finish(absl::StatusOr<VerifyResult> result) {
    if (state_ == State::kDone) return;
    const absl::StatusOr<VerificationView> end = EndOf(result);
    state_ = State::kDone;
    if (!result.ok() && base::VisibilityOf(result.status()) == base::Visibility::kOperator) {
      if (const absl::Status health = rooms_.committer->Health(); !health.ok())
        rooms_.fatal(health);
      rooms_.tell(base::FailureEvent("verification_failed", result.status())
                      .With("request_id", request_.request_id.ToString()));
    }
    StopPacking();
    gatherer_.reset();
    place_ = {};
    if (result.ok()) {
      // What is left of it is the report, until its readers have it.
      bytes_.ResizeTo(result->envelope.size());
      result->held = std::make_shared<base::ByteBudget::Place>(std::move(bytes_));
    }
    bytes_ = {};
    commits_.Release();
    compute_.Release();
    FlowBook::Left left = book_->Leave(Key());
    Deliver(std::move(left.results), std::move(result));
    Deliver(std::move(left.views), end);
  }

  const Rooms& rooms_;
  const std::shared_ptr<const Setup> setup_;
  const std::shared_ptr<FlowBook> book_;
  runtime::EventLoop* const loop_;
  VerifyRequest request_;  // without its bytes, once they are in a row

  State state_ = State::kBeginning;
  absl::Duration deadline_;  // for the sources, on the loop's clock
  access::InFlight::Place place_;
  base::ByteBudget::Place bytes_;
  runtime::Reservation commits_;
  runtime::Reservation compute_;
  VerifyResult stored_;
  absl::Time begun_;
  Prepared prepared_;
  std::optional<ledger::EntryProof> intent_;
  std::unique_ptr<gather::Gatherer> gatherer_;
  size_t wave_ = 0;
  OutcomeShelf outcomes_;
  runtime::EventLoop::TimerId pack_timer_ = 0;
  plan::Progress progress_;
  std::vector<plan::Unasked> unasked_;
  std::vector<Spectator> spectators_;
  std::optional<std::string> cancelled_by_;  // the officer
  AnswerBudget answer_budget_;
  size_t promises_ = 0;  // of sources, that are waited for once there is a report
};

}  // namespace

std::shared_ptr<VerificationFlow> MakeVerificationFlow(const Rooms* rooms,
                                                       std::shared_ptr<FlowBook> book,
                                                       runtime::EventLoop* loop,
                                                       VerifyRequest request) {
  return std::make_shared<Flow>(rooms, std::move(book), loop, std::move(request));
}

absl::Status VerificationsDraining() {
  return base::WithRetryAfter(
      base::MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                      "the platform is shutting down; repeat the call with the same request id"),
      kRestartTakes);
}

}  // namespace hedui
