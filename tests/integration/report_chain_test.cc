#include "server/report_chain.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/status.h"
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

}  // namespace
}  // namespace hedui::testing
