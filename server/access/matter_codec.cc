#include "server/access/matter_codec.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/stored/v1/bodies.pb.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

namespace pb = stored::v1;

absl::Status Unreadable(const base::Row& row) {
  return base::MakeError(absl::StatusCode::kDataLoss, "STORED_BODY",
                         absl::StrCat("row ", row.id.ToString(), " of kind ",
                                      static_cast<int>(row.kind), " has an unreadable body"),
                         base::Visibility::kOperator);
}

template <typename Message>
std::string Serialized(const Message& message) {
  return message.SerializeAsString();
}

void Put(const base::Identity& identity, v1::Identity* message) {
  message->set_kind(static_cast<v1::IdentityKind>(identity.kind));
  message->set_number(identity.number);
  message->set_name(identity.name);
}

base::Identity Get(const v1::Identity& message) {
  return {static_cast<base::IdentityKind>(message.kind()), message.number(), message.name()};
}

template <typename Enum>
bool Within(int value, Enum last) {
  return value >= 1 && value <= static_cast<int>(last);
}

absl::StatusOr<MatterEvent> DecodeLetter(const base::Row& row) {
  pb::Letter body;
  if (!body.ParseFromString(row.body)) return Unreadable(row);
  const absl::StatusOr<absl::CivilDay> day = base::ParseDay(body.signed_day());
  if (!day.ok() || body.scan_digest().size() != base::kDigestBytes || body.purposes().empty() ||
      !Within(body.document(), LetterDocument::kApplicationClause) ||
      !Within(body.capacity(), SignerCapacity::kAgent) ||
      !Within(body.signature(), SignatureKind::kElectronic)) {
    return Unreadable(row);
  }
  Letter letter;
  letter.number = body.letter_number();
  letter.document = static_cast<LetterDocument>(body.document());
  letter.person = Get(body.person());
  if (body.has_signer()) letter.signer = Get(body.signer());
  letter.capacity = static_cast<SignerCapacity>(body.capacity());
  letter.mandate_number = body.mandate_number();
  letter.signature = static_cast<SignatureKind>(body.signature());
  letter.signed_day = *day;
  letter.purposes.assign(body.purposes().begin(), body.purposes().end());
  letter.scan_digest = body.scan_digest();
  return letter;
}

absl::Status MatterUnknown() {
  return base::MakeError(absl::StatusCode::kNotFound, "MATTER_UNKNOWN",
                         "this agency has registered no matter of this number");
}

template <typename Body>
absl::StatusOr<std::string> OfficerOf(const base::Row& row) {
  Body body;
  if (!body.ParseFromString(row.body)) return Unreadable(row);
  return body.officer();
}

}  // namespace

base::LookupKey MatterNumberKey(absl::string_view agency, absl::string_view matter_number) {
  return {base::LookupKind::kMatterNumber, absl::StrCat(agency, "\n", matter_number)};
}

base::LookupKey MatterRowsKey(const base::Uuid& matter) {
  return {base::LookupKind::kMatterRows, matter.ToBytes()};
}

base::LookupKey LetterKey(absl::string_view agency, absl::string_view letter_number) {
  return {base::LookupKind::kLetter, absl::StrCat(agency, "\n", letter_number)};
}

base::Row MatterRow(const base::Uuid& id, absl::Time at, const MatterOpened& opened,
                    absl::string_view officer) {
  pb::Matter body;
  body.set_agency(opened.agency);
  body.set_matter_number(opened.number);
  body.set_division(opened.division);
  body.set_officer(std::string(officer));
  return {base::RowKind::kMatter,
          id,
          id,
          at,
          {MatterNumberKey(opened.agency, opened.number), MatterRowsKey(id),
           base::DayKey(opened.agency, base::Listed::kMatter, base::CivilDayOf(at))},
          Serialized(body)};
}

base::Row StateRow(const base::Uuid& id, const base::Uuid& matter, absl::Time at, MatterState to,
                   absl::string_view officer) {
  pb::MatterState body;
  body.set_state(static_cast<v1::MatterState>(to));
  body.set_officer(std::string(officer));
  return {base::RowKind::kMatterState, id, matter, at, {MatterRowsKey(matter)}, Serialized(body)};
}

base::Row LetterRow(const base::Uuid& id, const base::Uuid& matter, absl::Time at,
                    absl::string_view agency, const Letter& letter, absl::string_view officer) {
  pb::Letter body;
  body.set_letter_number(letter.number);
  body.set_document(static_cast<v1::LetterDocument>(letter.document));
  Put(letter.person, body.mutable_person());
  if (letter.signer.has_value()) Put(*letter.signer, body.mutable_signer());
  body.set_capacity(static_cast<v1::SignerCapacity>(letter.capacity));
  body.set_mandate_number(letter.mandate_number);
  body.set_signature(static_cast<v1::SignatureKind>(letter.signature));
  body.set_signed_day(base::FormatDay(letter.signed_day));
  for (const std::string& purpose : letter.purposes) body.add_purposes(purpose);
  body.set_scan_digest(letter.scan_digest);
  body.set_officer(std::string(officer));
  base::Row row{base::RowKind::kLetter,
                id,
                matter,
                at,
                {MatterRowsKey(matter), LetterKey(agency, letter.number)},
                Serialized(body)};
  // People without a number cannot be looked up by one: all of them would share a key.
  if (!letter.person.number.empty()) {
    row.keys.push_back(
        {base::LookupKind::kPerson,
         absl::StrCat(static_cast<int>(letter.person.kind), "\n", letter.person.number)});
  }
  return row;
}

base::Row RevocationRow(const base::Uuid& id, const base::Uuid& matter, absl::Time at,
                        const base::Uuid& letter, absl::string_view officer,
                        absl::string_view note) {
  pb::Revocation body;
  body.set_letter_id(letter.ToBytes());
  body.set_officer(std::string(officer));
  body.set_note(std::string(note));
  return {base::RowKind::kRevocation, id, matter, at, {MatterRowsKey(matter)}, Serialized(body)};
}

absl::StatusOr<MatterEvent> DecodeRow(const base::Row& row) {
  switch (row.kind) {
    case base::RowKind::kMatter: {
      pb::Matter body;
      if (!body.ParseFromString(row.body)) return Unreadable(row);
      return MatterOpened{body.agency(), body.matter_number(), body.division()};
    }
    case base::RowKind::kMatterState: {
      pb::MatterState body;
      if (!body.ParseFromString(row.body) || !Within(body.state(), MatterState::kClosed)) {
        return Unreadable(row);
      }
      return StateChanged{static_cast<MatterState>(body.state())};
    }
    case base::RowKind::kLetter:
      return DecodeLetter(row);
    case base::RowKind::kRevocation: {
      pb::Revocation body;
      if (!body.ParseFromString(row.body)) return Unreadable(row);
      const absl::StatusOr<base::Uuid> letter = base::Uuid::FromBytes(body.letter_id());
      if (!letter.ok()) return Unreadable(row);
      return LetterWithdrawn{*letter};
    }
    default:
      return Unreadable(row);
  }
}

absl::StatusOr<std::string> OfficerIn(const base::Row& row) {
  switch (row.kind) {
    case base::RowKind::kMatter:
      return OfficerOf<pb::Matter>(row);
    case base::RowKind::kMatterState:
      return OfficerOf<pb::MatterState>(row);
    case base::RowKind::kLetter:
      return OfficerOf<pb::Letter>(row);
    case base::RowKind::kRevocation:
      return OfficerOf<pb::Revocation>(row);
    default:
      return Unreadable(row);
  }
}

void ApplyEvent(const base::Row& row, const MatterEvent& event, MatterSnapshot* snapshot) {
  if (const auto* opened = std::get_if<MatterOpened>(&event)) {
    snapshot->id = row.id;
    snapshot->agency = opened->agency;
    snapshot->number = opened->number;
    snapshot->division = opened->division;
  } else if (const auto* changed = std::get_if<StateChanged>(&event)) {
    snapshot->state = std::max(snapshot->state, changed->to);  // never back
  } else if (const auto* letter = std::get_if<Letter>(&event)) {
    const auto place = std::lower_bound(
        snapshot->letters.begin(), snapshot->letters.end(), row.id,
        [](const RegisteredLetter& have, const base::Uuid& id) { return have.id < id; });
    if (place != snapshot->letters.end() && place->id == row.id) return;
    snapshot->letters.insert(place, {row.id, row.at, *letter});
  } else if (const auto* withdrawn = std::get_if<LetterWithdrawn>(&event)) {
    const auto [place, is_new] = snapshot->revocations.emplace(withdrawn->letter_id, row.at);
    if (!is_new) place->second = std::min(place->second, row.at);
  }
}

absl::StatusOr<std::vector<base::Row>> ReadMatterRows(const base::RowReader& rows,
                                                      absl::string_view agency,
                                                      absl::string_view matter_number) {
  HEDUI_ASSIGN_OR_RETURN(const std::vector<base::Row> opened,
                         rows.Find(MatterNumberKey(agency, matter_number), 2));
  if (opened.empty()) return MatterUnknown();
  if (opened.size() > 1) {
    return base::MakeError(absl::StatusCode::kDataLoss, "MATTER_TWICE",
                           "two matters were stored under one number", base::Visibility::kOperator);
  }
  HEDUI_ASSIGN_OR_RETURN(std::vector<base::Row> all,
                         rows.Find(MatterRowsKey(opened.front().id), kRowsPerMatterMax + 1));
  if (all.size() > kRowsPerMatterMax) {
    // The newest rows were left out, and a withdrawal may be among them.
    return base::MakeError(absl::StatusCode::kDataLoss, "MATTER_TOO_LONG",
                           "a matter has more rows than this version writes",
                           base::Visibility::kOperator);
  }
  if (all.empty()) all = opened;
  return all;
}

}  // namespace hedui::access
