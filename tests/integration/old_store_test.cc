// Stores of earlier versions, kept as they were written: what was issued must come out again, byte
// for byte, for as long as reports are kept. tests/integration/stores/README.md says how each was
// made; a change of any stored format adds a store and never alters one.
#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/ids.h"
#include "server/base/row_pages.h"
#include "server/platform.h"
#include "server/report/case_bundle.h"
#include "server/report/report_builder.h"
#include "server/stored_report.h"
#include "tests/integration/scenario.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;

struct OldStore {
  const char* folder;  // below tests/integration/stores
  const char* report_number;
  const char* case_sha256;  // of the exported case, lines included
  size_t lines;
  bool listed;  // whether lists by day were kept
};

class OldStoreTest : public ::testing::TestWithParam<OldStore> {
 protected:
  // Tests never write where the store is kept.
  void SetUp() override {
    fs::copy(Kept() / "store", scenario_.Path("store"), fs::copy_options::recursive);
  }

  static fs::path Kept() {
    return fs::path(HEDUI_SOURCE_DIR) / "tests/integration/stores" / GetParam().folder;
  }

  Scenario scenario_;
};

TEST_P(OldStoreTest, GivesItsCaseAndReportAsTheyWereIssued) {
  scenario_.Write();
  fs::copy(Kept() / "kek", scenario_.Path("kek"), fs::copy_options::overwrite_existing);
  const base::SystemClock clock;
  base::SecureIdSource ids;
  PlatformOptions options;
  options.config_file = scenario_.Path("heduid.yaml");
  options.clock = &clock;
  options.ids = &ids;
  options.tell = [](const base::Event&) {};
  const auto exported = Platform::ExportCase(options, GetParam().report_number);
  ASSERT_TRUE(exported.ok()) << exported.status();
  EXPECT_EQ(base::HexEncode(base::Sha256(*exported)), GetParam().case_sha256);
  const auto bundle = report::DecodeCaseBundle(*exported);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(bundle->lines.size(), GetParam().lines);
}

// Look-up keys that came later are not given to rows of before (docs/store.md).
TEST_P(OldStoreTest, IsOpenedForWritingAndFoundByTheKeysOfItsTime) {
  scenario_.Write();
  fs::copy(Kept() / "kek", scenario_.Path("kek"), fs::copy_options::overwrite_existing);
  const auto store = scenario_.OpenStore();
  ASSERT_NE(store, nullptr);
  const auto report = report::ReportIdOfNumber(GetParam().report_number);
  ASSERT_TRUE(report.ok()) << report.status();
  const auto results = store->Find(ReportKey(*report), 2);
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), 1u);
  const auto heads = store->FindHeads(ReportKey(*report), 2);
  ASSERT_TRUE(heads.ok()) << heads.status();
  ASSERT_EQ(heads->size(), 1u);
  EXPECT_EQ((*heads)[0].id, *report);
  for (const base::Listed listed : {base::Listed::kVerification, base::Listed::kMatter}) {
    const auto page = store->FindBefore(
        base::DayKey(kAgency, listed, base::CivilDayOf((*heads)[0].at)), base::kNewestPlace, 10);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->rows.size(), GetParam().listed ? 1u : 0u);
    EXPECT_FALSE(page->more);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Stores, OldStoreTest,
    ::testing::Values(OldStore{"schema-1", "HD-20261126-01A214DB96D977659EEC049ED84EBCA3",
                               "f56b832e07926a42ac0d0b7a92eb7128734f769653aeb5149b9303f712d3"
                               "ef22",
                               199, false},
                      OldStore{"schema-2", "HD-20261127-01A2196323B470FEB62FC41CBD5B0814",
                               "48ee89e74b35939e8bc1ac1e82f66d8785f19adafb0221f0dac7ee0d6390"
                               "bfaf",
                               230, true}),
    [](const auto& tested) {
      std::string name(tested.param.folder);
      for (char& c : name) c = c == '-' ? '_' : c;
      return name;
    });

}  // namespace
}  // namespace hedui::testing
