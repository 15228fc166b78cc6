#include "tests/integration/given_out.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "hedui/report/v1/report.pb.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/ledger/checkpoint.h"
#include "server/ledger/entry.h"
#include "server/ledger/entry_proof.h"
#include "server/ledger/note.h"
#include "server/ledger/proof_reader.h"
#include "server/report/report_builder.h"
#include "server/report/report_check.h"
#include "server/stored_report.h"
#include "tests/integration/running_platform.h"

namespace hedui::testing {
namespace {

constexpr size_t kRowsMax = 1'000;

std::string LinesDigestOf(const report::v1::Envelope& envelope) {
  std::string lines;
  for (const auto& line : envelope.lines()) lines += base::Sha256(line.line());
  return base::Sha256(lines);
}

std::string LinesDigestOf(const report::Draft& draft) {
  std::string lines;
  for (size_t i = 0; i < draft.lines.size(); ++i) lines += base::Sha256(draft.lines[i]);
  return base::Sha256(lines);
}

std::string UuidText(const std::string& bytes) {
  const auto id = base::Uuid::FromBytes(bytes);
  return id.ok() ? id->ToString() : "no UUID";
}

}  // namespace

// The log's entries by what is asked of them here.
struct GivenOut::Log {
  std::map<uint64_t, std::string> intents;        // intent ids by index
  std::map<std::string, uint64_t> first_reports;  // how many, by verification id
  std::map<std::string, uint64_t> readings;       // how many, by report id
};

GivenOut::GivenOut(std::string agency, const ledger::LogTrust* trust)
    : agency_(std::move(agency)), trust_(trust) {}

void GivenOut::NoteAsked(const std::string& request_id) {
  const base::MutexLock lock(&mutex_);
  asked_.insert(request_id);
}

void GivenOut::NoteReport(const std::string& request_id, absl::string_view verification_id,
                          const std::string& envelope) {
  const report::CheckResult check = report::CheckReport(envelope, *trust_);
  report::v1::Envelope parsed;
  const bool valid = check.verdict == report::Verdict::kValid && parsed.ParseFromString(envelope);
  const base::MutexLock lock(&mutex_);
  if (!valid) {
    contradictions_.push_back(
        absl::StrCat("the report given out for ", request_id,
                     " is not valid: ", check.failures.empty() ? "" : check.failures.front()));
    return;
  }
  const Report report{std::string(verification_id), LinesDigestOf(parsed),
                      *report::ReportIdOfNumber(check.report_number)};
  const Report& first = reports_.emplace(request_id, report).first->second;
  if (first.verification_id != report.verification_id) {
    contradictions_.push_back(absl::StrCat("request ", request_id, " has two verifications"));
  }
  if (first.lines_digest != report.lines_digest || first.report_id != report.report_id) {
    contradictions_.push_back(absl::StrCat("request ", request_id, " was given two reports"));
  }
  // The check above has read them all.
  const auto proof = ledger::DecodeEntryProof(parsed.entry_proof());
  const auto note = ledger::ParseNote(proof->checkpoint->note);
  const auto checkpoint = ledger::ParseCheckpoint(note->text);
  if (checkpoints_.emplace(checkpoint->size, checkpoint->root).first->second != checkpoint->root) {
    contradictions_.push_back(absl::StrCat("two roots were given out at size ", checkpoint->size));
  }
}

void GivenOut::NoteQueries(const std::vector<SeenQuery>& queries) {
  const base::MutexLock lock(&mutex_);
  for (const SeenQuery& query : queries) {
    if (!attempts_.insert(query.attempt_id).second) {
      contradictions_.push_back(absl::StrCat(
          "two attempts of one name, which a department may take for one: ", query.attempt_id));
    }
    if (intents_.emplace(query.intent_id, query.log_index).first->second != query.log_index) {
      contradictions_.push_back(absl::StrCat("intent ", query.intent_id, " had two places"));
    }
  }
}

absl::Status GivenOut::ReadBack(clients::Client& client, const std::string& officer, Which which) {
  std::vector<std::string> wanted;
  {
    const base::MutexLock lock(&mutex_);
    for (const auto& [request_id, report] : reports_) {
      if (which == Which::kAll || report.readings == 0) wanted.push_back(request_id);
    }
  }
  for (const std::string& request_id : wanted) {
    v1::GetReportRequest request;
    request.set_officer(officer);
    request.set_request_id(request_id);
    HEDUI_ASSIGN_OR_RETURN(const auto served, client.GetReport(request, kPatience));
    NoteReport(request_id, served.verification_id(), served.envelope());
    const base::MutexLock lock(&mutex_);
    ++reports_.at(request_id).readings;
  }
  return absl::OkStatus();
}

std::vector<std::string> GivenOut::BreachesIn(const store::Store& store) const {
  const base::MutexLock lock(&mutex_);
  std::vector<std::string> breaches = contradictions_;
  CheckCheckpoints(store, &breaches);
  CheckLog(ReadLog(store, &breaches), &breaches);
  for (const std::string& request_id : asked_) CheckRequest(store, request_id, &breaches);
  return breaches;
}

void GivenOut::CheckCheckpoints(const store::Store& store,
                                std::vector<std::string>* breaches) const {
  const auto head = store.ReadHead();
  const uint64_t size_now = head.ok() && head->has_value() ? (*head)->size : 0;
  ledger::TileHashReader hashes(store);
  for (const auto& [size, root] : checkpoints_) {
    if (size > size_now) {
      breaches->push_back(
          absl::StrCat("the log has ", size_now, " entries; a checkpoint was given out at ", size));
      continue;
    }
    const auto root_now = ledger::ReadRoot(size, hashes);
    if (!root_now.ok() || *root_now != root) {
      breaches->push_back(absl::StrCat("the log does not continue its checkpoint at ", size));
    }
  }
}

GivenOut::Log GivenOut::ReadLog(const store::Store& store, std::vector<std::string>* breaches) {
  Log log;
  const auto head = store.ReadHead();
  if (!head.ok()) breaches->push_back(head.status().ToString());
  if (!head.ok() || !head->has_value()) return log;
  const auto entries = store.ReadEntries(0, (*head)->size);
  if (!entries.ok()) {
    breaches->push_back(entries.status().ToString());
    return log;
  }
  for (uint64_t index = 0; index < entries->size(); ++index) {
    const auto entry = ledger::DecodeEntry((*entries)[index]);
    if (!entry.ok()) {
      breaches->push_back(absl::StrCat("entry ", index, ": ", entry.status().ToString()));
    } else if (const auto* intent = std::get_if<ledger::IntentEntry>(&*entry)) {
      log.intents[index] = intent->intent.ToString();
    } else if (const auto* result = std::get_if<ledger::ResultEntry>(&*entry)) {
      if (!result->previous_report.has_value()) {
        ++log.first_reports[result->verification.ToString()];
      }
    } else if (const auto* access = std::get_if<ledger::AccessEntry>(&*entry)) {
      ++log.readings[access->report.ToString()];
    }
  }
  return log;
}

void GivenOut::CheckLog(const Log& log, std::vector<std::string>* breaches) const {
  for (const auto& [intent_id, index] : intents_) {
    const auto found = log.intents.find(index);
    if (found == log.intents.end() || found->second != intent_id) {
      breaches->push_back(absl::StrCat("a department was asked under intent ", intent_id,
                                       ", which the log does not have at ", index));
    }
  }
  for (const auto& [verification_id, reports] : log.first_reports) {
    if (reports > 1) {
      breaches->push_back(
          absl::StrCat("verification ", verification_id, " has two first reports in the log"));
    }
  }
  for (const auto& [request_id, report] : reports_) {
    const auto found = log.readings.find(report.report_id.ToString());
    if (report.readings > (found == log.readings.end() ? 0 : found->second)) {
      breaches->push_back(
          absl::StrCat("the report for ", request_id, " was read without the log's knowledge"));
    }
  }
}

void GivenOut::CheckRequest(const store::Store& store, const std::string& request_id,
                            std::vector<std::string>* breaches) const {
  const base::Uuid id = *base::Uuid::Parse(request_id);
  std::set<std::string> verifications;
  std::vector<std::string> digests;
  for (const base::LookupKey& key : {RequestKey(agency_, id), ResultKey(agency_, id)}) {
    const auto rows = store.Find(key, kRowsMax);
    if (!rows.ok()) {
      breaches->push_back(absl::StrCat("request ", request_id, ": ", rows.status().ToString()));
      return;
    }
    for (const base::Row& row : *rows) {
      stored::v1::Intent intent;
      stored::v1::Result result;
      if (row.kind == base::RowKind::kIntent && intent.ParseFromString(row.body)) {
        verifications.insert(UuidText(intent.verification_id()));
      } else if (row.kind == base::RowKind::kResult && result.ParseFromString(row.body)) {
        verifications.insert(UuidText(result.verification_id()));
        const auto draft = report::DecodeDraft(result.draft());
        digests.push_back(draft.ok() ? LinesDigestOf(*draft) : draft.status().ToString());
      } else {
        breaches->push_back(absl::StrCat("request ", request_id, " has a row that is neither"));
      }
    }
  }
  if (const auto told = reports_.find(request_id); told != reports_.end()) {
    verifications.insert(told->second.verification_id);
    if (digests.empty()) {
      breaches->push_back(absl::StrCat("the report given out for ", request_id, " is gone"));
    } else if (digests.front() != told->second.lines_digest) {
      breaches->push_back(absl::StrCat("the report given out for ", request_id, " has changed"));
    }
  }
  if (verifications.size() > 1) {
    breaches->push_back(absl::StrCat("request ", request_id, " has two verifications"));
  }
  if (digests.size() > 1) {
    breaches->push_back(absl::StrCat("request ", request_id, " has two first reports"));
  }
}

size_t GivenOut::requests() const {
  const base::MutexLock lock(&mutex_);
  return asked_.size();
}

size_t GivenOut::reports() const {
  const base::MutexLock lock(&mutex_);
  return reports_.size();
}

size_t GivenOut::checkpoints() const {
  const base::MutexLock lock(&mutex_);
  return checkpoints_.size();
}

size_t GivenOut::intents_seen() const {
  const base::MutexLock lock(&mutex_);
  return intents_.size();
}

}  // namespace hedui::testing
