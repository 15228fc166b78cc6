#include <algorithm>
#include <iostream>
#include <memory>
#include <tuple>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "server/base/status.h"
#include "server/report/render.h"

namespace hedui::clients {
namespace {

struct Options {
  Connection connection;
  std::string household;
  std::string output;
  bool async = false;
  bool until_settled = false;
};

// Longer than a verification takes.
const absl::Duration kWatchTimeMax = absl::Minutes(10);
// Longer than the platform waits for a promised answer.
const absl::Duration kSettleTimeMax = absl::Hours(31 * 24);

void PrintOutcome(const v1::SourceOutcome& outcome) {
  std::cout << absl::StrCat(
      outcome.source_id().empty() ? "-" : outcome.source_id(), "  ", outcome.person_id(), "  ",
      outcome.category(), "  ", Bare(v1::AnswerKind_Name(outcome.kind()), "ANSWER_KIND_"),
      outcome.reason() == v1::REASON_UNSPECIFIED
          ? ""
          : absl::StrCat(" (", Bare(v1::Reason_Name(outcome.reason()), "REASON_"), ")"),
      outcome.data_day().empty() ? "" : absl::StrCat("  data of ", outcome.data_day()), "  ",
      outcome.elapsed_ms(), " ms\n");
}

void PrintOutcomes(const v1::VerifyHouseholdResponse& response) {
  // They come in the order of arrival; people look for a person, then a category.
  std::vector<v1::SourceOutcome> outcomes(response.outcomes().begin(), response.outcomes().end());
  std::stable_sort(outcomes.begin(), outcomes.end(), [](const auto& a, const auto& b) {
    return std::tie(a.person_id(), a.category()) < std::tie(b.person_id(), b.category());
  });
  for (const v1::SourceOutcome& outcome : outcomes) PrintOutcome(outcome);
}

// Waits for the answer to the call.
absl::StatusOr<v1::VerifyHouseholdResponse> Wait(Client* client, const Options& options,
                                                 const v1::VerifyHouseholdRequest& request) {
  auto response = client->VerifyHousehold(request, options.connection.timeout());
  if (response.ok()) PrintOutcomes(*response);
  return response;
}

// Begins the verification, then shows each outcome as it comes. Ending this command ends nothing:
// the same command again goes on watching.
absl::StatusOr<v1::VerifyHouseholdResponse> Watch(Client* client, const Options& options,
                                                  const v1::VerifyHouseholdRequest& request) {
  v1::CreateVerificationRequest create;
  *create.mutable_request() = request;
  HEDUI_ASSIGN_OR_RETURN(const v1::CreateVerificationResponse created,
                         client->CreateVerification(create, options.connection.timeout()));
  const v1::Verification& verification = created.verification();
  std::cout << absl::StrCat(
                   "verification ", verification.verification_id(), "  ",
                   Bare(v1::VerificationState_Name(verification.state()), "VERIFICATION_STATE_"))
            << std::endl;
  v1::WatchVerificationRequest watch;
  watch.set_request_id(request.header().request_id());
  watch.set_officer(request.header().officer());
  watch.set_until_settled(options.until_settled);
  return client->WatchVerification(watch, options.until_settled ? kSettleTimeMax : kWatchTimeMax,
                                   [](const v1::SourceOutcome& outcome) {
                                     PrintOutcome(outcome);
                                     std::cout.flush();
                                   });
}

int Run(const Options& options) {
  v1::VerifyHouseholdRequest request;
  if (!ReadRequest(options.household, &request)) return kExitUnreadable;
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  auto response = (options.async ? Watch : Wait)(client->get(), options, request);
  if (!response.ok()) return Refused(response.status());
  auto text = report::RenderText(response->envelope());
  if (!text.ok()) return Unreadable(text.status());
  std::cout << "\n" << *text << "\n";
  const std::string path =
      options.output.empty() ? absl::StrCat(response->verification_id(), ".hdr") : options.output;
  return SaveEnvelope(path, response->envelope());
}

}  // namespace

void AddVerify(CLI::App& app, Action* action) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      app.add_subcommand("verify", "verify one household; print the report, save its envelope");
  verb->add_option("HOUSEHOLD", options->household,
                   "the request in YAML, with the fields of the API")
      ->required();
  verb->add_option("--out", options->output,
                   "file for the envelope; default: the verification's id, .hdr");
  verb->add_flag("--async", options->async,
                 "begin it and show each source's outcome as it comes; it goes on if this ends");
  verb->add_flag("--until-settled", options->until_settled,
                 "with --async: wait also for what sources have promised to answer later, and give "
                 "the last report")
      ->needs("--async");
  options->connection.AddTo(*verb);
  verb->callback([=] { *action = [=] { return Run(*options); }; });
}

}  // namespace hedui::clients
