#include "server/assess/policy_archive.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/assess/compiled_pack.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::assess {
namespace {

namespace fs = std::filesystem;

constexpr char kFiles[] = "files";
constexpr char kSets[] = "sets";
// A chain of five levels with hundreds of files each stays far below.
constexpr size_t kSetBytesMax = 1 << 20;

absl::Status Error(absl::StatusCode code, absl::string_view path, absl::string_view text) {
  return base::MakeError(code, "POLICY_ARCHIVE", absl::StrCat(path, ": ", text),
                         base::Visibility::kOperator);
}

absl::Status Corrupt(absl::string_view path, absl::string_view text) {
  return base::MakeError(absl::StatusCode::kDataLoss, "POLICY_ARCHIVE_CORRUPT",
                         absl::StrCat(path, ": ", text, "; export it anew from where it came"),
                         base::Visibility::kOperator);
}

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// In place only when it is whole, so that what was cut off is never taken for a file of the
// archive.
absl::Status Write(const std::string& path, absl::string_view bytes) {
  const std::string beside = path + ".new";
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  std::error_code error;
  if (out.good()) fs::rename(beside, path, error);
  if (out.good() && !error) return absl::OkStatus();
  return Error(absl::StatusCode::kUnavailable, path, "cannot be written");
}

absl::StatusOr<std::string> ReadWhole(const std::string& path, size_t bytes_max) {
  absl::StatusOr<std::string> bytes = base::ReadFile(path, bytes_max);
  if (bytes.ok()) return bytes;
  return Error(absl::StatusCode::kUnavailable, path, bytes.status().message());
}

}  // namespace

PolicySets SetsOf(const PolicyPack& pack) {
  PolicySets all;
  std::set<std::string> seen;
  for (const Division& division : pack.compiled().divisions) {
    if (!seen.insert(division.digest).second) continue;
    PolicySet set;
    set.digest = division.digest;
    for (int32_t file : division.files)
      set.files.push_back(pack.files()[static_cast<size_t>(file)]);
    all.sets.push_back(std::move(set));
  }
  for (size_t i = 0; i < pack.files().size(); ++i) {
    all.texts.push_back({pack.files()[i].path, pack.texts()[i]});
  }
  return all;
}

absl::StatusOr<PolicyPack::Ptr> LoadPolicySet(const PolicyRepository& archive,
                                              absl::string_view digest) {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<PolicyText> files, archive.ReadPolicySet(digest));
  return PolicyPack::LoadFiles(files);
}

absl::StatusOr<size_t> CopyPolicySets(const PolicyRepository& from, PolicyRepository* to) {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<ArchivedPolicySet> there, to->ListPolicySets());
  std::set<std::string> known;
  for (const ArchivedPolicySet& set : there) known.insert(set.digest);
  HEDUI_ASSIGN_OR_RETURN(const std::vector<ArchivedPolicySet> all, from.ListPolicySets());
  size_t copied = 0;
  for (const ArchivedPolicySet& set : all) {
    if (!known.insert(set.digest).second) continue;
    PolicySets one;
    HEDUI_ASSIGN_OR_RETURN(one.texts, from.ReadPolicySet(set.digest));
    PolicySet& copy = one.sets.emplace_back();
    copy.digest = set.digest;
    for (const PolicyText& file : one.texts) {
      copy.files.push_back({file.path, base::Sha256(file.text)});
    }
    HEDUI_RETURN_IF_ERROR(to->KeepPolicySets(one, set.since.value_or(absl::InfinitePast())));
    ++copied;
  }
  return copied;
}

absl::StatusOr<std::unique_ptr<PolicyArchive>> PolicyArchive::Open(const std::string& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return Error(absl::StatusCode::kNotFound, directory, "there is no such directory");
  }
  for (const char* folder : {kFiles, kSets}) {
    if (!fs::is_directory(fs::path(directory) / folder, error)) {
      return Error(absl::StatusCode::kFailedPrecondition, directory,
                   absl::StrCat("is no archive of policy sets: it has no folder \"", folder,
                                "\" (a directory of policy files is given as --policies)"));
    }
  }
  return std::unique_ptr<PolicyArchive>(new PolicyArchive(directory));
}

absl::StatusOr<std::unique_ptr<PolicyArchive>> PolicyArchive::Create(const std::string& directory) {
  std::error_code error;
  // What somebody keeps for another purpose is not mixed with.
  if (fs::is_directory(directory, error) && !fs::is_empty(directory, error)) return Open(directory);
  for (const char* folder : {kFiles, kSets}) {
    fs::create_directories(fs::path(directory) / folder, error);
    if (error) {
      return Error(absl::StatusCode::kUnavailable, directory,
                   absl::StrCat("cannot be made: ", error.message()));
    }
  }
  return Open(directory);
}

std::string PolicyArchive::PathOf(absl::string_view folder, absl::string_view digest) const {
  return absl::StrCat(directory_, "/", folder, "/", base::HexEncode(digest));
}

absl::Status PolicyArchive::KeepPolicySets(const PolicySets& sets, absl::Time /*at*/) {
  for (const PolicyText& file : sets.texts) {
    const std::string path = PathOf(kFiles, base::Sha256(file.text));
    if (!Exists(path)) HEDUI_RETURN_IF_ERROR(Write(path, file.text));
  }
  // Behind their files: a set that is there is whole.
  for (const PolicySet& set : sets.sets) {
    const std::string path = PathOf(kSets, set.digest);
    if (Exists(path)) continue;
    std::string lines;
    for (const PolicyFile& file : set.files) {
      absl::StrAppend(&lines, base::HexEncode(file.digest), "  ", file.path, "\n");
    }
    HEDUI_RETURN_IF_ERROR(Write(path, lines));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PolicyFile>> PolicyArchive::ReadSet(absl::string_view digest) const {
  const std::string path = PathOf(kSets, digest);
  HEDUI_ASSIGN_OR_RETURN(const std::string lines, ReadWhole(path, kSetBytesMax));
  std::vector<PolicyFile> files;
  for (absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits("  ", 1));
    const absl::StatusOr<std::string> file_digest = base::HexDecode(parts.first);
    if (!file_digest.ok() || file_digest->size() != base::kDigestBytes) {
      return Corrupt(path, "a line does not begin with a digest");
    }
    files.push_back({std::string(parts.second), *file_digest});
  }
  if (DigestOfPolicyFiles(files) != digest) return Corrupt(path, "is not the set it is called");
  return files;
}

absl::StatusOr<std::vector<ArchivedPolicySet>> PolicyArchive::ListPolicySets() const {
  std::vector<ArchivedPolicySet> sets;
  std::error_code error;
  for (fs::directory_iterator it(fs::path(directory_) / kSets, error), end; !error && it != end;
       it.increment(error)) {
    // What a writer left half-done is of no name.
    const absl::StatusOr<std::string> digest = base::HexDecode(it->path().filename().string());
    if (!digest.ok() || digest->size() != base::kDigestBytes) continue;
    HEDUI_ASSIGN_OR_RETURN(const std::vector<PolicyFile> files, ReadSet(*digest));
    sets.push_back({*digest, DivisionOfPolicyFiles(files), std::nullopt});
  }
  if (error) return Error(absl::StatusCode::kUnavailable, directory_, error.message());
  std::sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) {
    return a.division != b.division ? a.division < b.division : a.digest < b.digest;
  });
  return sets;
}

absl::StatusOr<std::vector<PolicyText>> PolicyArchive::ReadPolicySet(
    absl::string_view digest) const {
  if (digest.size() != base::kDigestBytes || !Exists(PathOf(kSets, digest))) {
    return base::MakeError(
        absl::StatusCode::kNotFound, "POLICY_SET_UNKNOWN",
        absl::StrCat(directory_, ": holds no policy set ", base::HexEncode(digest)),
        base::Visibility::kOperator);
  }
  HEDUI_ASSIGN_OR_RETURN(const std::vector<PolicyFile> files, ReadSet(digest));
  std::vector<PolicyText> texts;
  for (const PolicyFile& file : files) {
    const std::string path = PathOf(kFiles, file.digest);
    if (!Exists(path)) return Corrupt(path, absl::StrCat("is missing: ", file.path));
    HEDUI_ASSIGN_OR_RETURN(std::string text, ReadWhole(path, base::kYamlBytesMax));
    if (base::Sha256(text) != file.digest) return Corrupt(path, "is not the file it is called");
    texts.push_back({file.path, std::move(text)});
  }
  return texts;
}

}  // namespace hedui::assess
