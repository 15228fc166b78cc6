// A log with everything around it: an authority, keys, certificates, a clock, a store in memory.
// For the ledger's own tests.
#ifndef HEDUI_TESTS_LEDGER_LOG_FIXTURE_H_
#define HEDUI_TESTS_LEDGER_LOG_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/ledger/entry.h"
#include "server/ledger/log.h"
#include "server/ledger/pem_signer.h"
#include "server/ledger/trust.h"
#include "tests/ledger/memory_log_repository.h"
#include "tests/support/fake_clock.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::ledger {

inline constexpr char kOrigin[] = "hedui.example/640000";

// An id with these last two bytes.
inline base::Uuid IdOf(unsigned number) {
  base::Uuid id;
  id.bytes[0] = 1;
  id.bytes[14] = static_cast<uint8_t>(number >> 8);
  id.bytes[15] = static_cast<uint8_t>(number);
  return id;
}

inline Hash FilledHash(uint8_t byte) {
  Hash hash;
  hash.fill(byte);
  return hash;
}

// A small entry that differs from every other number's.
inline std::string EntryOf(unsigned number) {
  return EncodeEntry(AccessEntry{IdOf(number), FilledHash(static_cast<uint8_t>(number >> 16)),
                                 absl::FromUnixMillis(1'740'000'000'000)});
}

inline std::vector<std::string> EntriesOf(unsigned from, unsigned to) {
  std::vector<std::string> entries;
  for (unsigned i = from; i < to; ++i) entries.push_back(EntryOf(i));
  return entries;
}

struct LogFixture {
  explicit LogFixture(testing::KeyType legal_key = testing::KeyType::kP256,
                      testing::KeyType authority_key = testing::KeyType::kP256,
                      const std::string& origin = kOrigin)
      : pki(authority_key),
        ed25519(pki.IssueLog(testing::KeyType::kEd25519, origin)),
        legal(pki.IssueLog(legal_key, origin)),
        ed25519_signer(*LoadPemSigner(ed25519.key_path)),
        legal_signer(*LoadPemSigner(legal.key_path)),
        certificates(*LoadLogCertificates(ed25519.certificate_path, legal.certificate_path)),
        trust(*LogTrust::Load(pki.ca_path())) {}

  LogSigning Signing(const std::string& origin = kOrigin) {
    return LogSigning{origin, ed25519_signer.get(), legal_signer.get(), certificates, &clock};
  }
  absl::StatusOr<std::unique_ptr<Log>> Open() { return Log::Open(repository, Signing()); }

  // Appends and commits; the batch is good.
  PreparedBatch Append(Log& log, std::vector<std::string> entries) {
    PreparedBatch batch = *log.Prepare(std::move(entries));
    EXPECT_TRUE(repository.Apply(batch.commit).ok());
    log.Confirm();
    return batch;
  }

  testing::TestPki pki;
  testing::Issued ed25519;
  testing::Issued legal;
  std::unique_ptr<Signer> ed25519_signer;
  std::unique_ptr<Signer> legal_signer;
  LogCertificates certificates;
  std::unique_ptr<LogTrust> trust;
  testing::FakeClock clock;
  MemoryLogRepository repository;
};

}  // namespace hedui::ledger

#endif  // HEDUI_TESTS_LEDGER_LOG_FIXTURE_H_
