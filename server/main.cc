// heduid: reads the configuration, builds the rooms, runs, drains.
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/base/ids.h"
#include "server/base/mutex.h"
#include "server/base/openssl_life.h"
#include "server/listener_watch.h"
#include "server/operation/event_log.h"
#include "server/operation/service_manager.h"
#include "server/operation/watchdog.h"
#include "server/platform.h"
#include "server/runtime/signals.h"

// Exit codes are part of the contract (clients/README.md); 0 is an end that was asked for.
constexpr int kExitRefused = 1;  // cannot start, a defective configuration, no such case
constexpr int kExitMisused = 2;  // the command line
constexpr int kExitFailed =
    3;  // nothing can be committed, or no connection taken, any more; start anew

// What is due by the clock is looked after so often.
constexpr absl::Duration kTendEvery = absl::Seconds(1);
// Checks a watchdog's interval: one that is missed is no end yet.
constexpr int kBeatsPerLimit = 3;

// Says that all is well, as long as it is, to a service manager that asked to be told.
std::unique_ptr<hedui::operation::Watchdog> StartWatchdog(hedui::Platform* platform,
                                                          const hedui::base::Tell& tell) {
  const auto limit = hedui::operation::WatchdogLimit();
  if (!limit.has_value()) return nullptr;
  return std::make_unique<hedui::operation::Watchdog>(
      *limit / kBeatsPerLimit, [platform] { return platform->Beat(); },
      hedui::operation::NotifyAlive, tell);
}

// The log ends with lines that nobody read; whoever reads errors may be the same that does not
// read.
void TellUnread(uint64_t lines) {
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  if (poll(&room, 1, 0) <= 0) return;
  std::cerr << absl::StrCat("heduid: the last ", lines,
                            " lines of the log were dropped, since nobody read standard output\n");
}

void NotifyReady(int port) {
  hedui::operation::NotifyReady(absl::StrCat("listening on port ", port));
}

// Returns when the process is to end.
void ServeUntilTold(hedui::Platform* platform) {
  for (;;) {
    const int signal = hedui::runtime::WaitForSignal(kTendEvery);
    if (signal == SIGHUP) {
      hedui::operation::NotifyReloading();
      platform->Reload().IgnoreError();  // told
      NotifyReady(platform->port());
    } else if (signal != 0) {
      return;
    }
    platform->Tend();
  }
}

int main(int argc, char** argv) {
  CLI::App app("heduid (核对): verifies the economic status of households");
  hedui::PlatformOptions options;
  bool check_only = false;
  app.add_option("--config", options.config_file, "configuration file")->required();
  app.add_flag("--check-config", check_only,
               "read and check everything the configuration names, then exit");
  std::string export_case;
  app.add_option("--export-case", export_case,
                 "write the stored case of this report number to standard output, for `hedui "
                 "report replay`; it "
                 "holds personal data");
  std::string export_policies;
  app.add_option("--export-policies", export_policies,
                 "copy every policy set that ever came into force into this directory, for `hedui "
                 "report replay --archive`");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitMisused;
  }

  // A core of this process would hold keys and people's data.
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  // What we were started with is often a habit; what we may have is what somebody decided.
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
  }
  hedui::runtime::BlockSignals();
  hedui::base::DropLockOrderChecks();
  hedui::base::KeepOpenSslToTheEnd();

  const hedui::base::SystemClock clock;
  hedui::operation::EventLog log(STDOUT_FILENO, &clock, TellUnread);
  hedui::base::SecureIdSource ids;
  options.clock = &clock;
  options.ids = &ids;
  // A supervisor starts the process anew, which reads the store as it is then.
  static std::atomic<bool> failed{false};
  options.on_fatal = [](const absl::Status&) {
    failed.store(true);
    kill(getpid(), SIGTERM);
  };
  const hedui::base::Tell tell = [&log](const hedui::base::Event& event) { log.Write(event); };
  options.tell = tell;
  options.lines_dropped = [&log] { return log.dropped(); };
  if (check_only) {
    // Warnings go where the defects go.
    options.tell = [](const hedui::base::Event& event) {
      std::cerr << "warning: " << hedui::base::TextOf(event) << "\n";
    };
    const absl::Status checked = hedui::Platform::Check(options);
    if (!checked.ok()) std::cerr << checked.message() << "\n";
    return checked.ok() ? 0 : kExitRefused;
  }
  if (!export_case.empty()) {
    const auto bundle = hedui::Platform::ExportCase(options, export_case);
    if (!bundle.ok()) std::cerr << "heduid: " << bundle.status().message() << "\n";
    if (bundle.ok())
      std::cout.write(bundle->data(), static_cast<std::streamsize>(bundle->size())).flush();
    if (bundle.ok() && !std::cout) std::cerr << "heduid: standard output cannot be written\n";
    return bundle.ok() && std::cout ? 0 : kExitRefused;
  }
  if (!export_policies.empty()) {
    const auto copied = hedui::Platform::ExportPolicies(options, export_policies);
    if (!copied.ok()) std::cerr << "heduid: " << copied.status().message() << "\n";
    return copied.ok() ? 0 : kExitRefused;
  }
  const hedui::ListenerWatch watch(&clock, tell, [&tell, fail = options.on_fatal] {
    tell(
        std::string("no connection is taken any more, since descriptors ran out: the process "
                    "ends, to be started anew; raise LimitNOFILE and bound connections by a proxy "
                    "in front"));
    fail(absl::ResourceExhaustedError("descriptors"));
  });
  auto platform = hedui::Platform::Start(std::move(options));
  if (!platform.ok()) {
    std::cerr << "heduid: " << platform.status().message() << "\n";
    return kExitRefused;
  }
  // Scripts and tests wait for these lines; port 0 in the configuration is resolved here.
  if (const int port = (*platform)->metrics_port(); port != 0)
    log.WriteLine(absl::StrCat("metrics ", port));
  log.WriteLine(absl::StrCat("listening ", (*platform)->port()));
  NotifyReady((*platform)->port());
  {
    const auto watchdog = StartWatchdog(platform->get(), tell);
    ServeUntilTold(platform->get());
  }
  hedui::operation::NotifyStopping();
  platform->reset();  // drains
  return failed.load() ? kExitFailed : 0;
}
