// Reading beside the process that writes: everything is found, nothing is changed.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/store/sqlite/connection.h"
#include "server/store/store.h"
#include "tests/store/store_fixture.h"
#include "tests/support/fake_id_source.h"

namespace hedui::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SqliteRowReaderTest : public ::testing::Test {
 protected:
  SqliteRowReaderTest() : options_(TestOptions(directory_)) {
    options_.run_keys = 8;
    auto opened = OpenSqlite(options_, &ids_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
    matter_ = MatterRow(&ids_);
    EXPECT_TRUE(store_->Commit({{matter_}, std::nullopt}).ok());
  }

  void Commit(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(committed_++);
      const base::Row row =
          RowOf(&ids_, matter_.matter, {RequestKey(name), PersonKey("shared")}, name);
      ASSERT_TRUE(store_->Commit({{row}, std::nullopt}).ok());
    }
  }
  std::unique_ptr<base::RowReader> OpenReader() {
    auto opened = OpenSqliteForReading(options_, &ids_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  void ExpectWhole(const base::RowReader& reader) {
    std::vector<std::string> all;
    for (int i = 0; i < committed_; ++i) {
      all.push_back(std::to_string(i));
      ASSERT_THAT(BodiesOf(reader.Find(RequestKey(std::to_string(i)), 10)),
                  ElementsAre(std::to_string(i)));
    }
    EXPECT_EQ(BodiesOf(reader.Find(PersonKey("shared"), 1'000)), all);
    EXPECT_THAT(BodiesOf(reader.Find(RequestKey("nobody's"), 10)), IsEmpty());
  }
  // Every file but SQLite's shared-memory files, which hold locks.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      if (entry.path().extension() == ".db-shm") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      files[entry.path().filename()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return files;
  }
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }

  TemporaryDirectory directory_;
  hedui::testing::FakeIdSource ids_;
  SqliteStoreOptions options_;
  std::unique_ptr<Store> store_;
  base::Row matter_;
  int committed_ = 0;
};

TEST_F(SqliteRowReaderTest, FindsWhatIsCommittedAndMergedBeforeAndAfterItWasOpened) {
  Commit(30);
  const auto early = OpenReader();
  ExpectWhole(*early);
  ASSERT_TRUE(store_->Maintain().ok());
  ExpectWhole(*early);
  ExpectWhole(*OpenReader());
  for (int round = 0; round < 5; ++round) {
    Commit(40);
    ASSERT_TRUE(store_->Maintain().ok());
    Commit(3);
    ExpectWhole(*early);
  }
  EXPECT_EQ(*early->DigestKey(matter_.matter), *store_->DigestKey(matter_.matter));
}

// `heduid --export-case` beside a running server once took the server's look-up file for another
// history's, since the server had committed and merged behind the head that it had read, and
// emptied it under the server.
TEST_F(SqliteRowReaderTest, NothingIsChangedUnderTheServer) {
  Commit(100);
  ASSERT_TRUE(store_->Maintain().ok());
  Commit(20);
  const auto before = Files();
  ExpectWhole(*OpenReader());
  EXPECT_TRUE(Files() == before);
  Commit(100);
  EXPECT_TRUE(store_->Maintain().ok()) << "its runs are where it left them";
  ExpectWhole(*store_);
}

TEST_F(SqliteRowReaderTest, RunsOfAnotherHistoryAreNotBelievedAndNotCleared) {
  Commit(60);
  ASSERT_TRUE(store_->Maintain().ok());
  ConnectionOptions lookup;
  lookup.path = Path("lookup.db");
  const auto connection = *Connection::Open(lookup);
  // Of a store whose later commits were lost with the disk.
  ASSERT_TRUE(connection->Execute("UPDATE progress SET merged_through=1000000").ok());
  ASSERT_TRUE(connection->Execute("UPDATE run_blocks SET entries=x''").ok());
  const auto before = Files();
  ExpectWhole(*OpenReader());
  ASSERT_TRUE(connection->Execute("UPDATE progress SET merged_through=5").ok());
  ExpectWhole(*OpenReader());
  EXPECT_EQ(*connection->QueryInt("SELECT merged_through FROM progress"), 5);
  EXPECT_GT(*connection->QueryInt("SELECT count(*) FROM run_blocks"), 0);
  EXPECT_EQ(Files().size(), before.size());
}

TEST_F(SqliteRowReaderTest, AMissingLookUpFileIsNeitherNeededNorMade) {
  Commit(60);
  ASSERT_TRUE(store_->Maintain().ok());
  store_.reset();
  for (const char* name : {"lookup.db", "lookup.db-wal", "lookup.db-shm"}) {
    std::filesystem::remove(Path(name));
  }
  const auto reader = OpenReader();
  EXPECT_THAT(BodiesOf(reader->Find(RequestKey("7"), 10)), ElementsAre("7"));
  EXPECT_FALSE(std::filesystem::exists(Path("lookup.db")));
}

TEST_F(SqliteRowReaderTest, WhatIsErasedIsOpenedByNobody) {
  Commit(3);
  ASSERT_TRUE(store_->EraseMatter(matter_.matter).ok());
  EXPECT_EQ(base::ReasonOf(OpenReader()->Find(RequestKey("1"), 10).status()), "MATTER_ERASED");
}

TEST_F(SqliteRowReaderTest, AStoreThatIsNotThereIsNotMade) {
  TemporaryDirectory empty;
  SqliteStoreOptions options = TestOptions(empty);
  EXPECT_EQ(base::ReasonOf(OpenSqliteForReading(options, &ids_).status()), "KEYS_MISSING");
  EXPECT_FALSE(std::filesystem::exists(empty.path() + "/hedui.db"));
  EXPECT_FALSE(std::filesystem::exists(empty.path() + "/keys.db"));
  options.key_directory = directory_.path();
  EXPECT_EQ(base::ReasonOf(OpenSqliteForReading(options, &ids_).status()), "STORE_IO");
  EXPECT_FALSE(std::filesystem::exists(empty.path() + "/hedui.db"));
}

}  // namespace
}  // namespace hedui::store
