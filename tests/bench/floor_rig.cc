#include "tests/bench/floor_rig.h"

#include <signal.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "absl/strings/str_join.h"
#include "server/runtime/signals.h"
#include "tests/bench/bytes.h"

namespace hedui::bench {
namespace {

constexpr char kAddressPrefix[] = "address ";

// The flags of the child, for both ends.
void AddFlags(CLI::App* app, FloorOptions* options, std::string* signing,
              std::vector<std::string>* tls_files) {
  FloorShape& shape = options->shape;
  app->add_option("--source", options->sources)->required();
  app->add_option("--tls", *tls_files)->expected(0, 3);
  app->add_option("--signing", *signing)->required();
  app->add_option("--loops", options->loops)->required();
  app->add_option("--directory", options->directory)->required();
  app->add_option("--response-bytes", shape.response_bytes)->required();
  app->add_option("--intent-row-bytes", shape.intent_row_bytes)->required();
  app->add_option("--result-row-bytes", shape.result_row_bytes)->required();
  app->add_option("--source-request-bytes", shape.source_request_bytes)->required();
}

}  // namespace

int ServeFloor(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a benchmark that is killed leaves nothing running
  runtime::BlockSignals();
  FloorOptions options;
  std::string signing;
  std::vector<std::string> tls_files;
  CLI::App app("serves the floor of the benchmarks");
  AddFlags(&app, &options, &signing, &tls_files);
  CLI11_PARSE(app, argc, argv);
  options.signing = SigningFromName(signing);
  if (!tls_files.empty()) {
    auto texts = ReadTlsTexts(tls_files.at(0), tls_files.at(1), tls_files.at(2));
    if (!texts.ok()) {
      std::fprintf(stderr, "bench: %s\n", std::string(texts.status().message()).c_str());
      return 1;
    }
    options.tls = *std::move(texts);
  }
  const Floor floor(options);
  std::printf("%s%s\n", kAddressPrefix, floor.address().c_str());
  std::fflush(stdout);
  runtime::WaitForSignal();
  return 0;
}

FloorRig::FloorRig(const RigOptions& options) : options_(options), issued_(pki_.IssueTls("bench")) {
  if (options.tls) tls_ = {pki_.ca_pem(), issued_.certificate_pem, issued_.key_pem};
  sources_ = std::make_unique<RawServer>(
      RawServer::Options{.methods = {kSourceMethod}, .ports = options.sources, .tls = tls_},
      AnswerWith(Noise(options.shape.source_response_bytes, 5)));
}

FloorRig::~FloorRig() = default;

absl::StatusOr<std::unique_ptr<FloorRig>> FloorRig::Start(const RigOptions& options) {
  std::unique_ptr<FloorRig> rig(new FloorRig(options));
  const absl::Status started = rig->StartService();
  if (!started.ok()) return started;
  return rig;
}

absl::Status FloorRig::StartService() {
  const FloorShape& shape = options_.shape;
  if (!options_.own_process) {
    floor_ = std::make_unique<Floor>(FloorOptions{.sources = sources_->addresses(),
                                                  .tls = tls_,
                                                  .signing = options_.signing,
                                                  .loops = options_.loops,
                                                  .directory = directory_.path(),
                                                  .shape = shape});
    address_ = floor_->address();
    return absl::OkStatus();
  }
  std::vector<std::string> argv = {testing::OwnPath(), "serve-floor", "--source"};
  for (const std::string& address : sources_->addresses()) argv.push_back(address);
  if (options_.tls) {
    argv.insert(argv.end(), {"--tls", pki_.ca_path(), issued_.certificate_path, issued_.key_path});
  }
  argv.insert(argv.end(), {"--signing", std::string(SigningName(options_.signing)), "--loops",
                           std::to_string(options_.loops), "--directory", directory_.path(),
                           "--response-bytes", std::to_string(shape.response_bytes),
                           "--intent-row-bytes", std::to_string(shape.intent_row_bytes),
                           "--result-row-bytes", std::to_string(shape.result_row_bytes),
                           "--source-request-bytes", std::to_string(shape.source_request_bytes)});
  auto child = testing::ChildProcess::Start(argv);
  if (!child.ok()) return child.status();
  child_ = *std::move(child);
  auto address = child_->ReadLine(kAddressPrefix);
  if (!address.ok()) return address.status();
  address_ = *std::move(address);
  return absl::OkStatus();
}

LoadOptions FloorRig::LoadOf(int in_flight, int requests) const {
  return {
      .target = address_,
      .credentials = ChannelCredentialsOf(tls_),
      .method = kFloorMethod,
      .in_flight = in_flight,
      .requests = requests,
      .make_request = [request = Noise(options_.shape.request_bytes, 6)](int) { return request; }};
}

absl::StatusOr<LoadResult> FloorRig::Run(const LoadOptions& load) {
  const absl::Duration before = child_ != nullptr ? child_->CpuTime() : absl::ZeroDuration();
  LoadResult result = RunLoad(load);
  if (child_ != nullptr) {
    result.cpu_per_call = (child_->CpuTime() - before) / (load.requests + load.warm_up);
  }
  const absl::Status succeeded = CheckAllSucceeded(result);
  if (!succeeded.ok()) return succeeded;
  return result;
}

absl::StatusOr<LoadResult> FloorRig::Run(int in_flight, int requests) {
  return Run(LoadOf(in_flight, requests));
}

absl::StatusOr<LoadResult> FloorRig::RunAtRate(double per_second, int requests, int warm_up) {
  LoadOptions load = LoadOf(/*in_flight=*/0, requests);
  load.per_second = per_second;
  load.warm_up = warm_up;
  return Run(load);
}

}  // namespace hedui::bench
