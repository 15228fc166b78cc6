#include "server/store/sqlite/reader_pool.h"

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::store {
namespace {

absl::StatusOr<RowHeader> StepToHeader(Statement* statement, uint64_t row) {
  HEDUI_ASSIGN_OR_RETURN(const bool found, statement->BindInt(1, static_cast<int64_t>(row)).Step());
  if (!found) {
    return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                           absl::StrCat("row ", row, " is looked up but missing"),
                           base::Visibility::kOperator);
  }
  RowHeader header;
  header.kind = static_cast<base::RowKind>(statement->Int(0));
  HEDUI_ASSIGN_OR_RETURN(header.id, base::Uuid::FromBytes(statement->Blob(1)));
  HEDUI_ASSIGN_OR_RETURN(header.matter, base::Uuid::FromBytes(statement->Blob(2)));
  header.at_ms = statement->Int(3);
  header.log_index = statement->Int(4);
  return header;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reader>> Reader::Open(
    const ConnectionOptions& rows, const std::optional<ConnectionOptions>& lookup) {
  auto reader = std::unique_ptr<Reader>(new Reader);
  HEDUI_ASSIGN_OR_RETURN(reader->connection_, Connection::Open(rows));
  if (lookup.has_value()) {
    HEDUI_ASSIGN_OR_RETURN(reader->runs_, RunTables::Open(*lookup));
  }
  HEDUI_ASSIGN_OR_RETURN(LogReader log, LogReader::Open(reader->connection_.get()));
  reader->log_.emplace(std::move(log));
  HEDUI_ASSIGN_OR_RETURN(reader->row_,
                         reader->connection_->Prepare(
                             "SELECT kind,id,matter,at_ms,log_index,body FROM rows WHERE row=?"));
  HEDUI_ASSIGN_OR_RETURN(
      reader->header_,
      reader->connection_->Prepare("SELECT kind,id,matter,at_ms,log_index FROM rows WHERE row=?"));
  return reader;
}

absl::StatusOr<std::pair<RowHeader, std::string>> Reader::ReadRow(uint64_t row) {
  const StatementScope scope(&*row_);
  HEDUI_ASSIGN_OR_RETURN(RowHeader header, StepToHeader(&*row_, row));
  return std::pair(header, std::string(row_->Blob(5)));
}

absl::StatusOr<RowHeader> Reader::ReadHeader(uint64_t row) {
  const StatementScope scope(&*header_);
  return StepToHeader(&*header_, row);
}

absl::StatusOr<std::optional<absl::Time>> Reader::NewestRowTime() {
  HEDUI_ASSIGN_OR_RETURN(Statement newest,
                         connection_->Prepare("SELECT at_ms FROM rows ORDER BY row DESC LIMIT 1"));
  HEDUI_ASSIGN_OR_RETURN(const bool found, newest.Step());
  if (!found) return std::nullopt;
  return absl::FromUnixMillis(newest.Int(0));
}

ReaderPool::Lease ReaderPool::Take() {
  const base::MutexLock lock(&mutex_);
  while (free_.empty()) returned_.Wait(&mutex_);
  std::unique_ptr<Reader> reader = std::move(free_.back());  // the last used: its cache is warm
  free_.pop_back();
  return Lease(this, std::move(reader));
}

void ReaderPool::Return(std::unique_ptr<Reader> reader) {
  const base::MutexLock lock(&mutex_);
  free_.push_back(std::move(reader));
  returned_.Signal();
}

}  // namespace hedui::store
