// Warns before certificates and revocation lists end: when one comes near its end, is urgent or has
// ended, and then once each civil day.
//
// Near is the last 30 days and urgent the last 7, but no more than a third and a tenth of a life: a
// list that is issued weekly is not near its end on every day. Thread-safe; no limits.
#ifndef HEDUI_SERVER_CERTIFICATE_WATCH_H_
#define HEDUI_SERVER_CERTIFICATE_WATCH_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "server/base/certificate.h"
#include "server/base/mutex.h"

namespace hedui {

struct WatchedCertificate {
  std::string key;   // of the configuration, such as "tls.certificate_file"
  std::string file;  // where it lies; for operators
  base::CertificateLife life;
};

enum class Expiry { kFar, kNear, kUrgent, kExpired };

Expiry ExpiryOf(const base::CertificateLife& life, absl::Time now);

// "tls.certificate_file: FILE: \"CN=platform\" expires in 6 days, at 2026-12-02 08:00:00 UTC".
std::string ExpiryText(const WatchedCertificate& one, absl::Time now);

// The lives in a PEM text, of certificates or of revocation lists. Nothing of a text that cannot be
// read, which whoever loads it has refused.
std::vector<WatchedCertificate> WatchedIn(absl::string_view pem, absl::string_view key,
                                          absl::string_view file);

class CertificateWatch {
 public:
  // `tell` takes how near the end is and a line for operators.
  using Tell = std::function<void(Expiry, const std::string& line)>;
  explicit CertificateWatch(Tell tell) : tell_(std::move(tell)) {}
  CertificateWatch(const CertificateWatch&) = delete;
  CertificateWatch& operator=(const CertificateWatch&) = delete;

  // In place of what was watched.
  void Watch(std::vector<WatchedCertificate> all);
  // What is watched now, for metrics: key and life.to, `InfiniteFuture` for a list without an end.
  std::vector<WatchedCertificate> List() const;
  // Tells what is near its end, but for what it told as just as near on this civil day.
  void TellIfDue(absl::Time now);

 private:
  const Tell tell_;
  mutable base::Mutex mutex_;
  std::vector<WatchedCertificate> all_ ABSL_GUARDED_BY(mutex_);
  absl::CivilDay today_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> told_today_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui

#endif  // HEDUI_SERVER_CERTIFICATE_WATCH_H_
