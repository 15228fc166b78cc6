#include "server/certificate_watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/dates.h"

namespace hedui {
namespace {

constexpr absl::Duration kNear = absl::Hours(30 * 24);
constexpr absl::Duration kUrgent = absl::Hours(7 * 24);
constexpr int kNearPart = 3;
constexpr int kUrgentPart = 10;

std::string Left(absl::Duration left) {
  const int64_t hours = absl::ToInt64Hours(left);
  if (hours >= 48) return absl::StrCat(hours / 24, " days");
  return absl::StrCat(hours, " hours");
}

}  // namespace

Expiry ExpiryOf(const base::CertificateLife& life, absl::Time now) {
  if (now > life.to) return Expiry::kExpired;
  const absl::Duration left = life.to - now;
  const absl::Duration whole = life.to - life.from;
  if (left <= std::min(kUrgent, whole / kUrgentPart)) return Expiry::kUrgent;
  if (left <= std::min(kNear, whole / kNearPart)) return Expiry::kNear;
  return Expiry::kFar;
}

std::string ExpiryText(const WatchedCertificate& one, absl::Time now) {
  const std::string at =
      absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", one.life.to, absl::UTCTimeZone());
  return absl::StrCat(one.key, ": ", one.file, ": \"", one.life.subject, "\" ",
                      now > one.life.to
                          ? absl::StrCat("expired at ", at)
                          : absl::StrCat("expires in ", Left(one.life.to - now), ", at ", at),
                      "; put its successor in place");
}

std::vector<WatchedCertificate> WatchedIn(absl::string_view pem, absl::string_view key,
                                          absl::string_view file) {
  // A text is one or the other.
  auto lives = absl::StrContains(pem, "BEGIN X509 CRL") ? base::LivesOfRevocationLists(pem)
                                                        : base::LivesOfCertificates(pem);
  std::vector<WatchedCertificate> all;
  if (!lives.ok()) return all;
  for (base::CertificateLife& life : *lives) {
    all.push_back({std::string(key), std::string(file), std::move(life)});
  }
  return all;
}

void CertificateWatch::Watch(std::vector<WatchedCertificate> all) {
  const base::MutexLock lock(&mutex_);
  all_ = std::move(all);
  due_ = true;
}

std::vector<WatchedCertificate> CertificateWatch::List() const {
  const base::MutexLock lock(&mutex_);
  return all_;
}

void CertificateWatch::TellIfDue(absl::Time now) {
  std::vector<WatchedCertificate> all;
  {
    const base::MutexLock lock(&mutex_);
    const absl::CivilDay today = base::CivilDayOf(now);
    if (!due_ && today == told_on_) return;
    due_ = false;
    told_on_ = today;
    all = all_;
  }
  for (const WatchedCertificate& one : all) {
    const Expiry expiry = ExpiryOf(one.life, now);
    if (expiry != Expiry::kFar) tell_(expiry, ExpiryText(one, now));
  }
}

}  // namespace hedui
