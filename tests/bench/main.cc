// hedui-bench [--filter PREFIX] [--format table|json]: runs the benchmarks and prints their rows on
// standard output; what is being measured goes to standard error. Exit codes: 0 measured (whether
// targets are met is in the rows), 1 a benchmark failed, 2 no such row; others are CLI11's for
// wrong flags.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/strings/str_join.h"
#include "server/base/mutex.h"
#include "server/base/openssl_life.h"
#include "tests/bench/bench.h"
#include "tests/bench/floor_rig.h"
#include "tests/bench/output.h"
#include "tests/bench/platform_rig.h"

int main(int argc, char** argv) {
  using namespace hedui::bench;        // NOLINT
  hedui::base::DropLockOrderChecks();  // as heduid does
  hedui::base::KeepOpenSslToTheEnd();
  if (argc > 1 && std::strcmp(argv[1], "serve-floor") == 0) return ServeFloor(argc - 1, argv + 1);
  if (argc > 1 && std::strcmp(argv[1], "serve-platform") == 0) {
    return ServePlatform(argc - 1, argv + 1);
  }

  std::string filter;
  std::string format = "table";
  CLI::App app("Measures hedui, each row beside its floor where it has one.");
  app.add_option("--filter", filter, "rows whose names begin so");
  app.add_option("--format", format)->check(CLI::IsMember({"table", "json"}));
  CLI11_PARSE(app, argc, argv);

  const auto rows = RunBenches(AllBenches(), filter, [](const Bench& bench) {
    std::fprintf(stderr, "measuring %s\n", absl::StrJoin(bench.names, ", ").c_str());
  });
  if (!rows.ok()) {
    std::fprintf(stderr, "hedui-bench: %s\n", std::string(rows.status().message()).c_str());
    return absl::IsNotFound(rows.status()) ? 2 : 1;
  }
  std::fputs((format == "json" ? FormatJson(*rows) : FormatTable(*rows)).c_str(), stdout);
  return 0;
}
