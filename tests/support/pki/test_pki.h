// A certificate authority for tests: real certificates of Ed25519, P-256 and SM2 keys, as PEM texts
// and as files in a directory that goes away with it. Everything it makes is good for tests only.
// Failures abort the test program. Thread-compatible.
#ifndef HEDUI_TESTS_SUPPORT_PKI_TEST_PKI_H_
#define HEDUI_TESTS_SUPPORT_PKI_TEST_PKI_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hedui::testing {

enum class KeyType { kEd25519, kP256, kSm2 };

// A certificate, its key (PKCS#8, unencrypted) and where the two lie.
struct Issued {
  std::string certificate_pem;
  std::string key_pem;
  std::string certificate_path;
  std::string key_path;
};

struct CertificateRequest {
  std::string name;  // common name, and the files' stem
  KeyType key = KeyType::kP256;
  std::vector<std::string> uris;  // subject alternative names
  std::vector<std::string> dns;
  std::vector<std::string> ips;
  std::string key_usage = "critical,digitalSignature";  // empty: no such extension
  std::string extended_key_usage;                       // "serverAuth,clientAuth"; empty: none
  bool authority = false;                               // may issue certificates itself
  absl::Time from = absl::FromUnixSeconds(1704067200);  // 2024-01-01
  absl::Time to = absl::FromUnixSeconds(2019686400);    // 2034-01-01
};

// The key's signature over a text, and its public key (SubjectPublicKeyInfo in DER).
std::string SignText(const Issued& signer, absl::string_view text);
std::string PublicKeyOf(const Issued& issued);

class TestPki {
 public:
  // The root's key decides what its signatures are.
  explicit TestPki(KeyType key = KeyType::kP256, absl::string_view name = "Test authority");
  ~TestPki();
  TestPki(const TestPki&) = delete;
  TestPki& operator=(const TestPki&) = delete;

  const std::string& directory() const;
  // The root's certificate.
  const std::string& ca_path() const;
  const std::string& ca_pem() const;

  // `issuer`: an authority issued by this one; nullptr: the root.
  Issued Issue(const CertificateRequest& request, const Issued* issuer = nullptr);

  // For mutual TLS on this machine: localhost and 127.0.0.1, and optionally one URI such as
  // "hedui://agency/640104".
  Issued IssueTls(absl::string_view name, absl::string_view uri = "");
  // A revocation list in PEM that names these certificates, by an authority of this one; nullptr:
  // the root. It is in force from `from` until `to`.
  std::string RevocationList(const std::vector<Issued>& revoked, absl::Time from, absl::Time to,
                             const Issued* issuer = nullptr);

  // For a log: digitalSignature and the URI hedui://log/<origin>.
  Issued IssueLog(KeyType key, absl::string_view origin);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_PKI_TEST_PKI_H_
