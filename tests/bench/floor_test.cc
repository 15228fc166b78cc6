// The floor does what it claims: every source called once a request, two rows and their signatures
// durable before the reply.
#include "tests/bench/floor.h"

#include <gmock/gmock.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>

#include "tests/bench/bytes.h"
#include "tests/bench/load.h"
#include "tests/bench/raw_server.h"
#include "tests/support/child_process.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::bench {
namespace {

using ::testing::HasSubstr;

int64_t Ask(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
  const int64_t answer = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return answer;
}

class FloorTest : public ::testing::TestWithParam<Signing> {
 protected:
  FloorTest() : issued_(pki_.IssueTls("floor")) {
    tls_ = {pki_.ca_pem(), issued_.certificate_pem, issued_.key_pem};
  }

  LoadOptions Load(const std::string& target) {
    return {.target = target,
            .credentials = ChannelCredentialsOf(tls_),
            .method = kFloorMethod,
            .in_flight = 8,
            .requests = 40,
            .warm_up = 10,
            .make_request = [](int) { return std::string("household"); }};
  }

  testing::TestPki pki_;
  testing::Issued issued_;
  TlsTexts tls_;
  testing::ScratchDirectory directory_;
};

TEST_P(FloorTest, EachRequestCallsEverySourceAndCommitsTwice) {
  std::atomic<int> calls{0};
  std::atomic<size_t> bytes{0};
  RawServer sources({.methods = {kSourceMethod}, .ports = 3, .tls = tls_}, [&](RawCall* call) {
    ++calls;
    bytes += call->request().Length();
    call->Reply(ToBuffer("answer"));
  });
  LoadResult result;
  {
    FloorOptions options{.sources = sources.addresses(), .tls = tls_, .signing = GetParam()};
    options.directory = directory_.path();
    options.shape.response_bytes = 777;
    const Floor floor(options);
    LoadOptions load = Load(floor.address());
    load.check_response = [](int, const std::string& response) {
      return response.size() == 777 ? absl::OkStatus() : absl::InternalError("other bytes");
    };
    result = RunLoad(load);
  }
  EXPECT_TRUE(CheckAllSucceeded(result).ok()) << result.first_error;
  EXPECT_EQ(result.succeeded, 40);
  EXPECT_GT(result.per_second, 0);
  EXPECT_LE(result.p50, result.p99);
  EXPECT_EQ(calls.load(), 50 * 3);
  EXPECT_EQ(bytes.load(), 50u * 3 * FloorShape().source_request_bytes);
  const std::string database = directory_.path() + "/floor.db";
  EXPECT_EQ(Ask(database, "SELECT count(*) FROM rows WHERE length(body)=4096"), 50);
  EXPECT_EQ(Ask(database, "SELECT count(*) FROM rows WHERE length(body)=8192"), 50);
  const int64_t notes = Ask(database, "SELECT count(*) FROM checkpoints");
  if (GetParam() == Signing::kNone) {
    EXPECT_EQ(notes, 0);
  } else {
    EXPECT_GE(notes, 2);
    EXPECT_LE(notes, 100) << "one a commit, and commits are shared";
    EXPECT_GE(Ask(database, "SELECT min(length(note)) FROM checkpoints"), 64 + 64);
  }
}

INSTANTIATE_TEST_SUITE_P(Signings, FloorTest,
                         ::testing::Values(Signing::kNone, Signing::kP256, Signing::kSm2),
                         [](const auto& tested) { return std::string(SigningName(tested.param)); });

TEST_F(FloorTest, AFailingSourceFailsTheRequestAndTheLoadSaysSo) {
  RawServer sources({.methods = {kSourceMethod}, .tls = tls_},
                    [](RawCall* call) { call->Fail("closed"); });
  FloorOptions options{.sources = sources.addresses(), .tls = tls_, .signing = Signing::kNone};
  options.directory = directory_.path();
  const Floor floor(options);
  const LoadResult result = RunLoad(Load(floor.address()));
  EXPECT_EQ(result.failed, 50);
  EXPECT_EQ(result.succeeded, 0);
  EXPECT_THAT(std::string(CheckAllSucceeded(result).message()), HasSubstr("closed"));
}

TEST_F(FloorTest, AClientWithoutACertificateIsNotServed) {
  RawServer server({.methods = {kFloorMethod}, .tls = tls_}, AnswerWith("never"));
  LoadOptions load = Load(server.addresses().front());
  TlsTexts stranger = tls_;
  stranger.certificate.clear();
  stranger.key.clear();
  load.credentials = ChannelCredentialsOf(stranger);
  load.requests = 2;
  load.warm_up = 0;
  EXPECT_EQ(RunLoad(load).failed, 2);
}

TEST(ChildProcessTest, AProgramThatEndsWithoutSayingWhereIsAnError) {
  auto child = testing::ChildProcess::Start({"/bin/echo", "hello"});
  ASSERT_TRUE(child.ok());
  EXPECT_FALSE((*child)->ReadLine("address ").ok());
}

TEST(ChildProcessTest, TheLineWithThePrefixIsFound) {
  auto child = testing::ChildProcess::Start(
      {"/bin/sh", "-c", "echo starting; echo address 127.0.0.1:1; exec sleep 1000"});
  ASSERT_TRUE(child.ok());
  const auto address = (*child)->ReadLine("address ");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(*address, "127.0.0.1:1");
}

TEST(ChildProcessTest, ProcessorTimeIsTheProgramsOwn) {
  auto idle = testing::ChildProcess::Start({"/bin/sh", "-c", "echo idle; exec sleep 1000"});
  // Counting takes some 100 ms; a fork's share of a tick is none.
  auto busy = testing::ChildProcess::Start(
      {"/bin/sh", "-c",
       "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo counted; exec sleep 1000"});
  ASSERT_TRUE(idle.ok() && busy.ok());
  ASSERT_TRUE((*idle)->ReadLine("idle").ok());
  ASSERT_TRUE((*busy)->ReadLine("counted").ok());
  EXPECT_GT((*busy)->CpuTime(), (*idle)->CpuTime());
}

TEST(ChildProcessTest, AProgramThatIsNotThereIsAnError) {
  EXPECT_FALSE(testing::ChildProcess::Start({"/nonexistent/program"}).ok());
}

}  // namespace
}  // namespace hedui::bench
