// What a flow works with: the rooms that main built, and the setup in force. Built once by
// Platform; the pointers outlive every flow.
#ifndef HEDUI_SERVER_ROOMS_H_
#define HEDUI_SERVER_ROOMS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "server/access/day_quota.h"
#include "server/access/in_flight.h"
#include "server/access/matter_book.h"
#include "server/access/register.h"
#include "server/assess/policy_pack.h"
#include "server/assess/policy_repository.h"
#include "server/base/byte_budget.h"
#include "server/base/clock.h"
#include "server/base/event.h"
#include "server/base/ids.h"
#include "server/base/row.h"
#include "server/base/row_pages.h"
#include "server/gather/sources.h"
#include "server/ledger/certificates.h"
#include "server/ledger/committer.h"
#include "server/ledger/log_repository.h"
#include "server/ledger/trust.h"
#include "server/plan/catalogue.h"
#include "server/runtime/worker_pool.h"

namespace hedui {

namespace gather {
class AnswerShare;
}  // namespace gather

class PendingDesk;
class SourceLog;
class SourceQuality;

// Everything a reload may change. Immutable; a flow pins the one it began with.
struct Setup {
  access::Register reg;
  plan::Catalogue catalogue;
  std::shared_ptr<const gather::Sources> sources;
  assess::PolicyPack::Ptr policies;
  absl::Time policies_since;  // when this process put these very files in force
  std::string restriction;    // texts on reports; empty: report's standing words
  std::string objection;
};

// Moments at which a crash must not hurt. Tests stop the process there; production observes
// nothing.
enum class FlowStep {
  kPoliciesKept,
  kIntentCommitted,
  kAnswersIn,
  kResultCommitted,
  kPolling,  // before a promised answer is asked for
  kPolled,   // it has come
};

struct Rooms {
  const base::Clock* clock = nullptr;
  base::IdSource* ids = nullptr;
  const base::RowReader* rows = nullptr;
  const base::RowPages* pages = nullptr;
  const ledger::LogRepository* log = nullptr;
  // The policy sets that ever came into force; blocks on the disk.
  const assess::PolicyRepository* policy_archive = nullptr;
  ledger::Committer* committer = nullptr;
  access::MatterBook* matters = nullptr;
  access::InFlight* in_flight = nullptr;
  access::DayQuota* day_quota = nullptr;
  base::ByteBudget* bytes = nullptr;
  gather::AnswerShare* answers = nullptr;  // null: nothing is shared
  PendingDesk* pending = nullptr;          // null: what is promised is not fetched by this process
  runtime::WorkerPool* disk = nullptr;     // reads the store
  runtime::WorkerPool* compute = nullptr;  // matches, assesses, drafts
  ledger::LogCertificates certificates;
  std::string log_origin;
  // Who issues logs' certificates: for callers who ask whether a report is genuine. May be null.
  std::shared_ptr<const ledger::LogTrust> trust;
  std::function<std::shared_ptr<const Setup>()> setup;  // the one in force; never null
  std::function<void(FlowStep)> on_step;                // may be empty
  // Nothing can be committed any more: the process must end and be started anew. Thread-safe,
  // returns at once.
  std::function<void(const absl::Status& why)> fatal;
  // For operators; no personal data; never empty. Thread-safe, does not block.
  base::Tell tell;
  // What sources answered, counted and logged; never null.
  SourceLog* source_log = nullptr;
  // How they answered lately, by division; never null where verifications run.
  SourceQuality* source_quality = nullptr;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_ROOMS_H_
