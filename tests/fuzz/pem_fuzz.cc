// Certificates, trusted authorities and signing keys in PEM, as operators give them.
#include <string>

#include "server/access/caller_trust.h"
#include "server/base/certificate.h"
#include "server/ledger/certificates.h"
#include "server/ledger/pem_signer.h"
#include "server/ledger/public_key.h"
#include "server/ledger/trust.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  constexpr char kOrigin[] = "hedui.example/640000";
  const absl::string_view pem = testing::TextOf(data, size);
  (void)ledger::LogTrust::FromPem(pem);
  for (const auto role : {ledger::LogKeyRole::kEd25519, ledger::LogKeyRole::kLegal}) {
    (void)ledger::LogKeyFromPem(pem, kOrigin, role);
  }
  if (const auto certificates = ledger::LogCertificatesFromPem(pem, pem); certificates.ok()) {
    testing::Require(certificates->ed25519 == certificates->legal, "both were the same text");
    testing::Require(certificates->intermediates.size() <= ledger::kIntermediatesMax,
                     "intermediates keep within their limit");
  }
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  const bool readable = base::LivesOfCertificates(pem).ok();
  testing::Require(readable || !base::CheckChain(pem, now).ok(),
                   "a chain consists of certificates");
  testing::Require(readable || !access::CallerTrust::Make(pem, "", now).ok(),
                   "authorities are certificates");
  (void)access::CallerTrust::Make(pem, pem, now);
  const auto signer = ledger::MakePemSigner(pem);
  if (!signer.ok()) return 0;
  const auto key = ledger::PublicKey::FromSpki((*signer)->PublicKey());
  testing::Require(key.ok() && key->kind() == (*signer)->kind(), "a signer's public key is read");
  (*signer)->Sign("message", [&key](absl::StatusOr<std::string> signature) {
    testing::Require(!signature.ok() || key->Verify("message", *signature).ok(),
                     "what it signs verifies");
  });
  return 0;
}
