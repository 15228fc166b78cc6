// What every kind of adapter must do, proved for each by the same tests.
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/registry.h"
#include "adapters/simulated/sim_warrant_desk.h"
#include "gtest/gtest.h"
#include "hedui/v1/source.pb.h"
#include "server/base/clock.h"
#include "server/base/digest.h"
#include "server/base/mutex.h"
#include "server/ledger/trust.h"
#include "tests/adapters/conformance_fixture.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::adapters {
namespace {

using base::AnswerKind;
using base::Reason;

TEST_P(ConformanceTest, TellsWhatTheDepartmentHolds) {
  Open();
  const SourceReply reply = Reply();
  EXPECT_EQ(reply.operator_text, "");
  EXPECT_FALSE(reply.retryable);
  ASSERT_EQ(reply.answers.size(), 2u);
  EXPECT_EQ(reply.answers[0].category, "deposit");
  EXPECT_EQ(reply.answers[0].kind, AnswerKind::kConfirmedNone);
  const base::Answer& answer = reply.answers[1];
  EXPECT_EQ(answer.person_id, "m1");
  EXPECT_EQ(answer.kind, AnswerKind::kFound);
  EXPECT_EQ(answer.reason, Reason::kNone);
  EXPECT_EQ(answer.data_day, absl::CivilDay(2025, 3, 2));
  EXPECT_EQ(answer.covered, Query().period);
  EXPECT_TRUE(answer.complete);
  ASSERT_EQ(answer.records.size(), 1u);
  EXPECT_EQ(*answer.records[0].Find("amount"), base::FieldValue(base::Money::FromFen(300'000)));
  EXPECT_EQ(*answer.records[0].Find("month"), base::FieldValue(absl::CivilMonth(2025, 2)));
}

TEST_P(ConformanceTest, KeepsTheKeyedDigestOfEachRawAnswer) {
  Open();
  const SourceReply reply = Reply();
  // What the department sent, byte for byte.
  v1::QueryRequest asked;
  v1::QueryPerson* person = asked.add_people();
  person->set_person_id("m1");
  person->mutable_identity()->set_kind(v1::IDENTITY_KIND_RESIDENT_ID);
  person->mutable_identity()->set_number(kNumber);
  person->add_categories("deposit");
  person->add_categories("employment");
  asked.mutable_period()->set_from("2025-02-01");
  asked.mutable_period()->set_to("2025-03-01");
  v1::QueryResponse sent;
  ASSERT_TRUE(
      sent.ParseFromString(DepartmentOf(SimulationWith(""), nullptr)->React(asked).response));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(reply.answers.at(static_cast<size_t>(i)).digest,
              base::HmacSha256("matter's digest key", sent.answers(i).SerializeAsString()));
  }
}

TEST_P(ConformanceTest, SendsWarrantAttemptAndPeriod) {
  // The department may be another thread.
  base::Mutex mutex;
  v1::QueryRequest at_the_department;
  Open("", [&](const v1::QueryRequest& request) {
    const base::MutexLock lock(&mutex);
    at_the_department = request;
    return absl::OkStatus();
  });
  Reply();
  const base::MutexLock lock(&mutex);
  const v1::QueryRequest& seen = at_the_department;
  EXPECT_EQ(seen.warrant(), "the warrant's bytes");
  EXPECT_EQ(seen.attempt_id(), "v1/1/dept/1");
  EXPECT_EQ(seen.period().from(), "2025-02-01");
  EXPECT_EQ(seen.period().to(), "2025-03-01");
  ASSERT_EQ(seen.people_size(), 1);
  EXPECT_EQ(seen.people(0).identity().number(), kNumber);
  EXPECT_EQ(seen.people(0).identity().name(), kName);
}

TEST_P(ConformanceTest, AnswersSeveralPeopleInTheQuerysOrder) {
  Open();
  SourceRequest request = Request();
  request.query.people.push_back(
      {"m2", {base::IdentityKind::kResidentId, "11010519491231002X", "张三"}, {"employment"}});
  const SourceReply reply = ReplyTo(std::move(request));
  ASSERT_EQ(reply.answers.size(), 3u);
  EXPECT_EQ(reply.answers[2].person_id, "m2");
  EXPECT_EQ(reply.answers[2].kind, AnswerKind::kConfirmedNone);
}

TEST_P(ConformanceTest, SaysNotCoveredOfWhatTheDepartmentDoesNotHold) {
  Open();
  SourceRequest request = Request();
  request.query.people[0].categories = {"vehicle"};
  EXPECT_EQ(ReplyTo(std::move(request)).answers.at(0).kind, AnswerKind::kNotCovered);
}

TEST_P(ConformanceTest, SlowIsNotLate) {
  Open("{kind: delay, delay: 30ms}");
  EXPECT_EQ(Reply().answers.at(1).kind, AnswerKind::kFound);
}

TEST_P(ConformanceTest, SilenceIsLateAtTheDeadline) {
  Open("{kind: silent}");
  const SourceReply reply = ReplyTo(Request(kNotSoon));
  EXPECT_EQ(reply.answers.at(1).kind, AnswerKind::kUnavailable);
  EXPECT_EQ(reply.answers[1].reason, Reason::kLate);
  EXPECT_EQ(reply.answers.size(), 2u);
}

TEST_P(ConformanceTest, AnAnswerAfterTheDeadlineIsLate) {
  Open("{kind: delay, delay: 10m}");
  EXPECT_EQ(ReplyTo(Request(kNotSoon)).answers.at(1).reason, Reason::kLate);
}

TEST_P(ConformanceTest, CancelEndsTheCallOnce) {
  Open("{kind: silent}");
  const auto call = Start(Request());
  harness_->OnLoop([&](runtime::EventLoop&) {
    call->Cancel();
    EXPECT_EQ(ended_, 0) << "done ran inside Cancel";
    call->Cancel();
  });
  harness_->RunUntil([&] { return ended_ == 1; });
  EXPECT_EQ(replies_.at(0).answers.at(0).kind, AnswerKind::kUnavailable);
  EXPECT_EQ(replies_[0].answers[0].reason, Reason::kCancelled);
  EXPECT_FALSE(replies_[0].retryable);
  harness_->OnLoop([&](runtime::EventLoop&) { call->Cancel(); });
  EXPECT_EQ(replies_.size(), 1u);
}

TEST_P(ConformanceTest, CancelAfterTheEndDoesNothing) {
  Open();
  const auto call = Start(Request());
  harness_->RunUntil([&] { return ended_ == 1; });
  harness_->OnLoop([&](runtime::EventLoop&) { call->Cancel(); });
  EXPECT_EQ(replies_.size(), 1u);
  EXPECT_EQ(Reply().answers.at(1).kind, AnswerKind::kFound) << "the next call is not touched";
}

// Nothing is handed to a transport that may hold it back: what had not left when its letter was
// withdrawn does not leave afterwards.
TEST_P(ConformanceTest, AQueryThatHadToWaitIsNotSentAfterAWithdrawal) {
  OpenHeld();
  bool allowed = true;  // on the loop
  SourceRequest request = Request();
  request.may_be_sent = [&allowed] { return allowed; };
  const auto call = Start(std::move(request));
  int left_before = 0;
  harness_->OnLoop([&](runtime::EventLoop&) {
    allowed = false;
    left_before = arrived_;
  });
  harness_->LetThrough();
  harness_->RunUntil([&] { return ended_ == 1; });
  EXPECT_EQ(arrived_, left_before);
  const SourceReply& reply = replies_.at(0);
  EXPECT_EQ(reply.sent, left_before == 1);
  if (reply.sent) return;  // this kind sends within Start
  EXPECT_EQ(reply.answers.size(), 2u);
  EXPECT_EQ(reply.answers.at(0).kind, AnswerKind::kNotAsked);
  EXPECT_EQ(reply.answers[0].reason, Reason::kNoAuthorization);
}

// Also where nothing has to be waited for: from that moment requests per second are counted.
TEST_P(ConformanceTest, EachQueryIsSentOnlyWhereItMayBeInThatMoment) {
  Open("", [this](const v1::QueryRequest&) {
    ++arrived_;
    return absl::OkStatus();
  });
  EXPECT_TRUE(Reply().sent);
  int asked = 0;  // on the loop
  SourceRequest allowed = Request();
  allowed.may_be_sent = [&asked] { return ++asked > 0; };
  EXPECT_TRUE(ReplyTo(std::move(allowed)).sent);
  EXPECT_EQ(asked, 1);
  SourceRequest request = Request();
  request.may_be_sent = [] { return false; };
  const SourceReply reply = ReplyTo(std::move(request));
  EXPECT_FALSE(reply.sent);
  ASSERT_EQ(reply.answers.size(), 2u);
  EXPECT_EQ(reply.answers[0].kind, AnswerKind::kNotAsked);
  EXPECT_EQ(arrived_, 2);
}

TEST_P(ConformanceTest, AQueryThatHadToWaitIsSentWhenItsTransportIsThere) {
  OpenHeld();
  const auto call = Start(Request());
  Start(Request());
  harness_->LetThrough();
  harness_->RunUntil([&] { return ended_ == started_; });
  EXPECT_EQ(arrived_, 2);
  for (const SourceReply& reply : replies_) {
    EXPECT_EQ(reply.answers.at(1).kind, AnswerKind::kFound);
    EXPECT_TRUE(reply.sent);
  }
}

TEST_P(ConformanceTest, CancelWhileWaitingEndsTheCallOnceAndSendsNothing) {
  OpenHeld();
  const auto call = Start(Request());
  int left_before = 0;
  harness_->OnLoop([&](runtime::EventLoop&) {
    left_before = arrived_;
    call->Cancel();
    EXPECT_EQ(ended_, 0) << "done ran inside Cancel";
    call->Cancel();
  });
  harness_->RunUntil([&] { return ended_ == 1; });
  EXPECT_EQ(replies_.at(0).answers.at(0).reason, Reason::kCancelled);
  harness_->LetThrough();
  EXPECT_EQ(Reply().answers.at(1).kind, AnswerKind::kFound);
  EXPECT_EQ(arrived_, left_before + 1) << "the next call's alone";
  EXPECT_EQ(replies_.size(), 2u);
}

TEST_P(ConformanceTest, DroppingTheHandleDoesNotCancel) {
  Open("{kind: delay, delay: 20ms}");
  Start(Request());
  harness_->RunUntil([&] { return ended_ == 1; });
  EXPECT_EQ(replies_.at(0).answers.at(1).kind, AnswerKind::kFound);
}

TEST_P(ConformanceTest, ManyCallsAtOnceEachEndOnce) {
  Open();
  for (int i = 0; i < 100; ++i) Start(Request());
  harness_->RunUntil([&] { return ended_ == started_; });
  ASSERT_EQ(replies_.size(), 100u);
  for (const SourceReply& reply : replies_) {
    EXPECT_EQ(reply.answers.at(1).kind, AnswerKind::kFound);
  }
}

struct Fault {
  const char* yaml_kind;
  AnswerKind kind;
  Reason reason;
  bool retryable;
};

constexpr Fault kFaults[] = {
    {"unavailable", AnswerKind::kUnavailable, Reason::kUnreachable, true},
    {"overloaded", AnswerKind::kUnavailable, Reason::kOverloaded, true},
    {"source_error", AnswerKind::kUnavailable, Reason::kSourceError, false},
    {"deny", AnswerKind::kRefused, Reason::kSourceRefused, false},
    {"reject_warrant", AnswerKind::kRefused, Reason::kWarrantRejected, false},
    {"garbage", AnswerKind::kUnavailable, Reason::kMalformed, false},
    {"malformed", AnswerKind::kUnavailable, Reason::kMalformed, false},
    {"wrong_person", AnswerKind::kAmbiguous, Reason::kWrongPerson, false},
    {"oversized", AnswerKind::kUnavailable, Reason::kOversized, false},
    {"refuse", AnswerKind::kRefused, Reason::kSourceRefused, false},
    {"empty", AnswerKind::kUnavailable, Reason::kEmpty, false},
    {"contradiction", AnswerKind::kAmbiguous, Reason::kContradiction, false},
    {"pending", AnswerKind::kPending, Reason::kNone, false},
    {"duplicate", AnswerKind::kFound, Reason::kNone, false},
    {"unasked", AnswerKind::kFound, Reason::kNone, false},
};

TEST_P(ConformanceTest, EachFaultComesToItsKindAndReason) {
  for (const Fault& fault : kFaults) {
    SCOPED_TRACE(fault.yaml_kind);
    Open(absl::StrCat("{kind: ", fault.yaml_kind, "}"));
    const SourceReply reply = Reply();
    ASSERT_EQ(reply.answers.size(), 2u);
    EXPECT_EQ(reply.answers[1].category, "employment");
    EXPECT_EQ(reply.answers[1].kind, fault.kind);
    EXPECT_EQ(reply.answers[1].reason, fault.reason);
    EXPECT_EQ(reply.retryable, fault.retryable);
  }
}

// What is held is not told without a warrant, and that it is not told is no "none found".
TEST_P(ConformanceTest, ADeskThatRejectsTheWarrantRefusesAllThatWasAsked) {
  testing::TestPki other;
  const base::SystemClock clock;
  const WarrantDesk desk(*ledger::LogTrust::Load(other.ca_path()), "", nullptr, &clock);
  Open("", [&desk](const v1::QueryRequest& request) { return desk.Check("dept", request); });
  const SourceReply reply = Reply();
  ASSERT_EQ(reply.answers.size(), 2u);
  for (const base::Answer& answer : reply.answers) {
    EXPECT_EQ(answer.kind, AnswerKind::kRefused) << answer.category;
    EXPECT_EQ(answer.reason, Reason::kWarrantRejected) << answer.category;
    EXPECT_TRUE(answer.records.empty()) << answer.category;
    EXPECT_FALSE(answer.complete) << answer.category;
  }
  EXPECT_TRUE(reply.sent) << "it was asked, and heard of the person";
  EXPECT_FALSE(reply.retryable) << "the same warrant would be rejected again";
  EXPECT_TRUE(absl::StrContains(reply.operator_text, "the warrant was not accepted"))
      << reply.operator_text;
}

TEST_P(ConformanceTest, NoPersonalDataStandInOperatorTexts) {
  for (const Fault& fault : kFaults) {
    SCOPED_TRACE(fault.yaml_kind);
    Open(absl::StrCat("{kind: ", fault.yaml_kind, "}"));
    const std::string text = Reply().operator_text;
    EXPECT_FALSE(absl::StrContains(text, "6401")) << text;
    EXPECT_FALSE(absl::StrContains(text, kName)) << text;
    EXPECT_FALSE(absl::StrContains(text, "演示单位")) << text;
  }
}

// A department may put anything into the text of its errors.
TEST_P(ConformanceTest, WhatADepartmentWritesIntoItsErrorsGoesNowhere) {
  std::atomic<int> code{0};
  Open("", [&code](const v1::QueryRequest&) {
    return absl::Status(static_cast<absl::StatusCode>(code.load()),
                        absl::StrCat(kName, " ", kNumber, " is not known at 演示单位"));
  });
  for (code = 1; code <= 16; ++code) {
    SCOPED_TRACE(absl::StatusCodeToString(static_cast<absl::StatusCode>(code.load())));
    const SourceReply reply = Reply();
    for (const base::Answer& answer : reply.answers) {
      EXPECT_TRUE(answer.kind == AnswerKind::kUnavailable || answer.kind == AnswerKind::kRefused);
      EXPECT_NE(answer.reason, Reason::kNone);
    }
    EXPECT_NE(reply.operator_text, "");
    for (const char* secret : {kNumber, kName, "演示单位"}) {
      EXPECT_FALSE(absl::StrContains(reply.operator_text, secret)) << reply.operator_text;
    }
  }
}

// What came can be proved, whatever it was worth.
TEST_P(ConformanceTest, AnswersThatAreNotUsedHaveTheirDigestToo) {
  for (const char* fault :
       {"malformed", "wrong_person", "refuse", "contradiction", "pending", "stale", "duplicate"}) {
    SCOPED_TRACE(fault);
    Open(absl::StrCat("{kind: ", fault, "}"));
    for (const base::Answer& answer : Reply().answers) {
      EXPECT_EQ(answer.digest.size(), base::kDigestBytes) << answer.category;
    }
  }
}

TEST_P(ConformanceTest, SomebodyElsesRecordsAreNotKept) {
  Open("{kind: wrong_person}");
  const SourceReply reply = Reply();
  EXPECT_TRUE(reply.answers.at(1).records.empty());
  EXPECT_NE(reply.answers[1].digest, "") << "what came can still be proved";
}

TEST_P(ConformanceTest, OneCategorysFaultLeavesTheOthers) {
  Open("{kind: malformed, categories: [deposit]}");
  const SourceReply reply = Reply();
  EXPECT_EQ(reply.answers.at(0).reason, Reason::kMalformed);
  EXPECT_NE(reply.answers[0].digest, "");
  EXPECT_EQ(reply.answers.at(1).kind, AnswerKind::kFound);
}

TEST_P(ConformanceTest, PendingComesWithItsToken) {
  Open("{kind: pending}");
  EXPECT_NE(Reply().pending_token, "");
}

TEST_P(ConformanceTest, OldDataNameTheirDay) {
  Open("{kind: stale}");
  EXPECT_EQ(Reply().answers.at(1).data_day, absl::CivilDay(2025, 3, 2) - 400);
}

TEST_P(ConformanceTest, ADepartmentThatRecoversAnswersTheNextAttempt) {
  Open("{kind: unavailable, first_calls: 1}");
  EXPECT_EQ(Reply().answers.at(1).reason, Reason::kUnreachable);
  EXPECT_EQ(Reply().answers.at(1).kind, AnswerKind::kFound);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ConformanceTest, ::testing::ValuesIn(kKinds),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(ConformanceSuiteTest, HoldsEveryKindThatIsBuilt) {
  std::vector<absl::string_view> held;
  for (const Kind& kind : kKinds) held.push_back(kind.name);
  EXPECT_EQ(held, AdapterKinds());
}

}  // namespace
}  // namespace hedui::adapters
