#include "server/ledger/committer.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/status.h"
#include "tests/ledger/log_fixture.h"
#include "tests/support/fake_id_source.h"
#include "tests/support/notification.h"

namespace hedui::ledger {
namespace {

using hedui::testing::Latch;
using hedui::testing::Notification;

absl::Status Failure(const std::string& reason,
                     absl::StatusCode code = absl::StatusCode::kUnavailable) {
  return base::MakeError(code, reason, "as the test wants it");
}

// Keeps commits in memory, with a log that checks them; fails and waits when told to.
class FakeSink final : public CommitSink {
 public:
  explicit FakeSink(MemoryLogRepository* repository) : repository_(repository) {}

  absl::Status CheckRows(absl::Span<const base::Row> rows) override {
    for (const base::Row& row : rows) {
      if (row.body == "bad") return Failure("ROW_INVALID", absl::StatusCode::kInvalidArgument);
    }
    return absl::OkStatus();
  }

  absl::Status Commit(const CommitBatch& batch) override {
    if (entered != nullptr) entered->Notify();
    if (gate != nullptr) gate->Wait();
    gate = nullptr;
    if (!failures.empty()) {
      const absl::Status planned = failures.front();
      failures.erase(failures.begin());
      if (!planned.ok()) return planned;
    }
    if (batch.log.has_value()) HEDUI_RETURN_IF_ERROR(repository_->Apply(*batch.log));
    commits.push_back(batch);
    return absl::OkStatus();
  }

  // Read and written only while the committer waits or has drained.
  Notification* entered = nullptr;
  Notification* gate = nullptr;        // for the next commit
  std::vector<absl::Status> failures;  // of the next commits; OK: goes well
  std::vector<CommitBatch> commits;

 private:
  MemoryLogRepository* const repository_;
};

// Where a request's answer arrives.
struct Answer {
  absl::StatusOr<CommitReceipt> Wait() {
    arrived.Wait();
    return *std::move(receipt);
  }
  Notification arrived;
  std::optional<absl::StatusOr<CommitReceipt>> receipt;
};

class CommitterTest : public ::testing::Test {
 protected:
  void Start(size_t slots_max = Committer::kSlotsMax) {
    committer_ = std::make_unique<Committer>(*fixture_.Open(), &sink_, slots_max);
  }

  CommitRequest RequestOf(Answer* answer, std::optional<unsigned> entry,
                          std::string body = "body") {
    CommitRequest request;
    const base::Uuid id = ids_.NextId(fixture_.clock.WallNow());
    request.rows.push_back(
        {base::RowKind::kMatter, id, id, fixture_.clock.WallNow(), {}, std::move(body)});
    if (entry.has_value()) request.entry = EntryOf(*entry);
    request.done = [answer](absl::StatusOr<CommitReceipt> receipt) {
      answer->receipt = std::move(receipt);
      answer->arrived.Notify();
    };
    return request;
  }

  absl::StatusOr<CommitReceipt> Commit(std::optional<unsigned> entry, std::string body = "body") {
    Answer answer;
    EXPECT_TRUE(committer_->TrySubmit(RequestOf(&answer, entry, std::move(body))));
    return answer.Wait();
  }

  LogFixture fixture_;
  FakeSink sink_{&fixture_.repository};
  hedui::testing::FakeIdSource ids_;
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, ALoneRequestIsCommittedAndProven) {
  Start();
  const auto receipt = Commit(7);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  ASSERT_TRUE(receipt->proof.has_value());
  const auto proven = VerifyEntryProof(*receipt->proof, *fixture_.trust);
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_EQ(proven->index, 0u);
  EXPECT_EQ(proven->checkpoint.size, 1u);
  EXPECT_EQ(receipt->proof->entry, EntryOf(7));
  committer_->Drain();
  ASSERT_EQ(sink_.commits.size(), 1u);
  EXPECT_EQ(sink_.commits[0].rows[0].body, "body");
}

// Registrations of many letters each once came together past what one commit takes, and all failed.
TEST_F(CommitterTest, ABatchHoldsNoMoreRowsThanOneCommitTakes) {
  Notification entered;
  Notification gate;
  sink_.entered = &entered;
  sink_.gate = &gate;
  Start();
  Answer first;
  ASSERT_TRUE(committer_->TrySubmit(RequestOf(&first, 0)));
  entered.Wait();
  constexpr size_t kRequests = 300;
  constexpr size_t kRowsEach = 41;  // a matter and forty letters
  std::vector<Answer> answers(kRequests);
  for (Answer& answer : answers) {
    CommitRequest request = RequestOf(&answer, std::nullopt, "");
    const base::Row row = request.rows[0];
    request.rows.resize(kRowsEach, row);
    ASSERT_TRUE(committer_->TrySubmit(std::move(request)));
  }
  gate.Notify();
  for (Answer& answer : answers) EXPECT_TRUE(answer.Wait().ok());
  committer_->Drain();
  size_t rows = 0;
  for (const CommitBatch& batch : sink_.commits) {
    EXPECT_LE(batch.rows.size(), kCommitRowsMax);
    rows += batch.rows.size();
  }
  EXPECT_EQ(rows, 1 + kRequests * kRowsEach);
  EXPECT_LE(sink_.commits.size(), 4u) << "and still many together";
}

TEST_F(CommitterTest, WhatComesWhileACommitIsWrittenIsTheNextBatchWithOneCheckpoint) {
  Notification entered;
  Notification gate;
  sink_.entered = &entered;
  sink_.gate = &gate;
  Start();
  Answer first;
  ASSERT_TRUE(committer_->TrySubmit(RequestOf(&first, 0)));
  entered.Wait();
  constexpr unsigned kMore = 5;
  Answer more[kMore];
  for (unsigned i = 0; i < kMore; ++i)
    ASSERT_TRUE(committer_->TrySubmit(RequestOf(&more[i], i + 1)));
  gate.Notify();
  ASSERT_TRUE(first.Wait().ok());
  std::shared_ptr<const SignedCheckpoint> checkpoint;
  for (unsigned i = 0; i < kMore; ++i) {
    const auto receipt = more[i].Wait();
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ(receipt->proof->index, i + 1);
    EXPECT_TRUE(VerifyEntryProof(*receipt->proof, *fixture_.trust).ok());
    if (checkpoint == nullptr) checkpoint = receipt->proof->checkpoint;
    EXPECT_EQ(receipt->proof->checkpoint, checkpoint);
  }
  committer_->Drain();
  ASSERT_EQ(sink_.commits.size(), 2u);
  EXPECT_EQ(sink_.commits[1].rows.size(), kMore);
  for (unsigned i = 0; i < kMore; ++i) EXPECT_EQ(sink_.commits[1].rows[i].log_index, i + 1);
}

TEST_F(CommitterTest, RowsWithoutAnEntryLeaveTheLogAsItIs) {
  Start();
  const auto receipt = Commit(std::nullopt);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_FALSE(receipt->proof.has_value());
  committer_->Drain();
  EXPECT_FALSE(sink_.commits[0].log.has_value());
  EXPECT_FALSE(sink_.commits[0].rows[0].log_index.has_value());
}

TEST_F(CommitterTest, ARequestTheStoreRefusesFailsNoOther) {
  Notification entered;
  Notification gate;
  sink_.entered = &entered;
  sink_.gate = &gate;
  Start();
  Answer first, bad_row, bad_entry, good;
  ASSERT_TRUE(committer_->TrySubmit(RequestOf(&first, 0)));
  entered.Wait();
  ASSERT_TRUE(committer_->TrySubmit(RequestOf(&bad_row, 1, "bad")));
  CommitRequest request = RequestOf(&bad_entry, 2);
  request.entry = "no entry at all";
  ASSERT_TRUE(committer_->TrySubmit(std::move(request)));
  ASSERT_TRUE(committer_->TrySubmit(RequestOf(&good, 3)));
  gate.Notify();
  EXPECT_TRUE(first.Wait().ok());
  EXPECT_EQ(base::ReasonOf(bad_row.Wait().status()), "ROW_INVALID");
  EXPECT_EQ(base::ReasonOf(bad_entry.Wait().status()), "ENTRY_FORMAT");
  const auto receipt = good.Wait();
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->proof->index, 1u);
}

TEST_F(CommitterTest, AFailedCommitAnswersItsWholeBatchAndTheNextIsFine) {
  Notification entered;
  Notification gate;
  sink_.entered = &entered;
  sink_.gate = &gate;
  Start();
  Answer first;
  Answer second;
  Answer third;
  ASSERT_TRUE(committer_->TrySubmit(RequestOf(&first, std::nullopt)));
  entered.Wait();
  sink_.failures = {absl::OkStatus(), Failure("STORE_FULL", absl::StatusCode::kResourceExhausted)};
  ASSERT_TRUE(committer_->TrySubmit(RequestOf(&second, 0)));
  ASSERT_TRUE(committer_->TrySubmit(RequestOf(&third, std::nullopt)));
  gate.Notify();
  EXPECT_TRUE(first.Wait().ok());
  EXPECT_EQ(base::ReasonOf(second.Wait().status()), "STORE_FULL");
  EXPECT_EQ(base::ReasonOf(third.Wait().status()), "STORE_FULL");
  const auto receipt = Commit(1);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->proof->index, 0u);
  EXPECT_TRUE(VerifyEntryProof(*receipt->proof, *fixture_.trust).ok());
  EXPECT_TRUE(committer_->Health().ok());
}

TEST_F(CommitterTest, AnotherWriterOrADoubtfulDiskEndsIt) {
  for (const char* reason : {"LOG_HEAD_MOVED", "STORE_UNRESOLVED"}) {
    committer_.reset();
    sink_.failures = {Failure(reason)};
    Start();
    EXPECT_EQ(base::ReasonOf(Commit(0).status()), reason);
    // The sink would take it now; the committer does not try.
    EXPECT_EQ(base::ReasonOf(Commit(0).status()), reason);
    EXPECT_EQ(base::ReasonOf(Commit(std::nullopt).status()), reason);
    EXPECT_EQ(base::ReasonOf(committer_->Health()), reason);
  }
  committer_.reset();
  EXPECT_TRUE(sink_.commits.empty());
}

TEST_F(CommitterTest, NothingIsWrittenWhenSigningFails) {
  class BrokenSigner final : public Signer {
   public:
    explicit BrokenSigner(Signer* real) : real_(real) {}
    SignatureKind kind() const override { return real_->kind(); }
    std::string PublicKey() const override { return real_->PublicKey(); }
    void Sign(std::string message, Done done) override {
      if (broken) return std::move(done)(Failure("SIGNER"));
      real_->Sign(std::move(message), std::move(done));
    }
    bool broken = true;

   private:
    Signer* const real_;
  };
  BrokenSigner signer(fixture_.legal_signer.get());
  LogSigning signing = fixture_.Signing();
  signing.legal = &signer;
  committer_ = std::make_unique<Committer>(*Log::Open(fixture_.repository, signing), &sink_);
  EXPECT_FALSE(Commit(0).ok());
  committer_->Drain();
  EXPECT_TRUE(sink_.commits.empty());
  signer.broken = false;
  committer_ = std::make_unique<Committer>(*Log::Open(fixture_.repository, signing), &sink_);
  EXPECT_TRUE(Commit(0).ok());
}

TEST_F(CommitterTest, AdmissionReservesWhatAFlowWillNeed) {
  Start(/*slots_max=*/3);
  auto flow = committer_->TryReserve(2);
  ASSERT_TRUE(flow.has_value());
  EXPECT_FALSE(committer_->TryReserve(2).has_value());
  auto registration = committer_->TryReserve(1);
  ASSERT_TRUE(registration.has_value());
  Answer refused;
  EXPECT_FALSE(committer_->TrySubmit(RequestOf(&refused, std::nullopt)));

  // The flow has its two commits whatever else waits.
  for (int i = 0; i < 2; ++i) {
    Answer answer;
    ASSERT_TRUE(committer_->Submit(&*flow, RequestOf(&answer, 0)));
    EXPECT_TRUE(answer.Wait().ok());
  }
  Answer third;
  CommitRequest request = RequestOf(&third, 0);
  EXPECT_FALSE(committer_->Submit(&*flow, std::move(request)));
  EXPECT_EQ(request.rows.size(), 1u);  // untouched
  registration.reset();
  committer_->Drain();  // after which every slot of a commit is given back
  EXPECT_TRUE(committer_->TryReserve(3).has_value());
}

TEST_F(CommitterTest, DrainingAnswersWhatWasSubmittedAndTakesNoMore) {
  Notification entered;
  Notification gate;
  sink_.entered = &entered;
  sink_.gate = &gate;
  Start();
  Answer answers[3];
  for (Answer& answer : answers) ASSERT_TRUE(committer_->TrySubmit(RequestOf(&answer, 0)));
  entered.Wait();
  gate.Notify();
  committer_->Drain();
  for (Answer& answer : answers) EXPECT_TRUE(answer.Wait().ok());
  Answer late;
  EXPECT_FALSE(committer_->TrySubmit(RequestOf(&late, 0)));
}

}  // namespace
}  // namespace hedui::ledger
