// Where policy sets are kept for as long as what was issued under them: every file's bytes by their
// digest, every set by its own. The store implements it for the platform, a plain directory for
// replays without one (policy_archive.h).
//
// Values are thread-compatible; a repository is thread-safe and blocks on the disk, so never call
// it on an event loop.
#ifndef HEDUI_SERVER_ASSESS_POLICY_REPOSITORY_H_
#define HEDUI_SERVER_ASSESS_POLICY_REPOSITORY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/assess/assessment.h"
#include "server/base/digest.h"
#include "server/base/division.h"

namespace hedui::assess {

// A policy file by itself, wherever it comes from.
struct PolicyText {
  std::string path;  // below the policy directory: "national/NAME.yaml", "640000/NAME.yaml"
  std::string text;
  friend bool operator==(const PolicyText&, const PolicyText&) = default;
};

// The files by which a division's cases are assessed: its own and those of every level above.
struct PolicySet {
  std::string digest;             // of `files` (DigestOfPolicyFiles): a report's policy_digest
  std::vector<PolicyFile> files;  // sorted by path
  friend bool operator==(const PolicySet&, const PolicySet&) = default;
};

// Sets and the bytes of every file of theirs, each once.
struct PolicySets {
  std::vector<PolicySet> sets;
  std::vector<PolicyText> texts;
};

struct ArchivedPolicySet {
  std::string digest;
  // The lowest division whose own files are in the set, "000000" the nation.
  std::string division;
  // When it was first about to come into force; absent where nobody noted it.
  std::optional<absl::Time> since;
};

// 32 bytes. `files` sorted by path.
inline std::string DigestOfPolicyFiles(const std::vector<PolicyFile>& files) {
  base::Hasher hasher;
  for (const PolicyFile& file : files) {
    hasher.Update(file.path).Update(absl::string_view("\0", 1)).Update(file.digest);
  }
  return hasher.Finish();
}

// As ArchivedPolicySet::division.
inline std::string DivisionOfPolicyFiles(const std::vector<PolicyFile>& files) {
  std::string lowest = "000000";
  for (const PolicyFile& file : files) {
    const std::string folder = file.path.substr(0, file.path.find('/'));
    if (base::DivisionLevel(folder).has_value() && base::DivisionContains(lowest, folder)) {
      lowest = folder;
    }
  }
  return lowest;
}

class PolicyRepository {
 public:
  virtual ~PolicyRepository() = default;

  // OK: every one of the sets is kept, now or since earlier. Any other: none that was not kept is
  // promised to be; it may be asked again. Sets already kept are not written again.
  virtual absl::Status KeepPolicySets(const PolicySets& sets, absl::Time at) = 0;
  // Every set, the first kept first where that is known.
  virtual absl::StatusOr<std::vector<ArchivedPolicySet>> ListPolicySets() const = 0;
  // The set's files, sorted by path, checked against their digests and the set's. NOT_FOUND
  // (POLICY_SET_UNKNOWN); DATA_LOSS when they are not what was kept.
  virtual absl::StatusOr<std::vector<PolicyText>> ReadPolicySet(absl::string_view digest) const = 0;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_REPOSITORY_H_
