// What a department does with a query's warrant before it answers: checks that the log named holds
// the intent, and that the intent covers this source, these people, these categories and this
// period.
//
// Thread-safe. Checkpoints found good are remembered by LogTrust, so that a signature is checked
// once a checkpoint (0.4 ms with SM2), not once a query.
#ifndef HEDUI_ADAPTERS_SIMULATED_SIM_WARRANT_DESK_H_
#define HEDUI_ADAPTERS_SIMULATED_SIM_WARRANT_DESK_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "adapters/simulated/sim_journal.h"
#include "server/base/clock.h"
#include "server/ledger/trust.h"

namespace hedui::v1 {
class QueryRequest;
}

namespace hedui::adapters {

class WarrantDesk {
 public:
  // `origin` empty: any log that `trust` vouches for. `journal` may be null. `clock` outlives the
  // desk.
  WarrantDesk(std::shared_ptr<const ledger::LogTrust> trust, std::string origin,
              std::shared_ptr<const Journal> journal, const base::Clock* clock);

  // OK once the query has been noted in the journal. PERMISSION_DENIED, "WARRANT_REJECTED:
  // <reason>", where the warrant does not do; INVALID_ARGUMENT for an identity that cannot be;
  // UNAVAILABLE when the journal cannot be written. Texts carry no personal data.
  absl::Status Check(const std::string& source_id, const v1::QueryRequest& request) const;

 private:
  const std::shared_ptr<const ledger::LogTrust> trust_;
  const std::string origin_;
  const std::shared_ptr<const Journal> journal_;
  const base::Clock* const clock_;
};

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_SIMULATED_SIM_WARRANT_DESK_H_
