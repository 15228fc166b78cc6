#include "server/report_chain.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/status.h"
#include "server/report_steps.h"
#include "server/rooms.h"
#include "server/stored_report.h"
#include "tests/ledger/log_fixture.h"
#include "tests/report/report_fixture.h"

namespace hedui::testing {
namespace {

constexpr char kCounty[] = "640104-mz";
constexpr int kCorrections = 5;
constexpr size_t kPadding = 100'000;

// A report and its corrections, as a store gives them back.
class ChainRows final : public base::RowReader {
 public:
  ChainRows() {
    const base::Uuid verification = ledger::IdOf(1);
    for (int i = 0; i <= kCorrections; ++i) {
      stored::v1::Result body;
      body.set_verification_id(verification.ToBytes());
      body.set_report_id(ledger::IdOf(10 + static_cast<unsigned>(i)).ToBytes());
      body.set_agency(kCounty);
      body.set_draft(report::EncodeDraft(*report::BuildReport(report::SampleInput())));
      body.set_case_bundle(std::string(kPadding, 'x'));
      if (i > 0) body.set_first_report_id(first().ToBytes());
      base::Row row;
      row.kind = base::RowKind::kResult;
      row.id = ledger::IdOf(30 + static_cast<unsigned>(i));
      row.matter = ledger::IdOf(2);
      row.body = body.SerializeAsString();
      bytes_ += row.body.size();
      const base::LookupKey key = i == 0 ? ReportKey(first()) : ChainKey(verification);
      rows_[key.text].push_back(std::move(row));
    }
  }
  static base::Uuid first() { return ledger::IdOf(10); }
  size_t bytes() const { return bytes_; }

  absl::StatusOr<std::vector<base::Row>> Find(const base::LookupKey& key, size_t) const override {
    const auto found = rows_.find(key.text);
    return found == rows_.end() ? std::vector<base::Row>() : found->second;
  }
  absl::StatusOr<std::string> DigestKey(const base::Uuid&) const override {
    return std::string(32, 'k');
  }

 private:
  std::map<std::string, std::vector<base::Row>> rows_;
  size_t bytes_ = 0;
};

class ChainBudgetTest : public ::testing::Test {
 protected:
  absl::StatusOr<ReportChain> Read(base::ByteBudget* budget) {
    Rooms rooms;
    rooms.rows = &rows_;
    rooms.bytes = budget;
    return ReadChain(rooms, kCounty, ChainRows::first());
  }
  const ChainRows rows_;
};

TEST_F(ChainBudgetTest, TakesWhatItOpensFromTheMemoryBudgetForAsLongAsItLives) {
  base::ByteBudget budget(100 * rows_.bytes(), 100 * rows_.bytes());
  {
    auto chain = Read(&budget);
    ASSERT_TRUE(chain.ok()) << chain.status();
    EXPECT_EQ(chain->reports.size(), static_cast<size_t>(kCorrections + 1));
    EXPECT_GE(budget.used(), rows_.bytes());
    chain->KeepCurrentRow();
    EXPECT_LT(budget.used(), rows_.bytes());
    EXPECT_GE(budget.used(), chain->current().row.body.size());
    EXPECT_FALSE(chain->current().row.body.empty());
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST_F(ChainBudgetTest, IsRefusedWhereItsAgencysShareCannotHoldIt) {
  // Room for the first report, not for all that came after it.
  base::ByteBudget budget(100 * rows_.bytes(), rows_.bytes());
  const auto refused = Read(&budget).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_EQ(base::ReasonOf(refused), "BYTES");
  EXPECT_EQ(budget.used(), 0u);
  // Nor anything for whom there is no room at all.
  base::ByteBudget none(100, 100);
  EXPECT_EQ(base::ReasonOf(Read(&none).status()), "BYTES");
}

// The row is written field by field; whoever reads it parses a message.
TEST(ReportRowTest, IsTheMessageThatItIsReadAs) {
  MadeReport made;
  made.bundle = report::SampleBundle();
  made.draft = *report::BuildReport(report::SampleInput());
  SourceOutcomeView plain{"bank", "m1", "deposits", base::AnswerKind::kFound};
  plain.data_day = absl::CivilDay(2025, 3, 2);
  plain.elapsed_ms = 300;
  SourceOutcomeView reused = plain;
  reused.kind = base::AnswerKind::kStale;
  reused.reason = base::Reason::kTooOld;
  reused.data_day.reset();
  reused.reused_attempt = "0192f0c1/0/bank/0/1";
  reused.obtained = absl::FromUnixMillis(1'740'963'600'123);
  SourceOutcomeView odd;  // nobody asked, and a clock that went back
  odd.elapsed_ms = -1;
  made.used = {{"bank", absl::FromUnixMillis(1'740'963'600'500)}, {"", absl::FromUnixMillis(-7)}};
  for (const auto& first : {std::optional<base::Uuid>(), std::optional(ledger::IdOf(3))}) {
    const base::Row row = ReportRow(made, {plain, reused, odd}, kCounty, ledger::IdOf(2),
                                    std::string(32, 'd'), first);
    stored::v1::Result body;
    ASSERT_TRUE(body.ParseFromString(row.body));
    EXPECT_EQ(body.SerializeAsString(), row.body);
    EXPECT_EQ(body.draft(), report::EncodeDraft(made.draft));
    EXPECT_EQ(body.case_bundle(), report::EncodeCaseBundle(made.bundle));
    EXPECT_EQ(body.verification_id(), made.bundle.frame.verification_id.ToBytes());
    EXPECT_EQ(body.report_id(), made.bundle.frame.report_id.ToBytes());
    EXPECT_EQ(body.request_digest(), std::string(32, 'd'));
    EXPECT_EQ(body.agency(), kCounty);
    EXPECT_EQ(body.first_report_id(), first.has_value() ? first->ToBytes() : "");
    ASSERT_EQ(body.outcomes_size(), 3);
    EXPECT_EQ(body.outcomes(0).source_id(), "bank");
    EXPECT_EQ(body.outcomes(0).person_id(), "m1");
    EXPECT_EQ(body.outcomes(0).category(), "deposits");
    EXPECT_EQ(body.outcomes(0).kind(), static_cast<int>(base::AnswerKind::kFound));
    EXPECT_EQ(body.outcomes(0).data_day(), "2025-03-02");
    EXPECT_EQ(body.outcomes(0).elapsed_ms(), 300);
    EXPECT_EQ(body.outcomes(1).reason(), static_cast<int>(base::Reason::kTooOld));
    EXPECT_EQ(body.outcomes(1).reused_attempt(), reused.reused_attempt);
    EXPECT_EQ(body.outcomes(1).obtained_ms(), 1'740'963'600'123);
    EXPECT_EQ(body.outcomes(2).elapsed_ms(), -1);
    ASSERT_EQ(body.used_size(), 2);
    EXPECT_EQ(body.used(0).source_id(), "bank");
    EXPECT_EQ(body.used(0).at_ms(), 1'740'963'600'500);
    EXPECT_EQ(body.used(1).at_ms(), -7);
  }
}

}  // namespace
}  // namespace hedui::testing
