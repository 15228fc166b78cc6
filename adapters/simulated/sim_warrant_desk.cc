#include "adapters/simulated/sim_warrant_desk.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hedui/v1/source.pb.h"
#include "server/base/dates.h"
#include "server/base/identity.h"
#include "server/base/status.h"
#include "server/ledger/warrant.h"

namespace hedui::adapters {
namespace {

absl::Status Rejected(absl::string_view reason) {
  return absl::PermissionDeniedError(absl::StrCat("WARRANT_REJECTED: ", reason));
}

absl::StatusOr<std::vector<ledger::AskedPerson>> PeopleAsked(const v1::QueryRequest& request) {
  std::vector<ledger::AskedPerson> people;
  for (const v1::QueryPerson& person : request.people()) {
    ledger::AskedPerson asked;
    HEDUI_ASSIGN_OR_RETURN(
        asked.identity,
        base::NormaliseIdentity(static_cast<base::IdentityKind>(person.identity().kind()),
                                person.identity().number(), person.identity().name()));
    asked.categories.assign(person.categories().begin(), person.categories().end());
    people.push_back(std::move(asked));
  }
  return people;
}

absl::StatusOr<base::Period> PeriodAsked(const v1::QueryRequest& request) {
  base::Period period;
  if (!request.period().from().empty()) {
    HEDUI_ASSIGN_OR_RETURN(period.from, base::ParseDay(request.period().from()));
  }
  if (!request.period().to().empty()) {
    HEDUI_ASSIGN_OR_RETURN(period.to, base::ParseDay(request.period().to()));
  }
  return period;
}

}  // namespace

WarrantDesk::WarrantDesk(std::shared_ptr<const ledger::LogTrust> trust, std::string origin,
                         std::shared_ptr<const Journal> journal, const base::Clock* clock)
    : trust_(std::move(trust)),
      origin_(std::move(origin)),
      journal_(std::move(journal)),
      clock_(clock) {}

absl::Status WarrantDesk::Check(const std::string& source_id,
                                const v1::QueryRequest& request) const {
  const auto people = PeopleAsked(request);
  if (!people.ok()) return absl::InvalidArgumentError(base::ReasonOf(people.status()));
  const auto period = PeriodAsked(request);
  if (!period.ok()) return absl::InvalidArgumentError("PERIOD");

  const auto verified = ledger::VerifyWarrant(request.warrant(), *trust_, clock_->WallNow());
  if (!verified.ok()) return Rejected(base::ReasonOf(verified.status()));
  if (!origin_.empty() && verified->checkpoint.origin != origin_) return Rejected("LOG_ORIGIN");
  const absl::Status covers = ledger::WarrantCovers(verified->part, source_id, *people, *period);
  if (!covers.ok()) return Rejected(base::ReasonOf(covers));

  if (journal_ == nullptr) return absl::OkStatus();
  return journal_->Append(absl::StrCat(verified->part.intent.ToString(), " ", verified->entry_index,
                                       " ", source_id, " ", request.attempt_id()));
}

}  // namespace hedui::adapters
