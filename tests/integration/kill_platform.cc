// The platform, made to die at a chosen moment: kill_platform CONFIG MOMENT COUNT [CLOCK], where
// CLOCK is the file of a clock that it goes by (shared_clock.h) instead of the machine's. At the
// COUNT-th time that MOMENT comes the process says "reached MOMENT" and kills itself with SIGKILL,
// which no handler sees and nothing flushes. Moments: `intent` (after the intent's commit, before
// sending), `answers` (after the last answer, before the result's commit), `commit` (half-way
// through a write of a commit), `polling` (before a promised answer is asked for), `polled` (it has
// come, before its report's commit), `late` (half-way through that commit, at its COUNT-th write),
// `kept` (after policy sets are kept, before they are in force), `never`; with `start-` before it,
// a moment of the start counts too. At SIGHUP it reads its files anew and says "reloaded" or
// "refused".
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "server/base/ids.h"
#include "server/platform.h"
#include "server/rooms.h"
#include "server/runtime/signals.h"
#include "tests/support/shared_clock.h"

namespace {

constexpr absl::string_view kFromStart = "start-";

std::atomic<int> countdown{0};
const char* commit_moment = "commit";

void MaybeDie(const char* moment) {
  if (countdown.fetch_sub(1) != 1) return;
  // In one write and past any buffer, so that whoever reads it knows the moment was reached.
  const std::string line = std::string("reached ") + moment + "\n";
  const ssize_t written = write(STDOUT_FILENO, line.data(), line.size());
  kill(getpid(), written > 0 ? SIGKILL : SIGABRT);
}

// A file system like the platform's, but that the COUNT-th write into the write-ahead log of rows
// and log is cut in half by the end of the process. Frames of a commit are written there; half of
// one is the worst that a kill can leave.
struct File {
  sqlite3_file base;
  bool commits;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }

int Close(sqlite3_file* file) { return Of(file)->real()->pMethods->xClose(Of(file)->real()); }
int ReadAt(sqlite3_file* file, void* into, int size, sqlite3_int64 at) {
  return Of(file)->real()->pMethods->xRead(Of(file)->real(), into, size, at);
}
int WriteAt(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  sqlite3_file* real = Of(file)->real();
  if (Of(file)->commits) {
    if (countdown.load() == 1) real->pMethods->xWrite(real, from, size / 2, at);
    MaybeDie(commit_moment);
  }
  return real->pMethods->xWrite(real, from, size, at);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return Of(file)->real()->pMethods->xTruncate(Of(file)->real(), size);
}
int Sync(sqlite3_file* file, int flags) {
  return Of(file)->real()->pMethods->xSync(Of(file)->real(), flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Of(file)->real()->pMethods->xFileSize(Of(file)->real(), size);
}
int Lock(sqlite3_file* file, int kind) {
  return Of(file)->real()->pMethods->xLock(Of(file)->real(), kind);
}
int Unlock(sqlite3_file* file, int kind) {
  return Of(file)->real()->pMethods->xUnlock(Of(file)->real(), kind);
}
int CheckReserved(sqlite3_file* file, int* out) {
  return Of(file)->real()->pMethods->xCheckReservedLock(Of(file)->real(), out);
}
int FileControl(sqlite3_file* file, int op, void* arg) {
  return Of(file)->real()->pMethods->xFileControl(Of(file)->real(), op, arg);
}
int SectorSize(sqlite3_file* file) {
  return Of(file)->real()->pMethods->xSectorSize(Of(file)->real());
}
int Characteristics(sqlite3_file* file) {
  return Of(file)->real()->pMethods->xDeviceCharacteristics(Of(file)->real());
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return Of(file)->real()->pMethods->xShmMap(Of(file)->real(), page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int n, int flags) {
  return Of(file)->real()->pMethods->xShmLock(Of(file)->real(), offset, n, flags);
}
void ShmBarrier(sqlite3_file* file) { Of(file)->real()->pMethods->xShmBarrier(Of(file)->real()); }
int ShmUnmap(sqlite3_file* file, int del) {
  return Of(file)->real()->pMethods->xShmUnmap(Of(file)->real(), del);
}

sqlite3_io_methods MakeMethods() {
  sqlite3_io_methods methods{};
  methods.iVersion = 2;
  methods.xClose = Close;
  methods.xRead = ReadAt;
  methods.xWrite = WriteAt;
  methods.xTruncate = Truncate;
  methods.xSync = Sync;
  methods.xFileSize = FileSize;
  methods.xLock = Lock;
  methods.xUnlock = Unlock;
  methods.xCheckReservedLock = CheckReserved;
  methods.xFileControl = FileControl;
  methods.xSectorSize = SectorSize;
  methods.xDeviceCharacteristics = Characteristics;
  methods.xShmMap = ShmMap;
  methods.xShmLock = ShmLock;
  methods.xShmBarrier = ShmBarrier;
  methods.xShmUnmap = ShmUnmap;
  return methods;
}

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  static const sqlite3_io_methods methods = MakeMethods();
  auto* real_vfs = static_cast<sqlite3_vfs*>(vfs->pAppData);
  Of(file)->base.pMethods = nullptr;
  Of(file)->commits =
      (flags & SQLITE_OPEN_WAL) != 0 && std::strstr(name, "/hedui.db-wal") != nullptr;
  const int result = real_vfs->xOpen(real_vfs, name, Of(file)->real(), flags, out_flags);
  if (result == SQLITE_OK) Of(file)->base.pMethods = &methods;
  return result;
}

void RegisterKillingFileSystem() {
  sqlite3_initialize();
  sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs vfs;
  vfs = *real;
  vfs.pNext = nullptr;
  vfs.zName = "killing";
  vfs.szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
  vfs.pAppData = real;
  vfs.xOpen = Open;
  sqlite3_vfs_register(&vfs, 0);
}

std::unique_ptr<hedui::base::Clock> ClockOf(const char* file) {
  if (file != nullptr) return std::make_unique<hedui::testing::SharedClock>(file);
  return std::make_unique<hedui::base::SystemClock>();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::cerr << "usage: kill_platform CONFIG "
                 "[start-]intent|answers|commit|polling|polled|late|kept|never COUNT [CLOCK]\n";
    return 2;
  }
  const bool from_start = absl::StartsWith(argv[2], kFromStart);
  const std::string moment = argv[2] + (from_start ? kFromStart.size() : 0);
  hedui::runtime::BlockSignals();
  const std::unique_ptr<hedui::base::Clock> clock = ClockOf(argc == 5 ? argv[4] : nullptr);
  hedui::base::SecureIdSource ids;
  hedui::PlatformOptions options;
  options.config_file = argv[1];
  options.clock = clock.get();
  options.ids = &ids;
  options.tell = [](const hedui::base::Event&) {};
  static const std::map<std::string, hedui::FlowStep> steps = {
      {"intent", hedui::FlowStep::kIntentCommitted},
      {"answers", hedui::FlowStep::kAnswersIn},
      {"polling", hedui::FlowStep::kPolling},
      {"polled", hedui::FlowStep::kPolled},
      {"kept", hedui::FlowStep::kPoliciesKept}};
  if (const auto step = steps.find(moment); step != steps.end()) {
    const auto fatal = step->second;
    options.on_step = [fatal, moment](hedui::FlowStep reached) {
      if (reached == fatal) MaybeDie(moment.c_str());
    };
  } else if (moment == "commit" || moment == "late") {
    RegisterKillingFileSystem();
    options.sqlite_vfs = "killing";
  }
  const bool late = moment == "late";
  if (late) {
    commit_moment = "late";
    options.on_step = [count = std::atoi(argv[3])](hedui::FlowStep reached) {
      if (reached == hedui::FlowStep::kPolled) countdown.store(count);
    };
  }
  if (from_start && !late) countdown.store(std::atoi(argv[3]));
  auto platform = hedui::Platform::Start(std::move(options));
  if (!platform.ok()) {
    std::cerr << platform.status().message() << "\n";
    return 1;
  }
  // Otherwise counted from here: opening a store writes too.
  if (!from_start && !late) countdown.store(std::atoi(argv[3]));
  std::printf("listening %d\n", (*platform)->port());
  std::fflush(stdout);
  while (hedui::runtime::WaitForSignal() == SIGHUP) {
    std::puts((*platform)->Reload().ok() ? "reloaded" : "refused");
    std::fflush(stdout);
  }
  return 0;
}
