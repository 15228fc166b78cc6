#include "server/source_admin_flow.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"
#include "server/gather/source_state.h"
#include "server/ledger/entry.h"
#include "server/report/strict_proto.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// Read at once at the start; each is the deed of a person.
constexpr size_t kRowsAtOnce = 256;
constexpr size_t kSaltBytes = 32;

// No source has an empty id.
base::LookupKey AllChanges() { return {base::LookupKind::kSourceDay, "\nstate"}; }

absl::Status SourceUnknown() {
  return base::MakeError(absl::StatusCode::kNotFound, "SOURCE_UNKNOWN",
                         "the catalogue in force has no source of this id; list them "
                         "(ListSources)");
}

absl::Status Unreadable() {
  return base::MakeError(absl::StatusCode::kDataLoss, "STORED_BODY",
                         "which sources are held cannot be read, so that one that must not be "
                         "asked might be: restore the store from a backup",
                         base::Visibility::kOperator);
}

SourceBreaker BreakerOf(gather::Breaker::State state) {
  switch (state) {
    case gather::Breaker::State::kClosed:
      break;
    case gather::Breaker::State::kOpen:
      return SourceBreaker::kOpen;
    case gather::Breaker::State::kHalfOpen:
      return SourceBreaker::kHalfOpen;
  }
  return SourceBreaker::kClosed;
}

// The row of a change and the log's entry of it.
ledger::CommitRequest CommitOf(const Rooms& rooms, const SourceChange& change, absl::Time at) {
  stored::v1::SourceState body;
  body.set_source_id(change.source_id);
  body.set_held(change.held);
  body.set_agency(change.agency);
  body.set_officer(change.officer);
  body.set_reason(change.reason);
  body.set_salt(rooms.ids->RandomBytes(kSaltBytes));
  ledger::SourceStateEntry entry;
  entry.held = change.held;
  entry.source_id = change.source_id;
  entry.operator_digest =
      KeyedHash(body.salt(), "operator", absl::StrCat(change.agency, "\n", change.officer));
  entry.time = at;
  ledger::CommitRequest request;
  request.entry = ledger::EncodeEntry(entry);
  request.rows.push_back({base::RowKind::kSourceState,
                          rooms.ids->NextId(at),
                          base::kOperations,
                          at,
                          {AllChanges()},
                          body.SerializeAsString()});
  return request;
}

// `work` on the disk pool, what it gives to `done` on the loop.
template <typename T, typename Work>
void OnPool(const Rooms& rooms, runtime::EventLoop* loop, SourceDesk::Done<T> done, Work work) {
  auto waiting = std::make_shared<SourceDesk::Done<T>>(std::move(done));
  runtime::Task task = [loop, waiting, work = std::move(work)] {
    loop->Post([waiting, result = absl::StatusOr<T>(work())]() mutable {
      std::move (*waiting)(std::move(result));
    });
  };
  if (rooms.disk->TrySubmit(std::move(task))) return;
  loop->Post([waiting] {
    std::move (*waiting)(Busy("READERS_FULL", "the platform reads as much as it can"));
  });
}

}  // namespace

absl::Status SourceDesk::Load() {
  std::map<std::string, std::optional<SourceHold>> last;
  base::RowPage page;
  page.place = base::kNewestPlace;
  do {
    HEDUI_ASSIGN_OR_RETURN(page, rooms_.pages->FindBefore(AllChanges(), page.place, kRowsAtOnce));
    for (const base::PlacedRow& placed : page.rows) {
      stored::v1::SourceState body;
      if (placed.row.kind != base::RowKind::kSourceState ||
          !report::ParseStrict(placed.row.body, &body)) {
        return Unreadable();
      }
      std::optional<SourceHold> hold;
      if (body.held())
        hold = SourceHold{placed.row.at, body.agency(), body.officer(), body.reason()};
      // The newest come first.
      last.try_emplace(body.source_id(), std::move(hold));
    }
  } while (page.more);
  for (auto& [source, hold] : last) {
    if (!hold.has_value()) continue;
    states_->SetHeld(source, true);
    const base::MutexLock lock(&mutex_);
    holds_.emplace(source, *std::move(hold));
  }
  return absl::OkStatus();
}

void SourceDesk::List(runtime::EventLoop* loop, Done<SourceList> done) {
  OnPool<SourceList>(rooms_, loop, std::move(done), [this] { return ListNow(); });
}

SourceList SourceDesk::ListNow() const {
  const std::shared_ptr<const Setup> setup = rooms_.setup();
  std::map<std::string, SourceHold> holds;
  {
    const base::MutexLock lock(&mutex_);
    holds = holds_;
  }
  SourceList list;
  for (const plan::Source& source : setup->catalogue.sources()) {
    SourceShown shown;
    shown.source_id = source.id;
    shown.name = source.name;
    shown.department = source.department;
    if (auto held = holds.extract(source.id)) shown.hold = std::move(held.mapped());
    // Every source of a setup has a state.
    const gather::SourceState::View view = setup->sources->Find(source.id)->state->view();
    shown.breaker = BreakerOf(view.breaker);
    shown.in_flight = view.in_flight;
    shown.waiting = view.waiting;
    shown.used_today = view.used_today;
    shown.concurrency = view.limits.concurrency;
    shown.per_second = view.limits.rate.per_second;
    shown.per_day = view.limits.per_day;
    shown.latency_p50 = view.latency_p50;
    shown.latency_p95 = view.latency_p95;
    list.sources.push_back(std::move(shown));
  }
  for (const auto& [source, hold] : holds) list.held_elsewhere.push_back(source);
  return list;
}

void SourceDesk::Quality(runtime::EventLoop* loop, QualityQuery query, Done<QualityView> done) {
  OnPool<QualityView>(rooms_, loop, std::move(done),
                      [this, query = std::move(query)]() -> absl::StatusOr<QualityView> {
                        if (rooms_.setup()->catalogue.Find(query.source_id) == nullptr) {
                          return SourceUnknown();
                        }
                        return quality_.Read(query.source_id, query.division, query.hours);
                      });
}

std::optional<absl::StatusOr<SourceDesk::Changed>> SourceDesk::Begin(const SourceChange& change) {
  const bool known = rooms_.setup()->catalogue.Find(change.source_id) != nullptr;
  const base::MutexLock lock(&mutex_);
  const auto held = holds_.find(change.source_id);
  // What is held is known, if only to be released.
  if (!known && held == holds_.end()) return absl::StatusOr<Changed>(SourceUnknown());
  if (changing_.contains(change.source_id)) {
    return absl::StatusOr<Changed>(
        Busy("SOURCE_CHANGING", "somebody else is holding or releasing this source"));
  }
  if ((held != holds_.end()) == change.held) {
    return absl::StatusOr<Changed>(change.held ? Changed(held->second) : Changed());
  }
  changing_.insert(change.source_id);
  return std::nullopt;
}

void SourceDesk::Change(runtime::EventLoop* loop, SourceChange change, Done<Changed> done) {
  if (auto answer = Begin(change)) {
    return loop->Post([done = std::move(done), answer = *std::move(answer)]() mutable {
      std::move(done)(std::move(answer));
    });
  }
  const absl::Time at = absl::FromUnixMillis(absl::ToUnixMillis(rooms_.clock->WallNow()));
  ledger::CommitRequest request = CommitOf(rooms_, change, at);
  auto shared = std::make_shared<Done<Changed>>(std::move(done));
  request.done = [this, loop, change, at,
                  shared](const absl::StatusOr<ledger::CommitReceipt>& receipt) {
    if (!receipt.ok()) {
      if (const absl::Status health = rooms_.committer->Health(); !health.ok()) {
        rooms_.fatal(health);
      }
      rooms_.tell(base::FailureEvent("source_not_changed", receipt.status())
                      .With("source", change.source_id));
    }
    Settle(change, at, receipt.ok());
    absl::StatusOr<Changed> answer = Changed();
    if (change.held) {
      answer = Changed(SourceHold{at, change.agency, change.officer, change.reason});
    }
    if (!receipt.ok()) answer = receipt.status();
    loop->Post(
        [shared, answer = std::move(answer)]() mutable { std::move (*shared)(std::move(answer)); });
  };
  if (rooms_.committer->TrySubmit(std::move(request))) return;
  Settle(change, at, /*durable=*/false);
  loop->Post([shared] {
    std::move (*shared)(Busy("COMMITTER_FULL", "the platform has no room for another commit"));
  });
}

void SourceDesk::Settle(const SourceChange& change, absl::Time at, bool durable) {
  if (durable) states_->SetHeld(change.source_id, change.held);
  {
    const base::MutexLock lock(&mutex_);
    changing_.erase(change.source_id);
    if (!durable) return;
    if (change.held) {
      holds_[change.source_id] = {at, change.agency, change.officer, change.reason};
    } else {
      holds_.erase(change.source_id);
    }
  }
  rooms_.tell(
      base::Event(base::EventLevel::kWarning, change.held ? "source_held" : "source_released")
          .With("source", change.source_id)
          .With("agency", change.agency));
}

}  // namespace hedui
