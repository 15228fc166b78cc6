// A recall's pace and its end, on a clock that the test moves.
#include "server/recall_flow.h"

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/limits.h"
#include "server/gather/source_state.h"
#include "server/runtime/worker_pool.h"
#include "tests/integration/pending_fixture.h"

namespace hedui::testing {
namespace {

using ::testing::ElementsAre;

constexpr char kOtherPlace[] = "640106";

class RecallFlowTest : public PendingFixture {
 protected:
  RecallFlowTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    // The city's, so that households of several districts are its business.
    Scenario::Replace(&scenario_.register_yaml, "level: county\n    division: \"640104\"",
                      "level: city\n    division: \"640100\"");
    scenario_.letters.set_division("640100");
    platform_.emplace(&scenario_);
    platform_->Register();
    MustVerify();
    states_.emplace(&platform_->clock());
  }
  ~RecallFlowTest() override {
    if (!desk_.has_value()) return;
    // It waits for what is under way, which goes on here.
    bool stopped = false;
    std::thread stopper([&] {
      desk_->Stop();
      platform_->loop().Post([&stopped] { stopped = true; });
    });
    platform_->loop().RunUntil([&stopped] { return stopped; });
    stopper.join();
    platform_->Settle();
  }

  void MustVerify() {
    const auto verified = platform_->Verify();
    ASSERT_TRUE(verified.ok()) << verified.status();
    platform_->AdvanceBy(absl::Minutes(1));
  }
  // Of what the bank has said so far.
  void Recall() {
    const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(platform_->clock().WallNow()));
    desk_.emplace(
        &platform_->rooms(), &*states_,
        [this]() -> runtime::EventLoop* { return &platform_->loop(); }, absl::ZeroDuration());
    std::optional<absl::Status> begun;
    desk_->Begin(&platform_->loop(),
                 {id_, kAgency, "XQ-0107", kBank, now - absl::Hours(1), now, "数据有误"},
                 [&begun](const absl::StatusOr<RecallView>& view) { begun = view.status(); });
    platform_->Settle();
    ASSERT_TRUE(begun.has_value() && begun->ok());
  }
  RecallView View() {
    std::optional<absl::StatusOr<RecallView>> view;
    desk_->Get(&platform_->loop(), id_,
               [&view](absl::StatusOr<RecallView> got) { view = std::move(got); });
    platform_->Settle();
    EXPECT_TRUE(view.has_value() && view->ok());
    return view.has_value() && view->ok() ? **view : RecallView();
  }
  int64_t Count(ReverifyEnd end) { return View().reports[static_cast<size_t>(end) - 1]; }

  const base::Uuid id_ = *base::Uuid::Parse("5f6f2c55-2b53-4d1f-8a3e-0f2a7c3f6d01");
  std::optional<gather::SourceStates> states_;
  std::optional<RecallDesk> desk_;
};

// The source has answered each time, and there was no room here to use it.
TEST_F(RecallFlowTest, ForWantOfRoomASourceIsAskedAgainAfterPausesThatDoubleUpToAMinute) {
  runtime::WorkerPool full({"full", 1, 1});
  auto slot = full.TryReserve(1);
  ASSERT_TRUE(slot.has_value());
  runtime::WorkerPool* const usual = std::exchange(platform_->rooms().compute, &full);
  Recall();
  ASSERT_EQ(AskedOfBank(), 2u) << "once for the report, and at once for the recall";
  std::vector<int64_t> pauses;
  absl::Duration last = platform_->clock().SteadyNow();
  for (size_t asked = 3; asked < 12; ++asked) {
    platform_->RunUntil([&] { return AskedOfBank() == asked; });
    const absl::Duration now = platform_->clock().SteadyNow();
    pauses.push_back(absl::ToInt64Seconds(now - std::exchange(last, now)));
  }
  EXPECT_THAT(pauses, ElementsAre(1, 2, 4, 8, 16, 32, 60, 60, 60));
  EXPECT_FALSE(View().ended.has_value());
  platform_->rooms().compute = usual;
  platform_->AdvanceBy(absl::Minutes(1));
  EXPECT_EQ(AskedOfBank(), 12u);
  EXPECT_TRUE(View().ended.has_value());
  EXPECT_EQ(Count(ReverifyEnd::kVerified), 1);
  EXPECT_EQ(Chain().reports.size(), 2u);
}

// That more sources would be asked than may be does not pass: it must not keep a recall for ever.
TEST_F(RecallFlowTest, AReportWhosePlanIsTooWideHasFailedAndTheOthersAreVerified) {
  const std::string usual_id = scenario_.household.header().request_id();
  scenario_.household.set_division(kOtherPlace);
  scenario_.household.mutable_header()->clear_programmes();
  scenario_.household.mutable_header()->set_request_id("7d3f2c1e-5a84-4b6e-9c1d-2f8b6a0e4d12");
  MustVerify();
  // A loaded catalogue never has so many at one place.
  auto wide = std::make_shared<hedui::Setup>(*platform_->rooms().setup());
  std::vector<plan::Source> sources = wide->catalogue.sources();
  plan::Source bank = *wide->catalogue.Find(kBank);
  bank.divisions = {kOtherPlace};
  for (size_t i = 0; i <= base::kSourcesPerPlanMax; ++i) {
    bank.id = absl::StrCat(kBank, "-", i);
    sources.push_back(bank);
  }
  wide->catalogue = plan::Catalogue(std::move(sources));
  platform_->rooms().setup = [wide] { return wide; };
  std::vector<std::string> told;
  platform_->rooms().tell = [&told](const base::Event& event) {
    if (event.level == base::EventLevel::kError) told.push_back(event.name);
  };
  Recall();
  platform_->AdvanceBy(absl::Seconds(1));
  EXPECT_TRUE(View().ended.has_value());
  EXPECT_EQ(Count(ReverifyEnd::kFailed), 1);
  EXPECT_EQ(Count(ReverifyEnd::kVerified), 1);
  EXPECT_THAT(told, ElementsAre("not_verified_anew"));
  EXPECT_EQ(Chain().reports.size(), 1u) << "it stands as it did";
  scenario_.household.mutable_header()->set_request_id(usual_id);
  EXPECT_EQ(Chain().reports.size(), 2u);
  EXPECT_EQ(AskedOfBank(), 3u) << "for two reports, and for one anew";
  platform_->rooms().tell = [](const base::Event&) {};  // `told` goes before the platform does
}

}  // namespace
}  // namespace hedui::testing
