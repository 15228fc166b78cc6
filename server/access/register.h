// The register: the platform itself, the agencies that may ask it, and the purposes authority can
// be given for. Read from register.yaml (proto/hedui/config/v1/register.proto explains every key);
// immutable afterwards and so thread-safe. A flow pins the register it began with.
#ifndef HEDUI_SERVER_ACCESS_REGISTER_H_
#define HEDUI_SERVER_ACCESS_REGISTER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/household.h"
#include "server/ledger/public_key.h"

namespace hedui::access {

// Every county's bureau of every programme in a province is some thousands.
inline constexpr int kAgenciesMax = 10'000;
inline constexpr int kPurposesMax = 1'000;
inline constexpr int kOfficersPerAgencyMax = 10'000;
inline constexpr int kInFlightDefault = 1'000;
// A region has one or two in front; more would be a mistake.
inline constexpr int kGatewaysMax = 64;
// The key in force and its successor, and as many in reserve.
inline constexpr int kHeaderKeysMax = 4;
// Beyond what any platform serves; the bounds keep sums of thousand-millionths of calls and blocks
// of a day's count within their integers.
inline constexpr int kRequestsPerSecondMax = 100'000;
inline constexpr int kRequestsPerDayMax = 100'000'000;

struct Platform {
  base::Level level = base::Level::kRegion;
  std::string division;
  std::string name;  // of the issuing centre, as printed
};

// Law that allows some categories of a purpose without a letter.
struct LegalBasis {
  std::string name;                     // as cited
  std::vector<std::string> categories;  // sorted
  base::Period in_force;
};

struct Purpose {
  std::string code;
  std::string label;                    // Chinese, as printed
  std::vector<std::string> categories;  // sorted: what it needs, and all it may ask
  std::vector<base::CheckKind> check_kinds;
  std::optional<LegalBasis> legal_basis;

  bool Allows(base::CheckKind kind) const;
};

// Over PolicyService; the numbers of the register's.
enum class PolicyUse : uint8_t {
  kRead = 1,  // lists and shows what is in force
  kTry,       // has files and cases of its own looked at
};

// Over SourceAdminService; the numbers of the register's.
enum class SourceUse : uint8_t {
  kRead = 1,  // lists sources and how they answer
  kHold,      // holds and releases them
  kRecall,    // learns which reports used one, and has them verified anew
};

struct Agency {
  std::string code;
  std::string name;  // Chinese, as printed
  base::Level level = base::Level::kCounty;
  std::string division;               // its area
  std::vector<std::string> purposes;  // sorted codes
  std::vector<std::string> officers;  // sorted; empty: any
  int in_flight_max = kInFlightDefault;
  int requests_per_second = 0;  // 0: no limit
  int requests_per_day = 0;     // 0: no limit
  std::vector<PolicyUse> policy_uses;
  std::vector<SourceUse> source_uses;

  bool MayAskFor(absl::string_view purpose) const;
  bool HasOfficer(absl::string_view officer) const;
  bool MayUsePolicies(PolicyUse use) const;
  bool MayUseSources(SourceUse use) const;
};

// A system in front that names the agency in a signed header (gateway_header.h).
struct Gateway {
  std::string code;
  std::vector<ledger::PublicKey> header_keys;
  std::vector<std::string> agencies;  // sorted codes: whom it may speak for

  bool MaySpeakFor(absl::string_view agency) const;
};

class Register {
 public:
  Register() = default;
  // For tests and ParseRegister: taken as they are; codes must be unique. `certificates` maps
  // SHA-256 digests (32 bytes) to agency codes, `gateway_certificates` to gateway codes.
  Register(Platform platform, std::vector<Purpose> purposes, std::vector<Agency> agencies,
           absl::flat_hash_map<std::string, std::string> certificates,
           std::vector<Gateway> gateways = {},
           absl::flat_hash_map<std::string, std::string> gateway_certificates = {});

  const Platform& platform() const { return platform_; }
  const std::vector<Agency>& agencies() const { return agencies_; }
  const std::vector<Purpose>& purposes() const { return purposes_; }
  const std::vector<Gateway>& gateways() const { return gateways_; }
  // nullptr when there is none. Pointers live as long as the register.
  const Agency* FindAgency(absl::string_view code) const;
  const Agency* FindAgencyByCertificate(absl::string_view sha256) const;
  const Purpose* FindPurpose(absl::string_view code) const;
  const Gateway* FindGateway(absl::string_view code) const;
  const Gateway* FindGatewayByCertificate(absl::string_view sha256) const;

 private:
  Platform platform_;
  std::vector<Purpose> purposes_;
  std::vector<Agency> agencies_;
  absl::flat_hash_map<std::string, size_t> purpose_by_code_;
  absl::flat_hash_map<std::string, size_t> agency_by_code_;
  absl::flat_hash_map<std::string, std::string> certificates_;
  std::vector<Gateway> gateways_;
  absl::flat_hash_map<std::string, std::string> gateway_certificates_;
};

// INVALID_ARGUMENT (reason CONFIGURATION) listing every defect with file and line; NOT_FOUND
// without the file.
absl::StatusOr<Register> LoadRegister(const std::string& path);
absl::StatusOr<Register> ParseRegister(absl::string_view file, absl::string_view text);

}  // namespace hedui::access

#endif  // HEDUI_SERVER_ACCESS_REGISTER_H_
