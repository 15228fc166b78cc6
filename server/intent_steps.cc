#include "server/intent_steps.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/dates.h"
#include "server/base/status.h"
#include "server/ledger/entry.h"
#include "server/ledger/proof_reader.h"
#include "server/stored_report.h"

namespace hedui {

ledger::PartAuthority PartAuthorityOf(const access::Grant& grant,
                                      const access::Authority& authority) {
  if (authority.kind == access::Authority::Kind::kLetter) {
    return {ledger::AuthorityKind::kLetter, *ledger::HashFromBytes(authority.letter_digest)};
  }
  return {ledger::AuthorityKind::kLegalBasis,
          KeyedHash(grant.digest_key, "legal-basis", authority.legal_basis)};
}

std::string AuthorityText(const access::PersonGrant* person) {
  if (person == nullptr) return "";
  switch (person->authority.kind) {
    case access::Authority::Kind::kLetter:
      return person->authority.letter_number;
    case access::Authority::Kind::kLegalBasis:
      return person->authority.legal_basis;
    case access::Authority::Kind::kNone:
      break;
  }
  return "";
}

absl::StatusOr<ledger::IntentParts> BuildParts(const access::Grant& grant,
                                               const std::vector<plan::SourceQuery>& everything,
                                               const base::Uuid& intent_id, const std::string& seed,
                                               absl::Time now) {
  // The same in every part.
  const ledger::Hash officer = KeyedHash(grant.digest_key, "officer", grant.officer);
  const ledger::Hash matter = KeyedHash(grant.digest_key, "matter", grant.matter_number);
  std::map<std::string, ledger::PartAuthority> authorities;  // of people
  for (const access::PersonGrant& person : grant.persons) {
    if (person.authority.kind == access::Authority::Kind::kNone) continue;
    authorities.emplace(person.person_id, PartAuthorityOf(grant, person.authority));
  }
  std::vector<ledger::IntentPart> parts;
  parts.reserve(everything.size());
  for (const plan::SourceQuery& query : everything) {
    ledger::IntentPart part;
    part.intent = intent_id;
    part.salt = ledger::PartSalt(seed, static_cast<uint16_t>(parts.size()));
    part.source_id = query.source_id;
    part.agency = grant.agency;
    part.officer_digest = officer;
    part.matter_digest = matter;
    part.purpose = grant.purpose;
    part.check_kind = grant.check_kind;
    part.period = query.period;
    for (const plan::PersonQuery& person : query.people) {
      // Nobody is asked about without one.
      const ledger::PartAuthority& authority = authorities.at(person.person_id);
      if (std::find(part.authorities.begin(), part.authorities.end(), authority) ==
          part.authorities.end()) {
        part.authorities.push_back(authority);
      }
      part.people.push_back({ledger::PersonTag(part.salt, person.identity), person.categories});
    }
    part.valid_until = absl::FromUnixMillis(absl::ToUnixMillis(now + kWarrantValidity));
    parts.push_back(std::move(part));
  }
  return ledger::IntentParts::Build(parts);
}

std::string EncodeIntent(const base::Row& row, const base::Uuid& verification_id,
                         const ledger::IntentParts& parts, const std::string& digest_key) {
  ledger::IntentEntry entry;
  entry.intent = row.id;
  entry.verification = verification_id;
  entry.part_count = static_cast<uint16_t>(parts.size());
  entry.parts_root = parts.root();
  entry.body_digest = KeyedHash(digest_key, "intent", row.body);
  return ledger::EncodeEntry(entry);
}

gather::GatherRequest RequestUnder(const Rooms& rooms, const base::Uuid& intent_id,
                                   absl::string_view turn, const ledger::IntentParts& parts,
                                   const ledger::EntryProof& intent,
                                   std::shared_ptr<const access::Grant> grant, plan::Wave queries) {
  gather::GatherRequest request;
  request.name = absl::StrCat(intent_id.ToString(), "/", turn);
  const ledger::WarrantWriter warrants(&parts, intent);
  request.queries.reserve(queries.size());
  for (plan::SourceQuery& query : queries) {
    std::string warrant = warrants.For(*parts.Find(query.source_id));
    request.queries.push_back({std::move(query), std::move(warrant)});
  }
  request.digest_key = grant->digest_key;
  request.today = base::CivilDayOf(rooms.clock->WallNow());
  request.still_authorized = [grant = std::move(grant)](const std::string& person_id) {
    return access::IsLive(*grant, person_id);
  };
  return request;
}

base::LookupKey PersonKey(const base::Identity& identity) {
  return {base::LookupKind::kPerson,
          absl::StrCat(static_cast<int>(identity.kind), "\n", identity.number)};
}

absl::StatusOr<ledger::EntryProof> ProofNow(const Rooms& rooms, const std::string& entry,
                                            uint64_t index) {
  HEDUI_ASSIGN_OR_RETURN(auto head, rooms.log->ReadHead());
  if (!head.has_value() || index >= head->size) return Damaged("log index");
  ledger::TileHashReader hashes(*rooms.log);
  ledger::EntryProof proof;
  proof.entry = entry;
  proof.index = index;
  HEDUI_ASSIGN_OR_RETURN(proof.path, ledger::ReadInclusionProof(index, head->size, hashes));
  proof.checkpoint = std::make_shared<const ledger::SignedCheckpoint>(
      ledger::SignedCheckpoint{head->checkpoint, rooms.certificates});
  return proof;
}

}  // namespace hedui
