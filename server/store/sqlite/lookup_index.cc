#include "server/store/sqlite/lookup_index.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "server/base/status.h"

namespace hedui::store {
namespace {

// Entries merged in one transaction: 1.5 MB, so that another look-up file user waits for
// milliseconds only.
constexpr uint64_t kSliceEntries = 65'536;
constexpr int kSliceDeletedBlocks = 1'024;
// The look-up file's own write-ahead log is copied back beyond this many pages: 16 MB.
constexpr int kLogPagesMax = 4'096;

absl::Status Moved() {
  return base::MakeError(absl::StatusCode::kAborted, "INDEX_MOVED",
                         "another process has merged the look-up runs; open the store anew",
                         base::Visibility::kOperator);
}

}  // namespace

// Merges the runs of one level, slice by slice. Its unfinished run stands in the file as
// "building", and is deleted as a leftover when the process ends in between.
class LookupIndex::MergeJob {
 public:
  MergeJob(int64_t id, Runs sources)
      : id_(id),
        sources_(std::move(sources)),
        cursors_(sources_.size()),
        builder_(id, sources_[0]->level + 1, sources_.front()->first_commit,
                 sources_.back()->last_commit, EntriesOf(sources_)) {}

  int64_t id() const { return id_; }
  const Runs& sources() const { return sources_; }
  Run Finish() { return builder_.Finish(); }

  // Within a transaction. True when everything is written.
  absl::StatusOr<bool> Slice(RunTables* tables) {
    for (uint64_t written = 0; written < kSliceEntries; ++written) {
      HEDUI_ASSIGN_OR_RETURN(Cursor * smallest, Smallest(tables));
      const bool done = smallest == nullptr;
      if (done || builder_.Add(smallest->entry)) {
        uint32_t number = 0;
        const std::string block = builder_.TakeBlock(&number);
        if (!block.empty()) HEDUI_RETURN_IF_ERROR(tables->WriteBlock(id_, number, block));
      }
      if (done) return true;
      ++smallest->position;
      smallest->loaded = false;
    }
    return false;
  }

 private:
  struct Cursor {
    uint32_t next_block = 0;
    std::string block;
    size_t position = 0;
    bool loaded = false;  // `entry` is the one at `position`
    bool ended = false;
    IndexEntry entry;
  };

  static uint64_t EntriesOf(const Runs& runs) {
    uint64_t entries = 0;
    for (const RunPointer& run : runs) entries += run->entries;
    return entries;
  }

  absl::Status Load(RunTables* tables, size_t source) {
    Cursor& cursor = cursors_[source];
    if (cursor.position == BlockEntries(cursor.block)) {
      cursor.ended = cursor.next_block == sources_[source]->fences.size();
      if (cursor.ended) return absl::OkStatus();
      HEDUI_RETURN_IF_ERROR(
          tables->ReadBlock(sources_[source]->id, cursor.next_block++, &cursor.block));
      cursor.position = 0;
    }
    cursor.entry = LoadEntry(cursor.block, cursor.position);
    cursor.loaded = true;
    return absl::OkStatus();
  }

  absl::StatusOr<Cursor*> Smallest(RunTables* tables) {
    Cursor* smallest = nullptr;
    for (size_t i = 0; i < cursors_.size(); ++i) {
      Cursor& cursor = cursors_[i];
      if (!cursor.loaded && !cursor.ended) HEDUI_RETURN_IF_ERROR(Load(tables, i));
      if (!cursor.ended && (smallest == nullptr || cursor.entry < smallest->entry))
        smallest = &cursor;
    }
    return smallest;
  }

  const int64_t id_;
  const Runs sources_;
  std::vector<Cursor> cursors_;
  RunBuilder builder_;
};

LookupIndex::LookupIndex(std::unique_ptr<RunTables> tables, size_t run_keys,
                         RunTables::Progress progress, Runs runs)
    : run_keys_(run_keys),
      tables_(std::move(tables)),
      progress_(std::move(progress)),
      active_(std::make_shared<MemoryIndex>(run_keys)),
      runs_(std::make_shared<const Runs>(std::move(runs))),
      merged_through_(progress_.merged_through) {}

LookupIndex::~LookupIndex() = default;

absl::StatusOr<std::unique_ptr<LookupIndex>> LookupIndex::Open(const ConnectionOptions& file,
                                                               size_t run_keys,
                                                               const CommitHistory& history) {
  HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<RunTables> tables, RunTables::Open(file));
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                         WriteTransaction::Begin(tables->connection()));
  HEDUI_ASSIGN_OR_RETURN(std::optional<RunTables::Progress> progress, tables->ReadProgress());
  bool ours = progress.has_value() && progress->store == history.store;
  if (ours && progress->merged_through > 0) {
    HEDUI_ASSIGN_OR_RETURN(const std::string token, history.token_of(progress->merged_through));
    ours = token == progress->check;
  }
  if (!ours) {
    progress = RunTables::Progress{history.store, 0, ""};
    HEDUI_RETURN_IF_ERROR(tables->Clear());
    HEDUI_RETURN_IF_ERROR(tables->WriteProgress(*progress));
  }
  HEDUI_ASSIGN_OR_RETURN(Runs runs, tables->ReadLive());
  HEDUI_RETURN_IF_ERROR(transaction.Commit());
  return std::unique_ptr<LookupIndex>(
      new LookupIndex(std::move(tables), run_keys, *std::move(progress), std::move(runs)));
}

uint64_t LookupIndex::merged_through() const {
  const base::MutexLock lock(&mutex_);
  return merged_through_;
}

void LookupIndex::Add(uint64_t commit, const std::string& token,
                      const std::vector<IndexEntry>& entries) {
  const base::MutexLock lock(&mutex_);
  active_->Add(commit, token, entries);
  if (active_->size() < run_keys_) return;
  frozen_.push_back(std::move(active_));
  active_ = std::make_shared<MemoryIndex>(run_keys_);
}

bool LookupIndex::HasRoom() const {
  const base::MutexLock lock(&mutex_);
  return frozen_.size() < kFrozenMax;
}

bool LookupIndex::NeedsMerge() const { return OldestFrozen() != nullptr; }

size_t LookupIndex::unmerged_keys() const {
  const base::MutexLock lock(&mutex_);
  size_t keys = active_->size();
  for (const auto& frozen : frozen_) keys += frozen->size();
  return keys;
}

size_t LookupIndex::memory_bytes() const {
  size_t bytes = 0;
  std::shared_ptr<const Runs> runs;
  {
    const base::MutexLock lock(&mutex_);
    bytes = active_->memory_bytes();
    for (const auto& frozen : frozen_) bytes += frozen->memory_bytes();
    runs = runs_;
  }
  for (const RunPointer& run : *runs) bytes += run->memory_bytes();
  return bytes;
}

size_t LookupIndex::runs() const { return CurrentRuns()->size(); }

std::shared_ptr<const MemoryIndex> LookupIndex::OldestFrozen() const {
  const base::MutexLock lock(&mutex_);
  return frozen_.empty() ? nullptr : frozen_.front();
}

std::shared_ptr<const LookupIndex::Runs> LookupIndex::CurrentRuns() const {
  const base::MutexLock lock(&mutex_);
  return runs_;
}

LookupIndex::View LookupIndex::ViewOf(const LookupDigest& digest) const {
  View view;
  std::vector<std::shared_ptr<const MemoryIndex>> frozen;
  std::vector<uint64_t> newest;
  {
    const base::MutexLock lock(&mutex_);
    active_->Find(digest, &newest);
    frozen.assign(frozen_.begin(), frozen_.end());
    view.runs = runs_;
  }
  for (const auto& table : frozen) table->Find(digest, &view.rows);
  view.rows.insert(view.rows.end(), newest.begin(), newest.end());
  return view;
}

absl::StatusOr<std::vector<uint64_t>> LookupIndex::Find(RunTables* reader,
                                                        const LookupDigest& digest) const {
  View view = ViewOf(digest);
  std::vector<uint64_t>& rows = view.rows;
  for (const RunPointer& run : *view.runs) HEDUI_RETURN_IF_ERROR(reader->Find(*run, digest, &rows));
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return std::move(rows);
}

absl::StatusOr<std::vector<uint64_t>> LookupIndex::FindBefore(RunTables* reader,
                                                              const LookupDigest& digest,
                                                              uint64_t before, size_t limit) const {
  View view = ViewOf(digest);
  std::vector<uint64_t>& rows = view.rows;
  rows.erase(std::lower_bound(rows.begin(), rows.end(), before), rows.end());
  if (rows.size() > limit)
    rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(limit));
  for (const RunPointer& run : *view.runs) {
    HEDUI_RETURN_IF_ERROR(reader->FindBefore(*run, digest, before, limit, &rows));
  }
  std::sort(rows.begin(), rows.end(), std::greater<>());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  if (rows.size() > limit) rows.resize(limit);
  return std::move(rows);
}

absl::StatusOr<bool> LookupIndex::MergeStep() {
  HEDUI_RETURN_IF_ERROR(CollectLeftovers());
  bool worked = true;
  int level = 0;
  if (const auto frozen = OldestFrozen()) {
    HEDUI_RETURN_IF_ERROR(WriteFrozen(*frozen));
  } else {
    HEDUI_ASSIGN_OR_RETURN(MergeJob * job, NextJob(&level));
    if (job != nullptr) {
      const absl::Status status = RunJob(job, level);
      if (!status.ok()) {
        // What it wrote was rolled back while its cursors went on; it begins again another time.
        garbage_.push_back(Garbage{job->id(), nullptr});
        jobs_[static_cast<size_t>(level)].reset();
        return status;
      }
    } else {
      HEDUI_ASSIGN_OR_RETURN(worked, DeleteGarbage());
    }
  }
  HEDUI_RETURN_IF_ERROR(LimitLog());
  return worked;
}

absl::Status LookupIndex::CollectLeftovers() {
  if (leftovers_collected_) return absl::OkStatus();
  for (const auto state : {RunTables::State::kBuilding, RunTables::State::kDead}) {
    HEDUI_ASSIGN_OR_RETURN(const std::vector<int64_t> ids, tables_->ReadIds(state));
    for (const int64_t id : ids) garbage_.push_back(Garbage{id, nullptr});
  }
  leftovers_collected_ = true;
  return absl::OkStatus();
}

absl::Status LookupIndex::WriteFrozen(const MemoryIndex& frozen) {
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                         WriteTransaction::Begin(tables_->connection()));
  HEDUI_ASSIGN_OR_RETURN(const std::optional<RunTables::Progress> now, tables_->ReadProgress());
  if (!now.has_value() || now->merged_through != progress_.merged_through ||
      now->check != progress_.check) {
    return Moved();
  }
  HEDUI_ASSIGN_OR_RETURN(const int64_t id, tables_->NextId());
  RunBuilder builder(id, 0, frozen.first(), frozen.last(), frozen.size());
  uint32_t number = 0;
  for (const IndexEntry& entry : frozen.Sorted()) {
    if (!builder.Add(entry)) continue;
    const std::string block = builder.TakeBlock(&number);
    HEDUI_RETURN_IF_ERROR(tables_->WriteBlock(id, number, block));
  }
  const std::string rest = builder.TakeBlock(&number);
  if (!rest.empty()) HEDUI_RETURN_IF_ERROR(tables_->WriteBlock(id, number, rest));
  auto run = std::make_shared<const Run>(builder.Finish());
  HEDUI_RETURN_IF_ERROR(tables_->WriteRun(*run, RunTables::State::kLive));
  const RunTables::Progress next{progress_.store, frozen.last(), frozen.last_check()};
  HEDUI_RETURN_IF_ERROR(tables_->WriteProgress(next));
  HEDUI_RETURN_IF_ERROR(transaction.Commit());
  progress_ = next;
  const base::MutexLock lock(&mutex_);
  auto runs = std::make_shared<Runs>(*runs_);
  runs->push_back(std::move(run));
  runs_ = std::move(runs);
  frozen_.pop_front();
  merged_through_ = next.merged_through;
  return absl::OkStatus();
}

absl::StatusOr<LookupIndex::MergeJob*> LookupIndex::NextJob(int* level) {
  for (*level = 0; *level + 1 < kLevels; ++*level) {
    std::unique_ptr<MergeJob>& job = jobs_[static_cast<size_t>(*level)];
    if (job != nullptr) return job.get();
    Runs sources;
    const std::shared_ptr<const Runs> runs = CurrentRuns();
    for (const RunPointer& run : *runs) {
      if (run->level == *level && sources.size() < kFanOut) sources.push_back(run);
    }
    if (sources.size() < kFanOut) continue;
    std::sort(sources.begin(), sources.end(), [](const RunPointer& a, const RunPointer& b) {
      return a->first_commit < b->first_commit;
    });
    HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                           WriteTransaction::Begin(tables_->connection()));
    HEDUI_ASSIGN_OR_RETURN(const int64_t id, tables_->NextId());
    Run building;
    building.id = id;
    HEDUI_RETURN_IF_ERROR(tables_->WriteRun(building, RunTables::State::kBuilding));
    HEDUI_RETURN_IF_ERROR(transaction.Commit());
    job = std::make_unique<MergeJob>(id, std::move(sources));
    return job.get();
  }
  return nullptr;
}

absl::Status LookupIndex::RunJob(MergeJob* job, int level) {
  HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                         WriteTransaction::Begin(tables_->connection()));
  HEDUI_ASSIGN_OR_RETURN(const bool done, job->Slice(tables_.get()));
  if (!done) return transaction.Commit();
  auto merged = std::make_shared<const Run>(job->Finish());
  HEDUI_RETURN_IF_ERROR(
      tables_->ChangeState(merged->id, RunTables::State::kBuilding, RunTables::State::kLive));
  HEDUI_RETURN_IF_ERROR(tables_->WriteRun(*merged, RunTables::State::kLive));
  for (const RunPointer& source : job->sources()) {
    HEDUI_RETURN_IF_ERROR(
        tables_->ChangeState(source->id, RunTables::State::kLive, RunTables::State::kDead));
  }
  HEDUI_RETURN_IF_ERROR(transaction.Commit());
  const std::unique_ptr<MergeJob> finished = std::move(jobs_[static_cast<size_t>(level)]);
  auto runs = std::make_shared<Runs>();
  const std::shared_ptr<const Runs> before = CurrentRuns();
  for (const RunPointer& run : *before) {
    const auto& sources = finished->sources();
    if (std::find(sources.begin(), sources.end(), run) == sources.end()) runs->push_back(run);
  }
  runs->push_back(std::move(merged));
  for (const RunPointer& source : finished->sources())
    garbage_.push_back(Garbage{source->id, source});
  const base::MutexLock lock(&mutex_);
  runs_ = std::move(runs);
  return absl::OkStatus();
}

absl::StatusOr<bool> LookupIndex::DeleteGarbage() {
  for (size_t i = 0; i < garbage_.size(); ++i) {
    if (garbage_[i].run != nullptr && garbage_[i].run.use_count() > 1)
      continue;  // a look-up may still read it
    HEDUI_ASSIGN_OR_RETURN(WriteTransaction transaction,
                           WriteTransaction::Begin(tables_->connection()));
    HEDUI_ASSIGN_OR_RETURN(const bool gone,
                           tables_->DeleteSome(garbage_[i].id, kSliceDeletedBlocks));
    HEDUI_RETURN_IF_ERROR(transaction.Commit());
    if (gone) garbage_.erase(garbage_.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }
  return false;
}

absl::Status LookupIndex::LimitLog() {
  if (tables_->connection()->log_pages() <= kLogPagesMax) return absl::OkStatus();
  return tables_->connection()->RunCheckpoint(Connection::Checkpoint::kPassive).status();
}

}  // namespace hedui::store
