// What the life of TLS hangs on: how long certificates and revocation lists are valid, and whether
// a certificate with its chain can be shown to anybody. Functions, thread-safe; OpenSSL stays
// inside.
#ifndef HEDUI_SERVER_BASE_CERTIFICATE_H_
#define HEDUI_SERVER_BASE_CERTIFICATE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hedui::base {

// Of a certificate or a revocation list.
struct CertificateLife {
  // Whom a certificate names, or who issued a list, as in "CN=platform": systems and authorities,
  // never people.
  std::string subject;
  absl::Time from = absl::InfinitePast();
  // The last second in which it is valid; InfiniteFuture for a list that names no next one.
  absl::Time to = absl::InfiniteFuture();
};

// Every certificate of a PEM text, in its order; text around them is skipped. INVALID_ARGUMENT
// (CERTIFICATE) when there is none or one is broken.
absl::StatusOr<std::vector<CertificateLife>> LivesOfCertificates(absl::string_view pem);
// The same of certificate revocation lists (X.509 CRL). INVALID_ARGUMENT (REVOCATION_LIST).
absl::StatusOr<std::vector<CertificateLife>> LivesOfRevocationLists(absl::string_view pem);

// Whether a PEM text of one's own certificate and then its chain can be shown at `now`: each is
// valid at that time, and each was issued by the next. INVALID_ARGUMENT (CERTIFICATE,
// CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_CHAIN) with everything that is wrong,
// a line each. Not whether anybody trusts it: that is known to those it is shown to.
absl::Status CheckChain(absl::string_view pem, absl::Time now);

// Only whether each certificate of the text is valid at `now`.
absl::Status CheckLives(absl::string_view pem, absl::Time now);

// Of one life: OK, or CERTIFICATE_EXPIRED or CERTIFICATE_NOT_YET_VALID with subject and day.
absl::Status CheckLife(const CertificateLife& life, absl::Time now);

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_CERTIFICATE_H_
