// MatterBook: the matters and letters this server knows, live.
//
// Reading. Load() finds a matter in memory or reads it from the store (blocks: call it on a pool;
// TryCached never blocks). The handle stays current for as long as it is held: a committed
// withdrawal or closing shows in it at once, so a flow asks its grant again just before it sends
// (IsLive in access_control.h: a mutex held for a pointer's copy). While any handle of a matter
// lives there is one record of it, however small the cache.
//
// Changing. Rows are made here and committed by the caller, in four steps; the first and the last
// keep two callers from opening one matter twice or giving one letter number two contents:
//   1. Reserve(agency, KeysOf(...), ready)  `ready` runs with a reservation once nobody before us
//   holds one of the keys;
//                                   inline or on the thread that gave them up, so it should post to
//                                   a pool;
//   2. PrepareX(..., reservation)   on a pool (blocks): checks everything and gives the rows to
//   commit, or the
//                                   error that lists all defects; no rows: nothing changes, answer
//                                   at once;
//   3. the caller commits the rows;
//   4. Apply(change) when they are durable, or CommitFailed(change) when the committer could not
//   say so. Either
//      ends the reservation; so does dropping the change.
// This guards within one process; the store's rows are written by one process at a time.
//
// Thread-safe. No lock is held while reading the store or calling out. Outlives its handles and
// reservations' use; the RowReader outlives it.
#ifndef HEDUI_SERVER_ACCESS_MATTER_BOOK_H_
#define HEDUI_SERVER_ACCESS_MATTER_BOOK_H_

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/access/matter.h"
#include "server/access/register.h"
#include "server/base/clock.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "server/base/row.h"

namespace hedui::access {

// Open ones. A matter with four letters takes some 3 KB: the cache holds at most some 50 MB.
inline constexpr size_t kMattersCachedDefault = 16'384;
// Changes of matters under way or waiting for one of the same matter or letter.
inline constexpr size_t kReservationsMax = 4'096;
// Those of one agency: as many as the verifications it may have under way where its register entry
// says nothing, and no more than leaves three others the same.
inline constexpr size_t kReservationsPerAgencyMax = kReservationsMax / 4;

// One matter's live record. Thread-safe.
class MatterRecord {
 public:
  MatterRecord() = default;
  MatterRecord(const MatterRecord&) = delete;
  MatterRecord& operator=(const MatterRecord&) = delete;

  // As of now. Never null once Load has returned it.
  std::shared_ptr<const MatterSnapshot> Snapshot() const;
  // Keys the digests of the matter's personal content: 32 bytes.
  std::string DigestKey() const;
  // False once a commit about it ended in doubt: load it again.
  bool Trusted() const;

 private:
  friend class MatterBook;

  mutable base::Mutex mutex_;
  std::shared_ptr<const MatterSnapshot> snapshot_ ABSL_GUARDED_BY(mutex_);
  std::string digest_key_ ABSL_GUARDED_BY(mutex_);
  bool opened_ ABSL_GUARDED_BY(mutex_) = false;  // its kMatter row is merged
  bool trusted_ ABSL_GUARDED_BY(mutex_) = true;
};

using MatterHandle = std::shared_ptr<const MatterRecord>;

class MatterBook {
 public:
  // The right to change what some keys name; given back by the destructor. Move-only, one thread at
  // a time.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;
    ~Reservation();
    void Release();
    // Whether it covers all of `keys`, which are sorted.
    bool Holds(const std::vector<std::string>& keys) const;

   private:
    friend class MatterBook;
    MatterBook* book_ = nullptr;
    std::string agency_;
    std::vector<std::string> keys_;
  };
  using Ready = absl::AnyInvocable<void(absl::StatusOr<Reservation>) &&>;

  // Rows to commit and what the caller may be told when they are durable.
  struct Change {
    std::vector<base::Row> rows;  // empty: everything was so already
    MatterState state = MatterState::kOpen;
    int letters_added = 0;
    absl::Time revoked_at;  // PrepareRevoke: of the first withdrawal
    std::string cache_key;  // names the matter within the book
    Reservation reservation;
  };

  MatterBook(const base::RowReader* reader, const base::Clock* clock, base::IdSource* ids,
             size_t matters_cached = kMattersCachedDefault);
  MatterBook(const MatterBook&) = delete;
  MatterBook& operator=(const MatterBook&) = delete;
  ~MatterBook();

  // Blocks on the store. NOT_FOUND (MATTER_UNKNOWN) when the agency has no such matter; the store's
  // errors.
  absl::StatusOr<MatterHandle> Load(absl::string_view agency, absl::string_view matter_number);
  // nullptr when it is not in memory. Never blocks.
  MatterHandle TryCached(absl::string_view agency, absl::string_view matter_number);

  // What a change must reserve.
  static std::vector<std::string> KeysOf(absl::string_view agency, const RegisterRequest& request);
  static std::vector<std::string> KeysOf(absl::string_view agency, absl::string_view matter_number);
  // For a change that `agency` asks for. RESOURCE_EXHAUSTED with a time to come again, given to
  // `ready` at once: AGENCY_CHANGES past kReservationsPerAgencyMax, MATTER_BUSY past
  // kReservationsMax.
  void Reserve(const std::string& agency, std::vector<std::string> keys, Ready ready);

  // Block on the store. `agency` is the caller's, out of the register in force. Errors list all
  // defects (access/defects.h).
  absl::StatusOr<Change> PrepareRegister(const Agency& agency, const RegisterRequest& request,
                                         Reservation reservation);
  absl::StatusOr<Change> PrepareRevoke(const Agency& agency, const RevokeRequest& request,
                                       Reservation reservation);
  absl::StatusOr<Change> PrepareMonitor(const Agency& agency, const StateRequest& request,
                                        Reservation reservation);
  absl::StatusOr<Change> PrepareClose(const Agency& agency, const StateRequest& request,
                                      Reservation reservation);

  // The change is durable: every handle of the matter shows it when this returns.
  void Apply(Change change);
  // It is not known whether the change is durable: every handle of the matter is dead from now on,
  // and the next Load reads the store again.
  void CommitFailed(Change change);

 private:
  // What the book knows of one matter. The record itself belongs to whoever holds it.
  struct Slot {
    std::weak_ptr<MatterRecord> record;
    std::shared_ptr<MatterRecord> kept;         // null when the cache let it go, or closed
    std::list<std::string>::iterator recently;  // in recently_, while `kept`
    int loading = 0;                            // Loads now reading the store for it
  };
  struct Ticket {
    std::string agency;
    std::vector<std::string> keys;  // sorted, unique
    size_t keys_held = 0;           // at the front of that many queues
    Ready ready;
  };
  using SnapshotPtr = std::shared_ptr<const MatterSnapshot>;

  // One record per matter for everyone who is reading it, so that an Apply in between reaches them
  // all.
  std::shared_ptr<MatterRecord> BeginLoad(const std::string& key);
  void EndLoad(const std::string& key, const std::shared_ptr<MatterRecord>& record, bool loaded);
  absl::Status ReadInto(absl::string_view agency, absl::string_view number,
                        MatterRecord* record) const;
  // Unless it is closed: of that nobody asks any more.
  void Keep(const std::string& key, const std::shared_ptr<MatterRecord>& record)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // From the cache; there is a slot. By value: the list's own text goes with it.
  void LetGo(std::string key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SweepExpired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static bool IsReady(const MatterRecord& record);
  static bool IsClosed(const MatterRecord& record);
  // Adds the rows to what the record shows; the same rows again, or in another order, come to the
  // same.
  static absl::Status Merge(const std::vector<base::Row>& rows, MatterRecord* record);

  // Null with OK when there is no such matter.
  absl::StatusOr<SnapshotPtr> Current(const Agency& agency, const std::string& matter_number);
  absl::StatusOr<Change> PrepareState(const Agency& agency, const StateRequest& request,
                                      MatterState to, Reservation reservation);
  // The letters of the request that are not registered yet.
  absl::StatusOr<std::vector<Letter>> NewLetters(const Agency& agency,
                                                 const RegisterRequest& request,
                                                 const MatterSnapshot* matter) const;
  absl::StatusOr<bool> IsLetterNumberTaken(const Agency& agency, const Letter& letter) const;
  absl::Time Now() const;
  static std::string CacheKey(absl::string_view agency, absl::string_view matter_number);
  void Grant(Ticket& ticket);
  absl::Status TakeTicket(const std::string& agency) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release(const std::string& agency, const std::vector<std::string>& keys);

  const base::RowReader* const reader_;
  const base::Clock* const clock_;
  base::IdSource* const ids_;
  const size_t matters_cached_;

  base::Mutex mutex_;
  absl::flat_hash_map<std::string, Slot> slots_ ABSL_GUARDED_BY(mutex_);
  size_t sweep_at_ ABSL_GUARDED_BY(mutex_);
  std::list<std::string> recently_ ABSL_GUARDED_BY(mutex_);  // front: used last
  absl::flat_hash_map<std::string, std::deque<std::shared_ptr<Ticket>>> queues_
      ABSL_GUARDED_BY(mutex_);
  size_t tickets_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of agencies that have any.
  absl::flat_hash_map<std::string, size_t> agency_tickets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_MATTER_BOOK_H_
