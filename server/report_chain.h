// What became of a verification's reports: those that supersede the first, and their annulment.
// Nothing is overwritten; how a report stands follows from what came after it. Functions over the
// rooms; thread-safe; they block on the store.
#ifndef HEDUI_SERVER_REPORT_CHAIN_H_
#define HEDUI_SERVER_REPORT_CHAIN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/base/byte_budget.h"
#include "server/base/ids.h"
#include "server/base/row.h"

namespace hedui {

struct Rooms;

// Stable numbers: those of the wire.
enum class ReportState : uint8_t {
  kValid = 1,
  kExpired,     // past the day that a policy sets
  kSuperseded,  // a later report of the verification stands in its place
  kRevoked,     // annulled: its verification's reports count no longer
};

// Stable numbers: those of the wire, the store and the log.
enum class AnnulmentReason : uint8_t { kMistypedIdentity = 1, kWrongHousehold = 2, kOther = 3 };

struct ReportStatus {
  std::string report_number;
  ReportState state = ReportState::kValid;
  absl::Time issued_at;
  std::optional<absl::CivilDay> valid_until;  // last day; absent: no policy sets one
  std::string superseding_reason;             // why it superseded another; empty: it is the first
  std::string superseded_by;                  // number; empty unless another stands in its place
  // kRevoked:
  absl::Time annulled_at;
  AnnulmentReason annulment_reason = AnnulmentReason::kOther;
  std::string replaced_by;  // number of the report made in its place; empty: none yet
};

using StatusDone = absl::AnyInvocable<void(absl::StatusOr<ReportStatus>) &&>;

// One report of a chain.
struct ChainReport {
  base::Uuid report_id;
  std::string number;
  absl::Time issued_at;
  std::optional<absl::CivilDay> valid_until;
  std::string superseding_reason;
  base::Row row;
};

struct ReportChain {
  struct Annulment {
    absl::Time at;
    AnnulmentReason reason = AnnulmentReason::kOther;
  };
  base::Uuid verification_id;
  base::Uuid matter;
  std::vector<ChainReport> reports;  // at least one; the first, then each that superseded the last
  std::optional<Annulment> annulled;
  std::string replaced_by;  // number of the first report of the verification in its place
  // What its rows take of the memory budget, as long as the chain lives.
  base::ByteBudget::Place bytes;

  const ChainReport& current() const { return reports.back(); }
  // The one of this id, which is in the chain.
  const ChainReport& at(const base::Uuid& report_id) const;
  // Lets go of all rows but the current report's.
  void KeepCurrentRow();
};

// The chain that a report of `agency` belongs to, held to the agency's share of the memory budget.
// NOT_FOUND (REPORT_UNKNOWN) for others' too; RESOURCE_EXHAUSTED (BYTES).
absl::StatusOr<ReportChain> ReadChain(const Rooms& rooms, const std::string& agency,
                                      const base::Uuid& report_id);
// Of either kind of key, ReportKey or ResultKey (stored_report.h).
absl::StatusOr<ReportChain> ReadChainBy(const Rooms& rooms, const std::string& agency,
                                        const base::LookupKey& key);
// How a report stands on `today`, whoever asked for it: for those who hold it. `reader` is the
// agency whose share of the memory budget it takes. Errors as ReadChain.
absl::StatusOr<ReportStatus> ReadStatus(const Rooms& rooms, const std::string& reader,
                                        const base::Uuid& report_id, absl::CivilDay today);

// `report_id` is one of the chain's.
ReportStatus StatusOf(const ReportChain& chain, const base::Uuid& report_id, absl::CivilDay today);

// The verification of an annulled report, in whose place another is to be made. Errors:
// FAILED_PRECONDITION (REPORT_NOT_ANNULLED, REPORT_OF_ANOTHER_MATTER); NOT_FOUND (REPORT_UNKNOWN).
absl::StatusOr<base::Uuid> AnnulledVerification(const Rooms& rooms, const std::string& agency,
                                                const std::string& matter_number,
                                                const std::string& report_number);

// What came after the first report of a verification.
base::LookupKey ChainKey(const base::Uuid& verification_id);

}  // namespace hedui

#endif  // HEDUI_SERVER_REPORT_CHAIN_H_
