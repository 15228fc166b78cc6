// Case bundles: what is taken has one encoding, and can be matched, assessed and compared with what
// was issued.
#include <string>

#include "hedui/report/v1/report.pb.h"
#include "server/assess/assessor.h"
#include "server/assess/policy_pack.h"
#include "server/match/matcher.h"
#include "server/report/case_bundle.h"
#include "server/report/replay.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message_mutator.h"

namespace hedui::testing {
namespace {

const report::ReplayEngines& Engines() {
  static const auto* const engines = [] {
    auto pack = assess::PolicyPack::Load(std::string(HEDUI_SOURCE_DIR) + "/policies");
    Require(pack.ok(), "the shipped policies load");
    auto* made = new report::ReplayEngines;
    made->match = [pack = *pack](const match::MatchInput& input) {
      return match::Match(input, pack->discrepancy_rules());
    };
    made->assess = [pack = *pack](const assess::Case& c) { return assess::Assess(*pack, c); };
    return made;
  }();
  return *engines;
}

}  // namespace
}  // namespace hedui::testing

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  hedui::report::v1::CaseBundle message;
  return hedui::testing::MutateMessage(&message, data, size, max_size, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  const absl::string_view bytes = testing::TextOf(data, size);
  const auto bundle = report::DecodeCaseBundle(bytes);
  testing::RequireNoNumbers(bundle.status(), bytes);
  if (!bundle.ok()) return 0;
  testing::Require(report::EncodeCaseBundle(*bundle) == bytes, "a bundle has one encoding");
  const auto replayed = report::Replay(*bundle, testing::Engines());
  testing::Require(!replayed.ok() || replayed->same == replayed->differences.empty(),
                   "what is not the same has a difference");
  return 0;
}
