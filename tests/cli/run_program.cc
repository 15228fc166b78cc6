#include "tests/cli/run_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "absl/strings/match.h"

extern char** environ;

namespace hedui::testing {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// Files rather than pipes: nobody has to empty two of them at once.
File NewFile() { return File(std::tmpfile(), &std::fclose); }

std::string ContentOf(std::FILE* file) {
  std::string content;
  std::rewind(file);
  char part[4096];
  for (size_t size = 0; (size = std::fread(part, 1, sizeof part, file)) > 0;) {
    content.append(part, size);
  }
  return content;
}

std::vector<char*> PointersTo(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const std::vector<std::string>& own) {
  std::vector<std::string> result = own;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!absl::StartsWith(*entry, "HEDUI_")) result.emplace_back(*entry);
  }
  return result;
}

}  // namespace

ProgramResult RunProgram(const std::vector<std::string>& argv, const std::string& directory,
                         const std::vector<std::string>& environment) {
  const File out = NewFile();
  const File err = NewFile();
  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = Environment(environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, fileno(out.get()), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(err.get()), STDERR_FILENO);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0].c_str(), &actions, nullptr,
                                PointersTo(&arguments).data(), PointersTo(&variables).data());
  posix_spawn_file_actions_destroy(&actions);
  ProgramResult result;
  if (error != 0) return result;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  result.out = ContentOf(out.get());
  result.err = ContentOf(err.get());
  return result;
}

}  // namespace hedui::testing
