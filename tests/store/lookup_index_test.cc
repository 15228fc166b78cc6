#include "server/store/sqlite/lookup_index.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "tests/store/forgetful_vfs.h"
#include "tests/store/store_fixture.h"

namespace hedui::store {
namespace {

LookupDigest DigestOf(uint64_t number) {
  return DigestLookup("key", RequestKey(std::to_string(number)));
}

// An index over a history of commits of four rows with two keys each: one of the row's own, one
// that every seventh row shares.
class LookupIndexTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kRowsPerCommit = 4;
  static constexpr uint64_t kShared = 1'000'000;

  void Open(size_t run_keys) {
    reader_.reset();
    index_.reset();
    ConnectionOptions options;
    options.path = "/disk/lookup.db";
    options.vfs = disk_.vfs();
    options.create = true;
    options.synchronous_full = false;
    CommitHistory history{store_, [this](uint64_t commit) -> std::string {
                            return commit > commits_ ? "" : TokenOf(commit);
                          }};
    auto opened = LookupIndex::Open(options, run_keys, history);
    ASSERT_TRUE(opened.ok()) << opened.status();
    index_ = *std::move(opened);
    for (uint64_t commit = index_->merged_through() + 1; commit <= commits_; ++commit)
      AddToIndex(commit);
    options.create = false;
    reader_ = *RunTables::Open(options);
  }

  std::string TokenOf(uint64_t commit) const { return history_name_ + std::to_string(commit); }

  void AddToIndex(uint64_t commit) {
    std::vector<IndexEntry> entries;
    for (uint64_t row = (commit - 1) * kRowsPerCommit + 1; row <= commit * kRowsPerCommit; ++row) {
      entries.push_back({DigestOf(row), row});
      entries.push_back({DigestOf(kShared + row % 7), row});
    }
    std::sort(entries.begin(), entries.end());
    index_->Add(commit, TokenOf(commit), entries);
  }

  void Commit(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) AddToIndex(++commits_);
  }

  void MergeAll() {
    while (true) {
      const auto worked = index_->MergeStep();
      ASSERT_TRUE(worked.ok()) << worked.status();
      if (!*worked) return;
    }
  }

  std::vector<uint64_t> Find(uint64_t number) {
    auto rows = index_->Find(reader_.get(), DigestOf(number));
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? *rows : std::vector<uint64_t>{};
  }

  // The same from the newest on, `limit` at a time.
  std::vector<uint64_t> FindInPages(uint64_t number, size_t limit) {
    std::vector<uint64_t> all;
    uint64_t before = INT64_MAX;
    while (true) {
      auto rows = index_->FindBefore(reader_.get(), DigestOf(number), before, limit);
      EXPECT_TRUE(rows.ok()) << rows.status();
      if (!rows.ok() || rows->empty()) break;
      EXPECT_LE(rows->size(), limit);
      EXPECT_LT(rows->front(), before);
      all.insert(all.end(), rows->begin(), rows->end());
      before = all.back();
    }
    std::reverse(all.begin(), all.end());
    return all;
  }

  void ExpectWhole() {
    const uint64_t rows = commits_ * kRowsPerCommit;
    for (uint64_t row = 1; row <= rows; ++row) ASSERT_EQ(Find(row), std::vector<uint64_t>{row});
    for (uint64_t shared = 0; shared < 7; ++shared) {
      std::vector<uint64_t> expected;
      for (uint64_t row = 1; row <= rows; ++row) {
        if (row % 7 == shared) expected.push_back(row);
      }
      ASSERT_EQ(Find(kShared + shared), expected);
      for (const size_t limit : {1u, 37u, 100'000u}) {
        if (limit == 1 && expected.size() > 100) continue;  // as many look-ups as rows
        ASSERT_EQ(FindInPages(kShared + shared, limit), expected);
      }
    }
    EXPECT_TRUE(Find(rows + 1).empty());
  }

  hedui::testing::ForgetfulDisk disk_;
  std::string store_ = "store";
  std::string history_name_ = "first ";
  uint64_t commits_ = 0;
  std::unique_ptr<LookupIndex> index_;
  std::unique_ptr<RunTables> reader_;
};

TEST_F(LookupIndexTest, FindsWhatIsInMemoryOnly) {
  Open(1'000);
  Commit(20);
  EXPECT_EQ(index_->runs(), 0u);
  ExpectWhole();
}

TEST_F(LookupIndexTest, FindsTheSameBeforeWhileAndAfterMerging) {
  Open(/*run_keys=*/64);  // eight commits make a run
  for (int round = 0; round < 40; ++round) {
    Commit(8);
    if (round % 7 == 0) ExpectWhole();
    while (!index_->HasRoom()) ASSERT_TRUE(index_->MergeStep().ok());
  }
  ExpectWhole();
  while (true) {
    const auto worked = index_->MergeStep();
    ASSERT_TRUE(worked.ok()) << worked.status();
    ExpectWhole();
    if (!*worked) break;
  }
}

TEST_F(LookupIndexTest, MergingBoundsTheNumberOfRuns) {
  Open(/*run_keys=*/8);  // every commit makes a run
  for (int round = 0; round < 600; ++round) {
    Commit(1);
    MergeAll();
    // Seven runs on each of three levels, and what 600 = 1 * 512 + 1 * 64 + 3 * 8 makes on the
    // last.
    ASSERT_LE(index_->runs(), 3 * (LookupIndex::kFanOut - 1) + 2u);
  }
  EXPECT_EQ(index_->unmerged_keys(), 0u);
  ExpectWhole();
}

TEST_F(LookupIndexTest, SaysWhatItsMemoryIs) {
  constexpr size_t kRunKeys = 6'000;
  Open(kRunKeys);
  EXPECT_EQ(index_->memory_bytes(), 0u) << "an idle store takes none";
  Commit(1);
  const size_t table = index_->memory_bytes();
  EXPECT_GE(table, kRunKeys * sizeof(IndexEntry));
  Commit(kRunKeys / (2 * kRowsPerCommit) - 2);
  EXPECT_EQ(index_->memory_bytes(), table) << "taken at once, not step by step";
  Commit(1);
  EXPECT_EQ(index_->unmerged_keys(), kRunKeys) << "waits to be merged";
  EXPECT_EQ(index_->memory_bytes(), table);
  MergeAll();
  ASSERT_EQ(index_->runs(), 1u);
  // Ten bits an entry, and eight bytes a block of 160.
  EXPECT_GE(index_->memory_bytes(), kRunKeys * 10 / 8);
  EXPECT_LE(index_->memory_bytes(), kRunKeys * 11 / 8);
  const size_t runs = index_->memory_bytes();
  Open(kRunKeys);
  EXPECT_EQ(index_->memory_bytes(), runs) << "after a start too";
}

TEST_F(LookupIndexTest, ADigestOfManyRowsIsFoundAcrossBlocks) {
  Open(/*run_keys=*/6'000);
  Commit(750);  // 3,000 rows: each shared digest fills more than two blocks
  MergeAll();
  ASSERT_EQ(index_->runs(), 1u);
  ExpectWhole();
}

TEST_F(LookupIndexTest, ReopeningReadsTheRunsAndAsksForTheRest) {
  Open(64);
  Commit(100);
  MergeAll();
  const uint64_t merged = index_->merged_through();
  EXPECT_EQ(merged, 96u);
  Commit(3);
  Open(64);
  EXPECT_EQ(index_->merged_through(), merged);
  ExpectWhole();
}

TEST_F(LookupIndexTest, WhatAKilledMergeLeftBehindIsDeleted) {
  Open(64);
  Commit(8 * 8);
  while (index_->NeedsMerge()) ASSERT_TRUE(index_->MergeStep().ok());
  ASSERT_EQ(index_->runs(), 8u);
  // Written, and the sources not deleted yet.
  ASSERT_TRUE(index_->MergeStep().ok());
  ASSERT_EQ(index_->runs(), 1u);
  Open(64);
  MergeAll();
  ExpectWhole();
  EXPECT_EQ(*reader_->connection()->QueryInt("SELECT count(*) FROM runs"), 1);
  EXPECT_EQ(*reader_->connection()->QueryInt("SELECT count(DISTINCT id>>32) FROM run_blocks"), 1);
}

TEST_F(LookupIndexTest, RunsOfAnotherStoreOrHistoryAreThrownAway) {
  Open(64);
  Commit(32);
  MergeAll();
  ASSERT_EQ(index_->merged_through(), 32u);
  // A backup of the commits was put back, and others followed.
  history_name_ = "second ";
  Open(64);
  EXPECT_EQ(index_->merged_through(), 0u);
  MergeAll();
  ExpectWhole();
  store_ = "another";
  Open(64);
  EXPECT_EQ(index_->merged_through(), 0u);
  MergeAll();
  // Older commits than the runs.
  commits_ = 8;
  Open(64);
  EXPECT_EQ(index_->merged_through(), 0u);
  ExpectWhole();
}

TEST_F(LookupIndexTest, ALostFileIsRebuilt) {
  Open(64);
  Commit(40);
  MergeAll();
  reader_.reset();
  index_.reset();
  disk_.Remove("/disk/lookup.db");
  disk_.Remove("/disk/lookup.db-wal");
  Open(64);
  MergeAll();
  ExpectWhole();
}

TEST_F(LookupIndexTest, AMergeThatFailsBeginsAgain) {
  Open(64);
  Commit(8 * 8);
  while (index_->NeedsMerge()) ASSERT_TRUE(index_->MergeStep().ok());
  disk_.SetCapacity(disk_.used());
  const auto failed = index_->MergeStep();
  EXPECT_EQ(base::ReasonOf(failed.status()), "STORE_FULL");
  ExpectWhole();
  disk_.SetCapacity(0);
  MergeAll();
  EXPECT_EQ(index_->runs(), 1u);
  ExpectWhole();
}

TEST_F(LookupIndexTest, AFilterLetsEverythingPresentThroughAndLittleElse) {
  RunBuilder builder(1, 0, 1, 1, 10'000);
  std::vector<IndexEntry> entries;
  for (uint64_t i = 0; i < 10'000; ++i) entries.push_back({DigestOf(i), i});
  std::sort(entries.begin(), entries.end());
  uint32_t number = 0;
  for (const IndexEntry& entry : entries) {
    if (builder.Add(entry)) builder.TakeBlock(&number);
  }
  const store::Run run = builder.Finish();
  int let_through = 0;
  for (uint64_t i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(run.MayHold(DigestOf(i)));
    let_through += run.MayHold(DigestOf(20'000 + i)) ? 1 : 0;
  }
  EXPECT_LT(let_through, 200);
}

}  // namespace
}  // namespace hedui::store
