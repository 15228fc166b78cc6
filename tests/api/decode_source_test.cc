#include "server/api/decode_source.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/api/decode_list.h"
#include "server/api/encode_source.h"
#include "server/base/dates.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

using ::testing::HasSubstr;

constexpr char kAgency[] = "640000-operators";

const PageTokens& Tokens() {
  static const auto* const kTokens = new PageTokens(std::string(32, 'k'));
  return *kTokens;
}

TEST(DecodeSourceTest, AHoldSaysWhichSourceAndWhy) {
  v1::HoldSourceRequest request;
  request.set_officer("OP-1");
  const auto empty = DecodeHold(request, kAgency);
  EXPECT_THAT(std::string(empty.status().message()), HasSubstr("2 defect(s)"));
  request.set_source_id("nx-tax");
  request.set_reason(std::string(kHoldReasonBytesMax + 1, 'x'));
  EXPECT_THAT(std::string(DecodeHold(request, kAgency).status().message()),
              HasSubstr("is longer than 512 bytes"));
  request.set_reason(std::string(kHoldReasonBytesMax, 'x'));
  const auto hold = DecodeHold(request, kAgency);
  ASSERT_TRUE(hold.ok()) << hold.status();
  EXPECT_TRUE(hold->held);
  EXPECT_EQ(hold->agency, kAgency);
  EXPECT_EQ(hold->officer, "OP-1");
  EXPECT_EQ(hold->source_id, "nx-tax");
  v1::ReleaseSourceRequest release;
  release.set_source_id("nx-tax");
  release.set_reason("repaired");
  EXPECT_FALSE(DecodeRelease(release, kAgency)->held);
}

TEST(DecodeSourceTest, HoursAreThoseThatAreKept) {
  v1::GetSourceQualityRequest request;
  request.set_source_id("nx-tax");
  EXPECT_EQ(DecodeQuality(request)->hours, 24);
  for (const int hours : {1, 24}) {
    request.set_hours(hours);
    EXPECT_EQ(DecodeQuality(request)->hours, hours);
  }
  for (const int hours : {-1, 25}) {
    request.set_hours(hours);
    EXPECT_THAT(std::string(DecodeQuality(request).status().message()), HasSubstr("hours"));
  }
  request.set_hours(0);
  request.set_division("6401");
  EXPECT_THAT(std::string(DecodeQuality(request).status().message()), HasSubstr("division"));
}

TEST(DecodeSourceTest, ASpanIsWalkedByTheDaysItTouches) {
  const absl::Time midnight = base::StartOfDay(absl::CivilDay(2025, 3, 3));
  v1::ListReportsUsingRequest request;
  request.set_source_id("nx-tax");
  request.set_from_ms(absl::ToUnixMillis(midnight - absl::Milliseconds(1)));
  request.set_to_ms(absl::ToUnixMillis(midnight));
  auto query = DecodeListReportsUsing(request, kAgency, Tokens());
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->place, FirstPlace(absl::CivilDay(2025, 3, 2), absl::CivilDay(2025, 3, 3)));
  EXPECT_EQ(query->to - query->from, absl::Milliseconds(1));
  EXPECT_EQ(query->page_size, kPageItemsDefault);
  request.set_to_ms(absl::ToUnixMillis(midnight + absl::Milliseconds(1)));
  query = DecodeListReportsUsing(request, kAgency, Tokens());
  EXPECT_EQ(query->place, FirstPlace(absl::CivilDay(2025, 3, 2), absl::CivilDay(2025, 3, 4)));
  const PagePlace next{query->place.from, query->place.to, absl::CivilDay(2025, 3, 2), 7};
  request.set_page_token(NextToken(request, kAgency, next, Tokens()));
  EXPECT_EQ(DecodeListReportsUsing(request, kAgency, Tokens())->place, next);
  EXPECT_EQ(base::ReasonOf(DecodeListReportsUsing(request, "other", Tokens()).status()),
            "PAGE_TOKEN");
  request.set_source_id("nx-bank");
  EXPECT_EQ(base::ReasonOf(DecodeListReportsUsing(request, kAgency, Tokens()).status()),
            "PAGE_TOKEN");
}

TEST(DecodeSourceTest, SpansWithoutEndsOrTooLongAreRefused) {
  v1::ListReportsUsingRequest request;
  EXPECT_THAT(std::string(DecodeListReportsUsing(request, kAgency, Tokens()).status().message()),
              HasSubstr("3 defect(s)"));
  request.set_source_id("nx-tax");
  request.set_from_ms(1);
  request.set_to_ms(1);
  EXPECT_THAT(std::string(DecodeListReportsUsing(request, kAgency, Tokens()).status().message()),
              HasSubstr("to_ms: must be after from_ms"));
  request.set_to_ms(1 + int64_t{kListDaysMax} * 86'400'000);
  EXPECT_TRUE(DecodeListReportsUsing(request, kAgency, Tokens()).ok());
  request.set_to_ms(request.to_ms() + 1);
  EXPECT_THAT(std::string(DecodeListReportsUsing(request, kAgency, Tokens()).status().message()),
              HasSubstr("shorter span"));
  request.set_to_ms(INT64_MAX);
  EXPECT_THAT(std::string(DecodeListReportsUsing(request, kAgency, Tokens()).status().message()),
              HasSubstr("year 10000"));
}

TEST(EncodeSourceTest, WhatIsKnownOfLatencyIsNeverZeroMilliseconds) {
  SourceList list;
  list.sources.emplace_back().latency_p50 = absl::Microseconds(100);
  const v1::ListSourcesResponse response = EncodeSources(list);
  EXPECT_EQ(response.sources(0).latency_p50_ms(), 1);
  EXPECT_EQ(response.sources(0).latency_p95_ms(), 0);
  EXPECT_EQ(response.sources(0).breaker(), v1::BREAKER_STATE_CLOSED);
  EXPECT_FALSE(response.sources(0).has_hold());
}

}  // namespace
}  // namespace hedui::api
