#include "server/api/decode_policy.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/api/encode_policy.h"
#include "server/api/rich_status.h"
#include "server/base/status.h"

namespace hedui::api {
namespace {

using ::testing::HasSubstr;

const absl::CivilDay kToday(2025, 3, 3);
constexpr char kAgency[] = "640104-mz";

const PageTokens& Tokens() {
  static const auto* const kTokens = new PageTokens(std::string(32, 'k'));
  return *kTokens;
}

TEST(DecodePolicyTest, AListGoesOnBehindItsLastDivisionOnTheSameDay) {
  v1::ListPolicySetsRequest request;
  auto query = DecodeListPolicySets(request, kAgency, kToday, Tokens());
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->page_size, 100u);
  EXPECT_EQ(query->day, kToday);
  EXPECT_EQ(query->after, "");
  EXPECT_EQ(NextToken(request, *query, "", Tokens()), "");
  // The nation's is the first of all, and its digits are kept.
  for (const char* last : {"000000", "010000", "640104"}) {
    v1::ListPolicySetsRequest next = request;
    next.set_page_token(NextToken(request, *query, last, Tokens()));
    next.set_page_size(7);
    const auto on = DecodeListPolicySets(next, kAgency, kToday + 1, Tokens());
    ASSERT_TRUE(on.ok()) << on.status();
    EXPECT_EQ(on->after, last);
    EXPECT_EQ(on->day, kToday) << "as on the first page, also after midnight";
    EXPECT_EQ(on->page_size, 7u);
    EXPECT_EQ(base::ReasonOf(DecodeListPolicySets(next, "other", kToday, Tokens()).status()),
              "PAGE_TOKEN");
    next.set_division("640000");
    EXPECT_EQ(base::ReasonOf(DecodeListPolicySets(next, kAgency, kToday, Tokens()).status()),
              "PAGE_TOKEN");
  }
}

TEST(DecodePolicyTest, PostedFilesAreCountedAndTheirPathsAreShortAndPlain) {
  v1::LintPoliciesRequest request;
  EXPECT_THAT(std::string(DecodeLint(request).status().message()), HasSubstr("at least one"));
  for (size_t i = 0; i < kPostedFilesMax; ++i) {
    request.add_files()->set_path(absl::StrCat("640104/", i, ".yaml"));
  }
  request.mutable_files(0)->set_text(std::string(kPostedBytesMax, '#'));
  const auto most = DecodeLint(request);
  ASSERT_TRUE(most.ok()) << most.status();
  EXPECT_EQ(most->files.size(), kPostedFilesMax);
  request.mutable_files(1)->set_text("#");
  EXPECT_THAT(std::string(DecodeLint(request).status().message()), HasSubstr("files: are larger"));
  request.mutable_files(1)->clear_text();
  request.add_files()->set_path("640104/one-too-many.yaml");
  EXPECT_THAT(std::string(DecodeLint(request).status().message()), HasSubstr("are more than 64"));
  for (const std::string& path : {std::string(), std::string("a\nb"), std::string("国家/a.yaml"),
                                  std::string(kPostedPathBytesMax + 1, 'a')}) {
    v1::LintPoliciesRequest one;
    one.add_files()->set_path(path);
    EXPECT_THAT(std::string(DecodeLint(one).status().message()), HasSubstr("files[0].path: "))
        << path;
  }
}

TEST(DecodePolicyTest, DefectsFitTrailersHoweverManyThereAreAndHoweverLong) {
  Evaluation evaluation;
  evaluation.defect_reason = "CASE_FILE";
  for (int i = 0; i < 1'000; ++i) {
    evaluation.defects.push_back({absl::StrCat("case_yaml:", i), std::string(1'000, 'x') + "核"});
  }
  const grpc::Status wire = ToWire(DefectsOf(evaluation));
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  // In base64, and percent-encoded, with some hundred bytes of gRPC's own.
  EXPECT_LT(wire.error_details().size() * 4 / 3 + wire.error_message().size(), size_t{7} << 10);
  EXPECT_THAT(wire.error_details(), HasSubstr(" more; "));
  EXPECT_TRUE(DefectsOf(Evaluation()).ok());
}

}  // namespace
}  // namespace hedui::api
