#include "server/ledger/entry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "server/base/status.h"
#include "server/ledger/checkpoint.h"
#include "server/ledger/codec.h"

namespace hedui::ledger {
namespace {

constexpr uint8_t kVersion = 1;

// Stable: they stand in logs. Append only.
enum EntryType : uint8_t {
  kIntent = 1,
  kResult = 2,
  kAccess = 3,
  kRevocation = 4,
  kMatterState = 5,
  kKeyChange = 6,
  kOriginClosed = 7,
  kAnnulment = 8,
  kSourceState = 9,
  kAnswerDropped = 10,
  kRecall = 11,
};

void Require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fatal: a log entry cannot be encoded: %s\n", what);
  std::abort();
}

bool TimeFits(absl::Time time) {
  const int64_t millis = absl::ToUnixMillis(time);
  return millis >= 0 && static_cast<uint64_t>(millis) <= Reader::kMillisMax;
}

// Encodes an id that a reader will take.
Writer& Id(Writer& out, const base::Uuid& id) {
  Require(id != base::Uuid(), "the nil id");
  return out.Id(id);
}

bool HashKnown(uint8_t code) {
  return code == static_cast<uint8_t>(base::HashAlgorithm::kSha256) ||
         code == static_cast<uint8_t>(base::HashAlgorithm::kSm3);
}

void Encode(const IntentEntry& entry, Writer& out) {
  Require(entry.part_count > 0, "an intent has at least one part");
  Id(Id(out.U8(kIntent).U8(kVersion), entry.intent), entry.verification).U16(entry.part_count);
  out.Digest(entry.parts_root).Digest(entry.body_digest);
}

void Encode(const ResultEntry& entry, Writer& out) {
  Require(entry.line_count > 0, "a report has at least one line");
  Id(Id(out.U8(kResult).U8(kVersion), entry.verification), entry.report);
  out.U8(entry.previous_report.has_value() ? 1 : 0);
  if (entry.previous_report) Id(out, *entry.previous_report);
  out.U8(static_cast<uint8_t>(entry.line_hash)).U32(entry.line_count);
  out.Digest(entry.line_root).Digest(entry.header_digest);
}

void Encode(const AccessEntry& entry, Writer& out) {
  Require(TimeFits(entry.time), "time");
  Id(out.U8(kAccess).U8(kVersion), entry.report).Digest(entry.reader_digest).Time(entry.time);
}

void Encode(const RevocationEntry& entry, Writer& out) {
  Require(TimeFits(entry.time), "time");
  out.U8(kRevocation).U8(kVersion).Digest(entry.matter_digest).Digest(entry.letter_digest);
  out.Time(entry.time);
}

void Encode(const MatterStateEntry& entry, Writer& out) {
  Require(TimeFits(entry.time), "time");
  out.U8(kMatterState).U8(kVersion).Digest(entry.matter_digest);
  out.U8(static_cast<uint8_t>(entry.state)).Time(entry.time);
}

void Encode(const KeyChangeEntry& entry, Writer& out) {
  Require(TimeFits(entry.time), "time");
  out.U8(kKeyChange).U8(kVersion).U8(static_cast<uint8_t>(entry.role));
  out.Digest(entry.old_certificate).Digest(entry.new_certificate).Time(entry.time);
}

void Encode(const OriginClosedEntry& entry, Writer& out) {
  Require(TimeFits(entry.time), "time");
  Require(CheckOrigin(entry.origin).ok(), "origin");
  Require(entry.successor.empty() || CheckOrigin(entry.successor).ok(), "successor");
  Require(entry.size <= kLogSizeMax, "size");
  out.U8(kOriginClosed).U8(kVersion).Bytes(entry.origin, 1).U64(entry.size).Digest(entry.root);
  out.Bytes(entry.successor, 1).Time(entry.time);
}

void Encode(const AnnulmentEntry& entry, Writer& out) {
  Require(TimeFits(entry.time), "time");
  Require(entry.reason >= 1 && entry.reason <= kAnnulmentReasonMax, "reason");
  Id(out.U8(kAnnulment).U8(kVersion), entry.verification).U8(entry.reason);
  out.Digest(entry.officer_digest).Time(entry.time);
}

// Printable, as a catalogue's ids are.
bool SourceIdFits(absl::string_view id) {
  return !id.empty() && id.size() <= kEntrySourceBytesMax &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

void Encode(const SourceStateEntry& entry, Writer& out) {
  Require(TimeFits(entry.time), "time");
  Require(SourceIdFits(entry.source_id), "a source's id");
  out.U8(kSourceState).U8(kVersion).U8(entry.held ? 1 : 2).Bytes(entry.source_id, 1);
  out.Digest(entry.operator_digest).Time(entry.time);
}

void Encode(const RecallEntry& entry, Writer& out) {
  Require(TimeFits(entry.time) && TimeFits(entry.from) && TimeFits(entry.to), "time");
  Require(entry.from < entry.to, "a recall's span");
  Require(SourceIdFits(entry.source_id), "a source's id");
  Id(out.U8(kRecall).U8(kVersion), entry.recall).Bytes(entry.source_id, 1);
  out.Time(entry.from).Time(entry.to).Digest(entry.operator_digest).Time(entry.time);
}

void Encode(const AnswerDroppedEntry& entry, Writer& out) {
  Require(TimeFits(entry.time), "time");
  Require(entry.why >= 1 && entry.why <= kDroppedWhyMax, "why");
  Id(Id(out.U8(kAnswerDropped).U8(kVersion), entry.verification), entry.promise);
  out.U8(entry.why).Time(entry.time);
}

// Fields are read in the order of their initialisers: braces guarantee it.
IntentEntry ReadIntent(Reader& in) {
  IntentEntry entry{in.Id(), in.Id(), in.U16(), in.Digest(), in.Digest()};
  in.Check(entry.part_count > 0);
  return entry;
}

ResultEntry ReadResult(Reader& in) {
  ResultEntry entry;
  entry.verification = in.Id();
  entry.report = in.Id();
  const uint8_t superseding = in.U8();
  in.Check(superseding <= 1);
  if (superseding == 1) entry.previous_report = in.Id();
  const uint8_t algorithm = in.U8();
  in.Check(HashKnown(algorithm));
  entry.line_hash = static_cast<base::HashAlgorithm>(algorithm);
  entry.line_count = in.U32();
  in.Check(entry.line_count > 0);
  entry.line_root = in.Digest();
  entry.header_digest = in.Digest();
  return entry;
}

MatterStateEntry ReadMatterState(Reader& in) {
  MatterStateEntry entry;
  entry.matter_digest = in.Digest();
  const uint8_t state = in.U8();
  in.Check(state >= 1 && state <= static_cast<uint8_t>(MatterState::kClosed));
  entry.state = static_cast<MatterState>(state);
  entry.time = in.Time();
  return entry;
}

KeyChangeEntry ReadKeyChange(Reader& in) {
  KeyChangeEntry entry;
  const uint8_t role = in.U8();
  in.Check(role == 1 || role == 2);
  entry.role = static_cast<KeyRole>(role);
  entry.old_certificate = in.Digest();
  entry.new_certificate = in.Digest();
  entry.time = in.Time();
  return entry;
}

OriginClosedEntry ReadOriginClosed(Reader& in) {
  OriginClosedEntry entry;
  entry.origin = std::string(in.Bytes(1, kOriginBytesMax));
  entry.size = in.U64();
  entry.root = in.Digest();
  entry.successor = std::string(in.Bytes(1, kOriginBytesMax));
  entry.time = in.Time();
  in.Check(CheckOrigin(entry.origin).ok());
  in.Check(entry.successor.empty() || CheckOrigin(entry.successor).ok());
  in.Check(entry.size <= kLogSizeMax);
  return entry;
}

AnnulmentEntry ReadAnnulment(Reader& in) {
  AnnulmentEntry entry;
  entry.verification = in.Id();
  entry.reason = in.U8();
  in.Check(entry.reason >= 1 && entry.reason <= kAnnulmentReasonMax);
  entry.officer_digest = in.Digest();
  entry.time = in.Time();
  return entry;
}

SourceStateEntry ReadSourceState(Reader& in) {
  SourceStateEntry entry;
  const uint8_t state = in.U8();
  in.Check(state == 1 || state == 2);
  entry.held = state == 1;
  entry.source_id = std::string(in.Bytes(1, kEntrySourceBytesMax));
  in.Check(SourceIdFits(entry.source_id));
  entry.operator_digest = in.Digest();
  entry.time = in.Time();
  return entry;
}

RecallEntry ReadRecall(Reader& in) {
  RecallEntry entry;
  entry.recall = in.Id();
  entry.source_id = std::string(in.Bytes(1, kEntrySourceBytesMax));
  in.Check(SourceIdFits(entry.source_id));
  entry.from = in.Time();
  entry.to = in.Time();
  in.Check(entry.from < entry.to);
  entry.operator_digest = in.Digest();
  entry.time = in.Time();
  return entry;
}

AnswerDroppedEntry ReadAnswerDropped(Reader& in) {
  AnswerDroppedEntry entry;
  entry.verification = in.Id();
  entry.promise = in.Id();
  entry.why = in.U8();
  in.Check(entry.why >= 1 && entry.why <= kDroppedWhyMax);
  entry.time = in.Time();
  return entry;
}

Entry ReadEntry(Reader& in) {
  const uint8_t type = in.U8();
  in.Check(in.U8() == kVersion);
  switch (type) {
    case kIntent:
      return ReadIntent(in);
    case kResult:
      return ReadResult(in);
    case kAccess:
      return AccessEntry{in.Id(), in.Digest(), in.Time()};
    case kRevocation:
      return RevocationEntry{in.Digest(), in.Digest(), in.Time()};
    case kMatterState:
      return ReadMatterState(in);
    case kKeyChange:
      return ReadKeyChange(in);
    case kOriginClosed:
      return ReadOriginClosed(in);
    case kAnnulment:
      return ReadAnnulment(in);
    case kSourceState:
      return ReadSourceState(in);
    case kRecall:
      return ReadRecall(in);
    case kAnswerDropped:
      return ReadAnswerDropped(in);
    default:
      in.Check(false);
      return Entry();
  }
}

}  // namespace

std::string EncodeEntry(const Entry& entry) {
  Writer out;
  std::visit([&out](const auto& value) { Encode(value, out); }, entry);
  return out.Take();
}

absl::StatusOr<Entry> DecodeEntry(absl::string_view bytes) {
  Reader in(bytes);
  Entry entry = ReadEntry(in);
  if (!in.Done()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "ENTRY_FORMAT",
                           "not a log entry of a known type and version");
  }
  return entry;
}

}  // namespace hedui::ledger
