// The demo, run as ./dev demo runs it; and that it ends badly where its platform or its checker
// would not do what it shows.
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/run_program.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSucceeded[] = "\ndemo: report valid; altered copy refused\n";

class DemoTest : public ::testing::Test {
 protected:
  DemoTest() {
    std::string pattern = (fs::temp_directory_path() / "hedui-demo-test.XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    fs::create_directory(directory_ / "bin");
    fs::create_directory(directory_ / "tmp");
    for (const char* name : {"hedui", "heduid", "hedui-sim"}) {
      fs::create_symlink(fs::path(HEDUI_BIN_DIR) / name, directory_ / "bin" / name);
    }
  }
  ~DemoTest() override { fs::remove_all(directory_); }

  // Puts a script before the program: what it does with "$@", calling "$real" as it likes.
  void Replace(const std::string& program, const std::string& script) {
    const fs::path path = directory_ / "bin" / program;
    fs::remove(path);
    std::ofstream(path) << "#!/usr/bin/env bash\nreal=" << HEDUI_BIN_DIR << "/" << program << "\n"
                        << script << "\nexec \"$real\" \"$@\"\n";
    fs::permissions(path, fs::perms::owner_all);
  }

  ProgramResult Run() {
    return RunProgram({"/usr/bin/env", absl::StrCat("TMPDIR=", (directory_ / "tmp").string()),
                       HEDUI_SOURCE_DIR "/clients/demo/run.sh", (directory_ / "bin").string()},
                      directory_.string());
  }
  // It ends with 1 and this reason, and never says that all went well.
  void ExpectFailure(const std::string& reason) {
    const ProgramResult result = Run();
    EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
    EXPECT_THAT(result.err, HasSubstr(reason));
    EXPECT_THAT(result.out, Not(HasSubstr(kSucceeded)));
  }

  fs::path directory_;
};

TEST_F(DemoTest, EndsWithItsVerdictAndLeavesNothingBehind) {
  const ProgramResult result = Run();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, EndsWith(kSucceeded));
  EXPECT_THAT(result.out, HasSubstr("nx-bank  m1  deposit  UNAVAILABLE (LATE)"));
  EXPECT_TRUE(fs::is_empty(directory_ / "tmp"));
}

TEST_F(DemoTest, AnAlteredCopyThatCannotBeReadIsNoRefusal) {
  Replace("hedui", R"(case "$*" in *altered.hdr*) echo unreadable; exit 2 ;; esac)");
  ExpectFailure("ended with 2, not 1");
}

TEST_F(DemoTest, AnAlteredCopyTakenForValid) {
  Replace("hedui", R"(case "$*" in *altered.hdr*) echo "valid: report"; exit 0 ;; esac)");
  ExpectFailure("ended with 0, not 1");
}

TEST_F(DemoTest, ARefusalWithoutAReason) {
  Replace("hedui", R"(case "$*" in *altered.hdr*) echo "something else"; exit 1 ;; esac)");
  ExpectFailure("does not say why it is not valid");
}

TEST_F(DemoTest, AReportThatIsNotValid) {
  Replace("hedui", R"(case "$*" in *check\ report.hdr*) echo "not valid: line 1"; exit 1 ;; esac)");
  const ProgramResult result = Run();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, Not(HasSubstr(kSucceeded)));
}

// Somebody else is to blame too: the bank's outcome no longer explains the result alone.
TEST_F(DemoTest, AReportThatBlamesAnotherSource) {
  Replace("hedui", R"(case "$*" in *json*)
  "$real" "$@" | sed '0,/"source_id": "nx-bank"/!{/"kind": "INDICATION"/,$s/"nx-bank"/"nx-tax"/}'
  exit ;; esac)");
  ExpectFailure("not for the bank alone");
}

TEST_F(DemoTest, AReportThatSaysLess) {
  Replace("hedui",
          R"(case "$*" in *json*) "$real" "$@" | sed 's/UNDECLARED_VEHICLE/OTHER/'; exit ;; esac)");
  ExpectFailure("a vehicle of the father's was not declared");
}

TEST_F(DemoTest, APlatformThatDoesNotStart) {
  Replace("heduid", R"(echo "heduid: no"; exit 1)");
  ExpectFailure("a server did not start");
}

}  // namespace
}  // namespace hedui::testing
