// Reads anew, while the platform serves, what may change without a stop: register, catalogue,
// policies and texts as one Setup; and the server's certificates with callers' authorities and
// revocation lists. Each of the two is taken whole or refused whole, with everything that is wrong
// told, and what was in force stays. Flows go on with the Setup they began with, but what a source
// may be asked at most holds for them at once; connections go on with the certificates they were
// made under; whether a caller's certificate holds is asked at every call (access/caller_trust.h).
//
// Reads both on SIGHUP (Reload), and each where looking at its files shows a change (Tend).
// Connections to departments are added, never dropped: a completion might hold the last reference.
//
// Main thread only, but setup() and trust(), which any thread may ask, what source_states() gives,
// and Certificates().
#ifndef HEDUI_SERVER_RELOADER_H_
#define HEDUI_SERVER_RELOADER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "adapters/registry.h"
#include "server/access/caller_trust.h"
#include "server/api/api_server.h"
#include "server/base/clock.h"
#include "server/base/event.h"
#include "server/certificate_watch.h"
#include "server/file_watch.h"
#include "server/gather/source_state.h"
#include "server/in_force.h"
#include "server/platform_configuration.h"
#include "server/rooms.h"

namespace hedui {

// Files are looked at so often; a change is read when two looks saw the same of it, so within twice
// the time, and a file that is being written is left alone.
inline constexpr absl::Duration kLookAtFilesEvery = absl::Seconds(10);

class Reloader {
 public:
  using Tell = std::function<void(base::EventLevel, const std::string& line)>;
  // Makes durable what policies come into force next; they do not where it fails.
  using KeepPolicies = std::function<absl::Status(const assess::PolicyPack& policies)>;

  // Borrowed objects outlive it.
  Reloader(std::string config_file, const base::Clock* clock, Tell tell,
           adapters::AdapterSet* adapters, gather::SourceStates::Lease lease_day,
           KeepPolicies keep_policies);

  // Puts what the platform starts with in force. Errors as AdapterSet::GetOrMake and KeepPolicies.
  absl::Status Begin(const PlatformConfiguration& read);
  // Whose certificates are replaced; before Reload.
  void Serve(api::ApiServer* server) { server_ = server; }

  // Never null after Begin.
  std::shared_ptr<const Setup> setup() const { return setup_.Get(); }
  std::shared_ptr<const access::CallerTrust> trust() const { return trust_.Get(); }

  // Of every source, with what is held; thread-safe.
  gather::SourceStates* source_states() { return &source_states_; }

  // Now. INVALID_ARGUMENT (CONFIGURATION) with what was refused, which has been told; the other of
  // the two may be in force all the same.
  absl::Status Reload();
  // Looks at the files if it is time to, and tells once a day which certificates end soon. Call it
  // every second or so; time is the clock's.
  void Tend();

  // Names and ends of the certificates and revocation lists in force.
  std::vector<WatchedCertificate> Certificates() const { return certificates_.List(); }

 private:
  // Those of the two that are asked for.
  absl::Status Read(bool setup, bool tls);
  // Of files none of which changed meanwhile: those that are put in place one after another must
  // not come into force one old and one new. UNAVAILABLE (CONFIGURATION) where they never stand
  // still.
  absl::StatusOr<std::unique_ptr<PlatformConfiguration>> ReadSettled();
  absl::Status ReadSetup();
  absl::Status ReadTls();
  // The sources of a catalogue, connected; those known by their ids keep their state, with the
  // limits it has.
  absl::StatusOr<std::shared_ptr<const gather::Sources>> Connect(const plan::Catalogue& catalogue);
  // Certificates that are new and have expired already.
  absl::Status CheckNewSources(const PlatformConfiguration& read) const;
  void WatchAgain();

  const std::string config_file_;
  const base::Clock* const clock_;
  const Tell tell_;
  adapters::AdapterSet* const adapters_;
  gather::SourceStates source_states_;
  const KeepPolicies keep_policies_;
  api::ApiServer* server_ = nullptr;
  InForce<Setup> setup_;
  InForce<access::CallerTrust> trust_;
  // Of what is in force.
  config::v1::Server server_configuration_;
  api::TlsMaterial tls_;
  std::vector<WatchedCertificate> tls_certificates_;
  std::vector<WatchedCertificate> source_certificates_;
  std::vector<WatchedCertificate> log_certificates_;
  CertificateWatch certificates_;
  FileWatch setup_files_;
  FileWatch tls_files_;
  absl::Duration looked_at_ = absl::ZeroDuration();
};

}  // namespace hedui

#endif  // HEDUI_SERVER_RELOADER_H_
