#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <tuple>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "server/report/render.h"

namespace hedui::clients {
namespace {

struct Options {
  Connection connection;
  std::string household;
  std::string output;
};

bool WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) std::cerr << "hedui: cannot write " << path << "\n";
  return static_cast<bool>(file);
}

// Enum value names of the wire carry their type: "ANSWER_KIND_FOUND" is printed as FOUND.
std::string Bare(const std::string& name, const std::string& prefix) {
  return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
}

void PrintOutcomes(const v1::VerifyHouseholdResponse& response) {
  // They come in the order of arrival; people look for a person, then a category.
  std::vector<v1::SourceOutcome> outcomes(response.outcomes().begin(), response.outcomes().end());
  std::stable_sort(outcomes.begin(), outcomes.end(), [](const auto& a, const auto& b) {
    return std::tie(a.person_id(), a.category()) < std::tie(b.person_id(), b.category());
  });
  for (const v1::SourceOutcome& outcome : outcomes) {
    std::cout << absl::StrCat(
        outcome.source_id().empty() ? "-" : outcome.source_id(), "  ", outcome.person_id(), "  ",
        outcome.category(), "  ", Bare(v1::AnswerKind_Name(outcome.kind()), "ANSWER_KIND_"),
        outcome.reason() == v1::REASON_UNSPECIFIED
            ? ""
            : absl::StrCat(" (", Bare(v1::Reason_Name(outcome.reason()), "REASON_"), ")"),
        outcome.data_day().empty() ? "" : absl::StrCat("  data of ", outcome.data_day()), "  ",
        outcome.elapsed_ms(), " ms\n");
  }
}

int Run(const Options& options) {
  v1::VerifyHouseholdRequest request;
  if (!ReadRequest(options.household, &request)) return kExitUnreadable;
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  auto response = (*client)->VerifyHousehold(request, options.connection.timeout());
  if (!response.ok()) return Refused(response.status());
  PrintOutcomes(*response);
  auto text = report::RenderText(response->envelope());
  if (!text.ok()) return Unreadable(text.status());
  std::cout << "\n" << *text;
  const std::string path =
      options.output.empty() ? absl::StrCat(response->verification_id(), ".hdr") : options.output;
  if (!WriteFile(path, response->envelope())) return kExitUnreadable;
  std::cout << "\nenvelope saved: " << path << "\n";
  return kExitDone;
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
  verb->add_flag_callback(
      "--async", [] { throw CLI::ValidationError("--async", absl::StrCat("is ", kNotBuiltYet)); },
      "not built yet: answer before the sources have");
  options->connection.AddTo(*verb);
  verb->callback([=] { *action = [=] { return Run(*options); }; });
}

}  // namespace hedui::clients
