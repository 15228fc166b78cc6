#include "server/access/matter_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/bodies.pb.h"
#include "server/base/retry_after.h"
#include "tests/access/access_fixture.h"

namespace hedui::access {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MatterBookTest : public AccessTest {};

int CountRows(const MemoryRows& rows, base::RowKind kind) {
  const std::vector<base::Row> all = rows.rows();
  return static_cast<int>(std::count_if(all.begin(), all.end(),
                                        [kind](const base::Row& row) { return row.kind == kind; }));
}

TEST_F(MatterBookTest, RegisteringOpensTheMatterWithItsLetters) {
  const absl::StatusOr<MatterBook::Change> change =
      Prepare(County(), RequestOf({FatherDraft(), MotherDraft()}));
  ASSERT_TRUE(change.ok()) << change.status();
  ASSERT_THAT(change->rows, SizeIs(3));
  EXPECT_EQ(change->letters_added, 2);
  EXPECT_EQ(change->state, MatterState::kOpen);
  const base::Row& matter = change->rows[0];
  EXPECT_EQ(matter.kind, base::RowKind::kMatter);
  EXPECT_EQ(matter.id, matter.matter);
  EXPECT_THAT(matter.keys,
              Contains(base::LookupKey{base::LookupKind::kMatterNumber, "xingqing-mz\nM-1"}));
  const base::Row& letter = change->rows[1];
  EXPECT_EQ(letter.kind, base::RowKind::kLetter);
  EXPECT_EQ(letter.matter, matter.id);
  EXPECT_THAT(letter.keys,
              ElementsAre(base::LookupKey{base::LookupKind::kMatterRows, matter.id.ToBytes()},
                          base::LookupKey{base::LookupKind::kLetter, "xingqing-mz\nL-1"},
                          base::LookupKey{base::LookupKind::kPerson,
                                          absl::StrCat("1\n", FatherDraft().person_number)}));
  stored::v1::Letter body;
  ASSERT_TRUE(body.ParseFromString(letter.body));
  EXPECT_EQ(body.officer(), "li-01");
  EXPECT_EQ(body.signed_day(), "2025-03-01");
}

TEST_F(MatterBookTest, AnotherServerReadsWhatThisOneStored) {
  MustRegister(RequestOf({FatherDraft(), ChildDraft()}));
  MustRevoke("L-1");
  MatterBook other(&rows_, &clock_, &ids_);
  const absl::StatusOr<MatterHandle> handle = other.Load("xingqing-mz", "M-1");
  ASSERT_TRUE(handle.ok()) << handle.status();
  const auto here = MustLoad()->Snapshot();
  const auto there = (*handle)->Snapshot();
  ASSERT_THAT(there->letters, SizeIs(2));
  EXPECT_EQ(there->letters[0].letter, here->letters[0].letter);
  EXPECT_EQ(there->letters[1].letter, here->letters[1].letter);
  EXPECT_EQ(there->letters[1].letter.signer->name, "马建国");
  EXPECT_EQ(there->division, "640104");
  EXPECT_FALSE(there->IsLetterLive(there->letters[0].id));
  EXPECT_TRUE(there->IsLetterLive(there->letters[1].id));
  EXPECT_EQ((*handle)->DigestKey().size(), 32u);
}

TEST_F(MatterBookTest, LettersAreAddedToAnExistingMatter) {
  MustRegister(RequestOf({FatherDraft()}));
  absl::StatusOr<MatterBook::Change> change = Prepare(County(), RequestOf({MotherDraft()}));
  ASSERT_TRUE(change.ok()) << change.status();
  ASSERT_THAT(change->rows, SizeIs(1));
  CommitAndApply(*std::move(change));
  EXPECT_THAT(MustLoad()->Snapshot()->letters, SizeIs(2));
}

TEST_F(MatterBookTest, SameLetterAgainChangesNothing) {
  MustRegister(RequestOf({FatherDraft()}));
  const auto change = Prepare(County(), RequestOf({FatherDraft()}));
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_THAT(change->rows, IsEmpty());
  EXPECT_EQ(change->letters_added, 0);
}

TEST_F(MatterBookTest, SameNumberWithOtherContentAlreadyExists) {
  MustRegister(RequestOf({FatherDraft()}));
  LetterDraft other = MotherDraft();
  other.number = "L-1";
  const absl::Status status = Prepare(County(), RequestOf({other})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(base::ReasonOf(status), "LETTER_CONFLICT");
}

TEST_F(MatterBookTest, LetterNumberOfAnotherMatterAlreadyExists) {
  MustRegister(RequestOf({FatherDraft()}));
  RegisterRequest request = RequestOf({FatherDraft()});
  request.matter_number = "M-2";
  EXPECT_EQ(base::ReasonOf(Prepare(County(), request).status()), "LETTER_CONFLICT");
  request.officer = "zhou-07";
  EXPECT_TRUE(Prepare(City(), request).ok()) << "each agency has its own numbers";
}

TEST_F(MatterBookTest, RequestListsAllItsDefects) {
  LetterDraft bad = FatherDraft();
  bad.signed_day = "tomorrow";
  const RegisterRequest request{"", "640200", "", {bad, FatherDraft(), FatherDraft()}};
  const absl::Status status = Prepare(County(), request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(FieldsAndReasons(status),
              ElementsAre("officer OFFICER_REQUIRED", "matter_number IDENTIFIER_LENGTH",
                          "division OUTSIDE_DIVISION", "letters[0].signed_day SIGNED_DAY",
                          "letters[1].letter_number LETTER_DUPLICATE",
                          "letters[2].letter_number LETTER_DUPLICATE"));
  EXPECT_THAT(rows_.rows(), IsEmpty());
}

TEST_F(MatterBookTest, DivisionOutsideTheAgencysIsDenied) {
  RegisterRequest request = RequestOf({FatherDraft()});
  request.division = "640105";
  const absl::Status status = Prepare(County(), request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(base::ReasonOf(status), "OUTSIDE_DIVISION");
  request.division = "64010";
  EXPECT_EQ(base::ReasonOf(Prepare(County(), request).status()), "DIVISION");
}

TEST_F(MatterBookTest, DivisionMustAgreeWithTheMatters) {
  RegisterRequest request{"M-9", "640105", "zhou-07", {FatherDraft()}};
  absl::StatusOr<MatterBook::Change> opened = Prepare(City(), request);
  ASSERT_TRUE(opened.ok()) << opened.status();
  CommitAndApply(*std::move(opened));
  request.division = "640106";
  const absl::Status status = Prepare(City(), request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(base::ReasonOf(status), "MATTER_CONFLICT");
}

TEST_F(MatterBookTest, FortyOneLettersAreRefused) {
  std::vector<LetterDraft> letters;
  for (int i = 0; i < 41; ++i) {
    letters.push_back(Draft(absl::StrCat("L-", i), "马建国", absl::CivilDay(1979, 5, 1), i));
  }
  EXPECT_THAT(Reasons(Prepare(County(), RequestOf(letters)).status()), ElementsAre("LETTERS"));
  letters.pop_back();
  EXPECT_TRUE(Prepare(County(), RequestOf(letters)).ok());
  EXPECT_THAT(Reasons(Prepare(County(), RequestOf({})).status()), ElementsAre("LETTERS"));
}

TEST_F(MatterBookTest, ListedOfficersOnlyMayAct) {
  RegisterRequest request = RequestOf({FatherDraft()});
  EXPECT_EQ(base::ReasonOf(Prepare(City(), request).status()), "OFFICER_UNKNOWN");
  request.officer = "qian-02";
  EXPECT_TRUE(Prepare(City(), request).ok());
}

TEST_F(MatterBookTest, StatesGoForwardOnly) {
  MustRegister(RequestOf({FatherDraft()}));
  const auto keys = MatterBook::KeysOf("xingqing-mz", "M-1");
  const StateRequest request{"M-1", "li-01"};
  auto monitor = book_.PrepareMonitor(County(), request, ReserveNow(keys));
  ASSERT_TRUE(monitor.ok()) << monitor.status();
  CommitAndApply(*std::move(monitor));
  EXPECT_EQ(MustLoad()->Snapshot()->state, MatterState::kMonitored);
  auto again = book_.PrepareMonitor(County(), request, ReserveNow(keys));
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->rows, IsEmpty());
  again->reservation.Release();
  MustClose();
  EXPECT_EQ(MustLoad()->Snapshot()->state, MatterState::kClosed);
  const absl::Status back = book_.PrepareMonitor(County(), request, ReserveNow(keys)).status();
  EXPECT_EQ(back.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(base::ReasonOf(back), "MATTER_CLOSED");
  EXPECT_EQ(base::ReasonOf(Prepare(County(), RequestOf({MotherDraft()})).status()),
            "MATTER_CLOSED");
}

TEST_F(MatterBookTest, SecondRevocationTellsTheFirstOnesTime) {
  MustRegister(RequestOf({FatherDraft()}));
  const absl::Time first = clock_.WallNow();
  MustRevoke("L-1");
  clock_.Advance(absl::Hours(5));
  const auto again = PrepareRevoke({"M-1", "L-1", "li-01", ""});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->rows, IsEmpty());
  EXPECT_EQ(again->revoked_at, first);
}

TEST_F(MatterBookTest, RevokingWhatIsNotThereIsNotFound) {
  EXPECT_EQ(base::ReasonOf(PrepareRevoke({"M-1", "L-1", "li-01", ""}).status()), "MATTER_UNKNOWN");
  MustRegister(RequestOf({FatherDraft()}));
  const absl::Status status = PrepareRevoke({"M-1", "L-9", "li-01", ""}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(base::ReasonOf(status), "LETTER_UNKNOWN");
  EXPECT_EQ(base::ReasonOf(PrepareRevoke({"M-1", "L-1", "li-01", std::string(513, 'x')}).status()),
            "NOTE");
}

TEST_F(MatterBookTest, ReregisteringARevokedLetterDoesNotReviveIt) {
  MustRegister(RequestOf({FatherDraft()}));
  MustRevoke("L-1");
  MustRegister(RequestOf({FatherDraft()}));
  const auto snapshot = MustLoad()->Snapshot();
  EXPECT_FALSE(snapshot->IsLetterLive(snapshot->letters[0].id));
}

TEST_F(MatterBookTest, UnknownMatterIsNotFoundAndNotRemembered) {
  const absl::StatusOr<MatterHandle> before = book_.Load("xingqing-mz", "M-1");
  EXPECT_EQ(before.status().code(), absl::StatusCode::kNotFound);
  MustRegister(RequestOf({FatherDraft()}));
  EXPECT_NE(MustLoad(), nullptr);
}

TEST_F(MatterBookTest, MatterOfAnotherAgencyIsUnknown) {
  MustRegister(RequestOf({FatherDraft()}));
  EXPECT_EQ(base::ReasonOf(book_.Load("yinchuan-mz", "M-1").status()), "MATTER_UNKNOWN");
}

TEST_F(MatterBookTest, StoreFailureIsPassedOnAndHealsItself) {
  MustRegister(RequestOf({FatherDraft()}));
  MatterBook other(&rows_, &clock_, &ids_);
  rows_.FailWith(absl::DataLossError("torn"));
  EXPECT_EQ(other.Load("xingqing-mz", "M-1").status().code(), absl::StatusCode::kDataLoss);
  rows_.FailWith(absl::OkStatus());
  EXPECT_TRUE(other.Load("xingqing-mz", "M-1").ok());
}

TEST_F(MatterBookTest, UnreadableRowIsDataLoss) {
  MustRegister(RequestOf({FatherDraft()}));
  base::Row row = rows_.rows().back();
  row.id = ids_.NextId(clock_.WallNow());
  row.body = "\x0a";
  rows_.Commit({row});
  MatterBook other(&rows_, &clock_, &ids_);
  EXPECT_EQ(other.Load("xingqing-mz", "M-1").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(MatterBookTest, LoadedMatterIsServedFromMemory) {
  MustRegister(RequestOf({FatherDraft()}));
  MustLoad();
  const int finds = rows_.finds();
  EXPECT_NE(book_.TryCached("xingqing-mz", "M-1"), nullptr);
  MustLoad();
  EXPECT_EQ(rows_.finds(), finds);
  EXPECT_EQ(book_.TryCached("xingqing-mz", "M-2"), nullptr);
}

TEST_F(MatterBookTest, ClosedMatterLeavesMemory) {
  MustRegister(RequestOf({FatherDraft()}));
  MatterHandle held = MustLoad();
  MustClose();
  EXPECT_EQ(held->Snapshot()->state, MatterState::kClosed);
  EXPECT_EQ(book_.TryCached("xingqing-mz", "M-1"), held) << "one record for all who hold it";
  const std::weak_ptr<const MatterRecord> record = held;
  held = nullptr;
  EXPECT_TRUE(record.expired());
  const int finds = rows_.finds();
  EXPECT_EQ(MustLoad()->Snapshot()->state, MatterState::kClosed);
  EXPECT_GT(rows_.finds(), finds);
  EXPECT_EQ(book_.TryCached("xingqing-mz", "M-1"), nullptr);
}

TEST_F(MatterBookTest, RevocationReachesAHandleOfAnEvictedMatter) {
  MatterBook small(&rows_, &clock_, &ids_, /*matters_cached=*/1);
  MustRegister(RequestOf({FatherDraft()}));
  RegisterRequest second = RequestOf({MotherDraft()});
  second.matter_number = "M-2";
  MustRegister(second);
  const absl::StatusOr<MatterHandle> held = small.Load("xingqing-mz", "M-1");
  ASSERT_TRUE(held.ok());
  ASSERT_TRUE(small.Load("xingqing-mz", "M-2").ok());  // pushes M-1 out of the cache
  absl::StatusOr<MatterBook::Change> change;
  small.Reserve("xingqing-mz", MatterBook::KeysOf("xingqing-mz", "M-1"),
                [&](absl::StatusOr<MatterBook::Reservation> reservation) {
                  change = small.PrepareRevoke(County(), {"M-1", "L-1", "li-01", ""},
                                               *std::move(reservation));
                });
  ASSERT_TRUE(change.ok()) << change.status();
  rows_.Commit(change->rows);
  small.Apply(*std::move(change));
  const auto snapshot = (*held)->Snapshot();
  EXPECT_FALSE(snapshot->IsLetterLive(snapshot->letters[0].id));
}

TEST_F(MatterBookTest, RevocationCommittedWhileAnotherReadsIsSeenByBoth) {
  MustRegister(RequestOf({FatherDraft()}));
  MatterBook other(&rows_, &clock_, &ids_);
  // The row is made beforehand by the first book; the second learns of it in the middle of its own
  // reading.
  absl::StatusOr<MatterBook::Change> change = PrepareRevoke({"M-1", "L-1", "li-01", ""});
  ASSERT_TRUE(change.ok());
  rows_.AfterReading(base::LookupKind::kMatterRows, [&] {
    rows_.Commit(change->rows);
    other.Apply(*std::move(change));
  });
  const absl::StatusOr<MatterHandle> handle = other.Load("xingqing-mz", "M-1");
  ASSERT_TRUE(handle.ok()) << handle.status();
  const auto snapshot = (*handle)->Snapshot();
  ASSERT_THAT(snapshot->letters, SizeIs(1));
  EXPECT_FALSE(snapshot->IsLetterLive(snapshot->letters[0].id));
}

TEST_F(MatterBookTest, MatterIsDeadAfterACommitInDoubtUntilLoadedAgain) {
  MustRegister(RequestOf({FatherDraft()}));
  const MatterHandle held = MustLoad();
  absl::StatusOr<MatterBook::Change> change = PrepareRevoke({"M-1", "L-1", "li-01", ""});
  ASSERT_TRUE(change.ok());
  rows_.Commit(change->rows);  // it did get there, though nobody could say so
  book_.CommitFailed(*std::move(change));
  EXPECT_FALSE(held->Trusted());
  const MatterHandle anew = MustLoad();
  ASSERT_NE(anew, nullptr);
  EXPECT_TRUE(anew->Trusted());
  const auto snapshot = anew->Snapshot();
  EXPECT_FALSE(snapshot->IsLetterLive(snapshot->letters[0].id));
}

TEST_F(MatterBookTest, CommitInDoubtDuringALoadIsReadAgain) {
  MustRegister(RequestOf({FatherDraft()}));
  MatterBook other(&rows_, &clock_, &ids_);
  absl::StatusOr<MatterBook::Change> change = PrepareRevoke({"M-1", "L-1", "li-01", ""});
  ASSERT_TRUE(change.ok());
  rows_.AfterReading(base::LookupKind::kMatterRows, [&] {
    rows_.Commit(change->rows);
    other.CommitFailed(*std::move(change));
  });
  const absl::StatusOr<MatterHandle> handle = other.Load("xingqing-mz", "M-1");
  ASSERT_TRUE(handle.ok()) << handle.status();
  EXPECT_TRUE((*handle)->Trusted());
  const auto snapshot = (*handle)->Snapshot();
  EXPECT_FALSE(snapshot->IsLetterLive(snapshot->letters[0].id));
}

TEST_F(MatterBookTest, ChangeWithoutItsReservationIsRefused) {
  const RegisterRequest request = RequestOf({FatherDraft()});
  EXPECT_EQ(base::ReasonOf(book_.PrepareRegister(County(), request, {}).status()), "NOT_RESERVED");
  auto wrong = ReserveNow(MatterBook::KeysOf("xingqing-mz", "M-2"));
  EXPECT_EQ(
      base::ReasonOf(book_.PrepareClose(County(), {"M-1", "li-01"}, std::move(wrong)).status()),
      "NOT_RESERVED");
}

TEST_F(MatterBookTest, SecondRegistrationWaitsForTheFirstAndFindsItsMatter) {
  const RegisterRequest request = RequestOf({FatherDraft()});
  absl::StatusOr<MatterBook::Change> first = Prepare(County(), request);
  ASSERT_TRUE(first.ok());
  absl::StatusOr<MatterBook::Change> second = absl::UnknownError("waiting");
  book_.Reserve("xingqing-mz", MatterBook::KeysOf("xingqing-mz", request),
                [&](absl::StatusOr<MatterBook::Reservation> reservation) {
                  second = book_.PrepareRegister(County(), request, *std::move(reservation));
                });
  EXPECT_EQ(second.status().message(), "waiting");
  CommitAndApply(*std::move(first));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(second->rows, IsEmpty()) << "one number, one matter";
}

TEST_F(MatterBookTest, ReservationsOfOtherMattersDoNotWait) {
  auto first = ReserveNow(MatterBook::KeysOf("xingqing-mz", "M-1"));
  auto second = ReserveNow(MatterBook::KeysOf("xingqing-mz", "M-2"));
  auto third = ReserveNow(MatterBook::KeysOf("yinchuan-mz", "M-1"));
}

TEST_F(MatterBookTest, ReservationsAreGrantedInOrderWithoutDeadlock) {
  std::vector<int> order;
  std::vector<MatterBook::Reservation> held;
  const auto take = [&](int number, std::vector<std::string> keys) {
    book_.Reserve("xingqing-mz", std::move(keys),
                  [&, number](absl::StatusOr<MatterBook::Reservation> given) {
                    order.push_back(number);
                    held.push_back(*std::move(given));
                  });
  };
  take(1, {"a", "b"});
  take(2, {"b", "c"});
  take(3, {"c", "a"});
  take(4, {"d"});
  EXPECT_THAT(order, ElementsAre(1, 4));
  held[0].Release();
  EXPECT_THAT(order, ElementsAre(1, 4, 2));
  held[2].Release();
  EXPECT_THAT(order, ElementsAre(1, 4, 2, 3));
}

TEST_F(MatterBookTest, TooManyReservationsAreRefusedAtOnce) {
  std::vector<MatterBook::Reservation> held;
  for (size_t i = 0; i < kReservationsMax; ++i) {
    held.push_back(ReserveNow({absl::StrCat("k", i)}, absl::StrCat("agency-", i % 8)));
  }
  absl::Status refusal;
  book_.Reserve("yinchuan-mz", {"one more"},
                [&](absl::StatusOr<MatterBook::Reservation> given) { refusal = given.status(); });
  EXPECT_EQ(refusal.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(refusal), "MATTER_BUSY");
  held.pop_back();
  held.push_back(ReserveNow({"one more"}));
}

TEST_F(MatterBookTest, OneAgencyTakesNoMoreReservationsThanItsShare) {
  std::vector<MatterBook::Reservation> held;
  for (size_t i = 0; i < kReservationsPerAgencyMax; ++i) {
    held.push_back(ReserveNow({absl::StrCat("k", i)}));
  }
  absl::Status refusal;
  const auto refused = [&](absl::StatusOr<MatterBook::Reservation> given) {
    refusal = given.status();
  };
  book_.Reserve("xingqing-mz", {"one more"}, refused);
  EXPECT_EQ(refusal.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(base::ReasonOf(refusal), "AGENCY_CHANGES");
  EXPECT_EQ(base::RetryAfterOf(refusal), base::kRoomRetryAfter);
  // Also one that would only wait.
  refusal = absl::OkStatus();
  book_.Reserve("xingqing-mz", {"k0"}, refused);
  EXPECT_EQ(base::ReasonOf(refusal), "AGENCY_CHANGES");
  held.push_back(ReserveNow({"one more"}, "yinchuan-mz"));
  held.erase(held.begin());
  held.push_back(ReserveNow({"another"}));
}

TEST_F(MatterBookTest, ManyThreadsRegisteringOneMatterOpenItOnce) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 20;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        LetterDraft own =
            Draft(absl::StrCat("L-", round, "-", t), "马建国", absl::CivilDay(1979, 5, 1), 11);
        LetterDraft shared =
            Draft(absl::StrCat("S-", round), "杨秀兰", absl::CivilDay(1981, 8, 9), 22);
        RegisterRequest request = RequestOf({own, shared});
        request.matter_number = absl::StrCat("M-", round);
        book_.Reserve("xingqing-mz", MatterBook::KeysOf("xingqing-mz", request),
                      [&, request](absl::StatusOr<MatterBook::Reservation> reservation) {
                        auto change =
                            book_.PrepareRegister(County(), request, *std::move(reservation));
                        if (change.ok()) {
                          CommitAndApply(*std::move(change));
                        } else {
                          ++failures;
                        }
                      });
        // Readers at the same time.
        if (const auto handle = book_.Load("xingqing-mz", request.matter_number); handle.ok()) {
          if ((*handle)->Snapshot()->letters.empty()) ++failures;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(CountRows(rows_, base::RowKind::kMatter), kRounds);
  EXPECT_EQ(CountRows(rows_, base::RowKind::kLetter), kRounds * (kThreads + 1));
  for (int round = 0; round < kRounds; ++round) {
    const MatterHandle handle = MustLoad(absl::StrCat("M-", round));
    ASSERT_NE(handle, nullptr);
    EXPECT_THAT(handle->Snapshot()->letters, SizeIs(kThreads + 1));
  }
}

}  // namespace
}  // namespace hedui::access
