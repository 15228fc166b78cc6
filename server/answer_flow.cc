#include "server/answer_flow.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/event.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/chain_flow.h"
#include "server/correction_flow.h"
#include "server/flow_bytes.h"
#include "server/ledger/entry.h"
#include "server/pending_rows.h"
#include "server/report_steps.h"
#include "server/superseding_steps.h"

namespace hedui {
namespace {

// Whether these records fit a report beside those of `others`.
class RecordBudget {
 public:
  explicit RecordBudget(const std::vector<match::SourceOutcome>& others) {
    for (const match::SourceOutcome& outcome : others) Add(outcome.answer);
  }
  bool TryAdd(const base::Answer& answer) {
    const RecordBudget before = *this;
    Add(answer);
    if (records_ <= base::kRecordsPerVerificationMax &&
        bytes_ <= base::kRecordBytesPerVerificationMax) {
      return true;
    }
    *this = before;
    return false;
  }

 private:
  void Add(const base::Answer& answer) {
    records_ += answer.records.size();
    for (const base::Record& record : answer.records) bytes_ += base::SizeOf(record);
  }

  size_t records_ = 0;
  size_t bytes_ = 0;
};

void Show(const std::string& source_id, const base::Answer& answer, int64_t elapsed_ms,
          std::vector<SourceOutcomeView>* outcomes) {
  for (SourceOutcomeView& view : *outcomes) {
    if (view.source_id != source_id || view.person_id != answer.person_id ||
        view.category != answer.category) {
      continue;
    }
    view.kind = answer.kind;
    view.reason = answer.reason;
    view.data_day = answer.data_day;
    view.elapsed_ms = elapsed_ms;
    view.reused_attempt.clear();
  }
}

class AnswerFlow final : public ChainFlow<AnswerEnd> {
 public:
  AnswerFlow(const Rooms* rooms, runtime::EventLoop* loop, AnswerRequest request, AnswerDone done)
      : ChainFlow(rooms, loop, request.agency, request.chain, "", std::move(done)),
        request_(std::move(request)) {}

 private:
  void Work(ReportChain chain) override {
    if (chain.annulled.has_value()) return Drop(chain.verification_id, AnswerEnd::kAnnulled);
    // Corrections may have filled it. One report more says so of what is waited for; after that
    // nothing is.
    if (chain.reports.size() > kCorrectionsMax + 1) {
      return Drop(chain.verification_id, AnswerEnd::kNotWaited);
    }
    closing_ = chain.reports.size() >= kLateReportsMax;
    if (closing_) {
      if (const absl::Status ends = EndAll(chain); !ends.ok()) return Finish(ends);
    }
    // Only what is superseded is needed while it waits.
    chain.KeepCurrentRow();
    OnCompute([this, chain = std::move(chain)]() mutable { Make(chain); });
  }

  // All promises end in one commit with the closing report, of whatever source. One that is renewed
  // in between ends when it is due (poll_steps.cc).
  absl::Status EndAll(const ReportChain& chain) {
    HEDUI_ASSIGN_OR_RETURN(const auto open, FindOpenPromises(*rooms_.pages, chain.verification_id));
    Promise promise;
    promise.verification_id = chain.verification_id;
    promise.matter = chain.matter;
    ends_.clear();
    for (const base::Uuid& id : open) {
      promise.id = id;
      ends_.push_back(
          PromiseEndRow(promise, PromiseEnd::kExpired, rooms_.ids->NextId(Now()), Now()));
    }
    return absl::OkStatus();
  }

  // On the compute pool.
  void Make(const ReportChain& chain) {
    const absl::StatusOr<AnswerEnd> made = TryMake(chain);
    if (!made.ok() || *made == AnswerEnd::kWithdrawn) return Finish(made);
    if (*made != AnswerEnd::kReported) return Drop(chain.verification_id, *made);
    if (!closing_) return CommitReport(std::move(request_.rows), AnswerEnd::kReported);
    ForgetAnswers();
    if (!request_.promise.has_value()) return CommitReport(std::move(ends_), AnswerEnd::kFull);
    // In the log first. Should the process end in between, its promise is open still, and ends with
    // the others in such a report, without another poll.
    ledger::CommitRequest commit;
    commit.entry = DroppedEntry(chain.verification_id, AnswerEnd::kNotWaited);
    Commit(std::move(commit), [this](const ledger::CommitReceipt&) {
      TellDropped();
      CommitReport(std::move(ends_), AnswerEnd::kFull);
    });
  }

  void CommitReport(std::vector<base::Row> rows, AnswerEnd end) {
    ledger::CommitRequest commit;
    commit.rows = std::move(rows);
    commit.rows.push_back(std::move(report_.row));
    commit.entry = std::move(report_.made.draft.entry);
    Commit(std::move(commit), [this, end](const ledger::CommitReceipt&) { Finish(end); });
  }

  absl::StatusOr<AnswerEnd> TryMake(const ReportChain& chain) {
    HEDUI_ASSIGN_OR_RETURN(CurrentCase current, ReadCurrentCase(rooms_, request_.agency, chain));
    if (current.IsClosed()) return AnswerEnd::kClosed;
    const size_t replaced = closing_ ? CloseAll(&current.bundle, &current.outcomes)
                                     : ReplaceAnswers(request_, &current.bundle, &current.outcomes);
    if (replaced == 0) return AnswerEnd::kNotWaited;
    for (const LateAnswers& late : request_.answers) {
      if (closing_ || !std::any_of(late.answers.begin(), late.answers.end(), IsSaid)) continue;
      current.used.push_back({late.source_id, late.at});
    }
    HEDUI_ASSIGN_OR_RETURN(report_,
                           Supersede(rooms_, *setup_, request_.agency, chain, std::move(current),
                                     request_.reason, /*request_digest=*/"", Now()));
    // As late as can be: what is withdrawn after this comes after the report.
    return closing_ || AllAuthorized() ? AnswerEnd::kReported : AnswerEnd::kWithdrawn;
  }

  // Whatever is waited for, of any source, is not any more.
  size_t CloseAll(report::CaseBundle* bundle, std::vector<SourceOutcomeView>* outcomes) const {
    size_t closed = 0;
    for (match::SourceOutcome& outcome : bundle->input.outcomes) {
      base::Answer& answer = outcome.answer;
      if (outcome.manual || answer.kind != base::AnswerKind::kPending) continue;
      answer.kind = base::AnswerKind::kUnavailable;
      answer.reason = base::Reason::kLate;
      Show(outcome.source_id, answer, request_.answers.front().elapsed_ms, outcomes);
      ++closed;
    }
    return closed;
  }

  bool AllAuthorized() const {
    if (!request_.still_authorized) return true;
    for (const LateAnswers& late : request_.answers) {
      for (const base::Answer& answer : late.answers) {
        if (!request_.still_authorized(answer.person_id)) return false;
      }
    }
    return true;
  }

  // Nothing of the answers is kept, and that they came is in the log.
  void Drop(const base::Uuid& verification_id, AnswerEnd why) {
    ForgetAnswers();
    if (!request_.promise.has_value()) return Finish(why);
    ledger::CommitRequest commit;
    commit.rows = std::move(request_.rows_if_dropped);
    commit.entry = DroppedEntry(verification_id, why);
    Commit(std::move(commit), [this, why](const ledger::CommitReceipt&) {
      TellDropped();
      Finish(why);
    });
  }

  void TellDropped() const {
    rooms_.tell(base::Event(base::EventLevel::kInfo, "answer_dropped")
                    .With("promise_id", request_.promise->ToString())
                    .With("source", request_.answers.front().source_id));
  }

  // Nothing is kept of them, but of which source they were.
  void ForgetAnswers() {
    for (LateAnswers& late : request_.answers) late.answers.clear();
  }

  std::string DroppedEntry(const base::Uuid& verification_id, AnswerEnd why) const {
    ledger::AnswerDroppedEntry entry;
    entry.verification = verification_id;
    entry.promise = *request_.promise;
    entry.why = static_cast<uint8_t>(why);
    entry.time = Now();
    return ledger::EncodeEntry(entry);
  }

  AnswerRequest request_;
  bool closing_ = false;         // the chain takes no further answer, and says so
  std::vector<base::Row> ends_;  // closing_: of what was waited for
  SupersedingReport report_;
};

}  // namespace

size_t ReplaceAnswers(const AnswerRequest& request, report::CaseBundle* bundle,
                      std::vector<SourceOutcomeView>* outcomes) {
  std::vector<match::SourceOutcome>& all = bundle->input.outcomes;
  size_t replaced = 0;
  for (const LateAnswers& late : request.answers) {
    for (const base::Answer& answer : late.answers) {
      const auto at = std::find_if(all.begin(), all.end(), [&](const match::SourceOutcome& other) {
        return other.source_id == late.source_id && other.answer.person_id == answer.person_id &&
               other.answer.category == answer.category && !other.manual &&
               (!request.pending_only || other.answer.kind == base::AnswerKind::kPending);
      });
      if (at == all.end()) continue;
      at->answer = base::Answer();
      at->answer.person_id = answer.person_id;
      at->answer.category = answer.category;
      if (RecordBudget(all).TryAdd(answer)) {
        at->answer = answer;
      } else {
        at->answer.kind = base::AnswerKind::kUnavailable;
        at->answer.reason = base::Reason::kOversized;
        at->answer.digest = answer.digest;
      }
      at->reused.reset();
      if (request.authorization) at->authorization = request.authorization(answer.person_id);
      Show(late.source_id, at->answer, late.elapsed_ms, outcomes);
      ++replaced;
    }
  }
  return replaced;
}

void AddLateAnswers(const Rooms* rooms, runtime::EventLoop* loop, AnswerRequest request,
                    AnswerDone done) {
  std::make_shared<AnswerFlow>(rooms, loop, std::move(request), std::move(done))->Begin();
}

}  // namespace hedui
