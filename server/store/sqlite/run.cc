#include "server/store/sqlite/run.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/store/bytes.h"

namespace hedui::store {
namespace {

constexpr size_t kEntryBytes = 24;
constexpr uint64_t kFilterBitsPerEntry =
    10;  // with 7 probes one look-up in 120 is let through in vain
constexpr int kFilterProbes = 7;

constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS progress(
  one INTEGER PRIMARY KEY CHECK(one=1), schema INTEGER NOT NULL, store BLOB NOT NULL,
  merged_through INTEGER NOT NULL, last_segment BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS runs(
  id INTEGER PRIMARY KEY, state INTEGER NOT NULL, level INTEGER NOT NULL, first_commit INTEGER NOT NULL,
  last_commit INTEGER NOT NULL, entries INTEGER NOT NULL, fences BLOB NOT NULL, filter BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS run_blocks(id INTEGER PRIMARY KEY, entries BLOB NOT NULL);
)";
constexpr int64_t kLookupSchema = 1;  // another schema is not migrated but rebuilt

uint64_t Prefix(const LookupDigest& digest) {
  return LoadUint<uint64_t>(reinterpret_cast<const char*>(digest.data()));
}

// Digests are uniform already: their halves serve as the two hashes of a Bloom filter.
template <typename Bit>
void ForEachProbe(const LookupDigest& digest, uint64_t bits, Bit bit) {
  uint64_t at = Prefix(digest);
  const uint64_t step = LoadUint<uint64_t>(reinterpret_cast<const char*>(digest.data()) + 8) | 1;
  for (int i = 0; i < kFilterProbes; ++i, at += step) bit(at % bits);
}

int64_t BlockId(int64_t run, uint32_t number) { return run * (int64_t{1} << 32) + number; }

absl::Status Moved() {
  return base::MakeError(absl::StatusCode::kAborted, "INDEX_MOVED",
                         "another process has merged the look-up runs; open the store anew",
                         base::Visibility::kOperator);
}

std::string EncodeFences(const std::vector<uint64_t>& fences) {
  std::string bytes;
  bytes.reserve(fences.size() * 8);
  for (const uint64_t fence : fences) AppendUint(&bytes, fence);
  return bytes;
}

std::vector<uint64_t> DecodeFences(absl::string_view bytes) {
  std::vector<uint64_t> fences;
  fences.reserve(bytes.size() / 8);
  uint64_t fence = 0;
  while (TakeUint(&bytes, &fence)) fences.push_back(fence);
  return fences;
}

// Where the first entry of a block that is not smaller stands.
size_t LowerBound(absl::string_view block, const IndexEntry& entry) {
  size_t low = 0;
  size_t high = BlockEntries(block);
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (LoadEntry(block, middle) < entry) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The blocks that may hold the digest, [first, last): it may begin in the last block whose first
// digest is smaller, and go on as long as blocks begin with it.
std::pair<size_t, size_t> BlocksOf(const Run& run, const LookupDigest& digest) {
  const auto [from, to] = std::equal_range(run.fences.begin(), run.fences.end(), Prefix(digest));
  const auto first = static_cast<size_t>(from - run.fences.begin());
  return {first > 0 ? first - 1 : 0, static_cast<size_t>(to - run.fences.begin())};
}

}  // namespace

size_t BlockEntries(absl::string_view block) { return block.size() / kEntryBytes; }

IndexEntry LoadEntry(absl::string_view block, size_t position) {
  IndexEntry entry;
  const char* bytes = block.data() + position * kEntryBytes;
  std::memcpy(entry.digest.data(), bytes, entry.digest.size());
  entry.row = LoadUint<uint64_t>(bytes + entry.digest.size());
  return entry;
}

bool Run::MayHold(const LookupDigest& digest) const {
  if (filter.empty()) return true;
  bool all = true;
  ForEachProbe(digest, filter.size() * 8, [this, &all](uint64_t bit) {
    all = all && (static_cast<uint8_t>(filter[bit / 8]) >> (bit % 8) & 1) != 0;
  });
  return all;
}

RunBuilder::RunBuilder(int64_t id, int level, uint64_t first_commit, uint64_t last_commit,
                       uint64_t entries) {
  run_.id = id;
  run_.level = level;
  run_.first_commit = first_commit;
  run_.last_commit = last_commit;
  run_.fences.reserve(entries / kRunBlockEntries + 1);
  if (entries <= kFilteredRunEntriesMax)
    run_.filter.assign(entries * kFilterBitsPerEntry / 8 + 8, '\0');
}

bool RunBuilder::Add(const IndexEntry& entry) {
  if (block_.empty()) {
    run_.fences.push_back(Prefix(entry.digest));
    block_.reserve(kRunBlockEntries * kEntryBytes);
  }
  block_.append(reinterpret_cast<const char*>(entry.digest.data()), entry.digest.size());
  AppendUint<uint64_t>(&block_, entry.row);
  ++run_.entries;
  if (!run_.filter.empty()) {
    ForEachProbe(entry.digest, run_.filter.size() * 8, [this](uint64_t bit) {
      run_.filter[bit / 8] =
          static_cast<char>(static_cast<uint8_t>(run_.filter[bit / 8]) | 1U << (bit % 8));
    });
  }
  return BlockEntries(block_) == kRunBlockEntries;
}

std::string RunBuilder::TakeBlock(uint32_t* number) {
  if (!block_.empty()) *number = blocks_++;
  return std::exchange(block_, {});
}

absl::StatusOr<std::unique_ptr<RunTables>> RunTables::Open(const ConnectionOptions& options) {
  HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connection::Open(options));
  auto tables = std::unique_ptr<RunTables>(new RunTables(std::move(connection)));
  if (options.create) HEDUI_RETURN_IF_ERROR(tables->connection_->Execute(kSchema));
  HEDUI_RETURN_IF_ERROR(tables->Prepare());
  return tables;
}

absl::Status RunTables::Prepare() {
  HEDUI_ASSIGN_OR_RETURN(read_block_,
                         connection_->Prepare("SELECT entries FROM run_blocks WHERE id=?"));
  HEDUI_ASSIGN_OR_RETURN(write_block_, connection_->Prepare("INSERT INTO run_blocks VALUES(?,?)"));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RunTables::Progress>> RunTables::ReadProgress() {
  HEDUI_ASSIGN_OR_RETURN(
      Statement read,
      connection_->Prepare("SELECT schema,store,merged_through,last_segment FROM progress"));
  HEDUI_ASSIGN_OR_RETURN(const bool found, read.Step());
  if (!found) return std::nullopt;
  Progress progress;
  if (read.Int(0) == kLookupSchema) progress.store = std::string(read.Blob(1));
  progress.merged_through = static_cast<uint64_t>(read.Int(2));
  progress.check = std::string(read.Blob(3));
  return progress;
}

absl::Status RunTables::WriteProgress(const Progress& progress) {
  HEDUI_ASSIGN_OR_RETURN(Statement write,
                         connection_->Prepare("INSERT OR REPLACE INTO progress VALUES(1,?,?,?,?)"));
  write.BindInt(1, kLookupSchema).BindBlob(2, progress.store);
  return write.BindInt(3, static_cast<int64_t>(progress.merged_through))
      .BindBlob(4, progress.check)
      .Run();
}

absl::Status RunTables::Clear() {
  return connection_->Execute("DELETE FROM progress; DELETE FROM runs; DELETE FROM run_blocks");
}

absl::StatusOr<std::vector<RunPointer>> RunTables::ReadLive() {
  HEDUI_ASSIGN_OR_RETURN(
      Statement read,
      connection_->Prepare(
          "SELECT id,level,first_commit,last_commit,entries,fences,filter FROM runs "
          "WHERE state=1 ORDER BY first_commit"));
  std::vector<RunPointer> runs;
  HEDUI_RETURN_IF_ERROR(ForEachRow(&read, [&runs](const Statement& row) {
    auto run = std::make_shared<Run>();
    run->id = row.Int(0);
    run->level = static_cast<int>(row.Int(1));
    run->first_commit = static_cast<uint64_t>(row.Int(2));
    run->last_commit = static_cast<uint64_t>(row.Int(3));
    run->entries = static_cast<uint64_t>(row.Int(4));
    run->fences = DecodeFences(row.Blob(5));
    run->filter = std::string(row.Blob(6));
    runs.push_back(std::move(run));
    return absl::OkStatus();
  }));
  return runs;
}

absl::StatusOr<std::vector<int64_t>> RunTables::ReadIds(State state) {
  HEDUI_ASSIGN_OR_RETURN(Statement read, connection_->Prepare("SELECT id FROM runs WHERE state=?"));
  read.BindInt(1, static_cast<int64_t>(state));
  std::vector<int64_t> ids;
  HEDUI_RETURN_IF_ERROR(ForEachRow(&read, [&ids](const Statement& row) {
    ids.push_back(row.Int(0));
    return absl::OkStatus();
  }));
  return ids;
}

absl::StatusOr<int64_t> RunTables::NextId() {
  return connection_->QueryInt("SELECT coalesce(max(id),0)+1 FROM runs");
}

absl::Status RunTables::WriteRun(const Run& run, State state) {
  HEDUI_ASSIGN_OR_RETURN(
      Statement write, connection_->Prepare("INSERT OR REPLACE INTO runs VALUES(?,?,?,?,?,?,?,?)"));
  write.BindInt(1, run.id).BindInt(2, static_cast<int64_t>(state)).BindInt(3, run.level);
  write.BindInt(4, static_cast<int64_t>(run.first_commit))
      .BindInt(5, static_cast<int64_t>(run.last_commit));
  const std::string fences = EncodeFences(run.fences);
  return write.BindInt(6, static_cast<int64_t>(run.entries))
      .BindBlob(7, fences)
      .BindBlob(8, run.filter)
      .Run();
}

absl::Status RunTables::ChangeState(int64_t id, State from, State to) {
  HEDUI_ASSIGN_OR_RETURN(Statement read,
                         connection_->Prepare("SELECT 1 FROM runs WHERE id=? AND state=?"));
  HEDUI_ASSIGN_OR_RETURN(const bool found,
                         read.BindInt(1, id).BindInt(2, static_cast<int64_t>(from)).Step());
  if (!found) return Moved();
  read.Reset();
  HEDUI_ASSIGN_OR_RETURN(Statement write,
                         connection_->Prepare("UPDATE runs SET state=? WHERE id=?"));
  return write.BindInt(1, static_cast<int64_t>(to)).BindInt(2, id).Run();
}

absl::Status RunTables::WriteBlock(int64_t run, uint32_t number, absl::string_view bytes) {
  return write_block_->BindInt(1, BlockId(run, number)).BindBlob(2, bytes).Run();
}

absl::StatusOr<bool> RunTables::DeleteSome(int64_t run, int blocks_max) {
  HEDUI_ASSIGN_OR_RETURN(
      Statement blocks,
      connection_->Prepare("DELETE FROM run_blocks WHERE id IN "
                           "(SELECT id FROM run_blocks WHERE id>=? AND id<? LIMIT ?)"));
  blocks.BindInt(1, BlockId(run, 0)).BindInt(2, BlockId(run + 1, 0)).BindInt(3, blocks_max);
  HEDUI_RETURN_IF_ERROR(blocks.Run());
  HEDUI_ASSIGN_OR_RETURN(const int64_t deleted, connection_->QueryInt("SELECT changes()"));
  if (deleted == blocks_max) return false;
  HEDUI_ASSIGN_OR_RETURN(Statement row, connection_->Prepare("DELETE FROM runs WHERE id=?"));
  HEDUI_RETURN_IF_ERROR(row.BindInt(1, run).Run());
  return true;
}

absl::Status RunTables::ReadBlock(int64_t run, uint32_t number, std::string* bytes) {
  const StatementScope scope(&*read_block_);
  HEDUI_ASSIGN_OR_RETURN(const bool found, read_block_->BindInt(1, BlockId(run, number)).Step());
  if (!found) return Moved();
  const absl::string_view entries = read_block_->Blob(0);
  bytes->assign(entries.data(), entries.size());
  return absl::OkStatus();
}

absl::Status RunTables::Find(const Run& run, const LookupDigest& digest,
                             std::vector<uint64_t>* rows) {
  if (!run.MayHold(digest)) return absl::OkStatus();
  const auto [first, last] = BlocksOf(run, digest);
  for (size_t number = first; number < last; ++number) {
    HEDUI_RETURN_IF_ERROR(ReadBlock(run.id, static_cast<uint32_t>(number), &block_));
    size_t at = LowerBound(block_, IndexEntry{digest, 0});
    for (; at < BlockEntries(block_); ++at) {
      const IndexEntry entry = LoadEntry(block_, at);
      if (entry.digest != digest) break;
      rows->push_back(entry.row);
    }
  }
  return absl::OkStatus();
}

absl::Status RunTables::FindBefore(const Run& run, const LookupDigest& digest, uint64_t before,
                                   size_t limit, std::vector<uint64_t>* rows) {
  if (!run.MayHold(digest)) return absl::OkStatus();
  const IndexEntry end{digest, before};
  const auto [first, last] = BlocksOf(run, digest);
  size_t low = first;
  size_t high = last;
  while (low < high) {  // the first block that begins at the end or behind it
    const size_t middle = (low + high) / 2;
    HEDUI_RETURN_IF_ERROR(ReadBlock(run.id, static_cast<uint32_t>(middle), &block_));
    if (LoadEntry(block_, 0) < end) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const size_t rows_max = rows->size() + limit;
  for (size_t number = low; number > first && rows->size() < rows_max; --number) {
    HEDUI_RETURN_IF_ERROR(ReadBlock(run.id, static_cast<uint32_t>(number - 1), &block_));
    for (size_t at = LowerBound(block_, end); at > 0 && rows->size() < rows_max; --at) {
      const IndexEntry entry = LoadEntry(block_, at - 1);
      if (entry.digest != digest) return absl::OkStatus();
      rows->push_back(entry.row);
    }
  }
  return absl::OkStatus();
}

}  // namespace hedui::store
