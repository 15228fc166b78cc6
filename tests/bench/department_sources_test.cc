// The platform's sources say what their departments would, each its own, and count what passes.
#include "tests/bench/department_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "hedui/v1/source.pb.h"
#include "tests/bench/floor.h"
#include "tests/bench/load.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::bench {
namespace {

using ::testing::HasSubstr;

constexpr char kSimulation[] = R"(
seed: 1
data_day: "2025-03-02"
sources:
  - id: traffic
    categories: [vehicle]
  - id: bank
    categories: [deposit]
people:
  - identity: {kind: resident_id, number: "640104197905123171", name: 马志远}
    holdings:
      - source: traffic
        category: vehicle
        records: [{kind: vehicle, fields: [{name: class, text: motorcycle}]}]
)";

class DepartmentSourcesTest : public ::testing::Test {
 protected:
  DepartmentSourcesTest() : issued_(pki_.IssueTls("sources")) {
    tls_ = {pki_.ca_pem(), issued_.certificate_pem, issued_.key_pem};
    auto sources = DepartmentSources::Start(kSimulation, tls_);
    EXPECT_TRUE(sources.ok()) << sources.status();
    sources_ = *std::move(sources);
  }

  static std::string Query(const std::string& category) {
    v1::QueryRequest query;
    v1::QueryPerson* person = query.add_people();
    person->set_person_id("m1");
    person->mutable_identity()->set_kind(v1::IDENTITY_KIND_RESIDENT_ID);
    person->mutable_identity()->set_number("640104197905123171");
    person->mutable_identity()->set_name("马志远");
    person->add_categories(category);
    return query.SerializeAsString();
  }

  // The answers to `calls` queries, one after another.
  std::vector<v1::QueryResponse> Ask(size_t source, const std::string& query, int calls) {
    std::vector<v1::QueryResponse> answers;
    const LoadResult result = RunLoad({.target = sources_->addresses()[source].second,
                                       .credentials = ChannelCredentialsOf(tls_),
                                       .method = kSourceMethod,
                                       .in_flight = 1,
                                       .requests = calls,
                                       .warm_up = 0,
                                       .make_request = [&query](int) { return query; },
                                       .check_response =
                                           [&answers](int, const std::string& bytes) {
                                             return answers.emplace_back().ParseFromString(bytes)
                                                        ? absl::OkStatus()
                                                        : absl::InternalError("not a response");
                                           }});
    failed_ = result.failed;
    error_ = result.first_error;
    return answers;
  }

  testing::TestPki pki_;
  testing::Issued issued_;
  TlsTexts tls_;
  std::unique_ptr<DepartmentSources> sources_;
  int failed_ = 0;
  std::string error_;
};

TEST_F(DepartmentSourcesTest, EachSourceAnswersAsItsOwnDepartment) {
  ASSERT_EQ(sources_->addresses().size(), 2u);
  EXPECT_EQ(sources_->addresses()[0].first, "traffic");
  EXPECT_EQ(sources_->addresses()[1].first, "bank");
  const auto vehicle = Ask(0, Query("vehicle"), 1);
  ASSERT_EQ(vehicle.size(), 1u) << error_;
  ASSERT_EQ(vehicle[0].answers_size(), 1);
  EXPECT_EQ(vehicle[0].answers(0).kind(), v1::ANSWER_KIND_FOUND);
  const auto deposit = Ask(1, Query("deposit"), 1);
  ASSERT_EQ(deposit.size(), 1u) << error_;
  ASSERT_EQ(deposit[0].answers_size(), 1);
  EXPECT_EQ(deposit[0].answers(0).category(), "deposit");
  EXPECT_EQ(deposit[0].answers(0).kind(), v1::ANSWER_KIND_CONFIRMED_NONE);
}

TEST_F(DepartmentSourcesTest, LaterQueriesGetTheFirstAnswersBytes) {
  const auto answers = Ask(0, Query("vehicle"), 3);
  ASSERT_EQ(answers.size(), 3u) << error_;
  EXPECT_EQ(answers[2].SerializeAsString(), answers[0].SerializeAsString());
}

TEST_F(DepartmentSourcesTest, WhatPassesIsCounted) {
  const std::string query = Query("vehicle");
  const auto answers = Ask(0, query, 5);
  ASSERT_EQ(answers.size(), 5u) << error_;
  const DepartmentSources::Traffic traffic = sources_->traffic();
  EXPECT_EQ(traffic.calls, 5);
  EXPECT_EQ(traffic.query_bytes, static_cast<int64_t>(5 * query.size()));
  EXPECT_EQ(traffic.answer_bytes, static_cast<int64_t>(5 * answers[0].ByteSizeLong()));
}

TEST_F(DepartmentSourcesTest, QueriesAreCountedForEachAsTheyArrive) {
  ASSERT_TRUE(sources_->Hold("bank").ok());
  EXPECT_EQ(sources_->held_source(), 1u);
  Ask(0, Query("vehicle"), 2);
  EXPECT_EQ(sources_->arrived(), (std::vector<int64_t>{2, 0}));
  sources_->Release();
  EXPECT_FALSE(sources_->held_source().has_value());
  Ask(1, Query("deposit"), 1);
  EXPECT_EQ(sources_->arrived(), (std::vector<int64_t>{2, 1}));
}

TEST_F(DepartmentSourcesTest, AnAnswerThatComesLaterIsTheSame) {
  const auto at_once = Ask(0, Query("vehicle"), 1);
  sources_->DelayAll(absl::Milliseconds(1));
  ASSERT_TRUE(sources_->DelaySome("traffic", 500, absl::Milliseconds(2)).ok());
  const auto later = Ask(0, Query("vehicle"), 8);
  ASSERT_EQ(later.size(), 8u) << error_;
  for (const v1::QueryResponse& answer : later) {
    EXPECT_EQ(answer.SerializeAsString(), at_once.at(0).SerializeAsString());
  }
  EXPECT_THAT(std::string(sources_->DelaySome("nobody", 1, absl::Seconds(1)).message()),
              HasSubstr("nobody"));
}

TEST_F(DepartmentSourcesTest, WhatIsNoQueryFails) {
  Ask(0, "\xff", 1);
  EXPECT_EQ(failed_, 1);
  EXPECT_THAT(error_, HasSubstr("not a query"));
  EXPECT_EQ(sources_->traffic().calls, 0);
}

TEST_F(DepartmentSourcesTest, ASimulationWithoutSourcesOfItsOwnIsRefused) {
  EXPECT_FALSE(DepartmentSources::Start("seed: 1\n", tls_).ok());
}

}  // namespace
}  // namespace hedui::bench
