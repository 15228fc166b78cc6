#include "server/runtime/drain.h"

#include <algorithm>
#include <utility>

namespace hedui::runtime {

absl::string_view DrainStageName(DrainStage stage) {
  switch (stage) {
    case DrainStage::kHealth:
      return "health";
    case DrainStage::kServer:
      return "server";
    case DrainStage::kFlows:
      return "flows";
    case DrainStage::kOutbound:
      return "outbound";
    case DrainStage::kLoops:
      return "loops";
    case DrainStage::kWorkers:
      return "workers";
    case DrainStage::kChannels:
      return "channels";
    case DrainStage::kStore:
      return "store";
  }
  return "unknown";
}

void Drain::Add(DrainStage stage, absl::string_view name, Step step) {
  entries_.push_back(Entry{stage, std::string(name), std::move(step)});
}

void Drain::Run(const base::Clock& clock, Observer observer) {
  std::vector<Entry> entries;
  entries.swap(entries_);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.stage < b.stage; });
  for (Entry& entry : entries) {
    const absl::Duration start = clock.SteadyNow();
    entry.step();
    entry.step = nullptr;  // a step that owns what it ends lets go of it in its turn
    if (observer) observer(entry.stage, entry.name, clock.SteadyNow() - start);
  }
}

}  // namespace hedui::runtime
