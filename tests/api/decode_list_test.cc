#include "server/api/decode_list.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

using ::testing::HasSubstr;

const absl::CivilDay kToday(2025, 3, 3);
constexpr char kAgency[] = "640104-civil-affairs";

class DecodeListTest : public ::testing::Test {
 protected:
  absl::StatusOr<VerificationQuery> Decode(const v1::ListVerificationsRequest& request,
                                           absl::CivilDay today = kToday) {
    return DecodeListVerifications(request, kAgency, today, tokens_);
  }
  absl::StatusOr<MatterQuery> Decode(const v1::ListMattersRequest& request) {
    return DecodeListMatters(request, kAgency, kToday, tokens_);
  }
  template <typename Request, typename Change>
  void ExpectDefect(const std::string& field, Change change) {
    Request request;
    change(&request);
    const auto query = Decode(request);
    ASSERT_FALSE(query.ok()) << field;
    EXPECT_EQ(base::ReasonOf(query.status()), "INVALID_REQUEST");
    EXPECT_THAT(std::string(query.status().message()), HasSubstr(field + ": "));
    EXPECT_THAT(std::string(query.status().message()), HasSubstr(" 1 defect"));
  }

  const PageTokens tokens_{std::string(32, 'k')};
};

TEST_F(DecodeListTest, WithoutFiltersItIsTheLastYearAHundredAPage) {
  const auto query = Decode(v1::ListVerificationsRequest());
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->agency, kAgency);
  EXPECT_EQ(query->page_size, 100u);
  EXPECT_EQ(query->place, FirstPlace(kToday + 1 - 366, kToday + 1));
  EXPECT_EQ(query->place.day, kToday);
  EXPECT_EQ(query->place.before, base::kNewestPlace);
  EXPECT_EQ(query->state, std::nullopt);
  const auto matters = Decode(v1::ListMattersRequest());
  ASSERT_TRUE(matters.ok()) << matters.status();
  EXPECT_EQ(matters->place, query->place);
  EXPECT_EQ(matters->state, std::nullopt);
}

TEST_F(DecodeListTest, OfAMatterItIsAnyTime) {
  v1::ListVerificationsRequest request;
  request.set_matter_number("M-1");
  EXPECT_EQ(Decode(request)->place, FirstPlace(absl::CivilDay(1970), absl::CivilDay(9999, 12, 31)));
  request.set_begun_from("2001-01-01");
  request.set_begun_to("2020-01-01");
  const auto query = Decode(request);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->place, FirstPlace(absl::CivilDay(2001), absl::CivilDay(2020)));
  EXPECT_EQ(query->matter_number, "M-1");
}

TEST_F(DecodeListTest, ASizeAboveTheBoundIsTakenForTheBound) {
  v1::ListMattersRequest request;
  request.set_page_size(INT32_MAX);
  EXPECT_EQ(Decode(request)->page_size, 1'000u);
  request.set_page_size(1);
  EXPECT_EQ(Decode(request)->page_size, 1u);
}

TEST_F(DecodeListTest, EveryFieldIsChecked) {
  using Verifications = v1::ListVerificationsRequest;
  using Matters = v1::ListMattersRequest;
  ExpectDefect<Verifications>("begun_from", [](auto* r) { r->set_begun_from("2025-02-30"); });
  ExpectDefect<Verifications>("begun_to", [](auto* r) { r->set_begun_to("tomorrow"); });
  ExpectDefect<Verifications>("begun_from", [](auto* r) { r->set_begun_from("2024-03-02"); });
  ExpectDefect<Verifications>("begun_from", [](auto* r) { r->set_begun_from("2025-03-04"); });
  ExpectDefect<Verifications>("matter_number",
                              [](auto* r) { r->set_matter_number(std::string(129, 'x')); });
  ExpectDefect<Verifications>("state",
                              [](auto* r) { r->set_state(static_cast<v1::VerificationState>(9)); });
  ExpectDefect<Verifications>("page_size", [](auto* r) { r->set_page_size(-1); });
  ExpectDefect<Matters>("opened_from", [](auto* r) { r->set_opened_from("x"); });
  ExpectDefect<Matters>("opened_from", [](auto* r) {
    r->set_opened_from("2025-01-01");
    r->set_opened_to("2025-01-01");
  });
  ExpectDefect<Matters>("division", [](auto* r) { r->set_division("64010"); });
  ExpectDefect<Matters>("state", [](auto* r) { r->set_state(static_cast<v1::MatterState>(4)); });
  ExpectDefect<Matters>("page_size", [](auto* r) { r->set_page_size(INT32_MIN); });
}

TEST_F(DecodeListTest, TheLastDayOfTheLongestSpanIsTaken) {
  v1::ListVerificationsRequest request;
  request.set_begun_from("2024-03-03");
  EXPECT_TRUE(Decode(request).ok());
}

TEST_F(DecodeListTest, ATokenGoesOnWithTheDaysOfTheFirstPageWhateverDayItIs) {
  v1::ListVerificationsRequest request;
  request.set_officer("XQ-0107");
  request.set_page_size(10);
  PagePlace next = Decode(request)->place;
  next.day -= 20;
  next.before = 77;
  request.set_page_token(NextToken(request, kAgency, next, tokens_));
  // Who asks, and for how many, may differ from page to page.
  request.set_officer("XQ-0108");
  request.set_page_size(20);
  const auto query = Decode(request, kToday + 3);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->place, next);
  EXPECT_EQ(query->page_size, 20u);
  EXPECT_EQ(NextToken(request, kAgency, std::nullopt, tokens_), "");
}

TEST_F(DecodeListTest, ATokenOfOtherFiltersIsRefused) {
  v1::ListVerificationsRequest request;
  const std::string token = NextToken(request, kAgency, Decode(request)->place, tokens_);
  request.set_state(v1::VERIFICATION_STATE_FINISHED);
  request.set_page_token(token);
  EXPECT_EQ(base::ReasonOf(Decode(request).status()), "PAGE_TOKEN");
  v1::ListMattersRequest matters;
  matters.set_page_token(token);
  EXPECT_EQ(base::ReasonOf(Decode(matters).status()), "PAGE_TOKEN");
}

}  // namespace
}  // namespace hedui::api
