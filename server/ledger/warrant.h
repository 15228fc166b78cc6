// Warrants: how a department sees that a query is authorized and on record, and sees nothing else.
//
// An intent commits to one salted part for each source that the plan may reach, fallbacks included.
// The intent's log entry holds the root of the tree over the parts. A source gets its own part, the
// part's path to that root, and the proof that the log holds the entry: that is the warrant. From
// it the source learns nothing of the other parts but their number, since each is salted.
//
// Values, thread-compatible; functions are pure. No personal data stands in a part: persons are
// salted tags, which a department recomputes from the numbers it was asked about.
#ifndef HEDUI_SERVER_LEDGER_WARRANT_H_
#define HEDUI_SERVER_LEDGER_WARRANT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/base/dates.h"
#include "server/base/household.h"
#include "server/base/identity.h"
#include "server/base/ids.h"
#include "server/ledger/batch_tree.h"
#include "server/ledger/entry.h"
#include "server/ledger/entry_proof.h"
#include "server/ledger/hash.h"
#include "server/ledger/trust.h"

namespace hedui::ledger {

inline constexpr size_t kWarrantBytesMax = 192 << 10;
// 40 people with every category there is stay below it.
inline constexpr size_t kPartBytesMax = 48 << 10;
inline constexpr size_t kPartTextBytesMax = 128;  // source, agency, purpose, category
inline constexpr size_t kPartPeopleMax = 64;
inline constexpr size_t kPartCategoriesMax = 64;   // a person
inline constexpr size_t kPartAuthoritiesMax = 64;  // letters and legal bases
inline constexpr size_t kPartsMax = 256;           // sources of an intent

enum class AuthorityKind : uint8_t {
  kLetter = 1,      // an authorization letter (授权书)
  kLegalBasis = 2,  // a named legal basis of the register
};

struct PartAuthority {
  AuthorityKind kind = AuthorityKind::kLetter;
  Hash digest{};  // keyed by the matter
  friend bool operator==(const PartAuthority&, const PartAuthority&) = default;
};

struct PartPerson {
  Hash tag{};                           // PersonTag under the part's salt
  std::vector<std::string> categories;  // sorted, each once, at least one
  friend bool operator==(const PartPerson&, const PartPerson&) = default;
};

// What one source may be asked under an intent.
struct IntentPart {
  base::Uuid intent;
  Hash salt{};
  std::string source_id;
  std::string agency;  // the requester's code
  std::optional<Hash> officer_digest;
  Hash matter_digest{};
  std::string purpose;
  base::CheckKind check_kind = base::CheckKind::kNew;
  base::Period period;  // what the answers may cover
  std::vector<PartAuthority> authorities;
  std::vector<PartPerson> people;
  absl::Time valid_until;  // whole milliseconds
  friend bool operator==(const IntentPart&, const IntentPart&) = default;
};

// The salt of part `index`, from the intent's random seed of 32 bytes (kept sealed with the
// intent).
Hash PartSalt(absl::string_view seed, uint16_t index);

// How a part names a person: HMAC-SHA256 under the part's salt of kind and number - or, for a
// person without a number, of kind and normalised name.
Hash PersonTag(const Hash& salt, base::IdentityKind kind, absl::string_view number);
Hash PersonTag(const Hash& salt, const base::Identity& identity);

// INVALID_ARGUMENT with reason INTENT_PART when a value passes a limit or a list is unsorted or
// empty.
absl::StatusOr<std::string> EncodePart(const IntentPart& part);
// Strict. INVALID_ARGUMENT with reason INTENT_PART.
absl::StatusOr<IntentPart> DecodePart(absl::string_view bytes);

// The encoded parts of an intent and their tree. Immutable, thread-safe.
class IntentParts {
 public:
  // 1 to kPartsMax parts of one intent, each source at most once. INVALID_ARGUMENT with reason
  // INTENT_PART.
  static absl::StatusOr<IntentParts> Build(absl::Span<const IntentPart> parts);
  // From bytes that Build made, for an intent read back from the store.
  static absl::StatusOr<IntentParts> FromEncoded(std::vector<std::string> parts);

  size_t size() const { return encoded_.size(); }
  const std::vector<std::string>& encoded() const { return encoded_; }
  const Hash& root() const { return root_; }
  // The part of this source, if the intent has one.
  std::optional<size_t> Find(absl::string_view source_id) const;
  std::vector<Hash> PathOf(size_t index) const;

 private:
  absl::Status Add(const IntentPart& part, std::string encoded);

  base::Uuid intent_;
  std::vector<std::string> encoded_;
  std::vector<std::string> sources_;
  std::vector<Hash> leaf_hashes_;
  Hash root_{};
  friend class WarrantWriter;
};

struct Warrant {
  std::string part;  // encoded
  uint16_t part_index = 0;
  std::vector<Hash> part_path;  // to the root of the parts
  EntryProof proof;             // of the intent's entry, which also holds the number of parts
};

// `intent` proves the entry that holds parts.root(); see Log for where it comes from.
Warrant MakeWarrant(const IntentParts& parts, size_t index, EntryProof intent);

// The bytes that travel with the query.
std::string EncodeWarrant(const Warrant& warrant);

// The same bytes for one source after another: tree and proof, which an intent's warrants share,
// are worked out once. Immutable, thread-safe; `parts` outlives it.
class WarrantWriter {
 public:
  WarrantWriter(const IntentParts* parts, const EntryProof& intent);
  std::string For(size_t index) const;

 private:
  const IntentParts* const parts_;
  const BatchTree tree_;
  const std::string proof_;
};
// Strict. INVALID_ARGUMENT with reason WARRANT_FORMAT.
absl::StatusOr<Warrant> DecodeWarrant(absl::string_view bytes);

struct VerifiedWarrant {
  IntentPart part;
  uint64_t entry_index = 0;
  Checkpoint checkpoint;  // compare its origin with the log expected
};

// What a department does with a query's warrant: part, path, entry, inclusion, both signatures;
// validity of the part and of the certificates at `now`. PERMISSION_DENIED with reason
// WARRANT_EXPIRED or WARRANT_PART, or the reasons of the pieces. What the query asks is then
// compared with `part` by WarrantCovers.
absl::StatusOr<VerifiedWarrant> VerifyWarrant(absl::string_view bytes, const LogTrust& trust,
                                              absl::Time now);

// One person of a query, as the department reads it.
struct AskedPerson {
  base::Identity identity;
  std::vector<std::string> categories;
};

// OK when the part is for this source and covers every person, category and the period asked.
// PERMISSION_DENIED with reason WARRANT_SOURCE, WARRANT_PERSON, WARRANT_CATEGORY or WARRANT_PERIOD.
absl::Status WarrantCovers(const IntentPart& part, absl::string_view source_id,
                           absl::Span<const AskedPerson> people, const base::Period& period);

}  // namespace hedui::ledger

#endif  // HEDUI_SERVER_LEDGER_WARRANT_H_
