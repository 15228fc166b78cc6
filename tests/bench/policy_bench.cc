// What it takes to load the rules of a nation: the shipped policies and three thousand counties
// that each set a standard and an area class of their own.
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/assess/policy_pack.h"
#include "server/base/status.h"
#include "tests/bench/bench.h"
#include "tests/support/temporary_directory.h"

namespace hedui::bench {
namespace {

constexpr int kCounties = 3000;
constexpr size_t kOverlayBytesMax = 400;
constexpr int kRuns = 5;
constexpr double kBytesPerMb = 1e6;

// "641000" and on: counties of the region that the shipped policies have.
std::string CountyCode(int i) { return absl::StrFormat("64%02d%02d", 10 + i / 90, 10 + i % 90); }

absl::StatusOr<std::string> Overlay(int i) {
  const std::string text = absl::StrFormat(
      "division: \"%s\"\n"
      "documents: {B: {title: 示例}}\n"
      "parameters:\n"
      "  area_class:\n"
      "    rows: [{from: 2024-03-01, value: %s, clause: B 一, trust: assumed}]\n"
      "  dibao_standard:\n"
      "    rows:\n"
      "      - {from: 2025-01-01, key: {scope: urban}, value: %d, clause: B 二, trust: assumed}\n"
      "      - {from: 2025-01-01, key: {scope: rural}, value: %d, clause: B 二, trust: assumed}\n",
      CountyCode(i), i % 2 == 0 ? "I" : "II", 700 + i % 500, 500 + i % 300);
  if (text.size() > kOverlayBytesMax) return absl::InternalError("an overlay is too long");
  return text;
}

double ResidentMb() {
  std::ifstream file("/proc/self/statm");
  int64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / kBytesPerMb;
}

absl::StatusOr<std::vector<Row>> MeasurePolicies() {
  const hedui::testing::TemporaryDirectory directory;
  for (int i = 0; i < kCounties; ++i) {
    HEDUI_ASSIGN_OR_RETURN(const std::string text, Overlay(i));
    directory.Write(absl::StrCat(CountyCode(i), "/standard.yaml"), text);
  }
  const std::vector<std::string> directories = {HEDUI_SOURCE_DIR "/policies", directory.path()};
  // The first pack is what the process grows by; later ones find memory that was freed.
  const double before = ResidentMb();
  HEDUI_ASSIGN_OR_RETURN(const assess::PolicyPack::Ptr first,
                         assess::PolicyPack::Load(directories));
  const double grown = ResidentMb() - before;
  const auto load = [&]() -> absl::StatusOr<double> {
    const auto start = std::chrono::steady_clock::now();
    HEDUI_RETURN_IF_ERROR(assess::PolicyPack::Load(directories).status());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  HEDUI_ASSIGN_OR_RETURN(const double seconds, MedianOf(load, kRuns));
  const std::string setup =
      absl::StrCat(kCounties, " counties' files of at most ", kOverlayBytesMax,
                   " bytes over the shipped policies, read and linked");
  std::vector<Row> rows(2);
  rows[0] = {"policy.load_s", seconds, "s", {}, {}, 1.0, Aim::kAtMost, setup};
  rows[1] = {"policy.load_mb", grown, "MB", {}, {}, 200.0, Aim::kAtMost, setup};
  return rows;
}

const Registration kRows({"policy.load_s", "policy.load_mb"}, &MeasurePolicies);

}  // namespace
}  // namespace hedui::bench
