#include "adapters/registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "adapters/grpc/grpc_source_adapter.h"
#include "adapters/simulated/department.h"
#include "adapters/simulated/province.h"
#include "adapters/simulated/simulated_source_adapter.h"
#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/base/yaml.h"

namespace hedui::adapters {
namespace {

using Made = absl::StatusOr<std::unique_ptr<SourceAdapter>>;

GrpcSourceConfig GrpcOf(const AdapterConfig& config) {
  GrpcSourceConfig grpc;
  grpc.target = config.target;
  grpc.server_name = config.server_name;
  grpc.ca_file = config.ca_file;
  grpc.certificate_file = config.certificate_file;
  grpc.key_file = config.key_file;
  return grpc;
}

Made MakeGrpc(const AdapterConfig& config) { return MakeGrpcSourceAdapter(GrpcOf(config)); }

absl::Status CheckGrpc(const AdapterConfig& config) { return CheckGrpcSource(GrpcOf(config)); }

absl::StatusOr<std::unique_ptr<Department>> DepartmentOf(const AdapterConfig& config) {
  HEDUI_ASSIGN_OR_RETURN(std::shared_ptr<const Province> province,
                         Province::Load(config.simulation_file));
  return Department::Create(std::move(province), config.source_id);
}

Made MakeSimulated(const AdapterConfig& config) {
  HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<Department> department, DepartmentOf(config));
  return MakeSimulatedSourceAdapter(std::move(department));
}

absl::Status CheckSimulated(const AdapterConfig& config) { return DepartmentOf(config).status(); }

struct Kind {
  absl::string_view name;
  Made (*make)(const AdapterConfig&);
  absl::Status (*check)(const AdapterConfig&);
};

constexpr Kind kKinds[] = {{"grpc", MakeGrpc, CheckGrpc},
                           {"simulated", MakeSimulated, CheckSimulated}};

// nullptr when there is none of this name.
const Kind* FindKind(absl::string_view name) {
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

// What cannot be read counts as empty: making the adapter says so.
std::string ContentsOf(const AdapterConfig& config) {
  base::Hasher hasher;
  for (const std::string& file : FilesOf(config)) {
    const absl::StatusOr<std::string> text = base::ReadFile(file);
    hasher.Update(base::Sha256(text.ok() ? *text : ""));
  }
  return hasher.Finish();
}

absl::Status NoSuchKind(const AdapterConfig& config) {
  return base::MakeError(absl::StatusCode::kUnimplemented, "ADAPTER_KIND",
                         absl::StrCat("there is no adapter of kind \"", config.kind, "\""),
                         base::Visibility::kOperator);
}

}  // namespace

std::vector<absl::string_view> AdapterKinds() {
  std::vector<absl::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  return names;
}

absl::StatusOr<std::unique_ptr<SourceAdapter>> MakeAdapter(const AdapterConfig& config) {
  const Kind* kind = FindKind(config.kind);
  Made made = kind == nullptr ? Made(NoSuchKind(config)) : kind->make(config);
  if (made.ok()) return made;
  return base::WithContext(made.status(), absl::StrCat("source ", config.source_id));
}

absl::Status CheckAdapter(const AdapterConfig& config) {
  const Kind* kind = FindKind(config.kind);
  return kind == nullptr ? NoSuchKind(config) : kind->check(config);
}

std::vector<std::string> FilesOf(const AdapterConfig& config) {
  std::vector<std::string> files = {config.ca_file, config.certificate_file, config.key_file,
                                    config.simulation_file};
  files.erase(std::remove(files.begin(), files.end(), ""), files.end());
  return files;
}

SourceAdapter* AdapterSet::Find(const AdapterConfig& config, const std::string& contents) {
  const base::MutexLock lock(&mutex_);
  for (const Held& held : held_) {
    if (held.config == config && held.contents == contents) return held.adapter.get();
  }
  return nullptr;
}

absl::StatusOr<SourceAdapter*> AdapterSet::GetOrMake(const AdapterConfig& config) {
  const std::string contents = ContentsOf(config);
  if (SourceAdapter* const found = Find(config, contents)) return found;
  // Files are read and channels made without the lock. Two callers at once may make two; both are
  // kept, and either does.
  HEDUI_ASSIGN_OR_RETURN(std::unique_ptr<SourceAdapter> adapter, MakeAdapter(config));
  const base::MutexLock lock(&mutex_);
  held_.push_back({config, contents, std::move(adapter)});
  return held_.back().adapter.get();
}

bool AdapterSet::Holds(const AdapterConfig& config) {
  return Find(config, ContentsOf(config)) != nullptr;
}

}  // namespace hedui::adapters
