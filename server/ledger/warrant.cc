#include "server/ledger/warrant.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/ledger/batch_tree.h"
#include "server/ledger/codec.h"
#include "server/ledger/merkle.h"

namespace hedui::ledger {
namespace {

constexpr absl::string_view kMagic = "HDW1";
constexpr size_t kWarrantFramingBytes = 16;  // lengths and numbers between the parts, rounded up
constexpr uint8_t kPartVersion = 1;
constexpr absl::string_view kSaltLabel = "hedui-part-salt";
constexpr uint8_t kPeriodHasFrom = 1;
constexpr uint8_t kPeriodHasTo = 2;
constexpr absl::CivilDay kEpoch(1970, 1, 1);
constexpr absl::CivilDay kDayMin(1800, 1, 1);
constexpr absl::CivilDay kDayMax(9999, 12, 31);

absl::Status BadPart(absl::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "INTENT_PART",
                         absl::StrCat("part of an intent: ", what));
}

absl::Status Denied(absl::string_view reason, absl::string_view what) {
  return base::MakeError(absl::StatusCode::kPermissionDenied, reason,
                         absl::StrCat("warrant: ", what));
}

Hash Keyed(const Hash& key, std::initializer_list<absl::string_view> parts) {
  return *HashFromBytes(base::Hmac(base::HashAlgorithm::kSha256, HashView(key), parts));
}

// A code or number of the register: not empty, no control characters.
bool IsText(absl::string_view text) {
  for (char c : text) {
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) return false;
  }
  return !text.empty() && text.size() <= kPartTextBytesMax;
}

bool IsCheckKind(uint8_t code) {
  return code >= 1 && code <= static_cast<uint8_t>(base::CheckKind::kUrgent);
}

bool DayFits(const std::optional<absl::CivilDay>& day) {
  return !day || (*day >= kDayMin && *day <= kDayMax);
}

absl::Status CheckPerson(const PartPerson& person) {
  if (person.categories.empty() || person.categories.size() > kPartCategoriesMax) {
    return BadPart("a person without categories, or with too many");
  }
  for (size_t i = 0; i < person.categories.size(); ++i) {
    if (!IsText(person.categories[i])) return BadPart("a category is malformed");
    if (i > 0 && person.categories[i - 1] >= person.categories[i]) {
      return BadPart("a person's categories are not sorted");
    }
  }
  return absl::OkStatus();
}

// What both writing and reading demand.
absl::Status CheckPart(const IntentPart& part) {
  if (part.intent == base::Uuid()) return BadPart("the intent has no id");
  if (!IsText(part.source_id) || !IsText(part.agency) || !IsText(part.purpose)) {
    return BadPart("source, agency or purpose is malformed");
  }
  if (!IsCheckKind(static_cast<uint8_t>(part.check_kind))) return BadPart("unknown kind of check");
  if (!DayFits(part.period.from) || !DayFits(part.period.to))
    return BadPart("a day is out of range");
  if (part.authorities.empty() || part.authorities.size() > kPartAuthoritiesMax) {
    return BadPart("no authority, or too many");
  }
  if (part.people.empty() || part.people.size() > kPartPeopleMax)
    return BadPart("no person, or too many");
  for (size_t i = 0; i < part.people.size(); ++i) {
    HEDUI_RETURN_IF_ERROR(CheckPerson(part.people[i]));
    for (size_t j = 0; j < i; ++j) {
      if (part.people[i].tag == part.people[j].tag) return BadPart("a person stands twice");
    }
  }
  const int64_t until = absl::ToUnixMillis(part.valid_until);
  if (until < 0 || static_cast<uint64_t>(until) > Reader::kMillisMax) {
    return BadPart("the end of its validity is out of range");
  }
  return absl::OkStatus();
}

void WriteDay(const std::optional<absl::CivilDay>& day, Writer& out) {
  if (day) out.U32(static_cast<uint32_t>(static_cast<int32_t>(*day - kEpoch)));
}

absl::CivilDay ReadDay(Reader& in) { return kEpoch + static_cast<int32_t>(in.U32()); }

std::string ReadText(Reader& in) { return std::string(in.Bytes(1, kPartTextBytesMax)); }

base::Period ReadPeriod(Reader& in) {
  base::Period period;
  const uint8_t flags = in.U8();
  in.Check(flags <= (kPeriodHasFrom | kPeriodHasTo));
  if ((flags & kPeriodHasFrom) != 0) period.from = ReadDay(in);
  if ((flags & kPeriodHasTo) != 0) period.to = ReadDay(in);
  return period;
}

void ReadAuthorities(Reader& in, IntentPart& part) {
  const size_t count = in.U8();
  for (size_t i = 0; i < count && in.good(); ++i) {
    const uint8_t kind = in.U8();
    in.Check(kind == 1 || kind == 2);
    part.authorities.push_back({static_cast<AuthorityKind>(kind), in.Digest()});
  }
}

void ReadPeople(Reader& in, IntentPart& part) {
  const size_t count = in.U8();
  for (size_t i = 0; i < count && in.good(); ++i) {
    PartPerson person;
    person.tag = in.Digest();
    const size_t categories = in.U8();
    for (size_t j = 0; j < categories && in.good(); ++j) person.categories.push_back(ReadText(in));
    part.people.push_back(std::move(person));
  }
}

std::string EncodeWith(absl::string_view part, size_t part_index, absl::Span<const Hash> part_path,
                       absl::string_view proof) {
  Writer out;
  out.Reserve(kMagic.size() + part.size() + part_path.size() * base::kDigestBytes + proof.size() +
              kWarrantFramingBytes);
  return out.Raw(kMagic).Bytes(part, 4).U16(part_index).Path(part_path).Bytes(proof, 4).Take();
}

}  // namespace

Hash PartSalt(absl::string_view seed, uint16_t index) {
  const char number[2] = {static_cast<char>(index >> 8), static_cast<char>(index)};
  return *HashFromBytes(
      base::Hmac(base::HashAlgorithm::kSha256, seed, {kSaltLabel, absl::string_view(number, 2)}));
}

Hash PersonTag(const Hash& salt, base::IdentityKind kind, absl::string_view number) {
  const char code = static_cast<char>(kind);
  return Keyed(salt, {absl::string_view(&code, 1), number});
}

Hash PersonTag(const Hash& salt, const base::Identity& identity) {
  if (!identity.number.empty()) return PersonTag(salt, identity.kind, identity.number);
  // No number begins with a zero byte, so a name is never taken for one.
  const std::string named =
      absl::StrCat(absl::string_view("\0", 1), base::NormaliseName(identity.name));
  return PersonTag(salt, identity.kind, named);
}

absl::StatusOr<std::string> EncodePart(const IntentPart& part) {
  HEDUI_RETURN_IF_ERROR(CheckPart(part));
  Writer out;
  out.U8(kPartVersion)
      .Id(part.intent)
      .Digest(part.salt)
      .Bytes(part.source_id, 1)
      .Bytes(part.agency, 1);
  out.U8(part.officer_digest.has_value() ? 1 : 0);
  if (part.officer_digest) out.Digest(*part.officer_digest);
  out.Digest(part.matter_digest).Bytes(part.purpose, 1).U8(static_cast<uint8_t>(part.check_kind));
  out.U8((part.period.from ? kPeriodHasFrom : 0) | (part.period.to ? kPeriodHasTo : 0));
  WriteDay(part.period.from, out);
  WriteDay(part.period.to, out);
  out.U8(part.authorities.size());
  for (const PartAuthority& authority : part.authorities) {
    out.U8(static_cast<uint8_t>(authority.kind)).Digest(authority.digest);
  }
  out.U8(part.people.size());
  for (const PartPerson& person : part.people) {
    out.Digest(person.tag).U8(person.categories.size());
    for (const std::string& category : person.categories) out.Bytes(category, 1);
  }
  std::string bytes = out.Time(part.valid_until).Take();
  if (bytes.size() > kPartBytesMax) return BadPart("too long");
  return bytes;
}

absl::StatusOr<IntentPart> DecodePart(absl::string_view bytes) {
  if (bytes.size() > kPartBytesMax) return BadPart("too long");
  Reader in(bytes);
  IntentPart part;
  in.Check(in.U8() == kPartVersion);
  part.intent = in.Id();
  part.salt = in.Digest();
  part.source_id = ReadText(in);
  part.agency = ReadText(in);
  const uint8_t officer = in.U8();
  in.Check(officer <= 1);
  if (officer == 1) part.officer_digest = in.Digest();
  part.matter_digest = in.Digest();
  part.purpose = ReadText(in);
  part.check_kind = static_cast<base::CheckKind>(in.U8());
  part.period = ReadPeriod(in);
  ReadAuthorities(in, part);
  ReadPeople(in, part);
  part.valid_until = in.Time();
  if (!in.Done()) return BadPart("not of a known version");
  HEDUI_RETURN_IF_ERROR(CheckPart(part));
  return part;
}

absl::Status IntentParts::Add(const IntentPart& part, std::string encoded) {
  if (encoded_.size() == kPartsMax) return BadPart("too many parts");
  if (Find(part.source_id)) return BadPart("a source stands twice");
  if (!sources_.empty() && part.intent != intent_) return BadPart("parts of two intents");
  intent_ = part.intent;
  sources_.push_back(part.source_id);
  leaf_hashes_.push_back(LeafHash(encoded));
  encoded_.push_back(std::move(encoded));
  return absl::OkStatus();
}

absl::StatusOr<IntentParts> IntentParts::Build(absl::Span<const IntentPart> parts) {
  if (parts.empty()) return BadPart("an intent without parts");
  IntentParts result;
  for (const IntentPart& part : parts) {
    HEDUI_ASSIGN_OR_RETURN(std::string encoded, EncodePart(part));
    HEDUI_RETURN_IF_ERROR(result.Add(part, std::move(encoded)));
  }
  result.root_ = TreeRoot(result.leaf_hashes_);
  return result;
}

absl::StatusOr<IntentParts> IntentParts::FromEncoded(std::vector<std::string> parts) {
  if (parts.empty()) return BadPart("an intent without parts");
  IntentParts result;
  for (std::string& encoded : parts) {
    HEDUI_ASSIGN_OR_RETURN(const IntentPart part, DecodePart(encoded));
    HEDUI_RETURN_IF_ERROR(result.Add(part, std::move(encoded)));
  }
  result.root_ = TreeRoot(result.leaf_hashes_);
  return result;
}

std::optional<size_t> IntentParts::Find(absl::string_view source_id) const {
  const auto found = std::find(sources_.begin(), sources_.end(), source_id);
  if (found == sources_.end()) return std::nullopt;
  return static_cast<size_t>(found - sources_.begin());
}

std::vector<Hash> IntentParts::PathOf(size_t index) const {
  return BatchTree(leaf_hashes_).InclusionProof(index);
}

Warrant MakeWarrant(const IntentParts& parts, size_t index, EntryProof intent) {
  return Warrant{parts.encoded()[index], static_cast<uint16_t>(index), parts.PathOf(index),
                 std::move(intent)};
}

std::string EncodeWarrant(const Warrant& warrant) {
  return EncodeWith(warrant.part, warrant.part_index, warrant.part_path,
                    EncodeEntryProof(warrant.proof));
}

WarrantWriter::WarrantWriter(const IntentParts* parts, const EntryProof& intent)
    : parts_(parts), tree_(parts->leaf_hashes_), proof_(EncodeEntryProof(intent)) {}

std::string WarrantWriter::For(size_t index) const {
  return EncodeWith(parts_->encoded_[index], index, tree_.InclusionProof(index), proof_);
}

absl::StatusOr<Warrant> DecodeWarrant(absl::string_view bytes) {
  Reader in(bytes);
  Warrant warrant;
  in.Check(bytes.size() <= kWarrantBytesMax && in.Raw(kMagic.size()) == kMagic);
  warrant.part = std::string(in.Bytes(4, kPartBytesMax));
  warrant.part_index = in.U16();
  warrant.part_path = in.Path(kProofHashesMax);
  const absl::string_view proof = in.Bytes(4, kEntryProofBytesMax);
  if (!in.Done()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "WARRANT_FORMAT",
                           "not a warrant of a known version");
  }
  HEDUI_ASSIGN_OR_RETURN(warrant.proof, DecodeEntryProof(proof));
  return warrant;
}

absl::StatusOr<VerifiedWarrant> VerifyWarrant(absl::string_view bytes, const LogTrust& trust,
                                              absl::Time now) {
  HEDUI_ASSIGN_OR_RETURN(const Warrant warrant, DecodeWarrant(bytes));
  VerifiedWarrant verified;
  HEDUI_ASSIGN_OR_RETURN(verified.part, DecodePart(warrant.part));
  HEDUI_ASSIGN_OR_RETURN(const ProvenEntry proven, VerifyEntryProof(warrant.proof, trust));
  // A report is judged by its day; a query is made now, so keys of the past must not open it.
  HEDUI_RETURN_IF_ERROR(
      trust.KeysAt(warrant.proof.checkpoint->certificates, proven.checkpoint.origin, now).status());
  const auto* intent = std::get_if<IntentEntry>(&proven.entry);
  if (intent == nullptr) return Denied("WARRANT_PART", "the log's entry is not an intent");
  if (intent->intent != verified.part.intent)
    return Denied("WARRANT_PART", "the part is of another intent");
  const absl::Status part_of =
      VerifyInclusion(warrant.part_index, intent->part_count, LeafHash(warrant.part),
                      warrant.part_path, intent->parts_root);
  if (!part_of.ok()) return Denied("WARRANT_PART", "the intent does not hold the part");
  if (now > verified.part.valid_until) return Denied("WARRANT_EXPIRED", "it is no longer valid");
  verified.entry_index = proven.index;
  verified.checkpoint = proven.checkpoint;
  return verified;
}

absl::Status WarrantCovers(const IntentPart& part, absl::string_view source_id,
                           absl::Span<const AskedPerson> people, const base::Period& period) {
  if (part.source_id != source_id) return Denied("WARRANT_SOURCE", "it is for another source");
  if (!part.period.Covers(period))
    return Denied("WARRANT_PERIOD", "it does not cover the period asked");
  for (const AskedPerson& asked : people) {
    const Hash tag = PersonTag(part.salt, asked.identity);
    const auto person = std::find_if(part.people.begin(), part.people.end(),
                                     [&tag](const PartPerson& one) { return one.tag == tag; });
    if (person == part.people.end())
      return Denied("WARRANT_PERSON", "it does not cover a person asked");
    for (const std::string& category : asked.categories) {
      if (!std::binary_search(person->categories.begin(), person->categories.end(), category)) {
        return Denied("WARRANT_CATEGORY", "it does not cover a category asked");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace hedui::ledger
