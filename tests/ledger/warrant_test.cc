#include "server/ledger/warrant.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/status.h"
#include "tests/ledger/log_fixture.h"
#include "tests/support/synthetic_person.h"

namespace hedui::ledger {
namespace {

base::Identity PersonOf(int sequence) {
  return {base::IdentityKind::kResidentId,
          testing::SyntheticCitizenNumber("640104", absl::CivilDay(1980, 5, 6), sequence), "张三"};
}

IntentPart PartFor(uint16_t index, const std::string& source) {
  IntentPart part;
  part.intent = IdOf(77);
  part.salt = PartSalt(std::string(32, 's'), index);
  part.source_id = source;
  part.agency = "640104-ca";
  part.officer_digest = FilledHash(1);
  part.matter_digest = FilledHash(2);
  part.purpose = "dibao";
  part.check_kind = base::CheckKind::kReview;
  part.period = {absl::CivilDay(2024, 3, 1), absl::CivilDay(2025, 3, 1)};
  part.authorities = {{AuthorityKind::kLetter, FilledHash(3)},
                      {AuthorityKind::kLegalBasis, FilledHash(4)}};
  part.people = {{PersonTag(part.salt, PersonOf(1)), {"deposit", "employment"}},
                 {PersonTag(part.salt, PersonOf(2)), {"deposit"}}};
  part.valid_until = absl::FromUnixMillis(1'740'967'200'000) + absl::Hours(2);
  return part;
}

// An intent of five sources in a log that also holds other entries.
class WarrantTest : public ::testing::Test {
 protected:
  explicit WarrantTest(testing::KeyType legal = testing::KeyType::kP256) : fixture_(legal) {
    std::vector<IntentPart> parts;
    for (uint16_t i = 0; i < 5; ++i) parts.push_back(PartFor(i, "source-" + std::to_string(i)));
    parts_ = *IntentParts::Build(parts);
    log_ = *fixture_.Open();
    fixture_.Append(*log_, EntriesOf(0, 6));
  }

  // The bytes that go to a source, with the intent's entry given.
  std::string WarrantOf(size_t index, const Entry& entry) {
    std::vector<std::string> entries = EntriesOf(10, 14);
    entries.insert(entries.begin() + 2, EncodeEntry(entry));
    const PreparedBatch batch = fixture_.Append(*log_, entries);
    return EncodeWarrant(MakeWarrant(parts_, index, batch.ProofOf(2, entries[2])));
  }
  std::string WarrantOf(size_t index) { return WarrantOf(index, GoodIntent()); }
  IntentEntry GoodIntent() const { return {IdOf(77), IdOf(78), 5, parts_.root(), FilledHash(9)}; }

  std::string ReasonFor(const std::string& bytes) {
    return base::ReasonOf(VerifyWarrant(bytes, *fixture_.trust, Now()).status());
  }
  absl::Time Now() const { return fixture_.clock.WallNow(); }

  LogFixture fixture_;
  std::unique_ptr<Log> log_;
  IntentParts parts_ = *IntentParts::Build({PartFor(0, "source")});
};

TEST_F(WarrantTest, EverySourcesWarrantShowsItsOwnPart) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    const auto verified = VerifyWarrant(WarrantOf(i), *fixture_.trust, Now());
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->part, PartFor(static_cast<uint16_t>(i), "source-" + std::to_string(i)));
    EXPECT_EQ(verified->checkpoint.origin, kOrigin);
    EXPECT_EQ(verified->entry_index, 8 + 5 * i);
    EXPECT_EQ(parts_.Find(verified->part.source_id), i);
  }
  EXPECT_EQ(parts_.Find("source-9"), std::nullopt);
}

TEST_F(WarrantTest, AnyByteChangedIsRefused) {
  const std::string bytes = WarrantOf(2);
  ASSERT_EQ(ReasonFor(bytes), "OK");
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int mask : {1 << i % 8, 0x80 >> i / 8 % 8}) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ mask);
      EXPECT_NE(ReasonFor(changed), "OK") << i;
    }
  }
  EXPECT_EQ(ReasonFor(bytes + "x"), "WARRANT_FORMAT");
  EXPECT_EQ(ReasonFor(""), "WARRANT_FORMAT");
  EXPECT_EQ(ReasonFor(std::string(kWarrantBytesMax + 1, 'H')), "WARRANT_FORMAT");
}

TEST_F(WarrantTest, CutAnywhereIsRefused) {
  const std::string bytes = WarrantOf(0);
  for (size_t i = 0; i < bytes.size(); ++i) EXPECT_NE(ReasonFor(bytes.substr(0, i)), "OK") << i;
}

TEST_F(WarrantTest, APartThatTheLoggedIntentDoesNotHoldIsRefused) {
  IntentEntry entry = GoodIntent();
  entry.parts_root[0] ^= 1;
  EXPECT_EQ(ReasonFor(WarrantOf(1, entry)), "WARRANT_PART");
  entry = GoodIntent();
  entry.part_count = 6;
  EXPECT_EQ(ReasonFor(WarrantOf(4, entry)), "WARRANT_PART");
  entry = GoodIntent();
  entry.intent = IdOf(79);
  EXPECT_EQ(ReasonFor(WarrantOf(1, entry)), "WARRANT_PART");
  EXPECT_EQ(ReasonFor(WarrantOf(1, AccessEntry{IdOf(1), FilledHash(1), Now()})), "WARRANT_PART");
}

TEST_F(WarrantTest, AnIntentThatWasNeverCommittedProvesNothing) {
  // Signed by nobody's log but one of the same name under another authority.
  LogFixture forger;
  auto log = *forger.Open();
  const std::string entry = EncodeEntry(GoodIntent());
  const PreparedBatch batch = forger.Append(*log, {entry});
  EXPECT_EQ(ReasonFor(EncodeWarrant(MakeWarrant(parts_, 0, batch.ProofOf(0, entry)))),
            "CERTIFICATE_CHAIN");
}

TEST_F(WarrantTest, ItEndsWhenItSays) {
  const std::string bytes = WarrantOf(3);
  const absl::Time until = PartFor(3, "x").valid_until;
  EXPECT_TRUE(VerifyWarrant(bytes, *fixture_.trust, until).ok());
  const auto late = VerifyWarrant(bytes, *fixture_.trust, until + absl::Milliseconds(1));
  EXPECT_EQ(base::ReasonOf(late.status()), "WARRANT_EXPIRED");
  EXPECT_EQ(late.status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(WarrantTest, CertificatesOfThePastOpenNoQueryToday) {
  testing::CertificateRequest request;
  request.name = "short";
  request.key = testing::KeyType::kP256;
  request.uris = {"hedui://log/" + std::string(kOrigin)};
  request.to = Now() + absl::Minutes(1);
  const testing::Issued legal = fixture_.pki.Issue(request);
  const auto signer = *LoadPemSigner(legal.key_path);
  LogSigning signing = fixture_.Signing();
  signing.legal = signer.get();
  signing.certificates =
      *LoadLogCertificates(fixture_.ed25519.certificate_path, legal.certificate_path);
  log_ = *Log::Open(fixture_.repository, signing);
  const std::string bytes = WarrantOf(0);
  EXPECT_EQ(ReasonFor(bytes), "OK");
  fixture_.clock.Advance(absl::Minutes(2));
  EXPECT_EQ(ReasonFor(bytes), "CERTIFICATE_CHAIN");
}

class Sm2WarrantTest : public WarrantTest {
 protected:
  Sm2WarrantTest() : WarrantTest(testing::KeyType::kSm2) {}
};

TEST_F(Sm2WarrantTest, HoldsUnderSm2Signatures) { EXPECT_EQ(ReasonFor(WarrantOf(4)), "OK"); }

TEST(WarrantCoversTest, WhatIsAskedMustLieWithinThePart) {
  const IntentPart part = PartFor(0, "bank");
  const base::Period year = {absl::CivilDay(2024, 3, 1), absl::CivilDay(2025, 3, 1)};
  const auto reason = [&part](const std::string& source, std::vector<AskedPerson> people,
                              const base::Period& period) {
    return base::ReasonOf(WarrantCovers(part, source, people, period));
  };
  EXPECT_EQ(
      reason("bank", {{PersonOf(1), {"employment", "deposit"}}, {PersonOf(2), {"deposit"}}}, year),
      "OK");
  EXPECT_EQ(reason("bank", {{PersonOf(2), {"deposit"}}},
                   {absl::CivilDay(2024, 5, 1), absl::CivilDay(2024, 6, 1)}),
            "OK");
  EXPECT_EQ(reason("tax", {{PersonOf(1), {"deposit"}}}, year), "WARRANT_SOURCE");
  EXPECT_EQ(reason("bank", {{PersonOf(3), {"deposit"}}}, year), "WARRANT_PERSON");
  EXPECT_EQ(reason("bank", {{PersonOf(2), {"employment"}}}, year), "WARRANT_CATEGORY");
  EXPECT_EQ(reason("bank", {{PersonOf(2), {"deposit"}}}, {absl::CivilDay(2024, 2, 1), year.to}),
            "WARRANT_PERIOD");
  EXPECT_EQ(reason("bank", {{PersonOf(2), {"deposit"}}}, {year.from, std::nullopt}),
            "WARRANT_PERIOD");
}

TEST(PersonTagTest, NamesAPersonUnderOneSaltOnly) {
  const Hash salt = PartSalt(std::string(32, 's'), 0);
  const base::Identity person = PersonOf(1);
  EXPECT_EQ(PersonTag(salt, person), PersonTag(salt, person.kind, person.number));
  EXPECT_EQ(HashBytes(PersonTag(salt, person)),
            base::HmacSha256(HashView(salt), std::string(1, '\1') + person.number));
  EXPECT_NE(PersonTag(salt, person), PersonTag(PartSalt(std::string(32, 's'), 1), person));
  EXPECT_NE(PersonTag(salt, person), PersonTag(salt, base::IdentityKind::kOther, person.number));
  const base::Identity newborn = {base::IdentityKind::kWithoutNumber, "", "李小明"};
  base::Identity sibling = newborn;
  sibling.name = "李小红";
  EXPECT_NE(PersonTag(salt, newborn), PersonTag(salt, sibling));
}

TEST(IntentPartTest, ComesBackAsItWas) {
  IntentPart part = PartFor(0, "source");
  EXPECT_EQ(*DecodePart(*EncodePart(part)), part);
  part.officer_digest = std::nullopt;
  part.period = {};
  EXPECT_EQ(*DecodePart(*EncodePart(part)), part);
  part.period.to = absl::CivilDay(1949, 10, 1);
  EXPECT_EQ(*DecodePart(*EncodePart(part)), part);
}

TEST(IntentPartTest, WhateverIsTakenIsGivenBackByteForByte) {
  const std::string bytes = *EncodePart(PartFor(0, "source"));
  for (size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_EQ(base::ReasonOf(DecodePart(bytes.substr(0, i)).status()), "INTENT_PART") << i;
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const auto part = DecodePart(changed);
      if (part.ok()) {
        EXPECT_EQ(*EncodePart(*part), changed) << i;
      }
    }
  }
  EXPECT_FALSE(DecodePart(bytes + "x").ok());
}

TEST(IntentPartTest, MalformedPartsAreNotWritten) {
  const auto refused = [](auto change) {
    IntentPart part = PartFor(0, "source");
    change(part);
    return base::ReasonOf(EncodePart(part).status()) == "INTENT_PART";
  };
  EXPECT_FALSE(refused([](IntentPart&) {}));
  EXPECT_TRUE(refused([](IntentPart& part) { part.intent = base::Uuid(); }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.source_id = ""; }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.agency = std::string(129, 'a'); }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.purpose = "a\nb"; }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.authorities.clear(); }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.people.clear(); }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.people[1].tag = part.people[0].tag; }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.people[0].categories.clear(); }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.people[0].categories = {"b", "a"}; }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.people[0].categories = {"a", "a"}; }));
  EXPECT_TRUE(
      refused([](IntentPart& part) { part.people.resize(kPartPeopleMax + 1, part.people[0]); }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.valid_until = absl::FromUnixMillis(-1); }));
  EXPECT_TRUE(refused([](IntentPart& part) { part.check_kind = static_cast<base::CheckKind>(0); }));
}

TEST_F(WarrantTest, WarrantsWrittenInOneGoAreTheSame) {
  const std::string entry = EncodeEntry(GoodIntent());
  const PreparedBatch batch = fixture_.Append(*log_, {entry});
  const EntryProof proof = batch.ProofOf(0, entry);
  const WarrantWriter writer(&parts_, proof);
  for (size_t i = 0; i < parts_.size(); ++i) {
    EXPECT_EQ(writer.For(i), EncodeWarrant(MakeWarrant(parts_, i, proof)));
    EXPECT_TRUE(VerifyWarrant(writer.For(i), *fixture_.trust, Now()).ok());
  }
}

TEST(IntentPartsTest, AnIntentHasABoundedNumberOfParts) {
  std::vector<IntentPart> parts;
  for (size_t i = 0; i < kPartsMax; ++i) {
    parts.push_back(PartFor(static_cast<uint16_t>(i), "source-" + std::to_string(i)));
  }
  EXPECT_TRUE(IntentParts::Build(parts).ok());
  parts.push_back(PartFor(kPartsMax, "one too many"));
  EXPECT_FALSE(IntentParts::Build(parts).ok());
}

TEST(IntentPartsTest, AnIntentsPartsBelongTogether) {
  EXPECT_FALSE(IntentParts::Build({}).ok());
  EXPECT_FALSE(IntentParts::Build({PartFor(0, "a"), PartFor(1, "a")}).ok());
  IntentPart stranger = PartFor(1, "b");
  stranger.intent = IdOf(5);
  EXPECT_FALSE(IntentParts::Build({PartFor(0, "a"), stranger}).ok());
  const IntentParts parts = *IntentParts::Build({PartFor(0, "a"), PartFor(1, "b")});
  EXPECT_EQ(IntentParts::FromEncoded(parts.encoded())->root(), parts.root());
  EXPECT_EQ(parts.root(), NodeHash(LeafHash(parts.encoded()[0]), LeafHash(parts.encoded()[1])));
}

}  // namespace
}  // namespace hedui::ledger
