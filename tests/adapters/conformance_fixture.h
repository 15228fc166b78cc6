// What the suites that every kind of adapter must pass have in common: a department with one person
// of record, calls begun, replies kept. Header only.
#ifndef HEDUI_TESTS_ADAPTERS_CONFORMANCE_FIXTURE_H_
#define HEDUI_TESTS_ADAPTERS_CONFORMANCE_FIXTURE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hedui/v1/source.pb.h"
#include "tests/adapters/kind_harness.h"

namespace hedui::adapters {

// A deadline that a busy machine does not reach before its connection stands.
inline constexpr absl::Duration kNotSoon = absl::Seconds(1);

inline constexpr char kNumber[] = "640104197905123171";
inline constexpr char kName[] = "马志远";

// A department with one person of record; `faults` as YAML.
inline std::string SimulationWith(const std::string& faults) {
  return absl::StrCat(R"(
seed: 7
data_day: "2025-03-02"
sources:
  - id: dept
    categories: [deposit, employment]
    faults: [)",
                      faults, R"(]
people:
  - identity: {kind: resident_id, number: "640104197905123171", name: 马志远}
    holdings:
      - source: dept
        category: employment
        records:
          - kind: wage
            fields:
              - {name: month, month: "2025-02"}
              - {name: payer, text: 演示单位}
              - {name: amount, money_fen: 300000}
)");
}

struct Kind {
  const char* name;
  MakeHarness make;
};

class ConformanceTest : public ::testing::TestWithParam<Kind> {
 protected:
  ~ConformanceTest() override {
    // What was started has ended before the harness goes away.
    if (harness_ != nullptr) {
      harness_->RunUntil([&] { return ended_ == started_; });
    }
  }

  void Open(const std::string& faults = "", Department::Desk desk = nullptr,
            Transport transport = Transport::kOpen) {
    harness_ = GetParam().make(SimulationWith(faults), std::move(desk), transport);
  }
  // What the adapter sends over is not there yet; queries that reach the department are counted.
  void OpenHeld() {
    Open(
        "",
        [this](const v1::QueryRequest&) {
          ++arrived_;
          return absl::OkStatus();
        },
        Transport::kHeld);
  }

  static plan::SourceQuery Query() {
    plan::SourceQuery query;
    query.source_id = "dept";
    query.people.push_back(
        {"m1", {base::IdentityKind::kResidentId, kNumber, kName}, {"deposit", "employment"}});
    query.period = {absl::CivilDay(2025, 2, 1), absl::CivilDay(2025, 3, 1)};
    return query;
  }
  static SourceRequest Request(absl::Duration timeout = absl::Seconds(20)) {
    SourceRequest request;
    request.query = Query();
    request.warrant = "the warrant's bytes";
    request.attempt_id = "v1/1/dept/1";
    request.timeout = timeout;
    request.digest_key = "matter's digest key";
    return request;
  }

  // Starts a call; its replies land in replies_.
  std::shared_ptr<SourceCall> Start(SourceRequest request) {
    std::shared_ptr<SourceCall> call;
    harness_->OnLoop([&](runtime::EventLoop& loop) {
      ++started_;
      const size_t before = replies_.size();
      call = harness_->adapter().Start(loop, std::move(request), [this](SourceReply reply) {
        ++ended_;
        replies_.push_back(std::move(reply));
      });
      EXPECT_EQ(replies_.size(), before) << "done ran inside Start";
    });
    return call;
  }
  SourceReply ReplyTo(SourceRequest request) {
    const auto call = Start(std::move(request));
    harness_->RunUntil([&] { return ended_ == started_; });
    return replies_.back();
  }
  // The same of a poll.
  std::shared_ptr<SourceCall> Poll(const std::string& token, SourceRequest request) {
    std::shared_ptr<SourceCall> call;
    harness_->OnLoop([&](runtime::EventLoop& loop) {
      ++started_;
      const size_t before = replies_.size();
      call = harness_->adapter().Poll(loop, token, std::move(request), [this](SourceReply reply) {
        ++ended_;
        replies_.push_back(std::move(reply));
      });
      EXPECT_EQ(replies_.size(), before) << "done ran inside Poll";
    });
    return call;
  }
  SourceReply ReplyToPoll(const std::string& token, SourceRequest request) {
    const auto call = Poll(token, std::move(request));
    harness_->RunUntil([&] { return ended_ == started_; });
    return replies_.back();
  }
  SourceReply ReplyToPoll(const std::string& token) { return ReplyToPoll(token, Request()); }
  SourceReply Reply() { return ReplyTo(Request()); }

  std::atomic<int> arrived_{0};  // at the department, which may be another thread
  std::unique_ptr<KindHarness> harness_;
  int started_ = 0;
  int ended_ = 0;
  std::vector<SourceReply> replies_;
};

// Every kind that is built; ConformanceSuiteTest holds it to the registry.
inline constexpr Kind kKinds[] = {{"grpc", MakeGrpcHarness}, {"simulated", MakeSimulatedHarness}};

}  // namespace hedui::adapters

#endif  // HEDUI_TESTS_ADAPTERS_CONFORMANCE_FIXTURE_H_
