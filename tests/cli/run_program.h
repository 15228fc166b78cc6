// Runs a program to its end and tells what came of it. Functions, thread-safe.
#ifndef HEDUI_TESTS_CLI_RUN_PROGRAM_H_
#define HEDUI_TESTS_CLI_RUN_PROGRAM_H_

#include <string>
#include <vector>

namespace hedui::testing {

struct ProgramResult {
  int exit_code = -1;  // -1: it was ended by a signal, or could not be started
  std::string out;
  std::string err;
};

// `argv[0]` is a path; the program runs in `directory`, with this process's environment but for
// HEDUI_*, which `environment` ("HEDUI_CA=…") stands in for. Waits for its end.
ProgramResult RunProgram(const std::vector<std::string>& argv, const std::string& directory,
                         const std::vector<std::string>& environment = {});

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_CLI_RUN_PROGRAM_H_
