#include "server/gather/gatherer.h"

#include <utility>

#include "server/gather/wave.h"

namespace hedui::gather {

Gatherer::Wave::Wave(WaveContext context, OnOutcome on_outcome, WaveDone done)
    : context_(std::move(context)), on_outcome_(std::move(on_outcome)), done_(std::move(done)) {}

void Gatherer::Wave::Start(const Sources& sources, std::vector<WarrantedQuery> queries) {
  open_ = queries.size();
  if (open_ == 0) {
    context_.loop->Post([self = shared_from_this()] { self->EndWhenComplete(); });
    return;
  }
  calls_.reserve(queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    const Source* source = sources.Find(queries[i].query.source_id);
    // The wave owns its calls, so the bare pointer holds as long as a call can run.
    calls_.push_back(
        std::make_shared<SourceCall>(&context_, source, i, std::move(queries[i]),
                                     [this](Outcome outcome) { OnCallEnded(std::move(outcome)); }));
  }
  for (const std::shared_ptr<SourceCall>& call : calls_) call->Start();
}

void Gatherer::Wave::OnCallEnded(Outcome outcome) {
  // What is called back may destroy the Gatherer.
  const std::shared_ptr<Wave> self = shared_from_this();
  if (state_ != State::kAsking) return;
  --open_;
  // Nothing is kept of it while others are waited for.
  calls_[outcome.query_index].reset();
  on_outcome_(std::move(outcome));
  EndWhenComplete();
}

void Gatherer::Wave::EndWhenComplete() {
  if (state_ != State::kAsking || open_ > 0) return;
  state_ = State::kEnded;
  // The callbacks may hold the flow that holds this wave.
  on_outcome_ = nullptr;
  context_.still_authorized = nullptr;
  context_.sharing = {};
  WaveDone done = std::move(done_);
  std::move(done)();
}

void Gatherer::Wave::Cancel() {
  if (state_ != State::kAsking) return;
  CancelCalls();
}

void Gatherer::Wave::Abandon() {
  if (state_ != State::kAsking) return;
  state_ = State::kAbandoned;
  // Calls end on their own for whoever still holds the wave; nobody else hears of it.
  CancelCalls();
}

void Gatherer::Wave::CancelCalls() {
  for (const std::shared_ptr<SourceCall>& call : calls_) {
    if (call != nullptr) call->Cancel(base::Reason::kCancelled);
  }
}

Gatherer::Gatherer(runtime::EventLoop* loop, std::shared_ptr<const Sources> sources,
                   base::IdSource* ids)
    : loop_(loop), sources_(std::move(sources)), ids_(ids) {}

Gatherer::~Gatherer() {
  if (wave_ != nullptr) wave_->Abandon();
}

void Gatherer::Start(GatherRequest request, OnOutcome on_outcome, WaveDone done) {
  WaveContext context;
  context.loop = loop_;
  context.ids = ids_;
  context.name = std::move(request.name);
  context.digest_key = std::move(request.digest_key);
  context.started = loop_->Now();
  context.deadline = request.deadline;
  context.today = request.today;
  context.trace = request.trace;
  context.urgency = request.urgency;
  context.still_authorized = std::move(request.still_authorized);
  context.sharing = std::move(request.sharing);
  wave_ = std::make_shared<Wave>(std::move(context), std::move(on_outcome), std::move(done));
  wave_->Start(*sources_, std::move(request.queries));
}

void Gatherer::Cancel() {
  if (wave_ != nullptr) wave_->Cancel();
}

bool Gatherer::asking() const { return wave_ != nullptr && wave_->state() == Wave::State::kAsking; }

}  // namespace hedui::gather
