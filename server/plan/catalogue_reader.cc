// Reading catalogue.yaml: the message, then every rule that a message's shape cannot express.
#include <google/protobuf/duration.pb.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hedui/config/v1/catalogue.pb.h"
#include "server/base/config_defects.h"
#include "server/base/status.h"
#include "server/base/yaml.h"
#include "server/base/yaml_message.h"
#include "server/plan/catalogue.h"
#include "server/plan/routing_defects.h"

namespace hedui::plan {
namespace {

namespace pb = config::v1;

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

class CatalogueReader {
 public:
  CatalogueReader(absl::string_view file, absl::string_view text)
      : file_(file), defects_(file, text) {}

  absl::StatusOr<Catalogue> Read(const pb::Catalogue& message);

 private:
  Source ReadSource(const pb::Source& message, const std::string& path);
  void ReadDivisions(const pb::Source& message, const std::string& path, Source* source);
  void ReadRelay(const pb::Source& message, const std::string& path, Source* source);
  void ReadCategories(const pb::Source& message, const std::string& path, Source* source);
  void ReadIdentityKinds(const pb::Source& message, const std::string& path, Source* source);
  void ReadAdapter(const pb::Source& message, const std::string& path, Source* source);
  void ReadDeadline(const pb::Source& message, const std::string& path, Source* source);
  void ReadResilience(const pb::Source& message, const std::string& path, Source* source);
  void ReadBreaker(const pb::Breaker& message, const std::string& path, BreakerSettings* breaker);
  // `value`, or `standard` when it is absent.
  absl::Duration Time(bool is_there, const google::protobuf::Duration& value,
                      absl::Duration standard, absl::Duration max, const std::string& path);
  ClientTls ReadTls(const pb::ClientTls& message) const;
  // `value`, or `standard` for 0, which is what a key left out reads as.
  int Number(int value, int standard, int max, const std::string& path);
  // Relative to the catalogue's folder; empty stays empty.
  std::string Resolve(const std::string& name) const;

  const std::string file_;
  base::ConfigDefects defects_;
  const pb::ClientTls* client_tls_ = nullptr;
};

absl::StatusOr<Catalogue> CatalogueReader::Read(const pb::Catalogue& message) {
  client_tls_ = message.has_client_tls() ? &message.client_tls() : nullptr;
  if (message.sources().empty()) defects_.Add("", "CONFIG_MISSING", "sources: list at least one");
  if (message.sources_size() > kSourcesInCatalogueMax) {
    defects_.Add("sources", "CONFIG_RANGE",
                 absl::StrCat("at most ", kSourcesInCatalogueMax, " sources are allowed"));
  }
  std::vector<Source> sources;
  std::map<std::string, std::string> seen;
  for (int i = 0; i < message.sources_size(); ++i) {
    const std::string path = absl::StrCat("sources[", i, "]");
    sources.push_back(ReadSource(message.sources(i), path));
    const auto [first, is_new] = seen.emplace(sources.back().id, path);
    if (!is_new) {
      defects_.Add(absl::StrCat(path, ".id"), "CONFIG_DUPLICATE",
                   absl::StrCat("\"", sources.back().id, "\" is the id of ", first->second));
    }
  }
  CheckRouting(message, sources, &defects_);
  HEDUI_RETURN_IF_ERROR(defects_.ToStatus());
  return Catalogue(std::move(sources));
}

Source CatalogueReader::ReadSource(const pb::Source& message, const std::string& path) {
  Source source;
  source.id = message.id();
  if (!base::IsConfigCode(source.id, ".-_")) {
    defects_.Add(absl::StrCat(path, ".id"), "CONFIG_CODE",
                 "write 1 to 64 lower-case letters, digits, \".\", \"-\" or \"_\"");
  }
  source.name = message.name();
  defects_.CheckLabel(source.name, absl::StrCat(path, ".name"));
  source.department = message.department();
  defects_.CheckLabel(source.department, absl::StrCat(path, ".department"));
  if (message.level() == pb::LEVEL_UNSPECIFIED) {
    defects_.Add(absl::StrCat(path, ".level"), "CONFIG_MISSING",
                 "write ministry, region, city or county");
  } else {
    source.level = static_cast<base::Level>(message.level());
  }
  ReadDivisions(message, path, &source);
  ReadRelay(message, path, &source);
  ReadCategories(message, path, &source);
  ReadIdentityKinds(message, path, &source);
  ReadAdapter(message, path, &source);
  ReadDeadline(message, path, &source);
  source.authority_rank = Number(message.authority_rank(), kAuthorityRankDefault, kAuthorityRankMax,
                                 absl::StrCat(path, ".authority_rank"));
  source.attempts = Number(message.attempts(), 1, kAttemptsMax, absl::StrCat(path, ".attempts"));
  source.concurrency = Number(message.concurrency(), kConcurrencyDefault, kConcurrencyMax,
                              absl::StrCat(path, ".concurrency"));
  ReadResilience(message, path, &source);
  source.people_per_call = Number(message.people_per_call(), kPeoplePerCallMax, kPeoplePerCallMax,
                                  absl::StrCat(path, ".people_per_call"));
  source.wave = Number(message.wave(), 1, kWavesMax, absl::StrCat(path, ".wave"));
  return source;
}

void CatalogueReader::ReadDivisions(const pb::Source& message, const std::string& path,
                                    Source* source) {
  if (message.divisions().empty()) {
    defects_.Add(absl::StrCat(path, ".divisions"), "CONFIG_MISSING",
                 "list the divisions it covers; 000000 is the whole nation");
  }
  for (int i = 0; i < message.divisions_size(); ++i) {
    const std::string& code = message.divisions(i);
    const std::string where = absl::StrCat(path, ".divisions[", i, "]");
    const std::optional<base::Level> level = base::DivisionLevel(code);
    if (!level.has_value()) {
      defects_.Add(where, "CONFIG_DIVISION", "a division code has six digits, such as 640104");
    } else if (*level < source->level) {
      defects_.Add(where, "CONFIG_DIVISION",
                   absl::StrCat("a source of level ", std::string(base::LevelName(source->level)),
                                " cannot cover a whole ", std::string(base::LevelName(*level))));
    }
    if (std::count(message.divisions().begin(), message.divisions().begin() + i, code) > 0) {
      defects_.Add(where, "CONFIG_DUPLICATE", "is listed before");
    }
    source->divisions.push_back(code);
  }
  std::sort(source->divisions.begin(), source->divisions.end());
}

void CatalogueReader::ReadRelay(const pb::Source& message, const std::string& path,
                                Source* source) {
  if (message.relays_for().empty()) return;
  if (source->level == base::Level::kCity || source->level == base::Level::kCounty) {
    defects_.Add(absl::StrCat(path, ".relays_for"), "CONFIG_RELAY",
                 absl::StrCat("other divisions and the ministry are reached through a region's or "
                              "the ministry's body, not through one of level ",
                              std::string(base::LevelName(source->level))));
  }
  for (int i = 0; i < message.relays_for_size(); ++i) {
    const std::string& code = message.relays_for(i);
    const std::string where = absl::StrCat(path, ".relays_for[", i, "]");
    if (!base::DivisionLevel(code).has_value()) {
      defects_.Add(where, "CONFIG_DIVISION", "a division code has six digits, such as 610000");
    }
    if (std::count(message.relays_for().begin(), message.relays_for().begin() + i, code) > 0) {
      defects_.Add(where, "CONFIG_DUPLICATE", "is listed before");
    }
    source->relays_for.push_back(code);
  }
  std::sort(source->relays_for.begin(), source->relays_for.end());
}

void CatalogueReader::ReadCategories(const pb::Source& message, const std::string& path,
                                     Source* source) {
  if (message.categories().empty()) {
    defects_.Add(absl::StrCat(path, ".categories"), "CONFIG_MISSING", "list what it holds");
  }
  const int source_days =
      Number(message.freshness_days(), 0, kFreshnessDaysMax, absl::StrCat(path, ".freshness_days"));
  for (int i = 0; i < message.categories_size(); ++i) {
    const pb::Category& category = message.categories(i);
    const std::string where = absl::StrCat(path, ".categories[", i, "]");
    if (!base::IsConfigCode(category.code(), "_")) {
      defects_.Add(absl::StrCat(where, ".code"), "CONFIG_CODE",
                   "write 1 to 64 lower-case letters, digits or \"_\"");
    }
    if (source->Offer(category.code()) != nullptr) {
      defects_.Add(absl::StrCat(where, ".code"), "CONFIG_DUPLICATE", "is listed before");
    }
    const int days = Number(category.freshness_days(), source_days, kFreshnessDaysMax,
                            absl::StrCat(where, ".freshness_days"));
    CategoryOffer offer;
    offer.code = category.code();
    if (days > 0) offer.freshness_days = days;
    offer.fallback = category.fallback();
    offer.fallback_order = Number(category.fallback_order(), 0, kFallbackOrderMax,
                                  absl::StrCat(where, ".fallback_order"));
    if (offer.fallback_order != 0 && !offer.fallback) {
      defects_.Add(absl::StrCat(where, ".fallback_order"), "CONFIG_FALLBACK",
                   "orders fallbacks; write fallback: true beside it, or leave it out");
    }
    source->categories.push_back(std::move(offer));
  }
  std::sort(source->categories.begin(), source->categories.end(),
            [](const CategoryOffer& a, const CategoryOffer& b) { return a.code < b.code; });
}

void CatalogueReader::ReadIdentityKinds(const pb::Source& message, const std::string& path,
                                        Source* source) {
  for (int i = 0; i < message.identity_kinds_size(); ++i) {
    const std::string where = absl::StrCat(path, ".identity_kinds[", i, "]");
    if (message.identity_kinds(i) == v1::IDENTITY_KIND_OTHER) {
      defects_.Add(where, "CONFIG_IDENTITY_KIND", "other documents are checked by hand only");
      continue;
    }
    const auto kind = static_cast<base::IdentityKind>(message.identity_kinds(i));
    if (source->Accepts(kind)) defects_.Add(where, "CONFIG_DUPLICATE", "is listed before");
    source->identity_kinds.push_back(kind);
  }
  if (message.identity_kinds().empty()) {
    source->identity_kinds.push_back(base::IdentityKind::kResidentId);
  }
}

void CatalogueReader::ReadAdapter(const pb::Source& message, const std::string& path,
                                  Source* source) {
  if (message.has_simulated()) {
    if (message.simulated().file().empty()) {
      defects_.Add(absl::StrCat(path, ".simulated.file"), "CONFIG_MISSING",
                   "name its simulation file");
    }
    source->adapter = SimulatedAdapterConfig{Resolve(message.simulated().file())};
    return;
  }
  if (!message.has_grpc()) {
    defects_.Add(path, "CONFIG_MISSING", "say what the source is: grpc or simulated");
    return;
  }
  GrpcAdapterConfig config;
  config.address = message.grpc().address();
  config.server_name = message.grpc().server_name();
  if (config.address.empty()) {
    defects_.Add(absl::StrCat(path, ".grpc.address"), "CONFIG_MISSING", "write host:port");
  }
  const bool own = message.grpc().has_tls();
  if (own || client_tls_ != nullptr) {
    config.tls = ReadTls(own ? message.grpc().tls() : *client_tls_);
  }
  if (config.tls.ca_file.empty() || config.tls.certificate_file.empty() ||
      config.tls.key_file.empty()) {
    defects_.Add(own ? absl::StrCat(path, ".grpc.tls") : absl::StrCat(path, ".grpc"),
                 "CONFIG_MISSING",
                 "mutual TLS needs ca_file, certificate_file and key_file, here or in the file's "
                 "client_tls");
  }
  source->adapter = std::move(config);
}

void CatalogueReader::ReadDeadline(const pb::Source& message, const std::string& path,
                                   Source* source) {
  if (!message.has_deadline()) return;
  source->deadline = ToDuration(message.deadline());
  if (source->deadline < absl::Milliseconds(1) || source->deadline > kSourceDeadlineMax) {
    defects_.Add(absl::StrCat(path, ".deadline"), "CONFIG_RANGE", "allowed are 1ms to 60s");
  }
}

void CatalogueReader::ReadResilience(const pb::Source& message, const std::string& path,
                                     Source* source) {
  source->backoff_first =
      Time(message.has_backoff_first(), message.backoff_first(), source->backoff_first,
           kSourceDeadlineMax, absl::StrCat(path, ".backoff_first"));
  source->backoff_max = Time(message.has_backoff_max(), message.backoff_max(),
                             std::max(source->backoff_max, source->backoff_first),
                             kSourceDeadlineMax, absl::StrCat(path, ".backoff_max"));
  if (source->backoff_max < source->backoff_first) {
    defects_.Add(absl::StrCat(path, ".backoff_max"), "CONFIG_RANGE", "is below backoff_first");
  }
  source->hedge_safe = message.hedge_safe();
  source->hedge_least = Time(message.has_hedge_least(), message.hedge_least(), source->hedge_least,
                             kSourceDeadlineMax, absl::StrCat(path, ".hedge_least"));
  source->extra_percent = Number(message.extra_percent(), kExtraPercentMax, kExtraPercentMax,
                                 absl::StrCat(path, ".extra_percent"));
  source->per_second =
      Number(message.per_second(), 0, kPerSecondMax, absl::StrCat(path, ".per_second"));
  source->per_day = Number(message.per_day(), 0, kPerDayMax, absl::StrCat(path, ".per_day"));
  source->interactive_percent =
      Number(message.interactive_percent(), source->interactive_percent, kInteractivePercentMax,
             absl::StrCat(path, ".interactive_percent"));
  if (ToDuration(message.cache_lifetime()) != absl::ZeroDuration()) {
    source->cache_lifetime = Time(true, message.cache_lifetime(), absl::ZeroDuration(),
                                  kCacheLifetimeMax, absl::StrCat(path, ".cache_lifetime"));
  }
  if (message.has_breaker()) {
    ReadBreaker(message.breaker(), absl::StrCat(path, ".breaker"), &source->breaker);
  }
}

void CatalogueReader::ReadBreaker(const pb::Breaker& message, const std::string& path,
                                  BreakerSettings* breaker) {
  breaker->off = message.off();
  breaker->failures = Number(message.failures(), breaker->failures, kBreakerFailuresMax,
                             absl::StrCat(path, ".failures"));
  breaker->percent =
      Number(message.percent(), breaker->percent, 100, absl::StrCat(path, ".percent"));
  breaker->window = Time(message.has_window(), message.window(), breaker->window, kSparingMax,
                         absl::StrCat(path, ".window"));
  breaker->open_first = Time(message.has_open_first(), message.open_first(), breaker->open_first,
                             kSparingMax, absl::StrCat(path, ".open_first"));
  breaker->open_max = Time(message.has_open_max(), message.open_max(),
                           std::max(breaker->open_max, breaker->open_first), kSparingMax,
                           absl::StrCat(path, ".open_max"));
  if (breaker->open_max < breaker->open_first) {
    defects_.Add(absl::StrCat(path, ".open_max"), "CONFIG_RANGE", "is below open_first");
  }
}

absl::Duration CatalogueReader::Time(bool is_there, const google::protobuf::Duration& value,
                                     absl::Duration standard, absl::Duration max,
                                     const std::string& path) {
  if (!is_there) return standard;
  const absl::Duration time = ToDuration(value);
  if (time >= absl::Milliseconds(1) && time <= max) return time;
  defects_.Add(path, "CONFIG_RANGE",
               absl::StrCat("allowed are 1ms to ", absl::ToInt64Seconds(max), "s"));
  return standard;
}

ClientTls CatalogueReader::ReadTls(const pb::ClientTls& message) const {
  return {Resolve(message.ca_file()), Resolve(message.certificate_file()),
          Resolve(message.key_file())};
}

int CatalogueReader::Number(int value, int standard, int max, const std::string& path) {
  if (value == 0) return standard;
  if (value < 0 || value > max) {
    defects_.Add(path, "CONFIG_RANGE", absl::StrCat("allowed are 1 to ", max));
    return standard;
  }
  return value;
}

std::string CatalogueReader::Resolve(const std::string& name) const {
  if (name.empty() || name.front() == '/') return name;
  const size_t slash = file_.rfind('/');
  return slash == std::string::npos ? name : absl::StrCat(file_.substr(0, slash + 1), name);
}

}  // namespace

absl::StatusOr<Catalogue> ParseCatalogue(absl::string_view file, absl::string_view text) {
  pb::Catalogue message;
  HEDUI_RETURN_IF_ERROR(base::ReadYamlMessage(file, text, &message));
  return CatalogueReader(file, text).Read(message);
}

absl::StatusOr<Catalogue> LoadCatalogue(const std::string& path) {
  HEDUI_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path));
  return ParseCatalogue(path, text);
}

}  // namespace hedui::plan
