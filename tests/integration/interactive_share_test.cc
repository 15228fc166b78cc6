// Of a source's places and rate reviews and recalls, for which nobody waits, leave a share free:
// whoever is waited for is asked about at once, however many of those stand in line.
#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/integration/source_line_fixture.h"

namespace hedui::testing {
namespace {

using Reacts = ScriptStep::Reacts;

constexpr char kOfficer[] = "XQ-0107";

class InteractiveShareTest : public SourceLineTest {
 protected:
  InteractiveShareTest() {
    Scenario::Replace(&scenario_.register_yaml, "    policy_uses: [read, try]\n",
                      "    source_uses: [read, recall]\n");
  }

  // Sooner or later so many are at the source, and so many in its line.
  void ExpectStanding(int at_source, int in_line) {
    v1::ListSourcesRequest request;
    request.set_officer(kOfficer);
    std::pair<int, int> standing;
    for (const absl::Time until = absl::Now() + kPatience / 2; absl::Now() < until;) {
      const auto list = platform_->client().ListSources(request, kPatience);
      ASSERT_TRUE(list.ok()) << list.status();
      for (const v1::Source& source : list->sources()) {
        if (source.source_id() != kWageSource) continue;
        standing = {source.in_flight(), source.waiting()};
      }
      if (standing == std::pair(at_source, in_line)) return;
    }
    ADD_FAILURE() << standing.first << " are at the source, and " << standing.second << " in line";
  }
  v1::AnswerKind Answer(std::future<v1::SourceOutcome> verified) { return Await(&verified).kind(); }
};

TEST_F(InteractiveShareTest, WhereReviewsTakeTheirPlacesWhoIsWaitedForStillGetsOne) {
  StartWith("deadline: 20s\n    concurrency: 4\n    interactive_percent: 50",
            [](int number) { return number <= 2 ? Reacts::kSilent : Reacts::kRight; });
  std::vector<std::future<v1::SourceOutcome>> reviews;
  for (int i = 0; i < 4; ++i) reviews.push_back(BeginToVerify(v1::CHECK_KIND_REVIEW));
  ExpectStanding(2, 2);
  EXPECT_EQ(Answer(BeginToVerify()), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(Answer(BeginToVerify(v1::CHECK_KIND_URGENT)), v1::ANSWER_KIND_FOUND);
  ExpectStanding(2, 2);  // those reviews stand as they did
  clock_.Advance(absl::Seconds(20));
  for (auto& review : reviews) EXPECT_EQ(Await(&review).reason(), v1::REASON_LATE);
}

TEST_F(InteractiveShareTest, WhereARecallTakesItsPlacesWhoIsWaitedForStillGetsOne) {
  constexpr int kReports = 4;
  StartWith("deadline: 20s\n    concurrency: 4\n    interactive_percent: 50", [](int number) {
    return number == kReports + 1 || number == kReports + 2 ? Reacts::kSilent : Reacts::kRight;
  });
  v1::ReverifyReportsRequest recall;
  recall.set_officer(kOfficer);
  recall.set_recall_id(ids_.NextId(absl::Now()).ToString());
  recall.set_source_id(kWageSource);
  recall.set_reason("wrong data");
  recall.set_from_ms(absl::ToUnixMillis(absl::Now()));
  for (int i = 0; i < kReports; ++i) {
    EXPECT_EQ(OutcomeOf(Verify(), "m1", kWageCategory).kind(), v1::ANSWER_KIND_FOUND);
  }
  recall.set_to_ms(absl::ToUnixMillis(absl::Now()) + 1);
  while (absl::ToUnixMillis(absl::Now()) < recall.to_ms()) {
  }
  const auto begun = platform_->client().ReverifyReports(recall, kPatience);
  ASSERT_TRUE(begun.ok()) << begun.status();
  ExpectStanding(2, 2);
  EXPECT_EQ(Answer(BeginToVerify()), v1::ANSWER_KIND_FOUND);
  ExpectStanding(2, 2);
}

TEST_F(InteractiveShareTest, WhereReviewsUseUpTheirRateWhoIsWaitedForIsStillAskedAboutAtOnce) {
  StartWith("deadline: 20s\n    per_second: 4\n    interactive_percent: 50",
            [](int) { return Reacts::kRight; });
  clock_.Advance(absl::Seconds(2));  // past the second that an earlier process may have used
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Answer(BeginToVerify(v1::CHECK_KIND_REVIEW)), v1::ANSWER_KIND_FOUND);
  }
  auto review = BeginToVerify(v1::CHECK_KIND_REVIEW);
  ExpectStanding(0, 1);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Answer(BeginToVerify()), v1::ANSWER_KIND_FOUND);
  auto fifth = BeginToVerify();
  ExpectStanding(0, 2);  // the second is full
  clock_.Advance(absl::Seconds(1) + absl::Milliseconds(1));
  EXPECT_EQ(Await(&fifth).kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(Await(&review).kind(), v1::ANSWER_KIND_FOUND);
}

}  // namespace
}  // namespace hedui::testing
