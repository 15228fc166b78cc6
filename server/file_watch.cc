#include "server/file_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hedui {
namespace {

namespace fs = std::filesystem;

std::string SightOf(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return "none";
  return absl::StrCat(info.st_dev, " ", info.st_ino, " ", info.st_size, " ", info.st_mtim.tv_sec,
                      ".", info.st_mtim.tv_nsec, " ", info.st_ctim.tv_sec, ".",
                      info.st_ctim.tv_nsec);
}

}  // namespace

FileWatch::Sight FileWatch::Look() const {
  Sight sight;
  for (const std::string& path : paths_) {
    sight[path] = SightOf(path);
    std::error_code error;
    if (!fs::is_directory(path, error)) continue;
    fs::recursive_directory_iterator entry(path, error);
    // What vanishes under the walk ends it: the next look will see another picture.
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      const std::string name = entry->path().string();
      sight[name] = SightOf(name);
    }
  }
  return sight;
}

void FileWatch::Watch(std::vector<std::string> paths) {
  const auto belongs = [&paths](const std::string& name) {
    return std::any_of(paths.begin(), paths.end(), [&name](const std::string& path) {
      return name == path || absl::StartsWith(name, path + "/");
    });
  };
  Sight before;
  for (auto& [name, sight] : known_) {
    if (belongs(name)) before.emplace(name, std::move(sight));
  }
  paths_ = std::move(paths);
  last_ = Look();
  // What was not there when its directory was looked at is new; other paths are as they are.
  const auto in_known_directory = [&before](const std::string& path) {
    return std::any_of(before.begin(), before.end(), [&path](const auto& one) {
      return absl::StartsWith(path, one.first + "/");
    });
  };
  Sight known = before;
  for (const auto& [name, sight] : last_) {
    if (!in_known_directory(name)) known.emplace(name, sight);
  }
  known_ = std::move(known);
}

void FileWatch::Refresh() {
  known_ = Look();
  last_ = known_;
}

bool FileWatch::Changed() const { return Look() != known_; }

bool FileWatch::ChangedAndSettled() {
  Sight now = Look();
  const bool settled = now == last_;
  last_ = std::move(now);
  return settled && last_ != known_;
}

}  // namespace hedui
