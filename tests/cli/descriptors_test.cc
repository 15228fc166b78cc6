// What heduid does when its descriptors run out.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/integration/raw_connection.h"
#include "tests/integration/scenario.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

// gRPC would go on without ever taking a connection again.
TEST(DescriptorsTest, WhenConnectionsUseThemUpTheProcessEndsToBeStartedAnew) {
#ifdef __SANITIZE_ADDRESS__
  // It asks by a pipe whether an object lies in memory, and takes it for broken without
  // descriptors.
  GTEST_SKIP() << "UndefinedBehaviorSanitizer needs descriptors itself";
#endif
  Scenario scenario;
  const std::string config = scenario.Write();
  auto started = ChildProcess::Start(
      {"/bin/sh", "-c",
       absl::StrCat("ulimit -n 128; exec " HEDUI_BIN_DIR "/heduid --config ", config)});
  ASSERT_TRUE(started.ok()) << started.status();
  const auto line = (*started)->ReadLine("listening ");
  ASSERT_TRUE(line.ok()) << line.status();
  int port = 0;
  ASSERT_TRUE(absl::SimpleAtoi(*line, &port)) << *line;
  std::vector<std::unique_ptr<RawConnection>> connections;
  // It may have ended before the last of them.
  for (int i = 0; i < 200; ++i) {
    connections.push_back(std::make_unique<RawConnection>(port, /*may_be_refused=*/true));
  }
  EXPECT_EQ((*started)->AwaitEnd(), (ProcessEnd{0, 3}));
}

}  // namespace
}  // namespace hedui::testing
