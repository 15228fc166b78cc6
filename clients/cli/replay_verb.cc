#include <iostream>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "server/assess/assessor.h"
#include "server/assess/policy_archive.h"
#include "server/assess/policy_pack.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/match/matcher.h"
#include "server/report/case_bundle.h"
#include "server/report/replay.h"

namespace hedui::clients {
namespace {

// A case bundle holds more than its envelope: every answer as it came.
constexpr size_t kCaseBytesMax = 64 << 20;

struct Options {
  std::string file;
  std::string policies;
  std::string archive;
};

absl::StatusOr<assess::PolicyPack::Ptr> LoadFromArchive(const std::string& directory,
                                                        const report::CaseBundle& bundle) {
  if (bundle.policy_digest.empty()) {
    return base::MakeError(
        absl::StatusCode::kFailedPrecondition, "CASE_WITHOUT_SET",
        "the case names no policy set: it was not assessed, and stored before "
        "sets were kept; give the policies that were in force then as --policies",
        base::Visibility::kOperator);
  }
  HEDUI_ASSIGN_OR_RETURN(const auto archive, assess::PolicyArchive::Open(directory));
  auto pack = assess::LoadPolicySet(*archive, bundle.policy_digest);
  if (base::ReasonOf(pack.status()) == "POLICY_SET_UNKNOWN") {
    return base::MakeError(
        pack.status().code(), "POLICY_SET_UNKNOWN",
        absl::StrCat(pack.status().message(),
                     ", under which the case was issued; export the archive of the platform that "
                     "issued it (heduid --export-policies), or add the files that were in force "
                     "then (hedui policy archive add)"),
        base::Visibility::kOperator);
  }
  if (!pack.ok()) {
    return base::WithContext(pack.status(), absl::StrCat(directory, ": policy set ",
                                                         base::HexEncode(bundle.policy_digest)));
  }
  return pack;
}

int Show(const report::ReplayResult& result) {
  for (const std::string& remark : result.remarks) std::cout << "remark: " << remark << "\n";
  if (result.same) {
    std::cout << absl::StrCat("same: ", result.lines_issued, " lines, byte for byte\n");
    return kExitDone;
  }
  for (const std::string& text : result.differences) std::cout << "different: " << text << "\n";
  std::cout << absl::StrCat("in all ", result.differences.size(), " differences; issued with ",
                            result.lines_issued, " lines, now ", result.lines_now, "\n");
  return kExitNotValid;
}

int Replay(const Options& options) {
  if (options.policies.empty() == options.archive.empty()) {
    std::cerr << "hedui: replay takes either --archive DIR or --policies DIR\n";
    return kExitUnreadable;
  }
  auto bytes = base::ReadFile(options.file, kCaseBytesMax);
  if (!bytes.ok()) return Unreadable(bytes.status());
  auto bundle = report::DecodeCaseBundle(*bytes);
  if (!bundle.ok()) return Unreadable(bundle.status());
  auto pack = options.archive.empty() ? assess::PolicyPack::Load(options.policies)
                                      : LoadFromArchive(options.archive, *bundle);
  if (!pack.ok()) return Unreadable(pack.status());
  report::ReplayEngines engines;
  engines.match = [&pack](const match::MatchInput& input) {
    return match::Match(input, (*pack)->discrepancy_rules());
  };
  engines.assess = [&pack](const assess::Case& c) { return assess::Assess(**pack, c); };
  auto result = report::Replay(*bundle, engines);
  if (result.ok()) return Show(*result);
  return base::ReasonOf(result.status()) == "CASE_WITHOUT_LINES" ? Unreadable(result.status())
                                                                 : Refused(result.status());
}

}  // namespace

void AddReplay(CLI::App* report, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* replay = report->add_subcommand(
      "replay",
      "compute a stored case again; exit 0 byte-equal, 1 with every line that differs, 2 where it "
      "cannot be computed: its policy set is not there, or does not load any more");
  replay->add_option("CASE", options->file, "the case bundle")->required();
  replay->add_option("--archive", options->archive,
                     "archive of policy sets: the one that the case names is taken");
  replay->add_option("--policies", options->policies,
                     "directory of policy files, whatever set the case names");
  replay->callback([=] { *action = [=] { return Replay(*options); }; });
}

}  // namespace hedui::clients
