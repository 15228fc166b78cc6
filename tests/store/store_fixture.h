// What the store's tests share: a directory, options, rows.
#ifndef HEDUI_TESTS_STORE_STORE_FIXTURE_H_
#define HEDUI_TESTS_STORE_STORE_FIXTURE_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/row.h"
#include "server/base/status.h"
#include "server/store/store.h"
#include "tests/support/fake_id_source.h"
#include "tests/support/temporary_directory.h"

namespace hedui::store {

using testing::TemporaryDirectory;

inline const char kKekOne[] =
    "1 1111111111111111111111111111111111111111111111111111111111111111\n";
inline const char kKekTwo[] =
    "2 2222222222222222222222222222222222222222222222222222222222222222\n";

// Options for a store without a thread of its own, so that a test decides when what happens.
inline SqliteStoreOptions TestOptions(const TemporaryDirectory& directory,
                                      const std::string& vfs = "") {
  SqliteStoreOptions options;
  options.directory = vfs.empty() ? directory.path() : "/disk";
  options.key_encryption_key_file = directory.Write("kek", kKekOne);
  options.readers = 2;
  options.cache_kib = 512;
  options.reader_cache_kib = 512;
  options.background_thread = false;
  options.vfs = vfs;
  return options;
}

inline absl::Time TestTime() { return absl::FromUnixMillis(1'740'963'600'000); }

inline base::LookupKey RequestKey(const std::string& request) {
  return {base::LookupKind::kRequest, "640104-MZ\n" + request};
}
inline base::LookupKey PersonKey(const std::string& number) {
  return {base::LookupKind::kPerson, "1\n" + number};
}

inline base::Row MatterRow(base::IdSource* ids, std::string body = "matter") {
  const base::Uuid id = ids->NextId(TestTime());
  return {
      base::RowKind::kMatter, id, id, TestTime(), {{base::LookupKind::kMatterRows, id.ToBytes()}},
      std::move(body)};
}

inline base::Row RowOf(base::IdSource* ids, const base::Uuid& matter,
                       std::vector<base::LookupKey> keys, std::string body) {
  return {base::RowKind::kIntent, ids->NextId(TestTime()), matter, TestTime(),
          std::move(keys),        std::move(body)};
}

inline std::vector<std::string> BodiesOf(const absl::StatusOr<std::vector<base::Row>>& rows) {
  std::vector<std::string> bodies;
  EXPECT_TRUE(rows.ok()) << rows.status();
  if (!rows.ok()) return bodies;
  for (const base::Row& row : *rows) bodies.push_back(row.body);
  return bodies;
}

}  // namespace hedui::store

#endif  // HEDUI_TESTS_STORE_STORE_FIXTURE_H_
