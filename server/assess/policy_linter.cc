#include "server/assess/policy_linter.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/assess/compiled_pack.h"
#include "server/assess/lint_adults.h"
#include "server/assess/lint_conditions.h"
#include "server/assess/lint_graph.h"
#include "server/assess/lint_model.h"
#include "server/assess/lint_pairs.h"
#include "server/assess/lint_roles.h"
#include "server/assess/lint_sweep.h"

namespace hedui::assess {
namespace {

void Sort(std::vector<LintFinding>* findings) {
  std::stable_sort(findings->begin(), findings->end(),
                   [](const LintFinding& a, const LintFinding& b) {
                     return a.file != b.file ? a.file < b.file : a.line < b.line;
                   });
}

LintFinding Known(const PolicyFinding& finding) {
  return {finding.file, finding.line,
          finding.warning ? LintSeverity::kWarning : LintSeverity::kError, finding.code,
          finding.text};
}

// Takes out what the files accept, and names what accepts nothing.
// Where not all has been looked at, it may silence what was not found.
void Accept(const LintModel& model, bool cut_short, std::vector<LintFinding>* findings) {
  std::vector<LintFinding> unused;
  for (size_t f = 0; f < model.sources().size(); ++f) {
    const std::string& path = model.pack().paths[f];
    for (const SourceAccept& accept : model.sources()[f].accepts) {
      const auto silenced = [&](const LintFinding& finding) {
        return finding.severity != LintSeverity::kError && finding.file == path &&
               finding.code == accept.code.text && accept.first_line <= finding.line &&
               finding.line <= accept.last_line;
      };
      if (!cut_short && std::none_of(findings->begin(), findings->end(), silenced)) {
        unused.push_back({path, accept.code.line, LintSeverity::kWarning, "ACCEPT_UNUSED",
                          absl::StrCat("there is no ", accept.code.text, " here to accept")});
      }
      findings->erase(std::remove_if(findings->begin(), findings->end(), silenced),
                      findings->end());
    }
  }
  findings->insert(findings->end(), unused.begin(), unused.end());
}

// Looks at chains, one kind of finding after another, until the steps are used up.
class ChainLooker {
 public:
  ChainLooker(const LintModel& model, std::function<bool(const std::string&)> is_meant,
              LintReport* report)
      : model_(model), is_meant_(std::move(is_meant)), report_(*report), sweep_(model, report) {}

  void Look(const std::vector<const LintChain*>& chains) {
    const auto look = [&](absl::string_view what, auto look_at) {
      std::vector<std::string> left;
      for (const LintChain* chain : chains) {
        if (!report_.spent()) look_at(*chain);
        if (report_.spent()) left.push_back(chain->division().code);
      }
      if (left.empty()) return;
      left_.push_back(absl::StrCat(what, " of ", left[0]));
      if (left.size() > 1) absl::StrAppend(&left_.back(), " and ", left.size() - 1, " more");
    };
    look("gaps", [this](const LintChain& chain) { LintGaps(chain, &report_); });
    look("conditions", [this](const LintChain& chain) { LintConditions(chain, &report_); });
    look("contradictions", [this](const LintChain& chain) { LintContradictions(chain, &report_); });
    look("what counts twice", [this](const LintChain& chain) { LintRoles(chain, &report_); });
    look("what households with more income get", [this](const LintChain& chain) {
      HasMeantProgramme(chain) ? sweep_.Look(chain) : sweep_.LookAtTiers(chain);
    });
    sweep_.Report();
    look("whom an adult in the household keeps from help", [this](const LintChain& chain) {
      if (HasMeantProgramme(chain)) LintAdults(chain, &report_);
    });
  }
  // What was not looked at, or not to the end.
  const std::vector<std::string>& left() const { return left_; }

 private:
  // What a programme gives is said at its row. A county's standard alone would be tried in vain.
  bool HasMeantProgramme(const LintChain& chain) const {
    const CompiledPack& pack = model_.pack();
    const std::vector<int32_t>& programmes = chain.division().programmes;
    return std::any_of(programmes.begin(), programmes.end(), [&](int32_t programme) {
      const auto rows = pack.RowsOf(chain.division(), programme);
      return std::any_of(rows.begin(), rows.end(), [&](const ProgrammeRow* row) {
        return is_meant_(pack.paths[static_cast<size_t>(model_.PlaceOf(row->info).file)]);
      });
    });
  }

  const LintModel& model_;
  const std::function<bool(const std::string&)> is_meant_;
  LintReport& report_;
  LintSweep sweep_;
  std::vector<std::string> left_;
};

// Findings only of files that `is_meant`; of chains without any such file there are none.
template <typename IsMeant>
std::vector<LintFinding> LintPack(const PolicyPack& pack, size_t steps_max, IsMeant is_meant) {
  const CompiledPack& compiled = pack.compiled();
  const LintModel model(compiled);
  LintReport report(model, steps_max);
  std::vector<LintChain> chains;
  for (size_t d = 0; d < compiled.divisions.size(); ++d)
    chains.emplace_back(model, static_cast<int>(d));
  LintUnused(model, chains, &report);
  LintUnusedCodes(model, &report);
  LintUnreadKinds(model, &report);
  LintNeeds(model, &report);
  std::vector<const LintChain*> meant;
  for (const LintChain& chain : chains) {
    const std::vector<int32_t>& files = chain.division().files;
    if (!chain.division().programmes.empty() &&
        std::any_of(files.begin(), files.end(), [&](int32_t file) {
          return is_meant(compiled.paths[static_cast<size_t>(file)]);
        })) {
      meant.push_back(&chain);
    }
  }
  ChainLooker looker(model, is_meant, &report);
  looker.Look(meant);
  std::vector<LintFinding> findings = report.Take();
  for (const PolicyFinding& warning : pack.warnings()) findings.push_back(Known(warning));
  Accept(model, report.spent(), &findings);
  if (report.spent()) {
    findings.push_back(
        {*std::find_if(compiled.paths.begin(), compiled.paths.end(), is_meant), 1,
         LintSeverity::kNote, "LINT_BUDGET",
         absl::StrCat("looking at these files takes more than ", steps_max,
                      " steps, which is the most here; not looked at, or not to the end: ",
                      absl::StrJoin(looker.left(), ", "))});
  }
  return findings;
}

// Each row begins and ends a stretch of days, and each name is looked at on each stretch.
size_t WorkOf(const PolicyPack& pack) {
  size_t work = 0;
  for (const Division& division : pack.compiled().divisions)
    work += division.row_lists.size() * division.order.size();
  return work;
}

// Only what loading found.
std::vector<LintFinding> LeftAlone(const PolicyPack& pack, const std::string& file) {
  std::vector<LintFinding> findings;
  for (const PolicyFinding& warning : pack.warnings()) findings.push_back(Known(warning));
  findings.push_back({file, 1, LintSeverity::kNote, "LINT_LIMIT",
                      "the files load, but with those they belong to they are too many to look at "
                      "any further here; run hedui policy lint on all of them"});
  Sort(&findings);
  return findings;
}

// Of a pack, or of what keeps it from loading. An error anywhere keeps all files from loading.
template <typename IsMeant>
std::vector<LintFinding> LintLoaded(const absl::StatusOr<PolicyPack::Ptr>& pack,
                                    const std::vector<PolicyFinding>& defects, size_t steps_max,
                                    IsMeant is_meant) {
  std::vector<LintFinding> findings;
  if (pack.ok()) {
    findings = LintPack(**pack, steps_max, is_meant);
  } else {
    for (const PolicyFinding& defect : defects) findings.push_back(Known(defect));
  }
  findings.erase(std::remove_if(findings.begin(), findings.end(),
                                [&](const LintFinding& finding) {
                                  return finding.severity != LintSeverity::kError &&
                                         !is_meant(finding.file);
                                }),
                 findings.end());
  Sort(&findings);
  return findings;
}

}  // namespace

absl::string_view LintSeverityName(LintSeverity severity) {
  switch (severity) {
    case LintSeverity::kNote:
      return "note";
    case LintSeverity::kWarning:
      return "warning";
    case LintSeverity::kError:
      return "error";
  }
  return "unknown";
}

std::string LintFinding::ToString() const {
  return absl::StrCat(file, ":", line, ": ", LintSeverityName(severity), ": ", code, ": ", text);
}

std::vector<LintFinding> PolicyLinter::Lint(const std::vector<std::string>& directories,
                                            const std::vector<std::string>& over) {
  std::vector<std::string> all = directories;
  all.insert(all.end(), over.begin(), over.end());
  const absl::StatusOr<PolicyPack::Ptr> pack = PolicyPack::Load(all);
  return LintLoaded(
      pack, pack.ok() ? std::vector<PolicyFinding>() : PolicyPack::Check(all), SIZE_MAX,
      [&over](const std::string& file) {
        return over.empty() ||
               std::any_of(over.begin(), over.end(), [&file](absl::string_view directory) {
                 absl::string_view rest = file;
                 return absl::ConsumePrefix(&rest, directory) &&
                        (rest.empty() || rest[0] == '/' || absl::EndsWith(directory, "/"));
               });
      });
}

std::vector<LintFinding> PolicyLinter::LintFiles(const std::vector<PolicyText>& files,
                                                 const std::vector<std::string>& over,
                                                 const LintBounds& bounds) {
  std::vector<PolicyFinding> defects;
  const absl::StatusOr<PolicyPack::Ptr> pack =
      PolicyPack::LoadFiles(files, bounds.constants_work_max, &defects);
  if (pack.ok() && WorkOf(**pack) > bounds.work_max) {
    return LeftAlone(**pack, over.empty() ? (*pack)->files()[0].path : over[0]);
  }
  return LintLoaded(pack, defects, bounds.steps_max, [&over](const std::string& file) {
    return over.empty() || std::find(over.begin(), over.end(), file) != over.end();
  });
}

}  // namespace hedui::assess
