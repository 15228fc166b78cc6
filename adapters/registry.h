// The explicit registry of adapter kinds, and the set of adapters that a process holds, one or more
// per source.
//
// Nothing registers itself: MakeAdapter lists the kinds that are built. Kinds of the design that
// are not built yet are refused by name.
//
// AdapterSet is thread-safe and keeps every adapter it made until it is destroyed: on the main
// thread, after the loops have drained, since a channel must never be dropped inside a completion.
// A reload adds, it never removes.
#ifndef HEDUI_ADAPTERS_REGISTRY_H_
#define HEDUI_ADAPTERS_REGISTRY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/source_adapter.h"
#include "server/base/mutex.h"

namespace hedui::adapters {

// What a source's catalogue entry says of its connection. Which fields count depends on `kind`.
struct AdapterConfig {
  std::string source_id;
  std::string kind;  // "grpc", "simulated"

  // grpc: mutual TLS to `target` ("host:port"), checked against the name `server_name` (empty: the
  // target's host).
  std::string target;
  std::string server_name;
  std::string ca_file;           // PEM: who may have signed the department's certificate
  std::string certificate_file;  // PEM: ours, with its chain
  std::string key_file;          // PEM

  // simulated: the simulation that has this source, a hedui.config.v1.Simulation.
  std::string simulation_file;

  friend bool operator==(const AdapterConfig&, const AdapterConfig&) = default;
};

// Kinds that MakeAdapter makes.
std::vector<absl::string_view> AdapterKinds();

// INVALID_ARGUMENT (ADAPTER_CONFIG, or what reading its files gives), UNIMPLEMENTED (ADAPTER_KIND)
// for a kind that is not built, NOT_FOUND for a missing file. Connects in the background.
absl::StatusOr<std::unique_ptr<SourceAdapter>> MakeAdapter(const AdapterConfig& config);

// Whether MakeAdapter would make it, in the same words but for the source's name: reads what it
// would read, and connects to nobody.
absl::Status CheckAdapter(const AdapterConfig& config);

// The files such an adapter is made of.
std::vector<std::string> FilesOf(const AdapterConfig& config);

class AdapterSet {
 public:
  AdapterSet() = default;
  AdapterSet(const AdapterSet&) = delete;
  AdapterSet& operator=(const AdapterSet&) = delete;

  // The adapter made before of an equal configuration and of files with the same content, or a new
  // one: so a renewed certificate means a new connection beside the old one, on which calls under
  // way go on. Never on a loop's thread: it reads files.
  absl::StatusOr<SourceAdapter*> GetOrMake(const AdapterConfig& config);
  // Whether GetOrMake would find one now. Reads files.
  bool Holds(const AdapterConfig& config);

 private:
  struct Held {
    AdapterConfig config;
    std::string contents;  // a digest of its files
    std::unique_ptr<SourceAdapter> adapter;
  };
  SourceAdapter* Find(const AdapterConfig& config, const std::string& contents);

  base::Mutex mutex_;
  std::vector<Held> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_REGISTRY_H_
