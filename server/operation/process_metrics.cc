#include "server/operation/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace hedui::operation {
namespace {

// Of /proc/self/stat, counted from the one behind the name in brackets; proc(5).
constexpr int kUserTicks = 11;
constexpr int kSystemTicks = 12;
constexpr int kStartTicks = 19;
constexpr int kResidentPages = 21;

double StatField(int wanted) {
  std::ifstream file("/proc/self/stat");
  const std::string line((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // The name may hold blanks and brackets itself.
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 0; i <= wanted; ++i) fields >> field;
  return field.empty() ? 0 : std::stod(field);
}

double TicksPerSecond() { return static_cast<double>(sysconf(_SC_CLK_TCK)); }

double BootTime() {
  std::ifstream file("/proc/stat");
  std::string word;
  double seconds = 0;
  while (file >> word) {
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

double OpenDescriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (error) return 0;
  // The directory itself is open meanwhile.
  return static_cast<double>(std::distance(begin(open), end(open)) - 1);
}

double MaxDescriptors() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

}  // namespace

void AddProcessMetrics(base::MetricBook* book) {
  book->AddGauge("process_start_time_seconds", "When the process started, in seconds since 1970.",
                 [] { return BootTime() + StatField(kStartTicks) / TicksPerSecond(); });
  book->Add("process_cpu_seconds_total", "Processor time used, user and system.",
            base::MetricKind::kCounter, [](std::vector<base::MetricSample>* samples) {
              samples->emplace_back().value =
                  (StatField(kUserTicks) + StatField(kSystemTicks)) / TicksPerSecond();
            });
  book->AddGauge("process_resident_memory_bytes", "Memory that is resident.", [] {
    return StatField(kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE));
  });
  book->AddGauge("process_open_fds", "File descriptors that are open.", OpenDescriptors);
  book->AddGauge("process_max_fds", "File descriptors that may be open.", MaxDescriptors);
}

}  // namespace hedui::operation
