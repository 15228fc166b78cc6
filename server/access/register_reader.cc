// Reading register.yaml: the message, then every rule that a message's shape cannot express.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/config/v1/register.pb.h"
#include "server/access/register.h"
#include "server/base/config_defects.h"
#include "server/base/digest.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/base/yaml_message.h"

namespace hedui::access {
namespace {

namespace pb = config::v1;

class RegisterReader {
 public:
  RegisterReader(absl::string_view file, absl::string_view text) : defects_(file, text) {}

  absl::StatusOr<Register> Read(const pb::Register& message);

 private:
  using Texts = google::protobuf::RepeatedPtrField<std::string>;

  void ReadPlatform(const pb::Register& message);
  Purpose ReadPurpose(const pb::Purpose& message, const std::string& path);
  std::optional<LegalBasis> ReadLegalBasis(const pb::Purpose& message, const Purpose& purpose,
                                           const std::string& path);
  Agency ReadAgency(const pb::Agency& message, const std::string& path);
  void ReadArea(const pb::Agency& message, const std::string& path, Agency* agency);
  void ReadCertificates(const Texts& digests, const std::string& code, const std::string& path,
                        absl::flat_hash_map<std::string, std::string>* into);
  Gateway ReadGateway(const pb::Gateway& message, const std::string& path);
  void ReadHeaderKeys(const pb::Gateway& message, const std::string& path, Gateway* gateway);
  void ReadOfficers(const pb::Agency& message, const std::string& path, Agency* agency);
  void ReadPolicyUses(const pb::Agency& message, const std::string& path, Agency* agency);
  void ReadSourceUses(const pb::Agency& message, const std::string& path, Agency* agency);
  void ReadNumbers(const pb::Agency& message, const std::string& path, Agency* agency);
  // Sorted; duplicates and malformed codes are defects.
  std::vector<std::string> ReadCodes(const Texts& codes, const std::string& path,
                                     absl::string_view what);
  std::optional<absl::CivilDay> ReadDay(const std::string& text, const std::string& path);
  void CheckUnique(const std::string& code, const std::string& path,
                   std::map<std::string, std::string>* seen);

  base::ConfigDefects defects_;
  Platform platform_;
  std::map<std::string, std::string> purposes_seen_;  // code → path
  std::map<std::string, std::string> agencies_seen_;
  std::map<std::string, std::string> gateways_seen_;
  absl::flat_hash_map<std::string, std::string> certificates_;
  absl::flat_hash_map<std::string, std::string> gateway_certificates_;
};

absl::StatusOr<Register> RegisterReader::Read(const pb::Register& message) {
  ReadPlatform(message);
  if (message.purposes().empty()) {
    defects_.Add("", "CONFIG_MISSING", "purposes: list at least one");
  }
  if (message.agencies().empty()) {
    defects_.Add("", "CONFIG_MISSING", "agencies: list at least one");
  }
  if (message.purposes_size() > kPurposesMax) {
    defects_.Add("purposes", "CONFIG_RANGE", absl::StrCat("at most ", kPurposesMax));
  }
  if (message.agencies_size() > kAgenciesMax) {
    defects_.Add("agencies", "CONFIG_RANGE", absl::StrCat("at most ", kAgenciesMax));
  }
  std::vector<Purpose> purposes;
  for (int i = 0; i < message.purposes_size(); ++i) {
    const std::string path = absl::StrCat("purposes[", i, "]");
    purposes.push_back(ReadPurpose(message.purposes(i), path));
    CheckUnique(purposes.back().code, path, &purposes_seen_);
  }
  std::vector<Agency> agencies;
  for (int i = 0; i < message.agencies_size(); ++i) {
    const std::string path = absl::StrCat("agencies[", i, "]");
    agencies.push_back(ReadAgency(message.agencies(i), path));
    CheckUnique(agencies.back().code, path, &agencies_seen_);
  }
  if (message.gateways_size() > kGatewaysMax) {
    defects_.Add("gateways", "CONFIG_RANGE", absl::StrCat("at most ", kGatewaysMax));
  }
  std::vector<Gateway> gateways;
  for (int i = 0; i < message.gateways_size(); ++i) {
    const std::string path = absl::StrCat("gateways[", i, "]");
    gateways.push_back(ReadGateway(message.gateways(i), path));
    CheckUnique(gateways.back().code, path, &gateways_seen_);
  }
  HEDUI_RETURN_IF_ERROR(defects_.ToStatus());
  return Register(std::move(platform_), std::move(purposes), std::move(agencies),
                  std::move(certificates_), std::move(gateways), std::move(gateway_certificates_));
}

void RegisterReader::ReadPlatform(const pb::Register& message) {
  if (!message.has_platform()) {
    defects_.Add("", "CONFIG_MISSING", "platform: say which platform this is");
    return;
  }
  const pb::Platform& platform = message.platform();
  platform_.division = platform.division();
  platform_.name = platform.name();
  defects_.CheckLabel(platform.name(), "platform.name");
  const std::optional<base::Level> level = base::DivisionLevel(platform.division());
  if (!level.has_value()) {
    defects_.Add("platform.division", "CONFIG_DIVISION",
                 "a division code has six digits, such as 640000");
  }
  if (platform.level() == pb::LEVEL_UNSPECIFIED) {
    defects_.Add("platform.level", "CONFIG_MISSING", "write ministry, region, city or county");
    return;
  }
  platform_.level = static_cast<base::Level>(platform.level());
  if (level.has_value() && *level != platform_.level) {
    defects_.Add("platform.level", "CONFIG_DIVISION",
                 absl::StrCat("division ", platform.division(), " is of level ",
                              std::string(base::LevelName(*level))));
  }
}

Purpose RegisterReader::ReadPurpose(const pb::Purpose& message, const std::string& path) {
  Purpose purpose;
  purpose.code = message.code();
  if (!base::IsConfigCode(purpose.code, "_")) {
    defects_.Add(absl::StrCat(path, ".code"), "CONFIG_CODE",
                 "write 1 to 64 lower-case letters, digits or \"_\"");
  }
  purpose.label = message.label();
  defects_.CheckLabel(purpose.label, absl::StrCat(path, ".label"));
  purpose.categories = ReadCodes(message.categories(), absl::StrCat(path, ".categories"),
                                 "the data categories it needs");
  if (message.check_kinds().empty()) {
    defects_.Add(absl::StrCat(path, ".check_kinds"), "CONFIG_MISSING",
                 "list the kinds of check it may be used in");
  }
  for (int i = 0; i < message.check_kinds_size(); ++i) {
    const auto kind = static_cast<base::CheckKind>(message.check_kinds(i));
    if (purpose.Allows(kind)) {
      defects_.Add(absl::StrCat(path, ".check_kinds[", i, "]"), "CONFIG_DUPLICATE",
                   "is listed before");
    }
    purpose.check_kinds.push_back(kind);
  }
  purpose.legal_basis = ReadLegalBasis(message, purpose, absl::StrCat(path, ".legal_basis"));
  return purpose;
}

std::optional<LegalBasis> RegisterReader::ReadLegalBasis(const pb::Purpose& message,
                                                         const Purpose& purpose,
                                                         const std::string& path) {
  if (!message.has_legal_basis()) return std::nullopt;
  const pb::LegalBasis& given = message.legal_basis();
  LegalBasis basis;
  basis.name = given.name();
  defects_.CheckLabel(basis.name, absl::StrCat(path, ".name"));
  basis.categories = ReadCodes(given.categories(), absl::StrCat(path, ".categories"),
                               "the categories the law covers");
  for (int i = 0; i < given.categories_size(); ++i) {
    if (std::binary_search(purpose.categories.begin(), purpose.categories.end(),
                           given.categories(i))) {
      continue;
    }
    defects_.Add(absl::StrCat(path, ".categories[", i, "]"), "CONFIG_REFERENCE",
                 "is not among the purpose's categories");
  }
  if (given.from().empty()) {
    defects_.Add(absl::StrCat(path, ".from"), "CONFIG_MISSING", "since when is it in force?");
  } else {
    basis.in_force.from = ReadDay(given.from(), absl::StrCat(path, ".from"));
  }
  if (!given.to().empty()) basis.in_force.to = ReadDay(given.to(), absl::StrCat(path, ".to"));
  if (basis.in_force.from.has_value() && basis.in_force.Empty()) {
    defects_.Add(absl::StrCat(path, ".to"), "CONFIG_RANGE", "must be later than from");
  }
  return basis;
}

Agency RegisterReader::ReadAgency(const pb::Agency& message, const std::string& path) {
  Agency agency;
  agency.code = message.code();
  if (!base::IsConfigCode(agency.code, ".-_")) {
    defects_.Add(absl::StrCat(path, ".code"), "CONFIG_CODE",
                 "write 1 to 64 lower-case letters, digits, \".\", \"-\" or \"_\"");
  }
  agency.name = message.name();
  defects_.CheckLabel(agency.name, absl::StrCat(path, ".name"));
  ReadArea(message, path, &agency);
  agency.purposes =
      ReadCodes(message.purposes(), absl::StrCat(path, ".purposes"), "the purposes it may ask for");
  for (int i = 0; i < message.purposes_size(); ++i) {
    if (purposes_seen_.count(message.purposes(i)) > 0) continue;
    defects_.Add(absl::StrCat(path, ".purposes[", i, "]"), "CONFIG_REFERENCE",
                 "no such purpose in this file");
  }
  ReadCertificates(message.certificate_digests(), message.code(), path, &certificates_);
  ReadOfficers(message, path, &agency);
  ReadNumbers(message, path, &agency);
  ReadPolicyUses(message, path, &agency);
  ReadSourceUses(message, path, &agency);
  return agency;
}

void RegisterReader::ReadArea(const pb::Agency& message, const std::string& path, Agency* agency) {
  agency->division = message.division();
  const std::optional<base::Level> area = base::DivisionLevel(message.division());
  const std::string division = absl::StrCat(path, ".division");
  if (!area.has_value()) {
    defects_.Add(division, "CONFIG_DIVISION", "a division code has six digits, such as 640104");
  } else if (base::DivisionLevel(platform_.division).has_value() &&
             !base::DivisionContains(platform_.division, message.division())) {
    defects_.Add(division, "CONFIG_DIVISION",
                 absl::StrCat("lies outside the platform's division ", platform_.division));
  }
  if (message.level() == pb::LEVEL_UNSPECIFIED) {
    defects_.Add(absl::StrCat(path, ".level"), "CONFIG_MISSING",
                 "write ministry, region, city or county");
    return;
  }
  agency->level = static_cast<base::Level>(message.level());
  if (area.has_value() && *area < agency->level) {
    defects_.Add(division, "CONFIG_DIVISION",
                 absl::StrCat("an agency of level ", std::string(base::LevelName(agency->level)),
                              " cannot have a whole ", std::string(base::LevelName(*area)),
                              " for its area"));
  }
}

void RegisterReader::ReadCertificates(const Texts& digests, const std::string& code,
                                      const std::string& path,
                                      absl::flat_hash_map<std::string, std::string>* into) {
  for (int i = 0; i < digests.size(); ++i) {
    const std::string where = absl::StrCat(path, ".certificate_digests[", i, "]");
    const absl::StatusOr<std::string> digest = base::HexDecode(digests.Get(i));
    if (!digest.ok() || digest->size() != base::kDigestBytes) {
      defects_.Add(where, "CONFIG_DIGEST",
                   "write the SHA-256 of the certificate's DER form as 64 lower-case hexadecimal "
                   "digits");
      continue;
    }
    // Agencies are read before gateways, so this finds a certificate of both.
    if (certificates_.contains(*digest) || !into->emplace(*digest, code).second) {
      defects_.Add(where, "CONFIG_DUPLICATE",
                   "a certificate can identify one agency or gateway, once");
    }
  }
}

Gateway RegisterReader::ReadGateway(const pb::Gateway& message, const std::string& path) {
  Gateway gateway;
  gateway.code = message.code();
  if (!base::IsConfigCode(gateway.code, ".-_")) {
    defects_.Add(absl::StrCat(path, ".code"), "CONFIG_CODE",
                 "write 1 to 64 lower-case letters, digits, \".\", \"-\" or \"_\"");
  }
  ReadCertificates(message.certificate_digests(), message.code(), path, &gateway_certificates_);
  ReadHeaderKeys(message, path, &gateway);
  gateway.agencies.assign(message.agencies().begin(), message.agencies().end());
  if (gateway.agencies.empty()) {
    defects_.Add(absl::StrCat(path, ".agencies"), "CONFIG_MISSING",
                 "list the agencies it may speak for");
  }
  std::sort(gateway.agencies.begin(), gateway.agencies.end());
  if (std::adjacent_find(gateway.agencies.begin(), gateway.agencies.end()) !=
      gateway.agencies.end()) {
    defects_.Add(absl::StrCat(path, ".agencies"), "CONFIG_DUPLICATE", "an agency is listed twice");
  }
  for (int i = 0; i < message.agencies_size(); ++i) {
    if (agencies_seen_.count(message.agencies(i)) > 0) continue;
    defects_.Add(absl::StrCat(path, ".agencies[", i, "]"), "CONFIG_REFERENCE",
                 "no such agency in this file");
  }
  return gateway;
}

void RegisterReader::ReadHeaderKeys(const pb::Gateway& message, const std::string& path,
                                    Gateway* gateway) {
  if (message.header_keys().empty() || message.header_keys_size() > kHeaderKeysMax) {
    defects_.Add(absl::StrCat(path, ".header_keys"), "CONFIG_RANGE",
                 absl::StrCat("list 1 to ", kHeaderKeysMax, " public keys"));
  }
  for (int i = 0; i < message.header_keys_size(); ++i) {
    const std::string where = absl::StrCat(path, ".header_keys[", i, "]");
    const absl::StatusOr<std::string> spki = base::Base64Decode(message.header_keys(i));
    if (!spki.ok()) {
      defects_.Add(where, "CONFIG_KEY",
                   "write the SubjectPublicKeyInfo in base64 with padding, on one line");
      continue;
    }
    absl::StatusOr<ledger::PublicKey> key = ledger::PublicKey::FromSpki(*spki);
    if (!key.ok()) {
      defects_.Add(where, "CONFIG_KEY", key.status().message());
      continue;
    }
    gateway->header_keys.push_back(*std::move(key));
  }
}

void RegisterReader::ReadOfficers(const pb::Agency& message, const std::string& path,
                                  Agency* agency) {
  if (message.officers_size() > kOfficersPerAgencyMax) {
    defects_.Add(absl::StrCat(path, ".officers"), "CONFIG_RANGE",
                 absl::StrCat("at most ", kOfficersPerAgencyMax));
    return;
  }
  agency->officers.assign(message.officers().begin(), message.officers().end());
  std::sort(agency->officers.begin(), agency->officers.end());
  if (std::adjacent_find(agency->officers.begin(), agency->officers.end()) !=
      agency->officers.end()) {
    defects_.Add(absl::StrCat(path, ".officers"), "CONFIG_DUPLICATE", "an officer is listed twice");
  }
  for (int i = 0; i < message.officers_size(); ++i) {
    const std::string& officer = message.officers(i);
    if (!officer.empty() && officer.size() <= base::kIdentifierBytesMax) continue;
    defects_.Add(absl::StrCat(path, ".officers[", i, "]"), "CONFIG_RANGE",
                 absl::StrCat("1 to ", base::kIdentifierBytesMax, " bytes"));
  }
}

void RegisterReader::ReadNumbers(const pb::Agency& message, const std::string& path,
                                 Agency* agency) {
  if (message.in_flight_max() != 0) agency->in_flight_max = message.in_flight_max();
  if (agency->in_flight_max < 1 || agency->in_flight_max > base::kVerificationsInFlightMax) {
    defects_.Add(absl::StrCat(path, ".in_flight_max"), "CONFIG_RANGE",
                 absl::StrCat("allowed are 1 to ", base::kVerificationsInFlightMax));
  }
  agency->requests_per_second = message.requests_per_second();
  if (agency->requests_per_second < 0 || agency->requests_per_second > kRequestsPerSecondMax) {
    defects_.Add(absl::StrCat(path, ".requests_per_second"), "CONFIG_RANGE",
                 absl::StrCat("allowed are 1 to ", kRequestsPerSecondMax, ", or 0 for no limit"));
  }
  agency->requests_per_day = message.requests_per_day();
  if (agency->requests_per_day < 0 || agency->requests_per_day > kRequestsPerDayMax) {
    defects_.Add(absl::StrCat(path, ".requests_per_day"), "CONFIG_RANGE",
                 absl::StrCat("allowed are 1 to ", kRequestsPerDayMax, ", or 0 for no limit"));
  }
}

void RegisterReader::ReadPolicyUses(const pb::Agency& message, const std::string& path,
                                    Agency* agency) {
  for (int i = 0; i < message.policy_uses_size(); ++i) {
    const std::string where = absl::StrCat(path, ".policy_uses[", i, "]");
    const auto use = static_cast<PolicyUse>(message.policy_uses(i));
    if (message.policy_uses(i) == pb::POLICY_USE_UNSPECIFIED) {
      defects_.Add(where, "CONFIG_MISSING", "write read or try");
    } else if (agency->MayUsePolicies(use)) {
      defects_.Add(where, "CONFIG_DUPLICATE", "is listed before");
    } else {
      agency->policy_uses.push_back(use);
    }
  }
}

void RegisterReader::ReadSourceUses(const pb::Agency& message, const std::string& path,
                                    Agency* agency) {
  for (int i = 0; i < message.source_uses_size(); ++i) {
    const std::string where = absl::StrCat(path, ".source_uses[", i, "]");
    const auto use = static_cast<SourceUse>(message.source_uses(i));
    if (message.source_uses(i) == pb::SOURCE_USE_UNSPECIFIED) {
      defects_.Add(where, "CONFIG_MISSING", "write read, hold or recall");
    } else if (agency->MayUseSources(use)) {
      defects_.Add(where, "CONFIG_DUPLICATE", "is listed before");
    } else {
      agency->source_uses.push_back(use);
    }
  }
}

std::vector<std::string> RegisterReader::ReadCodes(const Texts& codes, const std::string& path,
                                                   absl::string_view what) {
  if (codes.empty()) defects_.Add(path, "CONFIG_MISSING", absl::StrCat("list ", what));
  std::vector<std::string> result;
  for (int i = 0; i < codes.size(); ++i) {
    const std::string where = absl::StrCat(path, "[", i, "]");
    if (!base::IsConfigCode(codes.Get(i), "_")) {
      defects_.Add(where, "CONFIG_CODE", "write 1 to 64 lower-case letters, digits or \"_\"");
    }
    if (std::find(result.begin(), result.end(), codes.Get(i)) != result.end()) {
      defects_.Add(where, "CONFIG_DUPLICATE", "is listed before");
    }
    result.push_back(codes.Get(i));
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::optional<absl::CivilDay> RegisterReader::ReadDay(const std::string& text,
                                                      const std::string& path) {
  const absl::StatusOr<absl::CivilDay> day = base::ParseDay(text);
  if (day.ok()) return *day;
  defects_.Add(path, "CONFIG_DAY", "write a day as 2025-03-03");
  return std::nullopt;
}

void RegisterReader::CheckUnique(const std::string& code, const std::string& path,
                                 std::map<std::string, std::string>* seen) {
  const auto [first, is_new] = seen->emplace(code, path);
  if (is_new) return;
  defects_.Add(absl::StrCat(path, ".code"), "CONFIG_DUPLICATE",
               absl::StrCat("\"", code, "\" is the code of ", first->second));
}

}  // namespace

absl::StatusOr<Register> ParseRegister(absl::string_view file, absl::string_view text) {
  pb::Register message;
  HEDUI_RETURN_IF_ERROR(base::ReadYamlMessage(file, text, &message));
  return RegisterReader(file, text).Read(message);
}

absl::StatusOr<Register> LoadRegister(const std::string& path) {
  HEDUI_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path));
  return ParseRegister(path, text);
}

}  // namespace hedui::access
