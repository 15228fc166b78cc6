#include "server/outcome_shelf.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "server/report/kept_answers.h"

namespace hedui {
namespace {

// One of every type of value, and everything that may be absent, there.
base::Answer FullAnswer() {
  base::Answer answer;
  answer.person_id = "m1";
  answer.category = "employment";
  answer.kind = base::AnswerKind::kFound;
  answer.data_day = absl::CivilDay(2025, 3, 2);
  answer.covered = {absl::CivilDay(2024, 3, 1), absl::CivilDay(2025, 3, 4)};
  answer.complete = true;
  answer.subject = base::Identity{base::IdentityKind::kResidentId, "11010519491231002X", "马强"};
  answer.records = {{"wage",
                     {{"month", absl::CivilMonth(2025, 1)},
                      {"amount", base::Money::FromFen(300'000)},
                      {"payer", std::string("宁夏甲公司")},
                      {"day", absl::CivilDay(2025, 1, 31)},
                      {"count", int64_t{-3}},
                      {"insured", true},
                      {"other", false}}},
                    {"wage", {}}};
  answer.digest = std::string(32, '\xff');
  return answer;
}

base::Answer BareAnswer() {
  base::Answer answer;
  answer.person_id = "m2";
  answer.category = "deposit";
  answer.kind = base::AnswerKind::kUnavailable;
  answer.reason = base::Reason::kLate;
  return answer;
}

gather::Outcome OutcomeOf(const std::string& source, std::vector<base::Answer> answers) {
  gather::Outcome outcome;
  outcome.source_id = source;
  outcome.answers = std::move(answers);
  outcome.attempts = 2;
  outcome.elapsed = absl::Milliseconds(12);
  outcome.pending_token = "token of " + source;
  outcome.operator_text = "text";
  outcome.reused = base::Reused{"attempt", absl::FromUnixSeconds(5)};
  return outcome;
}

void ExpectSame(const gather::Outcome& a, const gather::Outcome& b) {
  EXPECT_EQ(a.source_id, b.source_id);
  EXPECT_EQ(a.attempts, b.attempts);
  EXPECT_EQ(a.elapsed, b.elapsed);
  EXPECT_EQ(a.pending_token, b.pending_token);
  EXPECT_EQ(a.operator_text, b.operator_text);
  ASSERT_EQ(a.reused.has_value(), b.reused.has_value());
  EXPECT_EQ(a.reused->attempt_id, b.reused->attempt_id);
  EXPECT_EQ(a.reused->obtained, b.reused->obtained);
  ASSERT_EQ(a.answers.size(), b.answers.size());
  for (size_t i = 0; i < a.answers.size(); ++i) {
    const base::Answer& one = a.answers[i];
    const base::Answer& other = b.answers[i];
    EXPECT_EQ(one.person_id, other.person_id);
    EXPECT_EQ(one.category, other.category);
    EXPECT_EQ(one.kind, other.kind);
    EXPECT_EQ(one.reason, other.reason);
    EXPECT_EQ(one.data_day, other.data_day);
    EXPECT_EQ(one.covered, other.covered);
    EXPECT_EQ(one.complete, other.complete);
    EXPECT_EQ(one.subject, other.subject);
    EXPECT_EQ(one.records, other.records);
    EXPECT_EQ(one.digest, other.digest);
  }
}

TEST(KeptAnswersTest, ComeBackAsTheyWere) {
  const std::vector<base::Answer> answers = {FullAnswer(), BareAnswer()};
  const auto packed = report::PackAnswers(answers);
  ASSERT_TRUE(packed.has_value());
  ExpectSame(OutcomeOf("s", answers), OutcomeOf("s", report::UnpackAnswers(*packed)));
  EXPECT_EQ(report::PackAnswers({}), std::string());
  EXPECT_TRUE(report::UnpackAnswers("").empty());
}

TEST(KeptAnswersTest, WhatWouldNotComeBackIsNotPacked) {
  // Departments' texts are UTF-8; the bytes of a case are, too.
  base::Answer broken = FullAnswer();
  broken.category = "\xff";
  EXPECT_EQ(report::PackAnswers({BareAnswer(), broken}), std::nullopt);
  base::Answer unknown = BareAnswer();
  unknown.kind = static_cast<base::AnswerKind>(99);
  EXPECT_EQ(report::PackAnswers({unknown}), std::nullopt);
}

TEST(OutcomeShelfTest, GivesBackWhatWasAddedPackedOrNot) {
  base::Answer odd = BareAnswer();
  odd.category = "\xff";  // cannot be packed
  const std::vector<gather::Outcome> added = {OutcomeOf("a", {FullAnswer(), BareAnswer()}),
                                              OutcomeOf("b", {odd}), OutcomeOf("c", {}),
                                              OutcomeOf("d", {FullAnswer()})};
  for (const bool packs : {false, true}) {
    OutcomeShelf shelf;
    for (const gather::Outcome& outcome : added) {
      if (packs && outcome.source_id == "d") shelf.Pack();  // the last comes behind it
      shelf.Add(outcome);
    }
    size_t seen = 0;
    shelf.ForEach([&](const gather::Outcome& outcome) { ExpectSame(outcome, added[seen++]); });
    EXPECT_EQ(seen, added.size());
    if (packs) shelf.Pack();
    const std::vector<gather::Outcome> taken = shelf.Take();
    ASSERT_EQ(taken.size(), added.size());
    for (size_t i = 0; i < added.size(); ++i) ExpectSame(taken[i], added[i]);
    EXPECT_TRUE(shelf.Take().empty());
  }
}

}  // namespace
}  // namespace hedui
