// --check-config: one test for each reason why a platform may not start, each at its file and line,
// and each also in the way of a start.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "server/platform.h"
#include "tests/integration/scenario.h"

namespace hedui::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class CheckConfigTest : public ::testing::Test {
 protected:
  CheckConfigTest()
      : agency_tls_(scenario_.pki().IssueTls("agency")),
        other_log_ed25519_(
            scenario_.pki().IssueLog(KeyType::kEd25519, "hedui.example/640000/other")),
        other_log_sm2_(scenario_.pki().IssueLog(KeyType::kSm2, "hedui.example/640000/other")) {
    options_.config_file = scenario_.Path("heduid.yaml");
    options_.clock = &clock_;
    options_.ids = &ids_;
    options_.tell = [](const base::Event&) {};
  }

  // The line of a file, from 1, that holds `text`; the test fails unless it is one.
  static int LineOf(const std::string& yaml, absl::string_view text) {
    int number = 0;
    std::vector<int> found;
    for (absl::string_view line : absl::StrSplit(yaml, '\n')) {
      ++number;
      if (absl::StrContains(line, text)) found.push_back(number);
    }
    EXPECT_EQ(found.size(), 1u) << text;
    return found.empty() ? 0 : found.front();
  }

  // Gives a key another value: what stands behind "KEY: " to the end of the line.
  static void Set(std::string* yaml, absl::string_view key, absl::string_view value) {
    const std::string head = absl::StrCat(key, ": ");
    const size_t at = yaml->find(head);
    ASSERT_NE(at, std::string::npos) << key;
    ASSERT_EQ(yaml->find(head, at + 1), std::string::npos) << key;
    const size_t from = at + head.size();
    yaml->replace(from, yaml->find('\n', from) - from, std::string(value));
  }
  void SetServer(absl::string_view key, absl::string_view value) {
    Set(&scenario_.server_yaml, key, value);
  }

  // Every defect, a line each; a start is refused for the same reasons, or the test fails.
  std::vector<std::string> Defects() {
    scenario_.Write();
    const absl::Status checked = Platform::Check(options_);
    const auto started = Platform::Start(options_);
    EXPECT_FALSE(started.ok());
    EXPECT_EQ(started.status().message(), checked.message());
    if (checked.ok()) return {};
    EXPECT_EQ(base::ReasonOf(checked), "CONFIGURATION");
    return absl::StrSplit(checked.message(), '\n');
  }
  // "heduid.yaml:LINE: CODE: KEY: ", of the line where `text` stands.
  ::testing::Matcher<std::string> At(absl::string_view text, absl::string_view code,
                                     absl::string_view key) {
    return StartsWith(absl::StrCat(options_.config_file, ":", LineOf(scenario_.server_yaml, text),
                                   ": ", code, ": ", key, ": "));
  }

  base::SystemClock clock_;
  base::SecureIdSource ids_;
  Scenario scenario_;
  PlatformOptions options_;
  Issued agency_tls_;
  Issued other_log_ed25519_;
  Issued other_log_sm2_;
};

TEST_F(CheckConfigTest, TheScenarioIsWithoutDefectAndNothingIsMadeByTheCheck) {
  scenario_.Write();
  EXPECT_TRUE(Platform::Check(options_).ok()) << Platform::Check(options_);
  EXPECT_FALSE(std::filesystem::exists(scenario_.Path("store")));
}

TEST_F(CheckConfigTest, TheConfigurationItself) {
  options_.config_file = scenario_.Path("nowhere.yaml");
  EXPECT_THAT(Defects(), ElementsAre(HasSubstr("nowhere.yaml: No such file")));
  options_.config_file = scenario_.Path("heduid.yaml");
  scenario_.server_yaml = "listen: \"0.0.0.0:1\n";
  EXPECT_THAT(Defects(), ElementsAre(HasSubstr("heduid.yaml:")));
}

TEST_F(CheckConfigTest, AMisspeltKeyIsNamedBesideWhatItLeavesOutAndWhatElseIsWrong) {
  Scenario::Replace(&scenario_.server_yaml, "register_file: ", "registr_file: ");
  SetServer("catalogue_file", "neither.yaml");
  EXPECT_THAT(Defects(),
              ElementsAre(AllOf(HasSubstr(": CONFIG_UNKNOWN_KEY: "), HasSubstr("registr_file")),
                          HasSubstr(": CONFIG_MISSING: register_file: is required"),
                          At("neither.yaml", "FILE_NOT_FOUND", "catalogue_file")));
}

TEST_F(CheckConfigTest, NumbersOutOfRange) {
  scenario_.server_yaml += "loops: 65\ncompute_threads: -1\n";
  EXPECT_THAT(Defects(), ElementsAre(At("loops", "CONFIG_RANGE", "loops"),
                                     At("compute_threads", "CONFIG_RANGE", "compute_threads")));
}

class ListenTest : public CheckConfigTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(ListenTest, IsRefusedAtItsLine) {
  SetServer("listen", absl::StrCat("\"", GetParam(), "\""));
  EXPECT_THAT(Defects(), ElementsAre(At("listen", "LISTEN", "listen")));
}

// 192.0.2.0/24 is for documentation: no machine has it.
INSTANTIATE_TEST_SUITE_P(Addresses, ListenTest,
                         ::testing::Values("7443", "127.0.0.1", "127.0.0.1:", ":7443",
                                           "127.0.0.1:65536", "127.0.0.1:https", "127.0.0.1:-1",
                                           "::1:7443x", "::1:7443", "[::1:7443", "192.0.2.1:7443",
                                           "no such host:7443"));

TEST_F(CheckConfigTest, APortThatIsTakenIsThatOfThePlatformBeingReplaced) {
  scenario_.Write();
  const auto running = Platform::Start(options_);
  ASSERT_TRUE(running.ok()) << running.status();
  SetServer("listen", absl::StrCat("\"127.0.0.1:", (*running)->port(), "\""));
  scenario_.Write();
  EXPECT_TRUE(Platform::Check(options_).ok()) << Platform::Check(options_);
}

TEST_F(CheckConfigTest, TlsKeyAndCertificateThatDoNotBelongTogether) {
  SetServer("tls", absl::StrCat("{ca_file: ", scenario_.pki().ca_path(),
                                ", certificate_file: ", agency_tls_.certificate_path,
                                ", key_file: ", other_log_sm2_.key_path, "}"));
  EXPECT_THAT(Defects(),
              ElementsAre(AllOf(At("tls:", "TLS_FILES", "tls"), HasSubstr("is not the key of"))));
}

TEST_F(CheckConfigTest, ACertificateThatHasExpiredOrDoesNotLinkToItsChain) {
  CertificateRequest request;
  request.name = "ended";
  request.to = clock_.WallNow() - absl::Hours(1);
  const Issued ended = scenario_.pki().Issue(request);
  const std::string chain = scenario_.Path("chain.pem");
  std::ofstream(chain) << ended.certificate_pem << agency_tls_.certificate_pem;
  SetServer("tls", absl::StrCat("{ca_file: ", scenario_.pki().ca_path(), ", certificate_file: ",
                                chain, ", key_file: ", ended.key_path, "}"));
  EXPECT_THAT(Defects(),
              ElementsAre(AllOf(At("tls:", "CERTIFICATE_EXPIRED", "tls.certificate_file"),
                                HasSubstr("\"CN=ended\" expired at")),
                          HasSubstr("\"CN=ended\" was not issued by \"CN=agency\"")));
}

TEST_F(CheckConfigTest, ARevocationListThatCannotBeUsed) {
  const auto set = [this](const std::string& list) {
    std::ofstream(scenario_.Path("ca.crl")) << list;
    Set(&scenario_.server_yaml, "tls",
        absl::StrCat("{ca_file: ", scenario_.pki().ca_path(),
                     ", certificate_file: ", agency_tls_.certificate_path,
                     ", key_file: ", agency_tls_.key_path, ", crl_file: ca.crl}"));
  };
  const absl::Time now = clock_.WallNow();
  set(scenario_.pki().RevocationList({}, now - absl::Hours(2), now - absl::Hours(1)));
  EXPECT_THAT(Defects(), ElementsAre(At("tls:", "REVOCATION_LIST_EXPIRED", "tls.crl_file")));
  TestPki other;
  set(other.RevocationList({}, now - absl::Hours(2), now + absl::Hours(1)));
  EXPECT_THAT(Defects(), ElementsAre(At("tls:", "REVOCATION_LIST", "tls.crl_file")));
  set("");
  EXPECT_THAT(Defects(), ElementsAre(At("tls:", "REVOCATION_LIST", "tls.crl_file")));
}

// A start goes on without the department; whoever checks should know.
TEST_F(CheckConfigTest, ASourcesCertificateThatHasExpiredIsADefectOfTheCheckAlone) {
  CertificateRequest request;
  request.name = "ended";
  request.to = clock_.WallNow() - absl::Hours(1);
  const Issued ended = scenario_.pki().Issue(request);
  scenario_.UseGrpc("nx-bank", 1);
  Set(&scenario_.catalogue_yaml, "client_tls",
      absl::StrCat("{ca_file: ", scenario_.pki().ca_path(), ", certificate_file: ",
                   ended.certificate_path, ", key_file: ", ended.key_path, "}"));
  scenario_.Write();
  const absl::Status checked = Platform::Check(options_);
  EXPECT_THAT(std::string(checked.message()),
              AllOf(HasSubstr(ended.certificate_path), HasSubstr("CERTIFICATE_EXPIRED"),
                    HasSubstr("source nx-bank")));
  const auto started = Platform::Start(options_);
  EXPECT_TRUE(started.ok()) << started.status();
}

TEST_F(CheckConfigTest, WhatEndsSoonIsToldAndNoDefect) {
  CertificateRequest request;
  request.name = "ending";
  request.from = clock_.WallNow() - absl::Hours(24 * 300);
  request.to = clock_.WallNow() + absl::Hours(24 * 20 + 1);
  const Issued ending = scenario_.pki().Issue(request);
  SetServer("tls", absl::StrCat("{ca_file: ", scenario_.pki().ca_path(), ", certificate_file: ",
                                ending.certificate_path, ", key_file: ", ending.key_path, "}"));
  scenario_.Write();
  std::vector<std::string> told;
  options_.tell = [&told](const base::Event& event) { told.emplace_back(base::TextOf(event)); };
  EXPECT_TRUE(Platform::Check(options_).ok()) << Platform::Check(options_);
  ASSERT_FALSE(told.empty());
  EXPECT_THAT(told[0], AllOf(HasSubstr("tls.certificate_file"), HasSubstr("expires in 20 days")));
}

TEST_F(CheckConfigTest, EveryTlsFileThatCannotBeUsed) {
  SetServer("tls", absl::StrCat("{ca_file: none.pem, certificate_file: ", agency_tls_.key_path,
                                ", key_file: ", scenario_.directory(), "}"));
  EXPECT_THAT(Defects(), ElementsAre(HasSubstr("none.pem: No such file"),
                                     HasSubstr(scenario_.directory() + ": Is a directory"),
                                     HasSubstr(agency_tls_.key_path + ": holds no certificate")));
}

TEST_F(CheckConfigTest, FilesThatAreNotThereAllAtOnce) {
  SetServer("register_file", "none.yaml");
  SetServer("catalogue_file", "neither.yaml");
  SetServer("policies_dir", "nowhere");
  SetServer("ed25519_key_file", "none.key");
  SetServer("legal_certificate_file", "none.pem");
  EXPECT_THAT(Defects(),
              UnorderedElementsAre(At("none.yaml", "FILE_NOT_FOUND", "register_file"),
                                   At("neither.yaml", "FILE_NOT_FOUND", "catalogue_file"),
                                   At("nowhere", "POLICY_DIRECTORY", "policies_dir"),
                                   At("none.key", "FILE_NOT_FOUND", "log.ed25519_key_file"),
                                   At("none.pem", "FILE_NOT_FOUND", "log.legal_certificate_file")));
}

TEST_F(CheckConfigTest, PoliciesWithoutAnyFile) {
  std::filesystem::create_directory(scenario_.Path("empty"));
  SetServer("policies_dir", "empty");
  EXPECT_THAT(Defects(), ElementsAre(HasSubstr("/empty:1: NO_POLICY: ")));
}

TEST_F(CheckConfigTest, DefectsOfTheFilesThatItNamesAtTheirOwnLines) {
  Scenario::Replace(&scenario_.register_yaml, "level: county", "level: village");
  Scenario::Replace(&scenario_.catalogue_yaml, "deadline: 2s", "deadline: 2h");
  EXPECT_THAT(
      Defects(),
      ElementsAre(HasSubstr(absl::StrCat(
                      "register.yaml:", LineOf(scenario_.register_yaml, "level: village"), ": ")),
                  HasSubstr(absl::StrCat(
                      "catalogue.yaml:", LineOf(scenario_.catalogue_yaml, "deadline: 2h"), ": "))));
}

TEST_F(CheckConfigTest, AnOriginThatIsNotTheCertificates) {
  SetServer("origin", "hedui.example/640000/other");
  EXPECT_THAT(
      Defects(),
      ElementsAre(At("ed25519_certificate_file", "LOG_CERTIFICATE", "log.ed25519_certificate_file"),
                  At("legal_certificate_file", "LOG_CERTIFICATE", "log.legal_certificate_file")));
}

TEST_F(CheckConfigTest, AnOriginThatIsNone) {
  SetServer("origin", "https://hedui.example");
  EXPECT_THAT(Defects(), ::testing::Contains(At("origin:", "LOG_ORIGIN", "log.origin")));
}

TEST_F(CheckConfigTest, LogKeysThatAreNotTheCertificates) {
  SetServer("ed25519_key_file", other_log_ed25519_.key_path);
  SetServer("legal_key_file", other_log_sm2_.key_path);
  EXPECT_THAT(Defects(),
              ElementsAre(At("ed25519_key_file", "LOG_CERTIFICATE", "log.ed25519_key_file"),
                          At("legal_key_file", "LOG_CERTIFICATE", "log.legal_key_file")));
}

TEST_F(CheckConfigTest, LogFilesThatAreNoKeyAndNoCertificate) {
  SetServer("ed25519_key_file", other_log_ed25519_.certificate_path);
  SetServer("legal_certificate_file", other_log_sm2_.key_path);
  EXPECT_THAT(Defects(), ElementsAre(At("ed25519_key_file", "SIGNING_KEY", "log.ed25519_key_file"),
                                     At("legal_certificate_file", "LOG_CERTIFICATE",
                                        "log.legal_certificate_file")));
}

TEST_F(CheckConfigTest, ASimulationThatIsNotThereOnceForAllItsSources) {
  scenario_.catalogue_yaml.replace(scenario_.catalogue_yaml.find("simulated: {file: "), 18,
                                   "simulated: {file: no-");
  EXPECT_THAT(
      Defects(),
      ElementsAre(AllOf(HasSubstr(absl::StrCat(
                            "catalogue.yaml:", LineOf(scenario_.catalogue_yaml, "no-simulation"),
                            ": FILE_NOT_FOUND: sources[0].simulated: ")),
                        HasSubstr("no-simulation.yaml: No such file"))));
}

TEST_F(CheckConfigTest, ASimulationWithoutTheSourceOrWithADefect) {
  Scenario::Replace(&scenario_.catalogue_yaml, "- id: nx-bank", "- id: nx-other-bank");
  EXPECT_THAT(Defects(), ElementsAre(HasSubstr("SIMULATED_SOURCE: sources[6].simulated: ")));
  scenario_.simulation_yaml += "unknown: 1\n";
  EXPECT_THAT(Defects(), ElementsAre(HasSubstr("simulation.yaml:")));
}

TEST_F(CheckConfigTest, TlsFilesOfSourcesOnceForAllThatShareThem) {
  scenario_.UseGrpc("nx-bank", 1);
  scenario_.UseGrpc("nx-tax", 2);
  Set(&scenario_.catalogue_yaml, "client_tls",
      absl::StrCat("{ca_file: none.pem, certificate_file: ", agency_tls_.certificate_path,
                   ", key_file: ", other_log_sm2_.key_path, "}"));
  EXPECT_THAT(
      Defects(),
      ElementsAre(AllOf(HasSubstr(absl::StrCat(
                            "catalogue.yaml:", LineOf(scenario_.catalogue_yaml, "client_tls"),
                            ": FILE_NOT_FOUND: client_tls: ")),
                        HasSubstr("none.pem: No such file")),
                  AllOf(HasSubstr("client_tls: "), HasSubstr("is not the key of"))));
}

TEST_F(CheckConfigTest, TlsFilesThatASourceHasForItself) {
  scenario_.UseGrpc("nx-bank", 1);
  Scenario::Replace(
      &scenario_.catalogue_yaml, "grpc: {",
      "grpc: {tls: {ca_file: own.pem, certificate_file: own.pem, key_file: own.pem}, ");
  EXPECT_THAT(Defects(), ::testing::Each(HasSubstr(absl::StrCat(
                             "catalogue.yaml:", LineOf(scenario_.catalogue_yaml, "own.pem"),
                             ": FILE_NOT_FOUND: sources[6].grpc.tls: "))));
}

TEST_F(CheckConfigTest, AStoreThatCannotBeMade) {
  std::ofstream(scenario_.Path("file")) << "no directory\n";
  SetServer("store", "{directory: file/store, key_encryption_key_file: kek, key_directory: file}");
  EXPECT_THAT(Defects(), ElementsAre(AllOf(At("store:", "STORE_DIRECTORY", "store.directory"),
                                           HasSubstr("cannot be created")),
                                     AllOf(At("store:", "STORE_DIRECTORY", "store.key_directory"),
                                           EndsWith("/file: is not a directory"))));
}

// What stands in a store is known to a start only as it opens it, in its own words.
class StoredTest : public CheckConfigTest {
 protected:
  // Leaves a store with one report in its log.
  StoredTest() {
    Scenario::Replace(&scenario_.simulation_yaml, "faults: [{kind: silent}]", "faults: []");
    scenario_.Write();
    auto platform = Platform::Start(options_);
    EXPECT_TRUE(platform.ok()) << platform.status();
    const auto client = scenario_.Connect((*platform)->port());
    const auto registered = client->RegisterAuthorizations(scenario_.letters, absl::Seconds(60));
    EXPECT_TRUE(registered.ok()) << registered.status();
    const auto report = client->VerifyHousehold(scenario_.household, absl::Seconds(60));
    EXPECT_TRUE(report.ok()) << report.status();
  }

  // The one defect; a start is refused too.
  std::string Defect() {
    scenario_.Write();
    const absl::Status checked = Platform::Check(options_);
    EXPECT_FALSE(Platform::Start(options_).ok());
    EXPECT_FALSE(absl::StrContains(checked.message(), '\n')) << checked;
    return std::string(checked.message());
  }
};

TEST_F(StoredTest, OfThisConfigurationIsWithoutDefectAlsoWhileItRuns) {
  EXPECT_TRUE(Platform::Check(options_).ok()) << Platform::Check(options_);
  const auto running = Platform::Start(options_);
  ASSERT_TRUE(running.ok());
  EXPECT_TRUE(Platform::Check(options_).ok()) << Platform::Check(options_);
}

TEST_F(StoredTest, AnotherLog) {
  SetServer("origin", "hedui.example/640000/other");
  SetServer("ed25519_key_file", other_log_ed25519_.key_path);
  SetServer("ed25519_certificate_file", other_log_ed25519_.certificate_path);
  SetServer("legal_key_file", other_log_sm2_.key_path);
  SetServer("legal_certificate_file", other_log_sm2_.certificate_path);
  EXPECT_THAT(Defect(), AllOf(At("origin:", "LOG_ORIGIN", "log.origin"),
                              HasSubstr("holds the log hedui.example/640000/log")));
}

TEST_F(StoredTest, WithoutItsKeys) {
  std::filesystem::remove(scenario_.Path("store/keys.db"));
  EXPECT_THAT(Defect(), At("store:", "KEYS_MISSING", "store"));
}

TEST_F(StoredTest, UnderAKeyThatTheFileDoesNotHave) {
  scenario_.Write();
  SetServer("store", "{directory: store, key_encryption_key_file: other}");
  std::ofstream(scenario_.Path("other")) << "7 " << std::string(64, 'a') << "\n";
  EXPECT_THAT(Defect(), At("store:", "KEK_MISSING", "store"));
}

TEST_F(StoredTest, AKeyFileThatIsNotThere) {
  SetServer("store", "{directory: store, key_encryption_key_file: none}");
  EXPECT_THAT(Defect(), At("store:", "KEK_FILE", "store.key_encryption_key_file"));
}

TEST_F(CheckConfigTest, KeysMayLieInADirectoryOfTheirOwn) {
  SetServer("store", "{directory: store, key_encryption_key_file: kek, key_directory: keys}");
  scenario_.Write();
  {
    const auto platform = Platform::Start(options_);
    ASSERT_TRUE(platform.ok()) << platform.status();
  }
  EXPECT_TRUE(std::filesystem::exists(scenario_.Path("keys/keys.db")));
  EXPECT_FALSE(std::filesystem::exists(scenario_.Path("store/keys.db")));
  EXPECT_EQ(std::filesystem::status(scenario_.Path("keys")).permissions(),
            std::filesystem::perms::owner_all);
  EXPECT_TRUE(Platform::Check(options_).ok()) << Platform::Check(options_);
}

}  // namespace
}  // namespace hedui::testing
