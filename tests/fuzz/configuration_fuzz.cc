// A YAML file, read as each of the messages that there are: the four of configuration (server,
// register, catalogue, simulation) and the requests that the command line sends.
#include <string>

#include "absl/strings/match.h"
#include "adapters/simulated/province.h"
#include "hedui/config/v1/server.pb.h"
#include "hedui/v1/authorization.pb.h"
#include "hedui/v1/verification.pb.h"
#include "server/access/register.h"
#include "server/base/yaml_message.h"
#include "server/plan/catalogue.h"
#include "tests/fuzz/fuzz.h"

namespace hedui::testing {
namespace {

constexpr char kFile[] = "fuzz.yaml";

// Every defect is a line of its own that says where it is; texts of the file may have breaks.
void CheckDefects(const absl::Status& status) {
  if (status.ok()) return;
  Require(status.code() == absl::StatusCode::kInvalidArgument, status.ToString());
  Require(absl::StartsWith(status.message(), "fuzz.yaml:"), status.ToString());
}

}  // namespace
}  // namespace hedui::testing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  const absl::string_view text = testing::TextOf(data, size);
  config::v1::Server server;
  testing::CheckDefects(base::ReadYamlMessage(testing::kFile, text, &server));
  v1::VerifyHouseholdRequest household;
  testing::CheckDefects(base::ReadYamlMessage(testing::kFile, text, &household));
  v1::RegisterAuthorizationsRequest letters;
  testing::CheckDefects(base::ReadYamlMessage(testing::kFile, text, &letters));
  const auto reg = access::ParseRegister(testing::kFile, text);
  testing::CheckDefects(reg.status());
  const auto catalogue = plan::ParseCatalogue(testing::kFile, text);
  testing::CheckDefects(catalogue.status());
  if (catalogue.ok()) {
    for (const plan::Source& source : catalogue->sources()) {
      testing::Require(catalogue->Find(source.id) == &source, "sources are found by their ids");
      testing::Require(source.attempts >= 1 && source.attempts <= plan::kAttemptsMax &&
                           source.wave >= 1 && source.wave <= plan::kWavesMax &&
                           source.deadline > absl::ZeroDuration() &&
                           source.deadline <= plan::kSourceDeadlineMax,
                       "what is taken keeps within its limits");
    }
  }
  const auto province = adapters::Province::Parse(testing::kFile, text);
  testing::CheckDefects(province.status());
  return 0;
}
