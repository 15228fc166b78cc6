// The platform's sources, for its operators: `hedui source`.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "clients/cli/commands.h"
#include "clients/cli/connection.h"
#include "server/base/dates.h"
#include "server/base/ids.h"
#include "server/base/limits.h"

namespace hedui::clients {
namespace {

constexpr int kItemsDefault = 100;
constexpr int kItemsMax = 1'000'000;
constexpr int kHoursMax = 24;

struct Options {
  Connection connection;
  std::string officer;
  std::string name;  // a source, or a recall
  std::string reason;
  std::string division;
  int hours = kHoursMax;
  std::string from;
  std::string to;
  std::string recall_id;
  std::string page_token;
  int max = kItemsDefault;
};
using OptionsPtr = std::shared_ptr<Options>;

std::string TimeOf(int64_t ms) { return base::FormatInstant(absl::FromUnixMillis(ms)); }

std::string SortOf(v1::AnswerKind kind, v1::Reason reason) {
  std::string text = Bare(v1::AnswerKind_Name(kind), "ANSWER_KIND_");
  if (reason != v1::REASON_UNSPECIFIED) {
    absl::StrAppend(&text, "/", Bare(v1::Reason_Name(reason), "REASON_"));
  }
  return text;
}

std::string UpTo(int64_t max, const char* unit) {
  return max < 0 ? "more" : absl::StrCat("<=", max, unit);
}

void Print(const v1::SourceHold& hold) {
  std::cout << absl::StrCat("HELD since ", TimeOf(hold.since_ms()), " by ", hold.agency(), " ",
                            hold.officer(), ": ", hold.reason(), "\n");
}

void Print(const v1::Source& source) {
  const auto limit = [](int64_t value) { return value == 0 ? "-" : absl::StrCat(value); };
  std::cout << absl::StrCat(source.source_id(), "  ", source.name(), "  breaker ",
                            Bare(v1::BreakerState_Name(source.breaker()), "BREAKER_STATE_"),
                            "  in flight ", source.in_flight(), "/", source.concurrency(),
                            "  waiting ", source.waiting(), "  today ", source.used_today(), "/",
                            limit(source.per_day()), "  a second ", limit(source.per_second()),
                            "  p50 ", limit(source.latency_p50_ms()), " ms  p95 ",
                            limit(source.latency_p95_ms()), " ms\n");
  if (!source.has_hold()) return;
  std::cout << "  ";
  Print(source.hold());
}

void Print(const v1::DivisionQuality& quality) {
  std::cout << (quality.division().empty() ? "others" : quality.division());
  for (const v1::AnswerCount& count : quality.answers()) {
    std::cout << absl::StrCat("  ", SortOf(count.kind(), count.reason()), " ", count.answers());
  }
  std::cout << "\n  age";
  for (const v1::FreshnessCount& count : quality.freshness()) {
    std::cout << absl::StrCat("  ", UpTo(count.days_max(), "d"), " ", count.answers());
  }
  std::cout << "\n  time";
  for (const v1::LatencyCount& count : quality.latency()) {
    std::cout << absl::StrCat("  ", UpTo(count.ms_max(), "ms"), " ", count.queries());
  }
  std::cout << "\n";
}

void Print(const v1::Recall& recall) {
  std::cout << absl::StrCat("recall ", recall.recall_id(), "  source ", recall.source_id(),
                            "  from ", TimeOf(recall.from_ms()), " to ", TimeOf(recall.to_ms()),
                            "  begun ", TimeOf(recall.begun_at_ms()), " by ", recall.agency(), " ",
                            recall.officer(), ": ", recall.reason(), "\n",
                            recall.ended_at_ms() == 0
                                ? std::string("goes on")
                                : absl::StrCat("ended ", TimeOf(recall.ended_at_ms())),
                            recall.incomplete() ? "  INCOMPLETE: not all could be listed" : "");
  for (const v1::RecallCount& count : recall.counts()) {
    std::cout << absl::StrCat("  ", Bare(v1::ReverifyEnd_Name(count.end()), "REVERIFY_END_"), " ",
                              count.reports());
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
  show(*response);
  return kExitDone;
}

int List(const Options& options) {
  v1::ListSourcesRequest request;
  request.set_officer(options.officer);
  return Call(options, request, &Client::ListSources, [](const v1::ListSourcesResponse& list) {
    for (const v1::Source& source : list.sources()) Print(source);
    for (const std::string& id : list.held_elsewhere()) {
      std::cout << absl::StrCat(id, "  HELD, and not in the catalogue\n");
    }
  });
}

int Quality(const Options& options) {
  v1::GetSourceQualityRequest request;
  request.set_officer(options.officer);
  request.set_source_id(options.name);
  request.set_division(options.division);
  request.set_hours(options.hours);
  return Call(options, request, &Client::GetSourceQuality,
              [](const v1::GetSourceQualityResponse& quality) {
                std::cout << absl::StrCat("since ", TimeOf(quality.since_seconds() * 1'000), "\n");
                for (const v1::DivisionQuality& one : quality.divisions()) Print(one);
              });
}

int Hold(const Options& options) {
  v1::HoldSourceRequest request;
  request.set_officer(options.officer);
  request.set_source_id(options.name);
  request.set_reason(options.reason);
  return Call(options, request, &Client::HoldSource,
              [](const v1::HoldSourceResponse& response) { Print(response.hold()); });
}

int Release(const Options& options) {
  v1::ReleaseSourceRequest request;
  request.set_officer(options.officer);
  request.set_source_id(options.name);
  request.set_reason(options.reason);
  return Call(options, request, &Client::ReleaseSource,
              [&options](const v1::ReleaseSourceResponse&) {
                std::cout << absl::StrCat(options.name, " is not held\n");
              });
}

// False, and said so, where it is no instant.
bool ReadTime(const std::string& text, const char* option, int64_t* ms) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    *ms = absl::ToUnixMillis(time);
    return true;
  }
  std::cerr << "hedui: " << option << ": write an instant such as 2026-11-01T08:00:00+08:00\n";
  return false;
}

int Reports(const Options& options) {
  v1::ListReportsUsingRequest request;
  int64_t from = 0;
  int64_t to = 0;
  if (!ReadTime(options.from, "--from", &from) || !ReadTime(options.to, "--to", &to)) {
    return kExitUnreadable;
  }
  auto client = Client::Connect(options.connection.options);
  if (!client.ok()) return Unreadable(client.status());
  request.set_officer(options.officer);
  request.set_source_id(options.name);
  request.set_from_ms(from);
  request.set_to_ms(to);
  request.set_page_token(options.page_token);
  for (int left = options.max; left > 0;) {
    request.set_page_size(std::min(left, base::kPageItemsMax));
    const auto page = (*client)->ListReportsUsing(request, options.connection.timeout());
    if (!page.ok()) return Refused(page.status());
    for (const v1::ReportUsing& report : page->reports()) {
      std::cout << absl::StrCat(report.report_number(), "  ", report.agency(), "  issued ",
                                TimeOf(report.issued_at_ms()), "  answered ",
                                TimeOf(report.used_at_ms()), "\n");
    }
    WarnOfUnreadable(page->unreadable());
    left -= page->reports_size();
    request.set_page_token(page->next_page_token());
    if (request.page_token().empty()) return kExitDone;
  }
  std::cerr << "hedui: there may be more; go on with --page-token " << request.page_token() << "\n";
  return kExitDone;
}

int Recall(const Options& options) {
  v1::ReverifyReportsRequest request;
  int64_t from = 0;
  int64_t to = 0;
  if (!ReadTime(options.from, "--from", &from) || !ReadTime(options.to, "--to", &to)) {
    return kExitUnreadable;
  }
  base::SecureIdSource ids;
  request.set_officer(options.officer);
  request.set_recall_id(options.recall_id.empty() ? ids.NextId(absl::Now()).ToString()
                                                  : options.recall_id);
  request.set_source_id(options.name);
  request.set_from_ms(from);
  request.set_to_ms(to);
  request.set_reason(options.reason);
  return Call(options, request, &Client::ReverifyReports,
              [](const v1::ReverifyReportsResponse& response) { Print(response.recall()); });
}

int RecallStatus(const Options& options) {
  v1::GetRecallRequest request;
  request.set_officer(options.officer);
  request.set_recall_id(options.name);
  return Call(options, request, &Client::GetRecall,
              [](const v1::GetRecallResponse& response) { Print(response.recall()); });
}

OptionsPtr AddVerb(CLI::App* group, const char* name, const char* help, const char* what,
                   Action* action, int (*run)(const Options&), CLI::App** verb) {
  auto options = std::make_shared<Options>();
  *verb = group->add_subcommand(name, help);
  (*verb)->add_option("--officer", options->officer, "the acting officer's number")->required();
  if (what != nullptr) (*verb)->add_option(what, options->name)->required();
  options->connection.AddTo(**verb);
  (*verb)->callback([=] { *action = [=] { return run(*options); }; });
  return options;
}

void AddReason(CLI::App* verb, const OptionsPtr& options) {
  verb->add_option("--reason", options->reason, "why, for other operators")->required();
}

void AddSpan(CLI::App* verb, const OptionsPtr& options) {
  verb->add_option("--from", options->from, "first instant, such as 2026-11-01T08:00:00+08:00")
      ->required();
  verb->add_option("--to", options->to, "the instant after the last")->required();
}

// What it will have one day.
void AddTry(CLI::App* group, Action* action) {
  CLI::App* verb = group->add_subcommand("try", "trying a mapping on a sample reply");
  verb->group("");
  verb->prefix_command();
  verb->callback([=] {
    *action = [] {
      std::cerr << "hedui: source try (trying a mapping on a sample reply) is " << kNotBuiltYet
                << "\n";
      return kExitUnreadable;
    };
  });
}

}  // namespace

void AddSources(CLI::App& app, Action* action) {
  CLI::App* group = app.add_subcommand("source", "the platform's sources, for its operators");
  group->require_subcommand(1);
  CLI::App* verb = nullptr;
  AddVerb(group, "list", "how each stands", nullptr, action, &List, &verb);
  OptionsPtr options =
      AddVerb(group, "quality", "how one answered lately", "SOURCE", action, &Quality, &verb);
  verb->add_option("--division", options->division, "only households there or below");
  verb->add_option("--hours", options->hours, "so many, the running one included")
      ->check(CLI::Range(1, kHoursMax))
      ->capture_default_str();
  options =
      AddVerb(group, "hold", "ask it nothing until it is released", "SOURCE", action, &Hold, &verb);
  AddReason(verb, options);
  options = AddVerb(group, "release", "ask it again", "SOURCE", action, &Release, &verb);
  AddReason(verb, options);
  options = AddVerb(group, "reports", "reports that hold what it said", "SOURCE", action, &Reports,
                    &verb);
  AddSpan(verb, options);
  verb->add_option("--max", options->max, "print at most so many")
      ->check(CLI::Range(1, kItemsMax))
      ->capture_default_str();
  verb->add_option("--page-token", options->page_token, "go on where a list of the same ended");
  options = AddVerb(group, "recall", "verify those reports anew", "SOURCE", action, &Recall, &verb);
  AddSpan(verb, options);
  AddReason(verb, options);
  verb->add_option("--id", options->recall_id, "a UUID of its own, to repeat the call with");
  AddVerb(group, "recall-status", "how far a recall is", "RECALL_ID", action, &RecallStatus, &verb);
  AddTry(group, action);
}

}  // namespace hedui::clients
