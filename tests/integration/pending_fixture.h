// A still platform with one verification whose bank promises to answer later, and what tests ask of
// it. One thread, the test's.
#ifndef HEDUI_TESTS_INTEGRATION_PENDING_FIXTURE_H_
#define HEDUI_TESTS_INTEGRATION_PENDING_FIXTURE_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/pending_rows.h"
#include "server/poll_schedule.h"
#include "server/report_chain.h"
#include "server/stored_report.h"
#include "tests/integration/running_platform.h"
#include "tests/integration/still_platform.h"

namespace hedui::testing {

inline constexpr char kBank[] = "nx-bank";

class PendingFixture : public ::testing::Test {
 protected:
  // The bank does so; everybody else answers at once, or `promises` says how many do not.
  void Begin(const std::string& bank_faults, int promises = 1) {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]",
                      absl::StrCat("faults: [", bank_faults, "]"));
    platform_.emplace(
        &scenario_,
        [this](FlowStep step) {
          if (step != FlowStep::kPolled) return;
          ++polled_;
          if (on_polled_) on_polled_();
        },
        limits_);
    platform_->Register();
    auto first = platform_->Verify();
    ASSERT_TRUE(first.ok()) << first.status();
    first_ = *std::move(first);
    ASSERT_EQ(KindOf(first_, "m1"), base::AnswerKind::kPending);
    ASSERT_EQ(Open(), promises);
  }

  // Another verification of the same household; the fixture's goes on being what is asked for.
  VerifyResult VerifyAnother() {
    v1::RequestHeader& header = *scenario_.household.mutable_header();
    const std::string first = header.request_id();
    header.set_request_id(platform_->rooms().ids->NextId(platform_->clock().WallNow()).ToString());
    auto another = platform_->Verify();
    header.set_request_id(first);
    EXPECT_TRUE(another.ok()) << another.status();
    return another.ok() ? *std::move(another) : VerifyResult();
  }

  static const SourceOutcomeView* Find(const VerifyResult& result, const std::string& person) {
    for (const SourceOutcomeView& view : result.outcomes) {
      if (view.source_id == kBank && view.person_id == person) return &view;
    }
    return nullptr;
  }
  static base::AnswerKind KindOf(const VerifyResult& result, const std::string& person) {
    const SourceOutcomeView* const view = Find(result, person);
    return view == nullptr ? base::AnswerKind::kNotAsked : view->kind;
  }
  static base::Reason ReasonOf(const VerifyResult& result, const std::string& person) {
    const SourceOutcomeView* const view = Find(result, person);
    return view == nullptr ? base::Reason::kNone : view->reason;
  }

  VerifyResult Current() {
    auto current = platform_->Current();
    EXPECT_TRUE(current.ok()) << current.status();
    return current.ok() ? *std::move(current) : VerifyResult();
  }
  ReportChain Chain() {
    auto chain =
        ReadChainBy(platform_->rooms(), kAgency, ResultKey(kAgency, platform_->request_id()));
    EXPECT_TRUE(chain.ok()) << chain.status();
    return *std::move(chain);
  }
  int Open() {
    auto open = CountOpenPromises(*platform_->rooms().pages, first_.verification_id);
    EXPECT_TRUE(open.ok()) << open.status();
    return open.value_or(-1);
  }
  // How the promises of the verification ended, in order.
  std::vector<int> Ends() {
    std::vector<int> ends;
    for (const base::Row& row : platform_->RowsOf(first_.verification_id)) {
      if (row.kind != base::RowKind::kPendingEnd) continue;
      stored::v1::PendingEnd end;
      EXPECT_TRUE(end.ParseFromString(row.body));
      ends.push_back(end.how());
    }
    return ends;
  }
  // Nothing that is not known counts as nothing: the asset test waits for the bank.
  static void ExpectUndetermined(const VerifyResult& result) {
    EXPECT_EQ(
        LineOf(result.envelope, report::v1::LINE_KIND_INDICATION, "dibao").indication().result(),
        report::v1::TRUTH_UNDETERMINED);
  }
  // By two investigators, today.
  base::ManualFinding ByPeople() {
    return {base::FindingMethod::kDocumentReview,
            {"XQ-0107", "XQ-0215"},
            base::CivilDayOf(platform_->clock().WallNow()),
            std::string(32, 'e')};
  }
  size_t AskedOfBank() const { return platform_->AskedOf(kBank).size(); }
  // In nothing that was kept of the verification.
  void ExpectNowhere(const std::string& account) {
    for (const base::Row& row : platform_->RowsOf(first_.verification_id)) {
      EXPECT_FALSE(absl::StrContains(row.body, account)) << "a row has the account";
    }
  }
  void ExpectDroppedForAClosedMatter() {
    const auto dropped = platform_->EntriesOf<ledger::AnswerDroppedEntry>();
    ASSERT_EQ(dropped.size(), 1u);
    EXPECT_EQ(dropped[0].why, 1);
    EXPECT_EQ(platform_->Told("answer_dropped"), 1);
    EXPECT_EQ(Chain().reports.size(), 1u);
    EXPECT_EQ(KindOf(Current(), "m1"), base::AnswerKind::kPending);
    ExpectUndetermined(Current());
    EXPECT_EQ(Open(), 0);
    EXPECT_EQ(Ends(), std::vector<int>{stored::v1::PendingEnd::HOW_REVOKED});
    ExpectNowhere("6217000000003171");
    platform_->AdvanceBy(absl::Hours(100));
    EXPECT_EQ(AskedOfBank(), 2u);
    EXPECT_EQ(platform_->desk().held(), 0u);
  }

  Scenario scenario_;
  PollLimits limits_;
  int polled_ = 0;  // answers that came; on the loop
  std::function<void()> on_polled_;
  std::optional<StillPlatform> platform_;
  VerifyResult first_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_INTEGRATION_PENDING_FIXTURE_H_
