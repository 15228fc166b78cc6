#include "server/access/matter_book.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/access/matter_codec.h"
#include "server/base/retry_after.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

// "m": a matter; "l": a letter number. An agency's code holds no line feed.
std::string MatterLock(absl::string_view agency, absl::string_view matter_number) {
  return absl::StrCat("m\n", agency, "\n", matter_number);
}

std::string LetterLock(absl::string_view agency, absl::string_view letter_number) {
  return absl::StrCat("l\n", agency, "\n", letter_number);
}

void SortUnique(std::vector<std::string>* keys) {
  std::sort(keys->begin(), keys->end());
  keys->erase(std::unique(keys->begin(), keys->end()), keys->end());
}

}  // namespace

std::shared_ptr<const MatterSnapshot> MatterRecord::Snapshot() const {
  base::MutexLock lock(&mutex_);
  return snapshot_;
}

std::string MatterRecord::DigestKey() const {
  base::MutexLock lock(&mutex_);
  return digest_key_;
}

bool MatterRecord::Trusted() const {
  base::MutexLock lock(&mutex_);
  return trusted_;
}

MatterBook::MatterBook(const base::RowReader* reader, const base::Clock* clock, base::IdSource* ids,
                       size_t matters_cached)
    : reader_(reader),
      clock_(clock),
      ids_(ids),
      matters_cached_(std::max<size_t>(matters_cached, 1)),
      sweep_at_(2 * matters_cached_) {}

MatterBook::~MatterBook() = default;

std::string MatterBook::CacheKey(absl::string_view agency, absl::string_view matter_number) {
  return absl::StrCat(agency, "\n", matter_number);
}

// ---- Reading.

absl::StatusOr<MatterHandle> MatterBook::Load(absl::string_view agency,
                                              absl::string_view matter_number) {
  if (MatterHandle cached = TryCached(agency, matter_number)) return cached;
  const std::string key = CacheKey(agency, matter_number);
  while (true) {
    const std::shared_ptr<MatterRecord> record = BeginLoad(key);
    const absl::Status status = ReadInto(agency, matter_number, record.get());
    EndLoad(key, record, status.ok());
    if (!status.ok()) return status;
    // A commit that ended in doubt while we read makes this record worthless: read again.
    if (record->Trusted()) return record;
  }
}

MatterHandle MatterBook::TryCached(absl::string_view agency, absl::string_view matter_number) {
  const std::string key = CacheKey(agency, matter_number);
  base::MutexLock lock(&mutex_);
  const auto slot = slots_.find(key);
  if (slot == slots_.end()) return nullptr;
  std::shared_ptr<MatterRecord> record = slot->second.record.lock();
  if (record == nullptr || !IsReady(*record)) return nullptr;
  Keep(key, record);
  return record;
}

bool MatterBook::IsReady(const MatterRecord& record) {
  base::MutexLock lock(&record.mutex_);
  return record.opened_ && !record.digest_key_.empty();
}

bool MatterBook::IsClosed(const MatterRecord& record) {
  base::MutexLock lock(&record.mutex_);
  return record.snapshot_ != nullptr && record.snapshot_->state == MatterState::kClosed;
}

std::shared_ptr<MatterRecord> MatterBook::BeginLoad(const std::string& key) {
  base::MutexLock lock(&mutex_);
  if (slots_.size() >= sweep_at_) SweepExpired();
  Slot& slot = slots_[key];
  std::shared_ptr<MatterRecord> record = slot.record.lock();
  if (record == nullptr) {
    record = std::make_shared<MatterRecord>();
    slot.record = record;
    slot.loading = 0;
  }
  ++slot.loading;
  return record;
}

void MatterBook::EndLoad(const std::string& key, const std::shared_ptr<MatterRecord>& record,
                         bool loaded) {
  base::MutexLock lock(&mutex_);
  const auto found = slots_.find(key);
  // CommitFailed has thrown the record out; nothing of the slot is ours.
  if (found == slots_.end() || found->second.record.lock() != record) return;
  Slot& slot = found->second;
  --slot.loading;
  if (loaded) {
    Keep(key, record);
  } else if (slot.loading == 0 && slot.kept == nullptr && !IsReady(*record)) {
    slots_.erase(found);
  }
}

absl::Status MatterBook::ReadInto(absl::string_view agency, absl::string_view number,
                                  MatterRecord* record) const {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<base::Row> rows,
                         ReadMatterRows(*reader_, agency, number));
  HEDUI_ASSIGN_OR_RETURN(std::string digest_key, reader_->DigestKey(rows.front().matter));
  HEDUI_RETURN_IF_ERROR(Merge(rows, record));
  base::MutexLock lock(&record->mutex_);
  record->digest_key_ = std::move(digest_key);
  return absl::OkStatus();
}

absl::Status MatterBook::Merge(const std::vector<base::Row>& rows, MatterRecord* record) {
  std::vector<MatterEvent> events;
  events.reserve(rows.size());
  bool opened = false;
  for (const base::Row& row : rows) {
    HEDUI_ASSIGN_OR_RETURN(MatterEvent event, DecodeRow(row));
    opened = opened || row.kind == base::RowKind::kMatter;
    events.push_back(std::move(event));
  }
  base::MutexLock lock(&record->mutex_);
  auto next = record->snapshot_ == nullptr ? std::make_shared<MatterSnapshot>()
                                           : std::make_shared<MatterSnapshot>(*record->snapshot_);
  for (size_t i = 0; i < rows.size(); ++i) ApplyEvent(rows[i], events[i], next.get());
  record->snapshot_ = std::move(next);
  record->opened_ = record->opened_ || opened;
  return absl::OkStatus();
}

void MatterBook::Keep(const std::string& key, const std::shared_ptr<MatterRecord>& record) {
  if (IsClosed(*record)) return LetGo(key);
  Slot& slot = slots_[key];
  if (slot.kept != nullptr) {
    recently_.splice(recently_.begin(), recently_, slot.recently);
    return;
  }
  slot.record = record;
  slot.kept = record;
  recently_.push_front(key);
  slot.recently = recently_.begin();
  if (recently_.size() > matters_cached_) LetGo(recently_.back());
}

void MatterBook::LetGo(std::string key) {
  const auto slot = slots_.find(key);
  if (slot->second.kept == nullptr) return;
  recently_.erase(slot->second.recently);
  slot->second.kept.reset();
  // While a flow holds it, the slot stays, so that a withdrawal still reaches the flow.
  if (slot->second.loading == 0 && slot->second.record.expired()) slots_.erase(slot);
}

void MatterBook::SweepExpired() {
  for (auto slot = slots_.begin(); slot != slots_.end();) {
    const bool unused = slot->second.loading == 0 && slot->second.record.expired();
    if (unused) {
      slots_.erase(slot++);
    } else {
      ++slot;
    }
  }
  sweep_at_ = 2 * std::max(matters_cached_, slots_.size());
}

// ---- Reservations.

MatterBook::Reservation::Reservation(Reservation&& other) noexcept
    : book_(std::exchange(other.book_, nullptr)),
      agency_(std::move(other.agency_)),
      keys_(std::move(other.keys_)) {}

MatterBook::Reservation& MatterBook::Reservation::operator=(Reservation&& other) noexcept {
  if (this == &other) return *this;
  Release();
  book_ = std::exchange(other.book_, nullptr);
  agency_ = std::move(other.agency_);
  keys_ = std::move(other.keys_);
  return *this;
}

MatterBook::Reservation::~Reservation() { Release(); }

void MatterBook::Reservation::Release() {
  if (book_ == nullptr) return;
  std::exchange(book_, nullptr)->Release(agency_, keys_);
}

bool MatterBook::Reservation::Holds(const std::vector<std::string>& keys) const {
  return book_ != nullptr && std::includes(keys_.begin(), keys_.end(), keys.begin(), keys.end());
}

std::vector<std::string> MatterBook::KeysOf(absl::string_view agency,
                                            const RegisterRequest& request) {
  std::vector<std::string> keys = {MatterLock(agency, request.matter_number)};
  for (const LetterDraft& letter : request.letters) {
    keys.push_back(LetterLock(agency, letter.number));
  }
  SortUnique(&keys);
  return keys;
}

std::vector<std::string> MatterBook::KeysOf(absl::string_view agency,
                                            absl::string_view matter_number) {
  return {MatterLock(agency, matter_number)};
}

absl::Status MatterBook::TakeTicket(const std::string& agency) {
  const auto refuse = [](absl::string_view reason, std::string text) {
    return base::WithRetryAfter(
        base::MakeError(absl::StatusCode::kResourceExhausted, reason, std::move(text)),
        base::kRoomRetryAfter);
  };
  if (tickets_ >= kReservationsMax) {
    return refuse("MATTER_BUSY", "too many changes of matters are waiting; try again");
  }
  size_t& own = agency_tickets_[agency];
  if (own >= kReservationsPerAgencyMax) {
    return refuse("AGENCY_CHANGES",
                  absl::StrCat("this agency has ", kReservationsPerAgencyMax,
                               " changes of matters and reports under way already; ask again when "
                               "one is done"));
  }
  ++own;
  ++tickets_;
  return absl::OkStatus();
}

void MatterBook::Reserve(const std::string& agency, std::vector<std::string> keys, Ready ready) {
  SortUnique(&keys);
  auto ticket = std::make_shared<Ticket>();
  bool granted = false;
  absl::Status taken;
  {
    base::MutexLock lock(&mutex_);
    taken = TakeTicket(agency);
    if (taken.ok()) {
      // In all queues at once, so that of two tickets one is before the other wherever they meet:
      // no deadlock.
      for (const std::string& key : keys) {
        std::deque<std::shared_ptr<Ticket>>& queue = queues_[key];
        queue.push_back(ticket);
        if (queue.size() == 1) ++ticket->keys_held;
      }
      granted = ticket->keys_held == keys.size();
      ticket->agency = agency;
      ticket->keys = keys;
      ticket->ready = std::move(ready);
    }
  }
  if (!taken.ok()) return std::move(ready)(std::move(taken));
  if (granted) Grant(*ticket);
}

void MatterBook::Grant(Ticket& ticket) {
  Reservation reservation;
  reservation.book_ = this;
  reservation.agency_ = ticket.agency;
  reservation.keys_ = ticket.keys;
  std::move(ticket.ready)(std::move(reservation));
}

void MatterBook::Release(const std::string& agency, const std::vector<std::string>& keys) {
  std::vector<std::shared_ptr<Ticket>> granted;
  {
    base::MutexLock lock(&mutex_);
    --tickets_;
    const auto own = agency_tickets_.find(agency);
    if (--own->second == 0) agency_tickets_.erase(own);
    for (const std::string& key : keys) {
      const auto queue = queues_.find(key);
      queue->second.pop_front();  // the one that releases
      if (queue->second.empty()) {
        queues_.erase(queue);
        continue;
      }
      const std::shared_ptr<Ticket>& next = queue->second.front();
      if (++next->keys_held == next->keys.size()) granted.push_back(next);
    }
  }
  for (const std::shared_ptr<Ticket>& ticket : granted) Grant(*ticket);
}

// ---- After the commit.

void MatterBook::Apply(Change change) {
  if (change.rows.empty()) return;
  const bool opens = std::any_of(change.rows.begin(), change.rows.end(), [](const base::Row& row) {
    return row.kind == base::RowKind::kMatter;
  });
  std::shared_ptr<MatterRecord> record;
  {
    base::MutexLock lock(&mutex_);
    const auto slot = slots_.find(change.cache_key);
    if (slot != slots_.end()) record = slot->second.record.lock();
    // A new matter is likely asked about soon. All its rows are here, so nothing is missing.
    if (record == nullptr && opens) {
      record = std::make_shared<MatterRecord>();
      Keep(change.cache_key, record);
    }
  }
  // Without a record nobody holds the matter, and the next Load reads these rows.
  if (record == nullptr) return;
  if (!Merge(change.rows, record.get()).ok()) return CommitFailed(std::move(change));
  if (!IsClosed(*record)) return;
  base::MutexLock lock(&mutex_);
  const auto slot = slots_.find(change.cache_key);
  if (slot != slots_.end() && slot->second.kept == record) LetGo(change.cache_key);
}

void MatterBook::CommitFailed(Change change) {
  base::MutexLock lock(&mutex_);
  const auto slot = slots_.find(change.cache_key);
  if (slot == slots_.end()) return;
  if (const std::shared_ptr<MatterRecord> record = slot->second.record.lock()) {
    base::MutexLock record_lock(&record->mutex_);
    record->trusted_ = false;
  }
  if (slot->second.kept != nullptr) recently_.erase(slot->second.recently);
  slots_.erase(slot);
}

}  // namespace hedui::access
