// Which processors run what: where a load must not take its time from the program under load, the
// two are kept apart. Functions and a scope, for one thread.
#ifndef HEDUI_TESTS_BENCH_CPUS_H_
#define HEDUI_TESTS_BENCH_CPUS_H_

#include <sched.h>

#include <optional>
#include <string>
#include <vector>

namespace hedui::bench {

// The processors this thread may use, in two halves; the server's is the larger one.
struct CpuHalves {
  std::vector<int> server;
  std::vector<int> load;
};
// nullopt where there is one only.
std::optional<CpuHalves> HalveCpus();

// "0,1,2", as taskset takes it.
std::string CpuList(const std::vector<int>& cpus);

// This thread, and those it makes meanwhile, run on these processors only.
class OnCpus {
 public:
  explicit OnCpus(const std::vector<int>& cpus);
  ~OnCpus();
  OnCpus(const OnCpus&) = delete;
  OnCpus& operator=(const OnCpus&) = delete;

 private:
  cpu_set_t before_;
};

}  // namespace hedui::bench

#endif  // HEDUI_TESTS_BENCH_CPUS_H_
