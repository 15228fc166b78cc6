#include "server/reverify_flow.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/answer_budget.h"
#include "server/answer_flow.h"
#include "server/base/event.h"
#include "server/base/status.h"
#include "server/chain_flow.h"
#include "server/flow_bytes.h"
#include "server/gather/gatherer.h"
#include "server/intent_steps.h"
#include "server/ledger/entry.h"
#include "server/pending_desk.h"
#include "server/pending_rows.h"
#include "server/report_steps.h"
#include "server/rooms.h"
#include "server/source_log.h"
#include "server/source_quality.h"
#include "server/stored_report.h"
#include "server/superseding_steps.h"
#include "server/verify_steps.h"

namespace hedui {
namespace {

absl::Status Draining() {
  return base::MakeError(absl::StatusCode::kCancelled, "DRAINING", "the platform is ending");
}

absl::Status Changed() {
  return base::MakeError(absl::StatusCode::kAborted, "CHAIN_CHANGED",
                         "another report was made while the source was asked anew");
}

// An answer that came under the recall's intent is in no report.
struct Dropped {
  base::Uuid verification;
  base::Uuid intent;
  base::Uuid report;
  std::string source_id;
};

ledger::CommitRequest DroppedCommit(const Rooms& rooms, const Dropped& dropped, AnswerEnd why) {
  rooms.tell(base::Event(base::EventLevel::kInfo, "answer_dropped")
                 .With("report_id", dropped.report.ToString())
                 .With("source", dropped.source_id));
  ledger::AnswerDroppedEntry entry;
  entry.verification = dropped.verification;
  entry.promise = dropped.intent;
  entry.why = static_cast<uint8_t>(why);
  entry.time = absl::FromUnixMillis(absl::ToUnixMillis(rooms.clock->WallNow()));
  ledger::CommitRequest commit;
  commit.entry = ledger::EncodeEntry(entry);
  return commit;
}

// The report that supersedes, made from the current one's case.
class Replacing final : public ChainFlow<ReverifyEnd> {
 public:
  Replacing(const Rooms* rooms, runtime::EventLoop* loop, RecallSpan span, Reverification anew,
            std::vector<gather::Outcome> outcomes, std::vector<plan::Unasked> unasked,
            ReverifyDone done)
      : ChainFlow(rooms, loop, anew.agency, ReportKey(anew.current), "", std::move(done)),
        span_(std::move(span)),
        anew_(std::move(anew)),
        outcomes_(std::move(outcomes)),
        unasked_(std::move(unasked)) {}

 private:
  enum class Made { kReport, kClosed, kWithdrawn };

  void Work(ReportChain chain) override {
    if (chain.annulled.has_value()) return EndWithout(AnswerEnd::kAnnulled, ReverifyEnd::kAnnulled);
    if (chain.current().report_id != anew_.current) return Finish(Changed());
    request_id_ = RequestIdOf(chain.reports.front().row);
    chain.KeepCurrentRow();
    // Copied by nobody: shared, since tasks may be.
    auto kept = std::make_shared<ReportChain>(std::move(chain));
    OnCompute([this, kept] { Make(kept); });
  }

  // On the compute pool.
  void Make(const std::shared_ptr<ReportChain>& chain) {
    const absl::StatusOr<Made> made = TryMake(*chain);
    if (!made.ok()) return Finish(made.status());
    if (*made == Made::kClosed) return EndWithout(AnswerEnd::kClosed, ReverifyEnd::kMatterClosed);
    if (*made == Made::kWithdrawn) return Drop(chain);
    ledger::CommitRequest commit;
    commit.rows.push_back(std::move(report_.row));
    for (const Promise& promise : promises_) commit.rows.push_back(PromiseRow(promise, Now()));
    commit.entry = std::move(report_.made.draft.entry);
    Commit(std::move(commit), [this](const ledger::CommitReceipt&) {
      if (rooms_.pending != nullptr) rooms_.pending->Add(std::move(promises_));
      Finish(ReverifyEnd::kVerified);
    });
  }

  absl::StatusOr<Made> TryMake(const ReportChain& chain) {
    HEDUI_ASSIGN_OR_RETURN(CurrentCase current, ReadCurrentCase(rooms_, agency_, chain));
    if (current.IsClosed()) return Made::kClosed;
    // A commit about it has failed: that is no withdrawal. Once more, with what the store says.
    if (!anew_.grant.matter->Trusted()) return Changed();
    if (HasWithdrawn(anew_.grant, outcomes_)) return Made::kWithdrawn;
    HEDUI_RETURN_IF_ERROR(MakeFrom(chain, std::move(current)));
    // As late as can be: what is withdrawn after this comes after the report.
    return HasWithdrawn(anew_.grant, outcomes_) ? Made::kWithdrawn : Made::kReport;
  }

  // A report without what is destroyed; that it came is in the log before that.
  void Drop(const std::shared_ptr<ReportChain>& chain) {
    auto again = [this, chain] { OnCompute([this, chain] { Make(chain); }); };
    const bool came = DropWithdrawn(anew_.grant, &outcomes_);
    // In doubt only since it was asked before: then what was dropped was not withdrawn.
    if (!anew_.grant.matter->Trusted()) return Finish(Changed());
    if (!came) return again();
    CommitDropped(AnswerEnd::kClosed, std::move(again));
  }

  // No report is made of what came.
  void EndWithout(AnswerEnd why, ReverifyEnd end) {
    const bool came = !UsesOf(outcomes_).empty();
    outcomes_.clear();
    if (!came) return Finish(end);
    CommitDropped(why, [this, end] { Finish(end); });
  }

  void CommitDropped(AnswerEnd why, std::function<void()> then) {
    ledger::CommitRequest commit = DroppedCommit(
        rooms_, {anew_.verification_id, anew_.intent_id, anew_.current, span_.source_id}, why);
    Commit(std::move(commit), [then = std::move(then)](const ledger::CommitReceipt&) { then(); });
  }

  absl::Status MakeFrom(const ReportChain& chain, CurrentCase changed) {
    std::erase_if(changed.used,
                  [this](const UsedSource& use) { return use.source_id == span_.source_id; });
    for (UsedSource& use : UsesOf(outcomes_)) changed.used.push_back(std::move(use));
    promises_ = Promises(chain, changed.bundle);
    PutAnswers(*setup_, span_, anew_, outcomes_, unasked_, &changed.bundle, &changed.outcomes);
    HEDUI_ASSIGN_OR_RETURN(report_, Supersede(rooms_, *setup_, agency_, chain, std::move(changed),
                                              kRecalledReason, /*request_digest=*/"", Now()));
    return absl::OkStatus();
  }

  // They are kept as those of the verification, and polled for it.
  std::vector<Promise> Promises(const ReportChain& chain, const report::CaseBundle& bundle) const {
    if (!request_id_.has_value()) return {};
    Promise common;
    common.verification_id = chain.verification_id;
    common.matter = chain.matter;
    common.agency = agency_;
    common.request_id = *request_id_;
    common.intent_id = anew_.intent_id;
    common.promised_at = Now();
    common.period = AskedPeriod(bundle.input.dates);
    return PromisesIn(rooms_, common, outcomes_);
  }

  const RecallSpan span_;
  const Reverification anew_;
  std::vector<gather::Outcome> outcomes_;
  const std::vector<plan::Unasked> unasked_;
  std::optional<base::Uuid> request_id_;
  SupersedingReport report_;
  std::vector<Promise> promises_;
};

// Verb and On<Verb>Done pairs in the order in which they run.
class Flow final : public ReverifyFlow, public std::enable_shared_from_this<Flow> {
 public:
  Flow(const Rooms* rooms, runtime::EventLoop* loop, const RecallSpan& span, std::string agency,
       const base::Uuid& report_id, ReverifyDone done)
      : rooms_(*rooms),
        setup_(rooms->setup()),
        loop_(loop),
        span_(span),
        agency_(std::move(agency)),
        report_id_(report_id),
        done_(std::move(done)) {}

  void Begin() {
    auto bytes = rooms_.bytes->TryTake(agency_, kFlowBytes);
    if (!bytes.has_value()) return FinishSoon(NoBytes());
    bytes_ = *std::move(bytes);
    Prepare();
  }

  void Stop() override {
    stopped_ = true;
    if (gatherer_ != nullptr && gatherer_->asking()) gatherer_->Cancel();
  }

 private:
  void Prepare() {
    auto self = shared_from_this();
    runtime::Task task = [self] {
      auto anew = PrepareReverification(self->rooms_, *self->setup_, self->span_, self->agency_,
                                        self->report_id_);
      self->loop_->Post(
          [self, anew = std::move(anew)]() mutable { self->OnPrepareDone(std::move(anew)); });
    };
    if (!rooms_.disk->TrySubmit(std::move(task))) {
      FinishSoon(Busy("READERS_FULL", "the platform reads as much as it can"));
    }
  }

  void OnPrepareDone(absl::StatusOr<Reverification> anew) {
    if (!anew.ok()) return Finish(anew.status());
    anew_ = *std::move(anew);
    if (anew_.end.has_value()) return Finish(*anew_.end);
    if (stopped_) return Finish(Draining());
    unasked_ = std::move(anew_.plan.unasked);
    if (!anew_.parts.has_value()) return Replace();
    CommitIntent();
  }

  void CommitIntent() {
    ledger::CommitRequest request;
    request.rows = std::move(anew_.rows);
    request.entry = std::move(anew_.entry);
    request.done = [self = shared_from_this()](absl::StatusOr<ledger::CommitReceipt> receipt) {
      self->loop_->Post([self, receipt = std::move(receipt)]() mutable {
        self->OnCommitIntentDone(std::move(receipt));
      });
    };
    if (!rooms_.committer->TrySubmit(std::move(request))) {
      FinishSoon(Busy("COMMITTER_FULL", "the platform has no room for another commit"));
    }
  }

  void OnCommitIntentDone(absl::StatusOr<ledger::CommitReceipt> receipt) {
    if (!receipt.ok()) {
      CheckCommitter();
      return Finish(receipt.status());
    }
    intent_ = std::move(receipt->proof);
    deadline_ = loop_->Now() + plan::kAskingTimeMax;
    GatherWave();
  }

  void GatherWave() {
    if (stopped_) return Finish(Draining());
    while (wave_ < anew_.plan.waves.size()) {
      plan::NextWaveResult next = plan::NextWave(anew_.plan, wave_, anew_.progress);
      unasked_.insert(unasked_.end(), next.unasked.begin(), next.unasked.end());
      if (!next.queries.empty()) return StartGather(std::move(next.queries));
      ++wave_;
    }
    Replace();
  }

  void StartGather(plan::Wave queries) {
    auto self = shared_from_this();
    gather::GatherRequest request =
        RequestUnder(rooms_, anew_.intent_id, absl::StrCat(wave_), *anew_.parts, *intent_,
                     {self, &anew_.grant}, std::move(queries));
    request.deadline =
        plan::WaveDeadline(anew_.plan, setup_->catalogue, wave_, loop_->Now(), deadline_);
    request.urgency = gather::Urgency::kBackground;
    // Nothing is shared: what the source said before is what is in doubt.
    if (gatherer_ == nullptr) {
      gatherer_ = std::make_unique<gather::Gatherer>(loop_, setup_->sources, rooms_.ids);
    }
    gatherer_->Start(
        std::move(request),
        [self](gather::Outcome outcome) { self->OnOutcome(std::move(outcome)); },
        [self] {
          // Not from inside the gatherer: the next wave starts it again.
          self->loop_->Post([self] {
            ++self->wave_;
            self->GatherWave();
          });
        });
  }

  void OnOutcome(gather::Outcome outcome) {
    outcome.ended = rooms_.clock->WallNow();
    // What did not fit here is not the source's failing.
    rooms_.source_log->Ended({anew_.verification_id, anew_.intent_id, std::nullopt}, outcome);
    rooms_.source_quality->Ended(anew_.division, outcome);
    answer_budget_.Hold(&bytes_, &outcome);
    anew_.progress.Add(anew_.plan, outcome.source_id, outcome.answers);
    outcomes_.push_back(std::move(outcome));
  }

  void Replace() {
    gatherer_.reset();
    auto self = shared_from_this();
    if (!UsesOf(outcomes_).empty()) {
      came_ = {anew_.verification_id, anew_.intent_id, anew_.current, span_.source_id};
    }
    std::make_shared<Replacing>(&rooms_, loop_, span_, std::move(anew_), std::move(outcomes_),
                                std::move(unasked_),
                                [self](absl::StatusOr<ReverifyEnd> end) { self->Finish(end); })
        ->Begin();
  }

  // With its matter went its reports. The log says all the same that something came.
  void FinishErased() {
    if (!came_.has_value()) return Finish(ReverifyEnd::kMatterClosed);
    ledger::CommitRequest request =
        DroppedCommit(rooms_, *std::exchange(came_, std::nullopt), AnswerEnd::kClosed);
    request.done = [self = shared_from_this()](const absl::StatusOr<ledger::CommitReceipt>&) {
      self->loop_->Post([self] {
        self->CheckCommitter();
        self->Finish(ReverifyEnd::kMatterClosed);
      });
    };
    if (!rooms_.committer->TrySubmit(std::move(request))) FinishSoon(ReverifyEnd::kMatterClosed);
  }

  void CheckCommitter() {
    if (const absl::Status health = rooms_.committer->Health(); !health.ok()) rooms_.fatal(health);
  }

  void FinishSoon(absl::StatusOr<ReverifyEnd> end) {
    loop_->Post([self = shared_from_this(), end = std::move(end)] { self->Finish(end); });
  }

  void Finish(absl::StatusOr<ReverifyEnd> end) {
    gatherer_.reset();
    bytes_ = {};
    if (IsErased(end.status())) return FinishErased();
    // That there are too many sources where the household lives does not pass.
    const bool no_room =
        absl::IsResourceExhausted(end.status()) && base::ReasonOf(end.status()) != "PLAN_TOO_WIDE";
    const bool again = no_room || absl::IsAborted(end.status()) ||
                       absl::IsCancelled(end.status()) || absl::IsUnavailable(end.status());
    if (!end.ok() && !again) {
      rooms_.tell(base::FailureEvent("not_verified_anew", end.status())
                      .With("report_id", report_id_.ToString()));
      end = ReverifyEnd::kFailed;
    }
    std::move(done_)(std::move(end));
  }

  const Rooms& rooms_;
  const std::shared_ptr<const Setup> setup_;
  runtime::EventLoop* const loop_;
  const RecallSpan span_;
  const std::string agency_;
  const base::Uuid report_id_;
  ReverifyDone done_;
  bool stopped_ = false;
  base::ByteBudget::Place bytes_;
  Reverification anew_;
  std::optional<ledger::EntryProof> intent_;
  absl::Duration deadline_;
  size_t wave_ = 0;
  AnswerBudget answer_budget_;
  std::vector<gather::Outcome> outcomes_;
  std::vector<plan::Unasked> unasked_;
  std::optional<Dropped> came_;  // what is destroyed where no report is made of it
  std::unique_ptr<gather::Gatherer> gatherer_;
};

}  // namespace

std::shared_ptr<ReverifyFlow> BeginReverify(const Rooms* rooms, runtime::EventLoop* loop,
                                            const RecallSpan& span, std::string agency,
                                            const base::Uuid& report_id, ReverifyDone done) {
  auto flow =
      std::make_shared<Flow>(rooms, loop, span, std::move(agency), report_id, std::move(done));
  flow->Begin();
  return flow;
}

}  // namespace hedui
