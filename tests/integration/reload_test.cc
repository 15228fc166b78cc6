// What may change while a platform serves: its files are replaced under it, and it is told to read
// them anew or finds out by itself.
#include <climits>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "hedui/v1/reports.grpc.pb.h"
#include "hedui/v1/verification.grpc.pb.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/reloader.h"
#include "server/rooms.h"
#include "tests/integration/departments.h"
#include "tests/integration/running_platform.h"
#include "tests/support/notification.h"

namespace hedui::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// The machine's clocks, and as much later as the test says.
class LaterClock final : public base::Clock {
 public:
  absl::Time WallNow() const override {
    std::function<void()> asked;
    {
      const base::MutexLock lock(&mutex_);
      asked = on_asked_;
    }
    if (asked) asked();
    return system_.WallNow() + Later();
  }
  absl::Duration SteadyNow() const override { return system_.SteadyNow() + Later(); }
  void Advance(absl::Duration by) {
    const base::MutexLock lock(&mutex_);
    later_ += by;
  }
  // Called when the time is asked for: by whoever reads configuration between looking at the files
  // and reading them, and by others. Thread-safe; may be empty.
  void OnAsked(std::function<void()> asked) {
    const base::MutexLock lock(&mutex_);
    on_asked_ = std::move(asked);
  }

 private:
  absl::Duration Later() const {
    const base::MutexLock lock(&mutex_);
    return later_;
  }
  base::SystemClock system_;
  mutable base::Mutex mutex_;
  absl::Duration later_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> on_asked_ ABSL_GUARDED_BY(mutex_);
};

class ReloadTest : public ::testing::Test {
 protected:
  ReloadTest() {
    fs::copy(absl::StrCat(HEDUI_SOURCE_DIR, "/policies"), scenario_.Path("policies"),
             fs::copy_options::recursive);
    Scenario::Replace(&scenario_.server_yaml,
                      absl::StrCat("policies_dir: ", HEDUI_SOURCE_DIR, "/policies"),
                      "policies_dir: policies");
    // Files of the test's own, which it can replace.
    server_ = scenario_.pki().IssueTls("platform", "hedui://platform/640000");
    Put(server_);
    const size_t from = scenario_.server_yaml.find("tls: {");
    const size_t to = scenario_.server_yaml.find('\n', from);
    scenario_.server_yaml.replace(from, to - from,
                                  "tls: {ca_file: ca.pem, certificate_file: server.pem, key_file: "
                                  "server.key, crl_file: ca.crl}");
    WriteText("ca.pem", scenario_.pki().ca_pem());
    Revoke({});
  }

  void WriteText(const std::string& name, const std::string& text) {
    // As operators should: written beside, then put in place.
    const std::string path = scenario_.Path(name);
    std::ofstream(path + ".new") << text;
    fs::rename(path + ".new", path);
  }
  std::string ReadText(const std::string& name) const {
    std::ifstream in(scenario_.Path(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void Put(const Issued& pair) {
    WriteText("server.pem", pair.certificate_pem);
    WriteText("server.key", pair.key_pem);
  }
  void Revoke(const std::vector<Issued>& revoked) {
    WriteText("ca.crl", scenario_.pki().RevocationList(revoked, clock_.WallNow() - absl::Hours(1),
                                                       clock_.WallNow() + absl::Hours(24 * 365)));
  }

  void Start() {
    PlatformOptions options;
    options.config_file = scenario_.Write();
    options.clock = &clock_;
    options.ids = &ids_;
    options.tell = [this](const base::Event& event) {
      const std::string line =
          absl::StrCat(base::EventLevelName(event.level), ": ", base::TextOf(event));
      const base::MutexLock lock(&mutex_);
      told_.push_back(line);
    };
    options.on_step = [this](FlowStep step) {
      if (on_step_) on_step_(step);
    };
    auto started = Platform::Start(std::move(options));
    ASSERT_TRUE(started.ok()) << started.status();
    platform_ = *std::move(started);
    client_ = Connect(agency_);
    auto registered = client_->RegisterAuthorizations(scenario_.letters, kPatience);
    ASSERT_TRUE(registered.ok()) << registered.status();
  }

  std::vector<std::string> TakeTold() {
    const base::MutexLock lock(&mutex_);
    return std::exchange(told_, {});
  }

  std::unique_ptr<clients::Client> Connect(const Issued& pair) {
    clients::ClientOptions options;
    options.target = absl::StrCat("localhost:", platform_->port());
    options.ca_file = scenario_.pki().ca_path();
    options.certificate_file = pair.certificate_path;
    options.key_file = pair.key_path;
    auto client = clients::Client::Connect(options);
    EXPECT_TRUE(client.ok()) << client.status();
    return *std::move(client);
  }

  // "OK" when the platform knows the caller; the reason otherwise.
  static std::string Ask(clients::Client& client) {
    v1::GetReportRequest request;
    request.set_officer("XQ-0107");
    request.set_request_id("00000000-0000-4000-8000-000000000000");
    const absl::Status status = client.GetReport(request, kPatience).status();
    return status.code() == absl::StatusCode::kNotFound ? "OK" : base::ReasonOf(status);
  }

  // The certificate that a new connection is shown.
  std::string ShownCertificate() {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = scenario_.pki().ca_pem();
    tls.pem_cert_chain = agency_.certificate_pem;
    tls.pem_private_key = agency_.key_pem;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto stub = v1::ReportService::NewStub(grpc::CreateCustomChannel(
        absl::StrCat("localhost:", platform_->port()), grpc::SslCredentials(tls), arguments));
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    v1::GetReportResponse response;
    EXPECT_NE(stub->GetReport(&context, {}, &response).error_code(), grpc::StatusCode::UNAVAILABLE);
    const auto pem = context.auth_context()->FindPropertyValues("x509_pem_cert");
    return pem.empty() ? "" : std::string(pem[0].data(), pem[0].size());
  }

  static std::string PolicyDigestOf(const absl::StatusOr<v1::VerifyHouseholdResponse>& response) {
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? LinesOf(response->envelope())[0].header().policy_digest() : "";
  }

  LaterClock clock_;
  base::SecureIdSource ids_;
  Scenario scenario_;
  Issued server_;
  const Issued agency_ =
      scenario_.pki().IssueTls("agency", absl::StrCat("hedui://agency/", kAgency));
  base::Mutex mutex_;
  std::vector<std::string> told_ ABSL_GUARDED_BY(mutex_);
  std::function<void(FlowStep)> on_step_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<clients::Client> client_;
};

TEST_F(ReloadTest, NewConnectionsSeeTheNewCertificateAndOldOnesGoOn) {
  Start();
  EXPECT_EQ(ShownCertificate(), server_.certificate_pem);
  const Issued next = scenario_.pki().IssueTls("next", "hedui://platform/640000");
  Put(next);
  EXPECT_EQ(ShownCertificate(), server_.certificate_pem) << "not before it is read";
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_EQ(ShownCertificate(), next.certificate_pem);
  EXPECT_EQ(Ask(*client_), "OK");
  EXPECT_THAT(TakeTold(), Contains(HasSubstr("new certificates")));
}

TEST_F(ReloadTest, APairThatDoesNotFitIsRefusedBeforeItIsUsed) {
  Start();
  const Issued next = scenario_.pki().IssueTls("next");
  WriteText("server.pem", next.certificate_pem);
  const absl::Status refused = platform_->Reload();
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("TLS_FILES"), HasSubstr("is not the key of")));
  EXPECT_THAT(TakeTold(), Contains(AllOf(HasSubstr("not reloaded"), HasSubstr("server.key"))));
  EXPECT_EQ(ShownCertificate(), server_.certificate_pem);
  WriteText("server.key", next.key_pem);
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_EQ(ShownCertificate(), next.certificate_pem);
}

TEST_F(ReloadTest, ExpiredUnreadableOrMissingOnesAreRefusedToo) {
  Start();
  CertificateRequest request;
  request.name = "expired";
  request.dns = {"localhost"};
  request.extended_key_usage = "serverAuth";
  request.to = clock_.WallNow() - absl::Hours(1);
  Put(scenario_.pki().Issue(request));
  EXPECT_THAT(std::string(platform_->Reload().message()),
              AllOf(HasSubstr("CERTIFICATE_EXPIRED"), HasSubstr("\"CN=expired\" expired at")));
  request.from = clock_.WallNow() + absl::Hours(1);
  request.to = clock_.WallNow() + absl::Hours(2);
  Put(scenario_.pki().Issue(request));
  EXPECT_THAT(std::string(platform_->Reload().message()), HasSubstr("CERTIFICATE_NOT_YET_VALID"));
  WriteText("server.pem", "nothing");
  EXPECT_THAT(std::string(platform_->Reload().message()), HasSubstr("holds no certificate"));
  fs::remove(scenario_.Path("server.pem"));
  EXPECT_THAT(std::string(platform_->Reload().message()), HasSubstr("FILE_NOT_FOUND"));
  EXPECT_EQ(ShownCertificate(), server_.certificate_pem);
}

TEST_F(ReloadTest, ARevokedCallerIsRefusedOnTheConnectionItHas) {
  Start();
  const Issued other = scenario_.pki().IssueTls("other", absl::StrCat("hedui://agency/", kAgency));
  auto others = Connect(other);
  EXPECT_EQ(Ask(*client_), "OK");
  EXPECT_EQ(Ask(*others), "OK");
  Revoke({agency_});
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_EQ(Ask(*client_), "CERTIFICATE_REVOKED");
  EXPECT_EQ(Ask(*Connect(agency_)), "CERTIFICATE_REVOKED");
  EXPECT_EQ(Ask(*others), "OK");
}

TEST_F(ReloadTest, AListPastItsNextUpdateLetsNobodyInAndIsNotLoaded) {
  Start();
  EXPECT_EQ(Ask(*client_), "OK");
  clock_.Advance(absl::Hours(24 * 365 + 1));
  EXPECT_EQ(Ask(*client_), "REVOCATION_UNKNOWN");
  EXPECT_THAT(std::string(platform_->Reload().message()),
              AllOf(HasSubstr("REVOCATION_LIST_EXPIRED"), HasSubstr("tls.crl_file")));
  Revoke({});
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_EQ(Ask(*client_), "OK");
}

TEST_F(ReloadTest, AnAuthorityTakenOutEndsWhatItsCallersMayDo) {
  TestPki next(KeyType::kP256, "Next authority");
  WriteText("ca.pem", absl::StrCat(scenario_.pki().ca_pem(), next.ca_pem()));
  Scenario::Replace(&scenario_.server_yaml, ", crl_file: ca.crl", "");
  Start();
  const Issued migrated = next.IssueTls("migrated", absl::StrCat("hedui://agency/", kAgency));
  auto migrant = Connect(migrated);
  EXPECT_EQ(Ask(*migrant), "OK");
  EXPECT_EQ(Ask(*client_), "OK");
  WriteText("ca.pem", next.ca_pem());
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_EQ(Ask(*migrant), "OK");
  EXPECT_EQ(Ask(*client_), "CERTIFICATE_NOT_TRUSTED");
}

TEST_F(ReloadTest, AnAgencyTakenOutOfTheRegisterIsRefused) {
  Start();
  EXPECT_EQ(Ask(*client_), "OK");
  Scenario::Replace(&scenario_.register_yaml, kAgency, "640104-another");
  WriteText("register.yaml", scenario_.register_yaml);
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_EQ(Ask(*client_), "AGENCY_UNKNOWN");
}

TEST_F(ReloadTest, ADefectiveSetIsRefusedWholeWithEveryDefectTold) {
  Start();
  TakeTold();
  std::string reg = scenario_.register_yaml;
  Scenario::Replace(&reg, kAgency, "640104-another");
  WriteText("register.yaml", reg);
  WriteText("catalogue.yaml", absl::StrCat(scenario_.catalogue_yaml, "nonsense: 1\n"));
  WriteText("policies/640104/standard.yaml", "division: \"640104\"\nnothing: 2\n");
  const absl::Status refused = platform_->Reload();
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("catalogue.yaml:"), HasSubstr("standard.yaml:")));
  EXPECT_THAT(TakeTold(), Contains(AllOf(HasSubstr("catalogue.yaml:"), HasSubstr("standard.yaml:"),
                                         HasSubstr("what was in force stays"))));
  EXPECT_EQ(Ask(*client_), "OK") << "the register was read well, and is not in force either";
}

// What is put in place while it is read is read again, so that no set is half an old one.
TEST_F(ReloadTest, FilesThatChangeWhileTheyAreReadAreReadAgain) {
  Start();
  const std::string standard = ReadText("policies/640104/standard.yaml");
  base::Mutex mutex;
  int written = 0;
  const auto change = [&](int times) {
    const base::MutexLock lock(&mutex);
    // Each of another length, so that it shows whatever the file system's clock.
    if (written < times) {
      WriteText("policies/640104/standard.yaml", standard + std::string(++written, '\n'));
    }
  };
  clock_.OnAsked([&] { change(1); });
  EXPECT_TRUE(platform_->Reload().ok());
  TakeTold();
  // Whoever goes on writing gets nothing into force.
  clock_.OnAsked([&] { change(INT_MAX); });
  const absl::Status refused = platform_->Reload();
  clock_.OnAsked({});
  EXPECT_THAT(std::string(refused.message()), HasSubstr("changed whenever they were read"));
  EXPECT_THAT(TakeTold(), Contains(HasSubstr("what was in force stays")));
  EXPECT_TRUE(platform_->Reload().ok());
}

// Certificates and the rest are refused apart: an agency has to go whatever the certificates are.
TEST_F(ReloadTest, ABadCertificateDoesNotKeepAnAgencyIn) {
  Start();
  WriteText("server.pem", "nothing");
  Scenario::Replace(&scenario_.register_yaml, kAgency, "640104-another");
  WriteText("register.yaml", scenario_.register_yaml);
  EXPECT_FALSE(platform_->Reload().ok());
  EXPECT_EQ(Ask(*client_), "AGENCY_UNKNOWN");
  EXPECT_EQ(ShownCertificate(), server_.certificate_pem);
}

TEST_F(ReloadTest, ARunningVerificationEndsByThePoliciesItBeganWith) {
  Notification begun;
  Notification go_on;
  on_step_ = [&](FlowStep step) {
    if (step != FlowStep::kIntentCommitted) return;
    begun.Notify();
    go_on.Wait();
  };
  Start();
  absl::StatusOr<v1::VerifyHouseholdResponse> running;
  std::thread caller([&] { running = client_->VerifyHousehold(scenario_.household, kPatience); });
  begun.Wait();
  const std::string policy = scenario_.Path("policies/640104/standard.yaml");
  std::string text = *base::ReadFile(policy);
  Scenario::Replace(&text, "value: 1100", "value: 1200");
  WriteText("policies/640104/standard.yaml", text);
  Scenario::Replace(&scenario_.register_yaml, "银川市兴庆区民政局（演示）", "另一名称");
  WriteText("register.yaml", scenario_.register_yaml);
  ASSERT_TRUE(platform_->Reload().ok());
  go_on.Notify();
  caller.join();
  const std::string before = PolicyDigestOf(running);
  EXPECT_EQ(LinesOf(running->envelope())[0].header().agency_name(), "银川市兴庆区民政局（演示）");

  v1::VerifyHouseholdRequest again = scenario_.household;
  again.mutable_header()->set_request_id("00000000-0000-4000-8000-000000000001");
  const auto next = client_->VerifyHousehold(again, kPatience);
  EXPECT_NE(PolicyDigestOf(next), before);
  EXPECT_EQ(LinesOf(next->envelope())[0].header().agency_name(), "另一名称");
}

TEST_F(ReloadTest, PoliciesAreInForceSinceTheirFilesChangedNotSinceTheyWereReadAgain) {
  Start();
  v1::ListPolicySetsRequest request;
  request.set_officer("XQ-0107");
  const auto listed = [&] {
    auto sets = client_->ListPolicySets(request, kPatience);
    EXPECT_TRUE(sets.ok()) << sets.status();
    return sets.ok() ? *std::move(sets) : v1::ListPolicySetsResponse();
  };
  const v1::ListPolicySetsResponse before = listed();
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_EQ(listed().in_force_since_seconds(), before.in_force_since_seconds());
  const std::string policy = scenario_.Path("policies/640104/standard.yaml");
  WriteText("policies/640104/standard.yaml", *base::ReadFile(policy) + "# reviewed\n");
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_NE(listed().policies_sha256(), before.policies_sha256());
  EXPECT_GE(listed().in_force_since_seconds(), before.in_force_since_seconds() + 3'600);
}

TEST_F(ReloadTest, ASourceTakenOutIsNotAskedAnyMore) {
  Start();
  auto first = client_->VerifyHousehold(scenario_.household, kPatience);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_NE(OutcomeOf(*first, "m1", "vehicle").kind(), v1::ANSWER_KIND_UNSPECIFIED);
  std::string without = scenario_.catalogue_yaml;
  const size_t from = without.find("  - id: nx-public-security\n");
  ASSERT_NE(from, std::string::npos);
  const size_t to = without.find("  - id: ", from + 1);
  ASSERT_NE(to, std::string::npos);
  without.erase(from, to - from);
  WriteText("catalogue.yaml", without);
  ASSERT_TRUE(platform_->Reload().ok());
  v1::VerifyHouseholdRequest again = scenario_.household;
  again.mutable_header()->set_request_id("00000000-0000-4000-8000-000000000001");
  auto second = client_->VerifyHousehold(again, kPatience);
  ASSERT_TRUE(second.ok()) << second.status();
  for (const v1::SourceOutcome& outcome : second->outcomes()) {
    EXPECT_NE(outcome.source_id(), "nx-public-security");
  }
}

// A source that is being spared is asked again once its catalogue says that it never is.
TEST_F(ReloadTest, HowASourceIsSparedChangesWithTheCatalogueForTheStateItHas) {
  // It never answers.
  Scenario::Replace(&scenario_.catalogue_yaml, "    deadline: 2s\n",
                    "    deadline: 100ms\n    breaker: {failures: 1, open_first: 10m}\n");
  Start();
  const auto ask = [this](int number) {
    v1::VerifyHouseholdRequest request = scenario_.household;
    request.mutable_header()->set_request_id(
        absl::StrCat("00000000-0000-4000-8000-00000000000", number));
    const auto response = client_->VerifyHousehold(request, kPatience);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? OutcomeOf(*response, "m1", "deposit") : v1::SourceOutcome();
  };
  EXPECT_EQ(ask(1).reason(), v1::REASON_LATE);
  const v1::SourceOutcome spared = ask(2);
  EXPECT_EQ(spared.kind(), v1::ANSWER_KIND_NOT_ASKED);
  EXPECT_EQ(spared.reason(), v1::REASON_BREAKER);
  Scenario::Replace(&scenario_.catalogue_yaml, "breaker: {failures: 1, open_first: 10m}",
                    "breaker: {off: true}");
  WriteText("catalogue.yaml", scenario_.catalogue_yaml);
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_EQ(ask(3).reason(), v1::REASON_LATE);
}

// The departments take certificates of another authority than ours is of, until ours is renewed.
TEST_F(ReloadTest, DepartmentsAreShownTheRenewedCertificate) {
  TestPki next(KeyType::kP256, "Next authority");
  absl::StrReplaceAll({{absl::StrCat("tls: {ca_file: ", scenario_.pki().ca_path()),
                        absl::StrCat("tls: {ca_file: ", next.ca_path())}},
                      &scenario_.simulation_yaml);
  const Issued shown = scenario_.pki().IssueTls("platform");
  WriteText("client.pem", shown.certificate_pem);
  WriteText("client.key", shown.key_pem);
  const size_t from = scenario_.catalogue_yaml.find("client_tls: {");
  scenario_.catalogue_yaml.replace(
      from, scenario_.catalogue_yaml.find('\n', from) - from,
      absl::StrCat("client_tls: {ca_file: ", scenario_.pki().ca_path(),
                   ", certificate_file: client.pem, key_file: client.key}"));
  const Departments departments(&scenario_);
  Start();
  auto first = client_->VerifyHousehold(scenario_.household, kPatience);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(OutcomeOf(*first, "m1", "employment").kind(), v1::ANSWER_KIND_UNAVAILABLE);

  const Issued renewed = next.IssueTls("platform");
  WriteText("client.pem", renewed.certificate_pem);
  EXPECT_THAT(std::string(platform_->Reload().message()), HasSubstr("is not the key of"));
  WriteText("client.key", renewed.key_pem);
  ASSERT_TRUE(platform_->Reload().ok());
  v1::VerifyHouseholdRequest again = scenario_.household;
  again.mutable_header()->set_request_id("00000000-0000-4000-8000-000000000001");
  auto second = client_->VerifyHousehold(again, kPatience);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(OutcomeOf(*second, "m1", "employment").kind(), v1::ANSWER_KIND_FOUND);
}

TEST_F(ReloadTest, ARenewedCertificateForDepartmentsThatHasExpiredIsRefused) {
  const Issued shown = scenario_.pki().IssueTls("platform");
  WriteText("client.pem", shown.certificate_pem);
  WriteText("client.key", shown.key_pem);
  scenario_.UseGrpc("nx-bank", 1);
  const size_t from = scenario_.catalogue_yaml.find("client_tls: {");
  scenario_.catalogue_yaml.replace(
      from, scenario_.catalogue_yaml.find('\n', from) - from,
      absl::StrCat("client_tls: {ca_file: ", scenario_.pki().ca_path(),
                   ", certificate_file: client.pem, key_file: client.key}"));
  Start();
  CertificateRequest request;
  request.name = "ended";
  request.to = clock_.WallNow() - absl::Hours(1);
  const Issued ended = scenario_.pki().Issue(request);
  WriteText("client.pem", ended.certificate_pem);
  WriteText("client.key", ended.key_pem);
  EXPECT_THAT(std::string(platform_->Reload().message()),
              AllOf(HasSubstr("client.pem"), HasSubstr("\"CN=ended\" expired at")));
}

TEST_F(ReloadTest, WhatOnlyAStartTakesIsToldOf) {
  Start();
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_THAT(TakeTold(), Not(Contains(HasSubstr("takes a restart"))));
  WriteText("heduid.yaml", absl::StrCat(scenario_.server_yaml, "compute_threads: 3\n"));
  ASSERT_TRUE(platform_->Reload().ok());
  EXPECT_THAT(TakeTold(), Contains(HasSubstr("takes a restart")));
}

TEST_F(ReloadTest, AChangeIsFoundWithoutASignalOnceItHasSettled) {
  Start();
  Revoke({agency_});
  platform_->Tend();
  EXPECT_EQ(Ask(*client_), "OK") << "it is not time to look";
  clock_.Advance(kLookAtFilesEvery);
  platform_->Tend();
  EXPECT_EQ(Ask(*client_), "OK") << "seen, perhaps not finished";
  clock_.Advance(kLookAtFilesEvery);
  platform_->Tend();
  EXPECT_EQ(Ask(*client_), "CERTIFICATE_REVOKED");
  TakeTold();
  clock_.Advance(2 * kLookAtFilesEvery);
  platform_->Tend();
  EXPECT_THAT(TakeTold(), Not(Contains(HasSubstr("reloaded")))) << "nothing changed since";
}

TEST_F(ReloadTest, OnlyWhatChangedIsReadAnew) {
  Start();
  const auto look = [this] {
    for (int i = 0; i < 2; ++i) {
      clock_.Advance(kLookAtFilesEvery);
      platform_->Tend();
    }
    return TakeTold();
  };
  const auto setup = HasSubstr("register, catalogue and policies are in force");
  const auto pair = HasSubstr("the server's new certificates");
  EXPECT_THAT(look(), Not(Contains(HasSubstr("reloaded")))) << "nothing did";
  Put(scenario_.pki().IssueTls("next", "hedui://platform/640000"));
  EXPECT_THAT(look(), AllOf(Contains(pair), Not(Contains(setup))));
  WriteText("register.yaml", absl::StrCat("# Read anew.\n", scenario_.register_yaml));
  EXPECT_THAT(look(), AllOf(Contains(setup), Not(Contains(pair))));
}

TEST_F(ReloadTest, ADefectFoundByLookingIsToldOnceAndItsRepairIsTaken) {
  Start();
  TakeTold();
  const auto look = [this] {
    for (int i = 0; i < 2; ++i) {
      clock_.Advance(kLookAtFilesEvery);
      platform_->Tend();
    }
  };
  WriteText("register.yaml", "nonsense: 1\n");
  look();
  EXPECT_THAT(TakeTold(), Contains(HasSubstr("not reloaded")));
  look();
  EXPECT_THAT(TakeTold(), Not(Contains(HasSubstr("not reloaded"))));
  Scenario::Replace(&scenario_.register_yaml, kAgency, "640104-another");
  WriteText("register.yaml", scenario_.register_yaml);
  look();
  EXPECT_EQ(Ask(*client_), "AGENCY_UNKNOWN");
}

TEST_F(ReloadTest, CertificatesNearTheirEndAreToldOfAtStartAndOnceADay) {
  CertificateRequest request;
  request.name = "ending";
  request.dns = {"localhost"};
  request.extended_key_usage = "serverAuth";
  request.from = clock_.WallNow() - absl::Hours(24 * 300);
  request.to = clock_.WallNow() + absl::Hours(24 * 20 + 1);
  Put(scenario_.pki().Issue(request));
  Start();
  const auto near = HasSubstr("\"CN=ending\" expires in 20 days");
  EXPECT_THAT(TakeTold(), Contains(AllOf(HasSubstr("warning: tls.certificate_file"), near)));
  platform_->Tend();
  EXPECT_THAT(TakeTold(), Not(Contains(HasSubstr("CN=ending"))));
  clock_.Advance(absl::Hours(24 * 15));
  platform_->Tend();
  EXPECT_THAT(TakeTold(), Contains(AllOf(HasSubstr("error: tls.certificate_file"),
                                         HasSubstr("\"CN=ending\" expires in 5 days"))));
}

TEST_F(ReloadTest, EveryCertificateInForceIsListed) {
  Start();
  std::vector<std::string> keys;
  for (const WatchedCertificate& one : platform_->Certificates()) {
    keys.push_back(one.key);
    EXPECT_LT(one.life.to, absl::InfiniteFuture()) << one.key;
  }
  EXPECT_THAT(keys, ::testing::UnorderedElementsAre("tls.certificate_file", "tls.ca_file",
                                                    "tls.crl_file", "log.ed25519_certificate_file",
                                                    "log.legal_certificate_file"));
}

}  // namespace
}  // namespace hedui::testing
