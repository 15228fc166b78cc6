// heduid as a service manager has it: what it tells, what it may leave behind, how it ends.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/yaml.h"
#include "tests/cli/run_program.h"
#include "tests/integration/running_platform.h"
#include "tests/support/child_process.h"
#include "tests/support/notify_socket.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kHeduid[] = HEDUI_BIN_DIR "/heduid";

class ServiceTest : public ::testing::Test {
 protected:
  ~ServiceTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC"}) unsetenv(name);
  }

  void Start() {
    auto started = ChildProcess::Start({kHeduid, "--config", scenario_.Write()});
    ASSERT_TRUE(started.ok()) << started.status();
    heduid_ = *std::move(started);
    const auto line = heduid_->ReadLine("listening ");
    ASSERT_TRUE(line.ok()) << line.status();
    ASSERT_TRUE(absl::SimpleAtoi(*line, &port_)) << *line;
  }

  Scenario scenario_;
  std::unique_ptr<ChildProcess> heduid_;
  int port_ = 0;
};

// The next word that is no watchdog's, which come at any time.
std::string NextOf(const NotifySocket& socket) {
  std::string word = socket.Receive();
  while (word == "WATCHDOG=1") word = socket.Receive();
  return word;
}

TEST_F(ServiceTest, AServiceManagerIsToldOfStartReloadBeatsAndEnd) {
  const NotifySocket socket;
  setenv("NOTIFY_SOCKET", socket.path().c_str(), 1);
  // Nobody ends it here when a beat is late: they only come soon.
  setenv("WATCHDOG_USEC", "300000", 1);
  Start();
  EXPECT_EQ(NextOf(socket), absl::StrCat("READY=1\nSTATUS=listening on port ", port_));
  EXPECT_EQ(socket.Receive(), "WATCHDOG=1");
  ASSERT_EQ(kill(heduid_->pid(), SIGHUP), 0);
  EXPECT_THAT(NextOf(socket), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(NextOf(socket), absl::StrCat("READY=1\nSTATUS=listening on port ", port_));
  EXPECT_EQ(heduid_->Stop(), ProcessEnd{});
  EXPECT_EQ(NextOf(socket), "STOPPING=1");
  EXPECT_THAT(socket.ReceiveNow(), IsEmpty());
}

TEST_F(ServiceTest, ItWritesNoCore) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_CORE, &limit), 0);
  if (limit.rlim_max == 0) GTEST_SKIP() << "no process may write a core here";
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_CORE, &limit), 0);
  Start();
  std::ifstream limits(absl::StrCat("/proc/", heduid_->pid(), "/limits"));
  std::string line;
  while (std::getline(limits, line) && !line.starts_with("Max core file size")) {
  }
  const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  EXPECT_THAT(words, ElementsAre("Max", "core", "file", "size", "0", "0", "bytes"));
}

// The bank is silent for longer than anybody waits: the end does not wait for it.
TEST_F(ServiceTest, AskedToEndItEndsWellWithAVerificationUnderWay) {
  Scenario::Replace(&scenario_.catalogue_yaml, "deadline: 2s", "deadline: 60s");
  Start();
  {
    const auto client = scenario_.Connect(port_);
    ASSERT_TRUE(client->RegisterAuthorizations(scenario_.letters, kPatience).ok());
    v1::CreateVerificationRequest request;
    *request.mutable_request() = scenario_.household;
    const auto created = client->CreateVerification(request, kPatience);
    ASSERT_TRUE(created.ok()) << created.status();
    EXPECT_EQ(created->verification().state(), v1::VERIFICATION_STATE_RUNNING);
  }
  EXPECT_EQ(heduid_->Stop(), ProcessEnd{});
}

// Would hang here if the start or the end waited for somebody to read the log.
TEST_F(ServiceTest, ItStartsAndEndsAlsoWhereNobodyReadsItsStandardOutput) {
  const NotifySocket socket;
  setenv("NOTIFY_SOCKET", socket.path().c_str(), 1);
  const std::string config = scenario_.Write();
  const std::string pipe = scenario_.Path("unread");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int ends = open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(ends, 0);
  while (write(ends, ".", 1) == 1) {
  }
  const std::string errors = scenario_.Path("errors");
  auto started = ChildProcess::Start(
      {"/bin/sh", "-c", R"(exec "$0" --config "$1" >"$2" 2>"$3")", kHeduid, config, pipe, errors});
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_THAT(NextOf(socket), StartsWith("READY=1"));
  EXPECT_EQ((*started)->Stop(), ProcessEnd{});
  close(ends);
  const auto told = base::ReadFile(errors);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_THAT(*told, HasSubstr("lines of the log were dropped, since nobody read"));
}

TEST_F(ServiceTest, TheUnitThatIsShippedIsOneThatSystemdTakes) {
  const std::string analyze = "/usr/bin/systemd-analyze";
  if (!std::filesystem::exists(analyze)) GTEST_SKIP() << "systemd is not installed";
  const auto unit = base::ReadFile(HEDUI_SOURCE_DIR "/docs/operation/hedui.service");
  ASSERT_TRUE(unit.ok()) << unit.status();
  scenario_.Write();
  // Where the program is on this machine.
  std::ofstream(scenario_.Path("hedui.service"))
      << absl::StrReplaceAll(*unit, {{"/usr/local/bin/heduid", kHeduid}});
  std::ofstream(scenario_.Path("defect.service")) << absl::StrReplaceAll(
      *unit, {{"Type=notify", "Type=whatever"}, {"/usr/local/bin/heduid", kHeduid}});
  const auto verify = [this, &analyze](const char* name) {
    return RunProgram({analyze, "verify", "--man=no", scenario_.Path(name)}, scenario_.directory());
  };
  const ProgramResult good = verify("hedui.service");
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_THAT(good.err, IsEmpty());
  EXPECT_FALSE(verify("defect.service").err.empty());
}

}  // namespace
}  // namespace hedui::testing
