#include "server/platform_metrics.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/pending_desk.h"

namespace hedui {
namespace {

using base::MetricKind;
using Samples = std::vector<base::MetricSample>;

// Set by the build: the project's version.
constexpr char kVersion[] = HEDUI_VERSION;

void AddSample(Samples* samples, std::vector<base::MetricLabel> labels, double value) {
  samples->push_back({std::move(labels), value, {}});
}

void AddQueues(const Rooms& rooms, const runtime::WorkerPool* policies, base::MetricBook* book) {
  book->Add(
      "hedui_queue_length", "What waits for a thread.", MetricKind::kGauge,
      [&rooms, policies](Samples* samples) {
        AddSample(samples, {{"queue", "disk"}}, static_cast<double>(rooms.disk->waiting()));
        AddSample(samples, {{"queue", "compute"}}, static_cast<double>(rooms.compute->waiting()));
        AddSample(samples, {{"queue", "policy"}}, static_cast<double>(policies->waiting()));
        AddSample(samples, {{"queue", "committer"}},
                  static_cast<double>(rooms.committer->waiting()));
      });
  book->Add(
      "hedui_queue_slots_used", "Places reserved, waiting or in work.", MetricKind::kGauge,
      [&rooms, policies](Samples* samples) {
        AddSample(samples, {{"queue", "disk"}}, static_cast<double>(rooms.disk->used()));
        AddSample(samples, {{"queue", "compute"}}, static_cast<double>(rooms.compute->used()));
        AddSample(samples, {{"queue", "policy"}}, static_cast<double>(policies->used()));
        AddSample(samples, {{"queue", "committer"}}, static_cast<double>(rooms.committer->used()));
      });
  book->AddHistogram("hedui_commit_requests", "Requests that one commit made durable.",
                     &rooms.committer->metrics().requests);
  book->AddHistogram("hedui_commit_duration_seconds",
                     "Signing and writing one commit, the flush to disk included.",
                     &rooms.committer->metrics().seconds);
  book->AddCounter("hedui_commit_failures_total", "Commits of which nothing was written.",
                   &rooms.committer->metrics().failures);
}

void AddVerifications(const PlatformParts& parts, base::MetricBook* book) {
  const Rooms& rooms = *parts.rooms;
  book->AddGauge("hedui_verifications_in_flight", "Verifications under way.",
                 [verifier = parts.verifier] { return verifier->InFlight(); });
  book->AddGauge("hedui_promised_answers",
                 "Promises of sources to answer later that are waited for.",
                 [&rooms] { return static_cast<double>(rooms.pending->held()); });
  book->Add("hedui_agency_verifications_in_flight", "Verifications under way, by agency.",
            MetricKind::kGauge, [&rooms](Samples* samples) {
              for (const auto& [agency, count] : rooms.in_flight->Counts()) {
                AddSample(samples, {{"agency", agency}}, count);
              }
            });
  book->Add("hedui_source_in_flight", "Attempts in flight at a source.", MetricKind::kGauge,
            [&rooms](Samples* samples) {
              const auto setup = rooms.setup();
              for (const plan::Source& source : setup->catalogue.sources()) {
                const gather::Source* const found = setup->sources->Find(source.id);
                if (found == nullptr) continue;
                AddSample(samples, {{"source", source.id}},
                          static_cast<double>(found->state->in_flight()));
              }
            });
  book->Add(
      "hedui_source_waiting", "Queries that wait in line at a source.", MetricKind::kGauge,
      [&rooms](Samples* samples) {
        const auto setup = rooms.setup();
        for (const plan::Source& source : setup->catalogue.sources()) {
          const gather::Source* const found = setup->sources->Find(source.id);
          if (found == nullptr) continue;
          AddSample(samples, {{"source", source.id}}, static_cast<double>(found->state->waiting()));
        }
      });
  book->Add("hedui_source_spared",
            "1 while a source is not asked after failures, or asked once to see; else 0.",
            MetricKind::kGauge, [&rooms](Samples* samples) {
              const auto setup = rooms.setup();
              for (const plan::Source& source : setup->catalogue.sources()) {
                const gather::Source* const found = setup->sources->Find(source.id);
                if (found == nullptr) continue;
                const bool spared = found->state->breaker() != gather::Breaker::State::kClosed;
                AddSample(samples, {{"source", source.id}}, spared ? 1 : 0);
              }
            });
}

// Beside what spares it: a source that an operator has forgotten should be seen.
void AddHeld(const Rooms& rooms, base::MetricBook* book) {
  book->Add("hedui_source_held", "1 while an operator holds a source, so that it is not asked.",
            MetricKind::kGauge, [&rooms](Samples* samples) {
              const auto setup = rooms.setup();
              for (const plan::Source& source : setup->catalogue.sources()) {
                const gather::Source* const found = setup->sources->Find(source.id);
                if (found == nullptr) continue;
                AddSample(samples, {{"source", source.id}}, found->state->held() ? 1 : 0);
              }
            });
}

void AddFileSizes(const std::string& directory, Samples* samples) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    const auto bytes = entry.file_size(error);
    // What is no store's file is no series either.
    const bool ours = absl::StartsWith(name, "hedui.db") || absl::StartsWith(name, "lookup.db") ||
                      absl::StartsWith(name, "keys.db");
    if (ours && !error) AddSample(samples, {{"file", name}}, static_cast<double>(bytes));
  }
}

void AddStore(const PlatformParts& parts, base::MetricBook* book) {
  const store::Store* const store = parts.store;
  const auto counter = [store, book](const char* name, const char* help,
                                     uint64_t store::Store::Stats::*field) {
    book->Add(name, help, MetricKind::kCounter, [store, field](Samples* samples) {
      AddSample(samples, {}, static_cast<double>(store->stats().*field));
    });
  };
  counter("hedui_store_commits_total", "Commits since the start.", &store::Store::Stats::commits);
  counter("hedui_store_rows_total", "Rows written since the start.", &store::Store::Stats::rows);
  book->AddGauge("hedui_store_unmerged_keys", "Look-up keys not yet merged into a sorted run.",
                 [store] { return static_cast<double>(store->stats().unmerged_keys); });
  book->AddGauge("hedui_store_lookup_bytes",
                 "Memory of look-ups: keys not yet merged, fences and filters of the runs.",
                 [store] { return static_cast<double>(store->stats().lookup_bytes); });
  book->AddGauge("hedui_store_runs", "Sorted runs that a look-up may have to search.",
                 [store] { return static_cast<double>(store->stats().runs); });
  book->AddGauge("hedui_store_background_failing",
                 "1 while the store's background work fails, such as on a full disk.",
                 [store] { return store->stats().background.ok() ? 0 : 1; });
  const store::SqliteStoreOptions* const options = parts.store_options;
  book->Add("hedui_store_file_bytes", "Size of the store's files.", MetricKind::kGauge,
            [options](Samples* samples) {
              AddFileSizes(options->directory, samples);
              if (!options->key_directory.empty() && options->key_directory != options->directory) {
                AddFileSizes(options->key_directory, samples);
              }
            });
  book->Add("hedui_log_entries", "Entries of the append-only log.", MetricKind::kGauge,
            [log = parts.rooms->log](Samples* samples) {
              const auto head = log->ReadHead();
              if (!head.ok()) return;  // absent rather than wrong
              AddSample(samples, {}, head->has_value() ? static_cast<double>((*head)->size) : 0);
            });
}

// Of the certificates and lists in one file, the one that ends first.
void AddCertificates(const PlatformParts& parts, base::MetricBook* book) {
  book->Add(
      "hedui_certificate_expires_in_seconds",
      "Until the first certificate or revocation list of a file in use ends; negative once it "
      "has.",
      MetricKind::kGauge,
      [certificates = parts.certificates, clock = parts.rooms->clock](Samples* samples) {
        std::map<std::pair<std::string, std::string>, absl::Time> ends;
        for (const WatchedCertificate& one : certificates()) {
          absl::Time& end = ends.try_emplace({one.key, one.file}, one.life.to).first->second;
          end = std::min(end, one.life.to);
        }
        for (const auto& [name, end] : ends) {
          if (end == absl::InfiniteFuture()) continue;
          AddSample(samples, {{"key", name.first}, {"file", name.second}},
                    absl::ToDoubleSeconds(end - clock->WallNow()));
        }
      });
}

}  // namespace

void AddPlatformMetrics(const PlatformParts& parts, base::MetricBook* book) {
  const Rooms& rooms = *parts.rooms;
  book->Add("hedui_build_info", "1; the version is a label.", MetricKind::kGauge,
            [](Samples* samples) {
              AddSample(samples, {{"version", kVersion}}, 1);
            });
  book->AddGauge("hedui_healthy", "1 while verifications can be committed.",
                 [&rooms] { return rooms.committer->Health().ok() ? 1 : 0; });
  book->AddGauge("hedui_serving", "1 until the process begins to end.",
                 [serving = parts.serving] { return serving() ? 1 : 0; });
  AddCertificates(parts, book);
  AddQueues(rooms, &parts.policies->pool(), book);
  AddVerifications(parts, book);
  AddHeld(rooms, book);
  AddStore(parts, book);
}

}  // namespace hedui
