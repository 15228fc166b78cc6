#include "adapters/wire_format.h"

#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "hedui/v1/source.pb.h"
#include "server/base/digest.h"
#include "server/base/money.h"

namespace hedui::adapters {
namespace {

using base::AnswerKind;
using base::Reason;

constexpr char kNumber[] = "640104197905123171";

plan::SourceQuery QueryOf(const std::vector<std::string>& people) {
  plan::SourceQuery query;
  query.source_id = "dept";
  for (const std::string& person : people) {
    query.people.push_back(
        {person, {base::IdentityKind::kResidentId, kNumber, "马志远"}, {"employment"}});
  }
  query.period = {absl::CivilDay(2024, 3, 1), absl::CivilDay(2025, 3, 1)};
  return query;
}

v1::Field* AddField(v1::Record* record, const std::string& name) {
  v1::Field* field = record->add_fields();
  field->set_name(name);
  return field;
}

// A wage found, with every common field.
v1::SourceAnswer GoodAnswer(const std::string& person = "m1") {
  v1::SourceAnswer answer;
  answer.set_person_id(person);
  answer.set_category("employment");
  answer.set_kind(v1::ANSWER_KIND_FOUND);
  answer.set_data_day("2025-03-01");
  answer.set_complete(true);
  v1::Record* record = answer.add_records();
  record->set_kind("wage");
  AddField(record, "month")->set_month("2025-02");
  AddField(record, "payer")->set_text("演示单位");
  AddField(record, "amount")->set_money_fen(300'000);
  return answer;
}

SourceReply Decode(const v1::QueryResponse& response,
                   const plan::SourceQuery& query = QueryOf({"m1"})) {
  return DecodeQueryResponse(response.SerializeAsString(), query, "key");
}

// The one answer's fate after `change`.
base::Answer After(const std::function<void(v1::SourceAnswer*)>& change) {
  v1::QueryResponse response;
  *response.add_answers() = GoodAnswer();
  change(response.mutable_answers(0));
  return Decode(response).answers.at(0);
}

void ExpectMalformed(const char* what, const std::function<void(v1::SourceAnswer*)>& change) {
  SCOPED_TRACE(what);
  const base::Answer answer = After(change);
  EXPECT_EQ(answer.kind, AnswerKind::kUnavailable);
  EXPECT_EQ(answer.reason, Reason::kMalformed);
  EXPECT_TRUE(answer.records.empty());
  EXPECT_EQ(answer.digest.size(), base::kDigestBytes);
}

v1::Field* Amount(v1::SourceAnswer* answer) {
  return answer->mutable_records(0)->mutable_fields(2);
}

TEST(WireFormatTest, AGoodAnswerIsTaken) {
  const base::Answer answer = After([](v1::SourceAnswer*) {});
  EXPECT_EQ(answer.kind, AnswerKind::kFound);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.records.at(0).fields.size(), 3u);
  EXPECT_EQ(answer.covered, QueryOf({"m1"}).period) << "absent: the period asked";
}

TEST(WireFormatTest, KindsAndReasonsThatDepartmentsDoNotGiveAreMalformed) {
  for (const int kind : {0, static_cast<int>(v1::ANSWER_KIND_STALE),
                         static_cast<int>(v1::ANSWER_KIND_NOT_ASKED), 10, -1}) {
    ExpectMalformed("kind",
                    [&](v1::SourceAnswer* a) { a->set_kind(static_cast<v1::AnswerKind>(kind)); });
  }
  ExpectMalformed("a reason with FOUND",
                  [](v1::SourceAnswer* a) { a->set_reason(v1::REASON_LATE); });
  ExpectMalformed("unknown reason",
                  [](v1::SourceAnswer* a) { a->set_reason(static_cast<v1::Reason>(99)); });
  ExpectMalformed("records with CONFIRMED_NONE",
                  [](v1::SourceAnswer* a) { a->set_kind(v1::ANSWER_KIND_CONFIRMED_NONE); });
  ExpectMalformed("our reason, not theirs", [](v1::SourceAnswer* a) {
    a->clear_records();
    a->set_kind(v1::ANSWER_KIND_UNAVAILABLE);
    a->set_reason(v1::REASON_BREAKER);
  });
}

TEST(WireFormatTest, AKindWithoutAReasonGetsTheOrdinaryOne) {
  const auto reason_of = [](v1::AnswerKind kind) {
    return After([&](v1::SourceAnswer* a) {
             a->clear_records();
             a->set_kind(kind);
           })
        .reason;
  };
  EXPECT_EQ(reason_of(v1::ANSWER_KIND_UNAVAILABLE), Reason::kSourceError);
  EXPECT_EQ(reason_of(v1::ANSWER_KIND_REFUSED), Reason::kSourceRefused);
  EXPECT_EQ(reason_of(v1::ANSWER_KIND_AMBIGUOUS), Reason::kContradiction);
  EXPECT_EQ(reason_of(v1::ANSWER_KIND_NOT_COVERED), Reason::kNone);
}

TEST(WireFormatTest, DaysThatDoNotExistAreMalformed) {
  ExpectMalformed("data day", [](v1::SourceAnswer* a) { a->set_data_day("2025-02-30"); });
  ExpectMalformed("data day", [](v1::SourceAnswer* a) { a->set_data_day("2025-2-3"); });
  ExpectMalformed("covered",
                  [](v1::SourceAnswer* a) { a->mutable_covered()->set_from("20250101"); });
  ExpectMalformed("covered ends before it begins", [](v1::SourceAnswer* a) {
    a->mutable_covered()->set_from("2025-03-01");
    a->mutable_covered()->set_to("2025-02-01");
  });
  ExpectMalformed("month", [](v1::SourceAnswer* a) {
    a->mutable_records(0)->mutable_fields(0)->set_month("2025-13");
  });
  ExpectMalformed("day", [](v1::SourceAnswer* a) {
    AddField(a->mutable_records(0), "since")->set_day("2025-00-01");
  });
}

TEST(WireFormatTest, AmountsOutOfRangeAreMalformed) {
  ExpectMalformed("above",
                  [](v1::SourceAnswer* a) { Amount(a)->set_money_fen(base::kMoneyFenMax + 1); });
  ExpectMalformed("below",
                  [](v1::SourceAnswer* a) { Amount(a)->set_money_fen(-base::kMoneyFenMax - 1); });
  EXPECT_EQ(After([](v1::SourceAnswer* a) { Amount(a)->set_money_fen(base::kMoneyFenMax); }).kind,
            AnswerKind::kFound);
  EXPECT_EQ(After([](v1::SourceAnswer* a) { Amount(a)->set_money_fen(-base::kMoneyFenMax); }).kind,
            AnswerKind::kFound);
}

TEST(WireFormatTest, RecordsAreHeldToTheirShape) {
  ExpectMalformed("field twice", [](v1::SourceAnswer* a) {
    AddField(a->mutable_records(0), "amount")->set_money_fen(1);
  });
  ExpectMalformed("no value", [](v1::SourceAnswer* a) { AddField(a->mutable_records(0), "note"); });
  ExpectMalformed(
      "name", [](v1::SourceAnswer* a) { AddField(a->mutable_records(0), "Note")->set_text(""); });
  ExpectMalformed("name too long", [](v1::SourceAnswer* a) {
    AddField(a->mutable_records(0), std::string(65, 'n'))->set_text("");
  });
  ExpectMalformed("kind", [](v1::SourceAnswer* a) { a->mutable_records(0)->set_kind("工资"); });
  ExpectMalformed("text too long", [](v1::SourceAnswer* a) {
    AddField(a->mutable_records(0), "note")->set_text(std::string(1'025, 'x'));
  });
  ExpectMalformed("amount as text", [](v1::SourceAnswer* a) { Amount(a)->set_text("3000.00"); });
  ExpectMalformed("month as text", [](v1::SourceAnswer* a) {
    a->mutable_records(0)->mutable_fields(0)->set_text("2025-02");
  });
  ExpectMalformed("too many fields", [](v1::SourceAnswer* a) {
    for (int i = 0; i < 62; ++i) {
      AddField(a->mutable_records(0), "f" + std::to_string(i))->set_flag(true);
    }
  });
  ExpectMalformed("too many records", [](v1::SourceAnswer* a) {
    for (int i = 0; i < kRecordsPerAnswerMax; ++i) *a->add_records() = a->records(0);
  });
}

TEST(WireFormatTest, FoundWithoutRecordsIsEmpty) {
  const base::Answer answer = After([](v1::SourceAnswer* a) { a->clear_records(); });
  EXPECT_EQ(answer.kind, AnswerKind::kUnavailable);
  EXPECT_EQ(answer.reason, Reason::kEmpty);
}

TEST(WireFormatTest, TheSubjectIsCompared) {
  const auto with_subject = [](v1::IdentityKind kind, const char* number, const char* name) {
    return After([&](v1::SourceAnswer* a) {
      a->mutable_subject()->set_kind(kind);
      a->mutable_subject()->set_number(number);
      a->mutable_subject()->set_name(name);
    });
  };
  EXPECT_EQ(with_subject(v1::IDENTITY_KIND_RESIDENT_ID, kNumber, "马 志远").kind,
            AnswerKind::kFound)
      << "a blank makes no other person";
  EXPECT_EQ(with_subject(v1::IDENTITY_KIND_RESIDENT_ID, kNumber, "").kind, AnswerKind::kFound);

  EXPECT_EQ(with_subject(v1::IDENTITY_KIND_RESIDENT_ID, "", "马志远").kind, AnswerKind::kFound);
  EXPECT_EQ(with_subject(v1::IDENTITY_KIND_RESIDENT_ID, "", "马志元").reason, Reason::kWrongPerson);

  const base::Answer other_name = with_subject(v1::IDENTITY_KIND_RESIDENT_ID, kNumber, "马志元");
  EXPECT_EQ(other_name.kind, AnswerKind::kAmbiguous);
  EXPECT_EQ(other_name.reason, Reason::kWrongPerson);
  EXPECT_EQ(other_name.records.size(), 1u) << "kept apart for a caseworker";

  const base::Answer other_number =
      with_subject(v1::IDENTITY_KIND_RESIDENT_ID, "11010519491231002X", "马志远");
  EXPECT_EQ(other_number.kind, AnswerKind::kAmbiguous);
  EXPECT_TRUE(other_number.records.empty());

  EXPECT_EQ(with_subject(v1::IDENTITY_KIND_RESIDENT_ID, "640104197905123172", "马志远").reason,
            Reason::kMalformed)
      << "no such number";
  EXPECT_EQ(with_subject(v1::IDENTITY_KIND_UNSPECIFIED, kNumber, "马志远").reason,
            Reason::kMalformed);
}

TEST(WireFormatTest, ADisabilityCertificateNamesItsHolder) {
  const base::Answer answer = After([](v1::SourceAnswer* a) {
    a->mutable_subject()->set_kind(v1::IDENTITY_KIND_DISABILITY_CERTIFICATE);
    a->mutable_subject()->set_number(std::string(kNumber) + "43");
    a->mutable_subject()->set_name("马志远");
  });
  EXPECT_EQ(answer.kind, AnswerKind::kFound);
}

TEST(WireFormatTest, TheDigestIsOfTheBytesReceived) {
  // The same answer in another order of fields: equal in meaning, not in bytes.
  v1::SourceAnswer head;
  head.set_kind(v1::ANSWER_KIND_CONFIRMED_NONE);
  v1::SourceAnswer tail;
  tail.set_person_id("m1");
  tail.set_category("employment");
  const std::string raw = head.SerializeAsString() + tail.SerializeAsString();
  std::string bytes = "\x0a";
  bytes.push_back(static_cast<char>(raw.size()));
  bytes += raw;
  const SourceReply reply = DecodeQueryResponse(bytes, QueryOf({"m1"}), "key");
  EXPECT_EQ(reply.answers.at(0).kind, AnswerKind::kConfirmedNone);
  EXPECT_EQ(reply.answers[0].digest, base::HmacSha256("key", raw));
}

TEST(WireFormatTest, AnAnswerThatIsNoMessageMakesTheMissingOnesMalformed) {
  v1::QueryResponse good;
  *good.add_answers() = GoodAnswer("m2");
  const std::string bytes = std::string("\x0a\x02\x0a\x05", 4) + good.SerializeAsString();
  const SourceReply reply = DecodeQueryResponse(bytes, QueryOf({"m1", "m2"}), "key");
  EXPECT_EQ(reply.answers.at(0).reason, Reason::kMalformed) << "it may have been this one";
  EXPECT_EQ(reply.answers.at(1).kind, AnswerKind::kFound);
}

TEST(WireFormatTest, CutResponsesAreMalformedOrLackAnswersButNeverFind) {
  v1::QueryResponse response;
  *response.add_answers() = GoodAnswer();
  response.set_pending_token("token");
  const std::string whole = response.SerializeAsString();
  const size_t answer_end = whole.size() - 7;
  for (size_t size = 0; size < whole.size(); ++size) {
    const SourceReply reply = DecodeQueryResponse(whole.substr(0, size), QueryOf({"m1"}), "key");
    ASSERT_EQ(reply.answers.size(), 1u);
    if (size == answer_end) continue;  // the answer is whole, only the token is missing
    EXPECT_EQ(reply.answers[0].kind, AnswerKind::kUnavailable) << size;
    EXPECT_EQ(reply.answers[0].reason, size == 0 ? Reason::kEmpty : Reason::kMalformed) << size;
  }
}

TEST(WireFormatTest, UnknownFieldsOfALaterVersionAreSkipped) {
  v1::QueryResponse response;
  *response.add_answers() = GoodAnswer();
  const std::string later = response.SerializeAsString() + std::string("\xfa\x07\x03new", 6);
  EXPECT_EQ(DecodeQueryResponse(later, QueryOf({"m1"}), "key").answers.at(0).kind,
            AnswerKind::kFound);
}

TEST(WireFormatTest, TooManyAnswersAreMalformed) {
  v1::QueryResponse response;
  for (int i = 0; i <= kAnswersPerResponseMax; ++i) response.add_answers();
  EXPECT_EQ(Decode(response).answers.at(0).reason, Reason::kMalformed);
}

TEST(WireFormatTest, PendingNeedsATokenThatCanBeUsed) {
  v1::QueryResponse response;
  v1::SourceAnswer* answer = response.add_answers();
  answer->set_person_id("m1");
  answer->set_category("employment");
  answer->set_kind(v1::ANSWER_KIND_PENDING);
  EXPECT_EQ(Decode(response).answers.at(0).reason, Reason::kMalformed);
  response.set_pending_token(std::string(257, 't'));
  EXPECT_EQ(Decode(response).answers.at(0).reason, Reason::kMalformed);
  response.set_pending_token(std::string(256, 't'));
  response.set_pending_ready_after_seconds(1'741'000'000);
  const SourceReply reply = Decode(response);
  EXPECT_EQ(reply.answers.at(0).kind, AnswerKind::kPending);
  EXPECT_EQ(reply.pending_token.size(), 256u);
  EXPECT_EQ(reply.pending_ready_after, absl::FromUnixSeconds(1'741'000'000));
}

TEST(WireFormatTest, ATokenWithoutAPromiseIsForgotten) {
  v1::QueryResponse response;
  *response.add_answers() = GoodAnswer();
  response.set_pending_token("token");
  EXPECT_EQ(Decode(response).pending_token, "");
}

TEST(WireFormatTest, UnaskedAnswersAreCountedNotUsed) {
  v1::QueryResponse response;
  *response.add_answers() = GoodAnswer("m9");
  const SourceReply reply = Decode(response);
  EXPECT_EQ(reply.answers.size(), 1u);
  EXPECT_EQ(reply.answers[0].reason, Reason::kEmpty);
  EXPECT_TRUE(absl::StrContains(reply.operator_text, "1 answers nobody asked for"));
}

TEST(WireFormatTest, FailedCallsHaveTheirReasons) {
  struct Case {
    absl::StatusCode code;
    const char* message;
    AnswerKind kind;
    Reason reason;
    bool retryable;
  };
  const Case cases[] = {
      {absl::StatusCode::kDeadlineExceeded, "", AnswerKind::kUnavailable, Reason::kLate, true},
      {absl::StatusCode::kUnavailable, "", AnswerKind::kUnavailable, Reason::kUnreachable, true},
      {absl::StatusCode::kResourceExhausted, "quota", AnswerKind::kUnavailable, Reason::kOverloaded,
       true},
      {absl::StatusCode::kResourceExhausted, "Received message larger than max (5 vs. 4)",
       AnswerKind::kUnavailable, Reason::kOversized, false},
      {absl::StatusCode::kUnknown, "Stream removed", AnswerKind::kUnavailable, Reason::kUnreachable,
       true},
      {absl::StatusCode::kUnknown, "quota", AnswerKind::kUnavailable, Reason::kSourceError, false},
      {absl::StatusCode::kAborted, "", AnswerKind::kUnavailable, Reason::kSourceError, true},
      {absl::StatusCode::kInternal, "", AnswerKind::kUnavailable, Reason::kSourceError, false},
      {absl::StatusCode::kNotFound, "", AnswerKind::kUnavailable, Reason::kSourceError, false},
      {absl::StatusCode::kUnauthenticated, "", AnswerKind::kRefused, Reason::kSourceRefused, false},
      {absl::StatusCode::kPermissionDenied, "no", AnswerKind::kRefused, Reason::kSourceRefused,
       false},
      {absl::StatusCode::kPermissionDenied, "WARRANT_PERSON: x", AnswerKind::kRefused,
       Reason::kWarrantRejected, false},
  };
  for (const Case& tested : cases) {
    const SourceReply reply = FailedCall(tested.code, tested.message, QueryOf({"m1"}));
    EXPECT_EQ(reply.answers.at(0).kind, tested.kind) << absl::StatusCodeToString(tested.code);
    EXPECT_EQ(reply.answers[0].reason, tested.reason) << absl::StatusCodeToString(tested.code);
    EXPECT_EQ(reply.retryable, tested.retryable) << absl::StatusCodeToString(tested.code);
    EXPECT_FALSE(absl::StrContains(reply.operator_text, "quota")) << "the message goes nowhere";
  }
}

TEST(WireFormatTest, APollThatIsRefusedAsAWholeIsAFailure) {
  for (const auto code :
       {absl::StatusCode::kPermissionDenied, absl::StatusCode::kUnauthenticated}) {
    const SourceReply reply = FailedPoll(code, "no", QueryOf({"m1", "m2"}));
    ASSERT_EQ(reply.answers.size(), 2u);
    for (const base::Answer& answer : reply.answers) {
      EXPECT_EQ(answer.kind, AnswerKind::kUnavailable);
      EXPECT_EQ(answer.reason, Reason::kSourceRefused);
    }
    EXPECT_FALSE(reply.retryable);
    EXPECT_FALSE(reply.token_unknown);
  }
  const SourceReply warrant =
      FailedPoll(absl::StatusCode::kPermissionDenied, "WARRANT_PERSON: x", QueryOf({"m1"}));
  EXPECT_EQ(warrant.answers.at(0).kind, AnswerKind::kRefused) << "and no answer either";
  EXPECT_EQ(warrant.answers[0].reason, Reason::kWarrantRejected);
}

}  // namespace
}  // namespace hedui::adapters
