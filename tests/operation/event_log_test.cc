#include "server/operation/event_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/fake_clock.h"

namespace hedui::operation {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0); }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  int write_end() const { return ends_[1]; }
  // With dots, as many as go in; returns how many.
  int Fill() const {
    const int flags = fcntl(ends_[1], F_GETFL);
    EXPECT_EQ(fcntl(ends_[1], F_SETFL, flags | O_NONBLOCK), 0);
    int bytes = 0;
    while (write(ends_[1], ".", 1) == 1) ++bytes;
    EXPECT_EQ(fcntl(ends_[1], F_SETFL, flags), 0);
    return bytes;
  }
  void CloseRead() { Close(&ends_[0]); }
  void CloseWrite() { Close(&ends_[1]); }
  std::string ReadToEnd() const {
    std::string all;
    char block[4096];
    for (ssize_t n = 0; (n = read(ends_[0], block, sizeof block)) > 0;) {
      all.append(block, static_cast<size_t>(n));
    }
    return all;
  }

 private:
  static void Close(int* end) {
    if (*end >= 0) close(*end);
    *end = -1;
  }
  int ends_[2] = {-1, -1};
};

base::Event Numbered(int64_t number) {
  base::Event event(base::EventLevel::kInfo, "numbered");
  event.With("number", number);
  return event;
}

TEST(EventLogTest, EveryEventIsALineInTheOrderOfTheCalls) {
  const testing::FakeClock clock;
  Pipe pipe;
  {
    EventLog log(pipe.write_end(), &clock);
    for (int i = 0; i < 100; ++i) log.Write(Numbered(i));
  }
  pipe.CloseWrite();
  const std::vector<std::string> lines = absl::StrSplit(pipe.ReadToEnd(), '\n');
  ASSERT_EQ(lines.size(), 101u);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_TRUE(absl::EndsWith(lines[i], absl::StrCat("\"number\":", i, "}"))) << lines[i];
  }
}

TEST(EventLogTest, ABraceInATextIsNoFormat) {
  const testing::FakeClock clock;
  Pipe pipe;
  { EventLog(pipe.write_end(), &clock).Write(std::string("{} {0} %v")); }
  pipe.CloseWrite();
  EXPECT_THAT(pipe.ReadToEnd(), ::testing::HasSubstr(R"("text":"{} {0} %v"})"));
}

// Would hang here if a full pipe held the caller up.
TEST(EventLogTest, ALogThatNobodyReadsLosesLinesAndHoldsNobodyUp) {
  signal(SIGPIPE, SIG_IGN);
  const testing::FakeClock clock;
  Pipe pipe;
  EventLog log(pipe.write_end(), &clock);
  const int64_t lines = 4 * static_cast<int64_t>(kEventLinesMax);
  for (int64_t i = 0; i < lines; ++i) log.Write(Numbered(i));
  EXPECT_GT(log.dropped(), 0u);
  EXPECT_LT(log.dropped(), static_cast<uint64_t>(lines));
  pipe.CloseRead();  // so that the log can end
}

// Would hang here if the end waited for a reader.
TEST(EventLogTest, AnEndWithoutAReaderDropsWhatIsLeftAndCountsIt) {
  const testing::FakeClock clock;
  Pipe pipe;
  const int taken = pipe.Fill();
  uint64_t unread = 0;
  {
    EventLog log(
        pipe.write_end(), &clock, [&unread](uint64_t lines) { unread = lines; },
        absl::ZeroDuration());
    for (int i = 0; i < 100; ++i) log.Write(Numbered(i));
  }
  EXPECT_EQ(unread, 100u);
  pipe.CloseWrite();
  EXPECT_EQ(pipe.ReadToEnd(), std::string(static_cast<size_t>(taken), '.'));
}

TEST(EventLogTest, AnEndThatIsReadLosesNothingAndTellsOfNothing) {
  const testing::FakeClock clock;
  Pipe pipe;
  uint64_t unread = 0;
  {
    EventLog log(
        pipe.write_end(), &clock, [&unread](uint64_t lines) { unread = lines; },
        absl::ZeroDuration());
    log.WriteLine("listening 1");
  }
  EXPECT_EQ(unread, 0u);
  pipe.CloseWrite();
  EXPECT_EQ(pipe.ReadToEnd(), "listening 1\n");
}

}  // namespace
}  // namespace hedui::operation
