#include "server/access/in_flight.h"

#include <gtest/gtest.h>

#include <utility>

#include "server/base/retry_after.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

Agency AgencyOf(const std::string& code, int in_flight_max) {
  Agency agency;
  agency.code = code;
  agency.in_flight_max = in_flight_max;
  return agency;
}

TEST(InFlightTest, AgencyIsRefusedBeyondItsShareAndOthersAreNot) {
  InFlight in_flight;
  const Agency a = AgencyOf("a", 2);
  const Agency b = AgencyOf("b", 1);
  auto first = in_flight.Enter(a);
  auto second = in_flight.Enter(a);
  ASSERT_TRUE(first.ok() && second.ok());
  const auto third = in_flight.Enter(a);
  EXPECT_EQ(third.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(third.status()), "AGENCY_IN_FLIGHT");
  EXPECT_EQ(base::RetryAfterOf(third.status()), base::kRoomRetryAfter);
  EXPECT_TRUE(in_flight.Enter(b).ok());
  EXPECT_EQ(in_flight.Count("a"), 2) << "a refusal takes no place";
}

TEST(InFlightTest, WhetherThereIsRoomIsToldWithoutTakingIt) {
  InFlight in_flight;
  const Agency a = AgencyOf("a", 1);
  EXPECT_TRUE(in_flight.CheckRoom(a).ok());
  EXPECT_TRUE(in_flight.CheckRoom(a).ok());
  {
    const auto place = in_flight.Enter(a);
    ASSERT_TRUE(place.ok());
    EXPECT_EQ(in_flight.CheckRoom(a), in_flight.Enter(a).status());
    EXPECT_TRUE(in_flight.CheckRoom(AgencyOf("b", 1)).ok());
  }
  EXPECT_TRUE(in_flight.CheckRoom(a).ok());
}

TEST(InFlightTest, WatchersAreCountedAsVerificationsAre) {
  InFlight watchers(InFlight::What::kWatchers);
  const auto place = watchers.Enter(AgencyOf("a", 1));
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(base::ReasonOf(watchers.Enter(AgencyOf("a", 1)).status()), "AGENCY_WATCHERS");
}

TEST(InFlightTest, PlaceIsGivenBackOnce) {
  InFlight in_flight;
  const Agency a = AgencyOf("a", 1);
  {
    auto place = in_flight.Enter(a);
    ASSERT_TRUE(place.ok());
    InFlight::Place moved = *std::move(place);
    EXPECT_EQ(in_flight.Count("a"), 1);
    moved = InFlight::Place();
    EXPECT_EQ(in_flight.Count("a"), 0);
  }
  EXPECT_EQ(in_flight.Count("a"), 0);
  EXPECT_TRUE(in_flight.Enter(a).ok());
}

TEST(InFlightTest, PlaceMayOutliveTheCounter) {
  auto in_flight = std::make_unique<InFlight>();
  auto place = in_flight->Enter(AgencyOf("a", 1));
  ASSERT_TRUE(place.ok());
  in_flight.reset();
}

}  // namespace
}  // namespace hedui::access
