#include "clients/cli/policy_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::clients {
namespace {

namespace fs = std::filesystem;

constexpr char kExtension[] = ".yaml";

absl::Status Error(absl::StatusCode code, absl::string_view path, absl::string_view why) {
  return base::MakeError(code, "POLICY_FILE", absl::StrCat(path, ": ", why));
}

// Files by the path they have in a policy directory, and where they are.
absl::Status FindFiles(const fs::path& root, std::map<std::string, fs::path>* found) {
  std::error_code error;
  std::vector<std::pair<std::string, fs::path>> folders = {{"", root}};
  for (size_t i = 0; i < folders.size(); ++i) {
    const auto [prefix, folder] = folders[i];
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      const std::string name = prefix + it->path().filename().string();
      std::error_code kind;
      if (it->is_directory(kind)) {
        if (prefix.empty()) folders.emplace_back(name + "/", it->path());
      } else if (absl::EndsWith(name, kExtension)) {
        (*found)[name] = it->path();
      }
    }
    if (error) {
      return Error(absl::StatusCode::kNotFound, folder.string(),
                   "there is no such directory, or it cannot be read");
    }
  }
  return absl::OkStatus();
}

// "national/NAME.yaml" or "640104/NAME.yaml", and nothing that leads elsewhere.
bool IsPolicyPath(absl::string_view path) {
  const size_t slash = path.find('/');
  if (slash == absl::string_view::npos || path.find('/', slash + 1) != absl::string_view::npos ||
      !absl::EndsWith(path, kExtension)) {
    return false;
  }
  const absl::string_view folder = path.substr(0, slash), name = path.substr(slash + 1);
  const bool division =
      folder.size() == 6 && std::all_of(folder.begin(), folder.end(), absl::ascii_isdigit);
  return (folder == "national" || division) && name[0] != '.' && name.find('\0') == name.npos;
}

}  // namespace

absl::Status ReadPolicyFiles(const std::vector<std::string>& directories,
                             google::protobuf::RepeatedPtrField<v1::PostedPolicyFile>* files) {
  std::map<std::string, fs::path> found;
  for (const std::string& directory : directories) {
    HEDUI_RETURN_IF_ERROR(FindFiles(directory, &found));
  }
  for (const auto& [path, place] : found) {
    v1::PostedPolicyFile* const file = files->Add();
    file->set_path(path);
    HEDUI_ASSIGN_OR_RETURN(*file->mutable_text(), base::ReadFile(place.string()));
  }
  return absl::OkStatus();
}

absl::Status SavePolicyFiles(const v1::PolicySet& set, const std::string& directory) {
  for (const v1::PolicyFile& file : set.files()) {
    if (!IsPolicyPath(file.path())) {
      return Error(absl::StatusCode::kInvalidArgument, "the platform's answer",
                   "a file of it has no path of a policy file; nothing was written");
    }
    if (base::HexEncode(base::Sha256(file.text())) != file.sha256()) {
      return Error(absl::StatusCode::kInvalidArgument, file.path(),
                   "is not what its digest says; nothing was written");
    }
  }
  for (const v1::PolicyFile& file : set.files()) {
    const fs::path place = fs::path(directory) / file.path();
    std::error_code error;
    fs::create_directories(place.parent_path(), error);
    std::ofstream stream(place, std::ios::binary | std::ios::trunc);
    stream.write(file.text().data(), static_cast<std::streamsize>(file.text().size()));
    stream.close();
    if (!stream) {
      return Error(absl::StatusCode::kUnavailable, place.string(), "cannot be written");
    }
  }
  return absl::OkStatus();
}

}  // namespace hedui::clients
