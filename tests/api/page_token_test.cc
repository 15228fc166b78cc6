#include "server/api/page_token.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

using ::testing::HasSubstr;

const PagePlace kPlace = {absl::CivilDay(2025, 3, 1), absl::CivilDay(2025, 4, 1),
                          absl::CivilDay(2025, 3, 17), 123'456'789'012};

PageScope Scope() { return {"ListVerifications", "640104-civil-affairs", "filters"}; }

class PageTokenTest : public ::testing::Test {
 protected:
  void ExpectRefused(const PageScope& scope, absl::string_view token) {
    const absl::Status status = tokens_.Read(scope, token).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << token;
    EXPECT_EQ(base::ReasonOf(status), "PAGE_TOKEN") << token;
    EXPECT_THAT(std::string(status.message()), HasSubstr("page_token: "));
  }

  const PageTokens tokens_{std::string(32, 'k')};
};

TEST_F(PageTokenTest, GivesThePlaceBackAlsoToTheNextProcess) {
  const std::string token = tokens_.Write(Scope(), kPlace);
  EXPECT_EQ(*tokens_.Read(Scope(), token), kPlace);
  EXPECT_EQ(*PageTokens(std::string(32, 'k')).Read(Scope(), token), kPlace);
  const PagePlace ends = {absl::CivilDay(1800, 1, 1), absl::CivilDay(9999, 12, 31),
                          absl::CivilDay(1969, 12, 31), UINT64_MAX};
  EXPECT_EQ(*tokens_.Read(Scope(), tokens_.Write(Scope(), ends)), ends);
}

TEST_F(PageTokenTest, EveryAlteredByteIsRefused) {
  const std::string token = tokens_.Write(Scope(), kPlace);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string altered = token;
    altered[i] = altered[i] == 'a' ? 'b' : 'a';
    ExpectRefused(Scope(), altered);
  }
}

TEST_F(PageTokenTest, WhatIsNoTokenIsRefused) {
  const std::string token = tokens_.Write(Scope(), kPlace);
  for (const std::string& text :
       {std::string(), std::string("x"), token + "0", token + "00", token.substr(2),
        token.substr(0, token.size() - 1), std::string(token.size(), '0'),
        std::string(token.size(), 'z'), std::string(100'000, 'f')}) {
    ExpectRefused(Scope(), text);
  }
  std::string upper = token;
  for (char& c : upper) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  ASSERT_NE(upper, token);
  ExpectRefused(Scope(), upper);
}

TEST_F(PageTokenTest, IsOfOneAgencyOneMethodOneFilterAndOneStore) {
  const std::string token = tokens_.Write(Scope(), kPlace);
  PageScope scope = Scope();
  scope.agency = "640106-civil-affairs";
  ExpectRefused(scope, token);
  scope = Scope();
  scope.method = "ListMatters";
  ExpectRefused(scope, token);
  scope = Scope();
  scope.filters = "other filters";
  ExpectRefused(scope, token);
  ExpectRefused(Scope(), PageTokens(std::string(32, 'K')).Write(Scope(), kPlace));
}

// The difference of two places would tell what other agencies wrote in between.
TEST_F(PageTokenTest, PlacesCannotBeReadFromTokens) {
  PagePlace next = kPlace;
  ++next.before;
  const std::string one = tokens_.Write(Scope(), kPlace);
  const std::string other = tokens_.Write(Scope(), next);
  ASSERT_EQ(one.size(), other.size());
  // The version is the same, and digits happen to be; a place in clear would agree in 38 of 40.
  size_t same = 0;
  for (size_t i = one.size() - 40; i < one.size(); ++i) same += one[i] == other[i] ? 1 : 0;
  EXPECT_LT(same, 15u);
}

}  // namespace
}  // namespace hedui::api
