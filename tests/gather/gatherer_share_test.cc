// Queries that ask the same share one answer: of the same scope, while everybody's authority lives.
#include "server/gather/answer_share.h"

#include "absl/functional/function_ref.h"
#include "tests/gather/gather_fixture.h"

namespace hedui::gather {
namespace {

using base::AnswerKind;
using base::Reason;

class GathererShareTest : public GatherTest {
 protected:
  GathererShareTest() {
    SourcePolicy policy = PolicyNamed("bank");
    policy.cache_lifetime = absl::Minutes(10);
    policy.attempts = 2;
    AddSource(policy, &bank);
    AddSource("tax", &tax);
  }

  std::unique_ptr<Flow> Sharing(const std::string& name, const std::string& scope = "matter") {
    auto flow = NewFlow();
    flow->name = name;
    flow->answers = share.get();
    flow->scope = scope;
    return flow;
  }
  static plan::SourceQuery Query(const std::string& person) {
    plan::SourceQuery query = QueryOf("bank", {person});
    query.people[0].identity = {base::IdentityKind::kResidentId, "640104199001010018", "张三"};
    return query;
  }
  // Found today, for the one attempt that is under way.
  void Answer() {
    adapters::SourceReply reply;
    const plan::PersonQuery& person = bank.attempts.back()->request.query.people.at(0);
    reply.answers = {AnswerOf(person.person_id, "employment", AnswerKind::kFound)};
    reply.answers[0].data_day = absl::CivilDay(2025, 3, 3);
    bank.attempts.back()->Reply(std::move(reply));
    loop.RunReady();
  }
  // One flow, asked and answered.
  void Fill() {
    const auto flow = Sharing("v0/0");
    flow->Start({Query("m1")});
    Answer();
    ASSERT_EQ(flow->Only().kind, AnswerKind::kFound);
    ASSERT_FALSE(flow->outcomes.at(0).reused.has_value());
  }

  base::ByteBudget budget{1 << 20, 1 << 20};
  std::shared_ptr<AnswerShare> share = AnswerShare::Create(&clock, &budget);
};

TEST_F(GathererShareTest, EqualQueriesUnderWayAreOneAndTheResultNamesIt) {
  const auto first = Sharing("v1/0");
  const auto second = Sharing("v2/0");
  first->Start({Query("m1")});
  second->Start({Query("p7")});
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 1u);
  Answer();
  EXPECT_EQ(first->Only().kind, AnswerKind::kFound);
  EXPECT_EQ(first->outcomes.at(0).attempts, 1);
  EXPECT_EQ(second->Only().kind, AnswerKind::kFound);
  EXPECT_EQ(second->Only().person_id, "p7") << "the reader's own";
  EXPECT_EQ(second->outcomes.at(0).attempts, 0);
  ASSERT_TRUE(second->outcomes[0].reused.has_value());
  EXPECT_EQ(second->outcomes[0].reused->attempt_id, bank.attempts[0]->request.attempt_id);
  EXPECT_EQ(second->outcomes[0].reused->obtained, clock.WallNow());
}

TEST_F(GathererShareTest, AnAnswerIsUsedAgainForItsTimeAndNeverInsideStart) {
  Fill();
  loop.AdvanceBy(absl::Minutes(9));
  const auto again = Sharing("v1/0");
  again->Start({Query("m1")});
  EXPECT_EQ(again->done, 0);
  loop.RunReady();
  EXPECT_EQ(again->Only().kind, AnswerKind::kFound);
  EXPECT_EQ(bank.attempts.size(), 1u);
  loop.AdvanceBy(absl::Minutes(1));
  const auto later = Sharing("v2/0");
  later->Start({Query("m1")});
  EXPECT_EQ(bank.attempts.size(), 2u);
}

TEST_F(GathererShareTest, OtherScopesAndSourcesWithoutALifetimeShareNothing) {
  Fill();
  const auto other = Sharing("v1/0", "other matter");
  other->Start({Query("m1")});
  EXPECT_EQ(bank.attempts.size(), 2u);
  const auto nobody = Sharing("v2/0");
  nobody->answers = nullptr;
  nobody->Start({Query("m1")});
  EXPECT_EQ(bank.attempts.size(), 3u);
  const auto first = Sharing("v3/0");
  const auto second = Sharing("v4/0");
  first->Start({QueryOf("tax", {"m1"})});
  second->Start({QueryOf("tax", {"m1"})});
  EXPECT_EQ(tax.attempts.size(), 2u);
}

TEST_F(GathererShareTest, AWithdrawnReaderHasNothing) {
  Fill();
  const auto reader = Sharing("v1/0");
  reader->withdrawn = {"m1"};
  reader->Start({Query("m1")});
  loop.RunReady();
  EXPECT_EQ(reader->Only().kind, AnswerKind::kNotAsked);
  EXPECT_EQ(reader->Only().reason, Reason::kNoAuthorization);
  const auto late = Sharing("v2/0");
  late->Start({Query("m1")});
  late->withdrawn = {"m1"};  // before the answer is used
  loop.RunReady();
  EXPECT_EQ(late->Only().reason, Reason::kNoAuthorization);
}

TEST_F(GathererShareTest, AFollowerWhoseAuthorityEndsMeanwhileHasNothing) {
  const auto first = Sharing("v1/0");
  const auto second = Sharing("v2/0");
  first->Start({Query("m1")});
  second->Start({Query("m1")});
  second->withdrawn = {"m1"};
  Answer();
  EXPECT_EQ(first->Only().kind, AnswerKind::kFound);
  EXPECT_EQ(second->Only().reason, Reason::kNoAuthorization);
}

TEST_F(GathererShareTest, WithTheAuthorityItWasAskedUnderTheAnswerGoes) {
  const auto first = Sharing("v0/0");
  first->Start({Query("m1")});
  Answer();
  first->withdrawn = {"m1"};
  const auto second = Sharing("v1/0");  // under a new letter
  second->Start({Query("m1")});
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 2u);
  EXPECT_EQ(share->kept(), 0u);
}

TEST_F(GathererShareTest, ALeaderThatEndsPassesNothingOnAndTheNextLeads) {
  auto first = Sharing("v1/0");
  const auto second = Sharing("v2/0");
  const auto third = Sharing("v3/0");
  for (Flow* const flow : {first.get(), second.get(), third.get()}) flow->Start({Query("m1")});
  first->Cancel();
  loop.RunReady();
  EXPECT_EQ(first->Only().reason, Reason::kCancelled);
  ASSERT_EQ(bank.attempts.size(), 2u) << "one of the two asks";
  Answer();
  EXPECT_EQ(second->Only().kind, AnswerKind::kFound);
  EXPECT_EQ(third->Only().kind, AnswerKind::kFound);
  const auto gone = Sharing("v4/0", "other");
  const auto fifth = Sharing("v5/0", "other");
  gone->Start({Query("m1")});
  fifth->Start({Query("m1")});
  gone->gatherer.reset();
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 4u);
}

TEST_F(GathererShareTest, FailuresAndPendingAnswersAreNobodyElses) {
  const auto first = Sharing("v1/0");
  const auto second = Sharing("v2/0");
  const auto third = Sharing("v3/0");
  for (Flow* const flow : {first.get(), second.get(), third.get()}) flow->Start({Query("m1")});
  bank.attempts.at(0)->ReplyAll(AnswerKind::kUnavailable, Reason::kSourceError);
  loop.RunReady();
  EXPECT_EQ(first->Only().reason, Reason::kSourceError);
  ASSERT_EQ(bank.attempts.size(), 2u);
  adapters::SourceReply pending = adapters::UniformReply(
      bank.attempts[1]->request.query, AnswerKind::kPending, Reason::kNone, false, "");
  pending.pending_token = "token";
  bank.attempts[1]->Reply(std::move(pending));
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 3u);
  EXPECT_EQ(share->kept(), 0u);
  Answer();
  EXPECT_EQ(third->Only().kind == AnswerKind::kFound, second->Only().kind != AnswerKind::kFound);
}

TEST_F(GathererShareTest, FollowersOfASourceThatFailsAskEachForThemselvesInTheEnd) {
  std::vector<std::unique_ptr<Flow>> flows;
  for (int i = 0; i < 8; ++i) {
    flows.push_back(Sharing(absl::StrCat("v", i, "/0")));
    flows.back()->Start({Query("m1")});
  }
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(bank.attempts.size(), i + 1);
    bank.attempts[i]->ReplyAll(AnswerKind::kUnavailable, Reason::kMalformed);
    loop.RunReady();
  }
  EXPECT_EQ(bank.attempts.size(), 8u);
}

TEST_F(GathererShareTest, AFollowerKeepsItsOwnDeadline) {
  const auto first = Sharing("v1/0");
  const auto second = Sharing("v2/0");
  first->Start({Query("m1")});
  second->Start({Query("m1")}, absl::Milliseconds(300));
  loop.AdvanceBy(absl::Milliseconds(300));
  EXPECT_EQ(second->Only().kind, AnswerKind::kUnavailable);
  EXPECT_EQ(second->Only().reason, Reason::kLate);
  EXPECT_EQ(second->outcomes.at(0).elapsed, absl::Milliseconds(300));
  Answer();
  EXPECT_EQ(first->Only().kind, AnswerKind::kFound);
}

TEST_F(GathererShareTest, AFollowerMayBeCancelledOrGo) {
  const auto first = Sharing("v1/0");
  const auto second = Sharing("v2/0");
  const auto third = Sharing("v3/0");
  for (Flow* const flow : {first.get(), second.get(), third.get()}) flow->Start({Query("m1")});
  second->Cancel();
  third->gatherer.reset();
  loop.RunReady();
  EXPECT_EQ(second->Only().reason, Reason::kCancelled);
  Answer();
  EXPECT_EQ(first->Only().kind, AnswerKind::kFound);
  const auto reading = Sharing("v4/0");
  reading->Start({Query("m1")});
  reading->Cancel();
  loop.RunReady();
  EXPECT_EQ(reading->Only().reason, Reason::kCancelled);
  EXPECT_EQ(loop.armed_timers(), 0u);
}

TEST_F(GathererShareTest, WhatWouldBeStaleIsAskedForAnew) {
  SourcePolicy policy = PolicyNamed("old");
  policy.cache_lifetime = absl::Hours(24);
  policy.freshness_days = {{"employment", 1}};
  AddSource(policy, &tax);
  const auto ask = [&](const std::string& name) {
    auto flow = Sharing(name);
    plan::SourceQuery query = Query("m1");
    query.source_id = "old";
    flow->Start({query});
    loop.RunReady();
    return flow;
  };
  const auto first = ask("v1/0");
  adapters::SourceReply reply;
  reply.answers = {AnswerOf("m1", "employment", AnswerKind::kFound)};
  reply.answers[0].data_day = absl::CivilDay(2025, 3, 2);
  tax.attempts.at(0)->Reply(std::move(reply));
  loop.RunReady();
  ASSERT_EQ(first->Only().kind, AnswerKind::kFound);
  loop.AdvanceBy(absl::Hours(14));  // 23:00: the last day of the promise
  EXPECT_EQ(ask("v2/0")->outcomes.size(), 1u);
  loop.AdvanceBy(absl::Hours(1));
  const auto late = ask("v3/0");
  EXPECT_EQ(tax.attempts.size(), 2u);
  EXPECT_TRUE(late->outcomes.empty());
}

TEST_F(GathererShareTest, WhatAHeldSourceSaidBeforeIsNotUsedAgain) {
  Fill();
  const auto leading = Sharing("v1/0");
  StateOf("bank").SetHeld(true);
  leading->Start({Query("m1")});
  loop.RunReady();
  EXPECT_EQ(leading->Only().reason, Reason::kHeld);
  StateOf("bank").SetHeld(false);
  const auto later = Sharing("v2/0");
  later->Start({Query("m1")});
  loop.RunReady();
  EXPECT_EQ(bank.attempts.size(), 2u) << "asked anew";
}

TEST_F(GathererShareTest, WhoFollowsWhenItIsHeldDoesNotUseWhatTheLeaderGets) {
  const auto leading = Sharing("v1/0");
  const auto following = Sharing("v2/0");
  leading->Start({Query("m1")});
  following->Start({Query("m1")});
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 1u);
  StateOf("bank").SetHeld(true);
  Answer();
  EXPECT_EQ(leading->Only().kind, AnswerKind::kFound) << "it had been sent";
  EXPECT_EQ(following->Only().kind, AnswerKind::kNotAsked);
  EXPECT_EQ(following->Only().reason, Reason::kHeld);
}

TEST_F(GathererShareTest, WhoFollowedWhenItWasHeldAsksForItselfOnceItIsReleased) {
  const auto leading = Sharing("v1/0");
  const auto following = Sharing("v2/0");
  leading->Start({Query("m1")});
  following->Start({Query("m1")});
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 1u);
  StateOf("bank").SetHeld(true);
  StateOf("bank").SetHeld(false);
  Answer();
  EXPECT_EQ(leading->Only().kind, AnswerKind::kFound) << "it had been sent";
  EXPECT_EQ(bank.attempts.size(), 2u);
  EXPECT_TRUE(following->outcomes.empty());
}

// Between the moment in which an answer is found and the task that uses it.
TEST_F(GathererShareTest, WhatIsFoundAndEndsBeforeItIsUsedIsAskedForAnew) {
  const auto obtained = Sharing("v1/0");
  obtained->Start({Query("m1")});
  Answer();
  const auto recalled = Sharing("v2/0");
  recalled->Start({Query("m1")});
  StateOf("bank").BeginEra();
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 2u) << "its source was recalled";
  Answer();
  const auto withdrawn = Sharing("v3/0");
  withdrawn->Start({Query("m1")});
  recalled->withdrawn = {"m1"};
  loop.RunReady();
  EXPECT_TRUE(withdrawn->outcomes.empty());
  EXPECT_EQ(bank.attempts.size(), 3u) << "the authority that it was obtained under has ended";
}

TEST_F(GathererShareTest, NorIsAnAnswerUsedByAFollowerOnceTheLeadersAuthorityHasEnded) {
  const auto leading = Sharing("v1/0");
  const auto following = Sharing("v2/0");
  leading->Start({Query("m1")});
  following->Start({Query("m1")});
  loop.RunReady();
  ASSERT_EQ(bank.attempts.size(), 1u);
  // It has passed the answer on, and nobody has taken it yet.
  leading->on_outcome = [&](const Outcome&) { leading->withdrawn = {"m1"}; };
  Answer();
  EXPECT_EQ(leading->Only().kind, AnswerKind::kFound);
  EXPECT_TRUE(following->outcomes.empty());
  EXPECT_EQ(bank.attempts.size(), 2u);
}

// A source whose state dies when it leaves the catalogue and nobody asks it any more, as the
// program's do, while its adapter and what is kept of it live on.
class GathererShareReloadTest : public GathererShareTest {
 protected:
  GathererShareReloadTest() { Reload(/*has_source=*/true); }

  void Reload(bool has_source, absl::Duration lifetime = absl::Hours(12)) {
    auto read = std::make_shared<Sources>();
    if (has_source) {
      SourcePolicy policy = PolicyNamed("bank");
      policy.cache_lifetime = lifetime;
      ASSERT_TRUE(read->Add(policy, &bank, states.Get("bank", policy.limits)).ok());
    }
    sources = std::move(read);  // the one before goes last
  }
  // An hour apart, and nothing else happens to it meanwhile.
  void TakeOutAndPutBack(absl::FunctionRef<void()> while_out = [] {}) {
    loop.AdvanceBy(absl::Hours(1));
    const std::weak_ptr<SourceState> before = sources->Find("bank")->state;
    Reload(/*has_source=*/false);
    ASSERT_TRUE(before.expired()) << "somebody asks it still";
    while_out();
    loop.AdvanceBy(absl::Hours(1));
    Reload(/*has_source=*/true);
  }
  // True: it was asked, and not told what it had said before.
  bool IsAskedAnew() {
    const size_t before = bank.attempts.size();
    const auto flow = Sharing("v9/0");
    flow->Start({Query("m1")});
    loop.RunReady();
    return bank.attempts.size() == before + 1 && flow->outcomes.empty();
  }

  SourceStates states{&clock};
};

TEST_F(GathererShareReloadTest, WhatIsKeptLastsWhileItStaysInTheCatalogue) {
  Fill();
  loop.AdvanceBy(absl::Hours(1));
  Reload(/*has_source=*/true);
  EXPECT_FALSE(IsAskedAnew());
}

TEST_F(GathererShareReloadTest, AShorterLifetimeHoldsForWhatIsKeptAlready) {
  Fill();
  loop.AdvanceBy(absl::Minutes(2));
  Reload(/*has_source=*/true, absl::Minutes(1));
  EXPECT_TRUE(IsAskedAnew());
}

TEST_F(GathererShareReloadTest, NorDoesItComeBackOnceNothingWasKept) {
  Fill();
  Reload(/*has_source=*/true, absl::ZeroDuration());
  loop.AdvanceBy(absl::Minutes(2));
  Reload(/*has_source=*/true, absl::Minutes(1));
  EXPECT_TRUE(IsAskedAnew());
}

TEST_F(GathererShareReloadTest, WhatWasRecalledIsNotUsedByOneThatLeftAndCameBack) {
  Fill();
  states.BeginEra("bank");
  TakeOutAndPutBack();
  EXPECT_TRUE(IsAskedAnew());
}

TEST_F(GathererShareReloadTest, WhatWasSaidBeforeAHoldIsNotUsedByOneThatLeftWhileHeldAndCameBack) {
  Fill();
  states.SetHeld("bank", true);
  TakeOutAndPutBack([this] { states.SetHeld("bank", false); });
  EXPECT_TRUE(IsAskedAnew());
}

TEST_F(GathererShareReloadTest, NorWhatWasSaidUnderTheEraOfAnEarlierHold) {
  // Its second era, and the second of the state that comes after it.
  states.SetHeld("bank", true);
  states.SetHeld("bank", false);
  Fill();
  TakeOutAndPutBack([this] { states.SetHeld("bank", true); });
  states.SetHeld("bank", false);
  EXPECT_TRUE(IsAskedAnew());
}

}  // namespace
}  // namespace hedui::gather
