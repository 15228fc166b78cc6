#include "server/ledger/log.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/ledger/note.h"
#include "server/ledger/proof_reader.h"
#include "tests/ledger/log_fixture.h"

namespace hedui::ledger {
namespace {

TEST(LogTest, EveryEntryOfABatchIsProvenByItsCheckpoint) {
  LogFixture fixture;
  auto log = *fixture.Open();
  unsigned next = 0;
  for (unsigned count : {1u, 2u, 5u, 1u, 300u, 7u}) {
    const std::vector<std::string> entries = EntriesOf(next, next + count);
    const PreparedBatch batch = fixture.Append(*log, entries);
    EXPECT_EQ(batch.first_index(), next);
    for (unsigned i = 0; i < count; ++i) {
      const auto proven = VerifyEntryProof(batch.ProofOf(i, entries[i]), *fixture.trust);
      ASSERT_TRUE(proven.ok()) << proven.status();
      EXPECT_EQ(proven->index, next + i);
      EXPECT_EQ(proven->checkpoint.size, next + count);
      EXPECT_EQ(proven->checkpoint.origin, kOrigin);
    }
    next += count;
    EXPECT_EQ(log->size(), next);
  }
}

TEST(LogTest, AProofForAnotherEntryDoesNotHold) {
  LogFixture fixture;
  auto log = *fixture.Open();
  const PreparedBatch batch = fixture.Append(*log, EntriesOf(0, 9));
  EXPECT_EQ(base::ReasonOf(VerifyEntryProof(batch.ProofOf(3, EntryOf(4)), *fixture.trust).status()),
            "PROOF_ROOT");
}

TEST(LogTest, ReopenedItGoesOnWhereItWas) {
  for (unsigned size : {0u, 1u, 255u, 256u, 257u, 511u, 700u}) {
    LogFixture fixture;
    auto log = *fixture.Open();
    if (size > 0) fixture.Append(*log, EntriesOf(0, size));
    auto reopened = fixture.Open();
    ASSERT_TRUE(reopened.ok()) << reopened.status();
    EXPECT_EQ((*reopened)->size(), size);
    EXPECT_EQ((*reopened)->root(), log->root());
    fixture.Append(**reopened, EntriesOf(size, size + 300));
    std::vector<Hash> leaves;
    for (unsigned i = 0; i < size + 300; ++i) leaves.push_back(LeafHash(EntryOf(i)));
    EXPECT_EQ((*reopened)->root(), TreeRoot(leaves)) << size;
  }
}

// The specification's own example of 70,000 leaves.
TEST(LogTest, TilesAreThoseOfTheTlogTilesSpecification) {
  LogFixture fixture;
  auto log = *fixture.Open();
  constexpr unsigned kSize = 70'000;
  for (unsigned from = 0; from < kSize;) {
    const unsigned to = std::min(kSize, from + 1 + (from * 7 + 13) % 3001);
    fixture.Append(*log, EntriesOf(from, to));
    from = to;
  }
  EXPECT_EQ(fixture.repository.TileCount(0), 273u);
  EXPECT_EQ(fixture.repository.TileCount(1), 1u);
  EXPECT_EQ(fixture.repository.TileCount(2), 0u);
  const auto reopened = fixture.Open();
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_EQ((*reopened)->root(), log->root());

  std::vector<Hash> leaves;
  for (unsigned i = 0; i < kSize; ++i) leaves.push_back(LeafHash(EntryOf(i)));
  TileHashReader reader(fixture.repository);
  EXPECT_EQ(*ReadRoot(kSize, reader), TreeRoot(leaves));
  for (unsigned size : {70'000u, 69'889u, 65'537u, 65'536u, 65'535u, 256u, 255u, 1u}) {
    const Hash root = TreeRoot(absl::MakeConstSpan(leaves).first(size));
    for (unsigned index = 0; index < size; index += 1 + size / 37) {
      const auto proof = ReadInclusionProof(index, size, reader);
      ASSERT_TRUE(proof.ok()) << proof.status();
      EXPECT_TRUE(VerifyInclusion(index, size, leaves[index], *proof, root).ok());
    }
    const auto consistency = ReadConsistencyProof(size, kSize, reader);
    ASSERT_TRUE(consistency.ok());
    EXPECT_TRUE(VerifyConsistency(size, kSize, root, log->root(), *consistency).ok());
  }
}

TEST(LogTest, AReaderThatKnowsATileInPartLearnsTheRestWhenTheLogHasGrown) {
  LogFixture fixture;
  auto log = *fixture.Open();
  TileHashReader reader(fixture.repository);
  for (unsigned size = 0; size < 700;) {
    fixture.Append(*log, EntriesOf(size, size + 37));
    size += 37;
    EXPECT_EQ(*ReadRoot(size, reader), log->root());
    const int before = fixture.repository.reads();
    EXPECT_EQ(*ReadRoot(size, reader), log->root());
    EXPECT_EQ(fixture.repository.reads(), before);
  }
  EXPECT_FALSE(ReadRoot(100'000, reader).ok());
}

TEST(LogTest, ARolledBackBatchLeavesNoTrace) {
  LogFixture fixture;
  auto log = *fixture.Open();
  fixture.Append(*log, EntriesOf(0, 250));
  const Hash root = log->root();
  ASSERT_TRUE(log->Prepare(EntriesOf(250, 600)).ok());
  EXPECT_EQ(log->size(), 250u);
  EXPECT_EQ(base::ReasonOf(log->Prepare(EntriesOf(250, 251)).status()), "LOG_BUSY");
  log->Rollback();
  EXPECT_EQ(log->root(), root);
  fixture.Append(*log, EntriesOf(900, 960));
  EXPECT_EQ((*fixture.Open())->root(), log->root());
}

TEST(LogTest, OfTwoProcessesOnOneStoreOnlyOneCommits) {
  LogFixture fixture;
  auto first = *fixture.Open();
  auto second = *fixture.Open();
  auto mine = *first->Prepare(EntriesOf(0, 3));
  auto yours = *second->Prepare(EntriesOf(10, 13));
  EXPECT_TRUE(fixture.repository.Apply(mine.commit).ok());
  first->Confirm();
  EXPECT_EQ(base::ReasonOf(fixture.repository.Apply(yours.commit)), "LOG_HEAD_MOVED");
  auto reopened = *fixture.Open();
  EXPECT_EQ(reopened->root(), first->root());
  fixture.Append(*reopened, EntriesOf(10, 13));
  EXPECT_EQ(reopened->size(), 6u);
}

TEST(LogTest, CheckpointTimesNeverGoBack) {
  LogFixture fixture;
  auto log = *fixture.Open();
  const absl::Time first = fixture.Append(*log, EntriesOf(0, 1)).checkpoint().time;
  fixture.clock.SetWall(first - absl::Hours(1));
  EXPECT_EQ(fixture.Append(*log, EntriesOf(1, 2)).checkpoint().time, first);
  EXPECT_EQ(fixture.Append(**fixture.Open(), EntriesOf(2, 3)).checkpoint().time, first);
  fixture.clock.SetWall(first + absl::Milliseconds(5));
  EXPECT_EQ(fixture.Append(**fixture.Open(), EntriesOf(3, 4)).checkpoint().time,
            first + absl::Milliseconds(5));
}

TEST(LogTest, NothingIsSignedAtATimeThatNobodyCouldCheck) {
  LogFixture fixture;
  auto log = *fixture.Open();
  const absl::Time now = fixture.clock.WallNow();
  for (const int years : {-20, 20}) {
    fixture.clock.SetWall(now + absl::Hours(24 * 365 * years));
    EXPECT_EQ(base::ReasonOf(log->Prepare(EntriesOf(0, 1)).status()), "LOG_CLOCK") << years;
  }
  // And it goes on once the clock is right.
  fixture.clock.SetWall(now);
  const PreparedBatch batch = fixture.Append(*log, EntriesOf(0, 1));
  EXPECT_EQ(batch.checkpoint().time, now);
  EXPECT_TRUE(fixture.trust->KeysAt(fixture.certificates, kOrigin, now).ok());
}

TEST(LogTest, AClosedLogTakesNothingMore) {
  LogFixture fixture;
  auto log = *fixture.Open();
  fixture.Append(*log, EntriesOf(0, 4));
  const std::string closing = log->ClosingEntry("hedui.example/640000-2");
  EXPECT_EQ(base::ReasonOf(log->Prepare({closing, EntryOf(4)}).status()), "LOG_CLOSED");
  const Hash root = log->root();
  const auto entry = std::get<OriginClosedEntry>(*DecodeEntry(closing));
  EXPECT_EQ(entry.size, 4u);
  EXPECT_EQ(entry.root, root);
  fixture.Append(*log, {closing});
  EXPECT_EQ(base::ReasonOf(log->Prepare(EntriesOf(4, 5)).status()), "LOG_CLOSED");
  EXPECT_EQ(base::ReasonOf(fixture.Open().status()), "LOG_CLOSED");
}

TEST(LogTest, ASuccessorRecordsTheEndOfALogThatCannotSign) {
  LogFixture fixture;
  auto log = *fixture.Open();
  fixture.Append(*log, {EncodeEntry(OriginClosedEntry{"hedui.example/dead", 12, FilledHash(1),
                                                      kOrigin, fixture.clock.WallNow()})});
  EXPECT_TRUE(log->Prepare(EntriesOf(0, 1)).ok());
  EXPECT_TRUE(fixture.Open().ok());
}

TEST(LogTest, BatchesAndEntriesOutsideTheLimitsAreRefused) {
  LogFixture fixture;
  auto log = *fixture.Open();
  EXPECT_EQ(base::ReasonOf(log->Prepare({}).status()), "LOG_BATCH");
  EXPECT_EQ(base::ReasonOf(log->Prepare({""}).status()), "LOG_ENTRY");
  EXPECT_EQ(base::ReasonOf(log->Prepare({std::string(65'536, 'x')}).status()), "LOG_ENTRY");
  EXPECT_EQ(base::ReasonOf(log->Prepare({"not an entry"}).status()), "ENTRY_FORMAT");
  EXPECT_TRUE(log->Prepare(EntriesOf(0, 1)).ok());
}

TEST(LogTest, ADamagedStoreIsNotGoneOnWith) {
  LogFixture fixture;
  auto log = *fixture.Open();
  fixture.Append(*log, EntriesOf(0, 700));
  const MemoryLogRepository good = fixture.repository;
  const auto reason = [&fixture] { return base::ReasonOf(fixture.Open().status()); };
  MemoryLogRepository& store = fixture.repository;

  store.leaf_hashes_[650 * 32] ^= 1;
  EXPECT_EQ(reason(), "LOG_DAMAGED");
  store = good;
  store.tiles_[{0, 1}].root[5] ^= 1;
  EXPECT_EQ(reason(), "LOG_DAMAGED");
  store = good;
  store.head_->root[0] ^= 1;
  EXPECT_EQ(reason(), "LOG_DAMAGED");
  store = good;
  store.head_->checkpoint = "nothing";
  EXPECT_EQ(reason(), "LOG_DAMAGED");
  store = good;
  store.entries_.back() = "nothing";
  EXPECT_EQ(reason(), "LOG_DAMAGED");
  store = good;
  store.tiles_.erase({0, 0});
  EXPECT_FALSE(fixture.Open().ok());
  store = good;
  store.head_->origin = "hedui.example/other";
  EXPECT_EQ(reason(), "LOG_ORIGIN");
  store = good;
  EXPECT_EQ(reason(), "OK");
}

TEST(LogTest, ATileOfAnotherSizeIsDamage) {
  LogFixture fixture;
  auto log = *fixture.Open();
  fixture.Append(*log, EntriesOf(0, 700));
  fixture.repository.tiles_[{0, 0}].hashes.pop_back();
  TileHashReader reader(fixture.repository);
  EXPECT_EQ(base::ReasonOf(ReadInclusionProof(1, 700, reader).status()), "LOG_DAMAGED");
}

TEST(LogTest, CertificatesOfOtherKeysAreFoundAtTheStart) {
  LogFixture fixture;
  LogFixture other;
  LogSigning signing = fixture.Signing();
  signing.certificates.legal = other.certificates.legal;
  EXPECT_EQ(base::ReasonOf(Log::Open(fixture.repository, signing).status()), "LOG_CERTIFICATE");
  EXPECT_EQ(
      base::ReasonOf(Log::Open(fixture.repository, fixture.Signing("hedui.example/2")).status()),
      "LOG_CERTIFICATE");
  EXPECT_EQ(base::ReasonOf(Log::Open(fixture.repository, fixture.Signing("No Origin")).status()),
            "LOG_ORIGIN");
}

// Signs as another signer does, on a thread of its own, or fails.
class RemoteSigner final : public Signer {
 public:
  explicit RemoteSigner(Signer& signer) : signer_(signer) {}
  ~RemoteSigner() override {
    for (std::thread& thread : threads_) thread.join();
  }
  SignatureKind kind() const override { return signer_.kind(); }
  std::string PublicKey() const override { return signer_.PublicKey(); }
  void Sign(std::string message, Done done) override {
    threads_.emplace_back([this, message = std::move(message), done = std::move(done)]() mutable {
      if (fail) {
        std::move(done)(base::MakeError(absl::StatusCode::kUnavailable, "DEVICE", "no device"));
      } else {
        signer_.Sign(std::move(message), std::move(done));
      }
    });
  }
  bool fail = false;

 private:
  Signer& signer_;
  std::vector<std::thread> threads_;
};

TEST(LogTest, ASignerMayAnswerFromAnotherThreadOrFailWithoutMovingTheLog) {
  LogFixture fixture;
  RemoteSigner remote(*fixture.legal_signer);
  LogSigning signing = fixture.Signing();
  signing.legal = &remote;
  auto log = *Log::Open(fixture.repository, signing);
  EXPECT_TRUE(
      fixture.trust->Verify(*fixture.Append(*log, EntriesOf(0, 2)).signed_checkpoint()).ok());
  remote.fail = true;
  EXPECT_EQ(base::ReasonOf(log->Prepare(EntriesOf(2, 3)).status()), "DEVICE");
  EXPECT_EQ(log->size(), 2u);
  remote.fail = false;
  EXPECT_TRUE(log->Prepare(EntriesOf(2, 3)).ok());
}

TEST(EntryProofTest, BytesComeBackAsTheyWereAndNothingElseIsTaken) {
  LogFixture fixture;
  auto log = *fixture.Open();
  const PreparedBatch batch = fixture.Append(*log, EntriesOf(0, 21));
  const EntryProof proof = batch.ProofOf(5, EntryOf(5));
  const std::string bytes = EncodeEntryProof(proof);
  const auto decoded = DecodeEntryProof(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->entry, proof.entry);
  EXPECT_EQ(decoded->index, 5u);
  EXPECT_EQ(decoded->path, proof.path);
  EXPECT_EQ(*decoded->checkpoint, *proof.checkpoint);
  EXPECT_EQ(EncodeEntryProof(*decoded), bytes);
  for (size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_EQ(base::ReasonOf(DecodeEntryProof(bytes.substr(0, i)).status()), "ENTRY_PROOF_FORMAT");
  }
  EXPECT_FALSE(DecodeEntryProof(bytes + "x").ok());
}

}  // namespace
}  // namespace hedui::ledger
