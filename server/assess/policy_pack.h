// The policy files of all divisions (docs/policy-format.md), checked and compiled once. Immutable
// after loading and shared by pointer: a flow pins one pack; thread-safe.
#ifndef HEDUI_SERVER_ASSESS_POLICY_PACK_H_
#define HEDUI_SERVER_ASSESS_POLICY_PACK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "server/assess/assessment.h"
#include "server/assess/policy_repository.h"
#include "server/base/discrepancy.h"

namespace hedui::assess {

struct CompiledPack;  // compiled_pack.h; for the engine only

// A defect of a policy file, or a warning that does not stop it from loading.
struct PolicyFinding {
  std::string file;  // as found
  int line = 0;
  std::string code;  // stable UPPER_SNAKE
  std::string text;
  bool warning = false;
  std::string ToString() const;  // "file:line: CODE: text"
};

// Constraints and bounds of bands are computed for every chain, day and key: so many rows and
// operations at most (CONSTRAINT_LIMIT), so that a mistake in a file ends the reading and not the
// night. A hundredth of it took 0.3 s in policy_flow_test.cc.
inline constexpr size_t kConstantsWorkMax = 2'000'000'000;

class PolicyPack {
 public:
  using Ptr = std::shared_ptr<const PolicyPack>;

  // Reads every *.yaml in DIRECTORY/national and DIRECTORY/<six digits>; several directories add up
  // (tests lay counties over the shipped ones). Anything else in them, and a directory without any
  // such file, is a defect. INVALID_ARGUMENT (POLICY) whose message lists every
  // defect on a line of its own; NOT_FOUND when a directory is missing.
  static absl::StatusOr<Ptr> Load(const std::string& directory);
  static absl::StatusOr<Ptr> Load(const std::vector<std::string>& directories);
  // The same of files that are no directory's: an archive's, or a caller's. Those of a pack, with
  // texts() in the order of files(), give a pack of the same digest. Paths are as in a directory;
  // findings name them so (UNKNOWN_FOLDER, NOT_A_POLICY). Never NOT_FOUND. `defects`, which may be
  // null, is given what keeps them from loading one by one.
  static absl::StatusOr<Ptr> LoadFiles(const std::vector<PolicyText>& files,
                                       size_t constants_work_max = kConstantsWorkMax,
                                       std::vector<PolicyFinding>* defects = nullptr);
  // Every finding instead of an error: for the linter and for tests. Empty means it loads without
  // warnings.
  static std::vector<PolicyFinding> Check(const std::vector<std::string>& directories);
  static std::vector<PolicyFinding> CheckFiles(const std::vector<PolicyText>& files);

  // A programme has a set where the division's chain of policy files defines it with a row in force
  // on `day`.
  bool HasProgramme(absl::string_view division, absl::string_view programme,
                    absl::CivilDay day) const;
  // The programmes with a set, in the policy's order.
  std::vector<std::string> Programmes(absl::string_view division, absl::CivilDay day) const;
  // What `parameter` is on `day` for `division`: the row in force of the lowest level. Absent
  // without such a row, and for parameters that are chosen by keys or are no whole number.
  struct WholeNumber {
    int64_t value = 0;
    Citation citation;
  };
  std::optional<WholeNumber> WholeNumberOn(absl::string_view division, absl::string_view parameter,
                                           absl::CivilDay day) const;
  // The vocabulary: fact kinds ("wage") and categories ("employment") that policies know.
  std::vector<std::string> FactKinds() const;
  std::vector<std::string> Categories() const;
  // Chinese names; the code itself when unknown.
  std::string LabelOf(absl::string_view kind_or_category) const;
  // Of a field of a kind of fact, and of a code that it may be in the division.
  std::string LabelOfField(absl::string_view kind, absl::string_view field) const;
  std::string LabelOfFieldCode(absl::string_view division, absl::string_view kind,
                               absl::string_view field, absl::string_view code) const;
  // Of a code that the named quantity or parameter of the division may be.
  std::string LabelOfCode(absl::string_view division, absl::string_view name,
                          absl::string_view code) const;
  // Digest of the set by which the division's cases are assessed; empty without any.
  std::string SetDigest(absl::string_view division) const;
  // By which match tells that registers and declaration do not agree. No computation uses them.
  const base::DiscrepancyRules& discrepancy_rules() const;

  // Every file, the nation's first; and the digest over all of them.
  const std::vector<PolicyFile>& files() const;
  // What stood in them when they were read, in the same order.
  const std::vector<std::string>& texts() const;
  const std::string& digest() const;
  const std::vector<PolicyFinding>& warnings() const;

  const CompiledPack& compiled() const { return *compiled_; }
  explicit PolicyPack(std::unique_ptr<const CompiledPack> compiled);
  ~PolicyPack();

 private:
  std::unique_ptr<const CompiledPack> compiled_;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_PACK_H_
