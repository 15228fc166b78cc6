// A running platform with a report for the tests of the programs' verbs, and command lines with
// what each comes to.
#ifndef HEDUI_TESTS_CLI_CLI_WORLD_H_
#define HEDUI_TESTS_CLI_CLI_WORLD_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tests/cli/run_program.h"
#include "tests/integration/scenario.h"
#include "tests/support/child_process.h"

namespace hedui::testing {

inline constexpr char kHedui[] = HEDUI_BIN_DIR "/hedui";
inline constexpr char kHeduid[] = HEDUI_BIN_DIR "/heduid";
inline constexpr char kSim[] = HEDUI_BIN_DIR "/hedui-sim";
inline constexpr char kPolicies[] = HEDUI_SOURCE_DIR "/policies";
inline constexpr char kCase[] = HEDUI_SOURCE_DIR "/tests/assess/cases/demo_bank_silent.yaml";
// Nobody listens at a port of "reserved".
inline constexpr char kNobody[] = "localhost:1";

// One command line. An empty text: nothing is written there.
struct Row {
  std::vector<std::string> args;
  int exit_code = 0;
  std::string out;
  std::string err;
};

std::string Slurp(const std::string& path);
void Spill(const std::string& path, const std::string& text);
// The number behind "报告编号" of a report's text.
std::string NumberIn(const std::string& text);

// A directory with what the verbs read: a running platform's, with one report and its case.
class World {
 public:
  World();

  std::string Path(absl::string_view name) const { return scenario_.Path(name); }
  std::string ca() { return scenario_.pki().ca_path(); }
  const std::string& address() const { return address_; }
  Scenario& scenario() { return scenario_; }
  ChildProcess& heduid() { return *heduid_; }

  // With the platform's address and the agency's certificate in the environment.
  ProgramResult Run(const std::vector<std::string>& argv) {
    return RunProgram(argv, scenario_.directory(), environment_);
  }
  // Without.
  ProgramResult RunBare(const std::vector<std::string>& argv) {
    return RunProgram(argv, scenario_.directory());
  }

  void Expect(const char* program, const Row& row);
  void ExpectBare(const char* program, const Row& row);

 private:
  void WriteRequests();

  Scenario scenario_;
  std::unique_ptr<ChildProcess> heduid_;
  std::string address_;
  std::vector<std::string> environment_;
};

// One platform for all tests; they leave report.hdr and case as they are.
class CliTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  static void Expect(const std::vector<Row>& rows) {
    for (const Row& row : rows) world_->Expect(kHedui, row);
  }
  static void ExpectBare(const char* program, const std::vector<Row>& rows) {
    for (const Row& row : rows) world_->ExpectBare(program, row);
  }
  // The platform's address, as the environment has it.
  static std::string HereAt() { return world_->address(); }
  static std::string NumberOf(const std::string& file);

  static World* world_;
  static std::string number_;  // of the report
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_CLI_CLI_WORLD_H_
