// The disk under a whole platform fills up, so far that a commit fits in part, or its first bytes,
// or all but its last: each call is then answered or refused with STORE_FULL, nothing is kept half,
// and the platform goes on as soon as there is room, without a restart. What it gave out it stands
// by (given_out.h).
//
// In memory; and on a real file system where HEDUI_FULL_DIRECTORY names one that is small and ours
// alone (`./dev prove diskfull`).
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "server/ledger/trust.h"
#include "server/platform.h"
#include "tests/integration/departments.h"
#include "tests/integration/given_out.h"
#include "tests/integration/running_platform.h"
#include "tests/integration/scenario.h"
#include "tests/store/forgetful_vfs.h"

namespace hedui::testing {
namespace {

using ::testing::IsEmpty;

constexpr char kOfficer[] = "XQ-0107";

std::string RequestId(int number) {
  return absl::StrCat("0195588c-2a30-7abc-8def-00000000", 1'000 + number);
}

// A disk whose room a test decides on.
class SmallDisk {
 public:
  virtual ~SmallDisk() = default;
  // Of SQLite; empty: the machine's.
  virtual std::string vfs() const { return ""; }
  // Where the store lies.
  virtual std::string directory(const Scenario& scenario) const { return scenario.Path("store"); }
  // Nothing but `bytes`, or somewhat less, is free from now on.
  virtual void LeaveRoom(uint64_t bytes) = 0;
  virtual void MakeRoom() = 0;
};

class DiskInMemory final : public SmallDisk {
 public:
  std::string vfs() const override { return disk_.vfs(); }
  void LeaveRoom(uint64_t bytes) override { disk_.SetCapacity(disk_.used() + bytes); }
  void MakeRoom() override { disk_.SetCapacity(0); }

 private:
  ForgetfulDisk disk_;
};

class RealDisk final : public SmallDisk {
 public:
  explicit RealDisk(std::string mount) : mount_(std::move(mount)) {}
  ~RealDisk() override {
    MakeRoom();
    std::filesystem::remove_all(mount_ + "/store");
  }
  std::string directory(const Scenario&) const override { return mount_ + "/store"; }
  void LeaveRoom(uint64_t bytes) override {
    MakeRoom();
    const int file = open(Ballast().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ASSERT_GE(file, 0) << Ballast();
    const std::string block(4'096, 'x');
    off_t size = 0;
    ssize_t wrote = 0;
    while ((wrote = write(file, block.data(), block.size())) > 0) size += wrote;
    ASSERT_EQ(errno, ENOSPC);
    const off_t kept = std::max<off_t>(size - static_cast<off_t>(bytes), 0);
    EXPECT_EQ(ftruncate(file, kept), 0);
    close(file);
  }
  void MakeRoom() override { std::filesystem::remove(Ballast()); }

 private:
  std::string Ballast() const { return mount_ + "/ballast"; }
  const std::string mount_;
};

class DiskFullTest : public ::testing::Test {
 protected:
  DiskFullTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    Scenario::Replace(&scenario_.catalogue_yaml, "    deadline: 2s\n", "");
    absl::StrReplaceAll({{"    simulated: {", "    deadline: 60s\n    simulated: {"}},
                        &scenario_.catalogue_yaml);
    departments_ = std::make_unique<Departments>(&scenario_);
    trust_ = *ledger::LogTrust::Load(scenario_.pki().ca_path());
    given_out_ = std::make_unique<GivenOut>(kAgency, trust_.get());
  }
  ~DiskFullTest() override { End(); }

  absl::Status Start(const SmallDisk& disk) {
    PlatformOptions options;
    options.config_file = scenario_.Path("heduid.yaml");
    options.clock = &clock_;
    options.ids = &ids_;
    options.tell = [](const base::Event&) {};
    options.on_fatal = [](const absl::Status& why) { ADD_FAILURE() << "gives up: " << why; };
    options.sqlite_vfs = disk.vfs();
    const std::string directory = disk.directory(scenario_);
    options.adjust_store = [directory](store::SqliteStoreOptions* store) {
      store->directory = directory;
    };
    HEDUI_ASSIGN_OR_RETURN(platform_, Platform::Start(std::move(options)));
    client_ = scenario_.Connect(platform_->port());
    return absl::OkStatus();
  }

  void End() {
    client_.reset();
    platform_.reset();
    if (departments_ != nullptr) given_out_->NoteQueries(departments_->TakeJournal());
  }

  absl::Status Verify(int number) {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(RequestId(number));
    given_out_->NoteAsked(RequestId(number));
    HEDUI_ASSIGN_OR_RETURN(const auto response, client_->VerifyHousehold(request, kPatience));
    given_out_->NoteReport(RequestId(number), response.verification_id(), response.envelope());
    return absl::OkStatus();
  }
  absl::Status Create(int number) {
    v1::CreateVerificationRequest request;
    *request.mutable_request() = scenario_.household;
    request.mutable_request()->mutable_header()->set_request_id(RequestId(number));
    return client_->CreateVerification(request, kPatience).status();
  }
  absl::Status ReadBack() {
    return given_out_->ReadBack(*client_, kOfficer, GivenOut::Which::kAll);
  }

  std::vector<std::string> Breaches(const SmallDisk& disk) {
    store::SqliteStoreOptions options;
    options.directory = disk.directory(scenario_);
    options.key_encryption_key_file = scenario_.Path("kek");
    options.background_thread = false;
    options.vfs = disk.vfs();
    const auto store = store::OpenSqlite(options, &ids_);
    if (!store.ok()) return {store.status().ToString()};
    return given_out_->BreachesIn(**store);
  }

  static void ExpectFull(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_EQ(base::ReasonOf(status), "STORE_FULL") << status;
  }

  void FillsUpAndServesAgain(SmallDisk* disk) {
    ASSERT_TRUE(Start(*disk).ok());
    const auto registered = client_->RegisterAuthorizations(scenario_.letters, kPatience);
    ASSERT_TRUE(registered.ok()) << registered.status();
    ASSERT_TRUE(Verify(0).ok());

    disk->LeaveRoom(0);
    ExpectFull(Verify(1));
    ExpectFull(Create(2));
    // What cannot be logged is not read.
    ExpectFull(ReadBack());
    ExpectFull(client_->RevokeAuthorization(Withdrawal(), kPatience).status());

    // A little more room each time, until both of a verification's commits fit.
    int refused = 0;
    uint64_t room = 0;
    for (absl::Status status; room < 2'000'000; room += 8'192) {
      disk->LeaveRoom(room);
      status = Verify(1);
      if (status.ok()) break;
      ++refused;
      ExpectFull(status);
      if (HasFailure()) return;
    }
    EXPECT_GT(refused, 3);
    EXPECT_LT(room, 2'000'000u);

    disk->MakeRoom();
    const absl::Status served = Verify(3);
    EXPECT_TRUE(served.ok()) << served;
    EXPECT_TRUE(Create(2).ok());
    EXPECT_TRUE(ReadBack().ok());
    End();
    EXPECT_THAT(Breaches(*disk), IsEmpty());
    EXPECT_GT(given_out_->intents_seen(), 0u) << "the journal was not read";

    // Nothing is lost to whoever starts anew; also where that happens while the disk is full.
    disk->LeaveRoom(0);
    if (Start(*disk).ok()) End();
    disk->MakeRoom();
    ASSERT_TRUE(Start(*disk).ok());
    EXPECT_TRUE(ReadBack().ok());
    EXPECT_TRUE(Verify(1).ok());
    EXPECT_TRUE(Verify(4).ok());
    End();
    EXPECT_THAT(Breaches(*disk), IsEmpty());
  }

  v1::RevokeAuthorizationRequest Withdrawal() const {
    v1::RevokeAuthorizationRequest request;
    request.set_matter_number(scenario_.letters.matter_number());
    request.set_letter_number(scenario_.letters.letters(0).letter_number());
    request.set_officer(kOfficer);
    return request;
  }

  Scenario scenario_;
  std::unique_ptr<Departments> departments_;
  std::unique_ptr<ledger::LogTrust> trust_;
  std::unique_ptr<GivenOut> given_out_;
  base::SystemClock clock_;
  base::SecureIdSource ids_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<clients::Client> client_;
};

TEST_F(DiskFullTest, ADiskInMemory) {
  scenario_.Write();
  DiskInMemory disk;
  FillsUpAndServesAgain(&disk);
}

TEST_F(DiskFullTest, ARealFileSystem) {
  const char* const directory = std::getenv("HEDUI_FULL_DIRECTORY");
  if (directory == nullptr) GTEST_SKIP() << "needs a small file system: ./dev prove diskfull";
  scenario_.Write();
  RealDisk disk(directory);
  FillsUpAndServesAgain(&disk);
}

TEST_F(DiskFullTest, AStoreThatMayNotGrowFurther) {
  Scenario::Replace(&scenario_.server_yaml, "{directory: store,",
                    "{directory: store, max_mib: 16,");
  scenario_.Write();
  DiskInMemory disk;
  ASSERT_TRUE(Start(disk).ok());
  ASSERT_TRUE(client_->RegisterAuthorizations(scenario_.letters, kPatience).ok());
  int number = 0;
  absl::Status status;
  while (number < 2'000 && (status = Verify(number)).ok()) ++number;
  ExpectFull(status);
  End();
  EXPECT_THAT(Breaches(disk), IsEmpty());
  Scenario::Replace(&scenario_.server_yaml, "max_mib: 16", "max_mib: 32");
  scenario_.Write();
  ASSERT_TRUE(Start(disk).ok());
  EXPECT_TRUE(Verify(number).ok());
  End();
  EXPECT_THAT(Breaches(disk), IsEmpty());
}

}  // namespace
}  // namespace hedui::testing
