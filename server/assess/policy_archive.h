// The policy sets of a pack, to be kept before it comes into force; sets loaded again from where
// they are kept; and the archive as a plain directory, for replays far from any platform:
//
//   ARCHIVE/files/<SHA-256>  a policy file's bytes
//   ARCHIVE/sets/<digest>    a set: a line "<SHA-256>  <path>" for each of its files, by path
//
// Digests are written in 64 hexadecimal digits. Nothing in it is ever changed, and everything in it
// is checked against its name when it is read.
#ifndef HEDUI_SERVER_ASSESS_POLICY_ARCHIVE_H_
#define HEDUI_SERVER_ASSESS_POLICY_ARCHIVE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/assess/policy_pack.h"
#include "server/assess/policy_repository.h"

namespace hedui::assess {

// A set for each division that has files of its own, each digest once.
PolicySets SetsOf(const PolicyPack& pack);

// The set compiled by this engine. Errors of ReadPolicySet; INVALID_ARGUMENT (POLICY) when the
// engine of today finds defects in it.
absl::StatusOr<PolicyPack::Ptr> LoadPolicySet(const PolicyRepository& archive,
                                              absl::string_view digest);

// What `from` has and `to` has not. How many sets were copied.
absl::StatusOr<size_t> CopyPolicySets(const PolicyRepository& from, PolicyRepository* to);

// Thread-compatible. Copies of what others keep: written whole or not at all, but not flushed.
// Errors: POLICY_ARCHIVE (NOT_FOUND: no such directory; FAILED_PRECONDITION: something else lies
// there; UNAVAILABLE: it cannot be read or written), POLICY_ARCHIVE_CORRUPT (DATA_LOSS).
class PolicyArchive final : public PolicyRepository {
 public:
  static absl::StatusOr<std::unique_ptr<PolicyArchive>> Open(const std::string& directory);
  // The same, of a directory that is made where there is none.
  static absl::StatusOr<std::unique_ptr<PolicyArchive>> Create(const std::string& directory);

  absl::Status KeepPolicySets(const PolicySets& sets, absl::Time at) override;
  // Sorted by division, then digest; when they were kept is not noted.
  absl::StatusOr<std::vector<ArchivedPolicySet>> ListPolicySets() const override;
  absl::StatusOr<std::vector<PolicyText>> ReadPolicySet(absl::string_view digest) const override;

 private:
  explicit PolicyArchive(std::string directory) : directory_(std::move(directory)) {}
  std::string PathOf(absl::string_view folder, absl::string_view digest) const;
  absl::StatusOr<std::vector<PolicyFile>> ReadSet(absl::string_view digest) const;

  const std::string directory_;
};

}  // namespace hedui::assess

#endif  // HEDUI_SERVER_ASSESS_POLICY_ARCHIVE_H_
