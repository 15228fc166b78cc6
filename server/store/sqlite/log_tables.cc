#include "server/store/sqlite/log_tables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/store/bytes.h"

namespace hedui::store {
namespace {

// Tiles of one level lie together, in order: the level above 56 bits of index.
constexpr int kTileIndexBits = 56;

int64_t TileId(uint32_t level, uint64_t index) {
  return static_cast<int64_t>((uint64_t{level} << kTileIndexBits) + index);
}

absl::Status Missing(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kNotFound, "LOG_RANGE",
                         absl::StrCat("the log has no ", what));
}

absl::Status Damaged(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT", absl::StrCat("log: ", what),
                         base::Visibility::kOperator);
}

// As in the entry bundles of tlog-tiles: each behind its length in 16 bits.
std::string EncodeEntries(const std::vector<std::string>& entries) {
  std::string bytes;
  size_t size = 0;
  for (const std::string& entry : entries) size += 2 + entry.size();
  bytes.reserve(size);
  for (const std::string& entry : entries) {
    AppendUint<uint16_t>(&bytes, static_cast<uint16_t>(entry.size()));
    bytes += entry;
  }
  return bytes;
}

absl::Status CheckCommit(const ledger::LogCommit& commit) {
  const uint64_t count = commit.entries.size();
  bool good = count > 0 && commit.new_size == commit.expected_size + count &&
              commit.leaf_hashes.size() == count * base::kDigestBytes && !commit.origin.empty();
  for (const std::string& entry : commit.entries) {
    good = good && !entry.empty() && entry.size() <= base::kLogEntryBytesMax;
  }
  for (const ledger::LogTile& tile : commit.tiles)
    good = good && tile.hashes.size() == ledger::kTileBytes;
  if (good) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kInvalidArgument, "LOG_COMMIT_INVALID",
                         "the parts of a log commit do not fit together",
                         base::Visibility::kOperator);
}

}  // namespace

absl::StatusOr<LogReader> LogReader::Open(Connection* connection) {
  LogReader reader(connection);
  HEDUI_RETURN_IF_ERROR(reader.Prepare());
  return reader;
}

absl::Status LogReader::Prepare() {
  const std::pair<std::optional<Statement>*, const char*> statements[] = {
      {&tile_, "SELECT hashes FROM tiles WHERE id=?"},
      {&roots_, "SELECT root FROM tile_roots WHERE id>=? AND id<? ORDER BY id"},
      {&hashes_, "SELECT first_leaf,size,leaf_hashes FROM log_commits WHERE size>? ORDER BY size"},
      {&entries_, "SELECT first_leaf,size,entries FROM log_commits WHERE size>? ORDER BY size"},
      {&checkpoint_, "SELECT checkpoint FROM log_commits WHERE size>=? ORDER BY size LIMIT 1"},
  };
  for (const auto& [statement, sql] : statements) {
    HEDUI_ASSIGN_OR_RETURN(*statement, connection_->Prepare(sql));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<ledger::LogHead>> LogReader::ReadHead() {
  HEDUI_ASSIGN_OR_RETURN(
      Statement read, connection_->Prepare(
                          "SELECT origin,head.size,root,checkpoint FROM head LEFT JOIN log_commits "
                          "ON log_commits.size=head.size"));
  HEDUI_ASSIGN_OR_RETURN(const bool found, read.Step());
  if (!found) return Damaged("no head");
  if (read.Int(1) == 0) return std::nullopt;
  ledger::LogHead head;
  head.origin = std::string(read.Blob(0));
  head.size = static_cast<uint64_t>(read.Int(1));
  const std::optional<ledger::Hash> root = ledger::HashFromBytes(read.Blob(2));
  if (!root.has_value() || read.IsNull(3)) return Damaged("the head has no root or no checkpoint");
  head.root = *root;
  head.checkpoint = std::string(read.Blob(3));
  return head;
}

absl::StatusOr<std::string> LogReader::ReadTile(uint32_t level, uint64_t index) {
  const StatementScope scope(&*tile_);
  HEDUI_ASSIGN_OR_RETURN(const bool found, tile_->BindInt(1, TileId(level, index)).Step());
  if (!found) return Missing(absl::StrCat("complete tile ", level, "/", index));
  return std::string(tile_->Blob(0));
}

absl::StatusOr<std::string> LogReader::ReadTileRoots(uint32_t level, uint64_t from, uint64_t to) {
  std::string roots;
  if (from >= to) return roots;
  roots_->BindInt(1, TileId(level, from)).BindInt(2, TileId(level, to));
  HEDUI_RETURN_IF_ERROR(ForEachRow(&*roots_, [&roots](const Statement& row) {
    absl::StrAppend(&roots, row.Blob(0));
    return absl::OkStatus();
  }));
  if (roots.size() != (to - from) * base::kDigestBytes) {
    return Missing(absl::StrCat("complete tiles ", level, "/", from, " to ", to));
  }
  return roots;
}

absl::StatusOr<std::string> LogReader::ReadLeafHashes(uint64_t from, uint64_t to) {
  std::string hashes;
  const StatementScope scope(&*hashes_);
  hashes_->BindInt(1, static_cast<int64_t>(from));
  for (uint64_t next = from; next < to;) {
    HEDUI_ASSIGN_OR_RETURN(const bool found, hashes_->Step());
    if (!found) return Missing(absl::StrCat("leaf ", next));
    const auto first = static_cast<uint64_t>(hashes_->Int(0));
    const auto size = static_cast<uint64_t>(hashes_->Int(1));
    const absl::string_view stored = hashes_->Blob(2);
    if (first > next || stored.size() != (size - first) * base::kDigestBytes)
      return Damaged("leaves have a gap");
    const uint64_t end = std::min(size, to);
    absl::StrAppend(&hashes, stored.substr((next - first) * base::kDigestBytes,
                                           (end - next) * base::kDigestBytes));
    next = end;
  }
  return hashes;
}

absl::StatusOr<std::vector<std::string>> LogReader::ReadEntries(uint64_t from, uint64_t to) {
  std::vector<std::string> entries;
  const StatementScope scope(&*entries_);
  entries_->BindInt(1, static_cast<int64_t>(from));
  for (uint64_t next = from; next < to;) {
    HEDUI_ASSIGN_OR_RETURN(const bool found, entries_->Step());
    if (!found) return Missing(absl::StrCat("entry ", next));
    const auto size = static_cast<uint64_t>(entries_->Int(1));
    absl::string_view rest = entries_->Blob(2);
    auto index = static_cast<uint64_t>(entries_->Int(0));
    if (index > next) return Damaged("entries have a gap");
    for (; index < std::min(size, to); ++index) {
      uint16_t length = 0;
      absl::string_view entry;
      if (!TakeUint(&rest, &length) || !TakeBytes(&rest, length, &entry))
        return Damaged("entries are cut");
      if (index >= next) entries.emplace_back(entry);
    }
    next = index;
  }
  return entries;
}

absl::StatusOr<std::string> LogReader::ReadCheckpoint(uint64_t size) {
  const StatementScope scope(&*checkpoint_);
  HEDUI_ASSIGN_OR_RETURN(const bool found,
                         checkpoint_->BindInt(1, static_cast<int64_t>(size)).Step());
  if (!found) return Missing(absl::StrCat("checkpoint of size ", size, " or more"));
  return std::string(checkpoint_->Blob(0));
}

absl::StatusOr<LogWriter> LogWriter::Open(Connection* connection) {
  HEDUI_ASSIGN_OR_RETURN(Statement commit,
                         connection->Prepare("INSERT INTO log_commits VALUES(?,?,?,?,?)"));
  HEDUI_ASSIGN_OR_RETURN(Statement tile, connection->Prepare("INSERT INTO tiles VALUES(?,?)"));
  HEDUI_ASSIGN_OR_RETURN(Statement root, connection->Prepare("INSERT INTO tile_roots VALUES(?,?)"));
  return LogWriter(std::move(commit), std::move(tile), std::move(root));
}

absl::Status LogWriter::Write(const ledger::LogCommit& commit) {
  HEDUI_RETURN_IF_ERROR(CheckCommit(commit));
  const std::string entries = EncodeEntries(commit.entries);
  commit_.BindInt(1, static_cast<int64_t>(commit.new_size))
      .BindInt(2, static_cast<int64_t>(commit.expected_size));
  commit_.BindBlob(3, commit.checkpoint).BindBlob(4, commit.leaf_hashes).BindBlob(5, entries);
  HEDUI_RETURN_IF_ERROR(commit_.Run());
  for (const ledger::LogTile& tile : commit.tiles) {
    const int64_t id = TileId(tile.level, tile.index);
    HEDUI_RETURN_IF_ERROR(tile_.BindInt(1, id).BindBlob(2, tile.hashes).Run());
    HEDUI_RETURN_IF_ERROR(root_.BindInt(1, id).BindBlob(2, ledger::HashView(tile.root)).Run());
  }
  return absl::OkStatus();
}

}  // namespace hedui::store
