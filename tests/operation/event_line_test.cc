#include "server/operation/event_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hedui::operation {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kTime = absl::FromUnixMillis(1'740'963'600'123);  // 2025-03-03 09:00 at UTC+8

TEST(EventLineTest, FieldsStandInTheirOrderAndNumbersAreNumbers) {
  base::Event event(base::EventLevel::kWarning, "rpc");
  event.With("method", "VerifyHousehold").With("ms", 12).WithAny("reason", "");
  EXPECT_EQ(EventLine(event, kTime),
            R"({"time":"2025-03-03T09:00:00.123+08:00","level":"warning","event":"rpc",)"
            R"("method":"VerifyHousehold","ms":12})");
}

TEST(EventLineTest, TimesAreOfTheirMillisecond) {
  const auto time_of = [](int64_t millis) {
    const std::string line = EventLine(std::string("x"), absl::FromUnixMillis(millis));
    return line.substr(0, line.find(",\"level\""));
  };
  // Seconds next to each other, and one again.
  EXPECT_EQ(time_of(1'740'963'600'000), R"({"time":"2025-03-03T09:00:00.000+08:00")");
  EXPECT_EQ(time_of(1'740'963'600'999), R"({"time":"2025-03-03T09:00:00.999+08:00")");
  EXPECT_EQ(time_of(1'740'963'601'007), R"({"time":"2025-03-03T09:00:01.007+08:00")");
  EXPECT_EQ(time_of(1'740'963'600'010), R"({"time":"2025-03-03T09:00:00.010+08:00")");
  EXPECT_EQ(time_of(0), R"({"time":"1970-01-01T08:00:00.000+08:00")");
}

TEST(EventLineTest, ATextForPeopleIsANotice) {
  EXPECT_THAT(EventLine(std::string("drained"), kTime),
              EndsWith(R"("level":"info","event":"notice","text":"drained"})"));
}

TEST(EventLineTest, WhateverAFieldHoldsTheLineIsOneAndIsJson) {
  base::Event event(base::EventLevel::kError, "failed");
  std::string text = "quote\" slash\\ line\nnul";
  text.push_back('\0');
  text += "bell\a 马 \xff\xfe \xe2\x80\xa8 end";
  event.With("text", text);
  const std::string line = EventLine(event, kTime);
  EXPECT_THAT(line, HasSubstr(R"(quote\" slash\\ line\u000anul\u0000bell\u0007 马 )"
                              "\xef\xbf\xbd\xef\xbf\xbd \\u2028 end"));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST(EventLineTest, ALongFieldOfAsciiIsCutAtItsLimit) {
  base::Event event(base::EventLevel::kInfo, "long");
  event.With("text", std::string(2 * kEventFieldBytesMax, 'x'));
  EXPECT_THAT(EventLine(event, kTime),
              EndsWith("\"text\":\"" + std::string(kEventFieldBytesMax, 'x') + "…\"}"));
}

TEST(EventLineTest, ALongFieldIsCutBetweenCharacters) {
  base::Event event(base::EventLevel::kInfo, "long");
  std::string text;
  while (text.size() < 2 * kEventFieldBytesMax) text += "马";
  event.With("text", text);
  const std::string line = EventLine(event, kTime);
  EXPECT_THAT(line, EndsWith("马…\"}"));
  EXPECT_LT(line.size(), kEventFieldBytesMax + 200);
}

}  // namespace
}  // namespace hedui::operation
