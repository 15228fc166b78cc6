#include "server/access/gateway_header.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/digest.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

constexpr size_t kNonceBytes = 16;
// A code, two numbers, a signature of at most 72 bytes in base64, and the names.
constexpr size_t kHeaderBytesMax = 512;

absl::Status Unauthenticated(absl::string_view reason, absl::string_view text) {
  return base::MakeError(absl::StatusCode::kUnauthenticated, reason, text);
}

absl::Status Malformed() {
  return Unauthenticated("IDENTITY_HEADER_MALFORMED",
                         "the identity header is not v=1;agency=…;time=…;nonce=…;sig=…, as "
                         "docs/gateways.md has it");
}

// As the register has them: nothing in a code could pass for another line of what is signed.
bool IsCode(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

absl::StatusOr<IdentityHeader> ParseIdentityHeader(absl::string_view text) {
  if (text.size() > kHeaderBytesMax) return Malformed();
  constexpr std::array<absl::string_view, 5> kNames = {"v=", "agency=", "time=", "nonce=", "sig="};
  std::vector<absl::string_view> parts = absl::StrSplit(text, ';');
  if (parts.size() != kNames.size()) return Malformed();
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!absl::ConsumePrefix(&parts[i], kNames[i]) || parts[i].empty()) return Malformed();
  }
  IdentityHeader header;
  header.agency = std::string(parts[1]);
  const absl::StatusOr<std::string> nonce = base::HexDecode(parts[3]);
  const absl::StatusOr<std::string> signature = base::Base64Decode(parts[4]);
  // One text for one time: no sign, no blanks, no leading zeros.
  if (parts[0] != "1" || !IsCode(header.agency) || !absl::SimpleAtoi(parts[2], &header.unix_ms) ||
      absl::StrCat(header.unix_ms) != parts[2] || header.unix_ms <= 0 || !nonce.ok() ||
      nonce->size() != kNonceBytes || !signature.ok()) {
    return Malformed();
  }
  header.nonce = *nonce;
  header.signature = *signature;
  return header;
}

std::string SignedText(const IdentityHeader& header, absl::string_view division,
                       absl::string_view method) {
  return absl::StrCat("hedui-identity-v1\n", division, "\n", method, "\n", header.agency, "\n",
                      header.unix_ms, "\n", base::HexEncode(header.nonce), "\n");
}

absl::StatusOr<std::string> HeaderBook::Use(const Register& reg, const Gateway& gateway,
                                            absl::string_view text, absl::string_view method,
                                            absl::Time now) {
  HEDUI_ASSIGN_OR_RETURN(IdentityHeader header, ParseIdentityHeader(text));
  // Before anything is said about what it claims, or remembered of it.
  const std::string signed_text = SignedText(header, reg.platform().division, method);
  const bool genuine = std::any_of(
      gateway.header_keys.begin(), gateway.header_keys.end(),
      [&](const ledger::PublicKey& key) { return key.Verify(signed_text, header.signature).ok(); });
  if (!genuine) {
    return Unauthenticated("IDENTITY_HEADER_SIGNATURE",
                           "the identity header's signature is not of this gateway's key over this "
                           "platform, method, agency, time and nonce");
  }
  const absl::Time signed_at = absl::FromUnixMillis(header.unix_ms);
  if (signed_at < now - kHeaderAgeMax) {
    return Unauthenticated("IDENTITY_HEADER_STALE",
                           "the identity header is older than 60 seconds; sign one for each call");
  }
  if (signed_at > now + kHeaderAheadMax) {
    return Unauthenticated("IDENTITY_HEADER_EARLY",
                           "the identity header's time is more than 10 seconds ahead; set the "
                           "gateway's clock");
  }
  HEDUI_RETURN_IF_ERROR(Remember(gateway, header, now));
  if (!gateway.MaySpeakFor(header.agency)) {
    return base::MakeError(absl::StatusCode::kPermissionDenied, "AGENCY_NOT_OF_GATEWAY",
                           "the register does not let this gateway speak for that agency");
  }
  return std::move(header.agency);
}

absl::Status HeaderBook::Remember(const Gateway& gateway, const IdentityHeader& header,
                                  absl::Time now) {
  const absl::Time signed_at = absl::FromUnixMillis(header.unix_ms);
  std::string key = absl::StrCat(gateway.code, "/", header.nonce);
  const base::MutexLock lock(&mutex_);
  while (!by_time_.empty() && by_time_.begin()->first < now - kHeaderAgeMax) {
    floor_ = std::max(floor_, by_time_.begin()->first);
    used_.erase(by_time_.begin()->second);
    by_time_.erase(by_time_.begin());
  }
  if (signed_at <= floor_) {
    return Unauthenticated("IDENTITY_HEADER_STALE",
                           "the identity header is from before the platform started, or its clock "
                           "was set back; sign a new one");
  }
  if (used_.contains(key)) {
    return Unauthenticated("IDENTITY_HEADER_REPLAYED",
                           "this identity header was used before; sign one for each call");
  }
  if (used_.size() >= kHeadersRememberedMax) {
    return base::MakeError(absl::StatusCode::kResourceExhausted, "IDENTITY_HEADERS",
                           "more calls through gateways in a minute than can be told apart; repeat "
                           "it later with a new header");
  }
  by_time_.emplace(signed_at, key);
  used_.insert(std::move(key));
  return absl::OkStatus();
}

}  // namespace hedui::access
