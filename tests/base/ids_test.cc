#include "server/base/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "server/base/dates.h"
#include "server/base/status.h"
#include "tests/support/fake_id_source.h"

namespace hedui::base {
namespace {

const absl::Time kNow = StartOfDay(absl::CivilDay(2025, 3, 3));

TEST(UuidTest, ParsesAndPrintsTheSameText) {
  const std::string text = "0192f0c1-5e2a-7c3d-9b1f-2a6d4e8c0b57";
  const auto id = Uuid::Parse(text);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(id->ToString(), text);
  EXPECT_EQ(id->bytes[0], 0x01);
  EXPECT_EQ(id->bytes[15], 0x57);
  EXPECT_EQ(*Uuid::Parse("0192F0C1-5E2A-7C3D-9B1F-2A6D4E8C0B57"), *id);
  EXPECT_EQ(*Uuid::FromBytes(id->ToBytes()), *id);
}

TEST(UuidTest, RefusesOtherTexts) {
  for (const char* text :
       {"", "0192f0c15e2a7c3d9b1f2a6d4e8c0b57", "0192f0c1-5e2a-7c3d-9b1f-2a6d4e8c0b5",
        "0192f0c1-5e2a-7c3d-9b1f-2a6d4e8c0b577", "0192f0c1-5e2a-7c3d-9b1f02a6d4e8c0b57",
        "0192f0c-15e2a-7c3d-9b1f-2a6d4e8c0b57", "g192f0c1-5e2a-7c3d-9b1f-2a6d4e8c0b57",
        "{192f0c1-5e2a-7c3d-9b1f-2a6d4e8c0b57}", "00000000-0000-0000-0000-000000000000"}) {
    EXPECT_EQ(ReasonOf(Uuid::Parse(text).status()), "UUID_FORMAT") << text;
  }
  EXPECT_FALSE(Uuid::FromBytes("short").ok());
}

template <typename Source>
class IdSourceTest : public ::testing::Test {
 protected:
  Source source_;
};
using Sources = ::testing::Types<SecureIdSource, ::hedui::testing::FakeIdSource>;
TYPED_TEST_SUITE(IdSourceTest, Sources);

TYPED_TEST(IdSourceTest, MakesVersionSevenOfTheGivenMillisecond) {
  const Uuid id = this->source_.NextId(kNow);
  EXPECT_EQ(id.bytes[6] >> 4, 7);
  EXPECT_EQ(id.bytes[8] >> 6, 2);
  int64_t milliseconds = 0;
  for (int i = 0; i < 6; ++i) milliseconds = (milliseconds << 8) | id.bytes[i];
  EXPECT_EQ(milliseconds, absl::ToUnixMillis(kNow));
}

TYPED_TEST(IdSourceTest, GrowsWithinOneMillisecondAndWhenTheClockGoesBack) {
  Uuid last;
  for (int i = 0; i < 20'000; ++i) {
    // Forwards, standing still, and an hour back.
    const absl::Duration shift = i % 3 == 0 ? absl::ZeroDuration() : -absl::Hours(i % 3 - 1);
    const Uuid id = this->source_.NextId(kNow + shift);
    ASSERT_LT(last, id) << i;
    ASSERT_EQ(id.bytes[6] >> 4, 7);
    ASSERT_EQ(id.bytes[8] >> 6, 2);
    last = id;
  }
}

TYPED_TEST(IdSourceTest, ThreadsNeverGetTheSameId) {
  std::vector<std::vector<Uuid>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& ids : drawn) {
    threads.emplace_back([this, &ids] {
      for (int i = 0; i < 2'000; ++i) ids.push_back(this->source_.NextId(kNow));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Uuid> all;
  for (const auto& ids : drawn) {
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    all.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(all.size(), 8'000u);
}

TYPED_TEST(IdSourceTest, GivesAsManyBytesAsAskedForAndOthersEachTime) {
  for (const size_t size : {0, 1, 7, 8, 9, 32, 4096}) {
    EXPECT_EQ(this->source_.RandomBytes(size).size(), size);
  }
  EXPECT_NE(this->source_.RandomBytes(32), this->source_.RandomBytes(32));
}

TYPED_TEST(IdSourceTest, SaysWhenAnIdWasMade) {
  const Uuid id = this->source_.NextId(kNow);
  EXPECT_EQ(TimeOf(id), absl::FromUnixMillis(absl::ToUnixMillis(kNow)));
  Uuid other = id;
  other.bytes[6] = 0x40 | (other.bytes[6] & 0x0f);
  EXPECT_EQ(TimeOf(other), std::nullopt) << "a random id says nothing of time";
}

TEST(SecureIdSourceTest, TwoSourcesDiffer) {
  SecureIdSource a;
  SecureIdSource b;
  EXPECT_NE(a.NextId(kNow), b.NextId(kNow));
}

TEST(FakeIdSourceTest, RepeatsItselfForOneSeedAndDiffersForAnother) {
  ::hedui::testing::FakeIdSource a(7);
  ::hedui::testing::FakeIdSource b(7);
  ::hedui::testing::FakeIdSource c(8);
  const Uuid id = a.NextId(kNow);
  EXPECT_EQ(id, b.NextId(kNow));
  EXPECT_NE(id, c.NextId(kNow));
  EXPECT_EQ(a.RandomBytes(20), b.RandomBytes(20));
}

}  // namespace
}  // namespace hedui::base
