// A department checks warrants with a real log's proofs.
#include "adapters/simulated/sim_warrant_desk.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "hedui/v1/source.pb.h"
#include "server/base/yaml.h"
#include "server/ledger/warrant.h"
#include "tests/ledger/log_fixture.h"

namespace hedui::adapters {
namespace {

constexpr char kNumber[] = "640104197905123171";

class WarrantDeskTest : public ::testing::Test {
 protected:
  WarrantDeskTest() : journal_path_(fixture_.pki.directory() + "/journal") {
    journal_ = *Journal::Open(journal_path_);
  }

  // A query of the right person and category, under a warrant for `source`.
  v1::QueryRequest Query(const std::string& source = "dept") {
    v1::QueryRequest request;
    request.set_attempt_id("v1/1/dept/1");
    v1::QueryPerson* person = request.add_people();
    person->set_person_id("m1");
    person->mutable_identity()->set_kind(v1::IDENTITY_KIND_RESIDENT_ID);
    person->mutable_identity()->set_number(kNumber);
    person->mutable_identity()->set_name("马志远");
    person->add_categories("employment");
    request.mutable_period()->set_from("2025-02-01");
    request.mutable_period()->set_to("2025-03-01");
    request.set_warrant(WarrantFor(source));
    return request;
  }

  std::string WarrantFor(const std::string& source) {
    ledger::IntentPart part;
    part.intent = ledger::IdOf(77);
    part.salt = ledger::PartSalt(std::string(32, 's'), 0);
    part.source_id = source;
    part.agency = "640104-civil-affairs";
    part.purpose = "social_assistance";
    part.period = {absl::CivilDay(2025, 2, 1), absl::CivilDay(2025, 3, 1)};
    part.authorities = {{ledger::AuthorityKind::kLetter, ledger::FilledHash(3)}};
    part.people = {
        {ledger::PersonTag(part.salt, base::IdentityKind::kResidentId, kNumber), {"employment"}}};
    part.valid_until = fixture_.clock.WallNow() + absl::Hours(2);
    const ledger::IntentParts parts = *ledger::IntentParts::Build({part});
    const std::string entry = ledger::EncodeEntry(
        ledger::IntentEntry{part.intent, ledger::IdOf(78), 1, parts.root(), ledger::FilledHash(9)});
    if (log_ == nullptr) log_ = *fixture_.Open();
    const ledger::PreparedBatch batch = fixture_.Append(*log_, {entry});
    return ledger::EncodeWarrant(ledger::MakeWarrant(parts, 0, batch.ProofOf(0, entry)));
  }

  absl::Status Check(const v1::QueryRequest& request, const std::string& origin = "") {
    const WarrantDesk desk(fixture_.trust, origin, journal_, &fixture_.clock);
    return desk.Check("dept", request);
  }
  std::string Journal_() const { return *base::ReadFile(journal_path_); }

  void ExpectRejected(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
    EXPECT_TRUE(absl::StartsWith(std::string(status.message()), "WARRANT_REJECTED: ")) << status;
    EXPECT_FALSE(absl::StrContains(std::string(status.message()), "640104")) << status;
    EXPECT_EQ(Journal_(), "") << "what was refused was not seen";
  }

  struct Fixture : ledger::LogFixture {
    std::shared_ptr<const ledger::LogTrust> trust = std::move(ledger::LogFixture::trust);
  };
  Fixture fixture_;
  std::unique_ptr<ledger::Log> log_;
  const std::string journal_path_;
  std::shared_ptr<const Journal> journal_;
};

TEST_F(WarrantDeskTest, AnAcceptedQueryIsNotedWithItsIntent) {
  const v1::QueryRequest request = Query();
  EXPECT_TRUE(Check(request).ok()) << Check(request);
  EXPECT_TRUE(Check(request, ledger::kOrigin).ok());
  const std::string line = absl::StrCat(ledger::IdOf(77).ToString(), " 0 dept v1/1/dept/1\n");
  EXPECT_EQ(Journal_(), line + line);
}

TEST_F(WarrantDeskTest, AWarrantWhoseProofDoesNotVerifyIsRefused) {
  const v1::QueryRequest good = Query();
  for (size_t i = 0; i < good.warrant().size(); i += 7) {
    v1::QueryRequest changed = good;
    (*changed.mutable_warrant())[i] ^= 1;
    ExpectRejected(Check(changed));
  }
  v1::QueryRequest without = good;
  without.clear_warrant();
  ExpectRejected(Check(without));
}

TEST_F(WarrantDeskTest, AWarrantForAnotherSourceIsRefused) {
  ExpectRejected(Check(Query("another")));
}

TEST_F(WarrantDeskTest, APersonTheWarrantDoesNotNameIsRefused) {
  v1::QueryRequest request = Query();
  request.mutable_people(0)->mutable_identity()->set_number("11010519491231002X");
  ExpectRejected(Check(request));
}

TEST_F(WarrantDeskTest, ACategoryTheWarrantDoesNotNameIsRefused) {
  v1::QueryRequest request = Query();
  request.mutable_people(0)->add_categories("deposit");
  ExpectRejected(Check(request));
}

TEST_F(WarrantDeskTest, APeriodTheWarrantDoesNotCoverIsRefused) {
  v1::QueryRequest request = Query();
  request.mutable_period()->set_from("2024-02-01");
  ExpectRejected(Check(request));
}

TEST_F(WarrantDeskTest, AnExpiredWarrantIsRefused) {
  const v1::QueryRequest request = Query();
  fixture_.clock.Advance(absl::Hours(3));
  ExpectRejected(Check(request));
}

TEST_F(WarrantDeskTest, AnotherLogsWarrantIsRefused) {
  ExpectRejected(Check(Query(), "hedui.example/other/log"));
}

TEST_F(WarrantDeskTest, AnAuthorityWeDoNotTrustIsRefused) {
  const v1::QueryRequest request = Query();
  testing::TestPki other;
  fixture_.trust = *ledger::LogTrust::Load(other.ca_path());
  ExpectRejected(Check(request));
}

TEST_F(WarrantDeskTest, AnIdentityThatCannotBeIsAnInvalidArgument) {
  v1::QueryRequest request = Query();
  request.mutable_people(0)->mutable_identity()->set_number("12345");
  EXPECT_EQ(Check(request).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace hedui::adapters
