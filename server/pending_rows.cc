#include "server/pending_rows.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/status.h"
#include "server/stored_report.h"

namespace hedui {
namespace {

base::LookupKey KeyOf(absl::string_view of, absl::string_view what) {
  return {base::LookupKind::kPending, absl::StrCat(of, "\n", what)};
}

absl::Status ReadPeriod(const stored::v1::PendingAnswer& body, base::Period* period) {
  if (!body.period_from().empty()) {
    HEDUI_ASSIGN_OR_RETURN(period->from, base::ParseDay(body.period_from()));
  }
  if (!body.period_to().empty()) {
    HEDUI_ASSIGN_OR_RETURN(period->to, base::ParseDay(body.period_to()));
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<absl::Time> DueAt(const Promise& promise) {
  if (!promise.ready_after.has_value()) return std::nullopt;
  return std::min(*promise.ready_after, promise.promised_at + kPromiseKeptFor);
}

std::optional<base::Uuid> RequestIdOf(const base::Row& first_report) {
  for (const base::LookupKey& key : first_report.keys) {
    // As ResultKey has it.
    const std::vector<std::string> parts = absl::StrSplit(key.text, '\n');
    if (key.kind != base::LookupKind::kRequest || parts.size() != 3) continue;
    if (auto id = base::Uuid::Parse(parts[1]); id.ok()) return *id;
  }
  return std::nullopt;
}

base::LookupKey PromiseKey(const base::Uuid& id) { return KeyOf("item", id.ToBytes()); }
base::LookupKey PromisesOfDayKey(absl::CivilDay day) { return KeyOf("day", base::FormatDay(day)); }
base::LookupKey PromisesOfKey(const base::Uuid& verification_id) {
  return KeyOf("verification", verification_id.ToBytes());
}
base::LookupKey PromiseEndKey(const base::Uuid& id) { return KeyOf("end", id.ToBytes()); }

base::Row PromiseRow(const Promise& promise, absl::Time now) {
  stored::v1::PendingAnswer body;
  body.set_verification_id(promise.verification_id.ToBytes());
  body.set_source_id(promise.source_id);
  body.set_token(promise.token);
  if (promise.ready_after.has_value()) {
    body.set_ready_after_seconds(absl::ToUnixSeconds(*promise.ready_after));
  }
  for (const PromisedPair& pair : promise.pairs) {
    body.add_person_ids(pair.person_id);
    body.add_categories(pair.category);
  }
  body.set_intent_id(promise.intent_id.ToBytes());
  body.set_agency(promise.agency);
  body.set_request_id(promise.request_id.ToString());
  if (promise.period.from.has_value()) body.set_period_from(base::FormatDay(*promise.period.from));
  if (promise.period.to.has_value()) body.set_period_to(base::FormatDay(*promise.period.to));
  body.set_promised_at_seconds(absl::ToUnixSeconds(promise.promised_at));
  base::Row row;
  row.kind = base::RowKind::kPending;
  row.id = promise.id;
  row.matter = promise.matter;
  row.at = now;
  row.keys = {{base::LookupKind::kVerification, promise.verification_id.ToBytes()},
              PromiseKey(promise.id),
              PromisesOfDayKey(base::CivilDayOf(now)),
              PromisesOfKey(promise.verification_id)};
  row.body = body.SerializeAsString();
  return row;
}

absl::StatusOr<std::optional<Promise>> ReadPromise(const base::Row& row) {
  stored::v1::PendingAnswer body;
  if (row.kind != base::RowKind::kPending || !body.ParseFromString(row.body) ||
      body.person_ids_size() != body.categories_size()) {
    return Damaged("promise");
  }
  if (body.intent_id().empty()) return std::optional<Promise>();
  Promise promise;
  promise.id = row.id;
  promise.matter = row.matter;
  HEDUI_ASSIGN_OR_RETURN(promise.verification_id, base::Uuid::FromBytes(body.verification_id()));
  HEDUI_ASSIGN_OR_RETURN(promise.intent_id, base::Uuid::FromBytes(body.intent_id()));
  HEDUI_ASSIGN_OR_RETURN(promise.request_id, base::Uuid::Parse(body.request_id()));
  HEDUI_RETURN_IF_ERROR(ReadPeriod(body, &promise.period));
  promise.agency = body.agency();
  promise.source_id = body.source_id();
  promise.token = body.token();
  promise.promised_at = absl::FromUnixSeconds(body.promised_at_seconds());
  if (body.ready_after_seconds() != 0) {
    promise.ready_after = absl::FromUnixSeconds(body.ready_after_seconds());
  }
  for (int i = 0; i < body.person_ids_size(); ++i) {
    promise.pairs.push_back({body.person_ids(i), body.categories(i)});
  }
  return std::optional<Promise>(std::move(promise));
}

base::Row PromiseEndRow(const Promise& promise, PromiseEnd how, const base::Uuid& id,
                        absl::Time now) {
  stored::v1::PendingEnd body;
  body.set_pending_id(promise.id.ToBytes());
  body.set_how(static_cast<stored::v1::PendingEnd::How>(how));
  base::Row row;
  row.kind = base::RowKind::kPendingEnd;
  row.id = id;
  row.matter = promise.matter;
  row.at = now;
  row.keys = {{base::LookupKind::kVerification, promise.verification_id.ToBytes()},
              PromiseEndKey(promise.id)};
  row.body = body.SerializeAsString();
  return row;
}

absl::StatusOr<bool> IsOpen(const base::RowPages& pages, const base::Uuid& id) {
  HEDUI_ASSIGN_OR_RETURN(const auto ends, pages.FindHeads(PromiseEndKey(id), 1));
  return ends.empty();
}

absl::StatusOr<std::vector<base::RowHead>> FindPromises(const base::RowPages& pages,
                                                        const base::LookupKey& key) {
  // The newest are left out where there are more: twice as many are read then, until all are there.
  std::vector<base::RowHead> promises;
  size_t limit = kPromisesAtOnce;
  do {
    HEDUI_ASSIGN_OR_RETURN(promises, pages.FindHeads(key, limit));
    limit *= 2;
  } while (2 * promises.size() == limit);
  return promises;
}

absl::StatusOr<std::vector<base::Uuid>> FindOpenPromises(const base::RowPages& pages,
                                                         const base::Uuid& verification_id) {
  HEDUI_ASSIGN_OR_RETURN(const auto promises, FindPromises(pages, PromisesOfKey(verification_id)));
  std::vector<base::Uuid> open;
  for (const base::RowHead& promise : promises) {
    HEDUI_ASSIGN_OR_RETURN(const bool is_open, IsOpen(pages, promise.id));
    if (is_open) open.push_back(promise.id);
  }
  return open;
}

absl::StatusOr<int> CountOpenPromises(const base::RowPages& pages,
                                      const base::Uuid& verification_id) {
  HEDUI_ASSIGN_OR_RETURN(const auto open, FindOpenPromises(pages, verification_id));
  return static_cast<int>(open.size());
}

}  // namespace hedui
