// Whether files changed, found out by looking: a file counts as another when its inode, size or
// times are. Directories count with all that is in them; links are followed, so that swapping one
// shows.
//
// Not thread-safe. Looks only when asked.
#ifndef HEDUI_SERVER_FILE_WATCH_H_
#define HEDUI_SERVER_FILE_WATCH_H_

#include <map>
#include <string>
#include <vector>

namespace hedui {

class FileWatch {
 public:
  // Paths to look at from now on; what is known of those that were looked at before stays known,
  // others are as they are now. Paths that do not exist may come into being.
  void Watch(std::vector<std::string> paths);
  // What stands there now is what is known.
  void Refresh();
  // Whether something is not as it is known.
  bool Changed() const;
  // True when something is not as it is known, and was as it is now at the last look too: whoever
  // writes a file is not read half way through. Call it again after a while; after true, go on with
  // Refresh.
  bool ChangedAndSettled();

 private:
  // By path, what a look saw of it.
  using Sight = std::map<std::string, std::string>;
  Sight Look() const;

  std::vector<std::string> paths_;
  Sight known_;
  Sight last_;
};

}  // namespace hedui

#endif  // HEDUI_SERVER_FILE_WATCH_H_
