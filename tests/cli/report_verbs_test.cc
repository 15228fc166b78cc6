// The verbs that read reports, cases and policies, and what each says of bad input.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/assess/policy_pack.h"
#include "server/base/digest.h"
#include "tests/cli/cli_world.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;

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

}  // namespace
}  // namespace hedui::testing
