// What the log takes: entries made durable through the committer, on the embedded store.
#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "server/ledger/certificates.h"
#include "server/ledger/committer.h"
#include "server/ledger/entry.h"
#include "server/ledger/pem_signer.h"
#include "server/store/store.h"
#include "tests/bench/bench.h"
#include "tests/support/child_process.h"
#include "tests/support/notification.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::bench {
namespace {

constexpr int kEntries = 200'000;
constexpr int kRuns = 5;
constexpr char kOrigin[] = "bench.example/log";

// A store in a directory of its own, and a committer on it.
class Ledger {
 public:
  static absl::StatusOr<std::unique_ptr<Ledger>> Open() {
    auto opened = std::make_unique<Ledger>();
    const absl::Status status = opened->Start();
    if (!status.ok()) return status;
    return opened;
  }

  // Entries a second, from the first submitted to the last durable.
  absl::StatusOr<double> Append(int count);

 private:
  absl::Status Start();

  base::SystemClock clock_;
  base::SecureIdSource ids_;
  testing::ScratchDirectory directory_;
  testing::TestPki pki_;
  std::unique_ptr<ledger::Signer> ed25519_;
  std::unique_ptr<ledger::Signer> legal_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<ledger::Committer> committer_;
};

absl::Status Ledger::Start() {
  const testing::Issued ed25519 = pki_.IssueLog(testing::KeyType::kEd25519, kOrigin);
  const testing::Issued legal = pki_.IssueLog(testing::KeyType::kP256, kOrigin);
  HEDUI_ASSIGN_OR_RETURN(ed25519_, ledger::MakePemSigner(ed25519.key_pem));
  HEDUI_ASSIGN_OR_RETURN(legal_, ledger::MakePemSigner(legal.key_pem));
  ledger::LogSigning signing{.origin = kOrigin, .ed25519 = ed25519_.get(), .legal = legal_.get()};
  HEDUI_ASSIGN_OR_RETURN(signing.certificates, ledger::LogCertificatesFromPem(
                                                   ed25519.certificate_pem, legal.certificate_pem));
  signing.clock = &clock_;

  const std::string kek = directory_.path() + "/kek";
  std::ofstream(kek) << "1 " << std::string(64, 'a') << "\n";
  HEDUI_ASSIGN_OR_RETURN(
      store_,
      store::OpenSqlite({.directory = directory_.path(), .key_encryption_key_file = kek}, &ids_));
  HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<ledger::Log> log,
                         ledger::Log::Open(*store_, std::move(signing)));
  committer_ = std::make_unique<ledger::Committer>(std::move(log), store_.get(), kEntries);
  return absl::OkStatus();
}

absl::StatusOr<double> Ledger::Append(int count) {
  std::vector<std::string> entries;
  const absl::Time now = clock_.WallNow();
  for (int i = 0; i < count; ++i) {
    ledger::IntentEntry intent{
        .intent = ids_.NextId(now), .verification = ids_.NextId(now), .part_count = 8};
    intent.body_digest[0] = static_cast<uint8_t>(i);
    entries.push_back(ledger::EncodeEntry(intent));
  }
  testing::Latch durable(count);
  std::atomic<int> failed{0};
  const absl::Duration start = clock_.SteadyNow();
  for (std::string& entry : entries) {
    ledger::CommitRequest request;
    request.entry = std::move(entry);
    request.done = [&](absl::StatusOr<ledger::CommitReceipt> receipt) {
      if (!receipt.ok()) ++failed;
      durable.CountDown();
    };
    if (!committer_->TrySubmit(std::move(request))) {
      return base::MakeError(absl::StatusCode::kInternal, "COMMITTER_FULL",
                             "the committer refused an entry");
    }
  }
  durable.Wait();
  const absl::Duration took = clock_.SteadyNow() - start;
  if (failed > 0) {
    return base::MakeError(absl::StatusCode::kInternal, "COMMIT_FAILED",
                           absl::StrCat(failed.load(), " entries were not committed"));
  }
  return count / absl::ToDoubleSeconds(took);
}

absl::StatusOr<std::vector<Row>> AppendRate() {
  HEDUI_ASSIGN_OR_RETURN(const std::unique_ptr<Ledger> ledger, Ledger::Open());
  Row row{.name = "ledger.append_rate", .unit = "1/s", .target = 100'000};
  HEDUI_ASSIGN_OR_RETURN(row.value, MedianOf([&] { return ledger->Append(kEntries); }, kRuns));
  row.setup = absl::StrCat(
      "intent entries through the committer into the SQLite store, durable, with proofs; Ed25519 "
      "and P-256 "
      "signature a commit; ",
      kEntries, " entries a run");
  return std::vector<Row>{row};
}

const Registration kAppendRate({"ledger.append_rate"}, &AppendRate);

}  // namespace
}  // namespace hedui::bench
