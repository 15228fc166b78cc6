// kill -9 under load, again and again, on one store. After every kill: each report the client was
// given is in the store, byte for byte; the log continues every checkpoint the client saw; no
// request has two verifications or two reports; every query a department accepted stands in the
// log. HEDUI_KILLS sets how many kills (20).
#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "hedui/report/v1/report.pb.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/digest.h"
#include "server/base/yaml.h"
#include "server/ledger/entry.h"
#include "server/ledger/entry_proof.h"
#include "server/ledger/proof_reader.h"
#include "server/store/store.h"
#include "server/verify_steps.h"
#include "tests/integration/running_platform.h"
#include "tests/support/child_process.h"

namespace hedui::testing {
namespace {

constexpr int kCallers = 6;
// A caller gives up on a platform that was killed.
constexpr absl::Duration kCallTimeout = absl::Seconds(30);

// What a client was told, and may hold the platform to.
struct Told {
  std::string verification_id;
  std::string lines_digest;
};

struct SeenCheckpoint {
  uint64_t size;
  ledger::Hash root;
};

std::string DigestOfLines(const report::v1::Envelope& envelope) {
  std::string all;
  for (const auto& line : envelope.lines()) absl::StrAppend(&all, base::Sha256(line.line()));
  return base::Sha256(all);
}

class KillsTest : public ::testing::Test {
 protected:
  KillsTest() {
    absl::StrReplaceAll({{"faults: [{kind: silent}]", "faults: []"}}, &scenario_.simulation_yaml);
    scenario_.simulation_yaml += absl::StrCat("\njournal_file: ", scenario_.Path("journal"), "\n");
    scenario_.Write();
    departments_ = *ChildProcess::Start(
        {absl::StrCat(HEDUI_BIN_DIR, "/hedui-sim"), "--config", scenario_.Path("simulation.yaml")});
    for (int i = 0; i < 11; ++i) {
      auto line = departments_->ReadLine("source ");
      EXPECT_TRUE(line.ok()) << line.status();
      const std::vector<std::string> parts = absl::StrSplit(*line, ' ');
      int port = 0;
      EXPECT_TRUE(absl::SimpleAtoi(parts[1], &port));
      scenario_.UseGrpc(parts[0], port);
    }
    config_ = scenario_.Write();
  }

  std::unique_ptr<ChildProcess> StartPlatform(const std::string& moment, int count, int* port) {
    auto child = ChildProcess::Start({absl::StrCat(HEDUI_BIN_DIR, "/../tests/kill_platform"),
                                      config_, moment, absl::StrCat(count)});
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
  // a new one made. With `kill_after` answers the process is killed from here.
  void LoadUntilDead(ChildProcess* platform, int port, int kill_after) {
    std::atomic<bool> dead{false};
    std::atomic<int> answers{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, seed = random_()] {
        auto client = scenario_.Connect(port, absl::StrCat(kAgency));
        std::mt19937 random(seed);
        while (!dead.load()) {
          v1::VerifyHouseholdRequest request = NextRequest(&random);
          auto response = client->VerifyHousehold(request, kCallTimeout);
          if (!response.ok()) {
            if (response.status().code() == absl::StatusCode::kUnavailable) return;
            ADD_FAILURE() << response.status();
            return;
          }
          Note(request.header().request_id(), *response);
          if (answers.fetch_add(1) + 1 == kill_after) kill(platform->pid(), SIGKILL);
        }
      });
    }
    // The child's output ends with it.
    EXPECT_FALSE(platform->ReadLine("never").ok());
    dead.store(true);
    for (std::thread& caller : callers) caller.join();
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
      all_.insert(id);
    }
    request.mutable_header()->set_request_id(id);
    return request;
  }

  void Note(const std::string& request_id, const v1::VerifyHouseholdResponse& response) {
    report::v1::Envelope envelope;
    ASSERT_TRUE(envelope.ParseFromString(response.envelope()));
    auto proof = ledger::DecodeEntryProof(envelope.entry_proof());
    ASSERT_TRUE(proof.ok()) << proof.status();
    const Told told{response.verification_id(), DigestOfLines(envelope)};
    auto note_text = proof->checkpoint->note.substr(0, proof->checkpoint->note.find("\n\n") + 1);
    auto checkpoint = ledger::ParseCheckpoint(note_text);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    const base::MutexLock lock(&mutex_);
    checkpoints_[checkpoint->size] = checkpoint->root;
    open_.erase(request_id);
    auto [it, fresh] = told_.emplace(request_id, told);
    if (fresh) return;
    EXPECT_EQ(it->second.verification_id, told.verification_id)
        << "a request has two verifications";
    EXPECT_EQ(it->second.lines_digest, told.lines_digest) << "a verification has two first reports";
  }

  // Reads the files as the dead process left them.
  void CheckStore() {
    auto store = scenario_.OpenStore();
    ASSERT_NE(store, nullptr);
    CheckCheckpoints(*store);
    CheckRequests(*store);
    CheckJournal(*store);
  }

  void CheckCheckpoints(const store::Store& store) {
    auto head = store.ReadHead();
    ASSERT_TRUE(head.ok() && head->has_value());
    ledger::TileHashReader hashes(store);
    for (const auto& [size, root] : checkpoints_) {
      ASSERT_LE(size, (*head)->size) << "the log is shorter than a checkpoint that was given out";
      auto now = ledger::ReadRoot(size, hashes);
      ASSERT_TRUE(now.ok()) << now.status();
      EXPECT_EQ(*now, root) << "the log forgot what it said at size " << size;
    }
  }

  void CheckRequests(const store::Store& store) {
    for (const std::string& id : all_) {
      auto rows = store.Find(RequestKey(kAgency, *base::Uuid::Parse(id)), 100);
      ASSERT_TRUE(rows.ok()) << rows.status();
      auto results = store.Find(ResultKey(kAgency, *base::Uuid::Parse(id)), 100);
      ASSERT_TRUE(results.ok()) << results.status();
      rows->insert(rows->end(), results->begin(), results->end());
      std::set<std::string> verifications;
      int reports = 0;
      for (const base::Row& row : *rows) {
        if (row.kind == base::RowKind::kIntent) {
          stored::v1::Intent intent;
          ASSERT_TRUE(intent.ParseFromString(row.body));
          verifications.insert(intent.verification_id());
        } else if (row.kind == base::RowKind::kResult) {
          stored::v1::Result result;
          ASSERT_TRUE(result.ParseFromString(row.body));
          verifications.insert(result.verification_id());
          ++reports;
        }
      }
      EXPECT_LE(verifications.size(), 1u) << "a request has two verifications";
      EXPECT_LE(reports, 1) << "a verification has two first reports";
      EXPECT_TRUE(reports == 1 || told_.count(id) == 0) << "a report that was given out is gone";
    }
  }

  // Lines "<intent id> <log index> <source> <attempt>".
  void CheckJournal(const store::Store& store) {
    auto journal = base::ReadFile(scenario_.Path("journal"), size_t{256} << 20);
    ASSERT_TRUE(journal.ok()) << journal.status();
    std::set<std::pair<std::string, uint64_t>> seen;
    std::set<std::string> attempts;
    for (absl::string_view line : absl::StrSplit(*journal, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> parts = absl::StrSplit(line, ' ');
      ASSERT_EQ(parts.size(), 4u);
      EXPECT_TRUE(attempts.insert(parts[3]).second)
          << "two attempts of one name, which a department may take for one: " << parts[3];
      uint64_t index = 0;
      ASSERT_TRUE(absl::SimpleAtoi(parts[1], &index));
      seen.emplace(parts[0], index);
    }
    EXPECT_FALSE(seen.empty());
    for (const auto& [intent_id, index] : seen) {
      if (!checked_intents_.insert(intent_id).second) continue;
      auto entries = store.ReadEntries(index, index + 1);
      ASSERT_TRUE(entries.ok()) << "a department saw a query that the log does not have: "
                                << entries.status();
      auto entry = ledger::DecodeEntry((*entries)[0]);
      ASSERT_TRUE(entry.ok());
      ASSERT_TRUE(std::holds_alternative<ledger::IntentEntry>(*entry));
      EXPECT_EQ(std::get<ledger::IntentEntry>(*entry).intent.ToString(), intent_id);
    }
  }

  // Each report given out is served again, with a proof that holds.
  void CheckServed(int port) {
    auto client = scenario_.Connect(port);
    for (const auto& [id, told] : told_) {
      if (!checked_served_.insert(id).second && random_() % 16 != 0) continue;
      v1::GetReportRequest request;
      request.set_officer("XQ-0107");
      request.set_request_id(id);
      auto served = client->GetReport(request, kPatience);
      ASSERT_TRUE(served.ok()) << served.status();
      EXPECT_EQ(served->verification_id(), told.verification_id);
      report::v1::Envelope envelope;
      ASSERT_TRUE(envelope.ParseFromString(served->envelope()));
      EXPECT_EQ(DigestOfLines(envelope), told.lines_digest);
    }
  }

  Scenario scenario_;
  std::string config_;
  std::unique_ptr<ChildProcess> departments_;
  base::SecureIdSource ids_;
  std::mt19937 random_{20250303};

  base::Mutex mutex_;
  std::set<std::string> open_;  // asked, not answered yet
  std::set<std::string> all_;
  std::map<std::string, Told> told_;
  std::map<uint64_t, ledger::Hash> checkpoints_;
  std::set<std::string> checked_intents_;
  std::set<std::string> checked_served_;
};

TEST_F(KillsTest, NothingGivenOutIsLostAndNothingHappensTwice) {
  const char* wanted = std::getenv("HEDUI_KILLS");
  const int kills = wanted == nullptr ? 20 : std::atoi(wanted);
  const char* const moments[] = {"never", "intent", "answers", "commit"};
  int port = 0;
  {
    auto platform = StartPlatform("never", 0, &port);
    Register(port);
  }
  for (int i = 0; i < kills && !HasFatalFailure(); ++i) {
    const std::string moment = moments[i % 4];
    SCOPED_TRACE(absl::StrCat("kill ", i, " at ", moment));
    // A few flows in, sometimes many; commits are counted in pages written.
    const int count = 1 + static_cast<int>(random_() % (moment == "commit" ? 200 : 40));
    auto platform = StartPlatform(moment, moment == "never" ? 0 : count, &port);
    // Reading is a commit too, since it is logged: it would use up what the load is to die of.
    if (moment != "commit") CheckServed(port);
    LoadUntilDead(platform.get(), port, moment == "never" ? count : -1);
    platform.reset();
    CheckStore();
  }
  auto platform = StartPlatform("never", 0, &port);
  CheckServed(port);
  std::cout << kills << " kills, " << told_.size() << " reports given out, " << all_.size()
            << " requests, " << checkpoints_.size() << " checkpoints seen, "
            << checked_intents_.size() << " intents seen by departments\n";
  EXPECT_GT(told_.size(), static_cast<size_t>(kills));
}

}  // namespace
}  // namespace hedui::testing
