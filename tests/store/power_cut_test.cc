// The power is cut at every flush to disk of a scripted load, before and after it takes effect;
// after each cut the store is opened again and everything it acknowledged must be there, whole and
// once.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/status.h"
#include "server/ledger/checkpoint.h"
#include "server/ledger/log.h"
#include "server/ledger/note.h"
#include "server/ledger/proof_reader.h"
#include "server/store/store.h"
#include "tests/ledger/log_fixture.h"
#include "tests/store/forgetful_vfs.h"
#include "tests/store/store_fixture.h"
#include "tests/support/fake_id_source.h"

namespace hedui::store {
namespace {

using Disk = hedui::testing::ForgetfulDisk;

constexpr int kRequests = 24;
constexpr size_t kAll = 1'000;

std::string Request(int number) { return "request " + std::to_string(number); }

struct Acknowledged {
  std::vector<base::Row> rows;
  std::string checkpoint;  // empty: no leaf
};

// The load and what came of it, on one disk.
class Load {
 public:
  Load(Disk* disk, ledger::LogFixture* fixture, const TemporaryDirectory& directory)
      : disk_(disk), fixture_(fixture), options_(TestOptions(directory, disk->vfs())) {
    options_.run_keys = 12;  // merges every few commits
  }

  // Until the first failure, which is the cut.
  void Run() {
    if (!Open()) return;
    for (int i = 0; i < kMatters; ++i)
      matters_.push_back(MatterRow(&ids_, "matter " + std::to_string(i)));
    // Two matters at once, then one by one: a flush of the keys and one of the rows each.
    if (!Commit({matters_[0], matters_[1]}, std::nullopt)) return;
    for (int number = 0; number < kRequests; ++number) {
      if (number % 8 == 4 && !Commit({matters_[static_cast<size_t>(2 + number / 8)]}, std::nullopt))
        return;
      if (!CommitRequest(number)) return;
      if (number % 7 == 6 && !store_->Maintain().ok()) return;
      if (number == 17) {
        erasing_ = true;
        if (!store_->EraseMatter(ErasedMatter()).ok()) return;
        erased_ = true;
      }
    }
    ran_through_ = true;
  }

  void CutAndReboot(Disk::Unsynced unsynced) {
    log_.reset();
    store_.reset();
    disk_->Reboot(unsynced);
  }

  void ExpectWhole() {
    ASSERT_TRUE(Open());
    ExpectAcknowledgedRows();
    ExpectOneOrNone();
    ExpectConsistentLog();
  }

  // What a client does that was not answered: it asks, and repeats the request when it is not
  // known.
  void GoOn() {
    if (matters_.empty()) return;
    for (const base::Row& matter : matters_) {
      if (erasing_ && matter.id == ErasedMatter()) continue;
      const bool known = !store_->Find(matter.keys[0], 1)->empty();
      ASSERT_TRUE(known || Commit({matter}, std::nullopt));
    }
    for (int number = 0; number < kRequests; ++number) {
      if (MatterOf(number).id == ErasedMatter()) continue;
      const bool known = !store_->Find(RequestKey(Request(number)), 1)->empty();
      ASSERT_TRUE(known || CommitRequest(number));
    }
    ASSERT_TRUE(store_->Maintain().ok());
    for (int number = 0; number < kRequests; ++number) {
      if (MatterOf(number).id == ErasedMatter()) continue;
      ASSERT_EQ(BodiesOf(store_->Find(RequestKey(Request(number)), kAll)),
                (std::vector<std::string>{"intent", "person"}));
    }
    ExpectConsistentLog();
  }

  bool ran_through() const { return ran_through_; }
  size_t acknowledged() const { return acknowledged_.size(); }

 private:
  static constexpr int kMatters = 5;

  bool Open() {
    auto store = OpenSqlite(options_, &ids_);
    if (!store.ok()) return false;
    store_ = *std::move(store);
    auto log = ledger::Log::Open(*store_, fixture_->Signing());
    if (!log.ok()) return false;
    log_ = *std::move(log);
    return true;
  }

  const base::Row& MatterOf(int number) const { return matters_[static_cast<size_t>(number % 2)]; }
  base::Uuid ErasedMatter() const { return matters_[1].id; }

  // Two rows under one request, of which never one alone may be there, and a leaf.
  bool CommitRequest(int number) {
    if (erasing_ && MatterOf(number).id == ErasedMatter()) return true;
    const base::Uuid matter = MatterOf(number).id;
    return Commit({RowOf(&ids_, matter, {RequestKey(Request(number)), PersonKey("p1")}, "intent"),
                   RowOf(&ids_, matter, {RequestKey(Request(number)), PersonKey("p2")}, "person")},
                  ledger::EntryOf(static_cast<unsigned>(number)));
  }

  bool Commit(std::vector<base::Row> rows, std::optional<std::string> entry) {
    Acknowledged done{rows, ""};
    CommitBatch batch{std::move(rows), std::nullopt};
    if (entry.has_value()) {
      auto prepared = log_->Prepare({*entry});
      EXPECT_TRUE(prepared.ok()) << prepared.status();
      done.checkpoint = prepared->commit.checkpoint;
      batch.log = std::move(prepared->commit);
    }
    const bool committed = store_->Commit(batch).ok();
    if (entry.has_value()) committed ? log_->Confirm() : log_->Rollback();
    if (committed) acknowledged_.push_back(std::move(done));
    return committed;
  }

  void ExpectAcknowledgedRows() {
    for (const Acknowledged& commit : acknowledged_) {
      for (const base::Row& row : commit.rows) {
        for (const base::LookupKey& key : row.keys) ExpectRow(row, key);
      }
    }
    if (erased_) {
      EXPECT_EQ(base::ReasonOf(store_->DigestKey(ErasedMatter()).status()), "MATTER_ERASED");
    }
  }

  void ExpectRow(const base::Row& row, const base::LookupKey& key) {
    const auto found = store_->Find(key, kAll);
    const bool erasing = erasing_ && row.matter == ErasedMatter();
    if (erasing && base::ReasonOf(found.status()) == "MATTER_ERASED") return;
    ASSERT_TRUE(found.ok()) << found.status();
    int times = 0;
    for (const base::Row& other : *found) {
      if (other.id != row.id) continue;
      ++times;
      EXPECT_EQ(other.body, row.body);
      EXPECT_EQ(other.keys, row.keys);
    }
    // An erasure that was not answered may have happened or not.
    const bool right = erasing ? times == 0 || (times == 1 && !erased_) : times == 1;
    ASSERT_TRUE(right) << "acknowledged row " << row.id.ToString() << " is there " << times
                       << " times";
  }

  // Both rows of a request, or neither, and never the request twice.
  void ExpectOneOrNone() {
    for (int number = 0; number < kRequests; ++number) {
      const auto found = store_->Find(RequestKey(Request(number)), kAll);
      if (!found.ok()) {
        ASSERT_TRUE(erasing_) << found.status();
        continue;
      }
      ASSERT_TRUE(found->empty() || found->size() == 2) << Request(number) << ": " << found->size();
    }
  }

  void ExpectConsistentLog() {
    ledger::TileHashReader reader(*store_);
    for (const Acknowledged& commit : acknowledged_) {
      if (commit.checkpoint.empty()) continue;
      const auto old = ledger::ParseCheckpoint(ledger::ParseNote(commit.checkpoint)->text);
      ASSERT_TRUE(old.ok()) << old.status();
      ASSERT_LE(old->size, log_->size());
      const auto proof = ledger::ReadConsistencyProof(old->size, log_->size(), reader);
      ASSERT_TRUE(proof.ok()) << proof.status();
      EXPECT_TRUE(
          ledger::VerifyConsistency(old->size, log_->size(), old->root, log_->root(), *proof).ok());
      EXPECT_EQ(*store_->ReadCheckpoint(old->size), commit.checkpoint);
    }
  }

  Disk* const disk_;
  ledger::LogFixture* const fixture_;
  SqliteStoreOptions options_;
  hedui::testing::FakeIdSource ids_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ledger::Log> log_;
  std::vector<base::Row> matters_;
  std::vector<Acknowledged> acknowledged_;
  bool erasing_ = false;
  bool erased_ = false;
  bool ran_through_ = false;
};

class PowerCutTest : public ::testing::TestWithParam<std::pair<Disk::Cut, Disk::Unsynced>> {};

TEST_P(PowerCutTest, AtEveryFlushLosesNothingThatWasAcknowledged) {
  const auto [cut, unsynced] = GetParam();
  ledger::LogFixture fixture;
  const TemporaryDirectory directory;
  int syncs = 0;
  {
    Disk disk;
    Load load(&disk, &fixture, directory);
    load.Run();
    ASSERT_TRUE(load.ran_through());
    syncs = disk.syncs();
    load.CutAndReboot(unsynced);
    load.ExpectWhole();
  }
  ASSERT_GT(syncs, 40);
  size_t most_acknowledged = 0;
  for (int sync = 1; sync <= syncs; ++sync) {
    SCOPED_TRACE(sync);
    Disk disk;
    disk.CutPowerAtSync(sync, cut);
    Load load(&disk, &fixture, directory);
    load.Run();
    ASSERT_TRUE(disk.IsCut());
    load.CutAndReboot(unsynced);
    ASSERT_NO_FATAL_FAILURE(load.ExpectWhole());
    ASSERT_NO_FATAL_FAILURE(load.GoOn());
    most_acknowledged = std::max(most_acknowledged, load.acknowledged());
  }
  EXPECT_GT(most_acknowledged, 20u);
}

INSTANTIATE_TEST_SUITE_P(
    Store, PowerCutTest,
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
