#include "server/plan/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/base/status.h"

namespace hedui::plan {
namespace {

using ::testing::HasSubstr;

constexpr char kYaml[] = R"(client_tls:
  ca_file: pki/ca.pem
  certificate_file: /etc/hedui/platform.pem
  key_file: pki/platform.key
sources:
  - id: region-social-security
    name: 社会保险登记
    department: 自治区人力资源和社会保障厅
    level: region
    divisions: ["640000"]
    categories:
      - code: employment
      - code: contribution
        freshness_days: 7
        fallback: true
        fallback_order: 2
    identity_kinds: [resident_id, hk_macao_taiwan_permit]
    grpc:
      address: 127.0.0.1:7001
      server_name: rsj.example
    authority_rank: 10
    freshness_days: 31
    deadline: 1500ms
    attempts: 2
    concurrency: 8
    people_per_call: 5
    wave: 2
    relays_for: ["610000", "000000"]
  - id: county-housing
    name: 公共租赁住房
    department: 兴庆区住房和城乡建设局
    level: county
    divisions: ["640104"]
    categories:
      - code: public_rental
    simulated:
      file: sim.yaml
)";

std::string With(const std::string& from, const std::string& to) {
  const std::string text = absl::StrReplaceAll(kYaml, {{from, to}});
  EXPECT_NE(text, kYaml) << "the catalogue has no " << from;
  return text;
}

std::string DefectsIn(const std::string& text) {
  const absl::StatusOr<Catalogue> parsed = ParseCatalogue("conf/catalogue.yaml", text);
  if (parsed.ok()) return "none";
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(base::ReasonOf(parsed.status()), "CONFIGURATION");
  return std::string(parsed.status().message());
}

TEST(CatalogueTest, ReadsEverySetting) {
  const absl::StatusOr<Catalogue> catalogue = ParseCatalogue("conf/catalogue.yaml", kYaml);
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  ASSERT_EQ(catalogue->sources().size(), 2u);
  const Source* source = catalogue->Find("region-social-security");
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(source->level, base::Level::kRegion);
  EXPECT_EQ(source->deadline, absl::Milliseconds(1500));
  EXPECT_EQ(source->attempts, 2);
  EXPECT_EQ(source->concurrency, 8);
  EXPECT_EQ(source->people_per_call, 5);
  EXPECT_EQ(source->wave, 2);
  EXPECT_EQ(source->authority_rank, 10);
  EXPECT_EQ(source->Offer("employment")->freshness_days, 31);
  EXPECT_FALSE(source->Offer("employment")->fallback);
  EXPECT_EQ(source->Offer("contribution")->freshness_days, 7);
  EXPECT_TRUE(source->Offer("contribution")->fallback);
  EXPECT_EQ(source->Offer("contribution")->fallback_order, 2);
  EXPECT_EQ(source->relays_for, (std::vector<std::string>{"000000", "610000"}));
  ASSERT_EQ(catalogue->Relays().size(), 1U);
  EXPECT_EQ(catalogue->Relays()[0], source);
  EXPECT_EQ(catalogue->Covering("640104").size(), 2U);
  EXPECT_EQ(catalogue->Covering("640105").size(), 1U);
  EXPECT_EQ(catalogue->Covering("610000").size(), 0U) << "relaying is not covering";
  EXPECT_EQ(source->Offer("vehicle"), nullptr);
  EXPECT_TRUE(source->Accepts(base::IdentityKind::kHkMacaoTaiwanPermit));
  EXPECT_FALSE(source->Accepts(base::IdentityKind::kPassport));
  EXPECT_TRUE(source->Covers("640422"));
  EXPECT_FALSE(source->Covers("610100"));
  EXPECT_EQ(catalogue->categories(),
            (std::vector<std::string>{"contribution", "employment", "public_rental"}));
}

TEST(CatalogueTest, WhatIsLeftOutGetsItsDefault) {
  const absl::StatusOr<Catalogue> catalogue = ParseCatalogue("conf/catalogue.yaml", kYaml);
  ASSERT_TRUE(catalogue.ok());
  const Source* source = catalogue->Find("county-housing");
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(source->deadline, kSourceDeadlineDefault);
  EXPECT_EQ(source->attempts, 1);
  EXPECT_EQ(source->concurrency, kConcurrencyDefault);
  EXPECT_EQ(source->people_per_call, kPeoplePerCallMax);
  EXPECT_EQ(source->wave, 1);
  EXPECT_TRUE(source->relays_for.empty());
  EXPECT_EQ(source->Offer("public_rental")->fallback_order, 0);
  EXPECT_EQ(source->authority_rank, kAuthorityRankDefault);
  EXPECT_FALSE(source->Offer("public_rental")->freshness_days.has_value());
  EXPECT_EQ(source->identity_kinds,
            (std::vector<base::IdentityKind>{base::IdentityKind::kResidentId}));
}

TEST(CatalogueTest, RelativePathsBelongToTheCataloguesFolder) {
  const absl::StatusOr<Catalogue> catalogue = ParseCatalogue("conf/catalogue.yaml", kYaml);
  ASSERT_TRUE(catalogue.ok());
  const auto* grpc =
      std::get_if<GrpcAdapterConfig>(&catalogue->Find("region-social-security")->adapter);
  ASSERT_NE(grpc, nullptr);
  EXPECT_EQ(grpc->address, "127.0.0.1:7001");
  EXPECT_EQ(grpc->server_name, "rsj.example");
  EXPECT_EQ(grpc->tls,
            (ClientTls{"conf/pki/ca.pem", "/etc/hedui/platform.pem", "conf/pki/platform.key"}));
  const auto* simulated =
      std::get_if<SimulatedAdapterConfig>(&catalogue->Find("county-housing")->adapter);
  ASSERT_NE(simulated, nullptr);
  EXPECT_EQ(simulated->file, "conf/sim.yaml");
}

TEST(CatalogueTest, UnknownAndDuplicateKeysAreRefusedWithTheirLine) {
  EXPECT_THAT(DefectsIn(With("attempts: 2", "atempts: 2")),
              HasSubstr("conf/catalogue.yaml:24: CONFIG_UNKNOWN_KEY: sources[0].atempts"));
  EXPECT_THAT(DefectsIn(With("attempts: 2", "attempts: 2\n    attempts: 3")),
              HasSubstr("conf/catalogue.yaml:25: YAML_DUPLICATE_KEY"));
}

TEST(CatalogueTest, ReadsHowASourceIsSpared) {
  const auto catalogue = ParseCatalogue("conf/catalogue.yaml", With("    wave: 2", R"(    wave: 2
    hedge_safe: true
    hedge_least: 20ms
    per_second: 50
    per_day: 20000
    cache_lifetime: 600s
    interactive_percent: 30
    extra_percent: 5
    backoff_first: 10ms
    backoff_max: 1s
    breaker: {failures: 8, percent: 60, window: 20s, open_first: 2s, open_max: 60s})"));
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  const Source& source = *catalogue->Find("region-social-security");
  EXPECT_TRUE(source.hedge_safe);
  EXPECT_EQ(source.hedge_least, absl::Milliseconds(20));
  EXPECT_EQ(source.per_second, 50);
  EXPECT_EQ(source.per_day, 20'000);
  EXPECT_EQ(source.cache_lifetime, absl::Minutes(10));
  EXPECT_EQ(source.interactive_percent, 30);
  EXPECT_EQ(source.extra_percent, 5);
  EXPECT_EQ(source.backoff_first, absl::Milliseconds(10));
  EXPECT_EQ(source.backoff_max, absl::Seconds(1));
  EXPECT_EQ(source.breaker, (BreakerSettings{false, 8, 60, absl::Seconds(20), absl::Seconds(2),
                                             absl::Seconds(60)}));
  const Source& other = *catalogue->Find("county-housing");
  EXPECT_FALSE(other.hedge_safe);
  EXPECT_EQ(other.per_second, 0);
  EXPECT_EQ(other.per_day, 0);
  EXPECT_EQ(other.cache_lifetime, absl::ZeroDuration());
  EXPECT_EQ(other.extra_percent, 10);
  EXPECT_EQ(other.interactive_percent, 20);
  EXPECT_EQ(other.breaker, BreakerSettings());
}

TEST(CatalogueTest, HowASourceIsSparedKeepsWithinItsRanges) {
  const std::string defects = DefectsIn(With("    wave: 2", R"(    wave: 2
    hedge_least: 61s
    per_second: 10001
    per_day: 100000001
    cache_lifetime: 86401s
    interactive_percent: 91
    extra_percent: 11
    backoff_first: 3s
    backoff_max: 1s
    breaker: {failures: -1, percent: 101, window: 0s, open_first: 2s, open_max: 1s})"));
  for (const char* key : {"hedge_least", "per_second", "per_day", "cache_lifetime",
                          "interactive_percent", "extra_percent", "backoff_max", "breaker.failures",
                          "breaker.percent", "breaker.window", "breaker.open_max"}) {
    EXPECT_THAT(defects, HasSubstr(absl::StrCat("CONFIG_RANGE: sources[0].", key)));
  }
  EXPECT_EQ(DefectsIn(With("    wave: 2", "    backoff_first: 5s\n    breaker: {off: true}")),
            "none");
}

TEST(CatalogueTest, TwoSourcesOfOneIdAreRefused) {
  EXPECT_THAT(DefectsIn(With("id: county-housing", "id: region-social-security")),
              HasSubstr("sources[1].id: \"region-social-security\" is the id of sources[0]"));
}

TEST(CatalogueTest, NumbersOutOfRangeAreRefused) {
  EXPECT_THAT(DefectsIn(With("attempts: 2", "attempts: 6")), HasSubstr("sources[0].attempts"));
  EXPECT_THAT(DefectsIn(With("concurrency: 8", "concurrency: -1")),
              HasSubstr("sources[0].concurrency"));
  EXPECT_THAT(DefectsIn(With("people_per_call: 5", "people_per_call: 41")),
              HasSubstr("sources[0].people_per_call"));
  EXPECT_THAT(DefectsIn(With("wave: 2", "wave: 5")), HasSubstr("sources[0].wave"));
  EXPECT_THAT(DefectsIn(With("authority_rank: 10", "authority_rank: 101")),
              HasSubstr("sources[0].authority_rank"));
  EXPECT_THAT(DefectsIn(With("deadline: 1500ms", "deadline: 61s")),
              HasSubstr("sources[0].deadline"));
  EXPECT_THAT(DefectsIn(With("deadline: 1500ms", "deadline: 0s")),
              HasSubstr("sources[0].deadline"));
  EXPECT_THAT(DefectsIn(With("freshness_days: 31", "freshness_days: 3661")),
              HasSubstr("sources[0].freshness_days"));
}

TEST(CatalogueTest, DivisionsMustFitTheLevel) {
  EXPECT_THAT(DefectsIn(With("[\"640104\"]", "[\"640100\"]")),
              HasSubstr("a source of level county cannot cover a whole city"));
  EXPECT_THAT(DefectsIn(With("[\"640104\"]", "[\"64010\"]")), HasSubstr("six digits"));
  EXPECT_THAT(DefectsIn(With("[\"640104\"]", "[\"640104\", \"640104\"]")),
              HasSubstr("sources[1].divisions[1]: is listed before"));
  EXPECT_THAT(DefectsIn(With("    divisions: [\"640104\"]\n", "")),
              HasSubstr("sources[1].divisions: list the divisions"));
}

TEST(CatalogueTest, SourceWithoutAnAdapterOrWithTwoIsRefused) {
  EXPECT_THAT(DefectsIn(With("    simulated:\n      file: sim.yaml\n", "")),
              HasSubstr("say what the source is"));
  EXPECT_THAT(
      DefectsIn(With("    simulated:\n      file: sim.yaml\n",
                     "    simulated:\n      file: sim.yaml\n    grpc:\n      address: a:1\n")),
      HasSubstr("CONFIG_ONEOF"));
}

TEST(CatalogueTest, GrpcSourceNeedsMutualTls) {
  EXPECT_THAT(DefectsIn(With("  key_file: pki/platform.key\n", "")),
              HasSubstr("sources[0].grpc: mutual TLS needs"));
  EXPECT_THAT(DefectsIn(With("      server_name: rsj.example\n",
                             "      tls:\n        ca_file: other.pem\n")),
              HasSubstr("sources[0].grpc.tls: mutual TLS needs"));
}

TEST(CatalogueTest, DocumentsCheckedByHandCannotBeListed) {
  EXPECT_THAT(DefectsIn(With("hk_macao_taiwan_permit]", "other]")),
              HasSubstr("checked by hand only"));
}

TEST(CatalogueTest, SixtyFiveSourcesOverOneDivisionAreRefused) {
  std::string text = kYaml;
  const auto add = [&text](int number) {
    absl::StrAppend(&text, "  - id: s", number,
                    "\n    name: n\n    department: d\n    level: region\n    divisions: "
                    "[\"640000\"]\n    categories:\n      - code: c\n    simulated:\n      file: "
                    "sim.yaml\n");
  };
  for (int i = 0; i < 62; ++i) add(i);
  EXPECT_EQ(DefectsIn(text), "none");
  add(62);
  EXPECT_THAT(DefectsIn(text),
              HasSubstr("65 sources cover 640104 or relay for it; at most 64 may"));
}

// A region's source with these keys more, each on a line of its own.
std::string Another(const std::string& id, const std::string& offer, const std::string& keys = "") {
  return absl::StrCat("  - id: ", id,
                      "\n    name: n\n    department: d\n    level: region\n    divisions: "
                      "[\"640000\"]\n    categories: [",
                      offer, "]\n    simulated: {file: sim.yaml}\n", keys);
}

TEST(CatalogueTest, FallbacksOfOnePlaceNeedOrdersOfTheirOwn) {
  const std::string same = absl::StrCat(
      kYaml, Another("archive", "{code: contribution, fallback: true, fallback_order: 2}"));
  EXPECT_THAT(DefectsIn(same),
              HasSubstr("CONFIG_DUPLICATE: sources[2].categories[0].fallback_order: "
                        "\"region-social-security\" is the fallback 2 of contribution over 640000 "
                        "already"));
  EXPECT_EQ(DefectsIn(absl::StrReplaceAll(same, {{"fallback_order: 2}", "fallback_order: 1}"}})),
            "none");
  const std::string elsewhere =
      absl::StrReplaceAll(same, {{"divisions: [\"640000\"]\n    categories: [{",
                                  "divisions: [\"620000\"]\n    categories: [{"}});
  ASSERT_NE(elsewhere, same);
  EXPECT_EQ(DefectsIn(elsewhere), "none");
  EXPECT_THAT(
      DefectsIn(With("        fallback: true\n", "")),
      HasSubstr("CONFIG_FALLBACK: sources[0].categories[1].fallback_order: orders fallbacks"));
  EXPECT_THAT(DefectsIn(With("fallback_order: 2", "fallback_order: 4")),
              HasSubstr("sources[0].categories[1].fallback_order: allowed are 1 to 3"));
}

TEST(CatalogueTest, FallbacksInMoreThanThreeStepsAreRefused) {
  std::string text = kYaml;  // has one of contribution, with an order
  for (const int rank : {20, 30}) {
    absl::StrAppend(&text, Another(absl::StrCat("a", rank), "{code: contribution, fallback: true}",
                                   absl::StrCat("    authority_rank: ", rank, "\n")));
  }
  EXPECT_EQ(DefectsIn(text), "none");
  absl::StrAppend(
      &text, Another("b30", "{code: contribution, fallback: true}", "    authority_rank: 30\n"));
  EXPECT_EQ(DefectsIn(text), "none") << "of equal rank at once";
  absl::StrAppend(
      &text, Another("a40", "{code: contribution, fallback: true}", "    authority_rank: 40\n"));
  EXPECT_THAT(
      DefectsIn(text),
      HasSubstr("CONFIG_RANGE: sources: the fallbacks of contribution over 640000 are asked in "
                "4 steps; at most 3 may be"));
}

TEST(CatalogueTest, RelaysAreBodiesOfRegionsOrTheMinistryAndOneForEachDivisionAndCategory) {
  EXPECT_THAT(
      DefectsIn(
          With("      file: sim.yaml\n", "      file: sim.yaml\n    relays_for: [\"000000\"]\n")),
      HasSubstr("CONFIG_RELAY: sources[1].relays_for: other divisions and the ministry are "
                "reached through a region's or the ministry's body, not through one of level "
                "county"));
  EXPECT_THAT(DefectsIn(With("[\"610000\", \"000000\"]", "[\"61\", \"000000\", \"000000\"]")),
              testing::AllOf(HasSubstr("sources[0].relays_for[0]: a division code has six digits"),
                             HasSubstr("sources[0].relays_for[2]: is listed before")));
  const std::string second = absl::StrCat(
      kYaml, Another("body", "{code: employment}", "    relays_for: [\"620000\", \"610000\"]\n"));
  EXPECT_THAT(
      DefectsIn(second),
      HasSubstr("CONFIG_DUPLICATE: sources[2].relays_for[1]: \"region-social-security\" relays "
                "employment for 610000 already; one body may"));
  EXPECT_EQ(DefectsIn(absl::StrReplaceAll(second, {{"{code: employment}", "{code: tax}"}})),
            "none");
}

TEST(CatalogueTest, DefectsOfRoutingAreToldWithAllOthers) {
  const std::string defects = DefectsIn(absl::StrCat(
      With("attempts: 2", "attempts: 6"),
      Another("body", "{code: contribution, fallback: true, fallback_order: 2}, {code: employment}",
              "    relays_for: [\"610000\"]\n")));
  for (const char* part :
       {"sources[0].attempts", "sources[2].categories[0].fallback_order",
        "sources[2].relays_for[0]: \"region-social-security\" relays contribution",
        "sources[2].relays_for[0]: \"region-social-security\" relays employment"}) {
    EXPECT_THAT(defects, HasSubstr(part));
  }
}

TEST(CatalogueTest, EmptyFileIsRefused) {
  EXPECT_THAT(DefectsIn(""), HasSubstr("sources: list at least one"));
}

}  // namespace
}  // namespace hedui::plan
