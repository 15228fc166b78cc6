#include "server/operation/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tests/support/notify_socket.h"

namespace hedui::operation {
namespace {

using ::testing::StartsWith;

class ServiceManagerTest : public ::testing::Test {
 protected:
  ~ServiceManagerTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
};

TEST_F(ServiceManagerTest, TheServicesLifeIsToldInItsOrder) {
  testing::NotifySocket socket;
  setenv("NOTIFY_SOCKET", socket.path().c_str(), 1);
  NotifyReady("listening on port 7443");
  NotifyAlive();
  NotifyReloading();
  NotifyStopping();
  EXPECT_EQ(socket.Receive(), "READY=1\nSTATUS=listening on port 7443");
  EXPECT_EQ(socket.Receive(), "WATCHDOG=1");
  EXPECT_THAT(socket.Receive(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(socket.Receive(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, WithoutAServiceManagerNobodyWatches) {
  NotifyReady("");
  NotifyAlive();
  EXPECT_EQ(WatchdogLimit(), std::nullopt);
}

TEST_F(ServiceManagerTest, TheWatchdogsLimitIsTheServiceManagers) {
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(WatchdogLimit(), absl::Seconds(30));
  setenv("WATCHDOG_PID", absl::StrCat(getpid()).c_str(), 1);
  EXPECT_EQ(WatchdogLimit(), absl::Seconds(30));
  setenv("WATCHDOG_PID", "1", 1);  // another process is watched
  EXPECT_EQ(WatchdogLimit(), std::nullopt);
}

}  // namespace
}  // namespace hedui::operation
