// Answers that come after their report, from departments behind gRPC that check every warrant; and
// the platform killed before, after and while what came is made durable.
#include <signal.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/status.h"
#include "server/ledger/trust.h"
#include "server/pending_rows.h"
#include "tests/integration/departments.h"
#include "tests/integration/given_out.h"
#include "tests/integration/running_platform.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

using ::testing::IsEmpty;

constexpr char kOfficer[] = "XQ-0107";
constexpr char kBank[] = "nx-bank";

class PendingTest : public ::testing::Test {
 protected:
  explicit PendingTest(const char* faults = "[{kind: pending, pending_for: 2s}]") {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]",
                      absl::StrCat("faults: ", faults));
    departments_ = std::make_unique<Departments>(&scenario_);
    trust_ = *ledger::LogTrust::Load(scenario_.pki().ca_path());
    given_out_ = std::make_unique<GivenOut>(kAgency, trust_.get());
  }

  v1::VerifyHouseholdRequest NewRequest() {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(ids_.NextId(absl::Now()).ToString());
    given_out_->NoteAsked(request.header().request_id());
    return request;
  }

  static v1::WatchVerificationRequest Watching(const v1::VerifyHouseholdRequest& request) {
    v1::WatchVerificationRequest watch;
    watch.set_request_id(request.header().request_id());
    watch.set_officer(kOfficer);
    watch.set_until_settled(true);
    return watch;
  }

  std::unique_ptr<ChildProcess> Start(const std::string& moment, int count) {
    auto child = ChildProcess::Start({absl::StrCat(HEDUI_BIN_DIR, "/../tests/kill_platform"),
                                      scenario_.Path("heduid.yaml"), moment, absl::StrCat(count)});
    EXPECT_TRUE(child.ok()) << child.status();
    const auto line = (*child)->ReadLine("listening ");
    EXPECT_TRUE(line.ok() && absl::SimpleAtoi(*line, &port_)) << line.status();
    return *std::move(child);
  }
  // Its verification's id. The bank has promised.
  std::string VerifyAt(clients::Client& client, const v1::VerifyHouseholdRequest& request) {
    EXPECT_TRUE(client.RegisterAuthorizations(scenario_.letters, kPatience).ok());
    const auto first = client.VerifyHousehold(request, kPatience);
    EXPECT_TRUE(first.ok()) << first.status();
    if (!first.ok()) return "";
    EXPECT_EQ(OutcomeOf(*first, "m1", "deposit").kind(), v1::ANSWER_KIND_PENDING);
    given_out_->NoteReport(request.header().request_id(), first->verification_id(),
                           first->envelope());
    return first->verification_id();
  }
  static void Kill(ChildProcess& platform) {
    ASSERT_EQ(kill(platform.pid(), SIGKILL), 0);
    EXPECT_EQ(platform.AwaitEnd(), (ProcessEnd{SIGKILL, 0}));
  }

  // What holds of the store whatever happened: one report that superseded, one end of each promise,
  // no query without its intent.
  void ExpectSettledOnce(const std::string& verification_id, int promises = 1) {
    given_out_->NoteQueries(departments_->TakeJournal());
    const auto store = scenario_.OpenStore();
    ASSERT_NE(store, nullptr);
    EXPECT_THAT(given_out_->BreachesIn(*store), IsEmpty());
    const base::Uuid id = *base::Uuid::Parse(verification_id);
    auto rows = store->Find({base::LookupKind::kVerification, id.ToBytes()}, 100);
    ASSERT_TRUE(rows.ok()) << rows.status();
    int reports = 0;
    int ends = 0;
    for (const base::Row& row : *rows) {
      if (row.kind == base::RowKind::kResult) ++reports;
      if (row.kind == base::RowKind::kPendingEnd) ++ends;
    }
    EXPECT_EQ(reports, 2);
    EXPECT_EQ(ends, promises);
    EXPECT_EQ(CountOpenPromises(*store, id).value_or(-1), 0);
  }

  Scenario scenario_;
  int port_ = 0;
  std::unique_ptr<Departments> departments_;
  std::unique_ptr<ledger::LogTrust> trust_;
  std::unique_ptr<GivenOut> given_out_;
  base::SecureIdSource ids_;
};

TEST_F(PendingTest, ADepartmentsPromiseIsFetchedOverTheWireAndShownToWhoWatches) {
  RunningPlatform platform(&scenario_);
  platform.Register();
  const v1::VerifyHouseholdRequest request = NewRequest();
  const auto first = platform.Verify(request);
  ASSERT_TRUE(first.ok()) << first.status();
  given_out_->NoteReport(request.header().request_id(), first->verification_id(),
                         first->envelope());
  EXPECT_EQ(OutcomeOf(*first, "m1", "deposit").kind(), v1::ANSWER_KIND_PENDING);

  std::vector<v1::VerifyHouseholdResponse> reports;
  const auto last = platform.client().WatchVerification(
      Watching(request), kPatience, [](const v1::SourceOutcome&) {},
      [&](const v1::VerifyHouseholdResponse& report) { reports.push_back(report); });
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(OutcomeOf(*last, "m1", "deposit").kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(LinesOf(last->envelope())[0].header().superseding_reason(), "LATE_ANSWER");
  EXPECT_EQ(CheckOffline(scenario_, last->envelope()).verdict, report::Verdict::kValid);
  ASSERT_FALSE(reports.empty());
  EXPECT_EQ(reports.back().envelope(), last->envelope());

  v1::GetVerificationRequest get;
  get.set_request_id(request.header().request_id());
  get.set_officer(kOfficer);
  const auto now = platform.client().GetVerification(get, kPatience);
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->verification().pending(), 0);
  v1::ListReportsRequest list;
  list.set_request_id(request.header().request_id());
  list.set_officer(kOfficer);
  const auto listed = platform.client().ListReports(list, kPatience);
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->reports_size(), 2);
  // The same request again has the report it was answered with.
  const auto again = platform.Verify(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(OutcomeOf(*again, "m1", "deposit").kind(), v1::ANSWER_KIND_PENDING);
  ExpectSettledOnce(first->verification_id());
}

TEST_F(PendingTest, SaysHowManyAreWaitedFor) {
  Scenario never;
  Scenario::Replace(&never.simulation_yaml, "faults: [{kind: silent}]",
                    "faults: [{kind: pending}]");
  RunningPlatform platform(&never);
  platform.Register();
  ASSERT_TRUE(platform.Verify().ok());
  v1::GetVerificationRequest get;
  get.set_request_id(never.household.header().request_id());
  get.set_officer(kOfficer);
  const auto now = platform.client().GetVerification(get, kPatience);
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->verification().pending(), 1);
  v1::ListVerificationsRequest list;
  list.set_officer(kOfficer);
  const auto listed = platform.client().ListVerifications(list, kPatience);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->verifications_size(), 1);
  EXPECT_EQ(listed->verifications(0).pending(), 1);
  v1::CreateVerificationRequest create;
  *create.mutable_request() = never.household;
  const auto created = platform.client().CreateVerification(create, kPatience);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->verification().pending(), 1) << "of what was answered before too";
}

struct KillMoment {
  const char* name;
  const char* moment;
  int count;
};

class PendingKillsTest : public PendingTest, public ::testing::WithParamInterface<KillMoment> {};

TEST_P(PendingKillsTest, TheAnswerIsInOneReportAllTheSame) {
  const v1::VerifyHouseholdRequest request = NewRequest();
  std::string verification_id;
  {
    auto platform = Start("never", 0);
    verification_id = VerifyAt(*scenario_.Connect(port_), request);
    Kill(*platform);
  }
  {
    // All that this one commits is what the bank answers.
    auto platform = Start(absl::StrCat("start-", GetParam().moment), GetParam().count);
    const auto reached = platform->ReadLine("reached ");
    ASSERT_TRUE(reached.ok()) << reached.status();
    EXPECT_EQ(*reached, GetParam().moment);
    EXPECT_EQ(platform->AwaitEnd(), (ProcessEnd{SIGKILL, 0}));
  }
  auto platform = Start("never", 0);
  const auto last = scenario_.Connect(port_)->WatchVerification(Watching(request), kPatience,
                                                                [](const v1::SourceOutcome&) {});
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(OutcomeOf(*last, "m1", "deposit").kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(CheckOffline(scenario_, last->envelope()).verdict, report::Verdict::kValid);
  EXPECT_EQ(platform->Stop(), ProcessEnd{});
  ExpectSettledOnce(verification_id);
}

INSTANTIATE_TEST_SUITE_P(Moments, PendingKillsTest,
                         ::testing::Values(KillMoment{"BeforeThePoll", "polling", 1},
                                           KillMoment{"AfterThePoll", "polled", 1},
                                           KillMoment{"InTheCommit", "late", 2}),
                         [](const auto& tested) { return std::string(tested.param.name); });

// The token that the query brought is good for nothing once the bank has given another.
class RenewedPromiseTest : public PendingTest {
 protected:
  RenewedPromiseTest()
      : PendingTest("[{kind: pending, pending_for: 1s}, {kind: renew, pending_for: 1s}]") {}
};

TEST_F(RenewedPromiseTest, AfterAKillItIsPolledWithTheNewToken) {
  const v1::VerifyHouseholdRequest request = NewRequest();
  std::string verification_id;
  {
    auto platform = Start("never", 0);
    verification_id = VerifyAt(*scenario_.Connect(port_), request);
    const auto renewed = [&] {
      // A reader beside the platform knows what there was when it was opened.
      const auto store = scenario_.OpenStore();
      auto rows = store->Find(
          {base::LookupKind::kVerification, base::Uuid::Parse(verification_id)->ToBytes()}, 100);
      EXPECT_TRUE(rows.ok()) << rows.status();
      return rows.ok() && std::any_of(rows->begin(), rows->end(), [](const base::Row& row) {
               return row.kind == base::RowKind::kPendingEnd;
             });
    };
    while (!renewed() && !HasFailure()) {
    }
    Kill(*platform);
  }
  auto platform = Start("never", 0);
  const auto last = scenario_.Connect(port_)->WatchVerification(Watching(request), kPatience,
                                                                [](const v1::SourceOutcome&) {});
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(OutcomeOf(*last, "m1", "deposit").kind(), v1::ANSWER_KIND_FOUND);
  EXPECT_EQ(CheckOffline(scenario_, last->envelope()).verdict, report::Verdict::kValid);
  EXPECT_EQ(platform->Stop(), ProcessEnd{});
  ExpectSettledOnce(verification_id, /*promises=*/2);
}

}  // namespace
}  // namespace hedui::testing
