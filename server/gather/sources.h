// The sources that can be asked: for each its policy, its adapter and its state. A part of the
// setup that a flow pins; the states are the process's.
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
#include "server/gather/source_policy.h"
#include "server/gather/source_state.h"

namespace hedui::gather {

struct Source {
  SourcePolicy policy;
  adapters::SourceAdapter* adapter = nullptr;
  std::shared_ptr<SourceState> state;
};

class Sources {
 public:
  // `state`: of this id, from SourceStates. INVALID_ARGUMENT (SOURCE_POLICY) for a value out of
  // range, ALREADY_EXISTS (DUPLICATE_SOURCE).
  absl::Status Add(SourcePolicy policy, adapters::SourceAdapter* adapter,
                   std::shared_ptr<SourceState> state);
  // From now on these policies' limits hold for all who ask, those with an older setup too.
  void PutLimitsInForce() const;
  // nullptr when unknown.
  const Source* Find(absl::string_view id) const;
  size_t size() const { return sources_.size(); }

 private:
  absl::flat_hash_map<std::string, Source> sources_;
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_SOURCES_H_
