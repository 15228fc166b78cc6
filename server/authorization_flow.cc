#include "server/authorization_flow.h"

#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/flow_bytes.h"
#include "server/ledger/entry.h"
#include "server/rooms.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

using access::MatterBook;
using Change = MatterBook::Change;
using Prepare =
    std::function<absl::StatusOr<Change>(const access::Agency&, MatterBook::Reservation)>;
// The log's entry for a change, where it has one.
using Describe = std::function<absl::StatusOr<std::optional<std::string>>(const Change&)>;

// One change on its way. Holds itself alive through its callbacks.
class ChangeFlow : public std::enable_shared_from_this<ChangeFlow> {
 public:
  ChangeFlow(const Rooms* rooms, runtime::EventLoop* loop, std::string agency, Prepare prepare,
             Describe describe, Registrar::Done done)
      : rooms_(*rooms),
        setup_(rooms->setup()),
        loop_(loop),
        agency_(std::move(agency)),
        prepare_(std::move(prepare)),
        describe_(std::move(describe)),
        done_(std::move(done)) {}

  void Begin(std::vector<std::string> keys) {
    rooms_.matters->Reserve(
        agency_, std::move(keys),
        [self = shared_from_this()](absl::StatusOr<MatterBook::Reservation> reservation) {
          self->OnReserved(std::move(reservation));
        });
  }

 private:
  void OnReserved(absl::StatusOr<MatterBook::Reservation> reservation) {
    if (!reservation.ok()) return Finish(reservation.status());
    runtime::Task task = [self = shared_from_this(),
                          reservation = *std::move(reservation)]() mutable {
      self->PrepareAndCommit(std::move(reservation));
    };
    if (!rooms_.disk->TrySubmit(std::move(task))) {
      Finish(Busy("READERS_FULL", "the platform reads as much as it can"));
    }
  }

  // On the disk pool.
  void PrepareAndCommit(MatterBook::Reservation reservation) {
    const access::Agency* agency = setup_->reg.FindAgency(agency_);
    if (agency == nullptr) {
      return Finish(base::MakeError(absl::StatusCode::kPermissionDenied, "AGENCY_UNKNOWN",
                                    "the agency is not in the register"));
    }
    auto change = prepare_(*agency, std::move(reservation));
    if (!change.ok()) return Finish(change.status());
    if (change->rows.empty()) return Finish(Told(*change));
    auto entry = describe_(*change);
    if (!entry.ok()) return Finish(entry.status());
    ledger::CommitRequest request;
    request.rows = change->rows;
    request.entry = *std::move(entry);
    auto shared = std::make_shared<Change>(*std::move(change));
    request.done = [self = shared_from_this(),
                    shared](absl::StatusOr<ledger::CommitReceipt> receipt) {
      self->OnCommitted(receipt.status(), std::move(*shared));
    };
    if (!rooms_.committer->TrySubmit(std::move(request))) {
      Finish(Busy("COMMITTER_FULL", "the platform has no room for another change"));
    }
  }

  // On the committer's thread.
  void OnCommitted(const absl::Status& committed, Change change) {
    if (!committed.ok()) {
      rooms_.matters->CommitFailed(std::move(change));
      if (const absl::Status health = rooms_.committer->Health(); !health.ok())
        rooms_.fatal(health);
      return Finish(committed);
    }
    MatterChange told = Told(change);
    rooms_.matters->Apply(std::move(change));
    Finish(told);
  }

  static MatterChange Told(const Change& change) {
    return {change.state, change.letters_added, change.revoked_at};
  }

  void Finish(absl::StatusOr<MatterChange> result) {
    if (!result.ok() && base::VisibilityOf(result.status()) == base::Visibility::kOperator) {
      rooms_.tell(base::FailureEvent("matter_not_changed", result.status()));
    }
    loop_->Post([done = std::move(done_), result = std::move(result)]() mutable {
      std::move(done)(std::move(result));
    });
  }

  const Rooms& rooms_;
  const std::shared_ptr<const Setup> setup_;
  runtime::EventLoop* const loop_;
  const std::string agency_;
  const Prepare prepare_;
  const Describe describe_;
  Registrar::Done done_;
};

ledger::Hash Keyed(const std::string& key, absl::string_view label, absl::string_view content) {
  return *ledger::HashFromBytes(base::HmacSha256(key, absl::StrCat(label, "\n", content)));
}

// What is new in the log when a matter changes state. A matter that was just opened has no key yet
// to keep its digests meaningless after erasure; its first intent names it.
Describe StateEntry(const Rooms* rooms, std::string matter_number, ledger::MatterState state) {
  return [rooms, matter_number = std::move(matter_number),
          state](const Change& change) -> absl::StatusOr<std::optional<std::string>> {
    HEDUI_ASSIGN_OR_RETURN(std::string key, rooms->rows->DigestKey(change.rows[0].matter));
    return std::optional<std::string>(ledger::EncodeEntry(
        ledger::MatterStateEntry{Keyed(key, "matter", matter_number), state, change.rows[0].at}));
  };
}

Describe RevocationEntry(const Rooms* rooms, access::RevokeRequest request) {
  return [rooms, request = std::move(request)](
             const Change& change) -> absl::StatusOr<std::optional<std::string>> {
    HEDUI_ASSIGN_OR_RETURN(std::string key, rooms->rows->DigestKey(change.rows[0].matter));
    return std::optional<std::string>(ledger::EncodeEntry(
        ledger::RevocationEntry{Keyed(key, "matter", request.matter_number),
                                Keyed(key, "letter", request.letter_number), change.rows[0].at}));
  };
}

Describe NoEntry() {
  return [](const Change&) -> absl::StatusOr<std::optional<std::string>> {
    return std::optional<std::string>();
  };
}

}  // namespace

void Registrar::Get(runtime::EventLoop* loop, std::string agency, std::string matter_number,
                    MatterDone done) const {
  ReadMatter(rooms_, loop, std::move(agency), std::move(matter_number), std::move(done));
}

void Registrar::List(runtime::EventLoop* loop, MatterQuery query, MatterPageDone done) const {
  ListMatters(rooms_, loop, std::move(query), std::move(done));
}

void Registrar::Register(runtime::EventLoop* loop, std::string agency,
                         access::RegisterRequest request, size_t request_bytes, Done done) {
  auto bytes = rooms_->bytes->TryTake(agency, kCallerBytes + kRequestCopies * request_bytes);
  if (!bytes.has_value()) {
    return loop->Post([done = std::move(done)]() mutable { std::move(done)(NoBytes()); });
  }
  done = Holding(*std::move(bytes), std::move(done));
  std::vector<std::string> keys = MatterBook::KeysOf(agency, request);
  auto prepare = [rooms = rooms_, request = std::move(request)](
                     const access::Agency& caller, MatterBook::Reservation reservation) {
    return rooms->matters->PrepareRegister(caller, request, std::move(reservation));
  };
  std::make_shared<ChangeFlow>(rooms_, loop, std::move(agency), std::move(prepare), NoEntry(),
                               std::move(done))
      ->Begin(std::move(keys));
}

void Registrar::Revoke(runtime::EventLoop* loop, std::string agency, access::RevokeRequest request,
                       Done done) {
  std::vector<std::string> keys = MatterBook::KeysOf(agency, request.matter_number);
  auto prepare = [rooms = rooms_, request](const access::Agency& caller,
                                           MatterBook::Reservation reservation) {
    return rooms->matters->PrepareRevoke(caller, request, std::move(reservation));
  };
  std::make_shared<ChangeFlow>(rooms_, loop, std::move(agency), std::move(prepare),
                               RevocationEntry(rooms_, request), std::move(done))
      ->Begin(std::move(keys));
}

void Registrar::Monitor(runtime::EventLoop* loop, std::string agency, access::StateRequest request,
                        Done done) {
  std::vector<std::string> keys = MatterBook::KeysOf(agency, request.matter_number);
  auto prepare = [rooms = rooms_, request](const access::Agency& caller,
                                           MatterBook::Reservation reservation) {
    return rooms->matters->PrepareMonitor(caller, request, std::move(reservation));
  };
  std::make_shared<ChangeFlow>(
      rooms_, loop, std::move(agency), std::move(prepare),
      StateEntry(rooms_, request.matter_number, ledger::MatterState::kMonitored), std::move(done))
      ->Begin(std::move(keys));
}

void Registrar::Close(runtime::EventLoop* loop, std::string agency, access::StateRequest request,
                      Done done) {
  std::vector<std::string> keys = MatterBook::KeysOf(agency, request.matter_number);
  auto prepare = [rooms = rooms_, request](const access::Agency& caller,
                                           MatterBook::Reservation reservation) {
    return rooms->matters->PrepareClose(caller, request, std::move(reservation));
  };
  std::make_shared<ChangeFlow>(
      rooms_, loop, std::move(agency), std::move(prepare),
      StateEntry(rooms_, request.matter_number, ledger::MatterState::kClosed), std::move(done))
      ->Begin(std::move(keys));
}

}  // namespace hedui
