#include "server/base/yaml_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "sample_config.pb.h"
#include "server/base/status.h"

namespace hedui::base {
namespace {

using ::hedui::tests::base::Sample;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Defects(absl::string_view text) {
  Sample sample;
  const absl::Status status = ReadYamlMessage("c.yaml", text, &sample);
  return status.ok() ? "" : std::string(status.message());
}

TEST(YamlMessageTest, ReadsEveryShapeOfField) {
  Sample sample;
  const absl::Status status = ReadYamlMessage("c.yaml", R"(
name: 银川市
enabled: true
small: -7
big: 9223372036854775807
count: 4294967295
huge: 18446744073709551615
kind: front_end_database
mode: fast
deadline: 150ms
listener: {address: "::1", port: 8443}
listeners:
  - address: 127.0.0.1
  - {port: 2}
tags: [a, "2"]
kinds: [grpc, front_end_database]
numbers: [1, -2]
limits: {a: 1, b: 2}
named:
  x: {port: 9}
sqlite_path: /var/lib/store
maybe: 0
flags: [true, false]
)",
                                              &sample);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(sample.name(), "银川市");
  EXPECT_TRUE(sample.enabled());
  EXPECT_EQ(sample.small(), -7);
  EXPECT_EQ(sample.big(), INT64_MAX);
  EXPECT_EQ(sample.count(), UINT32_MAX);
  EXPECT_EQ(sample.huge(), UINT64_MAX);
  EXPECT_EQ(sample.kind(), tests::base::SOURCE_KIND_FRONT_END_DATABASE);
  EXPECT_EQ(sample.mode(), Sample::MODE_FAST);
  EXPECT_EQ(sample.deadline().nanos(), 150'000'000);
  EXPECT_EQ(sample.listener().address(), "::1");
  EXPECT_EQ(sample.listeners(1).port(), 2u);
  EXPECT_THAT(sample.tags(), ElementsAre("a", "2"));
  EXPECT_EQ(sample.kinds_size(), 2);
  EXPECT_THAT(sample.numbers(), ElementsAre(1, -2));
  EXPECT_EQ(sample.limits().at("b"), 2);
  EXPECT_EQ(sample.named().at("x").port(), 9u);
  EXPECT_EQ(sample.sqlite_path(), "/var/lib/store");
  EXPECT_TRUE(sample.has_maybe());
  EXPECT_THAT(sample.flags(), ElementsAre(true, false));
}

TEST(YamlMessageTest, AbsentKeysStayAbsent) {
  Sample sample;
  sample.set_name("from before");
  ASSERT_TRUE(ReadYamlMessage("c.yaml", "small: 1\n", &sample).ok());
  EXPECT_EQ(sample.name(), "") << "the file is the whole message";
  EXPECT_FALSE(sample.has_maybe());
  EXPECT_TRUE(ReadYamlMessage("c.yaml", "# nothing set\n", &sample).ok());
}

TEST(YamlMessageTest, DurationsAreWholeNumbersOfOneUnit) {
  const auto seconds = [](const std::string& text) {
    Sample sample;
    EXPECT_TRUE(ReadYamlMessage("c", "deadline: " + text, &sample).ok()) << text;
    return std::make_pair(sample.deadline().seconds(), sample.deadline().nanos());
  };
  EXPECT_EQ(seconds("2s"), std::make_pair(int64_t{2}, 0));
  EXPECT_EQ(seconds("1500ms"), std::make_pair(int64_t{1}, 500'000'000));
  EXPECT_EQ(seconds("10us"), std::make_pair(int64_t{0}, 10'000));
  EXPECT_EQ(seconds("5m"), std::make_pair(int64_t{300}, 0));
  EXPECT_EQ(seconds("24h"), std::make_pair(int64_t{86'400}, 0));
  EXPECT_EQ(seconds("30d"), std::make_pair(int64_t{2'592'000}, 0));
  EXPECT_EQ(seconds("0s"), std::make_pair(int64_t{0}, 0));
  for (const char* text : {"2", "s", "-1s", "1.5s", "1 s", "inf", "99999999999999999999s",
                           "9223372036854775807h", "[1s]", "{seconds: 1}"}) {
    EXPECT_THAT(Defects(std::string("deadline: ") + text), HasSubstr("CONFIG_DURATION")) << text;
  }
}

struct BadCase {
  std::string text;
  std::string code;
};

class BadConfigTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadConfigTest, IsRefusedWithFileLineAndCode) {
  EXPECT_THAT(Defects("# first line\n" + GetParam().text),
              HasSubstr("c.yaml:2: " + GetParam().code))
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    All, BadConfigTest,
    ::testing::Values(
        BadCase{"nmae: x", "CONFIG_UNKNOWN_KEY: nmae"},
        BadCase{"listener: {adress: x}", "CONFIG_UNKNOWN_KEY: listener.adress"},
        BadCase{"{name: a, name: b}", "YAML_DUPLICATE_KEY"},
        BadCase{"limits: {a: 1, a: 2}", "YAML_DUPLICATE_KEY"},
        BadCase{"enabled: yes", "CONFIG_TYPE: enabled"},
        BadCase{"enabled: 'true'", "CONFIG_TYPE: enabled"},
        BadCase{"small: 2147483648", "CONFIG_RANGE: small"},
        BadCase{"small: -2147483649", "CONFIG_RANGE: small"},
        BadCase{"count: -1", "CONFIG_RANGE: count"},
        BadCase{"huge: 18446744073709551616", "CONFIG_RANGE: huge"},
        BadCase{"small: 1.0", "CONFIG_TYPE: small"}, BadCase{"small: 0x10", "CONFIG_TYPE: small"},
        BadCase{"small: 010", "CONFIG_TYPE: small"}, BadCase{"small: '1'", "CONFIG_TYPE: small"},
        BadCase{"small: many", "CONFIG_TYPE: small"}, BadCase{"small: [1]", "CONFIG_TYPE: small"},
        BadCase{"numbers: 1", "CONFIG_TYPE: numbers"},
        BadCase{"numbers: [1, x]", "CONFIG_TYPE: numbers[1]"},
        BadCase{"listener: here", "CONFIG_TYPE: listener"},
        BadCase{"listeners: {port: 1}", "CONFIG_TYPE: listeners"},
        BadCase{"limits: [1]", "CONFIG_TYPE: limits"},
        BadCase{"limits: {a: x}", "CONFIG_TYPE: limits.a"},
        BadCase{"name: {a: b}", "CONFIG_TYPE: name"}, BadCase{"name:", "CONFIG_TYPE: name"},
        BadCase{"listener: ~", "CONFIG_TYPE: listener"},
        BadCase{"kind: soap", "CONFIG_ENUM: kind: write one of grpc, front_end_database"},
        BadCase{"kind: unspecified", "CONFIG_ENUM: kind"},
        BadCase{"kind: SOURCE_KIND_GRPC", "CONFIG_ENUM: kind"},
        BadCase{"kind: 1", "CONFIG_ENUM: kind"},
        BadCase{"kinds: [grpc, x]", "CONFIG_ENUM: kinds[1]"},
        BadCase{"{sqlite_path: a, postgres: {port: 1}}", "CONFIG_ONEOF: postgres"},
        BadCase{"secret: abc", "CONFIG_TYPE: secret"}, BadCase{"ratio: 0.5", "CONFIG_TYPE: ratio"},
        BadCase{"[a, b]", "CONFIG_TYPE: "}, BadCase{"just text", "CONFIG_TYPE: "},
        BadCase{"a: [", "YAML_SYNTAX"}));

TEST(YamlMessageTest, ListsEveryDefectAtOnceAndLeavesTheMessageAlone) {
  Sample sample;
  sample.set_name("before");
  const absl::Status status =
      ReadYamlMessage("c.yaml", "name: a\nsmall: x\nname: b\nnoo: 1\nkind: y\n", &sample);
  EXPECT_EQ(ReasonOf(status), "CONFIGURATION");
  const std::vector<std::string> lines = absl::StrSplit(status.message(), '\n');
  ASSERT_EQ(lines.size(), 4u) << status;
  EXPECT_TRUE(absl::StartsWith(lines[0], "c.yaml:3: YAML_DUPLICATE_KEY")) << lines[0];
  EXPECT_TRUE(absl::StartsWith(lines[1], "c.yaml:2: CONFIG_TYPE")) << lines[1];
  EXPECT_TRUE(absl::StartsWith(lines[2], "c.yaml:4: CONFIG_UNKNOWN_KEY")) << lines[2];
  EXPECT_TRUE(absl::StartsWith(lines[3], "c.yaml:5: CONFIG_ENUM")) << lines[3];
  EXPECT_EQ(sample.name(), "before");
}

TEST(YamlMessageTest, AMissingFileIsNotFound) {
  Sample sample;
  EXPECT_EQ(ReadYamlMessageFile("/nonexistent/c.yaml", &sample).code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace hedui::base
