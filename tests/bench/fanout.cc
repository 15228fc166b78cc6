#include "tests/bench/fanout.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"

namespace hedui::bench {
namespace {

absl::StatusOr<int64_t> ArrivedAt(PlatformRig* rig, const std::string& source_id) {
  const auto& addresses = rig->sources().addresses();
  for (size_t i = 0; i < addresses.size(); ++i) {
    if (addresses[i].first == source_id) return rig->sources().arrived()[i];
  }
  return base::MakeError(absl::StatusCode::kNotFound, "NO_SUCH_SOURCE",
                         absl::StrCat("no source is called ", source_id));
}

}  // namespace

absl::StatusOr<FanoutRun> RunFanout(PlatformRig* rig, const std::string& source_id,
                                    const FanoutLoad& load) {
  HEDUI_ASSIGN_OR_RETURN(const int64_t before, ArrivedAt(rig, source_id));
  HEDUI_ASSIGN_OR_RETURN(const LoadResult result,
                         rig->RunAtRate(load.per_second, load.requests, load.warm_up));
  HEDUI_ASSIGN_OR_RETURN(const int64_t after, ArrivedAt(rig, source_id));
  const int verifications = load.requests + load.warm_up;
  return FanoutRun{result.p50, result.p99,
                   static_cast<double>(after - before - verifications) / verifications};
}

absl::Status CheckReplies(PlatformRig* rig, int verifications, int in_flight) {
  LoadOptions load = rig->LoadOf(in_flight, verifications);
  load.warm_up = 0;
  load.check_response = [rig](int, const std::string& response) {
    return rig->CheckComplete(response);
  };
  return rig->Run(load).status();
}

}  // namespace hedui::bench
