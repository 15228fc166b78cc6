#include "server/gather/source_call.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/gather/answer_rules.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

uint64_t RandomWord(base::IdSource* ids) {
  const std::string bytes = ids->RandomBytes(sizeof(uint64_t));
  uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof(word));
  return word;
}

}  // namespace

SourceCall::SourceCall(const WaveContext* wave, const Source* source, size_t query_index,
                       WarrantedQuery query, Ended ended)
    : wave_(wave),
      source_(source),
      query_index_(query_index),
      asked_(std::move(query.query)),
      warrant_(std::move(query.warrant)),
      ended_(std::move(ended)) {}

SourceCall::~SourceCall() { DropWork(); }

void SourceCall::Start() {
  if (source_ == nullptr) {
    return EndSoon(AnswerKind::kNotAsked, Reason::kNotRoutable, "no such source is set up");
  }
  const absl::Duration now = wave_->loop->Now();
  deadline_ = std::min(wave_->deadline, now + source_->policy.deadline);
  if (deadline_ <= now) {
    return EndSoon(AnswerKind::kUnavailable, Reason::kLate, "no time was left to ask");
  }
  Enter();
}

void SourceCall::Enter() {
  if (std::optional<SourceGate::Place> place = source_->gate->TryEnter()) {
    return Ask(*std::move(place));
  }
  state_ = State::kQueued;
  ArmTimer(deadline_, [](SourceCall& call) {
    call.EndSoon(AnswerKind::kUnavailable, Reason::kLate, "waited in line until the deadline");
  });
  ticket_ =
      source_->gate->Wait(wave_->loop, [weak = weak_from_this()](SourceGate::Place place) mutable {
        const std::shared_ptr<SourceCall> self = weak.lock();
        if (self != nullptr) self->OnEntered(std::move(place));
      });
}

void SourceCall::OnEntered(SourceGate::Place place) {
  if (state_ != State::kQueued) return;
  DropWork();
  Ask(std::move(place));
}

void SourceCall::Ask(SourceGate::Place place) {
  if (!KeepAuthorized()) {
    return EndSoon(AnswerKind::kNotAsked, Reason::kNoAuthorization,
                   "nobody may be asked about any more");
  }
  const absl::Duration left = deadline_ - wave_->loop->Now();
  if (left <= absl::ZeroDuration()) {
    return EndSoon(AnswerKind::kUnavailable, Reason::kLate, "no time was left to ask");
  }
  state_ = State::kAsking;
  ++attempts_;
  ++started_;
  adapters::SourceRequest request;
  request.query = rest();
  request.warrant = warrant_;  // an attempt that is not sent is made again under it
  request.attempt_id =
      absl::StrCat(wave_->name, "/", source_->policy.id, "/", query_index_, "/", started_);
  request.timeout = left;
  if (wave_->trace.has_value()) request.traceparent = wave_->trace->Child(wave_->ids).ToString();
  request.digest_key = wave_->digest_key;
  request.may_be_sent = [weak = weak_from_this(), started = started_] {
    const std::shared_ptr<SourceCall> self = weak.lock();
    return self != nullptr && self->state_ == State::kAsking && self->started_ == started &&
           self->AllAuthorized();
  };
  // The adapter keeps the same time; this does not rely on it.
  ArmTimer(deadline_, [](SourceCall& call) {
    call.OnReply(adapters::UniformReply(call.rest(), AnswerKind::kUnavailable, Reason::kLate,
                                        /*retryable=*/false, "no answer by the deadline"));
  });
  // The place goes back when the adapter is through with the attempt, however long we have stopped
  // waiting for it: until then it loads the source. An answer to an attempt given up earlier is not
  // this attempt's.
  attempt_ = source_->adapter->Start(*wave_->loop, std::move(request),
                                     [weak = weak_from_this(), place = std::move(place),
                                      started = started_](adapters::SourceReply reply) mutable {
                                       place.Release();
                                       const std::shared_ptr<SourceCall> self = weak.lock();
                                       if (self == nullptr || self->started_ != started) return;
                                       self->attempt_.reset();
                                       self->OnReply(std::move(reply));
                                     });
}

void SourceCall::OnReply(adapters::SourceReply reply) {
  if (state_ != State::kAsking) return;
  DropWork();
  if (!reply.sent && !AllAuthorized()) {
    // Withdrawn while the adapter waited: no attempt was made. The others go on.
    --attempts_;
    return Enter();
  }
  if (const std::optional<absl::Duration> pause = PauseAfter(reply)) {
    Remember(reply);
    return Pause(*pause);
  }
  End(std::move(reply));
}

std::optional<absl::Duration> SourceCall::PauseAfter(const adapters::SourceReply& reply) {
  const SourcePolicy& policy = source_->policy;
  if (!reply.retryable || attempts_ >= policy.attempts) return std::nullopt;
  absl::Duration longest = policy.backoff_first;
  for (int i = 1; i < attempts_ && longest < policy.backoff_max; ++i) longest *= 2;
  longest = std::min(longest, policy.backoff_max);
  const int64_t half_us = absl::ToInt64Microseconds(longest / 2);
  const auto drawn =
      static_cast<int64_t>(RandomWord(wave_->ids) % (static_cast<uint64_t>(half_us) + 1));
  const absl::Duration pause = absl::Microseconds(half_us + drawn);
  // An attempt that could only begin at the deadline would be a call for nothing.
  if (wave_->loop->Now() + pause >= deadline_) return std::nullopt;
  return pause;
}

void SourceCall::Pause(absl::Duration pause) {
  state_ = State::kPausing;
  ArmTimer(wave_->loop->Now() + pause, [](SourceCall& call) { call.Enter(); });
}

void SourceCall::End(adapters::SourceReply reply) {
  DropWork();
  state_ = State::kEnded;
  Outcome outcome;
  outcome.query_index = query_index_;
  outcome.source_id = asked_.source_id;
  CompletedAnswers completed = CompleteAnswers(asked_, rest(), std::move(reply.answers),
                                               !reply.pending_token.empty(), std::move(settled_));
  outcome.answers = std::move(completed.answers);
  EndWithToday(wave_->today, &outcome.answers);
  if (source_ != nullptr) ApplyFreshness(source_->policy, wave_->today, &outcome.answers);
  outcome.attempts = attempts_;
  outcome.elapsed = wave_->loop->Now() - wave_->started;
  outcome.pending_token = std::move(reply.pending_token);
  outcome.pending_ready_after = reply.pending_ready_after;
  outcome.dropped_answers = completed.dropped;
  outcome.operator_text = std::move(reply.operator_text);
  if (completed.dropped > 0) {
    absl::StrAppend(&outcome.operator_text, outcome.operator_text.empty() ? "" : "; ",
                    completed.dropped, " answers dropped that were not asked for or came twice");
  }
  // This may be destroyed in there.
  Ended ended = std::move(ended_);
  std::move(ended)(std::move(outcome));
}

void SourceCall::Remember(const adapters::SourceReply& reply) {
  if (!reply.sent) return;
  last_sent_ = CompleteAnswers(rest(), rest(), reply.answers, /*has_pending_token=*/false).answers;
}

bool SourceCall::AllAuthorized() const {
  const std::vector<plan::PersonQuery>& people = rest().people;
  return std::all_of(people.begin(), people.end(), [this](const plan::PersonQuery& person) {
    return wave_->still_authorized(person.person_id);
  });
}

bool SourceCall::KeepAuthorized() {
  const plan::SourceQuery& before = rest();
  // Each person is looked up once: the answer may change between two calls.
  std::vector<bool> out;
  out.reserve(before.people.size());
  for (const plan::PersonQuery& person : before.people) {
    out.push_back(!wave_->still_authorized(person.person_id));
  }
  if (std::find(out.begin(), out.end(), true) == out.end()) return true;
  plan::SourceQuery left;
  left.source_id = before.source_id;
  left.period = before.period;
  for (size_t i = 0; i < out.size(); ++i) {
    if (!out[i]) {
      left.people.push_back(before.people[i]);
      continue;
    }
    for (const base::Answer& answer : last_sent_) {
      if (answer.person_id == before.people[i].person_id) settled_.push_back(answer);
    }
  }
  fewer_ = std::move(left);
  return !fewer_->people.empty();
}

void SourceCall::Cancel(base::Reason reason) {
  if (state_ == State::kEnding || state_ == State::kEnded) return;
  EndSoon(AnswerKind::kUnavailable, reason, "given up before an answer came");
}

void SourceCall::EndSoon(AnswerKind kind, Reason reason, std::string operator_text) {
  DropWork();
  state_ = State::kEnding;
  wave_->loop->Post(
      [weak = weak_from_this(), kind, reason, operator_text = std::move(operator_text)]() mutable {
        const std::shared_ptr<SourceCall> self = weak.lock();
        if (self == nullptr) return;
        self->End(adapters::UniformReply(self->rest(), kind, reason, /*retryable=*/false,
                                         std::move(operator_text)));
      });
}

void SourceCall::DropWork() {
  ticket_.reset();
  if (timer_ != 0) wave_->loop->Cancel(std::exchange(timer_, 0));
  if (const std::shared_ptr<adapters::SourceCall> attempt = std::move(attempt_)) attempt->Cancel();
}

void SourceCall::ArmTimer(absl::Duration at, absl::AnyInvocable<void(SourceCall&) &&> then) {
  timer_ = wave_->loop->After(at - wave_->loop->Now(),
                              [weak = weak_from_this(), then = std::move(then)]() mutable {
                                const std::shared_ptr<SourceCall> self = weak.lock();
                                if (self == nullptr) return;
                                self->timer_ = 0;
                                std::move(then)(*self);
                              });
}

}  // namespace hedui::gather
