// A recalled source asked anew beside another that stands in for it and has promised something, or
// of whose answer people have decided: on a clock that the test moves.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/report/report_builder.h"
#include "server/reverify_flow.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

using stored::v1::PendingEnd;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kStandIn[] = "nx-securities";

// What the bank says is about somebody else, and says so again when it is asked anew.
class ReverifyFallbackTest : public PendingFixture {
 protected:
  void Begin(const std::string& stand_in_fault) {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]",
                      "faults: [{kind: wrong_person}]");
    Scenario::Replace(&scenario_.catalogue_yaml, "{code: securities}",
                      "{code: securities}, {code: deposit, fallback: true}");
    Scenario::Replace(&scenario_.simulation_yaml, "categories: [securities, insurance]",
                      absl::StrCat("categories: [securities, insurance, deposit]\n    faults: [",
                                   stand_in_fault, "]"));
    platform_.emplace(&scenario_);
    platform_->Register();
    auto first = platform_->Verify();
    ASSERT_TRUE(first.ok()) << first.status();
    first_ = *std::move(first);
    ASSERT_EQ(KindOf(first_, "m1"), base::AnswerKind::kAmbiguous);
    platform_->AdvanceBy(absl::Minutes(1));
  }

  // Of what the bank has said so far.
  void Recall() {
    const absl::Time now = platform_->clock().WallNow();
    std::optional<absl::StatusOr<ReverifyEnd>> end;
    const auto flow = BeginReverify(
        &platform_->rooms(), &platform_->loop(), {kBank, now - absl::Hours(1), now, now}, kAgency,
        Chain().current().report_id, [&end](absl::StatusOr<ReverifyEnd> done) { end = done; });
    const size_t asked = AskedOfBank();
    platform_->AdvanceBy(absl::Seconds(1));
    ASSERT_TRUE(end.has_value() && end->ok());
    ASSERT_EQ(**end, ReverifyEnd::kVerified);
    EXPECT_EQ(AskedOfBank(), asked + 1);
    EXPECT_EQ(Chain().current().superseding_reason, "SOURCE_RECALLED");
    EXPECT_EQ(CheckOffline(scenario_, Current().envelope).verdict, report::Verdict::kValid);
  }

  // What the one that stands in says of the person's deposits in the current report.
  SourceOutcomeView Deposit(const std::string& person) {
    for (const SourceOutcomeView& view : Current().outcomes) {
      if (view.source_id == kStandIn && view.person_id == person && view.category == "deposit") {
        return view;
      }
    }
    ADD_FAILURE() << "nothing about " << person;
    return {};
  }
  // Queries and polls about deposits.
  std::vector<v1::QueryRequest> AskedOfStandIn() const {
    std::vector<v1::QueryRequest> asked = platform_->AskedOf(kStandIn);
    std::erase_if(asked, [](const v1::QueryRequest& request) {
      return std::none_of(request.people().begin(), request.people().end(), [](const auto& person) {
        return std::find(person.categories().begin(), person.categories().end(), "deposit") !=
               person.categories().end();
      });
    });
    return asked;
  }
};

// The newer promise's answer would find nothing that waits for it once the older one has failed.
TEST_F(ReverifyFallbackTest, WhatItHasPromisedIsWaitedForAndNotAskedForOnceMore) {
  Begin("{kind: pending, pending_for: 21600s, categories: [deposit]}");
  ASSERT_EQ(Deposit("m1").kind, base::AnswerKind::kPending);
  ASSERT_EQ(Open(), 1);
  ASSERT_NO_FATAL_FAILURE(Recall());
  EXPECT_EQ(Deposit("m1").kind, base::AnswerKind::kPending);
  EXPECT_EQ(Open(), 1) << "two promises for one pair are in each other's way";
  EXPECT_EQ(AskedOfStandIn().size(), 1u);
  ExpectUndetermined(Current());

  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(Deposit("m1").kind, base::AnswerKind::kConfirmedNone);
  EXPECT_EQ(Open(), 0);
  EXPECT_THAT(Ends(), ElementsAre(PendingEnd::HOW_ANSWERED));
  EXPECT_THAT(platform_->EntriesOf<ledger::AnswerDroppedEntry>(), IsEmpty());
  EXPECT_EQ(AskedOfStandIn().size(), 2u);
}

// As after a withdrawal, say, of whom another letter is there by now.
TEST_F(ReverifyFallbackTest, WhatItHasPromisedAndNobodyWaitsForAnyMoreIsAskedFor) {
  Begin("{kind: pending, pending_for: 21600s, categories: [deposit]}");
  for (const base::Row& row : platform_->RowsOf(first_.verification_id)) {
    if (row.kind != base::RowKind::kPending) continue;
    const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(platform_->clock().WallNow()));
    platform_->Commit({PromiseEndRow(**ReadPromise(row), PromiseEnd::kRevoked,
                                     platform_->rooms().ids->NextId(now), now)});
  }
  ASSERT_EQ(Open(), 0);
  ASSERT_NO_FATAL_FAILURE(Recall());
  EXPECT_EQ(Deposit("m1").kind, base::AnswerKind::kPending);
  EXPECT_EQ(Open(), 1);
  platform_->AdvanceBy(absl::Hours(7));
  EXPECT_EQ(Deposit("m1").kind, base::AnswerKind::kConfirmedNone);
  EXPECT_EQ(Open(), 0);
}

TEST_F(ReverifyFallbackTest, WhatPeopleDecidedAboutItsAnswerStands) {
  Begin("{kind: wrong_person, categories: [deposit]}");
  ASSERT_EQ(Deposit("m1").kind, base::AnswerKind::kAmbiguous);
  IdentityDecision decision;
  decision.how = ByPeople();
  decision.person_id = "m1";
  decision.source_id = kStandIn;
  decision.category = "deposit";
  ASSERT_NO_FATAL_FAILURE(platform_->Decide(first_.report_number, decision));
  ASSERT_EQ(Deposit("m1").kind, base::AnswerKind::kUnavailable);

  ASSERT_NO_FATAL_FAILURE(Recall());
  EXPECT_EQ(Deposit("m1").kind, base::AnswerKind::kUnavailable);
  EXPECT_EQ(Deposit("m1").reason, base::Reason::kWrongPerson);
  EXPECT_EQ(Deposit("m2").kind, base::AnswerKind::kAmbiguous) << "nobody has decided";
  ASSERT_EQ(AskedOfStandIn().size(), 2u);
  EXPECT_EQ(AskedOfStandIn()[1].people_size(), 2) << "it was asked about the others";
  bool manual = false;
  for (const report::v1::Line& line : LinesOf(Current().envelope)) {
    if (line.kind() == report::v1::LINE_KIND_OUTCOME && line.person_id() == "m1" &&
        line.outcome().source_id() == kStandIn && line.code() == "deposit") {
      manual = line.marks().manual();
    }
  }
  EXPECT_TRUE(manual) << "and says by whom";
}

}  // namespace
}  // namespace hedui::testing
