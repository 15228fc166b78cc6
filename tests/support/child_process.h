// A program run beside a test or a benchmark: mostly a server. It says where it listens in a line
// of its standard output; it ends with this object. Not thread-safe.
#ifndef HEDUI_TESTS_SUPPORT_CHILD_PROCESS_H_
#define HEDUI_TESTS_SUPPORT_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace hedui::testing {

// How a program ended.
struct ProcessEnd {
  int signal = 0;     // what ended it; 0: it ended by itself
  int exit_code = 0;  // when it did
  friend bool operator==(const ProcessEnd&, const ProcessEnd&) = default;
};
// For messages of tests: "signal 9", "exit code 1".
std::ostream& operator<<(std::ostream& out, const ProcessEnd& end);

class ChildProcess {
 public:
  // Starts `argv` (argv[0] a path). Its standard error is ours. INTERNAL when it cannot be started.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& argv);
  // Stops it, unless its end was awaited before.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next line that begins with `prefix`, without it. Waits; INTERNAL when the program ends
  // first.
  absl::StatusOr<std::string> ReadLine(const std::string& prefix);
  // Reads the rest of its output and drops it, on a thread of its own, so that one who logs does
  // not wait for a reader. ReadLine no more after this.
  void DiscardOutput();
  // Waits until it ends, of which nothing is done here. The end stays known.
  ProcessEnd AwaitEnd();
  // SIGTERM, then waits for its end.
  ProcessEnd Stop();
  // Its own until its end was awaited.
  pid_t pid() const { return pid_; }
  // What the program has computed so far, in it and in the kernel, all threads. Zero once it ended.
  absl::Duration CpuTime() const;
  // Its memory that is resident now, in bytes. Zero once it ended.
  int64_t ResidentBytes() const;
  // The names of its threads now, sorted; one that has none of its own is called as the program.
  std::vector<std::string> ThreadNames() const;

 private:
  ChildProcess(pid_t pid, std::FILE* output) : pid_(pid), output_(output) {}

  const pid_t pid_;
  std::FILE* const output_;
  std::thread discards_;
  std::optional<ProcessEnd> end_;
};

// This program's own path.
std::string OwnPath();

// A new directory for a benchmark: below $HEDUI_BENCH_DIR, or below the system's directory for
// temporary files; removed with the object. Where that is held in memory, a flush costs nothing and
// the figures say nothing.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_SUPPORT_CHILD_PROCESS_H_
