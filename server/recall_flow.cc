#include "server/recall_flow.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/dates.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"
#include "server/gather/source_state.h"
#include "server/ledger/entry.h"
#include "server/list_flow.h"
#include "server/report/report_builder.h"
#include "server/report/strict_proto.h"
#include "server/reverify_flow.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

// Read at once: reports of a page, and rows of recalls at the start.
constexpr size_t kRowsAtOnce = 64;
constexpr size_t kSaltBytes = 32;
// Its beginning and its end.
constexpr size_t kRowsOfOne = 2;
// Whoever was turned away for lack of room tries again after this; each time after twice as long,
// up to the longest, since the source may have been asked each time.
constexpr absl::Duration kAgainAfter = absl::Seconds(1);
constexpr absl::Duration kAgainAfterMax = absl::Minutes(1);
// A chain that others change all the while.
constexpr int kAbortsMax = 5;
// Room that there is none of for most of an hour there will never be: a chain of reports may be
// larger than its agency's share of the memory.
constexpr int kOtherTriesMax = 60;
// A list that cannot be read, for want of anything but room, for a quarter of an hour.
constexpr int kListTriesMax = 20;
// Of the reports that wait to be tried again, with those under way; no further are read while there
// are more. An agency whose share of the memory is full has all its reports wait; so many, of a few
// hundred bytes each, that it seldom holds back those of others.
constexpr size_t kTriedAgainMax = 4'096;
// Where a start could not read which recalls there are.
constexpr absl::Duration kReadAgainAfter = absl::Minutes(1);

absl::Duration PauseAfter(int tries) {
  return std::min(kAgainAfterMax, kAgainAfter * (1 << std::min(tries - 1, 6)));
}

base::LookupKey AllRecalls() { return {base::LookupKind::kSourceDay, "\nrecall"}; }
base::LookupKey RecallKey(const base::Uuid& id) {
  return {base::LookupKind::kSourceDay, absl::StrCat("\nrecall\n", id.ToString())};
}

stored::v1::Recall BodyOf(const RecallRequest& request) {
  stored::v1::Recall body;
  body.set_recall_id(request.id.ToBytes());
  body.set_source_id(request.source_id);
  body.set_from_ms(absl::ToUnixMillis(request.from));
  body.set_to_ms(absl::ToUnixMillis(request.to));
  body.set_agency(request.agency);
  body.set_officer(request.officer);
  body.set_reason(request.reason);
  return body;
}

base::Row RowOf(const Rooms& rooms, const stored::v1::Recall& body, const base::Uuid& recall,
                absl::Time at) {
  return {base::RowKind::kRecall,
          rooms.ids->NextId(at),
          base::kOperations,
          at,
          {AllRecalls(), RecallKey(recall)},
          body.SerializeAsString()};
}

absl::Time NowOf(const Rooms& rooms) {
  return absl::FromUnixMillis(absl::ToUnixMillis(rooms.clock->WallNow()));
}

// A row added to what is known of its recall. DATA_LOSS (STORED_BODY), and nothing is added.
absl::Status AddRow(const base::Row& row, RecallView* view) {
  stored::v1::Recall body;
  if (row.kind != base::RowKind::kRecall || !report::ParseStrict(row.body, &body)) {
    return Damaged("recall");
  }
  if (body.ended()) {
    view->ended = row.at;
    view->incomplete = body.incomplete();
    for (int i = 0; i < body.reports_size() && i < int{kReverifyEnds}; ++i) {
      view->reports[static_cast<size_t>(i)] = body.reports(i);
    }
    return absl::OkStatus();
  }
  HEDUI_ASSIGN_OR_RETURN(view->request.id, base::Uuid::FromBytes(body.recall_id()));
  view->request.source_id = body.source_id();
  view->request.from = absl::FromUnixMillis(body.from_ms());
  view->request.to = absl::FromUnixMillis(body.to_ms());
  view->request.agency = body.agency();
  view->request.officer = body.officer();
  view->request.reason = body.reason();
  view->begun = row.at;
  return absl::OkStatus();
}

// The same among several. The store's; DATA_LOSS leaves them as they are.
absl::Status AddRow(const base::Row& row, std::map<base::Uuid, RecallView>* recalls) {
  stored::v1::Recall body;
  if (!report::ParseStrict(row.body, &body)) return Damaged("recall");
  const auto id = base::Uuid::FromBytes(body.recall_id());
  if (!id.ok()) return Damaged("recall");
  RecallView view;
  if (const auto known = recalls->find(*id); known != recalls->end()) view = known->second;
  HEDUI_RETURN_IF_ERROR(AddRow(row, &view));
  (*recalls)[*id] = std::move(view);
  return absl::OkStatus();
}

bool SameRecall(const RecallRequest& a, const RecallRequest& b) {
  return a.agency == b.agency && a.source_id == b.source_id && a.from == b.from && a.to == b.to;
}

absl::Status NoReader() { return Busy("READERS_FULL", "the platform reads as much as it can"); }

}  // namespace

// One recall under way, on one loop; but view(), from any thread.
class RecallDesk::Run : public std::enable_shared_from_this<Run> {
 public:
  Run(RecallDesk* desk, runtime::EventLoop* loop, RecallView recall)
      : desk_(desk), rooms_(desk->rooms_), loop_(loop), recall_(std::move(recall)) {}

  const base::Uuid& id() const { return recall_.request.id; }

  RecallView view() const {
    RecallView view = recall_;
    const base::MutexLock lock(&mutex_);
    view.reports = last_pass_.value_or(counts_);
    return view;
  }

  void Start() {
    loop_->Post([self = shared_from_this()] { self->StartPass(); });
  }

  // Ends once nothing is under way any more.
  void Stop() {
    loop_->Post([self = shared_from_this()] {
      self->stopped_ = true;
      for (const auto& [number, flow] : self->under_way_) flow->Stop();
      self->Pump();
    });
  }

 private:
  struct Item {
    std::string agency;
    base::Uuid report_id;
    int tries = 0;
    int aborts = 0;  // of these
  };

  void StartPass() {
    final_ = rooms_.clock->WallNow() >= recall_.begun + desk_->settles_;
    {
      const base::MutexLock lock(&mutex_);
      counts_ = {};
    }
    list_tries_ = 0;
    incomplete_ = false;
    query_ = {};
    query_.page_size = kRowsAtOnce;
    query_.source_id = recall_.request.source_id;
    query_.from = recall_.request.from;
    query_.to = recall_.request.to;
    query_.place = FirstPlace(base::CivilDayOf(query_.from),
                              base::CivilDayOf(query_.to - absl::Milliseconds(1)) + 1);
    more_ = true;
    Pump();
  }

  // Goes on with whatever can be gone on with.
  void Pump() {
    while (!stopped_ && !items_.empty() && under_way_.size() < kReverifiedAtOnce) BeginNext();
    if (stopped_) {
      if (under_way_.empty() && !reading_ && !committing_) End();
      return;
    }
    if (items_.empty() && more_ && !reading_ && waiting_ + under_way_.size() < kTriedAgainMax) {
      return ReadPage();
    }
    if (items_.empty() && !more_ && under_way_.empty() && waiting_ == 0 && !committing_)
      OnPassDone();
  }

  void ReadPage() {
    reading_ = true;
    ListReportsUsing(&rooms_, loop_, query_,
                     [self = shared_from_this()](absl::StatusOr<Page<ReportUsing>> page) {
                       self->OnReadPageDone(std::move(page));
                     });
  }

  void OnReadPageDone(absl::StatusOr<Page<ReportUsing>> page) {
    reading_ = false;
    if (!page.ok()) return OnCannotList(page.status());
    list_tries_ = 0;
    if (page->lost > 0) {
      // They hold back neither the others nor the recalls that wait.
      rooms_.tell(base::Event(base::EventLevel::kError, "recall_cannot_read")
                      .With("recall_id", id().ToString())
                      .With("reports", absl::StrCat(page->lost)));
      Count(ReverifyEnd::kFailed, page->lost);
    }
    for (const ReportUsing& report : page->items) {
      const auto report_id = report::ReportIdOfNumber(report.report_number);
      if (report_id.ok()) items_.push_back({report.agency, *report_id});
    }
    more_ = page->next.has_value();
    if (more_) query_.place = *page->next;
    Pump();
  }

  void OnCannotList(const absl::Status& status) {
    // Lack of room passes.
    if (absl::IsResourceExhausted(status)) return Later(kAgainAfter, [](Run& run) { run.Pump(); });
    rooms_.tell(
        base::FailureEvent("recall_cannot_list", status).With("recall_id", id().ToString()));
    if (++list_tries_ < kListTriesMax) {
      return Later(PauseAfter(list_tries_), [](Run& run) { run.Pump(); });
    }
    // The rest is not gone through in this pass, and where it is the last, its end says so.
    incomplete_ = true;
    more_ = false;
    Pump();
  }

  void BeginNext() {
    Item item = std::move(items_.front());
    items_.pop_front();
    const uint64_t number = ++begun_;
    const RecallSpan span{query_.source_id, query_.from, query_.to, recall_.begun};
    under_way_[number] = BeginReverify(
        &rooms_, loop_, span, item.agency, item.report_id,
        [self = shared_from_this(), number, item](absl::StatusOr<ReverifyEnd> end) mutable {
          self->OnReverifyDone(number, std::move(item), end);
        });
  }

  void OnReverifyDone(uint64_t number, Item item, const absl::StatusOr<ReverifyEnd>& end) {
    under_way_.erase(number);
    if (end.ok()) {
      Count(*end);
    } else if (!stopped_) {
      // Lack of room passes, mostly; a chain that never stays as it is does not.
      ++item.tries;
      if (absl::IsAborted(end.status())) ++item.aborts;
      if (item.aborts >= kAbortsMax || item.tries - item.aborts >= kOtherTriesMax) {
        rooms_.tell(base::FailureEvent("not_verified_anew", end.status())
                        .With("report_id", item.report_id.ToString()));
        Count(ReverifyEnd::kFailed);
      } else {
        return Later(PauseAfter(item.tries), [item = std::move(item)](Run& run) mutable {
          run.items_.push_back(std::move(item));
          run.Pump();
        });
      }
    }
    Pump();
  }

  void Count(ReverifyEnd end, size_t reports = 1) {
    const base::MutexLock lock(&mutex_);
    counts_[static_cast<size_t>(end) - 1] += static_cast<int64_t>(reports);
  }

  template <typename Then>
  void Later(absl::Duration pause, Then then) {
    ++waiting_;
    loop_->After(pause, [self = shared_from_this(), then = std::move(then)]() mutable {
      --self->waiting_;
      if (self->ended_) return;
      std::move(then)(*self);
    });
    // A run that is being stopped waits for nothing.
    if (stopped_) Pump();
  }

  void OnPassDone() {
    {
      const base::MutexLock lock(&mutex_);
      last_pass_ = counts_;
    }
    if (final_) return CommitEnd();
    const absl::Duration left = recall_.begun + desk_->settles_ - rooms_.clock->WallNow();
    ++waiting_;
    loop_->After(std::max(left, kAgainAfter), [self = shared_from_this()] {
      --self->waiting_;
      if (!self->ended_ && !self->stopped_) self->StartPass();
    });
  }

  void CommitEnd() {
    committing_ = true;
    stored::v1::Recall body;
    body.set_recall_id(id().ToBytes());
    body.set_ended(true);
    for (const int64_t reports : view().reports) body.add_reports(reports);
    body.set_incomplete(incomplete_);
    ledger::CommitRequest request;
    request.rows.push_back(RowOf(rooms_, body, id(), NowOf(rooms_)));
    request.done = [self =
                        shared_from_this()](const absl::StatusOr<ledger::CommitReceipt>& receipt) {
      self->loop_->Post([self, ok = receipt.ok()] { self->OnCommitEndDone(ok); });
    };
    if (!rooms_.committer->TrySubmit(std::move(request))) OnCommitEndDone(/*ok=*/false);
  }

  void OnCommitEndDone(bool ok) {
    committing_ = false;
    if (ok || stopped_) return End();
    Later(kAgainAfter, [](Run& run) { run.Pump(); });
  }

  void End() {
    if (ended_) return;
    ended_ = true;
    desk_->OnEnded(id());
  }

  RecallDesk* const desk_;
  const Rooms& rooms_;
  runtime::EventLoop* const loop_;
  const RecallView recall_;
  bool stopped_ = false;
  bool ended_ = false;
  bool final_ = false;  // of this pass: nothing is under way that could add to it
  bool more_ = false;
  bool reading_ = false;
  bool committing_ = false;
  int list_tries_ = 0;       // for one page
  bool incomplete_ = false;  // of this pass: the list could not be read to its end
  size_t waiting_ = 0;       // timers
  UsingQuery query_;
  std::deque<Item> items_;
  uint64_t begun_ = 0;
  std::map<uint64_t, std::shared_ptr<ReverifyFlow>> under_way_;
  mutable base::Mutex mutex_;
  RecallCounts counts_ ABSL_GUARDED_BY(mutex_){};
  std::optional<RecallCounts> last_pass_ ABSL_GUARDED_BY(mutex_);
};

RecallDesk::RecallDesk(const Rooms* rooms, gather::SourceStates* states, NextLoop next_loop,
                       absl::Duration settles)
    : rooms_(*rooms), states_(states), next_loop_(std::move(next_loop)), settles_(settles) {}

RecallDesk::~RecallDesk() = default;

void RecallDesk::Resume() {
  runtime::EventLoop* const loop = next_loop_();
  loop->Post([this, loop] { SubmitReadOpen(loop); });
}

void RecallDesk::SubmitReadOpen(runtime::EventLoop* loop) {
  {
    const base::MutexLock lock(&mutex_);
    if (stopped_) return;
  }
  if (!rooms_.disk->TrySubmit([this, loop] { ReadOpen(loop); })) ReadOpenAfter(kAgainAfter, loop);
}

void RecallDesk::ReadOpenAfter(absl::Duration pause, runtime::EventLoop* loop) {
  // Timers are the loop's own thread's.
  loop->Post([this, pause, loop] { loop->After(pause, [this, loop] { SubmitReadOpen(loop); }); });
}

void RecallDesk::ReadOpen(runtime::EventLoop* loop) {
  absl::StatusOr<std::map<base::Uuid, RecallView>> open = FindOpen();
  if (!open.ok()) {
    rooms_.tell(base::FailureEvent("recalls_not_read", open.status()));
    return ReadOpenAfter(kReadAgainAfter, loop);
  }
  // In the order in which they were begun; their ids are the callers'.
  std::vector<RecallView> recalls;
  for (auto& [id, recall] : *open) recalls.push_back(std::move(recall));
  std::stable_sort(recalls.begin(), recalls.end(),
                   [](const RecallView& a, const RecallView& b) { return a.begun < b.begun; });
  for (const RecallView& recall : recalls) Add(recall);
}

absl::StatusOr<std::map<base::Uuid, RecallView>> RecallDesk::FindOpen() const {
  std::map<base::Uuid, RecallView> recalls;
  base::RowPage page;
  page.place = base::kNewestPlace;
  do {
    HEDUI_ASSIGN_OR_RETURN(page,
                           rooms_.pages->FindBeforeWithLost(AllRecalls(), page.place, kRowsAtOnce));
    for (const base::PlacedRow& placed : page.rows) {
      const absl::Status added = placed.lost.ok() ? AddRow(placed.row, &recalls) : placed.lost;
      if (added.ok()) continue;
      // It holds back none of the others.
      rooms_.tell(
          base::FailureEvent("recall_not_read", added).With("row", absl::StrCat(placed.place)));
    }
  } while (page.more);
  std::erase_if(recalls, [](const auto& recall) { return recall.second.ended.has_value(); });
  return recalls;
}

void RecallDesk::Add(const RecallView& recall) {
  std::shared_ptr<Run> run;
  {
    const base::MutexLock lock(&mutex_);
    // What was begun is durable: the next process finds it.
    if (stopped_ || ended_.contains(recall.request.id)) return;
    for (const std::shared_ptr<Run>& other : runs_) {
      if (other->id() == recall.request.id) return;
    }
    run = std::make_shared<Run>(this, next_loop_(), recall);
    runs_.push_back(run);
    if (runs_.size() > 1) return;
  }
  run->Start();
}

void RecallDesk::OnEnded(const base::Uuid& id) {
  std::shared_ptr<Run> next;
  {
    const base::MutexLock lock(&mutex_);
    if (!runs_.empty() && runs_.front()->id() == id) runs_.pop_front();
    ended_.insert(id);
    if (stopped_) runs_.clear();
    if (!runs_.empty()) next = runs_.front();
    changed_.SignalAll();
  }
  if (next != nullptr) next->Start();
}

void RecallDesk::Stop() {
  const base::MutexLock lock(&mutex_);
  stopped_ = true;
  if (!runs_.empty()) runs_.front()->Stop();
  while (!runs_.empty() || !beginning_.empty()) changed_.Wait(&mutex_);
}

void RecallDesk::Begin(runtime::EventLoop* loop, RecallRequest request, Done done) {
  auto shared = std::make_shared<Done>(std::move(done));
  absl::Status refused;
  {
    const base::MutexLock lock(&mutex_);
    if (stopped_) {
      refused = base::MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                                "the platform is shutting down; repeat the call with the same id");
    } else if (runs_.size() + beginning_.size() >= kRecallsMax) {
      refused = Busy("RECALLS_FULL", "as many recalls as may be are under way or wait");
    } else if (!beginning_.insert(request.id).second) {
      refused = Busy("RECALLS_FULL", "this recall is being begun");
    }
  }
  if (refused.ok()) {
    const base::Uuid id = request.id;
    runtime::Task task = [this, loop, request = std::move(request), shared] {
      BeginOnDisk(loop, request, std::move(*shared));
    };
    if (rooms_.disk->TrySubmit(std::move(task))) return;
    refused = NoReader();
    const base::MutexLock lock(&mutex_);
    beginning_.erase(id);
    changed_.SignalAll();
  }
  loop->Post([shared, refused] { std::move (*shared)(refused); });
}

void RecallDesk::BeginOnDisk(runtime::EventLoop* loop, const RecallRequest& request, Done done) {
  auto shared = std::make_shared<Done>(std::move(done));
  const auto answer = [this, loop, shared, id = request.id](absl::StatusOr<RecallView> view) {
    {
      const base::MutexLock lock(&mutex_);
      beginning_.erase(id);
      changed_.SignalAll();
    }
    loop->Post(
        [shared, view = std::move(view)]() mutable { std::move (*shared)(std::move(view)); });
  };
  const absl::StatusOr<RecallView> known = Read(request.id);
  if (known.ok()) {
    if (!SameRecall(known->request, request)) {
      return answer(
          base::MakeError(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                          "this id is that of another recall; choose a new UUID for a new one"));
    }
    // This process may not have been able yet to read that there is one.
    if (!known->ended.has_value()) Add(*known);
    return answer(*known);
  }
  if (base::ReasonOf(known.status()) != "RECALL_UNKNOWN") return answer(known.status());
  if (rooms_.setup()->catalogue.Find(request.source_id) == nullptr) {
    return answer(base::MakeError(absl::StatusCode::kNotFound, "SOURCE_UNKNOWN",
                                  "the catalogue in force has no source of this id; list them "
                                  "(ListSources)"));
  }
  RecallView view;
  view.request = request;
  view.begun = NowOf(rooms_);
  if (request.to > view.begun) {
    return answer(base::MakeError(absl::StatusCode::kInvalidArgument, "RECALL_SPAN",
                                  "to_ms is not over yet: hold the source first, and recall what "
                                  "it said until then"));
  }
  stored::v1::Recall body = BodyOf(request);
  body.set_salt(rooms_.ids->RandomBytes(kSaltBytes));
  ledger::RecallEntry entry;
  entry.recall = request.id;
  entry.source_id = request.source_id;
  entry.from = request.from;
  entry.to = request.to;
  entry.operator_digest =
      KeyedHash(body.salt(), "operator", absl::StrCat(request.agency, "\n", request.officer));
  entry.time = view.begun;
  ledger::CommitRequest commit;
  commit.entry = ledger::EncodeEntry(entry);
  commit.rows.push_back(RowOf(rooms_, body, request.id, view.begun));
  commit.done = [this, answer, view](const absl::StatusOr<ledger::CommitReceipt>& receipt) {
    if (!receipt.ok()) {
      if (const absl::Status health = rooms_.committer->Health(); !health.ok()) {
        rooms_.fatal(health);
      }
      return answer(receipt.status());
    }
    states_->BeginEra(view.request.source_id);
    rooms_.tell(base::Event(base::EventLevel::kWarning, "recall_begun")
                    .With("recall_id", view.request.id.ToString())
                    .With("source", view.request.source_id)
                    .With("agency", view.request.agency));
    Add(view);
    answer(view);
  };
  if (!rooms_.committer->TrySubmit(std::move(commit))) {
    answer(Busy("COMMITTER_FULL", "the platform has no room for another commit"));
  }
}

absl::StatusOr<RecallView> RecallDesk::Read(const base::Uuid& id) const {
  {
    const base::MutexLock lock(&mutex_);
    for (const std::shared_ptr<Run>& run : runs_) {
      if (run->id() == id) return run->view();
    }
  }
  HEDUI_ASSIGN_OR_RETURN(const std::vector<base::Row> rows,
                         rooms_.rows->Find(RecallKey(id), kRowsOfOne));
  if (rows.empty()) {
    return base::MakeError(absl::StatusCode::kNotFound, "RECALL_UNKNOWN",
                           "there is no recall of this id");
  }
  RecallView view;
  for (const base::Row& row : rows) HEDUI_RETURN_IF_ERROR(AddRow(row, &view));
  return view;
}

void RecallDesk::Get(runtime::EventLoop* loop, base::Uuid id, Done done) {
  auto shared = std::make_shared<Done>(std::move(done));
  const bool taken = rooms_.disk->TrySubmit([this, loop, id, shared] {
    loop->Post([shared, view = Read(id)]() mutable { std::move (*shared)(std::move(view)); });
  });
  if (!taken) loop->Post([shared] { std::move (*shared)(NoReader()); });
}

}  // namespace hedui
