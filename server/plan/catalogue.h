// The catalogue (数据源目录): which sources there are, what each holds for which divisions, and how
// it may be asked. Read from catalogue.yaml (proto/hedui/config/v1/catalogue.proto explains every
// key); immutable afterwards and so thread-safe. A flow pins the catalogue it began with.
#ifndef HEDUI_SERVER_PLAN_CATALOGUE_H_
#define HEDUI_SERVER_PLAN_CATALOGUE_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/division.h"
#include "server/base/identity.h"

namespace hedui::plan {

// 3,000 counties with a few registers of their own each.
inline constexpr int kSourcesInCatalogueMax = 10'000;
// Every wave costs a round trip of its slowest source.
inline constexpr int kWavesMax = 4;
// The wire contract's bound: a household of 20 members and 20 obligors.
inline constexpr int kPeoplePerCallMax = 40;
inline constexpr int kAttemptsMax = 5;
inline constexpr int kConcurrencyMax = 10'000;
inline constexpr int kAuthorityRankMax = 100;
// Every step of fallbacks costs a round trip too; departments have one copy elsewhere, or two.
inline constexpr int kFallbackOrderMax = 3;
// Waves of fallbacks after the others. A loaded catalogue has no category with more over one place.
inline constexpr int kFallbackStepsMax = 3;
inline constexpr int kFreshnessDaysMax = 3'660;
inline constexpr absl::Duration kSourceDeadlineMax = absl::Seconds(60);
// As long as the warrant under which an answer was obtained.
inline constexpr absl::Duration kCacheLifetimeMax = absl::Hours(24);
// Each query of the last second is remembered.
inline constexpr int kPerSecondMax = 10'000;
// A thousand a second, day and night.
inline constexpr int kPerDayMax = 100'000'000;
// A share of what is given to those who wait that would leave the background nothing is refused.
inline constexpr int kInteractivePercentMax = 90;
// More extra load is what keeps an overloaded source down.
inline constexpr int kExtraPercentMax = 10;
inline constexpr int kBreakerFailuresMax = 10'000;
// A source is looked at again within minutes, whatever is written.
inline constexpr absl::Duration kSparingMax = absl::Minutes(10);

// What a source that says nothing gets.
inline constexpr int kConcurrencyDefault = 64;
inline constexpr int kAuthorityRankDefault = 50;
inline constexpr absl::Duration kSourceDeadlineDefault = absl::Seconds(5);

// When a source that keeps failing is spared (the proto explains each).
struct BreakerSettings {
  bool off = false;
  int failures = 5;
  int percent = 50;
  absl::Duration window = absl::Seconds(10);
  absl::Duration open_first = absl::Seconds(1);
  absl::Duration open_max = absl::Seconds(30);
  friend bool operator==(const BreakerSettings&, const BreakerSettings&) = default;
};

// Paths as the server opens them: relative ones were resolved against the catalogue's own folder.
struct ClientTls {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  friend bool operator==(const ClientTls&, const ClientTls&) = default;
};

// A department's own server, speaking hedui.v1.SourceService.
struct GrpcAdapterConfig {
  std::string address;      // a gRPC target
  std::string server_name;  // the name its certificate must carry; empty: the address's host
  ClientTls tls;            // complete: the source's own or the catalogue's
};

// A synthetic department inside this process.
struct SimulatedAdapterConfig {
  std::string file;  // its simulation file, as the server opens it
};

using AdapterConfig = std::variant<GrpcAdapterConfig, SimulatedAdapterConfig>;

struct CategoryOffer {
  std::string code;
  // Answers of an older data day are STALE. Absent: the source promises nothing.
  std::optional<int> freshness_days;
  bool fallback = false;  // asked only where every other source of the category failed
  // Among fallbacks, 1 first. 0: after those that have an order, by authority rank.
  int fallback_order = 0;
};

struct Source {
  std::string id;
  std::string name;        // Chinese, as printed
  std::string department;  // Chinese, as printed
  base::Level level = base::Level::kRegion;
  std::vector<std::string> divisions;     // sorted; everything below is covered too
  std::vector<CategoryOffer> categories;  // sorted by code
  std::vector<base::IdentityKind> identity_kinds;
  AdapterConfig adapter;
  int authority_rank = kAuthorityRankDefault;             // 1 is the highest
  absl::Duration deadline = kSourceDeadlineDefault;       // of one query, every attempt included
  int attempts = 1;                                       // the first included
  int concurrency = kConcurrencyDefault;                  // calls in flight, process-wide
  absl::Duration backoff_first = absl::Milliseconds(50);  // longest pause before the second one
  absl::Duration backoff_max = absl::Seconds(2);          // what it doubles up to
  bool hedge_safe = false;
  absl::Duration hedge_least = absl::Milliseconds(2);  // a hedge waits at least so long
  int extra_percent = kExtraPercentMax;  // of first attempts: retries and hedges together
  int per_second = 0;                    // 0: no limit
  int per_day = 0;                       // queries on a civil day; 0: no limit
  int interactive_percent = 20;          // of rates and concurrency, kept for who waits
  BreakerSettings breaker;
  absl::Duration cache_lifetime = absl::ZeroDuration();  // of answers used again; 0: none is
  int people_per_call = kPeoplePerCallMax;
  int wave = 1;
  // Of a verification body (核对机构): divisions whose registers it asks for us, everything below
  // included; sorted. Empty: it answers for itself alone.
  std::vector<std::string> relays_for;

  // nullptr when the source does not hold the category.
  const CategoryOffer* Offer(absl::string_view category) const;
  bool Covers(absl::string_view division) const;
  bool Accepts(base::IdentityKind kind) const;
};

class Catalogue {
 public:
  Catalogue() = default;
  // For tests and for ParseCatalogue: `sources` are taken as they are; ids must be unique.
  explicit Catalogue(std::vector<Source> sources);

  // In the file's order.
  const std::vector<Source>& sources() const { return sources_; }
  // nullptr when there is no such source.
  const Source* Find(absl::string_view id) const;
  // What covers the division, and what relays for others, in the file's order.
  std::vector<const Source*> Covering(absl::string_view division) const;
  std::vector<const Source*> Relays() const;
  // Every category that some source holds, sorted.
  const std::vector<std::string>& categories() const { return categories_; }

 private:
  std::vector<Source> sources_;
  absl::flat_hash_map<std::string, size_t> by_id_;
  absl::flat_hash_map<std::string, std::vector<size_t>> by_division_;  // ascending
  std::vector<size_t> relays_;                                         // ascending
  std::vector<std::string> categories_;
};

// INVALID_ARGUMENT (reason CONFIGURATION) listing every defect with file and line; NOT_FOUND
// without the file.
absl::StatusOr<Catalogue> LoadCatalogue(const std::string& path);
// The same for text in memory; relative paths resolve against the folder of `file`.
absl::StatusOr<Catalogue> ParseCatalogue(absl::string_view file, absl::string_view text);

}  // namespace hedui::plan

#endif  // HEDUI_SERVER_PLAN_CATALOGUE_H_
