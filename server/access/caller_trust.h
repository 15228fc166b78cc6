// Whether a caller's certificate still holds: issued by an authority we know, within its time, not
// revoked. The handshake asked that once; asked again at each call, a revocation or a withdrawn
// authority also ends what connections made before may do.
//
// Immutable but for a memory of certificates already judged, so that a call costs one look-up;
// thread-safe. A reload makes a new one. Never blocks; judging a certificate not seen before takes
// some hundred microseconds.
#ifndef HEDUI_SERVER_ACCESS_CALLER_TRUST_H_
#define HEDUI_SERVER_ACCESS_CALLER_TRUST_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace hedui::access {

// Certificates judged and remembered: beyond it all are forgotten and judged anew. Two for each
// agency of a full register.
inline constexpr size_t kJudgedCertificatesMax = 20'000;

class CallerTrust {
 public:
  // `ca_pem`: who issues callers' certificates. `crl_pem`: their revocation lists; empty: nothing
  // is known to be revoked. With lists, the issuer of every caller's certificate needs one. Each
  // list has to be signed by an authority of `ca_pem` and in force at `now`: INVALID_ARGUMENT
  // (CERTIFICATE, REVOCATION_LIST, REVOCATION_LIST_EXPIRED), a line for each defect.
  static absl::StatusOr<std::shared_ptr<const CallerTrust>> Make(absl::string_view ca_pem,
                                                                 absl::string_view crl_pem,
                                                                 absl::Time now);
  ~CallerTrust();

  // `certificate_sha256`: of the DER form, which `certificate_pem` holds; `chain_pem`: that
  // certificate and what the caller sent with it. UNAUTHENTICATED: CERTIFICATE_REVOKED,
  // CERTIFICATE_EXPIRED, CERTIFICATE_NOT_TRUSTED, and REVOCATION_UNKNOWN when its issuer's list is
  // missing or past its next update: nothing falls open.
  absl::Status Check(absl::string_view certificate_sha256, absl::string_view certificate_pem,
                     absl::string_view chain_pem, absl::Time now) const;

 private:
  struct Store;
  struct Verdict {
    absl::Status status;
    absl::Time from;   // judged at
    absl::Time until;  // holds through this second
  };
  explicit CallerTrust(std::unique_ptr<Store> store);
  Verdict Judge(absl::string_view certificate_pem, absl::string_view chain_pem,
                absl::Time now) const;

  const std::unique_ptr<Store> store_;
  mutable base::Mutex mutex_;
  mutable absl::flat_hash_map<std::string, Verdict> judged_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_CALLER_TRUST_H_
