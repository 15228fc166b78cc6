// Writes the generated part of the corpus: what only a log, an authority and our own encoders can
// make. People are invented; keys are made for the occasion and thrown away. Run after a format has
// changed:
//
//   cmake --build --preset dev --target fuzz_corpus && build/dev/bin/fuzz_corpus
//
// Findings and hand-made files beside the generated ones stay.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/bodies.pb.h"
#include "hedui/v1/authorization.pb.h"
#include "hedui/v1/finding.pb.h"
#include "hedui/v1/reports.pb.h"
#include "hedui/v1/source.pb.h"
#include "hedui/v1/verification.pb.h"
#include "server/access/letter_rules.h"
#include "server/access/matter_codec.h"
#include "server/api/decode_finding.h"
#include "server/api/decode_list.h"
#include "server/base/digest.h"
#include "server/base/yaml_message.h"
#include "server/ledger/note.h"
#include "server/ledger/warrant.h"
#include "server/store/sqlite/segment.h"
#include "tests/fuzz/fuzz.h"
#include "tests/ledger/log_fixture.h"
#include "tests/report/report_fixture.h"
#include "tests/support/synthetic_person.h"

namespace hedui::testing {
namespace {

void Write(const std::string& path, absl::string_view bytes) {
  const std::filesystem::path file = absl::StrCat(HEDUI_SOURCE_DIR, "/tests/fuzz/", path);
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

void Seed(const std::string& name, absl::string_view bytes) { Write("corpus/" + name, bytes); }

// The DER of the first certificate of a PEM text.
std::string DerOf(const std::string& pem) {
  return ledger::LogCertificatesFromPem(pem, pem)->ed25519;
}

ledger::IntentPart PartFor(uint16_t index) {
  const base::Identity person = {base::IdentityKind::kResidentId,
                                 SyntheticCitizenNumber("640104", absl::CivilDay(1980, 5, 6), 1),
                                 "张三"};
  ledger::IntentPart part;
  part.intent = ledger::IdOf(77);
  part.salt = ledger::PartSalt(std::string(32, 's'), index);
  part.source_id = absl::StrCat("source-", index);
  part.agency = "640104-ca";
  part.officer_digest = ledger::FilledHash(1);
  part.matter_digest = ledger::FilledHash(2);
  part.purpose = "dibao";
  part.period = {absl::CivilDay(2024, 3, 1), absl::CivilDay(2025, 3, 1)};
  part.authorities = {{ledger::AuthorityKind::kLetter, ledger::FilledHash(3)}};
  part.people = {{ledger::PersonTag(part.salt, person), {"deposit", "employment"}}};
  part.valid_until = absl::FromUnixMillis(1'740'967'200'000) + absl::Hours(2);
  return part;
}

// One log with an SM2 key: a warrant, its pieces, and the certificates.
void WriteLedger() {
  ledger::LogFixture fixture(KeyType::kSm2);
  const auto log = *fixture.Open();
  fixture.Append(*log, ledger::EntriesOf(0, 6));
  const auto parts = *ledger::IntentParts::Build({PartFor(0), PartFor(1), PartFor(2)});
  std::vector<std::string> entries = ledger::EntriesOf(10, 14);
  entries[2] = ledger::EncodeEntry(ledger::IntentEntry{ledger::IdOf(77), ledger::IdOf(78), 3,
                                                       parts.root(), ledger::FilledHash(9)});
  const ledger::PreparedBatch batch = fixture.Append(*log, entries);
  const ledger::EntryProof proof = batch.ProofOf(2, entries[2]);

  Write("known/warrant_authority.pem", fixture.pki.ca_pem());
  Seed("warrant/valid", ledger::EncodeWarrant(ledger::MakeWarrant(parts, 1, proof)));
  Seed("warrant/part", parts.encoded()[0]);
  Seed("warrant/proof", ledger::EncodeEntryProof(proof));
  Seed("note/note", proof.checkpoint->note);
  Seed("note/checkpoint", ledger::ParseNote(proof.checkpoint->note)->text);
  Seed("certificate/ed25519", DerOf(fixture.ed25519.certificate_pem));
  Seed("certificate/sm2", DerOf(fixture.legal.certificate_pem));
  Seed("certificate/authority", DerOf(fixture.pki.ca_pem()));
  const ledger::PublicKey key = *ledger::LogKeyFromPem(fixture.legal.certificate_pem,
                                                       ledger::kOrigin, ledger::LogKeyRole::kLegal);
  Seed("certificate/spki_sm2", key.spki());
  Seed("pem/chain", absl::StrCat(fixture.ed25519.certificate_pem, fixture.pki.ca_pem()));
  Seed("pem/sm2", fixture.legal.certificate_pem);
  Seed("pem/key_ed25519", fixture.ed25519.key_pem);
  Seed("pem/key_sm2", fixture.legal.key_pem);
}

void WriteEntries() {
  using namespace ledger;
  const absl::Time time = absl::FromUnixMillis(1'740'967'200'000);
  const std::vector<Entry> entries = {
      IntentEntry{IdOf(1), IdOf(2), 3, FilledHash(1), FilledHash(2)},
      ResultEntry{IdOf(1), IdOf(2), IdOf(3), base::HashAlgorithm::kSm3, 60, FilledHash(1),
                  FilledHash(2)},
      AccessEntry{IdOf(1), FilledHash(1), time},
      RevocationEntry{FilledHash(1), FilledHash(2), time},
      MatterStateEntry{FilledHash(1), MatterState::kClosed, time},
      KeyChangeEntry{KeyRole::kLegal, FilledHash(1), FilledHash(2), time},
      OriginClosedEntry{kOrigin, 9, FilledHash(1), "hedui.example/2", time},
      SourceStateEntry{true, "nx-tax", FilledHash(1), time},
      RecallEntry{IdOf(1), "nx-tax", time - absl::Hours(1), time, FilledHash(1), time},
      AnswerDroppedEntry{IdOf(1), IdOf(2), 2, time}};
  for (size_t i = 0; i < entries.size(); ++i) {
    Seed(absl::StrCat("log_entry/", i), EncodeEntry(entries[i]));
  }
}

// One P-256 log with an intermediate authority: a report, whole and in part, and its case.
void WriteReports() {
  report::SealingLog log(KeyType::kP256, true);
  const std::string envelope = log.Seal(*report::BuildReport(report::SampleInput()));
  Write("known/report_authority.pem", log.pki().ca_pem());
  Seed("report/valid", envelope);
  Seed("report/part", *report::Disclose(envelope, {3, 5, 9}));
  report::CaseBundle bundle = report::SampleBundle();
  Seed("case_bundle/sample", report::EncodeCaseBundle(bundle));
  bundle.lines.resize(2);
  bundle.assessed = false;
  bundle.engine.clear();
  bundle.policy_digest.clear();
  bundle.frame.line_hash = base::HashAlgorithm::kSm3;
  bundle.frame.previous_report = bundle.frame.verification_id;
  bundle.frame.valid_until = absl::CivilDay(2025, 9, 3);
  bundle.input.outcomes[0].stand_ins = {"a", "b"};
  Seed("case_bundle/not_assessed", report::EncodeCaseBundle(bundle));
}

v1::Field* AddField(v1::Record* record, const std::string& name) {
  v1::Field* field = record->add_fields();
  field->set_name(name);
  return field;
}

void WriteAnswers() {
  v1::QueryResponse response;
  v1::SourceAnswer* answer = response.add_answers();
  answer->set_person_id("m1");
  answer->set_category("employment");
  answer->set_kind(v1::ANSWER_KIND_FOUND);
  answer->set_data_day("2025-03-01");
  answer->set_complete(true);
  answer->mutable_subject()->set_kind(v1::IDENTITY_KIND_RESIDENT_ID);
  answer->mutable_subject()->set_number("640104197905123171");
  answer->mutable_subject()->set_name("马志远");
  v1::Record* record = answer->add_records();
  record->set_kind("wage");
  AddField(record, "month")->set_month("2025-02");
  AddField(record, "payer")->set_text("演示单位");
  AddField(record, "amount")->set_money_fen(300'000);
  AddField(record, "net")->set_flag(false);
  AddField(record, "months")->set_count(12);
  AddField(record, "day")->set_day("2025-02-28");
  v1::SourceAnswer* none = response.add_answers();
  none->set_person_id("m1");
  none->set_category("vehicle");
  none->set_kind(v1::ANSWER_KIND_CONFIRMED_NONE);
  none->mutable_covered()->set_from("2024-03-01");
  none->mutable_covered()->set_to("2025-03-01");
  v1::SourceAnswer* pending = response.add_answers();
  pending->set_person_id("m2");
  pending->set_category("employment");
  pending->set_kind(v1::ANSWER_KIND_PENDING);
  response.set_pending_token("token");
  response.set_pending_ready_after_seconds(1'740'967'200);
  Seed("answer/three", response.SerializeAsString());
  *response.add_answers() = response.answers(0);
  response.mutable_answers(3)->set_complete(false);
  Seed("answer/contradiction", response.SerializeAsString());

  v1::QueryRequest request;
  request.set_attempt_id("01955881-2a30-7abc-8def-010203040506");
  v1::QueryPerson* person = request.add_people();
  person->set_person_id("m1");
  *person->mutable_identity() = response.answers(0).subject();
  person->add_categories("employment");
  request.mutable_period()->set_from("2024-03-01");
  request.mutable_period()->set_to("2025-03-01");
  Seed("query/one_person", request.SerializeAsString());
}

template <typename Message>
Message Demo(const std::string& file) {
  Message message;
  const auto status = base::ReadYamlMessage(file, ReadSourceFile("clients/demo/" + file), &message);
  Require(status.ok(), status.ToString());
  return message;
}

void WriteRequests() {
  const auto household = Demo<v1::VerifyHouseholdRequest>("household.yaml");
  Seed("request/demo", household.SerializeAsString());
  const auto letters = Demo<v1::RegisterAuthorizationsRequest>("letters.yaml");
  Seed("letters/demo", letters.SerializeAsString());
}

// The first byte says which: finding_fuzz.cc.
void WriteFindings() {
  const std::string report_number = "HD-20250301-0192F0C15E2A7C3D9B1F000000000001";
  const std::string request_id = "0192f0c1-5e2a-7c3d-9b1f-000000000001";
  v1::FindingRecord record;
  record.set_method(v1::FINDING_METHOD_HOME_VISIT);
  record.add_investigators("XQ-0107");
  record.add_investigators("XQ-0108");
  record.set_day("2025-03-01");
  record.set_evidence_sha256(base::HexEncode(base::Sha256("minutes")));
  v1::RecordFindingRequest finding;
  finding.set_request_id(request_id);
  finding.set_officer("XQ-0107");
  finding.set_report_number(report_number);
  *finding.mutable_record() = record;
  finding.set_person_id("m1");
  finding.set_category("vehicle");
  finding.set_kind(v1::ANSWER_KIND_FOUND);
  finding.mutable_covered()->set_from("2025-01-01");
  finding.mutable_covered()->set_to("2025-03-01");
  finding.set_complete(true);
  v1::Record* const vehicle = finding.add_records();
  vehicle->set_kind("vehicle");
  v1::Field* const field = vehicle->add_fields();
  field->set_name("plate");
  field->set_text("宁AD7351");
  const absl::CivilDay today(2025, 3, 3);
  const auto taken = api::DecodeFinding(finding, today);
  Require(taken.ok(), taken.status().ToString());
  Seed("finding/found", "f" + finding.SerializeAsString());
  finding.set_kind(v1::ANSWER_KIND_CONFIRMED_NONE);
  finding.set_complete(false);
  finding.clear_records();
  Seed("finding/none", "f" + finding.SerializeAsString());
  v1::ResolveAmbiguousRequest decision;
  decision.set_request_id(request_id);
  decision.set_officer("XQ-0107");
  decision.set_report_number(report_number);
  *decision.mutable_record() = record;
  decision.set_person_id("m1");
  decision.set_source_id("nx-bank");
  decision.set_category("deposit");
  decision.set_decision(v1::ResolveAmbiguousRequest::DECISION_SAME_PERSON);
  Require(api::DecodeDecision(decision, today).ok(), "a decision is taken");
  Seed("finding/decision", "d" + decision.SerializeAsString());
  v1::AnnulReportRequest annulment;
  annulment.set_report_number(report_number);
  annulment.set_officer("XQ-0107");
  annulment.set_reason(v1::ANNULMENT_REASON_OTHER);
  annulment.set_note("录入有误");
  Require(api::DecodeAnnulment(annulment).ok(), "an annulment is taken");
  Seed("finding/annulment", "a" + annulment.SerializeAsString());
}

// Tokens of the key and the agency of page_token_fuzz.cc and list_fuzz.cc.
void WriteLists() {
  const api::PageTokens tokens(std::string(32, 'k'));
  const std::string agency = "xq-civil-affairs";
  PagePlace place = FirstPlace(absl::CivilDay(2025, 2, 1), absl::CivilDay(2025, 3, 4));
  place.day -= 3;
  place.before = 4'711;
  v1::ListVerificationsRequest all;
  Seed("page_token/valid", api::NextToken(all, agency, place, tokens));
  all.set_officer("XQ-0107");
  all.set_page_size(50);
  all.set_page_token(api::NextToken(all, agency, place, tokens));
  Seed("list/next_page", all.SerializeAsString());
  v1::ListVerificationsRequest filtered;
  filtered.set_officer("XQ-0107");
  filtered.set_begun_from("2025-02-01");
  filtered.set_begun_to("2025-03-01");
  filtered.set_matter_number("XQ-2025-000318");
  filtered.set_state(v1::VERIFICATION_STATE_FINISHED);
  Seed("list/filtered", filtered.SerializeAsString());
  v1::ListMattersRequest matters;
  matters.set_officer("XQ-0107");
  matters.set_opened_from("2025-02-01");
  matters.set_division("640104");
  matters.set_state(v1::MATTER_STATE_MONITORED);
  matters.set_page_size(2'000);
  Seed("list/matters", matters.SerializeAsString());
}

void WriteStored() {
  stored::v1::Matter matter;
  matter.set_agency("xq-civil-affairs");
  matter.set_matter_number("XQ-2025-000318");
  matter.set_division("640104");
  matter.set_officer("XQ-0107");
  Seed("stored/matter", "1" + matter.SerializeAsString());
  access::Letter letter;
  letter.number = "SQ-2025-1";
  letter.person = {base::IdentityKind::kResidentId, "640104197905123171", "马志远"};
  letter.signer = letter.person;
  letter.capacity = access::SignerCapacity::kAgent;
  letter.mandate_number = "WT-1";
  letter.signed_day = absl::CivilDay(2025, 3, 1);
  letter.purposes = {"social_assistance"};
  letter.scan_digest = base::Sha256("scan");
  const absl::Time at = absl::FromUnixMillis(1'740'967'200'000);
  const base::Uuid id = ledger::IdOf(1);
  Seed("stored/letter", "3" + access::LetterRow(id, id, at, "agency", letter, "XQ-0107").body);
  Seed("stored/state",
       "2" + access::StateRow(id, id, at, access::MatterState::kClosed, "XQ-0107").body);
  Seed("stored/revocation", "4" + access::RevocationRow(id, id, at, id, "XQ-0107", "note").body);
  Seed(
      "stored/segment",
      "1" + store::EncodeSegment(1, 7, {{store::LookupDigest{1}, 7}, {store::LookupDigest{2}, 9}}));
  Seed("stored/draft", "6" + report::EncodeDraft(*report::BuildReport(report::SampleInput())));
  Seed("stored/sealed", std::string("1\x01\x00\x01\x04\x00\x02"
                                    "m1body",
                                    13));
}

}  // namespace
}  // namespace hedui::testing

int main() {
  hedui::testing::WriteLedger();
  hedui::testing::WriteEntries();
  hedui::testing::WriteReports();
  hedui::testing::WriteAnswers();
  hedui::testing::WriteRequests();
  hedui::testing::WriteFindings();
  hedui::testing::WriteLists();
  hedui::testing::WriteStored();
}
