#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "server/assess/policy_archive.h"
#include "server/assess/policy_pack.h"
#include "server/base/digest.h"
#include "server/base/status.h"

namespace hedui::clients {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string archive;
  std::string digest;
  std::string directory;
  std::vector<std::string> policies;
};

int List(const Options& options) {
  auto archive = assess::PolicyArchive::Open(options.archive);
  if (!archive.ok()) return Unreadable(archive.status());
  auto sets = (*archive)->ListPolicySets();
  if (!sets.ok()) return Unreadable(sets.status());
  for (const assess::ArchivedPolicySet& set : *sets) {
    std::cout << absl::StrCat(base::HexEncode(set.digest), "  ", set.division, "\n");
  }
  return kExitDone;
}

int Add(const Options& options) {
  // First: what does not load is not to be found in an archive.
  auto pack = assess::PolicyPack::Load(options.policies);
  if (!pack.ok()) return Unreadable(pack.status());
  auto archive = assess::PolicyArchive::Create(options.archive);
  if (!archive.ok()) return Unreadable(archive.status());
  const assess::PolicySets sets = assess::SetsOf(**pack);
  const absl::Status kept = (*archive)->KeepPolicySets(sets, absl::InfinitePast());
  if (!kept.ok()) return Unreadable(kept);
  for (const assess::PolicySet& set : sets.sets) {
    std::cout << absl::StrCat(base::HexEncode(set.digest), "  ",
                              assess::DivisionOfPolicyFiles(set.files), "\n");
  }
  return kExitDone;
}

absl::Status ExtractFiles(const std::vector<assess::PolicyText>& files,
                          const std::string& directory) {
  // An archive may come from anywhere: paths are held to what the loader takes, whatever else it
  // finds.
  for (const assess::PolicyText& file : files) {
    for (const assess::PolicyFinding& finding : assess::PolicyPack::CheckFiles({file})) {
      if (finding.code != "UNKNOWN_FOLDER" && finding.code != "NOT_A_POLICY") continue;
      return base::MakeError(absl::StatusCode::kDataLoss, "POLICY_ARCHIVE_CORRUPT",
                             finding.ToString(), base::Visibility::kOperator);
    }
  }
  for (const assess::PolicyText& file : files) {
    const fs::path path = fs::path(directory) / file.path;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary);
    out.write(file.text.data(), static_cast<std::streamsize>(file.text.size()));
    out.close();
    if (out.good()) continue;
    return base::MakeError(absl::StatusCode::kUnavailable, "POLICY_ARCHIVE",
                           absl::StrCat(path.string(), ": cannot be written"),
                           base::Visibility::kOperator);
  }
  return absl::OkStatus();
}

int Extract(const Options& options) {
  std::error_code error;
  if (fs::exists(options.directory, error)) {
    std::cerr
        << "hedui: " << options.directory
        << ": is there already; name a directory that is not, so that no other file is in it\n";
    return kExitUnreadable;
  }
  auto digest = base::HexDecode(options.digest);
  if (!digest.ok()) return Unreadable(digest.status());
  auto archive = assess::PolicyArchive::Open(options.archive);
  if (!archive.ok()) return Unreadable(archive.status());
  auto files = (*archive)->ReadPolicySet(*digest);
  if (!files.ok()) return Unreadable(files.status());
  const absl::Status written = ExtractFiles(*files, options.directory);
  if (!written.ok()) return Unreadable(written);
  std::cout << absl::StrCat(files->size(), " files in ", options.directory, "\n");
  return kExitDone;
}

}  // namespace

void AddArchive(CLI::App& app, Action* action) {
  CLI::App* group = app.get_subcommand("policy")->add_subcommand(
      "archive", "policy sets as they were: what heduid --export-policies writes");
  group->require_subcommand(1);
  auto options = std::make_shared<Options>();

  CLI::App* list = group->add_subcommand("list", "each set's digest and lowest division");
  list->add_option("ARCHIVE", options->archive, "the archive's directory")->required();
  list->callback([=] { *action = [=] { return List(*options); }; });

  CLI::App* add = group->add_subcommand(
      "add", "add the sets of a policy directory, such as one of before there was an archive");
  add->add_option("ARCHIVE", options->archive, "made where there is none")->required();
  add->add_option("--policies", options->policies, "directory of policy files; several add up")
      ->required();
  add->callback([=] { *action = [=] { return Add(*options); }; });

  CLI::App* extract = group->add_subcommand(
      "extract", "write a set as a policy directory, to read or assess by it");
  extract->add_option("ARCHIVE", options->archive, "the archive's directory")->required();
  extract->add_option("DIGEST", options->digest, "64 hexadecimal digits")->required();
  extract->add_option("DIR", options->directory, "made; must not be there yet")->required();
  extract->callback([=] { *action = [=] { return Extract(*options); }; });
}

}  // namespace hedui::clients
