// A policy file among the shipped ones of the nation: read, linked, and, where nothing is wrong
// with it, a household assessed by it.
#include <memory>
#include <string>
#include <vector>

#include "server/assess/assessor.h"
#include "server/assess/case_file.h"
#include "server/assess/policy_linker.h"
#include "server/assess/policy_pack.h"
#include "server/assess/policy_reader.h"
#include "server/base/yaml.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

constexpr char kDivision[] = "640000";
// Some hundredths of a second; one input may demand minutes of its constants.
constexpr size_t kConstantsMax = 200'000;

const std::vector<assess::SourceFile>& NationalFiles() {
  static const auto* const files = [] {
    auto* read = new std::vector<assess::SourceFile>;
    std::vector<assess::PolicyFinding> findings;
    for (const char* name : {"household.yaml", "vocabulary.yaml"}) {
      const std::string path = std::string("policies/national/") + name;
      read->push_back(
          assess::ReadPolicyFile(path, path, "000000", ReadSourceFile(path), &findings));
    }
    Require(findings.empty(), "the nation's own files have no defect");
    return read;
  }();
  return *files;
}

const assess::Case& SampleCase() {
  static const auto* const sample = [] {
    const std::string root = HEDUI_SOURCE_DIR;
    const auto pack = assess::PolicyPack::Load(root + "/policies");
    Require(pack.ok(), "the shipped policies load");
    const auto file =
        assess::ReadCaseFile(root + "/tests/assess/cases/demo_bank_silent.yaml", **pack);
    Require(file.ok(), "the sample case is read");
    auto* c = new assess::Case(file->value);
    c->programme.clear();
    return c;
  }();
  return *sample;
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  const absl::string_view text = testing::TextOf(data, size);
  std::vector<assess::PolicyFinding> findings;
  std::vector<assess::SourceFile> files = testing::NationalFiles();
  files.push_back(
      assess::ReadPolicyFile("fuzz.yaml", "640000/fuzz.yaml", testing::kDivision, text, &findings));
  std::unique_ptr<assess::CompiledPack> compiled =
      assess::LinkPolicies(files, testing::kConstantsMax, &findings);
  bool good = true;
  for (const assess::PolicyFinding& finding : findings) {
    testing::Require(!finding.code.empty() && !finding.text.empty(), "findings say what is wrong");
    good = good && finding.warning;
  }
  if (!good) return 0;
  const assess::PolicyPack pack(std::move(compiled));
  const auto assessment = assess::Assess(pack, testing::SampleCase());
  if (assessment.ok()) {
    testing::Require(assessment->division == testing::SampleCase().division, "the case's division");
  }
  return 0;
}
