// hedui verify --until-settled: the command stays until what a source has promised is there.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/yaml.h"
#include "tests/cli/run_program.h"
#include "tests/integration/running_platform.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHedui[] = HEDUI_BIN_DIR "/hedui";
constexpr char kHeduid[] = HEDUI_BIN_DIR "/heduid";
constexpr char kHousehold[] = HEDUI_SOURCE_DIR "/clients/demo/household.yaml";

class SettleTest : public ::testing::Test {
 protected:
  // The bank does so.
  void Begin(const std::string& faults) {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]",
                      absl::StrCat("faults: ", faults));
    auto started = ChildProcess::Start({kHeduid, "--config", scenario_.Write()});
    ASSERT_TRUE(started.ok()) << started.status();
    heduid_ = *std::move(started);
    const auto line = heduid_->ReadLine("listening ");
    ASSERT_TRUE(line.ok() && absl::SimpleAtoi(*line, &port_)) << line.status();
    const Issued agency =
        scenario_.pki().IssueTls("agency", absl::StrCat("hedui://agency/", kAgency));
    environment_ = {absl::StrCat("HEDUI_SERVER=localhost:", port_),
                    absl::StrCat("HEDUI_CA=", scenario_.pki().ca_path()),
                    absl::StrCat("HEDUI_CERT=", agency.certificate_path),
                    absl::StrCat("HEDUI_KEY=", agency.key_path)};
    ASSERT_TRUE(
        scenario_.Connect(port_)->RegisterAuthorizations(scenario_.letters, kPatience).ok());
  }
  ProgramResult Verify(const std::vector<std::string>& options) {
    std::vector<std::string> argv = {kHedui, "verify", kHousehold};
    argv.insert(argv.end(), options.begin(), options.end());
    return RunProgram(argv, scenario_.directory(), environment_);
  }
  // How the bank's answer stands in an envelope that was saved.
  std::string BankIn(const std::string& file) {
    const auto envelope = base::ReadFile(scenario_.Path(file));
    EXPECT_TRUE(envelope.ok()) << envelope.status();
    if (!envelope.ok()) return "";
    EXPECT_EQ(CheckOffline(scenario_, *envelope).verdict, report::Verdict::kValid);
    for (const report::v1::Line& line : LinesOf(*envelope)) {
      if (line.kind() == report::v1::LINE_KIND_OUTCOME && line.person_id() == "m1" &&
          line.outcome().source_id() == "nx-bank") {
        return line.outcome().kind();
      }
    }
    return "";
  }

  Scenario scenario_;
  std::unique_ptr<ChildProcess> heduid_;
  int port_ = 0;
  std::vector<std::string> environment_;
};

TEST_F(SettleTest, StaysUntilThePromisedAnswerIsThereAndGivesTheLastReport) {
  Begin("[{kind: pending, pending_for: 2s}]");
  const ProgramResult settled = Verify({"--async", "--until-settled", "--out", "settled"});
  EXPECT_EQ(settled.exit_code, 0) << settled.err;
  EXPECT_THAT(settled.err, IsEmpty());
  EXPECT_THAT(settled.out, HasSubstr("家庭经济状况核对报告"));
  EXPECT_EQ(settled.out.find("家庭经济状况核对报告"), settled.out.rfind("家庭经济状况核对报告"))
      << "one report is printed, the last";
  EXPECT_EQ(BankIn("settled"), "FOUND");

  // Nothing is waited for any more: the current report at once.
  const ProgramResult again = Verify({"--async", "--until-settled", "--out", "again"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("  FINISHED\n"));
  EXPECT_EQ(BankIn("again"), "FOUND");
}

TEST_F(SettleTest, WithoutItTheFirstReportIsGivenAtOnce) {
  Begin("[{kind: pending}]");
  const ProgramResult first = Verify({"--async", "--out", "first"});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(BankIn("first"), "PENDING");
}

TEST_F(SettleTest, WhereThePlatformEndsItSaysSoAndToComeAgain) {
  Begin("[{kind: pending}]");
  const std::string script = R"("$0" verify "$1" --async --until-settled --out none)";
  auto watching = ChildProcess::Start({"/usr/bin/env", environment_[0], environment_[1],
                                       environment_[2], environment_[3], "/bin/sh", "-c",
                                       script + " 2>&1; echo ended $?", kHedui, kHousehold});
  ASSERT_TRUE(watching.ok()) << watching.status();
  ASSERT_TRUE((*watching)->ReadLine("verification ").ok());
  EXPECT_EQ(heduid_->Stop(), ProcessEnd{});
  const auto told = (*watching)->ReadLine("ended ");
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(*told, "1");
}

TEST_F(SettleTest, GoesWithAsyncOnly) {
  const ProgramResult result = Verify({"--until-settled"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--async"));
}

}  // namespace
}  // namespace hedui::testing
