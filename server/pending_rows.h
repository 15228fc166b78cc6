// Sources' promises to answer later, as rows: a promise is open until a row says what became of it.
// Values and functions; thread-safe; those that read block on the store.
#ifndef HEDUI_SERVER_PENDING_ROWS_H_
#define HEDUI_SERVER_PENDING_ROWS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/base/dates.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/base/row_pages.h"

namespace hedui {

// How long a promise is waited for. Exchanges of files take days; what takes longer than a month is
// for the next verification.
inline constexpr absl::Duration kPromiseKeptFor = absl::Hours(30 * 24);
// By then it has ended. Where there is no room for all that time to make the last report, it ends
// without one.
inline constexpr absl::Duration kPromiseEndedWithin = absl::Hours(60 * 24);
// Of one verification, read at once: as many as sources of a plan, each renewed now and then.
inline constexpr size_t kPromisesAtOnce = 1'000;

// One person and category that a source will answer about.
struct PromisedPair {
  std::string person_id;
  std::string category;
  friend bool operator==(const PromisedPair&, const PromisedPair&) = default;
};

struct Promise {
  base::Uuid id;  // of its row
  base::Uuid verification_id;
  base::Uuid matter;
  std::string agency;
  base::Uuid request_id;  // the verification's
  base::Uuid intent_id;   // under which it was asked for
  std::string source_id;
  std::string token;
  absl::Time promised_at;                 // first; whole seconds once it was stored
  std::optional<absl::Time> ready_after;  // as the source said
  base::Period period;                    // what was asked for
  std::vector<PromisedPair> pairs;        // not empty
};

// When there is something to be done about it: when it is ready, or is waited for no more. nullopt:
// its source named no time, and it is tried now and then.
std::optional<absl::Time> DueAt(const Promise& promise);

// How a promise ends: numbers of stored.v1.PendingEnd.
enum class PromiseEnd : uint8_t { kAnswered = 1, kExpired, kRevoked, kLost, kRenewed };

base::Row PromiseRow(const Promise& promise, absl::Time now);
// nullopt: of a version that did not poll; it says too little. DATA_LOSS (STORED_BODY).
absl::StatusOr<std::optional<Promise>> ReadPromise(const base::Row& row);
// `id`: of the new row.
base::Row PromiseEndRow(const Promise& promise, PromiseEnd how, const base::Uuid& id,
                        absl::Time now);

// The request that a verification's first report answered, of that report's row.
std::optional<base::Uuid> RequestIdOf(const base::Row& first_report);

base::LookupKey PromiseKey(const base::Uuid& id);      // the row itself
base::LookupKey PromisesOfDayKey(absl::CivilDay day);  // those made on a day
base::LookupKey PromisesOfKey(const base::Uuid& verification_id);
base::LookupKey PromiseEndKey(const base::Uuid& id);  // what became of it

// Whether nothing says yet what became of it.
absl::StatusOr<bool> IsOpen(const base::RowPages& pages, const base::Uuid& id);
// Rows of promises under a key that they all have, in commit order, open or not. Opens nothing.
absl::StatusOr<std::vector<base::RowHead>> FindPromises(const base::RowPages& pages,
                                                        const base::LookupKey& key);
// The promises of a verification that are open, by their rows' ids. Opens nothing.
absl::StatusOr<std::vector<base::Uuid>> FindOpenPromises(const base::RowPages& pages,
                                                         const base::Uuid& verification_id);
// How many they are.
absl::StatusOr<int> CountOpenPromises(const base::RowPages& pages,
                                      const base::Uuid& verification_id);

}  // namespace hedui

#endif  // HEDUI_SERVER_PENDING_ROWS_H_
