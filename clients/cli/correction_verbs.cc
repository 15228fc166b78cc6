// What becomes of reports after they were made: `hedui report status | list | get | annul` and
// `hedui finding`.
#include <iostream>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "server/base/dates.h"

namespace hedui::clients {
namespace {

struct Options {
  Connection connection;
  std::string officer;
  std::string name;  // a report's number, a request id, or a file
  std::string output;
  std::string reason;
  std::string note;
};

std::string Or(const std::string& text) { return text.empty() ? "-" : text; }

void Print(const v1::ReportStatus& status) {
  std::cout << absl::StrCat(base::FormatInstant(absl::FromUnixSeconds(status.issued_at_seconds())),
                            "  ", Bare(v1::ReportState_Name(status.state()), "REPORT_STATE_"),
                            "  report ", status.report_number(), "  valid until ",
                            Or(status.valid_until()));
  if (!status.superseding_reason().empty()) {
    std::cout << "  made for " << status.superseding_reason();
  }
  if (!status.superseded_by().empty()) {
    std::cout << "  superseded by " << status.superseded_by();
  }
  if (status.annulled_at_seconds() != 0) {
    std::cout << absl::StrCat(
        "  annulled ", base::FormatInstant(absl::FromUnixSeconds(status.annulled_at_seconds())),
        " ", Bare(v1::AnnulmentReason_Name(status.annulment_reason()), "ANNULMENT_REASON_"),
        "  replaced by ", Or(status.replaced_by()));
  }
  std::cout << "\n";
}

template <typename Request, typename Response, typename Show>
int Call(const Options& options, const Request& request,
         absl::StatusOr<Response> (Client::*method)(const Request&, absl::Duration), Show show) {
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  auto response = ((**client).*method)(request, options.connection.timeout());
  if (!response.ok()) return Refused(response.status());
  return show(*response);
}

int ShowStatus(const v1::ReportStatus& status) {
  Print(status);
  return kExitDone;
}

int Status(const Options& options) {
  v1::GetReportStatusRequest request;
  request.set_report_number(options.name);
  request.set_officer(options.officer);
  return Call(options, request, &Client::GetReportStatus,
              [](const auto& response) { return ShowStatus(response.status()); });
}

int List(const Options& options) {
  v1::ListReportsRequest request;
  request.set_request_id(options.name);
  request.set_officer(options.officer);
  return Call(options, request, &Client::ListReports, [](const auto& response) {
    for (const v1::ReportStatus& status : response.reports()) Print(status);
    return kExitDone;
  });
}

int Get(const Options& options) {
  v1::GetReportRequest request;
  request.set_report_number(options.name);
  request.set_officer(options.officer);
  return Call(options, request, &Client::GetReport, [&options](const auto& response) {
    Print(response.status());
    return SaveEnvelope(
        options.output.empty() ? absl::StrCat(options.name, ".hdr") : options.output,
        response.envelope());
  });
}

int Annul(const Options& options) {
  v1::AnnulReportRequest request;
  auto reason = v1::ANNULMENT_REASON_UNSPECIFIED;
  if (!v1::AnnulmentReason_Parse(
          absl::StrCat("ANNULMENT_REASON_", absl::AsciiStrToUpper(options.reason)), &reason)) {
    std::cerr << "hedui: --reason: there is no reason \"" << options.reason
              << "\": mistyped_identity, wrong_household, other\n";
    return kExitUnreadable;
  }
  request.set_report_number(options.name);
  request.set_officer(options.officer);
  request.set_reason(reason);
  request.set_note(options.note);
  return Call(options, request, &Client::AnnulReport,
              [](const auto& response) { return ShowStatus(response.status()); });
}

// Record or Resolve: what the file holds, and the report it makes.
template <typename Request, typename Response>
int Correct(const Options& options,
            absl::StatusOr<Response> (Client::*method)(const Request&, absl::Duration)) {
  Request request;
  if (!ReadRequest(options.name, &request)) return kExitUnreadable;
  return Call(options, request, method, [&](const Response& response) {
    std::cout << absl::StrCat("report ", response.report_number(), " supersedes ",
                              request.report_number(), "\n");
    return SaveEnvelope(
        options.output.empty() ? absl::StrCat(response.report_number(), ".hdr") : options.output,
        response.report().envelope());
  });
}

std::shared_ptr<Options> AddVerb(CLI::App* group, const char* name, const char* help,
                                 Action* action, int (*run)(const Options&), CLI::App** verb) {
  auto options = std::make_shared<Options>();
  *verb = group->add_subcommand(name, help);
  options->connection.AddTo(**verb);
  (*verb)->callback([=] { *action = [=] { return run(*options); }; });
  return options;
}

void AddReportVerb(CLI::App* group, const char* name, const char* what, const char* help,
                   Action* action, int (*run)(const Options&)) {
  CLI::App* verb = nullptr;
  const auto options = AddVerb(group, name, help, action, run, &verb);
  verb->add_option(what, options->name)->required();
  verb->add_option("--officer", options->officer, "the acting officer's number")->required();
  if (run == &Get) verb->add_option("--out", options->output, "file; default: NUMBER.hdr");
  if (run != &Annul) return;
  verb->add_option("--reason", options->reason, "mistyped_identity, wrong_household or other")
      ->required();
  verb->add_option("--note", options->note, "in your words; required with other");
}

void AddFindingVerb(CLI::App* group, const char* name, const char* help, Action* action,
                    int (*run)(const Options&)) {
  CLI::App* verb = nullptr;
  const auto options = AddVerb(group, name, help, action, run, &verb);
  verb->add_option("FILE", options->name, "the request in YAML, with the fields of the API")
      ->required();
  verb->add_option("--out", options->output, "file for the envelope; default: its number, .hdr");
}

}  // namespace

void AddCorrections(CLI::App& app, Action* action) {
  CLI::App* report = app.get_subcommand("report");
  AddReportVerb(report, "status", "NUMBER", "how a report of this agency stands", action, &Status);
  AddReportVerb(report, "list", "REQUEST_ID", "every report of a verification, the first one first",
                action, &List);
  AddReportVerb(report, "get", "NUMBER", "fetch a report and save its envelope", action, &Get);
  AddReportVerb(report, "annul", "NUMBER", "a verification's reports count no longer", action,
                &Annul);
  CLI::App* finding = app.add_subcommand(
      "finding", "what people found, and whom an answer is about: a report that supersedes");
  finding->require_subcommand(1);
  AddFindingVerb(finding, "record", "add what two or more investigators found", action,
                 [](const Options& options) { return Correct(options, &Client::RecordFinding); });
  AddFindingVerb(
      finding, "resolve", "decide whether an answer held back is about the person", action,
      [](const Options& options) { return Correct(options, &Client::ResolveAmbiguous); });
}

}  // namespace hedui::clients
