// The power fails at each flush to disk that a whole platform makes, from its first start to its
// end, before the flush takes effect and after; the disk forgets what was not flushed, or keeps
// parts of it. Started again on what is left, the platform must stand by all that it gave out
// (given_out.h) and go on. tests/store/power_cut_test.cc does the same to the store alone, with
// merges and erasures.
#include <iterator>
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

using Disk = ForgetfulDisk;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kOfficer[] = "XQ-0107";
constexpr const char* kRequests[] = {"0195588c-2a30-7abc-8def-000000000001",
                                     "0195588c-2a30-7abc-8def-000000000002"};

// The scenario and its departments, which outlive every platform.
struct World {
  World() {
    Scenario::Replace(&scenario.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    // However slow the machine, no query is given up: a department would note it after its platform
    // has ended, and it would be taken for one of the next disk's.
    Scenario::Replace(&scenario.catalogue_yaml, "    deadline: 2s\n", "");
    absl::StrReplaceAll({{"    simulated: {", "    deadline: 60s\n    simulated: {"}},
                        &scenario.catalogue_yaml);
    departments = std::make_unique<Departments>(&scenario);
    trust = *ledger::LogTrust::Load(scenario.pki().ca_path());
  }

  Scenario scenario;
  std::unique_ptr<Departments> departments;
  std::unique_ptr<ledger::LogTrust> trust;
  base::SystemClock clock;
  base::SecureIdSource ids;
};

// A platform on one disk, in as many lives as it has, and all it gave out in them.
class Platforms {
 public:
  Platforms(World* world, Disk* disk)
      : world_(*world), disk_(*disk), given_out_(kAgency, world->trust.get()) {}

  absl::Status Start() {
    PlatformOptions options;
    options.config_file = world_.scenario.Path("heduid.yaml");
    options.clock = &world_.clock;
    options.ids = &world_.ids;
    options.tell = [](const base::Event&) {};
    options.sqlite_vfs = disk_.vfs();
    HEDUI_ASSIGN_OR_RETURN(platform_, Platform::Start(std::move(options)));
    client_ = world_.scenario.Connect(platform_->port());
    return absl::OkStatus();
  }

  absl::Status Register() {
    if (registered_) return absl::OkStatus();
    HEDUI_RETURN_IF_ERROR(
        client_->RegisterAuthorizations(world_.scenario.letters, kPatience).status());
    registered_ = true;
    return absl::OkStatus();
  }

  absl::Status Verify(const std::string& request_id) {
    v1::VerifyHouseholdRequest request = world_.scenario.household;
    request.mutable_header()->set_request_id(request_id);
    given_out_.NoteAsked(request_id);
    HEDUI_ASSIGN_OR_RETURN(const auto response, client_->VerifyHousehold(request, kPatience));
    given_out_.NoteReport(request_id, response.verification_id(), response.envelope());
    return absl::OkStatus();
  }

  // Reads what was given out earlier; then does what is not done yet, and reads that.
  absl::Status Work() {
    HEDUI_RETURN_IF_ERROR(given_out_.ReadBack(*client_, kOfficer, GivenOut::Which::kAll));
    HEDUI_RETURN_IF_ERROR(Register());
    for (const char* request_id : kRequests) HEDUI_RETURN_IF_ERROR(Verify(request_id));
    return given_out_.ReadBack(*client_, kOfficer, GivenOut::Which::kUnread);
  }

  void End() {
    client_.reset();
    platform_.reset();
    given_out_.NoteQueries(world_.departments->TakeJournal());
  }

  // The first life, which the cut may end anywhere.
  absl::Status Live() {
    absl::Status status = Start();
    if (status.ok()) status = Work();
    End();
    return status;
  }

  // Read beside the platform, where there is one.
  std::vector<std::string> Breaches() {
    const auto store = world_.scenario.OpenStore(disk_.vfs());
    if (store == nullptr) return {"the store cannot be opened"};
    return given_out_.BreachesIn(*store);
  }

  const GivenOut& given_out() const { return given_out_; }

 private:
  World& world_;
  Disk& disk_;
  GivenOut given_out_;
  bool registered_ = false;  // and the caller was told so
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<clients::Client> client_;
};

class PlatformPowerCutTest : public ::testing::TestWithParam<std::pair<Disk::Cut, Disk::Unsynced>> {
};

TEST_P(PlatformPowerCutTest, AtEveryFlushLosesNothingGivenOutAndDoesNothingTwice) {
  const auto [cut, unsynced] = GetParam();
  World world;
  int syncs = 0;
  {
    Disk disk;
    Platforms uncut(&world, &disk);
    const absl::Status lived = uncut.Live();
    ASSERT_TRUE(lived.ok()) << lived;
    ASSERT_THAT(uncut.Breaches(), IsEmpty());
    ASSERT_EQ(uncut.given_out().reports(), std::size(kRequests));
    ASSERT_GT(uncut.given_out().intents_seen(), 0u) << "the journal was not read";
    syncs = disk.syncs();
  }
  ASSERT_GE(syncs, 7) << "letters, two intents, two reports and two readings are flushed each";
  size_t lives_cut_with_all_given_out = 0;
  for (int sync = 1; sync <= syncs; ++sync) {
    SCOPED_TRACE(sync);
    Disk disk;
    disk.CutPowerAtSync(sync, cut);
    Platforms platforms(&world, &disk);
    platforms.Live().IgnoreError();
    ASSERT_TRUE(disk.IsCut());
    if (platforms.given_out().reports() == std::size(kRequests)) ++lives_cut_with_all_given_out;
    disk.Reboot(unsynced);
    const absl::Status started = platforms.Start();
    ASSERT_TRUE(started.ok()) << started;
    ASSERT_THAT(platforms.Breaches(), IsEmpty());
    const absl::Status worked = platforms.Work();
    ASSERT_TRUE(worked.ok()) << worked;
    platforms.End();
    ASSERT_THAT(platforms.Breaches(), IsEmpty());
  }
  EXPECT_GT(lives_cut_with_all_given_out, 0u) << "cut while reading, or at the end";
}

INSTANTIATE_TEST_SUITE_P(
    Platform, PlatformPowerCutTest,
    ::testing::Values(std::pair(Disk::Cut::kBefore, Disk::Unsynced::kForgotten),
                      std::pair(Disk::Cut::kAfter, Disk::Unsynced::kForgotten),
                      std::pair(Disk::Cut::kBefore, Disk::Unsynced::kEveryOther),
                      std::pair(Disk::Cut::kAfter, Disk::Unsynced::kEveryOther)),
    [](const auto& combination) {
      return std::string(combination.param.first == Disk::Cut::kBefore ? "BeforeIt" : "AfterIt") +
             (combination.param.second == Disk::Unsynced::kForgotten ? "ForgettingTheRest"
                                                                     : "KeepingEveryOtherWrite");
    });

// What the test above rests on: where something is lost, it is found missing.
TEST(PlatformOnALyingDiskTest, WhatItLosesIsNoticed) {
  World world;
  Disk disk;
  Platforms platforms(&world, &disk);
  ASSERT_TRUE(platforms.Start().ok());
  ASSERT_TRUE(platforms.Register().ok());
  platforms.End();
  disk.PretendToSync();
  ASSERT_TRUE(platforms.Live().ok());
  ASSERT_THAT(platforms.Breaches(), IsEmpty());
  disk.Reboot();
  const std::vector<std::string> lost = platforms.Breaches();
  EXPECT_THAT(lost, Contains(HasSubstr(absl::StrCat(kRequests[0], " is gone"))));
  EXPECT_THAT(lost, Contains(HasSubstr(absl::StrCat(kRequests[1], " is gone"))));
  EXPECT_THAT(lost, Contains(HasSubstr("a checkpoint was given out at")));
  EXPECT_THAT(lost, Contains(HasSubstr("which the log does not have")));
  ASSERT_TRUE(platforms.Start().ok());
  ASSERT_TRUE(platforms.Verify(kRequests[0]).ok());
  EXPECT_THAT(platforms.Breaches(), Contains(HasSubstr("has two verifications")));
  platforms.End();
}

}  // namespace
}  // namespace hedui::testing
