#include <string>

#include "absl/strings/str_cat.h"
#include "hedui/report/v1/report.pb.h"
#include "server/base/dates.h"
#include "server/base/digest.h"
#include "server/base/identity.h"
#include "server/base/money.h"
#include "server/base/status.h"
#include "server/ledger/entry_proof.h"
#include "server/report/envelope.h"
#include "server/report/json_writer.h"
#include "server/report/names.h"
#include "server/report/render.h"

namespace hedui::report {
namespace {

using Fields = google::protobuf::RepeatedPtrField<v1::Field>;
using Blames = google::protobuf::RepeatedPtrField<v1::Blame>;

constexpr absl::string_view kLineKindPrefix = "LINE_KIND_";
constexpr absl::string_view kValueKindPrefix = "VALUE_KIND_";
constexpr absl::string_view kTruthPrefix = "TRUTH_";

// A number without a name can only come from a report that nobody checked.
std::string WithoutPrefix(const std::string& name, absl::string_view prefix) {
  return name.size() > prefix.size() ? name.substr(prefix.size()) : "UNKNOWN";
}

std::string TruthName(v1::Truth truth) {
  return WithoutPrefix(v1::Truth_Name(truth), kTruthPrefix);
}

void WriteFieldValue(const v1::Field& field, JsonWriter& json) {
  switch (field.value_case()) {
    case v1::Field::kText:
      json.String(IsIdentityNumberField(field.name()) ? base::MaskNumber(field.text())
                                                      : field.text());
      return;
    case v1::Field::kMoneyFen:
      json.String(base::Money::FromFen(field.money_fen()).ToString());
      return;
    case v1::Field::kDay:
      json.String(field.day());
      return;
    case v1::Field::kMonth:
      json.String(field.month());
      return;
    case v1::Field::kCount:
      json.Integer(field.count());
      return;
    case v1::Field::kFlag:
      json.Bool(field.flag());
      return;
    case v1::Field::VALUE_NOT_SET:
      json.Null();
      return;
  }
}

// An array, since nothing keeps a source from naming two fields alike.
void WriteFields(absl::string_view key, const Fields& fields, JsonWriter& json) {
  if (fields.empty()) return;
  json.Key(key).BeginArray();
  for (const v1::Field& field : fields) {
    json.BeginObject().Pair("name", field.name()).Key("value");
    WriteFieldValue(field, json);
    json.EndObject();
  }
  json.EndArray();
}

void WriteBlame(absl::string_view key, const Blames& blames, JsonWriter& json) {
  if (blames.empty()) return;
  json.Key(key).BeginArray();
  for (const v1::Blame& blame : blames) {
    json.BeginObject().Pair("kind", blame.kind());
    json.PairIfAny("person_id", blame.person_id()).PairIfAny("source_id", blame.source_id());
    json.PairIfAny("category", blame.category()).PairIfAny("answer", blame.answer());
    json.PairIfAny("reason", blame.reason()).PairIfAny("detail", blame.detail());
    json.PairIfAny("policy", blame.policy()).Pair("text", blame.text()).EndObject();
  }
  json.EndArray();
}

// An end that is open is null: "absent" would look like "not said".
void WriteEnd(absl::string_view key, const std::string& end, JsonWriter& json) {
  json.Key(key);
  if (end.empty()) {
    json.Null();
  } else {
    json.String(end);
  }
}

void WriteValue(absl::string_view key, const v1::Value& value, JsonWriter& json) {
  json.Key(key).BeginObject();
  json.Pair("kind", WithoutPrefix(v1::ValueKind_Name(value.kind()), kValueKindPrefix));
  json.Key("exact").Bool(value.exact()).PairIfAny("unit", value.unit());
  switch (value.kind()) {
    case v1::VALUE_KIND_NUMBER:
      WriteEnd("low", value.low(), json);
      WriteEnd("high", value.high(), json);
      json.Key("undefined").Bool(value.undefined());
      break;
    case v1::VALUE_KIND_TRUTH:
      json.Pair("truth", TruthName(value.truth()));
      break;
    case v1::VALUE_KIND_CODE:
      json.Key("codes").BeginArray();
      for (const std::string& code : value.codes()) json.String(code);
      json.EndArray();
      break;
    default:
      WriteEnd("from", value.from(), json);
      WriteEnd("to", value.to(), json);
      if (value.undefined()) json.Key("undefined").Bool(true);
      break;
  }
  json.Pair("text", value.text()).EndObject();
}

void WriteOutcome(const v1::Outcome& outcome, JsonWriter& json) {
  json.Key("outcome").BeginObject().Pair("source_id", outcome.source_id());
  json.PairIfAny("source_name", outcome.source_name()).PairIfAny("level", outcome.level());
  json.Pair("category", outcome.category()).Pair("kind", outcome.kind());
  json.Pair("reason", outcome.reason()).PairIfAny("data_day", outcome.data_day());
  json.PairIfAny("covered_from", outcome.covered_from());
  json.PairIfAny("covered_to", outcome.covered_to());
  json.Key("complete").Bool(outcome.complete());
  json.Key("superseded").Bool(outcome.superseded());
  json.Key("manual").Bool(outcome.manual());
  if (!outcome.method().empty()) {
    json.Key("finding").BeginObject().Pair("method", outcome.method());
    json.Key("investigators").BeginArray();
    for (const std::string& investigator : outcome.investigators()) json.String(investigator);
    json.EndArray().Pair("day", outcome.finding_day());
    json.Pair("evidence_sha256", base::HexEncode(outcome.evidence_sha256())).EndObject();
  }
  if (!outcome.reused_query().empty()) {
    json.Pair("reused_query", outcome.reused_query());
    json.Pair("obtained", base::FormatInstant(absl::FromUnixSeconds(outcome.obtained_seconds())));
  }
  json.EndObject();
}

void WriteMarks(const v1::Marks& marks, JsonWriter& json) {
  json.Key("marks").BeginArray();
  if (marks.presumed()) json.String("presumed");
  if (marks.assumed()) json.String("assumed");
  if (marks.manual()) json.String("manual");
  if (marks.declared()) json.String("declared");
  if (marks.unproven()) json.String("unproven");
  if (marks.preliminary()) json.String("preliminary");
  json.EndArray();
}

void WriteParts(const v1::Line& line, JsonWriter& json) {
  if (line.has_value()) WriteValue("value", line.value(), json);
  if (line.has_indication()) {
    json.Key("indication").BeginObject().Pair("result", TruthName(line.indication().result()));
    json.Key("robust").Bool(line.indication().robust());
    WriteBlame("amount_blame", line.indication().amount_blame(), json);
    if (line.indication().has_validity()) {
      WriteValue("validity", line.indication().validity(), json);
      WriteBlame("validity_blame", line.indication().validity_blame(), json);
    }
    json.EndObject();
  }
  WriteFields("fields", line.fields(), json);
  WriteFields("other_fields", line.other_fields(), json);
  if (line.has_outcome()) WriteOutcome(line.outcome(), json);
  WriteBlame("blame", line.blame(), json);
  if (line.has_marks()) WriteMarks(line.marks(), json);
  if (line.has_citation()) {
    const v1::Citation& citation = line.citation();
    json.Key("citation").BeginObject().Pair("document", citation.document());
    json.Pair("title", citation.title()).Pair("article", citation.article());
    json.Key("verified").Bool(citation.verified()).EndObject();
  }
  json.PairIfAny("expression", line.expression());
  if (line.has_row()) {
    const v1::PolicyRow& row = line.row();
    json.Key("row").BeginObject().Pair("id", row.id()).Pair("value", row.value());
    json.Pair("division", row.division()).PairIfAny("from", row.from()).PairIfAny("to", row.to());
    json.Pair("file", row.file()).Key("file_line").Integer(row.file_line());
    json.Pair("file_digest", base::HexEncode(row.file_digest())).EndObject();
  }
}

void WriteLine(const v1::Line& line, JsonWriter& json) {
  json.BeginObject().Key("number").Integer(line.number());
  json.Pair("kind", WithoutPrefix(v1::LineKind_Name(line.kind()), kLineKindPrefix))
      .PairIfAny("person_id", line.person_id());
  json.Pair("code", line.code()).Pair("label", line.label()).Pair("text", line.text());
  WriteParts(line, json);
  if (!line.inputs().empty()) {
    json.Key("inputs").BeginArray();
    for (const uint32_t input : line.inputs()) json.Integer(input);
    json.EndArray();
  }
  if (!line.answer_digests().empty()) {
    json.Key("answer_digests").BeginArray();
    for (const std::string& digest : line.answer_digests()) json.String(base::HexEncode(digest));
    json.EndArray();
  }
  if (!line.authorizations().empty()) {
    json.Key("authorizations").BeginArray();
    for (const std::string& reference : line.authorizations()) json.String(reference);
    json.EndArray();
  }
  json.EndObject();
}

std::string UuidText(const std::string& bytes) {
  const auto id = base::Uuid::FromBytes(bytes);
  return id.ok() ? id->ToString() : base::HexEncode(bytes);
}

void WriteHeader(const v1::Header& header, JsonWriter& json) {
  json.Key("header").BeginObject().Pair("report_number", header.report_number());
  json.Pair("report_id", UuidText(header.report_id()));
  json.Pair("verification_id", UuidText(header.verification_id()));
  if (!header.previous_report_id().empty()) {
    json.Pair("previous_report_id", UuidText(header.previous_report_id()));
    json.PairIfAny("superseding_reason", header.superseding_reason());
  }
  json.PairIfAny("replaces_report_number", header.replaces_report_number());
  json.Pair("issuing_centre", header.issuing_centre());
  json.Pair("issuing_division", header.issuing_division());
  json.Pair("log_origin", header.log_origin()).Pair("agency", header.agency());
  json.Pair("agency_name", header.agency_name()).Pair("officer", header.officer());
  json.Pair("check_kind", header.check_kind()).Pair("matter_number", header.matter_number());
  json.Pair("purpose", header.purpose()).Key("programmes").BeginArray();
  for (const std::string& programme : header.programmes()) json.String(programme);
  json.EndArray().Pair("division", header.division());
  json.Pair("division_name", header.division_name()).PairIfAny("scope", header.scope());
  json.Key("staff_relative").Bool(header.staff_relative());
  json.Key("persons_authorized").Integer(header.persons_authorized());
  json.Key("persons_unauthorized").Integer(header.persons_unauthorized());
  json.Pair("application_day", header.application_day());
  json.PairIfAny("acceptance_day", header.acceptance_day());
  json.Pair("policy_day", header.policy_day());
  json.Pair("issued_at", base::FormatInstant(absl::FromUnixSeconds(header.issued_at_seconds())));
  json.PairIfAny("engine", header.engine());
  json.PairIfAny("policy_digest", base::HexEncode(header.policy_digest()));
  json.Key("policy_files").BeginArray();
  for (const v1::PolicyFile& file : header.policy_files()) {
    json.BeginObject().Pair("path", file.path());
    json.Pair("digest", base::HexEncode(file.digest())).EndObject();
  }
  json.EndArray().PairIfAny("next_change", header.next_change());
  json.Key("line_hash").Integer(header.line_hash());
  json.Key("line_count").Integer(header.line_count());
  WriteEnd("valid_until", header.valid_until(), json);
  json.PairIfAny("validity_basis", header.validity_basis());
  json.Pair("restriction", header.restriction()).Pair("objection", header.objection()).EndObject();
}

}  // namespace

absl::StatusOr<std::string> RenderJson(absl::string_view envelope) {
  HEDUI_ASSIGN_OR_RETURN(const OpenEnvelope open, OpenEnvelopeLines(envelope));
  JsonWriter json;
  json.BeginObject().Key("format").Integer(open.envelope.format());
  WriteHeader(open.lines[0].header(), json);
  json.Key("lines").BeginArray();
  for (size_t i = 1; i < open.lines.size(); ++i) WriteLine(open.lines[i], json);
  json.EndArray().Key("lines_withheld").Integer(open.withheld);
  const auto proof = ledger::DecodeEntryProof(open.envelope.entry_proof());
  if (proof.ok()) {
    json.Key("log").BeginObject().Key("index").Integer(static_cast<int64_t>(proof->index));
    json.Pair("entry", base::HexEncode(proof->entry));
    json.Pair("checkpoint", proof->checkpoint->note).EndObject();
  }
  return json.EndObject().Take();
}

}  // namespace hedui::report
