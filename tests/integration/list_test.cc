// Lists over the wire: pages while others are begun and after a restart, tokens that were forged or
// are another's, and matters with their letters.
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kOther[] = "640106-civil-affairs";

class ListTest : public ::testing::Test {
 protected:
  ListTest() {
    scenario_.register_yaml += R"(
  - code: 640106-civil-affairs
    name: 银川市金凤区民政局（演示）
    level: county
    division: "640106"
    purposes: [social_assistance]
)";
    // Nobody is waited for.
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  }

  // The nth of the tests' request ids.
  static std::string RequestId(int n) {
    return absl::StrCat("7d3f2c1e-5a84-4b6e-9c1d-", absl::Dec(n, absl::kZeroPad12));
  }

  // Begun and durable, or the test fails.
  void Begin(RunningPlatform& platform, int n) {
    v1::CreateVerificationRequest create;
    *create.mutable_request() = scenario_.household;
    create.mutable_request()->mutable_header()->set_request_id(RequestId(n));
    auto created = platform.client().CreateVerification(create, kPatience);
    // The agency's share may be taken for a moment.
    while (created.status().code() == absl::StatusCode::kResourceExhausted) {
      created = platform.client().CreateVerification(create, kPatience);
    }
    ASSERT_TRUE(created.ok()) << created.status();
  }

  static v1::ListVerificationsRequest Request(int page_size = 4) {
    v1::ListVerificationsRequest request;
    request.set_officer("XQ-0107");
    request.set_page_size(page_size);
    return request;
  }

  static absl::StatusOr<v1::ListVerificationsResponse> List(
      RunningPlatform& platform, const v1::ListVerificationsRequest& request) {
    return platform.client().ListVerifications(request, kPatience);
  }

  static std::vector<std::string> IdsOf(const v1::ListVerificationsResponse& page) {
    std::vector<std::string> ids;
    for (const v1::Verification& verification : page.verifications()) {
      ids.push_back(verification.request_id());
    }
    return ids;
  }

  // Every page, with something done before each but the first.
  template <typename Between>
  std::vector<std::string> All(RunningPlatform& platform, v1::ListVerificationsRequest request,
                               Between between) {
    std::vector<std::string> ids;
    for (int pages = 0; pages < 1'000; ++pages) {
      const auto page = List(platform, request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return ids;
      for (const std::string& id : IdsOf(*page)) ids.push_back(id);
      if (page->next_page_token().empty()) return ids;
      request.set_page_token(page->next_page_token());
      between();
    }
    ADD_FAILURE() << "the list does not end";
    return ids;
  }

  void ExpectTokenRefused(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(base::ReasonOf(status), "PAGE_TOKEN") << status;
  }

  Scenario scenario_;
};

TEST_F(ListTest, PagesRepeatAndMissNothingWhileOthersAreBegunAndAfterARestart) {
  RunningPlatform platform(&scenario_);
  platform.Register();
  std::vector<std::string> expected;
  for (int n = 0; n < 12; ++n) {
    Begin(platform, n);
    expected.insert(expected.begin(), RequestId(n));
  }
  std::atomic<int> next{100};
  int pages = 0;
  const std::vector<std::string> listed = All(platform, Request(3), [&] {
    if (++pages == 2) platform.Restart();
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i) callers.emplace_back([&] { Begin(platform, next++); });
    for (std::thread& caller : callers) caller.join();
  });
  EXPECT_EQ(listed, expected);
  EXPECT_GE(pages, 3);
  // Those that came in between are in the next list, each once.
  const std::vector<std::string> all = All(platform, Request(1000), [] {});
  EXPECT_EQ(all.size(), static_cast<size_t>(12 + next - 100));
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST_F(ListTest, ShowsHowEachStandsAndNothingOfTheHousehold) {
  // The bank of this one is silent for as long as anyone would wait.
  Scenario::Replace(&scenario_.simulation_yaml, "faults: []", "faults: [{kind: silent}]");
  Scenario::Replace(&scenario_.catalogue_yaml, "deadline: 2s", "deadline: 60s");
  RunningPlatform platform(&scenario_);
  platform.Register();
  Begin(platform, 1);
  Begin(platform, 2);
  v1::CancelVerificationRequest cancel;
  cancel.set_request_id(RequestId(1));
  cancel.set_officer("XQ-0107");
  ASSERT_TRUE(platform.client().CancelVerification(cancel, kPatience).ok());

  const auto page = List(platform, Request());
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(IdsOf(*page), ElementsAre(RequestId(2), RequestId(1)));
  EXPECT_EQ(page->verifications(0).state(), v1::VERIFICATION_STATE_RUNNING);
  EXPECT_EQ(page->verifications(1).state(), v1::VERIFICATION_STATE_CANCELLED);
  for (const v1::Verification& verification : page->verifications()) {
    v1::GetVerificationRequest get;
    get.set_request_id(verification.request_id());
    get.set_officer("XQ-0107");
    const auto got = platform.client().GetVerification(get, kPatience);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->verification().SerializeAsString(), verification.SerializeAsString());
    EXPECT_EQ(verification.matter_number(), scenario_.household.header().matter_number());
  }
  for (const v1::Person& person : scenario_.household.persons()) {
    EXPECT_THAT(page->DebugString(), Not(HasSubstr(person.identity().number())));
    EXPECT_THAT(page->SerializeAsString(), Not(HasSubstr(person.identity().name())));
  }
  v1::ListVerificationsRequest cancelled = Request();
  cancelled.set_state(v1::VERIFICATION_STATE_CANCELLED);
  EXPECT_THAT(All(platform, cancelled, [] {}), ElementsAre(RequestId(1)));
  cancelled.set_matter_number(scenario_.household.header().matter_number());
  EXPECT_THAT(All(platform, cancelled, [] {}), ElementsAre(RequestId(1)));
  cancelled.set_matter_number("another");
  EXPECT_THAT(All(platform, cancelled, [] {}), ElementsAre());
  cancel.set_request_id(RequestId(2));
  EXPECT_TRUE(platform.client().CancelVerification(cancel, kPatience).ok());
}

TEST_F(ListTest, AVerificationThatIsTakenUpAgainIsListedOnce) {
  Scenario::Replace(&scenario_.simulation_yaml, "faults: []", "faults: [{kind: silent}]");
  Scenario::Replace(&scenario_.catalogue_yaml, "deadline: 2s", "deadline: 60s");
  RunningPlatform platform(&scenario_);
  platform.Register();
  Begin(platform, 1);
  Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
  scenario_.Write();
  platform.Restart();
  v1::VerifyHouseholdRequest again = scenario_.household;
  again.mutable_header()->set_request_id(RequestId(1));
  ASSERT_TRUE(platform.Verify(again).ok());
  const auto page = List(platform, Request());
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(IdsOf(*page), ElementsAre(RequestId(1)));
  EXPECT_EQ(page->verifications(0).state(), v1::VERIFICATION_STATE_FINISHED);
  EXPECT_THAT(page->verifications(0).report_number(), HasSubstr("HD-"));
}

TEST_F(ListTest, ATokenServesNobodyElseAndNothingElse) {
  RunningPlatform platform(&scenario_);
  platform.Register();
  for (int n = 0; n < 3; ++n) Begin(platform, n);
  const auto first = List(platform, Request(1));
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string token = first->next_page_token();
  ASSERT_NE(token, "");

  v1::ListVerificationsRequest request = Request(1);
  request.set_page_token(token);
  EXPECT_TRUE(List(platform, request).ok());
  request.set_state(v1::VERIFICATION_STATE_FINISHED);
  ExpectTokenRefused(List(platform, request).status());
  request.clear_state();
  request.set_begun_from(base::FormatDay(base::CivilDayOf(absl::Now()) - 3));
  ExpectTokenRefused(List(platform, request).status());
  request.clear_begun_from();

  auto other = scenario_.Connect(platform.port(), kOther);
  ExpectTokenRefused(other->ListVerifications(request, kPatience).status());
  v1::ListMattersRequest matters;
  matters.set_officer("XQ-0107");
  matters.set_page_token(token);
  ExpectTokenRefused(platform.client().ListMatters(matters, kPatience).status());
  std::string forged = token;
  forged.back() = forged.back() == '0' ? '1' : '0';
  for (const std::string& text : {forged, token + "00", std::string("1"), std::string(4096, 'a')}) {
    request.set_page_token(text);
    ExpectTokenRefused(List(platform, request).status());
  }
}

TEST_F(ListTest, AnotherAgencySeesNothingOfIt) {
  RunningPlatform platform(&scenario_);
  platform.Register();
  Begin(platform, 1);
  auto other = scenario_.Connect(platform.port(), kOther);
  const auto verifications = other->ListVerifications(Request(), kPatience);
  ASSERT_TRUE(verifications.ok()) << verifications.status();
  EXPECT_EQ(verifications->verifications_size(), 0);
  EXPECT_EQ(verifications->next_page_token(), "");
  v1::ListMattersRequest list;
  list.set_officer("JF-0001");
  const auto matters = other->ListMatters(list, kPatience);
  ASSERT_TRUE(matters.ok()) << matters.status();
  EXPECT_EQ(matters->matters_size(), 0);
  v1::GetMatterRequest get;
  get.set_officer("JF-0001");
  get.set_matter_number(scenario_.letters.matter_number());
  const absl::Status unknown = other->GetMatter(get, kPatience).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound) << unknown;
  EXPECT_EQ(base::ReasonOf(unknown), "MATTER_UNKNOWN");
  get.set_matter_number("nobody's");
  EXPECT_EQ(other->GetMatter(get, kPatience).status(), unknown);
}

TEST_F(ListTest, AListIsAnAccessThatNamesItsOfficer) {
  RunningPlatform platform(&scenario_);
  v1::ListVerificationsRequest request = Request();
  request.clear_officer();
  EXPECT_EQ(base::ReasonOf(List(platform, request).status()), "OFFICER_REQUIRED");
  EXPECT_EQ(
      base::ReasonOf(platform.client().ListMatters(v1::ListMattersRequest(), kPatience).status()),
      "OFFICER_REQUIRED");
  EXPECT_EQ(base::ReasonOf(platform.client().GetMatter(v1::GetMatterRequest(), kPatience).status()),
            "OFFICER_REQUIRED");
  v1::GetMatterRequest get;
  get.set_officer("XQ-0107");
  EXPECT_EQ(base::ReasonOf(platform.client().GetMatter(get, kPatience).status()),
            "INVALID_REQUEST");
  request = Request(-1);
  request.set_begun_from("2025-02-30");
  const absl::Status status = List(platform, request).status();
  EXPECT_EQ(base::ReasonOf(status), "INVALID_REQUEST");
  EXPECT_THAT(std::string(status.message()), HasSubstr("page_size: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("begun_from: "));
}

TEST_F(ListTest, AMatterIsShownWithItsLettersAndWithoutThePeople) {
  RunningPlatform platform(&scenario_);
  platform.Register();
  const std::string number = scenario_.letters.matter_number();
  v1::RevokeAuthorizationRequest revoke;
  revoke.set_matter_number(number);
  revoke.set_letter_number(scenario_.letters.letters(1).letter_number());
  revoke.set_officer("XQ-0108");
  const auto revoked = platform.client().RevokeAuthorization(revoke, kPatience);
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  v1::MonitorMatterRequest monitor;
  monitor.set_matter_number(number);
  monitor.set_officer("XQ-0109");
  ASSERT_TRUE(platform.client().MonitorMatter(monitor, kPatience).ok());

  v1::GetMatterRequest get;
  get.set_matter_number(number);
  get.set_officer("XQ-0107");
  const auto got = platform.client().GetMatter(get, kPatience);
  ASSERT_TRUE(got.ok()) << got.status();
  const v1::Matter& matter = got->matter();
  EXPECT_EQ(matter.state(), v1::MATTER_STATE_MONITORED);
  EXPECT_EQ(matter.division(), "640104");
  EXPECT_EQ(matter.opened_by(), scenario_.letters.officer());
  ASSERT_EQ(matter.changes_size(), 1);
  EXPECT_EQ(matter.changes(0).officer(), "XQ-0109");
  ASSERT_EQ(matter.letters_size(), scenario_.letters.letters_size());
  for (int i = 0; i < matter.letters_size(); ++i) {
    const v1::RegisteredLetter& letter = matter.letters(i);
    const v1::Letter& given = scenario_.letters.letters(i);
    EXPECT_EQ(letter.letter_number(), given.letter_number());
    EXPECT_EQ(letter.document(), given.document());
    EXPECT_EQ(letter.capacity(), given.capacity());
    EXPECT_EQ(letter.signature(), given.signature());
    EXPECT_EQ(letter.signed_day(), given.signed_day());
    EXPECT_EQ(letter.purposes_size(), given.purposes_size());
    EXPECT_EQ(letter.live(), i != 1);
    EXPECT_EQ(letter.revoked_at_seconds(), i == 1 ? revoked->revoked_at_seconds() : 0);
    EXPECT_EQ(letter.revoked_by(), i == 1 ? "XQ-0108" : "");
    EXPECT_THAT(got->SerializeAsString(), Not(HasSubstr(given.person().number())));
    EXPECT_THAT(got->SerializeAsString(), Not(HasSubstr(given.person().name())));
  }

  v1::ListMattersRequest list;
  list.set_officer("XQ-0107");
  list.set_state(v1::MATTER_STATE_MONITORED);
  list.set_division("640100");
  const auto listed = platform.client().ListMatters(list, kPatience);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->matters_size(), 1);
  v1::Matter short_form = matter;
  short_form.clear_changes();
  short_form.clear_letters();
  EXPECT_EQ(listed->matters(0).SerializeAsString(), short_form.SerializeAsString());
  list.set_state(v1::MATTER_STATE_CLOSED);
  EXPECT_EQ(platform.client().ListMatters(list, kPatience)->matters_size(), 0);
}

}  // namespace
}  // namespace hedui::testing
