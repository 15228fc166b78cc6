#include "server/certificate_watch.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/pki/test_pki.h"

namespace hedui {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr absl::Duration kDay = absl::Hours(24);
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

// Of a year.
WatchedCertificate Ending(absl::Duration left) {
  return {"tls.certificate_file",
          "platform.pem",
          {"CN=platform", kNow + left - 365 * kDay, kNow + left}};
}

TEST(ExpiryTest, WarnsFromThirtyDaysOnAndLouderFromSeven) {
  const auto of = [](absl::Duration left) { return ExpiryOf(Ending(left).life, kNow); };
  EXPECT_EQ(of(30 * kDay + absl::Seconds(1)), Expiry::kFar);
  EXPECT_EQ(of(30 * kDay), Expiry::kNear);
  EXPECT_EQ(of(7 * kDay + absl::Seconds(1)), Expiry::kNear);
  EXPECT_EQ(of(7 * kDay), Expiry::kUrgent);
  EXPECT_EQ(of(absl::ZeroDuration()), Expiry::kUrgent);
  EXPECT_EQ(of(-absl::Seconds(1)), Expiry::kExpired);
}

TEST(ExpiryTest, WhatLivesAWeekIsNotNearItsEndOnEveryDay) {
  const auto of = [](absl::Duration left) {
    return ExpiryOf({"CN=authority", kNow + left - 10 * kDay, kNow + left}, kNow);
  };
  EXPECT_EQ(of(4 * kDay), Expiry::kFar);
  EXPECT_EQ(of(3 * kDay), Expiry::kNear);
  EXPECT_EQ(of(1 * kDay), Expiry::kUrgent);
  EXPECT_EQ(ExpiryOf({"CN=authority", kNow, absl::InfiniteFuture()}, kNow), Expiry::kFar);
}

class CertificateWatchTest : public ::testing::Test {
 protected:
  std::vector<std::pair<Expiry, std::string>> Told(absl::Time now) {
    told_.clear();
    watch_.TellIfDue(now);
    return told_;
  }
  std::vector<std::pair<Expiry, std::string>> told_;
  CertificateWatch watch_{
      [this](Expiry expiry, const std::string& line) { told_.emplace_back(expiry, line); }};
};

TEST_F(CertificateWatchTest, TellsOnceADayAndAtOnceOfWhatIsNewOrNearer) {
  watch_.Watch({Ending(20 * kDay), Ending(200 * kDay)});
  EXPECT_THAT(Told(kNow),
              ElementsAre(Pair(Expiry::kNear,
                               HasSubstr("tls.certificate_file: platform.pem: \"CN=platform\" "
                                         "expires in 20 days, at 2027-02-04 08:00:00 UTC"))));
  EXPECT_THAT(Told(kNow), IsEmpty());
  watch_.Watch({Ending(20 * kDay), Ending(200 * kDay)});
  EXPECT_THAT(Told(kNow), IsEmpty()) << "read anew, and still the same";
  // 16:00 at UTC+8: the next civil day begins in eight hours.
  EXPECT_THAT(Told(kNow + absl::Hours(7)), IsEmpty());
  EXPECT_THAT(Told(kNow + absl::Hours(8)), ElementsAre(Pair(Expiry::kNear, HasSubstr("19 days"))));
  EXPECT_THAT(Told(kNow + 14 * kDay), ElementsAre(Pair(Expiry::kUrgent, HasSubstr("6 days"))));
  EXPECT_THAT(Told(kNow + 21 * kDay), ElementsAre(Pair(Expiry::kExpired, HasSubstr("expired at"))));
  EXPECT_THAT(Told(kNow + 21 * kDay + absl::Hours(1)), IsEmpty());
  watch_.Watch({Ending(21 * kDay + absl::Hours(5))});
  EXPECT_THAT(Told(kNow + 21 * kDay), ElementsAre(Pair(Expiry::kUrgent, HasSubstr("5 hours"))));
  EXPECT_THAT(Told(kNow + 21 * kDay + absl::Hours(5) + absl::Seconds(1)),
              ElementsAre(Pair(Expiry::kExpired, HasSubstr("expired at"))))
      << "on the same day";
}

TEST_F(CertificateWatchTest, ListsWhatItWatches) {
  testing::TestPki pki;
  watch_.Watch(WatchedIn(pki.ca_pem(), "tls.ca_file", pki.ca_path()));
  const auto list = watch_.List();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].key, "tls.ca_file");
  EXPECT_EQ(list[0].life.to, absl::FromUnixSeconds(2019686400));
  watch_.Watch(WatchedIn(pki.RevocationList({}, kNow, kNow + kDay), "tls.crl_file", "ca.crl"));
  ASSERT_EQ(watch_.List().size(), 1u);
  EXPECT_EQ(watch_.List()[0].life.to, kNow + kDay);
  EXPECT_THAT(WatchedIn("nonsense", "tls.ca_file", "ca.pem"), IsEmpty());
}

}  // namespace
}  // namespace hedui
