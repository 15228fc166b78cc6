// What every kind of adapter that has a network must do when the network fails: each fault at each
// moment of a call, through a proxy that fails at a byte, not at a time.
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/adapters/wire_harness.h"

namespace hedui::adapters {
namespace {

using base::AnswerKind;
using base::Reason;
using testing::FaultProxy;
using Direction = FaultProxy::Direction;

constexpr char kNumber[] = "640104197905123171";
constexpr char kName[] = "马志远";
constexpr char kPayer[] = "演示单位";

// Past which nothing waits here: a fault must show itself, whatever the deadline.
constexpr absl::Duration kPatience = absl::Seconds(60);
// Of calls that only their deadline can end. Should it end them before the fault's moment, they end
// as they would after it.
constexpr absl::Duration kShort = absl::Milliseconds(200);

// Both sides' first flights are longer, so that this lies within the handshake.
constexpr uint64_t kHandshakeBytes = 100;
// Of an answer of some 200 KiB.
constexpr uint64_t kAnswerBytes = 16 << 10;
constexpr int kRecordsOfALongAnswer = 200;

enum class Moment {
  kBeforeHandshake,
  kDuringHandshake,
  kAfterRequest,  // the department has the query and has sent nothing
  kWithinAnswer,
  kBeforeEnd,  // the answer has been sent, and not that it is whole
};

bool IsBeforeTheQuery(Moment moment) {
  return moment == Moment::kBeforeHandshake || moment == Moment::kDuringHandshake;
}

struct WireCase {
  const char* name;
  FaultProxy::Kind fault;
  Direction direction;
  Moment moment;
  AnswerKind kind = AnswerKind::kUnavailable;
  Reason reason = Reason::kUnreachable;
};

constexpr auto kHold = FaultProxy::Kind::kHold;
constexpr auto kCut = FaultProxy::Kind::kCut;
constexpr auto kHalfClose = FaultProxy::Kind::kHalfClose;
constexpr auto kCorrupt = FaultProxy::Kind::kCorrupt;
constexpr auto kDrip = FaultProxy::Kind::kDrip;
constexpr auto kToTarget = Direction::kToTarget;
constexpr auto kToCaller = Direction::kToCaller;

// After the query nothing that matters goes to the department, so faults in that direction are left
// out, but for its end: a caller that closes gives the call up.
constexpr WireCase kCases[] = {
    {"QueryHeldBeforeTheHandshake", kHold, kToTarget, Moment::kBeforeHandshake},
    {"ReplyHeldBeforeTheHandshake", kHold, kToCaller, Moment::kBeforeHandshake},
    {"QueryHeldWithinTheHandshake", kHold, kToTarget, Moment::kDuringHandshake},
    {"ReplyHeldWithinTheHandshake", kHold, kToCaller, Moment::kDuringHandshake},
    {"HeldAfterTheRequest", kHold, kToCaller, Moment::kAfterRequest, AnswerKind::kUnavailable,
     Reason::kLate},
    {"HeldWithinTheAnswer", kHold, kToCaller, Moment::kWithinAnswer, AnswerKind::kUnavailable,
     Reason::kLate},
    {"HeldBeforeTheEnd", kHold, kToCaller, Moment::kBeforeEnd, AnswerKind::kUnavailable,
     Reason::kLate},
    {"CutBeforeTheHandshake", kCut, kToTarget, Moment::kBeforeHandshake},
    {"CutWithinTheCallersHandshake", kCut, kToTarget, Moment::kDuringHandshake},
    {"CutWithinTheDepartmentsHandshake", kCut, kToCaller, Moment::kDuringHandshake},
    {"CutAfterTheRequest", kCut, kToCaller, Moment::kAfterRequest},
    {"CutWithinTheAnswer", kCut, kToCaller, Moment::kWithinAnswer},
    {"CutBeforeTheEnd", kCut, kToCaller, Moment::kBeforeEnd},
    {"HalfClosedToTheDepartmentBeforeTheHandshake", kHalfClose, kToTarget,
     Moment::kBeforeHandshake},
    {"HalfClosedToUsBeforeTheHandshake", kHalfClose, kToCaller, Moment::kBeforeHandshake},
    {"HalfClosedToTheDepartmentWithinTheHandshake", kHalfClose, kToTarget,
     Moment::kDuringHandshake},
    {"HalfClosedToUsWithinTheHandshake", kHalfClose, kToCaller, Moment::kDuringHandshake},
    {"HalfClosedToTheDepartmentAfterTheRequest", kHalfClose, kToTarget, Moment::kAfterRequest},
    {"HalfClosedToUsAfterTheRequest", kHalfClose, kToCaller, Moment::kAfterRequest},
    {"HalfClosedToUsWithinTheAnswer", kHalfClose, kToCaller, Moment::kWithinAnswer},
    {"HalfClosedToUsBeforeTheEnd", kHalfClose, kToCaller, Moment::kBeforeEnd},
    {"FirstByteOfOursCorrupted", kCorrupt, kToTarget, Moment::kBeforeHandshake},
    {"FirstByteOfTheirsCorrupted", kCorrupt, kToCaller, Moment::kBeforeHandshake},
    {"OurHandshakeCorrupted", kCorrupt, kToTarget, Moment::kDuringHandshake},
    {"TheirHandshakeCorrupted", kCorrupt, kToCaller, Moment::kDuringHandshake},
    {"CorruptedAfterTheRequest", kCorrupt, kToCaller, Moment::kAfterRequest},
    {"CorruptedWithinTheAnswer", kCorrupt, kToCaller, Moment::kWithinAnswer},
    {"CorruptedBeforeTheEnd", kCorrupt, kToCaller, Moment::kBeforeEnd},
    {"QueryDripsFromTheBeginning", kDrip, kToTarget, Moment::kBeforeHandshake, AnswerKind::kFound,
     Reason::kNone},
    {"ReplyDripsFromTheBeginning", kDrip, kToCaller, Moment::kBeforeHandshake, AnswerKind::kFound,
     Reason::kNone},
    {"DripsAfterTheRequest", kDrip, kToCaller, Moment::kAfterRequest, AnswerKind::kFound,
     Reason::kNone},
    {"DripsWithinTheAnswer", kDrip, kToCaller, Moment::kWithinAnswer, AnswerKind::kFound,
     Reason::kNone},
    {"DripsBeforeTheEnd", kDrip, kToCaller, Moment::kBeforeEnd, AnswerKind::kFound, Reason::kNone},
};

struct WireKind {
  const char* name;
  MakeWireHarness make;
};

constexpr WireKind kGrpc = {"grpc", MakeGrpcWireHarness};

// One person with so many records of a kibibyte.
std::string SimulationOf(int records) {
  std::string text = absl::StrCat(R"(
data_day: "2025-03-02"
sources:
  - id: dept
    categories: [employment]
people:
  - identity: {kind: resident_id, number: ")",
                                  kNumber, "\", name: ", kName, R"(}
    holdings:
      - source: dept
        category: employment
        records:
)");
  for (int i = 0; i < records; ++i) {
    absl::StrAppend(&text, "          - {kind: wage, fields: [{name: payer, text: ", kPayer,
                    "}, {name: note, text: \"", std::string(1'000, 'x'), "\"}]}\n");
  }
  return text;
}

void ExpectNoPersonalData(const std::string& text) {
  for (const char* secret : {kNumber, kName, kPayer}) {
    EXPECT_FALSE(absl::StrContains(text, secret)) << text;
  }
}

// One call after another on one harness.
class WireTest : public ::testing::Test {
 protected:
  ~WireTest() override {
    if (harness_ == nullptr) return;
    // What was started has ended before the harness goes away.
    harness_->RunUntil([&] { return ended_ == started_; });
  }

  static SourceRequest Request(absl::Duration timeout) {
    SourceRequest request;
    request.query.source_id = "dept";
    request.query.people.push_back(
        {"m1", {base::IdentityKind::kResidentId, kNumber, kName}, {"employment"}});
    request.warrant = "the warrant's bytes";
    request.attempt_id = "v1/1/dept/1";
    request.timeout = timeout;
    request.digest_key = "matter's digest key";
    return request;
  }
  std::shared_ptr<SourceCall> Start(absl::Duration timeout) {
    std::shared_ptr<SourceCall> call;
    harness_->OnLoop([&](runtime::EventLoop& loop) {
      const int ended_before = ended_;
      ++started_;
      call = harness_->adapter().Start(loop, Request(timeout), [this](SourceReply reply) {
        ++ended_;
        last_ = std::move(reply);
      });
      EXPECT_EQ(ended_, ended_before) << "done ran inside Start";
    });
    return call;
  }
  void AwaitEnd() {
    harness_->RunUntil([&] { return ended_ >= started_; });
  }
  // The harness's network is sound again: sooner or later a call gets through.
  void ExpectRecovery() {
    harness_->proxy().Release();
    harness_->StepByStep(false);
    do {
      Start(kPatience);
      AwaitEnd();
    } while (last_.answers.at(0).kind != AnswerKind::kFound);
    EXPECT_EQ(ended_, started_) << "a call that ended twice";
  }

  std::unique_ptr<WireHarness> harness_;
  // On the loop, or while it is not looked at.
  int started_ = 0;
  int ended_ = 0;
  SourceReply last_;
};

class WireConformanceTest : public WireTest,
                            public ::testing::WithParamInterface<std::tuple<WireKind, WireCase>> {
 protected:
  static const WireCase& Case() { return std::get<1>(GetParam()); }

  // Where the fault lies in the connection, the connection is its beginning; else it is sound until
  // BringAbout.
  void Open() {
    const Moment moment = Case().moment;
    WireOptions options;
    options.simulation = SimulationOf(moment == Moment::kWithinAnswer ? kRecordsOfALongAnswer : 1);
    if (IsBeforeTheQuery(moment)) {
      options.on_connections =
          FaultProxy::Fault{Case().fault, Case().direction,
                            moment == Moment::kDuringHandshake ? kHandshakeBytes : uint64_t{0}};
    }
    harness_ = std::get<0>(GetParam()).make(options);
    if (IsBeforeTheQuery(moment)) return;
    Start(kPatience);
    AwaitEnd();
    ASSERT_EQ(last_.answers.at(0).kind, AnswerKind::kFound) << last_.operator_text;
    harness_->StepByStep(true);
  }

  // Goes through the call under way up to the moment, sets the fault, and lets the department do
  // the rest. A call may also have ended meanwhile by a short deadline.
  void BringAbout() {
    if (IsBeforeTheQuery(Case().moment)) return;
    harness_->RunUntil([&] { return harness_->arrived() >= started_ || ended_ >= started_; });
    if (Case().moment == Moment::kBeforeEnd) harness_->SendAnswer();
    harness_->proxy().FromNow({Case().fault, Case().direction,
                               Case().moment == Moment::kWithinAnswer ? kAnswerBytes : 0});
    if (Case().direction == kToTarget) return harness_->AwaitGone();
    if (Case().moment == Moment::kBeforeEnd) return harness_->SendEnd();
    harness_->SendAnswerAndEnd();
  }
};

TEST_P(WireConformanceTest, EndsOnceWithItsKindAndReasonAndRecovers) {
  Open();
  // Nothing but a deadline ends silence; everything else shows before any deadline.
  const auto call = Start(Case().fault == kHold ? kShort : kPatience);
  BringAbout();
  AwaitEnd();
  ASSERT_EQ(last_.answers.size(), 1u);
  EXPECT_EQ(last_.answers[0].kind, Case().kind);
  EXPECT_EQ(last_.answers[0].reason, Case().reason);
  const bool found = Case().kind == AnswerKind::kFound;
  EXPECT_EQ(last_.answers[0].records.empty(), !found) << "nothing is kept of half an answer";
  EXPECT_EQ(last_.answers[0].complete, found);
  EXPECT_EQ(last_.retryable, !found);
  EXPECT_EQ(last_.sent, found || !IsBeforeTheQuery(Case().moment));
  EXPECT_EQ(last_.operator_text.empty(), found);
  ExpectNoPersonalData(last_.operator_text);
  if (!last_.sent) {
    EXPECT_EQ(harness_->arrived(), 0);
  } else if (Case().fault != kHold) {  // whose deadline may have been faster than the query
    EXPECT_EQ(harness_->arrived(), started_);
    EXPECT_EQ(harness_->last_query().warrant(), "the warrant's bytes");
  }
  harness_->OnLoop([&](runtime::EventLoop&) { call->Cancel(); });
  EXPECT_EQ(ended_, started_);
  ExpectRecovery();
}

TEST_P(WireConformanceTest, EndsOnceWhenItIsCancelledUnderTheFault) {
  Open();
  const auto call = Start(kPatience);
  BringAbout();
  harness_->OnLoop([&](runtime::EventLoop&) {
    const int ended_before = ended_;
    call->Cancel();
    call->Cancel();
    EXPECT_EQ(ended_, ended_before) << "done ran inside Cancel";
  });
  AwaitEnd();
  ASSERT_EQ(last_.answers.size(), 1u);
  const base::Answer& answer = last_.answers[0];
  if (Case().fault == kHold) {
    EXPECT_EQ(answer.reason, Reason::kCancelled);
  }
  if (answer.reason == Reason::kCancelled) {
    EXPECT_EQ(answer.kind, AnswerKind::kUnavailable);
  } else {  // the fault was faster
    EXPECT_EQ(answer.kind, Case().kind);
    EXPECT_EQ(answer.reason, Case().reason);
  }
  ExpectNoPersonalData(last_.operator_text);
  ExpectRecovery();
}

INSTANTIATE_TEST_SUITE_P(Kinds, WireConformanceTest,
                         ::testing::Combine(::testing::Values(kGrpc), ::testing::ValuesIn(kCases)),
                         [](const auto& tested) {
                           return absl::StrCat(std::get<0>(tested.param).name, "_",
                                               std::get<1>(tested.param).name);
                         });

struct TlsCase {
  const char* name;
  TlsFault fault;
};

constexpr TlsCase kTlsCases[] = {
    {"SignedByAnotherAuthority", TlsFault::kOtherAuthority},
    {"Expired", TlsFault::kExpired},
    {"NotYetValid", TlsFault::kNotYetValid},
    {"NamesAnotherHost", TlsFault::kOtherName},
    {"DoesNotTrustOurs", TlsFault::kWantsAnotherClient},
    {"PlainText", TlsFault::kPlainText},
};

class TlsConformanceTest : public WireTest,
                           public ::testing::WithParamInterface<std::tuple<WireKind, TlsCase>> {};

TEST_P(TlsConformanceTest, TheDepartmentIsUnreachableAndHearsOfNobody) {
  WireOptions options;
  options.simulation = SimulationOf(1);
  options.tls = std::get<1>(GetParam()).fault;
  harness_ = std::get<0>(GetParam()).make(options);
  Start(kPatience);
  AwaitEnd();
  ASSERT_EQ(last_.answers.size(), 1u);
  EXPECT_EQ(last_.answers[0].kind, AnswerKind::kUnavailable);
  EXPECT_EQ(last_.answers[0].reason, Reason::kUnreachable);
  EXPECT_FALSE(last_.sent);
  EXPECT_TRUE(last_.retryable);
  ExpectNoPersonalData(last_.operator_text);
  EXPECT_EQ(harness_->arrived(), 0);
  EXPECT_GT(harness_->proxy().connections(), 0) << "it was tried";
}

INSTANTIATE_TEST_SUITE_P(Kinds, TlsConformanceTest,
                         ::testing::Combine(::testing::Values(kGrpc),
                                            ::testing::ValuesIn(kTlsCases)),
                         [](const auto& tested) {
                           return absl::StrCat(std::get<0>(tested.param).name, "_",
                                               std::get<1>(tested.param).name);
                         });

}  // namespace
}  // namespace hedui::adapters
