#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/store/sqlite/connection.h"
#include "server/store/store.h"
#include "tests/store/sqlite_store_fixture.h"

namespace hedui::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
