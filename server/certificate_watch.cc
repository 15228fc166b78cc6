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
}

std::vector<WatchedCertificate> CertificateWatch::List() const {
  const base::MutexLock lock(&mutex_);
  return all_;
}

void CertificateWatch::TellIfDue(absl::Time now) {
  std::vector<std::pair<Expiry, std::string>> lines;
  {
    const base::MutexLock lock(&mutex_);
    if (const absl::CivilDay today = base::CivilDayOf(now); today != today_) {
      today_ = today;
      told_today_.clear();
    }
    for (const WatchedCertificate& one : all_) {
      const Expiry expiry = ExpiryOf(one.life, now);
      if (expiry == Expiry::kFar) continue;
      const std::string told =
          absl::StrCat(one.key, "\n", one.file, "\n", one.life.subject, "\n",
                       absl::ToUnixSeconds(one.life.to), "\n", static_cast<int>(expiry));
      if (told_today_.insert(told).second) lines.emplace_back(expiry, ExpiryText(one, now));
    }
  }
  for (const auto& [expiry, line] : lines) tell_(expiry, line);
}

}  // namespace hedui
