#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
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
using ::testing::Not;

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

TEST_F(SqliteStoreTest, RowsThatCannotBeOpenedAreInThePageOfWhoGoesPastThem) {
  const base::Uuid matter = OpenMatter();
  for (const char* body : {"a", "b", "c"}) {
    ASSERT_TRUE(Commit({RowOf(&ids_, matter, {PersonKey("p")}, body)}).ok());
  }
  const uint64_t lost = store_->FindBefore(PersonKey("p"), base::kNewestPlace, 2)->place;
  {
    const auto connection = *Connection::Open({.path = "/disk/hedui.db", .vfs = disk_.vfs()});
    const std::string change = "UPDATE rows SET at_ms=at_ms+1 WHERE row=" + std::to_string(lost);
    ASSERT_TRUE(connection->Execute(change.c_str()).ok());
  }
  EXPECT_TRUE(absl::IsDataLoss(store_->FindBefore(PersonKey("p"), base::kNewestPlace, 2).status()));
  const auto page = store_->FindBeforeWithLost(PersonKey("p"), base::kNewestPlace, 2);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->rows.size(), 2u);
  EXPECT_EQ(page->rows[0].row.body, "c");
  EXPECT_TRUE(page->rows[0].lost.ok());
  EXPECT_EQ(page->rows[1].place, lost);
  EXPECT_TRUE(absl::IsDataLoss(page->rows[1].lost));
  EXPECT_EQ(page->rows[1].row.body, "");
  EXPECT_EQ(page->place, lost);
  EXPECT_TRUE(page->more);
  EXPECT_EQ(store_->FindBeforeWithLost(PersonKey("p"), lost, 2)->rows[0].row.body, "a");
}

// keys.db comes from a backup that is older than the matter.
TEST_F(SqliteStoreTest, RowsOfAMatterThatHasNoKeyAreInThePageOfWhoGoesPastThem) {
  const base::Uuid kept = OpenMatter();
  const base::Uuid keyless = OpenMatter();
  ASSERT_TRUE(Commit({RowOf(&ids_, kept, {PersonKey("p")}, "kept")}).ok());
  ASSERT_TRUE(Commit({RowOf(&ids_, keyless, {PersonKey("p")}, "keyless")}).ok());
  store_.reset();
  {
    const auto keys = *Connection::Open({.path = "/disk/keys.db", .vfs = disk_.vfs()});
    const std::string remove = absl::StrCat("DELETE FROM matters WHERE matter=x'",
                                            absl::BytesToHexString(keyless.ToBytes()), "'");
    ASSERT_TRUE(keys->Execute(remove.c_str()).ok());
  }
  Open();
  EXPECT_EQ(base::ReasonOf(store_->FindBefore(PersonKey("p"), base::kNewestPlace, kAll).status()),
            "KEYS_MISSING");
  const auto page = store_->FindBeforeWithLost(PersonKey("p"), base::kNewestPlace, kAll);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(page->rows.size(), 2u);
  EXPECT_EQ(base::ReasonOf(page->rows[0].lost), "KEYS_MISSING");
  EXPECT_EQ(page->rows[1].row.body, "kept");
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

}  // namespace
}  // namespace hedui::store
