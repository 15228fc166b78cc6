#include "server/store/key_store.h"

#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/store/sqlite/connection.h"
#include "tests/store/forgetful_vfs.h"
#include "tests/store/store_fixture.h"
#include "tests/support/fake_id_source.h"

namespace hedui::store {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class KeyStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<KeyStore> Open(KeyEncryptionKeys keks, size_t cached = 65'536) {
    auto opened = TryOpen(std::move(keks), cached);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
  absl::StatusOr<std::unique_ptr<KeyStore>> TryOpen(KeyEncryptionKeys keks,
                                                    size_t cached = 65'536) {
    KeyStoreOptions options;
    options.path = "/disk/keys.db";
    options.key_encryption_keys = std::move(keks);
    options.vfs = disk_.vfs();
    options.cached_matters_max = cached;
    return KeyStore::Open(std::move(options), &ids_);
  }
  std::vector<base::Uuid> NewMatters(size_t count) {
    std::vector<base::Uuid> matters;
    for (size_t i = 0; i < count; ++i) matters.push_back(ids_.NextId(TestTime()));
    return matters;
  }
  static std::string ReasonFor(const KeyStore& store, const base::Uuid& matter) {
    return base::ReasonOf(store.MatterKey(matter).status());
  }

  hedui::testing::ForgetfulDisk disk_;
  hedui::testing::FakeIdSource ids_;
  const KeyEncryptionKeys one_ = {{1, std::string(32, '1')}};
  const KeyEncryptionKeys both_ = {{1, std::string(32, '1')}, {2, std::string(32, '2')}};
  const KeyEncryptionKeys two_ = {{2, std::string(32, '2')}};
};

TEST_F(KeyStoreTest, AMatterKeepsItsKeysAndSharesThemWithNoOther) {
  const std::vector<base::Uuid> matters = NewMatters(2);
  std::string row;
  std::string digest;
  {
    const auto store = Open(one_);
    ASSERT_TRUE(store->CreateMatterKeys(matters).ok());
    row = (*store->MatterKey(matters[0]))->row;
    digest = (*store->MatterKey(matters[0]))->digest;
    EXPECT_EQ(row.size(), 32u);
    EXPECT_NE(row, digest);
    EXPECT_NE(row, (*store->MatterKey(matters[1]))->row);
    ASSERT_TRUE(store->CreateMatterKeys(matters).ok());  // again: nothing changes
  }
  const auto store = Open(one_);
  EXPECT_EQ((*store->MatterKey(matters[0]))->row, row);
  EXPECT_EQ((*store->MatterKey(matters[0]))->digest, digest);
}

TEST_F(KeyStoreTest, AnUnknownMatterHasNoKey) {
  const auto store = Open(one_);
  EXPECT_EQ(ReasonFor(*store, NewMatters(1)[0]), "MATTER_UNKNOWN");
}

TEST_F(KeyStoreTest, KeysFillBucketAfterBucket) {
  const std::vector<base::Uuid> matters = NewMatters(2 * KeyStore::kBucketKeysMax + 3);
  const auto first = absl::MakeConstSpan(matters).first(200);
  const auto rest = absl::MakeConstSpan(matters).subspan(200);
  {
    const auto store = Open(one_);
    ASSERT_TRUE(store->CreateMatterKeys(first).ok());
    ASSERT_TRUE(store->CreateMatterKeys(rest).ok());
  }
  const auto store = Open(one_);
  std::set<std::string> keys;
  for (const base::Uuid& matter : matters) keys.insert((*store->MatterKey(matter))->row);
  EXPECT_EQ(keys.size(), matters.size());
}

TEST_F(KeyStoreTest, TheCacheIsBounded) {
  const auto store = Open(one_, /*cached=*/2);
  const std::vector<base::Uuid> matters = NewMatters(5);
  ASSERT_TRUE(store->CreateMatterKeys(matters).ok());
  const auto first = *store->MatterKey(matters[0]);
  for (const base::Uuid& matter : matters) ASSERT_TRUE(store->MatterKey(matter).ok());
  // Read anew, and the same.
  EXPECT_NE(*store->MatterKey(matters[0]), first);
  EXPECT_EQ((*store->MatterKey(matters[0]))->row, first->row);
}

TEST_F(KeyStoreTest, AnErasedMatterIsGoneForGoodAndItsNeighboursStay) {
  const std::vector<base::Uuid> matters = NewMatters(3);
  std::string neighbour;
  {
    const auto store = Open(one_);
    ASSERT_TRUE(store->CreateMatterKeys(matters).ok());
    neighbour = (*store->MatterKey(matters[2]))->row;
    ASSERT_TRUE(store->MatterKey(matters[1]).ok());  // cached
    ASSERT_TRUE(store->EraseMatter(matters[1]).ok());
    EXPECT_EQ(ReasonFor(*store, matters[1]), "MATTER_ERASED");
    EXPECT_TRUE(store->EraseMatter(matters[1]).ok());  // may be repeated
  }
  const auto store = Open(one_);
  EXPECT_EQ(ReasonFor(*store, matters[1]), "MATTER_ERASED");
  EXPECT_EQ((*store->MatterKey(matters[2]))->row, neighbour);
  EXPECT_EQ(base::ReasonOf(store->CreateMatterKey(matters[1])), "MATTER_ERASED");
  EXPECT_EQ(base::ReasonOf(store->EraseMatter(NewMatters(1)[0])), "MATTER_UNKNOWN");
}

TEST_F(KeyStoreTest, NoFileKeepsAnOldCopyOfAnErasedMattersBucket) {
  const std::vector<base::Uuid> matters = NewMatters(3);
  const auto store = Open(one_);
  ASSERT_TRUE(store->CreateMatterKeys(matters).ok());
  std::string sealed;
  {
    const auto connection = *Connection::Open({.path = "/disk/keys.db", .vfs = disk_.vfs()});
    Statement read = *connection->Prepare("SELECT sealed FROM buckets");
    ASSERT_TRUE(*read.Step());
    sealed = std::string(read.Blob(0));
  }
  ASSERT_THAT(disk_.Contents("/disk/keys.db-wal"), HasSubstr(sealed));
  ASSERT_TRUE(store->EraseMatter(matters[1]).ok());
  const std::string everything =
      disk_.Contents("/disk/keys.db") + disk_.Contents("/disk/keys.db-wal");
  for (size_t at = 0; at + 16 <= sealed.size(); at += 16) {
    EXPECT_EQ(everything.find(sealed.substr(at, 16)), std::string::npos) << at;
  }
}

TEST_F(KeyStoreTest, RewrappingLetsTheOldKeyEncryptionKeyGo) {
  const std::vector<base::Uuid> matters = NewMatters(300);
  std::string row;
  std::string lookup;
  {
    const auto store = Open(one_);
    ASSERT_TRUE(store->CreateMatterKeys(matters).ok());
    row = (*store->MatterKey(matters[0]))->row;
    lookup = *store->LookupKey(1);
  }
  EXPECT_EQ(base::ReasonOf(TryOpen(two_).status()), "KEK_MISSING");
  ASSERT_TRUE(Open(both_)->RewrapAll().ok());
  const auto store = Open(two_);
  EXPECT_EQ((*store->MatterKey(matters[0]))->row, row);
  EXPECT_TRUE(store->MatterKey(matters[299]).ok());
  EXPECT_EQ(*store->LookupKey(1), lookup);
}

TEST_F(KeyStoreTest, ANewerKeyEncryptionKeyWrapsWhatIsWrittenFromThenOn) {
  const std::vector<base::Uuid> matters = NewMatters(2);
  ASSERT_TRUE(Open(one_)->CreateMatterKey(matters[0]).ok());
  ASSERT_TRUE(Open(both_)->CreateMatterKey(matters[1]).ok());
  const auto store = TryOpen(one_);
  // The bucket was wrapped anew under version 2, the look-up key still stands under version 1.
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(ReasonFor(**store, matters[0]), "KEK_MISSING");
}

TEST_F(KeyStoreTest, AWrongKeyEncryptionKeyOpensNothing) {
  ASSERT_TRUE(Open(one_)->CreateMatterKey(NewMatters(1)[0]).ok());
  EXPECT_EQ(TryOpen({{1, std::string(32, 'x')}}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(KeyStoreTest, LookupKeysHaveVersionsThatStay) {
  std::string first;
  {
    const auto store = Open(one_);
    first = *store->LookupKey(1);
    ASSERT_TRUE(store->AddLookupKey().ok());
    EXPECT_NE(*store->LookupKey(2), first);
    EXPECT_EQ(base::ReasonOf(store->LookupKey(3).status()), "LOOKUP_KEY_UNKNOWN");
  }
  const auto store = Open(one_);
  EXPECT_EQ(store->LookupKeys().size(), 2u);
  EXPECT_EQ(*store->LookupKey(1), first);
}

TEST_F(KeyStoreTest, KeysAreDurableWhenCreationReturns) {
  const std::vector<base::Uuid> matters = NewMatters(2);
  std::string row;
  {
    const auto store = Open(one_);
    ASSERT_TRUE(store->CreateMatterKey(matters[0]).ok());
    row = (*store->MatterKey(matters[0]))->row;
    disk_.CutPowerAtSync(disk_.syncs() + 1, hedui::testing::ForgetfulDisk::Cut::kBefore);
    EXPECT_FALSE(store->CreateMatterKey(matters[1]).ok());
  }
  disk_.Reboot();
  const auto store = Open(one_);
  EXPECT_EQ((*store->MatterKey(matters[0]))->row, row);
  EXPECT_EQ(ReasonFor(*store, matters[1]), "MATTER_UNKNOWN");
}

TEST(KeyStoreFileTest, IsReadableByItsOwnerOnly) {
  const TemporaryDirectory directory;
  hedui::testing::FakeIdSource ids;
  KeyStoreOptions options;
  options.path = directory.path() + "/keys.db";
  options.key_encryption_keys = {{1, std::string(32, '1')}};
  ASSERT_TRUE(KeyStore::Open(options, &ids).ok());
  struct stat info {};
  ASSERT_EQ(stat(options.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(KeyEncryptionKeysTest, ReadsVersionsCommentsAndBlankLines) {
  const TemporaryDirectory directory;
  const auto keys = ReadKeyEncryptionKeys(
      directory.Write("kek", std::string("# keys\n\n") + kKekTwo + "  " + kKekOne));
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->size(), 2u);
  EXPECT_EQ(keys->rbegin()->second, std::string(32, '\x22'));
}

TEST(KeyEncryptionKeysTest, DefectsAreNamedByFileAndLineButNeverShowAKey) {
  const TemporaryDirectory directory;
  const std::pair<std::string, std::string> defects[] = {
      {std::string(kKekOne) + kKekOne, "kek:2: the version stands twice"},
      {"1 1234\n", "kek:1: the key is not 64"},
      {"0 " + std::string(64, 'a') + "\n", "kek:1: the version is not"},
      {std::string(64, 'a') + "\n", "kek:1: one word only"},
      {"1 " + std::string(64, 'A') + "\n", "kek:1: the key is not 64"},
      {"# nothing\n", "no key"},
  };
  for (const auto& [text, message] : defects) {
    const auto keys = ReadKeyEncryptionKeys(directory.Write("kek", text));
    ASSERT_FALSE(keys.ok()) << text;
    EXPECT_EQ(base::ReasonOf(keys.status()), "KEK_FILE");
    EXPECT_THAT(std::string(keys.status().message()), HasSubstr(message));
    EXPECT_THAT(std::string(keys.status().message()), Not(HasSubstr("aaaa")));
  }
  for (const std::string& path : {directory.path() + "/none", directory.path()}) {
    const absl::Status unreadable = ReadKeyEncryptionKeys(path).status();
    EXPECT_EQ(base::ReasonOf(unreadable), "KEK_FILE");
    EXPECT_THAT(std::string(unreadable.message()), HasSubstr(path + ": "));
  }
}

}  // namespace
}  // namespace hedui::store
