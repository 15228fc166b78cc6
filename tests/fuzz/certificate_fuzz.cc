// Certificates and public keys in DER, as they travel in warrants and reports. The corpus's
// certificates name the log below; its authority signed them.
#include <string>

#include "absl/strings/str_cat.h"
#include "server/ledger/certificates.h"
#include "server/ledger/public_key.h"
#include "server/ledger/trust.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

constexpr char kOrigin[] = "hedui.example/640000";

const ledger::LogTrust& Trust() {
  static const auto* const trust = [] {
    auto read = ledger::LogTrust::FromPem(ReadSourceFile("tests/fuzz/known/warrant_authority.pem"));
    Require(read.ok(), "the authority is read");
    return read->release();
  }();
  return *trust;
}

void CheckKey(const ledger::PublicKey& key) {
  const auto again = ledger::PublicKey::FromSpki(key.spki());
  Require(again.ok() && again->raw() == key.raw() && again->kind() == key.kind(),
          "a key comes back from its encoding");
  Require(!key.Verify("message", std::string(64, '\0')).ok(), "nothing signed this");
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  const std::string der(testing::TextOf(data, size));
  if (const auto key = ledger::PublicKey::FromSpki(der); key.ok()) {
    testing::Require(key->spki() == der, "a key has one encoding");
    testing::CheckKey(*key);
  }
  static const std::string* const ed25519 =
      new std::string(testing::ReadSourceFile("tests/fuzz/corpus/certificate/ed25519"));
  static const std::string* const legal =
      new std::string(testing::ReadSourceFile("tests/fuzz/corpus/certificate/sm2"));
  const absl::Time now = absl::FromUnixSeconds(1740967200);
  // In each of the three places where a certificate can stand.
  const ledger::LogCertificates as_ed25519{der, *legal, {}};
  const ledger::LogCertificates as_legal{*ed25519, der, {}};
  const ledger::LogCertificates as_intermediate{*ed25519, *legal, {der}};
  if (const auto keys = ledger::KeysOf(as_ed25519, testing::kOrigin); keys.ok()) {
    testing::CheckKey(keys->ed25519);
  }
  if (const auto keys = ledger::KeysOf(as_legal, testing::kOrigin); keys.ok()) {
    testing::CheckKey(keys->legal);
  }
  for (const auto* certificates : {&as_ed25519, &as_legal, &as_intermediate}) {
    const bool trusted = testing::Trust().KeysAt(*certificates, testing::kOrigin, now).ok();
    testing::Require(
        !trusted || (certificates->intermediates.empty() && (der == *ed25519 || der == *legal)),
        "only what the authority signed is trusted");
  }
  return 0;
}
