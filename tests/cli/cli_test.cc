// The programs as they are run: arguments in, exit code and texts out. Every verb, and what each
// says of bad input; reports and policies stand in report_verbs_test.cc.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/dates.h"
#include "tests/cli/cli_world.h"

namespace hedui::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(CliTest, AsksForAVerbAndOffersHelp) {
  ExpectBare(kHedui,
             {{{}, 2, "", "subcommand is required"},
              {{"--help"}, 0, "Usage: "},
              {{"verify", "--help"}, 0, "HOUSEHOLD"},
              {{"conquer"}, 2, "", "there is no \"conquer\" here"},
              {{"report"}, 2, "", "subcommand is required"},
              {{"policy"}, 2, "", "subcommand is required"},
              {{"authorization"}, 2, "", "subcommand is required"},
              {{"authorization", "extend", "matter.yaml"}, 2, "", "there is no \"extend\" here"}});
}

TEST_F(CliTest, RefusesWhatIsNotBuiltYetByName) {
  ExpectBare(kHedui,
             {{{"batch", "start", "--policies", "x"}, 2, "", "batch (re-review jobs) is not built"},
              {{"batch"}, 2, "", "is not built yet"},
              {{"source", "try", "mapping.yaml", "--sample", "reply"}, 2, "", "is not built yet"},
              {{"audit", "verify"}, 2, "", "is not built yet"},
              {{"audit", "accesses", "somebody"}, 2, "", "is not built yet"},
              {{"report", "show", "report.hdr", "--format", "html"}, 2, "", "is not built yet"}});
}

TEST_F(CliTest, VerifyPrintsOutcomesAndReportAndSavesTheEnvelope) {
  // The same request: the stored report.
  const ProgramResult again = world_->Run({kHedui, "verify", "household.yaml", "--out", "again"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("nx-social-security  m1  employment  FOUND  data of "));
  EXPECT_THAT(again.out, HasSubstr("家庭经济状况核对报告"));
  EXPECT_THAT(again.out, HasSubstr("\nenvelope saved: again\n"));
  EXPECT_THAT(again.out, HasSubstr(number_));
  EXPECT_THAT(again.err, IsEmpty());
  EXPECT_EQ(
      world_->RunBare({kHedui, "report", "check", "again", "--trust", world_->ca()}).exit_code, 0);
}

TEST_F(CliTest, VerifyAsyncBeginsThenShowsOutcomesAsTheyComeThenTheReport) {
  std::string another = Slurp(world_->Path("household.yaml"));
  Scenario::Replace(&another, "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d11",
                    "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d13");
  Spill(world_->Path("another.yaml"), another);
  const ProgramResult begun =
      world_->Run({kHedui, "verify", "another.yaml", "--async", "--out", "begun"});
  EXPECT_EQ(begun.exit_code, 0) << begun.err;
  EXPECT_EQ(begun.out.rfind("verification ", 0), 0u) << begun.out;
  EXPECT_THAT(begun.out, HasSubstr("  RUNNING\n"));
  EXPECT_THAT(begun.out, HasSubstr("家庭经济状况核对报告"));
  // Again: it has ended.
  const ProgramResult again =
      world_->Run({kHedui, "verify", "another.yaml", "--async", "--out", "again"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("  FINISHED\n"));
  for (const char* envelope : {"begun", "again"}) {
    EXPECT_EQ(
        world_->RunBare({kHedui, "report", "check", envelope, "--trust", world_->ca()}).exit_code,
        0);
  }
  Expect({{{"verify", "another.yaml", "--async", "--server", kNobody}, 1, "", "UNAVAILABLE"},
          {{"verify", "--async"}, 2, "", "HOUSEHOLD is required"}});
}

TEST_F(CliTest, VerifyTellsRefusedFromUnreadable) {
  std::string stranger = Slurp(world_->Path("household.yaml"));
  Scenario::Replace(&stranger, "XQ-2025-000318", "XQ-0");
  Scenario::Replace(&stranger, "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d11",
                    "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d12");
  Spill(world_->Path("stranger.yaml"), stranger);
  Spill(world_->Path("changed.yaml"),
        absl::StrCat(Slurp(world_->Path("household.yaml")), "nickname: none\n"));
  Expect({{{"verify", "stranger.yaml"}, 1, "", "NOT_FOUND (MATTER_UNKNOWN)"},
          {{"verify", "household.yaml", "--server", kNobody}, 1, "", "UNAVAILABLE"},
          {{"verify", "nowhere.yaml"}, 2, "", "nowhere.yaml: No such file"},
          {{"verify", "changed.yaml"}, 2, "", "changed.yaml:"},
          {{"verify", "household.yaml", "--timeout", "0"}, 2, "", "--timeout"},
          {{"verify", "household.yaml", "--ca", "none.pem"}, 2, "", "none.pem: No such file"},
          {{"verify", "household.yaml", "--key", "."}, 2, "", ".: Is a directory"}});
  // Verified, and then there is no place for what came of it.
  const ProgramResult unsaved =
      world_->Run({kHedui, "verify", "household.yaml", "--out", "nowhere/report.hdr"});
  EXPECT_EQ(unsaved.exit_code, 2);
  EXPECT_THAT(unsaved.err, HasSubstr("cannot write nowhere/report.hdr"));
  ExpectBare(kHedui, {{{"verify", "household.yaml"}, 2, "", "is required"}});
}

TEST_F(CliTest, HealthSaysWhetherCallsAreTaken) {
  Expect({{{"health"}, 0, "serving\n"},
          {{"health", "--service", "hedui.v1.ReportService"}, 0, "serving\n"},
          {{"health", "--service", "hedui.v1.NoService"}, 1, "", "NOT_FOUND"},
          {{"health", "--server", "localhost:1"}, 1, "", "UNAVAILABLE"}});
}

TEST_F(CliTest, AuthorizationVerbsTellRefusedFromUnreadable) {
  for (const char* verb : {"register", "revoke", "monitor", "close"}) {
    Expect({{{"authorization", verb}, 2, "", "FILE is required"},
            {{"authorization", verb, "nowhere.yaml"}, 2, "", "nowhere.yaml: No such file"},
            {{"authorization", verb, "unknown-key.yaml"}, 2, "", "unknown-key.yaml:3: "},
            {{"authorization", verb, "twice.yaml"}, 2, "", "twice.yaml:3: YAML_DUPLICATE_KEY"},
            {{"authorization", verb, "broken.yaml"}, 2, "", "broken.yaml:"}});
  }
  Expect({{{"authorization", "monitor", "other-matter.yaml"}, 1, "", "(MATTER_UNKNOWN)"},
          {{"authorization", "close", "other-matter.yaml"}, 1, "", "(MATTER_UNKNOWN)"},
          {{"authorization", "register", "matter.yaml"}, 1, "", "INVALID_ARGUMENT"}});
}

TEST_F(CliTest, VerificationVerbsListAndTellHowEachStands) {
  const std::string id = "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d11";
  const std::string finished = "  FINISHED  request " + id + "  verification ";
  Expect({{{"verification", "list", "--officer", "XQ-0107"}, 0, finished},
          {{"verification", "list", "--officer", "XQ-0107"}, 0, "report " + number_ + "\n"},
          {{"verification", "list", "--officer", "XQ-0107", "--state", "running"}, 0, ""},
          {{"verification", "list", "--officer", "XQ-0107", "--matter", "XQ-2025-000318"},
           0,
           "  matter XQ-2025-000318  "},
          {{"verification", "list", "--officer", "XQ-0107", "--to", "2020-01-01"}, 0, ""},
          {{"verification", "get", id, "--officer", "XQ-0107"}, 0, finished},
          // It has its report: that is how it ended.
          {{"verification", "cancel", id, "--officer", "XQ-0107"}, 0, finished}});
}

TEST_F(CliTest, VerificationVerbsTellRefusedFromUnreadable) {
  const std::string nobody = "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4dff";
  for (const char* verb : {"get", "cancel"}) {
    Expect({{{"verification", verb, nobody, "--officer", "XQ-0107"}, 1, "", "VERIFICATION_UNKNOWN"},
            {{"verification", verb, "1", "--officer", "XQ-0107"}, 1, "", "INVALID_REQUEST"},
            {{"verification", verb, nobody}, 2, "", "--officer is required"},
            {{"verification", verb, "--officer", "XQ-0107"}, 2, "", "REQUEST_ID is required"}});
  }
  const std::vector<std::string> list = {"verification", "list", "--officer", "XQ-0107"};
  const auto with = [&list](std::vector<std::string> more) {
    more.insert(more.begin(), list.begin(), list.end());
    return more;
  };
  Expect({{with({"--from", "2025-02-30"}), 1, "", "begun_from: "},
          {with({"--page-token", "00"}), 1, "", "INVALID_ARGUMENT (PAGE_TOKEN)"},
          {with({"--state", "lost"}), 2, "", "there is no state \"lost\""},
          {with({"--max", "0"}), 2, "", "--max"},
          {with({"--server", kNobody}), 1, "", "UNAVAILABLE"},
          {{"verification", "list"}, 2, "", "--officer is required"},
          {{"verification"}, 2, "", "subcommand is required"},
          {{"verification", "extend"}, 2, "", "there is no \"extend\" here"}});
}

TEST_F(CliTest, AListThatIsCutSaysHowToGoOn) {
  std::string another = Slurp(world_->Path("household.yaml"));
  Scenario::Replace(&another, "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d11",
                    "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d14");
  Spill(world_->Path("listed.yaml"), another);
  ASSERT_EQ(world_->Run({kHedui, "verify", "listed.yaml", "--out", "listed.hdr"}).exit_code, 0);
  std::vector<std::string> argv = {kHedui,    "verification", "list", "--officer",
                                   "XQ-0107", "--max",        "1"};
  ProgramResult result = world_->Run(argv);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d14"));
  // Page by page to the first of all.
  argv.push_back("--page-token");
  argv.emplace_back();
  std::string listed = result.out;
  const std::string go_on = "go on with --page-token ";
  for (int pages = 0; pages < 10 && absl::StrContains(result.err, go_on); ++pages) {
    argv.back() = result.err.substr(result.err.find(go_on) + go_on.size());
    argv.back().pop_back();  // the line's end
    result = world_->Run(argv);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    listed += result.out;
  }
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(listed, HasSubstr("7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d11"));
  // All in one go is the same.
  EXPECT_EQ(world_->Run({kHedui, "verification", "list", "--officer", "XQ-0107"}).out, listed);
}

// A verification of its own: the others' report stays as it is.
TEST_F(CliTest, SourceVerbsShowHoldAndRecall) {
  const std::string officer = "XQ-0107";
  const std::string id = "5f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d01";
  const std::string from = "2020-01-01T00:00:00+08:00";
  const std::string to = "2020-03-01T00:00:00+08:00";
  Expect({
      {{"source", "list", "--officer", officer}, 0, "nx-tax  自治区税务信息系统  breaker CLOSED"},
      {{"source", "quality", "nx-tax", "--officer", officer}, 0, "640104  "},
      {{"source", "quality", "nx-tax", "--division", "110000", "--officer", officer}, 0, "since "},
      {{"source", "hold", "nx-tax", "--reason", "a test", "--officer", officer},
       0,
       "by 640104-civil-affairs XQ-0107: a test"},
      {{"source", "list", "--officer", officer}, 0, "  HELD since "},
      {{"source", "release", "nx-tax", "--reason", "a test", "--officer", officer},
       0,
       "nx-tax is not held"},
      {{"source", "reports", "nx-tax", "--from", from, "--to", to, "--officer", officer}, 0, ""},
      {{"source", "recall", "nx-tax", "--from", from, "--to", to, "--reason", "a test", "--id", id,
        "--officer", officer},
       0,
       "recall " + id},
      {{"source", "recall-status", id, "--officer", officer}, 0, "recall " + id},
  });
}

TEST_F(CliTest, SourceVerbsTellRefusedFromUnreadable) {
  const std::string officer = "XQ-0107";
  const std::string from = "2020-01-01T00:00:00+08:00";
  Expect({
      {{"source", "hold", "nobody", "--reason", "why", "--officer", officer},
       1,
       "",
       "SOURCE_UNKNOWN"},
      {{"source", "hold", "nx-tax", "--officer", officer}, 2, "", "--reason is required"},
      {{"source", "quality", "nx-tax", "--hours", "25", "--officer", officer}, 2, "", "--hours"},
      {{"source", "reports", "nx-tax", "--from", "yesterday", "--to", from, "--officer", officer},
       2,
       "",
       "--from: write an instant"},
      {{"source", "reports", "nx-tax", "--from", from, "--to", from, "--officer", officer},
       1,
       "",
       "to_ms: must be after from_ms"},
      {{"source", "recall-status", "1", "--officer", officer}, 1, "", "INVALID_REQUEST"},
      {{"source"}, 2, "", "subcommand is required"},
      {{"source", "list", "--officer", officer, "--server", kNobody}, 1, "", "UNAVAILABLE"},
  });
}

TEST_F(CliTest, FindingAndReportVerbsMakeShowAndAnnulWhatSupersedes) {
  const std::string id = "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d77";
  std::string household = Slurp(world_->Path("household.yaml"));
  Scenario::Replace(&household, "7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d11", id);
  Spill(world_->Path("household-77.yaml"), household);
  const ProgramResult verified =
      world_->Run({kHedui, "verify", "household-77.yaml", "--out", "first.hdr"});
  ASSERT_EQ(verified.exit_code, 0) << verified.err;
  const std::string first = NumberOf("first.hdr");
  Spill(world_->Path("finding.yaml"),
        absl::StrCat(R"(
request_id: 0f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d77
officer: XQ-0107
report_number: )",
                     first, R"(
record:
  method: home_visit
  investigators: [XQ-0107, XQ-0215]
  day: ")",
                     base::FormatDay(base::CivilDayOf(absl::Now())), R"("
  evidence_sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
person_id: m1
category: business
kind: found
covered: {from: "2025-01-01", to: "2025-04-01"}
complete: true
records:
  - kind: operating_income
    fields: [{name: month, month: "2025-02"}, {name: amount, money_fen: 24000}]
)"));
  Expect({{{"finding", "record", "finding.yaml", "--out", "second.hdr"},
           0,
           absl::StrCat(" supersedes ", first)}});
  const std::string second = NumberOf("second.hdr");
  const ProgramResult shown = world_->Run({kHedui, "report", "show", "second.hdr"});
  EXPECT_THAT(shown.out, HasSubstr("补充人工核查结果"));
  EXPECT_THAT(shown.out, HasSubstr("调查人 XQ-0107、XQ-0215"));
  Expect(
      {{{"report", "status", first, "--officer", "XQ-0107"},
        0,
        absl::StrCat("superseded by ", second)},
       {{"report", "list", id, "--officer", "XQ-0107"}, 0, absl::StrCat("VALID  report ", second)},
       {{"report", "get", first, "--officer", "XQ-0107", "--out", "again.hdr"}, 0, "SUPERSEDED"},
       {{"report", "check", "again.hdr", "--trust", world_->ca()}, 0, first},
       {{"finding", "resolve", "finding.yaml"}, 2, "", "finding.yaml:"},
       {{"report", "annul", first, "--officer", "XQ-0107", "--reason", "mistake"},
        2,
        "",
        "there is no reason"},
       {{"report", "annul", first, "--officer", "XQ-0107", "--reason", "other"}, 1, "", "note"},
       {{"report", "annul", first, "--officer", "XQ-0107", "--reason", "mistyped_identity"},
        0,
        "REVOKED"},
       {{"report", "status", second, "--officer", "XQ-0107"}, 0, "MISTYPED_IDENTITY"},
       {{"report", "status", "HD-1", "--officer", "XQ-0107"}, 1, "", "INVALID_REQUEST"}});
}

TEST_F(CliTest, MatterVerbsListAndShowLettersWithoutThePeople) {
  Expect({{{"matter", "list", "--officer", "XQ-0107"},
           0,
           "  OPEN  matter XQ-2025-000318  division 640104  opened by "},
          {{"matter", "list", "--officer", "XQ-0107", "--division", "640105"}, 0, ""},
          {{"matter", "list", "--officer", "XQ-0107", "--state", "closed"}, 0, ""},
          {{"matter", "get", "XQ-2025-000318", "--officer", "XQ-0107"},
           0,
           "letter XQ-2025-000318-3  LIVE  AUTHORIZATION  signed "},
          {{"matter", "get", "XQ-0", "--officer", "XQ-0107"}, 1, "", "NOT_FOUND (MATTER_UNKNOWN)"},
          {{"matter", "get", "--officer", "XQ-0107"}, 2, "", "NUMBER is required"},
          {{"matter", "list", "--officer", "XQ-0107", "--division", "1"}, 1, "", "division: "},
          {{"matter", "list", "--officer", "XQ-0107", "--state", "lost"}, 2, "", "no state"},
          {{"matter"}, 2, "", "subcommand is required"}});
  const ProgramResult shown =
      world_->Run({kHedui, "matter", "get", "XQ-2025-000318", "--officer", "XQ-0107"});
  for (const v1::Letter& letter : world_->scenario().letters.letters()) {
    EXPECT_THAT(shown.out, HasSubstr("letter " + letter.letter_number() + "  "));
    EXPECT_FALSE(absl::StrContains(shown.out, letter.person().number()));
    EXPECT_FALSE(absl::StrContains(shown.out, letter.person().name()));
  }
}

TEST_F(CliTest, ServerChecksItsConfigurationAndExportsCases) {
  ExpectBare(kHeduid, {{{}, 2, "", "--config is required"},
                       {{"--help"}, 0, "Usage: "},
                       {{"--config", "heduid.yaml", "--faster"}, 2, "", "--faster"},
                       {{"--config", "nowhere.yaml"}, 1, "", "nowhere.yaml: No such file"},
                       {{"--config", "broken.yaml"}, 1, "", "broken.yaml:"},
                       {{"--config", "matter.yaml", "--check-config"}, 1, "", "CONFIG_UNKNOWN_KEY"},
                       {{"--config", "heduid.yaml", "--check-config"}, 0},
                       {{"--config", "heduid.yaml", "--export-case", "HD-1"}, 1, "", "number"},
                       {{"--config", "heduid.yaml", "--export-case",
                         "HD-20250303-00000000000000000000000000000000"},
                        1,
                        "",
                        "no report of this number"}});
}

TEST_F(CliTest, SimulatedDepartmentsRefuseWhatTheyCannotBe) {
  ExpectBare(kSim, {{{}, 2, "", "--config is required"},
                    {{"--help"}, 0, "Usage: "},
                    {{"--config", "nowhere.yaml"}, 1, "", "nowhere.yaml: No such file"},
                    {{"--config", "broken.yaml"}, 1, "", "broken.yaml:"}});
  std::string with_lists = world_->scenario().simulation_yaml;
  Scenario::Replace(&with_lists, "tls: {", "tls: {crl_file: ca.crl, ");
  Spill(world_->Path("with-lists.yaml"), with_lists);
  ExpectBare(kSim, {{{"--config", "with-lists.yaml"}, 1, "", "tls.crl_file is read by heduid"}});
}

// A standard output on a full disk.
TEST_F(CliTest, WhatCannotBeWrittenIsNoSuccess) {
  const auto full = [](const std::string& command) {
    return world_->RunBare({"/bin/sh", "-c", command + " >/dev/full"});
  };
  const ProgramResult shown = full(absl::StrCat(kHedui, " report show report.hdr"));
  EXPECT_EQ(shown.exit_code, 2);
  EXPECT_THAT(shown.err, HasSubstr("standard output cannot be written"));
  const ProgramResult exported =
      full(absl::StrCat(kHeduid, " --config heduid.yaml --export-case ", number_));
  EXPECT_EQ(exported.exit_code, 1);
  EXPECT_THAT(exported.err, HasSubstr("standard output cannot be written"));
}

}  // namespace
}  // namespace hedui::testing
