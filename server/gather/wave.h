// Wave: the calls of one wave and the count of those that have not ended. Internal to gather; one
// loop's thread only.
#ifndef HEDUI_SERVER_GATHER_WAVE_H_
#define HEDUI_SERVER_GATHER_WAVE_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "server/gather/gatherer.h"
#include "server/gather/source_call.h"

namespace hedui::gather {

class Gatherer::Wave : public std::enable_shared_from_this<Gatherer::Wave> {
 public:
  enum class State { kAsking, kEnded, kAbandoned };

  Wave(WaveContext context, OnOutcome on_outcome, WaveDone done);

  void Start(const Sources& sources, std::vector<WarrantedQuery> queries);
  void Cancel();
  // As Cancel, but nothing is called back any more.
  void Abandon();
  State state() const { return state_; }

 private:
  void OnCallEnded(Outcome outcome);
  void CancelCalls();
  void EndWhenComplete();

  WaveContext context_;
  OnOutcome on_outcome_;
  WaveDone done_;
  State state_ = State::kAsking;
  size_t open_ = 0;
  std::vector<std::shared_ptr<SourceCall>> calls_;  // by query; null once ended
};

}  // namespace hedui::gather

#endif  // HEDUI_SERVER_GATHER_WAVE_H_
