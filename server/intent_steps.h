// What an intent says and how it is proved: the parts of what is to be asked, one for each source,
// the proof of an entry as of now, and what is asked under it. For verifications, recalls, and
// polls after their first intent has run out. Functions over the rooms; thread-safe.
#ifndef HEDUI_SERVER_INTENT_STEPS_H_
#define HEDUI_SERVER_INTENT_STEPS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/access/access_control.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/gather/gatherer.h"
#include "server/ledger/entry_proof.h"
#include "server/ledger/warrant.h"
#include "server/plan/planner.h"
#include "server/plan/source_query.h"
#include "server/rooms.h"

namespace hedui {

// How long a warrant may be shown: departments that answer later are polled under the one they were
// asked with.
inline constexpr absl::Duration kWarrantValidity = absl::Hours(24);

// On what a person is asked about, as a part has it: without personal content.
ledger::PartAuthority PartAuthorityOf(const access::Grant& grant,
                                      const access::Authority& authority);

// The letter or legal basis, as reports cite it; empty: none.
std::string AuthorityText(const access::PersonGrant* person);

// One part for each of `everything`, each source once, whose people `grant` covers. `seed`: random,
// a hash's size. INVALID_ARGUMENT (INTENT_PART).
absl::StatusOr<ledger::IntentParts> BuildParts(const access::Grant& grant,
                                               const std::vector<plan::SourceQuery>& everything,
                                               const base::Uuid& intent_id, const std::string& seed,
                                               absl::Time now);

// The log's entry of the intent that `row` keeps.
std::string EncodeIntent(const base::Row& row, const base::Uuid& verification_id,
                         const ledger::IntentParts& parts, const std::string& digest_key);

// What all of a flow's waves have in common: the queries with their warrants, and who may be asked
// about. Deadline, urgency, tracing and sharing are the flow's own. `turn` is its own within the
// intent (GatherRequest::name). `grant` is held, with all that it shares its life with, until the
// request is destroyed. Every source of `queries` has one of `parts`.
gather::GatherRequest RequestUnder(const Rooms& rooms, const base::Uuid& intent_id,
                                   absl::string_view turn, const ledger::IntentParts& parts,
                                   const ledger::EntryProof& intent,
                                   std::shared_ptr<const access::Grant> grant, plan::Wave queries);

// Under what a row finds a person.
base::LookupKey PersonKey(const base::Identity& identity);

// The proof of what the log has at `index`, under its newest checkpoint. Blocks on the store.
absl::StatusOr<ledger::EntryProof> ProofNow(const Rooms& rooms, const std::string& entry,
                                            uint64_t index);

}  // namespace hedui

#endif  // HEDUI_SERVER_INTENT_STEPS_H_
