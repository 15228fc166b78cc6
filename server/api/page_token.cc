#include "server/api/page_token.h"

#include <openssl/crypto.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "server/api/rich_status.h"
#include "server/base/digest.h"

namespace hedui::api {
namespace {

constexpr char kVersion = 1;
constexpr size_t kPlaceBytes = 3 * sizeof(uint32_t) + sizeof(uint64_t);
constexpr size_t kTokenBytes = 1 + base::kDigestBytes + kPlaceBytes;
// What covers a place is one digest.
static_assert(kPlaceBytes <= base::kDigestBytes);

template <typename Uint>
void Append(std::string* bytes, Uint value) {
  for (int shift = 8 * (static_cast<int>(sizeof(Uint)) - 1); shift >= 0; shift -= 8) {
    bytes->push_back(static_cast<char>(value >> shift & 0xff));
  }
}

template <typename Uint>
Uint Take(absl::string_view* bytes) {
  Uint value = 0;
  for (size_t i = 0; i < sizeof(Uint); ++i) {
    value = static_cast<Uint>(value << 8 | static_cast<uint8_t>((*bytes)[i]));
  }
  bytes->remove_prefix(sizeof(Uint));
  return value;
}

uint32_t NumberOf(absl::CivilDay day) {
  return static_cast<uint32_t>(static_cast<int32_t>(day - absl::CivilDay()));
}

absl::CivilDay DayOf(uint32_t number) { return absl::CivilDay() + static_cast<int32_t>(number); }

std::string Encode(const PagePlace& place) {
  std::string bytes;
  for (const absl::CivilDay day : {place.from, place.to, place.day}) Append(&bytes, NumberOf(day));
  Append(&bytes, place.before);
  return bytes;
}

// Of as many bytes as Encode gives.
PagePlace Decode(absl::string_view bytes) {
  PagePlace place;
  place.from = DayOf(Take<uint32_t>(&bytes));
  place.to = DayOf(Take<uint32_t>(&bytes));
  place.day = DayOf(Take<uint32_t>(&bytes));
  place.before = Take<uint64_t>(&bytes);
  return place;
}

absl::Status Refused() {
  return InvalidRequest(
      {{"page_token",
        "is none that this platform gave to this agency for a list with these filters; begin the "
        "list anew, without a token"}},
      "PAGE_TOKEN");
}

}  // namespace

PageTokens::PageTokens(absl::string_view key)
    : tag_key_(base::HmacSha256(key, "tag")), cover_key_(base::HmacSha256(key, "cover")) {}

std::string PageTokens::TagOf(const PageScope& scope, absl::string_view place) const {
  // Neither a method nor an agency's code holds a line feed, and digest and place have one size.
  return base::HmacSha256(tag_key_, absl::StrCat(scope.method, "\n", scope.agency, "\n",
                                                 base::Sha256(scope.filters), place));
}

std::string PageTokens::Cover(absl::string_view tag, absl::string_view place) const {
  const std::string cover = base::HmacSha256(cover_key_, tag);
  std::string covered(place);
  for (size_t i = 0; i < covered.size(); ++i) covered[i] = static_cast<char>(covered[i] ^ cover[i]);
  return covered;
}

std::string PageTokens::Write(const PageScope& scope, const PagePlace& place) const {
  const std::string bytes = Encode(place);
  const std::string tag = TagOf(scope, bytes);
  return base::HexEncode(absl::StrCat(std::string(1, kVersion), tag, Cover(tag, bytes)));
}

absl::StatusOr<PagePlace> PageTokens::Read(const PageScope& scope, absl::string_view token) const {
  if (token.size() != 2 * kTokenBytes) return Refused();
  const absl::StatusOr<std::string> bytes = base::HexDecode(token);
  if (!bytes.ok() || bytes->front() != kVersion) return Refused();
  const std::string tag = bytes->substr(1, base::kDigestBytes);
  const std::string place = Cover(tag, absl::string_view(*bytes).substr(1 + base::kDigestBytes));
  const std::string expected = TagOf(scope, place);
  if (CRYPTO_memcmp(tag.data(), expected.data(), base::kDigestBytes) != 0) return Refused();
  return Decode(place);
}

}  // namespace hedui::api
