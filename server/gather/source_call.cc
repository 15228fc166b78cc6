#include "server/gather/source_call.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/gather/answer_rules.h"
#include "server/gather/attempt_end.h"
#include "server/gather/jitter.h"
#include "server/gather/share_key.h"

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

bool IsLate(const adapters::SourceReply& reply) {
  return !reply.answers.empty() && reply.answers.front().reason == Reason::kLate;
}

// Nothing in it but that there was no answer in time.
bool IsSilence(const adapters::SourceReply& reply) {
  return std::all_of(reply.answers.begin(), reply.answers.end(), [](const base::Answer& answer) {
    return answer.kind == AnswerKind::kUnavailable && answer.reason == Reason::kLate;
  });
}

}  // namespace

SourceCall::SourceCall(const WaveContext* wave, const Source* source, size_t query_index,
                       WarrantedQuery query, Ended ended)
    : wave_(wave),
      source_(source),
      query_index_(query_index),
      asked_(std::move(query.query)),
      warrant_(std::move(query.warrant)),
      poll_token_(std::move(query.poll_token)),
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
  const bool shares = poll_token_.empty() && wave_->sharing.answers != nullptr &&
                      source_->policy.cache_lifetime > absl::ZeroDuration();
  if (!shares || !AllAuthorized()) return Enter();
  JoinOthers();
}

void SourceCall::JoinOthers() {
  joined_era_ = source_->state->era();
  AnswerShare::Joined joined = wave_->sharing.answers->Join(
      ShareKey(wave_->sharing.scope, *source_, asked_), source_->policy.cache_lifetime,
      wave_->urgency == Urgency::kBackground, wave_->loop,
      [weak = weak_from_this()](AnswerShare::Answers answers) {
        const std::shared_ptr<SourceCall> self = weak.lock();
        if (self != nullptr) self->OnFollowed(std::move(answers));
      });
  if (auto* const follow = std::get_if<std::unique_ptr<AnswerShare::Follow>>(&joined)) {
    state_ = State::kFollowing;
    follow_ = std::move(*follow);
    ArmTimer(deadline_, [](SourceCall& call) {
      call.EndSoon(AnswerKind::kUnavailable, Reason::kLate,
                   "an equal query had no answer by the deadline");
    });
    return;
  }
  if (auto* const answers = std::get_if<AnswerShare::Answers>(&joined)) {
    state_ = State::kReusing;
    wave_->loop->Post([weak = weak_from_this(), answers = std::move(*answers)] {
      const std::shared_ptr<SourceCall> self = weak.lock();
      if (self != nullptr && self->state_ == State::kReusing) self->Reuse(answers);
    });
    return;
  }
  if (auto* const lead = std::get_if<AnswerShare::Lead>(&joined)) lead_ = std::move(*lead);
  Enter();
}

void SourceCall::OnFollowed(AnswerShare::Answers answers) {
  if (state_ != State::kFollowing) return;
  DropWork();
  if (answers != nullptr) return Reuse(answers);
  // Whoever led has failed, or may not pass on what came. Together once more; should that come to
  // nothing too, each asks for itself.
  if (std::exchange(followed_in_vain_, true) || !AllAuthorized()) return Enter();
  JoinOthers();
}

void SourceCall::Reuse(const AnswerShare::Answers& answers) {
  // Asked at use, as before sending. Since it was looked for, the authority under which it was
  // obtained may have ended; and each hold of the source begins an era, as each recall does.
  std::optional<std::vector<base::Answer>> fit;
  if (AllAuthorized() && answers->still_live() && source_->state->era() == joined_era_) {
    fit = FitAnswers(source_->policy, asked_, wave_->today, answers->answers);
  }
  if (!fit.has_value()) return Enter();
  reused_ = base::Reused{answers->attempt_id, answers->obtained};
  adapters::SourceReply reply;
  reply.answers = *std::move(fit);
  reply.sent = false;
  End(std::move(reply));
}

void SourceCall::Enter() {
  SourceState::Asked asked =
      source_->state->Ask(wave_->loop, sent_ ? Try::kRetry : Try::kFirst, wave_->urgency,
                          [weak = weak_from_this()](SourceState::Decision decision) mutable {
                            const std::shared_ptr<SourceCall> self = weak.lock();
                            if (self != nullptr) self->OnDecided(std::move(decision));
                          });
  if (auto* const permit = std::get_if<SourceState::Permit>(&asked)) {
    return Ask(std::move(*permit));
  }
  if (const auto* const refused = std::get_if<SourceState::Refused>(&asked)) {
    return OnRefused(refused->reason);
  }
  state_ = State::kQueued;
  ticket_ = std::get<std::unique_ptr<SourceState::Ticket>>(std::move(asked));
  ArmTimer(deadline_, [](SourceCall& call) { call.OnWaitedInVain(); });
}

void SourceCall::OnDecided(SourceState::Decision decision) {
  if (state_ != State::kQueued) return;
  DropWork();
  if (auto* const permit = std::get_if<SourceState::Permit>(&decision)) {
    return Ask(std::move(*permit));
  }
  OnRefused(std::get<SourceState::Refused>(decision).reason);
}

void SourceCall::OnRefused(Reason reason) {
  // What an attempt came to is more than that there is no other one. Never within Start.
  if (last_.has_value()) return End(*std::exchange(last_, std::nullopt));
  if (reason == Reason::kNone) {
    return EndSoon(AnswerKind::kUnavailable, Reason::kUnreachable, "no further attempt was left");
  }
  EndSoon(AnswerKind::kNotAsked, reason,
          reason == Reason::kHeld    ? "an operator holds the source"
          : reason == Reason::kQuota ? "the source's requests per day are used up"
                                     : "the source is being spared after failures");
}

void SourceCall::OnWaitedInVain() {
  // As in OnRefused.
  if (last_.has_value()) return End(*std::exchange(last_, std::nullopt));
  if (!source_->state->QuotaHoldsUp(wave_->urgency)) {
    return EndSoon(AnswerKind::kUnavailable, Reason::kLate, "waited in line until the deadline");
  }
  EndSoon(AnswerKind::kNotAsked, Reason::kQuota,
          "the source's requests per second or per day had no room until the deadline");
}

void SourceCall::Ask(SourceState::Permit permit) {
  if (!KeepAuthorized()) {
    return EndSoon(AnswerKind::kNotAsked, Reason::kNoAuthorization,
                   "nobody may be asked about any more");
  }
  if (deadline_ <= wave_->loop->Now()) {
    if (last_.has_value()) return End(*std::exchange(last_, std::nullopt));
    return EndSoon(AnswerKind::kUnavailable, Reason::kLate, "no time was left to ask");
  }
  state_ = State::kAsking;
  ++attempts_;
  // The adapter keeps the same time; this does not rely on it.
  ArmTimer(deadline_, [](SourceCall& call) { call.OnDeadline(); });
  Begin(std::move(permit), /*hedge=*/false);
}

void SourceCall::Begin(SourceState::Permit permit, bool hedge) {
  const int number = ++started_;
  Attempt attempt;
  attempt.number = number;
  attempt.hedge = hedge;
  attempt.begun = wave_->loop->Now();
  attempt.permit = std::make_shared<SourceState::Permit>(std::move(permit));
  adapters::SourceRequest request;
  request.query = rest();
  request.warrant = warrant_;  // of every attempt: it names the intent, not the attempt
  request.attempt_id = AttemptId(number);
  request.timeout = deadline_ - attempt.begun;
  if (wave_->trace.has_value()) request.traceparent = wave_->trace->Child(wave_->ids).ToString();
  request.digest_key = wave_->digest_key;
  request.may_be_sent = [weak = weak_from_this(), number] {
    const std::shared_ptr<SourceCall> self = weak.lock();
    return self != nullptr && self->MayBeSent(number);
  };
  adapters::SourceDone done = [weak = weak_from_this(), permit = attempt.permit,
                               number](adapters::SourceReply reply) mutable {
    // It has asked before; should it not have, it is charged at least now.
    if (reply.sent) permit->MaySend();
    const std::shared_ptr<SourceCall> self = weak.lock();
    if (self != nullptr) self->OnReply(number, std::move(reply));
    // Of an attempt given up earlier nobody has heard.
    permit->Release();
  };
  live_.push_back(std::move(attempt));
  starting_ = true;
  std::shared_ptr<adapters::SourceCall> call =
      poll_token_.empty()
          ? source_->adapter->Start(*wave_->loop, std::move(request), std::move(done))
          : source_->adapter->Poll(*wave_->loop, poll_token_, std::move(request), std::move(done));
  starting_ = false;
  if (Attempt* const begun = Find(number)) begun->call = std::move(call);
}

bool SourceCall::MayBeSent(int number) {
  Attempt* const attempt = Find(number);
  if (state_ != State::kAsking || attempt == nullptr) return false;
  // Before Start everybody was looked up, in this very task.
  if (!starting_ && !AllAuthorized()) return false;
  if (attempt->permit->sent()) return true;
  if (!attempt->permit->MaySend()) {
    attempt->no_room = true;
    return false;
  }
  if (attempt->hedge) {
    ++hedges_;
  } else {
    ArmHedge();
  }
  return true;
}

void SourceCall::ArmHedge() {
  if (!source_->policy.hedge_safe || !poll_token_.empty()) return;
  const absl::Duration after = std::max(source_->state->HedgeAfter(), source_->policy.hedge_least);
  // A hedge needs about as long again.
  if (2 * after >= deadline_ - wave_->loop->Now()) return;
  hedge_timer_ = wave_->loop->After(after, [weak = weak_from_this()] {
    const std::shared_ptr<SourceCall> self = weak.lock();
    if (self == nullptr) return;
    self->hedge_timer_ = 0;
    self->OnHedgeTime();
  });
}

void SourceCall::OnHedgeTime() {
  // Those who withdrew could be left out only of a query that is not the same any more.
  if (state_ != State::kAsking || live_.size() != 1 || !AllAuthorized()) return;
  if (std::optional<SourceState::Permit> permit = source_->state->TryHedge(wave_->urgency)) {
    Begin(*std::move(permit), /*hedge=*/true);
  }
}

AttemptEnd SourceCall::EndOfAttempt(const Attempt& attempt,
                                    const adapters::SourceReply& reply) const {
  if (!IsLate(reply)) return EndOf(reply, /*had_its_time=*/false);
  // Begun a moment after its query, an attempt never has the whole of the deadline.
  constexpr double kNearly = 0.9;
  const absl::Duration deadline = source_->policy.deadline;
  const absl::Duration patience =
      attempt.permit->sent() ? source_->state->Patience(deadline) : deadline;
  return EndOf(reply, wave_->loop->Now() - attempt.begun >= kNearly * patience);
}

void SourceCall::OnReply(int number, adapters::SourceReply reply) {
  Attempt* const found = Find(number);
  if (state_ != State::kAsking || found == nullptr) return;
  const Attempt attempt = std::move(*found);
  live_.erase(live_.begin() + (found - live_.data()));
  const AttemptEnd end = EndOfAttempt(attempt, reply);
  attempt.permit->Judge(end, /*timed=*/end == AttemptEnd::kGood || IsLate(reply));
  sent_ |= attempt.permit->sent() || reply.sent;
  if (reply.sent && lead_.has_value()) winner_ = AttemptId(number);
  attempt.permit->Release();
  if (!live_.empty()) {
    if (reply.sent && !reply.retryable && end == AttemptEnd::kGood) {
      DropWork(Drop::kOtherWasFirst);
      return End(std::move(reply));
    }
    // A hedge that did not leave says nothing.
    if (reply.sent) failed_ = std::move(reply);
    return;
  }
  DropWork();
  // What the other came to is known; that this one did not leave, or was not answered, is less.
  if (failed_.has_value() && (!reply.sent || IsSilence(reply))) {
    return Decide(/*made_no_attempt=*/false, *std::exchange(failed_, std::nullopt));
  }
  failed_.reset();
  // Withdrawn while the adapter waited, or no room at the moment of sending: no attempt was made.
  Decide(!reply.sent && (attempt.no_room || !AllAuthorized()), std::move(reply));
}

void SourceCall::Decide(bool made_no_attempt, adapters::SourceReply reply) {
  if (made_no_attempt) {
    --attempts_;
    return Enter();
  }
  if (const std::optional<absl::Duration> pause = PauseAfter(reply)) {
    Remember(reply);
    last_ = std::move(reply);
    return Pause(*pause);
  }
  End(std::move(reply));
}

void SourceCall::OnDeadline() {
  DropWork(Drop::kDeadline);
  // Of two attempts one has failed: why is known, and more than that the other is silent.
  if (failed_.has_value()) return End(*std::exchange(failed_, std::nullopt));
  End(adapters::UniformReply(rest(), AnswerKind::kUnavailable, Reason::kLate,
                             /*retryable=*/false, "no answer by the deadline"));
}

std::optional<absl::Duration> SourceCall::PauseAfter(const adapters::SourceReply& reply) {
  const SourcePolicy& policy = source_->policy;
  if (!reply.retryable || attempts_ >= policy.attempts) return std::nullopt;
  // What is known is said at once, rather than after a pause for nothing.
  if (sent_ && !source_->state->HasRetry()) return std::nullopt;
  const absl::Duration pause =
      FullJitter(policy.backoff_first, policy.backoff_max, attempts_, RandomWord(wave_->ids));
  // An attempt that could only begin at the deadline would be a call for nothing.
  if (wave_->loop->Now() + pause >= deadline_) return std::nullopt;
  return pause;
}

void SourceCall::Pause(absl::Duration pause) {
  state_ = State::kPausing;
  ArmTimer(wave_->loop->Now() + pause, [](SourceCall& call) { call.Enter(); });
}

std::string SourceCall::AttemptId(int number) const {
  return absl::StrCat(wave_->name, "/", source_->policy.id, "/", query_index_, "/", number);
}

void SourceCall::ShareOutcome(const Outcome& outcome) {
  std::optional<AnswerShare::Lead> lead = std::exchange(lead_, std::nullopt);
  // Of a query that people were taken out of nobody has the same; what failed is nobody's.
  if (!lead.has_value() || fewer_.has_value() || outcome.dropped_answers > 0 ||
      !outcome.pending_token.empty() || !MayBeShared(outcome.answers) || !AllAuthorized()) {
    return;
  }
  std::vector<std::string> people;
  for (const plan::PersonQuery& person : asked_.people) people.push_back(person.person_id);
  lead->Share(outcome.answers, winner_, source_->policy,
              [authorized = wave_->sharing.keep_authority(), people = std::move(people)] {
                return std::all_of(people.begin(), people.end(), authorized);
              });
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
  outcome.attempts = attempts_ + hedges_;
  outcome.hedges = hedges_;
  outcome.reused = std::move(reused_);
  outcome.elapsed = wave_->loop->Now() - wave_->started;
  outcome.pending_token = std::move(reply.pending_token);
  outcome.pending_ready_after = reply.pending_ready_after;
  outcome.token_unknown = reply.token_unknown;
  outcome.dropped_answers = completed.dropped;
  outcome.operator_text = std::move(reply.operator_text);
  if (completed.dropped > 0) {
    absl::StrAppend(&outcome.operator_text, outcome.operator_text.empty() ? "" : "; ",
                    completed.dropped, " answers dropped that were not asked for or came twice");
  }
  ShareOutcome(outcome);
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
  if (last_.has_value()) {
    // Of those who are left.
    std::erase_if(last_->answers, [&left](const base::Answer& answer) {
      return std::none_of(left.people.begin(), left.people.end(),
                          [&answer](const plan::PersonQuery& person) {
                            return person.person_id == answer.person_id;
                          });
    });
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

void SourceCall::DropWork(Drop why) {
  ticket_.reset();
  follow_.reset();
  if (timer_ != 0) wave_->loop->Cancel(std::exchange(timer_, 0));
  if (hedge_timer_ != 0) wave_->loop->Cancel(std::exchange(hedge_timer_, 0));
  if (live_.empty()) return;
  adapters::SourceReply silence;
  if (why == Drop::kDeadline) {
    silence = adapters::UniformReply(rest(), AnswerKind::kUnavailable, Reason::kLate,
                                     /*retryable=*/false, "");
  }
  for (const Attempt& attempt : std::exchange(live_, {})) {
    const AttemptEnd end =
        why == Drop::kDeadline ? EndOfAttempt(attempt, silence) : AttemptEnd::kNeutral;
    // That it took at least so long is known of all but those that nobody waited for.
    attempt.permit->Judge(end, /*timed=*/why != Drop::kNobodyWaits);
    if (attempt.call != nullptr) attempt.call->Cancel();
  }
}

SourceCall::Attempt* SourceCall::Find(int number) {
  const auto found = std::find_if(live_.begin(), live_.end(), [number](const Attempt& attempt) {
    return attempt.number == number;
  });
  return found == live_.end() ? nullptr : &*found;
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
