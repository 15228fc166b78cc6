// Reports and cases that lie in the store, and the keys they are found by. Functions over the
// rooms; thread-safe; they block on the store.
#ifndef HEDUI_SERVER_STORED_REPORT_H_
#define HEDUI_SERVER_STORED_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/ledger/hash.h"
#include "server/rooms.h"
#include "server/verify_flow.h"

namespace hedui {

namespace stored::v1 {
class Result;
}  // namespace stored::v1

// A stored report, and the log's entry that somebody reads it: to be committed before it is handed
// out.
struct StoredReport {
  VerifyResult result;
  std::string access_entry;
};

// A digest of what belongs to a matter, as the log may keep it: HMAC-SHA-256 of "label\ncontent"
// under the matter's digest key.
ledger::Hash KeyedHash(absl::string_view key, absl::string_view label, absl::string_view content);

// DATA_LOSS (STORED_BODY): what the store gave back is no `what` that this program wrote.
absl::Status Damaged(absl::string_view what);

// NOT_FOUND (REPORT_UNKNOWN).
absl::Status ReportUnknown();

// Whether this says that the matter was erased, with its reports and all else that there was of it.
bool IsErased(const absl::Status& status);

// What a report's response told of its sources.
std::vector<SourceOutcomeView> OutcomesOf(const stored::v1::Result& stored);

// The report that a kResult row holds, with a proof as of now, for `officer` to read.
absl::StatusOr<StoredReport> ReportOf(const Rooms& rooms, const base::Row& row,
                                      const stored::v1::Result& stored, const std::string& officer);

// A report of `agency` with a proof as of now, for `officer`, and how it stands: that of a report's
// own key, or the current one of a request's. Blocks. NOT_FOUND (REPORT_UNKNOWN) for others' too.
absl::StatusOr<StoredReport> ReadStored(const Rooms& rooms, const std::string& agency,
                                        const std::string& officer, const base::LookupKey& key);

// The stored case of a report with its lines, encoded. Blocks. NOT_FOUND (REPORT_UNKNOWN).
absl::StatusOr<std::string> ReadCase(const base::RowReader& rows, const base::Uuid& report_id);

// A verification ended by `officer` without a report.
base::Row EndedRow(const std::string& agency, const base::Uuid& request_id,
                   const base::Uuid& verification_id, const base::Uuid& matter,
                   const std::string& officer, const base::Uuid& id, absl::Time now);
// FAILED_PRECONDITION (VERIFICATION_CANCELLED).
absl::Status CancelledError();
// RESOURCE_EXHAUSTED: `what` has no room just now.
absl::Status Busy(absl::string_view reason, absl::string_view what);

// The intents of a request; all of one verification and with the same content.
base::LookupKey RequestKey(const std::string& agency, const base::Uuid& request_id);
// The report of a request: apart from its intents, of which crashes may leave any number.
base::LookupKey ResultKey(const std::string& agency, const base::Uuid& request_id);
base::LookupKey ReportKey(const base::Uuid& report_id);
// That a request was ended without a report.
base::LookupKey EndedKey(const std::string& agency, const base::Uuid& request_id);
// The first intents of a matter's verifications.
base::LookupKey MatterVerificationsKey(const std::string& agency, const std::string& matter_number);
// Intents to be resumed that were made in the second of `at`.
base::LookupKey BegunKey(absl::Time at);

}  // namespace hedui

#endif  // HEDUI_SERVER_STORED_REPORT_H_
