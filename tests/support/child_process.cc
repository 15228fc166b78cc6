#include "tests/support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/status.h"

extern char** environ;

namespace hedui::testing {
namespace {

absl::Status Failure(absl::string_view what, absl::string_view why) {
  return base::MakeError(absl::StatusCode::kInternal, "CHILD_PROCESS",
                         absl::StrCat(what, ": ", why));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    const std::vector<std::string>& argv) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Failure("pipe", std::strerror(errno));
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, argv[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return Failure(argv[0], std::strerror(error));
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, fdopen(ends[0], "r")));
}

std::ostream& operator<<(std::ostream& out, const ProcessEnd& end) {
  if (end.signal != 0) return out << "signal " << end.signal;
  return out << "exit code " << end.exit_code;
}

ChildProcess::~ChildProcess() {
  Stop();
  if (discards_.joinable()) discards_.join();
  std::fclose(output_);
}

ProcessEnd ChildProcess::AwaitEnd() {
  if (end_.has_value()) return *end_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  end_.emplace();
  if (WIFSIGNALED(status)) end_->signal = WTERMSIG(status);
  if (WIFEXITED(status)) end_->exit_code = WEXITSTATUS(status);
  return *end_;
}

ProcessEnd ChildProcess::Stop() {
  // Once awaited, its number may be another's.
  if (!end_.has_value()) kill(pid_, SIGTERM);
  return AwaitEnd();
}

absl::StatusOr<std::string> ChildProcess::ReadLine(const std::string& prefix) {
  char* line = nullptr;
  size_t capacity = 0;
  absl::StatusOr<std::string> found =
      Failure("child", absl::StrCat("it ended without saying \"", prefix, "\""));
  for (ssize_t size = getline(&line, &capacity, output_); size > 0;
       size = getline(&line, &capacity, output_)) {
    const absl::string_view text(line, static_cast<size_t>(size));
    if (!absl::StartsWith(text, prefix)) continue;
    found = std::string(
        text.substr(prefix.size(), text.size() - prefix.size() - (text.back() == '\n' ? 1 : 0)));
    break;
  }
  std::free(line);
  return found;
}

void ChildProcess::DiscardOutput() {
  discards_ = std::thread([descriptor = fileno(output_)] {
    std::vector<char> dropped(64 << 10);  // what a pipe holds
    ssize_t size = 0;
    do {
      size = read(descriptor, dropped.data(), dropped.size());
    } while (size > 0 || (size < 0 && errno == EINTR));
  });
}

absl::Duration ChildProcess::CpuTime() const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/stat"));
  std::string stat;
  std::getline(file, stat);
  // The name, in parentheses, may hold anything; user and system time are the 12th and 13th field
  // behind it.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return absl::ZeroDuration();
  const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
  int64_t user = 0;
  int64_t system = 0;
  if (fields.size() < 13 || !absl::SimpleAtoi(fields[11], &user) ||
      !absl::SimpleAtoi(fields[12], &system)) {
    return absl::ZeroDuration();
  }
  return absl::Seconds(user + system) / sysconf(_SC_CLK_TCK);
}

int64_t ChildProcess::ResidentBytes() const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/statm"));
  int64_t pages = 0;
  int64_t resident = 0;
  file >> pages >> resident;
  return file ? resident * sysconf(_SC_PAGESIZE) : 0;
}

std::vector<std::string> ChildProcess::ThreadNames() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& task :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", pid_, "/task"), error)) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    // One may end between the two looks.
    if (std::getline(file, name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string OwnPath() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

ScratchDirectory::ScratchDirectory() {
  const char* const chosen = std::getenv("HEDUI_BENCH_DIR");
  path_ =
      (chosen != nullptr ? std::string(chosen) : std::filesystem::temp_directory_path().string()) +
      "/hedui-bench-XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) {
    std::fprintf(stderr, "bench: cannot make %s: %s\n", path_.c_str(), std::strerror(errno));
    std::abort();
  }
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace hedui::testing
