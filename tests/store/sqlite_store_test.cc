#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/ledger/log.h"
#include "server/ledger/proof_reader.h"
#include "server/store/sqlite/connection.h"
#include "server/store/store.h"
#include "tests/ledger/log_fixture.h"
#include "tests/store/forgetful_vfs.h"
#include "tests/store/store_fixture.h"
#include "tests/support/fake_id_source.h"

namespace hedui::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr size_t kAll = 1'000;

class SqliteStoreTest : public ::testing::Test {
 protected:
  SqliteStoreTest() : options_(TestOptions(directory_, disk_.vfs())) { Open(); }

  absl::StatusOr<std::unique_ptr<Store>> TryOpen() { return OpenSqlite(options_, &ids_); }
  void Open() {
    store_.reset();
    auto opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  absl::Status Commit(std::vector<base::Row> rows) {
    return store_->Commit({std::move(rows), std::nullopt});
  }
  std::vector<std::string> Bodies(const base::LookupKey& key, size_t limit = kAll) {
    return BodiesOf(store_->Find(key, limit));
  }
  base::Uuid OpenMatter() {
    const base::Row row = MatterRow(&ids_);
    EXPECT_TRUE(Commit({row}).ok());
    return row.matter;
  }

  TemporaryDirectory directory_;
  hedui::testing::ForgetfulDisk disk_;
  hedui::testing::FakeIdSource ids_;
  SqliteStoreOptions options_;
  std::unique_ptr<Store> store_;
};

TEST_F(SqliteStoreTest, ARowIsFoundUnderEachOfItsKeysAndComesBackWhole) {
  const base::Uuid matter = OpenMatter();
  const base::Row row = RowOf(&ids_, matter, {RequestKey("r1"), PersonKey("p1")}, "body");
  ASSERT_TRUE(Commit({row}).ok());
  for (const base::LookupKey& key : row.keys) {
    const auto found = store_->Find(key, kAll);
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_EQ(found->size(), 1u);
    EXPECT_EQ((*found)[0].id, row.id);
    EXPECT_EQ((*found)[0].matter, row.matter);
    EXPECT_EQ((*found)[0].kind, row.kind);
    EXPECT_EQ((*found)[0].at, row.at);
    EXPECT_EQ((*found)[0].keys, row.keys);
    EXPECT_EQ((*found)[0].body, row.body);
    EXPECT_FALSE((*found)[0].log_index.has_value());
  }
  EXPECT_THAT(Bodies(RequestKey("r2")), IsEmpty());
}

TEST_F(SqliteStoreTest, RowsOfAKeyComeInCommitOrderAndTheLimitLeavesTheNewestOut) {
  const base::Uuid matter = OpenMatter();
  for (const char* body : {"a", "b", "c"}) {
    ASSERT_TRUE(Commit({RowOf(&ids_, matter, {PersonKey("p")}, body)}).ok());
  }
  EXPECT_THAT(Bodies(PersonKey("p")), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Bodies(PersonKey("p"), 2), ElementsAre("a", "b"));
  EXPECT_THAT(Bodies(PersonKey("p"), 0), IsEmpty());
}

TEST_F(SqliteStoreTest, ReopeningFindsEverything) {
  const base::Uuid matter = OpenMatter();
  ASSERT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey("r1")}, "one")}).ok());
  ASSERT_TRUE(store_->Maintain().ok());
  ASSERT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey("r2")}, "two")}).ok());
  const std::string digest_key = *store_->DigestKey(matter);
  Open();
  EXPECT_THAT(Bodies(RequestKey("r1")), ElementsAre("one"));
  EXPECT_THAT(Bodies(RequestKey("r2")), ElementsAre("two"));
  EXPECT_EQ(*store_->DigestKey(matter), digest_key);
  EXPECT_EQ(store_->stats().commits, 3u);
  EXPECT_EQ(store_->stats().rows, 3u);
}

TEST_F(SqliteStoreTest, ARequestOfMoreRowsThanACommitTakesIsRefusedBeforeItFailsOthers) {
  const base::Row row = MatterRow(&ids_);
  std::vector<base::Row> rows(ledger::kCommitRowsMax, row);
  EXPECT_TRUE(store_->CheckRows(rows).ok());
  rows.push_back(row);
  EXPECT_EQ(base::ReasonOf(store_->CheckRows(rows)), "ROW_INVALID");
}

TEST_F(SqliteStoreTest, NoFileHoldsBodiesOrPersonsInClear) {
  const base::Uuid matter = OpenMatter();
  ASSERT_TRUE(
      Commit({RowOf(&ids_, matter, {PersonKey("64010419900101001X")}, "deposit of 12,345.67 yuan")})
          .ok());
  ASSERT_TRUE(store_->Maintain().ok());
  for (const char* file :
       {"hedui.db", "hedui.db-wal", "keys.db", "keys.db-wal", "lookup.db", "lookup.db-wal"}) {
    const std::string content = disk_.Contents(std::string("/disk/") + file);
    EXPECT_THAT(content, Not(HasSubstr("64010419900101001X"))) << file;
    EXPECT_THAT(content, Not(HasSubstr("12,345.67"))) << file;
  }
}

TEST_F(SqliteStoreTest, DigestKeysBelongToTheirMatter) {
  const base::Uuid one = OpenMatter();
  const base::Uuid two = OpenMatter();
  EXPECT_EQ(store_->DigestKey(one)->size(), 32u);
  EXPECT_NE(*store_->DigestKey(one), *store_->DigestKey(two));
  EXPECT_EQ(base::ReasonOf(store_->DigestKey(ids_.NextId(TestTime())).status()), "MATTER_UNKNOWN");
}

TEST_F(SqliteStoreTest, AnErasedMatterIsOpenedByNobodyAndTakesNothingMore) {
  const base::Uuid erased = OpenMatter();
  const base::Uuid kept = OpenMatter();
  ASSERT_TRUE(Commit({RowOf(&ids_, erased, {RequestKey("r1"), PersonKey("p")}, "erased"),
                      RowOf(&ids_, kept, {PersonKey("p")}, "kept")})
                  .ok());
  ASSERT_TRUE(store_->EraseMatter(erased).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(base::ReasonOf(store_->Find(RequestKey("r1"), kAll).status()), "MATTER_ERASED");
    EXPECT_THAT(Bodies(PersonKey("p")), ElementsAre("kept"));
    EXPECT_EQ(base::ReasonOf(store_->DigestKey(erased).status()), "MATTER_ERASED");
    const std::vector<base::Row> more = {RowOf(&ids_, erased, {RequestKey("r2")}, "more")};
    EXPECT_EQ(base::ReasonOf(store_->CheckRows(more)), "MATTER_ERASED");
    EXPECT_EQ(base::ReasonOf(Commit(more)), "MATTER_ERASED");
    EXPECT_THAT(Bodies(RequestKey("r2")), IsEmpty());
    Open();
  }
}

TEST_F(SqliteStoreTest, AnAlteredBodyIsDataLoss) {
  const base::Uuid matter = OpenMatter();
  ASSERT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey("r1")}, "body")}).ok());
  {
    const auto connection = *Connection::Open({.path = "/disk/hedui.db", .vfs = disk_.vfs()});
    ASSERT_TRUE(connection->Execute("UPDATE rows SET at_ms=at_ms+1").ok());
  }
  EXPECT_EQ(store_->Find(RequestKey("r1"), kAll).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteStoreTest, ACommitWithOneBadRowWritesNothing) {
  const base::Uuid matter = OpenMatter();
  base::Row bad = RowOf(&ids_, matter, {RequestKey("bad")}, "bad");
  bad.at += absl::Nanoseconds(1);
  EXPECT_EQ(base::ReasonOf(Commit({RowOf(&ids_, matter, {RequestKey("good")}, "good"), bad})),
            "ROW_INVALID");
  EXPECT_THAT(Bodies(RequestKey("good")), IsEmpty());
  EXPECT_EQ(store_->stats().commits, 1u);
}

TEST_F(SqliteStoreTest, LookUpsStayRightWhileRunsAreMerged) {
  options_.run_keys = 8;
  Open();
  const base::Uuid matter = OpenMatter();
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey(number), PersonKey("p")}, number)}).ok());
    if (i % 50 == 0) {
      ASSERT_TRUE(store_->Maintain().ok());
    }
  }
  ASSERT_TRUE(store_->Maintain().ok());
  EXPECT_GT(store_->stats().runs, 0u);
  EXPECT_LT(store_->stats().unmerged_keys, 8u);
  for (int i = 0; i < 300; ++i)
    ASSERT_THAT(Bodies(RequestKey(std::to_string(i))), ElementsAre(std::to_string(i)));
  EXPECT_EQ(Bodies(PersonKey("p")).size(), 300u);
}

TEST_F(SqliteStoreTest, PagesGoFromTheNewestToTheOldestAndSayWhenThereIsNoMore) {
  const base::Uuid matter = OpenMatter();
  for (const char* body : {"a", "b", "c"}) {
    ASSERT_TRUE(Commit({RowOf(&ids_, matter, {PersonKey("p")}, body)}).ok());
  }
  const auto first = store_->FindBefore(PersonKey("p"), base::kNewestPlace, 2);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->rows.size(), 2u);
  EXPECT_EQ(first->rows[0].row.body, "c");
  EXPECT_EQ(first->rows[1].row.body, "b");
  EXPECT_EQ(first->place, first->rows[1].place);
  EXPECT_TRUE(first->more);
  const auto second = store_->FindBefore(PersonKey("p"), first->place, 2);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->rows.size(), 1u);
  EXPECT_EQ(second->rows[0].row.body, "a");
  EXPECT_FALSE(second->more);
  EXPECT_TRUE(store_->FindBefore(PersonKey("p"), second->place, 2)->rows.empty());
  EXPECT_TRUE(store_->FindBefore(PersonKey("q"), base::kNewestPlace, 2)->rows.empty());
}

TEST_F(SqliteStoreTest, PagesMissNothingAndRepeatNothingWhileRowsAreAddedAndRunsMerged) {
  options_.run_keys = 8;
  Open();
  const base::Uuid matter = OpenMatter();
  int written = 0;
  const auto add = [&] {
    const std::string number = std::to_string(written++);
    ASSERT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey(number), PersonKey("p")}, number)}).ok());
  };
  while (written < 200) add();
  std::vector<std::string> listed;
  uint64_t before = base::kNewestPlace;
  for (bool more = true; more;) {
    const auto page = store_->FindBefore(PersonKey("p"), before, 7);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const base::PlacedRow& placed : page->rows) listed.push_back(placed.row.body);
    before = page->place;
    more = page->more;
    for (int i = 0; i < 11; ++i) add();
    ASSERT_TRUE(store_->Maintain().ok());
    if (listed.size() == 98) Open();
  }
  ASSERT_EQ(listed.size(), 200u);
  for (size_t i = 0; i < listed.size(); ++i) EXPECT_EQ(listed[i], std::to_string(199 - i));
}

TEST_F(SqliteStoreTest, RowsOfErasedMattersAreLeftOutOfPagesAndPassedBy) {
  const base::Uuid erased = OpenMatter();
  const base::Uuid kept = OpenMatter();
  ASSERT_TRUE(Commit({RowOf(&ids_, kept, {PersonKey("p")}, "kept")}).ok());
  const base::Row gone = RowOf(&ids_, erased, {PersonKey("p")}, "erased");
  ASSERT_TRUE(Commit({gone}).ok());
  ASSERT_TRUE(store_->EraseMatter(erased).ok());
  const auto first = store_->FindBefore(PersonKey("p"), base::kNewestPlace, 1);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->rows.empty());
  EXPECT_TRUE(first->more);
  const auto second = store_->FindBefore(PersonKey("p"), first->place, 1);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->rows.size(), 1u);
  EXPECT_EQ(second->rows[0].row.body, "kept");
  // What stands in clear stays.
  const auto heads = store_->FindHeads(PersonKey("p"), kAll);
  ASSERT_TRUE(heads.ok()) << heads.status();
  ASSERT_EQ(heads->size(), 2u);
  EXPECT_EQ((*heads)[1].id, gone.id);
  EXPECT_EQ((*heads)[1].kind, gone.kind);
  EXPECT_EQ((*heads)[1].matter, erased);
  EXPECT_EQ((*heads)[1].at, gone.at);
  EXPECT_EQ(store_->FindHeads(PersonKey("p"), 1)->size(), 1u);
}

TEST_F(SqliteStoreTest, TheKeyOfTokensIsTheStoresOwnAndOutlivesTheProcess) {
  const std::string key = store_->TokenKey();
  EXPECT_EQ(key.size(), 32u);
  Open();
  EXPECT_EQ(store_->TokenKey(), key);
  SqliteStoreOptions other = options_;
  other.directory = "/other";
  other.key_directory = "";
  const auto another = OpenSqlite(other, &ids_);
  ASSERT_TRUE(another.ok()) << another.status();
  EXPECT_NE((*another)->TokenKey(), key);
}

TEST_F(SqliteStoreTest, ALostLookupFileIsRebuiltFromTheCommits) {
  const base::Uuid matter = OpenMatter();
  options_.run_keys = 4;
  Open();
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey(std::to_string(i))}, "b")}).ok());
  ASSERT_TRUE(store_->Maintain().ok());
  store_.reset();
  disk_.Remove("/disk/lookup.db");
  disk_.Remove("/disk/lookup.db-wal");
  Open();
  for (int i = 0; i < 20; ++i) EXPECT_THAT(Bodies(RequestKey(std::to_string(i))), ElementsAre("b"));
}

TEST_F(SqliteStoreTest, AStoreOfALaterVersionIsRefused) {
  store_.reset();
  {
    const auto connection = *Connection::Open({.path = "/disk/hedui.db", .vfs = disk_.vfs()});
    ASSERT_TRUE(connection->Execute("UPDATE store SET schema=99").ok());
  }
  const auto opened = TryOpen();
  EXPECT_EQ(base::ReasonOf(opened.status()), "STORE_SCHEMA");
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SqliteStoreTest, AStoreWithoutItsKeysIsRefusedAndNotGivenNewOnes) {
  OpenMatter();
  store_.reset();
  disk_.Remove("/disk/keys.db");
  disk_.Remove("/disk/keys.db-wal");
  EXPECT_EQ(base::ReasonOf(TryOpen().status()), "KEYS_MISSING");
  EXPECT_EQ(base::ReasonOf(TryOpen().status()), "KEYS_MISSING");
}

TEST_F(SqliteStoreTest, AnotherStoresKeysAreRefused) {
  store_.reset();
  options_.key_directory = "/other";
  EXPECT_EQ(base::ReasonOf(TryOpen().status()), "KEYS_MISSING");
  {
    SqliteStoreOptions other = options_;
    other.directory = "/other-rows";
    ASSERT_TRUE(OpenSqlite(other, &ids_).ok());
  }
  EXPECT_EQ(base::ReasonOf(TryOpen().status()), "KEYS_MISMATCH");
}

TEST_F(SqliteStoreTest, AFullDiskRefusesTheCommitWholeAndServesAgainWithRoom) {
  const base::Uuid matter = OpenMatter();
  const base::Uuid other = ids_.NextId(TestTime());  // needs a key of its own first
  int refused = 0;
  for (uint64_t room = 0; room < 400'000 && refused >= 0; room += 4'096) {
    disk_.SetCapacity(disk_.used() + room);
    const absl::Status status =
        Commit({RowOf(&ids_, matter, {RequestKey("r")}, std::string(100'000, 'x')),
                RowOf(&ids_, other, {RequestKey("r")}, "small")});
    if (status.ok()) break;
    ++refused;
    ASSERT_EQ(base::ReasonOf(status), "STORE_FULL") << status;
    ASSERT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    ASSERT_THAT(Bodies(RequestKey("r")), IsEmpty());
  }
  EXPECT_GT(refused, 5);
  EXPECT_EQ(Bodies(RequestKey("r")).size(), 2u);
  disk_.SetCapacity(0);
  ASSERT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey("s")}, "after")}).ok());
  Open();
  EXPECT_THAT(Bodies(RequestKey("s")), ElementsAre("after"));
  EXPECT_EQ(Bodies(RequestKey("r")).size(), 2u);
}

TEST_F(SqliteStoreTest, AStoreAtItsLargestRefusesTheCommitWholeUntilItMayGrow) {
  options_.max_bytes = uint64_t{1} << 20;
  Open();
  const base::Uuid matter = OpenMatter();
  int kept = 0;
  absl::Status status;
  while (kept < 100) {
    status = Commit({RowOf(&ids_, matter, {RequestKey("r")}, std::string(50'000, 'x'))});
    if (!status.ok()) break;
    ++kept;
  }
  EXPECT_EQ(base::ReasonOf(status), "STORE_FULL") << status;
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GT(kept, 5);
  EXPECT_EQ(Bodies(RequestKey("r")).size(), static_cast<size_t>(kept));
  Open();
  EXPECT_EQ(Bodies(RequestKey("r")).size(), static_cast<size_t>(kept));
  options_.max_bytes *= 2;
  Open();
  EXPECT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey("s")}, std::string(50'000, 'x'))}).ok());
  EXPECT_EQ(Bodies(RequestKey("s")).size(), 1u);
}

TEST_F(SqliteStoreTest, ALockHeldByAnotherIsWaitedForAndTriedAgain) {
  const base::Uuid matter = OpenMatter();
  disk_.DenyWriteLocks(100);  // longer than one busy timeout
  EXPECT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey("r1")}, "patient")}).ok());
  disk_.DenyWriteLocks(1'000'000);
  EXPECT_EQ(base::ReasonOf(Commit({RowOf(&ids_, matter, {RequestKey("r2")}, "in vain")})),
            "STORE_BUSY");
  disk_.DenyWriteLocks(0);
  EXPECT_THAT(Bodies(RequestKey("r2")), IsEmpty());
  EXPECT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey("r2")}, "now")}).ok());
  EXPECT_THAT(Bodies(RequestKey("r1")), ElementsAre("patient"));
  EXPECT_THAT(Bodies(RequestKey("r2")), ElementsAre("now"));
}

TEST_F(SqliteStoreTest, AFailedFlushIsResolvedAndNeverCommittedLater) {
  const base::Uuid matter = OpenMatter();
  for (const bool reached : {false, true}) {
    disk_.FailSyncs(1, reached);
    EXPECT_EQ(base::ReasonOf(Commit({RowOf(&ids_, matter, {RequestKey("lost")}, "lost")})),
              "STORE_IO");
    EXPECT_THAT(Bodies(RequestKey("lost")), IsEmpty());
    // The power fails before anything else is written.
    store_.reset();
    disk_.Reboot();
    Open();
    EXPECT_THAT(Bodies(RequestKey("lost")), IsEmpty()) << reached;
  }
  ASSERT_TRUE(Commit({RowOf(&ids_, matter, {RequestKey("r")}, "after")}).ok());
  EXPECT_THAT(Bodies(RequestKey("r")), ElementsAre("after"));
}

TEST_F(SqliteStoreTest, ADiskThatNoLongerFlushesStopsTheStoreUntilItIsOpenedAnew) {
  const base::Uuid matter = OpenMatter();
  disk_.FailSyncs(1'000, /*reached=*/false);
  const std::vector<base::Row> rows = {RowOf(&ids_, matter, {RequestKey("r")}, "body")};
  EXPECT_EQ(base::ReasonOf(Commit(rows)), "STORE_UNRESOLVED");
  disk_.FailSyncs(0, false);
  EXPECT_EQ(base::ReasonOf(Commit(rows)), "STORE_UNRESOLVED");
  Open();
  if (Bodies(RequestKey("r")).empty()) {
    ASSERT_TRUE(Commit(rows).ok());
  }
  EXPECT_THAT(Bodies(RequestKey("r")), ElementsAre("body"));
}

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

// On real files, with threads.
TEST(SqliteStoreFilesTest, ReadersAndMergingGoOnBesideCommits) {
  const TemporaryDirectory directory;
  hedui::testing::FakeIdSource ids;
  SqliteStoreOptions options = TestOptions(directory);
  options.background_thread = true;
  options.run_keys = 64;
  options.checkpoint_pages = 16;
  constexpr int kCommits = 300;
  std::vector<base::LookupKey> keys;
  for (int i = 0; i < kCommits; ++i) keys.push_back(RequestKey(std::to_string(i)));
  {
    auto store = OpenSqlite(options, &ids);
    ASSERT_TRUE(store.ok()) << store.status();
    const base::Row matter = MatterRow(&ids);
    ASSERT_TRUE((*store)->Commit({{matter}, std::nullopt}).ok());
    std::atomic<int> committed{0};
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 3; ++reader) {
      readers.emplace_back([&] {
        while (committed < kCommits) {
          const int last = committed;
          for (int i = std::max(0, last - 20); i < last; ++i) {
            const auto found = (*store)->Find(keys[static_cast<size_t>(i)], kAll);
            ASSERT_TRUE(found.ok()) << found.status();
            ASSERT_EQ(found->size(), 1u);
          }
        }
      });
    }
    for (const base::LookupKey& key : keys) {
      const base::Row row =
          RowOf(&ids, matter.matter, {key, PersonKey("p")}, std::string(8'000, 'b'));
      ASSERT_TRUE((*store)->Commit({{row}, std::nullopt}).ok());
      ++committed;
    }
    for (std::thread& reader : readers) reader.join();
    EXPECT_TRUE((*store)->stats().background.ok()) << (*store)->stats().background;
    EXPECT_EQ((*store)->Find(PersonKey("p"), kAll)->size(), static_cast<size_t>(kCommits));
  }
  auto store = OpenSqlite(options, &ids);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->Find(PersonKey("p"), kAll)->size(), static_cast<size_t>(kCommits));
  struct stat info {};
  for (const char* file : {"hedui.db", "hedui.db-wal", "lookup.db", "keys.db"}) {
    ASSERT_EQ(stat((directory.path() + "/" + file).c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << file;
  }
}

TEST_F(SqliteStoreTest, TheWriteAheadLogBeginsAnewWhenItIsOvergrown) {
  options_.checkpoint_pages = 8;
  Open();
  const base::Uuid matter = OpenMatter();
  const auto log_bytes = [this] { return disk_.Contents("/disk/hedui.db-wal").size(); };
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(Commit({RowOf(&ids_, matter, {PersonKey("p")}, std::string(8'000, 'b'))}).ok());
  }
  const size_t before = log_bytes();
  ASSERT_GT(before, 40 * 8'000u);
  ASSERT_TRUE(store_->Maintain().ok());
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(Commit({RowOf(&ids_, matter, {PersonKey("p")}, std::string(8'000, 'b'))}).ok());
    ASSERT_TRUE(store_->Maintain().ok());
  }
  EXPECT_EQ(log_bytes(), before);  // written over from its beginning
  EXPECT_EQ(Bodies(PersonKey("p")).size(), 80u);
}

TEST_F(SqliteStoreTest, ALongReadDelaysTheLogsNewBeginningAndNoCommit) {
  options_.checkpoint_pages = 1;
  Open();
  const base::Uuid matter = OpenMatter();
  const auto reader = *Connection::Open({.path = "/disk/hedui.db", .vfs = disk_.vfs()});
  ASSERT_TRUE(reader->Execute("BEGIN").ok());
  ASSERT_EQ(*reader->QueryInt("SELECT count(*) FROM rows"), 1);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Commit({RowOf(&ids_, matter, {PersonKey("p")}, "body")}).ok());
    ASSERT_TRUE(store_->Maintain().ok());
  }
  EXPECT_EQ(*reader->QueryInt("SELECT count(*) FROM rows"), 1);
  reader->Rollback();
  ASSERT_TRUE(Commit({RowOf(&ids_, matter, {PersonKey("p")}, "body")}).ok());
  ASSERT_TRUE(store_->Maintain().ok());
  EXPECT_EQ(Bodies(PersonKey("p")).size(), 21u);
}

TEST(SqliteStoreFilesTest, ADirectoryThatIsMissingIsAnError) {
  const TemporaryDirectory directory;
  hedui::testing::FakeIdSource ids;
  SqliteStoreOptions options = TestOptions(directory);
  options.directory += "/none";
  const auto opened = OpenSqlite(options, &ids);
  EXPECT_EQ(base::ReasonOf(opened.status()), "STORE_IO");
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("/none"));
}

}  // namespace
}  // namespace hedui::store
