// The demo's scenario as files in a directory of its own, for tests that start a platform: keys and
// certificates, register, catalogue, simulation, server configuration; letters and the household as
// messages. Tests change the texts before writing them, so that the demo and the tests cannot drift
// apart.
#ifndef HEDUI_TESTS_INTEGRATION_SCENARIO_H_
#define HEDUI_TESTS_INTEGRATION_SCENARIO_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "clients/cpp/client.h"
#include "hedui/v1/authorization.pb.h"
#include "hedui/v1/verification.pb.h"
#include "server/base/ids.h"
#include "server/store/store.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::testing {

inline constexpr char kAgency[] = "640104-civil-affairs";
inline constexpr char kOrigin[] = "hedui.example/640000/log";

class Scenario {
 public:
  Scenario();
  ~Scenario();
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  // Texts as the demo has them; change them before Write. The catalogue's sources are all of kind
  // `simulated`.
  std::string register_yaml;
  std::string catalogue_yaml;
  std::string simulation_yaml;
  std::string server_yaml;

  // Replaces the one place where `from` stands in `text`; fails the test when it stands nowhere or
  // twice.
  static void Replace(std::string* text, absl::string_view from, absl::string_view to);
  // Adds keys to a source of the catalogue or the simulation: "wave: 2", "faults: [{kind:
  // silent}]".
  static void AddToSource(std::string* text, absl::string_view source_id, absl::string_view yaml);

  // Catalogue entries over gRPC at the ports a hedui-sim printed, in place of `simulated`.
  void UseGrpc(absl::string_view source_id, int port);

  // Writes everything; returns the server's configuration file.
  std::string Write() const;
  std::string Path(absl::string_view name) const;
  const std::string& directory() const { return directory_; }
  TestPki& pki() { return pki_; }

  v1::RegisterAuthorizationsRequest letters;
  v1::VerifyHouseholdRequest household;

  // The platform's store, beside or after the platform that writes it; on the file system that it
  // was given.
  std::unique_ptr<store::Store> OpenStore(const std::string& sqlite_vfs = "");

  // A client of the agency over mutual TLS.
  std::unique_ptr<clients::Client> Connect(int port, absl::string_view agency = kAgency);

 private:
  TestPki pki_;
  base::SecureIdSource ids_;
  std::string directory_;
  Issued platform_tls_;
  Issued departments_tls_;
  Issued log_ed25519_;
  Issued log_legal_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_SCENARIO_H_
