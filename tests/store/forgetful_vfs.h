// A disk in memory that loses power: an SQLite file system that keeps what was written since a
// file's last xSync apart, and forgets it when the power is cut. It also fills up, fails to flush
// and is locked by others, each when a test says so.
//
// Thread-safe. Files must be closed before Reboot and before the disk is destroyed.
#ifndef HEDUI_TESTS_STORE_FORGETFUL_VFS_H_
#define HEDUI_TESTS_STORE_FORGETFUL_VFS_H_

#include <cstdint>
#include <memory>
#include <string>

namespace hedui::testing {

class ForgetfulDisk {
 public:
  // Registers itself with SQLite under vfs().
  ForgetfulDisk();
  ~ForgetfulDisk();
  ForgetfulDisk(const ForgetfulDisk&) = delete;
  ForgetfulDisk& operator=(const ForgetfulDisk&) = delete;

  const std::string& vfs() const;

  // Every xSync so far, of every file.
  int syncs() const;

  enum class Cut {
    kBefore,  // the flush has not happened
    kAfter,   // it has, but nobody was told
  };
  // The power fails at the `number`-th xSync counted from the disk's beginning. From then on
  // everything fails.
  void CutPowerAtSync(int number, Cut cut);
  bool IsCut() const;

  enum class Unsynced {
    kForgotten,   // all of it
    kEveryOther,  // every other write had reached the disk anyway, out of order
  };
  // The power is back: files are as they lie on the disk.
  void Reboot(Unsynced unsynced = Unsynced::kForgotten);

  // The next `count` calls of xSync fail; with `reached` the bytes are durable nonetheless.
  void FailSyncs(int count, bool reached);
  // From now on xSync says that it has flushed, and has not.
  void PretendToSync();
  // Writes that would make all files together larger than this find the disk full. 0: no limit.
  void SetCapacity(uint64_t bytes);
  uint64_t used() const;
  // The next `count` attempts to take a database's write lock find it taken.
  void DenyWriteLocks(int count);

  // A file as it is now; empty when there is none.
  std::string Contents(const std::string& path) const;
  void Remove(const std::string& path);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace hedui::testing

#endif  // HEDUI_TESTS_STORE_FORGETFUL_VFS_H_
