#include "server/base/trace.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_id_source.h"

namespace hedui::base {
namespace {

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kSpan[] = "00f067aa0ba902b7";

std::string Header(absl::string_view version, absl::string_view trace, absl::string_view span,
                   absl::string_view flags) {
  return absl::StrCat(version, "-", trace, "-", span, "-", flags);
}

TEST(TraceParentTest, AValidHeaderIsReadAndWrittenAsItWas) {
  const std::string header = Header("00", kTrace, kSpan, "01");
  const auto parent = TraceParent::Parse(header);
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(parent->ToString(), header);
}

TEST(TraceParentTest, AChildIsOfTheSameTraceWithASpanOfItsOwn) {
  testing::FakeIdSource ids;
  const auto parent = TraceParent::Parse(Header("00", kTrace, kSpan, "01"));
  ASSERT_TRUE(parent.has_value());
  const TraceParent child = parent->Child(&ids);
  EXPECT_EQ(child.trace_id, parent->trace_id);
  EXPECT_NE(child.span_id, parent->span_id);
  EXPECT_NE(child.span_id, parent->Child(&ids).span_id);
  EXPECT_EQ(child.flags, 1);
  EXPECT_TRUE(TraceParent::Parse(child.ToString()).has_value());
}

TEST(TraceParentTest, FlagsThatVersion00DoesNotKnowAreNotPassedOn) {
  testing::FakeIdSource ids;
  const auto parent = TraceParent::Parse(Header("00", kTrace, kSpan, "fe"));
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(parent->Child(&ids).flags, 0);
}

TEST(TraceParentTest, OfALaterVersionWhatIsKnownIsTaken) {
  EXPECT_TRUE(TraceParent::Parse(Header("01", kTrace, kSpan, "01")).has_value());
  EXPECT_TRUE(TraceParent::Parse(Header("cc", kTrace, kSpan, "01-what-comes-then")).has_value());
  EXPECT_FALSE(TraceParent::Parse(Header("cc", kTrace, kSpan, "01.what")).has_value());
}

TEST(TraceParentTest, WhatIsNoHeaderIsAsIfThereWereNone) {
  const std::string zeros(32, '0');
  for (const std::string& header :
       {std::string(), std::string("00"), Header("ff", kTrace, kSpan, "01"),
        Header("00", zeros, kSpan, "01"), Header("00", kTrace, zeros.substr(0, 16), "01"),
        Header("00", "4BF92F3577B34DA6A3CE929D0E0E4736", kSpan, "01"),
        Header("00", kTrace, kSpan, "0g"), Header("0x", kTrace, kSpan, "01"),
        Header("00", kTrace, kSpan, "1"), Header("00", kTrace, kSpan, "01-more"),
        Header("00", kTrace, kSpan, "010"), std::string(55, '-'), std::string(55, '0'),
        absl::StrCat("00_", kTrace, "-", kSpan, "-01"),
        absl::StrCat("00-", kTrace, "_", kSpan, "-01"),
        absl::StrCat("00-", kTrace, "-", kSpan, "_01")}) {
    EXPECT_FALSE(TraceParent::Parse(header).has_value()) << header;
  }
}

}  // namespace
}  // namespace hedui::base
