// Policy sets as they are kept and loaded again, and the archive as a directory.
#include "server/assess/policy_archive.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"
#include "tests/support/temporary_directory.h"

namespace hedui::assess {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using testing::TemporaryDirectory;

constexpr char kPolicies[] = HEDUI_SOURCE_DIR "/policies";
constexpr char kCounty[] = "640104";

PolicyPack::Ptr Shipped() {
  auto pack = PolicyPack::Load(kPolicies);
  EXPECT_TRUE(pack.ok()) << pack.status();
  return *pack;
}

class PolicyArchiveTest : public ::testing::Test {
 protected:
  std::unique_ptr<PolicyArchive> Create() {
    auto archive = PolicyArchive::Create(Path());
    EXPECT_TRUE(archive.ok()) << archive.status();
    return *std::move(archive);
  }
  std::string Path() const { return directory_.path() + "/archive"; }
  // The only file below a folder of the archive whose text has `text` in it.
  std::string FileWith(const std::string& folder, const std::string& text) const {
    for (const auto& entry : fs::directory_iterator(Path() + "/" + folder)) {
      std::ifstream file(entry.path());
      const std::string all((std::istreambuf_iterator<char>(file)), {});
      if (all.find(text) != std::string::npos) return entry.path();
    }
    ADD_FAILURE() << text;
    return "";
  }

  TemporaryDirectory directory_;
};

TEST_F(PolicyArchiveTest, ASetOfAPackIsWhatADivisionsCasesAreAssessedBy) {
  const PolicyPack::Ptr pack = Shipped();
  const PolicySets sets = SetsOf(*pack);
  std::set<std::string> divisions;
  std::set<std::string> digests;
  for (const PolicySet& set : sets.sets) {
    divisions.insert(DivisionOfPolicyFiles(set.files));
    digests.insert(set.digest);
    EXPECT_EQ(DigestOfPolicyFiles(set.files), set.digest);
    EXPECT_EQ(pack->SetDigest(DivisionOfPolicyFiles(set.files)), set.digest);
  }
  EXPECT_THAT(divisions, IsSupersetOf({"000000", "640000", kCounty}));
  EXPECT_EQ(digests.size(), sets.sets.size());
  EXPECT_EQ(sets.texts.size(), pack->files().size());
  EXPECT_EQ(pack->SetDigest("640105"), pack->SetDigest("640000")) << "nothing of its own";
  EXPECT_EQ(pack->SetDigest("710000"), pack->SetDigest("000000"));
}

TEST_F(PolicyArchiveTest, ASetLoadedAgainHasItsDigestAndNoneOfTheOthersFiles) {
  const PolicyPack::Ptr pack = Shipped();
  const auto archive = Create();
  ASSERT_TRUE(archive->KeepPolicySets(SetsOf(*pack), absl::InfinitePast()).ok());
  const auto region = LoadPolicySet(**PolicyArchive::Open(Path()), pack->SetDigest("640000"));
  ASSERT_TRUE(region.ok()) << region.status();
  EXPECT_EQ((*region)->digest(), pack->SetDigest("640000"));
  EXPECT_EQ((*region)->SetDigest(kCounty), (*region)->digest());
  for (const PolicyFile& file : (*region)->files()) {
    EXPECT_THAT(file.path, ::testing::Not(HasSubstr(kCounty)));
  }
  const auto county = LoadPolicySet(*archive, pack->SetDigest(kCounty));
  ASSERT_TRUE(county.ok()) << county.status();
  EXPECT_EQ((*county)->SetDigest(kCounty), pack->SetDigest(kCounty));
}

TEST_F(PolicyArchiveTest, SetsAreListedByDivisionAndCopiedOnce) {
  const auto archive = Create();
  ASSERT_TRUE(archive->KeepPolicySets(SetsOf(*Shipped()), absl::InfinitePast()).ok());
  const auto listed = archive->ListPolicySets();
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->size(), SetsOf(*Shipped()).sets.size());
  EXPECT_EQ(listed->front().division, "000000");
  EXPECT_EQ(listed->back().division, kCounty);
  EXPECT_FALSE((*listed)[0].since.has_value());
  const auto copy = *PolicyArchive::Create(directory_.path() + "/copy");
  EXPECT_EQ(*CopyPolicySets(*archive, copy.get()), listed->size());
  EXPECT_EQ(*CopyPolicySets(*archive, copy.get()), 0u);
  for (const ArchivedPolicySet& set : *listed) {
    EXPECT_EQ(*copy->ReadPolicySet(set.digest), *archive->ReadPolicySet(set.digest));
  }
}

TEST_F(PolicyArchiveTest, ASetThatIsNotThereIsUnknownByItsDigest) {
  const auto read = Create()->ReadPolicySet(std::string(32, '\x0b'));
  EXPECT_EQ(base::ReasonOf(read.status()), "POLICY_SET_UNKNOWN");
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("0b0b0b"));
  EXPECT_EQ(base::ReasonOf(Create()->ReadPolicySet("short").status()), "POLICY_SET_UNKNOWN");
}

TEST_F(PolicyArchiveTest, WhatWasAlteredOrLostIsNotReadAsIfItHadBeenKept) {
  const PolicyPack::Ptr pack = Shipped();
  const auto archive = Create();
  ASSERT_TRUE(archive->KeepPolicySets(SetsOf(*pack), absl::InfinitePast()).ok());
  const std::string county = FileWith("files", "division: \"640104\"");
  std::ofstream(county, std::ios::app) << "# altered\n";
  auto read = archive->ReadPolicySet(pack->SetDigest(kCounty));
  EXPECT_EQ(base::ReasonOf(read.status()), "POLICY_ARCHIVE_CORRUPT");
  EXPECT_THAT(std::string(read.status().message()), HasSubstr(county));
  EXPECT_TRUE(archive->ReadPolicySet(pack->SetDigest("640000")).ok());
  fs::remove(county);
  read = archive->ReadPolicySet(pack->SetDigest(kCounty));
  EXPECT_EQ(base::ReasonOf(read.status()), "POLICY_ARCHIVE_CORRUPT");
  std::ofstream(FileWith("sets", "640104/"), std::ios::app) << "zz  national/x.yaml\n";
  EXPECT_EQ(base::ReasonOf(archive->ListPolicySets().status()), "POLICY_ARCHIVE_CORRUPT");
}

// A writer that ended half-way leaves a file of another name.
TEST_F(PolicyArchiveTest, WhatWasLeftHalfWrittenIsNoSetAndDoesNotHinder) {
  const PolicyPack::Ptr pack = Shipped();
  const auto archive = Create();
  const std::string name = base::HexEncode(pack->SetDigest(kCounty));
  std::ofstream(Path() + "/sets/" + name + ".new") << "cut";
  EXPECT_THAT(*archive->ListPolicySets(), IsEmpty());
  ASSERT_TRUE(archive->KeepPolicySets(SetsOf(*pack), absl::InfinitePast()).ok());
  EXPECT_TRUE(archive->ReadPolicySet(pack->SetDigest(kCounty)).ok());
  EXPECT_EQ(archive->ListPolicySets()->size(), SetsOf(*pack).sets.size());
}

TEST_F(PolicyArchiveTest, OtherDirectoriesAreNotTakenForAnArchive) {
  EXPECT_EQ(PolicyArchive::Open(Path()).status().code(), absl::StatusCode::kNotFound);
  for (const auto& opened : {PolicyArchive::Open(kPolicies), PolicyArchive::Create(kPolicies)}) {
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(opened.status().message()), HasSubstr("--policies"));
  }
}

}  // namespace
}  // namespace hedui::assess
