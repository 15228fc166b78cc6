#include <memory>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/ledger/log.h"
#include "server/ledger/proof_reader.h"
#include "server/store/store.h"
#include "tests/ledger/log_fixture.h"
#include "tests/store/sqlite_store_fixture.h"

namespace hedui::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The store with the real log on it.
class StoreWithLogTest : public SqliteStoreTest {
 protected:
  StoreWithLogTest() { OpenLog(); }
  void OpenLog() {
    auto opened = ledger::Log::Open(*store_, fixture_.Signing());
    ASSERT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
  }
  absl::Status Append(unsigned from, unsigned to) {
    auto batch = log_->Prepare(ledger::EntriesOf(from, to));
    EXPECT_TRUE(batch.ok()) << batch.status();
    const absl::Status status = store_->Commit({{}, batch->commit});
    status.ok() ? log_->Confirm() : log_->Rollback();
    return status;
  }

  ledger::LogFixture fixture_;
  std::unique_ptr<ledger::Log> log_;
};

TEST_F(StoreWithLogTest, ServesTheLogItWasGiven) {
  const unsigned sizes[] = {1, 200, 256, 300, 70'000, 70'001};
  unsigned size = 0;
  for (const unsigned next : sizes) {
    ASSERT_TRUE(Append(size, next).ok());
    size = next;
  }
  Open();
  OpenLog();
  EXPECT_EQ(log_->size(), size);
  const auto head = store_->ReadHead();
  ASSERT_TRUE(head.ok() && head->has_value());
  EXPECT_EQ((*head)->root, log_->root());
  EXPECT_EQ((*head)->origin, ledger::kOrigin);
  EXPECT_EQ(*store_->ReadCheckpoint(70'001), (*head)->checkpoint);
  EXPECT_EQ(*store_->ReadCheckpoint(201), *store_->ReadCheckpoint(256));
  EXPECT_NE(*store_->ReadCheckpoint(256), *store_->ReadCheckpoint(257));
  EXPECT_EQ(store_->ReadCheckpoint(70'002).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(*store_->ReadEntries(199, 302), ledger::EntriesOf(199, 302));
  EXPECT_EQ(*store_->ReadEntries(70'000, 70'001), ledger::EntriesOf(70'000, 70'001));
  EXPECT_EQ(store_->ReadEntries(70'000, 70'002).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->ReadLeafHashes(250, 310)->substr(0, 32),
            ledger::HashBytes(ledger::LeafHash(ledger::EntryOf(250))));
  EXPECT_EQ(store_->ReadLeafHashes(250, 310)->size(), 60 * 32u);
  EXPECT_EQ(store_->ReadLeafHashes(70'000, 70'002).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->ReadTile(0, 1)->substr(0, 32),
            ledger::HashBytes(ledger::LeafHash(ledger::EntryOf(256))));
  EXPECT_EQ(store_->ReadTile(1, 1).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->ReadTileRoots(0, 0, 256), store_->ReadTile(1, 0));
  EXPECT_EQ(store_->ReadTileRoots(0, 0, 274).status().code(), absl::StatusCode::kNotFound);
  ledger::TileHashReader reader(*store_);
  for (const uint64_t index : {0u, 255u, 256u, 65'535u, 69'999u, 70'000u}) {
    const auto proof = ledger::ReadInclusionProof(index, size, reader);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(ledger::VerifyInclusion(
                    index, size, ledger::LeafHash(ledger::EntryOf(static_cast<unsigned>(index))),
                    *proof, log_->root())
                    .ok());
  }
}

TEST_F(StoreWithLogTest, RowsAndLeavesAreCommittedTogetherOrNotAtAll) {
  const base::Uuid matter = OpenMatter();
  auto batch = *log_->Prepare(ledger::EntriesOf(0, 2));
  std::vector<base::Row> rows = {RowOf(&ids_, matter, {RequestKey("r")}, "body")};
  rows[0].log_index = 1;
  ledger::LogCommit torn = batch.commit;
  torn.leaf_hashes.pop_back();
  EXPECT_EQ(base::ReasonOf(store_->Commit({rows, torn})), "LOG_COMMIT_INVALID");
  EXPECT_THAT(Bodies(RequestKey("r")), IsEmpty());
  EXPECT_FALSE(store_->ReadHead()->has_value());
  ASSERT_TRUE(store_->Commit({rows, batch.commit}).ok());
  EXPECT_THAT(Bodies(RequestKey("r")), ElementsAre("body"));
  EXPECT_EQ((*store_->ReadHead())->size, 2u);
  EXPECT_EQ((*store_->Find(RequestKey("r"), kAll))[0].log_index, 1u);
}

TEST_F(StoreWithLogTest, ACommitOnAnotherHeadIsRefusedWhole) {
  ASSERT_TRUE(Append(0, 3).ok());
  auto batch = *log_->Prepare(ledger::EntriesOf(3, 4));
  const base::Uuid matter = OpenMatter();
  const std::vector<base::Row> rows = {RowOf(&ids_, matter, {RequestKey("r")}, "body")};
  const auto refused = [&](const ledger::LogCommit& commit) {
    const absl::Status status = store_->Commit({rows, commit});
    EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
    return base::ReasonOf(status) == "LOG_HEAD_MOVED" && Bodies(RequestKey("r")).empty();
  };
  ledger::LogCommit wrong = batch.commit;
  wrong.expected_size = 2;
  EXPECT_TRUE(refused(wrong));
  wrong = batch.commit;
  wrong.expected_root[0] ^= 1;
  EXPECT_TRUE(refused(wrong));
  wrong = batch.commit;
  wrong.origin = "hedui.example/other";
  EXPECT_TRUE(refused(wrong));
  EXPECT_TRUE(store_->Commit({rows, batch.commit}).ok());
}

TEST_F(StoreWithLogTest, TwoProcessesOnOneStoreCannotForkTheLog) {
  ASSERT_TRUE(Append(0, 3).ok());
  auto second = TryOpen();
  ASSERT_TRUE(second.ok()) << second.status();
  auto second_log = *ledger::Log::Open(**second, fixture_.Signing());
  auto batch = *second_log->Prepare(ledger::EntriesOf(100, 105));
  ASSERT_TRUE((*second)->Commit({{}, batch.commit}).ok());
  second_log->Confirm();

  // The first goes on from what it knows, with leaves and without.
  EXPECT_EQ(base::ReasonOf(Append(3, 4)), "LOG_HEAD_MOVED");
  const base::Row row = MatterRow(&ids_);
  EXPECT_EQ(base::ReasonOf(Commit({row})), "LOG_HEAD_MOVED");
  // Even with a log read anew: this store no longer knows every row.
  OpenLog();
  EXPECT_EQ(base::ReasonOf(Append(3, 4)), "LOG_HEAD_MOVED");

  store_ = *std::move(second);
  log_ = std::move(second_log);
  EXPECT_TRUE(Append(105, 106).ok());
  EXPECT_EQ(*store_->ReadEntries(3, 9), ledger::EntriesOf(100, 106));
  EXPECT_THAT(Bodies(row.keys[0]), IsEmpty());
}

}  // namespace
}  // namespace hedui::store
