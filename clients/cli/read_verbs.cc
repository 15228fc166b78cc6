// What an agency began and how it stands: `hedui verification` and `hedui matter`.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "server/base/dates.h"
#include "server/base/limits.h"

namespace hedui::clients {
namespace {

// Of a list; the option --max asks for more.
constexpr int kItemsDefault = 100;
constexpr int kItemsMax = 1'000'000;

struct Options {
  Connection connection;
  std::string officer;
  std::string name;  // a request id, or a matter's number
  // Of a list.
  std::string from;
  std::string to;
  std::string matter;
  std::string division;
  std::string state;
  std::string page_token;
  int max = kItemsDefault;
};
using OptionsPtr = std::shared_ptr<Options>;

std::string TimeOf(int64_t seconds) { return base::FormatInstant(absl::FromUnixSeconds(seconds)); }

std::string Or(const std::string& text) { return text.empty() ? "-" : text; }

std::string StateOf(v1::VerificationState state) {
  return Bare(v1::VerificationState_Name(state), "VERIFICATION_STATE_");
}

std::string StateOf(v1::MatterState state) {
  return Bare(v1::MatterState_Name(state), "MATTER_STATE_");
}

void Print(const v1::Verification& verification) {
  std::cout << absl::StrCat(
      TimeOf(verification.begun_at_seconds()), "  ", StateOf(verification.state()), "  request ",
      verification.request_id(), "  verification ", verification.verification_id(), "  matter ",
      Or(verification.matter_number()), "  report ", Or(verification.report_number()), "\n");
}

void Print(const v1::Matter& matter) {
  std::cout << absl::StrCat(TimeOf(matter.opened_at_seconds()), "  ", StateOf(matter.state()),
                            "  matter ", matter.matter_number(), "  division ", matter.division(),
                            "  opened by ", matter.opened_by(), "\n");
}

void Print(const v1::RegisteredLetter& letter) {
  std::cout << absl::StrCat(
      "letter ", letter.letter_number(), "  ", letter.live() ? "LIVE" : "NOT_LIVE", "  ",
      Bare(v1::LetterDocument_Name(letter.document()), "LETTER_DOCUMENT_"), "  signed ",
      letter.signed_day(), " ",
      Bare(v1::SignerCapacity_Name(letter.capacity()), "SIGNER_CAPACITY_"),
      letter.mandate_number().empty() ? "" : absl::StrCat(" mandate ", letter.mandate_number()),
      "  for ", absl::StrJoin(letter.purposes(), ","), "  registered ",
      TimeOf(letter.registered_at_seconds()), " by ", letter.registered_by());
  if (letter.revoked_at_seconds() != 0) {
    std::cout << absl::StrCat("  withdrawn ", TimeOf(letter.revoked_at_seconds()), " by ",
                              letter.revoked_by());
  }
  std::cout << "\n";
}

void PrintWhole(const v1::Matter& matter) {
  Print(matter);
  for (const v1::MatterStateChange& change : matter.changes()) {
    std::cout << absl::StrCat(TimeOf(change.at_seconds()), "  ", StateOf(change.state()), "  by ",
                              change.officer(), "\n");
  }
  for (const v1::RegisteredLetter& letter : matter.letters()) Print(letter);
}

// One call about one thing, printed.
template <typename Request, typename Response, typename Show>
int RunOne(const Options& options, const Request& request,
           absl::StatusOr<Response> (Client::*method)(const Request&, absl::Duration), Show show) {
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  auto response = ((**client).*method)(request, options.connection.timeout());
  if (!response.ok()) return Refused(response.status());
  show(*response);
  return kExitDone;
}

// Pages until there are no more, or as many items as wanted are printed; then says how to go on.
template <typename Request, typename Response, typename Items>
int RunPages(const Options& options, Request request,
             absl::StatusOr<Response> (Client::*method)(const Request&, absl::Duration),
             Items items) {
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  request.set_officer(options.officer);
  request.set_page_token(options.page_token);
  int left = options.max;
  while (true) {
    request.set_page_size(std::min(left, base::kPageItemsMax));
    auto page = ((**client).*method)(request, options.connection.timeout());
    if (!page.ok()) return Refused(page.status());
    for (const auto& item : items(*page)) Print(item);
    WarnOfUnreadable(page->unreadable());
    left -= items(*page).size();
    request.set_page_token(page->next_page_token());
    if (request.page_token().empty()) return kExitDone;
    if (left > 0) continue;
    std::cerr << "hedui: there may be more; go on with --page-token " << request.page_token()
              << "\n";
    return kExitDone;
  }
}

// The enumeration's value for what people type: "finished". Empty: unspecified.
template <typename Enum>
bool ReadState(const std::string& text, const std::string& prefix,
               bool (*parse)(google::protobuf::ConstStringParam, Enum*), Enum* state) {
  if (text.empty() || parse(prefix + absl::AsciiStrToUpper(text), state)) return true;
  std::cerr << "hedui: --state: there is no state \"" << text << "\"\n";
  return false;
}

int ListVerifications(const Options& options) {
  v1::ListVerificationsRequest request;
  auto state = v1::VERIFICATION_STATE_UNSPECIFIED;
  if (!ReadState(options.state, "VERIFICATION_STATE_", &v1::VerificationState_Parse, &state)) {
    return kExitUnreadable;
  }
  request.set_state(state);
  request.set_begun_from(options.from);
  request.set_begun_to(options.to);
  request.set_matter_number(options.matter);
  return RunPages(
      options, request, &Client::ListVerifications,
      [](const auto& page) -> const auto& { return page.verifications(); });
}

int ListMatters(const Options& options) {
  v1::ListMattersRequest request;
  auto state = v1::MATTER_STATE_UNSPECIFIED;
  if (!ReadState(options.state, "MATTER_STATE_", &v1::MatterState_Parse, &state)) {
    return kExitUnreadable;
  }
  request.set_state(state);
  request.set_opened_from(options.from);
  request.set_opened_to(options.to);
  request.set_division(options.division);
  return RunPages(
      options, request, &Client::ListMatters,
      [](const auto& page) -> const auto& { return page.matters(); });
}

int GetMatter(const Options& options) {
  v1::GetMatterRequest request;
  request.set_matter_number(options.name);
  request.set_officer(options.officer);
  return RunOne(options, request, &Client::GetMatter,
                [](const v1::GetMatterResponse& response) { PrintWhole(response.matter()); });
}

// Get or Cancel.
template <typename Request, typename Response>
int OneVerification(const Options& options,
                    absl::StatusOr<Response> (Client::*method)(const Request&, absl::Duration)) {
  Request request;
  request.set_request_id(options.name);
  request.set_officer(options.officer);
  return RunOne(options, request, method,
                [](const Response& response) { Print(response.verification()); });
}

OptionsPtr AddVerb(CLI::App* group, const char* name, const char* help, Action* action,
                   int (*run)(const Options&), CLI::App** verb) {
  auto options = std::make_shared<Options>();
  *verb = group->add_subcommand(name, help);
  (*verb)->add_option("--officer", options->officer, "the acting officer's number")->required();
  options->connection.AddTo(**verb);
  (*verb)->callback([=] { *action = [=] { return run(*options); }; });
  return options;
}

void AddListOptions(CLI::App* verb, const OptionsPtr& options) {
  verb->add_option("--from", options->from, "first day, such as 2026-11-01");
  verb->add_option("--to", options->to, "the day after the last; default: tomorrow");
  verb->add_option("--max", options->max, "print at most so many")
      ->check(CLI::Range(1, kItemsMax))
      ->capture_default_str();
  verb->add_option("--page-token", options->page_token, "go on where a list of the same ended");
}

void AddVerifications(CLI::App& app, Action* action) {
  CLI::App* group = app.add_subcommand("verification", "verifications that were begun");
  group->require_subcommand(1);
  CLI::App* verb = nullptr;
  OptionsPtr options =
      AddVerb(group, "list", "the newest first", action, &ListVerifications, &verb);
  AddListOptions(verb, options);
  verb->add_option("--matter", options->matter, "only those of this matter, of any time");
  verb->add_option("--state", options->state,
                   "only those that are running, finished, interrupted or cancelled");
  options = AddVerb(
      group, "get", "how one stands", action,
      [](const Options& given) { return OneVerification(given, &Client::GetVerification); }, &verb);
  verb->add_option("REQUEST_ID", options->name, "the UUID it was begun under")->required();
  options = AddVerb(
      group, "cancel", "end one without a report", action,
      [](const Options& given) { return OneVerification(given, &Client::CancelVerification); },
      &verb);
  verb->add_option("REQUEST_ID", options->name, "the UUID it was begun under")->required();
}

void AddMatters(CLI::App& app, Action* action) {
  CLI::App* group = app.add_subcommand("matter", "matters and their letters");
  group->require_subcommand(1);
  CLI::App* verb = nullptr;
  OptionsPtr options = AddVerb(group, "list", "the newest first", action, &ListMatters, &verb);
  AddListOptions(verb, options);
  verb->add_option("--division", options->division, "only those handled there or below");
  verb->add_option("--state", options->state, "only those that are open, monitored or closed");
  options = AddVerb(group, "get", "one, with its letters", action, &GetMatter, &verb);
  verb->add_option("NUMBER", options->name, "the agency's own number of it")->required();
}

}  // namespace

void AddRead(CLI::App& app, Action* action) {
  AddVerifications(app, action);
  AddMatters(app, action);
}

}  // namespace hedui::clients
