#include "tests/bench/cpus.h"

#include "absl/strings/str_join.h"

namespace hedui::bench {

std::optional<CpuHalves> HalveCpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) < 2) return std::nullopt;
  const size_t of_server = (static_cast<size_t>(CPU_COUNT(&set)) + 1) / 2;
  CpuHalves halves;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &set)) continue;
    (halves.server.size() < of_server ? halves.server : halves.load).push_back(cpu);
  }
  return halves;
}

std::string CpuList(const std::vector<int>& cpus) { return absl::StrJoin(cpus, ","); }

OnCpus::OnCpus(const std::vector<int>& cpus) {
  sched_getaffinity(0, sizeof(before_), &before_);
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof(set), &set);
}

OnCpus::~OnCpus() { sched_setaffinity(0, sizeof(before_), &before_); }

}  // namespace hedui::bench
