// A store on a disk in memory that forgets what was not flushed.
#ifndef HEDUI_TESTS_STORE_SQLITE_STORE_FIXTURE_H_
#define HEDUI_TESTS_STORE_SQLITE_STORE_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/store/store.h"
#include "tests/store/forgetful_vfs.h"
#include "tests/store/store_fixture.h"
#include "tests/support/fake_id_source.h"

namespace hedui::store {

inline constexpr size_t kAll = 1'000;

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

}  // namespace hedui::store

#endif  // HEDUI_TESTS_STORE_SQLITE_STORE_FIXTURE_H_
