// The policy sets that a platform keeps: in force only once they are kept, there after a kill at
// any moment, and enough to compute a case again after the policies have changed. And a case of an
// older engine, kept in tests/integration/stores.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/assessor.h"
#include "server/assess/policy_archive.h"
#include "server/assess/policy_pack.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/match/matcher.h"
#include "server/report/case_bundle.h"
#include "server/report/replay.h"
#include "tests/integration/departments.h"
#include "tests/integration/running_platform.h"
#include "tests/store/forgetful_vfs.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kDivision[] = "640104";

report::ReplayResult ReplayUnder(const assess::PolicyPack& pack, const report::CaseBundle& bundle) {
  report::ReplayEngines engines;
  engines.match = [&pack](const match::MatchInput& input) {
    return match::Match(input, pack.discrepancy_rules());
  };
  engines.assess = [&pack](const assess::Case& c) { return assess::Assess(pack, c); };
  auto result = report::Replay(bundle, engines);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : report::ReplayResult();
}

class PolicyArchiveTest : public ::testing::Test {
 protected:
  PolicyArchiveTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    fs::copy(absl::StrCat(HEDUI_SOURCE_DIR, "/policies"), scenario_.Path("policies"),
             fs::copy_options::recursive);
    Scenario::Replace(&scenario_.server_yaml,
                      absl::StrCat("policies_dir: ", HEDUI_SOURCE_DIR, "/policies"),
                      "policies_dir: policies");
  }

  // Puts another policy of the county in place; gives the digest of its set.
  std::string SetStandard(int yuan) {
    const std::string path = scenario_.Path("policies/640104/standard.yaml");
    std::string text = *base::ReadFile(path);
    Scenario::Replace(&text, absl::StrCat("value: ", standard_), absl::StrCat("value: ", yuan));
    standard_ = yuan;
    std::ofstream(path + ".new") << text;
    fs::rename(path + ".new", path);
    return DigestOfFiles();
  }
  std::string DigestOfFiles() {
    const auto pack = assess::PolicyPack::Load(scenario_.Path("policies"));
    EXPECT_TRUE(pack.ok()) << pack.status();
    return (*pack)->SetDigest(kDivision);
  }

  void StartHere(const std::string& vfs = "") {
    PlatformOptions options;
    options.config_file = scenario_.Path("heduid.yaml");
    options.clock = &clock_;
    options.ids = &ids_;
    options.tell = [](const base::Event&) {};
    options.sqlite_vfs = vfs;
    auto started = Platform::Start(std::move(options));
    started_ = started.status();
    if (!started.ok()) return;
    platform_ = *std::move(started);
    client_ = scenario_.Connect(platform_->port());
  }
  void Register() {
    const auto registered = client_->RegisterAuthorizations(scenario_.letters, kPatience);
    ASSERT_TRUE(registered.ok()) << registered.status();
  }
  // Verifies under a new request id; gives the report's number.
  std::string Verify() {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(ids_.NextId(clock_.WallNow()).ToString());
    const auto response = client_->VerifyHousehold(request, kPatience);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? LinesOf(response->envelope())[0].header().report_number() : "";
  }
  PlatformOptions Reading() {
    PlatformOptions options;
    options.config_file = scenario_.Path("heduid.yaml");
    options.clock = &clock_;
    options.ids = &ids_;
    options.tell = [](const base::Event&) {};
    return options;
  }
  report::CaseBundle CaseOf(const std::string& number) {
    const auto bytes = Platform::ExportCase(Reading(), number);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    auto bundle = report::DecodeCaseBundle(*bytes);
    EXPECT_TRUE(bundle.ok()) << bundle.status();
    return *std::move(bundle);
  }
  std::unique_ptr<assess::PolicyArchive> Export() {
    const auto copied = Platform::ExportPolicies(Reading(), scenario_.Path("archive"));
    EXPECT_TRUE(copied.ok()) << copied.status();
    return *assess::PolicyArchive::Open(scenario_.Path("archive"));
  }

  // Every set in the store is whole; whether that of `digest` is among them.
  bool Keeps(const std::string& digest) {
    const auto store = scenario_.OpenStore();
    bool found = false;
    const auto sets = store->ListPolicySets();
    EXPECT_TRUE(sets.ok()) << sets.status();
    for (const assess::ArchivedPolicySet& set : *sets) {
      EXPECT_TRUE(store->ReadPolicySet(set.digest).ok());
      found = found || set.digest == digest;
    }
    return found;
  }

  static std::unique_ptr<ChildProcess> StartChild(const std::string& config,
                                                  const std::string& moment, int count) {
    auto child = ChildProcess::Start({absl::StrCat(HEDUI_BIN_DIR, "/../tests/kill_platform"),
                                      config, moment, absl::StrCat(count)});
    EXPECT_TRUE(child.ok()) << child.status();
    return *std::move(child);
  }

  Scenario scenario_;
  base::SystemClock clock_;
  base::SecureIdSource ids_;
  int standard_ = 1100;
  absl::Status started_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<clients::Client> client_;
};

TEST_F(PolicyArchiveTest, ACaseReplaysToTheSameBytesByItsSetAfterThePoliciesHaveChanged) {
  scenario_.Write();
  StartHere();
  ASSERT_TRUE(started_.ok()) << started_;
  Register();
  const std::string first = Verify();
  const std::string first_digest = DigestOfFiles();
  const std::string second_digest = SetStandard(1200);
  ASSERT_TRUE(platform_->Reload().ok());
  const std::string second = Verify();
  client_.reset();
  platform_.reset();
  SetStandard(1300);
  StartHere();
  ASSERT_TRUE(started_.ok()) << started_;
  const report::CaseBundle before = CaseOf(first);
  const report::CaseBundle after = CaseOf(second);
  EXPECT_EQ(before.policy_digest, first_digest);
  EXPECT_EQ(after.policy_digest, second_digest);
  const auto archive = Export();
  const auto before_pack = assess::LoadPolicySet(*archive, before.policy_digest);
  ASSERT_TRUE(before_pack.ok()) << before_pack.status();
  const auto after_pack = assess::LoadPolicySet(*archive, after.policy_digest);
  ASSERT_TRUE(after_pack.ok()) << after_pack.status();
  for (const report::ReplayResult& replayed :
       {ReplayUnder(**before_pack, before), ReplayUnder(**after_pack, after)}) {
    EXPECT_TRUE(replayed.same) << ::testing::PrintToString(replayed.differences);
    EXPECT_THAT(replayed.remarks, IsEmpty());
  }
  const report::ReplayResult crossed = ReplayUnder(**after_pack, before);
  EXPECT_THAT(crossed.remarks, ElementsAre(HasSubstr("issued under policy set")));
  EXPECT_THAT(crossed.differences, Contains(AllOf(HasSubstr("1100"), HasSubstr("1200"))));
}

// What is not assessed is matched all the same, by the set's rules about discrepancies.
TEST_F(PolicyArchiveTest, ACaseWithoutAProgrammeNamesItsSetTooAndReplays) {
  scenario_.household.mutable_header()->clear_programmes();
  scenario_.Write();
  StartHere();
  ASSERT_TRUE(started_.ok()) << started_;
  Register();
  const report::CaseBundle bundle = CaseOf(Verify());
  EXPECT_FALSE(bundle.assessed);
  const auto pack = assess::LoadPolicySet(*Export(), bundle.policy_digest);
  ASSERT_TRUE(pack.ok()) << pack.status();
  const report::ReplayResult replayed = ReplayUnder(**pack, bundle);
  EXPECT_TRUE(replayed.same) << ::testing::PrintToString(replayed.differences);
}

TEST_F(PolicyArchiveTest, WhatCannotBeKeptDoesNotComeIntoForce) {
  ForgetfulDisk disk;
  scenario_.Write();
  StartHere(disk.vfs());
  ASSERT_TRUE(started_.ok()) << started_;
  Register();
  disk.SetCapacity(disk.used());
  SetStandard(1200);
  const absl::Status refused = platform_->Reload();
  EXPECT_THAT(
      std::string(refused.message()),
      AllOf(HasSubstr("not in force, since they cannot be kept"), HasSubstr("store.max_mib")))
      << refused;
  disk.SetCapacity(0);
  // What was in force stays until it is read anew.
  v1::VerifyHouseholdRequest request = scenario_.household;
  const auto issued = client_->VerifyHousehold(request, kPatience);
  ASSERT_TRUE(issued.ok()) << issued.status();
  EXPECT_NE(LinesOf(issued->envelope())[0].header().policy_digest(), DigestOfFiles());
  ASSERT_TRUE(platform_->Reload().ok());
  client_.reset();
  platform_.reset();

  // A start takes the same on a full disk, and nothing else.
  disk.SetCapacity(disk.used());
  StartHere(disk.vfs());
  EXPECT_TRUE(started_.ok()) << started_;
  client_.reset();
  platform_.reset();
  SetStandard(1300);
  StartHere(disk.vfs());
  EXPECT_EQ(base::ReasonOf(started_), "STORE_FULL") << started_;
}

// Killed at each write of the transaction that keeps a changed set, and after it, at a reload and
// at a start. The next start keeps what is in place, and every set of before is there.
class PolicyKillsTest : public PolicyArchiveTest,
                        public ::testing::WithParamInterface<const char*> {
 protected:
  // One life. True when it came to its moment and died of it.
  bool Life(const std::string& moment, int count, bool at_start) {
    if (at_start) SetStandard(standard_ + 1);
    auto child = StartChild(scenario_.Path("heduid.yaml"),
                            absl::StrCat(at_start ? "start-" : "", moment), count);
    if (at_start) {
      if (child->ReadLine("listening ").ok()) return false;
    } else {
      EXPECT_TRUE(child->ReadLine("listening ").ok());
      SetStandard(standard_ + 1);
      kill(child->pid(), SIGHUP);
      if (child->ReadLine("reloaded").ok()) return false;
    }
    EXPECT_EQ(child->AwaitEnd(), (ProcessEnd{SIGKILL, 0})) << "any other end is a crash";
    return true;
  }
};

TEST_P(PolicyKillsTest, TheNextStartKeepsWhatIsInPlaceAndNothingKeptIsLost) {
  const std::string moment = GetParam();
  scenario_.Write();
  StartHere();
  ASSERT_TRUE(started_.ok()) << started_;
  Register();
  const std::string first = Verify();
  const std::string first_digest = DigestOfFiles();
  client_.reset();
  platform_.reset();
  for (const bool at_start : {false, true}) {
    int kills = 0;
    while (!HasFailure() && Life(moment, kills + 1, at_start)) {
      SCOPED_TRACE(
          absl::StrCat(moment, at_start ? " of a start, kill " : " of a reload, kill ", ++kills));
      ASSERT_TRUE(Keeps(first_digest));
      // Half a transaction is none; after it the set is there, though it was never in force.
      ASSERT_EQ(Keeps(DigestOfFiles()), moment == "kept");
      auto next = StartChild(scenario_.Path("heduid.yaml"), "never", 0);
      ASSERT_TRUE(next->ReadLine("listening ").ok());
      ASSERT_EQ(next->Stop(), ProcessEnd{});
      ASSERT_TRUE(Keeps(DigestOfFiles()));
    }
    // A file and a set, a page each, and each page's frame in two writes.
    EXPECT_GE(kills, moment == "kept" ? 1 : 4);
  }
  StartHere();
  ASSERT_TRUE(started_.ok()) << started_;
  const auto archive = Export();
  for (const report::CaseBundle& bundle : {CaseOf(first), CaseOf(Verify())}) {
    const auto pack = assess::LoadPolicySet(*archive, bundle.policy_digest);
    ASSERT_TRUE(pack.ok()) << pack.status();
    const report::ReplayResult replayed = ReplayUnder(**pack, bundle);
    EXPECT_TRUE(replayed.same) << ::testing::PrintToString(replayed.differences);
  }
}

INSTANTIATE_TEST_SUITE_P(Moments, PolicyKillsTest, ::testing::Values("commit", "kept"),
                         [](const auto& tested) { return std::string(tested.param); });

// The case was issued by assess/1; the set is as it was then. Which lines differ is what changed
// since: the engine reckons otherwise who belongs to the household, and a discrepancy is told by
// rules that this set does not have yet.
TEST_F(PolicyArchiveTest, ACaseOfAnOlderEngineIsReplayedByItsSetAndEveryDifferenceIsTold) {
  const fs::path kept = fs::path(HEDUI_SOURCE_DIR) / "tests/integration/stores";
  scenario_.Write();
  fs::copy(kept / "schema-1/store", scenario_.Path("store"), fs::copy_options::recursive);
  fs::copy(kept / "schema-1/kek", scenario_.Path("kek"), fs::copy_options::overwrite_existing);
  const report::CaseBundle bundle = CaseOf("HD-20261126-01A214DB96D977659EEC049ED84EBCA3");
  EXPECT_EQ(bundle.engine, "assess/1");
  const auto archive = assess::PolicyArchive::Open((kept / "policy-archive").string());
  ASSERT_TRUE(archive.ok()) << archive.status();
  const auto pack = assess::LoadPolicySet(**archive, bundle.policy_digest);
  ASSERT_TRUE(pack.ok()) << pack.status();
  const report::ReplayResult replayed = ReplayUnder(**pack, bundle);
  EXPECT_FALSE(replayed.same);
  EXPECT_THAT(replayed.remarks, ElementsAre(absl::StrCat("issued by engine assess/1, replayed by ",
                                                         assess::kEngineVersion)));
  ASSERT_GE(replayed.differences.size(), 3u);
  EXPECT_THAT(replayed.differences,
              Contains(AllOf(StartsWith("line 65 (UNDECLARED_VEHICLE) of m1: not there any more"),
                             HasSubstr("未申报机动车"))));
  EXPECT_THAT(replayed.differences, Contains(StartsWith("line 75 (is_member) of m1: ")));
  EXPECT_THAT(replayed.differences.back(),
              AllOf(StartsWith("line 0 (header): differs in engine"), HasSubstr("line_count")));
  EXPECT_LT(replayed.differences.size(), bundle.lines.size() / 4)
      << "most of the report is as it was: " << ::testing::PrintToString(replayed.differences);
}

// It has no sets, and says so instead of none.
TEST_F(PolicyArchiveTest, AStoreOfBeforeThereWasAnArchiveSaysThatItHasNone) {
  const fs::path kept = fs::path(HEDUI_SOURCE_DIR) / "tests/integration/stores/schema-1";
  scenario_.Write();
  fs::copy(kept / "store", scenario_.Path("store"), fs::copy_options::recursive);
  const auto exported = Platform::ExportPolicies(Reading(), scenario_.Path("archive"));
  EXPECT_EQ(base::ReasonOf(exported.status()), "STORE_SCHEMA");
  EXPECT_FALSE(fs::exists(scenario_.Path("archive")));
}

}  // namespace
}  // namespace hedui::testing
