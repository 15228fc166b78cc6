#include "tests/cli/cli_world.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "server/base/yaml.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::IsEmpty;

void Judge(const Row& row, const ProgramResult& result, const char* program) {
  SCOPED_TRACE(
      absl::StrCat(fs::path(program).filename().string(), " ", absl::StrJoin(row.args, " ")));
  EXPECT_EQ(result.exit_code, row.exit_code) << result.out << result.err;
  if (row.out.empty()) {
    EXPECT_THAT(result.out, IsEmpty());
  } else {
    EXPECT_THAT(result.out, HasSubstr(row.out));
  }
  if (row.err.empty()) {
    EXPECT_THAT(result.err, IsEmpty());
  } else {
    EXPECT_THAT(result.err, HasSubstr(row.err));
  }
}

}  // namespace

std::string Slurp(const std::string& path) {
  auto text = base::ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : "";
}

void Spill(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::string NumberIn(const std::string& text) {
  const size_t at = text.find("HD-");
  EXPECT_NE(at, std::string::npos);
  return at == std::string::npos ? "" : text.substr(at, text.find_first_of(" \n,", at) - at);
}

World::World() {
  Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  Scenario::Replace(&scenario_.register_yaml, "policy_uses: [read, try]\n",
                    "policy_uses: [read, try]\n    source_uses: [read, hold, recall]\n");
  scenario_.Write();
  const Issued agency =
      scenario_.pki().IssueTls("agency", absl::StrCat("hedui://agency/", kAgency));
  for (const char* name : {"letters.yaml", "household.yaml"}) {
    fs::copy_file(absl::StrCat(HEDUI_SOURCE_DIR, "/clients/demo/", name), Path(name));
  }
  WriteRequests();
  auto started = ChildProcess::Start({kHeduid, "--config", Path("heduid.yaml")});
  EXPECT_TRUE(started.ok()) << started.status();
  heduid_ = *std::move(started);
  const auto port = heduid_->ReadLine("listening ");
  EXPECT_TRUE(port.ok()) << port.status();
  address_ = absl::StrCat("localhost:", port.value_or(""));
  environment_ = {absl::StrCat("HEDUI_SERVER=", address_),
                  absl::StrCat("HEDUI_CA=", scenario_.pki().ca_path()),
                  absl::StrCat("HEDUI_CERT=", agency.certificate_path),
                  absl::StrCat("HEDUI_KEY=", agency.key_path)};
}

void World::Expect(const char* program, const Row& row) {
  std::vector<std::string> argv = {program};
  argv.insert(argv.end(), row.args.begin(), row.args.end());
  Judge(row, Run(argv), program);
}
void World::ExpectBare(const char* program, const Row& row) {
  std::vector<std::string> argv = {program};
  argv.insert(argv.end(), row.args.begin(), row.args.end());
  Judge(row, RunBare(argv), program);
}

void World::WriteRequests() {
  const std::string matter = "matter_number: XQ-2025-000318\nofficer: XQ-0107\n";
  Spill(Path("matter.yaml"), matter);
  Spill(Path("other-matter.yaml"), "matter_number: XQ-0\nofficer: XQ-0107\n");
  Spill(Path("revoke.yaml"), matter + "letter_number: XQ-2025-000318-3\n");
  Spill(Path("unknown-key.yaml"), matter + "oficer: XQ-0107\n");
  Spill(Path("twice.yaml"), matter + "officer: XQ-0107\n");
  Spill(Path("broken.yaml"), "matter_number: [\n");
  Spill(Path("text"), "neither a report nor a case\n");
  Spill(Path("large"), "");
  fs::resize_file(Path("large"), (8 << 20) + 1);
  fs::create_directory(Path("empty"));
}

void CliTest::SetUpTestSuite() {
  world_ = new World;
  world_->Expect(kHedui, {{"authorization", "register", "letters.yaml"},
                          0,
                          "state: MATTER_STATE_OPEN letters_added: 3"});
  world_->Expect(
      kHedui,
      {{"verify", "household.yaml", "--out", "report.hdr"}, 0, "nx-bank  m1  deposit  FOUND"});
  number_ = NumberOf("report.hdr");
  const ProgramResult exported =
      world_->RunBare({kHeduid, "--config", "heduid.yaml", "--export-case", number_});
  EXPECT_EQ(exported.exit_code, 0) << exported.err;
  Spill(world_->Path("case"), exported.out);
}
void CliTest::TearDownTestSuite() {
  delete world_;
  world_ = nullptr;
}

std::string CliTest::NumberOf(const std::string& file) {
  return NumberIn(world_->RunBare({kHedui, "report", "check", file, "--trust", world_->ca()}).out);
}

World* CliTest::world_ = nullptr;
std::string CliTest::number_;

}  // namespace hedui::testing
