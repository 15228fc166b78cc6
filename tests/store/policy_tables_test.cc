// The archive of policy sets in a store: what is acknowledged is there, whole, after a power cut at
// every flush, and nothing of it disturbs the commits beside it.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/policy_repository.h"
#include "server/base/status.h"
#include "server/store/sqlite/connection.h"
#include "server/store/store.h"
#include "tests/store/forgetful_vfs.h"
#include "tests/store/store_fixture.h"
#include "tests/support/fake_id_source.h"

namespace hedui::store {
namespace {

using Disk = hedui::testing::ForgetfulDisk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kStore[] = "/disk/hedui.db";

assess::PolicySet SetOf(const std::vector<assess::PolicyText>& texts) {
  assess::PolicySet set;
  for (const assess::PolicyText& text : texts) {
    set.files.push_back({text.path, base::Sha256(text.text)});
  }
  set.digest = assess::DigestOfPolicyFiles(set.files);
  return set;
}

// A nation, a region and a county, as of one year: three sets over three files.
std::vector<assess::PolicyText> TextsOf(const std::string& year) {
  return {{"640000/rules.yaml", "region of " + year},
          {"640104/standard.yaml", "county, ever the same"},
          {"national/rules.yaml", std::string(20'000, 'n') + year}};
}
assess::PolicySets SetsOf(const std::string& year) {
  const std::vector<assess::PolicyText> all = TextsOf(year);
  return {{SetOf({all[2]}), SetOf({all[0], all[2]}), SetOf(all)}, all};
}

class PolicyTablesTest : public ::testing::Test {
 protected:
  PolicyTablesTest() : options_(TestOptions(directory_, disk_.vfs())) { Open(); }

  void Open() {
    store_.reset();
    auto opened = OpenSqlite(options_, &ids_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }
  std::vector<std::string> Digests() {
    std::vector<std::string> digests;
    const auto sets = store_->ListPolicySets();
    EXPECT_TRUE(sets.ok()) << sets.status();
    for (const assess::ArchivedPolicySet& set : *sets) digests.push_back(set.digest);
    return digests;
  }
  absl::Status Execute(const char* sql) {
    const auto connection = *Connection::Open({.path = kStore, .vfs = disk_.vfs()});
    return connection->Execute(sql);
  }
  int64_t Count(const char* table) {
    const auto connection = *Connection::Open({.path = kStore, .vfs = disk_.vfs()});
    return *connection->QueryInt(std::string("SELECT count(*) FROM ") + table);
  }

  TemporaryDirectory directory_;
  Disk disk_;
  hedui::testing::FakeIdSource ids_;
  SqliteStoreOptions options_;
  std::unique_ptr<Store> store_;
};

TEST_F(PolicyTablesTest, WhatIsKeptIsReadBackByItsDigestAndListedWithDivisionAndTime) {
  EXPECT_THAT(Digests(), IsEmpty());
  const assess::PolicySets sets = SetsOf("2025");
  ASSERT_TRUE(store_->KeepPolicySets(sets, TestTime()).ok());
  Open();
  const auto listed = store_->ListPolicySets();
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->size(), 3u);
  const char* const divisions[] = {"000000", "640000", "640104"};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*listed)[i].digest, sets.sets[i].digest);
    EXPECT_EQ((*listed)[i].division, divisions[i]);
    EXPECT_EQ((*listed)[i].since, TestTime());
  }
  EXPECT_EQ(*store_->ReadPolicySet(sets.sets[2].digest), TextsOf("2025"));
  EXPECT_THAT(*store_->ReadPolicySet(sets.sets[0].digest), ElementsAre(TextsOf("2025")[2]));
}

TEST_F(PolicyTablesTest, ASetThatIsNotThereIsSaidToBeUnknownByItsDigest) {
  const auto read = store_->ReadPolicySet(std::string(32, '\x0a'));
  EXPECT_EQ(read.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(base::ReasonOf(read.status()), "POLICY_SET_UNKNOWN");
  EXPECT_THAT(std::string(read.status().message()), ::testing::HasSubstr("0a0a0a0a"));
}

TEST_F(PolicyTablesTest, AFileOfSeveralSetsIsKeptOnceAndWhatIsKeptIsNotWrittenAgain) {
  ASSERT_TRUE(store_->KeepPolicySets(SetsOf("2025"), TestTime()).ok());
  EXPECT_EQ(Count("policy_files"), 3);
  const int syncs = disk_.syncs();
  ASSERT_TRUE(store_->KeepPolicySets(SetsOf("2025"), TestTime() + absl::Hours(1)).ok());
  EXPECT_EQ(disk_.syncs(), syncs) << "nothing was to be written";
  EXPECT_EQ((*store_->ListPolicySets())[0].since, TestTime());
  ASSERT_TRUE(store_->KeepPolicySets(SetsOf("2026"), TestTime()).ok());
  EXPECT_EQ(disk_.syncs(), syncs + 1) << "all of them in one transaction";
  EXPECT_EQ(Count("policy_files"), 5) << "the county's is in the sets of both years";
  EXPECT_EQ(Count("policy_sets"), 6);
  EXPECT_EQ(*store_->ReadPolicySet(SetsOf("2025").sets[2].digest), TextsOf("2025"));
  EXPECT_EQ(*store_->ReadPolicySet(SetsOf("2026").sets[2].digest), TextsOf("2026"));
}

TEST_F(PolicyTablesTest, ASetThatIsNotWhatItIsCalledIsRefusedWhole) {
  assess::PolicySets sets = SetsOf("2025");
  sets.sets[1].digest = std::string(32, 'x');
  EXPECT_EQ(base::ReasonOf(store_->KeepPolicySets(sets, TestTime())), "POLICY_SET_INVALID");
  sets = SetsOf("2025");
  sets.texts[0].text += "altered";
  EXPECT_EQ(base::ReasonOf(store_->KeepPolicySets(sets, TestTime())), "POLICY_SET_INVALID");
  EXPECT_THAT(Digests(), IsEmpty());
  EXPECT_EQ(Count("policy_files"), 0);
}

TEST_F(PolicyTablesTest, WhatWasAlteredOnTheDiskIsNotReadAsIfItHadBeenKept) {
  const assess::PolicySets sets = SetsOf("2025");
  ASSERT_TRUE(store_->KeepPolicySets(sets, TestTime()).ok());
  ASSERT_TRUE(
      Execute("UPDATE policy_files SET bytes=x'00' WHERE path=CAST('640104/standard.yaml' AS "
              "BLOB)")
          .ok());
  EXPECT_EQ(base::ReasonOf(store_->ReadPolicySet(sets.sets[2].digest).status()), "STORE_CORRUPT");
  EXPECT_TRUE(store_->ReadPolicySet(sets.sets[1].digest).ok()) << "the region's is not concerned";
  ASSERT_TRUE(Execute("UPDATE policy_sets SET files=substr(files,5) WHERE number=2").ok());
  EXPECT_EQ(base::ReasonOf(store_->ReadPolicySet(sets.sets[1].digest).status()), "STORE_CORRUPT");
}

TEST_F(PolicyTablesTest, CommitsGoOnBeforeAndAfter) {
  const base::Row matter = MatterRow(&ids_);
  ASSERT_TRUE(store_->Commit({{matter}, std::nullopt}).ok());
  ASSERT_TRUE(store_->KeepPolicySets(SetsOf("2025"), TestTime()).ok());
  ASSERT_TRUE(
      store_->Commit({{RowOf(&ids_, matter.matter, {RequestKey("r")}, "b")}, std::nullopt}).ok());
  Open();
  EXPECT_THAT(BodiesOf(store_->Find(RequestKey("r"), 2)), ElementsAre("b"));
  EXPECT_EQ(Digests().size(), 3u);
}

TEST_F(PolicyTablesTest, WhereAnotherProcessHasWrittenNothingIsKept) {
  const auto other = *OpenSqlite(options_, &ids_);
  ASSERT_TRUE(other->Commit({{MatterRow(&ids_)}, std::nullopt}).ok());
  EXPECT_EQ(base::ReasonOf(store_->KeepPolicySets(SetsOf("2025"), TestTime())), "LOG_HEAD_MOVED");
  EXPECT_EQ(base::ReasonOf(store_->Commit({{MatterRow(&ids_)}, std::nullopt})), "LOG_HEAD_MOVED");
  EXPECT_THAT(Digests(), IsEmpty());
}

TEST_F(PolicyTablesTest, AFullDiskKeepsNothingAndWithRoomAllOfIt) {
  int refused = 0;
  for (uint64_t room = 0; room < 200'000; room += 4'096) {
    disk_.SetCapacity(disk_.used() + room);
    const absl::Status kept = store_->KeepPolicySets(SetsOf("2025"), TestTime());
    if (kept.ok()) break;
    ASSERT_EQ(base::ReasonOf(kept), "STORE_FULL") << kept;
    ASSERT_THAT(Digests(), IsEmpty());
    ++refused;
  }
  EXPECT_GT(refused, 1);
  EXPECT_EQ(Digests().size(), 3u);
  disk_.SetCapacity(disk_.used());
  EXPECT_TRUE(store_->KeepPolicySets(SetsOf("2025"), TestTime()).ok()) << "they are there already";
}

TEST_F(PolicyTablesTest, ALockThatIsTakenForAWhileIsWaitedFor) {
  disk_.DenyWriteLocks(1);
  EXPECT_TRUE(store_->KeepPolicySets(SetsOf("2025"), TestTime()).ok());
  EXPECT_EQ(Digests().size(), 3u);
}

// A failed flush leaves open whether the sets are there; the commits behind it must not care.
TEST_F(PolicyTablesTest, AFlushThatFailsIsToldAndDisturbsNoCommit) {
  for (const bool reached : {false, true}) {
    const std::string year = reached ? "2026" : "2025";
    disk_.FailSyncs(1, reached);
    EXPECT_FALSE(store_->KeepPolicySets(SetsOf(year), TestTime()).ok());
    const base::Row matter = MatterRow(&ids_);
    ASSERT_TRUE(store_->Commit({{matter}, std::nullopt}).ok());
    store_.reset();
    disk_.Reboot();
    Open();
    EXPECT_EQ(store_->Find(matter.keys[0], 2)->size(), 1u);
    ASSERT_TRUE(store_->KeepPolicySets(SetsOf(year), TestTime()).ok());
    EXPECT_EQ(*store_->ReadPolicySet(SetsOf(year).sets[2].digest), TextsOf(year));
  }
}

TEST_F(PolicyTablesTest, AnOlderStoreHasNoneUntilItIsOpenedForWriting) {
  store_.reset();
  ASSERT_TRUE(
      Execute("DROP TABLE policy_files; DROP TABLE policy_sets; UPDATE store SET schema=1").ok());
  EXPECT_EQ(base::ReasonOf(OpenSqlitePolicies(options_).status()), "STORE_SCHEMA");
  Open();
  ASSERT_TRUE(store_->KeepPolicySets(SetsOf("2025"), TestTime()).ok());
  const auto beside = OpenSqlitePolicies(options_);
  ASSERT_TRUE(beside.ok()) << beside.status();
  EXPECT_EQ((*beside)->ListPolicySets()->size(), 3u);
  EXPECT_EQ(*(*beside)->ReadPolicySet(SetsOf("2025").sets[2].digest), TextsOf("2025"));
  EXPECT_EQ(base::ReasonOf((*beside)->KeepPolicySets(SetsOf("2026"), TestTime())),
            "STORE_READ_ONLY");
}

class PolicyPowerCutTest : public ::testing::TestWithParam<std::pair<Disk::Cut, Disk::Unsynced>> {};

TEST_P(PolicyPowerCutTest, AtEveryFlushEachSetIsWholeOrAbsentAndWhatWasAcknowledgedIsThere) {
  const auto [cut, unsynced] = GetParam();
  const char* const years[] = {"2024", "2025", "2026"};
  const TemporaryDirectory directory;
  int syncs = 0;
  for (int sync = 0; sync == 0 || sync <= syncs; ++sync) {
    SCOPED_TRACE(sync);
    Disk disk;
    hedui::testing::FakeIdSource ids;
    const SqliteStoreOptions options = TestOptions(directory, disk.vfs());
    if (sync > 0) disk.CutPowerAtSync(sync, cut);
    std::vector<std::string> acknowledged;
    if (auto store = OpenSqlite(options, &ids); store.ok()) {
      for (const char* year : years) {
        if (!(*store)->KeepPolicySets(SetsOf(year), TestTime()).ok()) break;
        acknowledged.emplace_back(year);
        // Commits in between, one of which may be what is cut.
        if (!(*store)->Commit({{MatterRow(&ids)}, std::nullopt}).ok()) break;
      }
    }
    if (sync == 0) {
      ASSERT_EQ(acknowledged.size(), 3u);
      syncs = disk.syncs();
      ASSERT_GE(syncs, 6);
      continue;
    }
    ASSERT_TRUE(disk.IsCut());
    disk.Reboot(unsynced);
    auto store = OpenSqlite(options, &ids);
    ASSERT_TRUE(store.ok()) << store.status();
    const auto listed = (*store)->ListPolicySets();
    ASSERT_TRUE(listed.ok()) << listed.status();
    ASSERT_EQ(listed->size() % 3, 0u) << "all sets of a year, or none";
    for (const assess::ArchivedPolicySet& set : *listed) {
      ASSERT_TRUE((*store)->ReadPolicySet(set.digest).ok());
    }
    for (const std::string& year : acknowledged) {
      ASSERT_EQ(*(*store)->ReadPolicySet(SetsOf(year).sets[2].digest), TextsOf(year)) << year;
    }
    for (const char* year : years) {
      ASSERT_TRUE((*store)->KeepPolicySets(SetsOf(year), TestTime()).ok());
    }
    ASSERT_EQ((*store)->ListPolicySets()->size(), 9u);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Store, PolicyPowerCutTest,
    ::testing::Values(std::pair(Disk::Cut::kBefore, Disk::Unsynced::kForgotten),
                      std::pair(Disk::Cut::kAfter, Disk::Unsynced::kForgotten),
                      std::pair(Disk::Cut::kBefore, Disk::Unsynced::kEveryOther),
                      std::pair(Disk::Cut::kAfter, Disk::Unsynced::kEveryOther)),
    [](const auto& combination) {
      return std::string(combination.param.first == Disk::Cut::kBefore ? "BeforeIt" : "AfterIt") +
             (combination.param.second == Disk::Unsynced::kForgotten ? "ForgettingTheRest"
                                                                     : "KeepingEveryOtherWrite");
    });

}  // namespace
}  // namespace hedui::store
