// A case file: what is taken can be assessed, and gives the same assessment each time.
#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

const assess::PolicyPack& Policies() {
  static const auto* const pack = [] {
    auto loaded = assess::PolicyPack::Load(std::string(HEDUI_SOURCE_DIR) + "/policies");
    Require(loaded.ok(), "the shipped policies load");
    return new assess::PolicyPack::Ptr(*loaded);
  }();
  return **pack;
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  const assess::PolicyPack& pack = testing::Policies();
  const auto file = assess::ParseCaseFile("fuzz.yaml", testing::TextOf(data, size), pack);
  if (!file.ok()) return 0;
  const auto assessment = assess::Assess(pack, file->value);
  (void)assess::UnmetExpectations(*file, assessment);
  const auto again = assess::Assess(pack, file->value);
  testing::Require(
      assessment.ok() == again.ok() &&
          (!again.ok() || (assessment->entries.size() == again->entries.size() &&
                           assessment->indications.size() == again->indications.size() &&
                           assessment->next_change == again->next_change)),
      "the same case gives the same assessment");
  return 0;
}
