#include "server/poll_flow.h"

#include <algorithm>
#include <utility>

#include "server/base/event.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "server/intent_steps.h"
#include "server/ledger/entry.h"
#include "server/plan/waves.h"
#include "server/source_log.h"
#include "server/source_quality.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

size_t BytesOf(const std::vector<base::Answer>& answers) {
  size_t bytes = 0;
  for (const base::Answer& answer : answers) {
    for (const base::Record& record : answer.records) bytes += base::SizeOf(record);
  }
  return bytes;
}

bool IsOf(const PromisedPair& pair, const base::Answer& answer) {
  return pair.person_id == answer.person_id && pair.category == answer.category;
}

}  // namespace

PollFlow::PollFlow(const Rooms* rooms, runtime::EventLoop* loop, DecodeKept decode,
                   const base::Uuid& promise_id, Done done)
    : rooms_(*rooms),
      setup_(rooms->setup()),
      loop_(loop),
      decode_(std::move(decode)),
      promise_id_(promise_id),
      done_(std::move(done)) {}

void PollFlow::Begin() { Prepare(); }

void PollFlow::Abandon() {
  abandoned_ = true;
  gatherer_.reset();
  done_ = nullptr;
}

void PollFlow::Prepare() {
  runtime::Task task = [self = shared_from_this()] {
    auto plan = PreparePoll(self->rooms_, *self->setup_, self->decode_, self->promise_id_);
    self->loop_->Post([self, plan = std::move(plan)]() mutable {
      if (!self->abandoned_) self->OnPrepareDone(std::move(plan));
    });
  };
  if (rooms_.disk->TrySubmit(std::move(task))) return;
  loop_->Post([self = shared_from_this()] { self->Finish({}); });
}

void PollFlow::OnPrepareDone(absl::StatusOr<PollPlan> plan) {
  if (!plan.ok()) return FinishAfter(plan.status());
  plan_ = *std::move(plan);
  switch (plan_.what) {
    case PollPlan::Do::kForget:
      return Finish({PollEnd::Next::kOver, {}, {}});
    case PollPlan::Do::kWait:
      rooms_.tell(base::Event(base::EventLevel::kInfo, "promise_not_polled")
                      .With("promise_id", promise_id_.ToString())
                      .With("source", plan_.promise.source_id)
                      .With("reason", std::string(base::ReasonOf(plan_.why))));
      return Finish({PollEnd::Next::kAgain, {}, {}});
    case PollPlan::Do::kEnd:
      if (plan_.end != PromiseEnd::kExpired) return CommitEnd(plan_.end);
      reply_.answers = AllUnavailable(base::Reason::kLate);
      return AddAnswers(plan_.end);
    case PollPlan::Do::kPoll:
      break;
  }
  auto bytes = rooms_.bytes->TryTake(plan_.promise.agency, kFlowBytes);
  if (!bytes.has_value()) return Finish({});
  bytes_ = *std::move(bytes);
  if (plan_.proof.has_value()) return Ask();
  CommitIntent();
}

void PollFlow::CommitIntent() {
  Commit(std::move(plan_.rows), std::move(plan_.entry),
         [this](absl::StatusOr<ledger::CommitReceipt> receipt) {
           OnCommitIntentDone(std::move(receipt));
         });
}

void PollFlow::OnCommitIntentDone(absl::StatusOr<ledger::CommitReceipt> receipt) {
  if (!receipt.ok()) return FinishAfter(receipt.status());
  plan_.proof = std::move(receipt->proof);
  Ask();
}

void PollFlow::Ask() {
  if (rooms_.on_step) rooms_.on_step(FlowStep::kPolling);
  auto self = shared_from_this();
  // Its turn is of this poll alone, also after a restart.
  gather::GatherRequest request = RequestUnder(
      rooms_, plan_.intent_id, rooms_.ids->NextId(Now()).ToString(), *plan_.parts, *plan_.proof,
      std::shared_ptr<const access::Grant>(self, &plan_.grant), {plan_.query});
  request.queries.front().poll_token = plan_.promise.token;
  request.deadline = loop_->Now() + plan::kAskingTimeMax;
  request.urgency = gather::Urgency::kBackground;
  gatherer_ = std::make_unique<gather::Gatherer>(loop_, setup_->sources, rooms_.ids);
  gatherer_->Start(
      std::move(request), [self](gather::Outcome outcome) { self->outcome_ = std::move(outcome); },
      [self] {
        // Not from inside the gatherer, which goes away.
        self->loop_->Post([self] {
          if (!self->abandoned_) self->OnAskDone();
        });
      });
}

void PollFlow::OnAskDone() {
  gatherer_.reset();
  outcome_->ended = rooms_.clock->WallNow();
  rooms_.source_log->Ended({plan_.promise.verification_id, plan_.intent_id, std::nullopt},
                           *outcome_);
  rooms_.source_quality->Ended(plan_.division, *outcome_, /*poll=*/true);
  reply_ = ReadPollReply(plan_.promise, *std::exchange(outcome_, std::nullopt));
  came_ = !reply_.answers.empty();
  if (came_ && rooms_.on_step) rooms_.on_step(FlowStep::kPolled);
  asked_ = true;
  // Without room for it, it is asked for once more, soon.
  if (!bytes_.TryGrow(kRecordCopies * BytesOf(reply_.answers))) return FinishAfter(NoBytes());
  if (reply_.lost) {
    reply_.answers = AllUnavailable(base::Reason::kSourceError);
    reply_.promised.clear();
    return AddAnswers(PromiseEnd::kLost);
  }
  if (came_) return Use();
  if (reply_.token != plan_.promise.token) return CommitRenewal();
  if (reply_.failed) return Finish({PollEnd::Next::kSoon, {}, {}});
  Promise promise = plan_.promise;
  promise.ready_after = reply_.ready_after;
  Finish({PollEnd::Next::kAgain, DueAt(promise), {}});
}

void PollFlow::Use() {
  // A commit about the matter has failed, so it is not known who may be asked about: no reason to
  // destroy what came as if somebody had withdrawn. It is asked for again.
  if (!plan_.grant.matter->Trusted()) return Finish({PollEnd::Next::kSoon, {}, {}});
  std::vector<PromisedPair> dropped;
  for (const base::Answer& answer : reply_.answers) {
    if (!access::IsLive(plan_.grant, answer.person_id)) {
      dropped.push_back({answer.person_id, answer.category});
    }
  }
  if (!dropped.empty()) return CommitDrop(std::move(dropped));
  AddAnswers(PromiseEnd::kAnswered);
}

void PollFlow::CommitDrop(std::vector<PromisedPair> dropped) {
  std::erase_if(reply_.answers, [&](const base::Answer& answer) {
    return std::any_of(dropped.begin(), dropped.end(),
                       [&](const PromisedPair& pair) { return IsOf(pair, answer); });
  });
  // The others' are waited for under another promise: until they are in a report, should this
  // process end, they are asked for again.
  std::vector<PromisedPair> left = reply_.promised;
  for (const base::Answer& answer : reply_.answers) {
    left.push_back({answer.person_id, answer.category});
  }
  Renew(std::move(left));
  std::vector<base::Row> rows;
  rows.push_back(EndRow(renewed_.has_value() ? PromiseEnd::kRenewed : PromiseEnd::kRevoked));
  if (renewed_.has_value()) rows.push_back(PromiseRow(*renewed_, Now()));
  Commit(std::move(rows), DroppedEntry(),
         [this](const absl::StatusOr<ledger::CommitReceipt>& receipt) {
           OnCommitDropDone(receipt.status());
         });
}

void PollFlow::OnCommitDropDone(const absl::Status& committed) {
  if (!committed.ok()) return FinishAfter(committed);
  TellDropped();
  if (!renewed_.has_value() || reply_.answers.empty()) return FinishOver();
  // From here on it is the other promise that this is about.
  plan_.promise = *std::exchange(renewed_, std::nullopt);
  Use();
}

void PollFlow::AddAnswers(PromiseEnd how) {
  Renew(reply_.promised);
  AnswerRequest request;
  request.agency = plan_.promise.agency;
  request.chain = ResultKey(plan_.promise.agency, plan_.promise.request_id);
  request.answers.push_back({plan_.promise.source_id, reply_.answers,
                             absl::ToInt64Milliseconds(Now() - plan_.promise.promised_at), Now()});
  request.rows.push_back(EndRow(how));
  if (renewed_.has_value()) request.rows.push_back(PromiseRow(*renewed_, Now()));
  if (came_) {
    request.promise = plan_.promise.id;
    // What the source promises anew is no part of what is dropped.
    request.rows_if_dropped.push_back(
        EndRow(renewed_.has_value() ? PromiseEnd::kRenewed : PromiseEnd::kRevoked));
    if (renewed_.has_value()) request.rows_if_dropped.push_back(PromiseRow(*renewed_, Now()));
    request.still_authorized = [grant = plan_.grant](const std::string& person_id) {
      return access::IsLive(grant, person_id);
    };
    request.authorization = [grant = plan_.grant](const std::string& person_id) {
      return AuthorityText(grant.Find(person_id));
    };
  }
  AddLateAnswers(&rooms_, loop_, std::move(request),
                 [self = shared_from_this(), how](absl::StatusOr<AnswerEnd> end) {
                   if (!self->abandoned_) self->OnAddAnswersDone(std::move(end), how);
                 });
}

void PollFlow::OnAddAnswersDone(absl::StatusOr<AnswerEnd> end, PromiseEnd how) {
  if (absl::IsResourceExhausted(end.status()) && !asked_) return FinishStuck(end.status(), how);
  if (!end.ok()) return FinishAfter(end.status());
  switch (*end) {
    case AnswerEnd::kReported:
      return FinishOver();
    case AnswerEnd::kWithdrawn:
      renewed_.reset();
      return Use();
    case AnswerEnd::kFull:
      renewed_.reset();
      return FinishOver();
    case AnswerEnd::kClosed:
    case AnswerEnd::kAnnulled:
    case AnswerEnd::kNotWaited:
      if (came_) return FinishOver();
      renewed_.reset();
      // Nothing came, so nothing was dropped; it is over all the same.
      return CommitEnd(*end == AnswerEnd::kNotWaited ? how : PromiseEnd::kRevoked);
  }
}

// There can be no row of it any more. The log says all the same that something came.
void PollFlow::CommitErased() {
  if (!came_) return Finish({PollEnd::Next::kOver, {}, {}});
  Commit({}, DroppedEntry(), [this](const absl::StatusOr<ledger::CommitReceipt>& receipt) {
    if (!receipt.ok()) return FinishAfter(receipt.status());
    TellDropped();
    Finish({PollEnd::Next::kOver, {}, {}});
  });
}

void PollFlow::CommitEnd(PromiseEnd how) {
  std::vector<base::Row> rows;
  rows.push_back(EndRow(how));
  Commit(std::move(rows), "", [this](const absl::StatusOr<ledger::CommitReceipt>& receipt) {
    if (!receipt.ok()) return FinishAfter(receipt.status());
    FinishOver();
  });
}

void PollFlow::CommitRenewal() {
  Renew(plan_.promise.pairs);
  std::vector<base::Row> rows;
  rows.push_back(EndRow(PromiseEnd::kRenewed));
  rows.push_back(PromiseRow(*renewed_, Now()));
  Commit(std::move(rows), "", [this](const absl::StatusOr<ledger::CommitReceipt>& receipt) {
    if (!receipt.ok()) return FinishAfter(receipt.status());
    FinishOver();
  });
}

std::vector<base::Answer> PollFlow::AllUnavailable(base::Reason reason) const {
  std::vector<base::Answer> answers;
  for (const PromisedPair& pair : plan_.promise.pairs) {
    base::Answer& answer = answers.emplace_back();
    answer.person_id = pair.person_id;
    answer.category = pair.category;
    answer.kind = base::AnswerKind::kUnavailable;
    answer.reason = reason;
  }
  return answers;
}

void PollFlow::Renew(std::vector<PromisedPair> pairs) {
  renewed_.reset();
  if (pairs.empty()) return;
  renewed_ = Renewed(plan_.promise, rooms_.ids->NextId(Now()), std::move(pairs), reply_);
}

base::Row PollFlow::EndRow(PromiseEnd how) {
  return PromiseEndRow(plan_.promise, how, rooms_.ids->NextId(Now()), Now());
}

std::string PollFlow::DroppedEntry() const {
  ledger::AnswerDroppedEntry entry;
  entry.verification = plan_.promise.verification_id;
  entry.promise = plan_.promise.id;
  entry.why = static_cast<uint8_t>(AnswerEnd::kClosed);
  entry.time = Now();
  return ledger::EncodeEntry(entry);
}

void PollFlow::TellDropped() const {
  rooms_.tell(base::Event(base::EventLevel::kInfo, "answer_dropped")
                  .With("promise_id", plan_.promise.id.ToString())
                  .With("source", plan_.promise.source_id));
}

void PollFlow::Commit(std::vector<base::Row> rows, std::string entry, Then then) {
  ledger::CommitRequest request;
  request.rows = std::move(rows);
  if (!entry.empty()) request.entry = std::move(entry);
  request.done = [self = shared_from_this(), then](absl::StatusOr<ledger::CommitReceipt> receipt) {
    if (const absl::Status health = self->rooms_.committer->Health(); !health.ok()) {
      self->rooms_.fatal(health);
    }
    self->loop_->Post([self, then, receipt = std::move(receipt)]() mutable {
      if (!self->abandoned_) then(std::move(receipt));
    });
  };
  if (!rooms_.committer->TrySubmit(std::move(request))) {
    FinishAfter(Busy("COMMITTER_FULL", "the platform has no room for another commit"));
  }
}

absl::Time PollFlow::Now() const {
  return absl::FromUnixMillis(absl::ToUnixMillis(rooms_.clock->WallNow()));
}

void PollFlow::FinishAfter(const absl::Status& status) {
  if (IsErased(status)) return CommitErased();
  const bool no_room = absl::IsResourceExhausted(status);
  if (!no_room) {
    rooms_.tell(base::FailureEvent("promise_not_polled", status)
                    .With("promise_id", promise_id_.ToString()));
  }
  // The source is not asked again at once for what there was no room for here; nor so late that it
  // would have forgotten what it gave.
  Finish({asked_    ? PollEnd::Next::kSoon
          : no_room ? PollEnd::Next::kRetry
                    : PollEnd::Next::kAgain,
          {},
          {}});
}

// Each try opens the whole chain, which may be larger than its agency's share: not every second.
void PollFlow::FinishStuck(const absl::Status& status, PromiseEnd how) {
  rooms_.tell(base::Event(base::EventLevel::kWarning, "promise_not_ended")
                  .With("promise_id", plan_.promise.id.ToString())
                  .With("source", plan_.promise.source_id)
                  .With("reason", std::string(base::ReasonOf(status))));
  if (Now() >= plan_.promise.promised_at + kPromiseEndedWithin) return CommitEnd(how);
  Finish({PollEnd::Next::kAgain, {}, {}, /*stuck=*/true});
}

void PollFlow::FinishOver() { Finish({PollEnd::Next::kOver, {}, std::move(renewed_)}); }

void PollFlow::Finish(PollEnd end) {
  if (abandoned_) return;
  bytes_ = {};
  // What the desk knows this by has ended; it goes on with what stands in its place.
  if (end.next != PollEnd::Next::kOver && plan_.promise.id != base::Uuid() &&
      plan_.promise.id != promise_id_) {
    end = {PollEnd::Next::kOver, {}, plan_.promise};
  }
  if (Done done = std::exchange(done_, nullptr)) done(std::move(end));
}

}  // namespace hedui
