#include "server/source_quota.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/report/strict_proto.h"

namespace hedui {
namespace {

// A day takes two leases a block, so 128; a start or a changed limit takes some more.
constexpr size_t kLeasesOfDayMax = 10'000;
// Behind the day that is asked for; the store knows older ones.
constexpr int kDaysRemembered = 3;

base::LookupKey KeyOf(absl::CivilDay day, const std::string& source) {
  return {base::LookupKind::kSourceDay, absl::StrCat(source, "\nlease\n", base::FormatDay(day))};
}

absl::Status NoRoom() {
  return base::MakeError(absl::StatusCode::kResourceExhausted, "QUOTA_LEASE",
                         "too much waits for the disk to lease a part of a source's day",
                         base::Visibility::kOperator);
}

}  // namespace

void SourceQuota::Lease(const std::string& source, const gather::DayLease& wish,
                        gather::LeaseDone done) {
  const Key key(wish.day, source);
  // Shared, so that it is still there when the pool does not take the task.
  auto shared = std::make_shared<gather::LeaseDone>(std::move(done));
  if (!disk_->TrySubmit(
          [this, key, wish, shared] { ReadAndLease(key, wish, std::move(*shared)); })) {
    std::move (*shared)(Fail(key, NoRoom()));
  }
}

void SourceQuota::ReadAndLease(const Key& key, const gather::DayLease& wish,
                               gather::LeaseDone done) {
  std::optional<gather::DayBlock> block = Take(key, wish, std::nullopt);
  if (!block.has_value()) {
    const absl::StatusOr<int64_t> upto = ReadDay(key);
    if (!upto.ok()) return std::move(done)(Fail(key, upto.status()));
    block = Take(key, wish, *upto);
  }
  if (block->from == block->to) return std::move(done)(*block);
  Commit(key, *block, std::move(done));
}

absl::StatusOr<int64_t> SourceQuota::ReadDay(const Key& key) const {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<base::Row> rows,
                         rows_->Find(KeyOf(key.first, key.second), kLeasesOfDayMax));
  const auto unreadable = [] {
    return base::MakeError(absl::StatusCode::kDataLoss, "STORED_BODY",
                           "the leases of a source's day cannot be read, or are too many",
                           base::Visibility::kOperator);
  };
  if (rows.size() == kLeasesOfDayMax) return unreadable();
  int64_t upto = 0;
  for (const base::Row& row : rows) {
    stored::v1::QuotaLease lease;
    if (row.kind != base::RowKind::kQuotaLease || !report::ParseStrict(row.body, &lease)) {
      return unreadable();
    }
    upto = std::max<int64_t>(upto, lease.upto());
  }
  return upto;
}

std::optional<gather::DayBlock> SourceQuota::Take(const Key& key, const gather::DayLease& wish,
                                                  std::optional<int64_t> read) {
  const base::MutexLock lock(&mutex_);
  if (!read.has_value() && !days_.contains(key)) return std::nullopt;
  while (!days_.empty() && days_.begin()->first.first < key.first - kDaysRemembered &&
         days_.begin()->second.under_way == 0) {
    days_.erase(days_.begin());
  }
  Day& day = days_[key];
  day.upto = std::max(day.upto, read.value_or(0));
  const int64_t from = std::max(day.upto, wish.from);
  const int64_t to = std::min(from + wish.size, wish.limit);
  if (to <= from) return gather::DayBlock{from, from};
  day.upto = to;
  ++day.under_way;
  return gather::DayBlock{from, to};
}

void SourceQuota::Commit(const Key& key, const gather::DayBlock& block, gather::LeaseDone done) {
  stored::v1::QuotaLease lease;
  lease.set_source_id(key.second);
  lease.set_day(base::FormatDay(key.first));
  lease.set_upto(block.to);
  const absl::Time now = clock_->WallNow();
  ledger::CommitRequest request;
  request.rows.push_back({base::RowKind::kQuotaLease,
                          ids_->NextId(now),
                          base::kOperations,
                          absl::FromUnixMillis(absl::ToUnixMillis(now)),
                          {KeyOf(key.first, key.second)},
                          lease.SerializeAsString()});
  auto shared = std::make_shared<gather::LeaseDone>(std::move(done));
  request.done = [this, key, block, shared](const absl::StatusOr<ledger::CommitReceipt>& receipt) {
    Settle(key, block, receipt.ok());
    if (receipt.ok()) return std::move(*shared)(block);
    std::move (*shared)(Fail(key, receipt.status()));
  };
  if (committer_->TrySubmit(std::move(request))) return;
  Settle(key, block, /*durable=*/false);
  std::move (*shared)(Fail(key, NoRoom()));
}

void SourceQuota::Settle(const Key& key, const gather::DayBlock& block, bool durable) {
  const base::MutexLock lock(&mutex_);
  Day& day = days_[key];
  --day.under_way;
  // Nobody used it, whether or not its row is there in the end.
  if (!durable && day.upto == block.to) day.upto = block.from;
}

absl::Status SourceQuota::Fail(const Key& key, const absl::Status& why) const {
  tell_(base::FailureEvent("source_quota_not_leased", why).With("source", key.second));
  return why;
}

}  // namespace hedui
