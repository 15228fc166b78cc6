// The programs as they are run: arguments in, exit code and texts out. Every verb, and what each
// says of bad input.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/assess/policy_pack.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/yaml.h"
#include "tests/cli/run_program.h"
#include "tests/integration/scenario.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHedui[] = HEDUI_BIN_DIR "/hedui";
constexpr char kHeduid[] = HEDUI_BIN_DIR "/heduid";
constexpr char kSim[] = HEDUI_BIN_DIR "/hedui-sim";
constexpr char kPolicies[] = HEDUI_SOURCE_DIR "/policies";
constexpr char kCase[] = HEDUI_SOURCE_DIR "/tests/assess/cases/demo_bank_silent.yaml";
// Nobody listens at a port of "reserved".
constexpr char kNobody[] = "localhost:1";

// One command line. An empty text: nothing is written there.
struct Row {
  std::vector<std::string> args;
  int exit_code = 0;
  std::string out;
  std::string err;
};

std::string Slurp(const std::string& path) {
  auto text = base::ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : "";
}

void Spill(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// A directory with what the verbs read: a running platform's, with one report and its case.
class World {
 public:
  World() {
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

  std::string Path(absl::string_view name) const { return scenario_.Path(name); }
  std::string ca() { return scenario_.pki().ca_path(); }
  const std::string& address() const { return address_; }
  Scenario& scenario() { return scenario_; }
  ChildProcess& heduid() { return *heduid_; }

  // With the platform's address and the agency's certificate in the environment.
  ProgramResult Run(const std::vector<std::string>& argv) {
    return RunProgram(argv, scenario_.directory(), environment_);
  }
  // Without.
  ProgramResult RunBare(const std::vector<std::string>& argv) {
    return RunProgram(argv, scenario_.directory());
  }

  void Expect(const char* program, const Row& row) {
    std::vector<std::string> argv = {program};
    argv.insert(argv.end(), row.args.begin(), row.args.end());
    Judge(row, Run(argv), program);
  }
  void ExpectBare(const char* program, const Row& row) {
    std::vector<std::string> argv = {program};
    argv.insert(argv.end(), row.args.begin(), row.args.end());
    Judge(row, RunBare(argv), program);
  }

 private:
  static void Judge(const Row& row, const ProgramResult& result, const char* program) {
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

  void WriteRequests() {
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

  Scenario scenario_;
  std::unique_ptr<ChildProcess> heduid_;
  std::string address_;
  std::vector<std::string> environment_;
};

// The number behind "报告编号" of a report's text.
std::string NumberIn(const std::string& text) {
  const size_t at = text.find("HD-");
  EXPECT_NE(at, std::string::npos);
  return at == std::string::npos ? "" : text.substr(at, text.find_first_of(" \n,", at) - at);
}

class CliTest : public ::testing::Test {
 protected:
  // One platform for all tests; they leave report.hdr and case as they are.
  static void SetUpTestSuite() {
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
  static void TearDownTestSuite() {
    delete world_;
    world_ = nullptr;
  }

  static void Expect(const std::vector<Row>& rows) {
    for (const Row& row : rows) world_->Expect(kHedui, row);
  }
  static void ExpectBare(const char* program, const std::vector<Row>& rows) {
    for (const Row& row : rows) world_->ExpectBare(program, row);
  }

  // The platform's address, as the environment has it.
  static std::string HereAt() { return world_->address(); }

  static std::string NumberOf(const std::string& file) {
    return NumberIn(
        world_->RunBare({kHedui, "report", "check", file, "--trust", world_->ca()}).out);
  }

  static World* world_;
  static std::string number_;  // of the report
};
World* CliTest::world_ = nullptr;
std::string CliTest::number_;

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

TEST_F(CliTest, ReportCheck) {
  std::string altered = Slurp(world_->Path("report.hdr"));
  altered[altered.size() / 3] = static_cast<char>(altered[altered.size() / 3] ^ 1);
  Spill(world_->Path("altered.hdr"), altered);
  TestPki foreign(KeyType::kP256, "Foreign authority");
  const std::string trust = world_->ca();
  ExpectBare(
      kHedui,
      {{{"report", "check", "report.hdr", "--trust", trust}, 0, "valid: report " + number_},
       {{"report", "check", "report.hdr", "--trust", trust, "--origin", kOrigin}, 0, "valid: "},
       {{"report", "check", "report.hdr", "--trust", trust, "--origin", "hedui.example/other"},
        1,
        "not valid: the report is of log"},
       {{"report", "check", "altered.hdr", "--trust", trust}, 1, "not valid: "},
       {{"report", "check", "report.hdr", "--trust", foreign.ca_path()}, 1, "not valid: "},
       {{"report", "check", "text", "--trust", trust}, 2, "unreadable: "},
       {{"report", "check", "large", "--trust", trust}, 2, "", "larger than 8388608 bytes"},
       {{"report", "check", "nowhere.hdr", "--trust", trust}, 2, "", "nowhere.hdr: No such file"},
       {{"report", "check", ".", "--trust", trust}, 2, "", ".: Is a directory"},
       {{"report", "check", "report.hdr", "--trust", "."}, 2, "", ".: Is a directory"},
       {{"report", "check", "report.hdr", "--trust", "text"}, 2, "", "(TRUST): text: "},
       {{"report", "check", "report.hdr", "--trust", "large"}, 2, "", "larger than"},
       {{"report", "check", "report.hdr"}, 2, "", "--trust is required"},
       {{"report", "check"}, 2, "", "REPORT is required"}});
}

TEST_F(CliTest, ReportShow) {
  ExpectBare(kHedui,
             {{{"report", "show", "report.hdr"}, 0, "家庭经济状况核对报告"},
              {{"report", "show", "report.hdr", "--format", "text"}, 0, number_},
              {{"report", "show", "report.hdr", "--format", "json"}, 0, "\"" + number_ + "\""},
              {{"report", "show", "report.hdr", "--format", "odt"}, 2, "", "no format \"odt\""},
              {{"report", "show", "text"}, 2, "", "(REPORT_FORMAT)"},
              {{"report", "show", "large"}, 2, "", "larger than 8388608 bytes"},
              {{"report", "show", "nowhere.hdr"}, 2, "", "nowhere.hdr: No such file"},
              {{"report", "show"}, 2, "", "REPORT is required"}});
}

TEST_F(CliTest, ReportReplay) {
  // The other county's rules are not these.
  fs::copy(kPolicies, world_->Path("policies"), fs::copy_options::recursive);
  std::string standard = Slurp(world_->Path("policies/640104/standard.yaml"));
  Scenario::Replace(&standard, "1100", "1050");
  Spill(world_->Path("policies/640104/standard.yaml"), standard);
  ExpectBare(
      kHedui,
      {{{"report", "replay", "case", "--policies", kPolicies}, 0, "same: "},
       {{"report", "replay", "case", "--policies", "policies"}, 1, "different: line "},
       {{"report", "replay", "case", "--policies", "policies"}, 1, "remark: issued under policy"},
       {{"report", "replay", "case", "--policies", "policies"}, 1, "differences; issued with"},
       {{"report", "replay", "case", "--policies", "nowhere"}, 2, "", "nowhere: "},
       {{"report", "replay", "case", "--policies", "empty"}, 2, "", "NO_POLICY"},
       {{"report", "replay", "case"}, 2, "", "either --archive DIR or --policies DIR"},
       {{"report", "replay", "case", "--policies", kPolicies, "--archive", "archive"},
        2,
        "",
        "either --archive DIR or --policies DIR"},
       {{"report", "replay", "report.hdr", "--policies", kPolicies}, 2, "", "CASE_BUNDLE"},
       {{"report", "replay", "nowhere", "--policies", kPolicies}, 2, "", "nowhere: No such"},
       {{"report", "replay"}, 2, "", "CASE is required"}});
}

// From the platform's archive, and from one filled by hand.
TEST_F(CliTest, ReportReplayFromAnArchive) {
  fs::copy(kPolicies, world_->Path("older"), fs::copy_options::recursive);
  std::string standard = Slurp(world_->Path("older/640104/standard.yaml"));
  Scenario::Replace(&standard, "1100", "1050");
  Spill(world_->Path("older/640104/standard.yaml"), standard);
  const std::string config = world_->Path("heduid.yaml");
  ExpectBare(kHeduid, {{{"--config", config, "--export-policies", "archive"}, 0, ""},
                       {{"--config", config, "--export-policies", "archive"}, 0, ""},
                       {{"--config", config, "--export-policies", "text"}, 1, "", "text: "},
                       {{"--config", config, "--export-policies", kPolicies},
                        1,
                        "",
                        "is no archive of policy sets"}});
  const auto pack = assess::PolicyPack::Load(kPolicies);
  ASSERT_TRUE(pack.ok()) << pack.status();
  const std::string digest = base::HexEncode((*pack)->SetDigest("640104"));
  ExpectBare(
      kHedui,
      {{{"policy", "archive", "list", "archive"}, 0, digest + "  640104"},
       {{"report", "replay", "case", "--archive", "archive"}, 0, "same: "},
       {{"policy", "archive", "add", "by-hand", "--policies", "older"}, 0, "  640104"},
       {{"report", "replay", "case", "--archive", "by-hand"},
        2,
        "",
        "holds no policy set " + digest + ", under which the case was issued; export"},
       {{"policy", "archive", "add", "by-hand", "--policies", kPolicies}, 0, digest},
       {{"report", "replay", "case", "--archive", "by-hand"}, 0, "same: "},
       {{"policy", "archive", "extract", "by-hand", digest, "extracted"}, 0, " files in extracted"},
       {{"report", "replay", "case", "--policies", "extracted"}, 0, "same: "},
       {{"policy", "lint", "extracted"}, 0, "note: UNREAD_KIND: "},
       {{"policy", "archive", "extract", "by-hand", digest, "extracted"},
        2,
        "",
        "is there already"},
       {{"policy", "archive", "extract", "by-hand", "abc", "more"}, 2, "", "(HEX)"},
       {{"policy", "archive", "extract", "by-hand", "00", "more"}, 2, "", "(POLICY_SET_UNKNOWN)"},
       {{"policy", "archive", "list", "nowhere"}, 2, "", "there is no such directory"},
       {{"policy", "archive", "add", "by-hand", "--policies", "empty"}, 2, "", "NO_POLICY"},
       {{"policy", "archive"}, 2, "", "subcommand"},
       {{"report", "replay", "case", "--archive", "older"}, 2, "", "(POLICY_ARCHIVE)"},
       {{"report", "replay", "case", "--archive", "nowhere"},
        2,
        "",
        "there is no such directory"}});
  fs::remove_all(world_->Path("by-hand/files"));
  fs::create_directory(world_->Path("by-hand/files"));
  ExpectBare(
      kHedui,
      {{{"report", "replay", "case", "--archive", "by-hand"}, 2, "", "(POLICY_ARCHIVE_CORRUPT)"}});
}

TEST_F(CliTest, Assess) {
  ExpectBare(kHedui,
             {{{"assess", kCase, "--policies", kPolicies}, 0, "最低生活保障：无法判定"},
              {{"assess", kCase, "--policies", kPolicies, "--format", "json"},
               0,
               "\"result\": \"UNDETERMINED\""},
              {{"assess", kCase, "--policies", kPolicies, "--format", "html"}, 2, "", "--format"},
              {{"assess", "broken.yaml", "--policies", kPolicies}, 2, "", "broken.yaml:"},
              {{"assess", "nowhere.yaml", "--policies", kPolicies}, 2, "", "nowhere.yaml: "},
              {{"assess", kCase, "--policies", "nowhere"}, 2, "", "nowhere: "},
              {{"assess", kCase}, 2, "", "--policies is required"},
              {{"assess"}, 2, "", "CASE is required"}});
}

TEST_F(CliTest, PolicyLint) {
  fs::create_directories(world_->Path("findings/640104"));
  Spill(world_->Path("findings/640104/standard.yml"), "division: \"640104\"\n");
  fs::create_directories(world_->Path("hole/national"));
  Spill(world_->Path("hole/national/hole.yaml"), R"yaml(division: "000000"
documents: {T: {title: 测试}}
tests:
  poor:
    label: 低
    rows:
      - {from: 2022-01-01, to: 2023-01-01, value: "scope == 'rural'", clause: T 一, trust: assumed}
programmes:
  relief:
    label: 救助
    rows: [{from: 2022-01-01, indication: poor, clause: T 一, trust: assumed}]
)yaml");
  ExpectBare(
      kHedui,
      {{{"policy", "lint", kPolicies}, 0, "note: UNREAD_KIND: "},
       {{"policy", "lint", "findings"}, 1, "findings/640104/standard.yml:1: error: NOT_A_POLICY: "},
       {{"policy", "lint", "findings"}, 1, "findings:1: error: NO_POLICY: "},
       {{"policy", "lint", "hole"}, 0, "hole/national/hole.yaml:7: warning: GAP: "},
       {{"policy", "lint", "hole", "--strict"}, 1, "hole/national/hole.yaml:7: warning: GAP: "},
       {{"policy", "lint", "hole", "--strict", "--over", "findings"}, 1, "NOT_A_POLICY: "},
       {{"policy", "lint", kPolicies, "--over", "nowhere"}, 2, "", "nowhere: "},
       {{"policy", "lint", "empty"}, 1, "empty:1: error: NO_POLICY: "},
       {{"policy", "lint", "nowhere"}, 2, "", "nowhere: there is no such directory"},
       {{"policy", "lint", "text"}, 2, "", "text: there is no such directory"},
       {{"policy", "lint"}, 2, "", "DIR is required"}});
}

TEST_F(CliTest, PolicyVerbsShowAPlatformsRules) {
  const std::vector<std::string> officer = {"--officer", "XQ-0107"};
  const auto with = [&officer](std::vector<std::string> args) {
    args.insert(args.end(), officer.begin(), officer.end());
    return args;
  };
  const std::string county =
      "640104  宁夏回族自治区银川市兴庆区  programmes dibao,marginal  files ";
  Expect(
      {{with({"policy", "list"}), 0, county},
       {with({"policy", "list"}), 0, "engine assess/"},
       {with({"policy", "list", "--division", "650000"}), 0, "engine assess/"},
       {with({"policy", "list", "--day", "x"}), 1, "", "INVALID_REQUEST"},
       {{"policy", "list"}, 2, "", "--officer is required"},
       {with({"policy", "show", "640104"}), 0, county},
       {with({"policy", "show", "640104", "--day", "2025-03-03"}), 0,
        "dibao_standard[scope=urban] = 1100  money/month  "},
       {with({"policy", "show", "640104", "--names"}), 0, "PARAMETER  minimum_wage[area_class]"},
       {with({"policy", "show", "64"}), 1, "", "division: "},
       {with({"policy", "show", "640104", "--server", kNobody}), 1, "", "UNAVAILABLE"},
       {with({"policy", "show", "640104", "--save", "saved"}), 0, county},
       // What was saved are the files that were loaded.
       {{"policy", "lint", "saved"}, 0, "note: UNREAD_KIND: "},
       {with({"policy", "show", "640104", "--save", "text/below"}), 2, "", "cannot be written"}});
  // What was saved are the files that were loaded.
  EXPECT_EQ(world_->Run({kHedui, "policy", "lint", "saved"}).exit_code, 0);
  EXPECT_EQ(Slurp(world_->Path("saved/640104/standard.yaml")),
            Slurp(absl::StrCat(kPolicies, "/640104/standard.yaml")));
}

TEST_F(CliTest, PolicyVerbsTryFilesAndCasesAtAPlatform) {
  const std::vector<std::string> officer = {"--officer", "XQ-0107"};
  const auto with = [&officer](std::vector<std::string> args) {
    args.insert(args.end(), officer.begin(), officer.end());
    return args;
  };
  std::string standard = Slurp(absl::StrCat(kPolicies, "/640104/standard.yaml"));
  Scenario::Replace(&standard, "value: 1100", "value: 1300");
  fs::create_directories(world_->Path("higher/640104"));
  Spill(world_->Path("higher/640104/standard.yaml"), standard);
  fs::create_directories(world_->Path("wrong/640104"));
  Spill(world_->Path("wrong/640104/more.yaml"), "division: \"640104\"\nnothing: 2\n");
  Spill(world_->Path("bad-case.yaml"), "division: \"640104\"\nscope: suburban\n");
  const std::string server = HereAt();
  const auto lint = [&](std::vector<std::string> args) {
    args.insert(args.end(), {"--server", server});
    return with(std::move(args));
  };
  Expect({{lint({"policy", "lint", "higher"}), 0},
          {lint({"policy", "lint", "wrong"}), 1, "640104/more.yaml:2: error: UNKNOWN_KEY: "},
          {lint({"policy", "lint", "higher", "--alone"}), 1, "640104/standard.yaml:"},
          {lint({"policy", "lint", "nowhere"}), 2, "", "nowhere: there is no such directory"},
          {lint({"policy", "lint", "empty"}), 1, "", "files: are required"},
          // Offline without --server, whatever the environment says.
          {{"policy", "lint", "wrong"}, 1, "wrong/640104/more.yaml:2: error: UNKNOWN_KEY: "},
          {{"policy", "lint", "higher", "--alone"}, 2, "", "--server"}});
  Expect({{with({"policy", "evaluate", kCase}), 0, "最低生活保障（dibao）  UNDETERMINED"},
          {with({"policy", "evaluate", kCase}), 0, "waits for SOURCE father bank/deposit"},
          {with({"policy", "evaluate", kCase, "--policies", "higher"}), 1,
           "amount [0.00, 735.00] yuan/month", "demo_bank_silent.yaml: line "},
          {with({"policy", "evaluate", kCase, "--policies", "wrong"}), 1, "", "(POLICY)"},
          {with({"policy", "evaluate", kCase, "--policy-sha256", std::string(64, '0')}), 1, "",
           "POLICY_SET_UNKNOWN"},
          {with({"policy", "evaluate", "bad-case.yaml"}), 1, "", "case_yaml:2:scope"},
          {with({"policy", "evaluate", "nowhere.yaml"}), 2, "", "nowhere.yaml: "},
          {with({"policy", "evaluate", kCase, "--alone"}), 2, "", "--policies"},
          {with({"policy", "evaluate", kCase, "--format", "html"}), 2, "", "--format"},
          {with({"policy", "evaluate"}), 2, "", "CASE is required"}});
  // The same as offline, byte for byte.
  std::vector<std::string> argv = with({kHedui, "policy", "evaluate", kCase, "--format", "json"});
  EXPECT_EQ(
      world_->Run(argv).out,
      world_->RunBare({kHedui, "assess", kCase, "--policies", kPolicies, "--format", "json"}).out);
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

// Worlds of their own, since these change what stands.
TEST(CliLifeTest, AMatterThroughItsStatesAndAPlatformToItsEnd) {
  World world;
  world.Expect(kHedui, {{"authorization", "register", "letters.yaml"}, 0, "letters_added: 3"});
  world.Expect(kHedui, {{"authorization", "revoke", "revoke.yaml"}, 0, "revoked_at_seconds: "});
  world.Expect(kHedui,
               {{"authorization", "monitor", "matter.yaml"}, 0, "state: MATTER_STATE_MONITORED"});
  world.Expect(kHedui,
               {{"authorization", "close", "matter.yaml"}, 0, "state: MATTER_STATE_CLOSED"});
  world.Expect(kHedui, {{"authorization", "monitor", "matter.yaml"}, 1, "", "hedui: "});
  EXPECT_EQ(world.heduid().Stop(), ProcessEnd{});
}

TEST(CliLifeTest, AServerReadsItsRegisterAnewOnAHangUpAndServesOn) {
  World world;
  world.Expect(kHedui, {{"authorization", "register", "letters.yaml"}, 0, "letters_added: 3"});
  std::string reg = Slurp(world.Path("register.yaml"));
  Scenario::Replace(&reg, kAgency, "640104-another");
  Spill(world.Path("register.yaml"), reg);
  ASSERT_EQ(kill(world.heduid().pid(), SIGHUP), 0);
  std::string told;
  while (!absl::StrContains(told, "reloaded")) {
    const auto line = world.heduid().ReadLine("{");
    ASSERT_TRUE(line.ok()) << line.status();
    told = *line;
  }
  EXPECT_THAT(told, HasSubstr("register, catalogue and policies are in force"));
  world.Expect(kHedui,
               {{"authorization", "monitor", "matter.yaml"}, 1, "", "is not in the register"});
  EXPECT_EQ(world.heduid().Stop(), ProcessEnd{});
}

TEST(CliLifeTest, AServerWhoseStoreAnotherWritesEndsToBeStartedAnew) {
  World world;
  auto second = ChildProcess::Start({kHeduid, "--config", world.Path("heduid.yaml")});
  ASSERT_TRUE(second.ok()) << second.status();
  const auto port = (*second)->ReadLine("listening ");
  ASSERT_TRUE(port.ok()) << port.status();
  world.Expect(kHedui, {{"authorization", "register", "letters.yaml", "--server",
                         absl::StrCat("localhost:", *port)},
                        0,
                        "letters_added: 3"});
  // The first one is asked to write and finds that the store has moved.
  EXPECT_EQ(world.Run({kHedui, "authorization", "register", "letters.yaml"}).exit_code, 1);
  const ProcessEnd failed{.exit_code = 3};
  EXPECT_EQ(world.heduid().AwaitEnd(), failed);
}

}  // namespace
}  // namespace hedui::testing
