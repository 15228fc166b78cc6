// A malformed request is examined for what else is wrong with it, where there is a reader for that.
#include "server/request_check.h"

#include <memory>
#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/rooms.h"
#include "server/runtime/worker_pool.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_loop.h"

namespace hedui::testing {
namespace {

TEST(RequestCheckTest, WithoutAReaderNothingIsAddedAndTheCallerIsAnswered) {
  FakeClock clock;
  FakeLoop loop(&clock);
  runtime::WorkerPool disk({"disk", 1});
  disk.Drain();
  Rooms rooms;
  rooms.disk = &disk;
  rooms.setup = [] { return std::make_shared<const hedui::Setup>(); };
  std::optional<std::vector<access::Defect>> found;
  ExamineRequest(&rooms, &loop, VerifyRequest(), {"scope"},
                 [&](std::vector<access::Defect> defects) { found = std::move(defects); });
  loop.RunReady();
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(*found, ::testing::IsEmpty());
}

}  // namespace
}  // namespace hedui::testing
