// The sources that can be asked: for each its policy, its adapter and its gate. A part of the setup
// that a flow pins.
//
// Filled at start (or by a reload, off the loops), then immutable and thread-safe. Adapters are
// borrowed: they outlive every Sources.
#ifndef HEDUI_SERVER_GATHER_SOURCES_H_
#define HEDUI_SERVER_GATHER_SOURCES_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "adapters/source_adapter.h"
#include "server/gather/source_gate.h"
#include "server/gather/source_policy.h"

namespace hedui::gather {

struct Source {
  SourcePolicy policy;
  adapters::SourceAdapter* adapter = nullptr;
  std::shared_ptr<SourceGate> gate;
};

class Sources {
 public:
  // `gate` null: a new one of policy.concurrency places. A reload passes the gate of before when
  // the concurrency is unchanged, so that attempts in flight stay counted. INVALID_ARGUMENT
  // (SOURCE_POLICY) for a value out of range, ALREADY_EXISTS (DUPLICATE_SOURCE).
  absl::Status Add(SourcePolicy policy, adapters::SourceAdapter* adapter,
                   std::shared_ptr<SourceGate> gate = nullptr);
  // nullptr when unknown.
  const Source* Find(absl::string_view id) const;
  size_t size() const { return sources_.size(); }

 private:
  absl::flat_hash_map<std::string, Source> sources_;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCES_H_
