#include "server/access/register.h"

#include <algorithm>
#include <utility>

namespace hedui::access {
namespace {

bool SortedContains(const std::vector<std::string>& sorted, absl::string_view value) {
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), value);
  return found != sorted.end() && *found == value;
}

}  // namespace

bool Purpose::Allows(base::CheckKind kind) const {
  return std::find(check_kinds.begin(), check_kinds.end(), kind) != check_kinds.end();
}

bool Agency::MayAskFor(absl::string_view purpose) const {
  return SortedContains(purposes, purpose);
}

bool Agency::MayUsePolicies(PolicyUse use) const {
  return std::find(policy_uses.begin(), policy_uses.end(), use) != policy_uses.end();
}

bool Agency::MayUseSources(SourceUse use) const {
  return std::find(source_uses.begin(), source_uses.end(), use) != source_uses.end();
}

bool Agency::HasOfficer(absl::string_view officer) const {
  return officers.empty() || SortedContains(officers, officer);
}

bool Gateway::MaySpeakFor(absl::string_view agency) const {
  return SortedContains(agencies, agency);
}

Register::Register(Platform platform, std::vector<Purpose> purposes, std::vector<Agency> agencies,
                   absl::flat_hash_map<std::string, std::string> certificates,
                   std::vector<Gateway> gateways,
                   absl::flat_hash_map<std::string, std::string> gateway_certificates)
    : platform_(std::move(platform)),
      purposes_(std::move(purposes)),
      agencies_(std::move(agencies)),
      certificates_(std::move(certificates)),
      gateways_(std::move(gateways)),
      gateway_certificates_(std::move(gateway_certificates)) {
  for (size_t i = 0; i < purposes_.size(); ++i) purpose_by_code_.emplace(purposes_[i].code, i);
  for (size_t i = 0; i < agencies_.size(); ++i) agency_by_code_.emplace(agencies_[i].code, i);
}

const Agency* Register::FindAgency(absl::string_view code) const {
  const auto found = agency_by_code_.find(code);
  return found == agency_by_code_.end() ? nullptr : &agencies_[found->second];
}

const Agency* Register::FindAgencyByCertificate(absl::string_view sha256) const {
  const auto found = certificates_.find(sha256);
  return found == certificates_.end() ? nullptr : FindAgency(found->second);
}

const Gateway* Register::FindGateway(absl::string_view code) const {
  const auto found = std::find_if(gateways_.begin(), gateways_.end(),
                                  [code](const Gateway& one) { return one.code == code; });
  return found == gateways_.end() ? nullptr : &*found;
}

const Gateway* Register::FindGatewayByCertificate(absl::string_view sha256) const {
  const auto found = gateway_certificates_.find(sha256);
  return found == gateway_certificates_.end() ? nullptr : FindGateway(found->second);
}

const Purpose* Register::FindPurpose(absl::string_view code) const {
  const auto found = purpose_by_code_.find(code);
  return found == purpose_by_code_.end() ? nullptr : &purposes_[found->second];
}

}  // namespace hedui::access
