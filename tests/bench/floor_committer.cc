#include "tests/bench/floor_committer.h"

#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/mutex.h"
#include "server/ledger/pem_signer.h"
#include "server/runtime/batch_worker.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::bench {
namespace {

// As the platform's store has it: pages of 8 KiB, the write-ahead log copied once it holds 32 MiB.
constexpr char kPragmas[] =
    "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
    "wal_autocheckpoint=0;";
constexpr int kCheckpointPages = 4'096;

[[noreturn]] void Die(absl::string_view what, absl::string_view why) {
  std::fprintf(stderr, "bench: floor: %s: %s\n", std::string(what).c_str(),
               std::string(why).c_str());
  std::abort();
}

struct Row {
  std::string body;
  absl::AnyInvocable<void() &&> done;
};

class Database {
 public:
  explicit Database(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) Die(path, sqlite3_errmsg(db_));
    Execute(kPragmas);
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void Execute(const char* sql) { Check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr), sql); }
  sqlite3_stmt* Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    Check(sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr), sql);
    return statement;
  }
  void Insert(sqlite3_stmt* statement, absl::string_view body) {
    sqlite3_bind_blob64(statement, 1, body.data(), body.size(), SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_DONE) Die("insert", sqlite3_errmsg(db_));
    sqlite3_reset(statement);
  }
  sqlite3* get() { return db_; }

 private:
  void Check(int code, absl::string_view what) {
    if (code != SQLITE_OK) Die(what, sqlite3_errmsg(db_));
  }

  sqlite3* db_ = nullptr;
};

std::vector<std::unique_ptr<ledger::Signer>> SignersFor(Signing signing) {
  std::vector<std::unique_ptr<ledger::Signer>> signers;
  if (signing == Signing::kNone) return signers;
  testing::TestPki pki;
  const auto legal = signing == Signing::kSm2 ? testing::KeyType::kSm2 : testing::KeyType::kP256;
  for (const testing::KeyType type : {testing::KeyType::kEd25519, legal}) {
    auto signer = ledger::MakePemSigner(pki.IssueLog(type, "floor").key_pem);
    if (!signer.ok()) Die("key", signer.status().message());
    signers.push_back(*std::move(signer));
  }
  return signers;
}

// Copies the write-ahead log into the database from a connection and thread of its own, so that no
// commit waits.
class Checkpointer {
 public:
  explicit Checkpointer(const std::string& path)
      : database_(path), worker_("floor-wal", {.slots_max = 2}, [this](std::vector<int>) {
          sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                    nullptr);
        }) {}

  void Request() {
    static_cast<void>(worker_.TrySubmit(1, 1));
  }  // refused: one is on its way already

 private:
  Database database_;
  runtime::BatchWorker<int> worker_;
};

}  // namespace

absl::string_view SigningName(Signing signing) {
  switch (signing) {
    case Signing::kNone:
      return "none";
    case Signing::kP256:
      return "p256";
    case Signing::kSm2:
      return "sm2";
  }
  return "";
}

Signing SigningFromName(absl::string_view name) {
  for (const Signing signing : {Signing::kNone, Signing::kP256, Signing::kSm2}) {
    if (SigningName(signing) == name) return signing;
  }
  Die("signing", absl::StrCat("no such kind: ", name));
}

struct FloorCommitter::State {
  State(const std::string& path, Signing signing)
      : database(path),
        signers(SignersFor(signing)),
        checkpointer(path),
        worker("floor-commit",
               {.items_max = 512, .bytes_max = size_t{8} << 20, .slots_max = 1'000'000},
               [this](std::vector<Row> rows) { Commit(std::move(rows)); }) {
    sqlite3_wal_hook(
        database.get(),
        [](void* self, sqlite3*, const char*, int pages) {
          if (pages >= kCheckpointPages) static_cast<State*>(self)->checkpointer.Request();
          return SQLITE_OK;
        },
        this);
    database.Execute(
        "CREATE TABLE rows(id INTEGER PRIMARY KEY, body BLOB NOT NULL);"
        "CREATE TABLE checkpoints(id INTEGER PRIMARY KEY, note BLOB NOT NULL)");
    insert_row = database.Prepare("INSERT INTO rows(body) VALUES(?)");
    insert_checkpoint = database.Prepare("INSERT INTO checkpoints(note) VALUES(?)");
  }
  ~State() {
    worker.Drain();
    sqlite3_finalize(insert_row);
    sqlite3_finalize(insert_checkpoint);
  }

  void Commit(std::vector<Row> rows) {
    database.Execute("BEGIN IMMEDIATE");
    for (const Row& row : rows) database.Insert(insert_row, row.body);
    if (!signers.empty()) database.Insert(insert_checkpoint, SignedNote());
    database.Execute("COMMIT");
    for (Row& row : rows) std::move(row.done)();
  }

  std::string SignedNote() {
    const std::string number = absl::StrCat(++size);
    const std::string text = absl::StrCat("floor\n", number, "\n", base::Sha256(number), "\n");
    std::string note = text;
    for (const auto& signer : signers) {
      signer->Sign(text, [&note](absl::StatusOr<std::string> signature) {
        if (!signature.ok()) Die("signing", signature.status().message());
        note += *signature;
      });
    }
    return note;
  }

  Database database;
  const std::vector<std::unique_ptr<ledger::Signer>> signers;
  sqlite3_stmt* insert_row = nullptr;
  sqlite3_stmt* insert_checkpoint = nullptr;
  uint64_t size = 0;
  Checkpointer checkpointer;
  runtime::BatchWorker<Row> worker;  // last: its thread uses the rest
};

FloorCommitter::FloorCommitter(const std::string& directory, Signing signing)
    : state_(std::make_unique<State>(directory + "/floor.db", signing)) {}

FloorCommitter::~FloorCommitter() = default;

void FloorCommitter::Submit(std::string row, absl::AnyInvocable<void() &&> done) {
  const size_t bytes = row.size();
  if (!state_->worker.TrySubmit(Row{std::move(row), std::move(done)}, bytes)) {
    Die("commit", "a million rows are waiting");
  }
}

}  // namespace hedui::bench
