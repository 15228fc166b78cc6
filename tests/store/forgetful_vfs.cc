#include "tests/store/forgetful_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "server/base/mutex.h"

namespace hedui::testing {
namespace {

constexpr int kShmLocks = 8;
constexpr int kShmWriteLock = 0;  // SQLite's WAL_WRITE_LOCK
constexpr int kSectorBytes = 4096;

void Check(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "forgetful disk: %s\n", what);
  std::abort();
}

struct Handle;

// A change since the last flush: bytes at an offset, or a new size.
struct Change {
  bool truncates = false;
  uint64_t at = 0;
  std::string bytes;
};

void Apply(const Change& change, std::string* content) {
  if (change.truncates) {
    content->resize(change.at);
    return;
  }
  content->resize(std::max<size_t>(content->size(), change.at + change.bytes.size()));
  content->replace(change.at, change.bytes.size(), change.bytes);
}

struct File {
  bool exists = false;          // as programs see it
  bool exists_durably = false;  // its name is on the disk
  std::string now;
  std::string durable;
  std::vector<Change> unsynced;
  std::vector<Handle*> handles;
  std::vector<std::unique_ptr<char[]>> shared_memory;
};

// What SQLite allocates for each open file.
struct Handle {
  sqlite3_file base;
  ForgetfulDisk::State* disk;
  File* file;
  int lock;           // SQLITE_LOCK_*
  bool shm;           // takes part in the shared memory
  unsigned shm_read;  // locks held, a bit each
  unsigned shm_write;
  bool own;  // a nameless temporary file
};

}  // namespace

struct ForgetfulDisk::State {
  mutable base::Mutex mutex;
  std::string name;
  sqlite3_vfs vfs{};
  std::map<std::string, std::unique_ptr<File>> files ABSL_GUARDED_BY(mutex);
  int syncs ABSL_GUARDED_BY(mutex) = 0;
  int cut_at ABSL_GUARDED_BY(mutex) = 0;
  Cut cut_when ABSL_GUARDED_BY(mutex) = Cut::kBefore;
  bool cut ABSL_GUARDED_BY(mutex) = false;
  int failing_syncs ABSL_GUARDED_BY(mutex) = 0;
  bool failing_syncs_reach ABSL_GUARDED_BY(mutex) = false;
  bool pretends ABSL_GUARDED_BY(mutex) = false;
  uint64_t capacity ABSL_GUARDED_BY(mutex) = 0;
  int denied_locks ABSL_GUARDED_BY(mutex) = 0;

  uint64_t Used() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    uint64_t bytes = 0;
    for (const auto& [path, file] : files) bytes += file->exists ? file->now.size() : 0;
    return bytes;
  }
};

namespace {

using State = ForgetfulDisk::State;

Handle* HandleOf(sqlite3_file* file) { return reinterpret_cast<Handle*>(file); }
State* StateOf(sqlite3_vfs* vfs) { return static_cast<State*>(vfs->pAppData); }

int Close(sqlite3_file* file) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  auto& handles = handle->file->handles;
  handles.erase(std::remove(handles.begin(), handles.end(), handle), handles.end());
  if (handle->own) delete handle->file;
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  if (handle->disk->cut) return SQLITE_IOERR_READ;
  const std::string& content = handle->file->now;
  const auto at = static_cast<size_t>(offset);
  const size_t wanted = static_cast<size_t>(amount);
  const size_t there = at < content.size() ? std::min(wanted, content.size() - at) : 0;
  std::memcpy(out, content.data() + std::min(at, content.size()), there);
  if (there == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + there, 0, wanted - there);
  return SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* bytes, int amount, sqlite3_int64 offset) {
  Handle* handle = HandleOf(file);
  State* disk = handle->disk;
  const base::MutexLock lock(&disk->mutex);
  if (disk->cut) return SQLITE_IOERR_WRITE;
  const uint64_t end = static_cast<uint64_t>(offset) + static_cast<uint64_t>(amount);
  const uint64_t size = handle->file->now.size();
  if (disk->capacity > 0 && end > size && disk->Used() + (end - size) > disk->capacity)
    return SQLITE_FULL;
  Change change{false, static_cast<uint64_t>(offset),
                std::string(static_cast<const char*>(bytes), static_cast<size_t>(amount))};
  Apply(change, &handle->file->now);
  handle->file->unsynced.push_back(std::move(change));
  return SQLITE_OK;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  if (handle->disk->cut) return SQLITE_IOERR_TRUNCATE;
  Change change{true, static_cast<uint64_t>(size), {}};
  Apply(change, &handle->file->now);
  handle->file->unsynced.push_back(std::move(change));
  return SQLITE_OK;
}

// SQLite flushes the directory with the first flush of a new journal; here every flush flushes it.
void Flush(State* disk, File* file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(disk->mutex) {
  file->durable = file->now;
  file->unsynced.clear();
  for (auto& [path, other] : disk->files) other->exists_durably = other->exists;
}

int Sync(sqlite3_file* file, int) {
  Handle* handle = HandleOf(file);
  State* disk = handle->disk;
  const base::MutexLock lock(&disk->mutex);
  if (disk->cut) return SQLITE_IOERR_FSYNC;
  const bool cut_here = ++disk->syncs == disk->cut_at;
  if (cut_here && disk->cut_when == ForgetfulDisk::Cut::kBefore) {
    disk->cut = true;
    return SQLITE_IOERR_FSYNC;
  }
  if (disk->failing_syncs > 0) {
    --disk->failing_syncs;
    if (disk->failing_syncs_reach) Flush(disk, handle->file);
    return SQLITE_IOERR_FSYNC;
  }
  if (!disk->pretends) Flush(disk, handle->file);
  disk->cut = cut_here;
  return cut_here ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  *size = static_cast<sqlite3_int64>(handle->file->now.size());
  return SQLITE_OK;
}

// The highest lock that another handle of the file holds.
int HighestOther(const Handle* handle) {
  int highest = SQLITE_LOCK_NONE;
  for (const Handle* other : handle->file->handles) {
    if (other != handle) highest = std::max(highest, other->lock);
  }
  return highest;
}

int Lock(sqlite3_file* file, int level) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  if (handle->lock >= level) return SQLITE_OK;
  const int other = HighestOther(handle);
  if (level == SQLITE_LOCK_SHARED && other >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
  if (level == SQLITE_LOCK_RESERVED && other >= SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
  if (level == SQLITE_LOCK_EXCLUSIVE) {
    if (other >= SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
    if (other >= SQLITE_LOCK_SHARED) {
      handle->lock = SQLITE_LOCK_PENDING;
      return SQLITE_BUSY;
    }
  }
  handle->lock = level;
  return SQLITE_OK;
}

int Unlock(sqlite3_file* file, int level) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  handle->lock = std::min(handle->lock, level);
  return SQLITE_OK;
}

int CheckReservedLock(sqlite3_file* file, int* reserved) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  *reserved = std::max(handle->lock, HighestOther(handle)) >= SQLITE_LOCK_RESERVED ? 1 : 0;
  return SQLITE_OK;
}

int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return kSectorBytes; }
int DeviceCharacteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  auto& regions = handle->file->shared_memory;
  handle->shm = true;
  *memory = nullptr;
  while (extend != 0 && regions.size() <= static_cast<size_t>(region)) {
    regions.push_back(std::make_unique<char[]>(static_cast<size_t>(size)));
  }
  if (static_cast<size_t>(region) < regions.size())
    *memory = regions[static_cast<size_t>(region)].get();
  return SQLITE_OK;
}

int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  const unsigned mask = ((1U << count) - 1) << offset;
  Check(offset + count <= kShmLocks, "lock past the last");
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    handle->shm_read &= ~mask;
    handle->shm_write &= ~mask;
    return SQLITE_OK;
  }
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  if (exclusive && offset == kShmWriteLock && count == 1 && handle->disk->denied_locks > 0) {
    --handle->disk->denied_locks;
    return SQLITE_BUSY;
  }
  for (const Handle* other : handle->file->handles) {
    if (other == handle) continue;
    if ((other->shm_write & mask) != 0 || (exclusive && (other->shm_read & mask) != 0))
      return SQLITE_BUSY;
  }
  (exclusive ? handle->shm_write : handle->shm_read) |= mask;
  return SQLITE_OK;
}

// Taking a lock orders memory as well as a fence, and ThreadSanitizer knows it.
void ShmBarrier(sqlite3_file* file) { const base::MutexLock lock(&HandleOf(file)->disk->mutex); }

int ShmUnmap(sqlite3_file* file, int) {
  Handle* handle = HandleOf(file);
  const base::MutexLock lock(&handle->disk->mutex);
  handle->shm = false;
  handle->shm_read = 0;
  handle->shm_write = 0;
  bool used = false;
  for (const Handle* other : handle->file->handles) used = used || other->shm;
  // The next to map it recovers it from the log, as with a real -shm file that nobody has open.
  if (!used) handle->file->shared_memory.clear();
  return SQLITE_OK;
}

const sqlite3_io_methods kFileMethods = {2,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         DeviceCharacteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         nullptr,
                                         nullptr};

int Open(sqlite3_vfs* vfs, const char* path, sqlite3_file* out, int flags, int* out_flags) {
  State* disk = StateOf(vfs);
  const base::MutexLock lock(&disk->mutex);
  Handle* handle = HandleOf(out);
  std::memset(handle, 0, sizeof(Handle));
  if (disk->cut) return SQLITE_IOERR;
  File* file = nullptr;
  if (path == nullptr) {
    file = new File;
    handle->own = true;
  } else {
    auto found = disk->files.find(path);
    if (found == disk->files.end() || !found->second->exists) {
      if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      if (found == disk->files.end())
        found = disk->files.emplace(path, std::make_unique<File>()).first;
      found->second->exists = true;
      found->second->now.clear();
      found->second->unsynced.clear();
    }
    file = found->second.get();
  }
  handle->base.pMethods = &kFileMethods;
  handle->disk = disk;
  handle->file = file;
  file->handles.push_back(handle);
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  State* disk = StateOf(vfs);
  const base::MutexLock lock(&disk->mutex);
  if (disk->cut) return SQLITE_IOERR_DELETE;
  const auto found = disk->files.find(path);
  if (found == disk->files.end() || !found->second->exists) return SQLITE_IOERR_DELETE_NOENT;
  found->second->exists = false;
  found->second->now.clear();
  if (sync_directory != 0) found->second->exists_durably = false;
  return SQLITE_OK;
}

int Access(sqlite3_vfs* vfs, const char* path, int, int* result) {
  State* disk = StateOf(vfs);
  const base::MutexLock lock(&disk->mutex);
  if (disk->cut) return SQLITE_IOERR_ACCESS;
  const auto found = disk->files.find(path);
  *result = found != disk->files.end() && found->second->exists ? 1 : 0;
  return SQLITE_OK;
}

int FullPathname(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

int Randomness(sqlite3_vfs*, int size, char* out) {
  std::memset(out, 7, static_cast<size_t>(size));  // the same in every run
  return size;
}

int Sleep(sqlite3_vfs*, int microseconds) { return microseconds; }  // no time passes

int CurrentTime(sqlite3_vfs*, double* julian_day) {
  *julian_day = 2460737.5;
  return SQLITE_OK;
}

int GetLastError(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

ForgetfulDisk::ForgetfulDisk() : state_(std::make_unique<State>()) {
  static std::atomic<int> count{0};
  state_->name = "forgetful-" + std::to_string(++count);
  sqlite3_vfs& vfs = state_->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(Handle);
  vfs.mxPathname = 512;
  vfs.zName = state_->name.c_str();
  vfs.pAppData = state_.get();
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPathname;
  vfs.xRandomness = Randomness;
  vfs.xSleep = Sleep;
  vfs.xCurrentTime = CurrentTime;
  vfs.xGetLastError = GetLastError;
  Check(sqlite3_vfs_register(&vfs, /*makeDflt=*/0) == SQLITE_OK, "not registered");
}

ForgetfulDisk::~ForgetfulDisk() { sqlite3_vfs_unregister(&state_->vfs); }

const std::string& ForgetfulDisk::vfs() const { return state_->name; }

int ForgetfulDisk::syncs() const {
  const base::MutexLock lock(&state_->mutex);
  return state_->syncs;
}

void ForgetfulDisk::CutPowerAtSync(int number, Cut cut) {
  const base::MutexLock lock(&state_->mutex);
  state_->cut_at = number;
  state_->cut_when = cut;
}

bool ForgetfulDisk::IsCut() const {
  const base::MutexLock lock(&state_->mutex);
  return state_->cut;
}

void ForgetfulDisk::Reboot(Unsynced unsynced) {
  const base::MutexLock lock(&state_->mutex);
  for (auto& [path, file] : state_->files) {
    Check(file->handles.empty(), "rebooted with open files");
    if (unsynced == Unsynced::kEveryOther) {
      for (size_t i = 0; i < file->unsynced.size(); i += 2)
        Apply(file->unsynced[i], &file->durable);
    }
    file->exists = file->exists_durably;
    file->now = file->exists ? file->durable : std::string();
    file->durable = file->now;
    file->unsynced.clear();
    file->shared_memory.clear();
  }
  state_->cut = false;
  state_->cut_at = 0;
  state_->pretends = false;
}

void ForgetfulDisk::FailSyncs(int count, bool reached) {
  const base::MutexLock lock(&state_->mutex);
  state_->failing_syncs = count;
  state_->failing_syncs_reach = reached;
}

void ForgetfulDisk::PretendToSync() {
  const base::MutexLock lock(&state_->mutex);
  state_->pretends = true;
}

void ForgetfulDisk::SetCapacity(uint64_t bytes) {
  const base::MutexLock lock(&state_->mutex);
  state_->capacity = bytes;
}

uint64_t ForgetfulDisk::used() const {
  const base::MutexLock lock(&state_->mutex);
  return state_->Used();
}

void ForgetfulDisk::DenyWriteLocks(int count) {
  const base::MutexLock lock(&state_->mutex);
  state_->denied_locks = count;
}

std::string ForgetfulDisk::Contents(const std::string& path) const {
  const base::MutexLock lock(&state_->mutex);
  const auto found = state_->files.find(path);
  return found != state_->files.end() && found->second->exists ? found->second->now : std::string();
}

void ForgetfulDisk::Remove(const std::string& path) {
  const base::MutexLock lock(&state_->mutex);
  state_->files.erase(path);
}

}  // namespace hedui::testing
