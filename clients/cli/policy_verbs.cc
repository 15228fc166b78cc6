// Policies of a platform: `hedui policy list`, `show`, `evaluate`, and `lint --server`.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "clients/cli/policy_files.h"
#include "server/base/dates.h"
#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/report/display_text.h"

namespace hedui::clients {
namespace {

using report::EscapeForDisplay;

struct Options {
  Connection connection;
  std::string officer;
  std::string division;
  std::string day;
  std::string save;  // a directory
  bool names = false;
  std::string case_file;
  std::vector<std::string> policies;  // directories
  bool alone = false;
  std::string sha256;
  std::string format = "text";
};
using OptionsPtr = std::shared_ptr<Options>;

std::string Or(const std::string& text) { return text.empty() ? "-" : EscapeForDisplay(text); }

void PrintInForce(const std::string& engine, int64_t since) {
  std::cout << absl::StrCat("engine ", engine, "  in force since ",
                            base::FormatInstant(absl::FromUnixSeconds(since)), "\n");
}

void Print(const v1::PolicySet& set) {
  std::cout << absl::StrCat(
      set.division(), "  ", Or(set.division_name()), "  programmes ",
      set.programmes().empty()
          ? "-"
          : absl::StrJoin(set.programmes(), ",",
                          [](std::string* out, const v1::PolicyCode& programme) {
                            absl::StrAppend(out, programme.code());
                          }),
      "  files ", set.files_size(), "  policy_sha256 ", set.policy_sha256(), "\n");
}

std::string CitationOf(const v1::PolicyCitation& citation) {
  return absl::StrCat(Or(citation.title()), " ", EscapeForDisplay(citation.article()), "  ",
                      citation.verified() ? "verified" : "assumed");
}

void Print(const v1::PolicyRow& row) {
  std::cout << absl::StrCat(
      row.id(), " = ", EscapeForDisplay(row.value()),
      row.type().empty() ? "" : absl::StrCat("  ", row.type()), "  ", Or(row.label()), "\n      ",
      row.division(), "  ", row.from().empty() ? "-∞" : row.from(), "/",
      row.to().empty() ? "+∞" : row.to(), "  ", CitationOf(row.citation()), "  ", row.file(), ":",
      row.line(), row.overridden() ? "  overridden" : "", "\n");
}

void Print(const v1::PolicyName& name) {
  std::cout << absl::StrCat(
      Bare(v1::PolicyKind_Name(name.kind()), "POLICY_KIND_"), "  ", name.name(),
      name.keys().empty() ? "" : absl::StrCat("[", absl::StrJoin(name.keys(), ","), "]"), "  ",
      name.type(), name.per_person() ? "  of each person" : "", "  ", Or(name.label()), "\n");
}

void Print(const v1::PolicyFinding& finding, std::ostream& out) {
  out << absl::StrCat(
      EscapeForDisplay(finding.file()), ":", finding.line(), ": ",
      absl::AsciiStrToLower(Bare(v1::PolicySeverity_Name(finding.severity()), "POLICY_SEVERITY_")),
      ": ", finding.code(), ": ", EscapeForDisplay(finding.text()), "\n");
}

std::string BlameOf(const v1::PolicyBlame& blame) {
  std::string text = blame.kind();
  if (!blame.person().empty()) absl::StrAppend(&text, " ", EscapeForDisplay(blame.person()));
  if (!blame.category().empty()) {
    absl::StrAppend(&text, " ", EscapeForDisplay(blame.source()), "/", blame.category(), " ",
                    blame.answer(), blame.reason() == "NONE" ? "" : "/" + blame.reason());
  }
  for (const std::string& more : {blame.detail(), blame.policy()}) {
    if (!more.empty()) absl::StrAppend(&text, " ", EscapeForDisplay(more));
  }
  return text;
}

void Print(const v1::Indication& indication) {
  std::cout << absl::StrCat(
      EscapeForDisplay(indication.label()), "（", indication.programme(), "）  ",
      indication.person().empty() ? "" : EscapeForDisplay(indication.person()) + "  ",
      Bare(v1::IndicationResult_Name(indication.result()), "INDICATION_RESULT_"),
      indication.robust() ? "  robust" : "",
      indication.marks().empty() ? "" : "  " + absl::StrJoin(indication.marks(), ","), "\n");
  if (indication.has_amount()) {
    std::cout << absl::StrCat("      amount ", indication.amount().text(), " ",
                              indication.amount().unit(), "\n");
  }
  if (indication.has_validity()) {
    std::cout << absl::StrCat("      holds for ", indication.validity().text(), " ",
                              indication.validity().unit(), "\n");
  }
  for (const v1::PolicyBlame& blame : indication.blame()) {
    std::cout << absl::StrCat("      waits for ", BlameOf(blame), "\n");
  }
  std::cout << absl::StrCat("      ", CitationOf(indication.citation()), "\n");
}

int List(const Options& options) {
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  v1::ListPolicySetsRequest request;
  request.set_officer(options.officer);
  request.set_division(options.division);
  request.set_day(options.day);
  request.set_page_size(base::kPageItemsMax);
  std::string before;
  do {
    auto page = (*client)->ListPolicySets(request, options.connection.timeout());
    if (!page.ok()) return Refused(page.status());
    if (before.empty()) PrintInForce(page->engine(), page->in_force_since_seconds());
    for (const v1::PolicySet& set : page->sets()) Print(set);
    if (!before.empty() && before != page->policies_sha256()) {
      std::cerr << "hedui: the policies were replaced while they were listed; list them anew\n";
      return kExitNotValid;
    }
    before = page->policies_sha256();
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return kExitDone;
}

int Show(const Options& options) {
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  v1::GetPolicySetRequest request;
  request.set_officer(options.officer);
  request.set_division(options.division);
  request.set_day(options.day);
  request.set_policy_sha256(options.sha256);
  request.set_include_texts(!options.save.empty());
  auto shown = (*client)->GetPolicySet(request, options.connection.timeout());
  if (!shown.ok()) return Refused(shown.status());
  if (!options.save.empty()) {
    const absl::Status saved = SavePolicyFiles(shown->set(), options.save);
    if (!saved.ok()) return Unreadable(saved);
  }
  PrintInForce(shown->engine(), shown->in_force_since_seconds());
  Print(shown->set());
  for (const v1::PolicyFile& file : shown->set().files()) {
    std::cout << absl::StrCat("file ", file.path(), "  ", file.sha256(), "\n");
  }
  std::cout << absl::StrCat("in force on ", shown->day(), "\n");
  for (const v1::PolicyRow& row : shown->rows()) Print(row);
  if (options.names) {
    for (const v1::PolicyName& name : shown->names()) Print(name);
  }
  return kExitDone;
}

int Lint(const Options& options, const std::vector<std::string>& directories, bool strict) {
  v1::LintPoliciesRequest request;
  const absl::Status read = ReadPolicyFiles(directories, request.mutable_files());
  if (!read.ok()) return Unreadable(read);
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  request.set_officer(options.officer);
  request.set_alone(options.alone);
  auto result = (*client)->LintPolicies(request, options.connection.timeout());
  if (!result.ok()) return Refused(result.status());
  for (const v1::PolicyFinding& finding : result->findings()) Print(finding, std::cout);
  if (result->findings_left_out() > 0) {
    std::cerr << "hedui: " << result->findings_left_out() << " more findings are not listed\n";
  }
  const bool warned = std::any_of(result->findings().begin(), result->findings().end(),
                                  [](const v1::PolicyFinding& finding) {
                                    return finding.severity() == v1::POLICY_SEVERITY_WARNING;
                                  });
  return result->loads() && !(strict && warned) ? kExitDone : kExitNotValid;
}

int Evaluate(const Options& options) {
  v1::EvaluateRequest request;
  auto text = base::ReadFile(options.case_file);
  if (!text.ok()) return Unreadable(text.status());
  request.set_case_yaml(*std::move(text));
  const absl::Status read = ReadPolicyFiles(options.policies, request.mutable_files());
  if (!read.ok()) return Unreadable(read);
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  request.set_officer(options.officer);
  request.set_alone(options.alone);
  request.set_division(options.division);
  request.set_policy_day(options.day);
  request.set_policy_sha256(options.sha256);
  request.set_indications_only(options.format != "json");
  auto result = (*client)->Evaluate(request, options.connection.timeout());
  if (!result.ok()) return Refused(result.status());
  for (const v1::PolicyFinding& warning : result->warnings()) Print(warning, std::cerr);
  if (options.format == "json") {
    std::cout << result->json();
  } else {
    std::cout << absl::StrCat("engine ", result->engine(), "  division ", result->division(),
                              "  policy day ", result->policy_day(), "  next change ",
                              Or(result->next_change()), "  policy_sha256 ",
                              result->policy_sha256(), "\n");
    for (const v1::Indication& indication : result->indications()) Print(indication);
  }
  for (const std::string& line : result->unmet_expectations()) {
    std::cerr << options.case_file << ": " << EscapeForDisplay(line) << "\n";
  }
  return result->unmet_expectations().empty() ? kExitDone : kExitNotValid;
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

void AddEvaluate(CLI::App* group, Action* action) {
  CLI::App* verb = nullptr;
  OptionsPtr options =
      AddVerb(group, "evaluate", "assess a case by a platform's policies; nothing of it is kept",
              action, &Evaluate, &verb);
  verb->add_option("CASE", options->case_file, "case file (docs/case-format.md)")->required();
  CLI::Option* const policies =
      verb->add_option("--policies", options->policies,
                       "directory of files to lay over the platform's; several add up");
  verb->add_flag("--alone", options->alone, "without the platform's own files")->needs(policies);
  verb->add_option("--division", options->division, "in place of the case's");
  verb->add_option("--day", options->day, "in place of the case's policy day");
  verb->add_option("--policy-sha256", options->sha256,
                   "assess by the set of this digest, also an earlier one");
  verb->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

// `policy lint DIR` is offline (assess_verbs.cc); with --server the platform looks at the files,
// laid over its own.
void AddLint(CLI::App* group, Action* action) {
  CLI::App* const verb = group->get_subcommand("lint");
  auto options = std::make_shared<Options>();
  CLI::Option* const server = options->connection.AddOptionalTo(*verb);
  server->excludes(verb->get_option("--over"));
  verb->add_option("--officer", options->officer, "the acting officer's number")->needs(server);
  verb->add_flag("--alone", options->alone, "with --server: without the platform's own files")
      ->needs(server);
  // Runs behind the verb's own, which has said what is to be done offline.
  group->callback([=] {
    if (server->count() == 0) return;
    const std::vector<std::string> directories = verb->get_option("DIR")->results();
    const bool strict = verb->get_option("--strict")->count() > 0;
    *action = [=] { return Lint(*options, directories, strict); };
  });
}

}  // namespace

void AddPolicies(CLI::App& app, Action* action) {
  CLI::App* const group = app.get_subcommand("policy");
  CLI::App* verb = nullptr;
  OptionsPtr options =
      AddVerb(group, "list", "the sets in force at a platform, by division", action, &List, &verb);
  verb->add_option("--division", options->division, "only those there or below");
  verb->add_option("--day", options->day, "whose programmes are named; default: today");
  options = AddVerb(group, "show", "what a set says on a day", action, &Show, &verb);
  verb->add_option("DIVISION", options->division, "six digits; not needed with --policy-sha256");
  verb->add_option("--policy-sha256", options->sha256,
                   "the set of this digest, also an earlier one");
  verb->add_option("--day", options->day, "such as 2026-11-01; default: today");
  verb->add_flag("--names", options->names, "with every name that expressions may use");
  verb->add_option("--save", options->save, "write its files below this directory");
  AddEvaluate(group, action);
  AddLint(group, action);
}

}  // namespace hedui::clients
