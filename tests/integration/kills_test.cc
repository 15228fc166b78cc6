// kill -9 under load, again and again, on one store. After every kill all that the platform gave
// out before must hold of the files it left (given_out.h). HEDUI_KILLS sets how many kills (20).
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/ledger/trust.h"
#include "tests/integration/departments.h"
#include "tests/integration/given_out.h"
#include "tests/integration/running_platform.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

using ::testing::IsEmpty;

constexpr int kCallers = 6;
// A caller gives up on a platform that was killed.
constexpr absl::Duration kCallTimeout = absl::Seconds(30);
constexpr char kOfficer[] = "XQ-0107";

// Where the platform dies, in turn; kill_platform.cc says what they are. `never`: it is killed from
// outside, at an answer.
constexpr const char* kMoments[] = {"never", "intent", "answers", "commit"};
constexpr int kMomentCount = 4;
// Fewer would leave a moment to luck.
constexpr int kKillsEachMin = 3;

int KillsWanted() {
  const char* const wanted = std::getenv("HEDUI_KILLS");
  int kills = 20;
  if (wanted != nullptr && !absl::SimpleAtoi(wanted, &kills)) ADD_FAILURE() << wanted;
  return kills;
}

class KillsTest : public ::testing::Test {
 protected:
  KillsTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    departments_ = std::make_unique<Departments>(&scenario_);
    trust_ = *ledger::LogTrust::Load(scenario_.pki().ca_path());
    given_out_ = std::make_unique<GivenOut>(kAgency, trust_.get());
  }

  std::unique_ptr<ChildProcess> StartPlatform(const std::string& moment, int count, int* port) {
    auto child = ChildProcess::Start({absl::StrCat(HEDUI_BIN_DIR, "/../tests/kill_platform"),
                                      scenario_.Path("heduid.yaml"), moment, absl::StrCat(count)});
    EXPECT_TRUE(child.ok());
    auto line = (*child)->ReadLine("listening ");
    EXPECT_TRUE(line.ok()) << line.status();
    EXPECT_TRUE(line.ok() && absl::SimpleAtoi(*line, port));
    return *std::move(child);
  }

  void Register(int port) {
    auto client = scenario_.Connect(port);
    auto registered = client->RegisterAuthorizations(scenario_.letters, kPatience);
    ASSERT_TRUE(registered.ok()) << registered.status();
  }

  // Loads the platform until it is dead; a random one of the open requests is repeated as often as
  // a new one made. With `kill_after` answers the process is killed from here; 0: it dies by
  // itself.
  void LoadUntilDead(ChildProcess* platform, int port, const std::string& moment, int kill_after) {
    std::atomic<bool> dead{false};
    std::atomic<int> answers{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, client = scenario_.Connect(port), seed = random_()] {
        std::mt19937 random(seed);
        while (!dead.load()) {
          const v1::VerifyHouseholdRequest request = NextRequest(&random);
          if (random() % 4 == 0) {
            if (!Promise(client.get(), request)) return;
            continue;
          }
          const auto response = client->VerifyHousehold(request, kCallTimeout);
          if (!response.ok()) {
            EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable)
                << response.status();
            return;
          }
          Answered(request.header().request_id(), *response);
          if (answers.fetch_add(1) + 1 == kill_after) kill(platform->pid(), SIGKILL);
        }
      });
    }
    if (kill_after == 0) {
      const auto reached = platform->ReadLine("reached ");
      EXPECT_TRUE(reached.ok() && *reached == moment) << "it died before its moment";
      if (reached.ok()) ++reached_[*reached];
    }
    // The child's output ends with it.
    EXPECT_FALSE(platform->ReadLine("reached ").ok());
    dead.store(true);
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(platform->AwaitEnd(), (ProcessEnd{SIGKILL, 0})) << "any other end is a crash";
  }

  v1::VerifyHouseholdRequest NextRequest(std::mt19937* random) {
    v1::VerifyHouseholdRequest request = scenario_.household;
    const base::MutexLock lock(&mutex_);
    std::string id;
    if (!open_.empty() && (*random)() % 2 == 0) {
      auto it = open_.begin();
      std::advance(it, (*random)() % open_.size());
      id = *it;
    } else {
      id = ids_.NextId(absl::Now()).ToString();
      open_.insert(id);
      given_out_->NoteAsked(id);
    }
    request.mutable_header()->set_request_id(id);
    return request;
  }

  // Begins one that nobody waits for. False when the platform is dead.
  bool Promise(clients::Client* client, const v1::VerifyHouseholdRequest& request) {
    v1::CreateVerificationRequest create;
    *create.mutable_request() = request;
    const auto created = client->CreateVerification(create, kCallTimeout);
    if (!created.ok()) {
      EXPECT_EQ(created.status().code(), absl::StatusCode::kUnavailable) << created.status();
      return false;
    }
    const base::MutexLock lock(&mutex_);
    promised_.insert(request.header().request_id());
    return true;
  }

  // What was promised has a report, though nobody asked again.
  void AwaitPromised(int port) {
    auto client = scenario_.Connect(port);
    const base::MutexLock lock(&mutex_);
    for (const std::string& id : promised_) {
      v1::WatchVerificationRequest watch;
      watch.set_request_id(id);
      watch.set_officer(kOfficer);
      absl::StatusOr<v1::VerifyHouseholdResponse> finished;
      do {  // this process may not have taken it up yet
        finished = client->WatchVerification(watch, kCallTimeout, [](const auto&) {});
      } while (base::ReasonOf(finished.status()) == "VERIFICATION_INTERRUPTED");
      ASSERT_TRUE(finished.ok()) << finished.status();
      given_out_->NoteReport(id, finished->verification_id(), finished->envelope());
    }
  }

  void Answered(const std::string& request_id, const v1::VerifyHouseholdResponse& response) {
    given_out_->NoteReport(request_id, response.verification_id(), response.envelope());
    const base::MutexLock lock(&mutex_);
    open_.erase(request_id);
  }

  void ReadBack(int port, GivenOut::Which which) {
    auto client = scenario_.Connect(port);
    const absl::Status read = given_out_->ReadBack(*client, kOfficer, which);
    EXPECT_TRUE(read.ok()) << "a report that was given out is not served: " << read;
  }

  // Reads the files as the dead process left them.
  void CheckStore() {
    given_out_->NoteQueries(departments_->TakeJournal());
    const auto store = scenario_.OpenStore();
    ASSERT_NE(store, nullptr);
    ASSERT_THAT(given_out_->BreachesIn(*store), IsEmpty());
  }

  Scenario scenario_;
  std::unique_ptr<Departments> departments_;
  std::unique_ptr<ledger::LogTrust> trust_;
  std::unique_ptr<GivenOut> given_out_;
  base::SecureIdSource ids_;
  std::mt19937 random_{20250303};
  std::map<std::string, int> reached_;  // kills, by the moment the platform said it had reached

  base::Mutex mutex_;
  std::set<std::string> open_ ABSL_GUARDED_BY(mutex_);      // asked, not answered yet
  std::set<std::string> promised_ ABSL_GUARDED_BY(mutex_);  // that they will be
};

TEST_F(KillsTest, NothingGivenOutIsLostAndNothingHappensTwice) {
  const int kills = KillsWanted();
  ASSERT_GE(kills, kMomentCount * kKillsEachMin) << "HEDUI_KILLS: too few for each moment";
  int port = 0;
  {
    auto platform = StartPlatform("never", 0, &port);
    Register(port);
  }
  for (int i = 0; i < kills && !HasFailure(); ++i) {
    const std::string moment = kMoments[i % kMomentCount];
    SCOPED_TRACE(absl::StrCat("kill ", i, " at ", moment));
    // A few flows in, sometimes many; commits are counted in writes.
    const int count = 1 + static_cast<int>(random_() % (moment == "commit" ? 200 : 40));
    const bool from_outside = moment == "never";
    auto platform = StartPlatform(moment, from_outside ? 0 : count, &port);
    // Elsewhere what was promised and is taken up at the start may be what it dies of, before the
    // load.
    if (from_outside) ReadBack(port, GivenOut::Which::kUnread);
    LoadUntilDead(platform.get(), port, moment, from_outside ? count : 0);
    CheckStore();
  }
  if (HasFailure()) return;
  auto platform = StartPlatform("never", 0, &port);
  AwaitPromised(port);
  ReadBack(port, GivenOut::Which::kAll);
  EXPECT_EQ(platform->Stop(), ProcessEnd{});
  CheckStore();
  for (const char* moment : {"intent", "answers", "commit"}) {
    EXPECT_GE(reached_[moment], kKillsEachMin) << moment;
  }
  EXPECT_GT(given_out_->reports(), static_cast<size_t>(kills));
  EXPECT_GT(given_out_->intents_seen(), given_out_->reports() / 2) << "the journal was not read";
  std::cout << kills << " kills, " << given_out_->reports() << " reports given out, "
            << given_out_->requests() << " requests, " << given_out_->checkpoints()
            << " checkpoints seen, " << given_out_->intents_seen()
            << " intents seen by departments, " << promised_.size() << " promised\n";
}

}  // namespace
}  // namespace hedui::testing
